/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* account: no users of machines, and who may come from which machine. */
#include "pam/login.h"
#include "pam/origin.h"
#include "pam/prototypes.h"
#include "pam/user.h"
#include "registry/cleanup.h"

#include <errno.h>
#include <string.h>
#include <syslog.h>

/* What passes says nothing of the registry, and whoever logs in may have brought it about. */
static bool is_passing(int error)
{
	return error == -EMFILE || error == -ENFILE || error == -ENOMEM || error == -EAGAIN ||
	       error == -EINTR;
}

/* By the name alone: nobody else on the host is called so. */
static int judge_name(const struct login *l)
{
	char machine[MACHINE_NAME_SIZE], folded[MACHINE_NAME_SIZE];
	uint32_t inner;

	if (user_name_parse(l->user, MACHINE_USER_PREFIX, machine, &inner) < 0 ||
	    machine_name_fold(machine, folded) == 0)
		return PAM_IGNORE;
	login_log(l, LOG_NOTICE, "user %s is one of machine %s: refused on this host",
		  l->user_shown, machine);
	return PAM_PERM_DENIED;
}

static int deny_untold(const struct login *l, const char *what, int error)
{
	login_log(l, LOG_NOTICE,
		  "user %s: refused, as there is no telling whose uid it has: %s: %s",
		  l->user_shown, what, registry_error_words(error));
	return PAM_PERM_DENIED;
}

/* By the uid, whichever name service has it. Ids below are the host's, whatever a map says. */
static int judge_uid(const struct login *l, struct snapshot *s, int opened)
{
	struct id_range range;
	uid_t uid;
	gid_t gid;
	int r = user_find(l->user, &uid, &gid);

	if (r < 0 && r != -ENOENT)
		return deny_untold(l, "name services", r);
	if (r == -ENOENT || uid < IDMAP_HOST_MIN)
		return PAM_IGNORE;
	r = opened == 0 ? snapshot_find_id(s, ID_UID, uid, &range) : opened;
	if (is_passing(r))
		return deny_untold(l, REGISTRY_PATH, r);
	if (r < 0 || !*range.name)
		return PAM_IGNORE;
	login_log(l, LOG_NOTICE, "user %s has uid %u of machine %s: refused on this host",
		  l->user_shown, uid, range.name);
	return PAM_PERM_DENIED;
}

/* `opened` is what opening the snapshot came to. */
static int judge_user(const struct login *l, struct snapshot *s, int opened)
{
	int r;

	if (l->arguments.permitted && list_has(l->arguments.permitted, l->user)) {
		login_debug(l, "user %s is permitted, whoever's", l->user_shown);
		return PAM_IGNORE;
	}
	r = judge_name(l);
	return r == PAM_IGNORE ? judge_uid(l, s, opened) : r;
}

static bool is_one_of(const char *globs, const struct machine *m)
{
	if (list_matches(globs, m->name))
		return true;
	for (const char *alias = NULL; (alias = machine_next_alias(m, alias));)
		if (list_matches(globs, alias))
			return true;
	return false;
}

static bool is_user_listed(const struct login *l)
{
	const struct arguments *a = &l->arguments;
	uid_t uid;
	gid_t gid;

	if (a->users && list_has(a->users, l->user))
		return true;
	return a->groups && user_find(l->user, &uid, &gid) == 0 &&
	       user_is_in_groups(l->user, gid, a->groups) > 0;
}

/* The argument that has something against this login from this machine, and its value; or NULL. */
static const char *find_objection(const struct login *l, const struct machine *m,
				  const char **value)
{
	const struct arguments *a = &l->arguments;

	if ((*value = a->from) && !is_one_of(a->from, m))
		return "from";
	if ((*value = a->not_from) && is_one_of(a->not_from, m))
		return "not-from";
	if ((*value = a->classes) && !list_has(a->classes, machine_class_name(m->class)))
		return "class";
	if ((a->users || a->groups) && !is_user_listed(l)) {
		*value = a->users ? a->users : a->groups;
		return a->users ? "user" : "group";
	}
	return NULL;
}

static int judge_machine(const struct login *l, const struct machine *m)
{
	const char *class = machine_class_name(m->class), *value;
	const char *objection = find_objection(l, m, &value);
	char shown[QUOTED_SIZE];

	if (objection) {
		login_log(l, LOG_NOTICE, "user %s from machine %s (%s) at %s: refused by %s=%s",
			  l->user_shown, m->name, class, l->remote_shown, objection,
			  quote(value, shown));
		return PAM_PERM_DENIED;
	}
	login_debug(l, "user %s from machine %s (%s) at %s: accepted", l->user_shown, m->name,
		    class, l->remote_shown);
	return PAM_SUCCESS;
}

static int judge_elsewhere(const struct login *l)
{
	const char *elsewhere = l->arguments.elsewhere;

	if (elsewhere && strcmp(elsewhere, "deny") == 0) {
		login_log(l, LOG_NOTICE, "user %s from %s, no machine's: refused by elsewhere=deny",
			  l->user_shown, login_whence(l));
		return PAM_PERM_DENIED;
	}
	login_debug(l, "user %s from %s, no machine's: ignored", l->user_shown, login_whence(l));
	return PAM_IGNORE;
}

static int judge_origin(const struct login *l, struct snapshot *s, int opened)
{
	struct origin origin;
	struct machine m;
	const char *about = "";
	int r = origin_parse(l->remote_host, &origin);

	if (r == 0)
		return judge_elsewhere(l);
	if (r > 0) {
		about = REGISTRY_PATH ": ";
		r = opened == 0 ? origin_find(s, &origin, &m) : opened;
		if (opened == 0 && r == -ENOENT)
			return judge_elsewhere(l);
	}
	if (r == 0)
		return judge_machine(l, &m);
	login_log(l, LOG_NOTICE,
		  "user %s from %s: refused, as there is no telling whether that is a machine's: "
		  "%s%s",
		  l->user_shown, login_whence(l), about, origin_error_words(r));
	return PAM_PERM_DENIED;
}

ENTRY_POINT int pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	CLEANUP(snapshot_close) struct snapshot s = { 0 };
	struct login l;
	int opened, r;

	(void) flags;
	if (login_begin(&l, pamh, FACILITY_ACCOUNT, argc, argv) < 0)
		return PAM_PERM_DENIED;
	opened = snapshot_open(&s, REGISTRY_PATH);
	r = judge_user(&l, &s, opened);
	if (r != PAM_IGNORE)
		return r;
	if (arguments_ask_for_origin(&l.arguments))
		r = judge_origin(&l, &s, opened);
	else
		login_debug(&l, "user %s is no machine's: ignored", l.user_shown);
	if (r == PAM_IGNORE)
		login_warn_of_registry(&l, opened);
	return r;
}
