# SPDX-License-Identifier: LGPL-2.1-or-later

noinst_LIBRARIES += libprocesses.a
libprocesses_a_SOURCES = \
	%D%/cgroup_processes.c %D%/cgroup_processes.h \
	%D%/machine_processes.c %D%/machine_processes.h \
	%D%/machine_unit.c %D%/machine_unit.h \
	%D%/membership.c %D%/membership.h \
	%D%/namespace_processes.c %D%/namespace_processes.h \
	%D%/nearest_leader.c %D%/nearest_leader.h \
	%D%/pid_namespace.c %D%/pid_namespace.h \
	%D%/processes.c %D%/processes.h
libprocesses_a_CFLAGS = $(AM_CFLAGS) $(TOOLS_CFLAGS)
libprocesses_a_CPPFLAGS = $(AM_CPPFLAGS) $(TOOLS_CPPFLAGS)
