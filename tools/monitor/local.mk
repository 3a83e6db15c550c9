# SPDX-License-Identifier: LGPL-2.1-or-later

noinst_LIBRARIES += libmonitor.a
libmonitor_a_SOURCES = \
	%D%/bus_watch.c %D%/bus_watch.h \
	%D%/change_batch.c %D%/change_batch.h \
	%D%/daemon.c %D%/daemon.h \
	%D%/exports_watch.c %D%/exports_watch.h \
	%D%/host_links.c %D%/host_links.h \
	%D%/log_limit.c %D%/log_limit.h \
	%D%/monitor.c %D%/monitor.h \
	%D%/monitor_lock.c %D%/monitor_lock.h \
	%D%/monitor_log.c %D%/monitor_log.h \
	%D%/monitor_loop.c %D%/monitor_loop.h \
	%D%/monitor_start.c %D%/monitor_start.h \
	%D%/reach_watch.c %D%/reach_watch.h \
	%D%/schedule.c %D%/schedule.h \
	%D%/settling.c %D%/settling.h \
	%D%/slow_look.c %D%/slow_look.h \
	%D%/sockets_watch.c %D%/sockets_watch.h \
	%D%/sources.c %D%/sources.h \
	%D%/vm_watch.c %D%/vm_watch.h \
	%D%/watched.c %D%/watched.h
libmonitor_a_CFLAGS = $(AM_CFLAGS) $(TOOLS_CFLAGS)
libmonitor_a_CPPFLAGS = $(AM_CPPFLAGS) $(TOOLS_CPPFLAGS)
