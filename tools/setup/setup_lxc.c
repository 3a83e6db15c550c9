/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hooks of LXC: lxc.container.conf(5), "CONTAINER HOOKS". */
#include "base/input.h"
#include "base/program.h"
#include "base/quote.h"
#include "tools/setup/lxc_block.h"
#include "tools/setup/lxc_hooks.h"
#include "tools/setup/marked_block.h"
#include "tools/setup/setup_plan.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* lxc.system.conf(5), "lxc.lxcpath": where containers are by default. */
#define CONTAINERS "/var/lib/lxc"

/* lxc-config(1) prints a setting at once, unless the machine is very busy. */
#define LXC_CONFIG_MILLISECONDS (10 * 1000)

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
	char quoted[QUOTED_SIZE], *lines = lxc_block_lines(plan);

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
	lxc_block_edit(plan, &change);
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
	       lxc_hooks_are_in_effect(plan->arena, theirs, lxc_block_lines(plan), LXC_COMMON_FILE);
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
			      "container %s doesn't include " LXC_COMMON_DIRECTORY
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

static int refuse_directory(int error, struct failure *f)
{
	return failure_set(f, FAILURE_NO_SUCH_FILE,
			   LXC_COMMON_DIRECTORY
			   ": %s; name a container's configuration by --config=",
			   strerror(error));
}

int setup_lxc(struct setup_plan *plan, struct failure *f)
{
	struct change change = { .path = LXC_COMMON_FILE, .mode = 0644 };

	if (plan->options->config)
		return change_configuration(plan, plan->options->config, f);
	if (access(LXC_COMMON_DIRECTORY, F_OK) < 0 && !plan->options->remove)
		return refuse_directory(errno, f);
	if (change_read(plan->arena, &change, f) < 0)
		return -1;
	lxc_block_edit(plan, &change);
	if (!change.before && change.after && !plan->options->unattended &&
	    setup_is_read_only(plan, LXC_COMMON_DIRECTORY))
		return refuse_directory(EROFS, f);
	setup_add_change(plan, &change);
	return change_containers(plan, f);
}
