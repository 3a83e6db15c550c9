/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/array_size.h"
#include "base/number.h"
#include "registry/name.h"

#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#define LABEL_63 "a23456789012345678901234567890123456789012345678901234567890123"

static const struct {
	const char *name;
	enum name_verdict verdict;
} judged[] = {
	{ "web1", NAME_OK },
	{ "Web-1", NAME_OK },
	{ "my_box", NAME_OK },
	{ "_x", NAME_OK },
	{ "web1.example.com", NAME_OK },
	{ "a", NAME_OK },
	{ "10a", NAME_OK },
	{ "0xg", NAME_OK },
	{ "ttyserver", NAME_OK },
	{ "console2", NAME_OK },
	{ "localhostess", NAME_OK },
	{ "web.1", NAME_OK },
	{ LABEL_63, NAME_OK },
	{ "", NAME_EMPTY },
	{ LABEL_63 "45", NAME_TOO_LONG },
	{ "a." LABEL_63, NAME_TOO_LONG },
	{ LABEL_63 "4", NAME_OK },
	{ "web 1", NAME_BAD_CHARACTER },
	{ "web/1", NAME_BAD_CHARACTER },
	{ "web\n", NAME_BAD_CHARACTER },
	{ "web\x7f", NAME_BAD_CHARACTER },
	{ "w\xc3\xbc", NAME_BAD_CHARACTER },
	{ "web:1", NAME_BAD_CHARACTER },
	{ "fe80::1", NAME_BAD_CHARACTER },
	{ ".", NAME_BAD_LABEL },
	{ ".host", NAME_BAD_LABEL },
	{ "web.", NAME_BAD_LABEL },
	{ "web..one", NAME_BAD_LABEL },
	{ "-web", NAME_BAD_LABEL },
	{ "web-", NAME_BAD_LABEL },
	{ "web-.one", NAME_BAD_LABEL },
	{ "web.-one", NAME_BAD_LABEL },
	{ "10", NAME_NUMBER },
	{ "0", NAME_NUMBER },
	{ "010", NAME_NUMBER },
	{ "0x1f", NAME_NUMBER },
	{ "10.1", NAME_NUMBER },
	{ "10.0.0.1", NAME_NUMBER },
	{ "0x7f.1", NAME_NUMBER },
	{ "99999999999999999999999", NAME_NUMBER },
	{ "10.0.0.256", NAME_NUMBER },
	{ "1.2.3.4.5", NAME_NUMBER },
	{ "0x", NAME_NUMBER },
	{ "0xA.0b1.010.0o7", NAME_NUMBER },
	{ "0b2", NAME_OK },
	{ "0o8", NAME_OK },
	{ "0x1f.web", NAME_OK },
	{ "localhost", NAME_RESERVED },
	{ "LocalHost", NAME_RESERVED },
	{ "web.localhost", NAME_RESERVED },
	{ "localhost.localdomain", NAME_RESERVED },
	{ "_gateway", NAME_RESERVED },
	{ "_outbound", NAME_RESERVED },
	{ "LOCAL", NAME_RESERVED },
	{ "local", NAME_RESERVED },
	{ "ALL", NAME_RESERVED },
	{ "wpad", NAME_RESERVED },
	{ "WPAD.example.org", NAME_RESERVED },
	{ "isatap", NAME_RESERVED },
	{ "host.docker.internal", NAME_RESERVED },
	{ "host.containers.internal", NAME_RESERVED },
	{ "metadata.google.internal", NAME_RESERVED },
	{ "metadata", NAME_RESERVED },
	{ "instance-data.ec2.internal", NAME_RESERVED },
	{ "1.0.0.127.in-addr.arpa", NAME_RESERVED },
	{ "ip6-loopback", NAME_RESERVED },
	{ "wpad2", NAME_OK },
	{ "web.internal", NAME_OK },
	{ "metadata.example.org", NAME_OK },
	{ "tty", NAME_TERMINAL },
	{ "tty1", NAME_TERMINAL },
	{ "ttyS0", NAME_TERMINAL },
	{ "ttyUSB12", NAME_TERMINAL },
	{ "console", NAME_TERMINAL },
	{ "hvc0", NAME_TERMINAL },
	{ "pts", NAME_TERMINAL },
	{ "node7", NAME_THIS_HOST },
	{ "NODE7", NAME_THIS_HOST },
	{ "node7.example.com", NAME_THIS_HOST },
	{ "node77", NAME_OK },
	{ "node7.example.net", NAME_OF_THIS_HOST },
	{ "Node7.lan", NAME_OF_THIS_HOST },
	{ "web.node7", NAME_OF_THIS_HOST },
	{ "web.node7.example.com", NAME_OF_THIS_HOST },
	{ "web.example.com", NAME_OK },
	{ "node7-web", NAME_OK },
};

START_TEST(names_are_judged)
{
	ck_assert_msg(machine_name_judge(judged[_i].name, "node7.example.com") ==
			      judged[_i].verdict,
		      "'%s': %u", judged[_i].name,
		      machine_name_judge(judged[_i].name, "node7.example.com"));
}
END_TEST

START_TEST(host_name_is_not_needed)
{
	ck_assert_int_eq(machine_name_judge("node7", NULL), NAME_OK);
	ck_assert_int_eq(machine_name_judge("node7", ""), NAME_OK);
}
END_TEST

START_TEST(a_host_name_may_be_too_long)
{
	char longest[10000];

	memset(longest, 'a', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	ck_assert_int_eq(machine_name_judge("web1", longest), NAME_OK);
	ck_assert_int_eq(machine_name_judge("web1.a", longest), NAME_OK);
}
END_TEST

START_TEST(domains_are_a_list)
{
	char longest[10000];

	ck_assert(machine_name_is_in("web.Example.org", "example.org"));
	ck_assert(machine_name_is_in("a.b.example.org", " lan, example.org\t"));
	ck_assert(!machine_name_is_in("example.org", "example.org"));
	ck_assert(!machine_name_is_in("webexample.org", "example.org"));
	ck_assert(!machine_name_is_in("web.example.org", "example.com lan"));
	ck_assert(!machine_name_is_in("web.example.org", ""));
	ck_assert(!machine_name_is_in("web.example.org", ", ,"));
	/* One that no name can be in. */
	memset(longest, 'a', sizeof longest);
	strcpy(longest + sizeof longest - sizeof " lan", " lan");
	ck_assert(machine_name_is_in("web.lan", longest));
}
END_TEST

START_TEST(folding_lowers_and_drops_one_dot)
{
	char folded[MACHINE_NAME_SIZE];

	ck_assert_uint_eq(machine_name_fold("WebOne.Example", folded), 14);
	ck_assert_str_eq(folded, "webone.example");
	ck_assert_uint_eq(machine_name_fold("web1.", folded), 4);
	ck_assert_str_eq(folded, "web1");
	ck_assert_uint_eq(machine_name_fold("a_b-C", folded), 5);
	ck_assert_str_eq(folded, "a_b-c");
}
END_TEST

START_TEST(folding_refuses_what_no_machine_has)
{
	char folded[MACHINE_NAME_SIZE], longest[MACHINE_NAME_SIZE + 2];

	ck_assert_uint_eq(machine_name_fold("", folded), 0);
	ck_assert_uint_eq(machine_name_fold(".", folded), 0);
	ck_assert_uint_eq(machine_name_fold("we b", folded), 0);
	ck_assert_uint_eq(machine_name_fold("w\xc3\xbc", folded), 0);
	memset(longest, 'a', sizeof longest);
	longest[MACHINE_NAME_MAX] = '\0';
	ck_assert_uint_eq(machine_name_fold(longest, folded), MACHINE_NAME_MAX);
	longest[MACHINE_NAME_MAX] = '.';
	longest[MACHINE_NAME_MAX + 1] = '\0';
	ck_assert_uint_eq(machine_name_fold(longest, folded), MACHINE_NAME_MAX);
	longest[MACHINE_NAME_MAX] = 'a';
	ck_assert_uint_eq(machine_name_fold(longest, folded), 0);
}
END_TEST

START_TEST(ids_are_plain_decimal)
{
	uint32_t id = 7;

	ck_assert_int_eq(id_parse("0", &id), 0);
	ck_assert_uint_eq(id, 0);
	ck_assert_int_eq(id_parse("4294967295", &id), 0);
	ck_assert_uint_eq(id, UINT32_MAX);
	id = 7;
	ck_assert_int_eq(id_parse("4294967296", &id), -EINVAL);
	ck_assert_int_eq(id_parse("99999999999999999999", &id), -EINVAL);
	ck_assert_int_eq(id_parse("", &id), -EINVAL);
	ck_assert_int_eq(id_parse("00", &id), -EINVAL);
	ck_assert_int_eq(id_parse("01", &id), -EINVAL);
	ck_assert_int_eq(id_parse("+1", &id), -EINVAL);
	ck_assert_int_eq(id_parse("-1", &id), -EINVAL);
	ck_assert_int_eq(id_parse(" 1", &id), -EINVAL);
	ck_assert_int_eq(id_parse("1 ", &id), -EINVAL);
	ck_assert_int_eq(id_parse("0x1", &id), -EINVAL);
	ck_assert_uint_eq(id, 7);
}
END_TEST

START_TEST(user_names_come_apart_at_the_last_dash)
{
	char name[MACHINE_NAME_SIZE];
	uint32_t inner;

	ck_assert_int_eq(user_name_parse("vu-web1-33", "vu-", name, &inner), 0);
	ck_assert_str_eq(name, "web1");
	ck_assert_uint_eq(inner, 33);
	ck_assert_int_eq(user_name_parse("vg-a-1-2-0", "vg-", name, &inner), 0);
	ck_assert_str_eq(name, "a-1-2");
	ck_assert_uint_eq(inner, 0);
	ck_assert_int_eq(user_name_parse("vu-Web.example.com-5", "vu-", name, &inner), 0);
	ck_assert_str_eq(name, "Web.example.com");
}
END_TEST

START_TEST(other_user_names_are_not_taken_apart)
{
	static const char *const bad[] = { "",		 "root",       "vu-",
					   "vu-web1",	 "vu-web1-",   "vu--1",
					   "vg-web1-1",	 "VU-web1-1",  "vu-web1-01",
					   "vu-web1--1", "vu-web1-+1", "vu-web1-4294967296",
					   "vu-web1-1 ", "xvu-web1-1" };
	char longest[200], name[MACHINE_NAME_SIZE];
	uint32_t inner;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		/* "vu-web1--1" is user 1 of "web1-", which no machine is called. */
		int r = user_name_parse(bad[i], "vu-", name, &inner);

		ck_assert_msg(r == -EINVAL || strcmp(bad[i], "vu-web1--1") == 0, "%s", bad[i]);
	}
	strcpy(longest, "vu-");
	memset(longest + 3, 'a', MACHINE_NAME_MAX);
	strcpy(longest + 3 + MACHINE_NAME_MAX, "-4294967295");
	ck_assert_int_eq(user_name_parse(longest, "vu-", name, &inner), 0);
	ck_assert_uint_eq(strlen(name), MACHINE_NAME_MAX);
	/* Also not one that is too long only for a machine. */
	for (size_t length = MACHINE_NAME_MAX + 1; length <= MACHINE_USER_NAME_SIZE; length++) {
		memset(longest + 3, 'a', length);
		strcpy(longest + 3 + length, "-1");
		ck_assert_int_eq(user_name_parse(longest, "vu-", name, &inner), -EINVAL);
	}
	memset(longest, 'a', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	memcpy(longest, "vu-", 3);
	memcpy(longest + 100, "-1", 3);
	ck_assert_int_eq(user_name_parse(longest, "vu-", name, &inner), -EINVAL);
}
END_TEST

START_TEST(user_names_go_there_and_back)
{
	char text[MACHINE_USER_NAME_SIZE], name[MACHINE_NAME_SIZE], longest[MACHINE_NAME_SIZE];
	uint32_t inner;

	memset(longest, 'z', MACHINE_NAME_MAX);
	longest[MACHINE_NAME_MAX] = '\0';
	ck_assert_uint_eq(user_name_format(text, "vu-", longest, UINT32_MAX),
			  MACHINE_USER_NAME_SIZE - 1);
	ck_assert_int_eq(user_name_parse(text, "vu-", name, &inner), 0);
	ck_assert_str_eq(name, longest);
	ck_assert_uint_eq(inner, UINT32_MAX);
}
END_TEST

Suite *name_suite(void)
{
	Suite *suite = suite_create("name");
	TCase *table = tcase_create("names_are_judged");

	tcase_add_loop_test(table, names_are_judged, 0, ARRAY_SIZE(judged));
	suite_add_tcase(suite, table);
	ADD(suite, host_name_is_not_needed);
	ADD(suite, a_host_name_may_be_too_long);
	ADD(suite, domains_are_a_list);
	ADD(suite, folding_lowers_and_drops_one_dot);
	ADD(suite, folding_refuses_what_no_machine_has);
	ADD(suite, ids_are_plain_decimal);
	ADD(suite, user_names_come_apart_at_the_last_dash);
	ADD(suite, other_user_names_are_not_taken_apart);
	ADD(suite, user_names_go_there_and_back);
	return suite;
}
