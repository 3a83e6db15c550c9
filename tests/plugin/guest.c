/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The process that the module is a guest in: its descriptors, its sandbox, its namespaces. */
#include "base/array_size.h"
#include "tests/plugin/fixture.h"
#include "tests/support/call_filter.h"
#include "tests/support/checks.h"

#include "registry/process_stat.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netdb.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static size_t count_descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	size_t count = 0;

	while (readdir(directory))
		count++;
	closedir(directory);
	return count;
}

START_TEST(no_descriptor_stays_open)
{
	size_t before = count_descriptors();

	for (int i = 0; i < 100; i++) {
		assert_all(NSS_STATUS_SUCCESS, 0);
		assert_no_host(by_name4("nosuch"));
		assert_not_found(user_by_id(500000));
		assert_not_found(user_by_name("vu-nosuch-1"));
		if (i % 10 == 0)
			put_web1();
	}
	ck_assert_uint_eq(count_descriptors(), before);
	ck_assert_int_eq(truncate(REGISTRY_PATH, 5000), 0);
	for (int i = 0; i < 10; i++)
		for (int entry = 0; entry < N_ENTRIES; entry++) {
			struct question q = answerable((enum entry) entry);

			ask(&q);
		}
	ck_assert_uint_eq(count_descriptors(), before);
}
END_TEST

START_TEST(a_host_that_closes_everything_is_answered)
{
	assert_all(NSS_STATUS_SUCCESS, 0);
	/* All but the pipe to the test runner. */
	for (int fd = 0; fd < 3; fd++)
		close(fd);
	assert_all(NSS_STATUS_SUCCESS, 0);
}
END_TEST

START_TEST(without_descriptors_it_says_try_again)
{
	const struct rlimit limit = { 64, 64 };
	int fds[64], n = 0;

	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	while ((fds[n] = dup(1)) >= 0)
		n++;
	for (int entry = 0; entry < N_ENTRIES; entry++) {
		struct question q = answerable((enum entry) entry);
		struct answer a = ask(&q);

		ck_assert_msg(a.status == NSS_STATUS_TRYAGAIN, "entry %d: %d", entry, a.status);
		ck_assert_int_eq(a.error, EMFILE);
		if (q.entry <= NEXT_HOST)
			ck_assert_int_eq(a.h_error, TRY_AGAIN);
	}
	while (n > 0)
		close(fds[--n]);
	assert_all(NSS_STATUS_SUCCESS, 0);
}
END_TEST

/* With fewer and fewer descriptors: it may not be seen, but it is never found. */
START_TEST(a_dead_machine_is_not_found_with_few_descriptors)
{
	struct rlimit before, limit;
	int last = dup(0);

	ck_assert_int_ge(last, 0);
	close(last);
	/* As before Linux 6.9, when only /proc told. */
	if (_i) {
		leader.pidfd_inode = 0;
		put_web1();
	}
	kill_leader(&leader);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	limit = before;
	for (int room = 8; room >= 0; room--) {
		struct answer a;

		limit.rlim_cur = (rlim_t) (last + room);
		ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
		a = by_name4("web1");
		ck_assert_msg(a.status == NSS_STATUS_NOTFOUND ||
				      (a.status == NSS_STATUS_TRYAGAIN && a.error == EMFILE),
			      "with room for %d more: %d, %d", room, a.status, a.error);
	}
	/* A sanitizer opens files when the process ends. */
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
}
END_TEST

/* Run it in a child that has the same registry and another world around it. 77: can't be had. */
static int in_child(int (*function)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(function());
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status), "signal %d", WTERMSIG(status));
	return WEXITSTATUS(status);
}

static volatile int looked_up;

/* One of each kind, without help from the test: true if all are right. `i` is below 1000. */
static bool look_up(uint32_t i)
{
	static const uint8_t address[4] = { 10, 0, 0, 2 };
	char buffer[4096], *canonical;
	struct gaih_addrtuple *tuples = NULL;
	struct hostent host;
	struct passwd user;
	struct group group;
	struct spwd shadow;
	int error, h_error, wrong = 0;
	int32_t ttl;

	wrong += module.gethostbyname4_r("web1", &tuples, buffer, sizeof buffer, &error, &h_error,
					 &ttl) != NSS_STATUS_SUCCESS;
	wrong += module.getpwuid_r(100000 + i, &user, buffer, sizeof buffer, &error) !=
			 NSS_STATUS_SUCCESS ||
		 user.pw_uid != 100000 + i;
	wrong += module.getpwnam_r("vu-Web1-33", &user, buffer, sizeof buffer, &error) !=
			 NSS_STATUS_SUCCESS ||
		 user.pw_uid != 100033;
	wrong += module.gethostbyname3_r("web1", AF_INET6, &host, buffer, sizeof buffer, &error,
					 &h_error, &ttl, &canonical) != NSS_STATUS_SUCCESS;
	wrong += module.gethostbyaddr2_r(address, 4, AF_INET, &host, buffer, sizeof buffer, &error,
					 &h_error, &ttl) != NSS_STATUS_SUCCESS;
	wrong += module.getgrgid_r(100000 + i, &group, buffer, sizeof buffer, &error) !=
			 NSS_STATUS_SUCCESS ||
		 group.gr_gid != 100000 + i;
	wrong += module.getgrnam_r("vg-Web1-33", &group, buffer, sizeof buffer, &error) !=
		 NSS_STATUS_SUCCESS;
	wrong += module.getspnam_r("vu-Web1-33", &shadow, buffer, sizeof buffer, &error) !=
		 NSS_STATUS_SUCCESS;
	wrong += module.gethostbyname4_r("nosuch", &tuples, buffer, sizeof buffer, &error, &h_error,
					 &ttl) != NSS_STATUS_NOTFOUND;
	return !wrong;
}

/* May be cancelled anywhere. */
static void *look_up_cancellable(void *unused)
{
	char buffer[4096];
	struct hostent host;
	int error, h_error;

	(void) unused;
	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	for (uint32_t i = 0;; i = (i + 1) % 1000) {
		look_up(i);
		module.sethostent(0);
		module.gethostent_r(&host, buffer, sizeof buffer, &error, &h_error);
		looked_up = 1;
	}
	return NULL;
}

static volatile sig_atomic_t n_within, n_wrong_within;

/* Once, after so many microseconds. */
static void interrupt_after(long microseconds)
{
	const struct itimerval timer = { .it_value = { .tv_usec = microseconds } };

	setitimer(ITIMER_REAL, &timer, NULL);
}

static void look_up_within(int signal)
{
	(void) signal;
	n_wrong_within += !look_up((uint32_t) n_within % 1000);
	n_within++;
	interrupt_after(1 + n_within % 50);
}

/* A second registry with the same machine, to be exchanged with the first: as if one were published. */
static void copy_registry(const char *path)
{
	struct timespec times[2];
	struct stat st;
	int from = open(REGISTRY_PATH, O_RDONLY), to = open(path, O_CREAT | O_WRONLY, 0644);

	ck_assert_int_eq(fstat(from, &st), 0);
	ck_assert_int_eq(sendfile(to, from, NULL, (size_t) st.st_size), st.st_size);
	times[0] = st.st_atim;
	times[1] = st.st_mtim;
	ck_assert_int_eq(futimens(to, times), 0);
	close(from);
	close(to);
}

/* As in a handler of a crash, or of a timer: nothing is waited for that the thread itself has. */
START_TEST(a_look_up_amid_another_one_is_answered)
{
	static const char other[] = REGISTRY_PATH ".other";
	const struct sigaction action = { .sa_handler = look_up_within, .sa_flags = SA_RESTART };
	size_t wrong = 0;

	copy_registry(other);
	ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
	for (uint32_t i = 0; i < 5000; i++) {
		interrupt_after(0);
		ck_assert_int_eq(
			renameat2(AT_FDCWD, other, AT_FDCWD, REGISTRY_PATH, RENAME_EXCHANGE), 0);
		interrupt_after(1);
		wrong += !look_up(i % 1000);
	}
	interrupt_after(0);
	ck_assert_uint_eq(wrong, 0);
	ck_assert_int_eq(n_wrong_within, 0);
	ck_assert_int_gt(n_within, 1000);
}
END_TEST

/* Answers from the memo need no open(2). In a child, which answers with its exit status alone. */
static int memo_answers(void)
{
	struct question host = { .entry = BY_NAME4, .name = "web1" };
	struct question user = { .entry = USER_BY_ID, .id = 100033 };

	ask(&host);
	ask(&user);
	if (!filter_call(SYS_openat, SECCOMP_RET_ERRNO | EPERM))
		return 77;
	return ask(&host).status == NSS_STATUS_SUCCESS && ask(&user).status == NSS_STATUS_SUCCESS
		       ? 0
		       : 1;
}

START_TEST(a_cancelled_thread_leaves_nothing_open_or_locked)
{
	size_t before;
	int r;

	if (UNDER_ADDRESS_SANITIZER)
		SKIP("the sanitizer takes the stack that a cancelled thread leaves for poisoned");
	assert_all(NSS_STATUS_SUCCESS, 0);
	before = count_descriptors();
	for (int i = 0; i < 300; i++) {
		pthread_t thread;

		looked_up = 0;
		/* A publication, so that the memo is written to again. */
		if (i % 10 == 0)
			put_web1();
		ck_assert_int_eq(pthread_create(&thread, NULL, look_up_cancellable, NULL), 0);
		while (!looked_up)
			sched_yield();
		usleep((useconds_t) (i % 100));
		pthread_cancel(thread);
		pthread_join(thread, NULL);
	}
	ck_assert_uint_eq(count_descriptors(), before);
	r = in_child(memo_answers);
	if (r == 77)
		SKIP("no seccomp(2)");
	ck_assert_int_eq(r, 0);
}
END_TEST

static const long refused[] = { SYS_openat,    SYS_newfstatat, SYS_fstat,   SYS_fcntl, SYS_pread64,
				SYS_mmap,      SYS_munmap,     SYS_fstatfs, SYS_kill,  SYS_ppoll,
#ifdef SYS_poll
				SYS_poll,
#endif
				SYS_pidfd_open };

START_TEST(a_sandbox_gets_an_answer_or_unavailable)
{
	size_t n = ARRAY_SIZE(refused);
	long number = refused[(size_t) _i % n];
	uint32_t error = (size_t) _i < n ? EPERM : ENOSYS;
	bool alright = true;
	pid_t pid;
	int status;

	/* In a child, which answers with its exit status alone. */
	pid = fork();
	if (pid == 0) {
		if (!filter_call(number, SECCOMP_RET_ERRNO | error))
			_exit(77);
		for (int entry = 0; entry < N_ENTRIES; entry++) {
			struct question q = answerable((enum entry) entry);
			enum nss_status s = ask(&q).status;

			alright = alright && (s == NSS_STATUS_SUCCESS || s == NSS_STATUS_UNAVAIL ||
					      s == NSS_STATUS_TRYAGAIN);
			/* If no file can be read, the state is unknown: neither missing nor dead. */
			if ((number == SYS_openat || number == SYS_pread64) &&
			    s != NSS_STATUS_UNAVAIL)
				alright = false;
		}
		_exit(alright ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		SKIP("no seccomp(2)");
	ck_assert_int_eq(status, 0);
}
END_TEST

/* Of a registry that was opened before, which has its names learnt. */
START_TEST(names_that_cannot_be_read_are_not_taken_for_missing)
{
	assert_no_host(by_name4("nosuch"));
	if (!filter_call(SYS_pread64, SECCOMP_RET_ERRNO | EIO))
		SKIP("no seccomp(2)");
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(by_name4("web1").status, NSS_STATUS_UNAVAIL);
		ck_assert_int_eq(by_name4("nosuch").status, NSS_STATUS_UNAVAIL);
	}
}
END_TEST

static int become_nobody(void)
{
	return setgroups(0, NULL) == 0 && setresgid(65534, 65534, 65534) == 0 &&
			       setresuid(65534, 65534, 65534) == 0
		       ? 0
		       : -1;
}

static int web1_is_up(void)
{
	return by_name4("web1").status == NSS_STATUS_SUCCESS ? 0 : 1;
}

static int web1_is_up_as_nobody(void)
{
	return become_nobody() < 0 ? 77 : web1_is_up();
}

static int web1_is_up_under_hidepid(void)
{
	if (unshare(CLONE_NEWNS) < 0 || mount("proc", "/proc", "proc", 0, "hidepid=2") < 0 ||
	    become_nobody() < 0)
		return 77;
	/* Make sure that it is hidden. */
	return process_stat_read(leader.pid, &(struct process_stat){ 0 }) == 0 ? 2 : web1_is_up();
}

static int web1_is_up_without_proc(void)
{
	if (unshare(CLONE_NEWNS) < 0 || mount("tmpfs", "/proc", "tmpfs", 0, NULL) < 0)
		return 77;
	return web1_is_up();
}

static int web1_is_up_in_another_pid_namespace(void)
{
	pid_t pid;
	int status;

	if (unshare(CLONE_NEWNS | CLONE_NEWPID) < 0)
		return 77;
	pid = fork();
	if (pid == 0) {
		if (mount("proc", "/proc", "proc", 0, NULL) < 0)
			_exit(77);
		_exit(web1_is_up());
	}
	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

static int web1_is_up_in_another_time_namespace(void)
{
	pid_t pid;
	int status, fd;

	if (unshare(0x80 /* CLONE_NEWTIME */) < 0)
		return 77;
	fd = open("/proc/self/timens_offsets", O_WRONLY);
	if (fd < 0 || write(fd, "7 100000 0\n", 11) != 11)
		return 77;
	close(fd);
	pid = fork();
	if (pid == 0)
		_exit(web1_is_up());
	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

static int web1_is_up_where_root_is_not_mapped(void)
{
	char map[] = "1000 12345 1";
	int fd;

	if (setgroups(0, NULL) < 0 || setresgid(12345, 12345, 12345) < 0 ||
	    setresuid(12345, 12345, 12345) < 0 || prctl(PR_SET_DUMPABLE, 1) < 0 ||
	    unshare(CLONE_NEWUSER) < 0)
		return 77;
	fd = open("/proc/self/uid_map", O_WRONLY);
	if (fd < 0 || write(fd, map, strlen(map)) < 0)
		return 77;
	close(fd);
	return web1_is_up();
}

static int (*const worlds[])(void) = {
	web1_is_up_as_nobody,
	web1_is_up_under_hidepid,
	web1_is_up_without_proc,
	web1_is_up_in_another_pid_namespace,
	web1_is_up_in_another_time_namespace,
	web1_is_up_where_root_is_not_mapped,
};

START_TEST(a_live_machine_is_up_from_wherever_it_is_seen)
{
	int r = in_child(worlds[_i]);

	if (r == 77)
		SKIP("no such namespace or mount for this user");
	ck_assert_int_eq(r, 0);
}
END_TEST

START_TEST(a_dead_machine_is_down_also_where_proc_is_hidden)
{
	int r;

	kill_leader(&leader);
	r = in_child(web1_is_up_as_nobody);
	if (r == 77)
		SKIP("no such namespace or mount for this user");
	ck_assert_int_eq(r, 1);
	r = in_child(web1_is_up_under_hidepid);
	if (r == 77)
		SKIP("no such namespace or mount for this user");
	ck_assert_int_eq(r, 1);
}
END_TEST

void add_guest(Suite *suite)
{
	ADD(suite, no_descriptor_stays_open);
	ADD(suite, a_host_that_closes_everything_is_answered);
	ADD(suite, a_cancelled_thread_leaves_nothing_open_or_locked);
	ADD(suite, a_look_up_amid_another_one_is_answered);
	ADD(suite, without_descriptors_it_says_try_again);
	ADD_LOOP(suite, a_dead_machine_is_not_found_with_few_descriptors, 2);
	ADD_LOOP(suite, a_sandbox_gets_an_answer_or_unavailable, 2 * ARRAY_SIZE(refused));
	ADD(suite, names_that_cannot_be_read_are_not_taken_for_missing);
	ADD_LOOP(suite, a_live_machine_is_up_from_wherever_it_is_seen, ARRAY_SIZE(worlds));
	ADD(suite, a_dead_machine_is_down_also_where_proc_is_hidden);
}
