# SPDX-License-Identifier: LGPL-2.1-or-later

noinst_LIBRARIES += libmachine.a
libmachine_a_SOURCES = \
	%D%/machine_control.c \
	%D%/machine_describe.c %D%/machine_describe.h \
	%D%/machine_enter.c \
	%D%/machine_error.c %D%/machine_error.h \
	%D%/image_interface.c \
	%D%/image_list.c \
	%D%/image_methods.c %D%/image_methods.h \
	%D%/machine_input.c %D%/machine_input.h \
	%D%/machine_interface.c %D%/machine_interface.h \
	%D%/machine_job.c %D%/machine_job.h \
	%D%/machine_list.c \
	%D%/machine_map.c \
	%D%/machine_methods.h \
	%D%/machine_polkit.h \
	%D%/machine_refused.c %D%/machine_refused.h \
	%D%/machine_register.c \
	%D%/machine_who.c %D%/machine_who.h
libmachine_a_CFLAGS = $(AM_CFLAGS) $(TOOLS_CFLAGS)
if HAVE_SYSTEMD
libmachine_a_SOURCES += %D%/machine_polkit.c
libmachine_a_CFLAGS += $(SYSTEMD_CFLAGS)
else
libmachine_a_SOURCES += %D%/machine_root_only.c
endif
if HAVE_LIBARCHIVE
libmachine_a_SOURCES += \
	%D%/import_interface.c %D%/import_interface.h \
	%D%/import_methods.c %D%/import_methods.h
endif
# Both are in the tarball.
EXTRA_DIST += %D%/machine_polkit.c %D%/machine_root_only.c

libexec_PROGRAMS += mymachines-varlink
mymachines_varlink_SOURCES = %D%/machine_main.c
mymachines_varlink_CFLAGS = $(AM_CFLAGS) $(JSON_C_CFLAGS)
mymachines_varlink_LDADD = libmachine.a libvarlink.a libcalls.a $(TOOLS_LIBS) $(SYSTEMD_LIBS)

if HAVE_LIBARCHIVE
libexec_PROGRAMS += mymachines-import-varlink
mymachines_import_varlink_SOURCES = %D%/import_main.c
mymachines_import_varlink_CFLAGS = $(AM_CFLAGS) $(JSON_C_CFLAGS)
mymachines_import_varlink_LDADD = libmachine.a libvarlink.a libcalls.a libimport.a $(TOOLS_LIBS) $(SYSTEMD_LIBS)
endif
