/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/array_size.h"
#include "base/pidfd.h"
#include "host/process.h"

#include "host/cgroup.h"
#include "host/process_status.h"
#include "registry/leader_state.h"
#include "registry/process_stat.h"
#include "tests/support/checks.h"
#include "tests/unit/fixture.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <grp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/syscall.h>
#include <sys/resource.h>
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

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct process_stat stat;

		ck_assert_int_eq(process_stat_parse(lines[i], &stat), 0);
		ck_assert_int_eq(stat.state, 'S');
		ck_assert_uint_eq(stat.parent, 1);
		ck_assert(!stat.has_terminal);
		ck_assert_uint_eq(stat.flags, 4194560);
		ck_assert_uint_eq(stat.start_time, 987654321);
		ck_assert(!process_stat_is_dead(&stat));
	}
}
END_TEST

/* By the inode of its pidfd, where this kernel has one, and by its start time. */
static void assert_both_ways(struct machine_leader leader, const struct pid_context *context,
			     enum leader_state expected)
{
	ck_assert_int_eq(leader_state(&leader, context, NULL), expected);
	leader.pidfd_inode = 0;
	ck_assert_int_eq(leader_state(&leader, context, NULL), expected);
}

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
	struct pid_context context;
	pid_t pid = fork();
	siginfo_t info;
	int fd, error;

	if (pid == 0) {
		pthread_t first = pthread_self(), other;

		pthread_create(&other, NULL, outlive, &first);
		pthread_exit(NULL);
	}
	/* It stops when the first thread is gone. */
	ck_assert_int_eq(waitid(P_PID, (id_t) pid, &info, WSTOPPED), 0);
	ck_assert_int_eq(leader_inspect(pid, &leader, &fd, &error), LEADER_OK);
	close(fd);
	ck_assert_int_eq(pid_context_read(&context), 0);
	assert_both_ways(leader, &context, LEADER_ALIVE);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitid(P_PID, (id_t) pid, &info, WEXITED | WNOWAIT), 0);
	assert_both_ways(leader, &context, LEADER_DEAD);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}
END_TEST

START_TEST(text_that_is_not_a_stat_line_is_refused)
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
	{ "/abcd.scope", "/abc", "abcd.scope" },
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

START_TEST(a_status_is_read_line_by_line)
{
	static const struct {
		const char *text;
		struct process_status status;
		bool is_dead;
	} rows[] = {
		{ "Name:\tsh\nUmask:\t0022\nState:\tS (sleeping)\nPid:\t7\nPPid:\t5\nGroups:\t1 2 "
		  "\n"
		  "VmPeak:\t 4 kB\nVmSize:\t 4 kB\nThreads:\t3\n",
		  { 'S', 5, 3, true },
		  false },
		{ "Name:\tZ\nState:\tZ (zombie)\nPPid:\t1\nThreads:\t1\n",
		  { 'Z', 1, 1, false },
		  true },
		/* Its first thread has ended. */
		{ "Name:\tZ\nState:\tZ (zombie)\nPPid:\t1\nThreads:\t2\n",
		  { 'Z', 1, 2, false },
		  false },
		/* The kernel writes a newline of a name as "\n". */
		{ "Name:\tx\\nState:\tR\nState:\tX (dead)\nPPid:\t1\nThreads:\t1\n",
		  { 'X', 1, 1, false },
		  true },
	};
	struct process_status status;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		ck_assert_int_eq(process_status_parse(rows[i].text, &status), 0);
		ck_assert_int_eq(status.state, rows[i].status.state);
		ck_assert_uint_eq(status.parent, rows[i].status.parent);
		ck_assert_uint_eq(status.threads, rows[i].status.threads);
		ck_assert_int_eq(status.has_memory, rows[i].status.has_memory);
		ck_assert_int_eq(process_status_is_dead(&status), rows[i].is_dead);
	}
	ck_assert_int_eq(process_status_parse("", &status), -EBADMSG);
	ck_assert_int_eq(process_status_parse("Name:\tx\nState:\t", &status), -EBADMSG);
	ck_assert_int_eq(process_status_parse("Name:\tx\nState:\tS\nPPid:\t1\n", &status),
			 -EBADMSG);
	ck_assert_int_eq(process_status_read(INT32_MAX, &status), -ENOENT);
}
END_TEST

/* It is then longer than what is read at once. */
START_TEST(a_process_of_many_groups_is_read)
{
	static gid_t groups[65536];
	struct process_status status;
	pid_t pid = fork();
	int wstatus;

	for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
		groups[i] = (gid_t) (i + 100000);
	if (pid == 0) {
		if (setgroups(ARRAY_SIZE(groups), groups) < 0)
			_exit(77);
		_exit(process_status_read((uint32_t) getpid(), &status) == 0 &&
				      status.state == 'R' &&
				      status.parent == (uint32_t) getppid() &&
				      status.threads == 1 && status.has_memory
			      ? 0
			      : 1);
	}
	ck_assert_int_eq(waitpid(pid, &wstatus, 0), pid);
	ck_assert(WIFEXITED(wstatus));
	if (WEXITSTATUS(wstatus) == 77)
		SKIP("this user can't set groups");
	ck_assert_int_eq(WEXITSTATUS(wstatus), 0);
}
END_TEST

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

START_TEST(units_of_logins_and_of_init_are_nobodys)
{
	static const struct {
		const char *unit;
		bool is_shared;
	} rows[] = {
		{ "session-3.scope", true },	 { "user@1000.service", true },
		{ "init.scope", true },		 { "sessions.scope", false },
		{ "user-1.service", false },	 { "init.scope.service", false },
		{ "machine-web1.scope", false },
	};
	/* Of which no process is in any cgroup. */
	const struct cgroup_hierarchy none = { .mount = "/", .prefix = "none:" };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		ck_assert_int_eq(process_unit_is_shared(&none, 1, rows[i].unit), rows[i].is_shared);
}
END_TEST

static enum leader_verdict inspect(int64_t pid)
{
	struct machine_leader leader;
	int pidfd = -1, error;
	enum leader_verdict verdict = leader_inspect(pid, &leader, &pidfd, &error);

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

START_TEST(a_pidfd_identifies_its_process)
{
	struct machine_leader leader = { 0 }, inspected;
	pid_t pid = fork();
	int pidfd, other = -1, error, pipes[2];

	if (pid == 0) {
		pause();
		_exit(0);
	}
	pidfd = pidfd_of(pid);
	ck_assert_int_ge(pidfd, 0);
	ck_assert_int_eq(pidfd_identify(pidfd, &leader), 0);
	ck_assert_int_eq(leader_inspect(pid, &inspected, &other, &error), LEADER_OK);
	ck_assert(leader_is_expected(&inspected, &leader));
	ck_assert(leader_equal(&leader, &inspected));
	ck_assert_uint_ne(inspected.start_time, 0);
	ck_assert(leader_is_expected(&leader, &(struct machine_leader){ 0 }));
	inspected.start_time++;
	ck_assert(!leader_is_expected(&leader, &inspected));
	inspected = (struct machine_leader){ .pidfd_inode = leader.pidfd_inode + 1 };
	ck_assert(!leader_is_expected(&leader, &inspected));
	inspected = (struct machine_leader){ .pid = leader.pid + 1 };
	ck_assert(!leader_is_expected(&leader, &inspected));
	ck_assert_int_eq(pipe(pipes), 0);
	ck_assert_int_eq(pidfd_identify(pipes[0], &leader), -EBADF);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_int_eq(pidfd_identify(pidfd, &leader), -ESRCH);
	close(pidfd);
	close(other);
	close(pipes[0]);
	close(pipes[1]);
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
	int pidfd, error;

	ck_assert_int_eq(leader_inspect(expected.pid, &leader, &pidfd, &error), LEADER_OK);
	ck_assert_uint_eq(leader.pid, expected.pid);
	ck_assert_uint_eq(leader.start_time, expected.start_time);
	ck_assert(pidfd_is_alive(pidfd));
	kill_leader(&expected);
	ck_assert(!pidfd_is_alive(pidfd));
	close(pidfd);
}
END_TEST

START_TEST(a_leader_is_alive_until_it_has_died)
{
	struct machine_leader leader = start_leader();
	struct pid_context context;
	siginfo_t info;

	ck_assert_int_eq(pid_context_read(&context), 0);
	assert_both_ways(leader, &context, LEADER_ALIVE);
	/* A zombie is as dead as they come. */
	ck_assert_int_eq(kill((pid_t) leader.pid, SIGKILL), 0);
	ck_assert_int_eq(waitid(P_PID, leader.pid, &info, WEXITED | WNOWAIT), 0);
	assert_both_ways(leader, &context, LEADER_DEAD);
	ck_assert_int_eq(leader_open(&leader, &context), -ESRCH);
	ck_assert_int_eq(waitpid((pid_t) leader.pid, NULL, 0), (pid_t) leader.pid);
	assert_both_ways(leader, &context, LEADER_DEAD);
}
END_TEST

static volatile sig_atomic_t alarms;

static void count_alarm(int signal)
{
	(void) signal;
	alarms = alarms + 1;
}

START_TEST(signals_say_nothing_about_a_leader)
{
	const struct sigaction counted = { .sa_handler = count_alarm, .sa_flags = SA_RESTART };
	const struct itimerval often = { { 0, 100 }, { 0, 100 } }, never = { 0 };
	struct machine_leader leader = start_leader();
	enum leader_state state = LEADER_ALIVE;
	struct pid_context context;
	int error = 0;

	if (!leader.pidfd_inode)
		SKIP("pidfds have no inodes of their own before Linux 6.9");
	ck_assert_int_eq(pid_context_read(&context), 0);
	ck_assert_int_eq(sigaction(SIGALRM, &counted, NULL), 0);
	ck_assert_int_eq(setitimer(ITIMER_REAL, &often, NULL), 0);
	while (alarms < 500 && state == LEADER_ALIVE)
		state = leader_state(&leader, &context, &error);
	ck_assert_int_eq(setitimer(ITIMER_REAL, &never, NULL), 0);
	ck_assert_msg(state == LEADER_ALIVE, "state %u, error %d", state, error);
}
END_TEST

START_TEST(another_process_with_the_pid_of_a_leader_is_not_the_leader)
{
	struct machine_leader leader = start_leader(), other = leader;
	struct pid_context context;

	ck_assert_int_eq(pid_context_read(&context), 0);
	other.start_time++;
	other.pidfd_inode = 0;
	ck_assert_int_eq(leader_state(&other, &context, NULL), LEADER_DEAD);
	ck_assert_int_eq(leader_open(&other, &context), -ESRCH);
	if (!leader.pidfd_inode)
		SKIP("pidfds have no inodes of their own before Linux 6.9");
	/* Of the same clock tick: only the inode tells that it is another. */
	other = leader;
	other.pidfd_inode++;
	ck_assert_int_eq(leader_state(&other, &context, NULL), LEADER_DEAD);
	ck_assert_int_eq(leader_open(&other, &context), -ESRCH);
}
END_TEST

START_TEST(a_leader_is_opened_by_its_inode_alone)
{
	struct machine_leader leader = start_leader(), other = leader;
	int fd;

	other.pidfd_inode = 0;
	ck_assert_int_eq(leader_open_by_inode(&other), -ENOSYS);
	if (!leader.pidfd_inode)
		SKIP("pidfds have no inodes of their own before Linux 6.9");
	fd = leader_open_by_inode(&leader);
	ck_assert_int_ge(fd, 0);
	ck_assert(pidfd_is_alive(fd));
	close(fd);
	/* Another process with its pid, and none. */
	other.pidfd_inode = leader.pidfd_inode + 1;
	ck_assert_int_eq(leader_open_by_inode(&other), -ESRCH);
	kill_leader(&leader);
	ck_assert_int_lt(leader_open_by_inode(&leader), 0);
}
END_TEST

/* Of the real, the effective, the saved user and that of its files, this one alone is another. */
static void become_all_but(int which, uid_t user, uid_t other)
{
	uid_t real = which == 0 ? other : user, effective = which == 1 ? other : user;
	uid_t saved = which == 2 ? other : user;

	/* 77: there are no others in this user namespace. */
	if (setresuid(real, effective, saved) < 0)
		_exit(77);
	/* It has followed the effective one. */
	setfsuid(which == 3 ? other : user);
}

START_TEST(a_process_runs_as_a_user_if_all_its_ids_are_the_users)
{
	if (geteuid() != 0)
		SKIP("this user becomes no other");
	/* Number 4: none is another. */
	for (int which = 0; which < 5; which++) {
		int status;
		pid_t child = fork();

		if (child == 0) {
			become_all_but(which, 0, 4242);
			_exit(process_runs_as((uint32_t) getpid(), 0) != (which == 4) ||
			      process_runs_as((uint32_t) getpid(), 4242));
		}
		ck_assert_int_eq(waitpid(child, &status, 0), child);
		if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
			SKIP("this user becomes no other");
		ck_assert_msg(status == 0, "id %d: status %d", which, status);
	}
	ck_assert(!process_runs_as(INT32_MAX, 0));
}
END_TEST

START_TEST(where_pids_mean_others_the_inode_alone_proves_that_a_leader_lives)
{
	struct machine_leader leader = start_leader(), other = leader;
	struct pid_context elsewhere[2];
	int error = 0;

	ck_assert_int_eq(pid_context_read(&elsewhere[0]), 0);
	elsewhere[1] = elsewhere[0];
	elsewhere[0].pid_namespace++;
	elsewhere[1].time_namespace++;
	if (leader.pidfd_inode)
		ck_assert_int_eq(leader_state(&leader, &elsewhere[_i], &error), LEADER_ALIVE);
	leader.pidfd_inode = 0;
	ck_assert_int_eq(leader_state(&leader, &elsewhere[_i], &error), LEADER_UNKNOWN);
	ck_assert_int_eq(error, -EXDEV);
	other.start_time++;
	other.pidfd_inode++;
	ck_assert_int_eq(leader_state(&other, &elsewhere[_i], &error), LEADER_UNKNOWN);
	ck_assert_int_eq(error, -EXDEV);
	ck_assert_int_eq(leader_open(&leader, &elsewhere[_i]), -EXDEV);
}
END_TEST

START_TEST(without_descriptors_it_is_not_known_whether_a_leader_lives)
{
	struct machine machine = { .leader = start_leader() };
	struct pid_context context;
	struct rlimit before, limit;
	int error = 0;

	if (_i)
		machine.leader.pidfd_inode = 0;
	ck_assert_int_eq(pid_context_read(&context), 0);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	limit = before;
	limit.rlim_cur = 0;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	ck_assert_int_eq(leader_state(&machine.leader, &context, &error), LEADER_UNKNOWN);
	ck_assert_int_eq(error, -EMFILE);
	ck_assert_int_eq(machine_may_be_alive(&machine, &context), -EMFILE);
	/* A sanitizer opens files when the process ends. */
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
}
END_TEST

/* In a child, as nobody gets back from another user namespace. */
static void run_in_namespace(int namespace)
{
	struct machine_leader self = { .pid = (uint32_t) getpid() };
	struct idmap_extent extents[IDMAP_EXTENTS_MAX];
	struct own_namespaces own = { 0 };
	uint32_t namespaces, again;
	uint64_t user;
	int ends[2], r;
	pid_t child;

	if (pipe(ends) < 0)
		_exit(1);
	child = fork();
	if (child == 0) {
		if (unshare(namespace) < 0)
			_exit(2);
		if (write(ends[1], "", 1) == 1)
			pause();
		_exit(3);
	}
	close(ends[1]);
	if (read(ends[0], &r, 1) != 1)
		_exit(77);
	r = process_read_namespaces(NULL, (uint32_t) child, &namespaces, &user);
	if (r < 0 || user == 0 || !(namespaces & MACHINE_HAS_NAMESPACES) ||
	    (namespaces & MACHINE_HAS_USER_NAMESPACE) !=
		    (namespace == CLONE_NEWUSER ? MACHINE_HAS_USER_NAMESPACE : 0))
		_exit(4);
	/* A user namespace has no ids before its map is written. */
	if (process_read_idmap(NULL, (uint32_t) child, ID_UID, extents) !=
	    (namespace != CLONE_NEWUSER))
		_exit(5);
	/* The remembered namespaces of this process are not used for another one. */
	for (int i = 0; i < 2; i++)
		if (process_read_namespaces(&own, (uint32_t) child, &again, &user) < 0 ||
		    again != namespaces ||
		    process_read_namespaces(&own, self.pid, &again, &user) < 0 || again)
			_exit(7);
	kill(child, SIGKILL);
	if (process_read_namespaces(NULL, self.pid, &namespaces, &user) < 0 || namespaces)
		_exit(6);
	_exit(0);
}

START_TEST(namespaces_of_its_own_are_seen)
{
	static const int namespaces[] = { CLONE_NEWUSER, CLONE_NEWNET, CLONE_NEWNS,
					  CLONE_NEWUTS,	 CLONE_NEWIPC, CLONE_NEWCGROUP };

	for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++) {
		pid_t child = fork();
		int status;

		if (child == 0)
			run_in_namespace(namespaces[i]);
		ck_assert_int_eq(waitpid(child, &status, 0), child);
		/* 77: this user may make none. */
		ck_assert(WIFEXITED(status) && (WEXITSTATUS(status) == 0 ||
						(WEXITSTATUS(status) == 77 && geteuid() != 0)));
	}
}
END_TEST

Suite *process_suite(void)
{
	Suite *suite = suite_create("process");
	TCase *table = tcase_create("units_are_found_in_cgroup_paths");

	ADD(suite, the_program_name_in_stat_may_hold_anything);
	ADD(suite, namespaces_of_its_own_are_seen);
	ADD(suite, text_that_is_not_a_stat_line_is_refused);
	tcase_add_loop_test(table, units_are_found_in_cgroup_paths, 0, ARRAY_SIZE(cgroups));
	suite_add_tcase(suite, table);
	ADD(suite, a_unit_name_may_be_so_long);
	ADD(suite, units_of_logins_and_of_init_are_nobodys);
	ADD(suite, numbers_that_lead_nothing_are_refused);
	ADD(suite, a_process_lives_on_without_its_first_thread);
	ADD(suite, a_status_is_read_line_by_line);
	ADD(suite, a_process_of_many_groups_is_read);
	ADD(suite, a_pidfd_identifies_its_process);
	ADD(suite, a_zombie_leads_nothing);
	ADD(suite, a_thread_leads_nothing);
	ADD(suite, a_kernel_thread_leads_nothing);
	ADD(suite, a_process_is_who_it_is);
	ADD(suite, a_leader_is_alive_until_it_has_died);
	ADD(suite, signals_say_nothing_about_a_leader);
	ADD(suite, another_process_with_the_pid_of_a_leader_is_not_the_leader);
	ADD(suite, a_leader_is_opened_by_its_inode_alone);
	ADD(suite, a_process_runs_as_a_user_if_all_its_ids_are_the_users);
	ADD_TIMES(suite, where_pids_mean_others_the_inode_alone_proves_that_a_leader_lives, 2);
	ADD_TIMES(suite, without_descriptors_it_is_not_known_whether_a_leader_lives, 2);
	return suite;
}
