/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/held_socket.h"

#include "base/cleanup.h"
#include "base/lines.h"
#include "base/proc_file.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NEW_PATH HELD_SOCKETS_PATH ".new"

static void format_line(char *line, size_t size, const char *path, struct file_identity identity)
{
	snprintf(line, size, "%llu %llu %s", (unsigned long long) identity.device,
		 (unsigned long long) identity.inode, path);
}

bool held_socket_is_ours(const char *path)
{
	CLEANUP_FREE char *list = NULL;
	char wanted[256];
	struct stat st;

	if (lstat(path, &st) < 0 || !S_ISSOCK(st.st_mode))
		return false;
	format_line(wanted, sizeof wanted, path, file_identity_of(&st));
	list = file_read_text(HELD_SOCKETS_PATH);
	for (char *line, *rest = list; (line = line_next(&rest));)
		if (strcmp(line, wanted) == 0)
			return true;
	return false;
}

int held_sockets_write(const struct held_socket *sockets, size_t count)
{
	CLEANUP_CLOSE int fd = -1;
	char text[4096];
	size_t length = 0;

	for (size_t i = 0; i < count && length < sizeof text - 256; i++) {
		format_line(text + length, 255, sockets[i].path, sockets[i].identity);
		length += strlen(text + length);
		text[length++] = '\n';
	}
	unlink(NEW_PATH);
	fd = open(NEW_PATH, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0 || write(fd, text, length) != (ssize_t) length ||
	    rename(NEW_PATH, HELD_SOCKETS_PATH) < 0)
		return errno ? -errno : -EIO;
	return 0;
}
