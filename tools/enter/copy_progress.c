/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/enter/copy_progress.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/format.h"

#include <inttypes.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define FIRST_MS  500
#define PERIOD_MS 100
#define BAR_WIDTH 20

static int terminal_columns(FILE *terminal)
{
	struct winsize size;

	return ioctl(fileno(terminal), TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : 80;
}

/* For the current file. A machine may have reported too small a size. */
static void format_bar(const struct copy_progress *p, char bar[static BAR_WIDTH + 1],
		       unsigned int *percent)
{
	uint64_t done = p->file_done < p->file_size ? p->file_done : p->file_size;
	double part = p->file_size ? (double) done / (double) p->file_size : 1;
	int length = (int) (part * BAR_WIDTH);

	memset(bar, '-', BAR_WIDTH);
	memset(bar, '#', (size_t) length);
	bar[BAR_WIDTH] = '\0';
	*percent = (unsigned int) (part * 100);
}

static void show_progress(struct copy_progress *p, const char *path)
{
	CLEANUP_FREE char *escaped = malloc(ESCAPED_SIZE(strlen(path) + 1));
	char bar[BAR_WIDTH + 1], line[128];
	unsigned int percent;
	int room;

	format_bar(p, bar, &percent);
	snprintf(line, sizeof line, "[%s] %3u%%  %" PRIu64 " MiB, %" PRIu64 " file%s  ", bar,
		 percent, p->bytes >> 20, p->files, p->files == 1 ? "" : "s");
	room = terminal_columns(p->terminal) - (int) strlen(line) - 1;
	fprintf(p->terminal, "\r\033[K%s%.*s", line, room > 0 ? room : 0,
		escaped ? escape(path, escaped) : "");
	fflush(p->terminal);
	p->is_shown = true;
}

void copy_progress_count(struct copy_progress *p, const char *path, const struct copy_entry *entry)
{
	int64_t now;

	if (entry->kind == COPY_FILE) {
		p->files++;
		p->file_size = entry->offset;
		p->file_done = 0;
	} else if (entry->kind == COPY_DATA) {
		p->bytes += entry->length;
		p->file_done = entry->offset + entry->length;
	}
	if (!p->terminal)
		return;
	now = clock_milliseconds(CLOCK_MONOTONIC);
	if (now < p->next_ms)
		return;
	p->next_ms = now + PERIOD_MS;
	show_progress(p, path);
}

void copy_progress_start(struct copy_progress *p, FILE *terminal)
{
	*p = (struct copy_progress){
		.terminal = terminal && isatty(fileno(terminal)) ? terminal : NULL,
		.next_ms = clock_milliseconds(CLOCK_MONOTONIC) + FIRST_MS,
	};
}

void copy_progress_clear(struct copy_progress *p)
{
	if (p->is_shown)
		fputs("\r\033[K", p->terminal);
	p->is_shown = false;
}
