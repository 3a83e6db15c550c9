/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* base/resolved_open.h */
#include "base/array_size.h"
#include "base/child.h"
#include "base/resolved_open.h"

#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* More than there are processors. */
#define RENAMERS 6

static char directory[] = "/tmp/resolved-XXXXXX";
static int root;

static void set_up(void)
{
	strcpy(directory + sizeof directory - 7, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	ck_assert_int_eq(chdir(directory), 0);
	root = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(root, 0);
}

static void tear_down(void)
{
	char command[sizeof directory + 16];

	close(root);
	snprintf(command, sizeof command, "rm -r %s", directory);
	ck_assert_int_eq(system(command), 0);
}

/* Rename something all the time. */
static pid_t start_renaming(int number)
{
	char one[32], other[32];
	pid_t parent = getpid(), pid;

	snprintf(one, sizeof one, "one%d", number);
	snprintf(other, sizeof other, "other%d", number);
	close(open(one, O_CREAT | O_WRONLY, 0600));
	pid = fork();
	if (pid == 0) {
		if (!child_ends_with(parent))
			_exit(EXIT_FAILURE);
		for (;;) {
			rename(one, other);
			rename(other, one);
		}
	}
	return pid;
}

START_TEST(a_path_is_opened_while_others_rename)
{
	pid_t renamers[RENAMERS];
	char path[401] = "";
	int failed = 0;

	ck_assert_int_eq(mkdir("below", 0755), 0);
	for (int i = 0; i < 40; i++)
		memcpy(path + 9 * i, "below/../", 10);
	for (int i = 0; i < RENAMERS; i++)
		renamers[i] = start_renaming(i);
	for (int i = 0; i < 20000; i++) {
		int fd = resolved_open(root, path, O_PATH, RESOLVE_IN_ROOT);

		failed += fd < 0;
		if (fd >= 0)
			close(fd);
	}
	for (int i = 0; i < RENAMERS; i++) {
		kill(renamers[i], SIGKILL);
		waitpid(renamers[i], NULL, 0);
	}
	ck_assert_int_eq(failed, 0);
}
END_TEST

struct result {
	int error;
	dev_t device;
	ino_t inode;
	mode_t type;
};

static struct result result_of(int fd)
{
	struct result result = { .error = fd < 0 ? fd : 0 };
	struct stat st;

	if (fd < 0)
		return result;
	ck_assert_int_eq(fstat(fd, &st), 0);
	close(fd);
	return (struct result){ 0, st.st_dev, st.st_ino, st.st_mode & S_IFMT };
}

static void compare(const char *path, int flags)
{
	const uint64_t resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
	struct open_how how = { .flags = (uint64_t) flags | O_CLOEXEC, .resolve = resolve };
	struct result kernels, ours;
	int fd;

	do
		fd = (int) syscall(SYS_openat2, root, path, &how, sizeof how);
	while (fd < 0 && errno == EAGAIN);
	kernels = result_of(fd < 0 ? -errno : fd);
	ours = result_of(resolved_walk(root, path, flags, resolve));
	if (kernels.error != ours.error || kernels.device != ours.device ||
	    kernels.inode != ours.inode || kernels.type != ours.type)
		ck_abort_msg("%s with flags 0%o: %s, inode %lu, but the kernel: %s, inode %lu",
			     path, (unsigned int) flags, strerror(-ours.error),
			     (unsigned long) ours.inode, strerror(-kernels.error),
			     (unsigned long) kernels.inode);
}

static const char *const names[] = {
	"",	".",  "..",    "a",   "b",	 "file",     "up",    "absolute", "root",
	"loop", "to", "trail", "out", "nothing", "dangling", "chain", "deep",	  "fifo",
};

static void make_tree(void)
{
	static const char *const links[][2] = {
		{ "..", "up" },
		{ "/a/b", "absolute" },
		{ "/", "root" },
		{ "loop", "loop" },
		{ "file", "to" },
		{ "b/", "trail" },
		{ "../../../..", "out" },
		{ "nothing", "dangling" },
		{ "up/./a//b/../file", "chain" },
		{ "absolute/up/b/../../a", "deep" },
	};

	ck_assert_int_eq(mkdir("a", 0755) | mkdir("a/b", 0755) | mkdir("b", 0755), 0);
	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		char path[64];

		ck_assert_int_eq(symlink(links[i][0], links[i][1]), 0);
		snprintf(path, sizeof path, "a/%s", links[i][1]);
		ck_assert_int_eq(symlink(links[i][0], path), 0);
	}
	close(open("file", O_CREAT | O_WRONLY, 0600));
	close(open("a/file", O_CREAT | O_WRONLY, 0600));
	ck_assert_int_eq(mkfifo("a/b/fifo", 0600), 0);
}

START_TEST(a_walk_ends_where_the_kernel_does)
{
	static const int flags[] = { O_PATH, O_PATH | O_NOFOLLOW, O_PATH | O_DIRECTORY,
				     O_RDONLY | O_NONBLOCK | O_NOFOLLOW };
	const size_t n = ARRAY_SIZE(names);
	char path[PATH_MAX + 16];

	make_tree();
	for (size_t i = 0; i < n * n * n; i++)
		for (size_t j = 0; j < ARRAY_SIZE(flags); j++) {
			snprintf(path, sizeof path, "%s/%s/%s", names[i / n / n], names[i / n % n],
				 names[i % n]);
			compare(path, flags[j]);
		}
	for (size_t i = 0; i < n; i++) {
		compare(names[i], O_PATH);
		snprintf(path, sizeof path, "%s//", names[i]);
		compare(path, O_PATH | O_NOFOLLOW);
	}
}
END_TEST

START_TEST(a_walk_has_the_limits_of_the_kernel)
{
	char path[PATH_MAX + 16], target[16], name[16];

	ck_assert_int_eq(mkdir("a", 0755), 0);
	ck_assert_int_eq(symlink("a", "link0"), 0);
	for (int i = 1; i <= 40; i++) {
		snprintf(target, sizeof target, "link%d", i - 1);
		snprintf(name, sizeof name, "link%d", i);
		ck_assert_int_eq(symlink(target, name), 0);
	}
	compare("link39", O_PATH);
	compare("link40", O_PATH);
	for (size_t length = PATH_MAX - 3; length <= PATH_MAX + 1; length++) {
		memset(path, '/', length);
		path[length - 1] = 'a';
		path[length] = '\0';
		compare(path, O_PATH);
	}
	for (size_t length = NAME_MAX - 1; length <= NAME_MAX + 1; length++) {
		memset(path, 'x', length);
		path[length] = '\0';
		compare(path, O_PATH);
		strcpy(path + length, "/..");
		compare(path, O_PATH);
	}
}
END_TEST

START_TEST(a_walk_follows_no_link_of_proc_that_is_no_path)
{
	static const char *const paths[] = { "self/cwd/..",  "self/exe", "self/fd/0",
					     "self/root/..", "mounts",	 "self/../self/status" };

	close(root);
	root = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(root, 0);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		compare(paths[i], O_PATH);
}
END_TEST

#define ADD_HERE(function) ADD_WITH(suite, function, set_up, tear_down)

Suite *resolved_open_suite(void)
{
	Suite *suite = suite_create("resolved_open");

	ADD_HERE(a_path_is_opened_while_others_rename);
	ADD_HERE(a_walk_ends_where_the_kernel_does);
	ADD_HERE(a_walk_has_the_limits_of_the_kernel);
	ADD_HERE(a_walk_follows_no_link_of_proc_that_is_no_path);
	return suite;
}
