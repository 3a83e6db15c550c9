/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The databases passwd and shadow. */
#include "nss-mymachines/buffer.h"
#include "nss-mymachines/ids.h"
#include "nss-mymachines/prototypes.h"
#include "nss-mymachines/status.h"

#include <errno.h>
#include <stdio.h>

/* Nobody logs in: "!" locks, and "*" is no hash: shadow(5). */
#define LOCKED "!*"

#define NOBODY_GID 65534
#define NOLOGIN	   "/usr/sbin/nologin"

static int fill_user(const struct machine_id *found, struct passwd *user, char *bytes,
		     size_t length)
{
	char name[MACHINE_USER_NAME_SIZE], gecos[MACHINE_USER_NAME_SIZE + 32];
	struct buffer buffer = { bytes, length };
	struct passwd p = { .pw_uid = found->outer, .pw_gid = NOBODY_GID };

	user_name_format(name, MACHINE_USER_PREFIX, found->machine, found->inner);
	snprintf(gecos, sizeof gecos, "UID %u of Container %s", found->inner, found->machine);
	p.pw_name = buffer_string(&buffer, name);
	p.pw_passwd = buffer_string(&buffer, LOCKED);
	p.pw_gecos = buffer_string(&buffer, gecos);
	p.pw_dir = buffer_string(&buffer, "/");
	p.pw_shell = buffer_string(&buffer, NOLOGIN);
	if (!p.pw_name || !p.pw_passwd || !p.pw_gecos || !p.pw_dir || !p.pw_shell)
		return -ERANGE;
	*user = p;
	return 0;
}

enum nss_status _nss_mymachines_getpwnam_r(const char *name, struct passwd *user, char *buffer,
					   size_t length, int *errnop)
{
	const int saved_errno = errno;
	struct machine_id found;
	int r = find_named_id(ID_UID, name, &found);

	if (r == 0)
		r = fill_user(&found, user, buffer, length);
	return user_status(r, saved_errno, errnop);
}

enum nss_status _nss_mymachines_getpwuid_r(uid_t uid, struct passwd *user, char *buffer,
					   size_t length, int *errnop)
{
	const int saved_errno = errno;
	struct machine_id found;
	int r = find_id(ID_UID, uid, &found);

	if (r == 0)
		r = fill_user(&found, user, buffer, length);
	return user_status(r, saved_errno, errnop);
}

/* Day 1 is long past: an account that expired then is closed to PAM, too, whatever key is shown. */
static int fill_shadow(const char *name, struct spwd *shadow, char *bytes, size_t length)
{
	struct buffer buffer = { bytes, length };
	struct spwd s = { .sp_lstchg = -1,
			  .sp_min = -1,
			  .sp_max = -1,
			  .sp_warn = -1,
			  .sp_inact = -1,
			  .sp_expire = 1,
			  .sp_flag = (unsigned long) -1 };

	s.sp_namp = buffer_string(&buffer, name);
	s.sp_pwdp = buffer_string(&buffer, LOCKED);
	if (!s.sp_namp || !s.sp_pwdp)
		return -ERANGE;
	*shadow = s;
	return 0;
}

enum nss_status _nss_mymachines_getspnam_r(const char *name, struct spwd *shadow, char *buffer,
					   size_t length, int *errnop)
{
	const int saved_errno = errno;
	struct machine_id found;
	int r = find_named_id(ID_UID, name, &found);

	if (r == 0)
		r = fill_shadow(name, shadow, buffer, length);
	return user_status(r, saved_errno, errnop);
}
