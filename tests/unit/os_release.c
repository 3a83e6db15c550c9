/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/array_size.h"
#include "host/os_release.h"
#include "registry/record.h"

#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

static char text[4096];

static struct os_release parse(const char *from)
{
	ck_assert_uint_lt(strlen(from), sizeof text);
	strcpy(text, from);
	return os_release_parse(text);
}

START_TEST(a_file_of_debians_is_read)
{
	struct os_release os = parse("PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n"
				     "NAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\n"
				     "VERSION=\"12 (bookworm)\"\nVERSION_CODENAME=bookworm\n"
				     "ID=debian\nHOME_URL=\"https://www.debian.org/\"\n");

	ck_assert_str_eq(os.id, "debian");
	ck_assert_str_eq(os.version_id, "12");
	ck_assert_str_eq(os.pretty_name, "Debian GNU/Linux 12 (bookworm)");
}
END_TEST

START_TEST(values_are_quoted_as_in_a_shell)
{
	static const struct {
		const char *line, *value;
	} rows[] = {
		{ "ID=a", "a" },
		{ "ID=a", "a" },
		{ "  ID=a  \r", "a" },
		{ "ID='a b'", "a b" },
		{ "ID='a\\b'", "a\\b" },
		{ "ID=\"a'b\"", "a'b" },
		{ "ID=\"a\\\"b\\$c\\`d\\\\e\"", "a\"b$c`d\\e" },
		{ "ID=\"a\\nb\"", "a\\nb" },
		{ "ID=a\\ b", "a b" },
		{ "ID=a\"b\"'c'd", "abcd" },
		{ "ID=a=b", "a=b" },
		{ "ID=a\nID=b", "b" },
		{ "ID=a\nID=\"b", "a" },
		{ "ID=a\nID=", NULL },
		{ "ID=\"\"", NULL },
		{ "ID=a b", NULL },
		{ "ID='a", NULL },
		{ "ID=\"a\\\"", NULL },
		{ "ID=\"", NULL },
		{ "ID=\\", "\\" },
		{ "# ID=a", NULL },
		{ "#ID=a", NULL },
		{ "ID", NULL },
		{ "ID =a", NULL },
		{ "id=a", NULL },
		{ "XID=a", NULL },
		{ "=a", NULL },
		{ "", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		ck_assert_pstr_eq(parse(rows[i].line).id, rows[i].value);
}
END_TEST

START_TEST(what_is_too_long_is_missing)
{
	char line[256];

	snprintf(line, sizeof line, "ID=%0*d\n", MACHINE_SYSTEM_MAX, 0);
	ck_assert_uint_eq(strlen(parse(line).id), MACHINE_SYSTEM_MAX);
	snprintf(line, sizeof line, "ID=%0*d\n", MACHINE_SYSTEM_MAX + 1, 0);
	ck_assert_ptr_null(parse(line).id);
}
END_TEST

Suite *os_release_suite(void)
{
	Suite *suite = suite_create("os_release");

	ADD(suite, a_file_of_debians_is_read);
	ADD(suite, values_are_quoted_as_in_a_shell);
	ADD(suite, what_is_too_long_is_missing);
	return suite;
}
