/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/bus/bus_announced.h"

#include "host/machine1.h"
#include "host/record_lock.h"
#include "registry/lock.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* In a directory of its own, so that nobody who watches the registry's is woken. */
#define ANNOUNCED MACHINE1_DIRECTORY "/announced.mdb"
#define NEXT	  MACHINE1_DIRECTORY "/next.mdb"

static int make_directory(void)
{
	int r = registry_directory_make(REGISTRY_DIRECTORY);

	if (r < 0)
		return r;
	return mkdir(MACHINE1_DIRECTORY, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

int bus_announced_read(struct registry_copy *copy)
{
	return registry_copy_read(copy, ANNOUNCED);
}

static int link_next(void)
{
	unlink(NEXT);
	return link(REGISTRY_PATH, NEXT) < 0 ? -errno : 0;
}

int bus_announced_next(struct registry_copy *copy)
{
	int r = link_next();

	/* Somebody may have removed the directory. */
	if (r == -ENOENT && make_directory() == 0)
		r = link_next();
	return registry_copy_read(copy, r == 0 ? NEXT : REGISTRY_PATH);
}

void bus_announced_done(void)
{
	/* Without a registry there is none to keep. */
	if (rename(NEXT, ANNOUNCED) < 0 && errno == ENOENT)
		unlink(ANNOUNCED);
}

int bus_announced_lock(int *fd)
{
	int r = make_directory();

	return r < 0 ? r : record_lock_take(MACHINE1_LOCK_PATH, false, fd);
}
