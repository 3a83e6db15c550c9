/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The process that the module is a guest in: its descriptors, its sandbox, its namespaces. */
#include "tests/plugin/fixture.h"

#include "registry/process_stat.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netdb.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Where there is no such namespace or mount for this user, a test can't be made. */
#define NEED(condition)                                                                            \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "# not tested here: %s\n", #condition);                    \
			return;                                                                    \
		}                                                                                  \
	} while (0)

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

/* Refuse one system call with this error, as a sandbox does: seccomp(2). */
static bool refuse(long number, int error)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t) number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (uint32_t) error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof code / sizeof *code, code };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static const long refused[] = { SYS_openat, SYS_newfstatat, SYS_fstat,	 SYS_fcntl, SYS_pread64,
				SYS_mmap,   SYS_munmap,	    SYS_fstatfs, SYS_kill };

START_TEST(a_sandbox_gets_an_answer_or_unavailable)
{
	size_t n = sizeof refused / sizeof *refused;
	long number = refused[(size_t) _i % n];
	int error = (size_t) _i < n ? EPERM : ENOSYS;
	bool alright = true;
	pid_t pid;
	int status;

	/* In a child, which answers with its exit status alone. */
	pid = fork();
	if (pid == 0) {
		if (!refuse(number, error))
			_exit(77);
		for (int entry = 0; entry < N_ENTRIES; entry++) {
			struct question q = answerable((enum entry) entry);
			enum nss_status s = ask(&q).status;

			alright = alright && (s == NSS_STATUS_SUCCESS || s == NSS_STATUS_UNAVAIL ||
					      s == NSS_STATUS_TRYAGAIN);
			/* What nothing can be read of isn't there or gone: it isn't known. */
			if ((number == SYS_openat || number == SYS_pread64) &&
			    s != NSS_STATUS_UNAVAIL)
				alright = false;
		}
		_exit(alright ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status == 0 || WEXITSTATUS(status) == 77, 1);
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

	NEED(r != 77);
	ck_assert_int_eq(r, 0);
}
END_TEST

START_TEST(a_dead_machine_is_down_also_where_proc_is_hidden)
{
	int r;

	kill_leader(&leader);
	r = in_child(web1_is_up_as_nobody);
	NEED(r != 77);
	ck_assert_int_eq(r, 1);
	r = in_child(web1_is_up_under_hidepid);
	NEED(r != 77);
	ck_assert_int_eq(r, 1);
}
END_TEST

void add_guest(Suite *suite)
{
	ADD(suite, no_descriptor_stays_open);
	ADD(suite, a_host_that_closes_everything_is_answered);
	ADD(suite, without_descriptors_it_says_try_again);
	ADD_LOOP(suite, a_sandbox_gets_an_answer_or_unavailable,
		 2 * sizeof refused / sizeof *refused);
	ADD_LOOP(suite, a_live_machine_is_up_from_wherever_it_is_seen,
		 sizeof worlds / sizeof *worlds);
	ADD(suite, a_dead_machine_is_down_also_where_proc_is_hidden);
}
