/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/registrar/publish.h"

#include "host/nscd.h"
#include "registry/lookup.h"
#include "tools/registrar/exports.h"
#include "tools/registrar/scope_cgroup.h"

int open_registry_writer(struct writer *writer, struct failure *f)
{
	int r = writer_open(writer, REGISTRY_DIRECTORY);

	return r < 0 ? registry_failure(f, writer->blamed, r) : 0;
}

/* The registry is published, whatever goes wrong here. */
static int follow_up(struct writer *writer, struct notices *notices)
{
	struct failure f;
	int r = exports_update(writer, notices, &f);

	if (r < 0)
		notices_add_failure(notices, &f);
	for (size_t i = 0; i < writer->touched_units.count; i++)
		scope_cgroup_remove(writer->touched_units.items[i]);
	/* nscd may hang, and then nobody else has to wait for the lock. */
	writer_close(writer);
	/* Programs that use it see the change now, and not when its entries expire. */
	nscd_invalidate();
	return r < 0 ? PUBLISHED_INCOMPLETE : 0;
}

int publish(struct writer *writer, struct notices *notices, struct failure *f)
{
	if (writer->discarded)
		notices_add(notices, NOTICE_WARNING,
			    "%s: %s; replaced by a new one: machines that were in it have to be "
			    "registered again",
			    writer->path, registry_writer_error_words(writer->discarded));
	int r = writer_publish(writer);

	return r < 0 ? registry_failure(f, writer->blamed, r) : follow_up(writer, notices);
}
