/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The states of a registry: absent, damaged in many ways, of another boot. */
#include "base/array_size.h"
#include "registry/pages.h"
#include "tests/plugin/fixture.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

START_TEST(without_a_registry_nothing_is_found)
{
	/* With an empty memo, and with one that knows everything. */
	if (_i)
		assert_all(NSS_STATUS_SUCCESS, 0);
	ck_assert_int_eq(unlink(REGISTRY_PATH), 0);
	assert_all(NSS_STATUS_NOTFOUND, HOST_NOT_FOUND);
	/* Nor without its directory. */
	ck_assert_int_eq(rename(REGISTRY_DIRECTORY, REGISTRY_DIRECTORY ".gone"), 0);
	assert_all(NSS_STATUS_NOTFOUND, HOST_NOT_FOUND);
	ck_assert_int_eq(rename(REGISTRY_DIRECTORY ".gone", REGISTRY_DIRECTORY), 0);
}
END_TEST

static void spoil_truncate(void)
{
	ck_assert_int_eq(truncate(REGISTRY_PATH, 5000), 0);
}

static void spoil_empty(void)
{
	ck_assert_int_eq(truncate(REGISTRY_PATH, 0), 0);
}

static void spoil_bytes(void)
{
	int fd = open(REGISTRY_PATH, O_WRONLY);

	for (off_t at = 0; at < 8192; at += 16)
		ck_assert_int_eq(pwrite(fd, "\xff\x00\xff", 3, at), 3);
	close(fd);
}

static void spoil_mode(void)
{
	ck_assert_int_eq(chmod(REGISTRY_PATH, 0666), 0);
}

static void spoil_directory(void)
{
	ck_assert_int_eq(unlink(REGISTRY_PATH), 0);
	ck_assert_int_eq(mkdir(REGISTRY_PATH, 0755), 0);
}

static void spoil_fifo(void)
{
	ck_assert_int_eq(unlink(REGISTRY_PATH), 0);
	ck_assert_int_eq(mkfifo(REGISTRY_PATH, 0644), 0);
}

static void spoil_link(void)
{
	ck_assert_int_eq(rename(REGISTRY_PATH, REGISTRY_DIRECTORY "/elsewhere"), 0);
	ck_assert_int_eq(symlink("elsewhere", REGISTRY_PATH), 0);
}

/* Overwrite bytes of the meta record, as another writer would: published anew. */
static void spoil_meta(size_t offset, const void *bytes, size_t size)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT } };
	struct registry_meta meta;
	struct stat st;
	int fd = open(REGISTRY_PATH, O_RDWR);

	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_int_eq(pread(fd, &meta, sizeof meta, st.st_size - (off_t) sizeof meta),
			 sizeof meta);
	meta.generation++;
	memcpy((char *) &meta + offset, bytes, size);
	ck_assert_int_eq(pwrite(fd, &meta, sizeof meta, st.st_size - (off_t) sizeof meta),
			 sizeof meta);
	times[1].tv_sec = (time_t) (meta.generation / 1000000000u);
	times[1].tv_nsec = (long) (meta.generation % 1000000000u);
	ck_assert_int_eq(futimens(fd, times), 0);
	close(fd);
}

static void spoil_version(void)
{
	const uint32_t version = REGISTRY_FORMAT_VERSION + 1;

	spoil_meta(offsetof(struct registry_meta, version), &version, sizeof version);
}

static void spoil_byte_order(void)
{
	const uint32_t order = __builtin_bswap32(REGISTRY_BYTE_ORDER);

	spoil_meta(offsetof(struct registry_meta, byte_order), &order, sizeof order);
}

static void spoil_owner(void)
{
	/* In a user namespace there may be no other. */
	if (chown(REGISTRY_PATH, 12345, 0) < 0)
		spoil_mode();
}

static void (*const spoilers[])(void) = { spoil_truncate,   spoil_empty, spoil_bytes, spoil_mode,
					  spoil_directory,  spoil_fifo,	 spoil_link,  spoil_version,
					  spoil_byte_order, spoil_owner };

#define N_SPOILERS (int) (ARRAY_SIZE(spoilers))

START_TEST(a_spoiled_registry_is_unavailable_and_no_crash)
{
	if (_i >= N_SPOILERS)
		assert_all(NSS_STATUS_SUCCESS, 0);
	spoilers[_i % N_SPOILERS]();
	for (int entry = 0; entry < N_ENTRIES; entry++) {
		struct question q = answerable((enum entry) entry);
		struct answer a = ask(&q);

		ck_assert_msg(a.status == NSS_STATUS_UNAVAIL, "entry %d: %d", entry, a.status);
		if (q.entry <= NEXT_HOST)
			ck_assert_int_eq(a.h_error, NO_RECOVERY);
	}
	/* Names and ids that are not a machine's don't even look. */
	assert_not_found(user_by_name("root"));
	assert_not_found(user_by_id(1000));
	assert_no_host(by_name4("not a name"));
	rmdir(REGISTRY_PATH);
	unlink(REGISTRY_PATH);
	unlink(REGISTRY_DIRECTORY "/elsewhere");
}
END_TEST

START_TEST(a_registry_of_an_earlier_boot_is_not_found)
{
	static const uint8_t other[16] = { 1, 2, 3 };

	spoil_meta(offsetof(struct registry_meta, context.boot_id), other, sizeof other);
	assert_all(NSS_STATUS_NOTFOUND, HOST_NOT_FOUND);
}
END_TEST

START_TEST(a_record_that_is_none_ends_the_enumeration)
{
	struct question next = { .entry = NEXT_HOST };
	struct machine m = { .name = "other", .class = MACHINE_CONTAINER, .leader = leader };
	struct answer a;
	struct writer w;

	ck_assert_int_eq(writer_open(&w, REGISTRY_DIRECTORY), 0);
	ck_assert_int_eq(writer_put(&w, &m), 0);
	/* By a name that comes first. */
	ck_assert_int_eq(transaction_put(&w.change, DB_NAMES, (struct value){ "a", 1 },
					 (struct value){ "mxyz", 4 }),
			 0);
	w.meta.names++;
	ck_assert_int_eq(writer_publish(&w), 0);
	writer_close(&w);
	for (int i = 0; i < 2; i++) {
		a = ask(&next);
		ck_assert_int_eq(a.status, NSS_STATUS_UNAVAIL);
		ck_assert_int_eq(a.h_error, NO_RECOVERY);
	}
	/* Others are found all the same. */
	ck_assert_int_eq(by_name4("web1").status, NSS_STATUS_SUCCESS);
}
END_TEST

/* ERANGE would ask for a larger buffer, for ever: glibc doubles it as long as that is returned. */
START_TEST(an_id_of_a_range_that_is_none_asks_for_no_larger_buffer)
{
	/* More than a page: it is read into the caller's room, of which there is none. */
	static const uint8_t bytes[2 * PAGES_WINDOW_SIZE];
	const uint32_t last = htobe32(299999);
	struct machine m = { .name = "other", .class = MACHINE_CONTAINER, .leader = leader };
	struct writer w;

	ck_assert_int_eq(writer_open(&w, REGISTRY_DIRECTORY), 0);
	ck_assert_int_eq(writer_put(&w, &m), 0);
	ck_assert_int_eq(transaction_put(&w.change, DB_UIDS, (struct value){ &last, sizeof last },
					 (struct value){ bytes, sizeof bytes }),
			 0);
	ck_assert_int_eq(writer_publish(&w), 0);
	writer_close(&w);
	/* Nor is the id taken for nobody's the second time. */
	for (int i = 0; i < 2; i++) {
		struct answer a = user_by_id(250000);

		ck_assert_int_eq(a.status, NSS_STATUS_UNAVAIL);
		ck_assert_int_eq(a.error, EUCLEAN);
	}
	/* Others have their names all the same. */
	ck_assert_str_eq(user_by_id(100033).user.pw_name, "vu-Web1-33");
	ck_assert_int_eq(group_by_id(250000).status, NSS_STATUS_NOTFOUND);
}
END_TEST

void add_states(Suite *suite)
{
	ADD_LOOP(suite, without_a_registry_nothing_is_found, 2);
	ADD_LOOP(suite, a_spoiled_registry_is_unavailable_and_no_crash, 2 * N_SPOILERS);
	ADD(suite, a_registry_of_an_earlier_boot_is_not_found);
	ADD(suite, a_record_that_is_none_ends_the_enumeration);
	ADD(suite, an_id_of_a_range_that_is_none_asks_for_no_larger_buffer);
}
