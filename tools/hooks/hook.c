/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/hooks/hook.h"

#include "base/array_size.h"
#include "base/cleanup.h"
#include "base/program.h"
#include "base/quote.h"
#include "host/process.h"
#include "registry/leader_state.h"
#include "registry/lookup.h"
#include "tools/hooks/hook_reader.h"
#include "tools/monitor/monitor_start.h"
#include "tools/registrar/unregister.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct hook_kind kinds[] = {
	{ "oci", hook_read_oci },
	{ "lxc", hook_read_lxc },
	{ "libvirt", hook_read_libvirt },
};

const struct hook_kind *hook_find_kind(const char *name, struct failure *f)
{
	char quoted[QUOTED_SIZE];

	for (size_t i = 0; name && i < ARRAY_SIZE(kinds); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	if (name)
		failure_set(f, FAILURE_INVALID, "hook: '%s' is neither oci, lxc nor libvirt",
			    quote(name, quoted));
	else
		failure_set(f, FAILURE_INVALID,
			    "hook: the kind of hook is missing: oci, lxc or libvirt");
	return NULL;
}

bool hook_has_registry(void)
{
	struct stat st;

	/* In a user namespace, files of the host's root belong to somebody else. */
	return geteuid() == 0 && stat("/run", &st) == 0 && st.st_uid == 0;
}

void hook_add_name(struct hook *hook, const char *name)
{
	name_candidates_add_given(&hook->names, name);
	hook->has_given_name = name != NULL;
	hook->wanted = name;
}

/* A container's process isn't in the host's mount namespace, whatever the runtime tells us. */
static int check_leader(const struct hook *hook, struct failure *f)
{
	if (hook->reg.machine.class == MACHINE_VM || hook->reg.leader <= 0 ||
	    hook->reg.leader > UINT32_MAX ||
	    process_shares_namespace(NULL, (uint32_t) hook->reg.leader, NAMESPACE_MOUNT) != 1)
		return 0;
	return failure_set(f, FAILURE_INVALID,
			   "%s: pid %lld is in this host's mount namespace, so it is not a "
			   "container's",
			   hook->reg.subject, (long long) hook->reg.leader);
}

/* Add the last resort: no other machine of this runtime has this leader. */
static void add_last_name(struct hook *hook)
{
	const char *service = hook->reg.machine.service ? hook->reg.machine.service : "machine";

	name_candidates_add(&hook->names, arena_printf(hook->reg.arena, "%s-%lld", service,
						       (long long) hook->reg.leader));
}

static void set_aliases(struct hook *hook)
{
	for (size_t i = 0; i < hook->n_aliases; i++)
		if (!machine_names_equal(hook->aliases[i], hook->reg.machine.name))
			hook_set_found(hook, registration_add_alias, hook->aliases[i]);
}

/* Try the candidates as a runtime's names: the first that can be one, and further ones to go on with. */
static int set_runtime_names(struct hook *hook, struct failure *f)
{
	struct registration *reg = &hook->reg;
	const char *subject = reg->subject;

	reg->is_hooked = true;
	for (size_t i = 0; i < hook->names.count; i++) {
		const char *name = hook->names.items[i];

		if (reg->machine.name) {
			if (registration_add_next_name(reg, name, f) < 0)
				continue;
		} else if (registration_set_name(reg, name, f) < 0) {
			failure_prefix(f, "%s", subject);
			notices_add_failure(hook->notices, f);
		}
	}
	if (!reg->machine.name)
		return failure_set(f, FAILURE_INVALID, "%s: no name can be made for it", subject);
	if (hook->wanted && strcmp(reg->machine.name, hook->wanted) != 0)
		notices_add(hook->notices, NOTICE_WARNING, "%s: registered as %s", subject,
			    reg->machine.name);
	return 0;
}

/* The name that root has given, in the runtime's configuration. */
static int set_given_name(struct hook *hook, struct failure *f)
{
	return registration_set_name(&hook->reg, hook->names.items[0], f) < 0
		       ? failure_prefix(f, "%s", hook->reg.subject)
		       : 0;
}

static int register_named(struct hook *hook, struct failure *f)
{
	static const struct registrar_options options = { .is_starting = true };

	hook->reg.subject = hook->reg.machine.name;
	set_aliases(hook);
	if (registration_check(&hook->reg, f) < 0)
		return failure_prefix(f, "%s", hook->reg.subject);
	return monitor_register(&hook->reg, 1, &options,
				hook->no_monitor ? NULL : program_own_path(), hook->notices, f);
}

/* Keep what the runtime calls it, as its name may be made from that: with a '?' for each control byte. */
static void set_description(struct hook *hook)
{
	char *text = arena_strdup(hook->reg.arena, hook->wanted ? hook->wanted : "");
	size_t length = strlen(text);

	if (length > MACHINE_WORD_MAX) {
		for (length = MACHINE_WORD_MAX; length && (text[length] & 0xc0) == 0x80;)
			length--;
		text[length] = '\0';
	}
	for (char *at = text; *at; at++)
		if ((unsigned char) *at < 0x20 || *at == 0x7f)
			*at = '?';
	hook_set_found(hook, registration_set_description, text);
}

/* A given name that another machine has, too, is no reason to leave this one unregistered. */
static int register_under_a_name(struct hook *hook, struct failure *f)
{
	const struct registration unnamed = hook->reg;

	if (hook->has_given_name) {
		if (set_given_name(hook, f) < 0)
			return -1;
		if (register_named(hook, f) == 0)
			return 0;
		if (f->kind != FAILURE_EXISTS)
			return -1;
		notices_add_failure(hook->notices, f);
		hook->reg = unnamed;
	}
	return set_runtime_names(hook, f) < 0 ? -1 : register_named(hook, f);
}

int hook_register(struct hook *hook, struct failure *f)
{
	add_last_name(hook);
	if (!(hook->reg.given & FIELD_DESCRIPTION))
		set_description(hook);
	if (check_leader(hook, f) < 0)
		return -1;
	return register_under_a_name(hook, f);
}

static int unregister_if_dead(struct snapshot *snapshot, const char *name, struct failure *f)
{
	char folded[MACHINE_NAME_SIZE];
	struct machine_identity identity;
	struct machine machine;

	if (machine_name_fold(name, folded) == 0 ||
	    snapshot_find_name(snapshot, folded, &machine) < 0 ||
	    leader_state(&machine.leader, &snapshot->meta.context, NULL) != LEADER_DEAD)
		return 0;
	identity = (struct machine_identity){ machine.name, machine.leader };
	return unregister_machines(&identity, 1, NULL, f);
}

int hook_unregister(const struct hook *hook, struct failure *f)
{
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };
	int status = 0;

	if (registry_open(&snapshot, f) < 0)
		return -1;
	for (size_t i = 0; i < hook->names.count; i++)
		if (unregister_if_dead(&snapshot, hook->names.items[i], f) < 0)
			status = -1;
	return status;
}
