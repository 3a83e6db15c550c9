/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mymachines ps: the host's own ps(1) lists, sorts and formats. It is asked
 * for numbers, in columns wide enough to be found again, where a machine, a
 * user or a group is to be named; these are put in here.
 */
#include "registry/cleanup.h"
#include "tools/id_names.h"
#include "tools/membership.h"
#include "tools/message.h"
#include "tools/options.h"
#include "tools/ps_options.h"
#include "tools/verbs.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wchar.h>

static const char help[] =
	"Usage: mymachines ps [-M NAME] [PS-OPTION...]\n"
	"\n"
	"List processes with the machines that they are in. Takes the options of ps(1),\n"
	"of all three kinds, adds a column MACHINE before the others, or wherever -o names\n"
	"\"machine\", and shows users and groups of machines by name.\n"
	"\n"
	"  -M, --machine=NAME   Only processes of this machine, all of them unless other\n"
	"                       options select some; .host for those of none. May be said\n"
	"                       several times\n"
	"      --help           Show this help\n"
	"\n"
	"Examples:\n"
	"  mymachines ps -M web1\n"
	"  mymachines ps -ef --forest\n"
	"  mymachines ps -eo pid,user,machine,args --sort=-rss";

/*
 * Each line begins with numbers that are for this program alone, in columns
 * that no number is wider than: the pid, the parent's, and one for each name.
 * The name's own place is further on, wide enough to be found where columns
 * before it are wider than they should be.
 */
#define NUMBER_WIDTH  11
#define NUMBER_MARKER "mymachines#"
#define PLACE_WIDTH   32

enum { NUMBER_PID, NUMBER_PARENT, NUMBER_PLACES };

/* What ps shows for processes of no machine, and for those that have ended too early to tell. */
#define HOST_MACHINE	"-"
#define UNKNOWN_MACHINE "?"

enum place_kind { PLACE_MACHINE, PLACE_USER, PLACE_GROUP };

/* A column of names: what ps calls it, the column of numbers to ask for, and its header. */
static const struct name_column {
	const char *name;
	const char *number;
	const char *header;
	enum place_kind kind;
} name_columns[] = {
	/* clang-format off */
	{ "machine", "pid", "MACHINE", PLACE_MACHINE },
	{ "user", "euid", "USER", PLACE_USER },
	{ "uname", "euid", "USER", PLACE_USER },
	{ "euser", "euid", "EUSER", PLACE_USER },
	{ "uid_hack", "euid", "UID", PLACE_USER },
	{ "ruser", "ruid", "RUSER", PLACE_USER },
	{ "suser", "suid", "SUSER", PLACE_USER },
	{ "fuser", "fuid", "FUSER", PLACE_USER },
	{ "group", "egid", "GROUP", PLACE_GROUP },
	{ "egroup", "egid", "EGROUP", PLACE_GROUP },
	{ "rgroup", "rgid", "RGROUP", PLACE_GROUP },
	{ "sgroup", "sgid", "SGROUP", PLACE_GROUP },
	{ "fgroup", "fgid", "FGROUP", PLACE_GROUP },
	/* clang-format on */
};

/* Where a line of ps has a number that becomes a name. */
struct place {
	enum place_kind kind;
	const char *number; /* the column of it */
	const char *header;
	const char *marker; /* what ps prints for the header */
	size_t end;	    /* of the column in the lines, after the first header is read */
	size_t said_width;  /* 0: as wide as it must */
	size_t width;	    /* of the names */
};

struct row {
	const char **parts; /* what is before each place and, last, after all of them */
	const char **names;
	const char *machine; /* NULL for a header */
};

struct listing {
	struct ps_options options;
	struct arena arena;
	struct membership membership;
	struct id_names names;
	const char **arguments; /* of ps */
	size_t n_arguments;
	const char **columns; /* those to be shown, as ps is asked for them */
	size_t n_columns;
	struct place *places;
	size_t n_places;
	bool has_headers; /* whether there is one that isn't empty */
	struct row *rows;
	size_t n_rows;
	size_t n_processes; /* of the rows */
	const char *last_machine;
	uint32_t last_pid;
};

static const struct name_column *find_name_column(const char *column, size_t length)
{
	for (size_t i = 0; i < sizeof name_columns / sizeof *name_columns; i++)
		if (strlen(name_columns[i].name) == length &&
		    strncmp(name_columns[i].name, column, length) == 0)
			return &name_columns[i];
	return NULL;
}

static void add_argument(struct listing *l, const char *argument)
{
	l->arguments = arena_grow(&l->arena, l->arguments, l->n_arguments, sizeof *l->arguments);
	l->arguments[l->n_arguments++] = argument;
}

static void add_column(struct listing *l, const char *column)
{
	l->columns = arena_grow(&l->arena, l->columns, l->n_columns, sizeof *l->columns);
	l->columns[l->n_columns++] = column;
}

/* What follows the name: ":WIDTH", "=HEADER", both, or nothing. Leaves what is wrong to ps. */
static bool parse_width(const char *rest, size_t *width)
{
	char *end;

	*width = 0;
	if (*rest != ':')
		return true;
	if (rest[1] < '0' || rest[1] > '9')
		return false;
	*width = strtoul(rest + 1, &end, 10);
	return *width > 0 && (*end == '=' || !*end);
}

static void add_place(struct listing *l, const struct name_column *named, size_t said_width,
		      const char *header)
{
	struct place place = { .kind = named->kind,
			       .number = named->number,
			       .header = header ? header + 1 : named->header,
			       .marker = arena_printf(&l->arena, "mymachines%zu#", l->n_places),
			       .said_width = said_width };

	place.width = said_width ? said_width : strlen(place.header);
	/* As wide as in ps(1) where names are short. */
	if (!said_width && place.kind != PLACE_MACHINE && place.width < 8)
		place.width = 8;
	add_column(l, arena_printf(&l->arena, "%s:%d=%s", place.number, PLACE_WIDTH, place.marker));
	l->places = arena_grow(&l->arena, l->places, l->n_places, sizeof place);
	l->places[l->n_places++] = place;
}

static void choose_columns(struct listing *l)
{
	static const struct name_column *const machine = &name_columns[0];
	const struct ps_options *o = &l->options;
	bool shows_machine = false;

	for (size_t i = 0; i < o->n_columns; i++)
		if (find_name_column(o->columns[i], strcspn(o->columns[i], ":=")) == machine)
			shows_machine = true;
	if (!shows_machine)
		add_place(l, machine, 0, NULL);
	for (size_t i = 0; i < o->n_columns; i++) {
		const char *column = o->columns[i], *header = strchr(column, '=');
		size_t length = strcspn(column, ":="), width;
		const struct name_column *named = find_name_column(column, length);

		/* "-o pid= -o user=": without a header line. */
		l->has_headers = l->has_headers || !header || header[1];
		if (named && parse_width(column + length, &width))
			add_place(l, named, width, header);
		else
			add_column(l, column);
	}
}

/*
 * Where the terminal's columns begin in a line: bytes of UTF-8 and wide
 * characters are not columns. `offsets` has room for the bytes and one more.
 */
static size_t find_columns(const char *line, size_t *offsets)
{
	mbstate_t state = { 0 };
	size_t columns = 0, at = 0;

	while (line[at]) {
		wchar_t wide;
		size_t length = mbrtowc(&wide, line + at, MB_CUR_MAX, &state);
		int width = 1;

		if (length == 0 || length > MB_CUR_MAX) {
			state = (mbstate_t){ 0 };
			length = 1;
		} else {
			width = wcwidth(wide);
		}
		for (int i = 0; i < width; i++)
			offsets[columns++] = at;
		at += length;
	}
	offsets[columns] = at;
	return columns;
}

/* The header tells where the places end: numbers are flush right. */
static void read_header(struct listing *l, const char *line)
{
	const char *at = line;

	for (size_t i = 0; i < l->n_places; i++) {
		at = strstr(at, l->places[i].marker);
		if (!at)
			return;
		at += strlen(l->places[i].marker);
		l->places[i].end = (size_t) (at - line);
	}
}

/* A process that has ended since ps saw it is where its parent is. */
static const char *find_machine_of(struct listing *l, uint32_t pid, const char *parent)
{
	char path[sizeof "/proc/4294967295"];
	struct machine m;

	if (!l->membership.snapshot->env)
		return HOST_MACHINE;
	if (membership_find(&l->membership, pid, &m) == 0)
		return m.name;
	snprintf(path, sizeof path, "/proc/%u", pid);
	if (access(path, F_OK) == 0)
		return HOST_MACHINE;
	if (id_parse(parent, &pid) == 0 && membership_find(&l->membership, pid, &m) == 0)
		return m.name;
	return UNKNOWN_MACHINE;
}

static const char *machine_of(struct listing *l, const char *number, const char *parent)
{
	uint32_t pid;

	/* "-": a thread's line under its process's. */
	if (id_parse(number, &pid) == 0 && (pid != l->last_pid || !l->last_machine)) {
		l->last_pid = pid;
		l->last_machine = find_machine_of(l, pid, parent);
	}
	return l->last_machine ? l->last_machine : UNKNOWN_MACHINE;
}

/* What to show for the number; cut as ps(1) cuts names, where a width was said. */
static const char *name_of(struct listing *l, const struct place *place, const struct row *row,
			   const char *number)
{
	const char *name = number;
	uint32_t id;

	if (place->kind == PLACE_MACHINE)
		name = row->machine;
	else if (!l->options.numeric && id_parse(number, &id) == 0)
		name = id_names_find(&l->names, place->kind == PLACE_USER ? ID_UID : ID_GID, id);
	return place->said_width && strlen(name) > place->said_width
		       ? arena_printf(&l->arena, "%.*s+", (int) place->said_width - 1, name)
		       : name;
}

/* The numbers at the beginning of a line; NULL if these aren't there. */
static const char **read_numbers(struct listing *l, const char *line)
{
	size_t count = NUMBER_PLACES + l->n_places;
	const char **numbers = arena_alloc(&l->arena, count * sizeof *numbers);

	if (strlen(line) < count * (NUMBER_WIDTH + 1) - 1)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		const char *field = line + i * (NUMBER_WIDTH + 1);
		size_t blanks = strspn(field, " ");

		if (blanks >= NUMBER_WIDTH)
			return NULL;
		numbers[i] = arena_printf(&l->arena, "%.*s", (int) (NUMBER_WIDTH - blanks),
					  field + blanks);
	}
	return numbers;
}

static bool is_word_at(const char *line, size_t at, const char *word)
{
	size_t length = strlen(word);

	return (at == 0 || line[at - 1] == ' ') && strncmp(line + at, word, length) == 0 &&
	       (line[at + length] == ' ' || !line[at + length]);
}

/*
 * The column at which the number begins that should end at column `end`, or
 * that wider columns have pushed on from there.
 */
static size_t find_number(const char *line, const size_t *offsets, size_t columns, size_t from,
			  size_t end, const char *number)
{
	size_t length = strlen(number);

	if (end >= from + length && is_word_at(line, offsets[end - length], number))
		return end - length;
	for (size_t at = from; at < columns; at++)
		if (is_word_at(line, offsets[at], number))
			return at;
	return end;
}

/* From the byte after one place to the number in the next, without the blanks of that. */
static const char *between(struct listing *l, const char *line, size_t from, size_t place,
			   size_t number)
{
	size_t end = number;

	/* Columns that were too wide for theirs have pushed into the place. */
	while (end > place && line[end - 1] == ' ')
		end--;
	return arena_printf(&l->arena, "%.*s%s", (int) (end - from), line + from,
			    end > place ? " " : "");
}

/* `numbers` are those of the places. */
static struct row cut_row(struct listing *l, const char *line, const char **numbers)
{
	/* A byte is one column at most, or there are two for at least three bytes. */
	CLEANUP_FREE size_t *offsets = calloc(strlen(line) + 1, sizeof *offsets);
	struct row row = { .parts = arena_alloc(&l->arena, (l->n_places + 1) * sizeof *row.parts),
			   .names = numbers };
	size_t columns, from = 0;

	if (!offsets)
		arena_out_of_memory();
	columns = find_columns(line, offsets);
	for (size_t i = 0; i < l->n_places; i++) {
		size_t end = l->places[i].end < columns ? l->places[i].end : columns;
		size_t place = end > PLACE_WIDTH ? end - PLACE_WIDTH : 0;
		size_t number = find_number(line, offsets, columns, from, end, numbers[i]);

		if (place < from)
			place = from;
		if (place > number)
			place = number;
		row.parts[i] = between(l, line, offsets[from], offsets[place], offsets[number]);
		from = number + strlen(numbers[i]) < columns ? number + strlen(numbers[i])
							     : columns;
	}
	row.parts[l->n_places] = arena_strdup(&l->arena, line + offsets[from]);
	return row;
}

/* The numbers of a row become names. */
static void name_row(struct listing *l, struct row *row)
{
	for (size_t i = 0; i < l->n_places; i++)
		row->names[i] = row->machine ? name_of(l, &l->places[i], row, row->names[i])
					     : l->places[i].header;
}

static bool is_wanted(const struct listing *l, const struct row *row)
{
	if (!row->machine)
		return l->has_headers && !l->options.no_headers;
	for (size_t i = 0; i < l->options.n_machines; i++)
		if (strcmp(l->options.machines[i], row->machine) == 0)
			return true;
	return l->options.n_machines == 0;
}

static void add_line(struct listing *l, const char *line)
{
	const char **numbers = read_numbers(l, line);
	bool is_header = numbers && strcmp(numbers[NUMBER_PID], NUMBER_MARKER) == 0;
	struct row row;

	if (!numbers)
		return;
	line += (NUMBER_PLACES + l->n_places) * (NUMBER_WIDTH + 1);
	if (is_header) {
		read_header(l, line);
		for (size_t i = 0; i < l->n_places; i++)
			numbers[NUMBER_PLACES + i] = l->places[i].marker;
	}
	row = cut_row(l, line, numbers + NUMBER_PLACES);
	if (!is_header)
		row.machine = machine_of(l, numbers[NUMBER_PID], numbers[NUMBER_PARENT]);
	name_row(l, &row);
	if (!is_wanted(l, &row))
		return;
	for (size_t i = 0; i < l->n_places; i++)
		if (strlen(row.names[i]) > l->places[i].width)
			l->places[i].width = strlen(row.names[i]);
	l->n_processes += !is_header;
	l->rows = arena_grow(&l->arena, l->rows, l->n_rows, sizeof row);
	l->rows[l->n_rows++] = row;
}

/* How much of a line is shown, as ps(1) decides it. 0: all. */
static size_t line_width(const struct ps_options *o)
{
	const char *columns = getenv("COLUMNS");
	struct winsize window;

	size_t width = 0;

	if (o->width)
		return o->width;
	if (columns && atoi(columns) > 0)
		width = (size_t) atoi(columns);
	else if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) == 0)
		width = window.ws_col;
	if (o->wide == 1 && width)
		width = width > 132 ? width : 132;
	return o->wide > 1 ? 0 : width;
}

static void print_row(struct listing *l, const struct row *row, size_t width)
{
	CLEANUP_FREE size_t *offsets = NULL;
	const char *line = row->parts[0];

	for (size_t i = 0; i < l->n_places; i++) {
		const char *next = row->parts[i + 1];

		/* No blanks after the last column. */
		line = arena_printf(&l->arena, "%s%-*s%s", line,
				    *next || i + 1 < l->n_places ? (int) l->places[i].width : 0,
				    row->names[i], next);
	}
	if (width && strlen(line) > width) {
		offsets = calloc(strlen(line) + 1, sizeof *offsets);
		if (!offsets)
			arena_out_of_memory();
		if (find_columns(line, offsets) > width)
			line = arena_printf(&l->arena, "%.*s", (int) offsets[width], line);
	}
	puts(line);
}

/* Start ps(1). Its standard output comes back as a stream; or NULL after a message. */
static FILE *start_ps(const char *const *arguments, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	FILE *stream;
	int ends[2], r;

	if (pipe2(ends, O_CLOEXEC) < 0 || !(stream = fdopen(ends[0], "re"))) {
		complain("ps: %s", strerror(errno));
		return NULL;
	}
	/* Lines are cut here, when they have their names. */
	unsetenv("COLUMNS");
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	r = posix_spawnp(pid, arguments[0], &actions, NULL, (char *const *) arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	if (r == 0)
		return stream;
	fclose(stream);
	complain("cannot run ps(1): %s; install procps", strerror(r));
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

static void ask_for(struct listing *l, const char *column)
{
	add_argument(l, "-o");
	add_argument(l, column);
}

/* The whole command line of ps, ended by NULL. */
static void make_command_line(struct listing *l)
{
	const struct ps_options *o = &l->options;

	choose_columns(l);
	add_argument(l, "ps");
	add_argument(l, o->is_bsd ? "ww" : "-ww");
	ask_for(l, arena_printf(&l->arena, "pid:%d=" NUMBER_MARKER, NUMBER_WIDTH));
	ask_for(l, arena_printf(&l->arena, "ppid:%d=#", NUMBER_WIDTH));
	for (size_t i = 0; i < l->n_places; i++)
		ask_for(l, arena_printf(&l->arena, "%s:%d=#", l->places[i].number, NUMBER_WIDTH));
	for (size_t i = 0; i < l->n_columns; i++)
		ask_for(l, l->columns[i]);
	if (o->n_machines && !o->selects)
		add_argument(l, "-e");
	/* Last, as pids without an option must be. */
	for (size_t i = 0; i < o->n_arguments; i++)
		add_argument(l, o->arguments[i]);
	add_argument(l, NULL);
}

static int list(struct listing *l)
{
	size_t width = line_width(&l->options);
	CLEANUP_FREE char *line = NULL;
	size_t room = 0;
	ssize_t length;
	pid_t pid;
	FILE *stream;
	int status;

	make_command_line(l);
	stream = start_ps(l->arguments, &pid);
	if (!stream)
		return EXIT_FAILURE;
	while ((length = getline(&line, &room, stream)) >= 0) {
		line[strcspn(line, "\n")] = '\0';
		add_line(l, line);
	}
	fclose(stream);
	status = wait_for(pid);
	for (size_t i = 0; i < l->n_rows; i++)
		print_row(l, &l->rows[i], width);
	return status == 0 && l->n_processes == 0 ? EXIT_FAILURE : status;
}

/* Machines by the names that they were registered with. 0 or -1. */
static int find_machines(struct listing *l)
{
	struct ps_options *o = &l->options;

	for (size_t i = 0; i < o->n_machines; i++) {
		struct machine m = { .name = HOST_MACHINE };

		if (strcmp(o->machines[i], ".host") != 0 &&
		    find_machine(l->membership.snapshot, o->machines[i], &m) < 0)
			return -1;
		o->machines[i] = m.name;
	}
	return 0;
}

static void listing_done(struct listing *l)
{
	id_names_done(&l->names);
	arena_done(&l->arena);
}

int verb_ps(int argc, char **argv)
{
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };
	CLEANUP(listing_done) struct listing l = { 0 };
	struct cgroup_hierarchy cgroups;
	long count;

	if (ps_options_parse(&l.options, &l.arena, argc - 1, argv + 1) < 0)
		return complain_usage("ps");
	if (l.options.help) {
		puts(help);
		return EXIT_SUCCESS;
	}
	if (l.options.as_is) {
		static char name[] = "ps";

		argv[0] = name;
		execvp(name, argv);
		complain("cannot run ps(1): %s; install procps", strerror(errno));
		return EXIT_FAILURE;
	}
	if (open_registry(&snapshot) < 0)
		return EXIT_FAILURE;
	l.names = (struct id_names){ .snapshot = &snapshot, .arena = &l.arena };
	l.membership = (struct membership){
		.snapshot = &snapshot,
		.arena = &l.arena,
		.cgroups = cgroup_hierarchy_find(&cgroups) == 0 ? &cgroups : NULL,
	};
	count = processes_read(&l.arena, &l.membership.processes);
	l.membership.n_processes = count > 0 ? (size_t) count : 0;
	return find_machines(&l) < 0 ? EXIT_FAILURE : list(&l);
}
