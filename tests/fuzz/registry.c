/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A whole registry, changed by the input and sealed again, so that only its
 * reader stands between the changes and the program. Each five bytes of the
 * input are a change: where (3), how (1), and a value (1). Whatever is asked,
 * there is an answer, and an enumeration ends; and who changes it gets an error
 * or a registry that can be read.
 */
#include "registry/mapped_snapshot.h"
#include "registry/writer.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MACHINES      120
#define SIZE_MAX_FILE (1024 * 1024)
#define PAGE	      4096u

static char directory[64], path[96], copy_directory[96], copy_path[128];
static uint8_t good[SIZE_MAX_FILE], changed[SIZE_MAX_FILE], written[SIZE_MAX_FILE];
static size_t size;
static struct registry_meta meta;

static void check(bool is_true, const char *what)
{
	if (!is_true) {
		fprintf(stderr, "fuzz: %s\n", what);
		abort();
	}
}

/* Machine i; every tenth has a record of overflow pages. */
static int put_machine(struct writer *w, unsigned int i)
{
	static struct machine_address addresses[150];
	struct idmap_extent ids = { 0, 100000 + i * 100, 100 };
	char name[16];
	struct machine m = { .name = name,
			     .class = MACHINE_CONTAINER,
			     .leader = { 1000 + i, 1, 0 },
			     .unit = "some.scope",
			     .aliases = name,
			     .addresses = addresses,
			     .n_addresses = i % 10 ? 2 : 150,
			     .uids = { &ids, 1 },
			     .gids = { &ids, 1 } };

	snprintf(name, sizeof name, "m%03u", i);
	m.aliases = NULL;
	for (unsigned int a = 0; a < m.n_addresses; a++)
		addresses[a] =
			(struct machine_address){ .family = AF_INET,
						  .bytes = { 10, (uint8_t) i, 0, (uint8_t) a } };
	return writer_put(w, &m);
}

static void make_registry(void)
{
	const char *parent = getenv("TMPDIR");
	struct writer w;
	int fd;

	snprintf(directory, sizeof directory, "%s/fuzz.XXXXXX", parent ? parent : "/tmp");
	check(mkdtemp(directory) != NULL && chmod(directory, 0755) == 0, "mkdtemp");
	snprintf(path, sizeof path, "%s/" REGISTRY_FILE_NAME, directory);
	snprintf(copy_directory, sizeof copy_directory, "%s/copy", directory);
	snprintf(copy_path, sizeof copy_path, "%s/" REGISTRY_FILE_NAME, copy_directory);
	check(mkdir(copy_directory, 0755) == 0, "mkdir");
	check(writer_open(&w, directory) == 0, "open");
	for (unsigned int i = 0; i < MACHINES; i++)
		check(put_machine(&w, i) == 0, "put");
	check(writer_publish(&w) == 0, "publish");
	writer_close(&w);
	fd = open(path, O_RDONLY);
	size = (size_t) read(fd, good, sizeof good);
	close(fd);
	check(size > sizeof meta && size < sizeof good, "read");
	memcpy(written, good, size);
	memcpy(&meta, good + size - sizeof meta, sizeof meta);
}

static void change(uint32_t at, uint8_t how, uint8_t value)
{
	uint64_t page = at % (size / PAGE);

	at %= size;
	switch (how % 5) {
	case 0: changed[at] = value; break;
	case 1: changed[at] ^= (uint8_t) (1 << value % 8); break;
	case 2: changed[at] = (uint8_t) (changed[at] + (value % 2 ? 1 : -1)); break;
	case 3: /* another page in its place, with its number: a circle, maybe */
		memcpy(changed + page * PAGE, good + value % (size / PAGE) * PAGE, PAGE);
		memcpy(changed + page * PAGE, &page, sizeof page);
		break;
	default: /* as a 16-bit number within the page */
		if (at % PAGE > PAGE - 2)
			return;
		changed[at] = 0;
		changed[at + 1] = value % (PAGE / 256 + 1);
		break;
	}
}

static void write_file(void)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT } };
	struct registry_meta *m = (void *) (changed + size - sizeof *m);
	int fd = open(path, O_WRONLY);

	seal_as(m, &meta);
	if (m->word_size != 4)
		m->word_size = meta.word_size;
	times[1].tv_sec = (time_t) (meta.generation / 1000000000u);
	times[1].tv_nsec = (long) (meta.generation % 1000000000u);
	check(fd >= 0, "open");
	/* Only the pages that differ from those of the input before. */
	for (size_t at = 0; at < size; at += PAGE) {
		size_t length = size - at < PAGE ? size - at : PAGE;

		if (memcmp(written + at, changed + at, length) == 0)
			continue;
		check(pwrite(fd, changed + at, length, (off_t) at) == (ssize_t) length, "write");
		memcpy(written + at, changed + at, length);
	}
	check(futimens(fd, times) == 0, "time");
	close(fd);
}

static void touch(const struct machine *m)
{
	check(strlen(m->name) <= MACHINE_NAME_MAX, "a name");
	for (size_t i = 0; i < m->n_addresses; i++)
		check(address_length(m->addresses[i].family) > 0, "an address");
}

static void ask(struct snapshot *s)
{
	char folded[MACHINE_NAME_SIZE] = "";
	struct machine m;
	size_t count = 0;

	while (snapshot_next(s, folded, &m) == 0) {
		touch(&m);
		check(count++ < size, "an enumeration without end");
	}
	for (unsigned int i = 0; i < MACHINES; i += 13) {
		uint8_t bytes[4] = { 10, (uint8_t) i, 0, 1 };
		struct id_range range;

		snprintf(folded, sizeof folded, "m%03u", i);
		if (snapshot_find_name(s, folded, &m) == 0)
			touch(&m);
		if (snapshot_find_host(s, AF_INET, bytes, 0, &m) == 0)
			touch(&m);
		if (snapshot_find_leader(s, 1000 + i, &m) == 0)
			touch(&m);
		if (snapshot_find_unit(s, "some.scope", i, &m) == 0)
			touch(&m);
		if (snapshot_find_id(s, i % 2 ? ID_UID : ID_GID, 99990 + i * 100, &range) == 0)
			check(range.first <= range.last && strlen(range.name) <= MACHINE_NAME_MAX,
			      "a range");
	}
}

/* Put machines that are there and one that isn't, and take some out. */
static int change_machines(struct writer *w)
{
	int r = 0;

	for (unsigned int i = 0; r == 0 && i <= MACHINES; i += 10)
		r = put_machine(w, i + 1);
	for (unsigned int i = 3; r == 0 && i < MACHINES; i += 4) {
		char name[16];

		snprintf(name, sizeof name, "m%03u", i);
		r = writer_remove(w, name);
		/* A damaged index doesn't find what its page has. */
		if (r == -ENOENT)
			r = 0;
	}
	return r;
}

/* A writer replaces the link, and not the file. */
static void change_registry(struct snapshot *s)
{
	struct writer w;
	int r;

	check(link(path, copy_path) == 0, "link");
	r = writer_open(&w, copy_directory);
	if (r == 0)
		r = change_machines(&w);
	if (r == 0)
		r = writer_publish(&w);
	writer_close(&w);
	if (r == 0) {
		check(snapshot_open(s, copy_path) == 0, "the changed one can be read");
		ask(s);
		snapshot_close(s);
	}
	unlink(copy_path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
	static uint8_t room[RECORD_ROOM_SIZE];
	struct snapshot s;

	if (!size)
		make_registry();
	memcpy(changed, good, size);
	for (size_t i = 0; i + 5 <= length && i < 500; i += 5)
		change(data[i] | (uint32_t) data[i + 1] << 8 | (uint32_t) data[i + 2] << 16,
		       data[i + 3], data[i + 4]);
	write_file();
	if (snapshot_open_unmapped(&s, path, room, sizeof room) == 0) {
		ask(&s);
		snapshot_close(&s);
	}
	if (snapshot_open(&s, path) == 0) {
		ask(&s);
		snapshot_close(&s);
	}
	change_registry(&s);
	return 0;
}
