/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "library/mymachines.h"

#include "base/cancellation.h"
#include "base/cleanup.h"
#include "registry/diff.h"
#include "registry/notify.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PUBLIC __attribute__((visibility("default")))

struct mymachines_watch {
	struct registry_notify registry;
	bool is_due; /* the registry must be read again */
	bool is_comparing;
	struct registry_copy before, now;
	struct registry_diff comparison;
	struct mymachines_event event;
	struct mymachines_address addresses[MACHINE_ADDRESSES_MAX];
};

PUBLIC int mymachines_watch_new(struct mymachines_watch **watch, unsigned int flags)
{
	CLEANUP(cancellation_restore) const struct cancellation c = cancellation_disable();
	struct mymachines_watch *w;
	int r;

	if (flags & ~(unsigned int) MYMACHINES_INITIAL)
		return -EINVAL;
	w = calloc(1, sizeof *w);
	if (!w)
		return -ENOMEM;
	r = registry_notify_open(&w->registry, REGISTRY_DIRECTORY);
	if (r == 0 && !(flags & MYMACHINES_INITIAL))
		r = registry_copy_read(&w->before, REGISTRY_PATH);
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
	CLEANUP(cancellation_restore) const struct cancellation c = cancellation_disable();
	if (!w)
		return;
	registry_copy_done(&w->before);
	registry_copy_done(&w->now);
	registry_notify_close(&w->registry);
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

/* Begin to compare the new registry with the previous one. */
static int begin(struct mymachines_watch *w)
{
	int r = registry_copy_read(&w->now, REGISTRY_PATH);

	if (r < 0)
		return r;
	registry_diff_begin(&w->comparison, &w->before, &w->now);
	w->is_comparing = true;
	w->is_due = false;
	return 0;
}

/* After the last difference, the new registry becomes the previous one. */
static void end(struct mymachines_watch *w)
{
	registry_copy_done(&w->before);
	w->before = w->now;
	w->now = (struct registry_copy){ 0 };
	w->is_comparing = false;
}

/* Check for a new registry. 1, 0 if there is none, or a negative errno. */
static int look(struct mymachines_watch *w)
{
	/* Read the descriptor in any case, so that it doesn't stay ready. */
	int r = registry_notify_read(&w->registry);

	w->is_due |= r > 0;
	if (r < 0 || !w->is_due)
		return r;
	r = begin(w);
	return r < 0 ? r : 1;
}

PUBLIC int mymachines_watch_next(struct mymachines_watch *w, const struct mymachines_event **event)
{
	CLEANUP(cancellation_restore) const struct cancellation c = cancellation_disable();
	struct machine_difference difference;

	for (;;) {
		int r = w->is_comparing ? 1 : look(w);

		if (r <= 0)
			return r;
		if (registry_diff_next(&w->comparison, &difference)) {
			fill_event(w, &difference);
			*event = &w->event;
			return 1;
		}
		end(w);
	}
}
