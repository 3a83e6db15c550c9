# SPDX-License-Identifier: LGPL-2.1-or-later
# A plug-in links the reading half, and can't reach the writing one.

noinst_LTLIBRARIES += libregistry-read.la
libregistry_read_la_SOURCES = \
	%D%/address.c %D%/address.h \
	%D%/database.c %D%/database.h \
	%D%/file.c %D%/file.h \
	%D%/filter.c %D%/filter.h \
	%D%/idmap.c %D%/idmap.h \
	%D%/leader_state.c %D%/leader_state.h \
	%D%/mapped_id.c %D%/mapped_id.h \
	%D%/name.c %D%/name.h \
	%D%/name_value.c %D%/name_value.h \
	%D%/page.h \
	%D%/pages.c %D%/pages.h \
	%D%/process_stat.c %D%/process_stat.h \
	%D%/record.c %D%/record.h \
	%D%/snapshot.c %D%/snapshot.h \
	%D%/value.h \
	%D%/wire.h
libregistry_read_la_CFLAGS = $(PLUG_IN_CFLAGS)

noinst_LTLIBRARIES += libregistry-notify.la
libregistry_notify_la_SOURCES = %D%/diff.c %D%/diff.h %D%/notify.c %D%/notify.h

# For those that report to a person.
noinst_LTLIBRARIES += libregistry-words.la
libregistry_words_la_SOURCES = %D%/words.c %D%/words.h

# For programs that report to a person.
noinst_LIBRARIES += libregistry-lookup.a
libregistry_lookup_a_SOURCES = %D%/lookup.c %D%/lookup.h

noinst_LIBRARIES += libregistry-write.a
libregistry_write_a_SOURCES = \
	%D%/address_index.c %D%/address_index.h \
	%D%/copy.c %D%/copy.h \
	%D%/id_index.c %D%/id_index.h \
	%D%/index.c %D%/index.h \
	%D%/lock.c %D%/lock.h \
	%D%/mapped_snapshot.c %D%/mapped_snapshot.h \
	%D%/pages_check.c %D%/pages_check.h \
	%D%/publication.c %D%/publication.h \
	%D%/transaction.c %D%/transaction.h \
	%D%/writer.c %D%/writer.h

# What a program that writes links, in this order.
REGISTRY_WRITE_LIBS = libregistry-write.a libregistry-read.la $(LMDB_LIBS)

EXTRA_DIST += %D%/FORMAT.md
