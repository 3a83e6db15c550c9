/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Hooks of the OCI runtime specification: runc, crun, podman, and every other
 * program that runs a bundle. The container's state comes as JSON on standard input:
 * config.md, "POSIX-platform Hooks", and runtime.md, "State".
 */
#include "base/cleanup.h"
#include "base/input.h"
#include "base/json_value.h"
#include "base/quote.h"
#include "tools/hooks/container_name.h"
#include "tools/hooks/hook_reader.h"

#include <errno.h>
#include <string.h>

#define ANNOTATION "org.mymachines."

/* The length of podman's and Docker's ids, and of the part that people type. */
#define LONG_ID_LENGTH	64
#define SHORT_ID_LENGTH 12

static json_object *get_annotations(json_object *state)
{
	return json_member(state, "annotations", json_type_object);
}

static const char *annotation(json_object *state, const char *key)
{
	return json_member_string(get_annotations(state), key);
}

static const char *copy(struct hook *hook, const char *text)
{
	return text ? arena_strdup(hook->reg.arena, text) : NULL;
}

/* Whether podman or Docker has made this id. */
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

/* Returns "root" of the bundle's config.json, which runc's state lacks, or NULL. */
static const char *read_root(struct hook *hook, const char *bundle)
{
	CLEANUP(json_value_done) json_object *config = NULL;
	const char *why;
	size_t size;
	char *text;

	if (input_read_file(hook->reg.arena,
			    arena_printf(hook->reg.arena, "%s/config.json", bundle), &text,
			    &size) < 0)
		return NULL;
	config = json_parse_tolerant(text, size, &why);
	return copy(hook,
		    json_member_string(json_member(config, "root", json_type_object), "path"));
}

/*
 * The leader hasn't changed its root yet when the hook runs, so /proc can't
 * tell it. A relative path is below the bundle.
 */
static void set_root(struct hook *hook, json_object *state, const char *bundle)
{
	const char *root = json_member_string(state, "root");

	if (!root && bundle)
		root = read_root(hook, bundle);
	if (root && *root && *root != '/')
		root = bundle ? arena_printf(hook->reg.arena, "%s/%s", bundle, root) : NULL;
	if (root && *root)
		hook_set_found(hook, registration_set_root, root);
}

/*
 * Annotations may come from the image, so they give a name only if root wants
 * that. Then comes the name that the container manager has for the container,
 * then its id.
 */
static void add_names(struct hook *hook, json_object *state, const char *id, const char *bundle)
{
	struct arena *arena = hook->reg.arena;

	if (hook->with_annotations)
		hook_add_runtime_name(hook, "oci",
				      copy(hook, annotation(state, ANNOTATION "name")));
	if (bundle)
		hook_add_runtime_name(hook, "oci",
				      container_name(arena, get_annotations(state), bundle, id));
	hook_add_runtime_name(hook, "oci",
			      is_long_id(id) ? arena_printf(arena, "%.*s", SHORT_ID_LENGTH, id)
					     : id);
}

/* People type the short id as well. It is not a name if it has digits only. */
static void add_short_id(struct hook *hook, const char *id)
{
	char *short_id = arena_printf(hook->reg.arena, "%.*s", SHORT_ID_LENGTH, id);

	if (machine_name_judge(short_id, NULL) == NAME_OK)
		hook_add_aliases(hook, short_id);
}

static void set_facts(struct hook *hook, json_object *state, const char *id, const char *bundle)
{
	hook_set_found(hook, registration_set_service, "oci");
	set_root(hook, state, bundle);
	if (hook->with_annotations) {
		hook_set_found(hook, registration_set_class, annotation(state, ANNOTATION "class"));
		hook_add_aliases(hook, annotation(state, ANNOTATION "alias"));
	}
	if (is_long_id(id))
		add_short_id(hook, id);
}

static int read_state(struct hook *hook, json_object *state, struct failure *f)
{
	const char *id = copy(hook, json_member_string(state, "id")),
		   *bundle = copy(hook, json_member_string(state, "bundle")),
		   *status = json_member_string(state, "status");
	char quoted[QUOTED_SIZE];
	json_object *pid;

	if (!id || !*id || !status)
		return failure_set(
			f, FAILURE_INVALID,
			"%s: standard input isn't the state of a container: %s is missing",
			hook->reg.subject, id && *id ? "its status" : "its id");
	hook_set_subject(hook, id);
	if (!is_stopped(status) && !is_started(status))
		return failure_set(f, FAILURE_INVALID, "%s: status '%s' is unknown",
				   hook->reg.subject, quote(status, quoted));
	if (bundle && *bundle != '/')
		return failure_set(f, FAILURE_INVALID, "%s: the bundle is not an absolute path",
				   hook->reg.subject);
	add_names(hook, state, id, bundle);
	hook->event = is_stopped(status) ? HOOK_STOP : HOOK_START;
	if (hook->event == HOOK_STOP)
		return 0;
	if (!json_object_object_get_ex(state, "pid", &pid) ||
	    !json_object_is_type(pid, json_type_int))
		return failure_set(
			f, FAILURE_INVALID,
			"%s: standard input isn't the state of a container: its pid is missing",
			hook->reg.subject);
	hook_set_leader(hook, json_object_get_int64(pid));
	set_facts(hook, state, id, bundle);
	return 0;
}

int hook_read_oci(struct hook *hook, char **arguments, struct failure *f)
{
	CLEANUP(json_value_done) json_object *state = NULL;
	const char *why;
	size_t size;
	char *text;

	if (*arguments)
		return failure_set(f, FAILURE_INVALID, "%s: takes no arguments", hook->reg.subject);
	if (hook_read_input(hook, &text, &size, f) < 0)
		return -1;
	state = json_parse_tolerant(text, size, &why);
	if (why)
		return failure_set(f, FAILURE_INVALID, "%s: no JSON: %s", hook->reg.subject, why);
	if (!json_object_is_type(state, json_type_object))
		return failure_set(f, FAILURE_INVALID, "%s: isn't a JSON object",
				   hook->reg.subject);
	return read_state(hook, state, f);
}
