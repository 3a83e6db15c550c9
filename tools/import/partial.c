/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/import/partial.h"

#include "base/cleanup.h"
#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

/* "TOTAL ETAG". Only root reads and writes attributes of this kind. */
#define ATTRIBUTE "trusted.mymachines.download"

/* Make a name of the same form as a draft's: tools/images/hidden_name.h. */
static void make_name(struct partial *partial, const char *address)
{
	struct digest digest = digest_of_text(address, DIGEST_SHA256);
	char hex[DIGEST_TEXT_SIZE];

	snprintf(partial->name, sizeof partial->name, ".#download.%.12s",
		 digest_format(&digest, hex));
}

/* Open and lock the file. If its former owner has removed it meanwhile, open the new one. */
static int open_locked(struct partial *partial, struct failure *f)
{
	struct stat st;

	for (;;) {
		int fd = openat(partial->pool, partial->name,
				O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);

		if (fd < 0)
			return failure_errno(f, -errno, "cannot make %s in the pool",
					     partial->name);
		if (flock(fd, LOCK_EX | LOCK_NB) < 0 || fstat(fd, &st) < 0) {
			int error = -errno;

			close(fd);
			return error == -EWOULDBLOCK
				       ? failure_set(f, FAILURE_BUSY,
						     "this address is being fetched already; see "
						     "'mymachines list-transfers'")
				       : failure_errno(f, error, "cannot lock %s", partial->name);
		}
		if (S_ISREG(st.st_mode) && st.st_nlink) {
			partial->fd = fd;
			return 0;
		}
		close(fd);
		if (!S_ISREG(st.st_mode))
			return failure_set(f, FAILURE_INVALID, "%s in the pool isn't a file",
					   partial->name);
	}
}

static bool is_of_this_boot(int fd)
{
	int64_t boot = clock_milliseconds(CLOCK_REALTIME) - clock_milliseconds(CLOCK_BOOTTIME);
	struct stat st;

	return fstat(fd, &st) == 0 && (int64_t) st.st_mtime * 1000 > boot;
}

static void read_validator(struct partial *partial)
{
	struct fetch_validator v = { 0 };
	char text[ETAG_SIZE + 32], *etag;
	ssize_t length = fgetxattr(partial->fd, ATTRIBUTE, text, sizeof text - 1);

	if (length <= 0)
		return;
	text[length] = '\0';
	v.total = strtoull(text, &etag, 10);
	if (*etag != ' ' || strlen(etag + 1) >= sizeof v.etag)
		return;
	strcpy(v.etag, etag + 1);
	partial->validator = v;
}

int partial_open(struct partial *partial, int pool, const char *address, bool is_checked,
		 struct failure *f)
{
	*partial = PARTIAL_NONE;
	partial->pool = fcntl(pool, F_DUPFD_CLOEXEC, 0);
	if (partial->pool < 0)
		return failure_errno(f, -errno, "cannot open the pool");
	make_name(partial, address);
	if (open_locked(partial, f) < 0)
		return -1;
	if (is_checked || is_of_this_boot(partial->fd))
		read_validator(partial);
	return 0;
}

int partial_note(struct partial *partial, const struct fetch_validator *validator)
{
	char text[ETAG_SIZE + 32];

	/* If the file system has no such attributes, the next pull starts from the beginning. */
	(void) fremovexattr(partial->fd, ATTRIBUTE);
	if (!*validator->etag)
		return 0;
	snprintf(text, sizeof text, "%" PRIu64 " %s", validator->total, validator->etag);
	if (fsetxattr(partial->fd, ATTRIBUTE, text, strlen(text), 0) < 0 && errno != EOPNOTSUPP &&
	    errno != EPERM)
		return -errno;
	return 0;
}

void partial_remove(struct partial *partial)
{
	if (partial->fd >= 0)
		(void) unlinkat(partial->pool, partial->name, 0);
}

void partial_close(struct partial *partial)
{
	struct stat st;

	if (partial->fd >= 0 && (fstat(partial->fd, &st) < 0 || st.st_size == 0 ||
				 fgetxattr(partial->fd, ATTRIBUTE, NULL, 0) <= 0))
		partial_remove(partial);
	cleanup_close(&partial->fd);
	cleanup_close(&partial->pool);
	*partial = PARTIAL_NONE;
}
