/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * registry_dump FILE: print what look-ups find in a registry, which need not be
 * of this boot. tests/plugin/words.t builds it for 32 and for 64 bits.
 *
 * registry_dump --write DIRECTORY: publish a registry to look up in, in a build
 * with WITH_WRITER. tests/support/registry-32bit.mdb.xz is of one by gcc -m32, with
 * Debian's liblmdb0:i386 0.9.24.
 */
#include "registry/snapshot.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MACHINES 60

static void die(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

static void print_machine(const char *how, int r, const struct machine *m)
{
	char text[ADDRESS_TEXT_SIZE];

	if (r < 0) {
		printf("%s: %d\n", how, r);
		return;
	}
	printf("%s: %s %llu pid %u %llu unit %s", how, m->name, (unsigned long long) m->sequence,
	       m->leader.pid, (unsigned long long) m->leader.start_time, m->unit ? m->unit : "-");
	for (size_t i = 0; i < m->n_addresses; i++)
		printf(" %s", address_format(&m->addresses[i], text));
	for (size_t i = 0; i < m->uids.count; i++)
		printf(" %u:%u:%u", m->uids.extents[i].inner, m->uids.extents[i].outer,
		       m->uids.extents[i].count);
	putchar('\n');
}

static void print_range(struct snapshot *s, enum id_kind kind, uint32_t id)
{
	struct id_range range;
	int r = snapshot_find_id(s, kind, id, &range);

	if (r < 0)
		printf("id %u: %d\n", id, r);
	else
		printf("id %u: %u-%u %u %s\n", id, range.first, range.last, range.inner,
		       range.name);
}

static void look_up(struct snapshot *s, unsigned int i)
{
	const uint8_t bytes[4] = { 10, 0, (uint8_t) i, 1 };
	struct machine m = { 0 };
	char name[32];
	int r;

	snprintf(name, sizeof name, "m%03u", i);
	r = snapshot_find_name(s, name, &m);
	print_machine("name", r, &m);
	snprintf(name, sizeof name, "alias%u", i);
	r = snapshot_find_name(s, name, &m);
	print_machine("alias", r, &m);
	r = snapshot_find_address(s, AF_INET, bytes, 0, &m);
	print_machine("address", r, &m);
	r = snapshot_find_leader(s, 1000 + i, &m);
	print_machine("leader", r, &m);
	snprintf(name, sizeof name, "m%03u.scope", i);
	r = snapshot_find_unit(s, name, 0, &m);
	print_machine("unit", r, &m);
	print_range(s, ID_UID, 100000 + i * 1000 + 5);
	print_range(s, ID_GID, 100000 + i * 1000 + 505);
}

static void dump(const char *path)
{
	static uint8_t room[RECORD_ROOM_SIZE];
	static struct snapshot s;
	char folded[MACHINE_NAME_SIZE] = "";
	struct machine m;
	struct stat st;
	int fd = open(path, O_RDONLY), r;

	if (fd < 0 || fstat(fd, &st) < 0 ||
	    pread(fd, &s.meta, sizeof s.meta, st.st_size - (off_t) sizeof s.meta) != sizeof s.meta)
		die(path);
	snapshot_init(&s, fd);
	s.pages.room = room;
	s.pages.room_size = sizeof room;
	while ((r = snapshot_next(&s, folded, &m)) == 0)
		print_machine("next", r, &m);
	printf("end: %d\n", r);
	for (unsigned int i = 0; i < MACHINES + 2; i++)
		look_up(&s, i);
	/* Also without the roots in the meta record. */
	memset(s.pages.roots, 0, sizeof s.pages.roots);
	for (unsigned int i = 0; i < MACHINES; i += 9)
		look_up(&s, i);
	snapshot_close(&s);
}

#ifdef WITH_WRITER
#include "registry/writer.h"

static void put_machine(struct writer *w, unsigned int i)
{
	static struct machine_address addresses[120];
	struct idmap_extent ids = { 0, 100000 + i * 1000, 500 };
	char name[16], alias[16], unit[24];
	struct machine m = { .name = name,
			     .class = MACHINE_CONTAINER,
			     .leader = { 1000 + i, 1ull << 40, 0 },
			     .unit = unit,
			     .aliases = alias,
			     .addresses = addresses,
			     .n_addresses = i % 20 == 7 ? 120 : 2,
			     .uids = { &ids, 1 },
			     .gids = { &ids, 1 } };

	snprintf(name, sizeof name, "m%03u", i);
	snprintf(unit, sizeof unit, "m%03u.scope", i);
	m.aliases_size = (size_t) snprintf(alias, sizeof alias, "alias%u", i) + 1;
	for (unsigned int a = 0; a < m.n_addresses; a++)
		addresses[a] = (struct machine_address){ .family = AF_INET,
							 .bytes = { 10, (uint8_t) (a / 2),
								    (uint8_t) i, 1 + a % 2 } };
	if (writer_put(w, &m) < 0)
		die(name);
}

static void write_registry(const char *directory)
{
	struct writer w;

	if (writer_open(&w, directory) < 0)
		die(directory);
	for (unsigned int i = 0; i < MACHINES; i++)
		put_machine(&w, i);
	if (writer_publish(&w) < 0)
		die("publishing");
	writer_close(&w);
}
#else
static void write_registry(const char *directory)
{
	fprintf(stderr, "%s: built without the writer\n", directory);
	exit(EXIT_FAILURE);
}
#endif

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "--write") == 0)
		write_registry(argv[2]);
	else if (argc == 2)
		dump(argv[1]);
	else
		return EXIT_FAILURE;
	return EXIT_SUCCESS;
}
