/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/varlink/socket_service.h"

#include "base/cleanup.h"
#include "base/descriptors.h"
#include "tools/varlink/activation.h"
#include "tools/varlink/varlink_server.h"

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* The overflow ids of the kernel: nobody. */
#define NOBODY 65534

static volatile int stop;

static void handle_stop(int signal)
{
	(void) signal;
	stop = 1;
}

static void (*reap_children)(void);

/* As it interrupts nothing but the wait, it may do what handlers of signals else may not. */
static void handle_child(int signal)
{
	(void) signal;
	if (reap_children)
		reap_children();
}

static void set_up_signals(void)
{
	struct sigaction stop_action = { .sa_handler = handle_stop };
	struct sigaction child_action = { .sa_handler = handle_child };
	sigset_t signals;

	/* They come while the server waits for clients, and at no other time: none is missed. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGCHLD);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	sigaction(SIGTERM, &stop_action, NULL);
	sigaction(SIGINT, &stop_action, NULL);
	sigaction(SIGCHLD, &child_action, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
}

static int drop_privileges(struct failure *f)
{
	int parent_death = 0;

	prctl(PR_GET_PDEATHSIG, &parent_death);
	if (geteuid() == 0 && (setgroups(0, NULL) < 0 || setgid(NOBODY) < 0 || setuid(NOBODY) < 0))
		return failure_errno(f, -errno, "cannot become an ordinary user");
	/* Another user's process would outlive whoever holds the socket. */
	prctl(PR_SET_PDEATHSIG, parent_death);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return failure_errno(f, -errno, "cannot give up new privileges");
	return 0;
}

static int serve_sockets(struct varlink_server *server, int count,
			 const struct socket_service *what, struct failure *f)
{
	for (int fd = ACTIVATION_FIRST_FD; fd < ACTIVATION_FIRST_FD + count; fd++) {
		CLEANUP_FREE char *service = activation_service_name(fd, f);

		if (!service || varlink_server_listen(server, fd, service, what->interfaces,
						      what->n_interfaces, f) < 0)
			return -1;
	}
	return 0;
}

static int run(const struct socket_service *service, struct failure *f)
{
	struct varlink_server *server;
	int count = activation_take(f), r;

	if (count < 0)
		return -1;
	if (count == 0)
		return failure_set(f, FAILURE_INVALID,
				   "no socket was passed: a service manager or "
				   "mymachines monitor starts this");
	if (service->needs_root && geteuid() != 0)
		return failure_set(f, FAILURE_NOT_PERMITTED, "this needs root");
	descriptors_allow(service->descriptors);
	if (!service->needs_root && drop_privileges(f) < 0)
		return -1;
	server = varlink_server_new(service->limits, f);
	if (!server)
		return -1;
	r = serve_sockets(server, count, service, f);
	if (r == 0 && service->begin)
		r = service->begin(server, f);
	if (r == 0)
		r = varlink_server_run(server, &stop, f);
	varlink_server_free(server);
	return r;
}

/* Do what an option asks for, instead of serving. An exit status. */
static int run_option(const struct socket_service *service, const char *option)
{
	if (strcmp(option, "--version") == 0) {
		printf("%s " PACKAGE_VERSION "\n", service->name);
	} else if (strcmp(option, "--help") == 0 || strcmp(option, "-h") == 0) {
		printf("Usage: %s [--help | --version]\n\n"
		       "Serve the sockets that a service manager or mymachines monitor passes.\n\n"
		       "  -h, --help     Show this help\n"
		       "      --version  Print the version\n\n"
		       "See mymachines-varlink(8).\n",
		       service->name);
	} else {
		fprintf(stderr, "%s: unknown argument; see mymachines-varlink(8)\n", service->name);
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}

int socket_service_main(const struct socket_service *service, int argc, char **argv)
{
	struct failure failure;

	if (argc > 1)
		return run_option(service, argv[1]);
	reap_children = service->reap;
	set_up_signals();
	if (run(service, &failure) < 0) {
		fprintf(stderr, "%s: %s\n", service->name, failure.text);
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
