/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading the kernel's messages about interfaces on a way, also for kinds that this kernel lacks. */
#include "base/array_size.h"
#include "base/clock.h"
#include "pam/route_socket.h"
#include "pam/way.h"

#include "tests/unit/unit.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A message with room for attributes, which are in the form of a question's. */
static struct route_question begin_link(int index)
{
	const struct ifinfomsg info = { .ifi_index = index };
	struct route_question q;

	route_question_begin(&q, RTM_NEWLINK, 0, &info, sizeof info);
	return q;
}

static void add_number(struct route_question *q, uint16_t type, uint32_t value)
{
	route_question_add(q, type, &value, sizeof value);
}

static void add_kind(struct route_question *q, const char *kind)
{
	uint8_t nested[64];
	struct rtattr *attribute = (struct rtattr *) nested;

	attribute->rta_type = IFLA_INFO_KIND;
	attribute->rta_len = (unsigned short) RTA_LENGTH(strlen(kind) + 1);
	memcpy(RTA_DATA(attribute), kind, strlen(kind) + 1);
	route_question_add(q, IFLA_LINKINFO, nested, RTA_SPACE(strlen(kind) + 1));
}

static struct way_link parse_link(const struct route_question *q)
{
	struct way_link link;

	ck_assert_int_eq(way_link_parse((const struct nlmsghdr *) q->bytes, &link), 0);
	return link;
}

static const struct {
	const char *kind;
	enum link_role role;
} kinds[] = {
	{ "", LINK_OUTSIDE },
	{ "bond", LINK_OUTSIDE },
	{ "team", LINK_OUTSIDE },
	{ "tun", LINK_OUTSIDE },
	{ "wireguard", LINK_OUTSIDE },
	{ "vxlan", LINK_OUTSIDE },
	{ "bridge", LINK_BRIDGE },
	{ "veth", LINK_PAIR },
	{ "netkit", LINK_PAIR },
	{ "vlan", LINK_VLAN },
	{ "macvlan", LINK_UNCLEAR },
	{ "macvtap", LINK_UNCLEAR },
	{ "ipvlan", LINK_UNCLEAR },
	{ "ipvtap", LINK_UNCLEAR },
	{ "openvswitch", LINK_UNCLEAR },
	{ "newkind", LINK_UNCLEAR },
	{ "vet", LINK_UNCLEAR },
	{ "vethx", LINK_UNCLEAR },
	{ "a-kind-of-a-very-long-name", LINK_UNCLEAR },
};

START_TEST(interfaces_have_roles_by_their_kind)
{
	struct route_question q = begin_link(7);
	struct way_link link;

	if (*kinds[_i].kind)
		add_kind(&q, kinds[_i].kind);
	link = parse_link(&q);
	ck_assert_uint_eq(link.index, 7);
	ck_assert_int_eq(way_link_role(&link), kinds[_i].role);
}
END_TEST

START_TEST(what_an_interface_is_on_and_whose_port_it_is_is_read)
{
	struct route_question q = begin_link(8);
	struct way_link link;

	add_kind(&q, "veth");
	add_number(&q, IFLA_LINK, 2);
	add_number(&q, IFLA_MASTER, 5);
	link = parse_link(&q);
	ck_assert_uint_eq(link.lower, 2);
	ck_assert_uint_eq(link.master, 5);
	ck_assert(!link.lower_is_elsewhere);
	add_number(&q, IFLA_LINK_NETNSID, 0);
	link = parse_link(&q);
	ck_assert(link.lower_is_elsewhere);
}
END_TEST

START_TEST(messages_that_are_cut_are_refused)
{
	struct route_question q = begin_link(8);
	struct nlmsghdr *message = (struct nlmsghdr *) q.bytes;
	struct way_link link;
	uint32_t whole;

	add_number(&q, IFLA_LINK, 2);
	whole = message->nlmsg_len;
	/* Nor is anything found behind a header that isn't there. */
	ck_assert_ptr_null(route_attribute(message, whole, IFLA_LINK, 4));
	for (uint32_t size = 0; size < NLMSG_LENGTH(sizeof(struct ifinfomsg)); size++) {
		message->nlmsg_len = size;
		ck_assert_int_eq(way_link_parse(message, &link), -EBADMSG);
	}
	for (uint32_t size = NLMSG_LENGTH(sizeof(struct ifinfomsg)); size < whole; size++) {
		message->nlmsg_len = size;
		ck_assert_int_eq(way_link_parse(message, &link), 0);
		ck_assert_uint_eq(link.lower, 0);
	}
	message->nlmsg_type = RTM_NEWROUTE;
	message->nlmsg_len = whole;
	ck_assert_int_eq(way_link_parse(message, &link), -EBADMSG);
}
END_TEST

/* A socket to somebody else than the kernel. Returns the other end. */
static int open_fake(struct route_socket *s, int milliseconds)
{
	int ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, ends), 0);
	*s = (struct route_socket){
		.fd = ends[0], .deadline = clock_milliseconds(CLOCK_MONOTONIC) + milliseconds
	};
	return ends[1];
}

START_TEST(a_kernel_that_does_not_answer_is_waited_for_until_the_deadline)
{
	int64_t before = clock_milliseconds(CLOCK_MONOTONIC);
	struct route_question q = begin_link(1);
	const struct nlmsghdr *answer;
	struct route_socket s;

	open_fake(&s, 50);
	ck_assert_int_eq(route_socket_ask(&s, &q, &answer), -ETIMEDOUT);
	ck_assert_int_ge(clock_milliseconds(CLOCK_MONOTONIC) - before, 50);
	ck_assert_int_eq(route_socket_ask(&s, &q, &answer), -ETIMEDOUT);
	route_socket_close(&s);
}
END_TEST

START_TEST(an_answer_to_another_question_is_ignored)
{
	struct route_question q = begin_link(1), other = begin_link(2);
	struct nlmsghdr *message = (struct nlmsghdr *) other.bytes;
	const struct nlmsghdr *answer;
	struct route_socket s;
	int kernel = open_fake(&s, 50);

	message->nlmsg_seq = 4711;
	ck_assert_int_gt(send(kernel, message, message->nlmsg_len, 0), 0);
	ck_assert_int_eq(route_socket_ask(&s, &q, &answer), -ETIMEDOUT);
	route_socket_close(&s);
}
END_TEST

/* What is made of a datagram of `size` bytes that begins with a header like this, of the right sequence. */
static int take_answer(uint16_t type, uint32_t length, size_t size, int32_t error)
{
	static _Alignas(struct nlmsghdr)
		uint8_t bytes[sizeof((struct route_socket *) 0)->buffer + 1];
	struct nlmsghdr *message = (struct nlmsghdr *) bytes;
	struct route_question q = begin_link(1);
	const struct nlmsghdr *answer;
	struct route_socket s;
	int kernel = open_fake(&s, 5000), r;

	memset(bytes, 0, sizeof bytes);
	*message = (struct nlmsghdr){ .nlmsg_len = length, .nlmsg_type = type, .nlmsg_seq = 1 };
	memcpy(NLMSG_DATA(message), &error, sizeof error);
	ck_assert_int_eq(send(kernel, bytes, size, 0), (int) size);
	r = route_socket_ask(&s, &q, &answer);
	route_socket_close(&s);
	close(kernel);
	return r;
}

START_TEST(answers_that_are_not_whole_are_refused)
{
	const uint32_t link = NLMSG_LENGTH(sizeof(struct ifinfomsg)),
		       error = NLMSG_LENGTH(sizeof(struct nlmsgerr));

	ck_assert_int_eq(take_answer(RTM_NEWLINK, link, link, 0), 0);
	ck_assert_int_eq(take_answer(RTM_NEWLINK, link, link - 1, 0), -EBADMSG);
	ck_assert_int_eq(take_answer(RTM_NEWLINK, link, sizeof(struct nlmsghdr) - 1, 0), -EBADMSG);
	ck_assert_int_eq(take_answer(RTM_NEWLINK, sizeof(struct nlmsghdr) - 1, link, 0), -EBADMSG);
	ck_assert_int_eq(take_answer(RTM_NEWLINK, 0, link, 0), -EBADMSG);
	ck_assert_int_eq(take_answer(RTM_NEWLINK, link, 16384, 0), 0);
	ck_assert_int_eq(take_answer(RTM_NEWLINK, link, 16385, 0), -EMSGSIZE);
	ck_assert_int_eq(take_answer(NLMSG_ERROR, error, error, -ENODEV), -ENODEV);
	ck_assert_int_eq(take_answer(NLMSG_ERROR, error - 1, error, -ENODEV), -EBADMSG);
	/* An acknowledgement, or an end, of nothing. */
	ck_assert_int_eq(take_answer(NLMSG_ERROR, error, error, 0), -EBADMSG);
	ck_assert_int_eq(take_answer(NLMSG_DONE, link, link, 0), -EBADMSG);
}
END_TEST

START_TEST(a_kernel_that_has_gone_is_an_error)
{
	struct route_question q = begin_link(1);
	const struct nlmsghdr *answer;
	struct route_socket s;

	close(open_fake(&s, 5000));
	ck_assert_int_eq(route_socket_ask(&s, &q, &answer), -ECONNREFUSED);
	route_socket_close(&s);
	ck_assert_int_eq(route_socket_ask(&s, &q, &answer), -EBADF);
}
END_TEST

START_TEST(a_question_has_no_more_attributes_than_fit)
{
	struct {
		struct route_question q;
		uint8_t behind[256];
	} room = { .q = begin_link(1) };
	const struct nlmsghdr *message = (const struct nlmsghdr *) room.q.bytes;
	const uint8_t address[16] = { 1 }, nothing[sizeof room.behind] = { 0 };

	for (int i = 0; i < 20; i++)
		route_question_add(&room.q, NDA_DST, address, sizeof address);
	ck_assert_uint_le(message->nlmsg_len, sizeof room.q.bytes);
	ck_assert_mem_eq(room.behind, nothing, sizeof nothing);
}
END_TEST

/* Under a sanitizer, this tells what is read past the end. */
START_TEST(noise_from_the_kernel_is_survived)
{
	srand(4711);
	for (int i = 0; i < 500; i++) {
		struct route_question q = begin_link(1);
		const struct nlmsghdr *answer = NULL;
		struct way_link link;
		struct route_socket s;
		int kernel = open_fake(&s, 5);
		uint8_t noise[128];
		size_t size = (size_t) rand() % sizeof noise;

		for (size_t j = 0; j < size; j++)
			noise[j] = (uint8_t) rand();
		if (size >= sizeof(struct nlmsghdr)) {
			struct nlmsghdr *message = (struct nlmsghdr *) noise;

			message->nlmsg_len = (uint32_t) rand() % (uint32_t) (size + 8);
			message->nlmsg_type = i % 2 ? RTM_NEWLINK : NLMSG_ERROR;
			message->nlmsg_seq = 1;
		}
		ck_assert_int_ge(send(kernel, noise, size, 0), 0);
		if (route_socket_ask(&s, &q, &answer) == 0 && answer)
			way_link_parse(answer, &link);
		route_socket_close(&s);
		close(kernel);
	}
}
END_TEST

Suite *way_suite(void)
{
	Suite *suite = suite_create("way");

	ADD_TIMES(suite, interfaces_have_roles_by_their_kind, ARRAY_SIZE(kinds));
	ADD(suite, what_an_interface_is_on_and_whose_port_it_is_is_read);
	ADD(suite, messages_that_are_cut_are_refused);
	ADD(suite, a_kernel_that_does_not_answer_is_waited_for_until_the_deadline);
	ADD(suite, an_answer_to_another_question_is_ignored);
	ADD(suite, answers_that_are_not_whole_are_refused);
	ADD(suite, a_kernel_that_has_gone_is_an_error);
	ADD(suite, a_question_has_no_more_attributes_than_fit);
	ADD(suite, noise_from_the_kernel_is_survived);
	return suite;
}
