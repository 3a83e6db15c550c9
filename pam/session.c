/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* session: report where the login comes from, and enter a machine's network. */
#include "base/cancellation.h"
#include "base/cleanup.h"
#include "pam/login.h"
#include "pam/network.h"
#include "pam/login_source.h"
#include "pam/prototypes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

/* Variables in the session's environment. */
#define ORIGIN_VARIABLE "MYMACHINES_ORIGIN"
#define CLASS_VARIABLE	"MYMACHINES_ORIGIN_CLASS"

/* All lines of a session share this data, from its opening to its end: pam_set_data(3). */
#define SESSION_DATA "pam_mymachines session"

struct session {
	bool is_told; /* the environment is set; done before any line changes the network */
	bool has_source;
	struct network_visit visit;
};

static void free_session(pam_handle_t *pamh, void *data, int status)
{
	(void) pamh;
	(void) status;
	free(data);
}

/* PAM returns a const pointer to the module's own data. */
static struct session *kept_session(pam_handle_t *pamh)
{
	const void *kept;

	return pam_get_data(pamh, SESSION_DATA, &kept) == PAM_SUCCESS ? (struct session *) kept
								      : NULL;
}

/* The data of the line before, or new data. NULL if there is no memory. */
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

/* Set the variable. Without a value, unset it, so that no earlier module's value remains. */
static int set_variable(pam_handle_t *pamh, const char *name, const char *value)
{
	char text[sizeof CLASS_VARIABLE + 1 + MACHINE_NAME_SIZE];

	if (!value)
		return pam_getenv(pamh, name) ? pam_putenv(pamh, name) : PAM_SUCCESS;
	snprintf(text, sizeof text, "%s=%s", name, value);
	return pam_putenv(pamh, text);
}

static bool find_source(const struct login *l, struct snapshot *s, int opened, struct machine *m)
{
	struct login_source source;
	char position[MACHINE_NAME_SIZE];
	enum source_match match;
	int r = login_source_read(l->remote_host, &source);

	if (r == 0 && opened < 0)
		return false;
	if (r == 0)
		r = login_source_find(s, &source, &match, position, m);
	if (r < 0 && r != -ENOENT)
		login_log(l, LOG_WARNING,
			  "session of user %s from %s: it can't be determined whether that is a "
			  "machine: %s",
			  l->user_shown, login_whence(l), login_source_error_words(r));
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
	session->has_source = m;
	return 0;
}

static int find_machine(struct snapshot *s, const char *name, struct machine *m)
{
	char folded[MACHINE_NAME_SIZE];
	int r = machine_name_fold(name, folded) ? snapshot_find_name(s, folded, m) : -ENOENT;

	if (r < 0)
		return r == -ENOENT ? -ESRCH : r;
	/* A VM's leader is the emulator, which isn't in the VM's network. */
	return m->class == MACHINE_VM ? -ENONET : 0;
}

static int enter(const struct login *l, struct snapshot *s, int opened, struct session *session)
{
	struct machine m;
	int r = opened;

	if (r == 0)
		r = find_machine(s, l->arguments.network, &m);
	return r == 0 ? network_enter(&m.leader, &s->meta.context, &session->visit) : r;
}

/* 0 if the session is in the network of the arguments, or may stay where it is. */
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

/* `name` is that of the machine that the login comes from, or "". */
static void log_opened(const struct login *l, const char *name, const char *class)
{
	if (*name)
		login_log(l, LOG_INFO, "session opened for user %s from machine %s (%s) at %s",
			  l->user_shown, name, class, l->remote_shown);
	else
		login_debug(l, "session opened for user %s from %s, no machine's", l->user_shown,
			    login_whence(l));
}

static int open_session(const struct login *l, struct snapshot *s, int opened,
			struct session *session)
{
	bool is_first = !session->is_told, is_found = false;
	char name[MACHINE_NAME_SIZE] = "";
	const char *class = NULL;
	struct machine m;

	if (is_first) {
		is_found = find_source(l, s, opened, &m);
		if (tell_environment(l, session, is_found ? &m : NULL) < 0)
			return PAM_SESSION_ERR;
	}
	/* The machine is valid until the next look-up. */
	if (is_found) {
		strcpy(name, m.name);
		class = machine_class_name(m.class);
	}
	if (l->arguments.network && join_network(l, s, opened, session) < 0)
		return PAM_SESSION_ERR;
	if (is_first)
		log_opened(l, name, class);
	if (!l->arguments.network)
		login_warn_of_registry(l, opened);
	return session->has_source || session->visit.there.inode ? PAM_SUCCESS : PAM_IGNORE;
}

ENTRY_POINT int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	CLEANUP(cancellation_restore) const struct cancellation c = cancellation_disable();
	CLEANUP(snapshot_close) struct snapshot s = { 0 };
	uint8_t room[RECORD_ROOM_SIZE];
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
	opened = snapshot_open_unmapped(&s, REGISTRY_PATH, room, sizeof room);
	r = open_session(&l, &s, opened, session);
	/*
	 * PAM doesn't close a session that failed to open. A line that fails has entered nothing, and PAM
	 * may ignore it, so the network that an earlier line entered stays.
	 */
	if (r == PAM_SESSION_ERR && !session->visit.there.inode)
		pam_set_data(pamh, SESSION_DATA, NULL, NULL);
	return r;
}

ENTRY_POINT int pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	CLEANUP(cancellation_restore) const struct cancellation c = cancellation_disable();
	struct session *session;
	bool is_ours;
	struct login l;
	int r;

	(void) flags;
	if (login_begin(&l, pamh, FACILITY_SESSION, argc, argv) < 0)
		return PAM_SESSION_ERR;
	session = kept_session(pamh);
	is_ours = session && (session->has_source || session->visit.there.inode);
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
