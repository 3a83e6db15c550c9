/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Registering a machine: a work_function(). */
#pragma once

#include "base/arena.h"
#include "tools/calls/work.h"
#include "tools/registrar/registration.h"

/* For the writer's lock, which may be held for ten seconds. */
#define REGISTER_WORK_MS 20000

struct register_work {
	struct arena arena;
	struct registration registration;
	size_t n_interfaces;   /* that the call gives */
	bool create;	       /* the machine gets a scope of its own */
	bool names_supervisor; /* so the process that the caller names has to be the owner's */
	uid_t owner; /* who asks. Another one than root gives no addresses, aliases and paths */
};

void register_work_done(struct register_work *work) __attribute__((nonnull));

/* Wait for a former machine of the name, and register. The result is the machine's first name. */
work_function register_work;

/* The same without waiting, for who has waited. 0, or -1 with a failure. */
int register_work_now(const struct register_work *work, struct work_result *result,
		      struct failure *failure) __attribute__((nonnull, warn_unused_result));

/* Whether the leader is the process that is expected, before it is moved. 0, or -1 with a failure. */
int register_work_check_leader(const struct register_work *work, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/*
 * Whether another owner than root may register the machine: see check_ownership(). 0, or -1 with
 * a failure.
 */
int register_work_check_owner(const struct register_work *work, int *pidfd, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* Take values in the forms that both edges have. Each returns 0, or -1 with a failure. */
int register_work_set_name(struct register_work *work, const char *name, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* Sixteen bytes; all of them 0 mean none. */
void register_work_set_id(struct register_work *work, const uint8_t id[static 16])
	__attribute__((nonnull));

/* A service that the listing can't show is left out: it costs no machine its registration. */
void register_work_set_service(struct register_work *work, const char *service)
	__attribute__((nonnull));

/* The caller, which manages the machine unless it is the leader. A caller that has ended is passed over. */
void register_work_set_caller(struct register_work *work, const struct machine_leader *caller)
	__attribute__((nonnull));

/*
 * So many interfaces will be added. Each costs the service a look-up before anybody is asked for permission: false if
 * a machine can't have so many, counted over all calls of this.
 */
bool register_work_expect_interfaces(struct register_work *work, size_t count)
	__attribute__((nonnull, warn_unused_result));

/* An interface by its index, which is positive. One that is gone by now isn't the machine's. */
void register_work_add_interface(struct register_work *work, int32_t index)
	__attribute__((nonnull));
