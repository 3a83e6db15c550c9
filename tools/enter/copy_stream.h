/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The stream between the two halves of a copy. The source sends entry after
 * entry; the target answers once, at the end. One half is a visitor in the machine,
 * so neither trusts the other: lengths and names are checked here, the order of the
 * entries by the target.
 *
 * The bytes of files go through the socket; no descriptor of a file does. A machine may
 * have file systems of its own, and opening or reading a file there may block for ever:
 * only the visitor is to block. And a descriptor of a host's file could be
 * reopened for writing by any process that gets hold of it.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

enum copy_kind {
	COPY_DIRECTORY = 1, /* payload: its name. Its contents follow, up to an END */
	COPY_FILE,	/* its name; `offset` is its size now. DATA follow, then END or ABANDON */
	COPY_LINK,	/* its name, NUL, the path that it leads to */
	COPY_FIFO,	/* its name */
	COPY_ATTRIBUTE, /* of the open file or directory: a name, NUL, the value */
	COPY_DATA,	/* bytes, from `offset` on */
	COPY_END,	/* of a directory, or of a file of `offset` bytes */
	COPY_ABANDON,	/* of a file that can't be read */
	COPY_NOTICE,	/* a text for people; something is left out if `offset` isn't 0 */
	COPY_FAILED, /* a text for people, and in `offset` the errno behind it; nothing follows */
	COPY_DONE,   /* all has been sent; also the target's answer */
};

/* The beginning of each entry. Its payload follows. */
struct copy_entry {
	uint32_t kind;
	uint32_t length; /* of the payload */
	uint32_t mode, uid, gid;
	uint32_t padding;
	uint64_t offset;
	int64_t accessed, modified;
	uint32_t accessed_ns, modified_ns;
};

/* Largest payload: data for one system call, and more than names and attributes need. */
#define COPY_PAYLOAD_MAX ((size_t) 128 * 1024)

/* Deepest nesting of directories: each level takes a descriptor of both halves. */
#define COPY_DEPTH_MAX 256

struct copy_progress;

struct copy_stream {
	int socket;
	int signals; /* a signalfd(2) that ends the copy, or -1 */
	int signal_number;
	int stall_ms;		       /* how long the other half may do nothing, or 0 for ever */
	bool has_ended;		       /* the other half has closed the socket */
	char path[PATH_MAX];	       /* of the current entry, for messages */
	char problem[PATH_MAX + 1024]; /* the first problem: later ones are its consequences */
	int error;		       /* the negative errno behind it, or 0 */
	bool is_theirs;		       /* the other half has reported it */
	char payload[COPY_PAYLOAD_MAX + 1];
	struct copy_progress *progress; /* or NULL */
};

/* An entry of this kind with the attributes of an inode. */
struct copy_entry copy_entry_of(enum copy_kind kind, const struct stat *st);

/*
 * Send an entry, and receive one, whose payload gets a NUL behind it. 0, or -1 with the problem
 * in the stream, or with has_ended or signal_number.
 */
int copy_send(struct copy_stream *stream, struct copy_entry *entry, const void *payload,
	      size_t length);
int copy_receive(struct copy_stream *stream, struct copy_entry *entry);

/* Note a problem with the current path: an errno or 0, and what failed. Returns -1. */
int copy_fail(struct copy_stream *stream, int error, const char *what);

/* Note that an entry came that no honest other half sends. Returns -1. */
int copy_fail_protocol(struct copy_stream *stream);

/* Note the problem in a COPY_FAILED that was received. Returns -1. */
int copy_fail_theirs(struct copy_stream *stream, const struct copy_entry *entry);

/* Append a name to the path. Returns the former length, to which copy_path_leave() goes back. */
size_t copy_path_enter(struct copy_stream *stream, const char *name);
void copy_path_leave(struct copy_stream *stream, size_t length);

/* Whether it can be the name of a directory's entry. */
bool copy_name_is_valid(const char *name);
