/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libvirt's hook scripts, those in directories, which it has known since 6.5. */
#include "tools/setup.h"

#define HOOKS "/etc/libvirt/hooks"
#define MARK  "# Written by 'mymachines setup'.\n"

static int add_script(struct setup *setup, const char *driver)
{
	struct arena *arena = setup->arena;
	char *more = arena_printf(arena, " -- %s \"$@\"", driver);
	char *text = arena_printf(arena, "#!/bin/sh\n" MARK "%s\n",
				  setup_hook_line(setup, "libvirt", more));

	return setup_add_file(setup, arena_printf(arena, HOOKS "/%s.d/mymachines", driver),
			      setup->remove ? NULL : text, 0755, MARK);
}

int setup_libvirt(struct setup *setup)
{
	setup->next_step =
		"restart libvirtd, or virtlxcd and virtqemud: it looks for hooks when it "
		"starts; those that ran before are registered then";
	return add_script(setup, "lxc") < 0 ? -1 : add_script(setup, "qemu");
}
