/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A check of mymachines doctor: do containers of LXC run that aren't registered? */
#include "tools/doctor/doctor.h"

#include "base/quote.h"
#include "host/file_reader.h"
#include "host/process.h"
#include "registry/name.h"
#include "tools/processes/processes.h"

#include <stdio.h>
#include <string.h>

/* lxc-start(1) gives its process, which stays beside the container, this title: "... LXCPATH NAME". */
#define MONITOR_TITLE "[lxc monitor] "

/* More than the title with a path of PATH_MAX and the name. */
#define TITLE_SIZE 8192

/*
 * Returns the name of the container if the process is root's monitor of one, or NULL. Anybody can give
 * a process that title: a user of the host, and root of a container, whose processes are in another
 * pid namespace.
 */
static char *read_container_name(struct doctor *doctor, uint32_t pid)
{
	char title[TITLE_SIZE];

	if (!process_runs_as(pid, 0) || process_shares_namespace(NULL, pid, NAMESPACE_PID) <= 0)
		return NULL;
	if (file_reader_read_proc(pid, "cmdline", title, sizeof title) < 0 ||
	    strncmp(title, MONITOR_TITLE, strlen(MONITOR_TITLE)) != 0)
		return NULL;
	return arena_strdup(doctor->arena, strrchr(title, ' ') + 1);
}

/* Returns the init of the container beside its monitor, or 0. */
static uint32_t find_init(struct doctor *doctor, uint32_t monitor)
{
	uint32_t *children;
	size_t count = processes_read_children(doctor->arena, monitor, &children);

	for (size_t i = 0; i < count; i++)
		if (process_shares_namespace(NULL, children[i], NAMESPACE_PID) == 0)
			return children[i];
	return 0;
}

static bool is_registered(struct doctor *doctor, uint32_t leader)
{
	char folded[MACHINE_NAME_SIZE] = "";
	struct machine m;

	while (doctor->registry == 0 && snapshot_next(&doctor->snapshot, folded, &m) == 0)
		if (m.leader.pid == leader)
			return true;
	return false;
}

/* Whoever copies the command into a shell runs what is in the name, so only a plain one is in it. */
static const char *registration_of(struct doctor *doctor, const char *name, uint32_t leader)
{
	return arena_printf(doctor->arena, "mymachines register %s --leader=%u --service=lxc",
			    machine_name_judge(name, NULL) == NAME_OK ? name : "NAME", leader);
}

void check_lxc(struct doctor *doctor)
{
	struct process *processes;
	long count = processes_read(doctor->arena, &processes);

	if (doctor->registry < 0 && !doctor_has_no_machines(doctor))
		return;
	for (long i = 0; i < count; i++) {
		char *name = read_container_name(doctor, processes[i].pid), quoted[QUOTED_SIZE];
		uint32_t leader = name ? find_init(doctor, processes[i].pid) : 0;

		if (leader == 0 || is_registered(doctor, leader))
			continue;
		quote(name, quoted);
		doctor_find(doctor, FINDING_WARNING, registration_of(doctor, name, leader),
			    "container %s of LXC runs, as pid %u, and isn't registered", quoted,
			    leader);
	}
}
