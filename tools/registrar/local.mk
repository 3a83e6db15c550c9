# SPDX-License-Identifier: LGPL-2.1-or-later

noinst_LIBRARIES += libregistrar.a
libregistrar_a_SOURCES = \
	%D%/claims.c %D%/claims.h \
	%D%/exports.c %D%/exports.h \
	%D%/exports_check.c \
	%D%/exports_directory.c %D%/exports_directory.h \
	%D%/look.c %D%/look.h \
	%D%/machine_copy.c %D%/machine_copy.h \
	%D%/merge.c %D%/merge.h \
	%D%/observation.c %D%/observation.h \
	%D%/placement.c %D%/placement.h \
	%D%/publish.c %D%/publish.h \
	%D%/refresh.c %D%/refresh.h \
	%D%/registrar.c %D%/registrar.h \
	%D%/registration.c %D%/registration.h \
	%D%/registration_json.c %D%/registration_json.h \
	%D%/scope_cgroup.c %D%/scope_cgroup.h \
	%D%/state_file.c %D%/state_file.h \
	%D%/unregister.c %D%/unregister.h \
	%D%/vm_addresses.c %D%/vm_addresses.h
libregistrar_a_CFLAGS = $(AM_CFLAGS) $(TOOLS_CFLAGS)
libregistrar_a_CPPFLAGS = $(AM_CPPFLAGS) $(TOOLS_CPPFLAGS)
