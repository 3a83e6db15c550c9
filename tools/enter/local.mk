# SPDX-License-Identifier: LGPL-2.1-or-later

noinst_LIBRARIES += libenter.a
libenter_a_SOURCES = \
	%D%/bind_mount.c %D%/bind_mount.h \
	%D%/bind_target.c %D%/bind_target.h \
	%D%/cgroups.c %D%/cgroups.h \
	%D%/channel.c %D%/channel.h \
	%D%/copy_owners.c %D%/copy_owners.h \
	%D%/copy_place.c %D%/copy_place.h \
	%D%/copy_progress.c %D%/copy_progress.h \
	%D%/copy_session.c %D%/copy_session.h \
	%D%/copy_source.c %D%/copy_source.h \
	%D%/copy_stream.c %D%/copy_stream.h \
	%D%/copy_target.c %D%/copy_target.h \
	%D%/copy_visit.c %D%/copy_visit.h \
	%D%/entrance.c %D%/entrance.h \
	%D%/machine_session.c %D%/machine_session.h \
	%D%/machine_terminal.c %D%/machine_terminal.h \
	%D%/machine_user.c %D%/machine_user.h \
	%D%/mount_tree.c %D%/mount_tree.h \
	%D%/pipe_session.c %D%/pipe_session.h \
	%D%/sealed_copy.c %D%/sealed_copy.h \
	%D%/search_path.c %D%/search_path.h \
	%D%/session_visit.c %D%/session_visit.h \
	%D%/terminal_session.c %D%/terminal_session.h \
	%D%/visitor.c %D%/visitor.h \
	%D%/visitor_packet.c %D%/visitor_packet.h
libenter_a_CFLAGS = $(AM_CFLAGS) $(TOOLS_CFLAGS)
libenter_a_CPPFLAGS = $(AM_CPPFLAGS) $(TOOLS_CPPFLAGS)
