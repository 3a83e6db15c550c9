/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* auth and password: other modules decide. Only the arguments are checked. */
#include "pam/login.h"
#include "pam/prototypes.h"

static int leave_to_others(pam_handle_t *pamh, enum facility facility, int argc, const char **argv,
			   int result, int refusal)
{
	struct login l;

	if (login_begin(&l, pamh, facility, argc, argv) < 0)
		return refusal;
	login_debug(&l, "user %s: others decide", l.user_shown);
	return result;
}

ENTRY_POINT int pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void) flags;
	return leave_to_others(pamh, FACILITY_AUTH, argc, argv, PAM_IGNORE, PAM_AUTH_ERR);
}

ENTRY_POINT int pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void) flags;
	return leave_to_others(pamh, FACILITY_AUTH, argc, argv, PAM_SUCCESS, PAM_CRED_ERR);
}

ENTRY_POINT int pam_sm_chauthtok(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void) flags;
	return leave_to_others(pamh, FACILITY_PASSWORD, argc, argv, PAM_IGNORE, PAM_AUTHTOK_ERR);
}
