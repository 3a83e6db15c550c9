/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of a libvirt domain's XML that concern us: libvirt's "Domain XML format". */
#pragma once

#include "base/arena.h"

/* The namespace of our element in <metadata>: <machine xmlns="..." name="" alias=""/> */
#define DOMAIN_METADATA_NAMESPACE "urn:org.mymachines"

/* All in the arena; NULL if the domain doesn't have it. */
struct domain {
	const char *type; /* "qemu", "kvm", "lxc" */
	const char *id;	  /* libvirt's number of the running domain */
	const char *name;
	const char *uuid;
	const char *root;	 /* of a container: its root directory */
	const char *vsock_cid;	 /* of a VM */
	const char **interfaces; /* the host's ends of its network */
	size_t n_interfaces;
	const char *machine_name; /* the attributes of our element */
	const char *machine_alias;
};

/*
 * Parse the text. Returns 0; -EBADMSG, and `why` becomes the reason; or another
 * negative errno.
 */
int domain_parse(struct arena *arena, const char *text, size_t size, struct domain *domain,
		 const char **why);
