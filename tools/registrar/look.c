/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/registrar/look.h"

#include "registry/lookup.h"

/* So many looks without the lock. Few change a record: the monitor, and the machine's manager. */
#define LOOKS_MAX 3

int look_and_lock(const struct look *look, const char *directory, struct writer *w,
		  struct failure *f)
{
	for (int n = 1;; n++) {
		uint64_t generation;
		int r = writer_prepare(w, directory);

		w->discard_unreadable = look->discard_unreadable;
		if (r == 0) {
			if (look->observe(look->data, &generation, f) < 0)
				return -1;
			if (look->is_needless && look->is_needless(look->data, generation))
				return 0;
			r = writer_begin(w);
		}
		if (r < 0)
			return registry_failure(f, w->blamed, r);
		if (w->former_generation == generation || look->is_current(look->data, &w->former))
			return 1;
		if (n == LOOKS_MAX)
			return look->observe(look->data, &generation, f) < 0 ? -1 : 1;
		writer_close(w);
	}
}
