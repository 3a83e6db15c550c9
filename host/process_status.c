/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/process_status.h"

#include "base/cleanup.h"
#include "base/pidfd.h"
#include "base/proc_file.h"
#include "registry/process_stat.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* More than the file mostly has. The lists of groups, of processors and of memory nodes are its long lines. */
#define STATUS_SIZE 4096

/* What follows "\nKEY:\t", or NULL. The first line, the program's name, has no newline in it. */
static const char *find_value(const char *text, const char *key)
{
	const char *line = strstr(text, key);

	return line ? line + strlen(key) : NULL;
}

int process_status_parse(const char *text, struct process_status *status)
{
	const char *state = find_value(text, "\nState:\t");
	const char *parent = state ? find_value(state, "\nPPid:\t") : NULL;
	const char *threads = parent ? find_value(parent, "\nThreads:\t") : NULL;

	if (!threads || !*state)
		return -EBADMSG;
	*status = (struct process_status){
		.state = *state,
		.parent = (uint32_t) strtoul(parent, NULL, 10),
		.threads = (uint32_t) strtoul(threads, NULL, 10),
		.has_memory = strstr(parent, "\nVmSize:") != NULL,
	};
	return 0;
}

/* A process may have 65,536 groups: setgroups(2). */
static int read_long(const char *path, struct process_status *status)
{
	CLEANUP_FREE char *text = file_read_text(path);

	return text ? process_status_parse(text, status) : -errno;
}

int process_status_read(uint32_t pid, struct process_status *status)
{
	char path[PROC_PATH_SIZE], text[STATUS_SIZE];
	ssize_t n;

	proc_path(path, pid, "status");
	n = file_read_short(path, text, sizeof text);
	if (n == -E2BIG)
		return read_long(path, status);
	return n < 0 ? (int) n : process_status_parse(text, status);
}

bool process_status_is_dead(const struct process_status *status)
{
	/* A process whose first thread has ended is a zombie, too, as long as others run. */
	if (status->state == 'Z')
		return status->threads <= 1;
	return status->state == 'X' || status->state == 'x';
}

int process_number_read(uint32_t pid, int pidfd, uint64_t *number)
{
	struct process_stat stat;
	int r;

	*number = pidfd < 0 ? 0 : pidfd_inode(pidfd);
	if (*number)
		return 0;
	r = process_stat_read(pid, &stat);
	if (r == 0)
		*number = stat.start_time;
	return r;
}
