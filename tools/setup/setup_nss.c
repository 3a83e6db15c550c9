/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* nsswitch.conf(5) */
#include "tools/setup/nsswitch.h"
#include "tools/setup/setup_plan.h"

#include <string.h>

#define BACKUP_PATH NSSWITCH_PATH ".before-mymachines"

/* A line that glibc can't parse isn't changed: a person has to correct it. */
static int check_lines(struct setup_plan *plan, const char *text, struct failure *f)
{
	for (const char *const *database = nsswitch_databases; *database; database++) {
		const char *other;
		enum nsswitch_verdict verdict =
			nsswitch_judge(plan->arena, text, *database, &other);

		if (verdict == NSSWITCH_MALFORMED || verdict == NSSWITCH_REJECTED)
			return failure_set(f, FAILURE_INVALID,
					   NSSWITCH_PATH ": %s: glibc doesn't understand this "
							 "line; put it right first",
					   verdict == NSSWITCH_REJECTED ? other : *database);
	}
	return 0;
}

static bool has_mymachines(struct arena *arena, const char *text)
{
	return text && strcmp(nsswitch_remove(arena, text), text) != 0;
}

/*
 * The file without mymachines. If nobody has changed the file since setup, it
 * is what it was before: setup may have added lines, or the file itself.
 */
static const char *text_without(struct setup_plan *plan, const char *text, const char *vendor,
				const char *backup)
{
	struct arena *arena = plan->arena;

	if (!text)
		return NULL;
	if (backup && (strcmp(backup, text) == 0 || strcmp(nsswitch_add(arena, backup), text) == 0))
		return backup;
	if (!backup && strcmp(nsswitch_add(arena, vendor), text) == 0)
		return NULL;
	return nsswitch_remove(arena, text);
}

int setup_nss(struct setup_plan *plan, struct failure *f)
{
	bool remove = plan->options->remove;
	struct change vendor = { .path = NSSWITCH_VENDOR_PATH }, backup = { .path = BACKUP_PATH },
		      change = { .path = NSSWITCH_PATH,
				 .mode = 0644,
				 .backup = BACKUP_PATH,
				 .is_undo = remove };

	if (change_read(plan->arena, &change, f) < 0 || change_read(plan->arena, &vendor, f) < 0 ||
	    change_read(plan->arena, &backup, f) < 0)
		return -1;
	if (remove)
		change.after = text_without(plan, change.before, vendor.before, backup.before);
	else
		/* A file in /etc hides the vendor's, so it begins as a copy of that. */
		change.after =
			nsswitch_add(plan->arena, change.before ? change.before : vendor.before);
	/*
	 * The backup is the file from before the first setup. It stays if mymachines was in
	 * it already, as some distributions have it for systemd's module.
	 */
	if (backup.before && has_mymachines(plan->arena, remove ? backup.before : change.before))
		change.backup = NULL;
	if (!remove && check_lines(plan, change.after, f) < 0)
		return -1;
	setup_add_change(plan, &change);
	return 0;
}
