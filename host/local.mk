# SPDX-License-Identifier: LGPL-2.1-or-later

noinst_LIBRARIES += libhost.a
libhost_a_SOURCES = \
	%D%/cgroup.c %D%/cgroup.h \
	%D%/file_reader.c %D%/file_reader.h \
	%D%/held_socket.c %D%/held_socket.h \
	%D%/host_link.c %D%/host_link.h \
	%D%/host_machine.c %D%/host_machine.h \
	%D%/host_view.c %D%/host_view.h \
	%D%/known_path.c %D%/known_path.h \
	%D%/leases.c %D%/leases.h \
	%D%/leases_logs.c \
	%D%/machine1.c %D%/machine1.h \
	%D%/machine_file.c %D%/machine_file.h \
	%D%/machine_lines.c %D%/machine_lines.h \
	%D%/machine_system.c %D%/machine_system.h \
	%D%/netlink.c %D%/netlink.h \
	%D%/neighbour.c %D%/neighbour.h \
	%D%/network.c %D%/network.h \
	%D%/nscd.c %D%/nscd.h \
	%D%/os_release.c %D%/os_release.h \
	%D%/process.c %D%/process.h \
	%D%/process_status.c %D%/process_status.h \
	%D%/reach.c %D%/reach.h \
	%D%/record_lock.c %D%/record_lock.h \
	%D%/route.c %D%/route.h \
	%D%/systemd.c %D%/systemd.h \
	%D%/vm_interfaces.c %D%/vm_interfaces.h
libhost_a_CFLAGS = $(AM_CFLAGS) $(MNL_CFLAGS)
libhost_a_CPPFLAGS = $(AM_CPPFLAGS) -DLIBEXECDIR='"$(libexecdir)"'

# And what it links besides, in this order.
HOST_LIBS = libhost.a libregistry-lookup.a libregistry-words.la libregistry-notify.la $(REGISTRY_WRITE_LIBS) libbase.a libbase-quote.la $(MNL_LIBS)
