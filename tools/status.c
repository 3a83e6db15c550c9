/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines status */
#include "registry/cleanup.h"
#include "registry/process.h"
#include "tools/format.h"
#include "tools/message.h"
#include "tools/options.h"
#include "tools/os_release.h"
#include "tools/process_tree.h"
#include "tools/verbs.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

/* Names of facts end here, as in machinectl(1). */
#define NAME_WIDTH  16
#define TREE_INDENT "                  "

struct settings {
	bool full;
	bool color;
	size_t width; /* of the terminal, or 0 */
};

static int help(void)
{
	puts("Usage: mymachines status [OPTION...] NAME...\n"
	     "\n"
	     "Show what is known of machines, and the processes in them.\n"
	     "\n"
	     "  -h, --help       Show this help\n"
	     "  -l, --full       Don't cut command lines at the terminal's width\n"
	     "      --no-pager   Accepted; there is no pager");
	return EXIT_SUCCESS;
}

/* 0 to go on, or the exit status plus 1. */
static int parse(int argc, char **argv, struct settings *settings)
{
	enum { OPTION_NO_PAGER = 256 };
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "full", no_argument, NULL, 'l' },
		{ "no-pager", no_argument, NULL, OPTION_NO_PAGER },
		{ 0 },
	};
	int option;

	optind = 0;
	while ((option = getopt_long(argc, argv, "hl", options, NULL)) >= 0) {
		switch (option) {
		case 'h': return help() + 1;
		case 'l': settings->full = true; break;
		case OPTION_NO_PAGER: break;
		default: return complain_usage("status") + 1;
		}
	}
	if (optind == argc) {
		complain("status: a name is missing");
		return complain_usage("status") + 1;
	}
	return 0;
}

static void look_at_terminal(struct settings *settings)
{
	const char *term = getenv("TERM"), *columns = getenv("COLUMNS");
	struct winsize window;

	if (!isatty(STDOUT_FILENO))
		return;
	settings->color = !getenv("NO_COLOR") && term && strcmp(term, "dumb") != 0;
	if (settings->full)
		return;
	if (columns && atoi(columns) > 0)
		settings->width = (size_t) atoi(columns);
	else if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) == 0)
		settings->width = window.ws_col;
	/* In less than this nothing can be read. */
	if (settings->width && settings->width < 40)
		settings->width = 40;
}

static void print_title(const struct machine *m, const struct registry_origin *origin,
			const struct settings *settings)
{
	struct machine shown = *m;
	char id[ID128_TEXT_SIZE];

	if (settings->color)
		printf("\x1b[%sm%s\x1b[0m ",
		       leader_has_died(&m->leader, origin) ? "0;1;31" : "0;1;32",
		       is_utf8() ? "\u25cf" : "*");
	fputs(m->name, stdout);
	if (!shown.has_id)
		shown.has_id = machine_id_read(m, origin, shown.id);
	if (shown.has_id)
		printf("(%s)", id128_format(shown.id, id));
	putchar('\n');
}

static void print_fact(const char *name, const char *value)
{
	if (value && *value)
		printf("%*s: %s\n", NAME_WIDTH, name, value);
}

static void print_since(const struct machine *m)
{
	char text[TIME_TEXT_SIZE], ago[AGO_TEXT_SIZE];
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	printf("%*s: %s; %s\n", NAME_WIDTH, "Since", time_format(m->realtime, text),
	       ago_format(m->realtime,
			  (uint64_t) now.tv_sec * 1000000u + (uint64_t) now.tv_nsec / 1000u, ago));
}

/* The name only if the pid is the leader's still. */
static const char *leader_text(struct arena *arena, const struct machine *m,
			       const struct registry_origin *origin)
{
	CLEANUP_CLOSE int pidfd = leader_open(&m->leader, origin);
	const char *name = pidfd >= 0 ? process_name_read(arena, m->leader.pid) : NULL;

	if (name && leader_is_running(pidfd))
		return arena_printf(arena, "%u (%s)", m->leader.pid, name);
	return arena_printf(arena, pidfd == -ESRCH ? "%u (dead)" : "%u", m->leader.pid);
}

static void print_service(struct arena *arena, const struct machine *m)
{
	const char *class = machine_class_name(m->class);

	if (m->service)
		print_fact("Service", arena_printf(arena, "%s; class %s", m->service, class));
	else
		print_fact("Class", class);
}

static void print_root(struct arena *arena, const struct machine *m)
{
	const char *root = m->root_directory;

	if (root)
		print_fact("Root", escape(root, arena_alloc(arena, ESCAPED_SIZE(strlen(root)))));
}

static void print_interfaces(struct arena *arena, const struct machine *m)
{
	const char *list = "";

	for (size_t i = 0; i < m->n_interfaces; i++) {
		char name[IF_NAMESIZE], escaped[ESCAPED_SIZE(IF_NAMESIZE)];
		uint32_t index = m->interfaces[i].index;
		const char *blank = i > 0 ? " " : "";

		if (if_indextoname(index, name))
			list = arena_printf(arena, "%s%s%s", list, blank, escape(name, escaped));
		else
			list = arena_printf(arena, "%s%s%u", list, blank, index);
	}
	print_fact("Iface", list);
}

static void print_addresses(const struct machine *m)
{
	char text[ADDRESS_TEXT_SIZE];

	for (size_t i = 0; i < m->n_addresses; i++)
		printf("%*s%s %s\n", NAME_WIDTH, i == 0 ? "Address" : "", i == 0 ? ":" : " ",
		       address_format(&m->addresses[i], text));
}

/* 0, or -1 after a message. */
static int print_status(struct snapshot *s, const struct machine *m,
			const struct settings *settings)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	const struct registry_origin *origin = &s->meta.origin;
	int r;

	print_title(m, origin, settings);
	print_since(m);
	print_fact("Leader", leader_text(&arena, m, origin));
	print_service(&arena, m);
	print_root(&arena, m);
	print_interfaces(&arena, m);
	print_addresses(m);
	print_fact("OS", os_release_read(&arena, m, origin).pretty_name);
	print_fact("Unit", m->unit);
	r = process_tree_print(s, m, TREE_INDENT, settings->width);
	if (r < 0)
		complain("%s: cannot list its processes: %s", m->name, error_words(r));
	return r < 0 ? -1 : 0;
}

int verb_status(int argc, char **argv)
{
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };
	struct settings settings = { 0 };
	int status = parse(argc, argv, &settings);
	bool is_first = true;

	if (status)
		return status - 1;
	look_at_terminal(&settings);
	if (open_registry(&snapshot) < 0)
		return EXIT_FAILURE;
	for (int i = optind; i < argc; i++) {
		struct machine m;

		if (find_machine(&snapshot, argv[i], &m) < 0) {
			status = EXIT_FAILURE;
			continue;
		}
		if (!is_first)
			putchar('\n');
		is_first = false;
		if (print_status(&snapshot, &m, &settings) < 0)
			status = EXIT_FAILURE;
	}
	return status;
}
