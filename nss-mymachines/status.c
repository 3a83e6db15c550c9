/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nss-mymachines/status.h"

#include <errno.h>
#include <netdb.h>

struct caller caller_save(void)
{
	const int errno_before = errno;

	return (struct caller){ errno_before, cancellation_disable() };
}

/*
 * "Not here" is NOTFOUND, also without a registry: UNAVAIL would break lines
 * such as [!UNAVAIL=return]. A lack of descriptors or memory is temporary:
 * TRYAGAIN. A registry that is damaged, untrusted or refused by a sandbox is
 * UNAVAIL, so that glibc goes on with the next service.
 */
static enum nss_status status_of(int r)
{
	switch (-r) {
	case 0: return NSS_STATUS_SUCCESS;
	case ENOENT:
	case ENODATA:
	case ESTALE: return NSS_STATUS_NOTFOUND;
	case ERANGE:
	case EAGAIN:
	case EMFILE:
	case ENFILE:
	case ENOMEM: return NSS_STATUS_TRYAGAIN;
	default: return NSS_STATUS_UNAVAIL;
	}
}

enum nss_status user_status(int r, const struct caller *caller, int *errnop)
{
	enum nss_status status = status_of(r);

	errno = caller->errno_before;
	if (status == NSS_STATUS_NOTFOUND)
		*errnop = ENOENT;
	else if (status != NSS_STATUS_SUCCESS)
		*errnop = -r;
	cancellation_restore(&caller->cancellation);
	return status;
}

static int h_error_of(enum nss_status status, int r)
{
	switch (status) {
	case NSS_STATUS_NOTFOUND: return r == -ENODATA ? NO_DATA : HOST_NOT_FOUND;
	/* NETDB_INTERNAL with ERANGE asks for a larger buffer; else it ends the search. */
	case NSS_STATUS_TRYAGAIN: return r == -ERANGE ? NETDB_INTERNAL : TRY_AGAIN;
	default: return NO_RECOVERY;
	}
}

enum nss_status host_status(int r, const struct caller *caller, int *errnop, int *h_errnop)
{
	enum nss_status status = status_of(r);

	/* Before the thread can be cancelled. */
	if (status != NSS_STATUS_SUCCESS)
		*h_errnop = h_error_of(status, r);
	return user_status(r, caller, errnop);
}
