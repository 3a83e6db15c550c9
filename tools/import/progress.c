/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/import/progress.h"

#include "base/clock.h"
#include "tools/import/transfer.h"

#include <inttypes.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define FIRST_MS  500
#define PERIOD_MS 100
#define WRITE_MS  500
#define BAR_WIDTH 20

char *bytes_format(uint64_t bytes, char text[static BYTES_TEXT_SIZE])
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	double value = (double) bytes;
	size_t unit = 0;

	for (; value >= 1024; unit++)
		value /= 1024;
	snprintf(text, BYTES_TEXT_SIZE, unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
	return text;
}

static int terminal_columns(FILE *terminal)
{
	struct winsize size;

	return ioctl(fileno(terminal), TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : 80;
}

/* "[####----]  42%  ", or "" if the total isn't known. */
static void format_bar(double part, char *text, size_t size)
{
	char bar[BAR_WIDTH + 1];

	memset(bar, '-', BAR_WIDTH);
	memset(bar, '#', (size_t) (part * BAR_WIDTH));
	bar[BAR_WIDTH] = '\0';
	snprintf(text, size, "[%s] %3u%%  ", bar, (unsigned int) (part * 100));
}

static void format_time_left(double part, double seconds, char *text, size_t size)
{
	unsigned int left = (unsigned int) (seconds / part - seconds + 0.5);

	if (left < 60)
		snprintf(text, size, "  %us left", left);
	else
		snprintf(text, size, "  %umin %us left", left / 60, left % 60);
}

static double part_of(const struct progress_count *count)
{
	return count->done < count->total ? (double) count->done / (double) count->total : 1;
}

static void show_progress(struct progress *p, const struct progress_count *count, int64_t now)
{
	double seconds = (double) (now - p->start_ms) / 1000, part = part_of(count);
	char done[BYTES_TEXT_SIZE], rate[BYTES_TEXT_SIZE], bar[64] = "", left[64] = "";
	char line[256];

	if (count->total) {
		format_bar(part, bar, sizeof bar);
		if (part > 0 && seconds >= 1)
			format_time_left(part, seconds, left, sizeof left);
	}
	snprintf(line, sizeof line, "%s%s  %s/s%s", bar, bytes_format(count->done, done),
		 bytes_format(seconds > 0 ? (uint64_t) ((double) count->done / seconds) : 0, rate),
		 left);
	fprintf(p->terminal, "\r\033[K%.*s", terminal_columns(p->terminal) - 1, line);
	fflush(p->terminal);
	p->is_shown = true;
}

void progress_update(struct progress *p, const struct progress_count *count)
{
	int64_t now = clock_milliseconds(CLOCK_MONOTONIC);

	if (p->terminal && now >= p->next_show_ms) {
		p->next_show_ms = now + PERIOD_MS;
		show_progress(p, count, now);
	}
	if (p->transfer && now >= p->next_write_ms) {
		p->next_write_ms = now + WRITE_MS;
		transfer_write_progress(p->transfer, count->total ? part_of(count) : -1);
	}
}

void progress_start(struct progress *p, FILE *terminal, struct transfer *transfer)
{
	int64_t now = clock_milliseconds(CLOCK_MONOTONIC);

	*p = (struct progress){
		.terminal = terminal && isatty(fileno(terminal)) ? terminal : NULL,
		.start_ms = now,
		.next_show_ms = now + FIRST_MS,
		.next_write_ms = now + WRITE_MS,
		.transfer = transfer,
	};
}

void progress_clear(struct progress *p)
{
	if (p->is_shown)
		fputs("\r\033[K", p->terminal);
	p->is_shown = false;
}
