/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The database group. */
#include "nss-mymachines/buffer.h"
#include "nss-mymachines/ids.h"
#include "nss-mymachines/prototypes.h"
#include "nss-mymachines/status.h"

#include <errno.h>

#define LOCKED "!*"

static int fill_group(const struct mapped_id *found, struct group *group, char *bytes,
		      size_t length)
{
	char name[MACHINE_USER_NAME_SIZE];
	struct buffer buffer = { bytes, length };
	struct group g = { .gr_gid = found->outer };

	user_name_format(name, MACHINE_GROUP_PREFIX, found->machine, found->inner);
	g.gr_mem = buffer_take(&buffer, sizeof *g.gr_mem);
	g.gr_name = buffer_string(&buffer, name);
	g.gr_passwd = buffer_string(&buffer, LOCKED);
	if (!g.gr_mem || !g.gr_name || !g.gr_passwd)
		return -ERANGE;
	g.gr_mem[0] = NULL;
	*group = g;
	return 0;
}

enum nss_status _nss_mymachines_getgrnam_r(const char *name, struct group *group, char *buffer,
					   size_t length, int *errnop)
{
	const struct caller caller = caller_save();
	struct mapped_id found;
	int r = lookup_id_by_name(ID_GID, name, &found, buffer, length);

	if (r == 0)
		r = fill_group(&found, group, buffer, length);
	return user_status(r, &caller, errnop);
}

enum nss_status _nss_mymachines_getgrgid_r(gid_t gid, struct group *group, char *buffer,
					   size_t length, int *errnop)
{
	const struct caller caller = caller_save();
	struct mapped_id found;
	int r = lookup_id(ID_GID, gid, &found);

	if (r == 0)
		r = fill_group(&found, group, buffer, length);
	return user_status(r, &caller, errnop);
}
