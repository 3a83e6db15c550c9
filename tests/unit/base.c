/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The small helpers of base. */
#include "base/arena.h"
#include "base/array_size.h"
#include "base/child.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/descriptors.h"
#include "base/file_identity.h"
#include "base/input.h"
#include "base/lines.h"
#include "base/notices.h"
#include "base/number.h"
#include "base/pidfd.h"
#include "base/proc_file.h"
#include "base/program.h"
#include "base/signals.h"
#include "base/size.h"
#include "base/subuid.h"

#include "tests/unit/unit.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sys/prctl.h>
#include <errno.h>
#include <unistd.h>
#include <sys/un.h>
#include <sys/stat.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <string.h>
#include <stdio.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

START_TEST(sizes_have_units_to_the_base_of_1024)
{
	static const struct {
		const char *text;
		int r;
		uint64_t bytes;
	} rows[] = {
		{ "0", 0, 0 },
		{ "512", 0, 512 },
		{ "512B", 0, 512 },
		{ "007k", 0, 7 << 10 },
		{ "10G", 0, UINT64_C(10) << 30 },
		{ "1.5G", 0, UINT64_C(3) << 29 },
		{ "0.25t", 0, UINT64_C(1) << 38 },
		{ "2.0", 0, 2 },
		{ "7E", 0, UINT64_C(7) << 60 },
		{ "9223372036854775807", 0, INT64_MAX },
		{ "9223372036854775808", -ERANGE, 0 },
		{ "8E", -ERANGE, 0 },
		{ "16E", -ERANGE, 0 },
		{ "18446744073709551616", -ERANGE, 0 },
		{ "", -EINVAL, 0 },
		{ "G", -EINVAL, 0 },
		{ "-1", -EINVAL, 0 },
		{ "+1", -EINVAL, 0 },
		{ " 1", -EINVAL, 0 },
		{ "1 G", -EINVAL, 0 },
		{ "1.", -EINVAL, 0 },
		{ ".5G", -EINVAL, 0 },
		{ "1.G", -EINVAL, 0 },
		{ "1.5.5G", -EINVAL, 0 },
		{ "1GB", -EINVAL, 0 },
		{ "1X", -EINVAL, 0 },
		{ "0x10", -EINVAL, 0 },
		{ "1e3", -EINVAL, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t bytes = 0;
		int r = size_parse(rows[i].text, &bytes);

		ck_assert_msg(r == rows[i].r && bytes == rows[i].bytes, "%s: %d %" PRIu64,
			      rows[i].text, r, bytes);
	}
}
END_TEST

START_TEST(lines_are_cut_and_empty_ones_left_out)
{
	char text[] = "\n\none\ntwo \n\nthree", *rest = text, *none = NULL;

	ck_assert_str_eq(line_next(&rest), "one");
	ck_assert_str_eq(line_next(&rest), "two ");
	ck_assert_str_eq(line_next(&rest), "three");
	ck_assert_ptr_null(line_next(&rest));
	ck_assert_ptr_null(line_next(&rest));
	ck_assert_ptr_null(line_next(&none));
}
END_TEST

START_TEST(hexadecimal_digits_have_values)
{
	static const char digits[] = "0123456789abcdef", upper[] = "0123456789ABCDEF";

	for (int i = 0; i < 16; i++) {
		ck_assert_int_eq(hex_digit(digits[i]), i);
		ck_assert_int_eq(hex_digit(upper[i]), i);
	}
	ck_assert_int_eq(hex_digit('g'), -1);
	ck_assert_int_eq(hex_digit('G'), -1);
	ck_assert_int_eq(hex_digit('/'), -1);
	ck_assert_int_eq(hex_digit('\0'), -1);
}
END_TEST

START_TEST(hexadecimal_bytes_are_read_whole_or_not)
{
	uint8_t bytes[3] = { 0 };

	ck_assert(hex_decode("00fFA5rest", bytes, 3));
	ck_assert_int_eq(bytes[0], 0);
	ck_assert_int_eq(bytes[1], 0xff);
	ck_assert_int_eq(bytes[2], 0xa5);
	ck_assert(!hex_decode("00ff0", bytes, 3));
	ck_assert(!hex_decode("00ff", bytes, 3));
	ck_assert(!hex_decode("00f 00", bytes, 3));
	ck_assert(!hex_decode("00 f00", bytes, 3));
	ck_assert(hex_decode("", bytes, 0));
}
END_TEST

static pid_t start_child(int status, bool waits)
{
	pid_t pid = fork();

	if (pid == 0) {
		if (waits)
			pause();
		_exit(status);
	}
	return pid;
}

START_TEST(a_child_is_waited_for)
{
	int status;

	ck_assert_int_eq(child_wait(start_child(3, false), &status), 0);
	ck_assert_int_eq(child_exit_status(status), 3);
	ck_assert_int_eq(child_wait_for(start_child(4, false), 60000, &status), 0);
	ck_assert_int_eq(child_exit_status(status), 4);
	ck_assert_int_eq(child_wait(getpid(), &status), -ECHILD);
}
END_TEST

START_TEST(a_child_that_does_not_end_is_waited_for_no_longer_than_asked)
{
	pid_t pid = start_child(0, true);
	int status;

	ck_assert_int_eq(child_wait_for(pid, 20, &status), -ETIMEDOUT);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(child_wait_for(pid, 60000, &status), 0);
	ck_assert_int_eq(child_exit_status(status), 128 + SIGKILL);
	pid = start_child(0, true);
	child_kill(pid);
	ck_assert_int_eq(kill(pid, 0), -1);
	ck_assert_int_eq(errno, ESRCH);
}
END_TEST

START_TEST(a_pidfd_tells_whether_its_process_lives)
{
	pid_t pid = start_child(0, true);
	int fd = pidfd_of(pid), status;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_ne(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
	ck_assert(pidfd_is_alive(fd));
	ck_assert_int_eq(pidfd_signal(fd, SIGKILL), 0);
	ck_assert_int_eq(child_wait(pid, &status), 0);
	ck_assert(!pidfd_is_alive(fd));
	ck_assert_int_eq(pidfd_signal(fd, SIGKILL), -ESRCH);
	close(fd);
	ck_assert_int_eq(pidfd_of(pid), -ESRCH);
}
END_TEST

/* The kernel's struct sigaction: the handler comes first. */
static uint64_t handler_of(int number)
{
	uint64_t action[8] = { 0 };

	return syscall(SYS_rt_sigaction, number, NULL, action, (NSIG - 1) / 8) < 0 ? UINT64_MAX
										   : action[0];
}

/* How many signals are not as they are in a new program. Ends the child with that. */
static void reset_in_child(void)
{
	static const uint64_t ignored[8] = { 1 /* SIG_IGN */ };
	int wrong = 0;
	sigset_t mask;

	for (int number = 1; number < NSIG; number++)
		syscall(SYS_rt_sigaction, number, ignored, NULL, (NSIG - 1) / 8);
	if (handler_of(33) != 1)
		_exit(200);
	sigfillset(&mask);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	signals_reset();
	sigprocmask(SIG_BLOCK, NULL, &mask);
	for (int number = 1; number < NSIG; number++)
		wrong += handler_of(number) != 0 || sigismember(&mask, number) == 1;
	_exit(wrong);
}

START_TEST(all_signals_are_reset_those_of_libc_too)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		reset_in_child();
	ck_assert_int_eq(child_wait(pid, &status), 0);
	ck_assert_int_eq(child_exit_status(status), 0);
}
END_TEST

START_TEST(descriptors_are_closed_from_a_number_on)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		int low = dup2(0, 20), high = dup2(0, 30);

		_exit(descriptors_close_from(25) == 0 && low == 20 && fcntl(20, F_GETFD) >= 0 &&
				      fcntl(high, F_GETFD) < 0
			      ? 0
			      : 1);
	}
	ck_assert_int_eq(child_wait(pid, &status), 0);
	ck_assert_int_eq(child_exit_status(status), 0);
}
END_TEST

static bool limits_change(void)
{
	struct rlimit limit = { 256, 4096 };

	if (setrlimit(RLIMIT_NOFILE, &limit) < 0 || descriptors_allow(100) != 256 ||
	    descriptors_allow(3000) != 3000)
		return false;
	descriptors_allow_few();
	/* As many as a program with select(2) can have, and it may raise that itself. */
	return getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur == 1024 &&
	       limit.rlim_max == 4096 && descriptors_allow(1000) == 1024;
}

START_TEST(more_descriptors_are_allowed_and_fewer_again)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(limits_change() ? 0 : 1);
	ck_assert_int_eq(child_wait(pid, &status), 0);
	ck_assert_int_eq(child_exit_status(status), 0);
}
END_TEST

/* Whatever is in the place of a file: refused at once, without reading it. */
START_TEST(descriptors_of_a_message_are_sent_and_taken_or_closed)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(3 * sizeof(int))];
	} control = { .bytes = { 0 } };
	char byte = 0;
	struct iovec part = { &byte, 1 };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof control };
	int pair[2], ends[2], taken[2] = { -1, -1 };

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(
		descriptors_send(pair[0], &byte, 1, (int[]){ pair[0], pair[0], ends[1] }, 3, 0), 1);
	close(ends[1]);
	ck_assert_int_eq(recvmsg(pair[1], &message, MSG_CMSG_CLOEXEC), 1);
	ck_assert_uint_eq(descriptors_received(&message, taken, 2), 2);
	ck_assert_int_ge(fcntl(taken[0], F_GETFD), 0);
	ck_assert_int_ge(fcntl(taken[1], F_GETFD), 0);
	/* There was no room for the third: nobody can write any more. */
	ck_assert_int_eq(read(ends[0], &byte, 1), 0);
	ck_assert_int_eq(send(pair[0], &byte, 1, 0), 1);
	message.msg_controllen = sizeof control;
	ck_assert_int_eq(recvmsg(pair[1], &message, 0), 1);
	ck_assert_uint_eq(descriptors_received(&message, taken, 2), 0);
	ck_assert_int_eq(descriptors_send(pair[0], &byte, 1, NULL, 0, 0), 1);
	ck_assert_int_eq(recvmsg(pair[1], &message, 0), 1);
	ck_assert_int_eq(descriptors_send(pair[0], &byte, 1, taken, DESCRIPTORS_SENT_MAX + 1, 0),
			 -EINVAL);
	ck_assert_int_eq(descriptors_send(pair[0], &byte, 1, (int[]){ -1 }, 1, 0), -EBADF);
	descriptors_close((int[]){ taken[0], taken[1], pair[0], pair[1], ends[0] }, 5);
}
END_TEST

START_TEST(a_line_sets_one_key)
{
	ck_assert_str_eq(line_value("\t key =  a value ", "key"), "a value ");
	ck_assert_str_eq(line_value("key=", "key"), "");
	ck_assert_ptr_null(line_value("keys = x", "key"));
	ck_assert_ptr_null(line_value("ke = x", "key"));
	ck_assert_ptr_null(line_value("key", "key"));
}
END_TEST

START_TEST(some_descriptors_are_closed_and_no_others)
{
	int from = fcntl(STDIN_FILENO, F_DUPFD, 700), fds[7];

	ck_assert_int_ge(from, 0);
	for (int i = 0; i < 7; i++)
		fds[i] = dup2(STDIN_FILENO, from + (i < 4 ? i : i + 2));
	descriptors_close((int[]){ fds[0], fds[1], -1, fds[2], fds[5], fds[6] }, 6);
	for (int i = 0; i < 7; i++)
		ck_assert_int_eq(fcntl(fds[i], F_GETFD) >= 0, i == 3 || i == 4);
	close(fds[3]);
	close(fds[4]);
}
END_TEST

START_TEST(a_short_file_is_read_at_once)
{
	char text[8] = "", path[] = "/tmp/unit-XXXXXX";
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, "123456", 6), 6);
	ck_assert_int_eq(file_read_short(path, text, sizeof text), 6);
	ck_assert_str_eq(text, "123456");
	ck_assert_int_eq(file_read_short(path, text, 7), -E2BIG);
	close(fd);
	unlink(path);
	ck_assert_int_eq(file_read_short(path, text, sizeof text), -ENOENT);
}
END_TEST

START_TEST(only_plain_files_are_read)
{
	static const char *const names[] = { "fifo", "zero", "directory", "socket", "sparse" };
	static const int errors[] = { -ENXIO, -ENXIO, -ENXIO, -ENXIO, -EFBIG };
	char directory[] = "/tmp/base.XXXXXX", path[64];
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct arena arena = { 0 };
	int64_t before;
	size_t size;
	char *text;
	int fd;

	ck_assert_ptr_nonnull(mkdtemp(directory));
	ck_assert_int_eq(chdir(directory), 0);
	ck_assert_int_eq(mkfifo("fifo", 0600), 0);
	ck_assert_int_eq(symlink("/dev/zero", "zero"), 0);
	ck_assert_int_eq(mkdir("directory", 0700), 0);
	strcpy(address.sun_path, "socket");
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *) &address, sizeof address), 0);
	close(fd);
	fd = open("sparse", O_WRONLY | O_CREAT, 0600);
	ck_assert_int_eq(ftruncate(fd, (off_t) 1500 * 1024 * 1024), 0);
	close(fd);
	before = clock_milliseconds(CLOCK_MONOTONIC);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		ck_assert_msg(input_read_file(&arena, names[i], &text, &size) == errors[i], "%s",
			      names[i]);
		unlink(names[i]);
	}
	ck_assert_int_lt(clock_milliseconds(CLOCK_MONOTONIC) - before, 30000);
	rmdir("directory");
	snprintf(path, sizeof path, "%s", directory);
	rmdir(path);
	arena_done(&arena);
}
END_TEST

START_TEST(a_file_is_read_up_to_a_size)
{
	char path[] = "/tmp/base.XXXXXX", *text;
	int fd = mkstemp(path);
	struct arena arena = { 0 };
	size_t size;

	ck_assert_int_eq(write(fd, "0123456789", 10), 10);
	ck_assert_int_eq(input_read_file_up_to(&arena, path, 10, &text, &size), 0);
	ck_assert_str_eq(text, "0123456789");
	ck_assert_uint_eq(size, 10);
	ck_assert_int_eq(input_read_file_up_to(&arena, path, 9, &text, &size), -EFBIG);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(input_read_file(&arena, path, &text, &size), -ENOENT);
	close(fd);
	arena_done(&arena);
}
END_TEST

START_TEST(a_user_and_the_subordinate_ids_of_one_are_told_apart)
{
	static const char text[] = "someone:300000:1000\nother:310000:1000\n"
				   "nonsense\nroot:330000:1000\nsomeone:320000:1000\n";
	char path[] = "/tmp/subuid-XXXXXX";
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t) strlen(text));
	close(fd);
	ck_assert_uint_eq(subuid_owner(path, 300999), 300000);
	ck_assert_uint_eq(subuid_owner(path, 320000), 300000);
	ck_assert_uint_eq(subuid_owner(path, 310001), 310000);
	ck_assert_uint_eq(subuid_owner(path, 321000), 321000);
	ck_assert_uint_eq(subuid_owner(path, 330001), 330001);
	ck_assert_uint_eq(subuid_owner(path, 0), 0);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_uint_eq(subuid_owner(path, 300999), 300999);
}
END_TEST

START_TEST(files_are_told_apart)
{
	struct stat root, proc, again;

	ck_assert_int_eq(stat("/", &root) + stat("/proc", &proc) + stat("/.", &again), 0);
	ck_assert(is_same_file(&root, &again));
	ck_assert(!is_same_file(&root, &proc));
	proc.st_ino = root.st_ino;
	ck_assert_msg(!is_same_file(&root, &proc), "same inode number on another device");
}
END_TEST

START_TEST(notices_are_handed_on_in_order)
{
	struct notices from = { 0 }, to = { 0 };

	notices_add(&to, NOTICE_HINT, "first");
	notices_add(&from, NOTICE_WARNING, "second %d", 2);
	from.lost = 1;
	notices_move(&to, &from);
	ck_assert_ptr_null(from.first);
	ck_assert_uint_eq(from.lost, 0);
	ck_assert_str_eq(to.first->next->text, "second 2");
	ck_assert_int_eq(to.first->next->kind, NOTICE_WARNING);
	ck_assert_uint_eq(to.lost, 1);
	notices_done(&to);
}
END_TEST

START_TEST(a_program_has_a_deadline_also_without_output)
{
	const char *const ends[] = { "sh", "-c", "echo out; exec >&-; echo err >&2; exit 3", NULL };
	const char *const stays[] = { "sh", "-c", "exec >&-; exec sleep 1000", NULL };
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct program_answer answer;
	struct failure failure;

	ck_assert_int_eq(program_run(&arena, ends, 60000, &answer, &failure), 0);
	ck_assert_str_eq(answer.output, "out\n");
	ck_assert_str_eq(answer.errors, "err\n");
	ck_assert_int_eq(answer.status, 3);
	ck_assert_int_eq(program_run(&arena, stays, 200, &answer, &failure), -1);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
}
END_TEST

Suite *base_suite(void)
{
	Suite *suite = suite_create("base");

	ADD(suite, sizes_have_units_to_the_base_of_1024);
	ADD(suite, lines_are_cut_and_empty_ones_left_out);
	ADD(suite, hexadecimal_digits_have_values);
	ADD(suite, hexadecimal_bytes_are_read_whole_or_not);
	ADD(suite, a_child_is_waited_for);
	ADD(suite, a_child_that_does_not_end_is_waited_for_no_longer_than_asked);
	ADD(suite, a_program_has_a_deadline_also_without_output);
	ADD(suite, a_pidfd_tells_whether_its_process_lives);
	ADD(suite, all_signals_are_reset_those_of_libc_too);
	ADD(suite, descriptors_are_closed_from_a_number_on);
	ADD(suite, more_descriptors_are_allowed_and_fewer_again);
	ADD(suite, descriptors_of_a_message_are_sent_and_taken_or_closed);
	ADD(suite, a_line_sets_one_key);
	ADD(suite, some_descriptors_are_closed_and_no_others);
	ADD(suite, a_short_file_is_read_at_once);
	ADD(suite, only_plain_files_are_read);
	ADD(suite, a_file_is_read_up_to_a_size);
	ADD(suite, a_user_and_the_subordinate_ids_of_one_are_told_apart);
	ADD(suite, files_are_told_apart);
	ADD(suite, notices_are_handed_on_in_order);
	return suite;
}
