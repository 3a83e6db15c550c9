# SPDX-License-Identifier: LGPL-2.1-or-later

noinst_LIBRARIES += libhooks.a
libhooks_a_SOURCES = \
	%D%/container_name.c %D%/container_name.h \
	%D%/domain.c %D%/domain.h \
	%D%/hook.c %D%/hook.h \
	%D%/hook_guard.c %D%/hook_guard.h \
	%D%/hook_libvirt.c \
	%D%/hook_lxc.c \
	%D%/hook_oci.c \
	%D%/hook_reader.c %D%/hook_reader.h
libhooks_a_CFLAGS = $(AM_CFLAGS) $(TOOLS_CFLAGS)
libhooks_a_CPPFLAGS = $(AM_CPPFLAGS) $(TOOLS_CPPFLAGS)
