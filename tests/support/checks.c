/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/checks.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What gcc's address sanitizer asks a program for. Each test is a process, which gets all that was freed
 * in those before and is kept to notice its use, and looks through it for leaks: 256 MiB would make a
 * run take twice as long. The sanitizer finds only a symbol that is exported. */
__attribute__((visibility("default"))) const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "quarantine_size_mb=4";
}

/* Lines "TEST INDEX REASON", from the processes that tests are. */
static char skipped_path[64];

void checks_skip(const char *test, int index, const char *reason)
{
	FILE *skipped = fopen(skipped_path, "a");
	size_t length = strlen(test);

	ck_assert_ptr_nonnull(skipped);
	/* Since Check 0.13 the function has another name than the test. */
	if (length > 3 && strcmp(test + length - 3, "_fn") == 0)
		length -= 3;
	fprintf(skipped, "%.*s %d %s\n", (int) length, test, index, reason);
	fclose(skipped);
}

/* The reason why a test was skipped, or NULL. */
static const char *find_reason(FILE *skipped, const char *test, int index, char line[static 512])
{
	char wanted[256];
	int length = snprintf(wanted, sizeof wanted, "%s %d ", test, index);

	rewind(skipped);
	while (fgets(line, 512, skipped))
		if (strncmp(line, wanted, (size_t) length) == 0)
			return line + length;
	return NULL;
}

/* The test's name in "ok 3 - FILE:CASE:TEST: Passed"; false for other lines. */
static bool parse_name(const char *line, char name[static 128])
{
	const char *end = strstr(line, ": Passed"), *begin = end;

	if (strncmp(line, "ok ", 3) != 0 || !end)
		return false;
	while (begin > line && begin[-1] != ':')
		begin--;
	snprintf(name, 128, "%.*s", (int) (end - begin), begin);
	return true;
}

static void print_report(FILE *report, FILE *skipped)
{
	char line[4096], name[128], last[128] = "", reason_line[512];
	int index = 0;

	while (fgets(line, sizeof line, report)) {
		const char *reason = NULL;

		/* The tests of a loop have one name, and come one after another. */
		if (parse_name(line, name)) {
			index = strcmp(name, last) == 0 ? index + 1 : 0;
			strcpy(last, name);
			reason = find_reason(skipped, name, index, reason_line);
		}
		if (reason)
			printf("%.*s # SKIP %s", (int) strcspn(line, "\n"), line, reason);
		else
			fputs(line, stdout);
	}
}

static FILE *temporary(char path[static 64], const char *name)
{
	const char *directory = getenv("TMPDIR");
	int fd;

	snprintf(path, 64, "%s/%s.XXXXXX", directory ? directory : "/tmp", name);
	fd = mkstemp(path);
	if (fd < 0) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	return fdopen(fd, "r");
}

int checks_run(SRunner *runner)
{
	char report_path[64];
	FILE *report = temporary(report_path, "report"), *skipped;
	int failed;

	skipped = temporary(skipped_path, "skipped");
	srunner_set_tap(runner, report_path);
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	print_report(report, skipped);
	fclose(report);
	fclose(skipped);
	unlink(report_path);
	unlink(skipped_path);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
