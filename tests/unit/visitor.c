/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Packets that a tampered visitor can send, and how long one is waited for: tools/enter/visitor_packet.h. */
#include "base/child.h"
#include "base/clock.h"
#include "base/descriptors.h"
#include "tools/enter/visitor_packet.h"

#include "tests/unit/unit.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SENT_MAX 8

static int sockets[2];

static void set_up(void)
{
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets), 0);
}

static void tear_down(void)
{
	close(sockets[0]);
	close(sockets[1]);
}

/* Send anything, with any number of descriptors. */
static void send_raw(const void *bytes, size_t size, size_t n_fds)
{
	int fds[SENT_MAX] = { 0 };

	for (size_t i = 0; i < n_fds; i++)
		fds[i] = sockets[1];
	ck_assert_int_eq(descriptors_send(sockets[1], bytes, size, fds, n_fds, 0), size);
}

static int count_descriptors(void)
{
	DIR *entries = opendir("/proc/self/fd");
	int n = 0;

	ck_assert_ptr_nonnull(entries);
	while (readdir(entries))
		n++;
	closedir(entries);
	return n;
}

static int receive(struct visitor_packet *packet, int *fds, size_t count)
{
	return visitor_packet_receive(sockets[0], packet, fds, count);
}

START_TEST(any_other_number_of_descriptors_is_refused_and_closed)
{
	struct visitor_packet ready = { .kind = VISITOR_READY }, packet;
	int before = count_descriptors();

	for (size_t wanted = 0; wanted <= VISITOR_FDS_MAX; wanted++)
		for (size_t sent = 0; sent <= SENT_MAX; sent++) {
			int fds[VISITOR_FDS_MAX + 1] = { -7, -7, -7, -7 };
			int r;

			send_raw(&ready, sizeof ready, sent);
			r = receive(&packet, fds, wanted);
			ck_assert_int_eq(r, sent == wanted ? 1 : -EBADMSG);
			ck_assert_int_eq(fds[wanted], -7);
			for (size_t i = 0; r == 1 && i < wanted; i++)
				close(fds[i]);
			ck_assert_int_eq(count_descriptors(), before);
		}
}
END_TEST

START_TEST(descriptors_with_another_packet_are_refused_and_closed)
{
	static const enum visitor_packet_kind kinds[] = { VISITOR_WARNING, VISITOR_STARTED,
							  VISITOR_GO, VISITOR_FAILED,
							  (enum visitor_packet_kind) 99 };
	int before = count_descriptors(), fds[VISITOR_FDS_MAX];
	struct visitor_packet packet;

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		struct visitor_packet sent = { .kind = kinds[i] };

		send_raw(&sent, sizeof sent, 1);
		ck_assert_int_eq(receive(&packet, fds, 1), -EBADMSG);
		ck_assert_int_eq(count_descriptors(), before);
	}
}
END_TEST

START_TEST(a_packet_of_another_size_is_refused)
{
	char bytes[sizeof(struct visitor_packet) + 1] = { 0 };
	struct visitor_packet packet;

	send_raw(bytes, 1, 0);
	ck_assert_int_eq(receive(&packet, NULL, 0), -EBADMSG);
	send_raw(bytes, sizeof bytes - 2, 0);
	ck_assert_int_eq(receive(&packet, NULL, 0), -EBADMSG);
	send_raw(bytes, sizeof bytes, 0);
	ck_assert_int_eq(receive(&packet, NULL, 0), -EBADMSG);
}
END_TEST

START_TEST(a_failure_is_bounded_and_escaped)
{
	struct visitor_packet sent = { .kind = VISITOR_FAILED }, packet;
	struct failure f;

	sent.failure.kind = (enum failure_kind) 12345;
	sent.failure.error = 7;
	memset(sent.failure.text, 'x', sizeof sent.failure.text);
	memcpy(sent.failure.text, "\033[31m", 5);
	send_raw(&sent, sizeof sent, 0);
	ck_assert_int_eq(visitor_packet_expect(sockets[0], getpid(), "web1", &packet, NULL, 0, &f),
			 -1);
	ck_assert_int_eq(f.kind, FAILURE_OTHER);
	ck_assert_int_eq(f.error, 0);
	ck_assert_int_eq(strncmp(f.text, "web1: \\x1b[31mxxx", 17), 0);
	ck_assert_uint_lt(strlen(f.text), sizeof f.text);
	sent.failure.error = -5;
	for (int kind = -1; kind <= FAILURE_NONE; kind++) {
		sent.failure.kind = (enum failure_kind) kind;
		send_raw(&sent, sizeof sent, 0);
		ck_assert_int_eq(receive(&packet, NULL, 0), 1);
		ck_assert_int_eq(packet.failure.kind, FAILURE_OTHER);
		ck_assert_int_eq(packet.failure.error, -5);
		ck_assert_int_eq(packet.failure.text[sizeof packet.failure.text - 1], '\0');
	}
	sent.failure.error = -99999;
	send_raw(&sent, sizeof sent, 0);
	ck_assert_int_eq(visitor_packet_expect(sockets[0], getpid(), "web1", &packet, NULL, 0, &f),
			 -1);
	ck_assert_int_eq(f.error, 0);
}
END_TEST

/* A child that sleeps, or runs for so many milliseconds and then closes its socket. */
static pid_t start_child(int milliseconds)
{
	int64_t end = clock_milliseconds(CLOCK_MONOTONIC) + milliseconds;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		close(sockets[0]);
		if (milliseconds == 0)
			pause();
		while (clock_milliseconds(CLOCK_MONOTONIC) < end)
			;
		_exit(0);
	}
	close(sockets[1]);
	return pid;
}

START_TEST(a_blocked_visitor_is_not_waited_for)
{
	pid_t pid = start_child(0);

	ck_assert_int_eq(visitor_packet_wait(sockets[0], pid, 160, 60000), -ETIMEDOUT);
	child_kill(pid);
	ck_assert_int_eq(visitor_packet_wait(sockets[0], pid, 60000, 60000), 0);
}
END_TEST

START_TEST(a_visitor_that_runs_is_waited_for)
{
	pid_t pid = start_child(1500);

	ck_assert_int_eq(visitor_packet_wait(sockets[0], pid, 400, 60000), 0);
	child_kill(pid);
}
END_TEST

START_TEST(a_visitor_that_runs_is_not_waited_for_without_end)
{
	pid_t pid = start_child(60000);

	ck_assert_int_eq(visitor_packet_wait(sockets[0], pid, 30000, 100), -EBUSY);
	child_kill(pid);
}
END_TEST

START_TEST(a_closed_socket_is_no_packet)
{
	struct visitor_packet packet;

	shutdown(sockets[1], SHUT_RDWR);
	ck_assert_int_eq(receive(&packet, NULL, 0), 0);
}
END_TEST

#define ADD_HERE(function) ADD_WITH(suite, function, set_up, tear_down)

Suite *visitor_suite(void)
{
	Suite *suite = suite_create("visitor");

	ADD_HERE(any_other_number_of_descriptors_is_refused_and_closed);
	ADD_HERE(descriptors_with_another_packet_are_refused_and_closed);
	ADD_HERE(a_packet_of_another_size_is_refused);
	ADD_HERE(a_failure_is_bounded_and_escaped);
	ADD_HERE(a_blocked_visitor_is_not_waited_for);
	ADD_HERE(a_visitor_that_runs_is_waited_for);
	ADD_HERE(a_visitor_that_runs_is_not_waited_for_without_end);
	ADD_HERE(a_closed_socket_is_no_packet);
	return suite;
}
