/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/setup/setup.h"

#include "base/array_size.h"
#include "base/program.h"
#include "base/quote.h"
#include "tools/setup/setup_plan.h"

#include <string.h>

const struct setup_target setup_targets[] = {
	/* clang-format off */
	{ "bus", "org.freedesktop.machine1 on the system bus", setup_bus, { NULL }, NULL, false, false },
	{ "crun", "OCI hooks in a bundle", setup_oci, { "crun" }, "bundle", true, true },
	{ "libvirt", "hook scripts of its LXC and QEMU drivers", setup_libvirt, { "libvirtd", "virtlxcd", "virtqemud" }, NULL, false, true },
	{ "lxc", "hooks of all containers, or of one", setup_lxc, { "lxc-start" }, "config", false, false },
	{ "lxd", "hooks in a profile", setup_lxd, { "lxd" }, "profile", false, false },
	{ "nspawn", "a drop-in for systemd-nspawn@.service", setup_nspawn, { "systemd-nspawn" }, NULL, false, false },
	{ "nss", "mymachines in /etc/nsswitch.conf", setup_nss, { NULL }, NULL, false, false },
	{ "podman", "OCI hooks of all containers", setup_podman, { "podman" }, "hooks-dir", false, true },
	{ "runc", "OCI hooks in a bundle", setup_oci, { "runc" }, "bundle", true, true },
	{ "varlink", "sockets where systemd's programs ask for machines", setup_varlink, { NULL }, NULL, false, false },
	/* clang-format on */
};

const size_t n_setup_targets = ARRAY_SIZE(setup_targets);

/* These have no hooks; the verb starts their machines instead. */
static const struct {
	const char *name;
	const char *verb;
} hookless[] = {
	{ "bubblewrap", "run" }, { "bwrap", "run" },   { "kvm", "run-qemu" },
	{ "qemu", "run-qemu" },	 { "unshare", "run" },
};

const struct setup_target *setup_find_target(const char *name, struct failure *f)
{
	char quoted[QUOTED_SIZE];

	for (size_t i = 0; i < n_setup_targets; i++)
		if (strcmp(setup_targets[i].name, name) == 0)
			return &setup_targets[i];
	for (size_t i = 0; i < ARRAY_SIZE(hookless); i++)
		if (strcmp(hookless[i].name, name) == 0) {
			failure_set(f, FAILURE_NOT_SUPPORTED,
				    "%s has no hook; start it by 'mymachines %s'", name,
				    hookless[i].verb);
			return NULL;
		}
	failure_set(f, FAILURE_INVALID, "'%s' can't be set up; see mymachines setup --help",
		    quote(name, quoted));
	return NULL;
}

int setup_check_options(const struct setup_target *target, const struct setup_options *o,
			struct failure *f)
{
	const struct {
		const char *name, *value;
	} options[] = { { "bundle", o->bundle },
			{ "config", o->config },
			{ "hooks-dir", o->hooks_dir },
			{ "profile", o->profile } };

	if (o->annotations && !target->has_annotations)
		return failure_set(f, FAILURE_INVALID, "--annotations isn't for %s", target->name);
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (options[i].value &&
		    (!target->option || strcmp(target->option, options[i].name) != 0))
			return failure_set(f, FAILURE_INVALID, "--%s= isn't for %s",
					   options[i].name, target->name);
	return 0;
}

/* Our path goes into files that consist of lines. */
static int check_own_path(struct failure *f)
{
	const char *path = program_own_path();

	for (const char *p = path; p && *p; p++)
		if ((unsigned char) *p < 0x20 || *p == 0x7f)
			path = NULL;
	if (!path)
		return failure_set(f, FAILURE_OTHER,
				   "the path of this program can't be determined, or "
				   "contains a control character");
	return 0;
}

int setup_make_plan(struct arena *arena, const struct setup_target *target,
		    const struct setup_options *options, struct setup_plan *plan, struct failure *f)
{
	*plan = (struct setup_plan){ .arena = arena, .target = target, .options = options };
	return check_own_path(f) < 0 ? -1 : target->make_plan(plan, f);
}

bool setup_is_pending(const struct setup_plan *plan)
{
	for (size_t i = 0; i < plan->n_changes; i++)
		if (change_is_pending(&plan->changes[i]))
			return true;
	return false;
}

static bool is_installed(const struct setup_target *target)
{
	for (size_t i = 0; i < ARRAY_SIZE(target->programs) && target->programs[i]; i++)
		if (program_is_installed(target->programs[i]))
			return true;
	return false;
}

bool setup_may_have_changed(const struct setup_target *target)
{
	if (target->is_per_container)
		return false;
	/* LXD's profile isn't a file: only the daemon has it, and its client, which may be alone. */
	return target->make_plan != setup_lxd ||
	       (is_installed(target) && program_is_installed("lxc"));
}

/* Whether all that is missing is there in another form, or is left over. */
static bool is_outdated(const struct setup_plan *plan)
{
	for (size_t i = 0; i < plan->n_changes; i++)
		if (change_is_pending(&plan->changes[i]) && plan->changes[i].after &&
		    !plan->changes[i].is_outdated)
			return false;
	return true;
}

/* Whether all changes of the plan with these options are made. */
static enum setup_state look_with(struct arena *arena, const struct setup_target *target,
				  const struct setup_options *options, struct setup_gaps *gaps,
				  struct failure *f)
{
	struct setup_plan plan;

	if (setup_make_plan(arena, target, options, &plan, f) < 0)
		return SETUP_UNKNOWN;
	if (setup_is_pending(&plan))
		return is_outdated(&plan) ? SETUP_OUTDATED : SETUP_MISSING;
	*gaps = plan.gaps;
	return gaps->count ? SETUP_PARTIAL : SETUP_DONE;
}

enum setup_state setup_look(struct arena *arena, const struct setup_target *target,
			    struct setup_gaps *gaps, struct failure *f)
{
	struct setup_options options = { .unattended = true };
	enum setup_state state, pending = SETUP_MISSING;

	if (!is_installed(target))
		return SETUP_NOT_INSTALLED;
	if (target->is_per_container)
		return SETUP_PER_CONTAINER;
	/* The person may have chosen either way. */
	for (unsigned int way = 0; way < (target->has_annotations ? 4 : 2); way++) {
		options.strict = way & 1;
		options.annotations = way & 2;
		state = look_with(arena, target, &options, gaps, f);
		if (state == SETUP_OUTDATED)
			pending = state;
		else if (state != SETUP_MISSING)
			return state;
	}
	return pending;
}
