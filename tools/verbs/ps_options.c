/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/quote.h"
#include "base/array_size.h"
#include "tools/verbs/ps_options.h"

#include "registry/words.h"
#include "tools/verbs/command_line.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Letters of ps(1) that take an argument, of either kind, and those that select processes. */
#define UNIX_LETTERS	"AaCcdefFgGHjlLmMNnoOpPqstTuUVwyZ"
#define UNIX_ARGUMENTS	"CgGMnOopqstuU"
#define UNIX_SELECTIONS "AadCegGNpqstuU"
#define BSD_ARGUMENTS	"kNoOpqtU"
#define BSD_SELECTIONS	"agprqtTUx"
#define UNIX_FORMATS	"cfFjlPyZLT"
#define BSD_FORMATS	"cjlsuvXZ"

/* The state of reading, until the columns are known. */
struct parser {
	struct ps_options *options;
	char **argv;
	int argc;
	int at;
	bool is_bsd;		/* "ps -aux": all of it is read without the dash */
	bool saw_bsd;		/* a word of BSD letters */
	const char *unix_flags; /* the given letters of UNIX_FORMATS */
	const char *bsd_flags;	/* and of BSD_FORMATS */
	bool is_preloaded;	/* -O: with the default columns around */
	struct failure *failure;
};

static void pass(struct ps_options *o, const char *argument)
{
	o->arguments = arena_grow(o->arena, o->arguments, o->n_arguments, sizeof *o->arguments);
	o->arguments[o->n_arguments++] = argument;
}

static void add_column(struct ps_options *o, const char *column)
{
	o->columns = arena_grow(o->arena, o->columns, o->n_columns, sizeof *o->columns);
	o->columns[o->n_columns++] = column;
}

/* A list with commas or blanks; in a header, which follows a "=", blanks are part of it. */
static void add_columns(struct ps_options *o, const char *list)
{
	while (*(list += strspn(list, ", \t"))) {
		size_t length = strcspn(list, ", \t=");

		if (list[length] == '=')
			length = strcspn(list, ",");
		add_column(o, arena_printf(o->arena, "%.*s", (int) length, list));
		list += length;
	}
}

static void add_machine(struct ps_options *o, const char *name)
{
	o->machines = arena_grow(o->arena, o->machines, o->n_machines, sizeof *o->machines);
	o->machines[o->n_machines++] = name;
}

/* An option's argument: the rest of its word, or the next word. NULL with a failure. */
static const char *argument_of(struct parser *p, const char *rest, const char *option)
{
	if (*rest)
		return rest;
	if (p->at + 1 < p->argc)
		return p->argv[++p->at];
	usage_failure(p->failure, "ps: option '%s' needs an argument", option);
	return NULL;
}

static int take_format(struct parser *p, const char *rest, const char *option, bool preloaded)
{
	const char *list = argument_of(p, rest, option);

	if (!list)
		return -1;
	p->is_preloaded = p->is_preloaded || preloaded;
	add_columns(p->options, list);
	return 0;
}

static int take_machine(struct parser *p, const char *rest)
{
	const char *name = argument_of(p, rest, "-M");

	if (!name)
		return -1;
	add_machine(p->options, name);
	return 0;
}

static const char *add_letter(struct parser *p, const char *letters, char letter)
{
	return arena_printf(p->options->arena, "%s%c", letters, letter);
}

static bool has(const char *letters, char letter)
{
	return letter && strchr(letters, letter);
}

/* Read a word of letters, with its dash or without. */
static int parse_letters(struct parser *p, const char *word, bool is_bsd)
{
	struct ps_options *o = p->options;
	const char *kept = is_bsd ? "" : "-";

	for (const char *letter = word; *letter; letter++) {
		char option[3] = { is_bsd ? *letter : '-', is_bsd ? '\0' : *letter };
		const char *argument;

		o->selects = o->selects || has(is_bsd ? BSD_SELECTIONS : UNIX_SELECTIONS, *letter);
		if (*letter == 'o' || *letter == 'O')
			return strlen(kept) > !is_bsd ? (pass(o, kept), 0) : 0,
			       take_format(p, letter + 1, option, *letter == 'O');
		if (*letter == 'M')
			return strlen(kept) > !is_bsd ? (pass(o, kept), 0) : 0,
			       take_machine(p, letter + 1);
		if (is_bsd && *letter == 'n')
			o->numeric = true;
		if (*letter == 'w')
			o->wide++;
		else if (is_bsd && *letter == 'h')
			o->no_headers = true;
		else if (*letter == 'V' || (is_bsd && *letter == 'L'))
			o->as_is = true;
		else if (is_bsd && has(BSD_FORMATS, *letter))
			p->bsd_flags = add_letter(p, p->bsd_flags, *letter);
		else if (!is_bsd && has(UNIX_FORMATS, *letter))
			p->unix_flags = add_letter(p, p->unix_flags, *letter);
		else
			kept = add_letter(p, kept, *letter);
		/* Threads are listed by these, and have columns by them. */
		if (!is_bsd && (*letter == 'L' || *letter == 'T'))
			kept = add_letter(p, kept, *letter);
		if (!has(is_bsd ? BSD_ARGUMENTS : UNIX_ARGUMENTS, *letter))
			continue;
		/* "ps t": of this terminal. */
		if (is_bsd && *letter == 't' && !letter[1] && p->at + 1 == p->argc)
			break;
		argument = argument_of(p, letter + 1, option);
		if (!argument)
			return -1;
		pass(o, kept);
		pass(o, argument);
		return 0;
	}
	if (strlen(kept) > !is_bsd)
		pass(o, kept);
	return 0;
}

struct long_option {
	const char *name;
	enum {
		PASS,
		PASS_ARGUMENT,
		SELECT,
		FORMAT,
		CONTEXT,
		WIDTH,
		NO_HEADERS,
		NO_PAGER,
		MACHINE,
		HELP,
		AS_IS
	} what;
};

static const struct long_option long_options[] = {
	/* clang-format off */
	{ "Group", SELECT }, { "User", SELECT }, { "group", SELECT }, { "user", SELECT },
	{ "pid", SELECT }, { "ppid", SELECT }, { "quick-pid", SELECT }, { "sid", SELECT },
	{ "tty", SELECT },
	{ "sort", PASS_ARGUMENT }, { "lines", PASS_ARGUMENT }, { "rows", PASS_ARGUMENT },
	{ "signames", PASS }, { "cumulative", PASS }, { "deselect", PASS }, { "forest", PASS },
	{ "headers", PASS }, { "heading", PASS }, { "headings", PASS },
	{ "cols", WIDTH }, { "columns", WIDTH }, { "width", WIDTH },
	{ "no-headers", NO_HEADERS }, { "no-heading", NO_HEADERS }, { "no-headings", NO_HEADERS },
	{ "noheaders", NO_HEADERS }, { "noheading", NO_HEADERS }, { "noheadings", NO_HEADERS },
	{ "context", CONTEXT }, { "format", FORMAT }, { "machine", MACHINE }, { "help", HELP },
	{ "no-pager", NO_PAGER },
	{ "info", AS_IS }, { "version", AS_IS },
	/* clang-format on */
};

static int take_width(struct ps_options *o, const char *text, struct failure *f)
{
	char *end;
	unsigned long width = strtoul(text, &end, 10);
	char quoted[QUOTED_SIZE];

	if (!isdigit((unsigned char) *text) || *end || width == 0)
		return usage_failure(f, "ps: '%s' is not a number of columns", quote(text, quoted));
	o->width = width;
	return 0;
}

static int apply_long(struct parser *p, const struct long_option *option, const char *argument)
{
	struct ps_options *o = p->options;

	switch (option->what) {
	case SELECT: o->selects = true; __attribute__((fallthrough));
	case PASS_ARGUMENT:
		pass(o, arena_printf(o->arena, "--%s=%s", option->name, argument));
		return 0;
	case PASS: pass(o, arena_printf(o->arena, "--%s", option->name)); return 0;
	case CONTEXT: add_columns(o, "pid,context,args"); return 0;
	case FORMAT: add_columns(o, argument); return 0;
	case WIDTH: return take_width(o, argument, p->failure);
	case NO_HEADERS: o->no_headers = true; return 0;
	case NO_PAGER: o->no_pager = true; return 0;
	case MACHINE: add_machine(o, argument); return 0;
	case HELP: o->help = true; return 0;
	case AS_IS: o->as_is = true; return 0;
	}
	return -1;
}

static int parse_long(struct parser *p, const char *word)
{
	size_t length = strcspn(word, "=");
	char quoted[QUOTED_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(long_options); i++) {
		const struct long_option *option = &long_options[i];
		bool has_argument = option->what == SELECT || option->what == PASS_ARGUMENT ||
				    option->what == FORMAT || option->what == WIDTH ||
				    option->what == MACHINE;
		const char *argument = NULL;

		if (strncmp(option->name, word, length) != 0 || option->name[length])
			continue;
		if (has_argument) {
			argument = word[length] ? word + length + 1
						: argument_of(p, "",
							      arena_printf(p->options->arena,
									   "--%s", word));
			if (!argument)
				return -1;
		}
		return apply_long(p, option, argument);
	}
	return usage_failure(p->failure, "ps: unknown option '--%s'", quote(word, quoted));
}

/* "-aux" and "-ax" have letters that mean nothing, or something else, after a dash: ps(1). */
static bool is_dashed_bsd(const char *word)
{
	if (word[0] != '-' || word[1] == '-')
		return false;
	if (strncmp(word, "-aux", 4) == 0)
		return true;
	/* A session or a pid. */
	if (isdigit((unsigned char) word[1]))
		return false;
	for (word++; *word; word++) {
		if (!strchr(UNIX_LETTERS, *word))
			return true;
		if (has(UNIX_ARGUMENTS, *word))
			return false;
	}
	return false;
}

static int parse_word(struct parser *p, char *word)
{
	if (word[0] == '-' && word[1] == '-')
		return parse_long(p, word + 2);
	if (word[0] == '-' && isdigit((unsigned char) word[1])) {
		p->options->selects = true;
		pass(p->options, word);
		return 0;
	}
	if (word[0] == '-' && !p->is_bsd)
		return parse_letters(p, word + 1, false);
	p->saw_bsd = true;
	/* Pids, with nothing before them. */
	if (isdigit((unsigned char) *word)) {
		p->options->selects = true;
		pass(p->options, word);
		return 0;
	}
	return parse_letters(p, word + (*word == '-'), true);
}

/* The columns of "-f", "-l" and their like. */
static const char *unix_columns(struct arena *arena, const char *flags)
{
	bool full = has(flags, 'f') || has(flags, 'F'), is_long = has(flags, 'l');
	bool rss = is_long && has(flags, 'y'), extra = has(flags, 'F'), class = has(flags, 'c');
	const char *list = "";

#define ADD(condition, name) list = (condition) ? arena_printf(arena, "%s,%s", list, name) : list
	ADD(has(flags, 'Z'), "label");
	ADD(is_long && !rss, "f");
	ADD(is_long, "s");
	ADD(full, "uid_hack");
	ADD(is_long && !full, "uid");
	ADD(true, "pid");
	ADD(has(flags, 'T'), "spid");
	ADD(full || is_long, "ppid");
	ADD(has(flags, 'j'), "pgid,sid");
	ADD(has(flags, 'L'), "lwp");
	ADD(has(flags, 'P'), "psr");
	ADD((full || is_long) && !class, "c");
	ADD(has(flags, 'L') && full, "nlwp");
	ADD(class, "class,pri");
	ADD(is_long && !class, "opri,ni");
	ADD(is_long && !rss, "addr_1");
	ADD(rss, "rss");
	ADD(is_long || extra, "sz");
	ADD(is_long, "wchan");
	ADD(extra && !rss, "rss");
	ADD(extra && !has(flags, 'P'), "psr");
	ADD(full, "stime");
	ADD(true, "tname,time");
	ADD(true, full ? "cmd" : "ucmd");
#undef ADD
	return list;
}

/* The columns of "u", "j" and similar options. */
static const char *bsd_columns(struct arena *arena, const char *flags)
{
	static const struct {
		char letter;
		const char *columns;
	} formats[] = {
		{ 'j', "ppid,pid,pgid,sid,tname,tpgid,stat,uid,bsdtime" },
		{ 'l', "f,uid,pid,ppid,priority,ni,vsz,rss,wchan,stat,tname,bsdtime" },
		{ 's', "uid,pid,pending,blocked,ignored,caught,stat,tname,bsdtime" },
		{ 'u', "user,pid,pcpu,pmem,vsz,rss,tname,stat,start_time,bsdtime" },
		{ 'v', "pid,tname,stat,bsdtime,maj_flt,trs,drs,rss,pmem" },
		{ 'X', "pid,stackp,esp,eip,tmout,alarm,stat,tname,bsdtime" },
	};
	const char *columns = "pid,tname,stat,bsdtime";

	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (has(flags, formats[i].letter))
			columns = formats[i].columns;
	return arena_printf(arena, "%s%s,%s", has(flags, 'Z') ? "label," : "", columns,
			    has(flags, 'c') ? "comm" : "args");
}

/* How many of the BSD formats, of which only one can be. */
static size_t count_formats(const char *flags)
{
	size_t count = 0;

	for (const char *format = "jlsuvX"; *format; format++)
		count += has(flags, *format);
	return count;
}

static int choose_columns(struct parser *p)
{
	struct ps_options *o = p->options;
	const char **given = o->columns;
	size_t n_given = o->n_columns;
	bool has_unix = *p->unix_flags && strpbrk(p->unix_flags, "cfFjlPy");

	if ((n_given && (has_unix || count_formats(p->bsd_flags))) ||
	    count_formats(p->bsd_flags) > 1 || (has_unix && count_formats(p->bsd_flags))) {
		return usage_failure(p->failure, "ps: conflicting format options");
	}
	if (n_given && !p->is_preloaded)
		return 0;
	o->columns = NULL;
	o->n_columns = 0;
	if (!n_given)
		add_columns(o, p->saw_bsd && !has_unix ? bsd_columns(o->arena, p->bsd_flags)
						       : unix_columns(o->arena, p->unix_flags));
	else
		add_column(o, "pid");
	for (size_t i = 0; i < n_given; i++)
		add_column(o, given[i]);
	if (n_given)
		add_columns(o, p->saw_bsd ? "s,tname,time,comm" : "s,tname,time,args");
	return 0;
}

int ps_options_parse(struct ps_options *options, struct arena *arena, int argc, char **argv,
		     struct failure *f)
{
	struct parser p = { .options = options, .argv = argv, .argc = argc, .failure = f };

	*options = (struct ps_options){ .arena = arena };
	p.unix_flags = p.bsd_flags = "";
	for (int i = 0; i < argc; i++)
		p.is_bsd = p.is_bsd || is_dashed_bsd(argv[i]);
	for (p.at = 0; p.at < argc; p.at++)
		if (parse_word(&p, argv[p.at]) < 0)
			return -1;
	options->is_bsd = p.saw_bsd;
	return options->help || options->as_is ? 0 : choose_columns(&p);
}
