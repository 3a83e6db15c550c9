/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/doctor/module_probe.h"

#include "base/child.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <netdb.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define SECONDS_MAX 5

/* No host has a name in this domain: RFC 6761, section 6.4. */
#define NO_MACHINE "mymachines-doctor.invalid"

typedef enum nss_status gethostbyname2_r_function(const char *name, int family,
						  struct hostent *host, char *buffer, size_t length,
						  int *errnop, int *h_errnop);

static void copy_text(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from ? from : "");
}

static void ask_module(void *module, struct module_answer *answer)
{
	gethostbyname2_r_function *ask;
	struct hostent host;
	char buffer[1024];
	int error, host_error;

	/* As in dlopen(3): ISO C has no cast from an object to a function. */
	*(void **) &ask = dlsym(module, "_nss_mymachines_gethostbyname2_r");
	if (!ask)
		return;
	answer->has_entry_point = true;
	answer->status =
		ask(NO_MACHINE, AF_INET, &host, buffer, sizeof buffer, &error, &host_error);
}

static bool is_address(const struct addrinfo *found, const struct machine_address *wanted)
{
	const void *bytes;

	if (found->ai_family != wanted->family)
		return false;
	if (found->ai_family == AF_INET)
		bytes = &((const struct sockaddr_in *) (const void *) found->ai_addr)->sin_addr;
	else
		bytes = &((const struct sockaddr_in6 *) (const void *) found->ai_addr)->sin6_addr;
	return memcmp(bytes, wanted->bytes, address_length(wanted->family)) == 0;
}

static void ask_for_host(const struct module_question *question, struct module_answer *answer)
{
	static const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	int r = getaddrinfo(question->host, NULL, &hints, &found);

	if (r)
		copy_text(answer->host_error, sizeof answer->host_error, gai_strerror(r));
	for (const struct addrinfo *i = found; i; i = i->ai_next)
		answer->host_is_right |= is_address(i, question->address);
}

static void ask_for_user(const struct module_question *question, struct module_answer *answer)
{
	const struct passwd *user = getpwnam(question->user);

	if (!user)
		return;
	answer->user_is_found = true;
	answer->uid = user->pw_uid;
	answer->user_is_right = user->pw_uid == question->uid;
}

static void probe(const struct module_question *question, struct module_answer *answer)
{
	void *module = dlopen(MODULE_FILE_NAME, RTLD_NOW);
	struct link_map *map;

	if (!module) {
		copy_text(answer->error, sizeof answer->error, dlerror());
		return;
	}
	if (dlinfo(module, RTLD_DI_LINKMAP, &map) == 0)
		copy_text(answer->path, sizeof answer->path, map->l_name);
	answer->stage = MODULE_ASKED;
	ask_module(module, answer);
	answer->stage = MODULE_ASKED_HOST;
	if (question->host)
		ask_for_host(question, answer);
	answer->stage = MODULE_ASKED_USER;
	if (question->user)
		ask_for_user(question, answer);
	answer->stage = MODULE_DONE;
}

/* The child prints nothing and leaves no core file. */
static void run_child(pid_t parent, const struct module_question *question,
		      struct module_answer *answer)
{
	static const struct rlimit none = { 0 };
	int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (!child_ends_with(parent))
		_exit(1);
	setrlimit(RLIMIT_CORE, &none);
	for (int fd = 0; fd <= 2; fd++)
		dup2(nowhere, fd);
	probe(question, answer);
	_exit(0);
}

static int probe_in_child(const struct module_question *question, struct module_answer *answer)
{
	pid_t parent = getpid(), child;

	fflush(NULL);
	child = fork();
	if (child == 0)
		run_child(parent, question, answer);
	if (child < 0)
		return -errno;
	/* A pipe wouldn't do: a module may close it. */
	if (child_wait_for(child, SECONDS_MAX * 1000, &answer->wait_status) == -ETIMEDOUT) {
		kill(child, SIGKILL);
		child_wait(child, &answer->wait_status);
		answer->was_too_slow = true;
	}
	return 0;
}

int module_probe(const struct module_question *question, struct module_answer *answer)
{
	struct module_answer *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
					    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int r;

	if (shared == MAP_FAILED)
		return -errno;
	r = probe_in_child(question, shared);
	*answer = *shared;
	munmap(shared, sizeof *shared);
	/* The module may have written to the shared memory. */
	answer->path[sizeof answer->path - 1] = '\0';
	answer->error[sizeof answer->error - 1] = '\0';
	answer->host_error[sizeof answer->host_error - 1] = '\0';
	return r;
}
