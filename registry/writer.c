/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registry/writer.h"

#include "registry/cleanup.h"
#include "registry/copy.h"
#include "registry/filter.h"
#include "registry/index.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LOCK_WAIT_MS 10000

/* Address space, not memory: no registry comes near. */
#define MAP_SIZE (sizeof(void *) > 4 ? (size_t) 1 << 32 : (size_t) 1 << 28)

/* A copy keeps LMDB's free pages; above this many of them for one in use, they are left out. */
#define FREE_PAGES_RATIO 3
#define FREE_PAGES_MIN	 64

static int make_directories(const char *path)
{
	CLEANUP_FREE char *copy = strdup(path);

	if (!copy)
		return -ENOMEM;
	for (char *p = strchr(copy + 1, '/');; p = strchr(p + 1, '/')) {
		if (p)
			*p = '\0';
		if (mkdir(copy, 0755) == 0)
			/* Readers are everyone, whatever the umask. */
			chmod(copy, 0755);
		else if (errno != EEXIST)
			return -errno;
		if (!p)
			return 0;
		*p = '/';
	}
}

/* Whoever can write in it could put another registry there. */
static int check_directory(const char *path)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	return st.st_mode & (S_IWGRP | S_IWOTH) || st.st_uid != 0 ? -EPERM : 0;
}

static int lock_wait(int fd)
{
	static const struct timespec pause = { .tv_nsec = 500000 };

	for (int i = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; i++) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		if (i >= LOCK_WAIT_MS * 2)
			return -ETIMEDOUT;
		nanosleep(&pause, NULL);
	}
	return 0;
}

static int open_lock(struct writer *w)
{
	cleanup_close(&w->lock);
	w->lock = open(w->lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	return w->lock < 0 ? -errno : 0;
}

static int take_lock(struct writer *w)
{
	int r = 0;

	while (r == 0) {
		r = lock_wait(w->lock);
		/* Someone may have removed it: a lock on a file that is gone excludes nobody. */
		if (r < 0 || file_is_at(w->lock, w->lock_path))
			break;
		r = open_lock(w);
	}
	return r;
}

static size_t pages_of(const MDB_stat *stat)
{
	return stat->ms_branch_pages + stat->ms_leaf_pages + stat->ms_overflow_pages;
}

static bool is_mostly_free(struct snapshot *s)
{
	MDB_envinfo info;
	MDB_stat stat;
	size_t used;

	mdb_env_info(s->env, &info);
	mdb_env_stat(s->env, &stat);
	used = 2 + pages_of(&stat);
	for (enum database database = 0; database < DB_COUNT; database++) {
		MDB_dbi dbi;

		if (snapshot_database(s, database, &dbi) == 0 && mdb_stat(s->txn, dbi, &stat) == 0)
			used += pages_of(&stat);
	}
	return info.me_last_pgno > FREE_PAGES_MIN &&
	       info.me_last_pgno / (FREE_PAGES_RATIO + 1) > used;
}

static int copy_pages(struct writer *w, struct snapshot *current)
{
	int fd, r;

	if (is_mostly_free(current))
		return database_error(mdb_env_copyfd2(current->env, w->file, MDB_CP_COMPACT));
	r = database_error(mdb_env_get_fd(current->env, &fd));
	return r < 0 ? r : copy_bytes(fd, w->file, current->meta.pages_size);
}

static int copy_filter(struct writer *w, struct snapshot *current)
{
	size_t size = current->meta.filter_size;
	int fd, r = database_error(mdb_env_get_fd(current->env, &fd));
	ssize_t n;

	if (r < 0)
		return r;
	n = pread(fd, w->filter, size, (off_t) current->meta.pages_size);
	return n < 0 ? -errno : (size_t) n == size ? 0 : -EUCLEAN;
}

static int copy_current(struct writer *w, struct snapshot *current)
{
	int r = copy_pages(w, current);

	if (r == 0)
		r = copy_filter(w, current);
	w->copy.meta = current->meta;
	w->former_generation = current->meta.generation;
	return r;
}

/* Pids of another namespace would be compared with those of this one. */
static int adopt_origin(struct registry_meta *meta)
{
	struct registry_origin mine;
	int r = registry_origin_read(&mine);

	if (r < 0)
		return r;
	if (meta->machines && (meta->origin.pid_namespace != mine.pid_namespace ||
			       meta->origin.time_namespace != mine.time_namespace))
		return -EXDEV;
	meta->origin = mine;
	return 0;
}

static int create_temporary(struct writer *w)
{
	/* One is left over where a writer was killed. */
	if (unlink(w->temporary) < 0 && errno != ENOENT)
		return -errno;
	w->file = open(w->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	return w->file < 0 ? -errno : 0;
}

static int copy_registry(struct writer *w)
{
	struct snapshot current;
	int r = snapshot_open(&current, w->path);

	if (r < 0 && r != -ENOENT && r != -ESTALE)
		return r;
	w->copy.meta.next_sequence = 1;
	if (r == 0) {
		r = adopt_origin(&current.meta);
		w->blamed = r < 0 ? w->path : w->temporary;
		if (r == 0)
			r = create_temporary(w);
		if (r == 0)
			r = copy_current(w, &current);
		snapshot_close(&current);
		return r;
	}
	w->blamed = w->temporary;
	r = create_temporary(w);
	return r < 0 ? r : adopt_origin(&w->copy.meta);
}

static int open_databases(struct snapshot *s)
{
	for (enum database database = 0; database < DB_COUNT; database++) {
		int r = database_error(mdb_dbi_open(s->txn, database_name(database), MDB_CREATE,
						    &s->databases[database]));

		if (r < 0)
			return r;
	}
	return 0;
}

/* Private until it is renamed: LMDB needs neither locks nor syncs. */
static int begin(struct writer *w)
{
	struct snapshot *s = &w->copy;
	int r = database_error(mdb_env_create(&s->env));

	if (r == 0)
		r = database_error(mdb_env_set_maxdbs(s->env, DB_COUNT));
	if (r == 0)
		r = database_error(mdb_env_set_mapsize(s->env, MAP_SIZE));
	if (r == 0)
		r = database_error(mdb_env_open(
			s->env, w->temporary,
			MDB_NOSUBDIR | MDB_NOLOCK | MDB_NOSYNC | MDB_NOMETASYNC, 0600));
	if (r == 0)
		r = database_error(mdb_txn_begin(s->env, NULL, 0, &s->txn));
	return r < 0 ? r : open_databases(s);
}

static int allocate(struct writer *w, const char *directory)
{
	if (asprintf(&w->path, "%s/" REGISTRY_FILE_NAME, directory) < 0)
		w->path = NULL;
	if (asprintf(&w->temporary, "%s/." REGISTRY_FILE_NAME ".new", directory) < 0)
		w->temporary = NULL;
	if (asprintf(&w->lock_path, "%s/lock", directory) < 0)
		w->lock_path = NULL;
	w->filter = malloc(FILTER_SIZE_MAX);
	w->record = malloc(RECORD_SIZE_MAX + 1);
	w->former = malloc(RECORD_SIZE_MAX + 1);
	return w->path && w->temporary && w->lock_path && w->filter && w->record && w->former
		       ? 0
		       : -ENOMEM;
}

int writer_prepare(struct writer *w, const char *directory)
{
	int r;

	*w = (struct writer){ .lock = -1, .file = -1, .blamed = directory };
	r = allocate(w, directory);
	if (r == 0)
		r = make_directories(directory);
	if (r == 0)
		r = check_directory(directory);
	if (r < 0)
		return r;
	w->blamed = w->lock_path;
	return open_lock(w);
}

int writer_open(struct writer *w, const char *directory)
{
	int r = writer_prepare(w, directory);

	return r < 0 ? r : writer_begin(w);
}

int writer_begin(struct writer *w)
{
	int r = take_lock(w);

	if (r < 0)
		return r;
	w->blamed = w->path;
	r = copy_registry(w);
	return r < 0 ? r : begin(w);
}

void writer_start_empty(struct writer *w)
{
	if (w->former_generation == 0)
		w->changed = true;
}

void writer_close(struct writer *w)
{
	snapshot_close(&w->copy);
	if (w->file >= 0)
		unlink(w->temporary);
	cleanup_close(&w->file);
	cleanup_close(&w->lock);
	free(w->path);
	free(w->temporary);
	free(w->lock_path);
	free(w->filter);
	free(w->record);
	free(w->former);
	string_list_done(&w->touched_names);
	string_list_done(&w->touched_units);
	*w = (struct writer){ .lock = -1, .file = -1 };
}

/* The record of this name, copied out of the pages, which are about to change. */
static int load_former(struct writer *w, const char *folded, struct machine *former, size_t *size)
{
	MDB_val key = value_of(folded, strlen(folded)), value;
	int r = database_error(mdb_get(w->copy.txn, w->copy.databases[DB_NAMES], &key, &value));

	if (r < 0)
		return r;
	if (value.mv_size < 1 || value.mv_size > RECORD_SIZE_MAX + 1)
		return -EUCLEAN;
	*size = value.mv_size;
	memcpy(w->former, value.mv_data, value.mv_size);
	if (w->former[0] != NAME_IS_RECORD)
		return -ENOENT;
	return record_decode(w->former + 1, value.mv_size - 1, former) < 0 ? -EUCLEAN : 0;
}

/* A filter can't forget: names that went stay in it until it is made again. */
static void filter_names(struct writer *w, const struct machine *m)
{
	struct registry_meta *meta = &w->copy.meta;
	const char *name = m->name;

	do {
		char folded[MACHINE_NAME_SIZE];
		size_t length = machine_name_fold(name, folded);

		if (meta->filter_names >= filter_capacity(meta->filter_size))
			w->filter_stale = true;
		else if (filter_add(w->filter, meta->filter_size, folded, length))
			meta->filter_names++;
		meta->names++;
		name = machine_next_alias(m, name == m->name ? NULL : name);
	} while (name);
}

static uint32_t count_names(const struct machine *m)
{
	return 1 + (uint32_t) machine_count_aliases(m);
}

static int touch(struct writer *w, const struct machine *m)
{
	int r = string_list_add(&w->touched_names, m->name);

	return r == 0 && m->unit ? string_list_add(&w->touched_units, m->unit) : r;
}

/* Put the encoded record, of `size` bytes with its kind, in the place of the former one, if any. */
static int put_record(struct writer *w, const struct machine *machine, size_t size,
		      const struct machine *former)
{
	int r = touch(w, machine);

	if (r < 0)
		return r;
	w->changed = true;
	if (!former) {
		w->copy.meta.machines++;
		return index_add(&w->copy, machine, w->record, size);
	}
	r = touch(w, former);
	if (r < 0)
		return r;
	w->copy.meta.names -= count_names(former);
	return index_replace(&w->copy, former, machine, w->record, size);
}

int writer_put(struct writer *w, struct machine *machine)
{
	struct machine former;
	char folded[MACHINE_NAME_SIZE];
	size_t size, former_size;
	int n, r;

	if (w->broken || machine_name_fold(machine->name, folded) == 0)
		return w->broken ? w->broken : -EINVAL;
	if (!machine->sequence)
		machine->sequence = w->copy.meta.next_sequence++;
	n = record_encode(machine, w->record + 1, RECORD_SIZE_MAX);
	if (n < 0)
		return n;
	w->record[0] = NAME_IS_RECORD;
	size = (size_t) n + 1;
	r = load_former(w, folded, &former, &former_size);
	if (r < 0 && r != -ENOENT)
		return r;
	if (r == 0 && size == former_size && memcmp(w->record, w->former, size) == 0)
		return 0;
	w->broken = put_record(w, machine, size, r == 0 ? &former : NULL);
	if (w->broken)
		return w->broken;
	filter_names(w, machine);
	strcpy(w->last_put, folded);
	return 0;
}

int writer_remove(struct writer *w, const char *folded)
{
	struct machine former;
	size_t size;
	int r = w->broken ? w->broken : load_former(w, folded, &former, &size);

	if (r < 0)
		return r;
	w->changed = true;
	w->copy.meta.machines--;
	w->copy.meta.names -= count_names(&former);
	if (strcmp(w->last_put, folded) == 0)
		w->last_put[0] = '\0';
	w->broken = touch(w, &former);
	if (w->broken == 0)
		w->broken = index_remove(&w->copy, &former);
	return w->broken;
}

static int filter_rebuild(struct writer *w)
{
	struct registry_meta *meta = &w->copy.meta;
	MDB_cursor *cursor;
	MDB_val key, value;
	int r;

	meta->filter_names = 0;
	meta->filter_size = (uint32_t) filter_size_for(meta->names);
	if (!meta->filter_size)
		return 0;
	memset(w->filter, 0, meta->filter_size);
	r = database_error(mdb_cursor_open(w->copy.txn, w->copy.databases[DB_NAMES], &cursor));
	if (r < 0)
		return r;
	while ((r = database_error(mdb_cursor_get(cursor, &key, &value, MDB_NEXT))) == 0)
		if (filter_add(w->filter, meta->filter_size, key.mv_data, key.mv_size))
			meta->filter_names++;
	mdb_cursor_close(cursor);
	return r == -ENOENT ? 0 : r;
}

static int write_at(int fd, const void *bytes, size_t size, uint64_t at)
{
	ssize_t n = pwrite(fd, bytes, size, (off_t) at);

	return n < 0 ? -errno : (size_t) n == size ? 0 : -ENOSPC;
}

/* To LMDB, a write that was cut short is EIO. One more says what is in its way. */
static int find_reason(const struct writer *w)
{
	static const uint8_t page[65536];
	struct stat st;
	int r;

	if (fstat(w->file, &st) < 0)
		return -errno;
	r = write_at(w->file, page, sizeof page, (uint64_t) st.st_size);
	return r < 0 ? r : -EIO;
}

static int commit(struct writer *w)
{
	struct registry_meta *meta = &w->copy.meta;
	MDB_envinfo info;
	MDB_stat stat;
	int r;

	if (w->filter_stale || (!meta->filter_size && filter_size_for(meta->names))) {
		r = filter_rebuild(w);
		if (r < 0)
			return r;
	}
	r = database_error(mdb_txn_commit(w->copy.txn));
	w->copy.txn = NULL;
	if (r < 0)
		return r == -EIO ? find_reason(w) : r;
	mdb_env_info(w->copy.env, &info);
	mdb_env_stat(w->copy.env, &stat);
	meta->pages_size = (info.me_last_pgno + 1) * stat.ms_psize;
	mdb_env_close(w->copy.env);
	w->copy.env = NULL;
	return 0;
}

/* Nanoseconds since the epoch, and always more than any publication before. */
static uint64_t next_generation(uint64_t former)
{
	struct timespec now;
	uint64_t generation;

	clock_gettime(CLOCK_REALTIME, &now);
	generation = (uint64_t) now.tv_sec * 1000000000u + (uint64_t) now.tv_nsec;
	return generation > former ? generation : former + 1;
}

/* Filter, meta record, mode and time: what makes of LMDB's pages a registry. */
static int finish_file(struct writer *w)
{
	struct registry_meta *meta = &w->copy.meta;
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT } };
	int r;

	meta->generation = next_generation(meta->generation);
	meta->file_size = meta->pages_size + meta->filter_size + sizeof *meta;
	meta->version = REGISTRY_FORMAT_VERSION;
	meta->byte_order = REGISTRY_BYTE_ORDER;
	meta->word_size = sizeof(size_t);
	memcpy(meta->magic, REGISTRY_MAGIC, sizeof meta->magic);
	if (ftruncate(w->file, (off_t) meta->pages_size) < 0)
		return -errno;
	r = write_at(w->file, w->filter, meta->filter_size, meta->pages_size);
	if (r == 0)
		r = write_at(w->file, meta, sizeof *meta, meta->file_size - sizeof *meta);
	if (r < 0)
		return r;
	times[1].tv_sec = (time_t) (meta->generation / 1000000000u);
	times[1].tv_nsec = (long) (meta->generation % 1000000000u);
	return fchmod(w->file, 0644) < 0 || futimens(w->file, times) < 0 ? -errno : 0;
}

static int check_contents(struct writer *w, struct snapshot *s)
{
	struct machine machine;
	MDB_stat stat;
	MDB_dbi dbi;
	int r = snapshot_database(s, DB_NAMES, &dbi);

	if (r == 0)
		r = database_error(mdb_stat(s->txn, dbi, &stat));
	if (r < 0)
		return r;
	if (stat.ms_entries != w->copy.meta.names)
		return -EUCLEAN;
	r = *w->last_put ? snapshot_find_name(s, w->last_put, &machine) : 0;
	return r == -ENOENT ? -EUCLEAN : r;
}

/* Read it as everyone else will. */
static int verify(struct writer *w)
{
	struct snapshot written;
	int r = snapshot_open(&written, w->temporary);

	if (r < 0)
		return r;
	r = check_contents(w, &written);
	snapshot_close(&written);
	return r;
}

int writer_publish(struct writer *w)
{
	int r;

	if (!w->changed || w->broken)
		return w->broken;
	w->blamed = w->temporary;
	r = commit(w);
	if (r == 0)
		r = finish_file(w);
	if (r == 0)
		r = verify(w);
	if (r < 0)
		return r;
	if (rename(w->temporary, w->path) < 0)
		return -errno;
	cleanup_close(&w->file);
	w->file = -1;
	w->changed = false;
	return 0;
}
