/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/array_size.h"
#include "registry/file.h"
#include "registry/filter.h"

#include "tests/support/checks.h"
#include "tests/unit/fixture.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* The registry with one machine in it, and its file open to be spoiled. */
static int spoil_open(void)
{
	struct machine_leader leader = start_leader();
	struct machine m = fixture_machine("web1", &leader);
	int fd;

	fixture_publish(&m);
	fd = open(fixture_path(), O_RDWR);
	ck_assert_int_ge(fd, 0);
	return fd;
}

static void set_mtime(int fd, uint64_t generation)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
				     { (time_t) (generation / 1000000000u),
				       (long) (generation % 1000000000u) } };

	ck_assert_int_eq(futimens(fd, times), 0);
}

static void read_meta(int fd, struct registry_meta *meta)
{
	struct stat st;

	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_int_eq(pread(fd, meta, sizeof *meta, st.st_size - (off_t) sizeof *meta),
			 sizeof *meta);
}

/* Write another meta record, as a forger would: with the time that it wants. */
static void write_meta(int fd, const struct registry_meta *meta)
{
	struct stat st;

	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_int_eq(pwrite(fd, meta, sizeof *meta, st.st_size - (off_t) sizeof *meta),
			 sizeof *meta);
	set_mtime(fd, meta->generation);
}

static void assert_opens_with(int expected)
{
	struct registry_identity identity;
	struct registry_meta meta;
	struct snapshot s;
	int fd = registry_file_open(fixture_path(), &meta, &identity);

	ck_assert_int_eq(fd < 0 ? fd : 0, expected);
	if (fd >= 0)
		close(fd);
	ck_assert_int_eq(snapshot_open(&s, fixture_path()), expected);
	ck_assert_int_eq(s.is_open, expected == 0);
	snapshot_close(&s);
}

START_TEST(a_published_registry_opens)
{
	struct registry_identity now;
	struct snapshot s;
	struct machine m;
	int fd = spoil_open();

	ck_assert_int_eq(registry_stat(fixture_path(), &now), 0);
	ck_assert_int_eq(snapshot_open(&s, fixture_path()), 0);
	ck_assert(registry_identity_equal(&now, &s.identity));
	ck_assert_uint_eq(now.generation, s.meta.generation);
	ck_assert_uint_eq(s.meta.machines, 1);
	ck_assert_int_eq(snapshot_find_name(&s, "web1", &m), 0);
	snapshot_close(&s);
	snapshot_close(&s);
	close(fd);
}
END_TEST

START_TEST(a_missing_registry_has_no_error_of_its_own)
{
	struct registry_identity identity;

	assert_opens_with(-ENOENT);
	ck_assert_int_eq(registry_stat(fixture_path(), &identity), -ENOENT);
}
END_TEST

START_TEST(a_cut_registry_is_damaged)
{
	int fd = spoil_open();
	struct registry_meta meta;

	read_meta(fd, &meta);
	for (off_t size = (off_t) meta.file_size - 1; size >= 0; size -= size > 300 ? 251 : 1) {
		ck_assert_int_eq(ftruncate(fd, size), 0);
		set_mtime(fd, meta.generation);
		assert_opens_with(-EUCLEAN);
	}
	close(fd);
}
END_TEST

START_TEST(a_cut_that_brings_its_own_meta_record_is_damaged)
{
	int fd = spoil_open();
	struct registry_meta meta;
	struct snapshot s;
	struct machine m;

	read_meta(fd, &meta);
	ck_assert_int_eq(ftruncate(fd, 8192 + sizeof meta), 0);
	write_meta(fd, &meta);
	assert_opens_with(-EUCLEAN);
	/* Also with sizes that add up: the pages that a look-up needs aren't there. */
	meta.file_size = 8192 + sizeof meta;
	meta.pages_size = 8192;
	meta.filter_size = 0;
	write_meta(fd, &meta);
	ck_assert_int_eq(snapshot_open(&s, fixture_path()), 0);
	ck_assert_int_eq(snapshot_find_name(&s, "web1", &m), -EUCLEAN);
	ck_assert_int_eq(snapshot_find_leader(&s, 1, &m), -EUCLEAN);
	snapshot_close(&s);
	close(fd);
}
END_TEST

START_TEST(what_was_written_to_is_damaged)
{
	int fd = spoil_open();
	struct registry_meta meta;
	uint8_t byte;

	read_meta(fd, &meta);
	for (off_t at = 0; at < (off_t) meta.file_size; at += 997) {
		ck_assert_int_eq(pread(fd, &byte, 1, at), 1);
		/* Also with what was there. */
		ck_assert_int_eq(pwrite(fd, &byte, 1, at), 1);
		assert_opens_with(-EUCLEAN);
		set_mtime(fd, meta.generation);
		assert_opens_with(0);
	}
	close(fd);
}
END_TEST

START_TEST(what_grew_or_was_touched_is_damaged)
{
	int fd = spoil_open();
	struct registry_meta meta;

	read_meta(fd, &meta);
	set_mtime(fd, meta.generation + 1);
	assert_opens_with(-EUCLEAN);
	ck_assert_int_eq(pwrite(fd, "x", 1, (off_t) meta.file_size), 1);
	set_mtime(fd, meta.generation);
	assert_opens_with(-EUCLEAN);
	close(fd);
}
END_TEST

START_TEST(a_meta_record_that_contradicts_itself_is_damaged)
{
	int fd = spoil_open();
	struct registry_meta good, bad;

	read_meta(fd, &good);
	bad = good;
	/* A sum that is right only because it wraps. */
	bad.filter_size = FILTER_SIZE_MAX;
	bad.pages_size = bad.file_size - sizeof bad - bad.filter_size;
	ck_assert_uint_gt(bad.pages_size, bad.file_size);
	write_meta(fd, &bad);
	assert_opens_with(-EUCLEAN);
	bad = good;
	bad.filter_size = 1u << 31;
	write_meta(fd, &bad);
	assert_opens_with(-EUCLEAN);
	bad = good;
	bad.magic[3] ^= 1;
	write_meta(fd, &bad);
	assert_opens_with(-EUCLEAN);
	bad = good;
	bad.generation++;
	write_meta(fd, &bad);
	set_mtime(fd, good.generation);
	assert_opens_with(-EUCLEAN);
	write_meta(fd, &good);
	assert_opens_with(0);
	close(fd);
}
END_TEST

/* Look-ups keep filters in memory of this size, and find bits by a mask. */
START_TEST(a_filter_of_a_size_that_none_can_have_is_damaged)
{
	static const struct {
		uint32_t size;
		int expected;
	} rows[] = {
		{ 0, 0 },
		{ FILTER_SIZE_MAX, 0 },
		{ 2 * FILTER_SIZE_MAX, -EUCLEAN },
		{ 65, -EUCLEAN },
		{ FILTER_SIZE_MAX - 64, -EUCLEAN },
	};
	int fd = spoil_open();
	struct registry_meta meta;

	read_meta(fd, &meta);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		meta.filter_size = rows[i].size;
		meta.file_size = meta.pages_size + rows[i].size + sizeof meta;
		ck_assert_int_eq(ftruncate(fd, (off_t) meta.file_size), 0);
		write_meta(fd, &meta);
		assert_opens_with(rows[i].expected);
	}
	close(fd);
}
END_TEST

/* The pages have their size and roots in them, too. */
START_TEST(roots_of_pages_of_a_size_that_none_can_have_are_not_used)
{
	static const uint8_t shifts[] = { 0, 8, 17, 31, 32, 255 };
	int fd = spoil_open();
	struct registry_meta meta;
	struct snapshot s;
	struct machine m;

	read_meta(fd, &meta);
	ck_assert(registry_meta_has_roots(&meta));
	for (size_t i = 0; i < ARRAY_SIZE(shifts); i++) {
		meta.page_shift = shifts[i];
		ck_assert(!registry_meta_has_roots(&meta));
		write_meta(fd, &meta);
		ck_assert_int_eq(snapshot_open(&s, fixture_path()), 0);
		ck_assert_int_eq(snapshot_find_name(&s, "web1", &m), 0);
		snapshot_close(&s);
	}
	close(fd);
}
END_TEST

START_TEST(other_versions_and_byte_orders_are_told_apart)
{
	int fd = spoil_open();
	struct registry_meta meta;

	read_meta(fd, &meta);
	meta.version++;
	write_meta(fd, &meta);
	assert_opens_with(-EPROTONOSUPPORT);
	meta.version--;
	meta.byte_order = __builtin_bswap32(meta.byte_order);
	write_meta(fd, &meta);
	assert_opens_with(-EILSEQ);
	meta.byte_order = __builtin_bswap32(meta.byte_order);
	meta.word_size = 16;
	write_meta(fd, &meta);
	assert_opens_with(-EUCLEAN);
	close(fd);
}
END_TEST

START_TEST(a_registry_of_an_earlier_boot_is_stale)
{
	int fd = spoil_open();
	struct registry_meta meta;

	read_meta(fd, &meta);
	meta.context.boot_id[5] ^= 1;
	write_meta(fd, &meta);
	assert_opens_with(-ESTALE);
	/* From another pid namespace nobody can be sure of that. */
	meta.context.pid_namespace++;
	write_meta(fd, &meta);
	assert_opens_with(0);
	close(fd);
}
END_TEST

/* By a process that hasn't read the boot id yet. */
START_TEST(a_registry_of_no_boot_is_stale)
{
	struct registry_meta meta;
	int fd, status;
	pid_t pid;

	fixture_directory();
	pid = fork();
	if (pid == 0) {
		spoil_open();
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	fd = open(fixture_path(), O_RDWR);
	read_meta(fd, &meta);
	memset(meta.context.boot_id, 0, sizeof meta.context.boot_id);
	write_meta(fd, &meta);
	assert_opens_with(-ESTALE);
	close(fd);
}
END_TEST

START_TEST(without_descriptors_it_is_not_known_whether_a_registry_is_stale)
{
	int fd = spoil_open(), next = dup(fd);
	struct registry_meta meta;
	struct rlimit before, limit;

	read_meta(fd, &meta);
	meta.context.boot_id[5] ^= 1;
	write_meta(fd, &meta);
	close(next);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	limit = before;
	/* For the registry, but not for the boot id. */
	limit.rlim_cur = (rlim_t) next + 1;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_opens_with(-EMFILE);
	/* A sanitizer opens files when the process ends. */
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_opens_with(-ESTALE);
	close(fd);
}
END_TEST

START_TEST(what_others_may_write_is_not_trusted)
{
	static const mode_t modes[] = { 0666, 0664, 0646, 0777 };
	struct registry_identity identity;
	int fd = spoil_open();

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		ck_assert_int_eq(fchmod(fd, modes[i]), 0);
		assert_opens_with(-EPERM);
		ck_assert_int_eq(registry_stat(fixture_path(), &identity), -EPERM);
	}
	ck_assert_int_eq(fchmod(fd, 0444), 0);
	assert_opens_with(0);
	close(fd);
}
END_TEST

START_TEST(what_another_user_owns_is_not_trusted)
{
	int fd = spoil_open();

	if (fchown(fd, 12345, 12345) < 0)
		SKIP("files can't be given to other users");
	assert_opens_with(-EPERM);
	/* Nobody is a user like others where all ids are mapped. */
	if (fchown(fd, 65534, 65534) == 0)
		assert_opens_with(-EPERM);
	close(fd);
}
END_TEST

START_TEST(only_a_regular_file_is_a_registry)
{
	int fd = spoil_open();
	char other[80];

	snprintf(other, sizeof other, "%s.other", fixture_path());
	ck_assert_int_eq(rename(fixture_path(), other), 0);
	ck_assert_int_eq(symlink(other, fixture_path()), 0);
	assert_opens_with(-ELOOP);
	ck_assert_int_eq(unlink(fixture_path()), 0);
	ck_assert_int_eq(unlink(other), 0);
	ck_assert_int_eq(mkdir(fixture_path(), 0755), 0);
	assert_opens_with(-ENXIO);
	ck_assert_int_eq(rmdir(fixture_path()), 0);
	/* Must not wait for somebody who writes. */
	ck_assert_int_eq(mkfifo(fixture_path(), 0644), 0);
	assert_opens_with(-ENXIO);
	close(fd);
}
END_TEST

START_TEST(garbage_is_damaged)
{
	static uint8_t bytes[20000];
	int fd;

	fixture_directory();
	srandom(2);
	for (size_t size = 0; size <= sizeof bytes; size += 500) {
		for (size_t i = 0; i < size; i++)
			bytes[i] = (uint8_t) random();
		fd = open(fixture_path(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
		ck_assert_int_ge(fd, 0);
		ck_assert_int_eq(write(fd, bytes, size), (ssize_t) size);
		close(fd);
		assert_opens_with(-EUCLEAN);
	}
}
END_TEST

Suite *file_suite(void)
{
	Suite *suite = suite_create("file");

	ADD(suite, a_published_registry_opens);
	ADD(suite, a_missing_registry_has_no_error_of_its_own);
	ADD(suite, a_cut_registry_is_damaged);
	ADD(suite, a_cut_that_brings_its_own_meta_record_is_damaged);
	ADD(suite, what_was_written_to_is_damaged);
	ADD(suite, what_grew_or_was_touched_is_damaged);
	ADD(suite, a_meta_record_that_contradicts_itself_is_damaged);
	ADD(suite, a_filter_of_a_size_that_none_can_have_is_damaged);
	ADD(suite, roots_of_pages_of_a_size_that_none_can_have_are_not_used);
	ADD(suite, other_versions_and_byte_orders_are_told_apart);
	ADD(suite, a_registry_of_an_earlier_boot_is_stale);
	ADD(suite, a_registry_of_no_boot_is_stale);
	ADD(suite, without_descriptors_it_is_not_known_whether_a_registry_is_stale);
	ADD(suite, what_others_may_write_is_not_trusted);
	ADD(suite, what_another_user_owns_is_not_trusted);
	ADD(suite, only_a_regular_file_is_a_registry);
	ADD(suite, garbage_is_damaged);
	return suite;
}
