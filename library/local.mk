# SPDX-License-Identifier: LGPL-2.1-or-later
# For other programs: the registry's changes as they happen.

lib_LTLIBRARIES = libmymachines.la
include_HEADERS = %D%/mymachines.h
libmymachines_la_SOURCES = %D%/mymachines.c %D%/mymachines.h
libmymachines_la_LIBADD = libregistry-notify.la libregistry-read.la
libmymachines_la_DEPENDENCIES = libregistry-notify.la libregistry-read.la %D%/mymachines.map
libmymachines_la_LDFLAGS = $(AM_LDFLAGS) -version-info 0:0:0 -Wl,-z,relro -Wl,-z,now \
	-Wl,--exclude-libs,ALL -Wl,--no-undefined-version \
	-Wl,--version-script=$(top_srcdir)/%D%/mymachines.map
EXTRA_DIST += %D%/mymachines.map

pkgconfigdir = $(libdir)/pkgconfig
pkgconfig_DATA = library/mymachines.pc
