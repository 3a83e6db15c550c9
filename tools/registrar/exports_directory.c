/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/registrar/exports_directory.h"

#include "base/cleanup.h"
#include "tools/registrar/state_file.h"

#include "tools/processes/machine_unit.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define UNIT_PREFIX    "unit:"
#define TEMPORARY_NAME ".#mymachines.new"

static int make_directory(void)
{
	mkdir("/run/systemd", 0755);
	if (mkdir(MACHINES_DIRECTORY, 0755) < 0)
		return errno == EEXIST ? 0 : -errno;
	/* Whatever the umask. */
	return chmod(MACHINES_DIRECTORY, 0755) < 0 ? -errno : 0;
}

int exports_directory_open(struct exports_directory *d, bool make)
{
	CLEANUP_CLOSE int fd = -1;
	struct stat st;
	int r = make ? make_directory() : 0;

	if (r < 0)
		return r;
	fd = open(MACHINES_DIRECTORY, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return lstat(MACHINES_DIRECTORY, &st) == 0 && S_ISLNK(st.st_mode) ? -ELOOP : -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_uid != 0 || st.st_mode & (S_IWGRP | S_IWOTH))
		return -EPERM;
	d->fd = fd;
	fd = -1;
	return 0;
}

void exports_directory_close(struct exports_directory *d)
{
	cleanup_close(&d->fd);
	snapshot_close(&d->snapshot);
	arena_done(&d->arena);
}

enum ownership exports_read_state(struct exports_directory *d, const char *name, const char **text)
{
	CLEANUP_CLOSE int fd = openat(d->fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	ssize_t size;
	char *bytes;

	if (fd < 0)
		return errno == ENOENT ? OWNED_BY_NOBODY : OWNED_BY_OTHERS;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_uid != 0 ||
	    st.st_size > RECORD_SIZE_MAX)
		return OWNED_BY_OTHERS;
	bytes = arena_alloc(&d->arena, (size_t) st.st_size + 1);
	size = read(fd, bytes, (size_t) st.st_size);
	if (size < (ssize_t) strlen(STATE_FILE_MARK) ||
	    strncmp(bytes, STATE_FILE_MARK, strlen(STATE_FILE_MARK)) != 0)
		return OWNED_BY_OTHERS;
	*text = bytes;
	return OWNED_BY_US;
}

static int write_text(int fd, const char *text)
{
	size_t size = strlen(text);
	ssize_t n = write(fd, text, size);

	if (n < 0)
		return -errno;
	/* Everyone reads it, whatever the umask. */
	return (size_t) n < size ? -ENOSPC : fchmod(fd, 0644) < 0 ? -errno : 0;
}

/* The file gets its name when it is complete: sd_login_monitor(3) wakes its readers then. */
int exports_write_state(struct exports_directory *d, const char *name, const char *text)
{
	CLEANUP_CLOSE int fd = -1;
	int r;

	exports_remove_temporary(d);
	fd = openat(d->fd, TEMPORARY_NAME, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	r = write_text(fd, text);
	if (r == 0 && renameat(d->fd, TEMPORARY_NAME, d->fd, name) < 0)
		r = -errno;
	if (r < 0)
		exports_remove_temporary(d);
	return r;
}

void exports_remove_temporary(struct exports_directory *d)
{
	unlinkat(d->fd, TEMPORARY_NAME, 0);
}

const char *exports_link_name(struct exports_directory *d, const char *unit)
{
	return arena_printf(&d->arena, UNIT_PREFIX "%s", unit);
}

enum ownership exports_read_link(struct exports_directory *d, const char *unit,
				 char target[static PATH_MAX])
{
	const char *link = exports_link_name(d, unit), *state;
	ssize_t length = readlinkat(d->fd, link, target, PATH_MAX - 1);

	if (length < 0)
		return errno == ENOENT || errno == ENAMETOOLONG ? OWNED_BY_NOBODY : OWNED_BY_OTHERS;
	target[length] = '\0';
	return !strchr(target, '/') && exports_read_state(d, target, &state) == OWNED_BY_US &&
			       state_file_has_unit(&d->arena, state, unit)
		       ? OWNED_BY_US
		       : OWNED_BY_OTHERS;
}

bool exports_find_machine(struct exports_directory *d, const char *name, struct machine *m)
{
	char folded[MACHINE_NAME_SIZE];

	return d->snapshot.is_open && machine_name_fold(name, folded) > 0 &&
	       snapshot_find_name(&d->snapshot, folded, m) == 0 && strcmp(m->name, name) == 0;
}

bool exports_find_machine_of_unit(struct exports_directory *d, const char *unit, struct machine *m)
{
	struct cgroup_hierarchy cgroups;

	/* A unit of several machines is nobody's, so the first one tells. */
	return d->snapshot.is_open && cgroup_hierarchy_find(&cgroups) == 0 &&
	       snapshot_find_unit(&d->snapshot, unit, 0, m) == 0 &&
	       machine_unit_is_own(&d->snapshot, &cgroups, m);
}

/* Files that may be ours. */
static int list_entries(const struct exports_directory *d, struct string_list *names,
			struct string_list *units)
{
	int r = 0, fd = openat(d->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
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

static bool has_entry(const struct exports_directory *d, const char *name)
{
	return faccessat(d->fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static int list_missing(struct exports_directory *d, struct string_list *names,
			struct string_list *units)
{
	char folded[MACHINE_NAME_SIZE] = "";
	struct machine m;
	int r = 0;

	while (r == 0 && d->snapshot.is_open && snapshot_next(&d->snapshot, folded, &m) == 0) {
		if (!has_entry(d, m.name))
			r = string_list_add(names, m.name);
		if (r == 0 && m.unit && !has_entry(d, exports_link_name(d, m.unit)))
			r = string_list_add(units, m.unit);
		arena_done(&d->arena);
	}
	return r;
}

int exports_list_all(struct exports_directory *d, struct string_list *names,
		     struct string_list *units)
{
	int r = list_entries(d, names, units);

	return r < 0 ? r : list_missing(d, names, units);
}
