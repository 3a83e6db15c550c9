/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A line consists of a database's name and of services. Actions in brackets,
 * such as [NOTFOUND=return], belong to the service before them: glibc's
 * nss/nss_action_parse.c. By default, a service that finds something ends the
 * search, and any other result continues it.
 */
#include "tools/setup/nsswitch.h"

#include <gnu/libc-version.h>
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
	const char *end; /* behind its bracket, if it has one */
	enum action actions[N_STATUSES];
};

struct line {
	const char *list; /* behind the database's name and the colon */
	const char *end;  /* before a comment, or the newline */
	struct service *services;
	size_t count;
	bool is_malformed;
	bool is_invalid;	  /* an action is: since 2.33 glibc then reads no line at all */
	bool is_asked_in_comment; /* glibc 2.33 and later know no comments behind services */
	bool goes_on;		  /* and so look for services of these names */
	bool is_cut_off;	  /* it has no newline: since 2.33 glibc ignores such a line */
	bool is_of_hosts;
	bool merges; /* glibc merges only groups: of others, a merge loses what was found */
};

/* All that glibc knows: an invalid action for another database, such as sudoers, doesn't matter. */
static const char *const glibc_databases[] = {
	"aliases",    "ethers",	  "group",    "group_compat", "gshadow",       "hosts",
	"initgroups", "netgroup", "networks", "passwd",	      "passwd_compat", "protocols",
	"publickey",  "rpc",	  "services", "shadow",	      "shadow_compat", NULL,
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

/* Returns the index of the word, ignoring case, or `count`. */
static unsigned int find_word(const char *at, const char *end, const char *const *words,
			      unsigned int count)
{
	size_t length = (size_t) (end - at);
	unsigned int i = 0;

	while (i < count && (strlen(words[i]) != length || strncasecmp(words[i], at, length) != 0))
		i++;
	return i;
}

/* Parse "NOTFOUND=return" or "!UNAVAIL=return". Returns its end, or NULL if it is invalid. */
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

/* Parse from behind the "[". Returns the position behind the "]", or NULL if it is invalid. */
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
		/* glibc also stops at a bracket that has no service before it. */
		if (service.name == service.name_end || !service.end) {
			line->is_malformed = true;
			line->is_invalid = service.name != service.name_end;
			return;
		}
		line->services = arena_grow(arena, line->services, line->count, sizeof service);
		line->services[line->count++] = service;
		at = skip_blanks(service.end, line->end);
	}
}

static bool is_named(const struct service *service, const char *name)
{
	size_t length = (size_t) (service->name_end - service->name);

	return length == strlen(name) && memcmp(service->name, name, length) == 0;
}

static size_t find_service(const struct line *line, const char *name)
{
	size_t i = 0;

	while (i < line->count && !is_named(&line->services[i], name))
		i++;
	return i;
}

/* Whether the line goes on behind "#" for this glibc. */
static bool is_read_to_its_end(void)
{
	return strverscmp(gnu_get_libc_version(), "2.33") >= 0;
}

/* Look at what glibc takes for services behind a "#". We put nothing there. */
static void parse_comment(struct arena *arena, struct line *line, const char *newline)
{
	struct line whole = { .list = line->list, .end = newline };

	if (line->end == newline || !is_read_to_its_end())
		return;
	parse_services(arena, &whole);
	line->goes_on = true;
	line->is_malformed |= whole.is_malformed;
	line->is_invalid |= whole.is_invalid;
	line->is_asked_in_comment = find_service(&whole, WORD) < whole.count;
}

/*
 * Returns the end of the services in [list, newline). A "#" that is part of a word, as in
 * "files#1", begins no comment for a glibc of 2.33 or later: it looks for a service of that name.
 * We leave such a word alone, and take it for a service that nobody has.
 */
static const char *find_end(const char *list, const char *newline)
{
	const char *at = skip_blanks(list, newline);

	while (at < newline && *at != '#') {
		const char *begin = at;

		at = *at == '[' ? at + strcspn(at, "]#\n") : skip_word(at, newline, "[");
		if (*begin != '[' && memchr(begin, '#', (size_t) (at - begin)))
			break;
		at = skip_blanks(at + (at < newline && *at == ']'), newline);
	}
	return at;
}

/* Whether this line is the database's. glibc needs no colon, only a blank behind the name. */
static bool parse_line(struct arena *arena, const char *text, const char *database,
		       struct line *line)
{
	const char *newline = text + strcspn(text, "\n"), *name, *at;

	*line = (struct line){ .end = text + strcspn(text, "#\n"), .is_cut_off = !*newline };
	line->is_of_hosts = strcmp(database, "hosts") == 0;
	line->merges = strcmp(database, "group") == 0;
	name = skip_blanks(text, line->end);
	at = skip_word(name, line->end, ":");
	if (strlen(database) != (size_t) (at - name) ||
	    strncmp(name, database, strlen(database)) != 0 || (at == line->end && at != newline))
		return false;
	for (line->list = at; at < line->end && (is_blank(*at) || *at == ':'); at++)
		if (*at == ':')
			line->list = at + 1;
	line->end = find_end(line->list, newline);
	parse_services(arena, line);
	parse_comment(arena, line, newline);
	return true;
}

/*
 * Returns the start of the database's next line from `*at` on, or NULL if there
 * is none. `*at` becomes the start of the line after it.
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

/* Whether the services behind it aren't asked for names that this one doesn't know. */
static bool ends_search_if_unknown(const struct service *service)
{
	return service->actions[NOTFOUND] == RETURN;
}

/* The same, or they aren't asked while this one fails. */
static bool ends_search(const struct service *service)
{
	return ends_search_if_unknown(service) || service->actions[UNAVAIL] == RETURN ||
	       service->actions[TRYAGAIN] == RETURN;
}

static bool asks_network(const struct service *service)
{
	return is_named(service, "dns") || is_named(service, "resolve");
}

/* Whether it may have real accounts: nss-systemd makes some up, and so do we. */
static bool is_directory(const struct service *service)
{
	return !is_named(service, "systemd") && !is_named(service, WORD) &&
	       !memchr(service->name, '#', (size_t) (service->name_end - service->name));
}

/*
 * Of the hosts line: returns the first of the first `count` services that we
 * mustn't stand behind, or `count`.
 */
static size_t find_barrier(const struct line *line, size_t count)
{
	size_t i = 0;

	while (i < count && !ends_search(&line->services[i]) && !asks_network(&line->services[i]))
		i++;
	return i;
}

/* Of an accounts line: returns the last directory that is asked for unknown names, or `count`. */
static size_t find_last_directory(const struct line *line)
{
	size_t last = line->count;

	for (size_t i = 0; i < line->count; i++) {
		if (is_directory(&line->services[i]))
			last = i;
		if (ends_search_if_unknown(&line->services[i]))
			break;
	}
	return last;
}

/*
 * Whether another service may come after this one. glibc would lose the answer of a service that continues
 * after success, or merges hosts. And a bracket that both merges and ends the search has to stay with its service.
 */
static bool takes_successor(const struct line *line, const struct service *service)
{
	return service->actions[SUCCESS] == RETURN ||
	       (service->actions[SUCCESS] == MERGE && !line->is_of_hosts && !ends_search(service));
}

/* In a hosts line: returns the service that we have to stand behind, or `count` if we come first. */
static size_t find_hosts_predecessor(const struct line *line)
{
	size_t files = find_service(line, "files"), barrier = find_barrier(line, line->count);
	size_t i = files > barrier ? barrier : files;

	if (i < line->count && i == files && takes_successor(line, &line->services[files]))
		return files;
	return i == line->count || i == 0 ? line->count : i - 1;
}

/* The same in an accounts line. */
static size_t find_accounts_predecessor(const struct line *line)
{
	size_t i = find_last_directory(line);

	if (i == line->count || takes_successor(line, &line->services[i]))
		return i;
	return i == 0 ? line->count : i - 1;
}

static size_t find_predecessor(const struct line *line)
{
	return line->is_of_hosts ? find_hosts_predecessor(line) : find_accounts_predecessor(line);
}

/* Returns the first of the first `count` services that ends the search, or `count`. */
static size_t find_end_of_search(const struct line *line, size_t count)
{
	size_t i = 0;

	while (i < count && !ends_search(&line->services[i]))
		i++;
	return i;
}

/* Whether results that are to be merged with those behind us no longer are. */
static bool cuts_merge(const struct line *line, size_t at)
{
	return line->merges && at > 0 && line->services[at - 1].actions[SUCCESS] == MERGE &&
	       at + 1 < line->count && line->services[at].actions[SUCCESS] == RETURN;
}

/* Whether what we find is lost, because another service's result comes after it. */
static bool loses_answers(const struct line *line, size_t at)
{
	enum action action = line->services[at].actions[SUCCESS];
	bool is_last = at + 1 == line->count;

	if (line->is_of_hosts)
		return action == MERGE || (action == CONTINUE && (!is_last || line->goes_on));
	return is_last ? action == MERGE && !line->merges : action == CONTINUE;
}

/* The verdict if we stand behind a service that ends the search, or sometimes does. */
static enum nsswitch_verdict verdict_behind(const struct line *line, size_t from, size_t at)
{
	for (size_t i = from; i < at; i++)
		if (ends_search_if_unknown(&line->services[i]))
			return NSSWITCH_UNREACHED;
	return NSSWITCH_UNRELIABLE;
}

static enum nsswitch_verdict judge_hosts(const struct line *line, size_t at, size_t *other)
{
	const struct service *services = line->services;
	size_t barrier = find_barrier(line, at), files = find_service(line, "files");

	*other = barrier;
	if (barrier < at && !ends_search(&services[barrier]))
		return NSSWITCH_LATE;
	if (barrier < at)
		return verdict_behind(line, barrier, at);
	*other = at - 1;
	if (cuts_merge(line, at))
		return NSSWITCH_CUTS_MERGE;
	if (files < line->count && files > at && takes_successor(line, &services[files]) &&
	    find_barrier(line, files) >= files)
		return NSSWITCH_BEFORE_FILES;
	return NSSWITCH_RIGHT;
}

static enum nsswitch_verdict judge_accounts(const struct line *line, size_t at, size_t *other)
{
	size_t predecessor = find_predecessor(line), last = find_last_directory(line), i;

	for (i = 0; i < at && !ends_search_if_unknown(&line->services[i]); i++)
		;
	if (i == at)
		i = find_end_of_search(line, at);
	*other = i;
	if (i < at)
		return verdict_behind(line, i, at);
	*other = predecessor;
	if (predecessor < line->count && predecessor > at)
		return NSSWITCH_BEFORE_DIRECTORY;
	*other = at - 1;
	if (cuts_merge(line, at))
		return NSSWITCH_CUTS_MERGE;
	*other = last;
	return last < line->count && find_service(line, "systemd") < last ? NSSWITCH_SYSTEMD_FIRST
									  : NSSWITCH_RIGHT;
}

/* `other` becomes the index of the service that the verdict is about, if it is about one. */
static enum nsswitch_verdict judge_line(const struct line *line, size_t *other)
{
	size_t at = find_service(line, WORD);

	if (line->is_malformed)
		return NSSWITCH_MALFORMED;
	if (line->is_cut_off)
		return NSSWITCH_CUT_OFF;
	if (at == line->count)
		return line->is_asked_in_comment ? NSSWITCH_RIGHT : NSSWITCH_ABSENT;
	*other = at;
	if (loses_answers(line, at))
		return NSSWITCH_LOST;
	return line->is_of_hosts ? judge_hosts(line, at, other) : judge_accounts(line, at, other);
}

static bool is_about_another(enum nsswitch_verdict verdict)
{
	return verdict == NSSWITCH_UNREACHED || verdict == NSSWITCH_UNRELIABLE ||
	       verdict == NSSWITCH_LATE || verdict == NSSWITCH_CUTS_MERGE ||
	       verdict == NSSWITCH_BEFORE_DIRECTORY || verdict == NSSWITCH_SYSTEMD_FIRST ||
	       verdict == NSSWITCH_LOST;
}

/* Returns the database whose line keeps glibc from reading any line, or NULL. */
static const char *find_invalid_database(struct arena *arena, const char *text)
{
	for (const char *const *database = glibc_databases; *database; database++) {
		const char *at = text;
		struct line line;

		while (next_line(arena, &at, *database, &line))
			if (line.is_invalid && !line.is_cut_off && is_read_to_its_end())
				return *database;
	}
	return NULL;
}

static const char *copy_service(struct arena *arena, const struct service *service)
{
	return arena_printf(arena, "%.*s", (int) (service->end - service->name), service->name);
}

enum nsswitch_verdict nsswitch_judge(struct arena *arena, const char *text, const char *database,
				     const char **other)
{
	enum nsswitch_verdict verdict = NSSWITCH_NO_LINE;
	const char *invalid = find_invalid_database(arena, text);
	struct line line;
	size_t i;

	*other = NULL;
	if (invalid && strcmp(invalid, database) != 0) {
		*other = invalid;
		return NSSWITCH_REJECTED;
	}
	while (next_line(arena, &text, database, &line)) {
		verdict = judge_line(&line, &i);
		if (is_about_another(verdict))
			*other = copy_service(arena, &line.services[i]);
		if (verdict != NSSWITCH_RIGHT)
			break;
	}
	return verdict;
}

/* Returns a copy of the text in which `words` replace what is between `from` and `to`. */
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

/*
 * Insert the word behind this service. If the service ends the search, its
 * actions become ours.
 */
static char *insert_behind(struct arena *arena, const char *text, const struct line *line,
			   const struct service *service)
{
	const char *at = ends_search(service) ? service->name_end : service->end;
	bool is_glued = *at && !is_blank(*at) && *at != '[';

	/* As in nss-systemd(8): otherwise the merging would end here. */
	if (service->actions[SUCCESS] == MERGE && line->merges)
		return replace(arena, text, at, at, " " WORD " [SUCCESS=merge]");
	/* "[NOTFOUND=continue]sss" needs no blank; what we insert there is found by that again. */
	return replace(arena, text, at, at, is_glued ? WORD " " : " " WORD);
}

static char *insert_word(struct arena *arena, const char *text, const struct line *line)
{
	size_t predecessor = find_predecessor(line);

	if (line->count == 0)
		return replace(arena, text, line->list, line->list,
			       *line->list == '#' ? WORD " " : " " WORD);
	if (predecessor < line->count)
		return insert_behind(arena, text, line, &line->services[predecessor]);
	return replace(arena, text, line->services[0].name, line->services[0].name, WORD " ");
}

/*
 * Remove the word that is the i-th service, with its actions, unless these
 * were those of the service before it.
 */
static char *remove_word(struct arena *arena, const char *text, const struct line *line, size_t i)
{
	const struct service *service = &line->services[i];
	const char *from = service->name;

	if (i + 1 < line->count && (i == 0 || service[-1].end == from))
		return replace(arena, text, from, service[1].name, "");
	if (from == (i > 0 ? service[-1].end : line->list) && *line->end == '#')
		return replace(arena, text, from, line->end, "");
	while (from > line->list && is_blank(from[-1]))
		from--;
	if (i > 0 && service[-1].end == service[-1].name_end && ends_search(service) &&
	    service->actions[SUCCESS] == RETURN)
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
		text = remove_word(arena, text, &line, i);
	return text;
}

/* What glibc takes for the services of a database without a line, and we. */
static const char *default_services(const char *database)
{
	return strcmp(database, "hosts") == 0 ? "files " WORD " dns" : "files " WORD;
}

/* End the last line, which glibc hasn't read. If it is empty, it gets what glibc took instead. */
static const char *end_line(struct arena *arena, const char *text, const struct line *line,
			    const char *database)
{
	const char *words = "";

	if (line->count == 0 && !line->is_malformed)
		words = arena_printf(arena, "%s %s%s", line->list[-1] == ':' ? "" : ":",
				     default_services(database), *line->list == '#' ? " " : "");
	return arena_printf(arena, "%s\n", replace(arena, text, line->list, line->list, words));
}

static const char *add_to_line(struct arena *arena, const char *text, size_t start,
			       const char *database)
{
	struct line line;
	size_t other;

	parse_line(arena, text + start, database, &line);
	switch (judge_line(&line, &other)) {
	case NSSWITCH_CUT_OFF:
		text = end_line(arena, text, &line, database);
		return add_to_line(arena, text, start, database);
	case NSSWITCH_UNREACHED:
	case NSSWITCH_UNRELIABLE:
	case NSSWITCH_LATE:
	case NSSWITCH_CUTS_MERGE:
	case NSSWITCH_LOST:
	case NSSWITCH_BEFORE_DIRECTORY:
		text = remove_from_line(arena, text, start, database);
		parse_line(arena, text + start, database, &line);
		return insert_word(arena, text, &line);
	case NSSWITCH_ABSENT: return insert_word(arena, text, &line);
	default: return text;
	}
}

/* Edit each line of the database. Returns their number. */
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

	return arena_printf(arena, "%s%s%s: %s\n", text,
			    length > 0 && text[length - 1] != '\n' ? "\n" : "", database,
			    default_services(database));
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

static bool has_word(struct arena *arena, const char *text, const char *database)
{
	struct line line;

	while (next_line(arena, &text, database, &line))
		if (!line.is_malformed && find_service(&line, WORD) < line.count)
			return true;
	return false;
}

char *nsswitch_restore(struct arena *arena, const char *text, const char *before)
{
	for (const char *const *database = nsswitch_databases; *database; database++)
		if (!has_word(arena, before, *database))
			edit_lines(arena, &text, *database, remove_from_line);
	return arena_strdup(arena, text);
}
