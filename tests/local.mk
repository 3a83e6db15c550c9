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
	SYSCONFDIR='$(sysconfdir)' DEBIAN_ROOT='$(DEBIAN_ROOT)'; \
	export NSS_MODULE PAM_MODULE SRCDIR BUILDDIR RUNSTATEDIR REGISTRY_DIRECTORY SYSCONFDIR \
	DEBIAN_ROOT CC SANITIZERS;

EXTRA_DIST += %D%/private %D%/support/containers.sh %D%/support/debian %D%/support/drive \
	%D%/support/rootfs.sh %D%/support/terminal

# A Debian that boots systemd, kept between builds, for the tests with stock -M tools.
DEBIAN_ROOT = $(abs_top_srcdir)/build-debian
debian-root:
	$(top_srcdir)/tests/support/debian make $(DEBIAN_ROOT)

.PHONY: debian-root

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

fuzz_targets = tests/fuzz/replay-document tests/fuzz/replay-json tests/fuzz/replay-record tests/fuzz/replay-text
check_PROGRAMS += $(fuzz_targets)
tests_fuzz_replay_document_SOURCES = %D%/fuzz/document.c %D%/fuzz/fuzz.h %D%/fuzz/replay.c
tests_fuzz_replay_document_CFLAGS = $(AM_CFLAGS) $(JSON_C_CFLAGS)
tests_fuzz_replay_document_LDADD = libtools.a $(TOOLS_LIBS)
tests_fuzz_replay_json_SOURCES = %D%/fuzz/fuzz.h %D%/fuzz/json.c %D%/fuzz/replay.c
tests_fuzz_replay_json_CFLAGS = $(AM_CFLAGS) $(JSON_C_CFLAGS)
tests_fuzz_replay_json_LDADD = libtools.a $(TOOLS_LIBS)
tests_fuzz_replay_record_SOURCES = %D%/fuzz/record.c %D%/fuzz/replay.c
tests_fuzz_replay_record_LDADD = $(REGISTRY_WRITE_LIBS)
tests_fuzz_replay_text_SOURCES = %D%/fuzz/replay.c %D%/fuzz/text.c
tests_fuzz_replay_text_CFLAGS = $(AM_CFLAGS) $(JSON_C_CFLAGS)
tests_fuzz_replay_text_LDADD = libtools.a $(TOOLS_LIBS)
EXTRA_DIST += %D%/fuzz/corpus %D%/fuzz/run

integration_tests = \
	%D%/fuzz/replay.t \
	%D%/plugin/object.t \
	%D%/integration/bad-input.t \
	%D%/integration/bind.t \
	%D%/integration/changes.t \
	%D%/integration/control.t \
	%D%/integration/copy.t \
	%D%/integration/doctor.t \
	%D%/integration/exports.t \
	%D%/integration/exports-cgroup1.t \
	%D%/integration/exports-cgroup2.t \
	%D%/integration/guests.t \
	%D%/integration/hook.t \
	%D%/integration/killed.t \
	%D%/integration/library.t \
	%D%/integration/logins.t \
	%D%/integration/machinectl.t \
	%D%/integration/monitor.t \
	%D%/integration/pam.t \
	%D%/integration/operate.t \
	%D%/integration/reach.t \
	%D%/integration/systems.t \
	%D%/integration/watch.t \
	%D%/integration/ps.t \
	%D%/integration/registrar.t \
	%D%/integration/resolve.t \
	%D%/integration/run.t \
	%D%/integration/shell.t \
	%D%/integration/setup.t \
	%D%/integration/storm.t
# Those that have little to do with C, or can't have a sanitizer.
plain_tests = \
	%D%/integration/completion.t \
	%D%/integration/debian.t \
	%D%/integration/install.t
TESTS += $(integration_tests)
if !SANITIZERS
TESTS += $(plain_tests)
endif
EXTRA_DIST += $(integration_tests) $(plain_tests) %D%/integration/events.sh %D%/integration/storm.py %D%/integration/lib.sh \
	%D%/integration/pam.sh

# With real runtimes, all of them: some hundred megabytes that most don't want to install.
runtime_tests = \
	%D%/runtimes/bubblewrap.t \
	%D%/runtimes/crun.t \
	%D%/runtimes/libvirt-lxc.t \
	%D%/runtimes/libvirt-qemu.t \
	%D%/runtimes/lxc.t \
	%D%/runtimes/lxd.t \
	%D%/runtimes/nspawn.t \
	%D%/runtimes/podman-crun.t \
	%D%/runtimes/podman-runc.t \
	%D%/runtimes/qemu.t \
	%D%/runtimes/runc.t \
	%D%/runtimes/unshare.t
EXTRA_DIST += $(runtime_tests) %D%/runtimes/lib.sh %D%/runtimes/libvirt.sh %D%/runtimes/oci.sh \
	%D%/runtimes/podman.sh

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
	%D%/support/leader.c %D%/support/leader.h \
	%D%/unit/address.c \
	%D%/unit/copy.c \
	%D%/unit/file.c \
	%D%/unit/filter.c \
	%D%/unit/fixture.c %D%/unit/fixture.h \
	%D%/unit/format.c \
	%D%/unit/id_index.c \
	%D%/unit/idmap.c \
	%D%/unit/json.c \
	%D%/unit/leases.c \
	%D%/unit/main.c \
	%D%/unit/name.c \
	%D%/unit/nsswitch.c \
	%D%/unit/os_release.c \
	%D%/unit/process.c \
	%D%/unit/qemu_arguments.c \
	%D%/unit/record.c \
	%D%/unit/register.c \
	%D%/unit/signal_name.c \
	%D%/unit/unit.h \
	%D%/unit/watch.c \
	%D%/unit/writer.c
tests_unit_unit_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS) $(JSON_C_CFLAGS) -pthread
tests_unit_unit_LDADD = libtools.a $(TOOLS_LIBS) $(CHECK_LIBS)

check_PROGRAMS += tests/plugin/plugin
TESTS += tests/plugin/plugin
tests_plugin_plugin_SOURCES = \
	%D%/support/leader.c %D%/support/leader.h \
	%D%/plugin/answers.c \
	%D%/plugin/changes.c \
	%D%/plugin/fixture.c %D%/plugin/fixture.h \
	%D%/plugin/guest.c \
	%D%/plugin/main.c \
	%D%/plugin/module.c %D%/plugin/module.h \
	%D%/plugin/states.c
tests_plugin_plugin_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS) -pthread
tests_plugin_plugin_LDADD = $(REGISTRY_WRITE_LIBS) $(CHECK_LIBS)
endif

# make bench: N='10 1000' for other numbers of machines.
EXTRA_PROGRAMS += tests/bench/bench
tests_bench_bench_SOURCES = %D%/bench/bench.c
tests_bench_bench_LDADD = $(REGISTRY_WRITE_LIBS)
EXTRA_DIST += %D%/bench/monitor %D%/bench/peer %D%/bench/ps %D%/bench/run

bench: tests/bench/bench tests/support/container mymachines libnss_mymachines.la
	@$(AM_TESTS_ENVIRONMENT) $(LOG_COMPILER) /bin/bash $(top_srcdir)/tests/bench/run $(N)
	@$(AM_TESTS_ENVIRONMENT) $(LOG_COMPILER) /bin/bash $(top_srcdir)/tests/bench/ps
	@$(AM_TESTS_ENVIRONMENT) $(LOG_COMPILER) /bin/bash $(top_srcdir)/tests/bench/monitor

.PHONY: bench
