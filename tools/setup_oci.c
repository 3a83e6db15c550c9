/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * OCI hooks. Those of a bundle are in its config.json: config.md, "POSIX-platform
 * Hooks". Those of all of podman's containers are files: oci-hooks(5).
 */
#include "tools/json.h"
#include "tools/json_text.h"
#include "tools/message.h"
#include "tools/setup.h"

#include <string.h>

/* containers.conf(5), "hooks_dir": without it, this is the only one that podman reads. */
#define PODMAN_HOOKS "/usr/share/containers/oci/hooks.d"

/* When the namespaces are there and nothing has run yet; and when all is over. */
static const char *const stages[] = { "createRuntime", "poststop" };

#define N_STAGES (sizeof stages / sizeof *stages)

static json_object *new_strings(const char *const *items, size_t count)
{
	json_object *array = json_object_new_array();

	for (size_t i = 0; i < count; i++)
		json_object_array_add(array, json_object_new_string(items[i]));
	return array;
}

/* What an entry of config.json's hooks is, and "hook" of oci-hooks(5). */
static json_object *new_hook(struct setup *setup)
{
	char *arguments = arena_printf(setup->arena, "oci --service=%s", setup->target);
	const char *const words[] = { "sh", "-c", setup_hook_line(setup, arguments, "") };
	json_object *hook = json_object_new_object();

	json_object_object_add(hook, "path", json_object_new_string("/bin/sh"));
	json_object_object_add(hook, "args", new_strings(words, 3));
	return hook;
}

/* Whether a line is one that setup_hook_line() makes, wherever the program was then. */
static bool is_our_line(const char *line)
{
	static const char guard[] = "[ ! -x ", strict[] = "exec ";
	const char *hook = strstr(line, " hook oci --service="), *rest;

	if (!hook || !strstr(line, "mymachines") ||
	    (strncmp(line, guard, strlen(guard)) != 0 &&
	     strncmp(line, strict, strlen(strict)) != 0))
		return false;
	rest = hook + strlen(" hook oci --service=");
	rest += strcspn(rest, " ");
	return strcmp(rest, " || :") == 0 || strcmp(rest, " --strict") == 0;
}

/* Whether an entry is what new_hook() makes. */
static bool is_ours(struct setup *setup, struct json_span entry)
{
	char *text =
		arena_printf(setup->arena, "%.*s", (int) (entry.end - entry.begin), entry.begin);
	json_object *hook, *path, *words;
	const char *why, *line = NULL;
	bool is_it = false;

	hook = json_parse(text, strlen(text), &why);
	if (json_object_object_get_ex(hook, "path", &path) && json_string(path) &&
	    strcmp(json_string(path), "/bin/sh") == 0 && json_object_object_length(hook) == 2 &&
	    json_object_object_get_ex(hook, "args", &words) &&
	    json_object_is_type(words, json_type_array) && json_object_array_length(words) == 3)
		line = json_string(json_object_array_get_idx(words, 2));
	is_it = line && is_our_line(line);
	json_object_put(hook);
	return is_it;
}

/* The hooks of the configuration, and in them those of a stage. A NULL stage stands for all. */
static struct json_span find_hooks(const char *text, const char *stage)
{
	struct json_span hooks;
	int count;

	hooks = json_text_member(json_text_root(text), "hooks", &count);
	return stage && hooks.begin ? json_text_member(hooks, stage, &count) : hooks;
}

/* Whether they are what they should be, as far as it matters. */
static bool are_good(const char *text)
{
	struct json_span root = json_text_root(text), hooks;
	int count;

	if (*root.begin != '{')
		return false;
	hooks = json_text_member(root, "hooks", &count);
	if (count == 0)
		return true;
	if (count > 1 || *hooks.begin != '{')
		return false;
	for (size_t i = 0; i < N_STAGES; i++) {
		struct json_span stage = json_text_member(hooks, stages[i], &count);

		if (count > 1 || (count == 1 && *stage.begin != '['))
			return false;
	}
	return true;
}

static bool is_empty(struct json_span container)
{
	for (const char *p = container.begin + 1; p < container.end - 1; p++)
		if (!strchr(" \t\r\n", *p))
			return false;
	return true;
}

/* One of ours in this stage; NULL where there is none. */
static struct json_span find_ours(struct setup *setup, const char *text, const char *stage)
{
	struct json_span array = find_hooks(text, stage), item = { 0 };

	if (array.begin)
		while ((item = json_text_next(array, item)).begin)
			if (is_ours(setup, item))
				break;
	return item;
}

/* Ours, and what is empty without them. */
static char *take_out(struct setup *setup, char *text)
{
	bool had_one = false;
	struct json_span span;

	for (size_t i = 0; i < N_STAGES; i++) {
		bool had_one_here = false;

		while ((span = find_ours(setup, text, stages[i])).begin) {
			text = json_text_remove(setup->arena, text, span);
			had_one = had_one_here = true;
		}
		span = find_hooks(text, stages[i]);
		if (had_one_here && is_empty(span))
			text = json_text_remove(setup->arena, text, span);
	}
	span = find_hooks(text, NULL);
	return had_one && is_empty(span) ? json_text_remove(setup->arena, text, span) : text;
}

static char *put_in(struct setup *setup, char *text)
{
	json_object *hook = new_hook(setup);
	const char *entry = json_object_to_json_string_ext(hook, JSON_C_TO_STRING_NOSLASHESCAPE);

	if (!find_hooks(text, NULL).begin)
		text = json_text_append(setup->arena, text, json_text_root(text), 1,
					"\"hooks\": {}");
	for (size_t i = 0; i < N_STAGES; i++) {
		if (!find_hooks(text, stages[i]).begin)
			text = json_text_append(
				setup->arena, text, find_hooks(text, NULL), 2,
				arena_printf(setup->arena, "\"%s\": []", stages[i]));
		text = json_text_append(setup->arena, text, find_hooks(text, stages[i]), 3, entry);
	}
	json_object_put(hook);
	return text;
}

/* Whether all stages have just this hook of ours: then nothing is moved to the end. */
static bool is_in(struct setup *setup, const char *text)
{
	json_object *hook = new_hook(setup);
	const char *entry = json_object_to_json_string_ext(hook, JSON_C_TO_STRING_NOSLASHESCAPE);
	bool is_it = true;

	for (size_t i = 0; i < N_STAGES; i++) {
		struct json_span span = find_ours(setup, text, stages[i]);

		if (!span.begin || (size_t) (span.end - span.begin) != strlen(entry) ||
		    strncmp(span.begin, entry, strlen(entry)) != 0)
			is_it = false;
	}
	json_object_put(hook);
	return is_it;
}

static char *edit(struct setup *setup, const char *before)
{
	char *text = arena_strdup(setup->arena, before);

	if (!setup->remove && is_in(setup, text))
		return text;
	text = take_out(setup, text);
	return setup->remove ? text : put_in(setup, text);
}

int setup_oci(struct setup *setup)
{
	struct arena *arena = setup->arena;
	const char *bundle = setup->bundle ? setup->bundle : ".", *why;
	struct change change = { .path = arena_printf(arena, "%s/config.json", bundle),
				 .mode = 0644 };
	char quoted[QUOTED_SIZE];

	if (setup_read(setup, &change) < 0)
		return -1;
	if (!change.before)
		return setup_fail(setup, "%s: there is none; name a bundle by --bundle=",
				  quote(change.path, quoted));
	json_object_put(json_parse(change.before, strlen(change.before), &why));
	if (!why && !are_good(change.before))
		why = "its hooks have another form";
	if (why)
		return setup_fail(setup, "%s: isn't an OCI configuration: %s",
				  quote(change.path, quoted), why);
	change.after = edit(setup, change.before);
	setup_add(setup, &change);
	return 0;
}

int setup_podman(struct setup *setup)
{
	json_object *file = json_object_new_object(), *when = json_object_new_object();
	char *text;

	json_object_object_add(file, "version", json_object_new_string("1.0.0"));
	json_object_object_add(file, "hook", new_hook(setup));
	json_object_object_add(when, "always", json_object_new_boolean(true));
	json_object_object_add(file, "when", when);
	json_object_object_add(file, "stages", new_strings(stages, N_STAGES));
	text = arena_printf(setup->arena, "%s\n",
			    json_object_to_json_string_ext(
				    file, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
						  JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(file);
	return setup_add_file(setup,
			      arena_printf(setup->arena, "%s/mymachines.json",
					   setup->hooks_dir ? setup->hooks_dir : PODMAN_HOOKS),
			      setup->remove ? NULL : text, 0644, " hook oci --service=podman");
}
