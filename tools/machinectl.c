/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/machinectl.h"

#include "registry/words.h"
#include "tools/message.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool is_machinectl(void)
{
	return strcmp(program_invocation_short_name, MACHINECTL) == 0;
}

static int help(void)
{
	puts("Usage: machinectl [OPTION...] VERB [NAME...]\n"
	     "\n"
	     "What machinectl(1) does with machines, done by mymachines(1).\n"
	     "\n"
	     "Verbs:\n"
	     "  list                          List the machines that run (also without a verb)\n"
	     "  status NAME...                Show machines, and the processes in them\n"
	     "  show NAME...                  Show the properties of machines\n"
	     "  login NAME                    Open a login prompt of a container\n"
	     "  shell [USER@]NAME [COMMAND]   Run a command in a container, or a shell\n"
	     "  copy-to NAME PATH [PATH]      Copy files into a container\n"
	     "  copy-from NAME PATH [PATH]    Copy files from a container\n"
	     "  bind NAME PATH [PATH]         Mount files of the host's in a container\n"
	     "  poweroff NAME...              Ask machines to shut down; also called stop\n"
	     "  reboot NAME...                Ask machines to start anew; also called restart\n"
	     "  terminate NAME...             End machines at once\n"
	     "  kill NAME...                  Send a signal to the processes of machines\n"
	     "\n"
	     "Options:\n"
	     "  -h, --help                    Show this help\n"
	     "      --version                 Show the version\n"
	     "      --no-legend               Print neither headers nor footers\n"
	     "      --max-addresses=COUNT     Show so many addresses of each, or \"all\"\n"
	     "  -o, --output=MODE             json or json-pretty: list as JSON\n"
	     "  -p, --property=NAME           Show only this property\n"
	     "      --value                   Show only the values\n"
	     "  -a, --all                     Show empty properties, too\n"
	     "  -l, --full                    Don't cut lines\n"
	     "  -s, --signal=SIGNAL           Which signal to send\n"
	     "      --kill-whom=WHOM          leader, or all processes of the machine\n"
	     "      --uid=USER                As whom to run a command\n"
	     "  -E, --setenv=NAME[=VALUE]     Set a variable of its environment\n"
	     "      --force                   Replace files that are there already\n"
	     "      --read-only, --mkdir      How to mount, and where\n"
	     "  -q, --quiet                   Say nothing of the connection\n"
	     "\n"
	     "Images, enable, disable and start are systemd's, and not here.");
	return EXIT_SUCCESS;
}

/* How an option is called in a command line, and which verbs it means something to. */
static const struct rule {
	const char *name;
	int letter; /* or 0 */
	int has_argument;
	const char *verbs; /* with blanks around each; to others it means nothing */
	const char *refusal;
} rules[] = {
	/* clang-format off */
	{ "all", 'a', no_argument, " show " },
	{ "force", 0, no_argument, " copy-from copy-to " },
	{ "format", 0, required_argument, "" },
	{ "full", 'l', no_argument, " status " },
	{ "host", 'H', required_argument, "", "works on this host alone; use ssh" },
	{ "kill-who", 0, required_argument, " kill " },
	{ "kill-whom", 0, required_argument, " kill " },
	{ "lines", 'n', required_argument, "" },
	{ "machine", 'M', required_argument, "", "works on this host alone; use machinectl shell" },
	{ "max-addresses", 0, required_argument, " list " },
	{ "mkdir", 0, no_argument, " bind " },
	{ "no-ask-password", 0, no_argument, "" },
	{ "no-legend", 0, no_argument, " list " },
	{ "no-pager", 0, no_argument, "" },
	{ "output", 'o', required_argument, " list " },
	{ "property", 'p', required_argument, " show " },
	{ "quiet", 'q', no_argument, " shell " },
	{ "read-only", 0, no_argument, " bind " },
	{ "setenv", 'E', required_argument, " shell " },
	{ "signal", 's', required_argument, " kill " },
	{ "uid", 0, required_argument, " shell " },
	{ "value", 0, no_argument, " show " },
	{ "verify", 0, required_argument, "" },
	{ "version", 0, no_argument, "" },
	/* clang-format on */
};

#define N_RULES	 (sizeof rules / sizeof *rules)
#define LETTERS	 "ahlqE:H:M:n:o:p:s:"
#define FIRST_ID 256 /* of rules, as getopt_long(3) returns them */

static const char own_verbs[] =
	" bind copy-from copy-to kill list login poweroff reboot restart shell "
	"show status stop terminate ";
static const char image_verbs[] =
	" cancel-transfer clean clone export-raw export-tar image-status import-fs import-raw "
	"import-tar list-images list-transfers pull-raw pull-tar read-only remove rename set-limit "
	"show-image ";
static const char service_verbs[] = " disable enable start ";

static bool is_in(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (const char *p = list; length && (p = strstr(p, word)); p += length)
		if (p > list && p[-1] == ' ' && p[length] == ' ')
			return true;
	return false;
}

struct given {
	const struct rule *rule;
	const char *value;
};

struct parser {
	struct arena *arena;
	struct given *given;
	size_t n_given;
	char **words; /* the verb, and what it is to work on */
	size_t n_words;
};

static void add_word(struct parser *p, char *word)
{
	p->words = arena_grow(p->arena, p->words, p->n_words, sizeof word);
	p->words[p->n_words++] = word;
}

static const struct rule *find_rule(int id)
{
	for (size_t i = 0; i < N_RULES; i++)
		if ((int) i + FIRST_ID == id || (id < FIRST_ID && rules[i].letter == id))
			return &rules[i];
	return NULL;
}

/* 0 to go on, or the exit status plus 1. */
static int add_option(struct parser *p, int id)
{
	struct given given = { find_rule(id), optarg };

	if (id == 'h')
		return help() + 1;
	if (!given.rule)
		return complain_usage(NULL) + 1;
	if (strcmp(given.rule->name, "version") == 0) {
		puts("mymachines " PACKAGE_VERSION);
		return EXIT_SUCCESS + 1;
	}
	if (given.rule->refusal) {
		complain("--%s: %s", given.rule->name, given.rule->refusal);
		return EXIT_FAILURE + 1;
	}
	p->given = arena_grow(p->arena, p->given, p->n_given, sizeof given);
	p->given[p->n_given++] = given;
	return 0;
}

/* What comes after the machine is the command's. */
static bool is_shell_command(const struct parser *p)
{
	return p->n_words == 2 && strcmp(p->words[0], "shell") == 0;
}

static int read_words(struct parser *p, int argc, char **argv)
{
	struct option options[N_RULES + 2] = { { "help", no_argument, NULL, 'h' } };
	int id, status;

	for (size_t i = 0; i < N_RULES; i++)
		options[i + 1] = (struct option){ rules[i].name, rules[i].has_argument, NULL,
						  (int) i + FIRST_ID };
	optind = 0;
	while (!is_shell_command(p) &&
	       (id = getopt_long(argc, argv, "-" LETTERS, options, NULL)) >= 0) {
		if (id == 1) {
			add_word(p, optarg);
			continue;
		}
		status = add_option(p, id);
		if (status)
			return status;
	}
	while (optind < argc)
		add_word(p, argv[optind++]);
	if (p->n_words == 0)
		add_word(p, arena_strdup(p->arena, "list"));
	return 0;
}

/* 0 to go on, or the exit status plus 1. */
static int check_verb(const struct parser *p)
{
	const char *verb = p->words[0];
	char quoted[QUOTED_SIZE];

	if (strcmp(verb, "help") == 0)
		return help() + 1;
	if (is_in(image_verbs, verb))
		complain("%s: images are not mymachines' business, and not here", verb);
	else if (is_in(service_verbs, verb))
		complain("%s: machines are started by what makes them, as "
			 "systemctl %s systemd-nspawn@NAME",
			 verb, verb);
	else if (!is_in(own_verbs, verb))
		complain("unknown verb '%s'; see machinectl --help", quote(verb, quoted));
	else if (strcmp(verb, "show") == 0 && p->n_words == 1)
		complain("show: a name is missing; there is no manager that would have properties");
	else
		return 0;
	return EXIT_FAILURE + 1;
}

static void add(struct arena *arena, struct command_line *line, char *word)
{
	line->argv = arena_grow(arena, line->argv, (size_t) line->argc, sizeof word);
	line->argv[line->argc++] = word;
}

/* An option as the verb has it, or NULL. */
static char *translate(struct arena *arena, const struct given *g)
{
	if (strcmp(g->rule->name, "output") != 0)
		return arena_printf(arena, "--%s%s%s", g->rule->name, g->value ? "=" : "",
				    g->value ? g->value : "");
	/* The others are the journal's. */
	if (strcmp(g->value, "json-pretty") == 0)
		return arena_strdup(arena, "--json=pretty");
	return strncmp(g->value, "json", 4) == 0 ? arena_strdup(arena, "--json=short") : NULL;
}

static void add_options(struct parser *p, struct command_line *line)
{
	for (size_t i = 0; i < p->n_given; i++) {
		char *option = NULL;

		if (is_in(p->given[i].rule->verbs, p->words[0]))
			option = translate(p->arena, &p->given[i]);
		if (option)
			add(p->arena, line, option);
	}
}

int machinectl_parse(struct arena *arena, int argc, char **argv, struct command_line *line)
{
	struct parser p = { .arena = arena };
	int status = read_words(&p, argc, argv);

	if (status == 0)
		status = check_verb(&p);
	if (status)
		return status;
	*line = (struct command_line){ 0 };
	add(arena, line, p.words[0]);
	add_options(&p, line);
	add(arena, line, arena_strdup(arena, "--"));
	for (size_t i = 1; i < p.n_words; i++)
		add(arena, line, p.words[i]);
	add(arena, line, NULL);
	line->argc--;
	return 0;
}
