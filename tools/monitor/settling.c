/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/monitor/settling.h"

#include "base/proc_file.h"
#include "host/machine_system.h"
#include "tools/monitor/watched.h"
#include "tools/registrar/observation.h"

/* Milliseconds from a registration to the first check. The next ones are after twice that, and so on. */
#define FIRST_CHECK 100

static void wait_for_next(struct watched *w, struct watched_machine *m)
{
	uint64_t age = w->now > m->registered ? w->now - m->registered : 0;

	m->settling_due = age < SYSTEM_SETTLING * 1000
				  ? w->now + (age > FIRST_CHECK ? age : FIRST_CHECK)
				  : SCHEDULE_NEVER;
	if (m->settling_due < w->settling_due)
		w->settling_due = m->settling_due;
}

void settling_begin(struct watched *w, struct watched_machine *m, const struct machine *record)
{
	m->registered = record->monotonic / 1000;
	m->root.device = (dev_t) record->system.root_device;
	m->root.inode = (ino_t) record->system.root_inode;
	m->settling_due = SCHEDULE_NEVER;
	if (record->class == MACHINE_CONTAINER && machine_system_lacks(&record->system))
		wait_for_next(w, m);
}

/* Files may come into its own root directory; in the host's, they are the host's. */
static bool may_have_files(const struct watched_machine *m, struct file_identity home)
{
	struct file_identity root;
	char path[PROC_PATH_SIZE];

	proc_path(path, m->leader.pid, "root");
	if (m->has_died || file_identity_read(AT_FDCWD, path, &root) < 0)
		return false;
	return !file_identities_equal(root, m->root) || !file_identities_equal(root, home);
}

void settling_check(struct watched *w)
{
	struct file_identity home;
	bool has_home = file_identity_read(AT_FDCWD, "/", &home) == 0;

	w->settling_due = SCHEDULE_NEVER;
	for (size_t i = 0; i < w->count; i++) {
		struct watched_machine *m = w->machines[i];

		if (m->settling_due <= w->now) {
			/* A worker looks at a slow machine: here, that might take without end. */
			if (m->slow_looks > 0 || (has_home && may_have_files(m, home)))
				watched_note(w, m);
			wait_for_next(w, m);
		} else if (m->settling_due < w->settling_due) {
			w->settling_due = m->settling_due;
		}
	}
}
