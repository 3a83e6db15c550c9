/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A registry with bytes that no writer has written, and with a seal nevertheless: bad memory, a bad
 * writer. Whatever is asked is answered in a bounded time, rightly or not, and the process lives on.
 */
#include "tests/plugin/fixture.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MACHINES  120
#define CHANGES	  1000
#define PAGE_SIZE 4096u
#define ROUNDS	  2

static uint8_t *good, *changed;
static size_t size;
static struct timespec times[2] = { { .tv_nsec = UTIME_OMIT } };
static int file;

/* As in each test anew, whatever the machine: Knuth, "The Art of Computer Programming", 3.3.4. */
static uint32_t next_number(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t) (*state >> 33);
}

/* Enough for branch pages; every tenth has a record of overflow pages. */
static void put_many(void)
{
	static struct machine_address addresses[150];
	struct writer w;

	ck_assert_int_eq(writer_open(&w, REGISTRY_DIRECTORY), 0);
	for (uint8_t i = 0; i < MACHINES; i++) {
		struct idmap_extent ids = { 0, 1000000 + i * 1000u, 1000 };
		char name[16];
		struct machine m = { .name = name,
				     .class = MACHINE_CONTAINER,
				     .leader = leader,
				     .addresses = addresses,
				     .n_addresses = i % 10 ? 2 : 150,
				     .uids = { &ids, 1 },
				     .gids = { &ids, 1 } };

		snprintf(name, sizeof name, "m%u", i);
		for (uint8_t a = 0; a < m.n_addresses; a++)
			addresses[a] = (struct machine_address){ .family = AF_INET,
								 .flags = ADDRESS_ROUTED,
								 .bytes = { 10, 9, i, a } };
		ck_assert_int_eq(writer_put(&w, &m), 0);
	}
	ck_assert_int_eq(writer_publish(&w), 0);
	writer_close(&w);
}

static void read_registry(void)
{
	struct stat st;

	file = open(REGISTRY_PATH, O_RDWR | O_CLOEXEC);
	ck_assert_int_eq(fstat(file, &st), 0);
	times[1] = st.st_mtim;
	size = (size_t) st.st_size;
	good = malloc(size);
	changed = malloc(size);
	ck_assert(good && changed);
	ck_assert_int_eq(pread(file, good, size, 0), (ssize_t) size);
}

/* A page in the place of another one, with that one's number: maybe a circle. */
static void swap_page(uint64_t *state)
{
	const uint64_t page = next_number(state) % (size / PAGE_SIZE);

	memcpy(changed + page * PAGE_SIZE,
	       good + next_number(state) % (size / PAGE_SIZE) * PAGE_SIZE, PAGE_SIZE);
	memcpy(changed + page * PAGE_SIZE, &page, sizeof page);
}

/* Some bytes of the pages, of the filter behind them, or of what the meta record says beyond its seal. */
static void change(uint64_t *state)
{
	struct registry_meta *meta = (void *) (changed + size - sizeof *meta);
	const struct registry_meta before =
		*(struct registry_meta *) (void *) (good + size - sizeof before);

	memcpy(changed, good, size);
	if (next_number(state) % 4 == 0)
		swap_page(state);
	for (uint32_t n = 1 + next_number(state) % 4; n > 0; n--) {
		uint32_t at = next_number(state) % size, how = next_number(state);

		/* The headers of pages and the begins of their tables decide most. */
		if (how & 1)
			at = at / PAGE_SIZE * PAGE_SIZE + at % 64;
		changed[at] = how & 2 ? (uint8_t) (how >> 8)
				      : changed[at] ^ (uint8_t) (1 << (how >> 8 & 7));
	}
	memcpy(meta->magic, before.magic, sizeof before.magic);
	meta->version = before.version;
	meta->byte_order = before.byte_order;
	meta->word_size = before.word_size;
	meta->generation = before.generation;
	meta->file_size = before.file_size;
	meta->pages_size = before.pages_size;
	meta->filter_size = before.filter_size;
	meta->context = before.context;
}

static void publish_changed(void)
{
	ck_assert_int_eq(pwrite(file, changed, size, 0), (ssize_t) size);
	ck_assert_int_eq(futimens(file, times), 0);
}

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
	for (size_t n = 0; n < size; n++)
		if (ask(&q).status != NSS_STATUS_SUCCESS)
			return true;
	return false;
}

static int ask_everything(void)
{
	alarm(60);
	for (unsigned int i = 0; i < MACHINES; i += 17)
		ask_for_one(i);
	/* Again, from the memo. */
	ask_for_one(17);
	return enumeration_ends() ? 0 : 1;
}

/* Each in a process of its own, with an empty memo. */
START_TEST(a_sealed_registry_with_damaged_bytes_harms_nobody)
{
	uint64_t state = (uint64_t) _i;

	put_many();
	read_registry();
	for (unsigned int i = 0; i < MACHINES; i++)
		ck_assert_msg(ask_for_one(i), "m%u isn't found in the good one", i);
	ck_assert(enumeration_ends());
	for (unsigned int n = 0; n < CHANGES; n++) {
		uint64_t before = state;
		pid_t pid;
		int status;

		change(&state);
		publish_changed();
		pid = fork();
		if (pid == 0)
			_exit(ask_everything());
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		ck_assert_msg(status == 0, "change %u, from state %llu: status %d", n,
			      (unsigned long long) before, status);
	}
}
END_TEST

void add_damaged(Suite *suite)
{
	ADD_LOOP(suite, a_sealed_registry_with_damaged_bytes_harms_nobody, ROUNDS);
}
