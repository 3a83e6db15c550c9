/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "library/mymachines.h"

#include "registry/watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PUBLIC __attribute__((visibility("default")))

struct mymachines_watch {
	struct registry_watch registry;
	bool is_due; /* the registry is to be looked at */
	bool is_comparing;
	struct snapshot before, now;
	struct registry_comparison comparison;
	struct mymachines_event event;
	struct mymachines_address addresses[MACHINE_ADDRESSES_MAX];
};

static int open_snapshot(struct snapshot *snapshot)
{
	int r = snapshot_open(snapshot, REGISTRY_PATH);

	return r == -ENOENT || r == -ESTALE ? 0 : r;
}

PUBLIC int mymachines_watch_new(struct mymachines_watch **watch, unsigned int flags)
{
	struct mymachines_watch *w;
	int r;

	if (flags & ~(unsigned int) MYMACHINES_INITIAL)
		return -EINVAL;
	w = calloc(1, sizeof *w);
	if (!w)
		return -ENOMEM;
	r = registry_watch_open(&w->registry, REGISTRY_DIRECTORY);
	if (r == 0 && !(flags & MYMACHINES_INITIAL))
		r = open_snapshot(&w->before);
	if (r < 0) {
		mymachines_watch_free(w);
		return r;
	}
	w->is_due = true;
	*watch = w;
	return 0;
}

PUBLIC void mymachines_watch_free(struct mymachines_watch *w)
{
	if (!w)
		return;
	registry_comparison_done(&w->comparison);
	snapshot_close(&w->before);
	snapshot_close(&w->now);
	registry_watch_close(&w->registry);
	free(w);
}

PUBLIC int mymachines_watch_fd(const struct mymachines_watch *w)
{
	return w->registry.fd;
}

static void fill_addresses(struct mymachines_watch *w, const struct machine *m)
{
	for (size_t i = 0; i < m->n_addresses; i++) {
		const struct machine_address *from = &m->addresses[i];
		struct mymachines_address *to = &w->addresses[i];

		to->family = from->family;
		to->scope_id = address_needs_interface(from) ? from->host_interface : 0;
		memcpy(to->bytes, from->bytes, sizeof to->bytes);
	}
}

static void fill_event(struct mymachines_watch *w, const struct machine_difference *difference)
{
	const struct machine *m = difference->now ? difference->now : difference->before;

	fill_addresses(w, m);
	w->event = (struct mymachines_event){
		.kind = (enum mymachines_event_kind) difference->event,
		.name = m->name,
		.service = m->service,
		.class_name = machine_class_name(m->class),
		.unit = m->unit,
		.leader = m->leader.pid,
		.sequence = m->sequence,
		.n_addresses = m->n_addresses,
		.addresses = w->addresses,
	};
}

/* Compare what is there now with what was. */
static int begin(struct mymachines_watch *w)
{
	int r = open_snapshot(&w->now);

	if (r == 0)
		r = registry_compare(&w->comparison, &w->before, &w->now);
	if (r < 0)
		snapshot_close(&w->now);
	w->is_comparing = r == 0;
	return r;
}

static void end(struct mymachines_watch *w)
{
	registry_comparison_done(&w->comparison);
	snapshot_close(&w->before);
	w->before = w->now;
	w->now = (struct snapshot){ 0 };
	w->is_comparing = false;
}

PUBLIC int mymachines_watch_next(struct mymachines_watch *w, const struct mymachines_event **event)
{
	struct machine_difference difference;
	int r = 0;

	while (w->is_comparing || w->is_due || (r = registry_watch_read(&w->registry)) > 0) {
		if (!w->is_comparing) {
			w->is_due = false;
			r = begin(w);
			if (r < 0)
				return r;
		}
		r = registry_comparison_next(&w->comparison, &difference);
		if (r > 0) {
			fill_event(w, &difference);
			*event = &w->event;
			return 1;
		}
		end(w);
		if (r < 0)
			return r;
	}
	return r;
}
