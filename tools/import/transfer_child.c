/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/import/transfer_child.h"

#include "base/array_size.h"
#include "base/child.h"
#include "base/cleanup.h"
#include "base/format.h"
#include "base/number.h"
#include "base/pidfd.h"
#include "base/program.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#define PROGRAM "mymachines-import"

/* Transfers at once: of one user, of all users but root, and of root. */
#define USER_TRANSFERS_MAX   16
#define OTHERS_TRANSFERS_MAX 48
#define ROOT_TRANSFERS_MAX   64

/* How long a process has to take back what it has begun, when it can't be watched. */
#define END_MS 1000

const char *transfer_end_name(const char *end)
{
	return strcmp(end, "-") == 0 ? "" : end;
}

int transfer_children_open(struct transfer_children *children, const struct transfer_events *events)
{
	int r = transfer_directory_make();

	*children = (struct transfer_children){ .events = events, .inotify = -1 };
	if (r < 0)
		return r;
	children->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (children->inotify < 0 ||
	    inotify_add_watch(children->inotify, TRANSFER_DIRECTORY, IN_MODIFY) < 0)
		return -errno;
	return 0;
}

static void tell_line(struct transfer_child *child, int priority)
{
	const char *prefix = PROGRAM ": ", *line = child->line;

	if (strncmp(line, prefix, strlen(prefix)) == 0)
		line += strlen(prefix);
	if (*line)
		child->children->events->line(child, priority, line);
	*child->line = '\0';
}

/* Report the line before. The first `length` bytes of the part become the last line. */
static void end_line(struct transfer_child *child, size_t length)
{
	if (length == 0)
		return;
	tell_line(child, LOG_INFO);
	memcpy(child->line, child->part, length);
	child->line[length] = '\0';
	child->part_length -= length;
	memmove(child->part, child->part + length, child->part_length);
}

static void take_bytes(struct transfer_child *child, const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (bytes[i] == '\n')
			end_line(child, child->part_length);
		else if (child->part_length == sizeof child->part - 1)
			end_line(child, utf8_whole(child->part, child->part_length));
		if (bytes[i] != '\n')
			child->part[child->part_length++] = bytes[i];
	}
}

/* Returns the same as read(2). */
static ssize_t read_output(struct transfer_child *child)
{
	char bytes[4096];
	ssize_t n = read(child->output, bytes, sizeof bytes);

	if (n > 0)
		take_bytes(child, bytes, (size_t) n);
	return n;
}

bool transfer_child_take_output(struct transfer_child *child)
{
	ssize_t n = read_output(child);

	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static void free_child(struct transfer_child *child)
{
	struct transfer_child **at = &child->children->first;

	while (*at && *at != child)
		at = &(*at)->next;
	if (*at)
		*at = child->next;
	cleanup_close(&child->pidfd);
	cleanup_close(&child->output);
	free(child->type);
	free(child->local);
	free(child->verify);
	free(child->remote);
	free(child);
}

static enum transfer_result wait_for_result(pid_t pid)
{
	int status;

	if (child_wait(pid, &status) < 0)
		return TRANSFER_FAILED;
	/* By a call, or by 'mymachines cancel-transfer'. */
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM)
		return TRANSFER_CANCELLED;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? TRANSFER_DONE : TRANSFER_FAILED;
}

void transfer_child_take_end(struct transfer_child *child)
{
	enum transfer_result result = wait_for_result(child->pid);

	/* A process of its own may hold the pipe open, so its end isn't waited for. */
	while (read_output(child) > 0)
		continue;
	end_line(child, child->part_length);
	tell_line(child, result == TRANSFER_FAILED ? LOG_ERR : LOG_INFO);
	child->children->events->end(child, result);
	free_child(child);
}

void transfer_child_drop(struct transfer_child *child)
{
	kill(child->pid, SIGTERM);
	child_end(child->pid, END_MS);
	free_child(child);
}

static const char **make_words(struct arena *arena, const struct transfer_request *request,
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
		request->is_export ? "-" : request->local,
	};
	const char **arguments = arena_alloc(arena, sizeof words + sizeof *words);
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (words[i])
			arguments[count++] = words[i];
	arguments[count] = NULL;
	return arguments;
}

/* The process, which is a child from here on if `pid` is set. 0 or a negative errno. */
static int start_process(struct transfer_child *child, const struct transfer_request *request)
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
	child->output = ends[0];
	r = fcntl(child->output, F_SETFL, O_NONBLOCK) < 0
		    ? -errno
		    : program_start_with(make_words(&arena, request, child->id, program), &files,
					 &child->pid);
	close(ends[1]);
	if (r < 0)
		return r;
	child->pidfd = pidfd_of(child->pid);
	return child->pidfd < 0 ? child->pidfd : 0;
}

static bool is_same(const char *type, const char *remote, const struct transfer_request *request)
{
	return strcmp(remote, request->remote) == 0 && strcmp(type, request->type) == 0;
}

static struct transfer_child *find_child(const struct transfer_children *children, uint32_t id)
{
	for (struct transfer_child *c = children->first; c; c = c->next)
		if (c->id == id)
			return c;
	return NULL;
}

/* Whether another program has one that fetches the same, as far as its list shows the address. */
static bool is_fetched_elsewhere(const struct transfer_children *children,
				 const struct transfer_request *request)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct transfer *transfers;
	struct failure failure;
	size_t count;

	if (transfer_list(&arena, &transfers, &count, &failure) < 0)
		return false;
	for (size_t i = 0; i < count; i++)
		if (!find_child(children, transfers[i].id) &&
		    is_same(transfers[i].type, transfers[i].remote, request))
			return true;
	return false;
}

static int check_others(const struct transfer_children *children, uid_t user,
			const struct transfer_request *request, struct failure *f)
{
	bool is_fetched = request->remote && is_fetched_elsewhere(children, request);
	size_t n_own = 0, n_others = 0;

	for (const struct transfer_child *c = children->first; c; c = c->next) {
		n_own += c->user == user;
		n_others += c->user != 0;
		is_fetched = is_fetched ||
			     (request->remote && is_same(c->type, c->remote, request));
	}
	if (is_fetched)
		return failure_set(f, FAILURE_EXISTS, "Transfer for %s already in progress.",
				   request->remote);
	if (n_own >= (user == 0 ? ROOT_TRANSFERS_MAX : USER_TRANSFERS_MAX))
		return failure_set(f, FAILURE_BUSY, "This user has too many running transfers.");
	if (user != 0 && n_others >= OTHERS_TRANSFERS_MAX)
		return failure_set(f, FAILURE_BUSY, "Users have too many running transfers.");
	return 0;
}

static struct transfer_child *new_child(struct transfer_children *children, uid_t user,
					const struct transfer_request *request)
{
	struct transfer_child *child = calloc(1, sizeof *child);

	if (!child)
		return NULL;
	*child = (struct transfer_child){ .next = children->first,
					  .children = children,
					  .user = user,
					  .type = strdup(request->type),
					  .local = strdup(request->local ?: ""),
					  .verify = strdup(request->verify ?: ""),
					  .remote = strdup(request->remote ?: ""),
					  .pidfd = -1,
					  .output = -1,
					  .progress = -1 };
	children->first = child;
	if (child->type && child->local && child->verify && child->remote)
		return child;
	free_child(child);
	return NULL;
}

int transfer_child_start(struct transfer_children *children, uid_t user,
			 const struct transfer_request *request, struct transfer_child **child,
			 struct failure *f)
{
	struct transfer_child *c;
	int r;

	if (check_others(children, user, request, f) < 0)
		return -1;
	c = new_child(children, user, request);
	if (!c)
		return failure_errno(f, -ENOMEM, "cannot start a transfer");
	if (transfer_take_id(&c->id, f) < 0) {
		free_child(c);
		return -1;
	}
	r = start_process(c, request);
	if (r < 0) {
		if (c->pid)
			transfer_child_drop(c);
		else
			free_child(c);
		return failure_errno(f, r, "cannot start " PROGRAM);
	}
	*child = c;
	return 0;
}

int transfer_children_cancel(const struct transfer_children *children, uint32_t id,
			     struct failure *f)
{
	const struct transfer_child *child = find_child(children, id);
	int r;

	if (!child)
		return transfer_cancel(id, f);
	r = pidfd_signal(child->pidfd, SIGTERM);
	return r < 0 ? failure_errno(f, r, "cannot stop the transfer") : 0;
}

/* The facts about a transfer whose process was only just started. */
static struct transfer describe(const struct transfer_child *child)
{
	return (struct transfer){ .fd = -1,
				  .id = child->id,
				  .pid = (uint32_t) child->pid,
				  .type = child->type,
				  .local = child->local,
				  .remote = "",
				  .verify = child->verify,
				  .progress = child->progress };
}

int transfer_children_find(const struct transfer_children *children, struct arena *arena,
			   uint32_t id, struct transfer *transfer, struct failure *f)
{
	const struct transfer_child *child;

	if (transfer_find(arena, id, transfer, f) == 0)
		return 0;
	child = f->kind == FAILURE_NO_PROCESS ? find_child(children, id) : NULL;
	if (child)
		*transfer = describe(child);
	return child ? 0 : -1;
}

int transfer_children_list(const struct transfer_children *children, struct arena *arena,
			   struct transfer **transfers, size_t *count, struct failure *f)
{
	size_t noted;

	if (transfer_list(arena, transfers, count, f) < 0)
		return -1;
	noted = *count;
	for (const struct transfer_child *c = children->first; c; c = c->next) {
		const struct transfer own = describe(c);

		if (noted && bsearch(&own, *transfers, noted, sizeof own, transfer_compare_ids))
			continue;
		*transfers = arena_grow(arena, *transfers, *count, sizeof own);
		(*transfers)[(*count)++] = own;
	}
	if (*count)
		qsort(*transfers, *count, sizeof **transfers, transfer_compare_ids);
	return 0;
}

/* A transfer's file was written: perhaps that of a child. */
static void take_written(const struct transfer_children *children, const char *name)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct transfer_child *child;
	struct transfer transfer;
	struct failure failure;
	uint32_t id;

	if (id_parse(name, &id) < 0)
		return;
	child = find_child(children, id);
	if (!child || transfer_find(&arena, id, &transfer, &failure) < 0 || transfer.progress < 0 ||
	    !(transfer.progress > child->progress || transfer.progress < child->progress))
		return;
	child->progress = transfer.progress;
	children->events->progress(child);
}

void transfer_children_take_progress(const struct transfer_children *children)
{
	_Alignas(struct inotify_event) char events[4096];
	ssize_t n;

	while ((n = read(children->inotify, events, sizeof events)) > 0)
		for (char *at = events; at < events + n;) {
			const struct inotify_event *event = (const void *) at;

			if (event->len)
				take_written(children, event->name);
			at += sizeof *event + event->len;
		}
}
