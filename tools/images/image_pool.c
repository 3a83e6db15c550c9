/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/images/image_pool.h"

#include "base/cleanup.h"
#include "tools/images/image.h"
#include "tools/images/subvolume.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static int check_pool(int pool, struct failure *f)
{
	struct stat st;

	if (fstat(pool, &st) < 0)
		return failure_errno(f, -errno, "cannot look at %s", IMAGE_POOL);
	if (st.st_uid != 0)
		return failure_set(f, FAILURE_NOT_PERMITTED,
				   "%s belongs to user %u, so images there can't be trusted: run "
				   "'chown root:root %s'",
				   IMAGE_POOL, st.st_uid, IMAGE_POOL);
	if (st.st_mode & 077)
		return failure_set(
			f, FAILURE_NOT_PERMITTED,
			"users other than root may enter %s (mode %04o), and images have "
			"setuid programs: run 'chmod 0700 %s'",
			IMAGE_POOL, st.st_mode & 07777, IMAGE_POOL);
	return 0;
}

int image_pool_open(struct failure *f)
{
	int pool;

	if (mkdir(IMAGE_POOL, 0700) < 0 && errno != EEXIST)
		return failure_errno(f, -errno, "cannot make %s", IMAGE_POOL);
	pool = open(IMAGE_POOL, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (pool < 0)
		return failure_errno(f, -errno, "cannot open %s", IMAGE_POOL);
	if (check_pool(pool, f) < 0) {
		close(pool);
		return -1;
	}
	return pool;
}

void image_pool_read_quota(uint64_t *usage, uint64_t *limit)
{
	CLEANUP_CLOSE int pool = open(IMAGE_POOL, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct subvolume_quota quota;
	struct stat st;

	*usage = *limit = IMAGE_UNKNOWN;
	if (pool < 0 || fstat(pool, &st) < 0 || !is_subvolume(pool, &st) ||
	    subvolume_read_quota(pool, &quota) < 0)
		return;
	*usage = quota.referenced;
	*limit = quota.referenced_limit;
}
