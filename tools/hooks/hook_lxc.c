/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Hooks of LXC and LXD: lxc.container.conf(5), "CONTAINER HOOKS". With
 * lxc.hook.version 0, name, section and type are arguments; with 1, everything
 * is in the environment.
 */
#include "tools/hooks/hook_reader.h"

#include <stdlib.h>
#include <string.h>

/* Set the root from lxc.rootfs.path, if that is a directory: "dir:/srv/web1/rootfs". */
static void set_root(struct hook *hook, const char *path)
{
	if (path && strncmp(path, "dir:", 4) == 0)
		path += 4;
	/* Other kinds are mounted by now, and found by looking at the leader. */
	if (path && *path == '/')
		hook_set_found(hook, registration_set_root, path);
}

static int read_start(struct hook *hook, const char *service, struct failure *f)
{
	const char *pid = getenv("LXC_PID");

	if (!pid)
		return failure_set(f, FAILURE_INVALID, "%s: LXC_PID isn't in the environment",
				   hook->reg.subject);
	if (registration_set_leader(&hook->reg, pid, f) < 0)
		return failure_prefix(f, "%s", hook->reg.subject);
	hook_set_found(hook, registration_set_service, service);
	set_root(hook, getenv("LXC_ROOTFS_PATH"));
	return 0;
}

int hook_read_lxc(struct hook *hook, char **arguments, struct failure *f)
{
	const char *name = getenv("LXC_NAME"), *type = getenv("LXC_HOOK_TYPE"),
		   *service = getenv("LXD_DIR") ? "lxd" : "lxc";

	if (arguments[0]) {
		if (!arguments[1] || !arguments[2] || arguments[3])
			return failure_set(f, FAILURE_INVALID,
					   "%s: takes no arguments, or NAME lxc TYPE",
					   hook->reg.subject);
		name = arguments[0];
		type = arguments[2];
	}
	if (!name || !type)
		return failure_set(f, FAILURE_INVALID, "%s: %s isn't in the environment",
				   hook->reg.subject, name ? "LXC_HOOK_TYPE" : "LXC_NAME");
	hook_set_subject(hook, name);
	hook_add_runtime_name(hook, service, name);
	if (strcmp(type, "start-host") == 0) {
		hook->event = HOOK_START;
		return read_start(hook, service, f);
	}
	if (strcmp(type, "post-stop") == 0)
		hook->event = HOOK_STOP;
	return 0;
}
