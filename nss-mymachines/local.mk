# SPDX-License-Identifier: LGPL-2.1-or-later

nss_exec_LTLIBRARIES += libnss_mymachines.la
libnss_mymachines_la_SOURCES = \
	%D%/buffer.h \
	%D%/enumeration.c \
	%D%/groups.c \
	%D%/hosts.c %D%/hosts.h \
	%D%/ids.c %D%/ids.h \
	%D%/memo.c %D%/memo.h \
	%D%/prototypes.h \
	%D%/status.c %D%/status.h \
	%D%/users.c
libnss_mymachines_la_LIBADD = libregistry-read.la
libnss_mymachines_la_DEPENDENCIES = libregistry-read.la %D%/nss-mymachines.map
# glibc looks for libnss_NAME.so.2: the 2 is the version of its interface.
libnss_mymachines_la_LDFLAGS = $(AM_LDFLAGS) -module -version-info 2:0:0 \
	-Wl,--version-script=$(top_srcdir)/%D%/nss-mymachines.map \
	-Wl,--no-undefined-version -Wl,--exclude-libs,ALL \
	-Wl,-z,defs -Wl,-z,nodelete -Wl,-z,relro -Wl,-z,now

EXTRA_DIST += %D%/nss-mymachines.map

# Nobody links against a module. Where it went into a directory that the dynamic linker
# searches, its cache has to learn of it; not when staged.
install-exec-hook:
	rm -f $(DESTDIR)$(nssdir)/libnss_mymachines.la $(DESTDIR)$(nssdir)/libnss_mymachines.so
	@if test -z "$(DESTDIR)" && \
	    ldconfig -N -X -v 2>/dev/null | sed 's/:.*//' | grep -Fqx "$(nssdir)"; then \
		echo ldconfig; ldconfig || :; \
	fi

uninstall-hook:
	rm -f $(DESTDIR)$(nssdir)/libnss_mymachines.so.2*
