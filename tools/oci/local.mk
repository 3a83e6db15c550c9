# SPDX-License-Identifier: LGPL-2.1-or-later

if HAVE_DOWNLOADS
noinst_LIBRARIES += liboci.a
liboci_a_SOURCES = \
	%D%/challenge.c %D%/challenge.h \
	%D%/configuration.c %D%/configuration.h \
	%D%/document.c %D%/document.h \
	%D%/platform.c %D%/platform.h \
	%D%/reference.c %D%/reference.h \
	%D%/registry.c %D%/registry.h
liboci_a_CFLAGS = $(AM_CFLAGS) $(JSON_C_CFLAGS)
endif
