/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What someone says of a machine when registering it, by options or as JSON:
 * checked word for word, kept until the leader has been looked at. Each
 * function returns 0, or -1 after it has said on stderr what is wrong.
 */
#pragma once

#include "registry/record.h"
#include "tools/arena.h"

#include <stdbool.h>
#include <stdint.h>

/* Which of the machine's facts were said. */
enum said {
	SAID_CLASS = 1 << 0,
	SAID_SERVICE = 1 << 1,
	SAID_ID = 1 << 2,
	SAID_UNIT = 1 << 3,
	SAID_ROOT = 1 << 4,
	SAID_SSH_ADDRESS = 1 << 5,
	SAID_VSOCK_CID = 1 << 6,
	SAID_ALIASES = 1 << 7,
	SAID_UID_MAP = 1 << 8,
	SAID_GID_MAP = 1 << 9,
	SAID_INTERFACES = 1 << 10,
	SAID_ADDRESSES = 1 << 11,
	SAID_CONTROL = 1 << 12,
	SAID_POWEROFF_SIGNAL = 1 << 13,
	SAID_REBOOT_SIGNAL = 1 << 14,
};

struct registration {
	struct arena *arena;
	const char *subject; /* what messages begin with */
	unsigned int said;   /* enum said */
	bool has_leader;
	int64_t leader;
	struct machine machine; /* the facts that were said, in the arena */
	bool scope;		/* give it one, if it is in no unit */
	bool update_only;	/* nothing to do where the record has gone meanwhile */
};

int registration_set_name(struct registration *registration, const char *name);
int registration_set_leader(struct registration *registration, const char *pid);

int registration_set_class(struct registration *registration, const char *class);

/* An empty value takes back what was said before, in this registration or an earlier one. */
int registration_set_service(struct registration *registration, const char *service);
int registration_set_id(struct registration *registration, const char *uuid);
int registration_set_unit(struct registration *registration, const char *unit);
int registration_set_root(struct registration *registration, const char *path);
int registration_set_ssh_address(struct registration *registration, const char *address);
int registration_set_control(struct registration *registration, const char *path);
int registration_set_poweroff_signal(struct registration *registration, const char *signal);
int registration_set_reboot_signal(struct registration *registration, const char *signal);
int registration_set_vsock_cid(struct registration *registration, const char *cid);
int registration_add_alias(struct registration *registration, const char *alias);
int registration_add_interface(struct registration *registration, const char *name_or_index);
int registration_add_address(struct registration *registration, const char *address);
int registration_add_uid_extent(struct registration *registration, const char *extent);
int registration_add_gid_extent(struct registration *registration, const char *extent);

/* After all was said: is it complete, and do the parts fit together? */
int registration_check(struct registration *registration);
