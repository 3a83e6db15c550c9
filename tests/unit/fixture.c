/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/fixture.h"

#include "registry/process_stat.h"
#include "tests/unit/unit.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

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

struct machine_leader fixture_leader(void)
{
	struct process_stat stat;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	ck_assert_int_eq(process_stat_read((uint32_t) pid, &stat), 0);
	return (struct machine_leader){ (uint32_t) pid, stat.start_time, 0 };
}

void fixture_kill(const struct machine_leader *leader)
{
	ck_assert_int_eq(kill((pid_t) leader->pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid((pid_t) leader->pid, NULL, 0), (pid_t) leader->pid);
}

struct machine fixture_machine(const char *name, const struct machine_leader *leader)
{
	return (struct machine){ .name = name, .class = MACHINE_CONTAINER, .leader = *leader };
}

void fixture_publish(struct machine *machine)
{
	struct writer w;

	ck_assert_int_eq(writer_open(&w, fixture_directory()), 0);
	ck_assert_int_eq(writer_put(&w, machine), 0);
	ck_assert_int_eq(writer_publish(&w), 0);
	writer_close(&w);
}
