# SPDX-License-Identifier: LGPL-2.1-or-later

noinst_LIBRARIES += libvarlink.a
libvarlink_a_SOURCES = \
	%D%/activation.c %D%/activation.h \
	%D%/resolve_hook.c %D%/resolve_hook.h \
	%D%/service_control.c %D%/service_control.h \
	%D%/socket_service.c %D%/socket_service.h \
	%D%/user_database.c %D%/user_database.h \
	%D%/varlink_call.c \
	%D%/varlink_connection.h \
	%D%/varlink_log.c %D%/varlink_log.h \
	%D%/varlink_server.c %D%/varlink_server.h \
	%D%/varlink_service.c %D%/varlink_service.h \
	%D%/varlink_stream.c %D%/varlink_stream.h
libvarlink_a_CFLAGS = $(AM_CFLAGS) $(JSON_C_CFLAGS)

# Small, as each look-up of an unknown user waits for it: the reading half and JSON alone.
libexec_PROGRAMS += mymachines-userdb
mymachines_userdb_SOURCES = %D%/userdb.c
mymachines_userdb_LDADD = libvarlink.a libbase.a libregistry-read.la $(JSON_C_LIBS)

libexec_PROGRAMS += mymachines-resolve-hook
mymachines_resolve_hook_SOURCES = %D%/resolve.c
mymachines_resolve_hook_LDADD = libvarlink.a libbase.a libregistry-notify.la libregistry-read.la $(JSON_C_LIBS)
