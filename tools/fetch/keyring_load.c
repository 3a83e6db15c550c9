/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The keyrings of this host. */
#include "base/array_size.h"
#include "base/input.h"
#include "tools/fetch/keyring.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEYRING_DIRECTORY SYSCONFDIR "/mymachines/keyring.d"

/* Whoever can write this file decides which publishers are trusted. */
static int check_owner(const char *path, struct failure *f)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return failure_errno(f, -errno, "cannot look at it");
	if ((st.st_uid != 0 && st.st_uid != geteuid()) || st.st_mode & 022)
		return failure_set(
			f, FAILURE_NOT_PERMITTED,
			"other users than root may write to it; use 'chown root' and 'chmod go-w'");
	return 0;
}

static int add_file(struct keyring *keyring, const char *path, struct failure *f)
{
	char *text;
	size_t size;
	int r;

	if (check_owner(path, f) < 0)
		return -1;
	r = input_read_file(keyring->arena, path, &text, &size);
	return r < 0 ? failure_errno(f, r, "cannot read it") : keyring_add(keyring, text, size, f);
}

/* Returns whether the file exists. */
static bool load_file(struct keyring *keyring, const char *path, struct notices *notices)
{
	struct failure f;

	if (access(path, F_OK) < 0)
		return false;
	if (add_file(keyring, path, &f) < 0) {
		failure_prefix(&f, "keyring %s is not used", path);
		notices_add_failure(notices, &f);
	}
	return true;
}

static void load_directory(struct keyring *keyring, struct notices *notices)
{
	struct dirent **entries;
	int n = scandir(KEYRING_DIRECTORY, &entries, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		if (entries[i]->d_name[0] != '.')
			load_file(keyring,
				  arena_printf(keyring->arena, "%s/%s", KEYRING_DIRECTORY,
					       entries[i]->d_name),
				  notices);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
}

void keyring_load(struct keyring *keyring, struct arena *arena, struct notices *notices)
{
	/* A file of the administrator replaces the vendor's, and a newer name replaces an older one. */
	static const char *const of_systemd[] = {
		"/etc/systemd/import-pubring.pgp",
		"/etc/systemd/import-pubring.gpg",
		"/usr/lib/systemd/import-pubring.pgp",
		"/usr/lib/systemd/import-pubring.gpg",
	};

	*keyring =
		(struct keyring){ .arena = arena,
				  .places = KEYRING_DIRECTORY " and systemd's import-pubring.pgp" };
	load_directory(keyring, notices);
	for (size_t i = 0; i < ARRAY_SIZE(of_systemd); i++)
		if (load_file(keyring, of_systemd[i], notices))
			break;
}
