/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rules of AppArmor for files, and what they say of one file: apparmor.d(5). */
#pragma once

#include "base/arena.h"

#include <stdbool.h>

struct apparmor_judgement {
	const char *directory;	 /* of which to tell whether it is included, or NULL */
	bool includes_directory; /* also if it isn't there yet */
	bool is_allowed;	 /* a rule lets a process read the file, whoever owns it */
	bool is_denied;		 /* a rule forbids that, which wins */
	const char *denied_by;	 /* the file that has this rule, or NULL */
};

/*
 * Add to the judgement what the rules of a file say of reading `target`, and those of the files and directories
 * that it includes. Nothing is added if there is none.
 */
void apparmor_judge(struct arena *arena, const char *path, const char *target,
		    struct apparmor_judgement *judgement) __attribute__((nonnull));
