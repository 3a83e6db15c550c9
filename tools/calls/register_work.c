/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/calls/register_work.h"

#include "base/cleanup.h"
#include "base/pidfd.h"
#include "base/program.h"
#include "host/process.h"
#include "registry/leader_state.h"
#include "registry/lookup.h"
#include "tools/calls/former.h"
#include "tools/calls/ownership.h"
#include "tools/monitor/monitor_start.h"
#include "tools/registrar/unregister.h"

#include <stdio.h>
#include <string.h>

void register_work_done(struct register_work *work)
{
	arena_done(&work->arena);
}

int register_work_set_name(struct register_work *work, const char *name, struct failure *f)
{
	work->registration.arena = &work->arena;
	if (registration_set_name(&work->registration, name, f) < 0)
		return -1;
	work->registration.subject = work->registration.machine.name;
	return 0;
}

void register_work_set_id(struct register_work *work, const uint8_t id[static 16])
{
	static const uint8_t none[16];
	struct machine *m = &work->registration.machine;

	m->has_id = memcmp(id, none, sizeof none) != 0;
	if (m->has_id) {
		memcpy(m->id, id, sizeof m->id);
		work->registration.given |= FIELD_ID;
	}
}

void register_work_set_service(struct register_work *work, const char *service)
{
	struct failure failure;

	if (*service && registration_set_service(&work->registration, service, &failure) < 0)
		work->registration.given &= ~(unsigned int) FIELD_SERVICE;
}

bool register_work_expect_interfaces(struct register_work *work, size_t count)
{
	if (count > MACHINE_INTERFACES_MAX - work->n_interfaces)
		return false;
	work->n_interfaces += count;
	return true;
}

void register_work_add_interface(struct register_work *work, int32_t index)
{
	struct failure failure;
	char text[16];

	snprintf(text, sizeof text, "%i", index);
	(void) !registration_add_interface(&work->registration, text, &failure);
}

void register_work_set_caller(struct register_work *work, const struct machine_leader *caller)
{
	struct failure failure;

	(void) !registration_set_supervisor_process(&work->registration, caller, &failure);
}

/*
 * Find the machine that the leader leads already. Not one that a dead process of the same pid has led. 1; 0 if
 * there is none; -1 with a failure.
 */
static int find_former(const struct registration *reg, struct snapshot *snapshot,
		       struct machine *former, struct failure *f)
{
	if (registry_open(snapshot, f) < 0)
		return -1;
	return snapshot->is_open &&
	       snapshot_find_leader(snapshot, (uint32_t) reg->leader, former) == 0 &&
	       leader_state(&former->leader, &snapshot->meta.context, NULL) != LEADER_DEAD;
}

/* If the leader leads a machine already, the first name stays, and the new one becomes an alias. */
static int take_first_name(struct registration *reg, struct failure *f)
{
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };
	struct machine m;
	int r = find_former(reg, &snapshot, &m, f);

	if (r <= 0 || machine_names_equal(m.name, reg->machine.name))
		return r < 0 ? -1 : 0;
	for (const char *alias = NULL; (alias = machine_next_alias(&m, alias));)
		if (registration_add_alias(reg, alias, f) < 0)
			return -1;
	if (registration_add_alias(reg, reg->machine.name, f) < 0)
		return -1;
	return registration_set_name(reg, m.name, f);
}

/* A caller that registers a machine again doesn't become its supervisor while that lives. */
static int keep_supervisor(const struct register_work *work, struct registration *reg,
			   struct failure *f)
{
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };
	struct machine m;
	int r;

	if (work->names_supervisor || !(reg->given & FIELD_SUPERVISOR))
		return 0;
	r = find_former(reg, &snapshot, &m, f);
	if (r > 0 && machine_supervisor(&m, &snapshot.meta.context))
		reg->given &= ~(unsigned int) FIELD_SUPERVISOR;
	return r < 0 ? -1 : 0;
}

/* The facts that a user other than root may give: none that leads anybody anywhere, as addresses do. */
#define OWNER_FIELDS (FIELD_CLASS | FIELD_SERVICE | FIELD_ID | FIELD_DESCRIPTION | FIELD_SUPERVISOR)

/* Another process has taken the leader's pid, and was registered in its place. */
static int take_back(pid_t leader, struct failure *f)
{
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };
	struct machine m;

	if (registry_open(&snapshot, f) < 0)
		return -1;
	if (snapshot.is_open && snapshot_find_leader(&snapshot, (uint32_t) leader, &m) == 0 &&
	    unregister_machines(&(struct machine_identity){ m.name, m.leader }, 1, NULL, f) < 0)
		return -1;
	return failure_set(f, FAILURE_GONE, "leader %d has died", (int) leader);
}

int register_work_check_leader(const struct register_work *work, struct failure *f)
{
	const struct registration *reg = &work->registration;
	struct machine_leader leader;
	CLEANUP_CLOSE int pidfd = -1;
	int error = 0;
	enum leader_verdict verdict = process_inspect(reg->leader, &leader, &pidfd, &error);

	if (verdict == LEADER_OK && !leader_is_expected(&leader, &reg->expected))
		verdict = LEADER_ABSENT;
	return verdict == LEADER_OK
		       ? 0
		       : failure_set(f, FAILURE_NO_PROCESS, "leader %d: %s", (int) reg->leader,
				     leader_verdict_words(verdict, error));
}

int register_work_check_owner(const struct register_work *work, int *pidfd, struct failure *f)
{
	const struct registration *reg = &work->registration;

	if (strchr(reg->machine.name, '.'))
		return failure_set(f, FAILURE_INVALID,
				   "Invalid machine name: only root gives one with a dot");
	return check_ownership((pid_t) reg->leader, work->owner, pidfd, f);
}

/* A supervisor gets signals that its machine's owner sends, so it is a process of the owner's. */
static int check_supervisor(const struct register_work *work, struct registration *reg,
			    struct failure *f)
{
	struct machine_leader *supervisor = &reg->machine.supervisor;

	if (!supervisor->pid || owns_process(supervisor, work->owner))
		return 0;
	if (work->names_supervisor)
		return failure_set(f, FAILURE_NOT_PERMITTED,
				   "supervisor %u isn't a process of the user who asks",
				   supervisor->pid);
	*supervisor = (struct machine_leader){ 0 };
	return 0;
}

/* As all that registers does: whoever does it, the machine is followed. */
static int register_followed(struct registration *reg, struct failure *f)
{
	CLEANUP(arena_done) struct arena arena = { 0 };

	return monitor_register(reg, 1, &(struct registrar_options){ 0 },
				program_of_ours(&arena, BINARY_DIRECTORY, "mymachines"), NULL, f);
}

/* The owner of all processes of the machine, who isn't root. */
static int register_as_owner(const struct register_work *work, struct registration *reg,
			     struct failure *f)
{
	CLEANUP_CLOSE int pidfd = -1;

	reg->owner = work->owner;
	reg->given &= OWNER_FIELDS;
	if (registration_check(reg, f) < 0 || register_work_check_owner(work, &pidfd, f) < 0 ||
	    check_supervisor(work, reg, f) < 0 || register_followed(reg, f) < 0)
		return -1;
	return pidfd_is_alive(pidfd) ? 0 : take_back((pid_t) reg->leader, f);
}

static int register_as_root(struct registration *reg, struct failure *f)
{
	return take_first_name(reg, f) < 0 || registration_check(reg, f) < 0
		       ? -1
		       : register_followed(reg, f);
}

int register_work_now(const struct register_work *work, struct work_result *result,
		      struct failure *f)
{
	struct registration registration = work->registration;

	registration.scope = work->create;
	if (keep_supervisor(work, &registration, f) < 0)
		return -1;
	if ((work->owner ? register_as_owner(work, &registration, f)
			 : register_as_root(&registration, f)) < 0)
		return -1;
	result->size = strlen(registration.machine.name) + 1;
	memcpy(result->text, registration.machine.name, result->size);
	return 0;
}

int register_work(const void *argument, struct work_result *result, struct failure *f)
{
	const struct register_work *work = argument;

	former_wait(work->registration.machine.name, work->registration.leader);
	return register_work_now(work, result, f);
}
