/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Hooks that LXD hands to LXC: raw.lxc of a profile. A container has that of its last profile which has one, or
 * its own: LXD doesn't join them.
 */
#include "base/cleanup.h"
#include "base/json_value.h"
#include "base/program.h"
#include "base/quote.h"
#include "tools/setup/lxc_block.h"
#include "tools/setup/lxd_client.h"
#include "tools/setup/setup_plan.h"

#include <string.h>

/* The project whose profiles are changed. */
#define PROJECT "default"

/*
 * The profile "local:NAME" is this host's. Without these, lxc(1) takes the remote host and the project that
 * its user has chosen last.
 */
#define LOCAL_PROFILE "--project", PROJECT, "profile"

/* For lxc(1)'s verb query, which has no --project. */
#define PROFILES  "local:/1.0/profiles?recursion=1&project=" PROJECT
#define INSTANCES "local:/1.0/instances?recursion=1&all-projects=true"

/* lxc(1) waits for LXD to start. Doctor doesn't. */
#define LXC_MILLISECONDS	(60 * 1000)
#define UNATTENDED_MILLISECONDS (3 * 1000)

/* Run lxc(1). Returns what it printed, or NULL with a failure. */
static char *run_lxc(struct arena *arena, const char *const *arguments, int milliseconds,
		     struct failure *f)
{
	struct program_answer answer;

	if (program_run(arena, arguments, milliseconds, &answer, f) < 0)
		return NULL;
	if (answer.status == 0)
		return answer.output;
	program_failure("lxc, the client of LXD", &answer, f);
	return NULL;
}

static char *ask_lxc(const struct setup_plan *plan, const char *const *arguments, struct failure *f)
{
	return run_lxc(plan->arena, arguments,
		       plan->options->unattended ? UNATTENDED_MILLISECONDS : LXC_MILLISECONDS, f);
}

/* A list of LXD's. A new value, or NULL with a failure. */
static json_object *query(const struct setup_plan *plan, const char *program, const char *url,
			  struct failure *f)
{
	const char *const arguments[] = { program, "query", url, NULL }, *why = NULL;
	char *text = ask_lxc(plan, arguments, f);
	json_object *list = text ? json_parse_tolerant(text, strlen(text), &why) : NULL;

	if (!text || json_object_is_type(list, json_type_array))
		return list;
	json_object_put(list);
	failure_set(f, FAILURE_OTHER, "lxc, the client of LXD: its answer isn't a list: %s",
		    why ? why : "it is something else");
	return NULL;
}

static const char *raw_lxc(json_object *object, const char *member)
{
	const char *text =
		json_member_string(json_member(object, member, json_type_object), "raw.lxc");

	return text ? text : "";
}

static int set_raw_lxc(struct arena *arena, const struct change *change, struct failure *f)
{
	const struct lxd_client client = lxd_client_find(arena);
	const char *const set[] = { client.program, LOCAL_PROFILE, "set", change->subject,
				    "raw.lxc",	    change->after, NULL },
			  *const unset[] = { client.program,  LOCAL_PROFILE, "unset",
					     change->subject, "raw.lxc",     NULL };

	if (!client.program)
		return failure_set(f, FAILURE_NO_PROGRAM, "LXD's snap was removed just now");
	return run_lxc(arena, change->after ? set : unset, LXC_MILLISECONDS, f) ? 0 : -1;
}

/* Change raw.lxc of a profile, which is this now. */
static struct change change_profile(struct setup_plan *plan, const char *profile, const char *text)
{
	struct change change = {
		.path = arena_printf(plan->arena, "raw.lxc of profile %s", profile),
		.before = *text ? text : NULL,
		.subject = arena_printf(plan->arena, "local:%s", profile),
		.apply = set_raw_lxc,
	};

	lxc_block_edit(plan, &change);
	if (change.after && !*change.after)
		change.after = NULL;
	setup_add_change(plan, &change);
	return change;
}

/* Returns what raw.lxc of a profile is, or NULL with a failure. */
static char *read_profile(const struct setup_plan *plan, const char *program, const char *profile,
			  struct failure *f)
{
	const char *const get[] = { program,   LOCAL_PROFILE,
				    "get",     arena_printf(plan->arena, "local:%s", profile),
				    "raw.lxc", NULL };
	char *text = ask_lxc(plan, get, f);

	/* lxc prints the value and a newline; the value may end in another one. */
	if (text && *text && text[strlen(text) - 1] == '\n')
		text[strlen(text) - 1] = '\0';
	return text;
}

/* Remove our lines from each profile that has them. */
static int change_all_profiles(struct setup_plan *plan, const char *program, struct failure *f)
{
	CLEANUP(json_value_done) json_object *profiles = query(plan, program, PROFILES, f);
	size_t count = profiles ? json_object_array_length(profiles) : 0;

	for (size_t i = 0; i < count; i++) {
		json_object *profile = json_object_array_get_idx(profiles, i);

		change_profile(plan, json_member_text(plan->arena, profile, "name"),
			       arena_strdup(plan->arena, raw_lxc(profile, "config")));
	}
	return profiles ? 0 : -1;
}

static bool has_profile(json_object *instance, const char *profile)
{
	json_object *profiles = json_member(instance, "profiles", json_type_array);
	size_t count = profiles ? json_object_array_length(profiles) : 0;

	for (size_t i = 0; i < count; i++) {
		const char *name = json_string(json_object_array_get_idx(profiles, i));

		if (name && strcmp(name, profile) == 0)
			return true;
	}
	return false;
}

/* Whether the container gets raw.lxc by this profile, and so what the change makes of it. */
static bool follows(json_object *instance, const char *profile, const struct change *change)
{
	const char *project = json_member_string(instance, "project");

	return (!project || strcmp(project, PROJECT) == 0) && has_profile(instance, profile) &&
	       !*raw_lxc(instance, "config") &&
	       strcmp(raw_lxc(instance, "expanded_config"), change->before ? change->before : "") ==
		       0;
}

static bool is_container(json_object *instance)
{
	const char *type = json_member_string(instance, "type");

	return !type || strcmp(type, "container") == 0;
}

/* Tell which containers have another raw.lxc than the profile's. */
static void tell_others(struct setup_plan *plan, const char *program, const char *profile,
			const struct change *change)
{
	struct failure f;
	CLEANUP(json_value_done) json_object *instances = query(plan, program, INSTANCES, &f);
	size_t count = instances ? json_object_array_length(instances) : 0;

	if (!instances)
		setup_add_gap(plan, "whether a container has another raw.lxc isn't known: %s",
			      f.text);
	for (size_t i = 0; i < count; i++) {
		json_object *instance = json_object_array_get_idx(instances, i);
		const char *project = json_member_text(plan->arena, instance, "project");
		char name[QUOTED_SIZE], quoted[QUOTED_SIZE];
		bool is_elsewhere = *project && strcmp(project, PROJECT) != 0;

		if (!is_container(instance) || follows(instance, profile, change) ||
		    lxc_block_is_in_effect(plan, raw_lxc(instance, "expanded_config")))
			continue;
		setup_add_gap(plan,
			      "container %s%s%s has another raw.lxc than profile %s, so it isn't "
			      "registered; it needs the profile's lines there, too",
			      quote(json_member_text(plan->arena, instance, "name"), name),
			      is_elsewhere ? " of project " : "",
			      is_elsewhere ? quote(project, quoted) : "", profile);
	}
}

static int change_one_profile(struct setup_plan *plan, const char *program, const char *profile,
			      struct failure *f)
{
	const char *text = read_profile(plan, program, profile, f);
	struct change change;

	if (!text)
		return -1;
	change = change_profile(plan, profile, text);
	/* With --profile=, the person has chosen which containers are registered. */
	if (!plan->options->remove && !plan->options->profile &&
	    !(plan->options->unattended && change_is_pending(&change)))
		tell_others(plan, program, profile, &change);
	return 0;
}

int setup_lxd(struct setup_plan *plan, struct failure *f)
{
	const char *profile = plan->options->profile;
	const struct lxd_client client = lxd_client_find(plan->arena);

	if (profile && *profile == '-')
		return failure_set(f, FAILURE_INVALID, "a profile's name doesn't begin with '-'");
	if (!plan->options->remove && client.is_of_snap)
		return failure_set(
			f, FAILURE_NOT_SUPPORTED,
			"LXD is from its snap, whose hooks can't see the host's programs, "
			"so they would register nothing; register each container "
			"after its start by 'mymachines register NAME --leader=PID', or "
			"install LXD from a package of the distribution");
	/* Without a snap, there is no profile that setup may have changed. */
	if (!client.program)
		return 0;
	plan->next_step = profile ? "running containers are registered at their next start; "
				    "containers with another raw.lxc need these lines there"
				  : "running containers are registered at their next start";
	if (plan->options->remove && !profile)
		return change_all_profiles(plan, client.program, f);
	return change_one_profile(plan, client.program, profile ? profile : "default", f);
}
