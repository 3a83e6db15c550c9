/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The request of a service's caller. The service checks each value before it starts a process with it. */
#pragma once

#include <stdbool.h>

struct transfer_request {
	const char *type; /* the verb of mymachines-import */
	/* The image. Of one that fetches, "-" keeps only the download, and NULL takes the name from the address. */
	const char *local;
	const char *remote; /* of one that fetches: the address; else NULL */
	const char *verify; /* of one that fetches, or NULL */
	const char *format; /* of one that exports, or NULL */
	bool force, read_only, keeps_download;
	int fd; /* of one that fetches -1; else what is read, or written */
	bool is_export;
};

/* systemd's classes of images. mymachines has images of machines only. */
enum transfer_class { TRANSFER_CLASS_MACHINE, TRANSFER_CLASS_OTHER, TRANSFER_CLASS_UNKNOWN };

enum transfer_class transfer_class_of(const char *name) __attribute__((nonnull));

/* Whether it is an address of http or https. */
bool transfer_address_is_valid(const char *address) __attribute__((nonnull));

/* Whether it is a way to check what is fetched: that of --verify=. */
bool transfer_verify_is_valid(const char *verify) __attribute__((nonnull));
