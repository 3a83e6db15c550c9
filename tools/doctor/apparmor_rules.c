/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/doctor/apparmor_rules.h"

#include "base/array_size.h"
#include "base/input.h"
#include "base/lines.h"

#include <dirent.h>
#include <regex.h>
#include <string.h>
#include <sys/stat.h>

/* Where files in angle brackets are. */
#define INCLUDED "/etc/apparmor.d/"

/* Deeper than this, nobody includes files, nor so many: a file may include itself. */
#define INCLUDES_MAX 8
#define FILES_MAX    1000

static const char blanks[] = " \t\r";

struct reading {
	struct arena *arena;
	const char *path; /* of the file that is read */
	const char *target;
	struct apparmor_judgement *judgement;
	unsigned int depth;
	unsigned int *n_files; /* that were read so far */
};

/* A rule, as far as it has been read: it may have several lines. */
struct rule {
	bool denies, is_owners, is_file, is_other;
	const char *path, *permissions;
};

/* Returns the pattern of apparmor.d(5) as a regular expression: regex(7). */
static char *to_expression(struct arena *arena, const char *pattern)
{
	char *text = arena_printf(arena, "^");

	for (const char *p = pattern; *p; p++) {
		if (p[0] == '*' && p[1] == '*') {
			text = arena_printf(arena, "%s.*", text);
			p++;
		} else if (*p == '*' || *p == '?') {
			text = arena_printf(arena, "%s[^/]%s", text, *p == '*' ? "*" : "");
		} else if (strchr("{,}", *p)) {
			text = arena_printf(arena, "%s%c", text, "(|)"[strchr("{,}", *p) - "{,}"]);
		} else if (strchr(".+()|^$", *p)) {
			text = arena_printf(arena, "%s[%s%c]", text, *p == '^' ? "\\" : "", *p);
		} else if (*p != '/' || p == pattern || p[-1] != '/') {
			text = arena_printf(arena, "%s%c", text, *p);
		}
	}
	return arena_printf(arena, "%s$", text);
}

/* Whether the path of a rule, without quotes, has the target. Of variables, only that of /run is known. */
static bool has_target(const struct reading *r, const char *path)
{
	static const char run[] = "@{run}";
	regex_t expression;
	bool found;

	if (strncmp(path, run, strlen(run)) == 0)
		path = arena_printf(r->arena, "/run/%s", path + strlen(run));
	if (strchr(path, '@') ||
	    regcomp(&expression, to_expression(r->arena, path), REG_EXTENDED | REG_NOSUB) != 0)
		return false;
	found = regexec(&expression, r->target, 0, NULL, 0) == 0;
	regfree(&expression);
	return found;
}

/* "file," is a rule for all files. */
static bool is_about_reading(const struct reading *r, const struct rule *rule)
{
	if (rule->is_other || (!rule->path && !rule->is_file))
		return false;
	if (rule->permissions && !strchr(rule->permissions, 'r'))
		return false;
	return !rule->path || (rule->permissions && has_target(r, rule->path));
}

static void judge_rule(const struct reading *r, const struct rule *rule)
{
	struct apparmor_judgement *judgement = r->judgement;

	if (!is_about_reading(r, rule))
		return;
	/* Some confined programs run as root, whose the registry is: a rule that denies the owner is for them. */
	if (rule->denies && !judgement->is_denied) {
		judgement->is_denied = true;
		judgement->denied_by = r->path;
	}
	/* Most don't: a rule that lets the owner read is of no use to them. */
	if (!rule->denies && !rule->is_owners)
		judgement->is_allowed = true;
}

static bool is_among(const char *word, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(word, words[i]) == 0)
			return true;
	return false;
}

static void add_word(struct arena *arena, struct rule *rule, const char *word)
{
	static const char *const without_effect[] = { "audit", "quiet", "allow", "other" };
	size_t length = strlen(word);

	if (length > 1 && *word == '"' && word[length - 1] == '"')
		word = arena_printf(arena, "%.*s", (int) length - 2, word + 1);
	if (strcmp(word, "deny") == 0)
		rule->denies = true;
	else if (strcmp(word, "owner") == 0)
		rule->is_owners = true;
	else if (strcmp(word, "file") == 0)
		rule->is_file = true;
	else if (is_among(word, without_effect, ARRAY_SIZE(without_effect)) ||
		 strncmp(word, "priority=", strlen("priority=")) == 0)
		;
	else if (!rule->path && strchr("/@", *word))
		rule->path = word;
	else if (!rule->permissions && !word[strspn(word, "rwaxmlkdDuUpPcCiIb")])
		rule->permissions = word;
	else if (!rule->path || !rule->permissions)
		rule->is_other = true;
}

static void read_rules(const struct reading *r, char *line, struct rule *rule)
{
	char *rest;

	for (char *word = strtok_r(line, blanks, &rest); word && *word != '#';
	     word = strtok_r(NULL, blanks, &rest)) {
		size_t length = strlen(word);
		bool is_end = word[length - 1] == ',';

		if (is_end)
			word[length - 1] = '\0';
		if (*word)
			add_word(r->arena, rule, word);
		if (is_end) {
			judge_rule(r, rule);
			*rule = (struct rule){ 0 };
		}
	}
}

/* Returns the path that a line includes, or NULL. The form with '#' isn't a comment. */
static const char *find_included(struct arena *arena, const char *line)
{
	static const char include[] = "include", condition[] = "if exists";
	const char *end;

	line += *line == '#';
	if (strncmp(line, include, strlen(include)) != 0)
		return NULL;
	line += strlen(include);
	line += strspn(line, blanks);
	if (strncmp(line, condition, strlen(condition)) == 0)
		line += strlen(condition);
	line += strspn(line, blanks);
	end = *line == '<' ? strchr(line, '>') : *line == '"' ? strchr(line + 1, '"') : NULL;
	if (!end)
		return NULL;
	return arena_printf(arena, "%s%.*s", line[1] == '/' ? "" : INCLUDED, (int) (end - line - 1),
			    line + 1);
}

static void read_path(const struct reading *above, const char *path);

static void read_file(const struct reading *r)
{
	struct rule rule = { 0 };
	char *rest, *line;
	size_t size;

	if (input_read_file(r->arena, r->path, &rest, &size) < 0)
		return;
	while ((line = line_next(&rest))) {
		const char *included;

		line += strspn(line, blanks);
		included = find_included(r->arena, line);
		if (included)
			read_path(r, included);
		else
			read_rules(r, line, &rule);
	}
}

/* apparmor_parser(8) passes over what editors and package managers leave behind. */
static bool is_left_behind(const char *name)
{
	static const char *const ends[] = {
		"~",	    ".dpkg-new", ".dpkg-old", ".dpkg-dist", ".dpkg-bak", ".dpkg-remove",
		".pacsave", ".pacnew",	 ".rpmnew",   ".rpmsave",   ".orig",	 ".rej",
	};
	size_t length = strlen(name);

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		if (length > strlen(ends[i]) &&
		    strcmp(name + length - strlen(ends[i]), ends[i]) == 0)
			return true;
	return name[0] == '.' || strcmp(name, "README") == 0;
}

static void read_directory(const struct reading *r)
{
	DIR *directory = opendir(r->path);
	struct dirent *entry;

	while (directory && (entry = readdir(directory)))
		if (!is_left_behind(entry->d_name))
			read_path(r, arena_printf(r->arena, "%s/%s", r->path, entry->d_name));
	if (directory)
		closedir(directory);
}

static void read_path(const struct reading *above, const char *path)
{
	struct reading r = *above;
	struct stat st;

	r.path = path;
	if (r.judgement->directory && strcmp(path, r.judgement->directory) == 0)
		r.judgement->includes_directory = true;
	if (r.depth++ == INCLUDES_MAX || (*r.n_files)++ >= FILES_MAX || stat(path, &st) < 0)
		return;
	if (S_ISDIR(st.st_mode))
		read_directory(&r);
	else
		read_file(&r);
}

void apparmor_judge(struct arena *arena, const char *path, const char *target,
		    struct apparmor_judgement *judgement)
{
	unsigned int n_files = 0;
	const struct reading reading = {
		.arena = arena, .target = target, .judgement = judgement, .n_files = &n_files
	};

	read_path(&reading, path);
}
