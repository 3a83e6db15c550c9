/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whose is what: a state file is ours if it is root's, regular, and begins
 * with MARK; a link unit:UNIT is ours if it leads to a state file of ours
 * which names that unit. For this to hold wherever we are killed, a link is
 * removed before its state file changes, and made after.
 *
 * Most changes are of one machine, so only what a change has touched is looked
 * at. The directory's modification time is set to the generation that it
 * follows, in nanoseconds: where it is another one, somebody has changed the
 * directory since, or an earlier run was interrupted, and all of it is put
 * right.
 */
#include "tools/exports.h"

#include "registry/cleanup.h"
#include "tools/arena.h"
#include "tools/configuration.h"
#include "tools/format.h"
#include "tools/message.h"
#include "tools/peer.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* libsystemd has it so: src/libsystemd/sd-login/sd-login.c. */
#define MACHINES_DIRECTORY "/run/systemd/machines"
#define UNIT_PREFIX	   "unit:"
#define MARK		   "# Written by mymachines(1), for libsystemd. Do not edit or parse.\n"
#define TEMPORARY_NAME	   ".#mymachines.new"

/* There as long as the directory is left to systemd-machined, which has been said. */
#define LEFT_PATH REGISTRY_DIRECTORY "/left-to-systemd-machined"

struct exports {
	int directory; /* or -1: there is none, and nothing to put there */
	struct arena arena;
	struct snapshot snapshot; /* the one just published, or none: nothing is wanted */
	bool is_on;
	bool failed; /* once it has, nothing more is tried: the next entry would fare no better */
};

static void exports_done(struct exports *e)
{
	cleanup_close(&e->directory);
	snapshot_close(&e->snapshot);
	arena_done(&e->arena);
}

static const char *link_name(struct exports *e, const char *unit)
{
	return arena_printf(&e->arena, UNIT_PREFIX "%s", unit);
}

static void fail(struct exports *e, const char *name, int error)
{
	char quoted[QUOTED_SIZE];

	e->failed = true;
	complain(MACHINES_DIRECTORY "/%s: %s", quote(name, quoted), error_words(error));
}

/* In the double quotes of parse_env_file(), which libsystemd reads it with. */
static void assign(FILE *file, const char *key, const char *value)
{
	if (!value || !*value)
		return;
	fprintf(file, "%s=\"", key);
	while (*value) {
		size_t length = printable_length(value);

		/* One byte that isn't UTF-8, and it would refuse the whole file. */
		if (length == 0) {
			fprintf(file, "\\\\x%02x", (unsigned char) *value++);
			continue;
		}
		if (strchr("\"\\`$", *value))
			fputc('\\', file);
		fwrite(value, 1, length, file);
		value += length;
	}
	fputs("\"\n", file);
}

static void assign_number(FILE *file, const char *key, uint64_t number)
{
	if (number)
		fprintf(file, "%s=%" PRIu64 "\n", key, number);
}

static void assign_interfaces(FILE *file, const struct machine *m)
{
	for (size_t i = 0; i < m->n_interfaces; i++)
		fprintf(file, "%s%u", i == 0 ? "NETIF=\"" : " ", m->interfaces[i].index);
	if (m->n_interfaces)
		fputs("\"\n", file);
}

/* The lines of this machine's state file, with the keys that systemd-machined writes. */
static void write_lines(FILE *file, const struct machine *m)
{
	char id[ID128_TEXT_SIZE];

	fputs(MARK, file);
	assign(file, "NAME", m->name);
	assign(file, "SCOPE", m->unit);
	assign(file, "SERVICE", m->service);
	assign(file, "ROOT", m->root_directory);
	if (m->has_id)
		assign(file, "ID", id128_format(m->id, id));
	assign_number(file, "LEADER", m->leader.pid);
	assign_number(file, "LEADER_PIDFDID", m->leader.pidfd_inode);
	assign(file, "CLASS", machine_class_name(m->class));
	assign_number(file, "REALTIME", m->realtime);
	assign_number(file, "MONOTONIC", m->monotonic);
	assign_interfaces(file, m);
	assign_number(file, "VSOCK_CID", m->vsock_cid);
	assign(file, "SSH_ADDRESS", m->ssh_address);
}

/* What `write` writes, in the arena. */
static const char *text_of(struct arena *arena, void write(FILE *, const struct machine *),
			   const struct machine *m)
{
	CLEANUP_FREE char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	if (file) {
		write(file, m);
		fclose(file);
	}
	if (!text)
		arena_out_of_memory();
	return arena_strdup(arena, text);
}

static void write_unit_line(FILE *file, const struct machine *m)
{
	fputc('\n', file);
	assign(file, "SCOPE", m->unit);
}

enum ownership { NOBODYS, OURS, FOREIGN };

/* A state file that is there, whose it is and what is in it; `text` is in the arena. */
static enum ownership read_state(struct exports *e, const char *name, const char **text)
{
	CLEANUP_CLOSE int fd =
		openat(e->directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	ssize_t size;
	char *bytes;

	if (fd < 0)
		return errno == ENOENT ? NOBODYS : FOREIGN;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_uid != 0 ||
	    st.st_size > RECORD_SIZE_MAX)
		return FOREIGN;
	bytes = arena_alloc(&e->arena, (size_t) st.st_size + 1);
	size = read(fd, bytes, (size_t) st.st_size);
	if (size < (ssize_t) strlen(MARK) || strncmp(bytes, MARK, strlen(MARK)) != 0)
		return FOREIGN;
	*text = bytes;
	return OURS;
}

static bool state_has_unit(struct exports *e, const char *state, const char *unit)
{
	const struct machine m = { .unit = unit };

	return strstr(state, text_of(&e->arena, write_unit_line, &m)) != NULL;
}

/* Whose the link is, and where it leads to. */
static enum ownership read_link(struct exports *e, const char *unit, char target[static PATH_MAX])
{
	const char *link = link_name(e, unit), *state;
	ssize_t length = readlinkat(e->directory, link, target, PATH_MAX - 1);

	if (length < 0)
		return errno == ENOENT || errno == ENAMETOOLONG ? NOBODYS : FOREIGN;
	target[length] = '\0';
	return !strchr(target, '/') && read_state(e, target, &state) == OURS &&
			       state_has_unit(e, state, unit)
		       ? OURS
		       : FOREIGN;
}

static int write_file(int fd, const char *text)
{
	size_t size = strlen(text);
	ssize_t n = write(fd, text, size);

	if (n < 0)
		return -errno;
	/* Whatever the umask: everyone reads it. */
	return (size_t) n < size ? -ENOSPC : fchmod(fd, 0644) < 0 ? -errno : 0;
}

/* Complete when it gets its name: sd_login_monitor(3) wakes its readers at that moment. */
static int write_state(struct exports *e, const char *name, const char *text)
{
	CLEANUP_CLOSE int fd = -1;
	int r;

	unlinkat(e->directory, TEMPORARY_NAME, 0);
	fd = openat(e->directory, TEMPORARY_NAME, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	r = write_file(fd, text);
	if (r == 0 && renameat(e->directory, TEMPORARY_NAME, e->directory, name) < 0)
		r = -errno;
	if (r < 0)
		unlinkat(e->directory, TEMPORARY_NAME, 0);
	return r;
}

static void remove_entry(struct exports *e, const char *name)
{
	if (unlinkat(e->directory, name, 0) < 0 && errno != ENOENT)
		fail(e, name, -errno);
}

/* The machine of exactly this name. */
static bool find_wanted(struct exports *e, const char *name, struct machine *m)
{
	char folded[MACHINE_NAME_SIZE];

	return e->snapshot.env && machine_name_fold(name, folded) > 0 &&
	       snapshot_find_name(&e->snapshot, folded, m) == 0 && strcmp(m->name, name) == 0;
}

static bool find_wanted_of_unit(struct exports *e, const char *unit, struct machine *m)
{
	return e->snapshot.env && snapshot_find_unit(&e->snapshot, unit, 0, m) == 0;
}

static void update_state(struct exports *e, const char *name)
{
	const char *there = "", *wanted;
	enum ownership whose = read_state(e, name, &there);
	struct machine m;
	int r;

	if (!find_wanted(e, name, &m)) {
		if (whose == OURS)
			remove_entry(e, name);
		return;
	}
	if (whose == FOREIGN) {
		complain(MACHINES_DIRECTORY "/%s: somebody else's, left alone; libsystemd won't "
					    "see this machine",
			 name);
		return;
	}
	wanted = text_of(&e->arena, write_lines, &m);
	if (strcmp(there, wanted) == 0)
		return;
	r = write_state(e, name, wanted);
	if (r < 0)
		fail(e, name, r);
}

/* Before state files change: a link of ours that leads elsewhere than it should. */
static void drop_link(struct exports *e, const char *unit)
{
	char target[PATH_MAX];
	struct machine m;

	if (read_link(e, unit, target) == OURS &&
	    !(find_wanted_of_unit(e, unit, &m) && strcmp(m.name, target) == 0))
		remove_entry(e, link_name(e, unit));
}

/* After that: the link that is wanted. */
static void make_link(struct exports *e, const char *unit)
{
	const char *link = link_name(e, unit), *state;
	char quoted[QUOTED_SIZE], target[PATH_MAX];
	struct machine m;
	enum ownership whose;

	if (!find_wanted_of_unit(e, unit, &m) || read_state(e, m.name, &state) != OURS)
		return;
	whose = read_link(e, unit, target);
	if (whose == FOREIGN)
		complain(MACHINES_DIRECTORY "/%s: somebody else's, left alone; ps won't see the "
					    "processes of %s",
			 quote(link, quoted), m.name);
	else if (strlen(link) > NAME_MAX)
		complain("%s: its unit's name is too long for a link; ps won't see its processes",
			 m.name);
	else if (whose == NOBODYS && symlinkat(m.name, e->directory, link) < 0)
		fail(e, link, -errno);
}

static void for_each(struct exports *e, const struct string_list *list,
		     void update(struct exports *, const char *))
{
	for (size_t i = 0; i < list->count && !e->failed; i++) {
		update(e, list->items[i]);
		arena_done(&e->arena);
	}
}

static void update(struct exports *e, const struct string_list *names,
		   const struct string_list *units)
{
	for_each(e, units, drop_link);
	for_each(e, names, update_state);
	for_each(e, units, make_link);
}

/* What lies in the directory and might be ours. */
static int list_entries(const struct exports *e, struct string_list *names,
			struct string_list *units)
{
	int r = 0, fd = openat(e->directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;

	if (!stream) {
		r = -errno;
		cleanup_close(&fd);
		return r;
	}
	while (r == 0 && (entry = readdir(stream)))
		if (strncmp(entry->d_name, UNIT_PREFIX, strlen(UNIT_PREFIX)) == 0)
			r = string_list_add(units, entry->d_name + strlen(UNIT_PREFIX));
		else if (entry->d_name[0] != '.')
			r = string_list_add(names, entry->d_name);
	closedir(stream);
	return r;
}

static bool is_there(const struct exports *e, const char *name)
{
	return faccessat(e->directory, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static int list_machines(struct exports *e, struct string_list *names, struct string_list *units)
{
	char folded[MACHINE_NAME_SIZE] = "";
	struct machine m;
	int r = 0;

	while (r == 0 && e->snapshot.env && snapshot_next(&e->snapshot, folded, &m) == 0) {
		/* Those that are there have been listed. */
		if (!is_there(e, m.name))
			r = string_list_add(names, m.name);
		if (r == 0 && m.unit && !is_there(e, link_name(e, m.unit)))
			r = string_list_add(units, m.unit);
		arena_done(&e->arena);
	}
	return r;
}

static void update_all(struct exports *e)
{
	CLEANUP(string_list_done) struct string_list names = { 0 }, units = { 0 };
	int r = list_entries(e, &names, &units);

	unlinkat(e->directory, TEMPORARY_NAME, 0);
	if (r == 0)
		r = list_machines(e, &names, &units);
	if (r < 0)
		fail(e, "", r);
	else
		update(e, &names, &units);
}

/* Root's alone to write, and no link: whoever can write in it decides what root would follow. */
static int open_directory(bool make)
{
	CLEANUP_CLOSE int fd = -1;
	struct stat st;
	int taken;

	if (make) {
		mkdir("/run/systemd", 0755);
		if (mkdir(MACHINES_DIRECTORY, 0755) == 0)
			chmod(MACHINES_DIRECTORY, 0755);
		else if (errno != EEXIST)
			return -errno;
	}
	fd = open(MACHINES_DIRECTORY, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return lstat(MACHINES_DIRECTORY, &st) == 0 && S_ISLNK(st.st_mode) ? -ELOOP : -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_uid != 0 || st.st_mode & (S_IWGRP | S_IWOTH))
		return -EPERM;
	taken = fd;
	fd = -1;
	return taken;
}

static bool follows(const struct exports *e, uint64_t generation)
{
	struct stat st;

	return generation && fstat(e->directory, &st) == 0 && registry_mtime(&st) == generation;
}

static void set_follows(const struct exports *e, uint64_t generation)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
					   { .tv_sec = (time_t) (generation / 1000000000u),
					     .tv_nsec = (long) (generation % 1000000000u) } };

	futimens(e->directory, times);
}

static void leave_to_peer(void)
{
	CLEANUP_CLOSE int fd = open(LEFT_PATH, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (fd >= 0)
		complain(MACHINES_DIRECTORY ": left to systemd-machined, which is running; "
					    "libsystemd sees its machines only");
}

static void follow(struct exports *e, const struct writer *w)
{
	uint64_t generation = e->snapshot.env ? e->snapshot.meta.generation : 0;

	if (!e->is_on || !follows(e, w->former_generation))
		update_all(e);
	else if (generation != w->former_generation)
		update(e, &w->touched_names, &w->touched_units);
	/* What has failed was said, and is to be tried again. */
	if (generation && !e->failed)
		set_follows(e, generation);
}

/* 0, also where there is no registry, and so no machine. */
static int open_published(struct exports *e, const struct writer *w)
{
	int r = e->is_on ? snapshot_open(&e->snapshot, w->path) : 0;

	return r == -ENOENT || r == -ESTALE ? 0 : r;
}

int exports_update(const struct writer *w)
{
	CLEANUP(exports_done)
	struct exports e = { .directory = -1, .is_on = configuration_read().exports };
	bool has_machines;

	if (peer_is_running()) {
		if (e.is_on)
			leave_to_peer();
		return 0;
	}
	unlink(LEFT_PATH);
	/* What can't be read is no reason to take anything away. */
	if (open_published(&e, w) < 0)
		return -1;
	has_machines = e.snapshot.env && e.snapshot.meta.machines > 0;
	e.directory = open_directory(has_machines);
	if (e.directory >= 0)
		follow(&e, w);
	else if (has_machines || (e.is_on && e.directory != -ENOENT)) {
		e.failed = true;
		complain(MACHINES_DIRECTORY ": %s; libsystemd won't see the machines",
			 error_words(e.directory));
	}
	return e.failed ? -1 : 0;
}

bool exports_follow(uint64_t generation, bool has_machines)
{
	struct stat st;

	if (!configuration_read().exports)
		return true;
	if (lstat(MACHINES_DIRECTORY, &st) < 0)
		return errno == ENOENT && !has_machines;
	return registry_mtime(&st) == generation || peer_is_running();
}

static void add_fault(struct arena *arena, struct exports_fault *fault, const char *name,
		      enum ownership whose)
{
	char *shown;

	if (fault->count++ > 0)
		return;
	shown = escape(name, arena_alloc(arena, ESCAPED_SIZE(strlen(name))));
	fault->path = arena_printf(arena, MACHINES_DIRECTORY "/%s", shown);
	fault->is_foreign = whose == FOREIGN;
}

static void check_state(struct exports *e, struct arena *arena, const char *name,
			struct exports_fault *fault)
{
	const char *there = "";
	enum ownership whose = read_state(e, name, &there);
	struct machine m;

	if (find_wanted(e, name, &m)
		    ? whose != OURS || strcmp(there, text_of(&e->arena, write_lines, &m)) != 0
		    : whose == OURS)
		add_fault(arena, fault, name, whose);
}

static void check_link(struct exports *e, struct arena *arena, const char *unit,
		       struct exports_fault *fault)
{
	const char *link = link_name(e, unit);
	char target[PATH_MAX];
	enum ownership whose = read_link(e, unit, target);
	struct machine m;

	if (strlen(link) > NAME_MAX)
		return;
	if (find_wanted_of_unit(e, unit, &m) ? whose != OURS || strcmp(target, m.name) != 0
					     : whose == OURS)
		add_fault(arena, fault, link, whose);
}

static int check_entries(struct exports *e, struct arena *arena, struct exports_fault *fault)
{
	CLEANUP(string_list_done) struct string_list names = { 0 }, units = { 0 };
	int r = list_entries(e, &names, &units);

	if (r == 0)
		r = list_machines(e, &names, &units);
	for (size_t i = 0; r == 0 && i < names.count; i++)
		check_state(e, arena, names.items[i], fault);
	for (size_t i = 0; r == 0 && i < units.count; i++)
		check_link(e, arena, units.items[i], fault);
	return r;
}

int exports_check(struct arena *arena, struct exports_fault *fault)
{
	CLEANUP(exports_done) struct exports e = { .directory = -1, .is_on = true };
	int r = snapshot_open(&e.snapshot, REGISTRY_PATH);

	*fault = (struct exports_fault){ 0 };
	if (r < 0)
		return r == -ENOENT || r == -ESTALE ? 0 : r;
	fault->path = MACHINES_DIRECTORY;
	e.directory = open_directory(false);
	if (e.directory == -ENOENT && e.snapshot.meta.machines == 0)
		return 0;
	return e.directory < 0 ? e.directory : check_entries(&e, arena, fault);
}
