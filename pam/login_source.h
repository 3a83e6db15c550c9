/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The machine that a login comes from, by PAM_RHOST. Names are looked up in the
 * registry, never in DNS. For addresses, the way by which the host would answer
 * decides, because a machine's root can configure any address.
 */
#pragma once

#include "pam/way.h"
#include "registry/snapshot.h"

/* The kinds of PAM_RHOST. */
enum source_kind {
	SOURCE_NO_MACHINE, /* a local login, or a host name that no machine can have */
	SOURCE_THIS_HOST,  /* a loopback address or name, or an address of this host */
	SOURCE_NAME,	   /* a name that a machine can have */
	SOURCE_ADDRESS,
};

struct login_source {
	enum source_kind kind;
	char folded[MACHINE_NAME_SIZE];
	bool may_be_this_host;		/* where no machine has the name */
	struct machine_address address; /* with the interface of its zone */
	struct way way;			/* of an address */
};

/*
 * Parse PAM_RHOST, and ask the kernel for the way to an address. 0; -EINVAL for a
 * text that is not clearly a name or an address, a link-local address without its
 * interface, and an interface that doesn't exist; or an error of way_find(). With
 * any error, the source can't be determined.
 */
int login_source_read(const char *remote_host, struct login_source *source);

/* Why a machine may be the source of a login. */
enum source_match {
	MATCH_WAY,	    /* the way leads to the machine */
	MATCH_GIVEN,	    /* root has given it the address, and the way leads to no machine */
	MATCH_HOST_NETWORK, /* it has no network that the host sees, so it may use the host's addresses */
	MATCH_ANY
};

/*
 * Find the next live machine that matches. `position` begins as "". 0; -ENOENT
 * after the last; or another negative errno, if that can't be determined.
 */
int login_source_next(struct snapshot *snapshot, const struct login_source *source,
		      enum source_match match, char position[static MACHINE_NAME_SIZE],
		      struct machine *machine);

/*
 * Find the first machine that the login comes from, by its way, its name or a
 * given address. `match` and `position` are set for login_source_next(). 0;
 * -ENOENT if it comes from no machine; or another negative errno.
 */
int login_source_find(struct snapshot *snapshot, const struct login_source *source,
		      enum source_match *match, char position[static MACHINE_NAME_SIZE],
		      struct machine *machine);

/* The words for an error of these functions. */
const char *login_source_error_words(int error);
