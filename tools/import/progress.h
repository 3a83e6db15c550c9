/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A transfer's progress: on a terminal, in one line that is removed at the end, and in the
 * transfer's file.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct transfer;

struct progress_count {
	uint64_t done;	  /* bytes of the source that have been read */
	uint64_t total;	  /* bytes of the source, or 0 if that isn't known */
	uint64_t written; /* bytes of contents that were unpacked or packed */
	uint64_t space; /* what limits count: as `written`, but each piece takes a block at least */
	uint64_t entries; /* files, directories and others */
};

struct progress {
	FILE *terminal; /* NULL: progress isn't shown */
	bool is_shown;
	int64_t start_ms, next_show_ms, next_write_ms; /* CLOCK_MONOTONIC */
	struct transfer *transfer; /* the transfer whose file is updated, or NULL */
};

/* Begin. Progress is shown after half a second, if the stream is a terminal. The stream may be NULL. */
void progress_start(struct progress *progress, FILE *terminal, struct transfer *transfer)
	__attribute__((nonnull(1)));

/* Show the progress again, if some time has passed since the last time. */
void progress_update(struct progress *progress, const struct progress_count *count)
	__attribute__((nonnull));

/* Remove the line, before something else is printed and at the end. */
void progress_clear(struct progress *progress) __attribute__((nonnull));

/* "3.4 MiB", as in list-images. */
#define BYTES_TEXT_SIZE 32
char *bytes_format(uint64_t bytes, char text[static BYTES_TEXT_SIZE]);
