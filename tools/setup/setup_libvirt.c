/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libvirt's hook scripts. Since version 6.5 it runs all those in a directory for each driver. */
#include "tools/setup/setup_plan.h"

#define HOOKS "/etc/libvirt/hooks"
#define MARK  "# Written by 'mymachines setup'.\n"

static int add_script(struct setup_plan *plan, const char *driver, struct failure *f)
{
	static const char *const lines[] = { "#!/bin/sh", "# Written by 'mymachines setup'.",
					     "*mymachines* hook libvirt* -- * \"$@\"*", NULL };
	struct arena *arena = plan->arena;
	char *operands = arena_printf(arena, " -- %s \"$@\"", driver);
	char *text = arena_printf(arena, "#!/bin/sh\n" MARK "%s\n",
				  setup_hook_line_of_pipe(plan, "libvirt", operands));

	if (setup_add_file(plan, arena_printf(arena, HOOKS "/%s.d/mymachines", driver),
			   plan->options->remove ? NULL : text, 0755, MARK, f) < 0)
		return -1;
	setup_own_directory(plan);
	return setup_check_lines(plan, lines, f);
}

int setup_libvirt(struct setup_plan *plan, struct failure *f)
{
	plan->next_step = "restart libvirtd, or virtlxcd and virtqemud, which look for hooks only "
			  "when they start; domains that run already are registered then";
	return add_script(plan, "lxc", f) < 0 ? -1 : add_script(plan, "qemu", f);
}
