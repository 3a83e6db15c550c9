/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/monitor/sockets_watch.h"

#include "base/child.h"
#include "base/configuration.h"
#include "host/systemd.h"
#include "tools/monitor/monitor_log.h"
#include "tools/sockets/socket_holder.h"

#include <errno.h>
#include <sys/socket.h>

/* It gives servers three seconds to answer what was asked. */
#define END_MILLISECONDS 5000

int sockets_watch_open(struct sockets_watch *watch, struct sources *sources, bool background,
		       struct failure *f)
{
	struct socket_holder holder;
	int r;

	if (!configuration_read(NULL)->varlink || systemd_is_running())
		return 0;
	if (socket_holder_start(&holder, background, f) < 0)
		return -1;
	watch->pid = holder.pid;
	r = source_add(sources, &watch->control, holder.control);
	return r < 0 ? failure_errno(f, r, "cannot watch the process that holds sockets") : 0;
}

void sockets_watch_tell(const struct sockets_watch *watch, bool has_machines)
{
	const char byte = has_machines ? SOCKET_HOLDER_HOLD : SOCKET_HOLDER_RELEASE;

	if (watch->control.fd >= 0)
		(void) !send(watch->control.fd, &byte, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* Nothing that it has held is answered any more. */
static void take_end(struct sockets_watch *watch, struct sources *sources)
{
	source_remove(sources, &watch->control);
	child_end(watch->pid, END_MILLISECONDS);
	watch->pid = 0;
	socket_holder_clean_up();
}

void sockets_watch_take_event(struct sockets_watch *watch, struct sources *sources)
{
	char line[512];
	ssize_t n;

	while ((n = recv(watch->control.fd, line, sizeof line, MSG_DONTWAIT)) > 0)
		monitor_log("%.*s", (int) n, line);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	take_end(watch, sources);
	monitor_log("the process that held sockets has ended; restart the monitor to have them "
		    "again");
}

void sockets_watch_close(struct sockets_watch *watch, struct sources *sources)
{
	if (watch->pid > 0)
		take_end(watch, sources);
}
