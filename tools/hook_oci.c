/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Hooks of the OCI runtime specification: runc, crun, podman, and whatever
 * else runs a bundle. The container's state comes as JSON on standard input:
 * config.md, "POSIX-platform Hooks", and runtime.md, "State".
 */
#include "registry/cleanup.h"
#include "tools/containers_storage.h"
#include "tools/hook.h"
#include "tools/input.h"
#include "tools/json.h"
#include "tools/message.h"

#include <errno.h>
#include <string.h>

#define ANNOTATION "org.mymachines."

/* Of podman's and Docker's ids: all of one, and the part that people type. */
#define LONG_ID_LENGTH	64
#define SHORT_ID_LENGTH 12

static void put_json(json_object **object)
{
	json_object_put(*object);
}

static const char *get_string(json_object *object, const char *key)
{
	json_object *value;

	return json_object_object_get_ex(object, key, &value) ? json_string(value) : NULL;
}

static const char *annotation(json_object *state, const char *key)
{
	json_object *annotations;

	return json_object_object_get_ex(state, "annotations", &annotations) &&
			       json_object_is_type(annotations, json_type_object)
		       ? get_string(annotations, key)
		       : NULL;
}

static const char *copy(struct hook *hook, const char *text)
{
	return text ? arena_strdup(hook->reg.arena, text) : NULL;
}

/* Whether it is an id as podman makes them. */
static bool is_long_id(const char *id)
{
	return strlen(id) == LONG_ID_LENGTH && strspn(id, "0123456789abcdef") == LONG_ID_LENGTH;
}

static bool is_stopped(const char *status)
{
	return strcmp(status, "stopped") == 0;
}

static bool is_started(const char *status)
{
	return strcmp(status, "creating") == 0 || strcmp(status, "created") == 0 ||
	       strcmp(status, "running") == 0;
}

/* "root" of the bundle's config.json: runc's state doesn't have it. */
static const char *read_root(struct hook *hook, const char *bundle)
{
	CLEANUP(put_json) json_object *config = NULL;
	json_object *root;
	const char *why;
	size_t size;
	char *text;

	if (input_read_file(hook->reg.arena,
			    arena_printf(hook->reg.arena, "%s/config.json", bundle), &text,
			    &size) < 0)
		return NULL;
	config = json_parse(text, size, &why);
	return json_object_object_get_ex(config, "root", &root) &&
			       json_object_is_type(root, json_type_object)
		       ? copy(hook, get_string(root, "path"))
		       : NULL;
}

/*
 * The leader hasn't changed its root yet when the hook runs, so /proc can't
 * tell. A path that isn't absolute is the bundle's.
 */
static int set_root(struct hook *hook, json_object *state, const char *bundle)
{
	const char *root = get_string(state, "root");

	if (!root && bundle)
		root = read_root(hook, bundle);
	if (root && *root && *root != '/')
		root = bundle ? arena_printf(hook->reg.arena, "%s/%s", bundle, root) : NULL;
	return root && *root ? registration_set_root(&hook->reg, root) : 0;
}

/* What it is called, by whom: who starts it, podman, the runtime. */
static void add_names(struct hook *hook, json_object *state, const char *id, const char *bundle)
{
	struct arena *arena = hook->reg.arena;

	hook_add_name(hook, copy(hook, annotation(state, ANNOTATION "name")));
	if (!is_long_id(id)) {
		hook_add_name(hook, id);
		return;
	}
	if (bundle)
		hook_add_name(hook, containers_storage_name(arena, bundle, id));
	hook_add_name(hook, arena_printf(arena, "%.*s", SHORT_ID_LENGTH, id));
}

static int set_facts(struct hook *hook, json_object *state, const char *id, const char *bundle)
{
	const char *aliases = annotation(state, ANNOTATION "alias"),
		   *class = annotation(state, ANNOTATION "class"),
		   *short_id = hook->names[hook->n_names - 1];

	if (bundle && *bundle != '/') {
		complain("%s: the bundle is no absolute path", hook->reg.subject);
		return -1;
	}
	if (registration_set_service(&hook->reg, "oci") < 0 || set_root(hook, state, bundle) < 0 ||
	    (class && registration_set_class(&hook->reg, class) < 0) ||
	    (aliases && hook_add_aliases(hook, aliases) < 0))
		return -1;
	/* Podman's users type it as well; one that is a number can't be a name. */
	if (is_long_id(id) && hook->n_names > 1 && machine_name_judge(short_id, NULL) == NAME_OK)
		return registration_add_alias(&hook->reg, short_id);
	return 0;
}

static int read_state(struct hook *hook, json_object *state)
{
	const char *id = copy(hook, get_string(state, "id")),
		   *bundle = copy(hook, get_string(state, "bundle")),
		   *status = get_string(state, "status");
	char quoted[QUOTED_SIZE];
	json_object *pid;

	if (!id || !*id || !status) {
		complain("%s: no state of a container: %s is missing", hook->reg.subject,
			 id && *id ? "its status" : "its id");
		return -1;
	}
	hook_set_subject(hook, id);
	if (!is_stopped(status) && !is_started(status)) {
		complain("%s: status '%s' is unknown", hook->reg.subject, quote(status, quoted));
		return -1;
	}
	add_names(hook, state, id, bundle);
	hook->event = is_stopped(status) ? HOOK_STOP : HOOK_START;
	if (hook->event == HOOK_STOP)
		return 0;
	hook->name_hint = "annotation " ANNOTATION "name";
	if (!json_object_object_get_ex(state, "pid", &pid) ||
	    !json_object_is_type(pid, json_type_int)) {
		complain("%s: no state of a container: its pid is missing", hook->reg.subject);
		return -1;
	}
	hook_set_leader(hook, json_object_get_int64(pid));
	return set_facts(hook, state, id, bundle);
}

int hook_read_oci(struct hook *hook, char **arguments)
{
	CLEANUP(put_json) json_object *state = NULL;
	const char *why;
	size_t size;
	char *text;

	if (*arguments) {
		complain("%s: takes no arguments", hook->reg.subject);
		return -1;
	}
	if (hook_read_input(hook, &text, &size) < 0)
		return -1;
	state = json_parse(text, size, &why);
	if (why) {
		complain("%s: no JSON: %s", hook->reg.subject, why);
		return -1;
	}
	if (!json_object_is_type(state, json_type_object)) {
		complain("%s: isn't a JSON object", hook->reg.subject);
		return -1;
	}
	return read_state(hook, state);
}
