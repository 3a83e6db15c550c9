/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How the two halves of a copy talk: the source sends what there is, entry by
 * entry, the target answers once, at the end. One of them is a visitor in the
 * machine, so no half believes the other: lengths and names are checked here,
 * the order by the target.
 *
 * Bytes go through the socket, and no descriptor of a file does. A machine may
 * have file systems of its own making, and whoever opens or reads there may
 * wait for ever: that is to be the visitor. And one of a host's file could be
 * opened for writing by whoever gets hold of it.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

enum copy_kind {
	COPY_DIRECTORY = 1, /* payload: its name. What is in it follows, to its END */
	COPY_FILE,	/* its name, and `offset` its size for now. DATA follow, END or ABANDON */
	COPY_LINK,	/* its name, NUL, where it leads */
	COPY_FIFO,	/* its name */
	COPY_ATTRIBUTE, /* of what has no END yet: a name, NUL, the value */
	COPY_DATA,	/* bytes, from `offset` on */
	COPY_END,	/* of a directory, or a file of `offset` bytes */
	COPY_ABANDON,	/* of a file: it can't be had */
	COPY_SAY,	/* words for people; a part is left out, if `offset` isn't 0 */
	COPY_FAILED,	/* the same, and this is the end */
	COPY_DONE,	/* there is no more; and the target's answer */
};

/* What each begins with; its payload follows. */
struct copy_entry {
	uint32_t kind;
	uint32_t length; /* of the payload */
	uint32_t mode, uid, gid;
	uint32_t padding;
	uint64_t offset;
	int64_t accessed, modified;
	uint32_t accessed_ns, modified_ns;
};

/* Of a payload. What one system call moves; and more than names and attributes need. */
#define COPY_PAYLOAD_MAX ((size_t) 128 * 1024)

/* Directories in directories: each takes a descriptor of both halves. */
#define COPY_DEPTH_MAX 256

struct copy_stream {
	int socket;
	int signals; /* a signalfd(2) that ends it, or -1 */
	int signal_number;
	bool has_ended;		       /* the other half has */
	bool is_said;		       /* why it can't go on has been */
	char path[PATH_MAX];	       /* where it is, for messages */
	char problem[PATH_MAX + 1024]; /* why it can't go on; what comes later is a consequence */
	char payload[COPY_PAYLOAD_MAX + 1];
	void (*progress)(struct copy_stream *stream, const struct copy_entry *entry);
};

/* Attributes of an inode, in an entry of this kind. */
struct copy_entry copy_entry_of(enum copy_kind kind, const struct stat *st);

/* All return 0, or -1 with the problem noted, or has_ended, or signal_number. */
int copy_send(struct copy_stream *stream, struct copy_entry *entry, const void *payload,
	      size_t length);

/* The payload gets a NUL behind it. */
int copy_receive(struct copy_stream *stream, struct copy_entry *entry);

/* Note the problem, with the path in front unless it says none. Returns -1. */
int copy_fail(struct copy_stream *stream, int error, const char *what);

/* What came can't be of an honest other half. */
int copy_fail_order(struct copy_stream *stream);

/* Go to a name in a directory, and back to where the path had this length. Returns that. */
size_t copy_path_enter(struct copy_stream *stream, const char *name);
void copy_path_leave(struct copy_stream *stream, size_t length);

/* Whether it can be the name of something in a directory. */
bool copy_name_is_valid(const char *name);
