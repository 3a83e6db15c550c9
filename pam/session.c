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

/* Where the session's struct network_visit is kept for its end: pam_set_data(3). */
#define VISIT_DATA "pam_mymachines network"

/* Set it, or, where there is no value, see to it that nobody else has. */
static int set_variable(pam_handle_t *pamh, const char *name, const char *value)
{
	char text[sizeof CLASS_VARIABLE + 1 + MACHINE_NAME_SIZE];

	if (!value)
		return pam_getenv(pamh, name) ? pam_putenv(pamh, name) : PAM_SUCCESS;
	snprintf(text, sizeof text, "%s=%s", name, value);
	return pam_putenv(pamh, text);
}

static int set_variables(pam_handle_t *pamh, const struct machine *m)
{
	int r = set_variable(pamh, ORIGIN_VARIABLE, m ? m->name : NULL);

	return r != PAM_SUCCESS ? r
				: set_variable(pamh, CLASS_VARIABLE,
					       m ? machine_class_name(m->class) : NULL);
}

static bool find_origin(const struct login *l, struct snapshot *s, int opened, struct machine *m)
{
	struct origin origin;
	int r;

	if (!origin_parse(l->remote_host, &origin) || opened < 0)
		return false;
	r = origin_find(s, &origin, m);
	if (r < 0 && r != -ENOENT)
		login_log(l, LOG_WARNING, "%s: %s", REGISTRY_PATH, registry_error_words(r));
	return r == 0;
}

/* PAM_IGNORE where it is from no machine. */
static int tell_origin(const struct login *l, struct snapshot *s, int opened)
{
	struct machine m;
	bool is_found = find_origin(l, s, opened, &m);
	int r = set_variables(l->pamh, is_found ? &m : NULL);

	if (r != PAM_SUCCESS)
		return PAM_SESSION_ERR;
	if (!is_found) {
		login_debug(l, "session of user %s from %s, no machine's", l->user_shown,
			    *l->remote_host ? l->remote_shown : "this host");
		return PAM_IGNORE;
	}
	login_log(l, LOG_INFO, "session opened for user %s from machine %s (%s) at %s",
		  l->user_shown, m.name, machine_class_name(m.class), l->remote_shown);
	return PAM_SUCCESS;
}

static void free_visit(pam_handle_t *pamh, void *data, int status)
{
	(void) pamh;
	(void) status;
	free(data);
}

/* A session's end knows where to go home to. Before it leaves: what can fail comes first. */
static struct network_visit *keep_visit(pam_handle_t *pamh)
{
	const void *kept;
	struct network_visit *visit;

	/* Another line of this session's, or a session before it. */
	if (pam_get_data(pamh, VISIT_DATA, &kept) == PAM_SUCCESS && kept)
		return (struct network_visit *) kept;
	visit = calloc(1, sizeof *visit);
	if (visit && pam_set_data(pamh, VISIT_DATA, visit, free_visit) != PAM_SUCCESS) {
		free(visit);
		return NULL;
	}
	return visit;
}

static int find_running(struct snapshot *s, const char *name, struct machine *m)
{
	char folded[MACHINE_NAME_SIZE];
	int r = machine_name_fold(name, folded) ? snapshot_find_name(s, folded, m) : -ENOENT;

	if (r < 0)
		return r == -ENOENT ? -ESRCH : r;
	/* Its leader is a program of the host's that is in no network of the machine's. */
	return m->class == MACHINE_VM ? -ENONET : 0;
}

static int enter(const struct login *l, struct snapshot *s, int opened)
{
	struct network_visit *visit;
	struct machine m;
	int r = opened;

	if (r == 0)
		r = find_running(s, l->arguments.network, &m);
	if (r < 0)
		return r;
	visit = keep_visit(l->pamh);
	return visit ? network_enter(&m.leader, &s->meta.origin, visit) : -ENOMEM;
}

/* `otherwise` is what the session comes to where it may do without. */
static int join_network(const struct login *l, struct snapshot *s, int opened, int otherwise)
{
	const char *name = l->arguments.network;
	int r = enter(l, s, opened);

	if (r == 0) {
		login_log(l, LOG_INFO, "session of user %s is in the network of machine %s",
			  l->user_shown, name);
		return PAM_SUCCESS;
	}
	login_log(l, LOG_NOTICE, "session of user %s %s: network namespace of machine %s: %s",
		  l->user_shown,
		  l->arguments.network_is_optional ? "stays in this host's network" : "refused",
		  name, opened < 0 ? registry_error_words(r) : network_error_words(r));
	return l->arguments.network_is_optional ? otherwise : PAM_SESSION_ERR;
}

ENTRY_POINT int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	CLEANUP(snapshot_close) struct snapshot s = { 0 };
	struct login l;
	int opened, r;

	(void) flags;
	if (login_begin(&l, pamh, FACILITY_SESSION, argc, argv) < 0)
		return PAM_SESSION_ERR;
	opened = login_open_registry(&l, &s);
	r = tell_origin(&l, &s, opened);
	if (r != PAM_SESSION_ERR && l.arguments.network)
		r = join_network(&l, &s, opened, r);
	return r;
}

ENTRY_POINT int pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	const void *visit;
	struct login l;
	int r;

	(void) flags;
	if (login_begin(&l, pamh, FACILITY_SESSION, argc, argv) < 0)
		return PAM_SESSION_ERR;
	if (pam_get_data(pamh, VISIT_DATA, &visit) != PAM_SUCCESS || !visit)
		return pam_getenv(pamh, ORIGIN_VARIABLE) ? PAM_SUCCESS : PAM_IGNORE;
	r = network_leave(visit);
	if (r < 0)
		login_debug(&l, "the process of the session stays in its network: %s",
			    network_error_words(r));
	pam_set_data(pamh, VISIT_DATA, NULL, NULL);
	return PAM_SUCCESS;
}
