/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines shell */
#include "registry/cleanup.h"
#include "tools/machine_session.h"
#include "tools/machinectl.h"
#include "tools/message.h"
#include "tools/sealed_copy.h"
#include "tools/verbs.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int help(void)
{
	puts("Usage: mymachines shell [OPTION...] [USER@]NAME [COMMAND [ARGUMENT...]]\n"
	     "\n"
	     "Run a command in a container, or the login shell of its user.\n"
	     "\n"
	     "  -h, --help                 Show this help\n"
	     "  -q, --quiet                Say nothing of the connection\n"
	     "      --uid=USER             As this user, by name or number (default: root)\n"
	     "  -E, --setenv=NAME[=VALUE]  Set an environment variable, or pass it on\n"
	     "\n"
	     "Where standard input and output are a terminal, it gets one of the machine's;\n"
	     "^] three times within a second leaves it. Otherwise it gets pipes.");
	return EXIT_SUCCESS;
}

/* As a shell would have it. */
static bool is_variable_name(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!strchr("_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", text[i]) &&
		    (i == 0 || !strchr("0123456789", text[i])))
			return false;
	return length > 0;
}

/* NAME=VALUE, or NAME for what it is here, if it is anything. */
static int add_setting(struct machine_session *session, const char *text)
{
	char quoted[QUOTED_SIZE], *setting = NULL;
	size_t length = strcspn(text, "=");
	const char *value = text[length] ? NULL : getenv(text);
	int r = 0;

	if (!is_variable_name(text, length)) {
		complain("shell: '%s' is no environment variable", quote(text, quoted));
		return -1;
	}
	if (value && asprintf(&setting, "%s=%s", text, value) < 0)
		r = -1;
	else if (text[length] || value)
		r = string_list_add(&session->settings, setting ? setting : text);
	free(setting);
	if (r < 0)
		complain("out of memory");
	return r < 0 ? -1 : 0;
}

/* 0 to go on, or the exit status plus 1. */
static int parse(int argc, char **argv, struct machine_session *session)
{
	enum { OPTION_UID = 256 };
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "uid", required_argument, NULL, OPTION_UID },
		{ "setenv", required_argument, NULL, 'E' },
		{ 0 },
	};
	int option;

	optind = 0;
	/* What comes after the machine is the command's. */
	while ((option = getopt_long(argc, argv, "+hqE:", options, NULL)) >= 0) {
		switch (option) {
		case 'h': return help() + 1;
		case 'q': session->is_quiet = true; break;
		case OPTION_UID: session->user = optarg; break;
		case 'E':
			if (add_setting(session, optarg) < 0)
				return EXIT_FAILURE + 1;
			break;
		default: return complain_usage("shell") + 1;
		}
	}
	return 0;
}

/* [USER@]NAME, cut in place. */
static int set_machine(struct machine_session *session, char *text)
{
	char *at = strrchr(text, '@');

	session->machine = at ? at + 1 : text;
	if (at) {
		*at = '\0';
		/* It counts for more than --uid, as with machinectl. */
		if (*text)
			session->user = text;
	}
	if (!*session->machine || strcmp(session->machine, ".host") == 0) {
		complain("shell: the host itself is no machine; use su or sudo");
		return -1;
	}
	return 0;
}

static int run(struct machine_session *session, int argc, char **argv)
{
	struct machine_program program = { 0 };
	char **arguments;
	int status = parse(argc, argv, session);

	if (status)
		return status - 1;
	/* Where there were options behind it, they are in front now. */
	arguments = argv + optind;
	if (!*arguments) {
		complain("shell: the name of a machine is missing; the host's own shell isn't "
			 "opened here");
		return complain_usage("shell");
	}
	if (sealed_copy_enter("shell", argc, argv) < 0 || set_machine(session, arguments[0]) < 0)
		return EXIT_FAILURE;
	if (arguments[1])
		program = (struct machine_program){ arguments[1], arguments + 1 };
	session->programs = &program;
	return machine_session_run(session);
}

int verb_shell(int argc, char **argv)
{
	struct machine_session session = {
		.verb = "shell",
		.user = "root",
		.n_programs = 1,
		.hides_status = is_machinectl(),
	};
	int status = run(&session, argc, argv);

	string_list_done(&session.settings);
	return status;
}
