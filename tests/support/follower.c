/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* follower [--initial]: what other programs see by libmymachines, until "stop" is removed. */
#include <mymachines.h>

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

static void print(const struct mymachines_event *event)
{
	static const char *const kinds[] = { "", "added", "changed", "removed" };

	printf("%s %s %s %s %s %u", kinds[event->kind], event->name, event->class_name,
	       event->service ? event->service : "-", event->unit ? event->unit : "-",
	       event->leader);
	for (size_t i = 0; i < event->n_addresses; i++) {
		char text[INET6_ADDRSTRLEN];

		inet_ntop(event->addresses[i].family, event->addresses[i].bytes, text, sizeof text);
		printf(" %s%%%u", text, event->addresses[i].scope_id);
	}
	putchar('\n');
	fflush(stdout);
}

int main(int argc, char **argv)
{
	struct mymachines_watch *watch;
	const struct mymachines_event *event;
	unsigned int flags = argc > 1 && strcmp(argv[1], "--initial") == 0 ? MYMACHINES_INITIAL : 0;
	int r = mymachines_watch_new(&watch, flags);

	while (r == 0) {
		struct pollfd poller = { .events = POLLIN };

		while ((r = mymachines_watch_next(watch, &event)) > 0) {
			print(event);
			if (event->kind == MYMACHINES_REMOVED && strcmp(event->name, "stop") == 0) {
				mymachines_watch_free(watch);
				return 0;
			}
		}
		if (r == -EUCLEAN) {
			puts("damaged");
			fflush(stdout);
			r = 0;
		}
		poller.fd = mymachines_watch_fd(watch);
		if (poll(&poller, 1, -1) < 0)
			return 1;
	}
	printf("error %d\n", -r);
	return 1;
}
