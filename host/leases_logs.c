/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lease files of DHCP servers that append each change: ISC dhcpd's,
 * dhcpd.leases(5), and Kea's "memfile". The last entry of an address counts.
 */
#include "host/leases.h"

#include "base/cleanup.h"
#include "base/lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* More columns than a file of Kea's has. */
#define COLUMNS_MAX 32

/* Drop an earlier entry that says something about this address. */
static void forget_lease(struct leases *leases, const char *address)
{
	struct leases one = { 0 };
	CLEANUP(arena_done) struct arena arena = { 0 };

	leases_add(&one, &arena, address, NULL, NULL, 0);
	for (size_t i = 0; one.count && i < leases->count; i++)
		if (leases->items[i].family == one.items->family &&
		    memcmp(leases->items[i].bytes, one.items->bytes, sizeof one.items->bytes) == 0)
			leases->items[i--] = leases->items[--leases->count];
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

	for (char *line, *lines = text; (line = line_next(&lines));) {
		char *address = text_behind(line, "lease ");

		if (address) {
			address[strcspn(address, " ")] = '\0';
			lease = (struct dhcpd_lease){ .address = address };
		} else if (*line == '}' && lease.address) {
			forget_lease(leases, lease.address);
			if (lease.is_active)
				leases_add(leases, arena, lease.address, lease.hardware, NULL,
					   lease.expiry);
			lease = (struct dhcpd_lease){ 0 };
		} else if (lease.address) {
			read_dhcpd_line(&lease, line);
		}
	}
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

	while (count && (line = line_next(&lines))) {
		const char *address, *expire, *state;

		if (split_line(line, columns) != count)
			continue;
		address = find_column(header, columns, count, "address");
		expire = find_column(header, columns, count, "expire");
		state = find_column(header, columns, count, "state");
		if (!address || !expire)
			continue;
		forget_lease(leases, address);
		/* Others have been declined or reclaimed. */
		if (!state || strcmp(state, "0") == 0)
			leases_add(leases, arena, address,
				   find_column(header, columns, count, "hwaddr"),
				   find_column(header, columns, count, "duid"),
				   strtoull(expire, NULL, 10));
	}
}
