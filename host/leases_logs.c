/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lease files of DHCP servers that append each change: ISC dhcpd's,
 * dhcpd.leases(5), and Kea's "memfile". The last entry of an address counts.
 */
#include "host/leases.h"

#include "base/lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* More columns than a file of Kea's has. */
#define COLUMNS_MAX 32

/* What one line of a log says of an address. */
struct entry {
	struct lease lease;
	size_t place; /* in the log */
	bool has_ended;
};

/* The entries of one log, in the arena. */
struct entries {
	struct entry *items;
	size_t count;
};

static void add_entry(struct entries *entries, struct arena *arena, const struct lease *lease,
		      bool has_ended)
{
	entries->items = arena_grow(arena, entries->items, entries->count, sizeof *entries->items);
	entries->items[entries->count] =
		(struct entry){ .lease = *lease, .place = entries->count, .has_ended = has_ended };
	entries->count++;
}

static int compare_address(const struct lease *a, const struct lease *b)
{
	return a->family != b->family ? a->family - b->family
				      : memcmp(a->bytes, b->bytes, sizeof a->bytes);
}

/* By address, the last first. */
static int compare_entries(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;
	int r = compare_address(&a->lease, &b->lease);

	return r ? r : (a->place < b->place) - (a->place > b->place);
}

/* Add, of each address, the last entry, unless the lease has ended with it. */
static void add_last(struct leases *leases, struct arena *arena, struct entries *entries)
{
	if (entries->count > 1)
		qsort(entries->items, entries->count, sizeof *entries->items, compare_entries);
	for (size_t i = 0; i < entries->count; i++) {
		const struct entry *entry = &entries->items[i];

		if (!entry->has_ended &&
		    (i == 0 || compare_address(&entry[-1].lease, &entry->lease) != 0))
			leases_add(leases, arena, &entry->lease);
	}
}

/* A lease of dhcpd's while it is being read. */
struct dhcpd_lease {
	const char *address;
	const char *hardware;
	uint64_t expiry; /* 0 for never */
	bool is_active;
};

/* Returns the text behind the words, without a semicolon at its end, or NULL. */
static char *text_behind(char *line, const char *words)
{
	size_t length = strlen(words);

	if (strncmp(line, words, length) != 0)
		return NULL;
	line[strcspn(line, ";{")] = '\0';
	return line + length;
}

/* Read "4 2026/11/29 09:10:00", in UTC, "epoch 1795416102" or "never". */
static uint64_t parse_end(const char *text)
{
	struct tm tm = { 0 };
	time_t seconds;

	if (strncmp(text, "epoch ", strlen("epoch ")) == 0)
		return strtoull(text + strlen("epoch "), NULL, 10);
	if (strcmp(text, "never") == 0)
		return 0;
	if (sscanf(text, "%*d %d/%d/%d %d:%d:%d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour,
		   &tm.tm_min, &tm.tm_sec) != 6)
		return 1;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	seconds = timegm(&tm);
	return seconds > 0 ? (uint64_t) seconds : 1;
}

static void read_dhcpd_line(struct dhcpd_lease *lease, char *line)
{
	char *value;

	line += strspn(line, " \t");
	if ((value = text_behind(line, "ends ")))
		lease->expiry = parse_end(value);
	else if ((value = text_behind(line, "binding state ")))
		lease->is_active = strcmp(value, "active") == 0;
	else if ((value = text_behind(line, "hardware ethernet ")))
		lease->hardware = value;
}

void leases_parse_dhcpd(struct leases *leases, struct arena *arena, char *text)
{
	struct dhcpd_lease lease = { 0 };
	struct entries entries = { 0 };
	struct lease found;

	for (char *line, *lines = text; (line = line_next(&lines));) {
		char *address = text_behind(line, "lease ");

		if (address) {
			address[strcspn(address, " ")] = '\0';
			lease = (struct dhcpd_lease){ .address = address };
		} else if (*line == '}' && lease.address) {
			if (lease_parse(lease.address, lease.hardware, NULL, lease.expiry, &found))
				add_entry(&entries, arena, &found, !lease.is_active);
			lease = (struct dhcpd_lease){ 0 };
		} else if (lease.address) {
			read_dhcpd_line(&lease, line);
		}
	}
	add_last(leases, arena, &entries);
}

/* Split a line at its commas. Kea writes others as &#x2c. Returns how many columns there are. */
static size_t split_line(char *line, char *columns[static COLUMNS_MAX])
{
	size_t count = 0;

	while (line && count < COLUMNS_MAX)
		columns[count++] = strsep(&line, ",");
	return count;
}

/* Returns the column of this name, or NULL. */
static const char *find_column(char *const *header, char *const *columns, size_t count,
			       const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(header[i], name) == 0)
			return columns[i];
	return NULL;
}

void leases_parse_kea(struct leases *leases, struct arena *arena, char *text)
{
	char *header[COLUMNS_MAX], *columns[COLUMNS_MAX], *lines = text, *line = line_next(&lines);
	size_t count = line ? split_line(line, header) : 0;
	struct entries entries = { 0 };

	while (count && (line = line_next(&lines))) {
		const char *address, *expire, *state;
		struct lease lease;

		if (split_line(line, columns) != count)
			continue;
		address = find_column(header, columns, count, "address");
		expire = find_column(header, columns, count, "expire");
		state = find_column(header, columns, count, "state");
		if (!address || !expire)
			continue;
		/* In another state, it has been declined or reclaimed. */
		if (lease_parse(address, find_column(header, columns, count, "hwaddr"),
				find_column(header, columns, count, "duid"),
				strtoull(expire, NULL, 10), &lease))
			add_entry(&entries, arena, &lease, state && strcmp(state, "0") != 0);
	}
	add_last(leases, arena, &entries);
}
