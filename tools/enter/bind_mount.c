/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/enter/bind_mount.h"

#include "base/lines.h"
#include "base/pidfd.h"
#include "base/child.h"
#include "base/cleanup.h"
#include "base/file_identity.h"
#include "base/proc_file.h"
#include "host/process.h"
#include "registry/database.h"
#include "base/quote.h"
#include "tools/enter/bind_target.h"
#include "tools/enter/mount_tree.h"
#include "tools/enter/visitor_packet.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

struct bind_job {
	const struct entrance *entrance;
	struct mount_tree tree;
	struct bind_target target;
	int mounts; /* the machine's mount namespace */
	int owner;  /* the user namespace that owns it, or -1 if that is the caller's own */
};

static bool is_own_user_namespace(int fd)
{
	struct stat theirs, own;

	return fstat(fd, &theirs) == 0 && stat("/proc/self/ns/user", &own) == 0 &&
	       is_same_file(&theirs, &own);
}

/* The ids of the machine's root on the host. */
static void find_root_ids(struct bind_job *job)
{
	struct idmap_extent extents[IDMAP_EXTENTS_MAX];
	struct idmap map = { extents, 0 };
	uint32_t id;
	int n;

	for (enum id_kind kind = ID_UID; kind <= ID_GID; kind++) {
		n = process_read_idmap(NULL, job->entrance->leader, kind, extents);
		map.count = n > 0 ? (size_t) n : 0;
		id = 0;
		if (map.count)
			(void) idmap_to_outer(&map, 0, &id);
		*(kind == ID_UID ? &job->target.uid : &job->target.gid) = id;
	}
}

static int open_namespaces(struct bind_job *job, struct failure *f)
{
	const struct entrance *e = job->entrance;
	char path[PROC_PATH_SIZE];

	if (!(e->namespaces & CLONE_NEWNS))
		return failure_set(f, FAILURE_NOT_SUPPORTED, "%s: its mounts are the host's own",
				   e->machine);
	proc_path(path, e->leader, "ns/mnt");
	job->mounts = open(path, O_RDONLY | O_CLOEXEC);
	job->owner = job->mounts < 0 ? -1 : ioctl(job->mounts, NS_GET_USERNS);
	find_root_ids(job);
	if (job->owner < 0 || !pidfd_is_alive(e->pidfd))
		return failure_errno(f, job->owner < 0 ? -errno : -ESRCH,
				     "%s: cannot open its mount namespace", e->machine);
	if (is_own_user_namespace(job->owner)) {
		close(job->owner);
		job->owner = -1;
	}
	job->target.is_owned = job->owner < 0;
	return 0;
}

/*
 * Keep none of the caller's standard streams: if a file system of the machine's blocks the child for
 * ever, whoever reads them must not wait for it.
 */
static int leave_streams(void)
{
	CLEANUP_CLOSE int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (null < 0 || dup2(null, fd) < 0)
			return -errno;
	return 0;
}

/* The machine may be in the host's pid namespace: be invisible to ptrace(2), and die with the caller. */
static void protect_child(void)
{
	prctl(PR_SET_DUMPABLE, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/* Enter the mount namespace, as the machine's root if that is in a user namespace. */
static int enter_mounts(const struct bind_job *job, int *tree, struct failure *f)
{
	bool is_locked = job->owner >= 0;
	int r = 0;

	*tree = job->tree.fd;
	if (is_locked && setgroups(0, NULL) < 0)
		r = -errno;
	else if (is_locked)
		r = *tree = mount_tree_lock(&job->tree, job->owner);
	if (r < 0)
		return failure_errno(f, r, "cannot lock the mount");
	if (setns(job->mounts, CLONE_NEWNS) < 0)
		return failure_errno(f, -errno, "cannot enter its mount namespace");
	if (fchdir(job->entrance->root) < 0 || chroot(".") < 0 || chdir("/") < 0)
		return failure_errno(f, -errno, "cannot enter its root directory");
	if (is_locked && (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0) && errno != EINVAL)
		return failure_errno(f, -errno, "cannot become its root");
	/* Changing ids may have undone it. */
	protect_child();
	umask(022);
	return 0;
}

/* Tell the parent which mount the target is on, and wait until it agrees. */
static int report_mount(int socket, int target, struct failure *f)
{
	struct visitor_packet packet = { .kind = VISITOR_READY };
	struct statx stx;

	if (statx(target, "", AT_EMPTY_PATH, STATX_MNT_ID, &stx) < 0)
		return failure_errno(f, -errno, "cannot find out what it is mounted on");
	packet.mount = stx.stx_mask & STATX_MNT_ID ? stx.stx_mnt_id : 0;
	if (visitor_packet_send(socket, &packet, NULL, 0) < 0 ||
	    visitor_packet_receive(socket, &packet, NULL, 0) != 1 || packet.kind != VISITOR_GO)
		_exit(EXIT_FAILURE);
	return 0;
}

static int attach_in_machine(const struct bind_job *job, int socket, struct failure *f)
{
	int tree, target, r;

	protect_child();
	r = leave_streams();
	if (r < 0)
		return failure_errno(f, r, "cannot leave the standard streams");
	if (enter_mounts(job, &tree, f) < 0)
		return -1;
	target = bind_target_open(&job->target, f);
	if (target < 0 || report_mount(socket, target, f) < 0)
		return -1;
	r = mount_tree_attach(tree, target, "");
	if (r < 0)
		return failure_errno(f, r, "cannot mount there");
	return report_mount(socket, target, f);
}

static void __attribute__((noreturn)) run_child(const struct bind_job *job, int socket)
{
	struct visitor_packet packet = { .kind = VISITOR_FAILED };

	if (attach_in_machine(job, socket, &packet.failure) == 0)
		_exit(EXIT_SUCCESS);
	visitor_packet_send(socket, &packet, NULL, 0);
	_exit(EXIT_FAILURE);
}

/* N of "shared:N" in a line of mountinfo, before the separator, or 0. */
static unsigned int peer_group(const char *line, const char *key)
{
	const char *field = strstr(line, key), *end = strstr(line, " - ");
	unsigned int group = 0;

	if (field && (!end || field < end))
		sscanf(field + strlen(key), "%u", &group);
	return group;
}

/* The peer group of a mount in that process's namespace, or 0 if it has none. */
static unsigned int find_peer_group(uint32_t pid, uint64_t mount)
{
	CLEANUP_FREE char *text = proc_read_text(pid, "mountinfo");

	for (char *line, *rest = text; (line = line_next(&rest));) {
		unsigned long long id;

		if (sscanf(line, "%llu", &id) == 1 && id == mount)
			return peer_group(line, " shared:");
	}
	return 0;
}

/* Whether mounts in this peer group would also appear on the host. */
static bool reaches_host(unsigned int group)
{
	CLEANUP_FREE char *text = file_read_text("/proc/self/mountinfo");

	for (char *line, *rest = text; (line = line_next(&rest));)
		if (peer_group(line, " shared:") == group || peer_group(line, " master:") == group)
			return true;
	return !text;
}

/* Wait until the child reports a mount. Its failures are about the target. */
static int receive_mount(const struct bind_job *job, pid_t child, int socket, uint64_t *mount,
			 struct failure *f)
{
	const char *machine = job->entrance->machine;
	struct visitor_packet packet;
	char subject[MACHINE_NAME_SIZE + QUOTED_SIZE + 2], quoted[QUOTED_SIZE];
	int r;

	snprintf(subject, sizeof subject, "%s: %s", machine, quote(job->target.path, quoted));
	r = visitor_packet_expect(socket, child, subject, &packet, NULL, 0, f);
	if (r == 0)
		return visitor_packet_missing(machine, f);
	if (r == 1 && packet.kind != VISITOR_READY)
		return visitor_packet_tampered(machine, f);
	if (r == 1)
		*mount = packet.mount;
	return r < 0 ? -1 : 0;
}

static void send_go(int socket)
{
	(void) visitor_packet_send(socket, &(struct visitor_packet){ .kind = VISITOR_GO }, NULL, 0);
}

static int run_parent(const struct bind_job *job, pid_t child, int socket, struct failure *f)
{
	char quoted[QUOTED_SIZE];
	unsigned int group;
	uint64_t mount;

	if (receive_mount(job, child, socket, &mount, f) < 0)
		return -1;
	group = find_peer_group(job->entrance->leader, mount);
	if (group && reaches_host(group))
		return failure_set(f, FAILURE_NOT_SUPPORTED,
				   "%s: %s: the mount would appear on the host, too",
				   job->entrance->machine, quote(job->target.path, quoted));
	send_go(socket);
	if (receive_mount(job, child, socket, &mount, f) < 0)
		return -1;
	send_go(socket);
	return 0;
}

static int send_child(const struct bind_job *job, struct failure *f)
{
	const char *machine = job->entrance->machine;
	int sockets[2], r;
	pid_t pid;

	fflush(NULL);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0)
		return failure_errno(f, -errno, "%s: cannot make a socket", machine);
	pid = fork();
	if (pid == 0) {
		close(sockets[0]);
		run_child(job, sockets[1]);
	}
	r = pid < 0 ? failure_errno(f, -errno, "%s: cannot fork", machine) : 0;
	close(sockets[1]);
	if (r == 0)
		r = run_parent(job, pid, sockets[0], f);
	close(sockets[0]);
	if (pid > 0)
		child_end(pid, r < 0 ? 0 : VISITOR_ANSWER_MS);
	return r;
}

int bind_mount_make(const struct bind_mount *bind, const struct entrance *entrance,
		    struct notices *notices, struct failure *f)
{
	struct bind_job job = {
		.entrance = entrance,
		.tree = { .fd = -1 },
		.target = { .path = bind->there, .may_make = bind->make_target },
		.mounts = -1,
		.owner = -1,
	};
	int r = open_namespaces(&job, f);

	if (r == 0)
		r = mount_tree_open(&job.tree, bind->here, bind->is_read_only, entrance, notices,
				    f);
	job.target.type = job.tree.type;
	if (r == 0)
		r = send_child(&job, f);
	cleanup_close(&job.tree.fd);
	cleanup_close(&job.mounts);
	cleanup_close(&job.owner);
	return r;
}
