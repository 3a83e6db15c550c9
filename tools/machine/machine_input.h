/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The parameters of a call of io.systemd.Machine, MachineImage or Import. All methods share one struct; a
 * table for each method has the parameters that it takes.
 */
#pragma once

#include "tools/varlink/varlink_server.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct machine_number {
	bool is_given;
	int64_t value;
};

/* Bytes. */
struct machine_size {
	bool is_given;
	uint64_t value;
};

/* A flag whose absence is neither. */
struct machine_flag {
	bool is_given;
	bool value;
};

/* ProcessId, or a plain number in its place. */
struct machine_process {
	bool is_given;
	int64_t pid;	   /* 0 is the caller */
	uint64_t pidfd_id; /* inode of its pidfd, or 0 */
	const char *boot_id;
};

/* Texts that aren't given are NULL, lists are NULL, too, and flags are false. */
struct machine_input {
	const char *name, *class, *id, *service, *root_directory, *ssh_address, *ssh_key,
		*control_address, *metadata;
	const char *new_name;
	const char *remote, *local, *type, *verify, *image_root;
	const char *whom, *mode, *user, *path, *source, *destination;
	struct machine_process pid, leader_process, supervisor_process;
	struct machine_number leader, supervisor, vsock_cid, signal, uid, gid;
	struct machine_size limit;
	struct machine_flag sets_read_only;
	bool is_interactive, allocate_unit, is_read_only, make_target, replace;
	bool force, keeps_download;
	json_object *interfaces, *arguments, *environment;
};

enum machine_parameter_kind {
	PARAMETER_TEXT,
	PARAMETER_NUMBER,
	PARAMETER_FLAG,
	PARAMETER_SIZE,
	PARAMETER_CHOICE, /* a flag whose absence is neither */
	PARAMETER_PROCESS,
	PARAMETER_TEXTS,
	PARAMETER_NUMBERS,
};

struct machine_parameter {
	const char *name;
	enum machine_parameter_kind kind;
	size_t offset; /* in struct machine_input */
	bool is_required;
};

#define PARAMETER(name, kind, member)                                                              \
	{                                                                                          \
		name, PARAMETER_##kind, offsetof(struct machine_input, member), false              \
	}
#define REQUIRED(name, kind, member)                                                               \
	{                                                                                          \
		name, PARAMETER_##kind, offsetof(struct machine_input, member), true               \
	}

/* Of a call that may ask a person, and of one about a machine. */
#define PARAMETER_INTERACTIVE PARAMETER("allowInteractiveAuthentication", FLAG, is_interactive)
#define PARAMETERS_WHO                                                                             \
	PARAMETER("name", TEXT, name), PARAMETER("pid", PROCESS, pid), PARAMETER_INTERACTIVE

/*
 * Read the parameters of a call. One that is null is as one that is absent. One that the table doesn't have
 * is refused, unless `tolerant`. The texts and lists are the call's. False if the call has been answered.
 */
bool machine_input_read(struct machine_input *input, struct varlink_call *call,
			const struct machine_parameter *parameters, size_t count, bool tolerant)
	__attribute__((nonnull, warn_unused_result));
