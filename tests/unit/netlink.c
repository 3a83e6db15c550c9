/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/netlink.h"

#include "tests/unit/unit.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

/* A socket that stands for one of changes: whoever takes a change causes the next one. */
struct storm {
	int ends[2];
	size_t taken;
};

static void cause_change(const struct storm *storm)
{
	const struct nlmsghdr change = { .nlmsg_len = sizeof change };

	(void) !send(storm->ends[1], &change, sizeof change, 0);
}

static void take_and_cause(const struct nlmsghdr *message, void *into)
{
	struct storm *storm = into;

	(void) message;
	storm->taken++;
	cause_change(storm);
}

START_TEST(a_storm_of_changes_is_left_after_some)
{
	struct storm storm = { .taken = 0 };
	char byte;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_DGRAM, 0, storm.ends), 0);
	ck_assert_int_eq(netlink_drain(storm.ends[0], take_and_cause, &storm), 0);
	cause_change(&storm);
	ck_assert_int_eq(netlink_drain(storm.ends[0], take_and_cause, &storm), 1);
	ck_assert_uint_ge(storm.taken, 100);
	ck_assert_uint_le(storm.taken, 10000);
	ck_assert_msg(recv(storm.ends[0], &byte, 1, MSG_DONTWAIT) == 1, "the rest is still there");
	close(storm.ends[0]);
	close(storm.ends[1]);
}
END_TEST

START_TEST(a_change_that_is_cut_off_is_lost)
{
	static const char large[65536];
	struct storm storm = { .taken = 0 };

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_DGRAM, 0, storm.ends), 0);
	ck_assert_int_eq(send(storm.ends[1], large, sizeof large, 0), sizeof large);
	ck_assert_int_eq(netlink_drain(storm.ends[0], NULL, NULL), -ENOBUFS);
	close(storm.ends[0]);
	close(storm.ends[1]);
}
END_TEST

Suite *netlink_suite(void)
{
	Suite *suite = suite_create("netlink");

	ADD(suite, a_storm_of_changes_is_left_after_some);
	ADD(suite, a_change_that_is_cut_off_is_lost);
	return suite;
}
