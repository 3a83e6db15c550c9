/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * threads SECONDS: sixteen threads call the module's entry points for the
 * machine web1, whose facts tests/plugin/threads.t has set. Exits 1 after a wrong
 * answer.
 */
#include "nss-mymachines/prototypes.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define THREADS 16

static atomic_bool stop;
static atomic_uint look_ups, failures;

static bool host_is_right(char *buffer, size_t size)
{
	struct gaih_addrtuple *tuples = NULL;
	int error, h_error;
	int32_t ttl;

	return _nss_mymachines_gethostbyname4_r("web1", &tuples, buffer, size, &error, &h_error,
						&ttl) == NSS_STATUS_SUCCESS &&
	       tuples->addr[0] == htonl(0x0a000002);
}

static bool address_is_right(char *buffer, size_t size)
{
	static const unsigned char bytes[4] = { 10, 0, 0, 2 };
	struct hostent host;
	int error, h_error;

	return _nss_mymachines_gethostbyaddr_r(bytes, 4, AF_INET, &host, buffer, size, &error,
					       &h_error) == NSS_STATUS_SUCCESS &&
	       strcmp(host.h_name, "web1") == 0;
}

static bool lacks_host(const char *name, char *buffer, size_t size)
{
	struct gaih_addrtuple *tuples = NULL;
	int error, h_error;
	int32_t ttl;

	return _nss_mymachines_gethostbyname4_r(name, &tuples, buffer, size, &error, &h_error,
						&ttl) == NSS_STATUS_NOTFOUND;
}

static bool user_is_right(uid_t uid, char *buffer, size_t size)
{
	struct passwd user;
	char name[32];
	int error;

	snprintf(name, sizeof name, "vu-web1-%u", uid - 100000);
	return _nss_mymachines_getpwuid_r(uid, &user, buffer, size, &error) == NSS_STATUS_SUCCESS &&
	       strcmp(user.pw_name, name) == 0;
}

static bool lacks_group(gid_t gid, char *buffer, size_t size)
{
	struct group group;
	int error;

	return _nss_mymachines_getgrgid_r(gid, &group, buffer, size, &error) == NSS_STATUS_NOTFOUND;
}

static void *look_up(void *unused)
{
	char buffer[4096];

	(void) unused;
	for (unsigned int i = 0; !stop; i++) {
		failures += !host_is_right(buffer, sizeof buffer);
		failures += !address_is_right(buffer, sizeof buffer);
		failures += !lacks_host("www.example.com", buffer, sizeof buffer);
		failures += !user_is_right(100000 + i % 1000, buffer, sizeof buffer);
		failures += !lacks_group(200000 + i % 1000, buffer, sizeof buffer);
		look_ups += 5;
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, look_up, NULL) != 0)
			return EXIT_FAILURE;
	sleep(argc > 1 ? (unsigned int) atoi(argv[1]) : 1);
	stop = true;
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	printf("%u of %u look-ups were wrong\n", failures, look_ups);
	return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
