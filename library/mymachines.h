/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libmymachines(3): being told as machines of this host are registered,
 * change, and go, by watching the registry: no daemon, no bus, no privilege.
 *
 * Functions that fail return a negative errno. A watch is one thread's at a
 * time; several may be open.
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
	MYMACHINES_CHANGED = 2, /* the same registration, with other facts */
	MYMACHINES_REMOVED = 3,
};

/*
 * An address of a machine, in the order in which they are to be tried. There is
 * an array of them: this doesn't grow.
 */
struct mymachines_address {
	int family;		 /* AF_INET or AF_INET6 */
	uint32_t scope_id;	 /* of link-local IPv6: the host's interface, RFC 4007; or 0 */
	unsigned char bytes[16]; /* network byte order; of IPv4 the first four */
};

/*
 * What has happened to a machine: allocated by the library, so that later
 * versions may add members at the end. Strings are as they were registered, and
 * NULL where there is none.
 */
struct mymachines_event {
	enum mymachines_event_kind kind;
	const char *name;	/* as it was registered, in its case */
	const char *service;	/* who runs it, such as "lxc" */
	const char *class_name; /* "container" or "vm" */
	const char *unit;	/* that its processes are in */
	uint32_t leader;	/* pid of its first process, as the registrar saw it */
	uint64_t sequence;	/* one for each registration: lower is earlier */
	size_t n_addresses;
	const struct mymachines_address *addresses;
};

enum mymachines_watch_flags {
	MYMACHINES_INITIAL = 1 << 0, /* begin with the machines that are there, as added */
};

/*
 * Begin to watch; `*watch` is the caller's to free. 0; -EMFILE: too many
 * descriptors, or inotify instances of the user; without MYMACHINES_INITIAL
 * also the error of a registry that can't be read; or another negative errno.
 */
int mymachines_watch_new(struct mymachines_watch **watch, unsigned int flags);

/* Does nothing to NULL. */
void mymachines_watch_free(struct mymachines_watch *watch);

/* A descriptor, the library's, to poll(2) for POLLIN after mymachines_watch_next() returned 0. */
int mymachines_watch_fd(const struct mymachines_watch *watch);

/*
 * The next event, or none; doesn't block. `*event` is good until the next call
 * with this watch. Call it until it returns 0, then poll. 1; 0 when there is
 * nothing more for now; or -EUCLEAN or another negative errno of a registry
 * that can't be read: what comes after it will be compared to the last one that
 * could, so poll as after 0. Between calls, a watch holds memory and the one
 * descriptor above, which is closed on exec.
 */
int mymachines_watch_next(struct mymachines_watch *watch, const struct mymachines_event **event);

#ifdef __cplusplus
}
#endif

#endif
