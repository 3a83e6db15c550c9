/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirt's hook scripts for its LXC and QEMU drivers: "Hooks for specific
 * system management". Arguments are the driver, the domain's name, an operation, a
 * sub-operation and one more; the domain's XML comes on standard input.
 */
#include "tools/domain.h"
#include "tools/hook.h"
#include "tools/input.h"
#include "tools/leader_search.h"
#include "tools/message.h"

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
	/* "reconnect" is for those that ran before libvirtd did. */
	if (strcmp(operation, "started") == 0 || strcmp(operation, "reconnect") == 0)
		return HOOK_START;
	return strcmp(operation, "stopped") == 0 || strcmp(operation, "release") == 0
		       ? HOOK_STOP
		       : HOOK_NOTHING;
}

/* The pid in the file that libvirt keeps for a domain; or -1 after a message. */
static int64_t read_pid_file(struct hook *hook, const struct driver *driver, const char *name)
{
	const char *path =
		arena_printf(hook->reg.arena, RUN_DIRECTORY "/%s/%s.pid", driver->name, name);
	char quoted[QUOTED_SIZE], *text;
	uint32_t pid;
	size_t size;
	int r = input_read_file(hook->reg.arena, path, &text, &size);

	if (r < 0) {
		complain("%s: %s: %s", hook->reg.subject, quote(path, quoted), strerror(-r));
		return -1;
	}
	text[strcspn(text, "\n")] = '\0';
	if (id_parse(text, &pid) < 0) {
		complain("%s: %s: isn't a pid", hook->reg.subject, quote(path, quoted));
		return -1;
	}
	return pid;
}

/* That of a container is its controller's, whose child leads it. */
static int set_leader(struct hook *hook, const struct driver *driver, const char *name)
{
	int64_t pid = read_pid_file(hook, driver, name);
	struct leader_search search;
	uint32_t leader;

	if (pid < 0)
		return -1;
	if (driver->class == MACHINE_CONTAINER) {
		leader_search_init(&search, (uint32_t) pid);
		if (leader_search_look(&search, 0, &leader) != LEADER_FOUND) {
			complain("%s: its controller, pid %u, has no child with namespaces of its "
				 "own",
				 hook->reg.subject, (unsigned int) pid);
			return -1;
		}
		pid = leader;
	}
	hook_set_leader(hook, pid);
	return 0;
}

/* "qemu-1-web1", "lxc-4711-web1": what machined knows it by. */
static int add_libvirt_name(struct hook *hook, const struct driver *driver, const struct domain *d)
{
	const char *alias;

	if (!d->id)
		return 0;
	alias = arena_printf(hook->reg.arena, "%s-%s-%s", driver->name, d->id, d->name);
	return machine_name_judge(alias, NULL) == NAME_OK
		       ? registration_add_alias(&hook->reg, alias)
		       : 0;
}

static int set_facts(struct hook *hook, const struct driver *driver, const struct domain *d)
{
	struct registration *reg = &hook->reg;

	if (registration_set_class(reg, machine_class_name(driver->class)) < 0 ||
	    registration_set_service(reg, driver->service) < 0 ||
	    (d->uuid && registration_set_id(reg, d->uuid) < 0) ||
	    (d->machine_alias && hook_add_aliases(hook, d->machine_alias) < 0) ||
	    add_libvirt_name(hook, driver, d) < 0)
		return -1;
	if (driver->class == MACHINE_CONTAINER)
		return d->root ? registration_set_root(reg, d->root) : 0;
	if (d->vsock_cid && registration_set_vsock_cid(reg, d->vsock_cid) < 0)
		return -1;
	for (size_t i = 0; i < d->n_interfaces; i++)
		if (registration_add_interface(reg, d->interfaces[i]) < 0)
			return -1;
	return 0;
}

/* What came on standard input, for the domain of this name. */
static int read_domain(struct hook *hook, const struct driver *driver, const char *name)
{
	struct domain domain;
	const char *why = NULL;
	size_t size;
	char *text;
	int r;

	if (hook_read_input(hook, &text, &size) < 0)
		return -1;
	r = domain_parse(hook->reg.arena, text, size, &domain, &why);
	if (r < 0) {
		complain("%s: no XML: %s", hook->reg.subject, r == -EBADMSG ? why : strerror(-r));
		return -1;
	}
	if (!domain.name || strcmp(domain.name, name) != 0) {
		complain("%s: the XML is of another domain, or of none", hook->reg.subject);
		return -1;
	}
	hook_add_name(hook, domain.machine_name);
	hook_add_name(hook, name);
	if (hook->event == HOOK_STOP)
		return 0;
	hook->name_hint = "<machine xmlns='" DOMAIN_METADATA_NAMESPACE "' name=''/> in <metadata>";
	return set_leader(hook, driver, name) < 0 ? -1 : set_facts(hook, driver, &domain);
}

int hook_read_libvirt(struct hook *hook, char **arguments)
{
	const struct driver *driver = *arguments ? find_driver(*arguments) : NULL;

	if (!driver || !arguments[1] || !arguments[2]) {
		complain("%s: takes 'lxc' or 'qemu', and what libvirt says", hook->reg.subject);
		return -1;
	}
	/* It becomes part of a path. */
	if (!*arguments[1] || strchr(arguments[1], '/')) {
		complain("%s: no name of a domain", hook->reg.subject);
		return -1;
	}
	hook_set_subject(hook, arguments[1]);
	hook->event = event_of(arguments[2]);
	return hook->event == HOOK_NOTHING ? 0 : read_domain(hook, driver, arguments[1]);
}
