/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/array_size.h"
#include "base/format.h"

#include "base/quote.h"
#include "tests/unit/unit.h"
#include "tools/messages/message.h"

#include <locale.h>
#include <string.h>

static const struct {
	const char *text, *escaped;
} escapes[] = {
	{ "", "" },
	{ "/var/lib/machines/web 1", "/var/lib/machines/web 1" },
	{ "a\nb\tc\x1b[31m", "a\\x0ab\\x09c\\x1b[31m" },
	{ "back\\slash", "back\\x5cslash" },
	{ "\x7f", "\\x7f" },
	{ "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f" },
	{ "\xe2\x82\xac \xf0\x9f\x90\xa7", "\xe2\x82\xac \xf0\x9f\x90\xa7" },
	/* C1 controls, overlong forms, surrogates, beyond Unicode, cut short. */
	{ "\xc2\x9b", "\\xc2\\x9b" },
	{ "\xc0\xaf", "\\xc0\\xaf" },
	{ "\xe0\x80\xaf", "\\xe0\\x80\\xaf" },
	{ "\xed\xa0\x80", "\\xed\\xa0\\x80" },
	{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" },
	{ "\xe2\x82", "\\xe2\\x82" },
	{ "\xff\xfe", "\\xff\\xfe" },
	/* Right to left, line separator, zero width, and the last of the bidirectional isolates. */
	{ "\xe2\x80\xae"
	  "abc",
	  "\\xe2\\x80\\xae"
	  "abc" },
	{ "\xe2\x80\xa8", "\\xe2\\x80\\xa8" },
	{ "\xe2\x80\x8b", "\\xe2\\x80\\x8b" },
	{ "\xe2\x81\xa9", "\\xe2\\x81\\xa9" },
	{ "\xf3\xa0\x81\x81", "\\xf3\\xa0\\x81\\x81" },
	/* Their neighbours. */
	{ "\xe2\x80\x90\xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xb0",
	  "\xe2\x80\x90\xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xb0" },
};

static void use_locale(const char *name)
{
	ck_assert_ptr_nonnull(setlocale(LC_CTYPE, name));
}

START_TEST(what_a_terminal_would_obey_is_escaped)
{
	char escaped[ESCAPED_SIZE(64)];

	use_locale("C.UTF-8");
	ck_assert_str_eq(escape(escapes[_i].text, escaped), escapes[_i].escaped);
	use_locale("C");
	ck_assert_str_eq(escape_for_programs(escapes[_i].text, escaped), escapes[_i].escaped);
}
END_TEST

START_TEST(a_terminal_of_another_locale_gets_ascii)
{
	char escaped[ESCAPED_SIZE(64)];

	use_locale("C");
	for (const char *p = escape(escapes[_i].text, escaped); *p; p++)
		ck_assert_msg(*p >= 0x20 && *p < 0x7f, "'%s'", escaped);
	ck_assert_str_eq(unescape(escaped), escapes[_i].text);
}
END_TEST

START_TEST(json_in_ascii_means_the_same)
{
	struct arena arena = { 0 };

	ck_assert_str_eq(
		ascii_json(&arena, "{\"a\\n\":\"gr\xc3\xbc\xe2\x82\xac\xf0\x9f\x90\xa7\"}"),
		"{\"a\\n\":\"gr\\u00fc\\u20ac\\ud83d\\udc27\"}");
	arena_done(&arena);
}
END_TEST

START_TEST(quotes_are_short_ascii)
{
	char quoted[QUOTED_SIZE], text[200];

	ck_assert_str_eq(quote("web1", quoted), "web1");
	ck_assert_str_eq(quote("w\xc3\xbc\n", quoted), "w\\xc3\\xbc\\x0a");
	memset(text, 0x01, sizeof text - 1);
	text[sizeof text - 1] = '\0';
	ck_assert_uint_eq(strlen(quote(text, quoted)), 80 * 4 + 3);
}
END_TEST

START_TEST(a_cut_leaves_characters_whole)
{
	static const char text[] = "a\u00e9\u20ac\U0001f600";
	static const size_t whole[] = { 0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10 };

	ck_assert_uint_eq(ARRAY_SIZE(whole), sizeof text);
	for (size_t size = 0; size < sizeof text; size++)
		ck_assert_uint_eq(utf8_whole(text, size), whole[size]);
	ck_assert_uint_eq(utf8_whole("\x80\x80\x80\x80", 4), 4);
	ck_assert_uint_eq(utf8_whole("\xff\x80\x80\x80", 4), 4);
}
END_TEST

START_TEST(ids_are_32_digits)
{
	static const uint8_t id[16] = { 0x01, 0x23, 0xab, [15] = 0xff };
	char text[ID128_TEXT_SIZE];

	ck_assert_str_eq(id128_format(id, text), "0123ab000000000000000000000000ff");
}
END_TEST

START_TEST(times_are_told_as_systemd_does)
{
	static const struct {
		uint64_t us;
		const char *text;
	} rows[] = {
		{ 0, "now" },
		{ 7, "7us ago" },
		{ 7999, "7ms ago" },
		{ 59999999, "59s ago" },
		{ 60000000, "1min 0s ago" },
		{ 299000000, "4min 59s ago" },
		{ 300000000, "5min ago" },
		{ 3600000000, "1h 0min ago" },
		{ 21599000000, "5h 59min ago" },
		{ 21600000000, "6h ago" },
		{ 89999000000, "24h ago" },
		{ 90000000000, "1 day 1h ago" },
		{ 172800000000, "2 days ago" },
		{ 604800000000, "1 weeks 0 days ago" },
		{ 2629800000000, "1 months 0 days ago" },
		{ 31557600000000, "1 years 0 months ago" },
	};
	char text[AGO_TEXT_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		ck_assert_str_eq(ago_format(1000, 1000 + rows[i].us, text), rows[i].text);
	ck_assert_str_eq(ago_format(5000000, 0, text), "5s left");
	ago_format(0, UINT64_MAX, text);
}
END_TEST

Suite *format_suite(void)
{
	Suite *suite = suite_create("format");
	TCase *table = tcase_create("what_a_terminal_would_obey_is_escaped");

	tcase_add_loop_test(table, what_a_terminal_would_obey_is_escaped, 0, ARRAY_SIZE(escapes));
	suite_add_tcase(suite, table);
	ADD_TIMES(suite, a_terminal_of_another_locale_gets_ascii, ARRAY_SIZE(escapes));
	ADD(suite, json_in_ascii_means_the_same);
	ADD(suite, quotes_are_short_ascii);
	ADD(suite, a_cut_leaves_characters_whole);
	ADD(suite, ids_are_32_digits);
	ADD(suite, times_are_told_as_systemd_does);
	return suite;
}
