/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* nsswitch.conf(5) */
#include "tools/nsswitch.h"
#include "tools/setup.h"

/* What couldn't be put right stays as it is: somebody has to look at it. */
static int judge(struct setup *setup, const char *text)
{
	int status = 0;

	for (const char *const *database = nsswitch_databases; *database; database++) {
		const char *behind;

		if (nsswitch_judge(setup->arena, text, *database, &behind) == NSSWITCH_MALFORMED)
			status = setup_fail(setup,
					    NSSWITCH_PATH
					    ": %s: glibc doesn't understand this line; "
					    "put it right first",
					    *database);
	}
	return status;
}

int setup_nss(struct setup *setup)
{
	struct change change = { .path = NSSWITCH_PATH,
				 .mode = 0644,
				 .backup = NSSWITCH_PATH ".before-mymachines",
				 .is_undo = setup->remove };

	if (setup_read(setup, &change) < 0)
		return -1;
	if (setup->remove)
		change.after = change.before ? nsswitch_remove(setup->arena, change.before) : NULL;
	else
		change.after = nsswitch_add(setup->arena, change.before);
	if (!setup->remove && judge(setup, change.after) < 0)
		return -1;
	setup_add(setup, &change);
	return 0;
}
