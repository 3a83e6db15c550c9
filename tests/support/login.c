/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * login COMMAND...: what libsystemd says of machines, for the tests.
 *
 *   names               sd_get_machine_names(3), one a line
 *   class NAME          sd_machine_get_class(3)
 *   interfaces NAME     sd_machine_get_ifindices(3)
 *   machine PID         sd_pid_get_machine_name(3)
 *   watch               sd_login_monitor(3): "ready", then a line for each event, until stdin ends
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-login.h>
#include <unistd.h>

static int fail(int error)
{
	printf("%s\n", strerror(-error));
	return EXIT_FAILURE;
}

static int names(void)
{
	char **list;
	int count = sd_get_machine_names(&list);

	for (int i = 0; i < count; i++) {
		puts(list[i]);
		free(list[i]);
	}
	if (count >= 0)
		free(list);
	return count < 0 ? fail(count) : EXIT_SUCCESS;
}

static int text(int get(const char *, char **), const char *name)
{
	char *value;
	int r = get(name, &value);

	if (r < 0)
		return fail(r);
	puts(value);
	free(value);
	return EXIT_SUCCESS;
}

static int interfaces(const char *name)
{
	int *indexes, count = sd_machine_get_ifindices(name, &indexes);

	for (int i = 0; i < count; i++)
		printf("%d\n", indexes[i]);
	if (count > 0)
		free(indexes);
	return count < 0 ? fail(count) : EXIT_SUCCESS;
}

static int machine_of(const char *pid, char **name)
{
	return sd_pid_get_machine_name(atoi(pid), name);
}

static int watch(void)
{
	sd_login_monitor *monitor;
	struct pollfd polled[2] = { { .events = POLLIN },
				    { .fd = STDIN_FILENO, .events = POLLIN } };
	int r = sd_login_monitor_new("machine", &monitor);

	if (r < 0)
		return fail(r);
	setlinebuf(stdout);
	puts("ready");
	polled[0].fd = sd_login_monitor_get_fd(monitor);
	while (poll(polled, 2, -1) > 0 && !polled[1].revents) {
		puts("event");
		sd_login_monitor_flush(monitor);
	}
	sd_login_monitor_unref(monitor);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	const char *command = argc > 1 ? argv[1] : "", *argument = argc > 2 ? argv[2] : "";

	if (strcmp(command, "names") == 0)
		return names();
	if (strcmp(command, "class") == 0)
		return text(sd_machine_get_class, argument);
	if (strcmp(command, "interfaces") == 0)
		return interfaces(argument);
	if (strcmp(command, "machine") == 0)
		return text(machine_of, argument);
	if (strcmp(command, "watch") == 0)
		return watch();
	return EXIT_FAILURE;
}
