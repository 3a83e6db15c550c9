/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registry/mapped_snapshot.h"

#include <errno.h>
#include <sys/mman.h>

static void unmap(struct pages *pages)
{
	munmap((void *) pages->mapped, pages->size);
}

int snapshot_open(struct snapshot *s, const char *path)
{
	int r = snapshot_open_unmapped(s, path, NULL, 0);
	void *mapped;

	if (r < 0)
		return r;
	/* A file without pages can't be mapped; every look-up will find it damaged. */
	if (s->pages.size == 0)
		return 0;
	mapped = mmap(NULL, s->pages.size, PROT_READ, MAP_SHARED, s->pages.fd, 0);
	if (mapped == MAP_FAILED) {
		r = -errno;
		snapshot_close(s);
		return r;
	}
	s->pages.mapped = mapped;
	s->unmap = unmap;
	return 0;
}
