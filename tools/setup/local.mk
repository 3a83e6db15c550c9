# SPDX-License-Identifier: LGPL-2.1-or-later

noinst_LIBRARIES += libsetup.a
libsetup_a_SOURCES = \
	%D%/bus_files.c %D%/bus_files.h \
	%D%/change.c %D%/change.h \
	%D%/checksum.c %D%/checksum.h \
	%D%/lxc_block.c %D%/lxc_block.h \
	%D%/lxc_hooks.c %D%/lxc_hooks.h \
	%D%/lxd_client.c %D%/lxd_client.h \
	%D%/marked_block.c %D%/marked_block.h \
	%D%/nsswitch.c %D%/nsswitch.h \
	%D%/nsswitch_vendor.c %D%/nsswitch_vendor.h \
	%D%/polkit_actions.c %D%/polkit_actions.h \
	%D%/setup.c %D%/setup.h \
	%D%/setup_bus.c \
	%D%/setup_libvirt.c \
	%D%/setup_lxc.c \
	%D%/setup_lxd.c \
	%D%/setup_nspawn.c \
	%D%/setup_nss.c \
	%D%/setup_oci.c \
	%D%/setup_plan.c %D%/setup_plan.h \
	%D%/setup_varlink.c \
	%D%/trusted_file.c %D%/trusted_file.h \
	%D%/unit_file.c %D%/unit_file.h
libsetup_a_CFLAGS = $(AM_CFLAGS) $(TOOLS_CFLAGS)
libsetup_a_CPPFLAGS = $(AM_CPPFLAGS) $(TOOLS_CPPFLAGS)
