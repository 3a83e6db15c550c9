/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registry/writer.h"

#include "base/cleanup.h"
#include "registry/address_index.h"
#include "registry/copy.h"
#include "registry/filter.h"
#include "registry/index.h"
#include "registry/lock.h"
#include "registry/pages_check.h"
#include "registry/publication.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Free pages are left out of a copy when they outnumber the used ones by this ratio. */
#define FREE_PAGES_RATIO 3
#define FREE_PAGES_MIN	 64

static int allocate(struct writer *w, const char *directory)
{
	if (asprintf(&w->path, "%s/" REGISTRY_FILE_NAME, directory) < 0)
		w->path = NULL;
	if (asprintf(&w->temporary, "%s/." REGISTRY_FILE_NAME ".new", directory) < 0)
		w->temporary = NULL;
	if (asprintf(&w->lock_path, "%s/lock", directory) < 0)
		w->lock_path = NULL;
	w->filter = malloc(FILTER_SIZE_MAX);
	w->record = malloc(RECORD_ROOM_SIZE);
	w->replaced = malloc(RECORD_ROOM_SIZE);
	w->addresses = calloc(MACHINE_ADDRESSES_MAX, sizeof *w->addresses);
	return w->path && w->temporary && w->lock_path && w->filter && w->record && w->replaced &&
			       w->addresses
		       ? 0
		       : -ENOMEM;
}

int writer_prepare(struct writer *w, const char *directory)
{
	int r;

	*w = (struct writer){ .lock = -1, .file = -1, .blamed = directory };
	r = allocate(w, directory);
	if (r == 0)
		r = registry_directory_make(directory);
	if (r < 0)
		return r;
	w->blamed = w->lock_path;
	return registry_lock_open(&w->lock, w->lock_path);
}

/* Pids of another namespace would be compared with those of this one. */
static int adopt_context(struct registry_meta *meta)
{
	struct pid_context mine;
	int r = pid_context_read(&mine);

	if (r < 0)
		return r;
	if (meta->machines && (meta->context.pid_namespace != mine.pid_namespace ||
			       meta->context.time_namespace != mine.time_namespace))
		return -EXDEV;
	meta->context = mine;
	return 0;
}

static void read_host_network(struct writer *w)
{
	struct stat st;

	w->host_network = stat("/proc/self/ns/net", &st) == 0 ? st.st_ino : 0;
}

/* Programs of this version can't read it any more, so after an upgrade it is of no use. */
static bool is_older_version(const char *path)
{
	CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct registry_meta meta;
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && st.st_size >= (off_t) sizeof meta &&
	       pread(fd, &meta, sizeof meta, st.st_size - (off_t) sizeof meta) ==
		       (ssize_t) sizeof meta &&
	       meta.version < REGISTRY_FORMAT_VERSION;
}

/* Errors of the registry itself, not of reading it. */
static bool is_unreadable(int error)
{
	return error == -ELOOP || error == -ENXIO || error == -EPERM || error == -EPROTONOSUPPORT ||
	       error == -EILSEQ || error == -EUCLEAN;
}

/* Whether to start anew, which publishes an empty registry at least. */
static bool discard_former(struct writer *w, int error)
{
	if (!is_unreadable(error) ||
	    !(w->discard_unreadable || (error == -EPROTONOSUPPORT && is_older_version(w->path))))
		return false;
	w->discarded = error;
	w->changed = true;
	return true;
}

static int open_former(struct writer *w)
{
	int r = snapshot_open(&w->former, w->path);

	if (r < 0 && r != -ENOENT && r != -ESTALE && !discard_former(w, r))
		return r;
	w->meta = w->former.meta;
	w->former_generation = w->meta.generation;
	if (!w->former.is_open)
		w->meta.next_sequence = 1;
	read_host_network(w);
	return adopt_context(&w->meta);
}

int writer_begin(struct writer *w)
{
	int r = registry_lock_take(&w->lock, w->lock_path);

	if (r < 0)
		return r;
	w->blamed = w->path;
	return open_former(w);
}

int writer_open(struct writer *w, const char *directory)
{
	int r = writer_prepare(w, directory);

	return r < 0 ? r : writer_begin(w);
}

void writer_start_empty(struct writer *w)
{
	if (w->former_generation == 0)
		w->changed = true;
}

void writer_close(struct writer *w)
{
	transaction_abort(&w->change);
	snapshot_close(&w->former);
	if (w->file >= 0)
		unlink(w->temporary);
	cleanup_close(&w->file);
	cleanup_close(&w->lock);
	free(w->path);
	free(w->temporary);
	free(w->lock_path);
	free(w->filter);
	free(w->record);
	free(w->replaced);
	free(w->addresses);
	string_list_done(&w->touched_names);
	string_list_done(&w->touched_units);
	*w = (struct writer){ .lock = -1, .file = -1 };
}

static int create_temporary(struct writer *w)
{
	/* There is one already where a writer was killed. */
	if (unlink(w->temporary) < 0 && errno != ENOENT)
		return -errno;
	w->file = open(w->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	return w->file < 0 ? -errno : 0;
}

/* Whether a copy of the pages, which has the free ones, too, would be a waste. */
static int is_mostly_free(struct pages *pages)
{
	uint64_t used = 0, last;
	int r = pages_last(pages, &last);

	for (enum database database = 0; r == 0 && database < DB_COUNT; database++) {
		struct page_tree tree;

		r = pages_tree(pages, database, &tree);
		used += tree.pages;
	}
	return r < 0 ? r : last > FREE_PAGES_MIN && last / (FREE_PAGES_RATIO + 1) > used;
}

/*
 * Add all machines anew, to pages of this program's own word size and layout.
 * Only the records of the former ones are read; a damaged or missing one is -EUCLEAN.
 */
static int rebuild_pages(struct writer *w)
{
	char folded[MACHINE_NAME_SIZE] = "";
	struct value record;
	uint32_t count = 0;
	int r = transaction_begin(&w->change, w->temporary);

	while (r == 0 && (r = snapshot_next_record(&w->former, folded, &record)) == 0) {
		struct machine machine;

		if (record_decode(record.bytes, record.size, &machine) < 0)
			return -EUCLEAN;
		/* The kind of the value is the byte before the record. */
		record = (struct value){ (const uint8_t *) record.bytes - 1, record.size + 1 };
		r = index_add(&w->change, &machine, record);
		count++;
	}
	if (r == -ENOENT)
		return count == w->former.meta.machines ? 0 : -EUCLEAN;
	return r == -EEXIST ? -EUCLEAN : r;
}

/* Whether LMDB can't change a copy of the pages, or would carry too many free ones along. */
static int needs_rebuild(struct writer *w)
{
	const struct registry_meta *meta = &w->former.meta;
	int r;

	/* A registry of another layout may lack a database. */
	if (meta->word_size != sizeof(size_t) || !registry_meta_has_roots(meta))
		return 1;
	r = pages_check(&w->former.pages);
	if (r == -EUCLEAN)
		w->filter_stale = true;
	if (r < 0)
		return r == -EUCLEAN ? 1 : r;
	return is_mostly_free(&w->former.pages);
}

static int copy_former(struct writer *w)
{
	const struct registry_meta *meta = &w->former.meta;
	int fd = w->former.pages.fd;
	int r = registry_filter_read(fd, meta, 0, w->filter, meta->filter_size), rebuild;

	if (r < 0)
		return r;
	rebuild = needs_rebuild(w);
	if (rebuild < 0)
		return rebuild;
	if (rebuild)
		return rebuild_pages(w);
	r = copy_bytes(fd, w->file, meta->pages_size);
	return r < 0 ? r : transaction_begin(&w->change, w->temporary);
}

/* Have a copy to change. */
static int begin_change(struct writer *w)
{
	int r;

	if (w->change.env)
		return 0;
	w->blamed = w->temporary;
	r = create_temporary(w);
	if (r < 0)
		return r;
	return w->former.is_open ? copy_former(w) : transaction_begin(&w->change, w->temporary);
}

int writer_find_name(struct writer *w, const char *folded, struct machine *machine)
{
	return w->change.env ? transaction_find_name(&w->change, folded, machine)
			     : snapshot_find_name(&w->former, folded, machine);
}

int writer_find_leader(struct writer *w, uint32_t pid, struct machine *machine)
{
	return w->change.env ? transaction_find_leader(&w->change, pid, machine)
			     : snapshot_find_leader(&w->former, pid, machine);
}

static int find_value(struct writer *w, const char *folded, struct value *value)
{
	const struct value key = { folded, strlen(folded) };

	if (w->change.env)
		return transaction_get(&w->change, DB_NAMES, key, value);
	return w->former.is_open ? pages_get(&w->former.pages, DB_NAMES, key, value) : -ENOENT;
}

/* Copy the record of this name out of the pages, which are about to change. */
static int load_replaced(struct writer *w, const char *folded, struct machine *replaced,
			 size_t *size)
{
	struct value value;
	int r = find_value(w, folded, &value);

	if (r < 0)
		return r;
	if (value.size < 1 || value.size > RECORD_ROOM_SIZE)
		return -EUCLEAN;
	*size = value.size;
	memcpy(w->replaced, value.bytes, value.size);
	if (w->replaced[0] != NAME_IS_RECORD)
		return -ENOENT;
	return record_decode(w->replaced + 1, value.size - 1, replaced) < 0 ? -EUCLEAN : 0;
}

/* A name can't be taken out of a filter: it stays until the filter is made anew. */
static void filter_names(struct writer *w, const struct machine *m)
{
	struct registry_meta *meta = &w->meta;
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

static bool has_ids(const struct machine *m)
{
	return m->uids.count > 0 || m->gids.count > 0;
}

static int note_touched(struct writer *w, const struct machine *m)
{
	int r = string_list_add(&w->touched_names, m->name);

	return r == 0 && m->unit ? string_list_add(&w->touched_units, m->unit) : r;
}

/* Put the encoded record in the place of the one of the same name, if there is one. */
static int put_record(struct writer *w, const struct machine *machine, struct value record,
		      const struct machine *replaced)
{
	int r = begin_change(w);

	if (r == 0)
		r = note_touched(w, machine);
	if (r < 0)
		return r;
	w->changed = true;
	if (!replaced) {
		w->meta.machines++;
		w->ids_changed |= has_ids(machine);
		return index_add(&w->change, machine, record);
	}
	r = note_touched(w, replaced);
	if (r < 0)
		return r;
	w->meta.names -= count_names(replaced);
	w->ids_changed |= !index_has_same_ids(replaced, machine);
	return index_replace(&w->change, replaced, machine, record);
}

/* Have all its addresses in the writer's memory, those that are answered first. */
static void take_addresses(struct writer *w, struct machine *m)
{
	const struct machine_address *address;
	size_t count = 0;

	for (; count < MACHINE_ADDRESSES_MAX && (address = machine_address(m, count)); count++)
		w->addresses[count] = *address;
	machine_set_addresses(m, w->addresses, count);
}

/* The bytes of a record with its kind, or a negative errno. */
static int encode_record(struct writer *w, const struct machine *m)
{
	int n = record_encode(m, w->record + 1, RECORD_SIZE_MAX);

	w->record[0] = NAME_IS_RECORD;
	return n < 0 ? n : n + 1;
}

/* Decide by what others have which addresses are answered. Returns the record's size. */
static int settle_addresses(struct writer *w, struct machine *m)
{
	size_t count = m->n_addresses + m->n_unanswered;
	int r = address_index_contest(&w->change, m->sequence, w->addresses, count);

	if (r < 0)
		return r;
	machine_set_addresses(m, w->addresses, count);
	return encode_record(w, m);
}

static bool is_same(const struct writer *w, int size, size_t replaced_size)
{
	return (size_t) size == replaced_size && memcmp(w->record, w->replaced, replaced_size) == 0;
}

/* Put a record that is to be changed. `rivals` gets the machines that this may concern. */
static int change_record(struct writer *w, struct machine *m, const struct machine *replaced,
			 size_t replaced_size, struct string_list *rivals)
{
	int r = begin_change(w), size = 0;

	if (r == 0)
		size = r = settle_addresses(w, m);
	if (r < 0 || is_same(w, size, replaced_size))
		return r < 0 ? r : 0;
	r = put_record(w, m, (struct value){ w->record, (size_t) size }, replaced);
	if (r == 0 && replaced)
		r = address_index_find_rivals(&w->change, replaced, rivals);
	if (r == 0)
		r = address_index_find_rivals(&w->change, m, rivals);
	if (r == 0)
		filter_names(w, m);
	return r;
}

/* Whether addresses are answered depends on what other machines have, which has changed. */
static int settle_rival(struct writer *w, const char *folded)
{
	CLEANUP(string_list_done) struct string_list none = { 0 };
	CLEANUP_FREE uint8_t *bytes = malloc(RECORD_ROOM_SIZE);
	struct machine replaced, rival;
	size_t size;
	int r = bytes ? load_replaced(w, folded, &replaced, &size) : -ENOMEM;

	if (r < 0)
		return r;
	memcpy(bytes, w->replaced, size);
	record_decode(bytes + 1, size - 1, &rival);
	take_addresses(w, &rival);
	return change_record(w, &rival, &replaced, size, &none);
}

static int settle_rivals(struct writer *w, const struct string_list *rivals)
{
	for (size_t i = 0; i < rivals->count && !w->broken; i++)
		w->broken = settle_rival(w, rivals->items[i]);
	return w->broken;
}

int writer_put(struct writer *w, struct machine *machine)
{
	CLEANUP(string_list_done) struct string_list rivals = { 0 };
	struct machine replaced, settled;
	char folded[MACHINE_NAME_SIZE];
	size_t replaced_size = 0;
	int size, r;

	if (w->broken || machine_name_fold(machine->name, folded) == 0)
		return w->broken ? w->broken : -EINVAL;
	if (!machine->sequence)
		machine->sequence = w->meta.next_sequence++;
	settled = *machine;
	/* A record that is only put again was seen from where it was. */
	if (!settled.host_network)
		settled.host_network = w->host_network;
	take_addresses(w, &settled);
	size = encode_record(w, &settled);
	if (size < 0)
		return size;
	r = load_replaced(w, folded, &replaced, &replaced_size);
	if (r < 0 && r != -ENOENT)
		return r;
	if (r == 0 && is_same(w, size, replaced_size))
		return 0;
	if (r < 0)
		replaced_size = 0;
	w->broken = change_record(w, &settled, r == 0 ? &replaced : NULL, replaced_size, &rivals);
	if (w->broken || settle_rivals(w, &rivals) < 0)
		return w->broken;
	strcpy(w->last_put, folded);
	return 0;
}

int writer_remove(struct writer *w, const char *folded)
{
	CLEANUP(string_list_done) struct string_list rivals = { 0 };
	struct machine removed;
	size_t size;
	int r = w->broken ? w->broken : load_replaced(w, folded, &removed, &size);

	if (r < 0)
		return r;
	w->broken = begin_change(w);
	if (w->broken)
		return w->broken;
	w->changed = true;
	w->ids_changed |= has_ids(&removed);
	w->meta.machines--;
	w->meta.names -= count_names(&removed);
	if (strcmp(w->last_put, folded) == 0)
		w->last_put[0] = '\0';
	w->broken = note_touched(w, &removed);
	if (w->broken == 0)
		w->broken = index_remove(&w->change, &removed);
	if (w->broken == 0)
		w->broken = address_index_find_rivals(&w->change, &removed, &rivals);
	return w->broken ? w->broken : settle_rivals(w, &rivals);
}

static int rebuild_filter(struct writer *w)
{
	struct registry_meta *meta = &w->meta;
	char after[MACHINE_NAME_SIZE + 1] = "";
	struct value key = { after, 1 }, value;
	int r;

	meta->filter_names = 0;
	meta->filter_size = (uint32_t) filter_size_for(meta->names);
	if (!meta->filter_size)
		return 0;
	memset(w->filter, 0, meta->filter_size);
	while ((r = transaction_seek(&w->change, DB_NAMES, &key, &value)) == 0) {
		if (key.size > MACHINE_NAME_MAX)
			return -EUCLEAN;
		if (filter_add(w->filter, meta->filter_size, key.bytes, key.size))
			meta->filter_names++;
		/* NAME followed by \x01 sorts directly after NAME. */
		memcpy(after, key.bytes, key.size);
		after[key.size] = 1;
		key = (struct value){ after, key.size + 1 };
	}
	return r == -ENOENT ? 0 : r;
}

/* LMDB reports a short write as EIO. Write once more to learn the real error. */
static int find_write_error(const struct writer *w)
{
	static const uint8_t page[65536];
	struct stat st;
	ssize_t n;

	if (fstat(w->file, &st) < 0)
		return -errno;
	n = pwrite(w->file, page, sizeof page, st.st_size);
	return n < 0 ? -errno : n < (ssize_t) sizeof page ? -ENOSPC : -EIO;
}

static int commit_change(struct writer *w)
{
	struct registry_meta *meta = &w->meta;
	int r = 0;

	if (w->filter_stale || (!meta->filter_size && filter_size_for(meta->names)))
		r = rebuild_filter(w);
	if (r == 0)
		r = transaction_commit(&w->change, &meta->pages_size);
	return r == -EIO ? find_write_error(w) : r;
}

int writer_publish(struct writer *w)
{
	int r;

	if (!w->changed || w->broken)
		return w->broken;
	r = begin_change(w);
	if (r == 0)
		r = commit_change(w);
	if (r == 0)
		r = publication_finish(w->file, &w->meta, w->filter, w->ids_changed);
	if (r == 0)
		r = publication_check(w->temporary, &w->meta, w->last_put);
	if (r < 0)
		return r;
	if (rename(w->temporary, w->path) < 0)
		return -errno;
	cleanup_close(&w->file);
	w->file = -1;
	w->changed = false;
	return 0;
}
