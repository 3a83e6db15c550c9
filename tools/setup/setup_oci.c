/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * OCI hooks. Those of a bundle are in its config.json: config.md, "POSIX-platform
 * Hooks". Those of all of podman's containers are files: oci-hooks(5).
 */
#include "base/array_size.h"
#include "base/cleanup.h"
#include "base/file_identity.h"
#include "base/json_text.h"
#include "base/json_value.h"
#include "base/program.h"
#include "base/quote.h"
#include "tools/setup/setup_plan.h"

#include <string.h>
#include <strings.h>

/* containers.conf(5), "hooks_dir": podman reads this directory by default. */
#define PODMAN_HOOKS "/usr/share/containers/oci/hooks.d"

/* podman prints its help at once, unless the machine is very busy. */
#define PODMAN_MILLISECONDS (10 * 1000)

/* The first runs when namespaces exist and no program has started, the second after the end. */
static const char *const stages[] = { "createRuntime", "poststop" };

#define N_STAGES (sizeof stages / sizeof *stages)

static json_object *new_strings(const char *const *items, size_t count)
{
	json_object *array = json_object_new_array();

	for (size_t i = 0; i < count; i++)
		json_object_array_add(array, json_object_new_string(items[i]));
	return array;
}

/*
 * Make an entry of config.json's hooks, and the "hook" of oci-hooks(5). The
 * comment goes behind the line that the shell runs; "" is none.
 */
static json_object *new_hook(struct setup_plan *plan, const char *comment)
{
	char *arguments = arena_printf(plan->arena, "oci --service=%s", plan->target->name);
	char *line = setup_hook_line_of_pipe(plan, arguments, "");
	const char *const words[] = { "sh", "-c",
				      *comment ? arena_printf(plan->arena, "%s # %s", line, comment)
					       : line };
	json_object *hook = json_object_new_object();

	json_object_object_add(hook, "path", json_object_new_string("/bin/sh"));
	json_object_object_add(hook, "args", new_strings(words, 3));
	return hook;
}

/* Whether setup_hook_line() makes such a line, for a program anywhere, with or without a comment. */
static bool is_our_line(const char *line)
{
	static const char guard[] = "[ ! -x ", strict[] = "exec ", annotations[] = " --annotations";
	static const char *const ends[] = { " || :", (" || :" SETUP_HOOK_READS_REST), " --strict" };
	const char *hook = strstr(line, " hook oci --service="), *rest;

	if (!hook || !strstr(line, "mymachines") ||
	    (strncmp(line, guard, strlen(guard)) != 0 &&
	     strncmp(line, strict, strlen(strict)) != 0))
		return false;
	rest = hook + strlen(" hook oci --service=");
	rest += strcspn(rest, " ");
	if (strncmp(rest, annotations, strlen(annotations)) == 0)
		rest += strlen(annotations);
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		size_t length = strlen(ends[i]);

		if (strncmp(rest, ends[i], length) == 0 &&
		    (!rest[length] || strncmp(rest + length, " # ", 3) == 0))
			return true;
	}
	return false;
}

/* Returns the line of an entry that new_hook() makes, in the arena, or NULL. */
static const char *find_our_line(struct setup_plan *plan, struct json_span entry)
{
	char *text =
		arena_printf(plan->arena, "%.*s", (int) (entry.end - entry.begin), entry.begin);
	json_object *hook, *path, *words;
	const char *why, *line = NULL;

	hook = json_parse(text, strlen(text), &why);
	if (json_object_object_get_ex(hook, "path", &path) && json_string(path) &&
	    strcmp(json_string(path), "/bin/sh") == 0 && json_object_object_length(hook) == 2 &&
	    json_object_object_get_ex(hook, "args", &words) &&
	    json_object_is_type(words, json_type_array) && json_object_array_length(words) == 3)
		line = json_string(json_object_array_get_idx(words, 2));
	line = line && is_our_line(line) ? arena_strdup(plan->arena, line) : NULL;
	json_object_put(hook);
	return line;
}

/* Returns the object of hooks, or with a stage its array in there. */
static struct json_span find_hooks(const char *text, const char *stage)
{
	struct json_span hooks;
	int count;

	hooks = json_text_member(json_text_root(text), "hooks", &count);
	return stage && hooks.begin ? json_text_member(hooks, stage, &count) : hooks;
}

/* The number of keys that Go, and so runc, takes for this one: it ignores case. */
static size_t count_keys(json_object *object, const char *name)
{
	size_t count = 0;

	json_object_object_foreach (object, key, value) {
		(void) value;
		count += strcasecmp(key, name) == 0;
	}
	return count;
}

/*
 * Whether the text has the key no more than once, and as it is: not with escapes, which json_text
 * doesn't read, nor in other letters, which crun doesn't.
 */
static bool is_plain(json_object *object, struct json_span span, const char *key, char bracket)
{
	struct json_span value;
	int count;

	value = json_text_member(span, key, &count);
	return count <= 1 && count_keys(object, key) == (size_t) count &&
	       (count == 0 || *value.begin == bracket);
}

/* Whether the hooks have the form that the specification describes. */
static bool are_good(const char *text, json_object *object)
{
	struct json_span root = json_text_root(text);
	json_object *hooks;

	if (*root.begin != '{' || !is_plain(object, root, "hooks", '{'))
		return false;
	if (!json_object_object_get_ex(object, "hooks", &hooks))
		return true;
	for (size_t i = 0; i < N_STAGES; i++)
		if (!is_plain(hooks, find_hooks(text, NULL), stages[i], '['))
			return false;
	return true;
}

static bool is_empty(struct json_span container)
{
	for (const char *p = container.begin + 1; p < container.end - 1; p++)
		if (!strchr(" \t\r\n", *p))
			return false;
	return true;
}

/* Returns an entry of ours in this stage, or an empty span. */
static struct json_span find_ours(struct setup_plan *plan, const char *text, const char *stage)
{
	struct json_span array = find_hooks(text, stage), item = { 0 };

	if (array.begin)
		while ((item = json_text_next(array, item)).begin)
			if (find_our_line(plan, item))
				break;
	return item;
}

/*
 * What was an empty array or object before is one again later, with the same
 * blanks in it. The comment behind our line tells that: "[]", "{\n}".
 */
static char *describe_empty(struct setup_plan *plan, struct json_span container)
{
	static const char blanks[] = " \t\r\n", letters[] = "strn";
	char *text;

	if (!container.begin || !is_empty(container))
		return arena_strdup(plan->arena, "");
	text = arena_printf(plan->arena, "%.*s", (int) (container.end - container.begin),
			    container.begin);
	for (char *p = text + 1; p < text + strlen(text) - 1; p++)
		*p = letters[strchr(blanks, *p) - blanks];
	return text;
}

/* Returns the empty container that the comment of our line describes, or NULL. */
static char *find_described(struct setup_plan *plan, const char *line, char bracket)
{
	static const char blanks[] = " \t\r\n", letters[] = "strn";
	const char *comment = strstr(line, " # "), *begin;
	char *text;

	begin = comment ? strchr(comment, bracket) : NULL;
	if (!begin || !strchr("]}", begin[1 + strspn(begin + 1, letters)]))
		return NULL;
	text = arena_printf(plan->arena, "%.*s", (int) strspn(begin + 1, letters) + 2, begin);
	for (char *p = text + 1; p < text + strlen(text) - 1; p++)
		*p = blanks[strchr(letters, *p) - letters];
	return text;
}

/* Remove an empty container, or make it what it was before. */
static char *restore_container(struct setup_plan *plan, char *text, struct json_span container,
			       const char *former)
{
	if (!former)
		return json_text_remove(plan->arena, text, container);
	return arena_printf(plan->arena, "%.*s%s%s", (int) (container.begin - text), text, former,
			    container.end);
}

/* Remove our hooks, and the containers that setup has made for them. */
static char *remove_hooks(struct setup_plan *plan, char *text)
{
	const char *former_hooks = NULL;
	bool had_one = false;
	struct json_span span;

	for (size_t i = 0; i < N_STAGES; i++) {
		const char *former_stage = NULL;
		bool had_one_here = false;

		while ((span = find_ours(plan, text, stages[i])).begin) {
			const char *line = find_our_line(plan, span);

			former_stage = find_described(plan, line, '[');
			if (!former_hooks)
				former_hooks = find_described(plan, line, '{');
			text = json_text_remove(plan->arena, text, span);
			had_one = had_one_here = true;
		}
		span = find_hooks(text, stages[i]);
		if (had_one_here && is_empty(span))
			text = restore_container(plan, text, span, former_stage);
	}
	span = find_hooks(text, NULL);
	return had_one && is_empty(span) ? restore_container(plan, text, span, former_hooks) : text;
}

static char *add_hook(struct setup_plan *plan, char *text, const char *stage, const char *comment)
{
	json_object *hook = new_hook(plan, comment);

	if (!find_hooks(text, stage).begin)
		text = json_text_append(plan->arena, text, find_hooks(text, NULL), 2,
					arena_printf(plan->arena, "\"%s\": []", stage));
	text = json_text_append(
		plan->arena, text, find_hooks(text, stage), 3,
		json_object_to_json_string_ext(hook, JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(hook);
	return text;
}

static char *add_hooks(struct setup_plan *plan, char *text)
{
	const char *former_hooks = describe_empty(plan, find_hooks(text, NULL));

	if (!find_hooks(text, NULL).begin)
		text = json_text_append(plan->arena, text, json_text_root(text), 1,
					"\"hooks\": {}");
	for (size_t i = 0; i < N_STAGES; i++) {
		const char *former_stage = describe_empty(plan, find_hooks(text, stages[i]));

		text = add_hook(plan, text, stages[i],
				arena_printf(plan->arena, "%s%s", former_hooks, former_stage));
	}
	return text;
}

/* Whether all stages have exactly this hook of ours, which then stays where it is. */
static bool is_in(struct setup_plan *plan, const char *text)
{
	json_object *hook = new_hook(plan, "");
	const char *entry = json_object_to_json_string_ext(hook, JSON_C_TO_STRING_NOSLASHESCAPE);
	bool is_it = true;

	for (size_t i = 0; i < N_STAGES; i++) {
		struct json_span span = find_ours(plan, text, stages[i]);

		if (!span.begin || (size_t) (span.end - span.begin) != strlen(entry) ||
		    strncmp(span.begin, entry, strlen(entry)) != 0)
			is_it = false;
	}
	json_object_put(hook);
	return is_it;
}

static char *edit(struct setup_plan *plan, const char *before)
{
	char *text = arena_strdup(plan->arena, before);

	if (!plan->options->remove && is_in(plan, text))
		return text;
	text = remove_hooks(plan, text);
	return plan->options->remove ? text : add_hooks(plan, text);
}

/* The text of a value that is released, in lines as people write them. */
static char *take_lines(struct arena *arena, json_object *value)
{
	char *text = arena_strdup(arena,
				  json_object_to_json_string_ext(
					  value, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
							 JSON_C_TO_STRING_NOSLASHESCAPE));

	json_object_put(value);
	return text;
}

/* Returns the member that is to be written by hand. */
static char *lines_by_hand(struct setup_plan *plan)
{
	json_object *hooks = json_object_new_object();

	for (size_t i = 0; i < N_STAGES; i++) {
		json_object *array = json_object_new_array();

		json_object_array_add(array, new_hook(plan, ""));
		json_object_object_add(hooks, stages[i], array);
	}
	return arena_printf(plan->arena, "\"hooks\": %s", take_lines(plan->arena, hooks));
}

/* crun takes comments, and both runtimes take hooks of other forms, such as null. */
static int refuse(struct setup_plan *plan, const char *path, const char *why, struct failure *f)
{
	char quoted[QUOTED_SIZE];

	quote(path, quoted);
	if (plan->options->remove)
		return failure_set(f, FAILURE_INVALID,
				   "%s: isn't an OCI configuration that can be edited: %s", quoted,
				   why);
	return failure_set(f, FAILURE_INVALID,
			   "%s: isn't an OCI configuration that can be edited: %s; write into it "
			   "yourself:\n%s",
			   quoted, why, lines_by_hand(plan));
}

int setup_oci(struct setup_plan *plan, struct failure *f)
{
	const char *bundle = plan->options->bundle ? plan->options->bundle : ".", *why;
	struct change change = { .path = arena_printf(plan->arena, "%s/config.json", bundle),
				 .mode = 0644 };
	CLEANUP(json_value_done) json_object *object = NULL;
	char quoted[QUOTED_SIZE];

	if (change_read(plan->arena, &change, f) < 0)
		return -1;
	if (!change.before)
		return failure_set(f, FAILURE_NO_SUCH_FILE,
				   "%s: there is none; name a bundle by --bundle=",
				   quote(change.path, quoted));
	object = json_parse(change.before, strlen(change.before), &why);
	if (!why && !are_good(change.before, object))
		why = "its hooks have another form";
	if (why)
		return refuse(plan, change.path, why, f);
	change.after = edit(plan, change.before);
	setup_add_change(plan, &change);
	return 0;
}

/* Returns the file that oci-hooks(5) describes. The caller releases it. */
static json_object *new_podman_file(struct setup_plan *plan)
{
	json_object *file = json_object_new_object(), *when = json_object_new_object();

	json_object_object_add(file, "version", json_object_new_string("1.0.0"));
	json_object_object_add(file, "hook", new_hook(plan, ""));
	json_object_object_add(when, "always", json_object_new_boolean(true));
	json_object_object_add(file, "when", when);
	json_object_object_add(file, "stages", new_strings(stages, N_STAGES));
	return file;
}

static char *podman_hooks(struct setup_plan *plan)
{
	return arena_printf(plan->arena, "%s\n", take_lines(plan->arena, new_podman_file(plan)));
}

static json_object *words_of(json_object *podman_file)
{
	return json_member(json_member(podman_file, "hook", json_type_object), "args",
			   json_type_array);
}

/* Whether it is such a file, with any line that is_our_line(). */
static bool is_podman_file(struct setup_plan *plan, const char *text)
{
	const char *why;
	CLEANUP(json_value_done) json_object *file = json_parse(text, strlen(text), &why);
	CLEANUP(json_value_done) json_object *ours = new_podman_file(plan);
	json_object *words = words_of(file), *line;

	if (!words || json_object_array_length(words) != 3)
		return false;
	line = json_object_array_get_idx(words, 2);
	if (!json_string(line) || !is_our_line(json_string(line)))
		return false;
	json_object_array_put_idx(words_of(ours), 2, json_object_get(line));
	return json_object_equal(file, ours);
}

/* Returns the directories of --hooks-dir's default in podman's help, or NULL if it shows none. */
static char *parse_help(char *help)
{
	static const char option[] = "--hooks-dir ", begin[] = "(default [", end[] = "])";
	char *line = strstr(help, option), *list, *after;

	if (!line)
		return NULL;
	line[strcspn(line, "\n")] = '\0';
	list = strstr(line, begin);
	after = list ? strstr(list, end) : NULL;
	if (!after)
		return NULL;
	*after = '\0';
	return list + strlen(begin);
}

/*
 * Set `list` to the directories, with commas between, of which podman reads hooks: containers.conf(5)
 * may name others, in one of several files, which podman itself reads best. Its help shows them as
 * the default of an option. NULL if it shows none, or podman isn't installed. Returns 0, or -1 with a
 * failure if podman doesn't answer.
 */
static int ask_podman(struct arena *arena, char **list, struct failure *f)
{
	const char *const help[] = { "podman", "--help", NULL };
	struct program_answer answer;
	int r = program_run(arena, help, PODMAN_MILLISECONDS, &answer, f);

	*list = NULL;
	if (r < 0 && f->kind == FAILURE_NO_PROGRAM)
		return 0;
	if (r == 0 && answer.status != 0)
		r = program_failure("podman", &answer, f);
	if (r < 0)
		return failure_set(f, FAILURE_OTHER,
				   "'podman --help' doesn't say which directory of hooks podman "
				   "reads (%s); name it by --hooks-dir=",
				   arena_strdup(arena, f->text));
	*list = parse_help(answer.output);
	return 0;
}

struct directories {
	const char **items;
	size_t count;
};

static bool is_same_directory(const char *a, const char *b)
{
	struct file_identity one, other;

	return strcmp(a, b) == 0 ||
	       (file_identity_read(AT_FDCWD, a, &one) == 0 &&
		file_identity_read(AT_FDCWD, b, &other) == 0 && file_identities_equal(one, other));
}

/* Returns the index of the directory, or the number of directories if it isn't one of them. */
static size_t find_directory(const struct directories *d, const char *path)
{
	size_t i = 0;

	while (i < d->count && !is_same_directory(d->items[i], path))
		i++;
	return i;
}

static void add_directory(struct arena *arena, struct directories *d, const char *path)
{
	if (*path != '/' || find_directory(d, path) < d->count)
		return;
	d->items = arena_grow(arena, d->items, d->count, sizeof *d->items);
	d->items[d->count++] = path;
}

static char *podman_path(struct setup_plan *plan, const char *directory)
{
	return arena_printf(plan->arena, "%s/mymachines.json", directory);
}

static int add_podman_hooks(struct setup_plan *plan, const char *directory, const char *text,
			    struct failure *f)
{
	const char *path = podman_path(plan, directory), *before;

	if (setup_add_file(plan, path, text, 0644, " hook oci --service=podman", f) < 0)
		return -1;
	before = plan->changes[plan->n_changes - 1].before;
	return before && !is_podman_file(plan, before) ? setup_refuse_edited(path, f) : 0;
}

static bool can_have_hooks(struct setup_plan *plan, const char *directory)
{
	return access(podman_path(plan, directory), F_OK) == 0 ||
	       !setup_is_read_only(plan, directory);
}

/* The index of the directory that is to have the file: the default one, if podman reads it, else the first. */
static size_t choose_directory(struct setup_plan *plan, const struct directories *d)
{
	size_t chosen = find_directory(d, PODMAN_HOOKS), i = 0;

	chosen = chosen < d->count ? chosen : 0;
	if (d->count == 0 || can_have_hooks(plan, d->items[chosen]))
		return chosen;
	while (i < d->count && !can_have_hooks(plan, d->items[i]))
		i++;
	return i < d->count ? i : chosen;
}

static int refuse_read_only(const char *directory, struct failure *f)
{
	char quoted[QUOTED_SIZE];

	quote(directory, quoted);
	return failure_set(f, FAILURE_NOT_PERMITTED,
			   "%s is on a read-only file system; have podman read another directory, "
			   "too, and run setup again: below [engine] in "
			   "/etc/containers/containers.conf.d/hooks.conf, write hooks_dir = "
			   "[\"%s\", \"/etc/containers/oci/hooks.d\"]",
			   quoted, quoted);
}

int setup_podman(struct setup_plan *plan, struct failure *f)
{
	const char *text = plan->options->remove ? NULL : podman_hooks(plan), *item;
	struct directories directories = { 0 };
	size_t chosen;
	char *list;

	if (plan->options->hooks_dir)
		return add_podman_hooks(plan, plan->options->hooks_dir, text, f);
	if (ask_podman(plan->arena, &list, f) < 0)
		return -1;
	while (list && (item = strsep(&list, ",")))
		add_directory(plan->arena, &directories, item);
	chosen = choose_directory(plan, &directories);
	/* A hook that was written before podman was configured to read another directory. */
	add_directory(plan->arena, &directories, PODMAN_HOOKS);
	if (text && !plan->options->unattended && !can_have_hooks(plan, directories.items[chosen]))
		return refuse_read_only(directories.items[chosen], f);
	for (size_t i = 0; i < directories.count; i++)
		if (add_podman_hooks(plan, directories.items[i], i == chosen ? text : NULL, f) < 0)
			return -1;
	return 0;
}
