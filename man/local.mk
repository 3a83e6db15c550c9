# SPDX-License-Identifier: LGPL-2.1-or-later

manuals = libmymachines.3 mymachines-bus.8 mymachines-copy.1 mymachines-exports.7 mymachines-hook.8 mymachines-images.1 mymachines-import-bus.8 mymachines-import.1 mymachines-json.7 \
	mymachines-kill.1 mymachines-list.1 mymachines-machinectl.7 mymachines-monitor.8 \
	mymachines-register.1 mymachines-run.1 mymachines-setup.8 mymachines-shell.1 mymachines-varlink.8 mymachines.1 \
	mymachines.conf.5 nss-mymachines.8
nodist_man_MANS += $(manuals)
if HAVE_PAM
nodist_man_MANS += pam_mymachines.8
endif
EXTRA_DIST += %D%/libmymachines.3.in %D%/mymachines-bus.8.in %D%/mymachines-copy.1.in %D%/mymachines-exports.7.in \
	%D%/mymachines-hook.8.in %D%/mymachines-images.1.in %D%/mymachines-import-bus.8.in %D%/mymachines-import.1.in %D%/mymachines-json.7.in %D%/mymachines-kill.1.in \
	%D%/mymachines-list.1.in %D%/mymachines-machinectl.7.in %D%/mymachines-monitor.8.in \
	%D%/mymachines-register.1.in %D%/mymachines-run.1.in %D%/mymachines-setup.8.in \
	%D%/mymachines-shell.1.in %D%/mymachines-varlink.8.in %D%/mymachines.1.in %D%/mymachines.conf.5.in %D%/nss-mymachines.8.in \
	%D%/pam_mymachines.8.in
CLEANFILES += $(manuals) pam_mymachines.8

fill_man = $(AM_V_GEN)sed -e 's|@registrydir[@]|$(registrydir)|g' \
	-e 's|@sysconfdir[@]|$(sysconfdir)|g' \
	-e 's|@libexecdir[@]|$(libexecdir)|g' \
	-e 's|@pamdir[@]|$(pamdir)|g' \
	-e 's|@pkgdatadir[@]|$(pkgdatadir)|g' \
	-e 's|@PACKAGE_VERSION[@]|$(PACKAGE_VERSION)|g'

libmymachines.3: $(srcdir)/%D%/libmymachines.3.in Makefile
	$(fill_man) $(srcdir)/%D%/libmymachines.3.in >$@

mymachines-bus.8: $(srcdir)/%D%/mymachines-bus.8.in Makefile
	$(fill_man) $(srcdir)/%D%/mymachines-bus.8.in >$@

mymachines-copy.1: $(srcdir)/%D%/mymachines-copy.1.in Makefile
	$(fill_man) $(srcdir)/%D%/mymachines-copy.1.in >$@

mymachines-exports.7: $(srcdir)/%D%/mymachines-exports.7.in Makefile
	$(fill_man) $(srcdir)/%D%/mymachines-exports.7.in >$@

mymachines-hook.8: $(srcdir)/%D%/mymachines-hook.8.in Makefile
	$(fill_man) $(srcdir)/%D%/mymachines-hook.8.in >$@

mymachines-images.1: $(srcdir)/%D%/mymachines-images.1.in Makefile
	$(fill_man) $(srcdir)/%D%/mymachines-images.1.in >$@

mymachines-import-bus.8: $(srcdir)/%D%/mymachines-import-bus.8.in Makefile
	$(fill_man) $(srcdir)/%D%/mymachines-import-bus.8.in >$@

mymachines-import.1: $(srcdir)/%D%/mymachines-import.1.in Makefile
	$(fill_man) $(srcdir)/%D%/mymachines-import.1.in >$@

mymachines-json.7: $(srcdir)/%D%/mymachines-json.7.in Makefile
	$(fill_man) $(srcdir)/%D%/mymachines-json.7.in >$@

mymachines-kill.1: $(srcdir)/%D%/mymachines-kill.1.in Makefile
	$(fill_man) $(srcdir)/%D%/mymachines-kill.1.in >$@

mymachines-list.1: $(srcdir)/%D%/mymachines-list.1.in Makefile
	$(fill_man) $(srcdir)/%D%/mymachines-list.1.in >$@

mymachines-machinectl.7: $(srcdir)/%D%/mymachines-machinectl.7.in Makefile
	$(fill_man) $(srcdir)/%D%/mymachines-machinectl.7.in >$@

mymachines-monitor.8: $(srcdir)/%D%/mymachines-monitor.8.in Makefile
	$(fill_man) $(srcdir)/%D%/mymachines-monitor.8.in >$@

mymachines-register.1: $(srcdir)/%D%/mymachines-register.1.in Makefile
	$(fill_man) $(srcdir)/%D%/mymachines-register.1.in >$@

mymachines-run.1: $(srcdir)/%D%/mymachines-run.1.in Makefile
	$(fill_man) $(srcdir)/%D%/mymachines-run.1.in >$@

mymachines-setup.8: $(srcdir)/%D%/mymachines-setup.8.in Makefile
	$(fill_man) $(srcdir)/%D%/mymachines-setup.8.in >$@

mymachines-shell.1: $(srcdir)/%D%/mymachines-shell.1.in Makefile
	$(fill_man) $(srcdir)/%D%/mymachines-shell.1.in >$@

mymachines-varlink.8: $(srcdir)/%D%/mymachines-varlink.8.in Makefile
	$(fill_man) $(srcdir)/%D%/mymachines-varlink.8.in >$@

mymachines.1: $(srcdir)/%D%/mymachines.1.in Makefile
	$(fill_man) $(srcdir)/%D%/mymachines.1.in >$@

mymachines.conf.5: $(srcdir)/%D%/mymachines.conf.5.in Makefile
	$(fill_man) $(srcdir)/%D%/mymachines.conf.5.in >$@

nss-mymachines.8: $(srcdir)/%D%/nss-mymachines.8.in Makefile
	$(fill_man) $(srcdir)/%D%/nss-mymachines.8.in >$@

pam_mymachines.8: $(srcdir)/%D%/pam_mymachines.8.in Makefile
	$(fill_man) $(srcdir)/%D%/pam_mymachines.8.in >$@

pictures = $(srcdir)/doc/session.svg $(srcdir)/doc/dataflow.svg $(srcdir)/doc/latency.svg
EXTRA_DIST += doc/session doc/terminal.py

man-pages: $(nodist_man_MANS)
.PHONY: man-pages

# Pages for a browser, with an index, in site/.
site: $(nodist_man_MANS)
	rm -rf site site.manuals && mkdir site.manuals && cp $(nodist_man_MANS) site.manuals
	$(srcdir)/%D%/site site.manuals site $(pictures)
	rm -rf site.manuals
clean-local:
	rm -rf site site.manuals
EXTRA_DIST += %D%/links %D%/site
.PHONY: site
