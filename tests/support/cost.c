/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cost [first-user]: look up each way, many times, in a registry of a thousand machines that
 * this makes; or a user by id, once, as the first of this process. tests/plugin/cost.t counts instructions and system calls of each:
 * the calls that count are between two that write(2) to no descriptor.
 */
#include "base/array_size.h"
#include "base/child.h"
#include "base/pidfd.h"
#include "registry/process_stat.h"
#include "registry/writer.h"
#include "tests/plugin/module.h"

#include <dlfcn.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#ifdef HAVE_VALGRIND_CALLGRIND_H
#include <valgrind/callgrind.h>
#else
#define CALLGRIND_ZERO_STATS
#define CALLGRIND_DUMP_STATS_AT(name) (void) (name)
#endif

#define MACHINES 1000
#define CALLS	 100

static char buffer[4096];

static void die(const char *what)
{
	fprintf(stderr, "cost: %s\n", what);
	exit(EXIT_FAILURE);
}

static struct machine_leader start_leader(void)
{
	struct process_stat stat;
	struct stat st = { 0 };
	pid_t parent = getpid(), pid = fork();
	int pidfd;

	if (pid == 0) {
		while (child_ends_with(parent))
			pause();
		_exit(EXIT_FAILURE);
	}
	/* Valgrind may not know the call. */
	pidfd = pidfd_of(pid);
	if (process_stat_read((uint32_t) pid, &stat) < 0 || (pidfd >= 0 && fstat(pidfd, &st) < 0))
		die("no leader");
	return (struct machine_leader){ (uint32_t) pid, stat.start_time, st.st_ino };
}

static void put_machine(struct writer *w, uint32_t i, const struct machine_leader *leader)
{
	const uint8_t high = (uint8_t) (i >> 8), low = (uint8_t) i;
	struct machine_address addresses[] = {
		{ .family = AF_INET, .flags = ADDRESS_ROUTED, .bytes = { 10, 0, high, low } },
		{ .family = AF_INET6,
		  .flags = ADDRESS_ROUTED,
		  .bytes = { 0xfd, [14] = high, [15] = low } },
	};
	struct idmap_extent ids = { 0, 524288 + i * 65536, 65536 };
	char name[16];
	struct machine m = { .name = name,
			     .class = MACHINE_CONTAINER,
			     .leader = *leader,
			     .unit = "cost.scope",
			     .service = "cost",
			     .root_directory = "/var/lib/machines/cost",
			     .addresses = addresses,
			     .n_addresses = ARRAY_SIZE(addresses),
			     .uids = { &ids, 1 },
			     .gids = { &ids, 1 } };

	snprintf(name, sizeof name, "m%04u", i);
	if (writer_put(w, &m) < 0)
		die("a machine can't be put");
}

static void make_registry(void)
{
	const struct machine_leader leader = start_leader();
	struct writer w;

	if (writer_open(&w, REGISTRY_DIRECTORY) < 0)
		die("no writer");
	for (uint32_t i = 0; i < MACHINES; i++)
		put_machine(&w, i, &leader);
	if (writer_publish(&w) < 0)
		die("no publication");
	writer_close(&w);
}

static void *entry(const char *name)
{
	static void *object;
	void *found;

	if (!object)
		object = dlopen(getenv("NSS_MODULE"), RTLD_NOW);
	found = object ? dlsym(object, name) : NULL;
	if (!found)
		die(dlerror());
	return found;
}

#define ENTRY(name)                                                                                \
	static __typeof__(_nss_mymachines_##name) *call;                                           \
	if (!call)                                                                                 \
		call = entry("_nss_mymachines_" #name);

static bool look_up_host(const char *name)
{
	ENTRY(gethostbyname4_r)
	struct gaih_addrtuple *tuples = NULL;
	int error, h_error;
	int32_t ttl;

	return call(name, &tuples, buffer, sizeof buffer, &error, &h_error, &ttl) ==
	       NSS_STATUS_SUCCESS;
}

/* IPv4 alone: the way of gethostbyname(3), and of getaddrinfo(3) for AF_INET. */
static bool host_ipv4_cold(uint32_t i)
{
	ENTRY(gethostbyname3_r)
	struct hostent host;
	char name[16];
	int error, h_error;
	int32_t ttl;
	char *canonical;

	snprintf(name, sizeof name, "m%04u", i * 7919 % MACHINES);
	return call(name, AF_INET, &host, buffer, sizeof buffer, &error, &h_error, &ttl,
		    &canonical) == NSS_STATUS_SUCCESS;
}

static bool host_warm(uint32_t i)
{
	(void) i;
	return look_up_host("m0007");
}

/* More hosts than are remembered. */
static bool host_cold(uint32_t i)
{
	char name[16];

	snprintf(name, sizeof name, "m%04u", i * 7919 % MACHINES);
	return look_up_host(name);
}

static bool host_miss(uint32_t i)
{
	char name[32];

	snprintf(name, sizeof name, "www%u.example.com", i);
	return !look_up_host(name);
}

static bool look_up_address(uint32_t i)
{
	ENTRY(gethostbyaddr2_r)
	const uint8_t bytes[4] = { 10, 0, (uint8_t) (i >> 8), (uint8_t) i };
	struct hostent host;
	int error, h_error;

	return call(bytes, 4, AF_INET, &host, buffer, sizeof buffer, &error, &h_error, NULL) ==
	       NSS_STATUS_SUCCESS;
}

static bool address_warm(uint32_t i)
{
	(void) i;
	return look_up_address(7);
}

static bool address_cold(uint32_t i)
{
	return look_up_address(i * 7919 % MACHINES);
}

static bool named_user(uint32_t i)
{
	ENTRY(getpwnam_r)
	struct passwd user;
	char name[24];
	int error;

	snprintf(name, sizeof name, "vu-m%04u-33", i * 7919 % MACHINES);
	return call(name, &user, buffer, sizeof buffer, &error) == NSS_STATUS_SUCCESS;
}

static bool no_named_user(uint32_t i)
{
	ENTRY(getpwnam_r)
	struct passwd user;
	char name[24];
	int error;

	snprintf(name, sizeof name, "vu-n%04u-33", i);
	return call(name, &user, buffer, sizeof buffer, &error) == NSS_STATUS_NOTFOUND;
}

static bool look_up_user(uint32_t machine)
{
	ENTRY(getpwuid_r)
	struct passwd user;
	int error;

	return call(524288 + machine * 65536 + 33, &user, buffer, sizeof buffer, &error) ==
	       NSS_STATUS_SUCCESS;
}

static bool user_of_id_warm(uint32_t i)
{
	return look_up_user(i % 8);
}

/* Of a machine that wasn't asked for before. */
static bool user_of_id_cold(uint32_t i)
{
	return look_up_user(i * 7919 % MACHINES);
}

static bool no_user_of_id(uint32_t i)
{
	ENTRY(getpwuid_r)
	struct passwd user;
	int error;

	return call(4200000000u + i, &user, buffer, sizeof buffer, &error) == NSS_STATUS_NOTFOUND;
}

static bool group_of_id(uint32_t i)
{
	ENTRY(getgrgid_r)
	struct group group;
	int error;

	return call(524288 + i % 8 * 65536 + 33, &group, buffer, sizeof buffer, &error) ==
	       NSS_STATUS_SUCCESS;
}

static bool named_group(uint32_t i)
{
	ENTRY(getgrnam_r)
	struct group group;
	char name[24];
	int error;

	snprintf(name, sizeof name, "vg-m%04u-33", i * 7919 % MACHINES);
	return call(name, &group, buffer, sizeof buffer, &error) == NSS_STATUS_SUCCESS;
}

static bool next_host(uint32_t i)
{
	ENTRY(gethostent_r)
	struct hostent host;
	int error, h_error;

	(void) i;
	return call(&host, buffer, sizeof buffer, &error, &h_error) == NSS_STATUS_SUCCESS;
}

static const struct way {
	const char *name;
	bool (*look_up)(uint32_t i);
} ways[] = {
	{ "host-warm", host_warm },
	{ "host-cold", host_cold },
	{ "host-ipv4-cold", host_ipv4_cold },
	{ "host-miss", host_miss },
	{ "address-warm", address_warm },
	{ "address-cold", address_cold },
	{ "user-by-name", named_user },
	{ "user-by-name-miss", no_named_user },
	{ "user-by-id-warm", user_of_id_warm },
	{ "user-by-id-cold", user_of_id_cold },
	{ "user-by-id-miss", no_user_of_id },
	{ "group-by-name", named_group },
	{ "group-by-id", group_of_id },
	{ "next-host", next_host },
};

/* For the calls and instructions between these two, by cost.t. */
static void begin_counting(const char *name)
{
	(void) !write(-1, name, strlen(name));
	CALLGRIND_ZERO_STATS;
}

static void end_counting(const char *name)
{
	CALLGRIND_DUMP_STATS_AT(name);
	(void) !write(-1, "end", 3);
}

static void look_up(const struct way *way, uint32_t first, uint32_t count)
{
	for (uint32_t i = first; i < first + count; i++)
		if (!way->look_up(i))
			die(way->name);
}

/* The cost of a process's first look-up, without loading the module. */
static void look_up_first(const char *name, bool (*way)(uint32_t i))
{
	begin_counting(name);
	if (!way(0))
		die(name);
	end_counting(name);
}

int main(int argc, char **argv)
{
	make_registry();
	entry("_nss_mymachines_gethostbyname4_r");
	if (argc > 1 && strcmp(argv[1], "first-user") == 0) {
		look_up_first("first-user-by-id", user_of_id_warm);
		return EXIT_SUCCESS;
	}
	look_up_first("first-host", host_warm);
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		/* A thousand calls know all ids that will be asked for. */
		look_up(&ways[i], 0, MACHINES - CALLS);
		begin_counting(ways[i].name);
		look_up(&ways[i], MACHINES - CALLS, CALLS);
		end_counting(ways[i].name);
	}
	return EXIT_SUCCESS;
}
