/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The databases passwd and shadow. */
#include "nss-mymachines/buffer.h"
#include "nss-mymachines/ids.h"
#include "nss-mymachines/prototypes.h"
#include "nss-mymachines/status.h"

#include <errno.h>
#include <string.h>

/* Nobody logs in: "!" locks the account, and "*" is not a hash: shadow(5). */
#define LOCKED "!*"

#define NOBODY_GID 65534
#define NOLOGIN	   "/usr/sbin/nologin"

#define GECOS_SIZE (sizeof "UID  of Container " + ID_TEXT_SIZE + MACHINE_NAME_SIZE)

static void format_gecos(char gecos[static GECOS_SIZE], const struct mapped_id *found)
{
	char *end = stpcpy(gecos, "UID ");

	end += id_format(end, found->inner);
	stpcpy(stpcpy(end, " of Container "), found->machine);
}

static int fill_user(const struct mapped_id *found, struct passwd *user, char *bytes, size_t length)
{
	char name[MACHINE_USER_NAME_SIZE], gecos[GECOS_SIZE];
	struct buffer buffer = { bytes, length };
	struct passwd p = { .pw_uid = found->outer, .pw_gid = NOBODY_GID };

	user_name_format(name, MACHINE_USER_PREFIX, found->machine, found->inner);
	format_gecos(gecos, found);
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
	const struct caller caller = caller_save();
	struct mapped_id found;
	int r = lookup_id_by_name(ID_UID, name, &found, buffer, length);

	if (r == 0)
		r = fill_user(&found, user, buffer, length);
	return user_status(r, &caller, errnop);
}

enum nss_status _nss_mymachines_getpwuid_r(uid_t uid, struct passwd *user, char *buffer,
					   size_t length, int *errnop)
{
	const struct caller caller = caller_save();
	struct mapped_id found;
	int r = lookup_id(ID_UID, uid, &found);

	if (r == 0)
		r = fill_user(&found, user, buffer, length);
	return user_status(r, &caller, errnop);
}

/* Expired on day 1, so PAM refuses the account even for key-based logins. */
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
	const struct caller caller = caller_save();
	struct mapped_id found;
	int r = lookup_id_by_name(ID_UID, name, &found, buffer, length);

	if (r == 0)
		r = fill_shadow(name, shadow, buffer, length);
	return user_status(r, &caller, errnop);
}
