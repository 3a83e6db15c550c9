# SPDX-License-Identifier: LGPL-2.1-or-later

nss_exec_LTLIBRARIES += libnss_mymachines.la
libnss_mymachines_la_SOURCES = \
	%D%/buffer.h \
	%D%/enumeration.c \
	%D%/groups.c \
	%D%/hosts.c %D%/hosts.h \
	%D%/ids.c %D%/ids.h \
	%D%/host_lookup.c %D%/host_lookup.h \
	%D%/host_memo.c \
	%D%/id_memo.c \
	%D%/memo.h \
	%D%/name_memo.c \
	%D%/open_memo.c \
	%D%/prototypes.h \
	%D%/sequence_lock.h \
	%D%/status.c %D%/status.h \
	%D%/users.c
libnss_mymachines_la_CFLAGS = $(PLUG_IN_CFLAGS)
libnss_mymachines_la_LIBADD = libregistry-read.la
libnss_mymachines_la_DEPENDENCIES = libregistry-read.la %D%/nss-mymachines.map
# glibc looks for libnss_NAME.so.2: the 2 is the version of its interface.
libnss_mymachines_la_LDFLAGS = $(PLUG_IN_LDFLAGS) -version-info 2:0:0 \
	-Wl,--version-script=$(top_srcdir)/%D%/nss-mymachines.map

EXTRA_DIST += %D%/nss-mymachines.map
