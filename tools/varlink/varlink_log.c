/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/varlink/varlink_log.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int level_max = LOG_INFO;

void varlink_log_set_level(int level)
{
	level_max = level;
}

void varlink_log(int level, const char *format, ...)
{
	static const struct sockaddr_un log = { .sun_family = AF_UNIX, .sun_path = "/dev/log" };
	CLEANUP_CLOSE int fd = -1;
	char line[1024];
	size_t length;
	va_list arguments;

	if (level > level_max)
		return;
	length = (size_t) snprintf(line, sizeof line, "<%d>%s[%d]: ", LOG_DAEMON | level,
				   program_invocation_short_name, getpid());
	if (length >= sizeof line)
		return;
	va_start(arguments, format);
	vsnprintf(line + length, sizeof line - length, format, arguments);
	va_end(arguments);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0)
		sendto(fd, line, strlen(line), MSG_DONTWAIT | MSG_NOSIGNAL,
		       (const struct sockaddr *) &log, sizeof log);
}
