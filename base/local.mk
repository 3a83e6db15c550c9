# SPDX-License-Identifier: LGPL-2.1-or-later

noinst_LIBRARIES += libbase.a
# The part that the PAM module links, too.
noinst_LTLIBRARIES += libbase-quote.la
libbase_quote_la_SOURCES = %D%/quote.c %D%/quote.h

libbase_a_SOURCES = \
	%D%/arena.c %D%/arena.h \
	%D%/array.h \
	%D%/array_size.h \
	%D%/blocking.c %D%/blocking.h \
	%D%/boolean.c %D%/boolean.h \
	%D%/cancellation.h \
	%D%/child.c %D%/child.h \
	%D%/cleanup.h \
	%D%/clock.c %D%/clock.h \
	%D%/configuration.c %D%/configuration.h \
	%D%/descriptors.c %D%/descriptors.h \
	%D%/ending.h \
	%D%/failure.c %D%/failure.h \
	%D%/file_identity.h \
	%D%/format.c %D%/format.h \
	%D%/holes.c %D%/holes.h \
	%D%/input.c %D%/input.h \
	%D%/json_text.c %D%/json_text.h \
	%D%/json_value.c %D%/json_value.h \
	%D%/lines.h \
	%D%/locale.c %D%/locale.h \
	%D%/memory_limit.c %D%/memory_limit.h \
	%D%/mountinfo.c %D%/mountinfo.h \
	%D%/notices.c %D%/notices.h \
	%D%/number.h \
	%D%/path.c %D%/path.h \
	%D%/pidfd.h \
	%D%/proc_file.c %D%/proc_file.h \
	%D%/program.c %D%/program.h \
	%D%/resolved_open.c %D%/resolved_open.h \
	%D%/signal_name.c %D%/signal_name.h \
	%D%/signals.c %D%/signals.h \
	%D%/size.c %D%/size.h \
	%D%/subuid.c %D%/subuid.h \
	%D%/table.c %D%/table.h \
	%D%/write_at.h
libbase_a_CFLAGS = $(AM_CFLAGS) $(JSON_C_CFLAGS)
libbase_a_CPPFLAGS = $(AM_CPPFLAGS) $(TOOLS_CPPFLAGS)
