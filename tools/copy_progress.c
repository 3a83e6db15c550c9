/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/copy_progress.h"

#include "registry/cleanup.h"
#include "tools/format.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define FIRST_MS  500
#define PERIOD_MS 100
#define BAR_WIDTH 20

static struct {
	bool is_shown;
	uint64_t next_ms; /* when it is to be shown again */
	uint64_t files, bytes;
	uint64_t file_size; /* as far as that is known */
	uint64_t file_done;
} progress;

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t) now.tv_sec * 1000 + (uint64_t) now.tv_nsec / 1000000;
}

static int columns(void)
{
	struct winsize size;

	return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : 80;
}

/* Of the file that is being copied: the machine may have told its size wrong. */
static void format_bar(char bar[static BAR_WIDTH + 1], unsigned int *percent)
{
	uint64_t done = progress.file_done < progress.file_size ? progress.file_done
								: progress.file_size;
	double part = progress.file_size ? (double) done / (double) progress.file_size : 1;
	int length = (int) (part * BAR_WIDTH);

	memset(bar, '-', BAR_WIDTH);
	memset(bar, '#', (size_t) length);
	bar[BAR_WIDTH] = '\0';
	*percent = (unsigned int) (part * 100);
}

static void show(const struct copy_stream *stream)
{
	CLEANUP_FREE char *escaped = malloc(ESCAPED_SIZE(sizeof stream->path));
	char bar[BAR_WIDTH + 1], line[128];
	unsigned int percent;
	int room;

	format_bar(bar, &percent);
	snprintf(line, sizeof line, "[%s] %3u%%  %" PRIu64 " MiB, %" PRIu64 " files  ", bar,
		 percent, progress.bytes >> 20, progress.files);
	room = columns() - (int) strlen(line) - 1;
	fprintf(stderr, "\r\033[K%s%.*s", line, room > 0 ? room : 0,
		escaped ? escape(stream->path, escaped) : "");
	progress.is_shown = true;
}

static void count(struct copy_stream *stream, const struct copy_entry *entry)
{
	uint64_t now;

	if (entry->kind == COPY_FILE) {
		progress.files++;
		progress.file_size = entry->offset;
		progress.file_done = 0;
	} else if (entry->kind == COPY_DATA) {
		progress.bytes += entry->length;
		progress.file_done = entry->offset + entry->length;
	}
	now = now_ms();
	if (now < progress.next_ms)
		return;
	progress.next_ms = now + PERIOD_MS;
	show(stream);
}

void copy_progress_start(struct copy_stream *stream)
{
	if (!isatty(STDERR_FILENO))
		return;
	progress.next_ms = now_ms() + FIRST_MS;
	stream->progress = count;
}

void copy_progress_clear(void)
{
	if (progress.is_shown)
		fputs("\r\033[K", stderr);
	progress.is_shown = false;
}
