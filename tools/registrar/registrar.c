/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/registrar/registrar.h"

#include "base/cleanup.h"
#include "base/configuration.h"
#include "host/file_reader.h"
#include "registry/leader_state.h"
#include "registry/lookup.h"
#include "tools/registrar/claims.h"
#include "tools/registrar/look.h"
#include "tools/registrar/machine_copy.h"
#include "tools/registrar/merge.h"
#include "tools/registrar/observation.h"
#include "tools/registrar/placement.h"
#include "tools/registrar/publish.h"
#include "tools/registrar/scope_cgroup.h"

#include <errno.h>
#include <inttypes.h>

/* A machine that is to get a scope of its own, and what that is. */
struct scope {
	struct machine machine;
	const char *unit; /* NULL: there is nothing to do */
};

struct registering {
	const struct registration *registrations;
	struct observation *observations; /* one of each */
	bool is_observed;		  /* they have been made, and the next look reuses them */
	uint64_t generation;		  /* of the registry when they were made */
	struct scope *scopes;		  /* one of each */
	size_t count;
	const struct registrar_options *options;
	struct notices *notices;
	const char **names;   /* that they were registered under, one of each */
	const char *unitless; /* a new machine that is in no unit */
	size_t n_unitless;
};

static int registration_failure(struct failure *f, const struct registration *reg, int error)
{
	failure_set(f, failure_kind_of(error), "%s: %s", reg->subject,
		    registry_writer_error_words(error));
	f->error = error;
	return -1;
}

/* The name of the record that find_former() will find. */
static const char *former_name(const struct registration *reg, const struct machine_leader *leader,
			       struct snapshot *s)
{
	struct machine former;

	if (!reg->is_hooked ||
	    find_same_registration(s, reg->machine.name, leader, &former) != -ENOENT ||
	    find_led_machine(s, leader, &former) < 0)
		return reg->machine.name;
	return arena_strdup(reg->arena, former.name);
}

/* Given facts take precedence over the former record; the class may be given earlier in the same batch. */
static struct observation_request request_for(const struct registering *r, size_t i,
					      const struct machine_leader *leader,
					      struct snapshot *s)
{
	const struct registration *reg = &r->registrations[i];
	struct observation_request request =
		observation_request_for(s, reg->arena, former_name(reg, leader, s), leader);

	if (reg->given & FIELD_INTERFACES)
		request.interfaces =
			given_interfaces(reg->arena, &reg->machine, &request.n_interfaces);
	for (size_t j = i + 1; j-- > 0;)
		if (r->registrations[j].given & FIELD_CLASS &&
		    r->registrations[j].leader == reg->leader) {
			request.class = r->registrations[j].machine.class;
			break;
		}
	return request;
}

static int observe_one(const struct registering *r, size_t i, struct snapshot *s,
		       const struct cgroup_hierarchy *cgroups, struct host_view *view,
		       struct failure *f)
{
	const struct registration *reg = &r->registrations[i];
	struct observation *o = &r->observations[i];
	int result = 0;

	observation_begin(o, reg->leader, &reg->expected);
	if (o->verdict == LEADER_OK) {
		struct observation_request request = request_for(r, i, &o->seen.leader, s);

		request.cgroups = cgroups;
		request.view = view;
		request.system_look = r->options->is_starting ? SYSTEM_LOOK_EARLY : SYSTEM_LOOK;
		result = observation_complete(o, reg->arena, &request, f);
	}
	if (result == 0 && o->verdict != LEADER_OK)
		result = failure_set(f, FAILURE_NO_PROCESS, "leader %" PRId64 ": %s", reg->leader,
				     leader_verdict_words(o->verdict, o->leader_error));
	return result < 0 ? failure_prefix(f, "%s", reg->subject) : 0;
}

/* For struct look. */
static int observe_all(void *data, uint64_t *generation, struct failure *f)
{
	struct registering *r = data;
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };
	CLEANUP(host_view_close) struct host_view view = { 0 };
	struct cgroup_hierarchy cgroups;
	bool has_cgroups;
	int result = 0;

	if (r->is_observed) {
		r->is_observed = false;
		*generation = r->generation;
		return 0;
	}
	has_cgroups = cgroup_hierarchy_find(&cgroups) == 0;
	if (host_view_begin(&view, f) < 0)
		return -1;
	/* If it can't be read, opening it for the change will fail with the reason. */
	snapshot_open(&snapshot, REGISTRY_PATH);
	*generation = r->generation = snapshot.meta.generation;
	for (size_t i = 0; i < r->count && result == 0; i++)
		result = observe_one(r, i, &snapshot, has_cgroups ? &cgroups : NULL, &view, f);
	file_reader_stop();
	if (result < 0)
		return -1;
	observations_ask_neighbours(r->observations, r->count, &view, NEIGHBOUR_WAIT);
	return 0;
}

static bool are_current(void *data, struct snapshot *registry)
{
	const struct registering *r = data;

	for (size_t i = 0; i < r->count; i++) {
		const struct registration *reg = &r->registrations[i];
		const struct observation *o = &r->observations[i];

		if (!observation_is_of_record(o, former_name(reg, &o->seen.leader, registry),
					      registry, reg->arena))
			return false;
	}
	return true;
}

static int observe_and_lock(struct registering *r, struct writer *w, struct failure *f)
{
	const struct look look = { .data = r, .observe = observe_all, .is_current = are_current };

	if (look_and_lock(&look, REGISTRY_DIRECTORY, w, f) < 0)
		return -1;
	for (size_t i = 0; i < r->count; i++)
		observation_report(&r->observations[i], r->registrations[i].subject, false,
				   r->notices);
	return 0;
}

/* Why a record can't be put: because of the registry's file, or of the record. */
static int put_failure(struct failure *f, const struct writer *w, const struct registration *reg,
		       int error)
{
	return w->broken ? registry_failure(f, w->blamed, error)
			 : registration_failure(f, reg, error);
}

/* Whatever a process of the host is in, such as its cgroup, may be the host's. */
static int check_namespaces(const struct registering *r, const struct registration *reg,
			    const struct machine *m, bool is_new, struct failure *f)
{
	if (!is_new || r->options->force || !machine_is_host_process(m))
		return 0;
	return failure_set(
		f, FAILURE_INVALID,
		"%s: leader %u has only namespaces of the host, so it is not a container; "
		"if it is a machine, register it with --force, a VM with --class=vm",
		reg->subject, m->leader.pid);
}

static int limit_new_ids(struct writer *w, const struct registration *reg,
			 const struct merge_sources *sources, struct machine *m)
{
	int r = 0;

	for (enum id_kind kind = ID_UID; r == 0 && kind <= ID_GID; kind++)
		if (merge_has_new_ids(sources, m, kind))
			r = claims_limit_ids(&w->former, reg->arena, m, kind);
	return r;
}

static int put_machine(const struct registering *r, struct writer *w,
		       const struct registration *reg, struct machine *m, struct failure *f)
{
	struct claim_conflict conflict;
	int result = m->given & MACHINE_NAMES_HOOKED
			     ? register_hooked_machine(w, reg->arena, m, r->notices, &conflict)
			     : register_machine(w, m, r->options->replace, r->notices, &conflict);

	if (result == -EEXIST) {
		claim_failure(f, &conflict);
		return failure_prefix(f, "%s", reg->subject);
	}
	return result < 0 ? put_failure(f, w, reg, result) : 0;
}

/* A user other than root changes only machines that he has registered. */
static int check_owner(const struct registration *reg, const struct machine *former,
		       struct failure *f)
{
	return reg->owner == 0 || reg->owner == former->owner
		       ? 0
		       : failure_set(f, FAILURE_EXISTS,
				     "%s: another user has registered it already", reg->subject);
}

/*
 * The record that a registration updates. A hook may run again for a machine that has another of
 * its names meanwhile, or one that a person gave it.
 */
static int find_former(struct writer *w, const struct registration *reg,
		       const struct machine_leader *leader, struct machine *former)
{
	int r = find_same_registration_in_change(w, reg->machine.name, leader, former);

	return r == -ENOENT && reg->is_hooked ? find_led_machine_in_change(w, leader, former) : r;
}

static int apply(struct registering *r, struct writer *w, size_t i, struct failure *f)
{
	const struct registration *reg = &r->registrations[i];
	const struct observation *o = &r->observations[i];
	struct machine former, machine;
	struct merge_sources sources = { .name = reg->machine.name,
					 .given = reg,
					 .observation = o,
					 .is_starting = r->options->is_starting };
	int result = find_former(w, reg, &o->seen.leader, &former);
	bool is_new = result == -ENOENT;

	if (result < 0 && !is_new)
		return registration_failure(f, reg, result);
	if (!is_new) {
		/* The pages that the record is in may change before the new one is written. */
		former = machine_copy(reg->arena, &former);
		if (check_owner(reg, &former, f) < 0)
			return -1;
		sources.former = &former;
		if (reg->is_hooked)
			sources.name = former.name;
	}
	machine = merge_machine(reg->arena, &sources);
	if (check_namespaces(r, reg, &machine, is_new, f) < 0)
		return -1;
	result = limit_new_ids(w, reg, &sources, &machine);
	if (result < 0)
		return registration_failure(f, reg, result);
	if (put_machine(r, w, reg, &machine, f) < 0)
		return -1;
	if (is_new && !machine.unit && !reg->scope && r->n_unitless++ == 0)
		r->unitless = machine.name;
	r->names[i] = machine.name;
	return 0;
}

/* Another machine may be in the scope of this name: one that was called so when it was placed. */
static int choose_scope(struct writer *w, const struct machine *m, char unit[static UNIT_NAME_SIZE])
{
	struct machine other;
	int r = scope_unit_name(m->name, 0, unit);

	if (r == 0 && snapshot_find_unit(&w->former, unit, 0, &other) == 0 &&
	    !leader_equal(&other.leader, &m->leader))
		r = scope_unit_name(m->name, m->leader.pid, unit);
	return r;
}

static int find_applied(const struct registering *r, struct writer *w, size_t i, struct machine *m,
			struct failure *f)
{
	const struct registration *reg = &r->registrations[i];
	char folded[MACHINE_NAME_SIZE];
	int result;

	machine_name_fold(r->names[i], folded);
	result = writer_find_name(w, folded, m);
	if (result < 0)
		return registration_failure(f, reg, result);
	*m = machine_copy(reg->arena, m);
	return 0;
}

static int plan_scope(const struct registering *r, struct writer *w, size_t i, struct failure *f)
{
	const struct registration *reg = &r->registrations[i];
	struct scope *scope = &r->scopes[i];
	char *unit = arena_alloc(reg->arena, UNIT_NAME_SIZE);

	if (find_applied(r, w, i, &scope->machine, f) < 0)
		return -1;
	if (choose_scope(w, &scope->machine, unit) < 0)
		return failure_set(f, FAILURE_INVALID, "%s: is too long a name for a scope",
				   reg->subject);
	scope->unit = unit;
	return 0;
}

static int apply_all(struct registering *r, struct writer *w, struct failure *f)
{
	r->n_unitless = 0;
	for (size_t i = 0; i < r->count; i++)
		if (apply(r, w, i, f) < 0)
			return -1;
	return 0;
}

/* Apply all without publishing, to see that all can be registered. `context` is that of the leaders. */
static int plan_scopes(struct registering *r, struct pid_context *context, struct failure *f)
{
	CLEANUP(writer_close) struct writer writer = { .lock = -1, .file = -1 };

	if (observe_and_lock(r, &writer, f) < 0 || apply_all(r, &writer, f) < 0)
		return -1;
	for (size_t i = 0; i < r->count; i++)
		if (r->registrations[i].scope && plan_scope(r, &writer, i, f) < 0)
			return -1;
	*context = writer.meta.context;
	r->is_observed = true;
	return 0;
}

static int leader_has_gone(const struct registration *reg, uint32_t pid, struct failure *f)
{
	return failure_set(f, FAILURE_GONE, "%s: leader %u: %s", reg->subject, pid,
			   leader_verdict_words(LEADER_ABSENT, 0));
}

static int enter_scope(const struct registering *r, const struct pid_context *context, size_t i,
		       struct failure *f)
{
	const struct registration *reg = &r->registrations[i];
	struct scope *scope = &r->scopes[i];
	const struct machine *m = &scope->machine;
	int result;

	/* Another process with its pid must not be moved. */
	if (leader_state(&m->leader, context, NULL) == LEADER_DEAD)
		return leader_has_gone(reg, m->leader.pid, f);
	result = placement_enter(reg->subject, m->name, m->leader.pid, m->unit, scope->unit,
				 r->notices, f);
	if (result == 0)
		scope->unit = NULL;
	return result < 0 ? -1 : 0;
}

/*
 * Give machines that could be registered scopes of their own, without the registry's lock: systemd may keep
 * its callers waiting, and other writers have nothing to do with it.
 */
static int enter_scopes(struct registering *r, struct failure *f)
{
	CLEANUP(notices_done) struct notices kept = { 0 };
	struct notices *notices = r->notices;
	struct pid_context context;
	int result;

	/* Registering the machines will add the same notices again. */
	r->notices = &kept;
	result = plan_scopes(r, &context, f);
	r->notices = notices;
	if (result < 0) {
		if (notices)
			notices_move(notices, &kept);
		return -1;
	}
	for (size_t i = 0; i < r->count; i++)
		if (r->scopes[i].unit && enter_scope(r, &context, i, f) < 0)
			return -1;
	return 0;
}

static int record_scope(const struct registering *r, struct writer *w, size_t i, struct failure *f)
{
	const struct registration *reg = &r->registrations[i];
	const struct scope *scope = &r->scopes[i];
	struct machine m;
	int result;

	if (find_applied(r, w, i, &m, f) < 0)
		return -1;
	/* Its pid is another process, which was not moved. */
	if (!leader_equal(&m.leader, &scope->machine.leader))
		return leader_has_gone(reg, scope->machine.leader.pid, f);
	m.unit = scope->unit;
	m.given &= ~(uint32_t) MACHINE_UNIT_IS_SHARED;
	result = writer_put(w, &m);
	return result < 0 ? put_failure(f, w, reg, result) : 0;
}

static int record_scopes(const struct registering *r, struct writer *w, struct failure *f)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->scopes[i].unit && record_scope(r, w, i, f) < 0)
			return -1;
	return 0;
}

static bool any_scope(const struct registration *registrations, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (registrations[i].scope)
			return true;
	return false;
}

static void hint_at_units(const struct registering *r)
{
	static const char words[] = "so ps -o machine won't show it; --scope gives it one";

	if (r->n_unitless == 0 || !configuration_read(r->notices)->exports)
		return;
	if (r->n_unitless == 1)
		notices_add(r->notices, NOTICE_HINT, "%s: is in no unit, %s", r->unitless, words);
	else
		notices_add(r->notices, NOTICE_HINT, "%s and %zu more: each is in no unit, %s",
			    r->unitless, r->n_unitless - 1, words);
}

int register_machines(const struct registration *registrations, size_t count,
		      const struct registrar_options *options, struct notices *notices,
		      struct failure *f)
{
	CLEANUP(writer_close) struct writer writer = { .lock = -1, .file = -1 };
	CLEANUP_FREE struct observation *observations = calloc(count + 1, sizeof *observations);
	CLEANUP_FREE const char **names = calloc(count + 1, sizeof *names);
	CLEANUP_FREE struct scope *scopes = calloc(count + 1, sizeof *scopes);
	struct registering r = { .registrations = registrations,
				 .names = names,
				 .observations = observations,
				 .scopes = scopes,
				 .count = count,
				 .options = options,
				 .notices = notices };

	if (!observations || !names || !scopes)
		arena_out_of_memory();
	if (any_scope(registrations, count) && enter_scopes(&r, f) < 0)
		return -1;
	if (observe_and_lock(&r, &writer, f) < 0 || apply_all(&r, &writer, f) < 0 ||
	    record_scopes(&r, &writer, f) < 0 || publish(&writer, notices, f) < 0)
		return -1;
	hint_at_units(&r);
	return 0;
}
