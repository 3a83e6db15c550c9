/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A line has a database's name, and services. Behind a service, what is to be
 * done after each status may stand in brackets, as [NOTFOUND=return]: glibc's
 * nss/nss_action_parse.c. What isn't said is to return what was found, and to
 * go on to the next service otherwise.
 */
#include "tools/nsswitch.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define WORD "mymachines"

const char *const nsswitch_databases[] = { "passwd", "group", "hosts", NULL };

enum status { SUCCESS, NOTFOUND, UNAVAIL, TRYAGAIN, N_STATUSES };

enum action { CONTINUE, RETURN, MERGE, N_ACTIONS };

struct service {
	const char *name;
	const char *name_end;
	const char *end; /* of all that is its: behind the bracket, if it has one */
	enum action actions[N_STATUSES];
};

struct line {
	const char *list; /* behind the name and its colon */
	const char *end;  /* before a comment, or the newline */
	struct service *services;
	size_t count;
	bool is_malformed;
	bool is_cut_off; /* it has no newline: glibc from 2.33 on passes over it */
	bool is_of_hosts;
};

static bool is_blank(char byte)
{
	return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

static const char *skip_blanks(const char *at, const char *end)
{
	while (at < end && is_blank(*at))
		at++;
	return at;
}

static const char *skip_word(const char *at, const char *end, const char *delimiters)
{
	while (at < end && !is_blank(*at) && !strchr(delimiters, *at))
		at++;
	return at;
}

/* Which of the words it is, in any case, or `count`. */
static unsigned int find_word(const char *at, const char *end, const char *const *words,
			      unsigned int count)
{
	size_t length = (size_t) (end - at);
	unsigned int i = 0;

	while (i < count && (strlen(words[i]) != length || strncasecmp(words[i], at, length) != 0))
		i++;
	return i;
}

/* "NOTFOUND=return" or "!UNAVAIL=return". Returns what is behind it, or NULL. */
static const char *parse_criterion(const char *at, const char *end, struct service *service)
{
	static const char *const statuses[] = { "success", "notfound", "unavail", "tryagain" };
	static const char *const actions[] = { "continue", "return", "merge" };
	bool is_negated = at < end && *at == '!';
	const char *word = at + is_negated;
	unsigned int status, action;

	at = skip_word(word, end, "=]");
	status = find_word(word, at, statuses, N_STATUSES);
	at = skip_blanks(at, end);
	if (status == N_STATUSES || at == end || *at != '=')
		return NULL;
	word = skip_blanks(at + 1, end);
	at = skip_word(word, end, "=]");
	action = find_word(word, at, actions, N_ACTIONS);
	if (action == N_ACTIONS)
		return NULL;
	for (unsigned int i = 0; i < N_STATUSES; i++)
		if ((i == status) != is_negated)
			service->actions[i] = (enum action) action;
	return skip_blanks(at, end);
}

/* Behind the "[". Returns what is behind the "]", or NULL. */
static const char *parse_bracket(const char *at, const char *end, struct service *service)
{
	at = skip_blanks(at, end);
	do
		at = parse_criterion(at, end, service);
	while (at && at < end && *at != ']');
	return at && at < end ? at + 1 : NULL;
}

static void parse_services(struct arena *arena, struct line *line)
{
	const char *at = skip_blanks(line->list, line->end);

	while (at < line->end) {
		struct service service = { .name = at, .actions = { [SUCCESS] = RETURN } };
		const char *bracket;

		service.name_end = service.end = skip_word(at, line->end, "[");
		bracket = skip_blanks(service.name_end, line->end);
		if (bracket < line->end && *bracket == '[')
			service.end = parse_bracket(bracket + 1, line->end, &service);
		/* A bracket without a service ends what glibc reads, too. */
		if (service.name == service.name_end || !service.end) {
			line->is_malformed = true;
			return;
		}
		line->services = arena_grow(arena, line->services, line->count, sizeof service);
		line->services[line->count++] = service;
		at = skip_blanks(service.end, line->end);
	}
}

/* Whether this is a line of the database: glibc wants no colon, only something behind the name. */
static bool parse_line(struct arena *arena, const char *text, const char *database,
		       struct line *line)
{
	const char *newline = text + strcspn(text, "\n"), *name, *at;

	/* To glibc from 2.33 on, "#" is a service like others; it does no harm behind ours. */
	*line = (struct line){ .end = text + strcspn(text, "#\n"), .is_cut_off = !*newline };
	line->is_of_hosts = strcmp(database, "hosts") == 0;
	name = skip_blanks(text, line->end);
	at = skip_word(name, line->end, ":");
	if (strlen(database) != (size_t) (at - name) ||
	    strncmp(name, database, strlen(database)) != 0 ||
	    (at == line->end && (at != newline || !*newline)))
		return false;
	for (line->list = at; at < line->end && (is_blank(*at) || *at == ':'); at++)
		if (*at == ':')
			line->list = at + 1;
	parse_services(arena, line);
	return true;
}

/*
 * The next line of the database, from `*at` on, which goes behind the line's
 * beginning. Returns that, or NULL after the last.
 */
static const char *next_line(struct arena *arena, const char **at, const char *database,
			     struct line *line)
{
	while (**at) {
		const char *start = *at;

		*at += strcspn(*at, "\n");
		*at += **at == '\n';
		if (parse_line(arena, start, database, line))
			return start;
	}
	return NULL;
}

static bool is_named(const struct service *service, const char *name)
{
	size_t length = (size_t) (service->name_end - service->name);

	return length == strlen(name) && memcmp(service->name, name, length) == 0;
}

/* Whether what it doesn't know, or can't tell now, is asked of no other. */
static bool ends_search(const struct service *service)
{
	return service->actions[NOTFOUND] == RETURN || service->actions[UNAVAIL] == RETURN ||
	       service->actions[TRYAGAIN] == RETURN;
}

static bool asks_network(const struct service *service)
{
	return is_named(service, "dns") || is_named(service, "resolve");
}

static size_t find_service(const struct line *line, const char *name)
{
	size_t i = 0;

	while (i < line->count && !is_named(&line->services[i], name))
		i++;
	return i;
}

/* The host's own files, behind which it belongs; line->count without. */
static size_t find_files(const struct line *line)
{
	size_t files = find_service(line, "files"), compat = find_service(line, "compat");

	return line->is_of_hosts || files < compat ? files : compat;
}

/* The first service that it must not be behind, among the first `count`, which is that without. */
static size_t find_barrier(const struct line *line, size_t count)
{
	size_t i = 0;

	while (i < count && !ends_search(&line->services[i]) &&
	       !(line->is_of_hosts && asks_network(&line->services[i])))
		i++;
	return i;
}

/* One that merges and ends the search at once must keep its bracket: nothing goes behind it. */
static bool takes_successor(const struct service *service)
{
	return !ends_search(service) || service->actions[SUCCESS] == RETURN;
}

static enum nsswitch_verdict judge(const struct line *line, size_t *behind)
{
	size_t at = find_service(line, WORD), files = find_files(line);
	const struct service *services = line->services;
	size_t barrier = find_barrier(line, at);

	*behind = barrier;
	if (line->is_malformed)
		return NSSWITCH_MALFORMED;
	if (line->is_cut_off)
		return NSSWITCH_CUT_OFF;
	if (at == line->count)
		return NSSWITCH_ABSENT;
	if (barrier < at)
		return ends_search(&services[barrier]) ? NSSWITCH_UNREACHED : NSSWITCH_LATE;
	*behind = at - 1;
	if (at > 0 && services[at - 1].actions[SUCCESS] == MERGE && at + 1 < line->count &&
	    services[at].actions[SUCCESS] == RETURN)
		return NSSWITCH_CUTS_MERGE;
	if (files < line->count && files > at && takes_successor(&services[files]) &&
	    find_barrier(line, files) >= files)
		return NSSWITCH_BEFORE_FILES;
	return NSSWITCH_RIGHT;
}

static const char *copy_service(struct arena *arena, const struct service *service)
{
	return arena_printf(arena, "%.*s", (int) (service->end - service->name), service->name);
}

enum nsswitch_verdict nsswitch_judge(struct arena *arena, const char *text, const char *database,
				     const char **behind)
{
	enum nsswitch_verdict verdict = NSSWITCH_NO_LINE;
	struct line line;
	size_t i;

	*behind = NULL;
	while (next_line(arena, &text, database, &line)) {
		verdict = judge(&line, &i);
		if (verdict == NSSWITCH_RIGHT)
			continue;
		if (verdict == NSSWITCH_UNREACHED || verdict == NSSWITCH_LATE ||
		    verdict == NSSWITCH_CUTS_MERGE)
			*behind = copy_service(arena, &line.services[i]);
		break;
	}
	return verdict;
}

/* A copy of the text with `words` in the place of what is from `from` to `to`. */
static char *replace(struct arena *arena, const char *text, const char *from, const char *to,
		     const char *words)
{
	size_t before = (size_t) (from - text), length = strlen(words), after = strlen(to);
	char *copy = arena_alloc(arena, before + length + after + 1);

	memcpy(copy, text, before);
	memcpy(copy + before, words, length);
	memcpy(copy + before + length, to, after);
	return copy;
}

/* Behind this service; of one that ends the search, its actions become ours. */
static char *insert_behind(struct arena *arena, const char *text, const struct service *service)
{
	const char *at = ends_search(service) ? service->name_end : service->end;

	/* As in nss-systemd(8): without that, the merging would end here. */
	return replace(arena, text, at, at,
		       service->actions[SUCCESS] == MERGE ? " " WORD " [SUCCESS=merge]" : " " WORD);
}

static char *insert(struct arena *arena, const char *text, const struct line *line)
{
	size_t files = find_files(line), barrier = find_barrier(line, line->count);
	size_t before = files > barrier ? barrier : files;

	if (line->count == 0)
		return replace(arena, text, line->list, line->list, " " WORD);
	if (before < line->count && before == files && takes_successor(&line->services[files]))
		return insert_behind(arena, text, &line->services[files]);
	/* With neither, it comes first. */
	if (before == line->count || before == 0)
		return replace(arena, text, line->services[0].name, line->services[0].name,
			       WORD " ");
	return insert_behind(arena, text, &line->services[before - 1]);
}

/* Without the word at this place, and without its actions, unless they were those before it. */
static char *take_out(struct arena *arena, const char *text, const struct line *line, size_t i)
{
	const struct service *service = &line->services[i];
	const char *from = service->name;

	if (i == 0 && line->count > 1)
		return replace(arena, text, from, line->services[1].name, "");
	while (from > line->list && is_blank(from[-1]))
		from--;
	if (i > 0 && service[-1].end == service[-1].name_end)
		return replace(arena, text, from, service->name_end, "");
	return replace(arena, text, from, service->end, "");
}

static const char *remove_from_line(struct arena *arena, const char *text, size_t start,
				    const char *database)
{
	struct line line;
	size_t i;

	while (parse_line(arena, text + start, database, &line) && !line.is_malformed &&
	       (i = find_service(&line, WORD)) < line.count)
		text = take_out(arena, text, &line, i);
	return text;
}

static const char *add_to_line(struct arena *arena, const char *text, size_t start,
			       const char *database)
{
	struct line line;
	size_t behind;

	parse_line(arena, text + start, database, &line);
	switch (judge(&line, &behind)) {
	case NSSWITCH_CUT_OFF:
		text = arena_printf(arena, "%s\n", text);
		return add_to_line(arena, text, start, database);
	case NSSWITCH_UNREACHED:
	case NSSWITCH_LATE:
	case NSSWITCH_CUTS_MERGE:
		text = remove_from_line(arena, text, start, database);
		parse_line(arena, text + start, database, &line);
		return insert(arena, text, &line);
	case NSSWITCH_ABSENT: return insert(arena, text, &line);
	default: return text;
	}
}

/* Change each line of the database. Returns how many there are. */
static size_t edit_lines(struct arena *arena, const char **text, const char *database,
			 const char *edit(struct arena *, const char *, size_t, const char *))
{
	const char *at = *text, *start;
	struct line line;
	size_t count = 0;

	for (; (start = next_line(arena, &at, database, &line)); count++) {
		size_t offset = (size_t) (start - *text);

		*text = edit(arena, *text, offset, database);
		at = *text + offset;
		at += strcspn(at, "\n");
		at += *at == '\n';
	}
	return count;
}

static const char *add_line(struct arena *arena, const char *text, const char *database)
{
	size_t length = strlen(text);

	return arena_printf(arena, "%s%s%s: files " WORD "%s\n", text,
			    length > 0 && text[length - 1] != '\n' ? "\n" : "", database,
			    strcmp(database, "hosts") == 0 ? " dns" : "");
}

char *nsswitch_add(struct arena *arena, const char *text)
{
	text = text ? text : "";
	for (const char *const *database = nsswitch_databases; *database; database++)
		if (edit_lines(arena, &text, *database, add_to_line) == 0)
			text = add_line(arena, text, *database);
	return arena_strdup(arena, text);
}

char *nsswitch_remove(struct arena *arena, const char *text)
{
	text = text ? text : "";
	for (const char *const *database = nsswitch_databases; *database; database++)
		edit_lines(arena, &text, *database, remove_from_line);
	return arena_strdup(arena, text);
}
