/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/control/frozen_cgroups.h"

#include "base/cleanup.h"
#include "base/proc_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

/* include/uapi/linux/pidfd.h, Linux 6.13; as much of it as is used. */
#ifndef PIDFD_GET_INFO
struct pidfd_info {
	uint64_t mask;
	uint64_t cgroupid;
	uint32_t others[12];
};
#define PIDFD_INFO_CGROUPID (1u << 2)
#define PIDFD_GET_INFO	    _IOWR(0xff, 11, struct pidfd_info)
#endif

/* include/linux/exportfs.h: the handle of a directory of kernfs is its id. */
#define FILEID_KERNFS 0xfe

void frozen_cgroups_begin(struct frozen_cgroups *known, uint64_t processes)
{
	known->is_by_id = true;
	known->version_2 = -1;
	known->id = 0;
	known->nothing_is_frozen = true;
	for (size_t i = 0; i < FREEZERS; i++) {
		const struct freezer *freezer = &freezers[i];
		/* To look at a cgroup takes somewhat less than to look where a process is. */
		bool is_absent = !freezer_is_mounted(freezer) ||
				 freezer_is_thawed(freezer, processes + processes / 4);

		known->freezers[i].is_absent = is_absent;
		known->freezers[i].path[0] = '\0';
		if (is_absent)
			continue;
		known->nothing_is_frozen = false;
		if (!freezer_has_version_2(freezer))
			known->is_by_id = false;
		else if (known->version_2 < 0)
			known->version_2 =
				open(freezer->hierarchy.mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
}

void frozen_cgroups_end(struct frozen_cgroups *known)
{
	cleanup_close(&known->version_2);
}

/* 1, 0, or a negative errno. */
static int is_frozen_in(struct frozen_cgroups *known, size_t i, const char *path, size_t length)
{
	const struct freezer *freezer = &freezers[i];
	char cgroup[PATH_MAX];
	int r;

	if (snprintf(cgroup, sizeof cgroup, "%s%.*s", freezer->hierarchy.mount, (int) length,
		     path) >= (int) sizeof cgroup)
		return -ENAMETOOLONG;
	if (strcmp(cgroup, known->freezers[i].path) == 0)
		return known->freezers[i].is_frozen;
	r = freezer_look(freezer, AT_FDCWD, cgroup);
	if (r < 0)
		return r;
	strcpy(known->freezers[i].path, cgroup);
	known->freezers[i].is_frozen = r > 0;
	return r;
}

/* A hierarchy that isn't mounted has no such file. */
static int find_frozen(struct frozen_cgroups *known, const char *text)
{
	int r = 0;

	for (size_t i = 0; r != 1 && i < FREEZERS; i++) {
		size_t length;
		const char *path =
			known->freezers[i].is_absent
				? NULL
				: cgroup_find_path(text, freezers[i].hierarchy.prefix, &length);
		int found = path && length > 1 ? is_frozen_in(known, i, path, length) : 0;

		if (found == 1 || found == -EMFILE || found == -ENFILE)
			r = found;
	}
	return r;
}

static int look_frozen(uint32_t pid, struct frozen_cgroups *known)
{
	CLEANUP_FREE char *longer = NULL;
	char path[PROC_PATH_SIZE], text[4096];
	ssize_t n;

	proc_path(path, pid, "cgroup");
	n = file_read_short(path, text, sizeof text);
	if (n >= 0)
		return find_frozen(known, text);
	if (n != -E2BIG)
		return (int) n;
	longer = file_read_text(path);
	return longer ? find_frozen(known, longer) : -errno;
}

/* The id of its cgroup of version 2, which isn't used again; or 0 if it isn't known. */
static uint64_t pidfd_cgroup_id(int pidfd)
{
	struct pidfd_info info = { .mask = PIDFD_INFO_CGROUPID };

	return ioctl(pidfd, PIDFD_GET_INFO, &info) == 0 && info.mask & PIDFD_INFO_CGROUPID
		       ? info.cgroupid
		       : 0;
}

/* Whether the cgroup of this id is frozen. 1, 0, or a negative errno, also if it is the root, or can't be opened so. */
static int look_by_id(struct frozen_cgroups *known, uint64_t id)
{
	union {
		struct file_handle handle;
		char room[sizeof(struct file_handle) + sizeof id];
	} h = { .handle = { .handle_bytes = sizeof id, .handle_type = FILEID_KERNFS } };
	CLEANUP_CLOSE int directory = -1;

	if (known->version_2 < 0)
		return -EBADF;
	memcpy(h.handle.f_handle, &id, sizeof id);
	directory = open_by_handle_at(known->version_2, &h.handle, O_PATH | O_CLOEXEC);
	if (directory >= 0)
		return freezer_look(&freezers[0], directory, ".");
	if (errno == EPERM) {
		close(known->version_2);
		known->version_2 = -1;
	}
	return -errno;
}

int process_look_frozen(uint32_t pid, int pidfd, struct frozen_cgroups *known)
{
	uint64_t id;
	bool is_of_id;
	int r;

	if (known->nothing_is_frozen)
		return 0;
	id = known->is_by_id ? pidfd_cgroup_id(pidfd) : 0;
	if (id && id == known->id)
		return known->is_frozen;
	r = id ? look_by_id(known, id) : -ESRCH;
	is_of_id = r >= 0;
	if (!is_of_id) {
		r = look_frozen(pid, known);
		/* Not if it was moved meanwhile. */
		is_of_id = id && r >= 0 && pidfd_cgroup_id(pidfd) == id;
	}
	if (is_of_id) {
		known->id = id;
		known->is_frozen = r > 0;
	}
	return r;
}

bool process_is_frozen(uint32_t pid)
{
	struct frozen_cgroups known = { 0 };

	return look_frozen(pid, &known) == 1;
}
