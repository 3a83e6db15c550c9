# SPDX-License-Identifier: LGPL-2.1-or-later

nodist_man_MANS += libmymachines.3 mymachines.1 nss-mymachines.8
if HAVE_PAM
nodist_man_MANS += pam_mymachines.8
endif
EXTRA_DIST += %D%/libmymachines.3.in %D%/mymachines.1.in %D%/nss-mymachines.8.in \
	%D%/pam_mymachines.8.in
CLEANFILES += libmymachines.3 mymachines.1 nss-mymachines.8 pam_mymachines.8

fill_man = $(AM_V_GEN)sed -e 's|@registrydir[@]|$(registrydir)|g' \
	-e 's|@sysconfdir[@]|$(sysconfdir)|g' \
	-e 's|@pamdir[@]|$(pamdir)|g' \
	-e 's|@PACKAGE_VERSION[@]|$(PACKAGE_VERSION)|g'

libmymachines.3: $(srcdir)/%D%/libmymachines.3.in Makefile
	$(fill_man) $(srcdir)/%D%/libmymachines.3.in >$@

mymachines.1: $(srcdir)/%D%/mymachines.1.in Makefile
	$(fill_man) $(srcdir)/%D%/mymachines.1.in >$@

nss-mymachines.8: $(srcdir)/%D%/nss-mymachines.8.in Makefile
	$(fill_man) $(srcdir)/%D%/nss-mymachines.8.in >$@

pam_mymachines.8: $(srcdir)/%D%/pam_mymachines.8.in Makefile
	$(fill_man) $(srcdir)/%D%/pam_mymachines.8.in >$@
