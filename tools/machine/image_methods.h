/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The methods of io.systemd.MachineImage, and what they share. */
#pragma once

#include "tools/calls/image_describe.h"
#include "tools/machine/machine_input.h"
#include "tools/machine/machine_job.h"

#define IMAGE_ERROR(name) "io.systemd.MachineImage." name

varlink_handler answer_image_list;
varlink_handler answer_image_update;
varlink_handler answer_image_clone;
varlink_handler answer_image_remove;
varlink_handler answer_set_pool_limit;
varlink_handler answer_clean_pool;

/* For `failed`: answer by a failure, with this interface's errors. */
void image_fail(struct varlink_call *call, const struct failure *failure, void *data);

/* For `done`: send the objects in the result's file, as the client reads. */
void image_reply_objects(struct varlink_call *call, struct work_result *result, void *data);

/* Whether an image can have this name. If not, the call has been answered. */
bool image_has_valid_name(struct varlink_call *call, const char *name, const char *parameter)
	__attribute__((nonnull));
