/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libmymachines(3): events when machines of this host are registered, change or
 * go. The library watches the registry; it needs no daemon, no bus and no
 * privilege.
 *
 * Functions that fail return a negative errno. Only one thread at a time may use a
 * watch. Several watches may be open.
 */
#ifndef MYMACHINES_H
#define MYMACHINES_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mymachines_watch;

enum mymachines_event_kind {
	MYMACHINES_ADDED = 1,
	MYMACHINES_CHANGED = 2, /* the same registration has other facts */
	MYMACHINES_REMOVED = 3,
};

/*
 * An address of a machine, in the order in which to try them. Events have arrays
 * of them, so this struct never grows.
 */
struct mymachines_address {
	int family; /* AF_INET or AF_INET6 */
	uint32_t
		scope_id; /* for link-local IPv6 the index of the host's interface, RFC 4007; or 0 */
	unsigned char bytes[16]; /* network byte order; IPv4 uses the first four */
};

/*
 * An event of a machine. The library allocates it, so later versions may add
 * members at the end. Strings are NULL if there is no value.
 */
struct mymachines_event {
	enum mymachines_event_kind kind;
	const char *name;	/* as it was registered, in its case */
	const char *service;	/* the manager that runs it, such as "lxc" */
	const char *class_name; /* "container" or "vm" */
	const char *unit;	/* the unit of its processes */
	uint32_t leader;	/* pid of its first process, in the registrar's pid namespace */
	uint64_t sequence;	/* number of the registration: lower is earlier */
	size_t n_addresses;
	const struct mymachines_address *addresses;
};

enum mymachines_watch_flags {
	MYMACHINES_INITIAL =
		1 << 0, /* begin with an event MYMACHINES_ADDED for each existing machine */
};

/*
 * Begin to watch. The caller frees `*watch`. 0; -EMFILE for too many descriptors
 * or inotify instances; without MYMACHINES_INITIAL also the error of a registry
 * that can't be read; or another negative errno.
 */
int mymachines_watch_new(struct mymachines_watch **watch, unsigned int flags);

/* NULL is allowed, and has no effect. */
void mymachines_watch_free(struct mymachines_watch *watch);

/*
 * A descriptor to poll(2) for POLLIN after mymachines_watch_next() has returned 0.
 * The library closes it.
 */
int mymachines_watch_fd(const struct mymachines_watch *watch);

/*
 * Get the next event without blocking. `*event` is valid until the next call with
 * this watch. Call this until it returns 0, then poll.
 *
 * 1; 0 if there is nothing more for now; or -EUCLEAN or another negative errno of
 * a registry that can't be read. After an error, poll for a second at most before
 * the next call: what was missing, such as a descriptor, may be there again without
 * any event. The next readable registry will be compared with the last one that was readable. Between
 * calls, a watch holds memory and one descriptor, which is closed on exec.
 */
int mymachines_watch_next(struct mymachines_watch *watch, const struct mymachines_event **event);

#ifdef __cplusplus
}
#endif

#endif
