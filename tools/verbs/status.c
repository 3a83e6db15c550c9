/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines status */
#include "base/cleanup.h"
#include "base/format.h"
#include "base/pidfd.h"
#include "host/host_machine.h"
#include "host/os_release.h"
#include "host/process.h"
#include "registry/leader_state.h"
#include "registry/lookup.h"
#include "tools/control/cgroup_usage.h"
#include "tools/control/machine_state.h"
#include "tools/describe/process_tree.h"
#include "tools/verbs/machinectl.h"
#include "tools/verbs/named_machines.h"
#include "tools/verbs/option_values.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

/* Names of facts end here, as in machinectl(1). */
#define NAME_WIDTH  16
#define TREE_INDENT "                  "

struct status_settings {
	bool full;
	bool color;
	bool has_printed; /* a machine, so that the next one comes behind an empty line */
	size_t width;	  /* of the terminal, or 0 */
};

static void look_at_terminal(struct status_settings *settings)
{
	const char *columns = getenv("COLUMNS");
	struct winsize window;

	if (!isatty(STDOUT_FILENO))
		return;
	settings->color = wants_colors();
	if (settings->full)
		return;
	if (columns && atoi(columns) > 0)
		settings->width = (size_t) atoi(columns);
	else if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) == 0)
		settings->width = window.ws_col;
	/* Narrower lines can't be read. */
	if (settings->width && settings->width < 40)
		settings->width = 40;
}

static void print_title(const struct machine *m, const struct pid_context *context,
			const struct status_settings *settings)
{
	char id[ID128_TEXT_SIZE];

	if (settings->color)
		printf("\x1b[%sm%s\x1b[0m ",
		       leader_state(&m->leader, context, NULL) == LEADER_DEAD ? "0;1;31" : "0;1;32",
		       is_utf8() ? "\u25cf" : "*");
	fputs(m->name, stdout);
	if (m->has_id)
		printf("(%s)", id128_format(m->id, id));
	else if (m->system.has_id && is_machinectl())
		printf("(%s)", id128_format(m->system.id, id));
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

/* "1min 2.345s", "3h 1min 2.345s" */
static const char *duration_text(struct arena *arena, uint64_t us)
{
	uint64_t minutes = us / 60000000;
	double seconds = (double) (us % 60000000) / 1e6;

	if (minutes >= 60)
		return arena_printf(arena, "%" PRIu64 "h %" PRIu64 "min %.3fs", minutes / 60,
				    minutes % 60, seconds);
	if (minutes > 0)
		return arena_printf(arena, "%" PRIu64 "min %.3fs", minutes, seconds);
	return arena_printf(arena, "%.3fs", seconds);
}

static void print_usage(struct arena *arena, struct machine_processes *processes)
{
	struct cgroup_usage usage = cgroup_usage_read(processes);
	char text[CAPACITY_TEXT_SIZE];

	if (usage.has_tasks)
		print_fact("Tasks", arena_printf(arena, "%" PRIu64, usage.tasks));
	if (usage.has_memory)
		print_fact("Memory", capacity_format(usage.memory, text));
	if (usage.has_cpu)
		print_fact("CPU", duration_text(arena, usage.cpu_us));
}

/* A leader or supervisor. Show the name only if the pid is still that of the process. */
static const char *process_text(struct arena *arena, const struct machine_leader *process,
				const struct pid_context *context)
{
	CLEANUP_CLOSE int pidfd = leader_open(process, context);
	const char *name = pidfd >= 0 ? process_name_read(arena, process->pid) : NULL;

	if (name && pidfd_is_alive(pidfd))
		return arena_printf(arena, "%u (%s)", process->pid, name);
	return arena_printf(arena, pidfd == -ESRCH ? "%u (dead)" : "%u", process->pid);
}

static void print_description(struct arena *arena, const struct machine *m)
{
	const char *description = machine_description(m);

	if (description)
		print_fact("Description", arena_escape(arena, description));
}

static void print_service(struct arena *arena, const struct machine *m)
{
	const char *class = machine_class_name(m->class);

	if (m->service)
		print_fact("Service", arena_printf(arena, "%s; class %s", m->service, class));
	else
		print_fact("Class", class);
}

/* The machine's own claims. machinectl(1) has no word for the source of an id. */
static void print_system(struct arena *arena, const struct machine *m)
{
	const struct machine_system *system = &m->system;
	char id[ID128_TEXT_SIZE];

	print_fact("OS", arena_escape(arena, system->os_name));
	if (system->has_id && !is_machinectl())
		print_fact("Machine Id",
			   arena_printf(arena, "%s (claimed)", id128_format(system->id, id)));
}

static void print_root(struct arena *arena, const struct machine *m)
{
	const char *root = m->root_directory;

	if (root)
		print_fact("Root", arena_escape(arena, root));
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

static int print_host_address(void *data, uint32_t interface, int family, const void *bytes)
{
	const char **name = data;
	char text[INET6_ADDRSTRLEN];

	(void) interface;
	printf("%*s%s %s\n", NAME_WIDTH, *name, **name ? ":" : " ",
	       inet_ntop(family, bytes, text, sizeof text));
	*name = "";
	return 0;
}

/* All of them, also those that are not answered. */
static void print_addresses(const struct machine *m)
{
	const struct machine_address *address;
	char text[ADDRESS_MARKED_SIZE];

	for (size_t i = 0; (address = machine_address(m, i)); i++)
		printf("%*s%s %s\n", NAME_WIDTH, i == 0 ? "Address" : "", i == 0 ? ":" : " ",
		       address_format_marked(address, text));
}

/* Both are of the same processes, which are looked for once. 0 or a negative errno. */
static int print_processes(struct arena *arena, struct snapshot *s, const struct machine *m,
			   size_t width)
{
	CLEANUP(machine_processes_close) struct machine_processes processes = { .namespace = -1 };
	struct cgroup_hierarchy cgroups;
	bool has_cgroups = cgroup_hierarchy_find(&cgroups) == 0;
	int r = machine_processes_open(&processes, s, has_cgroups ? &cgroups : NULL, arena, m);

	/* A machine that has died has no processes. */
	if (r < 0)
		return r == -ESRCH ? 0 : r;
	processes.keeps_list = true;
	print_usage(arena, &processes);
	return process_tree_print(stdout, &processes, TREE_INDENT, width);
}

/* Its processes are those of the whole host, which ps(1) shows better. */
static void print_host(struct arena *arena, const struct machine *host,
		       const struct status_settings *settings)
{
	struct os_release os = os_release_read_host(arena);
	struct pid_context context = { 0 };
	const char *address = "Address";

	/* Without it, the leader's state isn't known. */
	(void) !pid_context_read(&context);
	print_title(host, &context, settings);
	print_since(host);
	print_fact("Leader", process_text(arena, &host->leader, &context));
	print_service(arena, host);
	print_root(arena, host);
	host_addresses_each(print_host_address, &address);
	print_fact("OS", arena_escape(arena, os.pretty_name));
	print_fact("Unit", host->unit);
}

static int print_status(struct snapshot *s, const struct machine *m,
			const struct status_settings *settings, struct failure *f)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	const struct pid_context *context = &s->meta.context;
	int r;

	print_title(m, context, settings);
	if (!is_machinectl())
		print_description(&arena, m);
	print_since(m);
	if (!is_machinectl())
		print_fact("State", machine_state_name(machine_state_ask(m, context)));
	print_fact("Leader", process_text(&arena, &m->leader, context));
	if (m->supervisor.pid)
		print_fact("Supervisor", process_text(&arena, &m->supervisor, context));
	if (machine_is_host_process(m))
		print_fact("Namespaces", "none of its own; only its leader's processes are its");
	print_service(&arena, m);
	print_root(&arena, m);
	print_interfaces(&arena, m);
	print_addresses(m);
	if (m->namespaces & MACHINE_HAS_LOST_IDS)
		print_fact("Ids", "lost: its leader is in another user namespace");
	print_system(&arena, m);
	print_fact("Unit", m->unit);
	r = print_processes(&arena, s, m, settings->width);
	return r < 0 ? failure_set(f, failure_kind_of(r), "%s: cannot list its processes: %s",
				   m->name, registry_writer_error_words(r))
		     : 0;
}

static int show_machine(struct snapshot *snapshot, const struct machine *m, const void *data,
			struct failure *f)
{
	struct status_settings *settings = *(struct status_settings *const *) data;

	if (settings->has_printed)
		putchar('\n');
	settings->has_printed = true;
	if (m->class == MACHINE_HOST) {
		CLEANUP(arena_done) struct arena arena = { 0 };

		print_host(&arena, m, settings);
		return 0;
	}
	return print_status(snapshot, m, settings, f);
}

static int show_status(const struct command_line *line, void *data, struct failure *f)
{
	struct status_settings *settings = data;

	look_at_terminal(settings);
	return show_named_machines(line, show_machine, &settings, f);
}

static const struct verb_option options[] = {
	{ "full", 'l', SETS(struct status_settings, full, set_true),
	  .help = "Don't cut command lines at the width of the terminal" },
	{ 0 },
};

const struct verb status_verb = {
	.name = "status",
	.synopsis = "[OPTION...] NAME...",
	.list_entry = "NAME...",
	.summary = "Show machines and their processes, for people",
	.description = "Show all facts about machines, and the processes in them.",
	.group = VERB_LOOK,
	.is_machinectl = true,
	.has_pager = true,
	.operands = { .min = 1, .max = OPERANDS_MANY, .values = { COMPLETE_MACHINE } },
	.options = options,
	.settings_size = sizeof(struct status_settings),
	.run = show_status,
};
