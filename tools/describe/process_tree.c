/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/describe/process_tree.h"

#include "base/cleanup.h"
#include "base/format.h"
#include "base/proc_file.h"
#include "host/file_reader.h"
#include "registry/process_stat.h"
#include "tools/processes/machine_unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Deeper levels are not drawn. A machine can nest its processes as deep as it likes. */
#define DEPTH_MAX 32

/* After so many command lines that didn't come, no more are asked for. */
#define HUNG_MAX 3

/* The part of a command line that is read. A process can make it any length. */
#define COMMAND_SIZE_MAX (32 * 1024)

struct tree {
	FILE *stream;
	struct arena arena;
	struct process *members;  /* sorted by pid */
	struct process *families; /* the same, sorted by their parent, and then by pid */
	size_t count;
	const char *indent;
	size_t width;
	int digits;    /* of the largest pid */
	size_t n_hung; /* command lines that didn't come in time */
	bool utf8;
};

const char *process_name_read(struct arena *arena, uint32_t pid)
{
	char path[PROC_PATH_SIZE], name[64];
	ssize_t length;

	/* It isn't in the process's memory, so reading it can't be blocked. */
	proc_path(path, pid, "comm");
	length = file_read_short(path, name, sizeof name);
	if (length <= 0)
		return NULL;
	name[length - (name[length - 1] == '\n')] = '\0';
	return arena_escape(arena, name);
}

/*
 * The arguments, separated by blanks and escaped; or the name in brackets if there are none. A process may have
 * them in memory that never comes. Who has read there may be stuck for as long as it likes, so after some of
 * these, names must do.
 */
static const char *command_line(struct tree *tree, struct arena *arena, uint32_t pid)
{
	char *line = arena_alloc(arena, COMMAND_SIZE_MAX + 1);
	ssize_t length = tree->n_hung < HUNG_MAX
				 ? file_reader_read_proc(pid, "cmdline", line, COMMAND_SIZE_MAX + 1)
				 : 0;
	const char *name;

	tree->n_hung += length == -ETIMEDOUT;

	while (length > 0 && (line[length - 1] == '\0' || line[length - 1] == ' '))
		length--;
	line[length > 0 ? length : 0] = '\0';
	for (ssize_t i = 0; i < length; i++)
		if (line[i] == '\0')
			line[i] = ' ';
	if (length > 0)
		return arena_escape(arena, line);
	name = process_name_read(arena, pid);
	return arena_printf(arena, "[%s]", name ? name : "?");
}

static void print_cut(FILE *stream, const char *line, size_t width)
{
	size_t length = strlen(line), columns = 0, room;
	const char *at = line;

	if (!width || text_width(line, length) <= width) {
		fprintf(stream, "%s\n", line);
		return;
	}
	room = width - (is_utf8() ? 1 : 3);
	/* Find the first character that doesn't fit. */
	while (*at && (columns < room || ((unsigned char) *at & 0xc0) == 0x80))
		columns += ((unsigned char) *at++ & 0xc0) != 0x80;
	while (at > line && columns > room)
		at--;
	fprintf(stream, "%.*s%s\n", (int) (at - line), line, ellipsis());
}

static void print_process(struct tree *tree, const char *branches, bool is_last, uint32_t pid)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	const char *branch = tree->utf8 ? is_last ? "\u2514\u2500" : "\u251c\u2500"
			     : is_last	? "`-"
					: "|-";

	print_cut(tree->stream,
		  arena_printf(&arena, "%s%s%s%*u %s", tree->indent, branches, branch, tree->digits,
			       pid, command_line(tree, &arena, pid)),
		  tree->width);
}

static int compare_families(const void *a, const void *b)
{
	const struct process *x = a, *y = b;

	return x->parent != y->parent ? x->parent < y->parent ? -1 : 1
	       : x->pid < y->pid      ? -1
				      : x->pid > y->pid;
}

/* Give each a member as its parent, or none, and sort them by that, and then by pid. */
static void sort_families(struct tree *tree)
{
	tree->families =
		arena_copy(&tree->arena, tree->members, tree->count * sizeof *tree->families);
	for (size_t i = 0; i < tree->count; i++)
		if (!processes_find(tree->members, tree->count, tree->families[i].parent))
			tree->families[i].parent = 0;
	if (tree->count)
		qsort(tree->families, tree->count, sizeof *tree->families, compare_families);
}

/* The place of the first child of a parent, 0 for none; if it has no child, any other's, or the end. */
static size_t find_first_child(const struct tree *tree, uint32_t parent)
{
	size_t first = 0, end = tree->count;

	while (first < end) {
		size_t middle = first + (end - first) / 2;

		if (tree->families[middle].parent < parent)
			first = middle + 1;
		else
			end = middle;
	}
	return first;
}

static bool is_child(const struct tree *tree, size_t i, uint32_t parent)
{
	return i < tree->count && tree->families[i].parent == parent;
}

static void print_below(struct tree *tree, uint32_t parent, const char *branches, int depth)
{
	size_t i = find_first_child(tree, parent);

	if (is_child(tree, i, parent) && depth == DEPTH_MAX) {
		fprintf(tree->stream, "%s%s%s\n", tree->indent, branches, ellipsis());
		return;
	}
	for (; is_child(tree, i, parent); i++) {
		bool is_last = !is_child(tree, i + 1, parent);
		uint32_t child = tree->families[i].pid;
		const char *below;

		print_process(tree, branches, is_last, child);
		below = is_last ? "  " : tree->utf8 ? "\u2502 " : "| ";
		print_below(tree, child, arena_printf(&tree->arena, "%s%s", branches, below),
			    depth + 1);
	}
}

/* 0 or a negative errno. */
static int find_members(struct tree *tree, struct machine_processes *processes)
{
	long count = machine_unit_list(processes, &tree->arena, &tree->members);

	/* A machine that has died has no processes. */
	if (count < 0)
		return count == -ESRCH ? 0 : (int) count;
	tree->count = (size_t) count;
	if (count > 0)
		tree->digits = snprintf(NULL, 0, "%u", tree->members[count - 1].pid);
	return 0;
}

int process_tree_print(FILE *stream, struct machine_processes *processes, const char *indent,
		       size_t width)
{
	struct tree tree = {
		.stream = stream, .indent = indent, .width = width, .utf8 = is_utf8()
	};
	int r = find_members(&tree, processes);

	if (r == 0) {
		sort_families(&tree);
		print_below(&tree, 0, "", 0);
	}
	arena_done(&tree.arena);
	return r;
}
