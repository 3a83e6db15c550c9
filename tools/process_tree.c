/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/process_tree.h"

#include "registry/cleanup.h"
#include "registry/proc_file.h"
#include "registry/process_stat.h"
#include "tools/format.h"
#include "tools/membership.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is deeper than this isn't drawn: a machine may nest its processes as far as it likes. */
#define DEPTH_MAX 32

/* As much of a command line as is read; the machine's processes can make it 2 MiB. */
#define COMMAND_SIZE_MAX (32 * 1024)

struct tree {
	struct arena arena;
	struct membership membership;
	struct process *members; /* by pid */
	size_t count;
	const char *indent;
	size_t width;
	int digits; /* of the longest pid */
	bool utf8;
};

/* Up to `size` bytes of /proc/PID/FILE. Returns how many; 0 where it can't be read. */
static size_t read_bytes(uint32_t pid, const char *file, char *bytes, size_t size)
{
	char path[PROC_PATH_SIZE];
	CLEANUP_CLOSE int fd = -1;
	size_t length = 0;
	ssize_t n;

	proc_path(path, pid, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && length < size && (n = read(fd, bytes + length, size - length)) > 0)
		length += (size_t) n;
	return length;
}

const char *process_name_read(struct arena *arena, uint32_t pid)
{
	char name[64];
	size_t length = read_bytes(pid, "comm", name, sizeof name - 1);

	if (length == 0)
		return NULL;
	name[length - (name[length - 1] == '\n')] = '\0';
	return escape(name, arena_alloc(arena, ESCAPED_SIZE(strlen(name))));
}

/* The arguments with blanks between, escaped; the name in brackets where there are none. */
static const char *command_line(struct arena *arena, uint32_t pid)
{
	char *line = arena_alloc(arena, COMMAND_SIZE_MAX + 1);
	size_t length = read_bytes(pid, "cmdline", line, COMMAND_SIZE_MAX);
	const char *name;

	while (length > 0 && (line[length - 1] == '\0' || line[length - 1] == ' '))
		length--;
	line[length] = '\0';
	for (size_t i = 0; i < length; i++)
		if (line[i] == '\0')
			line[i] = ' ';
	if (length > 0)
		return escape(line, arena_alloc(arena, ESCAPED_SIZE(length)));
	name = process_name_read(arena, pid);
	return arena_printf(arena, "[%s]", name ? name : "?");
}

static void print_cut(const char *line, size_t width)
{
	size_t length = strlen(line), columns = 0, room;
	const char *at = line;

	if (!width || text_width(line, length) <= width) {
		puts(line);
		return;
	}
	room = width - (is_utf8() ? 1 : 3);
	/* To where the first character begins that there is no room for. */
	while (*at && (columns < room || ((unsigned char) *at & 0xc0) == 0x80))
		columns += ((unsigned char) *at++ & 0xc0) != 0x80;
	while (at > line && columns > room)
		at--;
	printf("%.*s%s\n", (int) (at - line), line, ellipsis());
}

static void print_process(const struct tree *tree, const char *branches, bool is_last, uint32_t pid)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	const char *branch = tree->utf8 ? is_last ? "\u2514\u2500" : "\u251c\u2500"
			     : is_last	? "`-"
					: "|-";

	print_cut(arena_printf(&arena, "%s%s%s%*u %s", tree->indent, branches, branch, tree->digits,
			       pid, command_line(&arena, pid)),
		  tree->width);
}

static bool is_root(const struct tree *tree, const struct process *process)
{
	return !processes_find(tree->members, tree->count, process->parent);
}

/* The one after `previous` below this parent, 0 for none; or NULL. */
static const struct process *next_child(const struct tree *tree, uint32_t parent,
					const struct process *previous)
{
	const struct process *end = tree->members + tree->count;

	for (const struct process *p = previous ? previous + 1 : tree->members; p < end; p++)
		if (parent ? p->parent == parent : is_root(tree, p))
			return p;
	return NULL;
}

static void print_below(struct tree *tree, uint32_t parent, const char *branches, int depth)
{
	const struct process *child = next_child(tree, parent, NULL), *next;

	if (child && depth == DEPTH_MAX) {
		printf("%s%s%s\n", tree->indent, branches, ellipsis());
		return;
	}
	for (; child; child = next) {
		const char *below;

		next = next_child(tree, parent, child);
		print_process(tree, branches, !next, child->pid);
		below = !next ? "  " : tree->utf8 ? "\u2502 " : "| ";
		print_below(tree, child->pid, arena_printf(&tree->arena, "%s%s", branches, below),
			    depth + 1);
	}
}

static void find_members(struct tree *tree, const struct machine *machine)
{
	struct membership *mb = &tree->membership;
	struct machine found;

	for (size_t i = 0; i < mb->n_processes; i++) {
		const struct process *process = &mb->processes[i];

		if (membership_find(mb, process->pid, &found) < 0 ||
		    found.sequence != machine->sequence)
			continue;
		tree->members =
			arena_grow(&tree->arena, tree->members, tree->count, sizeof *tree->members);
		tree->members[tree->count++] = *process;
		tree->digits = snprintf(NULL, 0, "%u", process->pid);
	}
}

int process_tree_print(struct snapshot *snapshot, const struct machine *machine, const char *indent,
		       size_t width)
{
	struct cgroup_hierarchy cgroups;
	struct tree tree = { .indent = indent, .width = width, .utf8 = is_utf8() };
	long count;

	tree.membership = (struct membership){
		.snapshot = snapshot,
		.arena = &tree.arena,
		.cgroups = cgroup_hierarchy_find(&cgroups) == 0 ? &cgroups : NULL,
	};
	count = processes_read(&tree.arena, &tree.membership.processes);
	if (count >= 0) {
		tree.membership.n_processes = (size_t) count;
		find_members(&tree, machine);
		print_below(&tree, 0, "", 0);
	}
	arena_done(&tree.arena);
	return count < 0 ? (int) count : 0;
}
