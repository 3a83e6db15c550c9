# SPDX-License-Identifier: LGPL-2.1-or-later
# A plug-in links the reading half, and can't reach the writing one.

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

noinst_LTLIBRARIES += libregistry-watch.la
libregistry_watch_la_SOURCES = %D%/watch.c %D%/watch.h

# For those that say what is wrong.
noinst_LTLIBRARIES += libregistry-words.la
libregistry_words_la_SOURCES = %D%/words.c %D%/words.h

noinst_LIBRARIES += libregistry-write.a
libregistry_write_a_SOURCES = \
	%D%/array.h \
	%D%/cgroup.c %D%/cgroup.h \
	%D%/cleanup.h \
	%D%/copy.c %D%/copy.h \
	%D%/guest.c %D%/guest.h \
	%D%/host_link.c %D%/host_link.h \
	%D%/id_index.c %D%/id_index.h \
	%D%/index.c %D%/index.h \
	%D%/mountinfo.c %D%/mountinfo.h \
	%D%/netlink.c %D%/netlink.h \
	%D%/network.c %D%/network.h \
	%D%/proc_file.c %D%/proc_file.h \
	%D%/process.c %D%/process.h \
	%D%/register.c %D%/register.h \
	%D%/writer.c %D%/writer.h
libregistry_write_a_CFLAGS = $(AM_CFLAGS) $(MNL_CFLAGS)

# What a program that writes links, in this order.
REGISTRY_WRITE_LIBS = libregistry-write.a libregistry-read.la $(MNL_LIBS)

EXTRA_DIST += %D%/FORMAT.md
