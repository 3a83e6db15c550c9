/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* session: says where the login came from, and gives it a machine's network. */
#include "pam/login.h"
#include "pam/network.h"
#include "pam/origin.h"
#include "pam/prototypes.h"
#include "registry/cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>

/* The session's environment. */
#define ORIGIN_VARIABLE "MYMACHINES_ORIGIN"
#define CLASS_VARIABLE	"MYMACHINES_ORIGIN_CLASS"

/* From its opening to its end, a session's lines share what is in PAM's data: pam_set_data(3). */
#define SESSION_DATA "pam_mymachines session"

struct session {
	bool is_told; /* of its origin, before any line has changed the network */
	bool has_origin;
	struct network_visit visit;
};

static void free_session(pam_handle_t *pamh, void *data, int status)
{
	(void) pamh;
	(void) status;
	free(data);
}

/* PAM hands out for reading what is the module's own. */
static struct session *kept_session(pam_handle_t *pamh)
{
	const void *kept;

	return pam_get_data(pamh, SESSION_DATA, &kept) == PAM_SUCCESS ? (struct session *) kept
								      : NULL;
}

/* That of the line before, or a new one. NULL without memory. */
static struct session *keep_session(pam_handle_t *pamh)
{
	struct session *session = kept_session(pamh);

	if (session)
		return session;
	session = calloc(1, sizeof *session);
	if (session && pam_set_data(pamh, SESSION_DATA, session, free_session) != PAM_SUCCESS) {
		free(session);
		return NULL;
	}
	return session;
}

/* Set it, or, where there is no value, see to it that nobody else has. */
static int set_variable(pam_handle_t *pamh, const char *name, const char *value)
{
	char text[sizeof CLASS_VARIABLE + 1 + MACHINE_NAME_SIZE];

	if (!value)
		return pam_getenv(pamh, name) ? pam_putenv(pamh, name) : PAM_SUCCESS;
	snprintf(text, sizeof text, "%s=%s", name, value);
	return pam_putenv(pamh, text);
}

static bool find_origin(const struct login *l, struct snapshot *s, int opened, struct machine *m)
{
	struct origin origin;
	int r = origin_parse(l->remote_host, &origin);

	if (r == 0)
		return false;
	if (r > 0) {
		if (opened < 0)
			return false;
		r = origin_find(s, &origin, m);
	}
	if (r < 0 && r != -ENOENT)
		login_log(l, LOG_WARNING,
			  "session of user %s from %s: there is no telling whether that is a "
			  "machine's: %s",
			  l->user_shown, login_whence(l), origin_error_words(r));
	return r == 0;
}

static int tell_environment(const struct login *l, struct session *session, const struct machine *m)
{
	const char *class = m ? machine_class_name(m->class) : NULL;

	if (set_variable(l->pamh, ORIGIN_VARIABLE, m ? m->name : NULL) != PAM_SUCCESS ||
	    set_variable(l->pamh, CLASS_VARIABLE, class) != PAM_SUCCESS) {
		login_log(l, LOG_ERR, "session of user %s refused: its environment can't be set",
			  l->user_shown);
		return -ENOMEM;
	}
	session->is_told = true;
	session->has_origin = m;
	return 0;
}

static int find_machine(struct snapshot *s, const char *name, struct machine *m)
{
	char folded[MACHINE_NAME_SIZE];
	int r = machine_name_fold(name, folded) ? snapshot_find_name(s, folded, m) : -ENOENT;

	if (r < 0)
		return r == -ENOENT ? -ESRCH : r;
	/* Its leader is a program of the host's that is in no network of the machine's. */
	return m->class == MACHINE_VM ? -ENONET : 0;
}

static int enter(const struct login *l, struct snapshot *s, int opened, struct session *session)
{
	struct machine m;
	int r = opened;

	if (r == 0)
		r = find_machine(s, l->arguments.network, &m);
	return r == 0 ? network_enter(&m.leader, &s->meta.origin, &session->visit) : r;
}

/* 0 where it is in the network of the arguments, or needn't be. */
static int join_network(const struct login *l, struct snapshot *s, int opened,
			struct session *session)
{
	const char *name = l->arguments.network;
	bool is_optional = l->arguments.network_is_optional;
	int r = enter(l, s, opened, session);

	if (r == 0) {
		login_log(l, LOG_INFO, "session of user %s is in the network of machine %s",
			  l->user_shown, name);
		return 0;
	}
	login_log(l, LOG_NOTICE, "session of user %s %s: network namespace of machine %s: %s",
		  l->user_shown, is_optional ? "stays in the network that it is in" : "refused",
		  name, opened < 0 ? registry_error_words(r) : network_error_words(r));
	return is_optional ? 0 : r;
}

static void log_opened(const struct login *l, const struct machine *m)
{
	if (m)
		login_log(l, LOG_INFO, "session opened for user %s from machine %s (%s) at %s",
			  l->user_shown, m->name, machine_class_name(m->class), l->remote_shown);
	else
		login_debug(l, "session opened for user %s from %s, no machine's", l->user_shown,
			    login_whence(l));
}

static int open_session(const struct login *l, struct snapshot *s, int opened,
			struct session *session)
{
	bool is_first = !session->is_told, is_found = false;
	struct machine m;

	if (is_first) {
		is_found = find_origin(l, s, opened, &m);
		if (tell_environment(l, session, is_found ? &m : NULL) < 0)
			return PAM_SESSION_ERR;
	}
	if (l->arguments.network && join_network(l, s, opened, session) < 0)
		return PAM_SESSION_ERR;
	if (is_first)
		log_opened(l, is_found ? &m : NULL);
	if (!l->arguments.network)
		login_warn_of_registry(l, opened);
	return session->has_origin || session->visit.there.inode ? PAM_SUCCESS : PAM_IGNORE;
}

ENTRY_POINT int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	CLEANUP(snapshot_close) struct snapshot s = { 0 };
	struct session *session;
	struct login l;
	int opened, r;

	(void) flags;
	if (login_begin(&l, pamh, FACILITY_SESSION, argc, argv) < 0)
		return PAM_SESSION_ERR;
	session = keep_session(pamh);
	if (!session) {
		login_log(&l, LOG_ERR, "session of user %s refused: out of memory", l.user_shown);
		return PAM_SESSION_ERR;
	}
	opened = snapshot_open(&s, REGISTRY_PATH);
	r = open_session(&l, &s, opened, session);
	/* What fails to open isn't closed. */
	if (r == PAM_SESSION_ERR) {
		network_leave(&session->visit);
		pam_set_data(pamh, SESSION_DATA, NULL, NULL);
	}
	return r;
}

ENTRY_POINT int pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct session *session;
	bool is_ours;
	struct login l;
	int r;

	(void) flags;
	if (login_begin(&l, pamh, FACILITY_SESSION, argc, argv) < 0)
		return PAM_SESSION_ERR;
	session = kept_session(pamh);
	is_ours = session && (session->has_origin || session->visit.there.inode);
	login_debug(&l, "session closed for user %s from %s", l.user_shown, login_whence(&l));
	if (session) {
		r = network_leave(&session->visit);
		if (r < 0)
			login_log(
				&l, LOG_WARNING,
				"the process of user %s's session stays in a machine's network: %s",
				l.user_shown, network_error_words(r));
		pam_set_data(pamh, SESSION_DATA, NULL, NULL);
	}
	return is_ours ? PAM_SUCCESS : PAM_IGNORE;
}
