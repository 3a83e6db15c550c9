/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the host's kernel knows of the ways to machines: links, routes,
 * neighbours and what bridges have learned. Each thing is asked for when it is
 * first needed, and remembered for as long as the view is open: one look.
 */
#pragma once

#include "base/failure.h"
#include "host/neighbour.h"
#include "host/process.h"
#include "host/route.h"

/* A neighbour that the kernel does not know, or whose port its bridge has forgotten. */
struct neighbour_question {
	uint8_t family;
	uint8_t bytes[16];
	uint32_t interface;
	bool is_known;
};

struct host_view {
	struct netlink netlink; /* if it is not open, what is remembered is all that there is */
	void *answers;		/* tsearch(3) */
	struct neighbour_question *questions;
	size_t n_questions;
	struct own_namespaces own; /* of the caller, who is at home when they are asked for */
	int home;		   /* of host_view_home(), plus 1; or 0 */
	int error;		   /* the first that kept something from being found out, or 0 */
};

/* Of the caller's network namespace. 0, or -1 with a failure. */
int host_view_begin(struct host_view *view, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

void host_view_close(struct host_view *view);

/*
 * A descriptor of the caller's network namespace, who is in it when this is called first. It is the
 * view's. Or a negative errno.
 */
int host_view_home(struct host_view *view);

/* Each returns what there is, which is the view's and good until it is closed, or NULL. */
const struct host_link *host_view_link(struct host_view *view, uint32_t index);
const struct route *host_view_route(struct host_view *view, int family, const uint8_t *bytes);
const struct neighbour *host_view_neighbour(struct host_view *view, uint32_t interface, int family,
					    const uint8_t *bytes);
const struct forwarding *host_view_forwarding(struct host_view *view, uint32_t bridge,
					      uint16_t vlan,
					      const struct hardware_address *hardware);

/*
 * The ports of a bridge, one after another: `at` begins with 0. NULL after the
 * last. This asks for all of them.
 */
const struct host_link *host_view_next_port(struct host_view *view, uint32_t bridge, size_t *at);

/* Note that the kernel is to be asked for this neighbour. One that is permanent is left alone. */
void host_view_question(struct host_view *view, uint32_t interface, int family,
			const uint8_t *bytes);

/*
 * Have the kernel find out all that was noted, and wait for the answers, at most
 * `milliseconds` for all together. All that was remembered is forgotten: the
 * answers have changed it. 0 or a negative errno: some were not asked.
 */
int host_view_ask(struct host_view *view, int milliseconds);

/* Remember it, in the place of what was: for tests, in which nothing is asked. */
void host_view_add_link(struct host_view *view, const struct host_link *link);
void host_view_add_route(struct host_view *view, int family, const uint8_t *bytes,
			 const struct route *route);
void host_view_add_neighbour(struct host_view *view, const struct neighbour *neighbour);
void host_view_add_forwarding(struct host_view *view, uint32_t bridge, uint16_t vlan,
			      const struct forwarding *forwarding);
