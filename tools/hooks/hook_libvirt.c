/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirt's hook scripts for its LXC and QEMU drivers: "Hooks for specific
 * system management". Arguments are the driver, the domain's name, an operation, a
 * sub-operation and one more; the domain's XML comes on standard input.
 */
#include "base/input.h"
#include "base/number.h"
#include "base/quote.h"
#include "tools/hooks/domain.h"
#include "tools/hooks/hook_reader.h"
#include "tools/run/leader_search.h"

#include <errno.h>
#include <string.h>

#define RUN_DIRECTORY "/run/libvirt"

static const struct driver {
	const char *name;
	const char *service;
	enum machine_class class;
} drivers[] = {
	{ "lxc", "libvirt-lxc", MACHINE_CONTAINER },
	{ "qemu", "libvirt-qemu", MACHINE_VM },
};

static const struct driver *find_driver(const char *name)
{
	for (size_t i = 0; i < sizeof drivers / sizeof *drivers; i++)
		if (strcmp(drivers[i].name, name) == 0)
			return &drivers[i];
	return NULL;
}

static enum hook_event event_of(const char *operation)
{
	/* libvirtd calls "reconnect" for domains that ran before it was started. */
	if (strcmp(operation, "started") == 0 || strcmp(operation, "reconnect") == 0)
		return HOOK_START;
	return strcmp(operation, "stopped") == 0 || strcmp(operation, "release") == 0
		       ? HOOK_STOP
		       : HOOK_NOTHING;
}

/* Read the pid file that libvirt keeps for a domain. Returns 0, or -1 with a failure. */
static int read_pid_file(struct hook *hook, const struct driver *driver, const char *name,
			 uint32_t *pid, struct failure *f)
{
	const char *path =
		arena_printf(hook->reg.arena, RUN_DIRECTORY "/%s/%s.pid", driver->name, name);
	char quoted[QUOTED_SIZE], *text;
	size_t size;
	int r = input_read_file(hook->reg.arena, path, &text, &size);

	if (r < 0)
		return failure_errno(f, r, "%s: %s", hook->reg.subject, quote(path, quoted));
	text[strcspn(text, "\n")] = '\0';
	if (id_parse(text, pid) < 0)
		return failure_set(f, FAILURE_INVALID, "%s: %s: isn't a pid", hook->reg.subject,
				   quote(path, quoted));
	return 0;
}

/* The pid of a container is that of its controller; the leader is the controller's child. */
static int set_leader(struct hook *hook, const struct driver *driver, const char *name,
		      struct failure *f)
{
	struct leader_search search;
	uint32_t pid = 0, leader;

	if (read_pid_file(hook, driver, name, &pid, f) < 0)
		return -1;
	if (driver->class == MACHINE_CONTAINER) {
		leader_search_init(&search, pid);
		if (leader_search_look(&search, 0, &leader) != LEADER_FOUND)
			return failure_set(f, FAILURE_NO_PROCESS,
					   "%s: its controller, pid %u, has no child with "
					   "namespaces of its own",
					   hook->reg.subject, (unsigned int) pid);
		pid = leader;
	}
	hook_set_leader(hook, pid);
	return 0;
}

/* Add the name by which machined would know the domain: "qemu-1-web1", "lxc-4711-web1". */
static void add_libvirt_name(struct hook *hook, const struct driver *driver, const struct domain *d)
{
	struct arena *arena = hook->reg.arena;
	const char *name;

	if (!d->id)
		return;
	name = name_make_label(arena,
			       arena_printf(arena, "%s-%s-%s", driver->name, d->id, d->name));
	name_candidates_add(&hook->names, name);
	hook_add_aliases(hook, name);
}

static void set_facts(struct hook *hook, const struct driver *driver, const struct domain *d)
{
	hook_set_found(hook, registration_set_class, machine_class_name(driver->class));
	hook_set_found(hook, registration_set_service, driver->service);
	hook_set_found(hook, registration_set_id, d->uuid);
	if (hook->with_annotations)
		hook_add_aliases(hook, d->machine_alias);
	add_libvirt_name(hook, driver, d);
	if (driver->class == MACHINE_CONTAINER) {
		hook_set_found(hook, registration_set_root, d->root);
		return;
	}
	hook_set_found(hook, registration_set_vsock_cid, d->vsock_cid);
	for (size_t i = 0; i < d->n_interfaces; i++)
		hook_set_found(hook, registration_add_interface, d->interfaces[i]);
}

/* Read the XML on standard input, which has to be that of the domain with this name. */
static int read_domain(struct hook *hook, const struct driver *driver, const char *name,
		       struct failure *f)
{
	struct domain domain;
	const char *why = NULL;
	size_t size;
	char *text;
	int r;

	if (hook_read_input(hook, &text, &size, f) < 0)
		return -1;
	r = domain_parse(hook->reg.arena, text, size, &domain, &why);
	if (r < 0)
		return failure_set(f, FAILURE_INVALID, "%s: no XML: %s", hook->reg.subject,
				   r == -EBADMSG ? why : strerror(-r));
	if (!domain.name || strcmp(domain.name, name) != 0)
		return failure_set(f, FAILURE_INVALID,
				   "%s: the XML is of another domain, or of none",
				   hook->reg.subject);
	if (hook->with_annotations)
		hook_add_runtime_name(hook, driver->name, domain.machine_name);
	hook_add_runtime_name(hook, driver->name, name);
	if (hook->event == HOOK_STOP)
		return 0;
	if (set_leader(hook, driver, name, f) < 0)
		return -1;
	set_facts(hook, driver, &domain);
	return 0;
}

int hook_read_libvirt(struct hook *hook, char **arguments, struct failure *f)
{
	const struct driver *driver = *arguments ? find_driver(*arguments) : NULL;

	if (!driver || !arguments[1] || !arguments[2])
		return failure_set(f, FAILURE_INVALID,
				   "%s: takes 'lxc' or 'qemu', and libvirt's arguments",
				   hook->reg.subject);
	/* The name becomes part of a path. */
	if (!*arguments[1] || strchr(arguments[1], '/'))
		return failure_set(f, FAILURE_INVALID, "%s: the name of the domain isn't valid",
				   hook->reg.subject);
	hook_set_subject(hook, arguments[1]);
	hook->event = event_of(arguments[2]);
	return hook->event == HOOK_NOTHING ? 0 : read_domain(hook, driver, arguments[1], f);
}
