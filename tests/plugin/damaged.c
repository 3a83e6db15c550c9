/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A registry with bytes that no writer has written, and with a seal nevertheless: bad memory, a bad
 * writer. Whatever is asked is answered in a bounded time, rightly or not, and the process lives on.
 */
#include "tests/plugin/fixture.h"
#include "tests/support/damage.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHANGES 1000
#define ROUNDS	2

static struct damage damage;

static bool ask_for_one(unsigned int i)
{
	bool is_found = true;
	uint8_t bytes[4] = { 10, 9, (uint8_t) i, 1 };
	char name[16], user[16], group[16];

	snprintf(name, sizeof name, "m%u", i);
	snprintf(user, sizeof user, "vu-m%u-33", i);
	snprintf(group, sizeof group, "vg-m%u-33", i);
	for (int entry = 0; entry < N_ENTRIES; entry++) {
		struct question q = answerable((enum entry) entry);

		q.name = entry == GROUP_BY_NAME ? group : entry >= USER_BY_NAME ? user : name;
		q.address = bytes;
		q.id = 1000033 + i * 1000;
		is_found = ask(&q).status == NSS_STATUS_SUCCESS && is_found;
	}
	return is_found;
}

/* More answers than there are machines are an enumeration without an end. */
static bool enumeration_ends(void)
{
	const struct question q = { .entry = NEXT_HOST };

	module.sethostent(0);
	for (size_t n = 0; n < damage.size; n++)
		if (ask(&q).status != NSS_STATUS_SUCCESS)
			return true;
	return false;
}

static int ask_everything(void)
{
	alarm(60);
	for (unsigned int i = 0; i < DAMAGE_MACHINES; i += 17)
		ask_for_one(i);
	/* Again, from the memo. */
	ask_for_one(17);
	return enumeration_ends() ? 0 : 1;
}

/* Each in a process of its own, with an empty memo. */
START_TEST(a_sealed_registry_with_damaged_bytes_harms_nobody)
{
	uint64_t state = (uint64_t) _i;

	damage_publish_machines(REGISTRY_DIRECTORY, &leader);
	damage_begin(&damage, REGISTRY_PATH);
	for (unsigned int i = 0; i < DAMAGE_MACHINES; i++)
		ck_assert_msg(ask_for_one(i), "m%u isn't found in the good one", i);
	ck_assert(enumeration_ends());
	for (unsigned int n = 0; n < CHANGES; n++) {
		uint64_t before = state;
		pid_t pid;
		int status;

		damage_write(&damage, &state);
		pid = fork();
		if (pid == 0)
			_exit(ask_everything());
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		ck_assert_msg(status == 0, "change %u, from state %llu: status %d", n,
			      (unsigned long long) before, status);
	}
	damage_done(&damage);
}
END_TEST

void add_damaged(Suite *suite)
{
	ADD_LOOP(suite, a_sealed_registry_with_damaged_bytes_harms_nobody, ROUNDS);
}
