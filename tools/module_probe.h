/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The NSS module as programs get it: loaded by the dynamic linker's own search
 * and asked, by a child, which it may take down or keep waiting.
 */
#pragma once

#include "registry/record.h"

#include <limits.h>
#include <nss.h>
#include <stdbool.h>

#define MODULE_FILE_NAME "libnss_mymachines.so.2"

/* How far the child has come. */
enum module_stage {
	MODULE_LOADING,
	MODULE_ASKED,	   /* its entry point was called */
	MODULE_ASKED_HOST, /* glibc was asked for the host */
	MODULE_ASKED_USER,
	MODULE_DONE,
};

/* What is to be asked of glibc besides: nothing where the name is NULL. */
struct module_question {
	const char *host;
	const struct machine_address *address; /* one that it has */
	const char *user;
	uint32_t uid;
};

struct module_answer {
	enum module_stage stage;
	char path[PATH_MAX];	/* of the file that was loaded; empty if none was */
	char error[512];	/* why none was: dlerror(3) */
	bool has_entry_point;	/* gethostbyname2_r */
	enum nss_status status; /* that it gives for a host that there isn't */
	char host_error[128];	/* of getaddrinfo(3), or empty */
	bool host_is_right;
	bool user_is_right;
	bool user_is_found;
	uint32_t uid;

	bool was_too_slow; /* it was killed after some seconds, */
	int wait_status;   /* or ended with this: wait(2) */
};

/* 0, or a negative errno where there was no asking. */
int module_probe(const struct module_question *question, struct module_answer *answer);
