/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mymachines ps: the host's own ps(1) lists, sorts and formats. It is asked
 * for numbers, in columns wide enough to be found again, where a machine, a
 * user or a group is to be named; these are put in here.
 */
#include "base/cleanup.h"
#include "registry/lookup.h"
#include "tools/verbs/command_line.h"
#include "tools/verbs/pager.h"
#include "tools/verbs/ps_listing.h"
#include "tools/verbs/verb_help.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int no_ps(struct failure *f, int error)
{
	return failure_set(f, FAILURE_NO_PROGRAM, "cannot run ps(1): %s; install procps",
			   strerror(error));
}

/* Start ps(1). Its standard output comes back as a stream; NULL with a failure. */
static FILE *start_ps(const char *const *arguments, pid_t *pid, struct failure *f)
{
	posix_spawn_file_actions_t actions;
	FILE *stream;
	int ends[2], r;

	if (pipe2(ends, O_CLOEXEC) < 0 || !(stream = fdopen(ends[0], "re"))) {
		failure_errno(f, -errno, "ps");
		return NULL;
	}
	/* ps must not cut lines: they are cut here, when they have their names. */
	unsetenv("COLUMNS");
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	r = posix_spawnp(pid, arguments[0], &actions, NULL, (char *const *) arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	if (r == 0)
		return stream;
	fclose(stream);
	no_ps(f, r);
	return NULL;
}

static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return EXIT_FAILURE;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}

static int list_processes(struct listing *l, struct failure *f)
{
	CLEANUP_FREE char *line = NULL;
	size_t room = 0;
	ssize_t length;
	pid_t pid;
	FILE *stream;
	int status;

	listing_choose_columns(l);
	listing_find_width(l);
	stream = start_ps(l->arguments, &pid, f);
	if (!stream)
		return -1;
	while ((length = getline(&line, &room, stream)) >= 0) {
		line[strcspn(line, "\n")] = '\0';
		listing_add_line(l, line);
	}
	fclose(stream);
	status = wait_for(pid);
	listing_print(l);
	return status == 0 && l->n_processes == 0 ? EXIT_FAILURE : status;
}

/* Replace the names of -M by those that the machines were registered with. */
static int find_machines(struct listing *l, struct failure *f)
{
	struct ps_options *o = &l->options;

	for (size_t i = 0; i < o->n_machines; i++) {
		struct machine m = { .name = HOST_MACHINE };

		if (strcmp(o->machines[i], ".host") != 0 &&
		    machine_find(l->membership.snapshot, o->machines[i], &m, f) < 0)
			return -1;
		o->machines[i] = m.name;
	}
	return 0;
}

static void listing_done(struct listing *l)
{
	id_names_done(&l->names);
	membership_done(&l->membership);
	arena_done(&l->arena);
}

/* Become ps(1), for what lists nothing. */
static int execute_ps(const struct command_line *line, struct failure *f)
{
	char **arguments =
		arena_alloc(line->arena, ((size_t) line->n_words + 2) * sizeof *arguments);

	arguments[0] = arena_strdup(line->arena, "ps");
	memcpy(arguments + 1, line->words, (size_t) line->n_words * sizeof *arguments);
	execvp("ps", arguments);
	return no_ps(f, errno);
}

static int list_with_machines(struct listing *l, struct failure *f)
{
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };
	struct cgroup_hierarchy cgroups;
	long count;

	if (registry_open(&snapshot, f) < 0)
		return -1;
	l->names = (struct id_names){ .snapshot = &snapshot, .arena = &l->arena };
	l->membership = (struct membership){
		.snapshot = &snapshot,
		.arena = &l->arena,
		.cgroups = cgroup_hierarchy_find(&cgroups) == 0 ? &cgroups : NULL,
	};
	count = processes_read(&l->arena, &l->membership.ancestry.processes);
	l->membership.ancestry.count = count > 0 ? (size_t) count : 0;
	return find_machines(l, f) < 0 ? -1 : list_processes(l, f);
}

static int run_ps(const struct command_line *line, void *settings, struct failure *f)
{
	CLEANUP(listing_done) struct listing l = { 0 };

	(void) settings;
	if (ps_options_parse(&l.options, &l.arena, line->n_words, line->words, f) < 0)
		return -1;
	if (l.options.help) {
		print_verb_help(line->verb);
		return EXIT_SUCCESS;
	}
	if (l.options.as_is)
		return execute_ps(line, f);
	if (!l.options.no_pager)
		pager_begin();
	return list_with_machines(&l, f);
}

static const struct verb_option options[] = {
	{ "machine", 'M', "NAME",
	  .help = "List only processes of this machine: all of them, unless other options select "
		  "some; .host for those of no machine. May be given more than once",
	  .values = COMPLETE_MACHINE },
	{ 0 },
};

const struct verb ps_verb = {
	.name = "ps",
	.synopsis = "[-M NAME] [PS-OPTION...]",
	.list_entry = "[-M NAME]",
	.summary = "List processes with their machines, as ps(1) does",
	.description =
		"List processes with the machines that they are in. Takes the options of "
		"ps(1), in the styles of UNIX, BSD and GNU. Adds a column MACHINE before the "
		"others, or "
		"where -o names \"machine\", and shows users and groups of machines by name.",
	.notes = "Examples:\n"
		 "  mymachines ps -M web1\n"
		 "  mymachines ps -ef --forest\n"
		 "  mymachines ps -eo pid,user,machine,args --sort=-rss",
	.group = VERB_LOOK,
	.reads_words = true,
	.operands = { .max = OPERANDS_MANY },
	.options = options,
	.run = run_ps,
};
