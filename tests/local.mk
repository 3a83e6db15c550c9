# SPDX-License-Identifier: LGPL-2.1-or-later

# Programs report in TAP themselves. Each test runs in mount and network namespaces of its own,
# with a /run of its own.
TEST_EXTENSIONS = .t
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
T_LOG_DRIVER = $(LOG_DRIVER)
LOG_COMPILER = $(SHELL) $(top_srcdir)/%D%/private
T_LOG_COMPILER = $(SHELL) $(top_srcdir)/%D%/private
AM_TESTS_ENVIRONMENT = \
	SRCDIR='$(abs_top_srcdir)' BUILDDIR='$(abs_top_builddir)' RUNSTATEDIR='$(runstatedir)' \
	NSS_MODULE='$(abs_top_builddir)/.libs/libnss_mymachines.so.2' \
	PAM_MODULE='$(abs_top_builddir)/pam/.libs/pam_mymachines.so' \
	REGISTRY_DIRECTORY='$(registrydir)' CC='$(CC)' SANITIZERS='$(SANITIZER_CFLAGS)' \
	SYSCONFDIR='$(sysconfdir)' DEBIAN_ROOT='$(DEBIAN_ROOT)' NEWER_ROOT='$(NEWER_ROOT)' CK_DEFAULT_TIMEOUT=60; \
	export NSS_MODULE PAM_MODULE SRCDIR BUILDDIR RUNSTATEDIR REGISTRY_DIRECTORY SYSCONFDIR \
	DEBIAN_ROOT NEWER_ROOT CC SANITIZERS CK_DEFAULT_TIMEOUT;

EXTRA_DIST += %D%/support/activate %D%/support/coverage.h %D%/support/deep_cgroups.py %D%/support/held_file.py %D%/support/hostile_tar.py %D%/support/https_server.py %D%/support/machine_socket.sh %D%/support/examples.py %D%/support/schema.py %D%/support/silent_fuse.py %D%/support/silent_process.sh %D%/support/varlink.py %D%/apart %D%/coverage %D%/fresh %D%/mutants %D%/private %D%/support/containers.sh %D%/support/booted.sh %D%/support/debian %D%/support/drive \
	%D%/support/images.sh %D%/support/rootfs.sh %D%/support/tree.py %D%/support/terminal
EXTRA_DIST += %D%/support/image_server.py %D%/support/image_server.sh %D%/support/kill_steps.sh %D%/support/nonblocking.py %D%/support/oci_images.py %D%/support/registry.py

# A Debian that boots systemd, kept between builds, for the tests with stock -M tools.
DEBIAN_ROOT = $(abs_top_srcdir)/build-debian
debian-root:
	$(top_srcdir)/tests/support/debian make $(DEBIAN_ROOT)

# Another with a newer systemd, for the tests beside its systemd-machined and with its tools.
NEWER_ROOT = $(abs_top_srcdir)/build-newer-debian
NEWER_SUITE = trixie
newer-debian-root:
	$(top_srcdir)/tests/support/debian make $(NEWER_ROOT) $(NEWER_SUITE)

.PHONY: debian-root newer-debian-root

check_PROGRAMS += tests/support/container
tests_support_container_SOURCES = %D%/support/container.c

check_PROGRAMS += tests/support/guest
tests_support_guest_SOURCES = %D%/support/guest.c

check_PROGRAMS += tests/support/follower
tests_support_follower_SOURCES = %D%/support/follower.c
tests_support_follower_CPPFLAGS = -I$(top_srcdir)/library
tests_support_follower_LDADD = libmymachines.la
# The program itself, and not a script of libtool's.
tests_support_follower_LDFLAGS = $(AM_LDFLAGS) -no-install

check_PROGRAMS += tests/support/cost
tests_support_cost_SOURCES = %D%/support/cost.c
tests_support_cost_LDADD = $(HOST_LIBS) $(DL_LIBS)

check_PROGRAMS += tests/support/lock_holder
tests_support_lock_holder_SOURCES = %D%/support/lock_holder.c

check_PROGRAMS += tests/support/interrupt
tests_support_interrupt_SOURCES = %D%/support/interrupt.c

if HAVE_SYSTEMD
check_PROGRAMS += tests/support/login
tests_support_login_SOURCES = %D%/support/login.c
tests_support_login_CFLAGS = $(AM_CFLAGS) $(SYSTEMD_CFLAGS)
tests_support_login_LDADD = $(SYSTEMD_LIBS)
endif

if HAVE_PAM
check_PROGRAMS += tests/support/pamsessions
tests_support_pamsessions_SOURCES = %D%/support/pamsessions.c
tests_support_pamsessions_LDADD = $(PAM_LIBS)
endif

if HAVE_PAMTEST
check_PROGRAMS += tests/support/pamtest
tests_support_pamtest_SOURCES = %D%/support/pamtest.c
tests_support_pamtest_LDADD = -lpamtest $(PAM_LIBS)
endif

if HAVE_DOWNLOADS
check_PROGRAMS += tests/support/fetcher
tests_support_fetcher_SOURCES = %D%/support/fetcher.c
tests_support_fetcher_LDADD = $(FETCH_LIBS)
endif

fuzz_targets = tests/fuzz/replay-document tests/fuzz/replay-json tests/fuzz/replay-record \
	tests/fuzz/replay-registry tests/fuzz/replay-text tests/fuzz/replay-varlink
check_PROGRAMS += $(fuzz_targets)
tests_fuzz_replay_document_SOURCES = %D%/fuzz/document.c %D%/fuzz/fuzz.h %D%/fuzz/replay.c
tests_fuzz_replay_document_CFLAGS = $(AM_CFLAGS) $(JSON_C_CFLAGS)
tests_fuzz_replay_document_LDADD = $(TOOLS_LIBS)
tests_fuzz_replay_json_SOURCES = %D%/fuzz/fuzz.h %D%/fuzz/json.c %D%/fuzz/replay.c
tests_fuzz_replay_json_CFLAGS = $(AM_CFLAGS) $(JSON_C_CFLAGS)
tests_fuzz_replay_json_LDADD = $(TOOLS_LIBS)
tests_fuzz_replay_record_SOURCES = %D%/fuzz/record.c %D%/fuzz/replay.c
tests_fuzz_replay_record_LDADD = $(HOST_LIBS)
tests_fuzz_replay_registry_SOURCES = %D%/fuzz/fuzz.h %D%/fuzz/registry.c %D%/fuzz/replay.c
tests_fuzz_replay_registry_LDADD = $(HOST_LIBS)
tests_fuzz_replay_text_SOURCES = %D%/fuzz/replay.c %D%/fuzz/text.c
tests_fuzz_replay_text_CFLAGS = $(AM_CFLAGS) $(JSON_C_CFLAGS)
tests_fuzz_replay_text_LDADD = $(TOOLS_LIBS)
if HAVE_DOWNLOADS
check_PROGRAMS += tests/fuzz/replay-download
tests_fuzz_replay_download_SOURCES = %D%/fuzz/download.c %D%/fuzz/fuzz.h %D%/fuzz/replay.c
tests_fuzz_replay_download_LDADD = $(FETCH_LIBS)
endif
tests_fuzz_replay_varlink_SOURCES = %D%/fuzz/fuzz.h %D%/fuzz/replay.c %D%/fuzz/varlink.c
tests_fuzz_replay_varlink_CFLAGS = $(AM_CFLAGS) $(JSON_C_CFLAGS)
tests_fuzz_replay_varlink_LDADD = libvarlink.a libbase.a $(JSON_C_LIBS)
EXTRA_DIST += %D%/fuzz/corpus %D%/fuzz/run %D%/plugin/costs %D%/support/registry_dump.c %D%/support/threads.c \
	%D%/support/registry-32bit.mdb.xz %D%/support/registry-layout-0.mdb.xz

integration_tests = \
	%D%/fuzz/replay.t \
	%D%/plugin/object.t \
	%D%/plugin/cost.t \
	%D%/plugin/threads.t \
	%D%/plugin/words.t \
	%D%/integration/addresses.t \
	%D%/integration/bad-input.t \
	%D%/integration/bind.t \
	%D%/integration/bus.t \
	%D%/integration/bus-follow.t \
	%D%/integration/bus-images.t \
	%D%/integration/bus-import.t \
	%D%/integration/bus-list.t \
	%D%/integration/bus-polkit.t \
	%D%/integration/bus-setup.t \
	%D%/integration/bus-users.t \
	%D%/integration/changes.t \
	%D%/integration/configurations.t \
	%D%/integration/claimed.t \
	%D%/integration/claims.t \
	%D%/integration/control.t \
	%D%/integration/copy.t \
	%D%/integration/demo.t \
	%D%/integration/doctor.t \
	%D%/integration/effort.t \
	%D%/integration/exports.t \
	%D%/integration/fetch.t \
	%D%/integration/first-steps.t \
	%D%/integration/exports-cgroup1.t \
	%D%/integration/exports-cgroup2.t \
	%D%/integration/vms.t \
	%D%/integration/hanging.t \
	%D%/integration/hanging-process.t \
	%D%/integration/monitor-hung.t \
	%D%/integration/hook.t \
	%D%/integration/images.t \
	%D%/integration/import.t \
	%D%/integration/importctl.t \
	%D%/integration/import-varlink.t \
	%D%/integration/json.t \
	%D%/integration/killed.t \
	%D%/integration/library.t \
	%D%/integration/logins.t \
	%D%/integration/membership.t \
	%D%/integration/machine.t \
	%D%/integration/machine-images.t \
	%D%/integration/machine-users.t \
	%D%/integration/machinectl.t \
	%D%/integration/monitor.t \
	%D%/integration/pam.t \
	%D%/integration/pam-way.t \
	%D%/integration/oci.t \
	%D%/integration/operate.t \
	%D%/integration/reach.t \
	%D%/integration/systems.t \
	%D%/integration/watch.t \
	%D%/integration/ps.t \
	%D%/integration/pull.t \
	%D%/integration/registrar.t \
	%D%/integration/resolve.t \
	%D%/integration/resolve-hook.t \
	%D%/integration/run.t \
	%D%/integration/run-process.t \
	%D%/integration/shell.t \
	%D%/integration/signatures.t \
	%D%/integration/setup-edits.t \
	%D%/integration/setup.t \
	%D%/integration/state.t \
	%D%/integration/storm.t \
	%D%/integration/truth.t \
	%D%/integration/upgrade.t \
	%D%/integration/userdb.t \
	%D%/integration/varlink.t
# Those that have little to do with C, or can't have a sanitizer.
plain_tests = \
	%D%/house/stairs.t \
	%D%/house/files.t \
	%D%/integration/command-line.t \
	%D%/integration/completion.t \
	%D%/integration/bus-peer.t \
	%D%/integration/newer.t \
	%D%/integration/bus-systemd.t \
	%D%/integration/bus-trouble.t \
	%D%/integration/debian.t \
	%D%/integration/examples.t \
	%D%/integration/examples-installed.t \
	%D%/integration/install.t \
	%D%/integration/manual.t \
	%D%/integration/services.t \
	%D%/integration/varlink-systemd.t
TESTS += $(integration_tests)
# These two run alone, after all others: pgrep(1) and ps(1) wait meanwhile (support/silent_process.sh).
%D%/integration/hanging-process.log: $(filter-out %D%/integration/hanging-process.log %D%/integration/monitor-hung.log,$(TEST_LOGS))
%D%/integration/monitor-hung.log: $(filter-out %D%/integration/monitor-hung.log,$(TEST_LOGS))
if !SANITIZERS
TESTS += $(plain_tests)
endif
EXTRA_DIST += %D%/house/phrases %D%/house/rooms %D%/house/stairs %D%/house/stairs.t \
	%D%/house/figures %D%/house/files %D%/house/files.exempt
EXTRA_DIST += $(integration_tests) $(plain_tests) %D%/integration/configurations %D%/integration/events.sh %D%/integration/storm.py %D%/integration/machine.py %D%/integration/machine-images.py %D%/integration/userdb.py %D%/integration/resolve-hook.py %D%/integration/bus-peer.sh %D%/integration/image-peer.sh %D%/integration/bus-peer.differences %D%/integration/varlink-peer.sh %D%/integration/varlink-peer.differences %D%/integration/peer_differences.py %D%/support/peer.sh %D%/integration/bus_client.py %D%/integration/bus_error.py %D%/integration/bus_leader.py %D%/integration/import_call.py %D%/integration/import_varlink.py %D%/integration/bus_shell.py %D%/support/bus.sh %D%/integration/lib.sh \
	%D%/integration/pam.sh

# With real runtimes, all of them: some hundred megabytes that most don't want to install.
runtime_tests = \
	%D%/runtimes/bubblewrap.t \
	%D%/runtimes/crun.t \
	%D%/runtimes/images.t \
	%D%/runtimes/libvirt-lxc.t \
	%D%/runtimes/libvirt-machine1.t \
	%D%/runtimes/libvirt-qemu.t \
	%D%/runtimes/lxc.t \
	%D%/runtimes/lxd.t \
	%D%/runtimes/nspawn.t \
	%D%/runtimes/oci-images.t \
	%D%/runtimes/podman-crun.t \
	%D%/runtimes/podman-runc.t \
	%D%/runtimes/qemu.t \
	%D%/runtimes/readme.t \
	%D%/runtimes/runc.t \
	%D%/runtimes/unshare.t
EXTRA_DIST += $(runtime_tests) %D%/runtimes/lib.sh %D%/runtimes/libvirt.sh %D%/runtimes/oci.sh \
	%D%/runtimes/podman.sh

# What the tests reach, and what they notice.
coverage:
	$(top_srcdir)/%D%/coverage
mutants:
	@test -n "$(FILE)" || { echo 'make mutants FILE=registry/file.c'; exit 1; }
	$(top_srcdir)/%D%/mutants $(top_srcdir)/$(FILE)
.PHONY: coverage mutants

check-runtimes:
	@$(MAKE) check TESTS='$(runtime_tests)'

.PHONY: check-runtimes

# Those that are quick and small. Stock ps, which they ask, doesn't end with a sanitizer in it.
if !SANITIZERS
TESTS += %D%/runtimes/bubblewrap.t %D%/runtimes/runc.t %D%/runtimes/unshare.t
endif

if HAVE_CHECK
check_PROGRAMS += tests/unit/unit
TESTS += tests/unit/unit
tests_unit_unit_SOURCES = \
	%D%/support/call_filter.c %D%/support/call_filter.h \
	%D%/support/checks.c %D%/support/checks.h \
	%D%/support/damage.c %D%/support/damage.h %D%/support/seal.h \
	%D%/support/leader.c %D%/support/leader.h \
	%D%/unit/address.c \
	%D%/unit/base.c \
	%D%/unit/claims.c \
	%D%/unit/copy.c \
	%D%/unit/damaged_writer.c \
	%D%/unit/diff.c \
	%D%/unit/file.c \
	%D%/unit/file_reader.c \
	%D%/unit/filter.c \
	%D%/unit/firmware.c \
	%D%/unit/fixture.c %D%/unit/fixture.h \
	%D%/unit/format.c \
	%D%/unit/id_index.c \
	%D%/unit/idmap.c \
	%D%/unit/image.c \
	%D%/unit/json.c \
	%D%/unit/leader_search.c \
	%D%/unit/leases.c \
	%D%/unit/log_limit.c \
	%D%/unit/main.c \
	%D%/unit/look.c \
	%D%/unit/machine_unit.c \
	%D%/unit/merge.c \
	%D%/unit/name.c \
	%D%/unit/netlink.c \
	%D%/unit/notify.c \
	%D%/unit/nsswitch.c \
	%D%/unit/os_release.c \
	%D%/unit/pages.c \
	%D%/unit/process.c \
	%D%/unit/qemu_arguments.c \
	%D%/unit/reach.c \
	%D%/unit/record.c \
	%D%/unit/refused.c \
	%D%/unit/resolved_open.c \
	%D%/unit/schedule.c \
	%D%/unit/signal_name.c \
	%D%/unit/slow_look.c \
	%D%/unit/snapshot.c \
	%D%/unit/sources.c \
	%D%/unit/unit.h \
	%D%/unit/varlink_server.c \
	%D%/unit/visitor.c \
	%D%/unit/way.c \
	%D%/unit/work.c \
	%D%/unit/writer.c
tests_unit_unit_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS) $(JSON_C_CFLAGS) -pthread
tests_unit_unit_LDADD = libpam-way.la libvarlink.a libcalls.a $(TOOLS_LIBS) $(CHECK_LIBS)

if HAVE_DOWNLOADS
check_PROGRAMS += tests/unit/downloads
TESTS += tests/unit/downloads
tests_unit_downloads_SOURCES = %D%/support/checks.c %D%/support/checks.h \
	%D%/unit/downloads.c %D%/unit/noted_directories.c %D%/unit/oci.c %D%/unit/unit.h
tests_unit_downloads_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS) -pthread
tests_unit_downloads_LDADD = libimport.a liboci.a libimages.a $(FETCH_LIBS) $(HOST_LIBS) $(CHECK_LIBS)
endif

check_PROGRAMS += tests/plugin/plugin
TESTS += tests/plugin/plugin
tests_plugin_plugin_SOURCES = \
	%D%/support/call_filter.c %D%/support/call_filter.h \
	%D%/support/checks.c %D%/support/checks.h \
	%D%/support/damage.c %D%/support/damage.h %D%/support/seal.h \
	%D%/support/leader.c %D%/support/leader.h \
	%D%/plugin/answers.c \
	%D%/plugin/changes.c \
	%D%/plugin/damaged.c \
	%D%/plugin/fixture.c %D%/plugin/fixture.h \
	%D%/plugin/guest.c \
	%D%/plugin/main.c \
	%D%/plugin/module.c %D%/plugin/module.h \
	%D%/plugin/states.c
tests_plugin_plugin_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS) -pthread
tests_plugin_plugin_LDADD = $(HOST_LIBS) $(CHECK_LIBS)
endif

# Programs and scripts of scripts/bench.
EXTRA_PROGRAMS += tests/bench/compare
tests_bench_compare_SOURCES = %D%/bench/compare.c
tests_bench_compare_CFLAGS = $(AM_CFLAGS) -pthread
tests_bench_compare_LDADD = $(HOST_LIBS)
EXTRA_DIST += %D%/bench/compare.py %D%/bench/plot.py %D%/bench/bus %D%/bench/bus.sh %D%/bench/import %D%/bench/monitor %D%/bench/operations.py %D%/bench/ps %D%/bench/run %D%/bench/userdb %D%/bench/userdb.py

bench: all
	$(top_srcdir)/scripts/bench --quick

bench-run:
	@$(AM_TESTS_ENVIRONMENT) $(LOG_COMPILER) /bin/bash $(top_srcdir)/tests/bench/run $(BENCH)

bench-monitor: all
	@$(AM_TESTS_ENVIRONMENT) $(LOG_COMPILER) /bin/bash $(top_srcdir)/tests/bench/monitor $(N)

bench-ps: all
	@$(AM_TESTS_ENVIRONMENT) $(LOG_COMPILER) /bin/bash $(top_srcdir)/tests/bench/ps

bench-userdb: all tests/bench/compare tests/support/container
	@$(AM_TESTS_ENVIRONMENT) $(LOG_COMPILER) /bin/bash $(top_srcdir)/tests/bench/userdb $(N)

bench-bus: all
	@$(AM_TESTS_ENVIRONMENT) $(LOG_COMPILER) /bin/bash $(top_srcdir)/tests/bench/bus

.PHONY: bench bench-run bench-bus bench-monitor bench-ps bench-userdb
