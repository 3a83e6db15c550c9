/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/registrar/refresh.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "host/file_reader.h"
#include "registry/leader_state.h"
#include "registry/lookup.h"
#include "tools/registrar/look.h"
#include "tools/registrar/machine_copy.h"
#include "tools/registrar/merge.h"
#include "tools/registrar/observation.h"
#include "tools/registrar/scope_cgroup.h"

#include <errno.h>
#include <string.h>

struct refreshing {
	struct arena arena;
	const struct machine_identity *machines;
	struct observation *observations; /* one of each */
	size_t count;
	const struct refresh_options *options;
	struct notices *notices;
};

static void refreshing_done(struct refreshing *r)
{
	arena_done(&r->arena);
	free(r->observations);
}

static int observe_one(struct refreshing *r, size_t i, struct snapshot *s,
		       const struct cgroup_hierarchy *cgroups, struct host_view *view,
		       struct failure *f)
{
	struct observation *o = &r->observations[i];
	struct observation_request request;

	observation_begin_registered(o, &r->machines[i].leader);
	if (o->verdict != LEADER_OK)
		return 0;
	request = observation_request_for(s, &r->arena, r->machines[i].name, &o->seen.leader);
	request.cgroups = cgroups;
	request.view = view;
	request.system_look = r->options->system_look;
	return observation_complete(o, &r->arena, &request, f) < 0
		       ? failure_prefix(f, "%s", r->machines[i].name)
		       : 0;
}

/* The same, with what it costs. */
static int observe_and_measure(struct refreshing *r, size_t i, struct snapshot *s,
			       const struct cgroup_hierarchy *cgroups, struct host_view *view,
			       struct failure *f)
{
	struct refresh_result *result = r->options->results ? &r->options->results[i] : NULL;
	int64_t began = result ? clock_microseconds(CLOCK_THREAD_CPUTIME_ID) : 0;
	int64_t started = result ? clock_milliseconds(CLOCK_MONOTONIC) : 0;
	int status = observe_one(r, i, s, cgroups, view, f);

	if (result) {
		result->microseconds +=
			(uint32_t) (clock_microseconds(CLOCK_THREAD_CPUTIME_ID) - began);
		result->milliseconds = (uint32_t) (clock_milliseconds(CLOCK_MONOTONIC) - started);
		result->is_incomplete = observation_is_incomplete(&r->observations[i]);
		result->has_hung |= observation_has_hung(&r->observations[i]);
	}
	return status;
}

/* For struct look. */
static int observe_all(void *data, uint64_t *generation, struct failure *f)
{
	struct refreshing *r = data;
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };
	CLEANUP(host_view_close) struct host_view view = { 0 };
	struct cgroup_hierarchy cgroups;
	bool has_cgroups = cgroup_hierarchy_find(&cgroups) == 0;
	int result = 0;

	if (r->count > 0 && host_view_begin(&view, f) < 0)
		return -1;
	/* If it can't be read, opening it for the change will fail with the reason. */
	snapshot_open(&snapshot, REGISTRY_PATH);
	*generation = snapshot.meta.generation;
	for (size_t i = 0; i < r->count && result == 0; i++)
		result = observe_and_measure(r, i, &snapshot, has_cgroups ? &cgroups : NULL, &view,
					     f);
	file_reader_stop();
	if (result < 0)
		return -1;
	observations_ask_neighbours(r->observations, r->count, &view, r->options->neighbour_wait);
	return 0;
}

static struct machine merge_observation(struct refreshing *r, struct snapshot *s, size_t i,
					const struct machine *former, int *error)
{
	const struct merge_sources sources = { .name = r->machines[i].name,
					       .observation = &r->observations[i],
					       .former = former,
					       .is_starting = r->options->is_starting };
	struct machine m = merge_machine(&r->arena, &sources);

	*error = 0;
	for (enum id_kind kind = ID_UID; *error == 0 && kind <= ID_GID; kind++)
		if (merge_has_new_ids(&sources, &m, kind))
			*error = claims_limit_ids(s, &r->arena, &m, kind);
	return m;
}

static bool is_changed(const struct machine *former, struct machine *machine)
{
	CLEANUP_FREE uint8_t *bytes = malloc(RECORD_SIZE_MAX),
			     *former_bytes = malloc(RECORD_SIZE_MAX);
	int size, former_size;

	if (!bytes || !former_bytes)
		arena_out_of_memory();
	machine->sequence = former->sequence;
	machine->realtime = former->realtime;
	machine->monotonic = former->monotonic;
	size = record_encode(machine, bytes, RECORD_SIZE_MAX);
	former_size = record_encode(former, former_bytes, RECORD_SIZE_MAX);
	return size < 0 || size != former_size || memcmp(bytes, former_bytes, (size_t) size) != 0;
}

/* Whether a record of the registry of that generation would change, or there is a newer registry. */
static bool any_is_changed(struct refreshing *r, uint64_t generation)
{
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };

	if (snapshot_open(&snapshot, REGISTRY_PATH) < 0 || snapshot.meta.generation != generation)
		return true;
	for (size_t i = 0; i < r->count; i++) {
		const struct observation *o = &r->observations[i];
		struct machine former, machine;
		int error;

		if (o->verdict != LEADER_OK ||
		    find_same_registration(&snapshot, r->machines[i].name, &o->seen.leader,
					   &former) < 0)
			return true;
		machine = merge_observation(r, &snapshot, i, &former, &error);
		if (error < 0 || is_changed(&former, &machine))
			return true;
	}
	return false;
}

static void report_observations(const struct refreshing *r)
{
	for (size_t i = 0; i < r->count; i++)
		observation_report(&r->observations[i], r->machines[i].name, r->options->retries,
				   r->notices);
}

static bool are_current(void *data, struct snapshot *registry)
{
	struct refreshing *r = data;

	for (size_t i = 0; i < r->count; i++)
		if (r->observations[i].verdict == LEADER_OK &&
		    !observation_is_of_record(&r->observations[i], r->machines[i].name, registry,
					      &r->arena))
			return false;
	return true;
}

static bool is_needless(void *data, uint64_t generation)
{
	return !any_is_changed(data, generation);
}

/* 1; 0 if there is nothing to publish; or -1. */
static int observe_and_lock(struct refreshing *r, struct writer *w, struct failure *f)
{
	const struct look look = { .data = r,
				   .observe = observe_all,
				   .is_current = are_current,
				   .is_needless = r->options->only_if_changed ? is_needless : NULL,
				   .discard_unreadable = r->options->discard };
	int result = look_and_lock(&look, REGISTRY_DIRECTORY, w, f);

	if (result >= 0)
		report_observations(r);
	return result;
}

/* The record may be another machine's by now. */
static int remove_if_dead(const struct refreshing *r, struct writer *w, const char *name)
{
	char folded[MACHINE_NAME_SIZE];
	struct machine m;
	int result;

	machine_name_fold(name, folded);
	result = writer_find_name(w, folded, &m);
	if (result == 0 && leader_state(&m.leader, &w->meta.context, NULL) == LEADER_DEAD) {
		notices_add(r->notices, NOTICE_WARNING, "%s: leader %u has died; unregistered",
			    name, m.leader.pid);
		result = writer_remove(w, folded);
	}
	return result == -ENOENT ? 0 : result;
}

/* Once, when it is seen first. */
static void report_lost_ids(const struct refreshing *r, const struct machine *former,
			    const struct machine *m)
{
	if (m->namespaces & ~former->namespaces & MACHINE_HAS_LOST_IDS)
		notices_add(r->notices, NOTICE_WARNING,
			    "%s: leader %u is in another user namespace now: its ids don't count "
			    "any more, until it is registered again",
			    m->name, m->leader.pid);
}

/* 0, -EEXIST with a conflict, or another negative errno. */
static int apply(struct refreshing *r, struct writer *w, size_t i, struct claim_conflict *conflict)
{
	const char *name = r->machines[i].name;
	const struct observation *o = &r->observations[i];
	struct machine former, machine;
	int result = -ENOENT;

	if (o->verdict == LEADER_OK)
		result = find_same_registration_in_change(w, name, &o->seen.leader, &former);
	if (result == -ENOENT ||
	    leader_state(&o->seen.leader, &w->meta.context, NULL) == LEADER_DEAD)
		return r->options->keep_dead ? 0 : remove_if_dead(r, w, name);
	if (result < 0)
		return result;
	/* The pages that the record is in may change before the new one is written. */
	former = machine_copy(&r->arena, &former);
	machine = merge_observation(r, &w->former, i, &former, &result);
	if (result == 0)
		result = register_machine(w, &machine, false, r->notices, conflict);
	if (result == 0)
		report_lost_ids(r, &former, &machine);
	return result;
}

/* A machine that can't be refreshed stays as it is; the others are refreshed. */
static int apply_all(struct refreshing *r, struct writer *w, struct failure *f)
{
	struct claim_conflict conflict;

	for (size_t i = 0; i < r->count; i++) {
		int result = apply(r, w, i, &conflict);

		if (result == 0)
			continue;
		if (result == -EEXIST)
			claim_failure(f, &conflict);
		else
			failure_set(f, failure_kind_of(result), "%s",
				    registry_writer_error_words(result));
		failure_prefix(f, "%s", r->machines[i].name);
		if (w->broken)
			return -1;
		notices_add_failure(r->notices, f);
	}
	return 0;
}

static bool any_is_incomplete(const struct refreshing *r)
{
	for (size_t i = 0; i < r->count; i++)
		if (observation_is_incomplete(&r->observations[i]))
			return true;
	return false;
}

int refresh_machines(const struct machine_identity *machines, size_t count,
		     const struct refresh_options *options, struct notices *notices,
		     struct failure *f)
{
	CLEANUP(writer_close) struct writer writer = { .lock = -1, .file = -1 };
	CLEANUP(refreshing_done)
	struct refreshing r = { .machines = machines,
				.observations = calloc(count + 1, sizeof *r.observations),
				.count = count,
				.options = options,
				.notices = notices };
	int result;

	if (!r.observations)
		arena_out_of_memory();
	result = observe_and_lock(&r, &writer, f);
	if (result > 0) {
		if (options->make_registry)
			writer_start_empty(&writer);
		if (apply_all(&r, &writer, f) < 0)
			return -1;
		/* Not without the lock: a registration may just have made a scope. */
		if (options->sweep)
			scope_cgroups_sweep();
		result = publish(&writer, notices, f);
	}
	return result == 0 && any_is_incomplete(&r) ? PUBLISHED_INCOMPLETE : result;
}
