/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What somebody gives of a machine when registering it, by options or as JSON.
 * Each value is checked when it is set; the leader is looked at later.
 *
 * Each function returns 0, or -1 with a failure that has no subject: the
 * caller, who may learn the machine's name last, puts it in front.
 */
#pragma once

#include "base/arena.h"
#include "base/failure.h"
#include "base/notices.h"
#include "registry/record.h"

#include <stdbool.h>
#include <stdint.h>

/* The machine's facts that can be given. */
enum registration_field {
	FIELD_CLASS = 1 << 0,
	FIELD_SERVICE = 1 << 1,
	FIELD_ID = 1 << 2,
	FIELD_UNIT = 1 << 3,
	FIELD_ROOT = 1 << 4,
	FIELD_SSH_ADDRESS = 1 << 5,
	FIELD_VSOCK_CID = 1 << 6,
	FIELD_ALIASES = 1 << 7,
	FIELD_UID_MAP = 1 << 8,
	FIELD_GID_MAP = 1 << 9,
	FIELD_INTERFACES = 1 << 10,
	FIELD_ADDRESSES = 1 << 11,
	FIELD_CONTROL = 1 << 12,
	FIELD_POWEROFF_SIGNAL = 1 << 13,
	FIELD_REBOOT_SIGNAL = 1 << 14,
	FIELD_DESCRIPTION = 1 << 15,
	FIELD_SSH_KEY = 1 << 16,
	FIELD_CONTROL_ADDRESS = 1 << 17,
	FIELD_SUPERVISOR = 1 << 18,
};

struct registration {
	struct arena *arena;
	const char *subject; /* "line 3: web1": the registrar's messages begin with it */
	unsigned int given;  /* enum registration_field */
	bool has_leader;
	int64_t leader;
	struct machine_leader expected; /* what the leader is known to be; zeros are unknown */
	struct machine machine;		/* the given facts, in the arena */
	uint32_t owner;			/* the uid of who registers it */
	bool scope;			/* give it a scope of its own, if it is in no unit */
	/*
	 * A runtime gives the names: they yield to those that a person gives, and have dots only
	 * in domains that are set for machines. To be set before the names.
	 */
	bool is_hooked;
};

#define REGISTRATION_FUNCTION __attribute__((nonnull, warn_unused_result))

/* Sets one fact from its text. */
typedef int registration_setter(struct registration *registration, const char *value,
				struct failure *failure);

registration_setter registration_set_name REGISTRATION_FUNCTION;
registration_setter registration_set_leader REGISTRATION_FUNCTION;
registration_setter registration_set_class REGISTRATION_FUNCTION;

/* Add a name that a hooked machine takes if it can't have, or has to give up, the one before. */
registration_setter registration_add_next_name REGISTRATION_FUNCTION;

/* For each of these, an empty value clears what this or an earlier registration gave. */
registration_setter registration_set_service REGISTRATION_FUNCTION;
registration_setter registration_set_id REGISTRATION_FUNCTION;
registration_setter registration_set_unit REGISTRATION_FUNCTION;
registration_setter registration_set_root REGISTRATION_FUNCTION;
registration_setter registration_set_ssh_address REGISTRATION_FUNCTION;
registration_setter registration_set_ssh_key REGISTRATION_FUNCTION;
registration_setter registration_set_control_address REGISTRATION_FUNCTION;
registration_setter registration_set_description REGISTRATION_FUNCTION;
registration_setter registration_set_supervisor REGISTRATION_FUNCTION;
registration_setter registration_set_control REGISTRATION_FUNCTION;
registration_setter registration_set_poweroff_signal REGISTRATION_FUNCTION;
registration_setter registration_set_reboot_signal REGISTRATION_FUNCTION;
registration_setter registration_set_vsock_cid REGISTRATION_FUNCTION;
registration_setter registration_add_alias REGISTRATION_FUNCTION;
registration_setter registration_add_interface REGISTRATION_FUNCTION;
registration_setter registration_add_address REGISTRATION_FUNCTION;
registration_setter registration_add_uid_extent REGISTRATION_FUNCTION;
registration_setter registration_add_gid_extent REGISTRATION_FUNCTION;

/* The supervisor, if its pid is still that of the expected process, whose zeros are unknown. */
int registration_set_supervisor_process(struct registration *registration,
					const struct machine_leader *expected,
					struct failure *failure) REGISTRATION_FUNCTION;

/*
 * Set a fact that was found and not given, NULL being none. If it can't be
 * used, it is left out, with a notice: it is no reason not to register, or not
 * to start, the machine.
 */
void registration_set_found(struct registration *registration, registration_setter *set,
			    const char *value, struct notices *notices)
	__attribute__((nonnull(1, 2)));

/* After everything was set: check that it is complete, and that the parts fit together. */
int registration_check(struct registration *registration,
		       struct failure *failure) REGISTRATION_FUNCTION;
