/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registry/process.h"

#include "registry/cleanup.h"
#include "registry/mountinfo.h"
#include "registry/proc_file.h"
#include "registry/process_stat.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#define PF_KTHREAD  0x00200000 /* the kernel's include/linux/sched.h */
#define PIDFS_MAGIC 0x50494446 /* include/uapi/linux/magic.h, Linux 6.9 */

static uint64_t pidfd_inode(int pidfd)
{
	struct statfs fs;
	struct stat st;

	/* Before pidfs, all pidfds had one inode. */
	if (fstatfs(pidfd, &fs) < 0 || fs.f_type != PIDFS_MAGIC || fstat(pidfd, &st) < 0)
		return 0;
	return st.st_ino;
}

static enum leader_verdict judge_process(uint32_t pid, int fd, struct machine_leader *leader)
{
	struct process_stat stat;
	int r = process_stat_read(pid, &stat);

	if (r < 0) {
		errno = -r;
		return r == -ENOENT || r == -ESRCH ? LEADER_ABSENT : LEADER_UNREADABLE;
	}
	if (stat.flags & PF_KTHREAD)
		return LEADER_KERNEL_THREAD;
	if (process_stat_is_dead(&stat))
		return LEADER_ZOMBIE;
	*leader = (struct machine_leader){ pid, stat.start_time, pidfd_inode(fd) };
	return LEADER_OK;
}

/* pidfd_open(2) says EINVAL, or since Linux 6.9 ENOENT, of a thread's id. */
static enum leader_verdict judge_failure(int64_t pid)
{
	char path[PROC_PATH_SIZE];

	proc_path(path, (uint32_t) pid, "stat");
	if (errno == ESRCH)
		return LEADER_ABSENT;
	if (errno == EINVAL || errno == ENOENT)
		return access(path, F_OK) == 0 ? LEADER_THREAD : LEADER_ABSENT;
	return LEADER_UNREADABLE;
}

enum leader_verdict leader_inspect(int64_t pid, struct machine_leader *leader, int *pidfd)
{
	enum leader_verdict verdict;
	int fd;

	if (pid <= 0 || pid > INT32_MAX)
		return LEADER_NO_PID;
	if (pid == 1)
		return LEADER_INIT;
	if (pid == getpid())
		return LEADER_SELF;
	fd = (int) syscall(SYS_pidfd_open, (pid_t) pid, 0);
	if (fd < 0)
		return judge_failure(pid);
	verdict = judge_process((uint32_t) pid, fd, leader);
	if (verdict == LEADER_OK)
		*pidfd = fd;
	else
		close(fd);
	return verdict;
}

bool leader_is_running(int pidfd)
{
	struct pollfd poller = { .fd = pidfd, .events = POLLIN };

	return poll(&poller, 1, 0) == 0;
}

bool leader_has_died(const struct machine_leader *leader, const struct registry_origin *origin)
{
	CLEANUP_CLOSE int fd = -1;
	struct stat st;

	if (leader->pidfd_inode)
		fd = (int) syscall(SYS_pidfd_open, (pid_t) leader->pid, 0);
	/* No other process has had this inode since the system was booted. */
	if (fd >= 0 && fstat(fd, &st) == 0 && st.st_ino == leader->pidfd_inode)
		return !leader_is_running(fd);
	return leader_is_gone(leader, origin);
}

/* Whether the descriptor is the leader's: 0, -ESRCH for another process's, or another errno. */
static int check_pidfd(int fd, const struct machine_leader *leader)
{
	struct process_stat stat;
	int r;

	if (leader->pidfd_inode && pidfd_inode(fd) == leader->pidfd_inode)
		return leader_is_running(fd) ? 0 : -ESRCH;
	r = process_stat_read(leader->pid, &stat);
	if (r == -ENOENT)
		r = -ESRCH;
	if (r == 0 && (stat.start_time != leader->start_time || !leader_is_running(fd)))
		r = -ESRCH;
	return r;
}

int leader_open(const struct machine_leader *leader, const struct registry_origin *origin)
{
	int fd, r;

	if (!registry_origin_is_mine(origin))
		return -EXDEV;
	fd = (int) syscall(SYS_pidfd_open, (pid_t) leader->pid, 0);
	if (fd < 0)
		/* A thread's id, by now. */
		return errno == EINVAL || errno == ENOENT ? -ESRCH : -errno;
	r = check_pidfd(fd, leader);
	if (r < 0)
		close(fd);
	return r < 0 ? r : fd;
}

int process_shares_namespace(uint32_t pid, const char *namespace)
{
	char theirs[PROC_PATH_SIZE], ours[PROC_PATH_SIZE];
	struct stat a, b;

	snprintf(theirs, sizeof theirs, "/proc/%u/ns/%s", pid, namespace);
	snprintf(ours, sizeof ours, "/proc/self/ns/%s", namespace);
	if (stat(theirs, &a) < 0 || stat(ours, &b) < 0)
		return -errno;
	return a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

int process_read_idmap(uint32_t pid, enum id_kind kind,
		       struct idmap_extent extents[static IDMAP_EXTENTS_MAX])
{
	CLEANUP_FREE char *text = NULL;
	int r = process_shares_namespace(pid, "user");

	if (r != 0)
		return r < 0 ? r : 0;
	text = proc_read_text(pid, kind == ID_UID ? "uid_map" : "gid_map");
	if (!text)
		return -errno;
	r = idmap_parse(text, extents, IDMAP_EXTENTS_MAX);
	if (r >= 0 && idmap_is_identity(&(struct idmap){ extents, (size_t) r }))
		return 0;
	return r;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev;
}

static bool leads_to(const char *path, const struct stat *there)
{
	struct stat st;

	return path[0] == '/' && stat(path, &st) == 0 && same_file(&st, there);
}

/* The last mount on "/" is the one that is seen. */
static bool find_root_mount(char *mountinfo, struct mount *found)
{
	bool is_found = false;
	char *rest;

	for (char *line = strtok_r(mountinfo, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		struct mount mount;

		if (mount_parse(line, &mount) && strcmp(mount.point, "/") == 0) {
			*found = mount;
			is_found = true;
		}
	}
	return is_found;
}

/* What of `path` is left below `root`, both in one file system; NULL if it isn't below. */
static const char *path_below(const char *path, const char *root)
{
	size_t length = strcmp(root, "/") == 0 ? 0 : strlen(root);

	if (strncmp(path, root, length) != 0 || (path[length] != '/' && path[length] != '\0'))
		return NULL;
	path += length;
	return strcmp(path, "/") == 0 ? "" : path;
}

/* Where the host has that directory of that file system mounted, if it does. */
static int find_on_host(const struct mount *wanted, const struct stat *there,
			char path[static PATH_MAX])
{
	CLEANUP_FREE char *mountinfo = file_read_text("/proc/self/mountinfo");
	char *rest;

	if (!mountinfo)
		return -errno;
	for (char *line = strtok_r(mountinfo, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		char candidate[PATH_MAX];
		struct mount mount = { 0 };
		const char *below;
		int length;

		if (!mount_parse(line, &mount) || mount.major != wanted->major ||
		    mount.minor != wanted->minor || !(below = path_below(wanted->root, mount.root)))
			continue;
		length =
			snprintf(candidate, sizeof candidate, "%s%s",
				 strcmp(mount.point, "/") == 0 && *below ? "" : mount.point, below);
		if (length > 0 && length < PATH_MAX && leads_to(candidate, there)) {
			strcpy(path, candidate);
			return 0;
		}
	}
	return -ENOENT;
}

int process_read_root(uint32_t pid, char path[static PATH_MAX])
{
	CLEANUP_FREE char *mountinfo = NULL;
	char proc[PROC_PATH_SIZE], link[PATH_MAX];
	struct stat there, ours;
	struct mount mount = { 0 };
	ssize_t length;

	proc_path(proc, pid, "root");
	if (stat(proc, &there) < 0 || stat("/", &ours) < 0)
		return -errno;
	if (same_file(&there, &ours) && process_shares_namespace(pid, "mnt") == 1)
		return -ENOENT;
	length = readlink(proc, link, sizeof link - 1);
	if (length < 0)
		return -errno;
	link[length] = '\0';
	if (leads_to(link, &there)) {
		strcpy(path, link);
		return 0;
	}
	mountinfo = proc_read_text(pid, "mountinfo");
	if (!mountinfo || !find_root_mount(mountinfo, &mount))
		return -ENOENT;
	return find_on_host(&mount, &there, path);
}
