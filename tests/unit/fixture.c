/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/fixture.h"

#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static char directory[64];
static char path[96];

const char *fixture_directory(void)
{
	const char *parent = getenv("TMPDIR");

	if (!*directory) {
		snprintf(directory, sizeof directory, "%s/unit.XXXXXX", parent ? parent : "/tmp");
		ck_assert_ptr_nonnull(mkdtemp(directory));
		snprintf(path, sizeof path, "%s/" REGISTRY_FILE_NAME, directory);
	}
	return directory;
}

const char *fixture_path(void)
{
	fixture_directory();
	return path;
}

struct machine fixture_machine(const char *name, const struct machine_leader *leader)
{
	return (struct machine){ .name = name, .class = MACHINE_CONTAINER, .leader = *leader };
}

void fixture_publish_change(struct writer *writer, struct snapshot *snapshot)
{
	int r;

	ck_assert_int_eq(writer_publish(writer), 0);
	writer_close(writer);
	snapshot_close(snapshot);
	r = snapshot_open(snapshot, fixture_path());
	ck_assert(r == 0 || r == -ENOENT);
	ck_assert_int_eq(writer_open(writer, fixture_directory()), 0);
}

void fixture_publish(struct machine *machine)
{
	struct writer w;

	ck_assert_int_eq(writer_open(&w, fixture_directory()), 0);
	ck_assert_int_eq(writer_put(&w, machine), 0);
	ck_assert_int_eq(writer_publish(&w), 0);
	writer_close(&w);
}
