/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/watched.h"

#include "registry/cleanup.h"
#include "registry/netlink.h"
#include "registry/network.h"
#include "registry/proc_file.h"
#include "registry/process.h"
#include "tools/arena.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

int watched_add_source(struct watched *w, struct source *source, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = source };
	int r;

	if (fd < 0)
		return fd;
	r = w->descriptors >= w->descriptors_max		 ? -EMFILE
	    : epoll_ctl(w->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno
								 : 0;
	if (r < 0) {
		close(fd);
		return r;
	}
	source->fd = fd;
	w->descriptors++;
	return 0;
}

void watched_remove_source(struct watched *w, struct source *source)
{
	if (source->fd < 0)
		return;
	/* The last descriptor of it: closing it takes it out of the epoll, too. */
	close(source->fd);
	source->fd = -1;
	w->descriptors--;
}

static int compare_networks(const void *left, const void *right)
{
	const struct watched_network *a = left, *b = right;

	if (a->device != b->device)
		return a->device < b->device ? -1 : 1;
	return a->inode < b->inode ? -1 : a->inode > b->inode;
}

/* A namespace is its device and inode: namespaces(7). */
static int read_network(const char *path, struct watched_network *network)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	network->device = st.st_dev;
	network->inode = st.st_ino;
	return 0;
}

bool watched_is_at_home(const struct watched *w)
{
	struct watched_network now = { 0 };

	return read_network("/proc/self/ns/net", &now) == 0 && compare_networks(&now, w->home) == 0;
}

int watched_init(struct watched *w, size_t descriptors_max)
{
	struct watched_network home = { 0 };
	int r = read_network("/proc/self/ns/net", &home);

	*w = (struct watched){ .epoll = -1, .descriptors_max = descriptors_max };
	if (r < 0)
		return r;
	w->home = malloc(sizeof *w->home);
	if (!w->home)
		return -ENOMEM;
	*w->home = home;
	w->epoll = epoll_create1(EPOLL_CLOEXEC);
	return w->epoll < 0 ? -errno : 0;
}

static void leave_network(struct watched *w, struct watched_machine *m)
{
	struct watched_network *network = m->network;

	m->network = NULL;
	if (!network || --network->users > 0)
		return;
	/* It keeps the namespace alive, and that its interfaces. */
	watched_remove_source(w, &network->socket);
	tdelete(network, &w->networks, compare_networks);
	free(network);
}

static struct watched_network *find_or_add_network(struct watched *w,
						   const struct watched_network *key)
{
	struct watched_network **found = tfind(key, &w->networks, compare_networks);
	struct watched_network *network;

	if (found)
		return *found;
	network = malloc(sizeof *network);
	if (!network)
		arena_out_of_memory();
	*network = (struct watched_network){ .socket = { SOURCE_NETWORK, -1 },
					     .device = key->device,
					     .inode = key->inode };
	if (!tsearch(network, &w->networks, compare_networks))
		arena_out_of_memory();
	return network;
}

static int read_leaders_network(const struct watched_machine *m, struct watched_network *network)
{
	char path[PROC_PATH_SIZE];

	proc_path(path, m->machine.leader.pid, "ns/net");
	return read_network(path, network);
}

/* Watch the namespace that the leader is in now. */
static void enter_network(struct watched *w, struct watched_machine *m)
{
	struct watched_network now = { 0 };
	int r = read_leaders_network(m, &now);

	m->is_hidden = r < 0 && r != -ENOENT && r != -ESRCH;
	/* What the host's own interfaces do, the monitor is told anyway. */
	if (r < 0 || compare_networks(&now, w->home) == 0) {
		leave_network(w, m);
		return;
	}
	if (m->network && compare_networks(m->network, &now) == 0)
		return;
	leave_network(w, m);
	m->network = find_or_add_network(w, &now);
	m->network->users++;
	m->is_stale = true;
}

/* Its pidfd, or a negative errno. */
static int open_leader(const struct watched_machine *m)
{
	struct machine_leader leader;
	int fd = -1;
	enum leader_verdict verdict = leader_inspect(m->machine.leader.pid, &leader, &fd);

	if (verdict != LEADER_OK)
		return verdict == LEADER_UNREADABLE ? -errno : -ESRCH;
	if (leader_equal(&leader, &m->machine.leader))
		return fd;
	close(fd);
	return -ESRCH;
}

/* What has changed in the namespace before is to be looked at. */
static void open_network(struct watched *w, struct watched_machine *m)
{
	int fd = machine_network_listen(m->leader.fd);
	struct watched_network now = { 0 };

	/* The leader may just have entered another one, which is then this socket's. */
	if (fd >= 0 &&
	    (read_leaders_network(m, &now) < 0 || compare_networks(&now, m->network) != 0)) {
		close(fd);
		m->is_stale = true;
		return;
	}
	if (watched_add_source(w, &m->network->socket, fd) == 0)
		m->network->is_stale = true;
}

/* A pidfd, and a socket in its namespace, as far as there is room for them. */
static void watch(struct watched *w, struct watched_machine *m)
{
	bool has_room = w->descriptors < w->descriptors_max;

	if (m->has_died)
		return;
	if (m->leader.fd < 0 && has_room &&
	    watched_add_source(w, &m->leader, open_leader(m)) == -ESRCH) {
		m->has_died = m->is_stale = true;
		return;
	}
	enter_network(w, m);
	if (m->network && m->network->socket.fd < 0 && m->leader.fd >= 0 && has_room)
		open_network(w, m);
}

static void unwatch(struct watched *w, struct watched_machine *m)
{
	leave_network(w, m);
	watched_remove_source(w, &m->leader);
}

static void forget(struct watched *w, struct watched_machine *m)
{
	unwatch(w, m);
	free(m->record);
	free(m);
}

static struct watched_machine *add(const char *name)
{
	struct watched_machine *m = calloc(1, sizeof *m);

	if (!m)
		arena_out_of_memory();
	m->leader = (struct source){ SOURCE_LEADER, -1 };
	strcpy(m->name, name);
	return m;
}

/* Another record than before makes it stale. */
static void update(struct watched *w, struct watched_machine *m, const struct machine *machine)
{
	uint8_t *bytes = malloc(RECORD_SIZE_MAX), *smaller;
	int size = bytes ? record_encode(machine, bytes, RECORD_SIZE_MAX) : 0;

	/* What was decoded can be encoded. */
	if (size <= 0)
		arena_out_of_memory();
	if ((size_t) size == m->record_size && memcmp(bytes, m->record, m->record_size) == 0) {
		free(bytes);
		return;
	}
	if (!leader_equal(&m->machine.leader, &machine->leader)) {
		unwatch(w, m);
		m->has_died = false;
	}
	smaller = realloc(bytes, (size_t) size);
	free(m->record);
	m->record = smaller ? smaller : bytes;
	m->record_size = (size_t) size;
	record_decode(m->record, m->record_size, &m->machine);
	m->is_stale = true;
}

bool watched_is_learned(const struct watched_machine *m)
{
	return m->machine.class == MACHINE_VM && !machine_has_given_address(&m->machine);
}

bool watched_has_learned(const struct watched *w)
{
	for (size_t i = 0; i < w->count; i++)
		if (watched_is_learned(w->machines[i]))
			return true;
	return false;
}

bool watched_is_whole(const struct watched_machine *m)
{
	return m->has_died ||
	       (m->leader.fd >= 0 && !m->is_hidden && (!m->network || m->network->socket.fd >= 0));
}

size_t watched_count_unwatched(const struct watched *w)
{
	size_t count = 0;

	for (size_t i = 0; i < w->count; i++)
		count += !watched_is_whole(w->machines[i]);
	return count;
}

/* Both are in the order of their names. */
int watched_follow(struct watched *w, struct snapshot *s)
{
	struct watched_machine **machines = NULL;
	char folded[MACHINE_NAME_SIZE] = "";
	size_t count = 0, at = 0;
	struct machine machine;
	int r = -ENOENT;

	if (s->env) {
		machines = calloc(s->meta.machines + 1, sizeof *machines);
		if (!machines)
			arena_out_of_memory();
	}
	while (s->env && count < s->meta.machines &&
	       (r = snapshot_next(s, folded, &machine)) == 0) {
		struct watched_machine *m;

		while (at < w->count && strcmp(w->machines[at]->name, folded) < 0)
			forget(w, w->machines[at++]);
		m = at < w->count && strcmp(w->machines[at]->name, folded) == 0 ? w->machines[at++]
										: add(folded);
		update(w, m, &machine);
		watch(w, m);
		machines[count++] = m;
	}
	/* What the rest of a damaged one would have said isn't known. */
	while (at < w->count)
		forget(w, w->machines[at++]);
	free(w->machines);
	w->machines = machines;
	w->count = count;
	return r == 0 || r == -ENOENT ? 0 : r;
}

void watched_take_event(struct watched *w, struct source *source)
{
	struct watched_machine *m = (void *) source;
	struct watched_network *network = (void *) source;

	if (source->kind == SOURCE_LEADER) {
		m->has_died = m->is_stale = true;
		unwatch(w, m);
		return;
	}
	network->is_stale = true;
	/* That there were too many to keep says the same. */
	netlink_drain(source->fd, NULL, NULL);
}

void watched_check_networks(struct watched *w)
{
	for (size_t i = 0; i < w->count; i++)
		watch(w, w->machines[i]);
}

bool watched_is_stale(const struct watched_machine *m)
{
	return m->is_stale || (m->network && m->network->is_stale);
}

void watched_begin_look(struct watched *w)
{
	for (size_t i = 0; i < w->count; i++) {
		w->machines[i]->is_looked_at = watched_is_stale(w->machines[i]);
		w->machines[i]->is_stale = false;
	}
	/* After all machines in it. */
	for (size_t i = 0; i < w->count; i++)
		if (w->machines[i]->network)
			w->machines[i]->network->is_stale = false;
}

void watched_look_has_failed(struct watched *w)
{
	for (size_t i = 0; i < w->count; i++)
		w->machines[i]->is_stale |= w->machines[i]->is_looked_at;
}

void watched_done(struct watched *w)
{
	for (size_t i = 0; i < w->count; i++)
		forget(w, w->machines[i]);
	free(w->machines);
	free(w->home);
	cleanup_close(&w->epoll);
	*w = (struct watched){ .epoll = -1 };
}
