/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/monitor/slow_look.h"

#include "base/child.h"
#include "base/cleanup.h"
#include "base/lines.h"
#include "base/pidfd.h"
#include "tools/monitor/monitor_log.h"
#include "tools/registrar/refresh.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/uio.h>
#include <sys/wait.h>

/* A worker that takes longer is killed. */
#define DEADLINE_SECONDS 20

/* However long a look took, the machine rests no longer than for this. */
#define COST_MAX 500

/* A machine whose files didn't come in so many looks isn't asked for them any more. Each such look may leave a process
 * behind that can't be killed, and a machine may go from one root directory to another as often as it likes. */
#define HUNG_LOOKS_MAX 3

/* A machine that isn't watched whole is looked at so often. */
#define POLL_MILLISECONDS 1000

enum worker_status {
	WORKER_DONE,
	WORKER_FAILED, /* or incomplete */
	WORKER_HUNG,   /* a file of the machine's didn't come */
};

/*
 * Send a line to the monitor, whose limit of log lines counts. What the pipe has no room
 * for is lost.
 */
static void send_line(void *data, enum notice_kind kind, const char *text)
{
	const struct iovec parts[] = { { (char *) text, strlen(text) }, { (char *) "\n", 1 } };

	if (kind == NOTICE_WARNING)
		(void) !writev(*(const int *) data, parts, 2);
}

static enum worker_status work(const struct watched_machine *m, int lines)
{
	const struct machine_identity identity = { watched_name(m), m->leader };
	struct refresh_result result = { 0 };
	const struct refresh_options options = { .only_if_changed = true,
						 .retries = true,
						 .results = &result,
						 .system_look = m->hung_looks < HUNG_LOOKS_MAX
									? SYSTEM_LOOK
									: SYSTEM_LOOK_NONE };
	struct notices notices = { .sink = send_line, .data = &lines };
	struct failure f;
	int r;

	alarm(DEADLINE_SECONDS);
	r = refresh_machines(&identity, 1, &options, &notices, &f);
	if (r < 0)
		send_line(&lines, NOTICE_WARNING, f.text);
	if (r >= 0 && result.has_hung)
		return WORKER_HUNG;
	return r == 0 ? WORKER_DONE : WORKER_FAILED;
}

int slow_look_begin(struct slow_look *look, struct sources *sources,
		    const struct watched_machine *m, uint64_t now)
{
	int ends[2], r;

	if (look->pid > 0)
		return -EBUSY;
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	look->pid = fork();
	if (look->pid == 0)
		_exit(work(m, ends[1]));
	close(ends[1]);
	r = look->pid < 0 ? -errno : source_add(sources, &look->worker, pidfd_of(look->pid));
	if (r < 0) {
		if (look->pid > 0)
			child_kill(look->pid);
		look->pid = 0;
		close(ends[0]);
		return r;
	}
	look->lines = ends[0];
	look->started = now;
	strcpy(look->name, m->name);
	return 0;
}

static void log_lines(const struct slow_look *look)
{
	char text[16 * 1024];
	ssize_t size = read(look->lines, text, sizeof text - 1);
	char *rest = text;

	if (size <= 0)
		return;
	text[size] = '\0';
	for (char *line; (line = line_next(&rest));)
		monitor_log("%s", line);
}

void slow_look_note(struct watched_machine *m, bool was_slow)
{
	if (was_slow)
		m->slow_looks = SLOW_LOOK_TIMES;
	else if (m->slow_looks > 0)
		m->slow_looks--;
}

static void settle_machine(const struct slow_look *look, struct watched *w,
			   enum worker_status status)
{
	struct watched_machine *m = watched_find(w, look->name);
	uint64_t took = w->now - look->started;

	if (!m)
		return;
	if (status == WORKER_HUNG && m->hung_looks < HUNG_LOOKS_MAX)
		m->hung_looks++;
	slow_look_note(m, status != WORKER_DONE || took >= SLOW_LOOK_MILLISECONDS ||
				  m->hung_looks >= HUNG_LOOKS_MAX);
	if (status == WORKER_FAILED)
		schedule_item_failed(&w->schedule, &m->item, w->now);
	else
		schedule_item_done(&w->schedule, &m->item, w->now,
				   took < COST_MAX ? took : COST_MAX);
	if (!m->is_whole)
		schedule_note_at(&w->schedule, &m->item, w->now + POLL_MILLISECONDS);
}

static void forget_worker(struct slow_look *look, struct sources *sources)
{
	source_remove(sources, &look->worker);
	cleanup_close(&look->lines);
	look->lines = -1;
	look->pid = 0;
}

void slow_look_end(struct slow_look *look, struct watched *w)
{
	int status = 0;
	bool has_ended = child_wait(look->pid, &status) == 0 && WIFEXITED(status);

	log_lines(look);
	settle_machine(look, w, has_ended ? WEXITSTATUS(status) : WORKER_FAILED);
	forget_worker(look, &w->sources);
}

void slow_look_close(struct slow_look *look, struct sources *sources)
{
	if (look->pid > 0)
		child_kill(look->pid);
	forget_worker(look, sources);
}
