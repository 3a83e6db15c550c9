/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the host sends packets, judged from messages of rtnetlink(7) as the kernel makes them. */
#include "host/reach.h"

#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>

/* Indexes of the host's interfaces. */
enum { UPLINK = 1, BR0, BR1, VE1, VE2, VLAN1, BOND, PATCH0, PATCH1, OTHER, MACHINE_END = 20 };

static struct host_view view;
static uint32_t ends[4];
static struct reach reach;

static const struct hardware_address mac1 = { { 2, 0, 0, 0, 0, 1 } },
				     mac2 = { { 2, 0, 0, 0, 0, 2 } };

static void set_up(void)
{
	view = (struct host_view){ 0 };
	reach = (struct reach){ .view = &view, .ends = ends, .n_questions_max = 8 };
}

static void tear_down(void)
{
	host_view_close(&view);
}

static void add_end(uint32_t index)
{
	ends[reach.n_ends++] = index;
}

static struct nlmsghdr *start(void *buffer, uint16_t type)
{
	struct nlmsghdr *message;

	memset(buffer, 0, 512);
	message = mnl_nlmsg_put_header(buffer);
	message->nlmsg_type = type;
	return message;
}

struct link_form {
	uint32_t index;
	const char *kind; /* NULL: a device */
	uint32_t master;  /* the bridge that it is a port of */
	uint32_t lower;
	bool is_elsewhere;
	uint16_t vlan;
	bool filters;
};

static void put_data(struct nlmsghdr *message, const struct link_form *form)
{
	struct nlattr *data = mnl_attr_nest_start(message, IFLA_INFO_DATA);

	if (strcmp(form->kind, "vlan") == 0)
		mnl_attr_put_u16(message, IFLA_VLAN_ID, form->vlan);
	if (strcmp(form->kind, "bridge") == 0) {
		mnl_attr_put_u8(message, IFLA_BR_VLAN_FILTERING, form->filters);
		mnl_attr_put_u16(message, IFLA_BR_VLAN_DEFAULT_PVID, 1);
	}
	mnl_attr_nest_end(message, data);
}

static void add_link(struct link_form form)
{
	char buffer[512];
	struct nlmsghdr *message = start(buffer, RTM_NEWLINK);
	struct ifinfomsg *info = mnl_nlmsg_put_extra_header(message, sizeof *info);
	struct nlattr *nest;
	struct host_link link;

	info->ifi_index = (int) form.index;
	if (form.lower)
		mnl_attr_put_u32(message, IFLA_LINK, form.lower);
	if (form.is_elsewhere)
		mnl_attr_put_u32(message, IFLA_LINK_NETNSID, 3);
	if (form.master)
		mnl_attr_put_u32(message, IFLA_MASTER, form.master);
	nest = mnl_attr_nest_start(message, IFLA_LINKINFO);
	if (form.kind) {
		mnl_attr_put_strz(message, IFLA_INFO_KIND, form.kind);
		put_data(message, &form);
	}
	if (form.master)
		mnl_attr_put_strz(message, IFLA_INFO_SLAVE_KIND, "bridge");
	mnl_attr_nest_end(message, nest);
	link = host_link_parse(message);
	host_view_add_link(&view, &link);
}

static struct machine_address parse(const char *text)
{
	struct machine_address address;
	char zone[IF_NAMESIZE];

	ck_assert_int_eq(address_parse(text, &address, zone), 0);
	return address;
}

/* `gateway` may be NULL. */
static void add_route(const char *to, uint8_t prefix_length, uint32_t interface,
		      const char *gateway)
{
	const struct machine_address address = parse(to);
	char buffer[512];
	struct nlmsghdr *message = start(buffer, RTM_NEWROUTE);
	struct rtmsg *entry = mnl_nlmsg_put_extra_header(message, sizeof *entry);
	struct route route;

	entry->rtm_family = address.family;
	entry->rtm_dst_len = prefix_length;
	entry->rtm_type = RTN_UNICAST;
	mnl_attr_put_u32(message, RTA_OIF, interface);
	if (gateway) {
		const struct machine_address by = parse(gateway);

		mnl_attr_put(message, RTA_GATEWAY, address_length(by.family), by.bytes);
	}
	route = route_parse(message);
	host_view_add_route(&view, address.family, address.bytes, &route);
}

static void add_neighbour(const char *text, uint32_t interface, uint16_t state,
			  const struct hardware_address *hardware)
{
	const struct machine_address address = parse(text);
	char buffer[512];
	struct nlmsghdr *message = start(buffer, RTM_NEWNEIGH);
	struct ndmsg *entry = mnl_nlmsg_put_extra_header(message, sizeof *entry);
	struct neighbour neighbour;

	entry->ndm_family = address.family;
	entry->ndm_ifindex = (int) interface;
	entry->ndm_state = state;
	mnl_attr_put(message, NDA_DST, address_length(address.family), address.bytes);
	if (hardware)
		mnl_attr_put(message, NDA_LLADDR, sizeof *hardware, hardware);
	ck_assert_int_eq(neighbour_parse(message, &neighbour), 0);
	host_view_add_neighbour(&view, &neighbour);
}

static void add_forwarding(uint32_t bridge, uint16_t vlan, uint32_t port, uint16_t state,
			   const struct hardware_address *hardware)
{
	char buffer[512];
	struct nlmsghdr *message = start(buffer, RTM_NEWNEIGH);
	struct ndmsg *entry = mnl_nlmsg_put_extra_header(message, sizeof *entry);
	struct forwarding forwarding;

	entry->ndm_family = AF_BRIDGE;
	entry->ndm_ifindex = (int) port;
	entry->ndm_state = state;
	mnl_attr_put(message, NDA_LLADDR, sizeof *hardware, hardware);
	ck_assert_int_eq(forwarding_parse(message, &forwarding), 0);
	host_view_add_forwarding(&view, bridge, vlan, &forwarding);
}

static const struct machine_link on_lo = { .index = 1, .name = "lo" };
static const struct machine_link on_ve1 = { 2, "host0", VE1, VE1, false, false };
static const struct machine_link on_br0 = { 2, "host0", VE1, BR0, false, false };
static const struct machine_link on_macvlan = { 3, "mv0", .is_beside = true };

static uint8_t judge(const char *text, const struct machine_link *link)
{
	const struct machine_address address = parse(text);

	return reach_judge(&reach, &address, link, false);
}

static uint8_t judge_again(const char *text, const struct machine_link *link)
{
	const struct machine_address address = parse(text);

	return reach_judge(&reach, &address, link, true);
}

/* The machine is at VE1, another one at VE2, both with a route to their subnets. */
static void add_pairs(void)
{
	add_link((struct link_form){ VE1, "veth", .lower = 2, .is_elsewhere = true });
	add_link((struct link_form){ VE2, "veth", .lower = 2, .is_elsewhere = true });
	add_link((struct link_form){ UPLINK });
	add_end(VE1);
}

START_TEST(an_address_is_routed_by_a_pair)
{
	add_pairs();
	add_route("10.0.0.2", 24, VE1, NULL);
	add_route("fd00::2", 64, VE1, NULL);
	add_route("10.0.1.2", 24, VE2, NULL);
	ck_assert_int_eq(judge("10.0.0.2", &on_ve1), ADDRESS_ROUTED);
	ck_assert_int_eq(judge("fd00::2", &on_ve1), ADDRESS_ROUTED);
	ck_assert_msg(judge("10.0.0.2", &on_lo) == ADDRESS_ROUTED, "wherever it stands inside");
	ck_assert_msg(judge("10.0.1.2", &on_ve1) == 0, "another machine's");
	ck_assert_msg(judge("192.0.2.7", &on_lo) == 0, "no route");
	ck_assert_uint_eq(view.n_questions, 0);
}
END_TEST

START_TEST(a_gateway_counts_if_it_is_the_machine)
{
	add_pairs();
	add_route("10.8.0.7", 16, VE1, "10.0.0.2");
	add_route("10.9.0.7", 16, UPLINK, "192.168.1.1");
	add_route("2001:db8::7", 48, VE1, "fe80::2");
	ck_assert_int_eq(judge("10.8.0.7", &on_lo), ADDRESS_ROUTED);
	ck_assert_int_eq(judge("2001:db8::7", &on_lo), ADDRESS_ROUTED);
	ck_assert_int_eq(judge("10.9.0.7", &on_lo), 0);
}
END_TEST

START_TEST(the_way_to_the_internet_gives_none_of_its_addresses)
{
	add_pairs();
	add_route("203.0.113.7", 0, VE1, "10.0.0.2");
	add_route("203.0.113.8", 1, VE1, NULL);
	add_route("2001:db8::8", 3, VE1, "fe80::2");
	ck_assert_int_eq(judge("203.0.113.7", &on_lo), 0);
	ck_assert_int_eq(judge("203.0.113.8", &on_ve1), 0);
	ck_assert_int_eq(judge("2001:db8::8", &on_ve1), 0);
}
END_TEST

START_TEST(all_next_hops_have_to_lead_there)
{
	const struct machine_address address = parse("10.8.0.7");
	struct route route = { .is_unicast = true,
			       .prefix_length = 16,
			       .n_hops = 2,
			       .hops = { { .interface = VE1 }, { .interface = VE2 } } };

	add_pairs();
	host_view_add_route(&view, AF_INET, address.bytes, &route);
	ck_assert_int_eq(judge("10.8.0.7", &on_lo), 0);
	route.hops[0].interface = VE2;
	route.hops[1].interface = VE1;
	host_view_add_route(&view, AF_INET, address.bytes, &route);
	ck_assert_int_eq(judge("10.8.0.7", &on_lo), 0);
	route.hops[0].interface = VE1;
	host_view_add_route(&view, AF_INET, address.bytes, &route);
	ck_assert_int_eq(judge("10.8.0.7", &on_lo), ADDRESS_ROUTED);
}
END_TEST

START_TEST(next_hops_are_read_from_a_message)
{
	char buffer[512];
	struct nlmsghdr *message = start(buffer, RTM_NEWROUTE);
	struct rtmsg *entry = mnl_nlmsg_put_extra_header(message, sizeof *entry);
	struct {
		struct rtnexthop first, second;
		struct nlattr gateway;
		uint8_t bytes[4];
	} hops = { .first = { .rtnh_len = sizeof hops.first, .rtnh_ifindex = VE1 },
		   .second = { .rtnh_len = sizeof hops - sizeof hops.first, .rtnh_ifindex = VE2 },
		   .gateway = { .nla_len = sizeof hops.gateway + 4, .nla_type = RTA_GATEWAY },
		   .bytes = { 10, 0, 0, 2 } };
	struct route route;

	entry->rtm_family = AF_INET;
	entry->rtm_dst_len = 16;
	entry->rtm_type = RTN_UNICAST;
	mnl_attr_put(message, RTA_MULTIPATH, sizeof hops, &hops);
	route = route_parse(message);
	ck_assert_uint_eq(route.n_hops, 2);
	ck_assert(route.hops[0].interface == VE1 && !route.hops[0].gateway_family);
	ck_assert(route.hops[1].interface == VE2 && route.hops[1].gateway_family == AF_INET);
	ck_assert_mem_eq(route.hops[1].gateway, hops.bytes, 4);
}
END_TEST

START_TEST(the_hosts_own_address_is_nobodys)
{
	const struct machine_address address = parse("10.0.0.1");
	struct route route = { .is_to_host = true, .n_hops = 1, .hops = { { .interface = VE1 } } };

	add_pairs();
	host_view_add_route(&view, AF_INET, address.bytes, &route);
	ck_assert_int_eq(judge("10.0.0.1", &on_ve1), 0);
	ck_assert_msg(judge("10.0.0.1", &on_macvlan) == 0, "not beside, either");
}
END_TEST

START_TEST(a_vlan_leads_where_the_pair_below_it_does)
{
	add_pairs();
	add_link((struct link_form){ VLAN1, "vlan", .lower = VE1, .vlan = 10 });
	add_link((struct link_form){ OTHER, "vlan", .lower = UPLINK, .vlan = 10 });
	add_route("10.0.0.2", 24, VLAN1, NULL);
	add_route("10.0.1.2", 24, OTHER, NULL);
	ck_assert_int_eq(judge("10.0.0.2", &on_ve1), ADDRESS_ROUTED);
	ck_assert_int_eq(judge("10.0.1.2", &on_ve1), 0);
}
END_TEST

/* BR0 has the machine, another one, and the uplink. */
static void add_bridge(bool filters)
{
	add_link((struct link_form){ BR0, "bridge", .filters = filters });
	add_link((struct link_form){ VE1, "veth", BR0, 2, true });
	add_link((struct link_form){ VE2, "veth", BR0, 2, true });
	add_link((struct link_form){ UPLINK, NULL, BR0 });
	add_end(VE1);
	add_forwarding(BR0, filters ? 1 : 0, VE1, NUD_REACHABLE, &mac1);
	add_forwarding(BR0, filters ? 1 : 0, UPLINK, NUD_REACHABLE, &mac2);
	add_route("10.0.0.2", 24, BR0, NULL);
	add_route("10.0.0.3", 24, BR0, NULL);
	add_route("fd00::2", 64, BR0, NULL);
	add_route("203.0.113.7", 0, BR0, "10.0.0.254");
}

START_TEST(on_a_bridge_the_neighbours_port_decides)
{
	add_bridge(_i);
	add_neighbour("10.0.0.2", BR0, NUD_STALE, &mac1);
	add_neighbour("fd00::2", BR0, NUD_REACHABLE, &mac1);
	add_neighbour("10.0.0.3", BR0, NUD_REACHABLE, &mac2);
	add_neighbour("10.0.0.254", BR0, NUD_REACHABLE, &mac2);
	ck_assert_int_eq(judge("10.0.0.2", &on_br0), ADDRESS_ROUTED);
	ck_assert_int_eq(judge("fd00::2", &on_br0), ADDRESS_ROUTED);
	ck_assert_msg(judge("10.0.0.3", &on_br0) == 0, "of the LAN");
	ck_assert_msg(judge_again("10.0.0.3", &on_br0) == 0, "that contradicts what was seen");
	ck_assert_msg(judge("203.0.113.7", &on_br0) == 0, "of the Internet");
	ck_assert_uint_eq(view.n_questions, 0);
}
END_TEST

START_TEST(what_a_bridge_does_not_know_is_answered_forwards_only)
{
	add_bridge(false);
	ck_assert_int_eq(judge("10.0.0.2", &on_br0), ADDRESS_FORWARD_ONLY);
	ck_assert_int_eq(judge("fd00::2", &on_br0), ADDRESS_FORWARD_ONLY);
	ck_assert_uint_eq(view.n_questions, 2);
	add_neighbour("10.0.0.2", BR0, NUD_FAILED, NULL);
	ck_assert_int_eq(judge("10.0.0.2", &on_br0), ADDRESS_FORWARD_ONLY);
	ck_assert_uint_eq(view.n_questions, 2);
	ck_assert_msg(judge("10.0.0.3", &on_lo) == 0, "not one that isn't on the bridge");
	ck_assert_int_eq(judge_again("10.0.0.2", &on_br0), ADDRESS_ROUTED);
}
END_TEST

START_TEST(what_was_seen_stays_until_the_port_goes)
{
	add_bridge(false);
	add_neighbour("10.0.0.2", BR0, NUD_STALE, &(struct hardware_address){ { 2, 9 } });
	ck_assert_msg(judge_again("10.0.0.2", &on_br0) == ADDRESS_ROUTED,
		      "the bridge has forgotten");
	ck_assert_int_eq(judge("10.0.0.2", &on_br0), ADDRESS_FORWARD_ONLY);
	add_link((struct link_form){ VE1, "veth", BR1, 2, true });
	host_view_close(&view);
	add_link((struct link_form){ BR0, "bridge" });
	add_link((struct link_form){ BR1, "bridge" });
	add_link((struct link_form){ VE1, "veth", BR1, 2, true });
	add_route("10.0.0.2", 24, BR0, NULL);
	ck_assert_msg(judge_again("10.0.0.2", &on_br0) == 0, "the port is another bridge's");
}
END_TEST

START_TEST(a_permanent_neighbour_is_not_asked)
{
	add_bridge(false);
	add_neighbour("10.0.0.2", BR0, NUD_PERMANENT, &(struct hardware_address){ { 2, 9 } });
	ck_assert_int_eq(judge("10.0.0.2", &on_br0), ADDRESS_FORWARD_ONLY);
	ck_assert_uint_eq(view.n_questions, 0);
}
END_TEST

START_TEST(questions_are_bounded)
{
	char text[32];

	add_bridge(false);
	for (int i = 10; i < 30; i++) {
		sprintf(text, "10.0.0.%d", i);
		add_route(text, 24, BR0, NULL);
		judge(text, &on_br0);
	}
	ck_assert_uint_eq(view.n_questions, 8);
}
END_TEST

START_TEST(the_bridges_own_hardware_address_is_the_hosts)
{
	add_bridge(false);
	add_forwarding(BR0, 0, VE1, NUD_PERMANENT, &mac1);
	add_neighbour("10.0.0.2", BR0, NUD_REACHABLE, &mac1);
	ck_assert_int_eq(judge("10.0.0.2", &on_br0), 0);
}
END_TEST

/* The machine is on BR1, which a pair of the host's own joins to BR0. */
static void add_two_bridges(void)
{
	add_link((struct link_form){ BR0, "bridge" });
	add_link((struct link_form){ BR1, "bridge" });
	add_link((struct link_form){ PATCH0, "veth", BR0, PATCH1 });
	add_link((struct link_form){ PATCH1, "veth", BR1, PATCH0 });
	add_link((struct link_form){ VE1, "veth", BR1, 2, true });
	add_end(VE1);
	add_route("10.0.0.2", 24, BR0, NULL);
}

START_TEST(bridges_of_bridges_are_followed)
{
	add_two_bridges();
	ck_assert_msg(judge_again("10.0.0.2", &on_br0) == ADDRESS_ROUTED, "the machine is on it");
	ck_assert_msg(judge("10.0.0.2", &(struct machine_link){ 2, "h", VE1, BR1, 0, 0 }) == 0,
		      "not of its own bridge's subnet");
	add_neighbour("10.0.0.2", BR0, NUD_REACHABLE, &mac1);
	add_forwarding(BR0, 0, PATCH0, NUD_REACHABLE, &mac1);
	add_forwarding(BR1, 0, VE1, NUD_REACHABLE, &mac1);
	ck_assert_int_eq(judge("10.0.0.2", &on_lo), ADDRESS_ROUTED);
}
END_TEST

START_TEST(a_circle_of_bridges_ends)
{
	add_two_bridges();
	add_neighbour("10.0.0.2", BR0, NUD_REACHABLE, &mac1);
	add_forwarding(BR0, 0, PATCH0, NUD_REACHABLE, &mac1);
	add_forwarding(BR1, 0, PATCH1, NUD_REACHABLE, &mac1);
	ck_assert_int_eq(judge("10.0.0.2", &on_lo), 0);
}
END_TEST

START_TEST(a_vlan_of_a_bridge_is_looked_up_in_it)
{
	add_bridge(true);
	add_link((struct link_form){ VLAN1, "vlan", .lower = BR0, .vlan = 30 });
	add_route("10.3.0.2", 24, VLAN1, NULL);
	add_neighbour("10.3.0.2", VLAN1, NUD_REACHABLE, &mac1);
	ck_assert_msg(judge("10.3.0.2", &on_lo) == 0, "the machine isn't in that VLAN");
	add_forwarding(BR0, 30, VE1, NUD_REACHABLE, &mac1);
	ck_assert_int_eq(judge("10.3.0.2", &on_lo), ADDRESS_ROUTED);
}
END_TEST

START_TEST(a_bond_leads_elsewhere)
{
	add_pairs();
	add_link((struct link_form){ BOND, "bond" });
	add_link((struct link_form){ BR0, "bridge" });
	add_link((struct link_form){ BOND, "bond", BR0 });
	add_route("10.0.0.2", 24, BOND, NULL);
	add_route("10.0.1.2", 24, BR0, NULL);
	add_neighbour("10.0.1.2", BR0, NUD_REACHABLE, &mac1);
	add_forwarding(BR0, 0, BOND, NUD_REACHABLE, &mac1);
	ck_assert_int_eq(judge("10.0.0.2", &on_ve1), 0);
	ck_assert_int_eq(judge("10.0.1.2", &on_ve1), 0);
}
END_TEST

START_TEST(other_kinds_lead_elsewhere)
{
	static const char *const kinds[] = { "macvlan", "ipvlan", "tun",   "wireguard", "vxlan",
					     "ipip",	"vrf",	  "dummy", "team" };

	add_pairs();
	add_route("10.0.0.2", 24, OTHER, NULL);
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		add_link((struct link_form){ OTHER, kinds[i], .lower = VE1 });
		ck_assert_msg(judge("10.0.0.2", &on_ve1) == 0, "%s", kinds[i]);
	}
}
END_TEST

START_TEST(past_the_host_is_beside)
{
	add_pairs();
	add_route("192.168.1.9", 24, UPLINK, NULL);
	ck_assert_int_eq(judge("192.168.1.9", &on_macvlan), ADDRESS_BESIDE);
	ck_assert_msg(judge("192.0.2.9", &on_macvlan) == ADDRESS_BESIDE, "also without a route");
	add_route("192.0.2.10", 32, VE1, NULL);
	ck_assert_msg(judge("192.0.2.10", &on_macvlan) == ADDRESS_ROUTED, "the host's way counts");
}
END_TEST

START_TEST(link_local_is_judged_on_its_interface)
{
	add_pairs();
	add_route("fe80::2", 64, VE2, NULL);
	ck_assert_int_eq(judge("fe80::2", &on_ve1), ADDRESS_ROUTED);
	ck_assert_int_eq(judge("fe80::2", &on_lo), 0);
	add_route("169.254.3.3", 16, VE1, NULL);
	add_route("169.254.3.4", 16, VE2, NULL);
	ck_assert_int_eq(judge("169.254.3.3", &on_ve1), ADDRESS_ROUTED);
	ck_assert_msg(judge("169.254.3.3", &on_lo) == 0, "a route alone is not enough");
	ck_assert_int_eq(judge("169.254.3.4", &on_ve1), 0);
}
END_TEST

START_TEST(link_local_on_a_bridge_needs_the_port)
{
	add_bridge(false);
	ck_assert_int_eq(judge("fe80::2", &on_br0), ADDRESS_FORWARD_ONLY);
	add_neighbour("fe80::2", BR0, NUD_REACHABLE, &mac2);
	ck_assert_int_eq(judge("fe80::2", &on_br0), 0);
	add_neighbour("fe80::2", BR0, NUD_REACHABLE, &mac1);
	ck_assert_int_eq(judge("fe80::2", &on_br0), ADDRESS_ROUTED);
}
END_TEST

START_TEST(short_messages_are_refused)
{
	char buffer[512];
	struct nlmsghdr *message = start(buffer, RTM_NEWNEIGH);
	struct neighbour neighbour;
	struct forwarding forwarding;

	ck_assert_int_ne(neighbour_parse(message, &neighbour), 0);
	ck_assert_int_ne(forwarding_parse(message, &forwarding), 0);
	ck_assert_uint_eq(route_parse(message).n_hops, 0);
}
END_TEST

#define ADD_CASE(function) ADD_WITH(suite, function, set_up, tear_down)

Suite *reach_suite(void)
{
	Suite *suite = suite_create("reach");
	TCase *both = tcase_create("on_a_bridge_the_neighbours_port_decides");

	/* Without and with VLANs that the bridge filters. */
	tcase_add_checked_fixture(both, set_up, tear_down);
	tcase_add_loop_test(both, on_a_bridge_the_neighbours_port_decides, 0, 2);
	suite_add_tcase(suite, both);
	ADD_CASE(an_address_is_routed_by_a_pair);
	ADD_CASE(a_gateway_counts_if_it_is_the_machine);
	ADD_CASE(the_way_to_the_internet_gives_none_of_its_addresses);
	ADD_CASE(all_next_hops_have_to_lead_there);
	ADD_CASE(next_hops_are_read_from_a_message);
	ADD_CASE(the_hosts_own_address_is_nobodys);
	ADD_CASE(a_vlan_leads_where_the_pair_below_it_does);
	ADD_CASE(what_a_bridge_does_not_know_is_answered_forwards_only);
	ADD_CASE(what_was_seen_stays_until_the_port_goes);
	ADD_CASE(a_permanent_neighbour_is_not_asked);
	ADD_CASE(questions_are_bounded);
	ADD_CASE(the_bridges_own_hardware_address_is_the_hosts);
	ADD_CASE(bridges_of_bridges_are_followed);
	ADD_CASE(a_circle_of_bridges_ends);
	ADD_CASE(a_vlan_of_a_bridge_is_looked_up_in_it);
	ADD_CASE(a_bond_leads_elsewhere);
	ADD_CASE(other_kinds_lead_elsewhere);
	ADD_CASE(past_the_host_is_beside);
	ADD_CASE(link_local_is_judged_on_its_interface);
	ADD_CASE(link_local_on_a_bridge_needs_the_port);
	ADD_CASE(short_messages_are_refused);
	return suite;
}
