/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nss-mymachines/status.h"

#include <errno.h>
#include <netdb.h>

/*
 * "Not here" is NOTFOUND, also without a registry: UNAVAIL would break lines
 * such as [!UNAVAIL=return]. A lack of descriptors or memory passes:
 * TRYAGAIN. What is damaged, untrusted or refused by a sandbox is UNAVAIL, so
 * that glibc goes on with the next service.
 */
static enum nss_status classify(int r)
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

enum nss_status user_status(int r, int saved_errno, int *errnop)
{
	enum nss_status status = classify(r);

	errno = saved_errno;
	if (status == NSS_STATUS_NOTFOUND)
		*errnop = ENOENT;
	else if (status != NSS_STATUS_SUCCESS)
		*errnop = -r;
	return status;
}

enum nss_status host_status(int r, int saved_errno, int *errnop, int *h_errnop)
{
	enum nss_status status = user_status(r, saved_errno, errnop);

	switch (status) {
	case NSS_STATUS_SUCCESS: break;
	case NSS_STATUS_NOTFOUND: *h_errnop = r == -ENODATA ? NO_DATA : HOST_NOT_FOUND; break;
	/* NETDB_INTERNAL with ERANGE asks for a larger buffer; with anything else it ends the search. */
	case NSS_STATUS_TRYAGAIN: *h_errnop = r == -ERANGE ? NETDB_INTERNAL : TRY_AGAIN; break;
	default: *h_errnop = NO_RECOVERY; break;
	}
	return status;
}
