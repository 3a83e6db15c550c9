/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/damage.h"

#include "registry/writer.h"
#include "tests/support/seal.h"

#include <check.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE_SIZE 4096u

/* Knuth, "The Art of Computer Programming", 3.3.4. */
static uint32_t next_number(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t) (*state >> 33);
}

void damage_publish_machines(const char *directory, const struct machine_leader *leader)
{
	static struct machine_address addresses[150];
	struct writer w;

	ck_assert_int_eq(writer_open(&w, directory), 0);
	for (uint8_t i = 0; i < DAMAGE_MACHINES; i++) {
		struct idmap_extent ids = { 0, 1000000 + i * 1000u, 1000 };
		char name[16];
		struct machine m = { .name = name,
				     .class = MACHINE_CONTAINER,
				     .leader = *leader,
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

void damage_begin(struct damage *d, const char *path)
{
	struct stat st;

	d->file = open(path, O_RDWR | O_CLOEXEC);
	ck_assert_int_eq(fstat(d->file, &st), 0);
	d->times[0].tv_nsec = UTIME_OMIT;
	d->times[1] = st.st_mtim;
	d->size = (size_t) st.st_size;
	d->good = malloc(d->size);
	d->changed = malloc(d->size);
	ck_assert(d->good && d->changed);
	ck_assert_int_eq(pread(d->file, d->good, d->size, 0), (ssize_t) d->size);
}

/* A page in the place of another one, with that one's number: maybe a circle. */
static void swap_page(struct damage *d, uint64_t *state)
{
	const uint64_t page = next_number(state) % (d->size / PAGE_SIZE);

	memcpy(d->changed + page * PAGE_SIZE,
	       d->good + next_number(state) % (d->size / PAGE_SIZE) * PAGE_SIZE, PAGE_SIZE);
	memcpy(d->changed + page * PAGE_SIZE, &page, sizeof page);
}

/* Some bytes of the pages, of the filter behind them, or of what the meta record says beyond its seal. */
static void change(struct damage *d, uint64_t *state)
{
	struct registry_meta *meta = (void *) (d->changed + d->size - sizeof *meta);
	const struct registry_meta before =
		*(struct registry_meta *) (void *) (d->good + d->size - sizeof before);

	memcpy(d->changed, d->good, d->size);
	if (next_number(state) % 4 == 0)
		swap_page(d, state);
	for (uint32_t n = 1 + next_number(state) % 4; n > 0; n--) {
		uint32_t at = next_number(state) % d->size, how = next_number(state);

		/* The headers of pages and the begins of their tables decide most. */
		if (how & 1)
			at = at / PAGE_SIZE * PAGE_SIZE + at % 64;
		d->changed[at] = how & 2 ? (uint8_t) (how >> 8)
					 : d->changed[at] ^ (uint8_t) (1 << (how >> 8 & 7));
	}
	seal_as(meta, &before);
	meta->word_size = before.word_size;
}

void damage_write(struct damage *d, uint64_t *state)
{
	change(d, state);
	ck_assert_int_eq(pwrite(d->file, d->changed, d->size, 0), (ssize_t) d->size);
	ck_assert_int_eq(futimens(d->file, d->times), 0);
}

void damage_done(struct damage *d)
{
	free(d->good);
	free(d->changed);
	close(d->file);
}
