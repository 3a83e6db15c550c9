# SPDX-License-Identifier: LGPL-2.1-or-later

noinst_LIBRARIES += libsockets.a
libsockets_a_SOURCES = \
	%D%/service_socket.c %D%/service_socket.h \
	%D%/socket_holder.c %D%/socket_holder.h \
	%D%/socket_row.c %D%/socket_row.h \
	%D%/socket_state.c %D%/socket_state.h
libsockets_a_CFLAGS = $(AM_CFLAGS) $(TOOLS_CFLAGS)
libsockets_a_CPPFLAGS = $(AM_CPPFLAGS) $(TOOLS_CPPFLAGS)
