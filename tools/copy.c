/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines copy-to and copy-from */
#include "registry/cleanup.h"
#include "tools/copy_session.h"
#include "tools/message.h"
#include "tools/sealed_copy.h"
#include "tools/verbs.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int help(bool to_machine)
{
	printf("Usage: mymachines %s [OPTION...] NAME PATH [PATH]\n"
	       "\n"
	       "Copy a file or directory %s. Without a second\n"
	       "path, it goes to the same one there.\n"
	       "\n"
	       "  -h, --help   Show this help\n"
	       "  -q, --quiet  Show no progress\n"
	       "      --force  Replace files that are there\n"
	       "\n"
	       "Owners are those that the machine's id maps make of them, or else root.\n",
	       to_machine ? "copy-to" : "copy-from",
	       to_machine ? "of the host's into a container" : "of a container's to the host");
	return EXIT_SUCCESS;
}

/* 0 to go on, or the exit status plus 1. */
static int parse(int argc, char **argv, const char *verb, struct copy_session *session)
{
	enum { OPTION_FORCE = 256 };
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "force", no_argument, NULL, OPTION_FORCE },
		{ 0 },
	};
	int option;

	optind = 0;
	while ((option = getopt_long(argc, argv, "hq", options, NULL)) >= 0) {
		switch (option) {
		case 'h': return help(session->to_machine) + 1;
		case 'q': session->is_quiet = true; break;
		case OPTION_FORCE: session->replace = true; break;
		default: return complain_usage(verb) + 1;
		}
	}
	if (argc - optind != 2 && argc - optind != 3) {
		complain("%s: takes the name of a machine and one path or two", verb);
		return complain_usage(verb) + 1;
	}
	return 0;
}

/* The caller's to free, or NULL. */
static char *make_absolute(const char *path)
{
	CLEANUP_FREE char *directory = *path == '/' ? NULL : getcwd(NULL, 0);
	char *absolute;

	if (*path == '/')
		return strdup(path);
	return directory && asprintf(&absolute, "%s/%s", directory, path) >= 0 ? absolute : NULL;
}

static int run(const char *verb, int argc, char **argv, struct copy_session *session)
{
	int status = parse(argc, argv, verb, session);
	CLEANUP_FREE char *absolute = NULL;
	char quoted[QUOTED_SIZE], **arguments;

	if (status)
		return status - 1;
	if (sealed_copy_enter(verb, argc, argv) < 0)
		return EXIT_FAILURE;
	arguments = argv + optind;
	session->machine = arguments[0];
	session->here = arguments[!session->to_machine && arguments[2] ? 2 : 1];
	session->there = arguments[session->to_machine && arguments[2] ? 2 : 1];
	if (session->to_machine && !arguments[2])
		session->there = absolute = make_absolute(session->here);
	if (!session->there) {
		complain("%s: cannot tell the working directory: %s", verb, strerror(errno));
		return EXIT_FAILURE;
	}
	if (*session->there != '/') {
		complain("%s: the path in the machine must be absolute, '%s' isn't", verb,
			 quote(session->there, quoted));
		return EXIT_FAILURE;
	}
	return copy_session_run(session);
}

int verb_copy_to(int argc, char **argv)
{
	struct copy_session session = { .to_machine = true };

	return run("copy-to", argc, argv, &session);
}

int verb_copy_from(int argc, char **argv)
{
	struct copy_session session = { .to_machine = false };

	return run("copy-from", argc, argv, &session);
}
