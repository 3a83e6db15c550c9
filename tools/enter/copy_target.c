/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/enter/copy_target.h"

#include "base/cleanup.h"
#include "base/write_at.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/xattr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/xattr.h>

#define TEMPORARY_SIZE 32

/* A directory whose END hasn't come yet. */
struct level {
	int fd;
	bool is_new;
	size_t path_length; /* of its parent */
};

struct work {
	const struct copy_target *target;
	struct copy_stream *stream;
	const struct copy_place *place;
	bool has_begun;	 /* the first entry has come */
	bool is_partial; /* the other half has left something out */
	int depth;
	struct level levels[COPY_DEPTH_MAX];
	int file; /* whose END hasn't come yet, or -1 */
	size_t file_path_length;
	char file_name[NAME_MAX + 1];
	char temporary[TEMPORARY_SIZE]; /* its name until then */
};

static int current_directory(const struct work *w)
{
	return w->depth ? w->levels[w->depth - 1].fd : w->place->directory;
}

/* Random, because others may be able to write to the directory. */
static int make_temporary_name(char name[static TEMPORARY_SIZE])
{
	uint64_t random;

	if (getrandom(&random, sizeof random, 0) != sizeof random)
		return -1;
	snprintf(name, TEMPORARY_SIZE, ".mymachines-%016" PRIx64, random);
	return 0;
}

/* Take the name of a new entry. The first one gets the name of the place, whatever the source calls it. */
static int take_name(struct work *w, const char *name, size_t length, char own[static NAME_MAX + 1])
{
	bool is_first = !w->has_begun;

	if (w->file >= 0 || (w->depth == 0 && !is_first) || strlen(name) != length)
		return copy_fail_protocol(w->stream);
	w->has_begun = true;
	if (is_first) {
		memcpy(own, w->place->name, NAME_MAX + 1);
		return 0;
	}
	if (!copy_name_is_valid(name))
		return copy_fail_protocol(w->stream);
	strcpy(own, name);
	return 0;
}

/* Append the name to the path for messages, which has that of the first entry already. */
static size_t enter_path(struct work *w, const char *name)
{
	return w->depth ? copy_path_enter(w->stream, name) : strlen(w->stream->path);
}

static int refuse_existing(struct work *w)
{
	copy_fail(w->stream, 0, "exists already; --force replaces files");
	w->stream->error = -EEXIST;
	return -1;
}

/* Whether an entry that exists is left as it is, and the copy of it dropped. */
static bool is_kept(const struct work *w)
{
	return w->target->keep && w->depth > 0;
}

/* Check before any data is sent. An entry that appears later is noticed when ours is put there. */
static int check_absence(struct work *w, const char *name)
{
	struct stat st;

	if (!*name)
		return copy_fail(w->stream, EISDIR, "cannot replace it");
	if (fstatat(current_directory(w), name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : copy_fail(w->stream, errno, "cannot look at it");
	if (is_kept(w))
		return 0;
	if (S_ISDIR(st.st_mode))
		return copy_fail(w->stream, EISDIR, "cannot replace it");
	return w->target->replace ? 0 : refuse_existing(w);
}

/* For file systems that don't know RENAME_NOREPLACE. */
static int link_into_place(int directory, const char *temporary, const char *name)
{
	if (linkat(directory, temporary, directory, name, 0) < 0)
		return -1;
	unlinkat(directory, temporary, 0);
	return 0;
}

/* Give a complete entry its name. */
static int put_in_place(struct work *w, const char *temporary, const char *name)
{
	int directory = current_directory(w), error;

	if (w->target->replace) {
		if (renameat(directory, temporary, directory, name) == 0)
			return 0;
	} else if (renameat2(directory, temporary, directory, name, RENAME_NOREPLACE) == 0 ||
		   ((errno == EINVAL || errno == ENOSYS) &&
		    link_into_place(directory, temporary, name) == 0)) {
		return 0;
	}
	error = errno;
	unlinkat(directory, temporary, 0);
	if (error == EEXIST && is_kept(w))
		return 0;
	return error == EEXIST ? refuse_existing(w)
			       : copy_fail(w->stream, error, "cannot put it there");
}

static void times_of(const struct copy_entry *entry, struct timespec times[static 2])
{
	times[0] = (struct timespec){ .tv_sec = entry->accessed, .tv_nsec = entry->accessed_ns };
	times[1] = (struct timespec){ .tv_sec = entry->modified, .tv_nsec = entry->modified_ns };
	/* This refuses UTIME_NOW and UTIME_OMIT, too. */
	for (int i = 0; i < 2; i++)
		if (times[i].tv_nsec < 0 || times[i].tv_nsec > 999999999)
			times[i].tv_nsec = 0;
}

/*
 * The owner is changed last, because root without CAP_FOWNER can't change another user's
 * file. But chown(2) removes setuid and setgid bits, so these are set after it.
 */
static int set_properties(struct work *w, int fd, struct copy_entry *entry)
{
	struct timespec times[2];
	mode_t set_id_bits;

	if (w->target->translate)
		w->target->translate(entry, w->target->argument);
	times_of(entry, times);
	set_id_bits = entry->mode & (S_ISUID | S_ISGID);
	if (futimens(fd, times) < 0)
		return copy_fail(w->stream, errno, "cannot set its times");
	if (fchmod(fd, entry->mode & 01777) < 0)
		return copy_fail(w->stream, errno, "cannot set its mode");
	if (fchown(fd, entry->uid, entry->gid) < 0)
		return copy_fail(w->stream, errno, "cannot set its owner");
	if (set_id_bits && fchmod(fd, entry->mode & 07777) < 0)
		return copy_fail(w->stream, errno, "cannot set its mode");
	return 0;
}

/*
 * For a link or FIFO, which can only be made with a name. If others can write to the directory,
 * the name may be another file's by now, which must not get the owner.
 */
static int set_owner_by_name(struct work *w, const char *name, mode_t type,
			     struct copy_entry *entry)
{
	CLEANUP_CLOSE int fd = openat(current_directory(w), name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct timespec times[2];
	struct stat st;

	if (w->target->translate)
		w->target->translate(entry, w->target->argument);
	times_of(entry, times);
	if (fd < 0 || fstat(fd, &st) < 0)
		return copy_fail(w->stream, errno, "cannot look at it");
	if ((st.st_mode & S_IFMT) != type || st.st_uid != geteuid() || st.st_nlink != 1)
		return copy_fail(w->stream, 0, "was replaced by another process while it was made");
	/* Fails before Linux 5.8: then links have the time of the copy. */
	(void) !utimensat(fd, "", times, AT_EMPTY_PATH);
	if (fchownat(fd, "", entry->uid, entry->gid, AT_EMPTY_PATH) < 0)
		return copy_fail(w->stream, errno, "cannot set its owner");
	return 0;
}

static int make_special(struct work *w, struct copy_entry *entry)
{
	bool is_link = entry->kind == COPY_LINK;
	const char *payload = w->stream->payload;
	/* A NUL follows the payload, so this is inside. */
	const char *to = payload + strlen(payload) + 1;
	size_t length = is_link ? strlen(payload) : entry->length;
	char name[NAME_MAX + 1], temporary[TEMPORARY_SIZE];
	int directory = current_directory(w), r;
	size_t before;

	if (is_link && (length + 1 >= entry->length || strlen(to) != entry->length - length - 1))
		return copy_fail_protocol(w->stream);
	if (take_name(w, payload, length, name) < 0)
		return -1;
	before = enter_path(w, name);
	if (check_absence(w, name) < 0)
		return -1;
	if (make_temporary_name(temporary) < 0 ||
	    (is_link ? symlinkat(to, directory, temporary)
		     : mkfifoat(directory, temporary, entry->mode & 0777)) < 0)
		return copy_fail(w->stream, errno, "cannot make it");
	if (set_owner_by_name(w, temporary, is_link ? S_IFLNK : S_IFIFO, entry) < 0) {
		unlinkat(directory, temporary, 0);
		return -1;
	}
	r = put_in_place(w, temporary, name);
	copy_path_leave(w->stream, before);
	return r;
}

static int begin_file(struct work *w, const struct copy_entry *entry)
{
	size_t before;

	if (take_name(w, w->stream->payload, entry->length, w->file_name) < 0)
		return -1;
	before = enter_path(w, w->file_name);
	if (check_absence(w, w->file_name) < 0)
		return -1;
	if (make_temporary_name(w->temporary) < 0 ||
	    (w->file = openat(current_directory(w), w->temporary,
			      O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)) < 0)
		return copy_fail(w->stream, errno, "cannot make it");
	w->file_path_length = before;
	return 0;
}

static int write_data(struct work *w, const struct copy_entry *entry)
{
	int r;

	if (w->file < 0 || entry->offset > (uint64_t) INT64_MAX - entry->length)
		return copy_fail_protocol(w->stream);
	r = write_at(w->file, w->stream->payload, entry->length, entry->offset);
	return r < 0 ? copy_fail(w->stream, -r, "cannot write it") : 0;
}

static void close_file(struct work *w)
{
	close(w->file);
	w->file = -1;
	copy_path_leave(w->stream, w->file_path_length);
}

static int abandon_file(struct work *w)
{
	if (w->file < 0)
		return copy_fail_protocol(w->stream);
	unlinkat(current_directory(w), w->temporary, 0);
	close_file(w);
	return 0;
}

static int end_file(struct work *w, struct copy_entry *entry)
{
	if (entry->offset > INT64_MAX)
		return copy_fail_protocol(w->stream);
	/* The file may end with a hole. */
	if (ftruncate(w->file, (off_t) entry->offset) < 0)
		return copy_fail(w->stream, errno, "cannot write it");
	if (set_properties(w, w->file, entry) < 0 ||
	    put_in_place(w, w->temporary, w->file_name) < 0)
		return -1;
	close_file(w);
	return 0;
}

/* A directory that exists keeps its attributes. */
static int make_directory(struct work *w, const char *name, struct level *level)
{
	int parent = current_directory(w);

	level->is_new = *name && mkdirat(parent, name, 0700) == 0;
	if (*name && !level->is_new && errno != EEXIST)
		return copy_fail(w->stream, errno, "cannot make it");
	level->fd =
		openat(parent, *name ? name : ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (level->fd < 0)
		return copy_fail(w->stream, errno == ELOOP ? ENOTDIR : errno,
				 "cannot open the directory");
	return 0;
}

static int begin_directory(struct work *w, const struct copy_entry *entry)
{
	char name[NAME_MAX + 1];
	struct level level;

	if (w->depth == COPY_DEPTH_MAX)
		return copy_fail_protocol(w->stream);
	if (take_name(w, w->stream->payload, entry->length, name) < 0)
		return -1;
	level.path_length = enter_path(w, name);
	if (make_directory(w, name, &level) < 0)
		return -1;
	w->levels[w->depth++] = level;
	return 0;
}

static int end_directory(struct work *w, struct copy_entry *entry)
{
	struct level *level;
	int r = 0;

	if (w->depth == 0)
		return copy_fail_protocol(w->stream);
	level = &w->levels[--w->depth];
	if (level->is_new)
		r = set_properties(w, level->fd, entry);
	close(level->fd);
	if (r == 0)
		copy_path_leave(w->stream, level->path_length);
	return r;
}

/* Only user attributes: others decide what a file may do here. */
static int set_attribute(struct work *w, const struct copy_entry *entry)
{
	const char *name = w->stream->payload;
	size_t length = strlen(name) + 1;
	int fd = w->file >= 0 ? w->file : w->depth ? w->levels[w->depth - 1].fd : -1;

	if (fd < 0 || length > entry->length ||
	    strncmp(name, XATTR_USER_PREFIX, XATTR_USER_PREFIX_LEN) != 0)
		return copy_fail_protocol(w->stream);
	if (w->file < 0 && !w->levels[w->depth - 1].is_new)
		return 0;
	/* Not every file system has attributes. */
	if (fsetxattr(fd, name, name + length, entry->length - length, 0) < 0 &&
	    errno != EOPNOTSUPP && errno != EPERM)
		return copy_fail(w->stream, errno, "cannot set its attributes");
	return 0;
}

static int report(struct work *w, const struct copy_entry *entry)
{
	if (!w->target->report)
		return copy_fail_protocol(w->stream);
	w->target->report(w->target->report_data, w->stream->payload);
	w->is_partial |= entry->offset != 0;
	return 0;
}

static int take_failure(struct work *w, const struct copy_entry *entry)
{
	return w->target->report ? copy_fail_theirs(w->stream, entry)
				 : copy_fail_protocol(w->stream);
}

/* 0; 1 if this was the last entry; or -1. */
static int take_entry(struct work *w, struct copy_entry *entry)
{
	switch (entry->kind) {
	case COPY_DIRECTORY: return begin_directory(w, entry);
	case COPY_FILE: return begin_file(w, entry);
	case COPY_LINK:
	case COPY_FIFO: return make_special(w, entry);
	case COPY_ATTRIBUTE: return set_attribute(w, entry);
	case COPY_DATA: return write_data(w, entry);
	case COPY_END: return w->file >= 0 ? end_file(w, entry) : end_directory(w, entry);
	case COPY_ABANDON: return abandon_file(w);
	case COPY_NOTICE: return report(w, entry);
	case COPY_FAILED: return take_failure(w, entry);
	case COPY_DONE: return w->depth || w->file >= 0 ? copy_fail_protocol(w->stream) : 1;
	default: return copy_fail_protocol(w->stream);
	}
}

int copy_target_run(struct copy_target *target, const struct copy_place *place)
{
	CLEANUP_FREE struct work *w = calloc(1, sizeof *w);
	int r;

	if (!w)
		return copy_fail(target->stream, ENOMEM, "cannot copy");
	*w = (struct work){
		.target = target, .stream = target->stream, .place = place, .file = -1
	};
	do {
		struct copy_entry entry;

		r = copy_receive(w->stream, &entry);
		if (r == 0)
			r = take_entry(w, &entry);
	} while (r == 0);
	if (w->file >= 0)
		abandon_file(w);
	while (w->depth)
		close(w->levels[--w->depth].fd);
	return r < 0 ? r : w->is_partial;
}
