# SPDX-License-Identifier: LGPL-2.1-or-later

noinst_LIBRARIES += libdoctor.a
libdoctor_a_SOURCES = \
	%D%/apparmor_rules.c %D%/apparmor_rules.h \
	%D%/doctor.c %D%/doctor.h \
	%D%/doctor_bus.c \
	%D%/doctor_confinement.c \
	%D%/doctor_lxc.c \
	%D%/doctor_nss.c \
	%D%/doctor_registry.c \
	%D%/doctor_runtimes.c \
	%D%/doctor_varlink.c \
	%D%/module_probe.c %D%/module_probe.h
libdoctor_a_CFLAGS = $(AM_CFLAGS) $(TOOLS_CFLAGS)
libdoctor_a_CPPFLAGS = $(AM_CPPFLAGS) $(TOOLS_CPPFLAGS)
