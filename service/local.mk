# SPDX-License-Identifier: LGPL-2.1-or-later
# What service managers start the monitor, and the servers of Varlink's interfaces, by.

EXTRA_DIST += \
	%D%/mymachines-import-varlink.service.in \
	%D%/mymachines-import-varlink.socket.in \
	%D%/mymachines-monitor.openrc.in \
	%D%/mymachines-monitor.path.in \
	%D%/mymachines-monitor.service.in \
	%D%/mymachines-resolve-hook.service.in \
	%D%/mymachines-resolve-hook.socket.in \
	%D%/mymachines-userdb.service.in \
	%D%/mymachines-userdb.socket.in \
	%D%/mymachines-varlink.service.in \
	%D%/mymachines-varlink.socket.in \
	%D%/systemd-machined-dropin.conf.in

fill_service = $(AM_V_GEN)sed -e 's|@bindir[@]|$(bindir)|g' -e 's|@registrydir[@]|$(registrydir)|g' \
	-e 's|@libexecdir[@]|$(libexecdir)|g'

mymachines-import-varlink.service: $(srcdir)/%D%/mymachines-import-varlink.service.in Makefile
	$(fill_service) $(srcdir)/%D%/mymachines-import-varlink.service.in >$@

mymachines-import-varlink.socket: $(srcdir)/%D%/mymachines-import-varlink.socket.in Makefile
	$(fill_service) $(srcdir)/%D%/mymachines-import-varlink.socket.in >$@

mymachines-monitor.path: $(srcdir)/%D%/mymachines-monitor.path.in Makefile
	$(fill_service) $(srcdir)/%D%/mymachines-monitor.path.in >$@

mymachines-monitor.service: $(srcdir)/%D%/mymachines-monitor.service.in Makefile
	$(fill_service) $(srcdir)/%D%/mymachines-monitor.service.in >$@

mymachines-monitor: $(srcdir)/%D%/mymachines-monitor.openrc.in Makefile
	$(fill_service) $(srcdir)/%D%/mymachines-monitor.openrc.in >$@

mymachines-resolve-hook.service: $(srcdir)/%D%/mymachines-resolve-hook.service.in Makefile
	$(fill_service) $(srcdir)/%D%/mymachines-resolve-hook.service.in >$@

mymachines-varlink.service: $(srcdir)/%D%/mymachines-varlink.service.in Makefile
	$(fill_service) $(srcdir)/%D%/mymachines-varlink.service.in >$@

mymachines-userdb.service: $(srcdir)/%D%/mymachines-userdb.service.in Makefile
	$(fill_service) $(srcdir)/%D%/mymachines-userdb.service.in >$@

mymachines-resolve-hook.socket: $(srcdir)/%D%/mymachines-resolve-hook.socket.in Makefile
	$(fill_service) $(srcdir)/%D%/mymachines-resolve-hook.socket.in >$@

mymachines-varlink.socket: $(srcdir)/%D%/mymachines-varlink.socket.in Makefile
	$(fill_service) $(srcdir)/%D%/mymachines-varlink.socket.in >$@

mymachines-userdb.socket: $(srcdir)/%D%/mymachines-userdb.socket.in Makefile
	$(fill_service) $(srcdir)/%D%/mymachines-userdb.socket.in >$@

systemd-machined.service.d/mymachines.conf: $(srcdir)/%D%/systemd-machined-dropin.conf.in Makefile
	$(AM_V_at)$(MKDIR_P) systemd-machined.service.d
	$(fill_service) $(srcdir)/%D%/systemd-machined-dropin.conf.in >$@

CLEANFILES += systemd-machined.service.d/mymachines.conf mymachines-monitor mymachines-monitor.path mymachines-monitor.service \
	mymachines-resolve-hook.service mymachines-resolve-hook.socket \
	mymachines-userdb.service mymachines-userdb.socket \
	mymachines-varlink.service mymachines-varlink.socket \
	mymachines-import-varlink.service mymachines-import-varlink.socket

if HAVE_UNITS
nodist_systemdsystemunit_DATA = mymachines-monitor.path mymachines-monitor.service \
	mymachines-resolve-hook.service mymachines-resolve-hook.socket \
	mymachines-userdb.service mymachines-userdb.socket \
	mymachines-varlink.service mymachines-varlink.socket
if HAVE_LIBARCHIVE
nodist_systemdsystemunit_DATA += mymachines-import-varlink.service mymachines-import-varlink.socket
endif
# Another unit's drop-in, by the name that such have.
machineddropindir = $(systemdsystemunitdir)/systemd-machined.service.d
nodist_machineddropin_DATA = systemd-machined.service.d/mymachines.conf
endif
if HAVE_OPENRC
nodist_openrc_SCRIPTS = mymachines-monitor
endif
