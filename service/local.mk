# SPDX-License-Identifier: LGPL-2.1-or-later
# What service managers start the monitor by.

EXTRA_DIST += \
	%D%/mymachines-monitor.openrc.in \
	%D%/mymachines-monitor.path.in \
	%D%/mymachines-monitor.service.in

fill_service = $(AM_V_GEN)sed -e 's|@bindir[@]|$(bindir)|g' -e 's|@registrydir[@]|$(registrydir)|g'

mymachines-monitor.path: $(srcdir)/%D%/mymachines-monitor.path.in Makefile
	$(fill_service) $(srcdir)/%D%/mymachines-monitor.path.in >$@

mymachines-monitor.service: $(srcdir)/%D%/mymachines-monitor.service.in Makefile
	$(fill_service) $(srcdir)/%D%/mymachines-monitor.service.in >$@

mymachines-monitor: $(srcdir)/%D%/mymachines-monitor.openrc.in Makefile
	$(fill_service) $(srcdir)/%D%/mymachines-monitor.openrc.in >$@

CLEANFILES += mymachines-monitor mymachines-monitor.path mymachines-monitor.service

if HAVE_UNITS
nodist_systemdsystemunit_DATA = mymachines-monitor.path mymachines-monitor.service
endif
if HAVE_OPENRC
nodist_openrc_SCRIPTS = mymachines-monitor
endif
