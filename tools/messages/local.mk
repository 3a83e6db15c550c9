# SPDX-License-Identifier: LGPL-2.1-or-later

noinst_LIBRARIES += libmessages.a
libmessages_a_SOURCES = \
	%D%/message.c %D%/message.h
libmessages_a_CFLAGS = $(AM_CFLAGS) $(TOOLS_CFLAGS)
libmessages_a_CPPFLAGS = $(AM_CPPFLAGS) $(TOOLS_CPPFLAGS)
