/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/array_size.h"
#include "tools/setup/nsswitch.h"

#include "tests/unit/unit.h"

#include <gnu/libc-version.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static struct arena arena;

/* Complete a text with correct lines for the other two databases. */
static const char *with_others(const char *database, const char *line)
{
	static const struct {
		const char *database, *line;
	} rights[] = { { "passwd", "passwd: files mymachines\n" },
		       { "group", "group: files mymachines\n" },
		       { "hosts", "hosts: files mymachines dns\n" } };
	const char *text = "";

	for (size_t i = 0; i < 3; i++)
		if (strcmp(rights[i].database, database) != 0)
			text = arena_printf(&arena, "%s%s", text, rights[i].line);
	return arena_printf(&arena, "%s%s", text, line);
}

/* Check what becomes of a line. */
static void check_added(const char *database, const char *line, const char *expected)
{
	const char *text = with_others(database, line), *added = nsswitch_add(&arena, text);
	const char *other;
	enum nsswitch_verdict verdict = nsswitch_judge(&arena, added, database, &other);

	ck_assert_str_eq(added, with_others(database, expected));
	ck_assert_msg(strcmp(nsswitch_add(&arena, added), added) == 0, "twice: %s", line);
	/* Behind services of accounts, mymachines depends on their actions. */
	ck_assert_msg(verdict <= NSSWITCH_SYSTEMD_FIRST ||
			      (verdict == NSSWITCH_UNRELIABLE && strcmp(database, "hosts") != 0),
		      "it isn't right: %s", added);
}

static const char *without_others(const char *text, const char *database)
{
	return nsswitch_remove(&arena, with_others(database, text));
}

/* Lines without mymachines. Adding and removing it gives the same bytes. */
static const struct {
	const char *database, *line, *added;
} additions[] = {
	{ "hosts", "hosts: files dns\n", "hosts: files mymachines dns\n" },
	{ "hosts", "hosts:\t  files\t  dns\n", "hosts:\t  files mymachines\t  dns\n" },
	{ "hosts", "hosts: files dns\r\n", "hosts: files mymachines dns\r\n" },
	{ "hosts", "hosts: files\r\n", "hosts: files mymachines\r\n" },
	{ "hosts", "hosts: files # not dns\n", "hosts: files mymachines # not dns\n" },
	{ "hosts", "hosts: files# dns\n", "hosts: mymachines files# dns\n" },
	{ "hosts", "  hosts:files dns\n", "  hosts:files mymachines dns\n" },
	{ "hosts", "hosts files dns\n", "hosts files mymachines dns\n" },
	{ "hosts", "hosts : files\n", "hosts : files mymachines\n" },
	{ "hosts", "hosts: files myhostname resolve [!UNAVAIL=return] dns\n",
	  "hosts: files mymachines myhostname resolve [!UNAVAIL=return] dns\n" },
	{ "hosts", "hosts: resolve [!UNAVAIL=return] files myhostname dns\n",
	  "hosts: mymachines resolve [!UNAVAIL=return] files myhostname dns\n" },
	{ "hosts", "hosts: myhostname  resolve [!UNAVAIL=return] files\n",
	  "hosts: myhostname mymachines  resolve [!UNAVAIL=return] files\n" },
	{ "hosts", "hosts: files mdns4_minimal [NOTFOUND=return] dns\n",
	  "hosts: files mymachines mdns4_minimal [NOTFOUND=return] dns\n" },
	{ "hosts", "hosts: mdns4_minimal [NOTFOUND=return] files dns\n",
	  "hosts: mymachines mdns4_minimal [NOTFOUND=return] files dns\n" },
	{ "hosts", "hosts: myhostname files dns\n", "hosts: myhostname files mymachines dns\n" },
	{ "hosts", "hosts: dns\n", "hosts: mymachines dns\n" },
	{ "hosts", "hosts: compat dns\n", "hosts: compat mymachines dns\n" },
	{ "hosts", "hosts: myhostname\n", "hosts: mymachines myhostname\n" },
	{ "hosts", "hosts:\n", "hosts: mymachines\n" },
	{ "hosts", "hosts: \t # nothing\n", "hosts: mymachines \t # nothing\n" },
	{ "hosts", "hosts:# nothing\n", "hosts:mymachines # nothing\n" },
	{ "hosts", "hosts:\t# nothing\n", "hosts: mymachines\t# nothing\n" },
	{ "hosts", "hosts: files [NOTFOUND=return] dns\n",
	  "hosts: files mymachines [NOTFOUND=return] dns\n" },
	{ "hosts", "hosts: files[ !unavail = Return ]dns\n",
	  "hosts: files mymachines[ !unavail = Return ]dns\n" },
	{ "hosts", "hosts: files [TRYAGAIN=continue] dns\n",
	  "hosts: files [TRYAGAIN=continue] mymachines dns\n" },
	{ "passwd", "passwd: files systemd\n", "passwd: files mymachines systemd\n" },
	{ "passwd", "passwd: compat systemd\n", "passwd: compat mymachines systemd\n" },
	{ "passwd", "passwd: sss files\n", "passwd: sss files mymachines\n" },
	{ "passwd", "passwd: sss [NOTFOUND=return] files\n",
	  "passwd: sss mymachines [NOTFOUND=return] files\n" },
	{ "passwd", "passwd: files sss systemd\n", "passwd: files sss mymachines systemd\n" },
	{ "passwd", "passwd: files ldap winbind\n", "passwd: files ldap winbind mymachines\n" },
	{ "passwd", "passwd: files systemd sss\n", "passwd: files systemd sss mymachines\n" },
	{ "passwd", "passwd: ldap [UNAVAIL=return] files systemd\n",
	  "passwd: ldap [UNAVAIL=return] files mymachines systemd\n" },
	{ "passwd", "passwd: files sss [NOTFOUND=return]\n",
	  "passwd: files sss mymachines [NOTFOUND=return]\n" },
	{ "passwd", "passwd: systemd\n", "passwd: mymachines systemd\n" },
	{ "passwd", "passwd: files [NOTFOUND=continue]extrausers\n",
	  "passwd: files [NOTFOUND=continue]extrausers mymachines\n" },
	{ "passwd", "passwd: files [NOTFOUND=continue]systemd\n",
	  "passwd: files [NOTFOUND=continue]mymachines systemd\n" },
	{ "group", "group: files[SUCCESS=merge]systemd\n",
	  "group: files[SUCCESS=merge] mymachines [SUCCESS=merge]systemd\n" },
	{ "hosts", "hosts: files [TRYAGAIN=continue]dns\n",
	  "hosts: files [TRYAGAIN=continue]mymachines dns\n" },
	{ "passwd", "passwd: dns files\n", "passwd: dns files mymachines\n" },
	{ "passwd", "passwd: files [TRYAGAIN=continue]#x\n",
	  "passwd: files [TRYAGAIN=continue]mymachines #x\n" },
	{ "passwd", "passwd: files [SUCCESS=merge] systemd\n",
	  "passwd: files [SUCCESS=merge] mymachines systemd\n" },
	{ "passwd", "passwd: files [SUCCESS=continue]\n",
	  "passwd: mymachines files [SUCCESS=continue]\n" },
	{ "hosts", "hosts: files [SUCCESS=merge] x\n",
	  "hosts: mymachines files [SUCCESS=merge] x\n" },
	{ "group", "group: files [SUCCESS=merge] systemd\n",
	  "group: files [SUCCESS=merge] mymachines [SUCCESS=merge] systemd\n" },
	{ "group", "group: files  [success=merge]  systemd [SUCCESS=merge] sss\n",
	  "group: files  [success=merge]  systemd [SUCCESS=merge] sss mymachines\n" },
	{ "group", "group: db [SUCCESS=merge] files [SUCCESS=merge NOTFOUND=return] x\n",
	  "group: db [SUCCESS=merge] mymachines [SUCCESS=merge] files "
	  "[SUCCESS=merge NOTFOUND=return] x\n" },
	{ "group", "group: files [SUCCESS=merge NOTFOUND=return] systemd\n",
	  "group: mymachines files [SUCCESS=merge NOTFOUND=return] systemd\n" },
};

#define N_ADDITIONS (ARRAY_SIZE(additions))

START_TEST(mymachines_goes_behind_directories_and_before_systemd_and_dns)
{
	check_added(additions[_i].database, additions[_i].line, additions[_i].added);
}
END_TEST

START_TEST(removing_gives_the_bytes_back)
{
	const char *database = additions[_i].database, *before = additions[_i].line;

	ck_assert_str_eq(without_others(additions[_i].added, database),
			 without_others(before, database));
	ck_assert_ptr_nonnull(strstr(without_others(additions[_i].added, database), before));
}
END_TEST

/* Lines that have mymachines already, and what becomes of them; no change without `added`. */
static const struct {
	const char *database, *line;
	enum nsswitch_verdict verdict;
	const char *other, *added;
} judged[] = {
	{ "hosts", "hosts: files mymachines dns\n", NSSWITCH_RIGHT },
	{ "hosts", "hosts: files myhostname mymachines resolve\n", NSSWITCH_RIGHT },
	{ "hosts", "hosts: mymachines resolve [!UNAVAIL=return] files\n", NSSWITCH_RIGHT },
	{ "hosts", "hosts: files mymachines [NOTFOUND=return] dns\n", NSSWITCH_RIGHT },
	{ "hosts", "hosts: files mymachines dns mymachines\n", NSSWITCH_RIGHT },
	{ "hosts", "hosts: mymachines\n", NSSWITCH_RIGHT },
	{ "hosts", "hosts: mymachines files dns\n", NSSWITCH_BEFORE_FILES },
	{ "passwd", "passwd: mymachines compat\n", NSSWITCH_BEFORE_DIRECTORY, "compat",
	  "passwd: compat mymachines\n" },
	{ "passwd", "passwd: files mymachines sss\n", NSSWITCH_BEFORE_DIRECTORY, "sss",
	  "passwd: files sss mymachines\n" },
	{ "group", "group: files [SUCCESS=merge] mymachines [SUCCESS=merge] ldap systemd\n",
	  NSSWITCH_BEFORE_DIRECTORY, "ldap",
	  "group: files [SUCCESS=merge] ldap mymachines systemd\n" },
	{ "passwd", "passwd: files mymachines systemd extrausers\n", NSSWITCH_BEFORE_DIRECTORY,
	  "extrausers", "passwd: files systemd extrausers mymachines\n" },
	{ "passwd", "passwd: files systemd extrausers mymachines\n", NSSWITCH_SYSTEMD_FIRST,
	  "extrausers" },
	{ "passwd", "passwd: sss mymachines [NOTFOUND=return] files\n", NSSWITCH_RIGHT },
	{ "passwd", "passwd: files systemd mymachines\n", NSSWITCH_RIGHT },
	{ "passwd", "passwd: ldap [UNAVAIL=return] files mymachines\n", NSSWITCH_UNRELIABLE,
	  "ldap [UNAVAIL=return]" },
	{ "group", "group: x [!NOTFOUND=return] y mymachines [NOTFOUND=return]\n",
	  NSSWITCH_UNRELIABLE, "x [!NOTFOUND=return]" },
	{ "passwd", "passwd: dns mymachines\n", NSSWITCH_RIGHT },
	{ "hosts", "hosts: files dns mymachines\n", NSSWITCH_LATE, "dns",
	  "hosts: files mymachines dns\n" },
	{ "hosts", "hosts: resolve mymachines files dns\n", NSSWITCH_LATE, "resolve",
	  "hosts: mymachines resolve files dns\n" },
	{ "hosts", "hosts: files resolve [!UNAVAIL=return] mymachines dns\n", NSSWITCH_UNREACHED,
	  "resolve [!UNAVAIL=return]", "hosts: files mymachines resolve [!UNAVAIL=return] dns\n" },
	{ "hosts", "hosts: files mdns4_minimal [notfound=RETURN] mymachines\n", NSSWITCH_UNREACHED,
	  "mdns4_minimal [notfound=RETURN]",
	  "hosts: files mymachines mdns4_minimal [notfound=RETURN]\n" },
	{ "hosts", "hosts: files [TRYAGAIN=return] mymachines # c\n", NSSWITCH_UNRELIABLE,
	  "files [TRYAGAIN=return]", "hosts: files mymachines [TRYAGAIN=return] # c\n" },
	{ "hosts", "hosts: files [UNAVAIL=return] mymachines\n", NSSWITCH_UNRELIABLE,
	  "files [UNAVAIL=return]", "hosts: files mymachines [UNAVAIL=return]\n" },
	{ "hosts", "hosts: x [!SUCCESS=return] mymachines mymachines files\n", NSSWITCH_UNREACHED,
	  "x [!SUCCESS=return]", "hosts: mymachines x [!SUCCESS=return] files\n" },
	{ "hosts", "hosts: x [!NOTFOUND=return] mymachines files\n", NSSWITCH_UNRELIABLE,
	  "x [!NOTFOUND=return]", "hosts: mymachines x [!NOTFOUND=return] files\n" },
	{ "hosts", "hosts: x [NOTFOUND=return NOTFOUND=continue] mymachines\n", NSSWITCH_RIGHT },
	{ "hosts", "hosts: x [!SUCCESS=continue SUCCESS=return] mymachines\n", NSSWITCH_RIGHT },
	{ "passwd", "passwd: files sss [NOTFOUND=return] mymachines systemd\n", NSSWITCH_UNREACHED,
	  "sss [NOTFOUND=return]", "passwd: files sss mymachines [NOTFOUND=return] systemd\n" },
	{ "group", "group: files [SUCCESS=merge] mymachines systemd\n", NSSWITCH_CUTS_MERGE,
	  "files [SUCCESS=merge]",
	  "group: files [SUCCESS=merge] mymachines [SUCCESS=merge] systemd\n" },
	{ "group", "group: files [SUCCESS=merge] mymachines\n", NSSWITCH_RIGHT },
	{ "group", "group: files mymachines [SUCCESS=continue] systemd\n", NSSWITCH_LOST,
	  "mymachines [SUCCESS=continue]", "group: files mymachines systemd\n" },
	{ "group", "group: files mymachines [SUCCESS=continue]\n", NSSWITCH_RIGHT },
	{ "passwd", "passwd: files [SUCCESS=merge] mymachines systemd\n", NSSWITCH_RIGHT },
	{ "passwd", "passwd: files mymachines [SUCCESS=merge]\n", NSSWITCH_LOST,
	  "mymachines [SUCCESS=merge]", "passwd: files mymachines\n" },
	{ "passwd", "passwd: files mymachines#x\n", NSSWITCH_ABSENT, NULL,
	  "passwd: files mymachines mymachines#x\n" },
};

START_TEST(a_line_with_mymachines_is_judged_and_corrected)
{
	const char *text = with_others(judged[_i].database, judged[_i].line), *other;

	ck_assert_int_eq(nsswitch_judge(&arena, text, judged[_i].database, &other),
			 judged[_i].verdict);
	ck_assert_pstr_eq(other, judged[_i].other);
	if (judged[_i].added)
		check_added(judged[_i].database, judged[_i].line, judged[_i].added);
	else
		ck_assert_str_eq(nsswitch_add(&arena, text), text);
}
END_TEST

static const char *const malformed[] = {
	"hosts: files [NOTFOUND=return dns\n",
	"hosts: files [NOTFOUND] dns\n",
	"hosts: files [NOTFOUND=] dns\n",
	"hosts: files [=return] dns\n",
	"hosts: files [] dns\n",
	"hosts: files [\n",
	"hosts: files [NOTFOUND",
	"hosts: files [NOTFOUND=return # ] mymachines\n",
	"hosts: files [LOST=return] dns\n",
	"hosts: files [NOTFOUND=leave] mymachines dns\n",
	"hosts: files [!!NOTFOUND=return] mymachines dns\n",
	"hosts: [NOTFOUND=return] files mymachines\n",
	"hosts: files [NOTFOUND=return] [UNAVAIL=return] mymachines\n",
};

START_TEST(a_malformed_line_is_not_changed)
{
	const char *text = with_others("hosts", malformed[_i]), *other;

	ck_assert_int_eq(nsswitch_judge(&arena, text, "hosts", &other), NSSWITCH_MALFORMED);
	ck_assert_ptr_null(other);
	ck_assert_str_eq(nsswitch_add(&arena, text), text);
	ck_assert_ptr_nonnull(strstr(nsswitch_remove(&arena, text), malformed[_i]));
}
END_TEST

/* Since version 2.33, glibc reads a line to its end, and no line of a file with an invalid action. */
START_TEST(an_invalid_action_anywhere_keeps_glibc_from_reading)
{
	static const struct {
		const char *line, *other;
		enum nsswitch_verdict verdict;
	} rows[] = {
		{ "shadow: files [X=Y]\n", "shadow", NSSWITCH_REJECTED },
		{ "networks: files # [\n", "networks", NSSWITCH_REJECTED },
		{ "sudoers: files [X=Y]\n", NULL, NSSWITCH_RIGHT },
		{ "shadow: [X=Y] files\n", NULL, NSSWITCH_RIGHT },
		{ "shadow: files [X=Y]", NULL, NSSWITCH_RIGHT },
	};
	const char *other;

	if (strverscmp(gnu_get_libc_version(), "2.33") < 0)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *text = arena_printf(&arena, "%s%s",
						with_others("hosts", "hosts: files mymachines\n"),
						rows[i].line);

		ck_assert_int_eq(nsswitch_judge(&arena, text, "hosts", &other), rows[i].verdict);
		ck_assert_pstr_eq(other, rows[i].other);
	}
	ck_assert_int_eq(nsswitch_judge(&arena, "hosts: mymachines [SUCCESS=continue] # x\n",
					"hosts", &other),
			 NSSWITCH_LOST);
}
END_TEST

START_TEST(missing_lines_are_added)
{
	static const char all[] = "passwd: files mymachines\ngroup: files mymachines\n"
				  "hosts: files mymachines dns\n";
	static const char *const none[] = {
		"# hosts: files\n", "hostsx: files\n", "HOSTS: files\n", "host: files\n", "\n\n",
		": files\n",	    "services: db\n",  "hosts#: files\n"
	};
	const char *other;

	ck_assert_str_eq(nsswitch_add(&arena, NULL), all);
	ck_assert_str_eq(nsswitch_add(&arena, ""), all);
	ck_assert_str_eq(nsswitch_remove(&arena, NULL), "");
	for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
		ck_assert_int_eq(nsswitch_judge(&arena, none[i], "hosts", &other),
				 NSSWITCH_NO_LINE);
		ck_assert_str_eq(nsswitch_add(&arena, none[i]),
				 arena_printf(&arena, "%s%s", none[i], all));
	}
}
END_TEST

/* Otherwise glibc would never read the line. */
START_TEST(a_line_without_a_newline_gets_one)
{
	const char *other;

	ck_assert_int_eq(nsswitch_judge(&arena, "hosts: files mymachines", "hosts", &other),
			 NSSWITCH_CUT_OFF);
	check_added("hosts", "hosts: files dns", "hosts: files mymachines dns\n");
	check_added("hosts", "hosts: files mymachines", "hosts: files mymachines\n");
	check_added("hosts", "hosts: dns mymachines # c", "hosts: mymachines dns # c\n");
	/* glibc ignored these, and looked for the files. An empty line that it reads has no service. */
	check_added("hosts", "hosts", "hosts: files mymachines dns\n");
	check_added("passwd", "passwd", "passwd: files mymachines\n");
	check_added("passwd", "passwd:", "passwd: files mymachines\n");
	check_added("passwd", "passwd:# c", "passwd: files mymachines # c\n");
	ck_assert_str_eq(without_others("hosts: files dns", "hosts"),
			 without_others("hosts: files mymachines dns", "hosts"));
}
END_TEST

START_TEST(everything_else_stays_as_it_is)
{
	static const char before[] = "# a comment with hosts: in it\n\n\tpasswd:\tcompat # c\n"
				     "shadow: files\n \ngroup:  files systemd\nhosts: files dns\n"
				     "netgroup: nis\nhosts: dns\n# the end";
	static const char after[] =
		"# a comment with hosts: in it\n\n\tpasswd:\tcompat mymachines # c\n"
		"shadow: files\n \ngroup:  files mymachines systemd\nhosts: files mymachines dns\n"
		"netgroup: nis\nhosts: mymachines dns\n# the end";

	ck_assert_str_eq(nsswitch_add(&arena, before), after);
	ck_assert_str_eq(nsswitch_add(&arena, after), after);
	ck_assert_str_eq(nsswitch_remove(&arena, after), before);
}
END_TEST

START_TEST(all_lines_of_a_database_must_be_right)
{
	static const char *const texts[] = { "hosts: files mymachines\nhosts: files dns\n",
					     "hosts: files dns\nhosts: files mymachines\n" };
	const char *other;

	for (size_t i = 0; i < 2; i++)
		ck_assert_int_eq(nsswitch_judge(&arena, texts[i], "hosts", &other),
				 NSSWITCH_ABSENT);
}
END_TEST

START_TEST(mymachines_is_removed_wherever_it_is)
{
	static const char *const pairs[][2] = {
		{ "hosts: mymachines\n", "hosts:\n" },
		{ "hosts: mymachines [NOTFOUND=return] files\n", "hosts: files\n" },
		{ "hosts: files dns mymachines", "hosts: files dns" },
		{ "hosts: mymachines files mymachines dns mymachines\n", "hosts: files dns\n" },
		{ "hosts: files [TRYAGAIN=continue] mymachines [NOTFOUND=return]\n",
		  "hosts: files [TRYAGAIN=continue]\n" },
		{ "hosts: files # mymachines\n", "hosts: files # mymachines\n" },
		{ "passwd: files mymachines [SUCCESS=merge]\n", "passwd: files\n" },
		{ "passwd: files mymachines [TRYAGAIN=continue]\n", "passwd: files\n" },
		{ "passwd: files [TRYAGAIN=continue]mymachines \n",
		  "passwd: files [TRYAGAIN=continue] \n" },
		{ "passwd: files mymachines [SUCCESS=merge NOTFOUND=return]\n", "passwd: files\n" },
		{ "hosts: files mymachines2\n", "hosts: files mymachines2\n" },
		{ "shadow: files mymachines\n", "shadow: files mymachines\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		ck_assert_str_eq(nsswitch_remove(&arena, pairs[i][0]), pairs[i][1]);
}
END_TEST

START_TEST(mymachines_stays_where_it_was_before)
{
	const char *text = "passwd: files mymachines # mine\ngroup: files mymachines\n"
			   "hosts: files mymachines dns\n",
		   *before = "hosts: mymachines\nhosts: files\npasswd: files # mymachines\n";

	ck_assert_str_eq(nsswitch_restore(&arena, text, text), text);
	ck_assert_str_eq(nsswitch_restore(&arena, text, ""), nsswitch_remove(&arena, text));
	ck_assert_str_eq(nsswitch_restore(&arena, text, before),
			 "passwd: files # mine\ngroup: files\nhosts: files mymachines dns\n");
}
END_TEST

/*
 * Any text: setup twice is setup once, and setup and remove gives the bytes
 * back, if all lines were there and none had mymachines before.
 */
START_TEST(setup_and_remove_are_inverse_for_any_text)
{
	static const char *const parts[] = { ":",
					     " ",
					     "  ",
					     "files",
					     "dns",
					     "sss",
					     "[",
					     "]",
					     "\n",
					     "!",
					     "UNAVAIL",
					     "=",
					     "return",
					     "#",
					     "\t",
					     "systemd",
					     "\r",
					     "[NOTFOUND=return]",
					     "x",
					     "continue",
					     "ldap",
					     "compat",
					     " [SUCCESS=merge] ",
					     "[NOTFOUND=continue]" };
	static const char *const databases[] = { "hosts", "passwd", "group" };
	static const char *const heads[] = { ": files ", ":", " ", "", ": " };
	unsigned int not_idempotent = 0, not_inverse = 0;

	srand(1);
	for (size_t i = 0; i < 60000; i++) {
		const char *database = databases[i % 3], *added, *text, *other;
		const char *line = arena_printf(&arena, "%s%s%s", rand() % 2 ? " " : "", database,
						heads[(size_t) rand() % ARRAY_SIZE(heads)]);
		bool is_cut_off = rand() % 8 == 0, has_line;

		for (int n = rand() % 12; n > 0; n--)
			line = arena_printf(&arena, "%s%s", line,
					    parts[(size_t) rand() % ARRAY_SIZE(parts)]);
		text = with_others(database,
				   arena_printf(&arena, "%s%s", line, is_cut_off ? "" : "\n"));
		has_line = nsswitch_judge(&arena, text, database, &other) != NSSWITCH_NO_LINE;
		added = nsswitch_add(&arena, text);
		not_idempotent += strcmp(nsswitch_add(&arena, added), added) != 0;
		not_inverse +=
			has_line && !is_cut_off &&
			strcmp(nsswitch_remove(&arena, added), nsswitch_remove(&arena, text)) != 0;
		arena_done(&arena);
	}
	ck_assert_uint_eq(not_idempotent, 0);
	ck_assert_uint_eq(not_inverse, 0);
}
END_TEST

static void done(void)
{
	arena_done(&arena);
}

#define ADD_LOOP(suite, function, count)                                                           \
	do {                                                                                       \
		TCase *looped = tcase_create(#function);                                           \
		tcase_add_checked_fixture(looped, NULL, done);                                     \
		tcase_add_loop_test(looped, function, 0, count);                                   \
		suite_add_tcase(suite, looped);                                                    \
	} while (0)

Suite *nsswitch_suite(void)
{
	Suite *suite = suite_create("nsswitch");

	ADD_LOOP(suite, mymachines_goes_behind_directories_and_before_systemd_and_dns, N_ADDITIONS);
	ADD_LOOP(suite, removing_gives_the_bytes_back, N_ADDITIONS);
	ADD_LOOP(suite, a_line_with_mymachines_is_judged_and_corrected, ARRAY_SIZE(judged));
	ADD_LOOP(suite, a_malformed_line_is_not_changed, ARRAY_SIZE(malformed));
	ADD_LOOP(suite, an_invalid_action_anywhere_keeps_glibc_from_reading, 1);
	ADD_LOOP(suite, missing_lines_are_added, 1);
	ADD_LOOP(suite, a_line_without_a_newline_gets_one, 1);
	ADD_LOOP(suite, everything_else_stays_as_it_is, 1);
	ADD_LOOP(suite, all_lines_of_a_database_must_be_right, 1);
	ADD_LOOP(suite, mymachines_is_removed_wherever_it_is, 1);
	ADD_LOOP(suite, mymachines_stays_where_it_was_before, 1);
	ADD_LOOP(suite, setup_and_remove_are_inverse_for_any_text, 1);
	return suite;
}
