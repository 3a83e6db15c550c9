/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/array_size.h"
#include "base/signal_name.h"

#include "tests/unit/unit.h"

#include <signal.h>

START_TEST(signals_have_names_and_numbers)
{
	static const struct {
		const char *text;
		int signal;
	} rows[] = {
		{ "SIGTERM", SIGTERM },
		{ "term", SIGTERM },
		{ "sigterm", SIGTERM },
		{ "15", 15 },
		{ "KILL", SIGKILL },
		{ "SIGIO", SIGIO },
		{ "64", 64 },
		{ "65", 0 },
		{ "0", 0 },
		{ "-9", 0 },
		{ "", 0 },
		{ "SIG", 0 },
		{ "SIGSIGTERM", 0 },
		{ "SIGTERM ", 0 },
		{ "SIGRTMIN-1", 0 },
		{ "RTMIN+", 0 },
		{ "SIGRTMIN+99", 0 },
		{ "RTMAX+1", 0 },
		{ "015", 0 },
		{ "4294967311", 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		ck_assert_int_eq(signal_parse(rows[i].text), rows[i].signal);
	ck_assert_int_eq(signal_parse("SIGRTMIN"), SIGRTMIN);
	ck_assert_int_eq(signal_parse("SIGRTMIN+4"), SIGRTMIN + 4);
	ck_assert_int_eq(signal_parse("RTMAX-1"), SIGRTMAX - 1);
}
END_TEST

START_TEST(what_is_printed_is_read_back)
{
	char name[SIGNAL_NAME_SIZE];

	for (int i = 1; i <= SIGRTMAX; i++)
		ck_assert_int_eq(signal_parse(signal_format(i, name)), i);
}
END_TEST

Suite *signal_name_suite(void)
{
	Suite *suite = suite_create("signal_name");

	ADD(suite, signals_have_names_and_numbers);
	ADD(suite, what_is_printed_is_read_back);
	return suite;
}
