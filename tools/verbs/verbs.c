/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/verbs/verbs.h"

#include "tools/verbs/importctl.h"
#include "tools/verbs/machinectl.h"
#include "tools/verbs/suggestion.h"

#include <string.h>

/* A new verb is a word here, and a file. The order is that of --help. */
/* clang-format off */
#define VERBS(_) \
	_(list) _(status) _(show) _(ps) _(which) _(map_to) _(map_from) _(watch) _(wait) \
	_(shell) _(login) _(ssh) _(copy_to) _(copy_from) _(bind) \
	_(poweroff) _(reboot) _(terminate) _(kill) _(pause) _(resume) \
	_(register) _(run) _(run_qemu) _(unregister) _(refresh) _(monitor) \
	_(list_images) _(image_status) _(show_image) _(start) _(enable) _(disable) \
	_(clone) _(rename) _(read_only) _(remove) _(set_limit) _(clean) _(edit) _(cat) \
	_(import_tar) _(import_raw) _(import_fs) _(import_oci) _(pull_tar) _(pull_raw) _(pull_oci) _(export_tar) _(export_raw) \
	_(list_transfers) _(cancel_transfer) \
	_(setup) _(hook) _(doctor) \
	_(complete) _(help)
/* clang-format on */

#define DECLARE(name) extern const struct verb name##_verb;
#define ADDRESS(name) &name##_verb,

VERBS(DECLARE)

const struct verb *const verbs[] = { VERBS(ADDRESS) NULL };

static bool has_name(const struct verb *verb, const char *name)
{
	return strcmp(verb->name, name) == 0 || (verb->alias && strcmp(verb->alias, name) == 0);
}

static bool is_known_here(const struct verb *verb)
{
	return (!is_machinectl() || verb->is_machinectl) && (!is_importctl() || verb->is_importctl);
}

const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; verbs[i]; i++)
		if (has_name(verbs[i], name) && is_known_here(verbs[i]))
			return verbs[i];
	return NULL;
}

bool verb_is_shown(const struct verb *verb)
{
	return is_known_here(verb) && verb->group != VERB_HIDDEN;
}

const char *suggest_verb(const char *word)
{
	struct suggestion suggestion = suggestion_begin(word, strlen(word));

	for (size_t i = 0; verbs[i]; i++) {
		if (!verb_is_shown(verbs[i]))
			continue;
		suggestion_consider(&suggestion, verbs[i]->name);
		if (verbs[i]->alias)
			suggestion_consider(&suggestion, verbs[i]->alias);
	}
	return suggestion.best;
}
