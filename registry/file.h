/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The registry as a file: whether it can be trusted, and the meta record and
 * name filter at its end, which are read without LMDB (FORMAT.md, "The file").
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
#define REGISTRY_BYTE_ORDER	0x01020304u
#define REGISTRY_MAGIC		"mymachns"

/* When and where pids and start times in a registry were read, so what they mean. */
struct registry_origin {
	uint8_t boot_id[16];
	uint64_t pid_namespace;	 /* inode of /proc/self/ns/pid: namespaces(7) */
	uint64_t time_namespace; /* inode of /proc/self/ns/time, or 0 before Linux 5.6 */
};

/*
 * The last 128 bytes of the file, as they lie there, in host byte order. What
 * later versions may not move comes last.
 */
struct registry_meta {
	uint64_t file_size;	/* bytes of the whole file */
	uint64_t pages_size;	/* bytes of LMDB's pages, which come first */
	uint64_t generation;	/* of this publication; also the file's mtime, in ns */
	uint64_t next_sequence; /* of the machine registered next */
	struct registry_origin origin;
	uint32_t machines;     /* records */
	uint32_t names;	       /* names and aliases */
	uint32_t filter_size;  /* bytes of the name filter, which follows the pages; 0: none */
	uint32_t filter_names; /* names added to it since it was made */
	uint8_t reserved[28];  /* 0 */
	uint32_t word_size;    /* sizeof(size_t), which LMDB's pages depend on */
	uint32_t version;      /* REGISTRY_FORMAT_VERSION */
	uint32_t byte_order;   /* REGISTRY_BYTE_ORDER */
	char magic[8];	       /* REGISTRY_MAGIC, without NUL */
} __attribute__((packed, aligned(8)));

_Static_assert(sizeof(struct registry_meta) == 128, "FORMAT.md says 128 bytes");

/*
 * Which snapshot a path leads to. Two that are equal are the same bytes:
 * inode numbers are used again at once, but generations never.
 */
struct registry_identity {
	dev_t device;
	ino_t inode;
	uint64_t generation;
};

bool registry_identity_equal(const struct registry_identity *a, const struct registry_identity *b);

/*
 * Errors of everything that opens a registry:
 * -ENOENT          no registry: no machine is registered
 * -ESTALE          one of an earlier boot: likewise
 * -ELOOP           a symbolic link
 * -ENXIO           no regular file
 * -EPERM           not root's, or others may write it
 * -EPROTONOSUPPORT another format version
 * -EILSEQ          another byte order or word size
 * -EUCLEAN         damaged: cut off, or written to after its publication
 * or whatever a system call says.
 */

/* One stat(2): which snapshot is there now, and may it be trusted? */
int registry_stat(const char *path, struct registry_identity *identity);

/* The same of an open descriptor. */
int registry_fstat(int fd, struct registry_identity *identity);

/*
 * Read the meta record, having made sure that the file is whole. `filter`, if
 * it isn't NULL, has room for FILTER_SIZE_MAX bytes and gets the name filter.
 */
int registry_read_meta(const char *path, struct registry_meta *meta,
		       struct registry_identity *identity, uint8_t *filter);

/* A file's modification time, in nanoseconds since the epoch. */
uint64_t registry_mtime(const struct stat *st);

/* Whether the open file is the one that the path leads to, not following a link. */
bool file_is_at(int fd, const char *path);

/* The origin that this process would write. 0 or a negative errno. */
int registry_origin_read(struct registry_origin *origin);

/* Whether pids and start times of that origin mean the same to this process. False in doubt. */
bool registry_origin_is_mine(const struct registry_origin *origin);
