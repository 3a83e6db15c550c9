/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/bus/import1_transfer.h"

#include "base/arena.h"
#include "base/array_size.h"
#include "base/child.h"
#include "base/cleanup.h"
#include "base/format.h"
#include "base/number.h"
#include "base/program.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#define PROGRAM "mymachines-import"

/* Transfers of one user at once, root's apart. */
#define USER_TRANSFERS_MAX 16
#define ROOT_TRANSFERS_MAX 64

/* How long a process has to take back what it has begun, when it can't be watched. */
#define END_MS 1000

#define LINE_SIZE 1024

struct import1_transfer {
	struct import1_transfer *next;
	struct import1 *import1;
	uint32_t id;
	uid_t user;
	char *type, *local, *verify;
	char *remote; /* as it was given, perhaps with a password: it isn't shown */
	pid_t pid;
	int output; /* what it prints */
	sd_event_source *ended, *readable;
	double progress;
	/* A line that isn't complete, and the last one that was: of a failure, it is the reason. */
	char part[LINE_SIZE], line[LINE_SIZE];
	size_t part_length;
};

char *import1_path(unsigned int id, char path[static IMPORT1_PATH_SIZE])
{
	snprintf(path, IMPORT1_PATH_SIZE, IMPORT1_TRANSFER_PATH "/_%u", id);
	return path;
}

static void emit(const struct import1_transfer *t, const char *signal, const char *result)
{
	char path[IMPORT1_PATH_SIZE];

	import1_path(t->id, path);
	if (result)
		sd_bus_emit_signal(t->import1->bus.bus, IMPORT1_MANAGER_PATH,
				   IMPORT1_MANAGER_INTERFACE, signal, "uos", t->id, path, result);
	else
		sd_bus_emit_signal(t->import1->bus.bus, IMPORT1_MANAGER_PATH,
				   IMPORT1_MANAGER_INTERFACE, signal, "uo", t->id, path);
}

/* Without the name of the program. What isn't UTF-8 has no place on the bus. */
static void emit_line(struct import1_transfer *t, int priority)
{
	const char *prefix = PROGRAM ": ", *line = t->line;
	char path[IMPORT1_PATH_SIZE];

	if (strncmp(line, prefix, strlen(prefix)) == 0)
		line += strlen(prefix);
	if (*line)
		sd_bus_emit_signal(t->import1->bus.bus, import1_path(t->id, path),
				   IMPORT1_TRANSFER_INTERFACE, "LogMessage", "us",
				   (uint32_t) priority, line);
	*t->line = '\0';
}

/* So many bytes of what has come are a line. The rest begins the next one. */
static void end_line(struct import1_transfer *t, size_t length)
{
	if (length == 0)
		return;
	emit_line(t, LOG_INFO);
	memcpy(t->line, t->part, length);
	t->line[length] = '\0';
	t->part_length -= length;
	memmove(t->part, t->part + length, t->part_length);
}

static void take_bytes(struct import1_transfer *t, const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (bytes[i] == '\n')
			end_line(t, t->part_length);
		else if (t->part_length == sizeof t->part - 1)
			end_line(t, utf8_whole(t->part, t->part_length));
		if (bytes[i] != '\n')
			t->part[t->part_length++] = bytes[i];
	}
}

/* Read the output of the process. Returns the same as read(2). */
static ssize_t read_output(struct import1_transfer *t)
{
	char bytes[4096];
	ssize_t n = read(t->output, bytes, sizeof bytes);

	if (n > 0)
		take_bytes(t, bytes, (size_t) n);
	return n;
}

static int on_readable(sd_event_source *source, int fd, uint32_t events, void *data)
{
	(void) fd, (void) events;
	if (read_output(data) == 0)
		sd_event_source_set_enabled(source, SD_EVENT_OFF);
	return 0;
}

static void free_transfer(struct import1_transfer *t)
{
	struct import1 *import1 = t->import1;

	for (struct import1_transfer **at = &import1->transfers; *at; at = &(*at)->next) {
		if (*at != t)
			continue;
		*at = t->next;
		break;
	}
	sd_event_source_unref(t->ended);
	sd_event_source_unref(t->readable);
	cleanup_close(&t->output);
	free(t->type);
	free(t->local);
	free(t->verify);
	free(t->remote);
	free(t);
	bus_consider_idle(&import1->bus);
}

static int on_end(sd_event_source *source, const siginfo_t *info, void *data)
{
	struct import1_transfer *t = data;
	bool is_done = info->si_code == CLD_EXITED && info->si_status == 0;
	/* By a call, or by 'mymachines cancel-transfer'. */
	bool is_cancelled = info->si_code == CLD_KILLED && info->si_status == SIGTERM;

	(void) source;
	/* A process of its own may hold the pipe open, so its end isn't waited for. */
	while (read_output(t) > 0)
		continue;
	end_line(t, t->part_length);
	emit_line(t, is_done || is_cancelled ? LOG_INFO : LOG_ERR);
	emit(t, "TransferRemoved", is_done ? "done" : is_cancelled ? "canceled" : "failed");
	free_transfer(t);
	return 0;
}

static const char **make_words(struct arena *arena, const struct import1_request *request,
			       uint32_t id, const char *program)
{
	const char *const words[] = {
		program,
		request->type,
		arena_printf(arena, "--transfer=%" PRIu32, id),
		request->force ? "--force" : NULL,
		request->read_only ? "--read-only" : NULL,
		request->keeps_download ? "--keep-download=yes" : NULL,
		request->verify ? arena_printf(arena, "--verify=%s", request->verify) : NULL,
		request->format ? arena_printf(arena, "--format=%s", request->format) : NULL,
		"--",
		request->is_export ? request->local
		: request->remote  ? request->remote
				   : "-",
		request->is_export || !*request->local ? "-" : request->local,
	};
	const char **arguments = arena_alloc(arena, sizeof words + sizeof *words);
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (words[i])
			arguments[count++] = words[i];
	arguments[count] = NULL;
	return arguments;
}

static int start_process(struct import1_transfer *t, const struct import1_request *request)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	const char *program = program_of_ours(&arena, LIBEXEC_DIRECTORY, PROGRAM);
	struct program_files files = { .input = request->is_export ? -1 : request->fd,
				       .output = request->is_export ? request->fd : -1 };
	int ends[2], r;

	if (!program)
		return -ENOENT;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	files.errors = ends[1];
	t->output = ends[0];
	r = fcntl(t->output, F_SETFL, O_NONBLOCK) < 0
		    ? -errno
		    : program_start_with(make_words(&arena, request, t->id, program), &files,
					 &t->pid);
	close(ends[1]);
	return r;
}

static int watch_process(struct import1_transfer *t)
{
	sd_event *event = t->import1->bus.event;
	int r = sd_event_add_io(event, &t->readable, t->output, EPOLLIN, on_readable, t);

	return r < 0 ? r : sd_event_add_child(event, &t->ended, t->pid, WEXITED, on_end, t);
}

static int check_others(const struct import1 *import1, uid_t user,
			const struct import1_request *request, struct failure *f)
{
	size_t count = 0;

	for (const struct import1_transfer *t = import1->transfers; t; t = t->next) {
		count += t->user == user;
		if (request->remote && strcmp(t->remote, request->remote) == 0 &&
		    strcmp(t->type, request->type) == 0)
			return failure_set(f, FAILURE_EXISTS,
					   "Transfer for %s already in progress.", request->remote);
	}
	if (count >= (user == 0 ? ROOT_TRANSFERS_MAX : USER_TRANSFERS_MAX))
		return failure_set(f, FAILURE_BUSY, "This user has too many running transfers.");
	return 0;
}

static struct import1_transfer *new_transfer(struct import1 *import1, uid_t user,
					     const struct import1_request *request)
{
	struct import1_transfer *t = calloc(1, sizeof *t);

	if (!t)
		return NULL;
	*t = (struct import1_transfer){ .next = import1->transfers,
					.import1 = import1,
					.user = user,
					.type = strdup(request->type),
					.local = strdup(request->local),
					.verify = strdup(request->verify ?: ""),
					.remote = strdup(request->remote ?: ""),
					.output = -1,
					.progress = -1 };
	import1->transfers = t;
	if (t->type && t->local && t->verify && t->remote)
		return t;
	free_transfer(t);
	return NULL;
}

int import1_transfer_start(struct import1 *import1, uid_t user,
			   const struct import1_request *request, uint32_t *id, struct failure *f)
{
	struct import1_transfer *t;
	int r;

	if (check_others(import1, user, request, f) < 0)
		return -1;
	t = new_transfer(import1, user, request);
	if (!t)
		return failure_errno(f, -ENOMEM, "cannot start a transfer");
	if (transfer_take_id(&t->id, f) < 0) {
		free_transfer(t);
		return -1;
	}
	r = start_process(t, request);
	if (r == 0) {
		r = watch_process(t);
		if (r < 0) {
			kill(t->pid, SIGTERM);
			child_end(t->pid, END_MS);
		}
	}
	if (r < 0) {
		free_transfer(t);
		return failure_errno(f, r, "cannot start " PROGRAM);
	}
	*id = t->id;
	emit(t, "TransferNew", NULL);
	return 0;
}

static struct import1_transfer *find_own(const struct import1 *import1, uint32_t id)
{
	for (struct import1_transfer *t = import1->transfers; t; t = t->next)
		if (t->id == id)
			return t;
	return NULL;
}

int import1_transfer_cancel(const struct import1 *import1, uint32_t id, struct failure *f)
{
	const struct import1_transfer *own = find_own(import1, id);

	if (!own)
		return transfer_cancel(id, f);
	/* A child that hasn't been waited for has its pid. */
	return kill(own->pid, SIGTERM) < 0 ? failure_errno(f, -errno, "cannot stop the transfer")
					   : 0;
}

/* The facts about a transfer whose process was only just started. */
static struct transfer describe(const struct import1_transfer *own)
{
	return (struct transfer){ .fd = -1,
				  .id = own->id,
				  .pid = (uint32_t) own->pid,
				  .type = own->type,
				  .local = own->local,
				  .remote = "",
				  .verify = own->verify,
				  .progress = own->progress };
}

int import1_transfer_read(const struct import1 *import1, struct arena *arena, uint32_t id,
			  struct transfer *transfer, struct failure *f)
{
	const struct import1_transfer *own;

	if (transfer_find(arena, id, transfer, f) == 0)
		return 0;
	own = f->kind == FAILURE_NO_PROCESS ? find_own(import1, id) : NULL;
	if (own)
		*transfer = describe(own);
	return own ? 0 : -1;
}

static int compare_ids(const void *a, const void *b)
{
	const struct transfer *one = a, *other = b;

	return one->id < other->id ? -1 : one->id > other->id;
}

int import1_transfer_list(const struct import1 *import1, struct arena *arena,
			  struct transfer **transfers, size_t *count, struct failure *f)
{
	size_t noted;

	if (transfer_list(arena, transfers, count, f) < 0)
		return -1;
	noted = *count;
	for (const struct import1_transfer *t = import1->transfers; t; t = t->next) {
		const struct transfer own = describe(t);

		if (noted && bsearch(&own, *transfers, noted, sizeof own, compare_ids))
			continue;
		*transfers = arena_grow(arena, *transfers, *count, sizeof own);
		(*transfers)[(*count)++] = own;
	}
	if (*count)
		qsort(*transfers, *count, sizeof **transfers, compare_ids);
	return 0;
}

/* A transfer's file was written: perhaps one that was started here. */
static int on_written(sd_event_source *source, const struct inotify_event *event, void *data)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct import1_transfer *own;
	char path[IMPORT1_PATH_SIZE];
	struct transfer transfer;
	struct failure failure;
	uint32_t id;

	(void) source;
	if (event->len == 0 || id_parse(event->name, &id) < 0)
		return 0;
	own = find_own(data, id);
	if (!own || transfer_find(&arena, id, &transfer, &failure) < 0 || transfer.progress < 0 ||
	    !(transfer.progress > own->progress || transfer.progress < own->progress))
		return 0;
	own->progress = transfer.progress;
	sd_bus_emit_signal(own->import1->bus.bus, import1_path(id, path),
			   IMPORT1_TRANSFER_INTERFACE, "ProgressUpdate", "d", own->progress);
	return 0;
}

int import1_transfers_watch(struct import1 *import1)
{
	int r = transfer_directory_make();

	return r < 0 ? r
		     : sd_event_add_inotify(import1->bus.event, NULL, TRANSFER_DIRECTORY, IN_MODIFY,
					    on_written, import1);
}
