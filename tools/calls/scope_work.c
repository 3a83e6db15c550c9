/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/calls/scope_work.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/pidfd.h"
#include "host/cgroup.h"
#include "host/process.h"
#include "host/record_lock.h"
#include "registry/leader_state.h"
#include "registry/lock.h"
#include "registry/lookup.h"
#include "tools/calls/former.h"
#include "tools/calls/register_work.h"
#include "tools/registrar/scope_cgroup.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <time.h>

#define SYSTEMD	     "org.freedesktop.systemd1"
#define SYSTEMD_PATH "/org/freedesktop/systemd1"
#define MANAGER	     SYSTEMD ".Manager"
/* A lock for each pid, and for each name behind these. */
#define LOCK_PATH  REGISTRY_DIRECTORY "/scopes.lock"
#define NAMES_FROM (UINT64_C(1) << 32)

#define UNIT_EXISTS   SYSTEMD ".UnitExists"
#define STEP_USEC     10000
#define JOB_WAIT_USEC (15 * 1000000ull)

/* The scope of a machine of this name whose leader has just died may take so long to end. */
#define FORMER_WAIT_USEC (5 * 1000000ull)

/* The second one is for a machine whose name another one has had, which lives on in the first. */
struct scope_units {
	char first[UNIT_NAME_SIZE], second[UNIT_NAME_SIZE];
};

struct scope_job {
	const char *path; /* NULL until systemd has told it */
	char result[32];  /* "done" */
};

static uint64_t now_usec(void)
{
	return (uint64_t) clock_microseconds(CLOCK_MONOTONIC);
}

static int on_job_removed(sd_bus_message *signal, void *data, sd_bus_error *error)
{
	struct scope_job *job = data;
	const char *path, *unit, *result;
	uint32_t id;

	(void) error;
	if (sd_bus_message_read(signal, "uoss", &id, &path, &unit, &result) < 0 || !job->path ||
	    strcmp(path, job->path) != 0)
		return 0;
	strncat(job->result, result, sizeof job->result - 1);
	return 0;
}

/* Enter the last argument of the call, whatever was read before. */
static int find_properties(sd_bus_message *call)
{
	char before[64];
	const char *all;
	size_t length;
	int r = sd_bus_message_rewind(call, true);

	if (r < 0)
		return r;
	all = sd_bus_message_get_signature(call, true);
	length = strlen(all) - strlen("a(sv)");
	if (length >= sizeof before)
		return -EINVAL;
	memcpy(before, all, length);
	before[length] = '\0';
	r = sd_bus_message_skip(call, before);
	return r < 0 ? r : sd_bus_message_enter_container(call, 'a', "(sv)");
}

static int append_properties(sd_bus_message *m, const struct scope_work *work, const char *name)
{
	int r = sd_bus_message_open_container(m, 'a', "(sv)");

	if (r >= 0)
		r = sd_bus_message_append(m, "(sv)(sv)(sv)(sv)(sv)(sv)", "Description", "s", name,
					  "Slice", "s", SCOPE_SLICE, "Delegate", "b", 1,
					  "CollectMode", "s", "inactive-or-failed", "TasksMax", "t",
					  UINT64_C(16384), "PIDs", "au", 1,
					  (uint32_t) work->request->registration.leader);
	/* The caller's properties come later, so they may replace these. */
	if (r >= 0 && work->call)
		r = find_properties(work->call);
	if (r >= 0 && work->call)
		r = sd_bus_message_copy(m, work->call, true);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static int start_scope(sd_bus *bus, const struct scope_work *work, const char *unit,
		       sd_bus_message **reply, sd_bus_error *error)
{
	const char *name = work->request->registration.machine.name;
	sd_bus_message *m = NULL;
	int r = sd_bus_message_new_method_call(bus, &m, SYSTEMD, SYSTEMD_PATH, MANAGER,
					       "StartTransientUnit");

	if (r >= 0)
		r = sd_bus_message_append(m, "ss", unit, "fail");
	if (r >= 0)
		r = append_properties(m, work, name);
	if (r >= 0)
		r = sd_bus_message_append(m, "a(sa(sv))", 0);
	if (r >= 0)
		r = sd_bus_call(bus, m, 0, error, reply);
	sd_bus_message_unref(m);
	return r;
}

/* systemd's own words, if it has said any. Its refusals of a property are the caller's mistake. */
static int scope_failure(struct failure *f, int r, const sd_bus_error *error)
{
	if (!error->message)
		return failure_errno(f, r, "cannot ask systemd for a scope");
	return failure_set(f,
			   sd_bus_error_has_name(error, SD_BUS_ERROR_PROPERTY_READ_ONLY) ||
					   sd_bus_error_has_name(error, SD_BUS_ERROR_INVALID_ARGS)
				   ? FAILURE_INVALID
				   : FAILURE_OTHER,
			   "%s", error->message);
}

static int wait_for_job(sd_bus *bus, const struct scope_job *job, const char *unit,
			struct failure *f)
{
	uint64_t end = now_usec() + JOB_WAIT_USEC;

	while (!job->result[0] && now_usec() < end) {
		int r = sd_bus_process(bus, NULL);

		if (r == 0)
			r = sd_bus_wait(bus, STEP_USEC * 10);
		if (r < 0)
			return failure_errno(f, r, "cannot wait for systemd to start %s", unit);
	}
	if (strcmp(job->result, "done") == 0)
		return 0;
	/* Of a call that has failed, nothing happens later. */
	if (!job->result[0])
		(void) !sd_bus_call_method(bus, SYSTEMD, job->path, SYSTEMD ".Job", "Cancel", NULL,
					   NULL, NULL);
	return failure_set(f, FAILURE_OTHER, "Start job for unit %s failed with '%s'", unit,
			   job->result[0] ? job->result : "timeout");
}

/* The same until nothing is called so, or for so long. */
static int start_scope_within(sd_bus *bus, const struct scope_work *work, const char *unit,
			      uint64_t usec, sd_bus_message **reply, sd_bus_error *error)
{
	uint64_t end = now_usec() + usec;
	int r = start_scope(bus, work, unit, reply, error);

	while (r < 0 && sd_bus_error_has_name(error, UNIT_EXISTS) && now_usec() < end) {
		sd_bus_error_free(error);
		nanosleep(&(struct timespec){ .tv_nsec = STEP_USEC * 1000 }, NULL);
		r = start_scope(bus, work, unit, reply, error);
	}
	return r;
}

static int follow_job(sd_bus *bus, struct scope_job *job, const char *unit, sd_bus_message *reply,
		      struct failure *f)
{
	int r = sd_bus_message_read(reply, "o", &job->path);

	return r < 0 ? failure_errno(f, r, "cannot read systemd's reply")
		     : wait_for_job(bus, job, unit, f);
}

static bool has_died(pid_t pid)
{
	CLEANUP_CLOSE int pidfd = pidfd_of(pid);

	return pidfd == -ESRCH || (pidfd >= 0 && !pidfd_is_alive(pidfd));
}

/* Whether systemd has the unit, in whatever slice the caller wanted it, and no process is in it. */
static bool is_empty(sd_bus *bus, const char *unit)
{
	sd_bus_message *reply = NULL;
	int r = sd_bus_call_method(bus, SYSTEMD, SYSTEMD_PATH, MANAGER, "GetUnitProcesses", NULL,
				   &reply, "s", unit);

	if (r >= 0)
		r = sd_bus_message_enter_container(reply, 'a', "(sus)");
	if (r >= 0)
		r = sd_bus_message_at_end(reply, false);
	sd_bus_message_unref(reply);
	return r > 0;
}

/*
 * A leader that had died when systemd moved it, and was a zombie, has left the scope empty from its
 * beginning: systemd sees no change that would end it.
 */
static void stop_if_empty(sd_bus *bus, const struct scope_work *work, const char *unit)
{
	if (has_died((pid_t) work->request->registration.leader) && is_empty(bus, unit))
		(void) !sd_bus_call_method(bus, SYSTEMD, SYSTEMD_PATH, MANAGER, "StopUnit", NULL,
					   NULL, "ss", unit, "fail");
}

static int run_job(sd_bus *bus, const struct scope_work *work, struct scope_units *units,
		   struct failure *f)
{
	const char *unit = units->first;
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *reply = NULL;
	struct scope_job job = { 0 };
	/* Nobody waits for the replies to these two: the bus delivers what comes next behind them. */
	int r = sd_bus_match_signal_async(bus, NULL, SYSTEMD, SYSTEMD_PATH, MANAGER, "JobRemoved",
					  on_job_removed, NULL, &job);

	if (r >= 0)
		r = sd_bus_call_method_async(bus, NULL, SYSTEMD, SYSTEMD_PATH, MANAGER, "Subscribe",
					     NULL, NULL, NULL);
	if (r >= 0)
		r = start_scope_within(bus, work, unit, FORMER_WAIT_USEC, &reply, &error);
	if (r < 0 && sd_bus_error_has_name(&error, UNIT_EXISTS)) {
		sd_bus_error_free(&error);
		unit = units->second;
		r = start_scope(bus, work, unit, &reply, &error);
	}
	if (r < 0) {
		r = scope_failure(f, r, &error);
	} else {
		r = follow_job(bus, &job, unit, reply, f);
		stop_if_empty(bus, work, unit);
	}
	sd_bus_message_unref(reply);
	sd_bus_error_free(&error);
	return r;
}

/* A process that registering refuses, because it isn't a container, is a part of the host: don't move it. */
static bool is_host_process(const struct registration *reg)
{
	uint32_t namespaces;
	uint64_t user_namespace;

	return reg->machine.class == MACHINE_CONTAINER &&
	       process_read_namespaces(NULL, (uint32_t) reg->leader, &namespaces,
				       &user_namespace) == 0 &&
	       !(namespaces & MACHINE_HAS_NAMESPACES);
}

/* Whether nobody else has the name or the leader, so that the leader may be moved. */
static int may_move(const struct registration *reg, bool *may, struct failure *f)
{
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };
	struct failure unknown;
	struct machine m;

	*may = !is_host_process(reg);
	if (registry_open(&snapshot, f) < 0)
		return -1;
	if (!snapshot.is_open)
		return 0;
	if (snapshot_find_leader(&snapshot, (uint32_t) reg->leader, &m) == 0 &&
	    leader_state(&m.leader, &snapshot.meta.context, NULL) != LEADER_DEAD) {
		*may = false; /* it is where its first registration has put it */
		return 0;
	}
	if (machine_find(&snapshot, reg->machine.name, &m, &unknown) == 0 &&
	    leader_state(&m.leader, &snapshot.meta.context, NULL) != LEADER_DEAD)
		return failure_set(f, FAILURE_EXISTS, "Machine '%s' already exists",
				   reg->machine.name);
	return 0;
}

/* The machine was unregistered, and lives on in the scope that it was given. */
static bool is_in_unit(const struct registration *reg, const char *unit)
{
	struct cgroup_hierarchy cgroups;

	return cgroup_hierarchy_find(&cgroups) == 0 &&
	       process_is_in_unit(&cgroups, (uint32_t) reg->leader, unit);
}

static int move_leader(const struct scope_work *work, struct failure *f)
{
	const struct registration *reg = &work->request->registration;
	const char *name = reg->machine.name;
	struct scope_units units;
	sd_bus *bus = NULL;
	int r;

	if (scope_unit_name(name, 0, units.first) < 0 ||
	    scope_unit_name(name, (uint32_t) reg->leader, units.second) < 0)
		return failure_set(f, FAILURE_INVALID, "the name is too long for a scope");
	if (is_in_unit(reg, units.first) || is_in_unit(reg, units.second))
		return 0;
	r = sd_bus_open_system(&bus);
	r = r < 0 ? failure_errno(f, r, "cannot connect to the system bus")
		  : run_job(bus, work, &units, f);
	sd_bus_flush_close_unref(bus);
	return r;
}

/* Of names. Two that have the same number wait for each other, and that is all. */
static uint64_t number_of(const char *name)
{
	uint64_t hash = 5381;

	for (; *name; name++)
		hash = (hash * 33 + (unsigned char) tolower(*name)) & UINT32_MAX;
	return hash;
}

/*
 * Nobody else moves the leader, or gives the name, until this process ends: of two calls for one leader,
 * the later one finds what the first has done. All take the leader's lock first, so that none waits in
 * a circle.
 */
static int lock_out_others(const struct registration *reg, struct failure *f)
{
	int leader, name, r = registry_directory_make(REGISTRY_DIRECTORY);

	if (r == 0)
		r = record_lock_take_one(LOCK_PATH, (uint64_t) reg->leader, &leader);
	if (r == 0)
		r = record_lock_take_one(LOCK_PATH, NAMES_FROM + number_of(reg->machine.name),
					 &name);
	return r < 0 ? failure_errno(f, r, "cannot lock %s", LOCK_PATH) : 0;
}

int scope_work(const void *argument, struct work_result *result, struct failure *f)
{
	const struct scope_work *work = argument;
	struct register_work request = *work->request;
	CLEANUP_CLOSE int pidfd = -1;
	bool may;

	former_wait(request.registration.machine.name, request.registration.leader);
	if (lock_out_others(&request.registration, f) < 0 ||
	    register_work_check_leader(&request, f) < 0 ||
	    (request.owner && register_work_check_owner(&request, &pidfd, f) < 0) ||
	    may_move(&request.registration, &may, f) < 0 || (may && move_leader(work, f) < 0))
		return -1;
	request.create = false;
	return register_work_now(&request, result, f);
}
