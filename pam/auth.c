/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* auth and password, which are others': nothing but the arguments is looked at. */
#include "pam/login.h"
#include "pam/prototypes.h"

ENTRY_POINT int pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct login l;

	(void) flags;
	return login_begin(&l, pamh, FACILITY_AUTH, argc, argv) < 0 ? PAM_AUTH_ERR : PAM_IGNORE;
}

ENTRY_POINT int pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct login l;

	(void) flags;
	return login_begin(&l, pamh, FACILITY_AUTH, argc, argv) < 0 ? PAM_CRED_ERR : PAM_SUCCESS;
}

ENTRY_POINT int pam_sm_chauthtok(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct login l;

	(void) flags;
	return login_begin(&l, pamh, FACILITY_PASSWORD, argc, argv) < 0 ? PAM_AUTHTOK_ERR
									: PAM_IGNORE;
}
