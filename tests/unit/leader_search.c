/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/run/leader_search.h"

#include "base/child.h"
#include "tests/unit/unit.h"

#include <unistd.h>

#define LOOKS 20000

/* A command whose children end as soon as they begin. */
static void start_and_reap(void)
{
	for (;;) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(0);
		child_wait(pid, NULL);
	}
}

/* A process that ends while it is looked at has no namespaces any more, rather than new ones. */
START_TEST(processes_that_end_make_no_namespaces)
{
	struct leader_search search;
	pid_t parent = getpid(), command = fork();
	uint32_t leader;
	int wrong = 0;

	if (command == 0) {
		if (!child_ends_with(parent))
			_exit(1);
		start_and_reap();
	}
	leader_search_init(&search, (uint32_t) command);
	for (int i = 0; i < LOOKS; i++)
		wrong += leader_search_look(&search, i, &leader) != LEADER_NOT_SEEN;
	child_kill(command);
	ck_assert_int_eq(wrong, 0);
}
END_TEST

Suite *leader_search_suite(void)
{
	Suite *suite = suite_create("leader_search");

	ADD(suite, processes_that_end_make_no_namespaces);
	return suite;
}
