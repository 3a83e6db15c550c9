/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/images/image_lock.h"

#include "base/cleanup.h"
#include "base/file_identity.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_DIRECTORY "/run/systemd/nspawn/locks"

/* How many times a lock file's former owner may remove it while we lock it. */
#define ATTEMPTS 100

static bool locks_are_off(void)
{
	const char *value = getenv("SYSTEMD_NSPAWN_LOCK");

	return value && (strcmp(value, "0") == 0 || strcasecmp(value, "no") == 0 ||
			 strcasecmp(value, "false") == 0 || strcasecmp(value, "off") == 0);
}

/* Lock an open file by an open file description lock, without waiting. 0 or a negative errno. */
static int lock_descriptor(int fd, short type)
{
	struct flock lock = { .l_type = type, .l_whence = SEEK_SET };

	if (fcntl(fd, F_OFD_SETLK, &lock) == 0)
		return 0;
	return errno == EAGAIN || errno == EACCES ? -EBUSY : -errno;
}

/* Open and lock the file at a path. -ESTALE if its former owner has removed it meanwhile. */
static int lock_once(const char *path, short type)
{
	int r, fd = open(path, O_CREAT | O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
			 0600);
	struct stat here, there;

	if (fd < 0)
		return -errno;
	r = lock_descriptor(fd, type);
	if (r == 0 && fstat(fd, &here) < 0)
		r = -errno;
	if (r == 0 && (stat(path, &there) < 0 || !is_same_file(&here, &there)))
		r = -ESTALE;
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}

/* Take over `path`. 0 or a negative errno. */
static int lock_file_take(struct lock_file *file, char *path, enum image_lock_mode mode)
{
	bool exclusive = mode == IMAGE_LOCK_EXCLUSIVE;
	int fd = -ESTALE;

	for (int i = 0; i < ATTEMPTS && fd == -ESTALE; i++)
		fd = lock_once(path, exclusive ? F_WRLCK : F_RDLCK);
	if (fd < 0) {
		free(path);
		return fd == -ESTALE ? -EBUSY : fd;
	}
	*file = (struct lock_file){ fd, path, exclusive };
	return 0;
}

/* Keep a file that others have locked, too. */
static void lock_file_release(struct lock_file *file)
{
	if (file->fd < 0)
		return;
	if (file->is_exclusive || lock_descriptor(file->fd, F_WRLCK) == 0)
		unlink(file->path);
	close(file->fd);
	free(file->path);
	*file = LOCK_FILE_NONE;
}

/* Lock the file beside the image. A read-only file system has none. 0 or a negative errno. */
static int lock_beside(struct lock_file *file, const char *path, enum image_lock_mode mode)
{
	const char *slash = strrchr(path, '/');
	char *lock;
	int r;

	if (asprintf(&lock, "%.*s/.#%s.lck", (int) (slash - path), path, slash + 1) < 0)
		return -ENOMEM;
	r = lock_file_take(file, lock, mode);
	return r == -EROFS && mode == IMAGE_LOCK_SHARED ? 0 : r;
}

static int make_lock_directory(void)
{
	/* systemd's modes. */
	if ((mkdir("/run/systemd", 0755) < 0 && errno != EEXIST) ||
	    (mkdir("/run/systemd/nspawn", 0755) < 0 && errno != EEXIST) ||
	    (mkdir(LOCK_DIRECTORY, 0700) < 0 && errno != EEXIST))
		return -errno;
	return 0;
}

static int lock_in_run(struct lock_file *file, const struct stat *st, enum image_lock_mode mode)
{
	char *path;
	int r = make_lock_directory();

	if (r < 0)
		return r;
	if (S_ISBLK(st->st_mode))
		r = asprintf(&path, LOCK_DIRECTORY "/block-%u:%u", major(st->st_rdev),
			     minor(st->st_rdev));
	else
		r = asprintf(&path, LOCK_DIRECTORY "/inode-%lu:%lu", (unsigned long) st->st_dev,
			     (unsigned long) st->st_ino);
	return r < 0 ? -ENOMEM : lock_file_take(file, path, mode);
}

static int lock_failure(struct failure *f, int error, const char *what)
{
	if (error == -EBUSY)
		return failure_set(f, FAILURE_BUSY,
				   "%s is in use: a machine runs from it, or another program "
				   "works on it",
				   what);
	return failure_errno(f, error, "cannot lock %s", what);
}

int image_lock(struct image_lock *lock, const char *path, enum image_lock_mode mode,
	       struct failure *f)
{
	struct image_lock taken = IMAGE_LOCK_NONE;
	struct stat st;
	int r = 0;

	*lock = IMAGE_LOCK_NONE;
	if (locks_are_off())
		return 0;
	if (stat(path, &st) < 0)
		return failure_errno(f, -errno, "cannot lock %s", path);
	/* Only this host uses the device, and its directory in /dev is not for lock files. */
	if (!S_ISBLK(st.st_mode))
		r = lock_beside(&taken.beside, path, mode);
	if (r == 0)
		r = lock_in_run(&taken.in_run, &st, mode);
	if (r < 0) {
		image_unlock(&taken);
		return lock_failure(f, r, path);
	}
	*lock = taken;
	return 0;
}

int image_lock_name(struct image_lock *lock, const char *name, struct failure *f)
{
	char *path;
	int r = make_lock_directory();

	*lock = IMAGE_LOCK_NONE;
	if (locks_are_off())
		return 0;
	if (r == 0)
		r = asprintf(&path, LOCK_DIRECTORY "/name-%s", name) < 0 ? -ENOMEM : 0;
	if (r == 0)
		r = lock_file_take(&lock->in_run, path, IMAGE_LOCK_EXCLUSIVE);
	return r < 0 ? lock_failure(f, r, name) : 0;
}

void image_unlock(struct image_lock *lock)
{
	lock_file_release(&lock->in_run);
	lock_file_release(&lock->beside);
}

void image_lock_pass_on(const struct image_lock *lock)
{
	if (lock->in_run.fd >= 0)
		fcntl(lock->in_run.fd, F_SETFD, 0);
	if (lock->beside.fd >= 0)
		fcntl(lock->beside.fd, F_SETFD, 0);
}

static void lock_file_leave(struct lock_file *file)
{
	cleanup_close(&file->fd);
	free(file->path);
	*file = LOCK_FILE_NONE;
}

void image_lock_leave(struct image_lock *lock)
{
	lock_file_leave(&lock->in_run);
	lock_file_leave(&lock->beside);
}
