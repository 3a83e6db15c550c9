# SPDX-License-Identifier: LGPL-2.1-or-later

# Apart, so that the unit tests can link it.
noinst_LTLIBRARIES += libpam-way.la
libpam_way_la_SOURCES = \
	%D%/route_socket.c %D%/route_socket.h \
	%D%/way.c %D%/way.h

if HAVE_PAM
pam_exec_LTLIBRARIES += %D%/pam_mymachines.la
%C%_pam_mymachines_la_SOURCES = \
	%D%/account.c \
	%D%/arguments.c %D%/arguments.h \
	%D%/auth.c \
	%D%/login.c %D%/login.h \
	%D%/login_source.c %D%/login_source.h \
	%D%/network.c %D%/network.h \
	%D%/prototypes.h \
	%D%/session.c \
	%D%/user.c %D%/user.h
%C%_pam_mymachines_la_LIBADD = libpam-way.la libbase-quote.la libregistry-words.la libregistry-read.la $(PAM_LIBS)
%C%_pam_mymachines_la_DEPENDENCIES = libpam-way.la libbase-quote.la libregistry-words.la libregistry-read.la %D%/pam_mymachines.map
%C%_pam_mymachines_la_LDFLAGS = $(PLUG_IN_LDFLAGS) -avoid-version \
	-Wl,--version-script=$(top_srcdir)/%D%/pam_mymachines.map
endif

EXTRA_DIST += %D%/pam_mymachines.map
