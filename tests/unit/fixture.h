/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Registries of their own for the tests that write: in a new directory each. */
#pragma once

#include "registry/writer.h"
#include "tests/support/leader.h"

/* A new directory for a registry, in $TMPDIR, which tests/private throws away. */
const char *fixture_directory(void);

/* The path of the registry in it. */
const char *fixture_path(void);

/* A machine with this name and leader, and nothing else. */
struct machine fixture_machine(const char *name, const struct machine_leader *leader);

/*
 * Publish the change so far, open what was published in the place of `snapshot`,
 * which may be all zero, and begin another change.
 */
void fixture_publish_change(struct writer *writer, struct snapshot *snapshot);

/* Publish one machine. */
void fixture_publish(struct machine *machine);
