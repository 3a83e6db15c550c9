/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pamtest FILE: calls of PAM and what they return, through libpamtest(3), for the tests.
 *
 * Each line of the file is SERVICE USER HOST CALL=RESULT..., "-" being an empty HOST. The calls
 * are made one after another on one handle. After CALL=RESULT,NAME=VALUE,... the session's
 * environment has these variables; with NAME= it hasn't. Prints "SERVICE ok", or what came
 * instead.
 *
 * To be run under pam_wrapper(1), whose pam_set_items.so makes the HOST, by way of the environment,
 * PAM_RHOST.
 */
#include "base/array_size.h"

#include <libpamtest.h>
#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALLS_MAX 12

static const struct {
	const char *name;
	enum pamtest_ops operation;
} calls[] = {
	{ "authenticate", PAMTEST_AUTHENTICATE }, { "setcred", PAMTEST_SETCRED },
	{ "account", PAMTEST_ACCOUNT },		  { "open", PAMTEST_OPEN_SESSION },
	{ "close", PAMTEST_CLOSE_SESSION },	  { "password", PAMTEST_CHAUTHTOK },
};

static const struct {
	const char *name;
	int value;
} results[] = {
	{ "SUCCESS", PAM_SUCCESS },
	/* PAM changes this result; see service() in the tests. */
	{ "IGNORE", PAM_AUTHINFO_UNAVAIL },
	{ "PERM_DENIED", PAM_PERM_DENIED },
	{ "SESSION_ERR", PAM_SESSION_ERR },
	{ "AUTH_ERR", PAM_AUTH_ERR },
	{ "CRED_ERR", PAM_CRED_ERR },
	{ "AUTHTOK_ERR", PAM_AUTHTOK_ERR },
	{ "USER_UNKNOWN", PAM_USER_UNKNOWN },
};

static void die(const char *what, const char *text)
{
	fprintf(stderr, "pamtest: %s: %s\n", what, text);
	exit(EXIT_FAILURE);
}

static enum pamtest_ops operation(const char *name, size_t length)
{
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		if (strlen(calls[i].name) == length && memcmp(calls[i].name, name, length) == 0)
			return calls[i].operation;
	die("no such call", name);
	return 0;
}

static int result(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(results); i++)
		if (strcmp(results[i].name, name) == 0)
			return results[i].value;
	die("no such result", name);
	return 0;
}

/* "NAME=VALUE". "NAME=" means that the variable isn't set. */
static int has_variable(char **environment, const char *wanted)
{
	size_t name = strcspn(wanted, "=") + 1;

	for (; environment && *environment; environment++)
		if (strncmp(*environment, wanted, name) == 0)
			return strcmp(*environment, wanted) == 0;
	return !wanted[name];
}

static int check(const char *service, const struct pam_testcase *cases, size_t count,
		 char *variables[])
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		if (cases[i].pam_operation == PAMTEST_GETENVLIST) {
			if (!has_variable(cases[i].case_out.envlist, variables[n++])) {
				printf("%s not %s\n", service, variables[n - 1]);
				return 1;
			}
		} else if (cases[i].op_rv != cases[i].expected_rv) {
			printf("%s call %zu: %d, not %d\n", service, i + 1, cases[i].op_rv,
			       cases[i].expected_rv);
			return 1;
		}
	}
	printf("%s ok\n", service);
	return 0;
}

/* Modules must not prompt; their messages don't matter. */
static int converse(int count, const struct pam_message **messages, struct pam_response **responses,
		    void *data)
{
	(void) messages;
	(void) data;
	*responses = calloc((size_t) count, sizeof **responses);
	return *responses ? PAM_SUCCESS : PAM_BUF_ERR;
}

static int run(char *line)
{
	struct pam_testcase cases[CALLS_MAX] = { 0 };
	char *service = strtok(line, " \n"), *user = strtok(NULL, " \n");
	char *host = strtok(NULL, " \n"), *call, *variables[CALLS_MAX];
	size_t count = 0, n = 0;
	int r;

	if (!host)
		die("no HOST", line);
	setenv("PAM_RHOST", strcmp(host, "-") == 0 ? "" : host, 1);
	while ((call = strtok(NULL, " \n")) && count < CALLS_MAX) {
		size_t length = strcspn(call, "=");
		char *at = call + length + 1, *expected = strsep(&at, ",");

		cases[count].pam_operation = operation(call, length);
		cases[count++].expected_rv = result(expected);
		while (at && count < CALLS_MAX) {
			variables[n++] = strsep(&at, ",");
			cases[count++].pam_operation = PAMTEST_GETENVLIST;
		}
	}
	if (call)
		die("too many calls", service);
	/* pamtest stops at the first call with another result. */
	_pamtest_conv(service, user, converse, NULL, cases, count, NULL);
	r = check(service, cases, count, variables);
	for (size_t i = 0; i < count; i++)
		if (cases[i].pam_operation == PAMTEST_GETENVLIST)
			pamtest_free_env(cases[i].case_out.envlist);
	return r;
}

int main(int argc, char **argv)
{
	FILE *file = argc == 2 ? fopen(argv[1], "r") : NULL;
	char line[4096];
	int failed = 0;

	if (!file)
		die("cannot open", argc == 2 ? argv[1] : "FILE");
	while (fgets(line, sizeof line, file))
		failed |= run(line);
	fclose(file);
	return failed;
}
