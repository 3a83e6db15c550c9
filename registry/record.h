/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the registry knows of one machine, and its bytes (FORMAT.md, "The
 * record"). Pure: no I/O, no allocation. A struct machine only borrows: one
 * that was decoded points into the registry's pages and is good as long as
 * they are mapped.
 */
#pragma once

#include "registry/address.h"
#include "registry/idmap.h"
#include "registry/name.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The most that one record holds of each. */
#define MACHINE_ALIASES_MAX    64
#define MACHINE_ADDRESSES_MAX  1024
#define MACHINE_INTERFACES_MAX 256
#define MACHINE_WORD_MAX       255  /* bytes of a service or unit name, or an ssh address */
#define MACHINE_CONTROL_MAX    107  /* bytes of a socket's path: unix(7) */
#define MACHINE_SIGNAL_MAX     64   /* signal(7) */
#define MACHINE_ROOT_MAX       4095 /* bytes of a root directory: PATH_MAX without its NUL */

/* Enough for any record. */
#define RECORD_SIZE_MAX (64 * 1024)

enum machine_class {
	MACHINE_CONTAINER = 1,
	MACHINE_VM = 2,
};

/* Facts that whoever registered the machine has named: looking again leaves them alone. */
enum machine_given {
	MACHINE_GIVEN_UNIT = 1 << 0,
	MACHINE_GIVEN_ROOT = 1 << 1,
	MACHINE_GIVEN_UID_MAP = 1 << 2,
	MACHINE_GIVEN_GID_MAP = 1 << 3,
	/* At registration its unit was found to be somebody else's, too, and so not taken. */
	MACHINE_UNIT_IS_SHARED = 1 << 4,
};

/* A process is its pid and its start time: pids are used again. */
struct machine_leader {
	uint32_t pid;	      /* as the registrar sees it */
	uint64_t start_time;  /* clock ticks since boot: field 22 of /proc/PID/stat, proc(5) */
	uint64_t pidfd_inode; /* unique until the next boot, or 0 before Linux 6.9 */
};

bool leader_equal(const struct machine_leader *a, const struct machine_leader *b);

/* An interface of the host's that leads to the machine. Packed, as machine_address is. */
struct machine_interface {
	uint32_t index;
	uint32_t given; /* 1 if it was named, not found */
} __attribute__((packed));

struct machine {
	uint64_t sequence; /* the machine registered first has the least */
	const char *name;  /* as it was registered, in its case */
	enum machine_class class;
	uint32_t given; /* enum machine_given */
	bool has_id;
	uint8_t id[16]; /* UUID, in the byte order of its text */
	struct machine_leader leader;
	uint64_t realtime;  /* when it was registered: CLOCK_REALTIME, in microseconds */
	uint64_t monotonic; /* and CLOCK_MONOTONIC */
	uint32_t vsock_cid; /* vsock(7), or 0 */

	/* Which its first process understands so, or 0 where it is to be found out: signal(7). */
	uint32_t poweroff_signal;
	uint32_t reboot_signal;

	/* NULL where there is none. */
	const char *service;
	const char *unit;
	const char *root_directory;
	const char *ssh_address;
	const char *control; /* path of a socket for QMP, where a VM can be told what to do */

	const char *aliases; /* strings, each with its NUL, one after another */
	size_t aliases_size; /* bytes of them all */

	struct idmap uids;
	struct idmap gids;

	const struct machine_interface *interfaces;
	size_t n_interfaces;

	const struct machine_address *addresses; /* in the order of address_compare() */
	size_t n_addresses;
};

/* The alias after `alias`, or the first one for NULL; NULL after the last. */
const char *machine_next_alias(const struct machine *machine, const char *alias);

size_t machine_count_aliases(const struct machine *machine);

/* Whether whoever registered it has named an address. */
bool machine_has_given_address(const struct machine *machine);

/* "container" or "vm". */
const char *machine_class_name(enum machine_class class);
/* The inverse. 0 or -EINVAL. */
int machine_class_parse(const char *text, enum machine_class *class);

/*
 * Write the record into `bytes`. Returns its size, or -ENOSPC. The machine is
 * taken as valid.
 */
int record_encode(const struct machine *machine, uint8_t *bytes, size_t size);

/*
 * Read it. 0, or -EBADMSG for bytes that record_encode() doesn't write; the
 * machine is then as it was. Fields with tags that this version doesn't know
 * are passed over.
 */
int record_decode(const void *bytes, size_t size, struct machine *machine);
