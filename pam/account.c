/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* account: refuse users of machines, and decide who may log in from which machine. */
#include "base/cancellation.h"
#include "base/cleanup.h"
#include "base/quote.h"
#include "pam/login.h"
#include "pam/login_source.h"
#include "pam/prototypes.h"
#include "pam/user.h"

#include <errno.h>
#include <string.h>
#include <syslog.h>

/* Temporary errors say nothing about the registry, and the user may have caused them. */
static bool is_temporary(int error)
{
	return error == -EMFILE || error == -ENFILE || error == -ENOMEM || error == -EAGAIN ||
	       error == -EINTR;
}

/* By the name alone: no other user of the host has such a name. */
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

static int deny_unclear_uid(const struct login *l, const char *what, int error)
{
	login_log(l, LOG_NOTICE,
		  "user %s: refused, because it can't be determined whose uid this is: %s: %s",
		  l->user_shown, what, registry_error_words(error));
	return PAM_PERM_DENIED;
}

/* By the uid, from any name service. Ids below IDMAP_HOST_MIN are the host's, whatever a map says. */
static int judge_uid(const struct login *l, struct snapshot *s, int opened)
{
	struct id_range range;
	uid_t uid;
	gid_t gid;
	int r = user_find(l->user, &uid, &gid);

	if (r < 0 && r != -ENOENT)
		return deny_unclear_uid(l, "name services", r);
	if (r == -ENOENT || uid < IDMAP_HOST_MIN)
		return PAM_IGNORE;
	r = opened == 0 ? snapshot_find_id(s, ID_UID, uid, &range) : opened;
	if (is_temporary(r))
		return deny_unclear_uid(l, REGISTRY_PATH, r);
	if (r < 0 || !*range.name)
		return PAM_IGNORE;
	login_log(l, LOG_NOTICE, "user %s has uid %u of machine %s: refused on this host",
		  l->user_shown, uid, range.name);
	return PAM_PERM_DENIED;
}

/* `opened` is the result of opening the snapshot. */
static int judge_user(const struct login *l, struct snapshot *s, int opened)
{
	int r;

	if (l->arguments.permitted && list_has(l->arguments.permitted, l->user)) {
		login_debug(l, "user %s is permitted by permit=", l->user_shown);
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

/* The argument that forbids this login from this machine, and its value; or NULL. */
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

static int deny_unclear(const struct login *l, const char *about, int error)
{
	login_log(l, LOG_NOTICE,
		  "user %s from %s: refused, because it can't be determined whether that is a "
		  "machine: %s%s",
		  l->user_shown, login_whence(l), about, login_source_error_words(error));
	return PAM_PERM_DENIED;
}

/* A machine that has no network of its own has the host's addresses, too. */
static int judge_this_host(const struct login *l, struct snapshot *s,
			   const struct login_source *source)
{
	const struct arguments *a = &l->arguments;
	char position[MACHINE_NAME_SIZE] = "";
	struct machine m;
	int r = 0;

	while (arguments_name_machines(a) &&
	       (r = login_source_next(s, source, MATCH_HOST_NETWORK, position, &m)) == 0)
		if ((a->from && is_one_of(a->from, &m)) ||
		    (a->not_from && is_one_of(a->not_from, &m))) {
			login_log(l, LOG_NOTICE,
				  "user %s from %s: refused, because machine %s may have this "
				  "host's addresses",
				  l->user_shown, login_whence(l), m.name);
			return PAM_PERM_DENIED;
		}
	return r < 0 && r != -ENOENT ? deny_unclear(l, "", r) : judge_elsewhere(l);
}

/*
 * Judge all machines that the login may come from. Machines that share a network
 * can't be told apart.
 */
static int judge_machines(const struct login *l, struct snapshot *s,
			  const struct login_source *source)
{
	char position[MACHINE_NAME_SIZE];
	enum source_match match;
	struct machine m;
	int result, r = login_source_find(s, source, &match, position, &m);

	if (r == -ENOENT)
		return source->may_be_this_host ? judge_this_host(l, s, source)
						: judge_elsewhere(l);
	if (r < 0)
		return deny_unclear(l, "", r);
	result = judge_machine(l, &m);
	if (source->kind == SOURCE_NAME || match == MATCH_GIVEN)
		return result;
	while (result == PAM_SUCCESS &&
	       (r = login_source_next(s, source, match, position, &m)) == 0)
		result = judge_machine(l, &m);
	return r < 0 && r != -ENOENT ? deny_unclear(l, "", r) : result;
}

/* `opened` is the result of opening the snapshot. */
static int judge_source(const struct login *l, struct snapshot *s, int opened)
{
	struct login_source source;
	int r = login_source_read(l->remote_host, &source);

	if (r < 0)
		return deny_unclear(l, "", r);
	switch (source.kind) {
	case SOURCE_NO_MACHINE: return judge_elsewhere(l);
	case SOURCE_THIS_HOST:
		/* Without a registry of this boot, there is no machine. */
		if (opened == -ENOENT || opened == -ESTALE)
			return judge_elsewhere(l);
		if (opened == 0 || !arguments_name_machines(&l->arguments))
			return judge_this_host(l, s, &source);
		break;
	case SOURCE_NAME:
	case SOURCE_ADDRESS: break;
	}
	return opened < 0 ? deny_unclear(l, REGISTRY_PATH ": ", opened)
			  : judge_machines(l, s, &source);
}

ENTRY_POINT int pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	CLEANUP(cancellation_restore) const struct cancellation c = cancellation_disable();
	CLEANUP(snapshot_close) struct snapshot s = { 0 };
	uint8_t room[RECORD_ROOM_SIZE];
	struct login l;
	int opened, r;

	(void) flags;
	if (login_begin(&l, pamh, FACILITY_ACCOUNT, argc, argv) < 0)
		return PAM_PERM_DENIED;
	opened = snapshot_open_unmapped(&s, REGISTRY_PATH, room, sizeof room);
	r = judge_user(&l, &s, opened);
	if (r != PAM_IGNORE)
		return r;
	if (arguments_ask_for_source(&l.arguments))
		r = judge_source(&l, &s, opened);
	else
		login_debug(&l, "user %s belongs to no machine: ignored", l.user_shown);
	if (r == PAM_IGNORE)
		login_warn_of_registry(&l, opened);
	return r;
}
