/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The database hosts, all of it: "getent hosts" without a key. Where it
 * stands is a name, so nothing stays open between two calls, and machines may
 * come and go meanwhile. glibc calls these under a lock of its own.
 */
#include "nss-mymachines/hosts.h"
#include "nss-mymachines/prototypes.h"
#include "nss-mymachines/status.h"

#include <errno.h>
#include <string.h>

/* The machine that was answered last, folded, and whether its IPv6 addresses come next. */
static struct {
	char folded[MACHINE_NAME_SIZE];
	bool ipv6_next;
} position;

static void rewind_position(void)
{
	memset(&position, 0, sizeof position);
}

enum nss_status _nss_mymachines_sethostent(int stayopen)
{
	(void) stayopen;
	rewind_position();
	return NSS_STATUS_SUCCESS;
}

enum nss_status _nss_mymachines_endhostent(void)
{
	rewind_position();
	return NSS_STATUS_SUCCESS;
}

/* The next pair of a machine and a family. An entry has addresses of one family. */
static int advance(struct snapshot *s, struct machine *m, int *family)
{
	int r;

	if (position.ipv6_next) {
		position.ipv6_next = false;
		*family = AF_INET6;
		r = snapshot_find_name(s, position.folded, m);
		if (r != -ENOENT)
			return r;
	}
	*family = AF_INET;
	r = snapshot_next(s, position.folded, m);
	position.ipv6_next = r == 0;
	return r;
}

static int next_host(struct snapshot *s, struct hostent *host, char *buffer, size_t length)
{
	struct machine m;
	int family, r;

	for (;;) {
		const __typeof__(position) before = position;

		r = advance(s, &m, &family);
		if (r < 0)
			return r;
		if (!snapshot_is_up(s, &m))
			continue;
		r = host_fill(&m, family, host, buffer, length);
		/* The same again, with a larger buffer. */
		if (r == -ERANGE)
			position = before;
		if (r != -ENODATA)
			return r;
	}
}

enum nss_status _nss_mymachines_gethostent_r(struct hostent *host, char *buffer, size_t length,
					     int *errnop, int *h_errnop)
{
	const int saved_errno = errno;
	struct snapshot snapshot;
	int r = snapshot_open(&snapshot, REGISTRY_PATH);

	if (r == 0) {
		r = next_host(&snapshot, host, buffer, length);
		snapshot_close(&snapshot);
	}
	return host_status(r, saved_errno, errnop, h_errnop);
}
