/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/bus/bus_machines.h"

#include "base/cleanup.h"
#include "base/descriptors.h"
#include "base/pidfd.h"
#include "registry/leader_state.h"
#include "tools/bus/bus.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

/* Descriptors that clients, their terminals and children may need: no pidfd takes these. */
#define OTHER_DESCRIPTORS 2048

static void unwatch(struct bus_machines *list, struct listed_machine *m)
{
	/* Not by closing it: a child that has just been forked may have it, too. */
	epoll_ctl(list->watch, EPOLL_CTL_DEL, m->pidfd, NULL);
	close(m->pidfd);
	m->pidfd = -1;
	list->n_watched--;
}

/* Keep a pidfd, if the process is the leader. Of others it is looked up again and again. */
static void watch(struct bus_machines *list, struct listed_machine *m)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = m };
	struct stat st;
	int fd;

	if (!m->leader.pidfd_inode || list->n_watched >= list->watched_max)
		return;
	fd = pidfd_of((pid_t) m->leader.pid);
	if (fd < 0)
		return;
	if (fstat(fd, &st) < 0 || st.st_ino != m->leader.pidfd_inode ||
	    epoll_ctl(list->watch, EPOLL_CTL_ADD, fd, &event) < 0) {
		close(fd);
		return;
	}
	m->pidfd = fd;
	list->n_watched++;
}

static void begin_to_watch(struct bus_machines *list, size_t count)
{
	size_t allowed = descriptors_allow(count + OTHER_DESCRIPTORS);

	list->watched_max = allowed > OTHER_DESCRIPTORS ? allowed - OTHER_DESCRIPTORS : allowed / 2;
	if (list->watch <= 0)
		list->watch = epoll_create1(EPOLL_CLOEXEC);
	if (list->watch < 0)
		list->watched_max = 0;
}

static void forget(struct bus_machines *list, struct listed_machine *m)
{
	if (m && m->pidfd >= 0)
		unwatch(list, m);
	free(m);
}

static const char *add_text(char **end, const char *text)
{
	const char *start = *end;

	*end = stpcpy(*end, text) + 1;
	return start;
}

static struct listed_machine *new_machine(struct bus_machines *list, const struct machine *m)
{
	CLEANUP_FREE char *path = bus_machine_path(m->name);
	const char *service = m->service ? m->service : "";
	struct listed_machine *new;
	char *end;

	if (!path)
		return NULL;
	new = malloc(sizeof *new + strlen(m->name) + strlen(service) + strlen(path) + 3);
	if (!new)
		return NULL;
	end = (char *) (new + 1);
	*new = (struct listed_machine){
		.name = add_text(&end, m->name),
		.class = machine_class_name(m->class),
		.service = add_text(&end, service),
		.path = add_text(&end, path),
		.leader = m->leader,
		.pidfd = -1,
	};
	watch(list, new);
	return new;
}

static bool is_same(const struct listed_machine *listed, const struct machine *m)
{
	return strcmp(listed->name, m->name) == 0 && leader_equal(&listed->leader, &m->leader) &&
	       strcmp(listed->class, machine_class_name(m->class)) == 0 &&
	       strcmp(listed->service, m->service ? m->service : "") == 0;
}

/* The machine from the old list, if it is in that at or behind `at`, or a new one. */
static struct listed_machine *take_machine(struct bus_machines *list,
					   const struct bus_machines *old, size_t *at,
					   const struct machine *m)
{
	while (*at < old->count && strcmp(old->machines[*at]->name, m->name) < 0)
		++*at;
	if (*at < old->count && is_same(old->machines[*at], m)) {
		struct listed_machine *same = old->machines[*at];

		old->machines[*at] = NULL;
		++*at;
		return same;
	}
	return new_machine(list, m);
}

static int take_machines(struct bus_machines *list, const struct bus_machines *old,
			 struct snapshot *snapshot)
{
	char folded[MACHINE_NAME_SIZE] = "";
	size_t at = 0;
	struct machine m;
	int r;

	list->machines = calloc(snapshot->meta.machines + 1, sizeof *list->machines);
	if (!list->machines)
		return -ENOMEM;
	begin_to_watch(list, snapshot->meta.machines);
	while ((r = snapshot_next(snapshot, folded, &m)) == 0) {
		struct listed_machine *taken;

		if (list->count == snapshot->meta.machines)
			return -EUCLEAN;
		taken = take_machine(list, old, &at, &m);
		if (!taken)
			return -ENOMEM;
		list->machines[list->count++] = taken;
	}
	return r == -ENOENT ? 0 : r;
}

static void forget_all(struct bus_machines *list, const struct bus_machines *old)
{
	free(old->leaders);
	for (size_t i = 0; i < old->count; i++)
		forget(list, old->machines[i]);
	free(old->machines);
}

static int compare_leaders(const void *a, const void *b)
{
	uint32_t x = ((const struct listed_leader *) a)->pid;
	uint32_t y = ((const struct listed_leader *) b)->pid;

	return (x > y) - (x < y);
}

static int sort_leaders(struct bus_machines *list)
{
	list->leaders = calloc(list->count + 1, sizeof *list->leaders);
	if (!list->leaders)
		return -ENOMEM;
	for (size_t i = 0; i < list->count; i++)
		list->leaders[i] =
			(struct listed_leader){ list->machines[i]->leader.pid, list->machines[i] };
	qsort(list->leaders, list->count, sizeof *list->leaders, compare_leaders);
	return 0;
}

/* Also after an error, each machine that is watched is in the list. */
static int replace(struct bus_machines *list, struct snapshot *snapshot)
{
	struct bus_machines old = *list;
	int r = 0;

	list->machines = NULL;
	list->leaders = NULL;
	list->count = 0;
	if (snapshot->is_open)
		r = take_machines(list, &old, snapshot);
	if (r == 0)
		r = sort_leaders(list);
	forget_all(list, &old);
	list->identity = snapshot->identity;
	list->context = snapshot->meta.context;
	list->is_current = r == 0 && snapshot->is_open;
	return r;
}

static bool is_read(const struct bus_machines *list, const struct snapshot *registry)
{
	return list->is_current && registry->is_open &&
	       registry_identity_equal(&registry->identity, &list->identity);
}

int bus_machines_update(struct bus *bus, sd_bus_error *error)
{
	struct bus_machines *list = bus_machines(bus);
	struct snapshot *registry;
	int r = bus_registry(bus, &registry, error);

	return r < 0 || is_read(list, registry) ? r : replace(list, registry);
}

/* Whether they are really dead is then for leader_state() to say. */
static void unwatch_dead(struct bus_machines *list)
{
	struct epoll_event events[64];
	int count;

	do {
		count = list->n_watched ? epoll_wait(list->watch, events, 64, 0) : 0;
		for (int i = 0; i < count; i++)
			unwatch(list, events[i].data.ptr);
	} while (count == 64);
}

const struct listed_machine *bus_machines_next(struct bus_machines *list, size_t *at)
{
	if (*at == 0)
		unwatch_dead(list);
	while (*at < list->count) {
		const struct listed_machine *m = list->machines[(*at)++];

		if (m->pidfd >= 0 || leader_state(&m->leader, &list->context, NULL) != LEADER_DEAD)
			return m;
	}
	return NULL;
}

/* The machine that this process leads, if it is watched, and its leader hasn't died. */
static const struct listed_machine *find_watched(struct bus_machines *list, uint32_t pid)
{
	struct listed_leader *found;

	if (!list->count)
		return NULL;
	found = bsearch(&(struct listed_leader){ .pid = pid }, list->leaders, list->count,
			sizeof *found, compare_leaders);
	if (!found || found->machine->pidfd < 0)
		return NULL;
	unwatch_dead(list);
	return found->machine->pidfd < 0 ? NULL : found->machine;
}

const struct listed_machine *bus_machine_led_by(struct bus *bus, const struct snapshot *registry,
						uint32_t pid)
{
	struct bus_machines *list = bus_machines(bus);

	return is_read(list, registry) ? find_watched(list, pid) : NULL;
}

bool bus_machine_may_live(struct bus *bus, const struct snapshot *registry, const struct machine *m)
{
	const struct listed_machine *led = bus_machine_led_by(bus, registry, m->leader.pid);

	return (led && leader_equal(&led->leader, &m->leader)) ||
	       leader_state(&m->leader, &registry->meta.context, NULL) != LEADER_DEAD;
}

void bus_machines_done(struct bus_machines *list)
{
	forget_all(list, list);
	if (list->watch > 0)
		close(list->watch);
}
