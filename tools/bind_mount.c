/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/bind_mount.h"

#include "registry/cleanup.h"
#include "registry/database.h"
#include "registry/proc_file.h"
#include "registry/process.h"
#include "tools/format.h"
#include "tools/message.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/mount.h>
#include <linux/nsfs.h>
#include <linux/openat2.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define TREE "tree" /* where the mount is for a moment, in a file system of its own */

struct places {
	const struct bind_mount *bind;
	const struct entrance *entrance;
	int tree;    /* the mount, which is nowhere yet */
	mode_t type; /* of its root */
	int mounts;  /* the machine's mount namespace */
	int owner;   /* the user namespace that owns it, or -1 if that is the caller's own */
	uid_t uid;   /* of the machine's root, to whom what is made belongs */
	gid_t gid;
};

/* What the child says: the id of the mount that it would mount on, or what is wrong; then that. */
struct word {
	int error;
	uint64_t mount;
	char what[256];
};

static int complain_here(const struct bind_mount *bind, const char *what)
{
	char quoted[QUOTED_SIZE];

	complain("%s: %s: %s", quote(bind->here, quoted), what, strerror(errno));
	return -1;
}

static int set_attributes(int tree, uint64_t flags, uint64_t propagation, int user)
{
	struct mount_attr attributes = {
		.attr_set = flags,
		.propagation = propagation,
		.userns_fd = (uint64_t) user,
	};

	return (int) syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes,
			     sizeof attributes);
}

/*
 * With the ids that files have, whatever these are in the machine. Not every file system can;
 * then all of them are nobody's there.
 */
static int map_ids(const struct places *p)
{
	char path[PROC_PATH_SIZE];
	CLEANUP_CLOSE int user = -1;

	if (!(p->entrance->namespaces & CLONE_NEWUSER))
		return 0;
	proc_path(path, p->entrance->leader, "ns/user");
	user = open(path, O_RDONLY | O_CLOEXEC);
	if (user < 0 || !leader_is_running(p->entrance->pidfd)) {
		complain("%s: cannot open its user namespace: %s", p->entrance->subject,
			 strerror(user < 0 ? errno : ESRCH));
		return -1;
	}
	if (set_attributes(p->tree, MOUNT_ATTR_IDMAP, 0, user) == 0)
		return 0;
	if (errno != EINVAL && errno != EOPNOTSUPP && errno != EPERM)
		return complain_here(p->bind, "cannot map its owners");
	complain_here(p->bind, "its owners can't be mapped, and will be nobody in the machine");
	return 0;
}

static int make_tree(struct places *p)
{
	uint64_t flags = p->bind->is_read_only ? MOUNT_ATTR_RDONLY : 0;
	struct stat st;

	p->tree = (int) syscall(SYS_open_tree, AT_FDCWD, p->bind->here,
				OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
	if (p->tree < 0 || fstat(p->tree, &st) < 0)
		return complain_here(p->bind, "cannot open it");
	p->type = st.st_mode & S_IFMT;
	if (S_ISLNK(p->type)) {
		errno = ELOOP;
		return complain_here(p->bind, "cannot open it");
	}
	/* What is mounted in there later, here or there, stays here or there. */
	if (set_attributes(p->tree, flags, MS_PRIVATE, 0) < 0)
		return complain_here(p->bind, "cannot set up the mount");
	return map_ids(p);
}

static bool is_own_user_namespace(int fd)
{
	struct stat theirs, own;

	return fstat(fd, &theirs) == 0 && stat("/proc/self/ns/user", &own) == 0 &&
	       theirs.st_ino == own.st_ino && theirs.st_dev == own.st_dev;
}

static void find_root(struct places *p)
{
	struct idmap_extent extents[IDMAP_EXTENTS_MAX];
	struct idmap map = { extents, 0 };
	uint32_t id;
	int n;

	for (enum id_kind kind = ID_UID; kind <= ID_GID; kind++) {
		n = process_read_idmap(p->entrance->leader, kind, extents);
		map.count = n > 0 ? (size_t) n : 0;
		id = 0;
		if (map.count)
			(void) idmap_to_outer(&map, 0, &id);
		*(kind == ID_UID ? &p->uid : &p->gid) = id;
	}
}

static int find_namespaces(struct places *p)
{
	const struct entrance *e = p->entrance;
	char path[PROC_PATH_SIZE];

	if (!(e->namespaces & CLONE_NEWNS)) {
		complain("%s: its mounts are the host's own", e->subject);
		return -1;
	}
	proc_path(path, e->leader, "ns/mnt");
	p->mounts = open(path, O_RDONLY | O_CLOEXEC);
	p->owner = p->mounts < 0 ? -1 : ioctl(p->mounts, NS_GET_USERNS);
	find_root(p);
	if (p->owner < 0 || !leader_is_running(e->pidfd)) {
		complain("%s: cannot open its mount namespace: %s", e->subject,
			 strerror(p->owner < 0 ? errno : ESRCH));
		return -1;
	}
	if (is_own_user_namespace(p->owner)) {
		close(p->owner);
		p->owner = -1;
	}
	return 0;
}

/* For the child. */
static void __attribute__((noreturn)) fail(int socket, const char *what)
{
	struct word word = { .error = errno };

	snprintf(word.what, sizeof word.what, "%s", what);
	(void) !send(socket, &word, sizeof word, MSG_NOSIGNAL);
	_exit(EXIT_FAILURE);
}

static int move_mount_to(int tree, int directory, const char *path)
{
	unsigned int flags = MOVE_MOUNT_F_EMPTY_PATH | (*path ? 0 : MOVE_MOUNT_T_EMPTY_PATH);

	return (int) syscall(SYS_move_mount, tree, "", directory, path, flags);
}

/* An empty file system, in the child's own mount namespace, as its working directory. */
static int go_to_own_directory(void)
{
	CLEANUP_CLOSE int context = (int) syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);
	CLEANUP_CLOSE int directory = -1;

	if (context < 0 ||
	    syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, "mode", "755", 0) < 0 ||
	    syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -1;
	directory = (int) syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, 0);
	return directory < 0 || move_mount_to(directory, AT_FDCWD, "/") < 0 || fchdir(directory) < 0
		       ? -1
		       : 0;
}

static int make_node(int directory, const char *name, mode_t type)
{
	CLEANUP_CLOSE int fd = -1;

	if (S_ISDIR(type))
		return mkdirat(directory, name, 0755);
	fd = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	return fd < 0 ? -1 : 0;
}

/*
 * The machine's root could undo what a mount is, that it is read-only above all, and take away what
 * is mounted in it, unless the mount comes from a more privileged user namespace: then it is
 * locked, mount_namespaces(7). But that isn't told when a mount is just put there, only when it
 * is copied with the namespace that it is in. So it goes into one, that is copied in the
 * user namespace of the machine, and what is put there is a copy from that one.
 */
static int lock_tree(const struct places *p)
{
	if (unshare(CLONE_NEWNS) < 0 ||
	    syscall(SYS_mount, NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    go_to_own_directory() < 0 || make_node(AT_FDCWD, TREE, p->type) < 0 ||
	    move_mount_to(p->tree, AT_FDCWD, TREE) < 0 || setns(p->owner, CLONE_NEWUSER) < 0 ||
	    unshare(CLONE_NEWNS) < 0)
		return -1;
	return (int) syscall(SYS_open_tree, AT_FDCWD, TREE,
			     OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
}

static int open_there(const char *path)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_NO_MAGICLINKS,
	};

	return (int) syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
}

/* What is missing of a path in the machine; directories on the way, too. A new descriptor, or -1. */
static int make_target(const struct places *p, char *path, mode_t type)
{
	CLEANUP_CLOSE int parent = -1;
	int fd = open_there(path);
	size_t length = strlen(path);
	char *slash;

	if (fd >= 0 || errno != ENOENT)
		return fd;
	while (length > 1 && path[length - 1] == '/')
		path[--length] = '\0';
	slash = strrchr(path, '/');
	if (slash == path || !slash) {
		parent = open_there("/");
	} else {
		*slash = '\0';
		parent = make_target(p, path, S_IFDIR);
		*slash = '/';
	}
	/* A link that leads nowhere is there, but can't be opened. */
	if (parent < 0 || make_node(parent, slash + 1, type) < 0)
		return -1;
	if (p->owner < 0 && fchownat(parent, slash + 1, p->uid, p->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	return open_there(path);
}

static int open_target(const struct places *p)
{
	char path[PATH_MAX];

	if (!p->bind->make_target)
		return open_there(p->bind->there);
	if (strlen(p->bind->there) >= sizeof path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(path, p->bind->there);
	return make_target(p, path, p->type);
}

/* The kernel has one word for all that is wrong with a mount. */
static void check_type(int socket, int target, mode_t type)
{
	struct stat st;

	if (fstat(target, &st) < 0)
		fail(socket, "cannot look at it");
	if (S_ISDIR(st.st_mode) == S_ISDIR(type))
		return;
	errno = S_ISDIR(type) ? ENOTDIR : EISDIR;
	fail(socket, "cannot mount there");
}

static void tell_mount(int socket, int target)
{
	struct word word = { 0 };
	struct statx stx;

	if (statx(target, "", AT_EMPTY_PATH, STATX_MNT_ID, &stx) < 0)
		fail(socket, "cannot tell what to mount on");
	word.mount = stx.stx_mask & STATX_MNT_ID ? stx.stx_mnt_id : 0;
	if (send(socket, &word, sizeof word, MSG_NOSIGNAL) < 0 ||
	    recv(socket, &word, sizeof word, 0) != sizeof word)
		_exit(EXIT_FAILURE);
}

/* The machine may share the pid namespace. */
static void hide(void)
{
	prctl(PR_SET_DUMPABLE, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static void __attribute__((noreturn)) put_there(const struct places *p, int socket)
{
	int tree = p->tree, target;
	bool is_locked = p->owner >= 0;

	hide();
	if (is_locked && (setgroups(0, NULL) < 0 || (tree = lock_tree(p)) < 0))
		fail(socket, "cannot lock the mount");
	if (setns(p->mounts, CLONE_NEWNS) < 0)
		fail(socket, "cannot enter its mount namespace");
	if (fchdir(p->entrance->root) < 0 || chroot(".") < 0 || chdir("/") < 0)
		fail(socket, "cannot enter its root directory");
	if (is_locked && (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0) && errno != EINVAL)
		fail(socket, "cannot become its root");
	hide();
	umask(022);
	target = open_target(p);
	if (target < 0)
		fail(socket, "");
	check_type(socket, target, p->type);
	tell_mount(socket, target);
	if (move_mount_to(tree, target, "") < 0)
		fail(socket, "cannot mount there");
	tell_mount(socket, target);
	_exit(EXIT_SUCCESS);
}

/* " shared:N " of a line of mountinfo that isn't its end, or 0. */
static unsigned int peer_group(const char *line, const char *key)
{
	const char *field = strstr(line, key), *end = strstr(line, " - ");
	unsigned int group = 0;

	if (field && (!end || field < end))
		sscanf(field + strlen(key), "%u", &group);
	return group;
}

/* Of a mount in that process's namespace, or 0 if it shares nothing. */
static unsigned int find_group(uint32_t pid, uint64_t mount)
{
	CLEANUP_FREE char *text = proc_read_text(pid, "mountinfo");
	char *rest;

	for (char *line = text ? strtok_r(text, "\n", &rest) : NULL; line;
	     line = strtok_r(NULL, "\n", &rest)) {
		unsigned long long id;

		if (sscanf(line, "%llu", &id) == 1 && id == mount)
			return peer_group(line, " shared:");
	}
	return 0;
}

/* Whether what is mounted on a mount of this peer group is mounted on one of the host's, too. */
static bool reaches_host(unsigned int group)
{
	CLEANUP_FREE char *text = file_read_text("/proc/self/mountinfo");
	char *rest;

	for (char *line = text ? strtok_r(text, "\n", &rest) : NULL; line;
	     line = strtok_r(NULL, "\n", &rest))
		if (peer_group(line, " shared:") == group || peer_group(line, " master:") == group)
			return true;
	return !text;
}

static int complain_word(const struct places *p, const struct word *word)
{
	char quoted[QUOTED_SIZE];
	const char *hint = word->error == ENOENT && !*word->what && !p->bind->make_target
				   ? "; --mkdir makes it"
				   : "";

	complain("%s: %s: %s%s%s%s", p->entrance->subject, quote(p->bind->there, quoted),
		 word->what, *word->what ? ": " : "", strerror(word->error), hint);
	return -1;
}

/* 0, or -1 after it has said what is wrong. */
static int hear(const struct places *p, int socket, struct word *word)
{
	if (recv(socket, word, sizeof *word, 0) != sizeof *word) {
		complain("%s: the process that was to go there was killed", p->entrance->subject);
		return -1;
	}
	word->what[sizeof word->what - 1] = '\0';
	return word->error ? complain_word(p, word) : 0;
}

static int lead(const struct places *p, int socket)
{
	struct word word;
	unsigned int group;
	char quoted[QUOTED_SIZE];

	if (hear(p, socket, &word) < 0)
		return -1;
	group = find_group(p->entrance->leader, word.mount);
	if (group && reaches_host(group)) {
		complain("%s: %s: what is mounted there would be on the host, too",
			 p->entrance->subject, quote(p->bind->there, quoted));
		return -1;
	}
	(void) !send(socket, &word, sizeof word, MSG_NOSIGNAL);
	if (hear(p, socket, &word) < 0)
		return -1;
	(void) !send(socket, &word, sizeof word, MSG_NOSIGNAL);
	return 0;
}

static int send_child(const struct places *p)
{
	int sockets[2], r;
	pid_t pid;

	fflush(NULL);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0 ||
	    (pid = fork()) < 0) {
		complain("%s: cannot fork: %s", p->entrance->subject, strerror(errno));
		return -1;
	}
	if (pid == 0) {
		close(sockets[0]);
		put_there(p, sockets[1]);
	}
	close(sockets[1]);
	r = lead(p, sockets[0]);
	close(sockets[0]);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return r;
}

int bind_mount_make(const struct bind_mount *bind, const struct entrance *entrance)
{
	struct places p = {
		.bind = bind, .entrance = entrance, .tree = -1, .mounts = -1, .owner = -1
	};
	int r = find_namespaces(&p);

	if (r == 0)
		r = make_tree(&p);
	if (r == 0)
		r = send_child(&p);
	cleanup_close(&p.tree);
	cleanup_close(&p.mounts);
	cleanup_close(&p.owner);
	return r;
}
