# SPDX-License-Identifier: LGPL-2.1-or-later
# Two archives: a plug-in links the reading half, and can't reach the writing one.

noinst_LTLIBRARIES += libregistry-read.la
libregistry_read_la_SOURCES = \
	%D%/address.c %D%/address.h \
	%D%/database.c %D%/database.h \
	%D%/file.c %D%/file.h \
	%D%/filter.c %D%/filter.h \
	%D%/idmap.c %D%/idmap.h \
	%D%/name.c %D%/name.h \
	%D%/process_stat.c %D%/process_stat.h \
	%D%/record.c %D%/record.h \
	%D%/snapshot.c %D%/snapshot.h \
	%D%/wire.h
libregistry_read_la_LIBADD = $(LMDB_LIBS)

EXTRA_DIST += %D%/FORMAT.md
