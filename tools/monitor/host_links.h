/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The host's interfaces that have changed, and which machines that concerns. */
#pragma once

#include "tools/monitor/watched.h"

/* If more interfaces than this change at once, all count as changed. */
#define HOST_LINKS_MAX 64

struct host_links {
	struct source source;
	uint32_t changed[HOST_LINKS_MAX];
	size_t n_changed; /* above HOST_LINKS_MAX: any may have */
	bool may_be_tap;  /* one of them may be a VM's tap: it isn't one of a pair */
	/* An interface was made, or moved to another network namespace: a leader may have, too. */
	bool may_have_moved;
};

#define HOST_LINKS_INIT                                                                            \
	{                                                                                          \
		.source = { SOURCE_HOST_LINKS, -1 }                                                \
	}

/* Be told of changes. 0 or a negative errno. */
int host_links_open(struct host_links *links, struct sources *sources);

/* The descriptor was ready. */
void host_links_take_event(struct host_links *links);

/* Note the machines that the changes since the last call concern. */
void host_links_note_machines(struct host_links *links, struct watched *watched);

void host_links_close(struct host_links *links, struct sources *sources);
