/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Warnings and hints of an operation, beside its own failure: a list that an edge prints or not. */
#pragma once

#include "base/failure.h"

#include <stddef.h>

enum notice_kind {
	NOTICE_WARNING, /* something went wrong, and the operation went on */
	NOTICE_HINT,	/* nothing is wrong; the person may want to know */
};

struct notice {
	struct notice *next;
	enum notice_kind kind;
	char text[];
};

/* All zero is an empty list. */
struct notices {
	/* If set, it gets each notice at once, and none is kept: for programs that run long. */
	void (*sink)(void *data, enum notice_kind kind, const char *text);
	void *data;
	struct notice *first;
	struct notice *last;
	size_t lost; /* notices that were lost for lack of memory */
};

/* Add a notice. If `notices` is NULL, nobody wants to know. */
void notices_add(struct notices *notices, enum notice_kind kind, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Add a failure that doesn't end the operation, as a warning. */
void notices_add_failure(struct notices *notices, const struct failure *failure)
	__attribute__((nonnull(2)));

/* Move all notices of `from` to `to`. */
void notices_move(struct notices *to, struct notices *from) __attribute__((nonnull));

/* Free all of them. */
void notices_done(struct notices *notices) __attribute__((nonnull));
