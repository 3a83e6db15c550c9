# SPDX-License-Identifier: LGPL-2.1-or-later

noinst_LIBRARIES += libcalls.a
libcalls_a_SOURCES = \
	%D%/control_work.c %D%/control_work.h \
	%D%/enter_work.c %D%/enter_work.h \
	%D%/former.c %D%/former.h \
	%D%/image_describe.c %D%/image_describe.h \
	%D%/image_work.c %D%/image_work.h \
	%D%/os_release_text.c %D%/os_release_text.h \
	%D%/ownership.c %D%/ownership.h \
	%D%/process_machine.c %D%/process_machine.h \
	%D%/refused.c %D%/refused.h \
	%D%/register_work.c %D%/register_work.h \
	%D%/scope_work.h \
	%D%/target.c %D%/target.h \
	%D%/work.c %D%/work.h
libcalls_a_CFLAGS = $(AM_CFLAGS) $(TOOLS_CFLAGS)
libcalls_a_CPPFLAGS = $(AM_CPPFLAGS) $(TOOLS_CPPFLAGS)
if HAVE_SYSTEMD
libcalls_a_SOURCES += %D%/scope_work.c
libcalls_a_CFLAGS += $(SYSTEMD_CFLAGS)
else
libcalls_a_SOURCES += %D%/scope_alone.c
endif
# Both are in the tarball.
EXTRA_DIST += %D%/scope_work.c %D%/scope_alone.c
