# SPDX-License-Identifier: LGPL-2.1-or-later

noinst_LIBRARIES += librun.a
librun_a_SOURCES = \
	%D%/leader_search.c %D%/leader_search.h \
	%D%/name_candidates.c %D%/name_candidates.h \
	%D%/notify_socket.c %D%/notify_socket.h \
	%D%/qemu_arguments.c %D%/qemu_arguments.h \
	%D%/run_loop.c %D%/run_loop.h \
	%D%/supervisor.c %D%/supervisor.h
librun_a_CFLAGS = $(AM_CFLAGS) $(TOOLS_CFLAGS)
librun_a_CPPFLAGS = $(AM_CPPFLAGS) $(TOOLS_CPPFLAGS)
