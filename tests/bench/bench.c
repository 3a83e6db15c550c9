/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bench all MODULE [N...]: what look-ups and registrations cost with N machines in the registry.
 * bench look-ups HOSTS-MODULE USERS-MODULE N: only look-ups, of machines that are there already.
 *
 * MODULE is PATH#NAME: the object, and the name of the NSS service. It is called at its entry
 * points; every call is timed by itself, and medians and 99th percentiles are told, in
 * microseconds, as these are what noise disturbs least. Beside them, in the same run: what
 * glibc's own "files" takes, and what whole processes take. Runs as root, in a private mount
 * namespace (tests/private) or in that of the peer (peer).
 */
#include "registry/process_stat.h"
#include "registry/register.h"
#include "nss-mymachines/prototypes.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <malloc.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SAMPLES_MAX 20000

extern char **environ;

static struct machine_leader leader;
static uint32_t n_machines;
static uint64_t samples[SAMPLES_MAX];
static size_t n_samples;
static char buffer[64 * 1024];

static void die(const char *what, int r)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(-r));
	exit(EXIT_FAILURE);
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t) t.tv_sec * 1000000000u + (uint64_t) t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *) a, y = *(const uint64_t *) b;

	return (x > y) - (x < y);
}

static void report(const char *what)
{
	qsort(samples, n_samples, sizeof *samples, compare);
	printf("%-44s %8u %10.2f %10.2f\n", what, n_machines, (double) samples[n_samples / 2] / 1e3,
	       (double) samples[n_samples * 99 / 100] / 1e3);
	fflush(stdout);
	n_samples = 0;
}

/* A sequence that visits all machines in no order: the same in each run. */
static uint32_t next_index(void)
{
	static uint32_t state = 12345;

	state = state * 1103515245 + 12345;
	return (state >> 8) % n_machines;
}

/* Ids are dense for so many machines that 65536 each wouldn't fit. */
static uint32_t ids_each(void)
{
	return n_machines > 50000 ? 20000 : 65536;
}

static uint32_t first_id(uint32_t i)
{
	return 524288 + i * ids_each();
}

/* Machine i, as a container manager would leave it. */
static struct machine machine(uint32_t i)
{
	static char name[16];
	static struct machine_address addresses[3];
	static struct machine_interface interface;
	static struct idmap_extent extent;

	snprintf(name, sizeof name, "m%04u", i);
	addresses[0] = (struct machine_address){ .family = AF_INET,
						 .prefix_length = 8,
						 .bytes = { 10, (uint8_t) (i >> 16),
							    (uint8_t) (i >> 8), (uint8_t) i },
						 .host_interface = i + 10,
						 .interface = "host0" };
	addresses[1] = (struct machine_address){
		.family = AF_INET6,
		.prefix_length = 64,
		.bytes = { 0xfd, [13] = (uint8_t) (i >> 16), [14] = (uint8_t) (i >> 8),
			   [15] = (uint8_t) i },
		.host_interface = i + 10,
		.interface = "host0"
	};
	addresses[2] = addresses[1];
	addresses[2].bytes[0] = 0xfe;
	addresses[2].bytes[1] = 0x80;
	addresses[2].scope = 253;
	interface = (struct machine_interface){ i + 10, 0 };
	extent = (struct idmap_extent){ 0, first_id(i), ids_each() };
	return (struct machine){ .name = name,
				 .class = MACHINE_CONTAINER,
				 .leader = leader,
				 .realtime = 1,
				 .monotonic = 1,
				 .has_id = true,
				 .id = { 1 },
				 .service = "bench",
				 .unit = "machine-bench.scope",
				 .root_directory = "/var/lib/machines/bench",
				 .uids = { &extent, 1 },
				 .gids = { &extent, 1 },
				 .interfaces = &interface,
				 .n_interfaces = 1,
				 .addresses = addresses,
				 .n_addresses = 3 };
}

static void populate(void)
{
	struct writer w;
	uint64_t begin = now();
	int r = writer_open(&w, REGISTRY_DIRECTORY);

	for (uint32_t i = 0; i < n_machines && r == 0; i++) {
		struct machine m = machine(i);
		struct register_conflict conflict;

		/* Leaders of their own, so that all rules are applied; then the one that lives. */
		m.leader.pid = 4000000 + i;
		r = register_machine(&w, &m, false, &conflict);
	}
	if (r == 0)
		r = writer_publish(&w);
	if (r < 0)
		die("a batch of registrations", r);
	writer_close(&w);
	samples[n_samples++] = (now() - begin) / n_machines;
	report("registration in a batch, each");
	r = writer_open(&w, REGISTRY_DIRECTORY);
	for (uint32_t i = 0; i < n_machines && r == 0; i++) {
		struct machine m = machine(i);

		m.sequence = i + 1;
		r = writer_put(&w, &m);
	}
	if (r == 0)
		r = writer_publish(&w);
	if (r < 0)
		die("machines with a live leader", r);
	writer_close(&w);
}

/* One more machine comes and goes, each change a publication. */
static void measure_registration(void)
{
	const size_t rounds = n_machines > 50000 ? 20 : n_machines > 5000 ? 50 : 300;
	static uint64_t removals[SAMPLES_MAX];

	for (size_t i = 0; i < rounds; i++) {
		struct machine m = machine(n_machines);
		struct register_conflict conflict;
		struct writer w;
		uint64_t begin = now();
		int r;

		m.leader.pid = 4100000;
		m.sequence = 0;
		m.name = "one-more";
		r = writer_open(&w, REGISTRY_DIRECTORY);
		if (r == 0)
			r = register_machine(&w, &m, false, &conflict);
		if (r == 0)
			r = writer_publish(&w);
		if (r < 0)
			die("one registration", r);
		writer_close(&w);
		samples[n_samples++] = now() - begin;
		begin = now();
		r = writer_open(&w, REGISTRY_DIRECTORY);
		if (r == 0)
			r = writer_remove(&w, "one-more");
		if (r == 0)
			r = writer_publish(&w);
		if (r < 0)
			die("one removal", r);
		writer_close(&w);
		removals[i] = now() - begin;
	}
	report("one registration");
	memcpy(samples, removals, rounds * sizeof *samples);
	n_samples = rounds;
	report("one removal");
}

/* A loaded NSS module. */
struct module {
	void *object;
	const char *service;
};

static struct module hosts, users;

static void *find_entry(const struct module *module, const char *name)
{
	char symbol[64];
	void *found;

	snprintf(symbol, sizeof symbol, "_nss_%s_%s", module->service, name);
	found = dlsym(module->object, symbol);
	if (!found)
		die(symbol, -ENOSYS);
	return found;
}

static struct module load(char *argument)
{
	char *service = strchr(argument, '#');
	struct module module = { .service = service ? service + 1 : "mymachines" };

	if (service)
		*service = '\0';
	module.object = dlopen(argument, RTLD_NOW);
	if (!module.object) {
		fprintf(stderr, "bench: %s\n", dlerror());
		exit(EXIT_FAILURE);
	}
	return module;
}

typedef enum nss_status look_up(uint32_t i);

/* The symbol is looked up once: finding it isn't what is measured. */
#define ENTRY(module, name)                                                                        \
	static __typeof__(_nss_mymachines_##name) *call;                                           \
	if (!call)                                                                                 \
		call = find_entry(&(module), #name);

static enum nss_status look_up_host4(uint32_t i)
{
	ENTRY(hosts, gethostbyname4_r)
	struct gaih_addrtuple *tuples = NULL;
	int error, h_error;
	char name[16];
	int32_t ttl;

	snprintf(name, sizeof name, "m%04u", i);
	return call(name, &tuples, buffer, sizeof buffer, &error, &h_error, &ttl);
}

/* What a look-up of a host does once it has found it. */
static enum nss_status look_at_leader(uint32_t i)
{
	struct registry_origin origin;

	(void) i;
	return registry_origin_read(&origin) == 0 && !leader_is_gone(&leader, &origin)
		       ? NSS_STATUS_SUCCESS
		       : NSS_STATUS_NOTFOUND;
}

static enum nss_status look_up_host3(uint32_t i)
{
	ENTRY(hosts, gethostbyname3_r)
	struct hostent host;
	int error, h_error;
	char name[16];

	snprintf(name, sizeof name, "m%04u", i);
	return call(name, AF_INET, &host, buffer, sizeof buffer, &error, &h_error, NULL, NULL);
}

static enum nss_status look_up_no_host(uint32_t i)
{
	ENTRY(hosts, gethostbyname4_r)
	struct gaih_addrtuple *tuples = NULL;
	int error, h_error;
	char name[24];
	int32_t ttl;

	snprintf(name, sizeof name, "www%u.example.com", i);
	return call(name, &tuples, buffer, sizeof buffer, &error, &h_error, &ttl);
}

static enum nss_status look_up_address(uint32_t i)
{
	ENTRY(hosts, gethostbyaddr2_r)
	uint8_t bytes[4] = { 10, (uint8_t) (i >> 16), (uint8_t) (i >> 8), (uint8_t) i };
	struct hostent host;
	int error, h_error;

	return call(bytes, 4, AF_INET, &host, buffer, sizeof buffer, &error, &h_error, NULL);
}

static enum nss_status look_up_user(uint32_t i)
{
	ENTRY(users, getpwnam_r)
	struct passwd user;
	char name[24];
	int error;

	snprintf(name, sizeof name, "vu-m%04u-33", i);
	return call(name, &user, buffer, sizeof buffer, &error);
}

static enum nss_status look_up_no_user(uint32_t i)
{
	ENTRY(users, getpwnam_r)
	struct passwd user;
	char name[24];
	int error;

	snprintf(name, sizeof name, "vu-none%u-33", i);
	return call(name, &user, buffer, sizeof buffer, &error);
}

static enum nss_status user_by_id(uint32_t id)
{
	ENTRY(users, getpwuid_r)
	struct passwd user;
	int error;

	return call(id, &user, buffer, sizeof buffer, &error);
}

/* Files of a few machines, as ls and find meet them. */
static enum nss_status look_up_few_ids(uint32_t i)
{
	return user_by_id(first_id(i % (n_machines < 8 ? n_machines : 8)) + i % 1000);
}

static enum nss_status look_up_many_ids(uint32_t i)
{
	return user_by_id(first_id(i) + 33);
}

/* Machines are below this, and nobody above. */
static enum nss_status look_up_no_id(uint32_t i)
{
	return user_by_id(4200000000u + i);
}

static enum nss_status look_up_group_id(uint32_t i)
{
	ENTRY(users, getgrgid_r)
	struct group group;
	int error;

	return call(first_id(i % 8 < n_machines ? i % 8 : 0) + 33, &group, buffer, sizeof buffer,
		    &error);
}

/* Through libc, which the private nsswitch.conf sends to "files" alone. */
static enum nss_status look_up_files_user(uint32_t i)
{
	struct passwd user, *found;

	(void) i;
	getpwuid_r(3999999999u, &user, buffer, sizeof buffer, &found);
	return found ? NSS_STATUS_SUCCESS : NSS_STATUS_NOTFOUND;
}

static void measure(const char *what, look_up *call, enum nss_status expected)
{
	uint64_t limit = now() + 200000000u;

	/* So long that a memo has seen what it can hold. */
	for (int i = 0; i < 5000 && now() < limit; i++)
		call(next_index());
	limit = now() + 400000000u;
	while (n_samples < SAMPLES_MAX && (n_samples < 30 || now() < limit)) {
		uint32_t i = next_index();
		uint64_t begin = now();
		enum nss_status status = call(i);

		samples[n_samples++] = now() - begin;
		/* How a miss is said differs between services. */
		if ((status == NSS_STATUS_SUCCESS) != (expected == NSS_STATUS_SUCCESS))
			die(what, -EBADMSG);
	}
	report(what);
}

/* The first look-up of a process: nothing in its memo, nor in its caches. */
static void measure_first(const char *what, look_up *call)
{
	uint64_t *shared =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	for (int i = 0; i < 200; i++) {
		uint32_t index = next_index();
		pid_t pid = fork();

		if (pid == 0) {
			uint64_t begin = now();

			call(index);
			*shared = now() - begin;
			_exit(0);
		}
		waitpid(pid, NULL, 0);
		samples[n_samples++] = *shared;
	}
	munmap(shared, 4096);
	report(what);
}

static uint64_t run(char *const *arguments)
{
	posix_spawn_file_actions_t actions;
	uint64_t begin;
	int status, r;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	begin = now();
	r = posix_spawnp(&pid, arguments[0], &actions, NULL, arguments, environ);
	if (r)
		die(arguments[0], -r);
	waitpid(pid, &status, 0);
	posix_spawn_file_actions_destroy(&actions);
	if (status)
		die(arguments[0], -ECHILD);
	return now() - begin;
}

/* Two commands in turn, so that both have the same weather. */
static void measure_processes(const char *const a[static 2], const char *const b[static 2])
{
	static uint64_t second[SAMPLES_MAX];
	const size_t rounds = 150;
	char a_words[4][32], b_words[4][32], *a_argv[5] = { NULL }, *b_argv[5] = { NULL };

	for (size_t i = 0, n = 0; i < 2; i++) {
		char *copy = strdup(i ? b[1] : a[1]), *rest;
		char(*words)[32] = i ? b_words : a_words, **argv = i ? b_argv : a_argv;

		n = 0;
		for (char *word = strtok_r(copy, " ", &rest); word;
		     word = strtok_r(NULL, " ", &rest), n++) {
			snprintf(words[n], 32, "%s", word);
			argv[n] = words[n];
		}
		free(copy);
	}
	for (size_t i = 0; i < rounds; i++) {
		samples[n_samples++] = run(a_argv);
		second[i] = run(b_argv);
	}
	report(a[0]);
	memcpy(samples, second, rounds * sizeof *samples);
	n_samples = rounds;
	report(b[0]);
}

static void measure_all(void)
{
	char host[40], user[48];
	const char *pairs[4][2] = {
		{ "process: getent hosts NAME", host },
		{ "process: getent passwd root (floor)", "getent passwd root" },
		{ "process: getent passwd vu-NAME-33", user },
		{ "process: mymachines list", "mymachines list" },
	};

	unlink(REGISTRY_PATH);
	populate();
	measure_registration();
	/* Before this process, which the others are copies of, has learnt anything. */
	measure_first("first of a process: host by name", look_up_host4);
	measure_first("first of a process: no host", look_up_no_host);
	measure_first("first of a process: user by id", look_up_many_ids);
	measure("host by name, hit", look_up_host4, NSS_STATUS_SUCCESS);
	measure("of which at most: does its leader live", look_at_leader, NSS_STATUS_SUCCESS);
	measure("host by name, IPv4 only, hit", look_up_host3, NSS_STATUS_SUCCESS);
	measure("host by name, miss", look_up_no_host, NSS_STATUS_NOTFOUND);
	measure("host by address, hit", look_up_address, NSS_STATUS_SUCCESS);
	measure("user by name, hit", look_up_user, NSS_STATUS_SUCCESS);
	measure("user by name, miss", look_up_no_user, NSS_STATUS_NOTFOUND);
	measure("user by id, hit, of eight machines", look_up_few_ids, NSS_STATUS_SUCCESS);
	measure("user by id, hit, of all machines", look_up_many_ids, NSS_STATUS_SUCCESS);
	measure("user by id, miss", look_up_no_id, NSS_STATUS_NOTFOUND);
	measure("group by id, hit, of eight machines", look_up_group_id, NSS_STATUS_SUCCESS);
	measure("glibc's files, user by id, miss (floor)", look_up_files_user, NSS_STATUS_NOTFOUND);
	snprintf(host, sizeof host, "getent hosts m%04u", n_machines - 1);
	snprintf(user, sizeof user, "getent passwd vu-m%04u-33", n_machines - 1);
	measure_processes(pairs[0], pairs[1]);
	measure_processes(pairs[2], pairs[3]);
}

static void start_leader(void)
{
	struct process_stat stat;
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	if (process_stat_read((uint32_t) pid, &stat) < 0)
		die("the leader", -ESRCH);
	leader = (struct machine_leader){ (uint32_t) pid, stat.start_time, 0 };
}

static void print_header(void)
{
	printf("%-44s %8s %10s %10s\n", "microseconds", "machines", "median", "p99");
}

static int bench_all(int argc, char **argv)
{
	static const uint32_t sizes[] = { 10, 100, 1000, 10000, 100000 };

	hosts = users = load(argv[2]);
	/* As the registrar does. */
	mallopt(M_MMAP_THRESHOLD, 128 * 1024);
	start_leader();
	print_header();
	for (int i = 3; i < argc; i++) {
		n_machines = (uint32_t) strtoul(argv[i], NULL, 10);
		measure_all();
	}
	for (size_t i = 0; argc == 3 && i < sizeof sizes / sizeof *sizes; i++) {
		n_machines = sizes[i];
		measure_all();
	}
	return EXIT_SUCCESS;
}

static int bench_look_ups(char **argv)
{
	hosts = load(argv[2]);
	users = load(argv[3]);
	n_machines = (uint32_t) strtoul(argv[4], NULL, 10);
	print_header();
	measure("host by name, hit", look_up_host4, NSS_STATUS_SUCCESS);
	measure("host by name, IPv4 only, hit", look_up_host3, NSS_STATUS_SUCCESS);
	measure("host by name, miss", look_up_no_host, NSS_STATUS_NOTFOUND);
	measure("user by name, hit", look_up_user, NSS_STATUS_SUCCESS);
	measure("user by name, miss", look_up_no_user, NSS_STATUS_NOTFOUND);
	measure("user by id, hit, of all machines", look_up_many_ids, NSS_STATUS_SUCCESS);
	measure("user by id, miss", look_up_no_id, NSS_STATUS_NOTFOUND);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	if (argc >= 3 && strcmp(argv[1], "all") == 0)
		return bench_all(argc, argv);
	if (argc == 5 && strcmp(argv[1], "look-ups") == 0)
		return bench_look_ups(argv);
	fprintf(stderr, "usage: bench all MODULE [N...]\n"
			"       bench look-ups HOSTS-MODULE USERS-MODULE N\n");
	return EXIT_FAILURE;
}
