/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The database hosts, all of it: "getent hosts" without a key. Nothing stays
 * open between two calls: the place is a name, and the records that come next
 * are read many at a time. Machines may come and go meanwhile. glibc calls
 * these functions under a lock of its own.
 */
#include "nss-mymachines/hosts.h"
#include "nss-mymachines/prototypes.h"
#include "nss-mymachines/status.h"
#include "registry/leader_state.h"

#include <errno.h>
#include <string.h>

/* Records are read until there are so many bytes. There is room for any record. */
#define BATCH_SIZE 16384

static struct {
	char folded
		[MACHINE_NAME_SIZE]; /* of the last machine in the batch, or of the last answer */
	bool ipv6_next;		     /* the machine's IPv6 addresses come next */

	/* Each record has its size before it. */
	size_t at;
	size_t end;
	struct pid_context context;
	uint8_t batch[BATCH_SIZE + sizeof(uint32_t) + RECORD_ROOM_SIZE];
} place;

static void rewind_place(void)
{
	place.folded[0] = '\0';
	place.ipv6_next = false;
	place.at = place.end = 0;
}

enum nss_status _nss_mymachines_sethostent(int stayopen)
{
	(void) stayopen;
	rewind_place();
	return NSS_STATUS_SUCCESS;
}

enum nss_status _nss_mymachines_endhostent(void)
{
	rewind_place();
	return NSS_STATUS_SUCCESS;
}

static void add_record(struct value record)
{
	uint32_t size = (uint32_t) record.size;

	memcpy(place.batch + place.end, &size, sizeof size);
	/* It may be in the same memory, at the end of the room. */
	memmove(place.batch + place.end + sizeof size, record.bytes, record.size);
	place.end += sizeof size + record.size;
}

/* Read the records after the last machine's. -ENOENT if there are none. */
static int read_batch(void)
{
	char folded[MACHINE_NAME_SIZE];
	struct snapshot s;
	struct value record;
	int r;

	place.at = place.end = 0;
	r = snapshot_open_unmapped(&s, REGISTRY_PATH, place.batch, sizeof place.batch);
	if (r < 0)
		return r;
	place.context = s.meta.context;
	strcpy(folded, place.folded);
	while (place.end < BATCH_SIZE && (r = snapshot_next_record(&s, folded, &record)) == 0) {
		add_record(record);
		strcpy(place.folded, folded);
	}
	snapshot_close(&s);
	return place.end > 0 && r == -ENOENT ? 0 : r;
}

/* The next record, whose end is where the one after it begins. */
static int next_record(struct value *record)
{
	uint32_t size;

	if (place.at == place.end) {
		int r = read_batch();

		if (r < 0)
			return r;
	}
	memcpy(&size, place.batch + place.at, sizeof size);
	*record = (struct value){ place.batch + place.at + sizeof size, size };
	return 0;
}

/* Go on: to the same machine's other family, or to the next machine. */
static void advance(struct value record)
{
	place.ipv6_next = !place.ipv6_next;
	if (!place.ipv6_next)
		place.at += sizeof(uint32_t) + record.size;
}

static int next_host(struct hostent *host, char *buffer, size_t length)
{
	for (;;) {
		struct value record;
		struct machine m;
		int r = next_record(&record);

		if (r < 0)
			return r;
		if (record_decode(record.bytes, record.size, &m) < 0)
			return -EUCLEAN;
		r = machine_may_be_alive(&m, &place.context);
		if (r > 0)
			r = host_fill(&m, place.ipv6_next ? AF_INET6 : AF_INET, HOST_TRUE, host,
				      buffer, length);
		else if (r == 0)
			r = -ENODATA;
		/* After another error the same host is asked for again. */
		if (r == 0 || r == -ENODATA)
			advance(record);
		if (r != -ENODATA)
			return r;
	}
}

enum nss_status _nss_mymachines_gethostent_r(struct hostent *host, char *buffer, size_t length,
					     int *errnop, int *h_errnop)
{
	const struct caller caller = caller_save();
	int r = next_host(host, buffer, length);

	return host_status(r, &caller, errnop, h_errnop);
}
