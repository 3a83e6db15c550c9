/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/import/transfer.h"

#include "base/cleanup.h"
#include "base/format.h"
#include "base/json_value.h"
#include "base/number.h"
#include "base/pidfd.h"
#include "registry/process_stat.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

/* The file of the last id. Its name is hidden, because it isn't a transfer. */
#define LAST_ID ".last"

/* Write the whole text at once, filled up with blanks, so that readers see the old or the new text. */
#define FILE_SIZE 16384

int transfer_directory_make(void)
{
	(void) mkdir(REGISTRY_DIRECTORY, 0755);
	return mkdir(TRANSFER_DIRECTORY, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

/* Only root may read it, because addresses may contain passwords. */
static int open_directory(bool make)
{
	int fd, r = make ? transfer_directory_make() : 0;

	if (r < 0)
		return r;
	fd = open(TRANSFER_DIRECTORY, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int take_id(int directory, uint32_t *id)
{
	CLEANUP_CLOSE int fd =
		openat(directory, LAST_ID, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	char text[16] = "";
	int length;

	if (fd < 0 || flock(fd, LOCK_EX) < 0 || pread(fd, text, sizeof text - 1, 0) < 0)
		return -errno;
	if (!*text || id_parse(text, id) < 0 || *id == UINT32_MAX)
		*id = 0;
	length = snprintf(text, sizeof text, "%" PRIu32, ++*id);
	return pwrite(fd, text, (size_t) length, 0) == length ? 0 : -EIO;
}

static void add_string(json_object *object, const char *key, const char *text)
{
	CLEANUP_FREE char *escaped = malloc(ESCAPED_SIZE(strlen(text) + 1));

	if (!escaped)
		arena_out_of_memory();
	json_object_object_add(object, key,
			       json_object_new_string(escape_for_programs(text, escaped)));
}

static int write_file(const struct transfer *t)
{
	json_object *object = json_object_new_object();
	const char *text;
	char file[FILE_SIZE];
	size_t length;

	json_object_object_add(object, "id", json_object_new_int64(t->id));
	json_object_object_add(object, "pid", json_object_new_int64(t->pid));
	json_object_object_add(object, "startTime", json_object_new_int64((int64_t) t->start_time));
	add_string(object, "type", t->type);
	add_string(object, "local", t->local);
	add_string(object, "remote", t->remote);
	add_string(object, "verify", t->verify);
	if (t->progress >= 0)
		json_object_object_add(object, "progress", json_object_new_double(t->progress));
	text = json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN);
	length = strlen(text);
	memset(file, ' ', sizeof file);
	if (length < sizeof file)
		memcpy(file, text, length);
	file[sizeof file - 1] = '\n';
	json_object_put(object);
	if (length >= sizeof file)
		return -ENAMETOOLONG;
	return pwrite(t->fd, file, sizeof file, 0) == (ssize_t) sizeof file ? 0 : -EIO;
}

static int begin(struct transfer *t, int directory)
{
	struct process_stat stat;
	char name[16], hidden[16];
	int r = process_stat_read((uint32_t) getpid(), &stat);

	if (r == 0 && !t->id)
		r = take_id(directory, &t->id);
	if (r < 0)
		return r;
	t->pid = (uint32_t) getpid();
	t->start_time = stat.start_time;
	snprintf(name, sizeof name, "%" PRIu32, t->id);
	snprintf(hidden, sizeof hidden, ".%" PRIu32, t->id);
	/* Lock and write it before it gets its name, so that readers never see a part. */
	t->fd = openat(directory, hidden, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (t->fd < 0 || flock(t->fd, LOCK_EX | LOCK_NB) < 0)
		return -errno;
	r = write_file(t);
	if (r == 0 && renameat(directory, hidden, directory, name) < 0)
		r = -errno;
	if (r < 0)
		unlinkat(directory, hidden, 0);
	return r;
}

int transfer_take_id(uint32_t *id, struct failure *f)
{
	CLEANUP_CLOSE int directory = open_directory(true);
	int r = directory < 0 ? directory : take_id(directory, id);

	return r < 0 ? failure_errno(f, r, "cannot number the transfer in %s", TRANSFER_DIRECTORY)
		     : 0;
}

int transfer_begin(struct transfer *t, struct failure *f)
{
	CLEANUP_CLOSE int directory = open_directory(true);
	int r = directory;

	t->fd = -1;
	t->progress = -1;
	if (r >= 0)
		r = begin(t, directory);
	if (r >= 0)
		return 0;
	transfer_end(t);
	return failure_errno(f, r, "cannot record the transfer in %s", TRANSFER_DIRECTORY);
}

void transfer_write_progress(struct transfer *t, double progress)
{
	t->progress = progress;
	if (t->fd >= 0)
		(void) write_file(t);
}

void transfer_end(struct transfer *t)
{
	char path[sizeof TRANSFER_DIRECTORY + 16];

	if (t->fd < 0)
		return;
	snprintf(path, sizeof path, "%s/%" PRIu32, TRANSFER_DIRECTORY, t->id);
	unlink(path);
	close(t->fd);
	t->fd = -1;
}

static const char *get_string(struct arena *arena, json_object *object, const char *key)
{
	const char *text = json_string(json_object_object_get(object, key));

	return arena_strdup(arena, text ?: "");
}

static void parse(struct arena *arena, json_object *object, struct transfer *t)
{
	json_object *progress = json_object_object_get(object, "progress");

	t->pid = (uint32_t) json_object_get_int64(json_object_object_get(object, "pid"));
	t->start_time =
		(uint64_t) json_object_get_int64(json_object_object_get(object, "startTime"));
	t->type = get_string(arena, object, "type");
	t->local = get_string(arena, object, "local");
	t->remote = get_string(arena, object, "remote");
	t->verify = get_string(arena, object, "verify");
	t->progress = progress ? json_object_get_double(progress) : -1;
}

/* Whether the process of an open file has died. If so, remove the file. */
static bool is_left_over(int directory, const char *name, int fd)
{
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return false;
	unlinkat(directory, name, 0);
	return true;
}

/* Returns the file of a running transfer, or -1 if it has ended. */
static int open_transfer(struct arena *arena, int directory, const char *name, struct transfer *t)
{
	int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	char text[FILE_SIZE + 1] = "";
	const char *why;
	json_object *object;

	if (fd < 0)
		return -1;
	*t = (struct transfer){ .fd = -1 };
	object = !is_left_over(directory, name, fd) && id_parse(name, &t->id) == 0 &&
				 pread(fd, text, FILE_SIZE, 0) == FILE_SIZE
			 ? json_parse(text, FILE_SIZE, &why)
			 : NULL;
	if (!object || !json_object_is_type(object, json_type_object)) {
		json_object_put(object);
		close(fd);
		return -1;
	}
	parse(arena, object, t);
	json_object_put(object);
	return fd;
}

int transfer_compare_ids(const void *a, const void *b)
{
	const struct transfer *one = a, *other = b;

	return one->id < other->id ? -1 : one->id > other->id;
}

int transfer_list(struct arena *arena, struct transfer **transfers, size_t *count,
		  struct failure *f)
{
	int fd = open_directory(false);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	*transfers = NULL;
	*count = 0;
	if (fd == -ENOENT)
		return 0;
	if (!directory) {
		int r = fd < 0 ? fd : -errno;

		if (fd >= 0)
			close(fd);
		return failure_errno(f, r, "cannot open %s", TRANSFER_DIRECTORY);
	}
	while ((entry = readdir(directory))) {
		struct transfer t;
		int file = *entry->d_name == '.' ? -1 : open_transfer(arena, fd, entry->d_name, &t);

		if (file < 0)
			continue;
		close(file);
		*transfers = arena_grow(arena, *transfers, *count, sizeof t);
		(*transfers)[(*count)++] = t;
	}
	closedir(directory);
	if (*count)
		qsort(*transfers, *count, sizeof **transfers, transfer_compare_ids);
	return 0;
}

static int signal_process(const struct transfer *t, int file, struct failure *f)
{
	CLEANUP_CLOSE int pidfd = pidfd_of((pid_t) t->pid);
	struct process_stat stat;
	int r = pidfd < 0 ? pidfd : process_stat_read(t->pid, &stat);

	if (r == 0 && stat.start_time != t->start_time)
		r = -ESRCH;
	/* The process lives, so the pid is its own, unless it is in another pid namespace. */
	if (r < 0 && flock(file, LOCK_EX | LOCK_NB) < 0)
		return failure_set(f, FAILURE_ELSEWHERE,
				   "transfer %" PRIu32 " runs in another pid namespace", t->id);
	if (r == 0)
		r = pidfd_signal(pidfd, SIGTERM);
	return r < 0 ? failure_errno(f, r, "cannot stop transfer %" PRIu32, t->id) : 0;
}

/* Find a running transfer's file. Returns -1 with a failure if there is none. */
static int find_file(struct arena *arena, uint32_t id, struct transfer *t, struct failure *f)
{
	CLEANUP_CLOSE int directory = open_directory(false);
	char name[16];
	int file;

	if (directory < 0 && directory != -ENOENT)
		return failure_errno(f, directory, "cannot open %s", TRANSFER_DIRECTORY);
	snprintf(name, sizeof name, "%" PRIu32, id);
	file = directory < 0 ? -1 : open_transfer(arena, directory, name, t);
	return file < 0 ? failure_set(f, FAILURE_NO_PROCESS, "there is no transfer %" PRIu32, id)
			: file;
}

int transfer_find(struct arena *arena, uint32_t id, struct transfer *t, struct failure *f)
{
	CLEANUP_CLOSE int file = find_file(arena, id, t, f);

	return file < 0 ? -1 : 0;
}

int transfer_cancel(uint32_t id, struct failure *f)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct transfer t;
	CLEANUP_CLOSE int file = find_file(&arena, id, &t, f);

	return file < 0 ? -1 : signal_process(&t, file, f);
}
