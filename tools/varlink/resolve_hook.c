/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/varlink/resolve_hook.h"

#include "base/array_size.h"
#include "base/cleanup.h"
#include "base/json_value.h"
#include "registry/leader_state.h"
#include "registry/notify.h"
#include "registry/snapshot.h"

#include <errno.h>
#include <string.h>

/* resource records: RFC 1035, 3.2; RFC 3596. */
#define CLASS_IN      1
#define TYPE_A	      1
#define TYPE_AAAA     28
#define NXDOMAIN      3
#define DNS_NAME_MAX  255
#define DNS_LABEL_MAX 63

/* If there are more names, no filter is sent: each question comes here then. */
#define NAMES_MAX 1024

/* Clients that are told of other machines; more get an answer that ends the call. */
#define WATCHERS_MAX 64

static struct registry_notify notify = { .fd = -1 };
static struct varlink_call *watchers[WATCHERS_MAX];
static size_t n_watchers;
static json_object *filter; /* as it was sent last, or NULL */

/* The filter: names of machines, their aliases among them. */

/* Longer than a label of DNS is only a name without a dot. */
static bool is_dns_name(const char *name)
{
	return strcspn(name, ".") <= DNS_LABEL_MAX;
}

static void add_name(json_object *names, const char *name)
{
	if (is_dns_name(name))
		json_object_array_add(names, json_object_new_string(name));
}

static void add_names(json_object *names, const struct machine *m)
{
	add_name(names, m->name);
	for (const char *alias = NULL; (alias = machine_next_alias(m, alias));)
		add_name(names, alias);
}

/* Without a registry there is no machine; one that can't be read has no filter. */
static json_object *make_filter(void)
{
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };
	json_object *reply = json_object_new_object(), *names = json_object_new_array();
	char folded[MACHINE_NAME_SIZE] = "";
	uint8_t room[RECORD_ROOM_SIZE];
	struct machine m;
	int r = snapshot_open_unmapped(&snapshot, REGISTRY_PATH, room, sizeof room);

	while (r == 0 && json_object_array_length(names) <= NAMES_MAX) {
		r = snapshot_next(&snapshot, folded, &m);
		if (r == 0)
			add_names(names, &m);
	}
	if (r == -ENOENT || r == -ESTALE)
		json_object_object_add(reply, "filterDomains", names);
	else
		json_object_put(names);
	return reply;
}

static json_object *current_filter(void)
{
	if (!filter)
		filter = make_filter();
	return json_object_get(filter);
}

static void forget_watcher(struct varlink_call *call)
{
	for (size_t i = 0; i < n_watchers; i++)
		if (watchers[i] == call)
			watchers[i--] = watchers[--n_watchers];
}

static void tell_watcher(struct varlink_call *call)
{
	/* One that doesn't read is told when it does. */
	if (varlink_has_room(call))
		varlink_reply_continues(call, current_filter());
}

static void query_filter(struct varlink_call *call)
{
	if (!call->more || n_watchers == WATCHERS_MAX) {
		varlink_reply(call, current_filter());
		return;
	}
	call->is_lasting = true;
	call->cancel = forget_watcher;
	call->resume = tell_watcher;
	watchers[n_watchers++] = call;
	varlink_reply_continues(call, current_filter());
}

static void take_change(void *data)
{
	json_object *before = filter;

	(void) data;
	if (registry_notify_read(&notify) == 0)
		return;
	filter = make_filter();
	/* Most changes are of addresses. */
	if (!before || !json_object_equal(before, filter))
		for (size_t i = n_watchers; i > 0; i--)
			tell_watcher(watchers[i - 1]);
	json_object_put(before);
}

int resolve_hook_begin(struct varlink_server *server, struct failure *f)
{
	int r = registry_notify_open(&notify, REGISTRY_DIRECTORY);

	if (r < 0)
		return failure_errno(f, r, "cannot watch %s", REGISTRY_DIRECTORY);
	return varlink_server_watch(server, notify.fd, take_change, NULL, f);
}

/* Answers. */

struct key {
	int64_t class, type;
	const char *name;
};

/* The result of reading the keys of a question. */
struct verdict {
	bool found; /* a machine of this name is there */
	bool below; /* a name below a machine's */
	bool other; /* something of a machine's name that isn't known here */
	json_object *answer;
};

static bool read_number(json_object *of, const char *name, int64_t *number)
{
	json_object *value = json_member(of, name, json_type_int);

	if (!value)
		return false;
	*number = json_object_get_int64(value);
	return *number >= 0 && *number <= UINT16_MAX;
}

static bool read_key(json_object *item, struct key *key)
{
	json_object *of = json_member(item, "key", json_type_object);

	key->name = json_member_string(of, "name");
	return key->name && read_number(of, "class", &key->class) &&
	       read_number(of, "type", &key->type);
}

/* Base64, RFC 4648. */
static json_object *encode_base64(const uint8_t *bytes, size_t size)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char text[(DNS_NAME_MAX + 64) / 3 * 4 + 8], *to = text;

	for (size_t i = 0; i < size; i += 3) {
		uint32_t three = (uint32_t) bytes[i] << 16;

		if (i + 1 < size)
			three |= (uint32_t) bytes[i + 1] << 8;
		if (i + 2 < size)
			three |= bytes[i + 2];
		*to++ = digits[three >> 18];
		*to++ = digits[three >> 12 & 63];
		*to++ = i + 1 < size ? digits[three >> 6 & 63] : '=';
		*to++ = i + 2 < size ? digits[three & 63] : '=';
	}
	return json_object_new_string_len(text, (int) (to - text));
}

static uint8_t *put_16(uint8_t *to, unsigned int number)
{
	*to++ = (uint8_t) (number >> 8);
	*to++ = (uint8_t) number;
	return to;
}

/*
 * The record as DNS has it on the wire, of a machine's name: labels of 63 bytes at most, 64 in
 * all. It lives for no time: the next question gets what is true then.
 */
static json_object *make_raw(const struct key *key, const uint8_t *address, size_t length)
{
	uint8_t bytes[DNS_NAME_MAX + 32], *to = bytes;

	for (const char *label = key->name; *label;) {
		size_t size = strcspn(label, ".");

		*to++ = (uint8_t) size;
		memcpy(to, label, size);
		to += size;
		label += size + (label[size] == '.');
	}
	*to++ = 0;
	to = put_16(to, (unsigned int) key->type);
	to = put_16(to, CLASS_IN);
	to = put_16(put_16(to, 0), 0);
	to = put_16(to, (unsigned int) length);
	memcpy(to, address, length);
	return encode_base64(bytes, (size_t) (to + length - bytes));
}

static void add_answer(struct verdict *v, const struct key *key, const struct machine_address *a)
{
	json_object *answer = json_object_new_object(), *record = json_object_new_object(),
		    *of = json_object_new_object(), *bytes = json_object_new_array();
	size_t length = address_length(a->family);

	json_object_object_add(of, "class", json_object_new_int(CLASS_IN));
	json_object_object_add(of, "type", json_object_new_int64(key->type));
	json_object_object_add(of, "name", json_object_new_string(key->name));
	for (size_t i = 0; i < length; i++)
		json_object_array_add(bytes, json_object_new_int(a->bytes[i]));
	json_object_object_add(record, "key", of);
	json_object_object_add(record, "address", bytes);
	json_object_object_add(answer, "rr", record);
	json_object_object_add(answer, "raw", make_raw(key, a->bytes, length));
	json_object_array_add(v->answer, answer);
}

/*
 * The machine's addresses of the type that is asked for. Those of links have no
 * interface in DNS. A machine that has no others is left to who answers them.
 */
static void add_addresses(struct verdict *v, const struct key *key, const struct machine *m)
{
	int family = key->type == TYPE_A ? AF_INET : AF_INET6;

	for (size_t i = 0; i < m->n_addresses; i++) {
		const struct machine_address *a = &m->addresses[i];

		if (address_needs_interface(a))
			continue;
		v->found = true;
		if (a->family == family)
			add_answer(v, key, a);
	}
}

/* A machine of this name that may be alive. 1, 0, or a negative errno. */
static int find_machine(struct snapshot *snapshot, const char *name, struct machine *m)
{
	char folded[MACHINE_NAME_SIZE];
	int r = is_dns_name(name) && machine_name_fold(name, folded)
			? snapshot_find_name(snapshot, folded, m)
			: -ENOENT;

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	return machine_may_be_alive(m, &snapshot->meta.context);
}

/*
 * Whether it is below a machine's name of one label, which nothing else has. A machine with
 * the name of a domain doesn't hide what is in that.
 */
static int is_below_machine(struct snapshot *snapshot, const char *name)
{
	size_t length = strlen(name);
	const char *dot;
	struct machine m;
	char last[MACHINE_NAME_SIZE];

	if (length && name[length - 1] == '.')
		length--;
	dot = length ? memrchr(name, '.', length) : NULL;
	if (!dot || dot == name || (size_t) (name + length - dot) > sizeof last)
		return 0;
	length = (size_t) (name + length - dot) - 1;
	memcpy(last, dot + 1, length);
	last[length] = '\0';
	return find_machine(snapshot, last, &m);
}

/* 0 or a negative errno. */
static int judge_key(struct snapshot *snapshot, const struct key *key, struct verdict *v)
{
	struct machine m;
	int r = find_machine(snapshot, key->name, &m);

	if (r == 0) {
		r = is_below_machine(snapshot, key->name);
		v->below |= r > 0;
	} else if (r > 0 && key->class == CLASS_IN &&
		   (key->type == TYPE_A || key->type == TYPE_AAAA)) {
		add_addresses(v, key, &m);
	} else if (r > 0) {
		v->other = true;
	}
	return r < 0 ? r : 0;
}

static int judge(json_object *question, struct verdict *v)
{
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };
	uint8_t room[RECORD_ROOM_SIZE];
	int r = snapshot_open_unmapped(&snapshot, REGISTRY_PATH, room, sizeof room);

	for (size_t i = 0; r == 0 && i < json_object_array_length(question); i++) {
		struct key key;

		read_key(json_object_array_get_idx(question, i), &key);
		r = judge_key(&snapshot, &key, v);
	}
	return r;
}

static bool is_question(json_object *question)
{
	struct key key;

	/* A and AAAA, of a name in two spellings: a question has few. */
	if (!json_object_is_type(question, json_type_array) ||
	    json_object_array_length(question) > 16)
		return false;
	for (size_t i = 0; i < json_object_array_length(question); i++)
		if (!read_key(json_object_array_get_idx(question, i), &key))
			return false;
	return true;
}

static void resolve_record(struct varlink_call *call)
{
	struct verdict v = { 0 };
	json_object *question = NULL, *reply = json_object_new_object();

	json_object_object_get_ex(call->parameters, "question", &question);
	if (!is_question(question)) {
		json_object_put(reply);
		varlink_invalid_parameter(call, "question");
		return;
	}
	v.answer = json_object_new_array();
	/* Where nothing is known here, the question goes on to the network: an empty reply. */
	if (judge(question, &v) == 0 && v.found) {
		json_object_object_add(reply, "rcode", json_object_new_int(0));
		json_object_object_add(reply, "answer", json_object_get(v.answer));
	} else if (v.below && !v.other) {
		json_object_object_add(reply, "rcode", json_object_new_int(NXDOMAIN));
	}
	json_object_put(v.answer);
	varlink_reply(call, reply);
}

static const struct varlink_method methods[] = {
	{ "QueryFilter", query_filter, false },
	{ "ResolveRecord", resolve_record, false },
};

const struct varlink_interface resolve_hook_interface = {
	.name = "io.systemd.Resolve.Hook",
	.description =
		"# Addresses of the machines that are registered on this host\n"
		"interface io.systemd.Resolve.Hook\n"
		"\n"
		"type ResourceKey (\n"
		"  class: int,\n"
		"  type: int,\n"
		"  name: string\n"
		")\n"
		"\n"
		"type ResourceRecord (\n"
		"  key: ResourceKey,\n"
		"  address: []int\n"
		")\n"
		"\n"
		"# `raw` is the record in the format of DNS messages, in Base64.\n"
		"type Answer (\n"
		"  rr: ?ResourceRecord,\n"
		"  raw: string\n"
		")\n"
		"\n"
		"type Question (\n"
		"  key: ResourceKey\n"
		")\n"
		"\n"
		"# The names of machines. With `more`, another reply follows when they change.\n"
		"# Without a list, ask for all names.\n"
		"method QueryFilter() -> (filterDomains: ?[]string)\n"
		"\n"
		"# A reply without `rcode` means that this service doesn't know the names.\n"
		"method ResolveRecord(\n"
		"  question: []Question\n"
		") -> (rcode: ?int, answer: ?[]Answer)\n",
	.methods = methods,
	.n_methods = ARRAY_SIZE(methods),
};
