/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/setup/polkit_actions.h"

#include "base/configuration.h"
#include "base/input.h"

#include <string.h>
#include <unistd.h>

#define SOCKET_WANTED "/etc/systemd/system/sockets.target.wants/mymachines-varlink.socket"

static bool has_polkit(struct arena *arena, const struct bus_target *target)
{
	const char *path = target->actions;

	return access(arena_printf(arena, "%.*s", (int) (strrchr(path, '/') - path), path), F_OK) ==
	       0;
}

int setup_add_actions(struct setup_plan *plan, const struct bus_target *target, bool remove,
		      struct failure *f)
{
	char *installed = NULL;
	size_t size;

	if (!remove && !has_polkit(plan->arena, target))
		return 0;
	(void) !input_read_file(plan->arena, target->stock_actions, &installed, &size);
	return setup_add_sealed_file(plan, target->actions,
				     remove ? NULL
					    : bus_actions_text(plan->arena, target, installed),
				     BUS_FILES_MARK, f);
}

bool setup_bus_is_done(void)
{
	return access(bus_machine1.activation, F_OK) == 0;
}

bool setup_varlink_is_done(struct arena *arena)
{
	char *text;
	size_t size;

	return access(SOCKET_WANTED, F_OK) == 0 ||
	       (input_read_file(arena, CONFIGURATION_PATH, &text, &size) == 0 &&
		configuration_parse(text).varlink);
}
