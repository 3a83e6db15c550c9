/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * OCI hooks. Those of a bundle are in its config.json: config.md, "POSIX-platform
 * Hooks". Those of all of podman's containers are files: oci-hooks(5).
 */
#include "tools/json.h"
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
	const char *const words[] = { "sh", "-c", setup_hook_line(setup, arguments) };
	json_object *hook = json_object_new_object();

	json_object_object_add(hook, "path", json_object_new_string("/bin/sh"));
	json_object_object_add(hook, "args", new_strings(words, 3));
	return hook;
}

/* Whether an entry is one of those above, wherever the program was then. */
static bool is_ours(json_object *hook)
{
	json_object *words;
	const char *line;

	if (!json_object_object_get_ex(hook, "args", &words) ||
	    !json_object_is_type(words, json_type_array) || json_object_array_length(words) != 3)
		return false;
	line = json_string(json_object_array_get_idx(words, 2));
	return line && strstr(line, "mymachines") && strstr(line, " hook oci ");
}

/* Print it as the text before was: on one line, or with its indentation; the newline, too. */
static char *print_like(struct arena *arena, const char *before, json_object *object)
{
	size_t length = strlen(before);
	int flags = JSON_C_TO_STRING_NOSLASHESCAPE;

	if (strchr(before, '\n') && strchr(before, '\n')[1])
		flags |= JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED;
	if (strstr(before, "\n\t"))
		flags |= JSON_C_TO_STRING_PRETTY_TAB;
	return arena_printf(arena, "%s%s", json_object_to_json_string_ext(object, flags),
			    length && before[length - 1] == '\n' ? "\n" : "");
}

/* The array of a stage's hooks without ours, and whether that is one. */
static bool take_out(json_object *hooks, const char *stage)
{
	json_object *array;

	if (!json_object_object_get_ex(hooks, stage, &array))
		return true;
	if (!json_object_is_type(array, json_type_array))
		return false;
	for (size_t i = json_object_array_length(array); i-- > 0;)
		if (is_ours(json_object_array_get_idx(array, i)))
			json_object_array_del_idx(array, i, 1);
	if (json_object_array_length(array) == 0)
		json_object_object_del(hooks, stage);
	return true;
}

static void put_in(struct setup *setup, json_object *hooks, const char *stage)
{
	json_object *array;

	if (!json_object_object_get_ex(hooks, stage, &array)) {
		array = json_object_new_array();
		json_object_object_add(hooks, stage, array);
	}
	json_object_array_add(array, new_hook(setup));
}

/* True if it could be done: if config.json is what it should be, as far as it matters. */
static bool edit(struct setup *setup, json_object *config)
{
	json_object *hooks = NULL;

	if (!json_object_is_type(config, json_type_object))
		return false;
	if (!json_object_object_get_ex(config, "hooks", &hooks) || !hooks) {
		if (setup->remove)
			return true;
		hooks = json_object_new_object();
		json_object_object_add(config, "hooks", hooks);
	}
	if (!json_object_is_type(hooks, json_type_object))
		return false;
	for (size_t i = 0; i < N_STAGES; i++) {
		if (!take_out(hooks, stages[i]))
			return false;
		if (!setup->remove)
			put_in(setup, hooks, stages[i]);
	}
	if (json_object_object_length(hooks) == 0)
		json_object_object_del(config, "hooks");
	return true;
}

int setup_oci(struct setup *setup)
{
	struct arena *arena = setup->arena;
	const char *bundle = setup->bundle ? setup->bundle : ".", *why;
	struct change change = { .path = arena_printf(arena, "%s/config.json", bundle),
				 .mode = 0644 };
	json_object *config, *unchanged;
	char quoted[QUOTED_SIZE];
	bool is_good;

	if (change_read(arena, &change) < 0)
		return -1;
	if (!change.before)
		return setup_fail(setup, "%s: there is none; name a bundle by --bundle=",
				  quote(change.path, quoted));
	config = json_parse(change.before, strlen(change.before), &why);
	unchanged = why ? NULL : json_parse(change.before, strlen(change.before), &why);
	is_good = !why && edit(setup, config);
	if (is_good)
		/* To print it again might change no more than blanks. */
		change.after = json_object_equal(config, unchanged)
				       ? change.before
				       : print_like(arena, change.before, config);
	else
		setup_fail(setup, "%s: isn't an OCI configuration: %s", quote(change.path, quoted),
			   why ? why : "its hooks have another form");
	json_object_put(config);
	json_object_put(unchanged);
	if (is_good)
		setup_add(setup, &change);
	return is_good ? 0 : -1;
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
			      setup->remove ? NULL : text, 0644);
}
