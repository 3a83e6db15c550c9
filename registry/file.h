/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The registry as a file: whether it can be trusted, and the meta record and
 * name filter at its end (FORMAT.md, "The file").
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

/* The file that holds the registry, in the directory fixed at configure time. */
#define REGISTRY_FILE_NAME "registry.mdb"
#define REGISTRY_PATH	   REGISTRY_DIRECTORY "/" REGISTRY_FILE_NAME

#define REGISTRY_FORMAT_VERSION 1
/* Of the databases' keys and values: another number for each change of them. Records aren't concerned. */
#define REGISTRY_LAYOUT	    1
#define REGISTRY_BYTE_ORDER 0x01020304u
#define REGISTRY_MAGIC	    "mymachns"

/* When and where the pids and start times in a registry were read: they mean others elsewhere. */
struct pid_context {
	uint8_t boot_id[16];
	uint64_t pid_namespace;	 /* inode of /proc/self/ns/pid: namespaces(7) */
	uint64_t time_namespace; /* inode of /proc/self/ns/time, or 0 before Linux 5.6 */
};

/*
 * The last 128 bytes of the file, as they are there, in host byte order. Later
 * versions may not move the fields from `word_size` on.
 */
struct registry_meta {
	uint64_t file_size;	/* bytes of the whole file */
	uint64_t pages_size;	/* bytes of LMDB's pages, which come first */
	uint64_t generation;	/* of this publication; also the file's mtime, in ns */
	uint64_t next_sequence; /* of the machine registered next */
	struct pid_context context;
	uint32_t machines;     /* records */
	uint32_t names;	       /* names and aliases */
	uint32_t filter_size;  /* bytes of the name filter, which follows the pages; 0: none */
	uint32_t filter_names; /* names added to it since it was made */

	/* The following fields are valid only if registry_meta_has_roots(). */
	uint64_t ids_generation; /* of the last publication that changed whose ids are whose */
	uint32_t name_root;	 /* page numbers of databases' roots; UINT32_MAX: it is empty */
	uint32_t address_root;
	uint32_t uid_root;
	uint32_t gid_root;
	uint8_t page_shift; /* binary logarithm of the size of LMDB's pages */
	uint8_t check[3]; /* the low bytes of `generation`, with the layout: registry_meta_seal() */

	uint32_t word_size;  /* sizeof(size_t) of the writer: LMDB's pages depend on it */
	uint32_t version;    /* REGISTRY_FORMAT_VERSION */
	uint32_t byte_order; /* REGISTRY_BYTE_ORDER */
	char magic[8];	     /* REGISTRY_MAGIC, without NUL */
} __attribute__((packed, aligned(8)));

_Static_assert(sizeof(struct registry_meta) == 128, "FORMAT.md says 128 bytes");

/*
 * Which snapshot a path leads to. Two snapshots of the same identity are the
 * same bytes: inode numbers are used again at once, but generations never.
 */
struct registry_identity {
	dev_t device;
	ino_t inode;
	uint64_t generation;
};

bool registry_identity_equal(const struct registry_identity *a, const struct registry_identity *b);

/*
 * Errors of all functions that open a registry:
 * -ENOENT          no registry: no machine is registered
 * -ESTALE          one of an earlier boot: likewise
 * -ELOOP           a symbolic link
 * -ENXIO           no regular file
 * -EPERM           not root's, or others may write it
 * -EPROTONOSUPPORT another format version
 * -EILSEQ          another byte order
 * -EUCLEAN         damaged: cut off, or written to after its publication
 * or the error of a system call.
 */

/* Which snapshot is there now, if it can be trusted? One lstat(2). */
int registry_stat(const char *path, struct registry_identity *identity);

/*
 * Open the file and read the meta record, having checked that the file is whole
 * and of this boot. Returns a descriptor or a negative errno.
 */
int registry_file_open(const char *path, struct registry_meta *meta,
		       struct registry_identity *identity);

/*
 * The same in two steps, for who may know the meta record of this snapshot
 * already. The first returns a descriptor, and what fstat(2) says of it, or a
 * negative errno; the second 0 or a negative errno.
 */
int registry_file_open_unread(const char *path, struct stat *st,
			      struct registry_identity *identity);
int registry_meta_read(int fd, const struct stat *st, struct registry_meta *meta);

/* Read `size` bytes of the name filter, from byte `at` of it on. */
int registry_filter_read(int fd, const struct registry_meta *meta, uint32_t at, void *to,
			 size_t size);

/* For the writer: vouch for the roots, having set the generation. */
void registry_meta_seal(struct registry_meta *meta);

/* Whether the writer of this generation has set the roots, and its databases are of our layout. */
bool registry_meta_has_roots(const struct registry_meta *meta);

/* Two snapshots of the same number have the same owners of uids and gids. */
uint64_t registry_ids_generation(const struct registry_meta *meta);

/* A file's modification time, in nanoseconds since the epoch. */
uint64_t registry_mtime(const struct stat *st);

/* Whether the open file is the one that the path leads to, not following a link. */
bool file_is_at(int fd, const char *path);

/* Read the context of this process. 0 or a negative errno. */
int pid_context_read(struct pid_context *context);

/*
 * Whether pids and start times of that context mean the same to this process.
 * 0 if they do; -EXDEV if not; -ENOSYS if /proc doesn't tell; or another negative
 * errno where it can't tell. Never -ENOENT.
 */
int pid_context_check(const struct pid_context *context);
