/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Answers while the registry changes: of one process, of several, of threads and forks. */
#include "tests/plugin/fixture.h"
#include "tests/support/checks.h"

#include <arpa/inet.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

START_TEST(a_publication_is_seen_at_once)
{
	for (unsigned int i = 0; i < 500; i++) {
		struct machine_address a = address("10.7.0.0", 0, 0);
		struct idmap_extent ids = { i, 600000, 1000 };
		struct machine m = { .name = "fast",
				     .class = MACHINE_CONTAINER,
				     .leader = leader,
				     .addresses = &a,
				     .n_addresses = 1,
				     .uids = { &ids, 1 } };
		char text[32], name[32];

		snprintf(text, sizeof text, "10.7.%u.%u", i >> 8, i & 255);
		a = address(text, 0, 0);
		snprintf(name, sizeof name, "vu-fast-%u", i);
		put(&m);
		ck_assert_mem_eq(by_name4("fast").tuples->addr, a.bytes, 4);
		ck_assert_str_eq(user_by_id(600000).user.pw_name, name);
		/* A registry made anew, in the same inode for all that anyone knows. */
		if (i % 50 == 49)
			ck_assert_int_eq(unlink(REGISTRY_PATH), 0);
		else if (i % 3 == 2)
			take_out("fast");
		else
			continue;
		assert_no_host(by_name4("fast"));
		assert_not_found(user_by_id(600000));
	}
}
END_TEST

START_TEST(more_ids_than_the_memo_holds_are_answered)
{
	/* What the memo has no more room for: ranges, or names as long as they can be. */
	static const char *const prefixes[] = {
		"m", "m23456789-123456789-123456789-123456789-123456789-123456789"
	};
	const char *prefix = prefixes[_i];
	struct machine_leader l2 = start_leader();
	struct writer w;

	ck_assert_int_eq(writer_open(&w, REGISTRY_DIRECTORY), 0);
	for (uint32_t i = 0; i < 3000; i++) {
		struct idmap_extent ids = { 0, 1000000 + i * 20, 10 };
		char name[MACHINE_NAME_SIZE];
		struct machine m = { .name = name,
				     .class = MACHINE_CONTAINER,
				     .leader = l2,
				     .uids = { &ids, 1 },
				     .gids = { &ids, 1 } };

		snprintf(name, sizeof name, "%s%04u", prefix, i);
		ck_assert_int_eq(writer_put(&w, &m), 0);
	}
	ck_assert_int_eq(writer_publish(&w), 0);
	writer_close(&w);
	for (int round = 0; round < 3; round++)
		for (uint32_t i = 0; i < 3000; i++) {
			uint32_t n = i * 7919 % 3000;
			char name[MACHINE_USER_NAME_SIZE];

			snprintf(name, sizeof name, "vu-%s%04u-%u", prefix, n, n % 10);
			/* The second time from the memo. */
			for (int again = 0; again < 2; again++)
				ck_assert_str_eq(user_by_id(1000000 + n * 20 + n % 10).user.pw_name,
						 name);
			assert_not_found(user_by_id(1000000 + n * 20 + 10 + n % 10));
			name[1] = 'g';
			ck_assert_str_eq(group_by_id(1000000 + n * 20 + n % 10).group.gr_name,
					 name);
		}
}
END_TEST

/* One machine all of whose facts say the number of its publication. */
static void put_numbered(unsigned int number)
{
	struct machine_address addresses[8];
	struct idmap_extent ids = { number, 600000, 1000 };
	struct machine m = { .name = "torn",
			     .class = MACHINE_CONTAINER,
			     .leader = leader,
			     .addresses = addresses,
			     .n_addresses = 8,
			     .uids = { &ids, 1 },
			     .gids = { &ids, 1 } };

	for (uint8_t i = 0; i < 8; i++)
		addresses[i] = (struct machine_address){ .family = AF_INET,
							 .flags = ADDRESS_ROUTED,
							 .bytes = { 10, (uint8_t) (20 + i),
								    (uint8_t) (number >> 8),
								    (uint8_t) number } };
	put(&m);
}

/* The number that all its addresses agree on, or -1. */
static int read_number(void)
{
	struct answer a = by_name4("torn");
	const struct gaih_addrtuple *t = a.tuples;
	int number, count = 0;

	if (a.status != NSS_STATUS_SUCCESS)
		return -1;
	number = (int) (ntohl(t->addr[0]) & 0xffff);
	for (; t; t = t->next, count++)
		if ((int) (ntohl(t->addr[0]) & 0xffff) != number)
			return -1;
	return count == 8 ? number : -1;
}

/* Never torn, never missing, never older than what was seen before. Exits with what went wrong. */
static void read_until(unsigned int last)
{
	int host = 0, user = 0;

	while (host < (int) last) {
		int number = read_number();
		unsigned int inner;
		struct answer a = user_by_id(600000);

		if (number < host)
			_exit(number < 0 ? 2 : 3);
		host = number;
		if (a.status != NSS_STATUS_SUCCESS ||
		    sscanf(a.user.pw_name, "vu-torn-%u", &inner) != 1)
			_exit(4);
		if ((int) inner < user)
			_exit(5);
		user = (int) inner;
		if (by_name4("nosuch").status != NSS_STATUS_NOTFOUND ||
		    by_name4("web1").status != NSS_STATUS_SUCCESS ||
		    user_by_id(599999).status != NSS_STATUS_NOTFOUND ||
		    group_by_name("vg-Web1-33").status != NSS_STATUS_SUCCESS)
			_exit(6);
	}
	_exit(0);
}

START_TEST(readers_see_no_torn_or_missing_answer_in_1000_publications)
{
	pid_t readers[4];
	int status;

	put_numbered(0);
	for (size_t i = 0; i < 4; i++) {
		readers[i] = fork();
		if (readers[i] == 0)
			read_until(1000);
	}
	for (unsigned int i = 1; i <= 1000; i++)
		put_numbered(i);
	for (size_t i = 0; i < 4; i++) {
		ck_assert_int_eq(waitpid(readers[i], &status, 0), readers[i]);
		ck_assert_msg(WIFEXITED(status), "signal %d", WTERMSIG(status));
		ck_assert_int_eq(WEXITSTATUS(status), 0);
	}
}
END_TEST

static volatile int stop;

/* Each thread has buffers of its own, so it calls the entry points itself. */
static void *look_up_for_ever(void *failures)
{
	char buffer[4096];

	while (!stop) {
		struct gaih_addrtuple *tuples = NULL;
		struct passwd user;
		int error, h_error;
		int32_t ttl;

		if (module.gethostbyname4_r("web1", &tuples, buffer, sizeof buffer, &error,
					    &h_error, &ttl) != NSS_STATUS_SUCCESS ||
		    tuples->addr[0] != htonl(0x0a000002) ||
		    module.getpwuid_r(100033, &user, buffer, sizeof buffer, &error) !=
			    NSS_STATUS_SUCCESS ||
		    strcmp(user.pw_name, "vu-Web1-33") != 0 ||
		    module.getpwuid_r(99999, &user, buffer, sizeof buffer, &error) !=
			    NSS_STATUS_NOTFOUND ||
		    module.gethostbyname4_r("nosuch", &tuples, buffer, sizeof buffer, &error,
					    &h_error, &ttl) != NSS_STATUS_NOTFOUND)
			__atomic_fetch_add((int *) failures, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

START_TEST(threads_get_right_answers_while_it_changes)
{
	pthread_t threads[4];
	int failures = 0;

	for (size_t i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, look_up_for_ever, &failures), 0);
	for (unsigned int i = 0; i < 300; i++) {
		struct machine m = {
			.name = "other", .class = MACHINE_VM, .leader = leader, .vsock_cid = i + 3
		};

		put(&m);
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	for (size_t i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	ck_assert_int_eq(failures, 0);
}
END_TEST

START_TEST(a_fork_in_the_middle_hangs_nobody)
{
	pthread_t threads[2];
	int failures = 0;

	if (UNDER_ADDRESS_SANITIZER)
		SKIP("the sanitizer's allocator itself hangs, as fork() does not take its locks");
	for (size_t i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, look_up_for_ever, &failures), 0);
	for (int i = 0; i < 100; i++) {
		pid_t pid = fork();
		int status;

		if (pid == 0) {
			alarm(20);
			_exit(user_by_id(100033).status == NSS_STATUS_SUCCESS &&
					      by_name4("web1").status == NSS_STATUS_SUCCESS
				      ? 0
				      : 1);
		}
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		ck_assert_int_eq(status, 0);
	}
	stop = 1;
	for (size_t i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	ck_assert_int_eq(failures, 0);
}
END_TEST

/* Pages of the module's tables, one of which can't be used at the moment. */
static struct {
	char *begin;
	size_t size;
} tables;

static unsigned int n_interrupted, n_wrong;

/* The module's tables lie behind all that it was loaded with, in pages of their own. */
static int find_tables(struct dl_phdr_info *info, size_t size, void *name)
{
	const size_t page = (size_t) sysconf(_SC_PAGESIZE);

	(void) size;
	if (!strstr(info->dlpi_name, name))
		return 0;
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &info->dlpi_phdr[i];
		uintptr_t begin = info->dlpi_addr + header->p_vaddr;
		uintptr_t loaded = (begin + header->p_filesz + page - 1) & ~(page - 1);
		uintptr_t end = (begin + header->p_memsz + page - 1) & ~(page - 1);

		if (header->p_type == PT_LOAD && loaded < end) {
			tables.begin = (char *) loaded;
			tables.size = end - loaded;
		}
	}
	return 1;
}

/* In the middle of a look-up that has met the page: another one, of all that it may be about. */
static void look_up_meanwhile(int signal)
{
	char buffer[4096];
	struct gaih_addrtuple *tuples = NULL;
	struct passwd user;
	struct group group;
	int error, h_error, number = 0;
	int32_t ttl;

	(void) signal;
	number |= mprotect(tables.begin, tables.size, PROT_READ | PROT_WRITE);
	for (int i = 0; i < 2; i++) {
		n_wrong += module.getpwuid_r(100034, &user, buffer, sizeof buffer, &error) !=
				   NSS_STATUS_SUCCESS ||
			   strcmp(user.pw_name, "vu-Web1-34") != 0;
		n_wrong += module.getgrgid_r(99999, &group, buffer, sizeof buffer, &error) !=
			   NSS_STATUS_NOTFOUND;
		n_wrong += module.gethostbyname4_r("www", &tuples, buffer, sizeof buffer, &error,
						   &h_error, &ttl) != NSS_STATUS_SUCCESS;
		n_wrong += module.gethostbyname4_r("nosuch", &tuples, buffer, sizeof buffer, &error,
						   &h_error, &ttl) != NSS_STATUS_NOTFOUND;
	}
	n_wrong += number != 0;
	n_interrupted++;
}

/* As after a fork(2) while another thread looks up: what that was writing stays half written. */
START_TEST(a_look_up_in_the_middle_of_another_waits_for_nothing)
{
	const size_t page = (size_t) sysconf(_SC_PAGESIZE);
	struct sigaction action = { .sa_handler = look_up_meanwhile, .sa_flags = SA_NODEFER };

	if (UNDER_ADDRESS_SANITIZER)
		SKIP("the sanitizer has variables of its own among the module's tables");
	ck_assert_int_eq(dl_iterate_phdr(find_tables, (void *) "libnss_mymachines"), 1);
	ck_assert_ptr_nonnull(tables.begin);
	ck_assert_int_eq(sigaction(SIGSEGV, &action, NULL), 0);
	for (size_t at = 0; at < tables.size; at += page) {
		/* Another snapshot, of which nothing is known. */
		put_web1();
		ck_assert_int_eq(mprotect(tables.begin + at, page, PROT_NONE), 0);
		for (int i = 0; i < 3; i++) {
			assert_all(NSS_STATUS_SUCCESS, 0);
			assert_no_host(by_name4("nosuch"));
			assert_not_found(user_by_id(99999));
		}
		ck_assert_int_eq(mprotect(tables.begin, tables.size, PROT_READ | PROT_WRITE), 0);
	}
	/* The names that it has, the root of their pages, the ranges of ids, and whose these are. */
	ck_assert_uint_ge(n_interrupted, 4);
	ck_assert_uint_eq(n_wrong, 0);
}
END_TEST

void add_changes(Suite *suite)
{
	ADD(suite, a_publication_is_seen_at_once);
	ADD_LOOP(suite, more_ids_than_the_memo_holds_are_answered, 2);
	ADD(suite, readers_see_no_torn_or_missing_answer_in_1000_publications);
	ADD(suite, threads_get_right_answers_while_it_changes);
	ADD(suite, a_fork_in_the_middle_hangs_nobody);
	ADD(suite, a_look_up_in_the_middle_of_another_waits_for_nothing);
}
