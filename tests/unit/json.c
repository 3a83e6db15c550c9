/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/array_size.h"
#include "base/format.h"
#include "base/json_value.h"
#include "tools/describe/json.h"
#include "tools/registrar/registration_json.h"

#include "tests/unit/unit.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct arena arena;
static struct registration reg;
static struct failure failure;

static int read_json(const char *text)
{
	reg = (struct registration){ .arena = &arena, .subject = "test" };
	return json_to_registration(text, strlen(text), &reg, &failure);
}

START_TEST(every_field_is_read)
{
	ck_assert_int_eq(
		read_json(
			"{\"name\":\"web1\",\"class\":\"vm\",\"leader\":4711,"
			"\"service\":\"qemu\",\"id\":\"00112233-4455-6677-8899-aabbccddeeff\","
			"\"unit\":\"a.scope\",\"rootDirectory\":\"/r\",\"sshAddress\":\"vsock/7\","
			"\"sshPrivateKeyPath\":\"/k\",\"controlAddress\":\"/c\","
			"\"vSockCid\":7,\"aliases\":[\"www\",\"mail\"],"
			"\"addresses\":[\"10.0.0.2\",{\"family\":10,\"address\":"
			"[253,0,0,0,0,0,0,0,0,0,0,0,0,0,0,2],\"ifindex\":3,\"scope\":\"global\"}],"
			"\"uidMap\":[{\"inner\":0,\"outer\":100000,\"count\":65536}],"
			"\"gidMap\":[{\"inner\":0,\"outer\":200000,\"count\":1},"
			"{\"inner\":1,\"outer\":4294967295,\"count\":1}],"
			"\"ifIndices\":[1],\"timestamp\":{\"realtime\":1,\"monotonic\":2}}"),
		0);
	ck_assert_str_eq(reg.machine.name, "web1");
	ck_assert_int_eq(reg.machine.class, MACHINE_VM);
	ck_assert_int_eq(reg.leader, 4711);
	ck_assert_str_eq(reg.machine.service, "qemu");
	ck_assert_uint_eq(reg.machine.id[15], 0xff);
	ck_assert_str_eq(reg.machine.unit, "a.scope");
	ck_assert_str_eq(reg.machine.root_directory, "/r");
	ck_assert_str_eq(reg.machine.ssh_address, "vsock/7");
	ck_assert_str_eq(reg.machine.ssh_key, "/k");
	ck_assert_str_eq(reg.machine.control_address, "/c");
	ck_assert_uint_eq(reg.machine.vsock_cid, 7);
	ck_assert_uint_eq(reg.machine.aliases_size, sizeof "www\0mail");
	ck_assert_uint_eq(reg.machine.n_addresses, 2);
	ck_assert_int_eq(reg.machine.addresses[1].family, AF_INET6);
	ck_assert_uint_eq(reg.machine.addresses[1].bytes[15], 2);
	ck_assert_uint_eq(reg.machine.gids.count, 2);
	ck_assert_uint_eq(reg.machine.gids.extents[1].outer, UINT32_MAX);
	ck_assert_uint_eq(reg.machine.n_interfaces, 1);
	ck_assert_int_eq(registration_check(&reg, &failure), 0);
}
END_TEST

START_TEST(whole_numbers_are_those_that_64_bits_have)
{
	static const struct {
		const char *text;
		bool is_whole;
	} numbers[] = {
		{ "0", true },
		{ "-1", true },
		{ "18446744073709551615", true },
		{ "-9223372036854775808", true },
		{ "18446744073709551616", false },
		{ "-9223372036854775809", false },
		{ "99999999999999999999999999999999999999999", false },
		{ "-0", false },
		{ "1.0", false },
		{ "1e3", false },
		{ "1e400", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		const char *number = numbers[i].text, *why;
		char text[256];
		json_object *value, *member;

		snprintf(text, sizeof text,
			 "{\"a\":[%s,7,%s],\"\\\"-0\":\"\\\\\",\"%s\":true,\"b\":%s}", number,
			 number, number, number);
		value = json_parse(text, strlen(text), &why);
		ck_assert_msg(value, "%s: %s", number, why);
		for (const char *key = "b"; key; key = strcmp(key, "b") == 0 ? "a" : NULL) {
			json_object_object_get_ex(value, key, &member);
			if (json_object_is_type(member, json_type_array)) {
				json_object *seven = json_object_array_get_idx(member, 1);

				ck_assert_int_eq(json_object_get_int(seven), 7);
				member = json_object_array_get_idx(member, 2);
			}
			ck_assert_msg(json_object_is_type(member, json_type_int) ==
					      numbers[i].is_whole,
				      "%s", number);
		}
		ck_assert_ptr_nonnull(json_object_object_get(value, number));
		ck_assert_str_eq(json_object_get_string(json_object_object_get(value, "\"-0")),
				 "\\");
		json_object_put(value);
	}
}
END_TEST

/* In minutes, if the digits behind each of them were looked at. */
START_TEST(a_long_string_of_digits_is_read_at_once)
{
	size_t size = 8u << 20;
	char *text = malloc(size + 1);
	const char *why;
	json_object *value;

	ck_assert_ptr_nonnull(text);
	memset(text, '7', size);
	memcpy(text, "{\"a\":\"", 6);
	memcpy(text + size - 2, "\"}", 3);
	value = json_parse(text, size, &why);
	ck_assert_msg(value, "%s", why);
	ck_assert_int_eq(json_object_get_string_len(json_object_object_get(value, "a")),
			 (int) size - 8);
	json_object_put(value);
	free(text);
}
END_TEST

START_TEST(a_supervisor_is_a_process)
{
	char text[160];

	snprintf(text, sizeof text,
		 "{\"name\":\"web1\",\"leader\":7,\"supervisor\":%d,"
		 "\"supervisorProcessId\":{\"pid\":%d}}",
		 getppid(), getppid());
	ck_assert_int_eq(read_json(text), 0);
	ck_assert_uint_eq(reg.given, FIELD_SUPERVISOR);
	ck_assert_uint_eq(reg.machine.supervisor.pid, getppid());
	ck_assert(reg.machine.supervisor.pidfd_inode || reg.machine.supervisor.start_time);
	ck_assert_int_eq(registration_check(&reg, &failure), 0);
	ck_assert_uint_eq(reg.machine.supervisor.pid, getppid());

	snprintf(text, sizeof text, "{\"name\":\"web1\",\"leader\":%d,\"supervisor\":%d}",
		 getppid(), getppid());
	ck_assert_int_eq(read_json(text), 0);
	ck_assert_int_eq(registration_check(&reg, &failure), 0);
	ck_assert_uint_eq(reg.machine.supervisor.pid, 0);
}
END_TEST

START_TEST(a_process_of_another_boot_is_refused)
{
	static const char *const fields[] = { "leader", "supervisor" };
	struct pid_context context;
	char id[ID128_TEXT_SIZE], text[160];

	ck_assert_int_eq(pid_context_read(&context), 0);
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		snprintf(text, sizeof text, "{\"%sProcessId\":{\"pid\":%d,\"bootId\":\"%s\"}}",
			 fields[i], getppid(), id128_format(context.boot_id, id));
		ck_assert_int_eq(read_json(text), 0);
		context.boot_id[15] ^= 1;
		snprintf(text, sizeof text, "{\"%sProcessId\":{\"pid\":%d,\"bootId\":\"%s\"}}",
			 fields[i], getppid(), id128_format(context.boot_id, id));
		ck_assert_int_eq(read_json(text), -1);
		ck_assert_ptr_nonnull(strstr(failure.text, "is of another boot"));
		context.boot_id[15] ^= 1;
	}
}
END_TEST

START_TEST(an_unknown_inode_of_a_pidfd_is_none)
{
	ck_assert_int_eq(read_json("{\"leaderProcessId\":{\"pid\":7,\"pidfdId\":0}}"), 0);
	ck_assert_uint_eq(reg.expected.pidfd_inode, 0);
	ck_assert_int_eq(
		read_json("{\"leaderProcessId\":{\"pid\":7,\"pidfdId\":null,\"bootId\":null}}"), 0);
	ck_assert_uint_eq(reg.expected.pidfd_inode, 0);
	ck_assert_int_eq(read_json("{\"leader\":7,\"leaderProcessId\":{\"pid\":7,\"pidfdId\":9}}"),
			 0);
	ck_assert_uint_eq(reg.expected.pidfd_inode, 9);
}
END_TEST

START_TEST(null_is_nothing_said)
{
	ck_assert_int_eq(read_json("{\"name\":\"web1\",\"leader\":7,\"service\":null}"), 0);
	ck_assert_uint_eq(reg.given, 0);
	ck_assert_int_eq(registration_check(&reg, &failure), 0);
	ck_assert_int_eq(read_json("{\"name\":\"web1\",\"leader\":7,\"aliases\":[]}"), 0);
	ck_assert_uint_eq(reg.given, FIELD_ALIASES);
}
END_TEST

static const char *const bad[] = {
	"",
	"x",
	"7",
	"\"web1\"",
	"[]",
	"null",
	"{",
	"{\"name\":\"web1\"",
	"{\"name\":\"web1\"} x",
	"{\"name\":\"web1\"}{}",
	"{'name':'web1'}",
	"{'name':\"web1\"}",
	"{\"name\":\"web1\",\"given\":NaN}",
	"{\"name\":\"web1\",\"given\":-Infinity}",
	"{\"name\":\"web1\",}",
	"{\"name\":7}",
	"{\"name\":\"\"}",
	"{\"name\":\"localhost\"}",
	"{\"name\":\"web\\u00001\"}",
	"{\"name\":\"w\xff\"}",
	"{\"description\":\"\xc0\xaf\"}",
	"{\"description\":\"\xed\xa0\x80\"}",
	"{\"description\":\"\xf5\x80\x80\x80\"}",
	"{\"leader\":\"7\"}",
	"{\"leader\":7.5}",
	"{\"leader\":{\"pid\":7}}",
	"{\"leaderProcessId\":7}",
	"{\"leaderProcessId\":{\"pid\":\"7\"}}",
	"{\"leaderProcessId\":{\"pid\":7,\"pidfdId\":\"9\"}}",
	"{\"leaderProcessId\":{\"pid\":7,\"pidfdId\":-1}}",
	"{\"leaderProcessId\":{\"pid\":7,\"bootId\":9}}",
	"{\"leaderProcessId\":{\"pid\":7,\"bootId\":\"\"}}",
	"{\"leaderProcessId\":{\"pid\":7,\"bootId\":\"00000000000000000000000000000000\"}}",
	"{\"supervisor\":\"7\"}",
	"{\"supervisor\":0}",
	"{\"supervisor\":1}",
	"{\"supervisor\":2147483647}",
	"{\"supervisor\":4294967303}",
	"{\"supervisorProcessId\":7}",
	"{\"supervisorProcessId\":{\"pid\":null}}",
	"{\"class\":\"host\"}",
	"{\"service\":\"a b\"}",
	"{\"service\":[\"a\"]}",
	"{\"id\":\"0011\"}",
	"{\"id\":\"00000000000000000000000000000000\"}",
	"{\"id\":\"00112233-4455-6677-8899aabbccddeeff-\"}",
	"{\"unit\":\"a\"}",
	"{\"unit\":\"a/b.scope\"}",
	"{\"rootDirectory\":\"r\"}",
	"{\"rootDirectory\":\"/r\\\\x0a\"}",
	"{\"na\\u0000me\":\"web1\"}",
	"{\"leader\":2,\"leaderProcessId\":{\"pid\":3}}",
	"{\"given\":7}",
	"{\"given\":{\"name\":\"web1\"}}",
	"{\"addresses\":[{\"family\":2,\"address\":[10,0,0,2],\"ifindex\":\"1\"}]}",
	"{\"addresses\":[{\"family\":2,\"address\":[10,0,0,2],\"ifindex\":4294967297}]}",
	"{\"rootDirectory\":\"/r\\n\"}",
	"{\"vSockCid\":2}",
	"{\"vSockCid\":4294967295}",
	"{\"vSockCid\":-1}",
	"{\"vSockCid\":18446744073709551623}",
	"{\"aliases\":\"www\"}",
	"{\"aliases\":[7]}",
	"{\"aliases\":[\"\"]}",
	"{\"aliases\":[\"tty1\"]}",
	"{\"addresses\":[\"10.0.0\"]}",
	"{\"addresses\":[\"\"]}",
	"{\"addresses\":[7]}",
	"{\"addresses\":[{\"family\":2,\"address\":[10,0,0]}]}",
	"{\"addresses\":[{\"family\":2,\"address\":[10,0,0,256]}]}",
	"{\"addresses\":[{\"family\":2,\"address\":[10,0,0,-1]}]}",
	"{\"addresses\":[{\"family\":258,\"address\":[10,0,0,1]}]}",
	"{\"addresses\":[{\"family\":1,\"address\":[]}]}",
	"{\"addresses\":[\"127.0.0.1\"]}",
	"{\"ifIndices\":[0]}",
	"{\"ifIndices\":[\"no-such-link\"]}",
	"{\"uidMap\":[\"0:100000:65536\"]}",
	"{\"uidMap\":[{\"inner\":0,\"outer\":100000}]}",
	"{\"uidMap\":[{\"inner\":0,\"outer\":100000,\"count\":0}]}",
	"{\"uidMap\":[{\"inner\":0,\"outer\":100000,\"count\":-1}]}",
	"{\"uidMap\":[{\"inner\":0,\"outer\":4294967295,\"count\":2}]}",
	"{\"uidMap\":[{\"inner\":0.0,\"outer\":100000,\"count\":1}]}",
	"{\"colour\":\"red\"}",
};

START_TEST(what_is_wrong_is_refused)
{
	ck_assert_msg(read_json(bad[_i]) == -1, "%s", bad[_i]);
}
END_TEST

START_TEST(parts_that_do_not_fit_are_refused)
{
	ck_assert_int_eq(read_json("{\"leader\":7}"), 0);
	ck_assert_int_eq(registration_check(&reg, &failure), -1);
	ck_assert_int_eq(read_json("{\"name\":\"web1\"}"), 0);
	ck_assert_int_eq(registration_check(&reg, &failure), -1);
	ck_assert_int_eq(read_json("{\"name\":\"web1\",\"leader\":7,\"aliases\":[\"WEB1\"]}"), 0);
	ck_assert_int_eq(registration_check(&reg, &failure), -1);
	ck_assert_int_eq(read_json("{\"name\":\"web1\",\"leader\":7,\"uidMap\":["
				   "{\"inner\":0,\"outer\":1,\"count\":2},"
				   "{\"inner\":9,\"outer\":2,\"count\":2}]}"),
			 0);
	ck_assert_int_eq(registration_check(&reg, &failure), -1);
	ck_assert_int_eq(read_json("{\"name\":\"web1\",\"leader\":7,\"addresses\":[\"fe80::1\"]}"),
			 0);
	ck_assert_int_eq(registration_check(&reg, &failure), -1);
}
END_TEST

START_TEST(what_is_printed_can_be_read)
{
	static const struct machine_address addresses[] = {
		{ .family = AF_INET, .bytes = { 10, 0, 0, 2 }, .interface = "e\x1b[0" },
		{ .family = AF_INET, .bytes = { 10, 0, 0, 3 }, .flags = ADDRESS_GIVEN }
	};
	static const struct machine_interface interfaces[] = { { 2, 0 }, { 1, 1 } };
	static const struct idmap_extent extent = { 0, 100000, 65536 };
	struct pid_context context;
	const struct machine m = { .name = "Web1",
				   .class = MACHINE_CONTAINER,
				   .leader = { 4711, 1, 99 },
				   .has_id = true,
				   .id = { 9 },
				   .service = "lxc",
				   .unit = "a.scope",
				   .root_directory = "/r\"\\",
				   .ssh_address = "x",
				   .control = "/run/qmp",
				   .poweroff_signal = 12,
				   .vsock_cid = 3,
				   .realtime = 1,
				   .aliases = "www",
				   .aliases_size = 4,
				   .given = MACHINE_GIVEN_UNIT | MACHINE_GIVEN_ROOT,
				   .uids = { &extent, 1 },
				   .gids = { &extent, 1 },
				   .addresses = addresses,
				   .n_addresses = 2,
				   .interfaces = interfaces,
				   .n_interfaces = 2 };
	json_object *object;

	ck_assert_int_eq(pid_context_read(&context), 0);
	object = json_from_machine(&m, &context);
	ck_assert_int_eq(read_json(json_object_to_json_string(object)), 0);
	json_object_put(object);
	ck_assert_str_eq(reg.machine.name, "Web1");
	ck_assert_int_eq(reg.leader, 4711);
	ck_assert_uint_eq(reg.expected.pidfd_inode, 99);
	ck_assert_mem_eq(reg.machine.id, m.id, 16);
	ck_assert_str_eq(reg.machine.aliases, "www");
	ck_assert_str_eq(reg.machine.unit, "a.scope");
	ck_assert_str_eq(reg.machine.control, "/run/qmp");
	ck_assert_uint_eq(reg.machine.poweroff_signal, 12);
	ck_assert_str_eq(reg.machine.root_directory, "/r\"\\");
	/* Of what may be found, only the given ones count. */
	ck_assert_uint_eq(reg.machine.n_addresses, 1);
	ck_assert_mem_eq(reg.machine.addresses->bytes, addresses[1].bytes, 16);
	ck_assert_uint_eq(reg.machine.n_interfaces, 1);
	ck_assert_uint_eq(reg.machine.interfaces->index, 1);
	ck_assert(!(reg.given & (FIELD_UID_MAP | FIELD_GID_MAP)));
}
END_TEST

Suite *json_suite(void)
{
	Suite *suite = suite_create("json");
	TCase *table = tcase_create("what_is_wrong_is_refused");

	ADD(suite, every_field_is_read);
	ADD(suite, whole_numbers_are_those_that_64_bits_have);
	ADD(suite, a_long_string_of_digits_is_read_at_once);
	ADD(suite, a_supervisor_is_a_process);
	ADD(suite, a_process_of_another_boot_is_refused);
	ADD(suite, an_unknown_inode_of_a_pidfd_is_none);
	ADD(suite, null_is_nothing_said);
	tcase_add_loop_test(table, what_is_wrong_is_refused, 0, ARRAY_SIZE(bad));
	suite_add_tcase(suite, table);
	ADD(suite, parts_that_do_not_fit_are_refused);
	ADD(suite, what_is_printed_can_be_read);
	return suite;
}
