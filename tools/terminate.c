/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines terminate */
#include "registry/cleanup.h"
#include "registry/process.h"
#include "tools/machine_copy.h"
#include "tools/machine_signal.h"
#include "tools/message.h"
#include "tools/options.h"
#include "tools/publish.h"
#include "tools/verbs.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>

/* What is killed may first have to finish what it does with a disk. */
#define WAIT_MS 10000

static const char help[] =
	"Usage: mymachines terminate NAME...\n"
	"\n"
	"End machines at once, with all their processes, and forget them. What they didn't\n"
	"save is lost; see poweroff.\n"
	"\n"
	"  -h, --help   Show this help";

/* 0, -ETIMEDOUT, or another negative errno. */
static int wait_for_end(int pidfd)
{
	struct pollfd poller = { .fd = pidfd, .events = POLLIN };
	int r = poll(&poller, 1, WAIT_MS);

	return r < 0 ? -errno : r > 0 ? 0 : -ETIMEDOUT;
}

/* One that had died is what was asked for. */
static int end(struct snapshot *snapshot, const struct machine *m)
{
	CLEANUP_CLOSE int pidfd = leader_open(&m->leader, &snapshot->meta.origin);
	int r = pidfd;

	if (pidfd >= 0)
		r = machine_signal_all(snapshot, m, SIGKILL);
	if (pidfd >= 0 && (r == 0 || r == -ESRCH))
		r = wait_for_end(pidfd);
	if (r == -ESRCH)
		r = 0;
	if (r == -EAGAIN)
		complain("%s: makes processes faster than they can be ended", m->name);
	else if (r < 0)
		complain_operation(m, "terminate it", r);
	return r;
}

/* Unless the monitor has, or another machine has its name by now. */
static int forget(struct writer *w, const struct machine *m)
{
	char folded[MACHINE_NAME_SIZE];
	struct machine now;
	int r;

	machine_name_fold(m->name, folded);
	r = snapshot_find_name(&w->copy, folded, &now);
	if (r == 0 && (now.sequence != m->sequence || !leader_equal(&now.leader, &m->leader)))
		return 0;
	if (r == 0)
		r = writer_remove(w, folded);
	if (r < 0 && r != -ENOENT) {
		complain_registry(w->path, r);
		return -1;
	}
	return 0;
}

static int forget_all(const struct machine *machines, size_t count)
{
	CLEANUP(writer_close) struct writer writer = { .lock = -1, .file = -1 };

	if (count == 0)
		return 0;
	if (open_registry_writer(&writer) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (forget(&writer, &machines[i]) < 0)
			return -1;
	return publish(&writer);
}

struct ended {
	struct arena arena;
	struct machine *machines;
	size_t count;
};

static int act(struct snapshot *snapshot, const struct machine *m, const void *data)
{
	struct ended *const *to = data, *ended = *to;

	if (end(snapshot, m) < 0)
		return -1;
	ended->machines =
		arena_grow(&ended->arena, ended->machines, ended->count, sizeof *ended->machines);
	ended->machines[ended->count++] = machine_copy(&ended->arena, m);
	return 0;
}

int verb_terminate(int argc, char **argv)
{
	struct ended ended = { 0 }, *to = &ended;
	int status = parse_help_only(argc, argv, "terminate", help);

	if (status)
		return status - 1;
	status = act_on_machines("terminate", argv + optind, argc - optind, act, &to);
	if (forget_all(ended.machines, ended.count) < 0)
		status = EXIT_FAILURE;
	arena_done(&ended.arena);
	return status;
}
