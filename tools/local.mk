# SPDX-License-Identifier: LGPL-2.1-or-later

# All but main(), for the unit tests, too.
noinst_LIBRARIES += libtools.a
libtools_a_SOURCES = \
	%D%/arena.c %D%/arena.h \
	%D%/bind.c \
	%D%/bind_mount.c %D%/bind_mount.h \
	%D%/cgroups.c %D%/cgroups.h \
	%D%/change.c %D%/change.h \
	%D%/channel.c %D%/channel.h \
	%D%/configuration.c %D%/configuration.h \
	%D%/containers_storage.c %D%/containers_storage.h \
	%D%/control.c %D%/control.h \
	%D%/copy.c \
	%D%/copy_owners.c %D%/copy_owners.h \
	%D%/copy_place.c %D%/copy_place.h \
	%D%/copy_progress.c %D%/copy_progress.h \
	%D%/copy_session.c %D%/copy_session.h \
	%D%/copy_source.c %D%/copy_source.h \
	%D%/copy_stream.c %D%/copy_stream.h \
	%D%/copy_target.c %D%/copy_target.h \
	%D%/daemon.c %D%/daemon.h \
	%D%/discovery.c %D%/discovery.h \
	%D%/doctor.c %D%/doctor.h \
	%D%/doctor_confinement.c \
	%D%/doctor_nss.c \
	%D%/doctor_registry.c \
	%D%/doctor_runtimes.c \
	%D%/domain.c %D%/domain.h \
	%D%/entrance.c %D%/entrance.h \
	%D%/exports.c %D%/exports.h \
	%D%/facts.c %D%/facts.h \
	%D%/format.c %D%/format.h \
	%D%/guest_addresses.c %D%/guest_addresses.h \
	%D%/guest_watch.c %D%/guest_watch.h \
	%D%/hook.c %D%/hook.h \
	%D%/hook_libvirt.c \
	%D%/hook_lxc.c \
	%D%/hook_oci.c \
	%D%/id_names.c %D%/id_names.h \
	%D%/init_kind.c %D%/init_kind.h \
	%D%/input.c %D%/input.h \
	%D%/json.c %D%/json.h \
	%D%/json_text.c %D%/json_text.h \
	%D%/kill.c \
	%D%/leader_search.c %D%/leader_search.h \
	%D%/leases.c %D%/leases.h \
	%D%/list.c \
	%D%/login.c \
	%D%/machine_cgroup.c %D%/machine_cgroup.h \
	%D%/machine_copy.c %D%/machine_copy.h \
	%D%/machine_file.c %D%/machine_file.h \
	%D%/machine_lines.c %D%/machine_lines.h \
	%D%/machine_session.c %D%/machine_session.h \
	%D%/machine_signal.c %D%/machine_signal.h \
	%D%/machine_terminal.c %D%/machine_terminal.h \
	%D%/machine_user.c %D%/machine_user.h \
	%D%/machinectl.c %D%/machinectl.h \
	%D%/map.c \
	%D%/marked_block.c %D%/marked_block.h \
	%D%/membership.c %D%/membership.h \
	%D%/message.c %D%/message.h \
	%D%/module_probe.c %D%/module_probe.h \
	%D%/monitor.c \
	%D%/monitor_lock.c %D%/monitor_lock.h \
	%D%/monitor_loop.c %D%/monitor_loop.h \
	%D%/monitor_start.c %D%/monitor_start.h \
	%D%/notify_socket.c %D%/notify_socket.h \
	%D%/nsswitch.c %D%/nsswitch.h \
	%D%/options.c %D%/options.h \
	%D%/os_release.c %D%/os_release.h \
	%D%/pause.c \
	%D%/peer.c %D%/peer.h \
	%D%/pid_namespace.c %D%/pid_namespace.h \
	%D%/pipe_session.c %D%/pipe_session.h \
	%D%/placement.c %D%/placement.h \
	%D%/power.c \
	%D%/process_tree.c %D%/process_tree.h \
	%D%/processes.c %D%/processes.h \
	%D%/program.c %D%/program.h \
	%D%/properties.c %D%/properties.h \
	%D%/ps.c \
	%D%/ps_options.c %D%/ps_options.h \
	%D%/publish.c %D%/publish.h \
	%D%/qemu_arguments.c %D%/qemu_arguments.h \
	%D%/qmp.c %D%/qmp.h \
	%D%/refresh.c \
	%D%/register.c \
	%D%/registration.c %D%/registration.h \
	%D%/run.c \
	%D%/run_loop.c %D%/run_loop.h \
	%D%/run_options.c %D%/run_options.h \
	%D%/run_qemu.c \
	%D%/sealed_copy.c %D%/sealed_copy.h \
	%D%/setup.c %D%/setup.h \
	%D%/setup_libvirt.c \
	%D%/setup_lxc.c \
	%D%/setup_nspawn.c \
	%D%/setup_nss.c \
	%D%/setup_oci.c \
	%D%/shell.c \
	%D%/show.c \
	%D%/signal_name.c %D%/signal_name.h \
	%D%/ssh.c \
	%D%/status.c \
	%D%/supervisor.c %D%/supervisor.h \
	%D%/table.c %D%/table.h \
	%D%/terminal_session.c %D%/terminal_session.h \
	%D%/terminate.c \
	%D%/unregister.c \
	%D%/verbs.h \
	%D%/wait.c \
	%D%/watch.c %D%/watch.h \
	%D%/watched.c %D%/watched.h \
	%D%/which.c
libtools_a_CFLAGS = $(AM_CFLAGS) $(JSON_C_CFLAGS) $(CAPNG_CFLAGS) $(EXPAT_CFLAGS)
libtools_a_CPPFLAGS = $(AM_CPPFLAGS) -DSYSCONFDIR='"$(sysconfdir)"' \
	-DSYSTEM_UNIT_DIRECTORY='"$(systemdsystemunitdir)"' -DNSS_DIRECTORY='"$(nssdir)"'

# What links it besides, in this order.
TOOLS_LIBS = libregistry-words.la libregistry-watch.la $(REGISTRY_WRITE_LIBS) $(JSON_C_LIBS) $(CAPNG_LIBS) $(EXPAT_LIBS) \
	$(DL_LIBS)

bin_PROGRAMS += mymachines
mymachines_SOURCES = %D%/main.c
mymachines_LDADD = libtools.a $(TOOLS_LIBS)

dist_bashcompletion_DATA = %D%/completion/mymachines
dist_zshcompletion_DATA = %D%/completion/_mymachines
