/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/monitor/monitor_lock.h"

#include "base/cleanup.h"
#include "host/record_lock.h"
#include "registry/file.h"
#include "registry/lookup.h"
#include "registry/writer.h"

#include <unistd.h>

bool monitor_lock_is_there(int fd)
{
	return file_is_at(fd, MONITOR_LOCK_PATH);
}

int monitor_lock_prepare(struct failure *f)
{
	CLEANUP(writer_close) struct writer writer = { .lock = -1, .file = -1 };
	int r = writer_prepare(&writer, REGISTRY_DIRECTORY);

	return r < 0 ? registry_failure(f, writer.blamed, r) : 0;
}

int monitor_lock_take(bool wait, int *fd)
{
	return record_lock_take(MONITOR_LOCK_PATH, wait, fd);
}

void monitor_lock_note_deadline(int fd, uint64_t deadline)
{
	(void) !pwrite(fd, &deadline, sizeof deadline, 0);
}

bool monitor_lock_tells_of_hang(int fd, uint64_t now)
{
	uint64_t deadline;

	return pread(fd, &deadline, sizeof deadline, 0) == sizeof deadline && deadline &&
	       deadline <= now;
}

int monitor_is_running(pid_t *pid)
{
	return record_lock_is_held(MONITOR_LOCK_PATH, pid);
}
