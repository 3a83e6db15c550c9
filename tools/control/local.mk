# SPDX-License-Identifier: LGPL-2.1-or-later

noinst_LIBRARIES += libcontrol.a
libcontrol_a_SOURCES = \
	%D%/cgroup_usage.c %D%/cgroup_usage.h \
	%D%/control.c %D%/control.h \
	%D%/freezer.c %D%/freezer.h \
	%D%/frozen_cgroups.c %D%/frozen_cgroups.h \
	%D%/init_kind.c %D%/init_kind.h \
	%D%/machine_cgroup.c %D%/machine_cgroup.h \
	%D%/machine_pause.c %D%/machine_pause.h \
	%D%/machine_power.c %D%/machine_power.h \
	%D%/machine_service.c %D%/machine_service.h \
	%D%/machine_state.c %D%/machine_state.h \
	%D%/machine_signal.c %D%/machine_signal.h \
	%D%/qmp.c %D%/qmp.h
libcontrol_a_CFLAGS = $(AM_CFLAGS) $(TOOLS_CFLAGS)
libcontrol_a_CPPFLAGS = $(AM_CPPFLAGS) $(TOOLS_CPPFLAGS)
