/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/verbs/verb_entrance.h"

#include "base/cleanup.h"
#include "registry/lookup.h"
#include "tools/messages/message.h"

int verb_entrance_open(const char *name, const char *vm_words, struct entrance *entrance,
		       struct failure *f)
{
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };
	struct machine machine;

	if (registry_open(&snapshot, f) < 0 || machine_find(&snapshot, name, &machine, f) < 0)
		return -1;
	if (machine.class == MACHINE_VM && vm_words)
		return failure_set(f, FAILURE_NOT_SUPPORTED, "%s: is a virtual machine, %s",
				   machine.name, vm_words);
	return entrance_open(entrance, &machine, &snapshot.meta.context, f);
}

static void report_at_once(void *data, enum notice_kind kind, const char *text)
{
	(void) data;
	if (kind == NOTICE_WARNING)
		complain("%s", text);
}

struct notices verb_notices(void)
{
	return (struct notices){ .sink = report_at_once };
}
