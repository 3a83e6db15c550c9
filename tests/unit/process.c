/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registry/process.h"

#include "registry/cgroup.h"
#include "registry/process_stat.h"
#include "tests/unit/fixture.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define STAT_TAIL                                                                                  \
	" S 1 4711 4711 0 -1 4194560 100 0 0 0 1 2 0 0 20 0 1 0 987654321 1000 10 184467440737095"

START_TEST(the_program_name_in_stat_may_hold_anything)
{
	static const char *const lines[] = {
		"4711 (init)" STAT_TAIL, "4711 (a b)" STAT_TAIL,
		"4711 ())" STAT_TAIL,	 "4711 () Z 1 1 1 1 1 1 1)" STAT_TAIL,
		"4711 (\n)" STAT_TAIL,
	};

	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		struct process_stat stat;

		ck_assert_int_eq(process_stat_parse(lines[i], &stat), 0);
		ck_assert_int_eq(stat.state, 'S');
		ck_assert_uint_eq(stat.parent, 1);
		ck_assert_uint_eq(stat.flags, 4194560);
		ck_assert_uint_eq(stat.start_time, 987654321);
		ck_assert(!process_stat_is_dead(&stat));
	}
}
END_TEST

static void *outlive(void *first)
{
	pthread_join(*(pthread_t *) first, NULL);
	raise(SIGSTOP);
	for (;;)
		pause();
	return NULL;
}

START_TEST(a_process_lives_on_without_its_first_thread)
{
	struct machine_leader leader;
	struct registry_origin origin;
	pid_t pid = fork();
	siginfo_t info;
	int fd;

	if (pid == 0) {
		pthread_t first = pthread_self(), other;

		pthread_create(&other, NULL, outlive, &first);
		pthread_exit(NULL);
	}
	/* It stops when the first thread is gone. */
	ck_assert_int_eq(waitid(P_PID, (id_t) pid, &info, WSTOPPED), 0);
	ck_assert_int_eq(leader_inspect(pid, &leader, &fd), LEADER_OK);
	close(fd);
	ck_assert_int_eq(registry_origin_read(&origin), 0);
	ck_assert(!leader_is_gone(&leader, &origin));
	ck_assert(!leader_has_died(&leader, &origin));
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitid(P_PID, (id_t) pid, &info, WEXITED | WNOWAIT), 0);
	ck_assert(leader_is_gone(&leader, &origin));
	ck_assert(leader_has_died(&leader, &origin));
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}
END_TEST

START_TEST(what_is_no_stat_is_refused)
{
	struct process_stat stat;

	ck_assert_int_eq(process_stat_parse("", &stat), -EBADMSG);
	ck_assert_int_eq(process_stat_parse("4711 (init", &stat), -EBADMSG);
	ck_assert_int_eq(process_stat_parse("4711 (init) S 1 2 3", &stat), -EBADMSG);
	ck_assert_int_eq(process_stat_read(INT32_MAX, &stat), -ENOENT);
}
END_TEST

static const struct {
	const char *path, *root, *unit;
} cgroups[] = {
	{ "/machine.slice/machine-web1.scope", "", "machine-web1.scope" },
	{ "/machine.slice/machine-web1.scope/payload", "", "machine-web1.scope" },
	{ "/web1.service", "", "web1.service" },
	{ "/a.slice/a-b.slice/x@y.service/child", "", "x@y.service" },
	{ "/machine.slice/systemd-nspawn@web\\x2d1.service/payload", "",
	  "systemd-nspawn@web\\x2d1.service" },
	{ "/machine.slice/_cgroup.scope", "", "cgroup.scope" },
	{ "/docker/abc/machine.slice/m.scope", "/docker/abc", "m.scope" },
	{ "/docker/abcd/machine.slice/m.scope", "/docker/abc", NULL },
	{ "/", "", NULL },
	{ "", "", NULL },
	{ "/machine.slice", "", NULL },
	{ "/lxc.payload.web1", "", NULL },
	{ "/a/b/machine-x.scope", "", NULL },
	{ "/machine/qemu-1-x.libvirt-qemu", "", NULL },
	{ "/machine.slice/.scope", "", NULL },
	{ "/machine.slice/we b.scope", "", NULL },
	{ "/machine.slice/w\x01.scope", "", NULL },
	{ "/.slice/x.scope", "", NULL },
};

START_TEST(units_are_found_in_cgroup_paths)
{
	char unit[UNIT_NAME_SIZE] = "";
	int r = cgroup_unit(cgroups[_i].path, cgroups[_i].root, unit);

	ck_assert_int_eq(r, cgroups[_i].unit ? 0 : -ENOENT);
	ck_assert_str_eq(unit, cgroups[_i].unit ? cgroups[_i].unit : "");
}
END_TEST

START_TEST(a_unit_name_may_be_so_long)
{
	char path[400] = "/", unit[UNIT_NAME_SIZE];

	memset(path + 1, 'a', 255);
	strcpy(path + 1 + 255 - 6, ".scope");
	ck_assert_int_eq(cgroup_unit(path, "", unit), 0);
	ck_assert_uint_eq(strlen(unit), 255);
	ck_assert(unit_name_is_valid(unit));
	memset(path + 1, 'a', 256);
	strcpy(path + 1 + 256 - 6, ".scope");
	ck_assert_int_eq(cgroup_unit(path, "", unit), -ENOENT);
	ck_assert(!unit_name_is_valid(path + 1));
}
END_TEST

static enum leader_verdict inspect(int64_t pid)
{
	struct machine_leader leader;
	int pidfd = -1;
	enum leader_verdict verdict = leader_inspect(pid, &leader, &pidfd);

	ck_assert_int_eq(verdict == LEADER_OK, pidfd >= 0);
	if (pidfd >= 0)
		close(pidfd);
	return verdict;
}

START_TEST(numbers_that_lead_nothing_are_refused)
{
	ck_assert_int_eq(inspect(0), LEADER_NO_PID);
	ck_assert_int_eq(inspect(-1), LEADER_NO_PID);
	ck_assert_int_eq(inspect((int64_t) INT32_MAX + 1), LEADER_NO_PID);
	ck_assert_int_eq(inspect(INT64_MAX), LEADER_NO_PID);
	ck_assert_int_eq(inspect(INT64_MIN), LEADER_NO_PID);
	ck_assert_int_eq(inspect(INT32_MAX), LEADER_ABSENT);
	ck_assert_int_eq(inspect(1), LEADER_INIT);
	ck_assert_int_eq(inspect(getpid()), LEADER_SELF);
}
END_TEST

START_TEST(a_zombie_leads_nothing)
{
	pid_t pid = fork();
	siginfo_t info;

	if (pid == 0)
		_exit(0);
	ck_assert_int_eq(waitid(P_PID, (id_t) pid, &info, WEXITED | WNOWAIT), 0);
	ck_assert_int_eq(inspect(pid), LEADER_ZOMBIE);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_int_eq(inspect(pid), LEADER_ABSENT);
}
END_TEST

static volatile pid_t thread_id;

static void *wait_in_thread(void *unused)
{
	(void) unused;
	thread_id = (pid_t) syscall(SYS_gettid);
	kill(getpid(), SIGUSR1);
	for (;;)
		pause();
	return NULL;
}

START_TEST(a_thread_leads_nothing)
{
	pthread_t thread;
	sigset_t set;
	int signal;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	ck_assert_int_eq(pthread_create(&thread, NULL, wait_in_thread, NULL), 0);
	ck_assert_int_eq(sigwait(&set, &signal), 0);
	ck_assert_int_eq(inspect(thread_id), LEADER_THREAD);
}
END_TEST

START_TEST(a_kernel_thread_leads_nothing)
{
	struct process_stat stat;

	/* kthreadd is pid 2, but in a pid namespace of our own there is none. */
	if (process_stat_read(2, &stat) == 0 && stat.flags & 0x00200000)
		ck_assert_int_eq(inspect(2), LEADER_KERNEL_THREAD);
}
END_TEST

START_TEST(a_process_is_who_it_is)
{
	struct machine_leader expected = start_leader(), leader;
	int pidfd;

	ck_assert_int_eq(leader_inspect(expected.pid, &leader, &pidfd), LEADER_OK);
	ck_assert_uint_eq(leader.pid, expected.pid);
	ck_assert_uint_eq(leader.start_time, expected.start_time);
	ck_assert(leader_is_running(pidfd));
	kill_leader(&expected);
	ck_assert(!leader_is_running(pidfd));
	close(pidfd);
}
END_TEST

START_TEST(a_dead_leader_is_gone_and_a_live_one_is_not)
{
	struct machine_leader leader = start_leader(), later = leader;
	struct registry_origin origin, elsewhere;
	siginfo_t info;

	ck_assert_int_eq(registry_origin_read(&origin), 0);
	elsewhere = origin;
	elsewhere.pid_namespace++;
	ck_assert(!leader_is_gone(&leader, &origin));
	ck_assert_int_eq(leader_lives(&leader, &origin), 1);
	/* Another process has its pid. */
	later.start_time++;
	ck_assert(leader_is_gone(&later, &origin));
	ck_assert_int_eq(leader_lives(&later, &origin), 0);
	/* Where pids mean something else, nobody can tell. */
	ck_assert(!leader_is_gone(&later, &elsewhere));
	ck_assert_int_eq(leader_lives(&leader, &elsewhere), -EXDEV);
	/* A zombie is as dead as they come. */
	ck_assert_int_eq(kill((pid_t) leader.pid, SIGKILL), 0);
	ck_assert_int_eq(waitid(P_PID, leader.pid, &info, WEXITED | WNOWAIT), 0);
	ck_assert(leader_is_gone(&leader, &origin));
	ck_assert_int_eq(leader_lives(&leader, &origin), 0);
	ck_assert_int_eq(waitpid((pid_t) leader.pid, NULL, 0), (pid_t) leader.pid);
	ck_assert(leader_is_gone(&leader, &origin));
	ck_assert_int_eq(leader_lives(&leader, &origin), 0);
	ck_assert(!leader_is_gone(&leader, &elsewhere));
	elsewhere = origin;
	elsewhere.time_namespace++;
	ck_assert(!leader_is_gone(&leader, &elsewhere));
}
END_TEST

START_TEST(a_pidfd_tells_the_same)
{
	struct machine_leader expected = start_leader(), leader, other;
	struct registry_origin origin;
	siginfo_t info;
	int pidfd;

	ck_assert_int_eq(registry_origin_read(&origin), 0);
	ck_assert_int_eq(leader_inspect(expected.pid, &leader, &pidfd), LEADER_OK);
	close(pidfd);
	ck_assert(!leader_has_died(&leader, &origin));
	ck_assert(!leader_has_died(&expected, &origin));
	/* The same pid, but another process. */
	other = leader;
	other.pidfd_inode++;
	other.start_time++;
	ck_assert(leader_has_died(&other, &origin));
	ck_assert_int_eq(kill((pid_t) leader.pid, SIGKILL), 0);
	ck_assert_int_eq(waitid(P_PID, leader.pid, &info, WEXITED | WNOWAIT), 0);
	ck_assert(leader_has_died(&leader, &origin));
	ck_assert_int_eq(waitpid((pid_t) leader.pid, NULL, 0), (pid_t) leader.pid);
	ck_assert(leader_has_died(&leader, &origin));
}
END_TEST

Suite *process_suite(void)
{
	Suite *suite = suite_create("process");
	TCase *table = tcase_create("units_are_found_in_cgroup_paths");

	ADD(suite, the_program_name_in_stat_may_hold_anything);
	ADD(suite, what_is_no_stat_is_refused);
	tcase_add_loop_test(table, units_are_found_in_cgroup_paths, 0,
			    sizeof cgroups / sizeof *cgroups);
	suite_add_tcase(suite, table);
	ADD(suite, a_unit_name_may_be_so_long);
	ADD(suite, numbers_that_lead_nothing_are_refused);
	ADD(suite, a_process_lives_on_without_its_first_thread);
	ADD(suite, a_zombie_leads_nothing);
	ADD(suite, a_thread_leads_nothing);
	ADD(suite, a_kernel_thread_leads_nothing);
	ADD(suite, a_process_is_who_it_is);
	ADD(suite, a_dead_leader_is_gone_and_a_live_one_is_not);
	ADD(suite, a_pidfd_tells_the_same);
	return suite;
}
