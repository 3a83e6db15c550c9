/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/process.h"

#include "base/array_size.h"
#include "base/cleanup.h"
#include "base/file_identity.h"
#include "base/format.h"
#include "base/lines.h"
#include "base/mountinfo.h"
#include "base/pidfd.h"
#include "base/proc_file.h"
#include "host/known_path.h"
#include "host/process_status.h"
#include "registry/process_stat.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define PF_KTHREAD 0x00200000 /* the kernel's include/linux/sched.h */

static enum leader_verdict verdict_of_error(int r, int *error)
{
	if (r == -ENOENT || r == -ESRCH)
		return LEADER_ABSENT;
	*error = r;
	return LEADER_UNREADABLE;
}

/* Read what only `stat` tells. */
static enum leader_verdict judge_by_stat(uint32_t pid, struct machine_leader *leader, int *error)
{
	struct process_stat stat;
	int r = process_stat_read(pid, &stat);

	if (r < 0)
		return verdict_of_error(r, error);
	leader->start_time = stat.start_time;
	return stat.flags & PF_KTHREAD ? LEADER_KERNEL_THREAD : LEADER_OK;
}

/* What has memory executes a program at times, and what hasn't doesn't, so that `stat` comes at once. */
static enum leader_verdict judge_process(uint32_t pid, int fd, struct machine_leader *leader,
					 int *error)
{
	struct process_status status;
	int r = process_status_read(pid, &status);

	if (r < 0)
		return verdict_of_error(r, error);
	if (process_status_is_dead(&status))
		return LEADER_ZOMBIE;
	*leader = (struct machine_leader){ .pid = pid, .pidfd_inode = pidfd_inode(fd) };
	return status.has_memory && leader->pidfd_inode ? LEADER_OK
							: judge_by_stat(pid, leader, error);
}

/* Find out why pidfd_open(2) failed. For a thread's id it says EINVAL, since Linux 6.9 ENOENT. */
static enum leader_verdict judge_failure(uint32_t pid, int *error)
{
	char path[PROC_PATH_SIZE];

	proc_path(path, pid, "stat");
	if (*error == -ESRCH)
		return LEADER_ABSENT;
	if (*error == -EINVAL || *error == -ENOENT)
		return access(path, F_OK) == 0 ? LEADER_THREAD : LEADER_ABSENT;
	return LEADER_UNREADABLE;
}

enum leader_verdict process_inspect(int64_t pid, struct machine_leader *leader, int *pidfd,
				    int *error)
{
	enum leader_verdict verdict;
	int fd;

	if (pid <= 0 || pid > INT32_MAX)
		return LEADER_NO_PID;
	if (pid == 1)
		return LEADER_INIT;
	if (pid == getpid())
		return LEADER_SELF;
	fd = pidfd_of((pid_t) pid);
	if (fd < 0) {
		*error = fd;
		return judge_failure((uint32_t) pid, error);
	}
	verdict = judge_process((uint32_t) pid, fd, leader, error);
	if (verdict == LEADER_OK)
		*pidfd = fd;
	else
		close(fd);
	return verdict;
}

enum leader_verdict leader_inspect(int64_t pid, struct machine_leader *leader, int *pidfd,
				   int *error)
{
	enum leader_verdict verdict = process_inspect(pid, leader, pidfd, error);

	if (verdict != LEADER_OK || leader->start_time)
		return verdict;
	verdict = judge_by_stat((uint32_t) pid, leader, error);
	if (verdict != LEADER_OK)
		close(*pidfd);
	return verdict;
}

int pidfd_identify(int pidfd, struct machine_leader *leader)
{
	CLEANUP_FREE char *text = NULL;
	const char *line;
	char path[64];
	int pid, error = 0;
	enum leader_verdict verdict;

	snprintf(path, sizeof path, "/proc/self/fdinfo/%d", pidfd);
	text = file_read_text(path);
	if (!text)
		return -errno;
	line = strstr(text, "\nPid:");
	if (!line || sscanf(line, "\nPid: %d", &pid) != 1)
		return -EBADF;
	if (pid <= 0)
		return -ESRCH;
	verdict = judge_process((uint32_t) pid, pidfd, leader, &error);
	if (verdict == LEADER_UNREADABLE)
		return error;
	return verdict == LEADER_OK && pidfd_is_alive(pidfd) ? 0 : -ESRCH;
}

bool leader_is_expected(const struct machine_leader *leader, const struct machine_leader *expected)
{
	return (!expected->pid || leader->pid == expected->pid) &&
	       (!expected->start_time || leader->start_time == expected->start_time) &&
	       (!expected->pidfd_inode || leader->pidfd_inode == expected->pidfd_inode);
}

bool boot_is_current(const char *id)
{
	struct pid_context context;
	char here[ID128_TEXT_SIZE], there[ID128_TEXT_SIZE];
	size_t length = 0;

	for (; *id && length < sizeof there - 1; id++)
		if (*id != '-')
			there[length++] = *id;
	there[length] = '\0';
	return !*id && pid_context_read(&context) == 0 &&
	       strcasecmp(id128_format(context.boot_id, here), there) == 0;
}

const char *leader_verdict_words(enum leader_verdict verdict, int error)
{
	switch (verdict) {
	case LEADER_OK: break;
	case LEADER_NO_PID: return "is not a process id";
	case LEADER_INIT: return "is the host's own init";
	case LEADER_SELF: return "is this very process";
	case LEADER_ABSENT: return "there is no such process";
	case LEADER_THREAD: return "is a thread, not a process";
	case LEADER_KERNEL_THREAD: return "is a kernel thread";
	case LEADER_ZOMBIE: return "is a zombie";
	case LEADER_UNREADABLE: return strerror(-error);
	}
	return "runs";
}

/* Before pidfs a record has no inode, so this kernel's are those of processes. */
static bool is_proved_by_inode(int fd, const struct machine_leader *leader)
{
	struct stat st;

	return leader->pidfd_inode && fstat(fd, &st) == 0 && st.st_ino == leader->pidfd_inode;
}

int leader_open_by_inode(const struct machine_leader *leader)
{
	int fd = leader->pidfd_inode ? pidfd_of((pid_t) leader->pid) : -ENOSYS;

	if (fd < 0 || is_proved_by_inode(fd, leader))
		return fd;
	close(fd);
	return -ESRCH;
}

/* 0, -ESRCH if the pid is another process's by now, or another negative errno. */
static int check_start(const struct machine_leader *leader)
{
	struct process_stat stat;
	int r = process_stat_read(leader->pid, &stat);

	if (r == -ENOENT || (r == 0 && stat.start_time != leader->start_time))
		return -ESRCH;
	return r;
}

int leader_open(const struct machine_leader *leader, const struct pid_context *context)
{
	int fd = pidfd_of((pid_t) leader->pid), r = 0;

	/* The inode proves it anywhere. All else is true only where pids mean the same. */
	if (fd < 0 || !is_proved_by_inode(fd, leader)) {
		r = pid_context_check(context);
		/* The pid may belong to a thread by now. */
		if (r == 0 && fd < 0)
			r = fd == -EINVAL || fd == -ENOENT ? -ESRCH : fd;
		if (r == 0)
			r = leader->pidfd_inode ? -ESRCH : check_start(leader);
	}
	if (r == 0 && !pidfd_is_alive(fd))
		r = -ESRCH;
	if (r < 0 && fd >= 0)
		close(fd);
	return r < 0 ? r : fd;
}

/* Their names in /proc, and their ioctl(2) of a pidfd: include/uapi/linux/pidfd.h, Linux 6.11. */
static const struct {
	const char *name;
	unsigned long request;
} namespace_kinds[OWN_NAMESPACES] = {
	[NAMESPACE_USER] = { "user", _IO(0xff, 9) },
	[NAMESPACE_MOUNT] = { "mnt", _IO(0xff, 3) },
	[NAMESPACE_PID] = { "pid", _IO(0xff, 5) },
	[NAMESPACE_NETWORK] = { "net", _IO(0xff, 4) },
	[NAMESPACE_IPC] = { "ipc", _IO(0xff, 2) },
	[NAMESPACE_UTS] = { "uts", _IO(0xff, 10) },
	[NAMESPACE_CGROUP] = { "cgroup", _IO(0xff, 1) },
	[NAMESPACE_TIME] = { "time", _IO(0xff, 7) },
};

int pidfd_open_namespace(int pidfd, enum namespace_kind kind)
{
	int fd = ioctl(pidfd, namespace_kinds[kind].request, 0);

	return fd < 0 ? -errno : fd;
}

/* Whether an error of the above is a process's, and not that of an old kernel. */
static bool is_denied(int error)
{
	return error == -EACCES || error == -EPERM;
}

int process_open_namespace(uint32_t pid, enum namespace_kind kind)
{
	CLEANUP_CLOSE int pidfd = pidfd_of((pid_t) pid);
	int fd = pidfd < 0 ? pidfd : pidfd_open_namespace(pidfd, kind);
	char path[PROC_PATH_SIZE], file[16];

	if (fd >= 0 || is_denied(fd))
		return fd < 0 ? -EACCES : fd;
	snprintf(file, sizeof file, "ns/%s", namespace_kinds[kind].name);
	proc_path(path, pid, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* A kind that this kernel doesn't have is -ENOENT. */
static int read_namespace(const char *process, size_t kind, struct file_identity *identity)
{
	char path[PROC_PATH_SIZE];
	struct stat st;

	snprintf(path, sizeof path, "/proc/%s/ns/%s", process, namespace_kinds[kind].name);
	if (stat(path, &st) < 0)
		return -errno;
	*identity = file_identity_of(&st);
	return 0;
}

static int read_namespace_by_pidfd(int pidfd, size_t kind, struct file_identity *identity)
{
	CLEANUP_CLOSE int fd = pidfd_open_namespace(pidfd, kind);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return fd < 0 ? fd : -errno;
	*identity = file_identity_of(&st);
	return 0;
}

void own_namespaces_look_at(struct own_namespaces *own, uint32_t pid, int pidfd)
{
	memset(&own->process, 0, sizeof own->process);
	own->process.pid = pid;
	own->process.pidfd = pidfd;
}

static int read_process_namespace(struct own_namespaces *own, uint32_t pid, size_t kind,
				  struct file_identity *identity)
{
	bool is_looked_at = own->process.pid == pid;
	CLEANUP_CLOSE int opened = is_looked_at ? -1 : pidfd_of((pid_t) pid);
	int pidfd = is_looked_at ? own->process.pidfd : opened;
	char process[sizeof "4294967295"];
	int r = -ENOTTY;

	if (is_looked_at && own->process.is_known[kind]) {
		*identity = own->process.identities[kind];
		return 0;
	}
	if (pidfd >= 0)
		r = read_namespace_by_pidfd(pidfd, kind, identity);
	/* An old kernel doesn't know the request. */
	if (r < 0 && !is_denied(r)) {
		snprintf(process, sizeof process, "%u", pid);
		r = read_namespace(process, kind, identity);
	}
	if (r == 0 && is_looked_at) {
		own->process.identities[kind] = *identity;
		own->process.is_known[kind] = true;
	}
	return r;
}

/* 1, 0 or a negative errno. `theirs` becomes that of the process. */
static int shares_namespace(struct own_namespaces *own, uint32_t pid, size_t kind,
			    struct file_identity *theirs)
{
	struct own_namespaces asked = { 0 };
	int r;

	own = own ? own : &asked;
	r = read_process_namespace(own, pid, kind, theirs);
	if (r == 0 && !own->is_known[kind]) {
		r = read_namespace("self", kind, &own->identities[kind]);
		own->is_known[kind] = r == 0;
	}
	return r < 0 ? r : file_identities_equal(*theirs, own->identities[kind]);
}

int process_shares_namespace(struct own_namespaces *own, uint32_t pid, enum namespace_kind kind)
{
	struct file_identity theirs;

	return shares_namespace(own, pid, kind, &theirs);
}

/* Kinds of namespaces that this kernel doesn't have can't differ. */
static int has_other_namespace(struct own_namespaces *own, uint32_t pid)
{
	for (size_t kind = NAMESPACE_USER + 1; kind < OWN_NAMESPACES; kind++) {
		int r = process_shares_namespace(own, pid, kind);

		if (r == 0 || (r < 0 && r != -ENOENT))
			return r < 0 ? r : 1;
	}
	return 0;
}

bool process_runs_as(uint32_t pid, uid_t user)
{
	CLEANUP_FREE char *status = proc_read_text(pid, "status");
	const char *line = status ? strstr(status, "\nUid:") : NULL;
	unsigned int real, effective, saved, file_system;

	return line &&
	       sscanf(line, "\nUid: %u %u %u %u", &real, &effective, &saved, &file_system) == 4 &&
	       real == user && effective == user && saved == user && file_system == user;
}

int process_read_namespaces(struct own_namespaces *own, uint32_t pid, uint32_t *namespaces,
			    uint64_t *user_namespace)
{
	struct file_identity user;
	int r = shares_namespace(own, pid, NAMESPACE_USER, &user);

	if (r < 0)
		return r;
	*user_namespace = user.inode;
	*namespaces = 0;
	if (r == 0) {
		*namespaces = MACHINE_HAS_NAMESPACES | MACHINE_HAS_USER_NAMESPACE;
		return 0;
	}
	r = has_other_namespace(own, pid);
	if (r > 0)
		*namespaces = MACHINE_HAS_NAMESPACES;
	return r < 0 ? r : 0;
}

int process_read_idmap(struct own_namespaces *own, uint32_t pid, enum id_kind kind,
		       struct idmap_extent extents[static IDMAP_EXTENTS_MAX])
{
	CLEANUP_FREE char *text = NULL;
	int r = process_shares_namespace(own, pid, NAMESPACE_USER);

	if (r < 0)
		return r;
	if (r > 0) {
		extents[0] = (struct idmap_extent){ 0, 0, UINT32_MAX };
		return 1;
	}
	text = proc_read_text(pid, kind == ID_UID ? "uid_map" : "gid_map");
	return text ? idmap_parse(text, extents, IDMAP_EXTENTS_MAX) : -errno;
}

/* Whether the path leads there: 1, 0, or -EREMOTE if that can't be told without asking a server. */
static int leads_to(const char *path, struct file_identity there)
{
	struct file_identity found;
	CLEANUP_CLOSE int fd = path[0] == '/' ? known_path_open(path) : -ENOENT;

	if (fd < 0)
		return fd == -EREMOTE ? fd : 0;
	return file_identity_read(fd, "", &found) == 0 && file_identities_equal(found, there);
}

/* The last mount on "/" hides the others. */
static bool find_root_mount(char *mountinfo, struct mount *found)
{
	bool is_found = false;

	for (char *line, *rest = mountinfo; (line = line_next(&rest));) {
		struct mount mount;

		if (mount_parse(line, &mount) && strcmp(mount.point, "/") == 0) {
			*found = mount;
			is_found = true;
		}
	}
	return is_found;
}

/* The rest of `path` below `root`, in the same file system; NULL if it isn't below. */
static const char *path_below(const char *path, const char *root)
{
	size_t length = strcmp(root, "/") == 0 ? 0 : strlen(root);

	if (strncmp(path, root, length) != 0 || (path[length] != '/' && path[length] != '\0'))
		return NULL;
	path += length;
	return strcmp(path, "/") == 0 ? "" : path;
}

/* Find the directory of a file system among the host's mounts. */
static int find_on_host(const struct mount *wanted, struct file_identity there,
			char path[static PATH_MAX])
{
	CLEANUP_FREE char *mountinfo = file_read_text("/proc/self/mountinfo");
	int missing = -ENOENT;

	if (!mountinfo)
		return -errno;
	for (char *line, *rest = mountinfo; (line = line_next(&rest));) {
		char candidate[PATH_MAX];
		struct mount mount = { 0 };
		const char *below;
		int length, r;

		if (!mount_parse(line, &mount) || mount.major != wanted->major ||
		    mount.minor != wanted->minor || !(below = path_below(wanted->root, mount.root)))
			continue;
		length =
			snprintf(candidate, sizeof candidate, "%s%s",
				 strcmp(mount.point, "/") == 0 && *below ? "" : mount.point, below);
		r = length > 0 && length < PATH_MAX ? leads_to(candidate, there) : 0;
		if (r > 0) {
			strcpy(path, candidate);
			return 0;
		}
		missing = r < 0 ? r : missing;
	}
	return missing;
}

int process_read_root(struct own_namespaces *own, uint32_t pid, int root,
		      char path[static PATH_MAX])
{
	CLEANUP_FREE char *mountinfo = NULL;
	char proc[PROC_PATH_SIZE], link[PATH_MAX];
	struct file_identity there, ours;
	struct mount mount = { 0 };
	ssize_t length;
	int r = file_identity_read(root, "", &there), found;

	if (r == 0)
		r = file_identity_read(AT_FDCWD, "/", &ours);
	if (r < 0)
		return r;
	if (file_identities_equal(there, ours) &&
	    process_shares_namespace(own, pid, NAMESPACE_MOUNT) == 1)
		return -ENOENT;
	proc_path(proc, pid, "root");
	length = readlink(proc, link, sizeof link - 1);
	if (length < 0)
		return -errno;
	link[length] = '\0';
	r = leads_to(link, there);
	if (r > 0) {
		strcpy(path, link);
		return 0;
	}
	mountinfo = proc_read_text(pid, "mountinfo");
	if (!mountinfo || !find_root_mount(mountinfo, &mount))
		return r < 0 ? r : -ENOENT;
	found = find_on_host(&mount, there, path);
	return found == -ENOENT && r < 0 ? r : found;
}
