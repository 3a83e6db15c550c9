/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hooks of LXC, and those that LXD hands to it: lxc.container.conf(5), "CONTAINER HOOKS". */
#include "base/input.h"
#include "base/program.h"
#include "base/quote.h"
#include "tools/setup/lxc_hooks.h"
#include "tools/setup/lxd_client.h"
#include "tools/setup/marked_block.h"
#include "tools/setup/setup_plan.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * The profile "local:NAME" is this host's. Without these, lxc(1) takes the remote host and the project that
 * its user has chosen last.
 */
#define LOCAL_PROFILE "--project", "default", "profile"

/* lxc(1) waits for LXD to start. Doctor doesn't. */
#define LXC_MILLISECONDS	(60 * 1000)
#define UNATTENDED_MILLISECONDS (3 * 1000)

/* Most templates' configurations include the files of this directory. */
#define COMMON_DIRECTORY "/usr/share/lxc/config/common.conf.d"
#define COMMON_FILE	 COMMON_DIRECTORY "/mymachines.conf"

/* lxc.system.conf(5), "lxc.lxcpath": where containers are by default. */
#define CONTAINERS "/var/lib/lxc"

/* lxc-config(1) prints a setting at once, unless the machine is very busy. */
#define LXC_CONFIG_MILLISECONDS (10 * 1000)

/*
 * Both values of lxc.hook.version will do. LXC puts "exec" before the line and
 * arguments behind it, so it has to be one command.
 */
static char *hook_lines(struct setup_plan *plan)
{
	char *line = arena_printf(plan->arena, "/bin/sh -c %s mymachines",
				  setup_quote(plan, setup_hook_line(plan, "lxc", " -- \"$@\"")));

	return arena_printf(plan->arena, LXC_HOOK_START " = %s\n" LXC_HOOK_STOP " = %s\n", line,
			    line);
}

/* Whether a text has a block of ours that runs this program. */
static bool has_block(struct setup_plan *plan, const char *text)
{
	const char *theirs = marked_block_remove(plan->arena, text);

	return text && (!theirs || strcmp(theirs, text) != 0) && setup_runs_program(text);
}

/* The block stays where it is now, unless the hooks are taken out again behind it. */
static void edit(struct setup_plan *plan, struct change *change)
{
	char *lines = hook_lines(plan), *theirs = marked_block_remove(plan->arena, change->before);

	change->after = theirs;
	if (plan->options->remove)
		return;
	change->after = marked_block_put(plan->arena, change->before, lines);
	if (lxc_hooks_are_in_effect(plan->arena, change->after, lines, COMMON_FILE))
		change->is_outdated = change_is_pending(change) && has_block(plan, change->before);
	else
		change->after = marked_block_put(plan->arena, theirs, lines);
}

/* Whether all lines are "key = value", comments or empty: Proxmox has "key: value", and sections. */
static bool is_lxc_configuration(const char *text)
{
	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		line += strspn(line, " \t\r");
		if (*line && !strchr("#\n", *line) && line[strcspn(line, "=\n")] != '=')
			return false;
	}
	return true;
}

static int change_configuration(struct setup_plan *plan, const char *path, struct failure *f)
{
	struct change change = { .path = path, .mode = 0644 };
	char quoted[QUOTED_SIZE], *lines = hook_lines(plan);

	if (change_read(plan->arena, &change, f) < 0)
		return -1;
	if (!change.before)
		return failure_set(f, FAILURE_NO_SUCH_FILE, "%s: there is none",
				   quote(path, quoted));
	if (!plan->options->remove && !is_lxc_configuration(change.before))
		return failure_set(f, FAILURE_NOT_SUPPORTED,
				   "%s: isn't in LXC's own format, as Proxmox' files aren't, whose "
				   "containers are reached by setup without --config=; or write "
				   "yourself, in the format of the file:\n%.*s",
				   quote(path, quoted), (int) strlen(lines) - 1, lines);
	edit(plan, &change);
	/* A container's configuration stays, even if nothing is left in it. */
	if (!change.after)
		change.after = "";
	setup_add_change(plan, &change);
	return 0;
}

/* Read a configuration. Returns it without our lines; NULL if it can't be read or has no others. */
static char *read_theirs(struct setup_plan *plan, const char *path, char **text)
{
	size_t size;

	return input_read_file(plan->arena, path, text, &size) < 0
		       ? NULL
		       : marked_block_remove(plan->arena, *text);
}

/* Whether a container has the hooks of the common configuration in effect. */
static bool has_common_hooks(struct setup_plan *plan, const char *path)
{
	char *text, *theirs = read_theirs(plan, path, &text);

	return theirs &&
	       lxc_hooks_are_in_effect(plan->arena, theirs, hook_lines(plan), COMMON_FILE);
}

/* Whether a configuration that can be read has none of our lines. */
static bool has_no_block(struct setup_plan *plan, const char *path)
{
	char *text, *theirs = read_theirs(plan, path, &text);

	return theirs && strcmp(theirs, text) == 0;
}

/* Change a container's configuration, if it doesn't include the common one or has our lines. */
static void change_container(struct setup_plan *plan, const char *directory, const char *name)
{
	const char *path = arena_printf(plan->arena, "%s/%s/config", directory, name);
	bool remove = plan->options->remove;
	char quoted[QUOTED_SIZE];
	struct failure f;

	if (access(path, F_OK) < 0 ||
	    (remove ? has_no_block(plan, path) : has_common_hooks(plan, path)) ||
	    change_configuration(plan, path, &f) == 0)
		return;
	quote(name, quoted);
	if (remove)
		setup_add_gap(plan, "lines in the configuration of container %s stay: %s", quoted,
			      f.text);
	else
		setup_add_gap(plan,
			      "container %s doesn't include " COMMON_DIRECTORY
			      ", or takes its hooks out, so it isn't registered: %s",
			      quoted, f.text);
}

/* Returns the directory of root's containers, or NULL with a failure if LXC doesn't tell. */
static const char *find_containers(struct arena *arena, struct failure *f)
{
	const char *const lxc_config[] = { "lxc-config", "lxc.lxcpath", NULL };
	struct program_answer answer;

	if (program_run(arena, lxc_config, LXC_CONFIG_MILLISECONDS, &answer, f) < 0) {
		if (f->kind == FAILURE_NO_PROGRAM)
			return CONTAINERS;
		failure_prefix(f, "where LXC has its containers isn't known");
		return NULL;
	}
	if (answer.status != 0) {
		program_failure("lxc-config", &answer, f);
		return NULL;
	}
	answer.output[strcspn(answer.output, "\n")] = '\0';
	return *answer.output == '/' ? answer.output : CONTAINERS;
}

/* Configurations of some templates, such as busybox, include nothing. */
static int change_containers(struct setup_plan *plan, struct failure *f)
{
	const char *path = find_containers(plan->arena, f);
	struct dirent *entry;
	DIR *directory;

	if (!path)
		return -1;
	directory = opendir(path);
	while (directory && (entry = readdir(directory)))
		if (entry->d_name[0] != '.')
			change_container(plan, path, entry->d_name);
	if (directory)
		closedir(directory);
	return 0;
}

int setup_lxc(struct setup_plan *plan, struct failure *f)
{
	struct change change = { .path = COMMON_FILE, .mode = 0644 };

	if (plan->options->config)
		return change_configuration(plan, plan->options->config, f);
	if (access(COMMON_DIRECTORY, F_OK) < 0 && !plan->options->remove)
		return failure_set(f, FAILURE_NO_SUCH_FILE,
				   COMMON_DIRECTORY
				   ": %s; name a container's configuration by --config=",
				   strerror(errno));
	if (change_read(plan->arena, &change, f) < 0)
		return -1;
	edit(plan, &change);
	setup_add_change(plan, &change);
	return change_containers(plan, f);
}

/* Run lxc(1). Returns what it printed, or NULL with a failure. */
static char *run_lxc(struct arena *arena, const char *const *arguments, int milliseconds,
		     struct failure *f)
{
	struct program_answer answer;

	if (program_run(arena, arguments, milliseconds, &answer, f) < 0)
		return NULL;
	if (answer.status == 0)
		return answer.output;
	program_failure("lxc, the client of LXD", &answer, f);
	return NULL;
}

static int set_raw_lxc(struct arena *arena, const struct change *change, struct failure *f)
{
	const struct lxd_client client = lxd_client_find(arena);
	const char *const set[] = { client.program, LOCAL_PROFILE, "set", change->subject,
				    "raw.lxc",	    change->after, NULL },
			  *const unset[] = { client.program,  LOCAL_PROFILE, "unset",
					     change->subject, "raw.lxc",     NULL };

	if (!client.program)
		return failure_set(f, FAILURE_NO_PROGRAM, "LXD's snap was removed just now");
	return run_lxc(arena, change->after ? set : unset, LXC_MILLISECONDS, f) ? 0 : -1;
}

int setup_lxd(struct setup_plan *plan, struct failure *f)
{
	const char *profile = plan->options->profile ? plan->options->profile : "default";
	const char *local = arena_printf(plan->arena, "local:%s", profile);
	const struct lxd_client client = lxd_client_find(plan->arena);
	const char *const get[] = { client.program, LOCAL_PROFILE, "get", local, "raw.lxc", NULL };
	struct change change = { .subject = local, .apply = set_raw_lxc };
	char *text;

	if (*profile == '-')
		return failure_set(f, FAILURE_INVALID, "a profile's name doesn't begin with '-'");
	if (!plan->options->remove && client.is_of_snap)
		return failure_set(
			f, FAILURE_NOT_SUPPORTED,
			"LXD is from its snap, whose hooks can't see the host's programs, "
			"so they would register nothing; register each container "
			"after its start by 'mymachines register NAME --leader=PID', or "
			"install LXD from a package of the distribution");
	/* Without a snap, there is no profile that setup may have changed. */
	if (!client.program)
		return 0;
	change.path = arena_printf(plan->arena, "raw.lxc of profile %s", profile);
	text = run_lxc(plan->arena, get,
		       plan->options->unattended ? UNATTENDED_MILLISECONDS : LXC_MILLISECONDS, f);
	if (!text)
		return -1;
	/* lxc prints the value and a newline; the value may end in another one. */
	if (*text && text[strlen(text) - 1] == '\n')
		text[strlen(text) - 1] = '\0';
	change.before = *text ? text : NULL;
	edit(plan, &change);
	if (change.after && !*change.after)
		change.after = NULL;
	plan->next_step =
		"running containers are registered at their next start; containers with a raw.lxc "
		"of their own need these lines there";
	setup_add_change(plan, &change);
	return 0;
}
