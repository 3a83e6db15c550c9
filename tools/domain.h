/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What matters here of a libvirt domain's XML: its "Domain XML format". */
#pragma once

#include "tools/arena.h"

/* The namespace of our element in <metadata>: <machine xmlns="..." name="" alias=""/> */
#define DOMAIN_METADATA_NAMESPACE "urn:org.mymachines"

/* NULL is what it doesn't have. All in the arena. */
struct domain {
	const char *type; /* "qemu", "kvm", "lxc" */
	const char *id;	  /* libvirt's number of it, while it runs */
	const char *name;
	const char *uuid;
	const char *root;	 /* of a container: the directory that is its root */
	const char *vsock_cid;	 /* of a VM */
	const char **interfaces; /* of the host's, that lead to it */
	size_t n_interfaces;
	const char *machine_name; /* what our element has */
	const char *machine_alias;
};

/*
 * Read it. 0; -EBADMSG, and then `why` says what is wrong with the text; or
 * another negative errno.
 */
int domain_parse(struct arena *arena, const char *text, size_t size, struct domain *domain,
		 const char **why);
