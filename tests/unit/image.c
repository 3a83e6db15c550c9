/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/array_size.h"
#include "base/cleanup.h"
#include "tools/images/file_copy.h"
#include "tools/images/hidden_name.h"
#include "tools/images/image_name.h"
#include "tools/images/tree_copy.h"
#include "tools/images/tree_remove.h"

#include "tests/unit/unit.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

START_TEST(image_names_are_file_names_of_printable_text)
{
	static const struct {
		const char *name;
		bool valid;
	} rows[] = {
		{ "web1", true },
		{ "Fedora-Cloud-Base-30-1.2.x86_64", true },
		{ "two words", true },
		{ ".hidden", true },
		{ "\xc3\xa9t\xc3\xa9", true },
		{ "-x", true },
		{ "", false },
		{ ".", false },
		{ "..", false },
		{ "a/b", false },
		{ ".#x", false },
		{ ".host", false },
		{ "a\nb", false },
		{ "a\x7f", false },
		{ "\xff", false },
		{ "a\xc2\x85", false },
	};
	char longest[IMAGE_NAME_SIZE + 1] = { 0 };
	struct failure failure;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (image_name_is_valid(rows[i].name) != rows[i].valid ||
		    (image_name_check(rows[i].name, &failure) == 0) != rows[i].valid)
			ck_abort_msg("row %zu", i);
	memset(longest, 'x', IMAGE_NAME_MAX);
	ck_assert(image_name_is_valid(longest));
	longest[IMAGE_NAME_MAX] = 'x';
	ck_assert(!image_name_is_valid(longest));
}
END_TEST

START_TEST(hidden_names_are_told_from_those_of_systemd)
{
	static const struct {
		const char *hidden, *name;
		enum hidden_kind kind;
	} rows[] = {
		{ ".#web1.0123456789ab", "web1", HIDDEN_DRAFT },
		{ ".#a.b.0123456789ab.old", "a.b", HIDDEN_OLD },
		{ ".#web1.lck", "web1", HIDDEN_LOCK },
		{ ".#web1.0123456789ab.lck", "web1.0123456789ab", HIDDEN_LOCK },
		{ ".#web1.0123456789abcdef", "", HIDDEN_OTHER },
		{ ".#web10123456789abcdef", "", HIDDEN_OTHER },
		{ ".#web1.0123456789aB", "", HIDDEN_OTHER },
		{ ".#.0123456789ab", "", HIDDEN_OTHER },
		{ "web1.0123456789ab", "", HIDDEN_OTHER },
		{ "", "", HIDDEN_OTHER },
		{ ".#", "", HIDDEN_OTHER },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char name[NAME_MAX + 1] = "";
		enum hidden_kind kind = hidden_name_parse(rows[i].hidden, name);

		if (kind != rows[i].kind || strcmp(name, rows[i].name) != 0)
			ck_abort_msg("row %zu: %s", i, name);
	}
}
END_TEST

START_TEST(longest_names_can_be_hidden)
{
	char name[IMAGE_NAME_SIZE] = { 0 }, hidden[NAME_MAX + 1], parsed[NAME_MAX + 1];

	memset(name, 'x', IMAGE_NAME_MAX);
	hidden_name_make(hidden, name, HIDDEN_OLD);
	ck_assert_int_eq(hidden_name_parse(hidden, parsed), HIDDEN_OLD);
	ck_assert_str_eq(parsed, name);
	hidden_name_make(hidden, name, HIDDEN_DRAFT);
	ck_assert_int_eq(hidden_name_parse(hidden, parsed), HIDDEN_DRAFT);
	ck_assert_str_eq(parsed, name);
}
END_TEST

/* A directory that is removed with all that is in it. */
static int make_top(char path[static 40])
{
	strcpy(path, "/tmp/mymachines-unit-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(path));
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void make_file(int directory, const char *name)
{
	int fd = openat(directory, name, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	close(fd);
}

static void remove_top(const char *path)
{
	CLEANUP_CLOSE int parent = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct failure failure;

	ck_assert_int_eq(tree_remove(parent, path + strlen("/tmp/"), &failure), 0);
}

START_TEST(trees_are_removed_at_any_depth_and_links_are_not_followed)
{
	char kept[40], gone[40];
	int outside = make_top(kept), directory = make_top(gone), top;
	struct failure failure;

	make_file(outside, "file");
	ck_assert_int_eq(symlinkat(kept, directory, "link"), 0);
	ck_assert_int_eq(mkdirat(directory, "tree", 0700), 0);
	top = openat(directory, "tree", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(symlinkat(kept, top, "link"), 0);
	ck_assert_int_eq(mkfifoat(top, "fifo", 0600), 0);
	/* More levels than a process may have descriptors. */
	for (int i = 0, fd, level = dup(top); i < 3000; i++, level = fd) {
		make_file(level, "file");
		ck_assert_int_eq(mkdirat(level, "level", 0), 0);
		ck_assert_int_eq(fchmodat(level, "level", 0700, 0), 0);
		fd = openat(level, "level", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		close(level);
		if (i == 2999)
			close(fd);
	}
	close(top);
	ck_assert_int_eq(tree_remove(directory, "tree", &failure), 0);
	ck_assert_int_lt(faccessat(directory, "tree", F_OK, AT_SYMLINK_NOFOLLOW), 0);
	ck_assert_int_eq(tree_remove(directory, "tree", &failure), 0);
	ck_assert_int_eq(tree_remove(directory, "link", &failure), 0);
	ck_assert_int_lt(faccessat(directory, "link", F_OK, AT_SYMLINK_NOFOLLOW), 0);
	ck_assert_int_eq(faccessat(outside, "file", F_OK, 0), 0);
	close(directory);
	ck_assert_int_eq(rmdir(gone), 0);
	remove_top(kept);
	close(outside);
}
END_TEST

static void check_copy(int (*copy)(int from, int to, uint64_t size))
{
	static const off_t size = 8 << 20;
	char path[40], bytes[5] = { 0 };
	int directory = make_top(path), from, to;
	struct stat st;

	from = openat(directory, "from", O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	to = openat(directory, "to", O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	ck_assert_int_eq(pwrite(from, "begin", 5, 0), 5);
	ck_assert_int_eq(pwrite(from, "later", 5, size / 2), 5);
	ck_assert_int_eq(ftruncate(from, size), 0);
	ck_assert_int_eq(copy(from, to, (uint64_t) size), 0);
	ck_assert_int_eq(fstat(to, &st), 0);
	ck_assert_int_eq(st.st_size, size);
	ck_assert_int_lt(st.st_blocks * 512, 1 << 20);
	ck_assert_int_eq(pread(to, bytes, 5, 0), 5);
	ck_assert_mem_eq(bytes, "begin", 5);
	ck_assert_int_eq(pread(to, bytes, 5, size / 2), 5);
	ck_assert_mem_eq(bytes, "later", 5);
	ck_assert_int_eq(pread(to, bytes, 5, size - 5), 5);
	ck_assert_mem_eq(bytes, "\0\0\0\0\0", 5);
	close(from);
	close(to);
	close(directory);
	remove_top(path);
}

START_TEST(files_are_copied_with_their_holes)
{
	check_copy(file_copy);
}
END_TEST

/* As of a block device: all of it is read. */
START_TEST(zeros_become_holes_in_copies)
{
	check_copy(file_copy_nonzero);
}
END_TEST

/* Let two files exchange their names until the end. */
static pid_t begin_exchanging(int directory, const char *a, const char *b)
{
	pid_t child = fork();

	ck_assert_int_ge(child, 0);
	if (child == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (child == 0)
		if (syscall(SYS_renameat2, directory, a, directory, b, RENAME_EXCHANGE) < 0)
			_exit(1);
	return child;
}

static mode_t mode_of(int directory, const char *file)
{
	struct stat st;

	ck_assert_int_eq(fstatat(directory, file, &st, AT_SYMLINK_NOFOLLOW), 0);
	return st.st_mode & 07777;
}

static void write_file(int directory, const char *name, const char *text, mode_t mode)
{
	int fd = openat(directory, name, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t) strlen(text));
	ck_assert_int_eq(fchmod(fd, mode), 0);
	close(fd);
}

static void copy_tree(int from, int to)
{
	struct failure failure;

	if (tree_copy(from, to, (struct file_identity){ 0 }, (struct tree_copy_watch){ 0 }, NULL,
		      &failure) < 0)
		ck_abort_msg("%s", failure.text);
}

START_TEST(copies_of_files_have_their_own_modes_while_others_take_their_names)
{
	char from_path[40];
	int from = make_top(from_path);
	pid_t child;

	write_file(from, "a", "secret", 0600);
	write_file(from, "b", "public", 0644);
	child = begin_exchanging(from, "a", "b");
	for (int i = 0; i < 1000; i++) {
		char to_path[40], text[6];
		int to = make_top(to_path);

		copy_tree(from, to);
		for (const char *name = "a"; name; name = *name == 'a' ? "b" : NULL) {
			int fd = openat(to, name, O_RDONLY | O_CLOEXEC);

			ck_assert_int_eq(read(fd, text, sizeof text), sizeof text);
			ck_assert_int_eq(mode_of(to, name),
					 memcmp(text, "secret", 6) == 0 ? 0600 : 0644);
			close(fd);
		}
		close(to);
		remove_top(to_path);
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	close(from);
	remove_top(from_path);
}
END_TEST

Suite *image_suite(void)
{
	Suite *suite = suite_create("image");

	ADD(suite, image_names_are_file_names_of_printable_text);
	ADD(suite, hidden_names_are_told_from_those_of_systemd);
	ADD(suite, longest_names_can_be_hidden);
	ADD(suite, trees_are_removed_at_any_depth_and_links_are_not_followed);
	ADD(suite, files_are_copied_with_their_holes);
	ADD(suite, zeros_become_holes_in_copies);
	ADD(suite, copies_of_files_have_their_own_modes_while_others_take_their_names);
	return suite;
}
