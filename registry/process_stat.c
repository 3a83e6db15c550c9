/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registry/process_stat.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The blank before field number `wanted`; `at` is the one before field number `number`. */
static const char *skip_to(const char *at, int number, int wanted)
{
	while (at && number < wanted) {
		at = strchr(at + 1, ' ');
		number++;
	}
	return at;
}

/*
 * Fields are counted from 1, as in proc(5). The second is the program's name
 * in parentheses, and may contain any byte: the next field is after the last
 * parenthesis. sscanf(3) would take as long as the system calls of a look-up.
 */
int process_stat_parse(const char *text, struct process_stat *stat)
{
	const char *name_end = strrchr(text, ')');
	const char *state = name_end && name_end[1] == ' ' ? name_end + 1 : NULL;
	const char *parent = skip_to(state, 3, 4);
	const char *terminal = skip_to(parent, 4, 7);
	const char *flags = skip_to(terminal, 7, 9);
	const char *threads = skip_to(flags, 9, 20);
	const char *start_time = skip_to(threads, 20, 22);
	struct process_stat s;
	char *end;

	if (!start_time)
		return -EBADMSG;
	s.state = state[1];
	s.parent = (uint32_t) strtoul(parent, NULL, 10);
	s.has_terminal = strtol(terminal, NULL, 10) != 0;
	s.flags = (uint32_t) strtoul(flags, NULL, 10);
	s.threads = (uint32_t) strtoul(threads, NULL, 10);
	s.start_time = strtoull(start_time, &end, 10);
	if (end == start_time)
		return -EBADMSG;
	*stat = s;
	return 0;
}

int process_stat_read(uint32_t pid, struct process_stat *stat)
{
	char path[sizeof "/proc/4294967295/stat"], text[1024];
	ssize_t n;
	int fd, r;

	snprintf(path, sizeof path, "/proc/%u/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = pread(fd, text, sizeof text - 1, 0);
	r = n < 0 ? -errno : 0;
	close(fd);
	if (r < 0)
		return r;
	text[n] = '\0';
	return process_stat_parse(text, stat);
}

bool process_stat_is_dead(const struct process_stat *stat)
{
	/* A process whose first thread has ended is a zombie, too, as long as others run. */
	if (stat->state == 'Z')
		return stat->threads <= 1;
	return stat->state == 'X' || stat->state == 'x';
}
