/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/host_view.h"

#include "base/arena.h"
#include "base/array.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "registry/address.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <search.h>
#include <string.h>

/*
 * Questions that are open at a time. The kernel's table of neighbours has room
 * for 1024 by default, and is the whole host's.
 */
#define OPEN_QUESTIONS_MAX 128

enum answer_kind { ANSWER_LINK, ANSWER_PORTS, ANSWER_ROUTE, ANSWER_NEIGHBOUR, ANSWER_FORWARDING };

/* A question that was asked. Questions are compared byte by byte, so there must be no padding. */
struct key {
	uint32_t kind; /* enum answer_kind */
	uint32_t interface;
	uint32_t family; /* or the VLAN */
	uint8_t bytes[16];
};

/* And the answer. An empty one is remembered, too. */
struct answer {
	struct key key; /* the first member */
	bool is_there;
	union {
		struct host_link link;
		struct route route;
		struct neighbour neighbour;
		struct forwarding forwarding;
		struct {
			uint32_t *items;
			size_t count;
		} ports;
	};
};

static int compare_answers(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct key));
}

static void free_answer(void *item)
{
	struct answer *answer = item;

	if (answer->key.kind == ANSWER_PORTS)
		free(answer->ports.items);
	free(answer);
}

int host_view_begin(struct host_view *view, struct failure *f)
{
	int r;

	*view = (struct host_view){ 0 };
	r = netlink_open(&view->netlink);
	return r < 0 ? failure_errno(f, r, "cannot read the host's routes") : 0;
}

void host_view_close(struct host_view *view)
{
	netlink_close(&view->netlink);
	tdestroy(view->answers, free_answer);
	free(view->questions);
	if (view->home)
		close(view->home - 1);
	*view = (struct host_view){ 0 };
}

int host_view_home(struct host_view *view)
{
	int home = view->home ? view->home - 1 : network_open_home();

	if (home >= 0)
		view->home = home + 1;
	return home;
}

static struct key make_key(enum answer_kind kind, uint32_t interface, uint32_t family,
			   const void *bytes, size_t size)
{
	struct key key = { .kind = kind, .interface = interface, .family = family };

	if (bytes)
		memcpy(key.bytes, bytes, size);
	return key;
}

/* The answer of this key. `is_new` becomes whether it wasn't there, and is empty now. */
static struct answer *find_or_add(struct host_view *view, const struct key *key, bool *is_new)
{
	void *found = tfind(key, &view->answers, compare_answers);
	struct answer *answer;

	*is_new = !found;
	if (found)
		return *(struct answer **) found;
	answer = calloc(1, sizeof *answer);
	if (!answer)
		arena_out_of_memory();
	answer->key = *key;
	if (!tsearch(answer, &view->answers, compare_answers))
		arena_out_of_memory();
	return answer;
}

/* Whether the kernel is to be asked for this answer. */
static bool is_to_be_read(const struct host_view *view, bool is_new)
{
	return is_new && view->netlink.socket;
}

/* Note an error after which the answer is unknown. "Doesn't exist" and "unreachable" are answers. */
static bool note_result(struct host_view *view, int r)
{
	if ((r == -EINTR || r == -EAGAIN || r == -ENOMEM || r == -ENOBUFS) && !view->error)
		view->error = r;
	return r == 0;
}

const struct host_link *host_view_link(struct host_view *view, uint32_t index)
{
	const struct key key = make_key(ANSWER_LINK, index, 0, NULL, 0);
	bool is_new;
	struct answer *answer = find_or_add(view, &key, &is_new);

	if (is_to_be_read(view, is_new))
		answer->is_there =
			note_result(view, host_link_read(&view->netlink, index, &answer->link));
	return answer->is_there ? &answer->link : NULL;
}

const struct route *host_view_route(struct host_view *view, int family, const uint8_t *bytes)
{
	const struct key key =
		make_key(ANSWER_ROUTE, 0, (uint32_t) family, bytes, address_length(family));
	bool is_new;
	struct answer *answer = find_or_add(view, &key, &is_new);

	if (is_to_be_read(view, is_new))
		answer->is_there = note_result(
			view, route_read(&view->netlink, family, bytes, &answer->route));
	return answer->is_there ? &answer->route : NULL;
}

const struct neighbour *host_view_neighbour(struct host_view *view, uint32_t interface, int family,
					    const uint8_t *bytes)
{
	const struct key key = make_key(ANSWER_NEIGHBOUR, interface, (uint32_t) family, bytes,
					address_length(family));
	bool is_new;
	struct answer *answer = find_or_add(view, &key, &is_new);

	if (is_to_be_read(view, is_new))
		answer->is_there =
			note_result(view, neighbour_read(&view->netlink, interface, family, bytes,
							 &answer->neighbour));
	return answer->is_there ? &answer->neighbour : NULL;
}

const struct forwarding *host_view_forwarding(struct host_view *view, uint32_t bridge,
					      uint16_t vlan,
					      const struct hardware_address *hardware)
{
	const struct key key =
		make_key(ANSWER_FORWARDING, bridge, vlan, hardware, sizeof *hardware);
	bool is_new;
	struct answer *answer = find_or_add(view, &key, &is_new);

	if (is_to_be_read(view, is_new))
		answer->is_there =
			note_result(view, forwarding_read(&view->netlink, bridge, vlan, hardware,
							  &answer->forwarding));
	return answer->is_there ? &answer->forwarding : NULL;
}

static void add_port(struct answer *ports, uint32_t index)
{
	uint32_t *items;

	for (size_t i = 0; i < ports->ports.count; i++)
		if (ports->ports.items[i] == index)
			return;
	items = array_grow(ports->ports.items, ports->ports.count, sizeof *items);
	if (!items)
		arena_out_of_memory();
	ports->ports.items = items;
	items[ports->ports.count++] = index;
}

static struct answer *ports_of(struct host_view *view, uint32_t bridge, bool *is_new)
{
	const struct key key = make_key(ANSWER_PORTS, bridge, 0, NULL, 0);

	return find_or_add(view, &key, is_new);
}

void host_view_add_link(struct host_view *view, const struct host_link *link)
{
	const struct key key = make_key(ANSWER_LINK, link->index, 0, NULL, 0);
	bool is_new;
	struct answer *answer = find_or_add(view, &key, &is_new);

	answer->is_there = true;
	answer->link = *link;
	if (link->is_bridge_port && !view->netlink.socket)
		add_port(ports_of(view, link->master, &is_new), link->index);
}

struct port_dump {
	struct host_view *view;
	struct answer *ports;
};

static int take_port(const struct nlmsghdr *message, void *into)
{
	const struct host_link link = host_link_parse(message);
	struct port_dump *dump = into;

	/* A kernel may not know the filter. */
	if (link.is_bridge_port && link.master == dump->ports->key.interface) {
		host_view_add_link(dump->view, &link);
		add_port(dump->ports, link.index);
	}
	return MNL_CB_OK;
}

static void read_ports(struct host_view *view, struct answer *ports)
{
	char buffer[MNL_NLMSG_HDRLEN + 64] = { 0 };
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct port_dump dump = { view, ports };

	message->nlmsg_type = RTM_GETLINK;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	mnl_nlmsg_put_extra_header(message, sizeof(struct ifinfomsg));
	mnl_attr_put_u32(message, IFLA_MASTER, ports->key.interface);
	/* Disturbed by a change, it lacks what the next look will find. */
	netlink_request(&view->netlink, message, take_port, &dump);
}

const struct host_link *host_view_next_port(struct host_view *view, uint32_t bridge, size_t *at)
{
	bool is_new;
	struct answer *ports = ports_of(view, bridge, &is_new);

	if (is_to_be_read(view, is_new))
		read_ports(view, ports);
	return *at < ports->ports.count ? host_view_link(view, ports->ports.items[(*at)++]) : NULL;
}

void host_view_add_route(struct host_view *view, int family, const uint8_t *bytes,
			 const struct route *route)
{
	const struct key key =
		make_key(ANSWER_ROUTE, 0, (uint32_t) family, bytes, address_length(family));
	bool is_new;
	struct answer *answer = find_or_add(view, &key, &is_new);

	answer->is_there = true;
	answer->route = *route;
}

void host_view_add_neighbour(struct host_view *view, const struct neighbour *neighbour)
{
	const struct key key = make_key(ANSWER_NEIGHBOUR, neighbour->interface, neighbour->family,
					neighbour->bytes, address_length(neighbour->family));
	bool is_new;
	struct answer *answer = find_or_add(view, &key, &is_new);

	answer->is_there = true;
	answer->neighbour = *neighbour;
}

void host_view_add_forwarding(struct host_view *view, uint32_t bridge, uint16_t vlan,
			      const struct forwarding *forwarding)
{
	const struct key key = make_key(ANSWER_FORWARDING, bridge, vlan, &forwarding->hardware,
					sizeof forwarding->hardware);
	bool is_new;
	struct answer *answer = find_or_add(view, &key, &is_new);

	answer->is_there = true;
	answer->forwarding = *forwarding;
}

static bool is_question(const struct neighbour_question *question, uint32_t interface, int family,
			const uint8_t *bytes)
{
	return question->interface == interface && question->family == family &&
	       memcmp(question->bytes, bytes, address_length(family)) == 0;
}

void host_view_question(struct host_view *view, uint32_t interface, int family,
			const uint8_t *bytes)
{
	const struct neighbour *known = host_view_neighbour(view, interface, family, bytes);
	struct neighbour_question *items;

	if (known && known->is_permanent)
		return;
	for (size_t i = 0; i < view->n_questions; i++)
		if (is_question(&view->questions[i], interface, family, bytes))
			return;
	items = array_grow(view->questions, view->n_questions, sizeof *items);
	if (!items)
		arena_out_of_memory();
	view->questions = items;
	items[view->n_questions] =
		(struct neighbour_question){ .family = (uint8_t) family,
					     .interface = interface,
					     .is_known = known && known->is_known };
	memcpy(items[view->n_questions++].bytes, bytes, address_length(family));
}

static int64_t now_milliseconds(void)
{
	return clock_milliseconds(CLOCK_MONOTONIC);
}

struct asking {
	struct host_view *view;
	size_t first, count, open; /* of the questions that are asked at a time */
	uint64_t answered[OPEN_QUESTIONS_MAX / 64];
};

static void take_neighbour(const struct nlmsghdr *message, void *into)
{
	struct asking *asking = into;
	struct neighbour neighbour;

	if (neighbour_parse(message, &neighbour) < 0 || neighbour.is_asked)
		return;
	for (size_t i = 0; i < asking->count; i++) {
		uint64_t bit = (uint64_t) 1 << i % 64;

		if (asking->answered[i / 64] & bit ||
		    !is_question(&asking->view->questions[asking->first + i], neighbour.interface,
				 neighbour.family, neighbour.bytes))
			continue;
		asking->answered[i / 64] |= bit;
		asking->open--;
		return;
	}
}

static void wait_for_answers(struct asking *asking, int fd, int64_t deadline)
{
	while (asking->open > 0) {
		int64_t now = now_milliseconds();
		struct pollfd ready = { .fd = fd, .events = POLLIN };

		if (now >= deadline || poll(&ready, 1, (int) (deadline - now)) <= 0)
			return;
		/* Those that were lost aren't waited for. */
		if (netlink_drain(fd, take_neighbour, asking) < 0)
			return;
	}
}

static int ask_some(struct asking *asking, size_t first, size_t count)
{
	int result = 0;

	*asking = (struct asking){ asking->view, first, count, count, { 0 } };
	for (size_t i = 0; i < count; i++) {
		const struct neighbour_question *q = &asking->view->questions[first + i];
		int r = neighbour_ask(&asking->view->netlink, q->interface, q->family, q->bytes,
				      q->is_known);

		if (r < 0) {
			asking->answered[i / 64] |= (uint64_t) 1 << i % 64;
			asking->open--;
			result = r;
		}
	}
	return result;
}

int host_view_ask(struct host_view *view, int milliseconds)
{
	static const unsigned int groups[] = { RTNLGRP_NEIGH };
	CLEANUP_CLOSE int fd = view->n_questions ? netlink_listen(groups, 1) : -1;
	int64_t deadline = now_milliseconds() + milliseconds;
	struct asking asking = { .view = view };
	int r = view->n_questions && fd < 0 ? fd : 0;

	for (size_t first = 0; first < view->n_questions && r == 0;) {
		size_t left = view->n_questions - first;
		size_t count = left < OPEN_QUESTIONS_MAX ? left : OPEN_QUESTIONS_MAX;

		r = ask_some(&asking, first, count);
		wait_for_answers(&asking, fd, deadline);
		first += count;
		if (milliseconds > 0 && now_milliseconds() >= deadline)
			break;
	}
	if (view->n_questions > 0) {
		tdestroy(view->answers, free_answer);
		view->answers = NULL;
	}
	view->n_questions = 0;
	return r;
}
