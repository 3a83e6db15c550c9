/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The last few hosts that were asked for, by name or by address: a record each. */
#include "nss-mymachines/memo.h"

#include "registry/address.h"

#define HOSTS_MAX 5

struct memo_host {
	struct sequence_lock lock;
	_Atomic uint32_t size; /* bytes of the record */
	struct memo_identity identity;
	_Atomic uint64_t key[HOST_KEY_WORDS];
	_Atomic uint64_t context[sizeof(struct pid_context) / sizeof(uint64_t)];
	_Atomic uint64_t record[REMEMBERED_WORDS];
};

static struct {
	_Atomic uint32_t next; /* to be forgotten */
	struct memo_host hosts[HOSTS_MAX];
} memo MEMO_HOT;

struct host_key host_key_of_name(const char *folded, size_t length)
{
	struct host_key key = { { 0 } };
	char *bytes = (char *) key.words;

	bytes[0] = 'n';
	memcpy(bytes + 1, folded, length);
	return key;
}

struct host_key host_key_of_address(int family, const uint8_t *address)
{
	struct host_key key = { { 0 } };
	char *bytes = (char *) key.words;

	bytes[0] = (char) family;
	memcpy(bytes + 1, address, address_length(family));
	return key;
}

static bool has_key(const struct memo_host *host, const struct host_key *key)
{
	for (size_t i = 0; i < HOST_KEY_WORDS; i++)
		if (load64(&host->key[i]) != key->words[i])
			return false;
	return true;
}

/* Reads a host that may be being written. */
static bool read_host(struct memo_host *from, const struct registry_identity *now,
		      const struct host_key *key, struct remembered_host *host)
{
	uint64_t context[sizeof host->context / sizeof(uint64_t)];
	uint32_t size = load32(&from->size);
	unsigned int count;

	if (!sequence_read_begin(&from->lock, &count) || !has_key(from, key) ||
	    !memo_is_of(&from->identity, now))
		return false;
	size = load32(&from->size);
	if (size > sizeof host->words)
		return false;
	load_words(host->words, from->record, (size + 7) / 8);
	load_words(context, from->context, sizeof context / sizeof *context);
	memcpy(&host->context, context, sizeof context);
	host->record = (struct value){ host->words, size };
	return sequence_read_is_good(&from->lock, count);
}

bool memo_find_host(const struct registry_identity *now, const struct host_key *key,
		    struct remembered_host *host)
{
	for (size_t i = 0; i < HOSTS_MAX; i++)
		if (load64(&memo.hosts[i].key[0]) == key->words[0] &&
		    read_host(&memo.hosts[i], now, key, host))
			return true;
	return false;
}

static void write_host(struct memo_host *to, const struct snapshot *s, const struct host_key *key,
		       struct value record)
{
	memo_set_identity(&to->identity, &s->identity);
	store_bytes(to->key, key->words, sizeof key->words);
	store_bytes(to->context, &s->meta.context, sizeof s->meta.context);
	store_bytes(to->record, record.bytes, record.size);
	store32(&to->size, (uint32_t) record.size);
}

/* The place of a host: its own, if an older record of it is there, or the next. */
static struct memo_host *choose_host(const struct host_key *key)
{
	for (size_t i = 0; i < HOSTS_MAX; i++)
		if (has_key(&memo.hosts[i], key))
			return &memo.hosts[i];
	return &memo.hosts[atomic_fetch_add_explicit(&memo.next, 1, memory_order_relaxed) %
			   HOSTS_MAX];
}

void memo_add_host(const struct snapshot *s, const struct host_key *key, struct value record)
{
	struct memo_host *host;

	if (record.size > sizeof host->record)
		return;
	host = choose_host(key);
	if (!sequence_write_begin(&host->lock))
		return;
	write_host(host, s, key, record);
	sequence_write_end(&host->lock);
}
