# SPDX-License-Identifier: LGPL-2.1-or-later

noinst_LIBRARIES += libdescribe.a
libdescribe_a_SOURCES = \
	%D%/id_names.c %D%/id_names.h \
	%D%/image_json.c %D%/image_json.h \
	%D%/json.c %D%/json.h \
	%D%/process_tree.c %D%/process_tree.h \
	%D%/properties.c %D%/properties.h
libdescribe_a_CFLAGS = $(AM_CFLAGS) $(TOOLS_CFLAGS)
libdescribe_a_CPPFLAGS = $(AM_CPPFLAGS) $(TOOLS_CPPFLAGS)
