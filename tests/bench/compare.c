/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Look-ups through libc, by one name service alone, measured. For compare.py.
 *
 *   compare populate N PID            a registry of N machines that this process leads
 *   compare look-ups SERVICE N SECONDS WAY...   lines "WAY MEDIAN P99 CALLS", in nanoseconds
 *   compare first SERVICE N WAY       nanoseconds of the first look-up of a process
 *   compare load SERVICE N SECONDS WAY threads|processes COUNT   look-ups a second, of all
 *   compare calls SERVICE N WAY       looks up 20 times between two writes to no descriptor
 *   compare memory SERVICE N          looks up a little, says so, waits for the end of its input
 */
#include "base/array_size.h"
#include "base/pidfd.h"
#include "registry/process_stat.h"
#include "registry/writer.h"

#include <arpa/inet.h>
#include <grp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <nss.h>
#include <pthread.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#ifdef HAVE_VALGRIND_CALLGRIND_H
#include <valgrind/callgrind.h>
#else
#define CALLGRIND_ZERO_STATS
#define CALLGRIND_DUMP_STATS
#endif

#define SAMPLES_MAX 100000
#define CALLS	    20
#define FIRST_ID(i) (524288u + (i) *65536u)

static uint32_t machines;

static void die(const char *what)
{
	fprintf(stderr, "compare: %s\n", what);
	exit(EXIT_FAILURE);
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t) t.tv_sec * 1000000000u + (uint64_t) t.tv_nsec;
}

/* Whether it was found. */
typedef bool way_function(uint32_t i);

static bool find_addresses(const char *name, int family)
{
	const struct addrinfo hints = { .ai_family = family, .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	int r = getaddrinfo(name, NULL, &hints, &found);

	if (r == 0)
		freeaddrinfo(found);
	return r == 0;
}

static bool host(uint32_t i)
{
	char name[32];

	snprintf(name, sizeof name, "m%04u", i);
	return find_addresses(name, AF_UNSPEC);
}

static bool host4(uint32_t i)
{
	char name[32];

	snprintf(name, sizeof name, "m%04u", i);
	return find_addresses(name, AF_INET);
}

static bool same_host(uint32_t i)
{
	(void) i;
	return host(machines / 2);
}

static bool no_host(uint32_t i)
{
	char name[32];

	snprintf(name, sizeof name, "nosuch%u", i);
	return find_addresses(name, AF_UNSPEC);
}

static bool address(uint32_t i)
{
	const uint8_t bytes[4] = { 10, 0, (uint8_t) (i >> 8), (uint8_t) i };
	struct hostent result, *found = NULL;
	char buffer[8192];
	int error;

	gethostbyaddr_r(bytes, 4, AF_INET, &result, buffer, sizeof buffer, &found, &error);
	return found;
}

static bool user_named(const char *machine, uint32_t i)
{
	struct passwd result, *found = NULL;
	char name[32], buffer[4096];

	snprintf(name, sizeof name, "vu-%s%04u-33", machine, i);
	getpwnam_r(name, &result, buffer, sizeof buffer, &found);
	return found;
}

static bool user(uint32_t i)
{
	return user_named("m", i);
}

static bool no_user(uint32_t i)
{
	return user_named("none", i);
}

static bool user_of(uid_t uid)
{
	struct passwd result, *found = NULL;
	char buffer[4096];

	getpwuid_r(uid, &result, buffer, sizeof buffer, &found);
	return found;
}

static bool uid(uint32_t i)
{
	return user_of(FIRST_ID(i) + 33);
}

static bool few_uids(uint32_t i)
{
	return user_of(FIRST_ID(i % 8 % machines) + 33);
}

static bool no_uid(uint32_t i)
{
	return user_of(4200000000u + i);
}

static bool group(uint32_t i)
{
	struct group result, *found = NULL;
	char name[32], buffer[4096];

	snprintf(name, sizeof name, "vg-m%04u-33", i);
	getgrnam_r(name, &result, buffer, sizeof buffer, &found);
	return found;
}

static bool gid(uint32_t i)
{
	struct group result, *found = NULL;
	char buffer[4096];

	getgrgid_r(FIRST_ID(i) + 33, &result, buffer, sizeof buffer, &found);
	return found;
}

static const struct way {
	const char *name;
	way_function *look_up;
	bool is_found;
} ways[] = {
	{ "host", host, true },		  { "host4", host4, true },
	{ "same-host", same_host, true }, { "no-host", no_host, false },
	{ "address", address, true },	  { "user", user, true },
	{ "no-user", no_user, false },	  { "uid", uid, true },
	{ "few-uids", few_uids, true },	  { "no-uid", no_uid, false },
	{ "group", group, true },	  { "gid", gid, true },
};

static const struct way *find_way(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++)
		if (strcmp(ways[i].name, name) == 0)
			return &ways[i];
	die(name);
	return NULL;
}

/* A sequence that visits machines in no order: the same in each run. */
static uint32_t next_index(uint32_t *state)
{
	*state = *state * 1103515245 + 12345;
	return (*state >> 8) % machines;
}

static void look_up(const struct way *way, uint32_t i)
{
	if (way->look_up(i) != way->is_found)
		die(way->name);
}

static void choose_service(const char *service)
{
	__nss_configure_lookup("hosts", service);
	__nss_configure_lookup("passwd", service);
	__nss_configure_lookup("group", service);
}

static int compare_numbers(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *) a, y = *(const uint64_t *) b;

	return x < y ? -1 : x > y;
}

static void measure(const struct way *way, double seconds)
{
	static uint64_t samples[SAMPLES_MAX];
	uint32_t state = 12345;
	size_t n = 0;
	uint64_t end = now() + (uint64_t) (seconds * 2e8);

	do
		look_up(way, next_index(&state));
	while (now() < end);
	end = now() + (uint64_t) (seconds * 8e8);
	while (n < SAMPLES_MAX && (n < 10 || now() < end)) {
		uint32_t i = next_index(&state);
		uint64_t begin = now();

		look_up(way, i);
		samples[n++] = now() - begin;
	}
	qsort(samples, n, sizeof *samples, compare_numbers);
	printf("%s %llu %llu %zu\n", way->name, (unsigned long long) samples[n / 2],
	       (unsigned long long) samples[n * 99 / 100], n);
	fflush(stdout);
}

struct loading {
	const struct way *way;
	uint64_t end;
	uint32_t state;
	uint64_t count;
};

static void *load(void *data)
{
	struct loading *l = data;

	/* A name server may give up on some: these don't count. */
	while (now() < l->end)
		l->count += l->way->look_up(next_index(&l->state)) == l->way->is_found;
	return NULL;
}

static void load_threads(const struct way *way, uint64_t end, size_t count, uint64_t *total)
{
	struct loading loadings[64];
	pthread_t threads[64];

	for (size_t i = 0; i < count; i++) {
		loadings[i] = (struct loading){ way, end, (uint32_t) i, 0 };
		if (pthread_create(&threads[i], NULL, load, &loadings[i]) != 0)
			die("no thread");
	}
	for (size_t i = 0; i < count; i++) {
		pthread_join(threads[i], NULL);
		*total += loadings[i].count;
	}
}

static void load_processes(const struct way *way, uint64_t end, size_t count, uint64_t *total)
{
	uint64_t *counts =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	for (size_t i = 0; i < count; i++)
		if (fork() == 0) {
			struct loading l = { way, end, (uint32_t) i, 0 };

			load(&l);
			counts[i] = l.count;
			_exit(0);
		}
	while (wait(NULL) > 0)
		continue;
	for (size_t i = 0; i < count; i++)
		*total += counts[i];
}

static void measure_load(const struct way *way, double seconds, const char *kind, size_t count)
{
	uint64_t total = 0, begin = now(), end = begin + (uint64_t) (seconds * 1e9);

	if (count > 64)
		die("at most 64");
	if (strcmp(kind, "threads") == 0)
		load_threads(way, end, count, &total);
	else
		load_processes(way, end, count, &total);
	printf("%.0f\n", (double) total / ((double) (now() - begin) / 1e9));
}

static void put_machine(struct writer *w, uint32_t i, const struct machine_leader *leader)
{
	struct machine_address address = { .family = AF_INET,
					   .flags = ADDRESS_ROUTED,
					   .bytes = { 10, 0, (uint8_t) (i >> 8), (uint8_t) i },
					   .host_interface = 2 };
	struct idmap_extent ids = { 0, FIRST_ID(i), 65536 };
	char name[16];
	struct machine m = { .name = name,
			     .class = MACHINE_CONTAINER,
			     .leader = *leader,
			     .realtime = 1,
			     .monotonic = 1,
			     .system = { .is_known = true,
					 .has_id = true,
					 .id = { 1, 2, 3, 4 },
					 .os = "debian",
					 .version = "12",
					 .os_name = "Debian GNU/Linux 12 (bookworm)" },
			     .service = "bench",
			     .root_directory = "/var/lib/machines/bench",
			     .uids = { &ids, 1 },
			     .gids = { &ids, 1 },
			     .addresses = &address,
			     .n_addresses = 1 };

	snprintf(name, sizeof name, "m%04u", i);
	/* A pid each: the registry knows whom a pid leads. The leaders live for all that look-ups see. */
	if (writer_put(w, &m) < 0)
		die(name);
}

static void populate(uint32_t pid)
{
	struct machine_leader leader = { .pid = pid };
	struct process_stat stat;
	struct stat st;
	struct writer w;
	int pidfd = pidfd_of((pid_t) pid);

	if (process_stat_read(pid, &stat) < 0 || (pidfd >= 0 && fstat(pidfd, &st) < 0))
		die("no leader");
	leader.start_time = stat.start_time;
	leader.pidfd_inode = pidfd < 0 ? 0 : st.st_ino;
	if (writer_open(&w, REGISTRY_DIRECTORY) < 0)
		die("no writer");
	for (uint32_t i = 0; i < machines; i++)
		put_machine(&w, i, &leader);
	if (writer_publish(&w) < 0)
		die("no publication");
	writer_close(&w);
}

static void count_calls(const struct way *way)
{
	uint32_t state = 12345;

	for (int i = 0; i < 3 * CALLS; i++)
		look_up(way, next_index(&state));
	(void) !write(-1, "begin", 5);
	CALLGRIND_ZERO_STATS;
	for (int i = 0; i < CALLS; i++)
		look_up(way, next_index(&state));
	CALLGRIND_DUMP_STATS;
	(void) !write(-1, "end", 3);
}

static void remember(int argc, char **argv)
{
	char byte;

	/* A name server may give up on some; the empty module finds nothing. */
	for (int i = 4; i < argc; i++)
		for (uint32_t n = 0; n < 50; n++)
			find_way(argv[i])->look_up(n % machines);
	puts("ready");
	fflush(stdout);
	while (read(0, &byte, 1) > 0)
		continue;
}

int main(int argc, char **argv)
{
	const char *what = argc > 3 ? argv[1] : "";

	machines = argc > 3 ? (uint32_t) atoi(argv[strcmp(what, "populate") == 0 ? 2 : 3]) : 0;
	if (machines == 0)
		die("see the head of its source");
	if (strcmp(what, "populate") == 0) {
		populate((uint32_t) atoi(argv[3]));
		return EXIT_SUCCESS;
	}
	choose_service(argv[2]);
	if (strcmp(what, "look-ups") == 0 && argc > 5) {
		for (int i = 5; i < argc; i++)
			measure(find_way(argv[i]), atof(argv[4]));
	} else if (strcmp(what, "first") == 0 && argc == 5) {
		uint64_t begin = now();

		/* The empty module finds nothing. */
		find_way(argv[4])->look_up(0);
		printf("%llu\n", (unsigned long long) (now() - begin));
	} else if (strcmp(what, "load") == 0 && argc == 8) {
		measure_load(find_way(argv[5]), atof(argv[4]), argv[6], (size_t) atoi(argv[7]));
	} else if (strcmp(what, "calls") == 0 && argc == 5) {
		count_calls(find_way(argv[4]));
	} else if (strcmp(what, "memory") == 0) {
		remember(argc, argv);
	} else {
		die("see the head of its source");
	}
	return EXIT_SUCCESS;
}
