/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The NSS module as programs get it: loaded by the dynamic linker's own search.
 * A child process loads and asks it, as it may crash or hang.
 */
#pragma once

#include "registry/record.h"

#include <limits.h>
#include <nss.h>
#include <stdbool.h>

#define MODULE_FILE_NAME "libnss_mymachines.so.2"

/* The child's last step. */
enum module_stage {
	MODULE_LOADING,
	MODULE_ASKED,	   /* its entry point was called */
	MODULE_ASKED_HOST, /* glibc was asked for the host */
	MODULE_ASKED_USER,
	MODULE_DONE,
};

/* A question to glibc as well; a NULL name asks nothing. */
struct module_question {
	const char *host;
	const struct machine_address *address; /* one of the host's addresses */
	const char *user;
	uint32_t uid;
};

struct module_answer {
	enum module_stage stage;
	char path[PATH_MAX];	/* of the loaded file, or empty */
	char error[512];	/* why nothing was loaded: dlerror(3) */
	bool has_entry_point;	/* gethostbyname2_r */
	enum nss_status status; /* its answer for a host that doesn't exist */
	char host_error[128];	/* of getaddrinfo(3), or empty */
	bool host_is_right;
	bool user_is_right;
	bool user_is_found;
	uint32_t uid;

	bool was_too_slow; /* the child was killed after some seconds */
	int wait_status;   /* of the child: wait(2) */
};

/* Returns 0, or a negative errno if no child could be started. */
int module_probe(const struct module_question *question, struct module_answer *answer);
