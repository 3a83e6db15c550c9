/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The record of one machine, and its bytes (FORMAT.md, "The record"). Pure: no
 * I/O, no allocation. A struct machine owns nothing: a decoded one points into
 * the bytes that it was decoded from.
 */
#pragma once

#include "registry/address.h"
#include "registry/idmap.h"
#include "registry/name.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Limits of one record. */
#define MACHINE_ALIASES_MAX    64
#define MACHINE_ADDRESSES_MAX  1024
#define MACHINE_INTERFACES_MAX 256
/* Bytes of a service, unit, ssh address or key, control address, description. */
#define MACHINE_WORD_MAX    255
#define MACHINE_CONTROL_MAX 107	 /* bytes of a socket's path: unix(7) */
#define MACHINE_SIGNAL_MAX  64	 /* signal(7) */
#define MACHINE_ROOT_MAX    4095 /* bytes of a root directory: PATH_MAX without its NUL */
#define MACHINE_SYSTEM_MAX  128	 /* bytes of a word of its os-release(5) */

/* Enough for any record. */
#define RECORD_SIZE_MAX (64 * 1024)

enum machine_class {
	MACHINE_HOST = 0, /* the host itself, which is in no registry */
	MACHINE_CONTAINER = 1,
	MACHINE_VM = 2,
};

/* Facts that were given: observing the machine again doesn't change them. */
enum machine_given {
	MACHINE_GIVEN_UNIT = 1 << 0,
	MACHINE_GIVEN_ROOT = 1 << 1,
	MACHINE_GIVEN_UID_MAP = 1 << 2,
	MACHINE_GIVEN_GID_MAP = 1 << 3,
	/* At registration, others were in its unit as well: it isn't the machine's own. */
	MACHINE_UNIT_IS_SHARED = 1 << 4,
	/* A runtime's hook gave name and aliases: they yield to those that a person gives. */
	MACHINE_NAMES_HOOKED = 1 << 5,
};

/* The leader's namespaces, as the host sees them: namespaces(7). */
enum machine_namespaces {
	MACHINE_HAS_NAMESPACES = 1 << 0,     /* at least one isn't the host's */
	MACHINE_HAS_USER_NAMESPACE = 1 << 1, /* that of its ids isn't */
	/* It was later found in another user namespace than its ids are from: they don't count. */
	MACHINE_HAS_LOST_IDS = 1 << 2,
};

/* A process: a machine's leader, or its supervisor. A pid alone isn't enough: pids are used again. */
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

/*
 * What a container says of itself: claims, from files that its root can write. They are
 * read once for a root directory, which this is the identity of.
 */
struct machine_system {
	bool is_known; /* the files were looked for */
	uint64_t root_device;
	uint64_t root_inode;
	bool has_id;
	uint8_t id[16]; /* machine-id(5) */

	/* Of os-release(5), NULL if missing. Escape them before printing. */
	const char *os;	     /* ID: "debian" */
	const char *version; /* VERSION_ID: "12" */
	const char *os_name; /* PRETTY_NAME: "Debian GNU/Linux 12 (bookworm)" */
};

struct machine {
	uint64_t sequence; /* the machine registered first has the least */
	const char *name;  /* as it was registered, in its case */
	enum machine_class class;
	uint32_t given; /* enum machine_given */
	bool has_id;
	uint8_t id[16]; /* UUID, in the byte order of its text */
	struct machine_leader leader;
	bool knows_namespaces; /* a container's were looked at; those of a VM's leader are the host's */
	uint32_t namespaces;	 /* enum machine_namespaces */
	uint64_t user_namespace; /* inode of the one that its ids are from */
	uint64_t realtime;	 /* when it was registered: CLOCK_REALTIME, in microseconds */
	uint64_t monotonic;	 /* and CLOCK_MONOTONIC */
	uint32_t vsock_cid;	 /* vsock(7), or 0 */

	/* Which its first process understands so, or 0 where it is to be found out: signal(7). */
	uint32_t poweroff_signal;
	uint32_t reboot_signal;

	uint32_t owner; /* the uid of who registered it */

	/* The process that manages it from the host, such as systemd-nspawn; pid 0 if none is known. */
	struct machine_leader supervisor;
	struct machine_system system;

	/* NULL where there is none. */
	/* What its runtime calls it, which need not be a valid machine name. */
	const char *description;
	const char *service;
	const char *unit;
	const char *root_directory;
	const char *ssh_address;
	const char *ssh_key;	     /* path of the private key for that */
	const char *control_address; /* where a VM can be told what to do by Varlink */
	const char *control; /* path of a socket for QMP, where a VM can be told what to do */

	const char *aliases; /* strings, each with its NUL, one after another */
	size_t aliases_size; /* bytes of them all */

	struct idmap uids;
	struct idmap gids;

	/*
	 * Inode of the network namespace that the interfaces below, and those of addresses,
	 * are of: the registrar's. 0 if it isn't known.
	 */
	uint64_t host_network;

	const struct machine_interface *interfaces;
	size_t n_interfaces;

	/*
	 * Those that are answered to its name, and those that are only known, claims among
	 * them: addresses_divide(). Each in the order of address_compare(); at most
	 * MACHINE_ADDRESSES_MAX together.
	 */
	const struct machine_address *addresses;
	size_t n_addresses;
	const struct machine_address *unanswered;
	size_t n_unanswered;

	const char *next_names; /* other names that a hook gave, the best first; like aliases */
	size_t next_names_size;

	/* Fields of a later version, among others, as they stand in the record that was decoded. */
	const uint8_t *later_fields;
	size_t later_fields_size;
};

/* The alias after `alias`, or the first one for NULL; NULL after the last. */
const char *machine_next_alias(const struct machine *machine, const char *alias);

/* The name that its runtime uses, if it is another one; or NULL. */
const char *machine_description(const struct machine *machine);

size_t machine_count_aliases(const struct machine *machine);

/*
 * Whether it is known to be a process of the host without a namespace of its own.
 * Whatever is in its cgroup may be the host's.
 */
bool machine_is_host_process(const struct machine *machine);

/* The name after `name` that a hook has for it, or the first one for NULL; NULL after the last. */
const char *machine_next_name(const struct machine *machine, const char *name);

/*
 * All of its addresses are these from now on, which are put into their order.
 * Only MACHINE_ADDRESSES_MAX of them are kept.
 */
void machine_set_addresses(struct machine *machine, struct machine_address *addresses,
			   size_t count);

/* All of its addresses, answered ones first: the n-th, or NULL after the last. */
const struct machine_address *machine_address(const struct machine *machine, size_t n);

/* Whether an address was given. */
bool machine_has_given_address(const struct machine *machine);

/* "container" or "vm". */
const char *machine_class_name(enum machine_class class);
/* The inverse. 0 or -EINVAL. */
int machine_class_parse(const char *text, enum machine_class *class);

/*
 * Write the record into `bytes`. Returns its size, or -ENOSPC. The machine must
 * be valid. Fields of a later version are left out if there is no room for them.
 */
int record_encode(const struct machine *machine, uint8_t *bytes, size_t size);

/*
 * Read it. 0, or -EBADMSG for bytes that record_encode() doesn't write; the
 * machine is then as it was. Fields with tags that this version doesn't know
 * are left in `later_fields`; record_encode() writes them again.
 */
int record_decode(const void *bytes, size_t size, struct machine *machine);
