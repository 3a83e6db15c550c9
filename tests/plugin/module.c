/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/plugin/module.h"

#include <arpa/inet.h>
#include <check.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUFFER_SIZE (128 * 1024)
#define GUARD	    64
#define GUARD_BYTE  0xa5

struct module module;

static _Alignas(64) unsigned char room[GUARD + 64 + BUFFER_SIZE + GUARD];
static unsigned char *buffer;
static size_t buffer_length;

static void *find(void *object, const char *name)
{
	char symbol[64];
	void *found;

	snprintf(symbol, sizeof symbol, "_nss_mymachines_%s", name);
	found = dlsym(object, symbol);
	ck_assert_msg(found != NULL, "%s", symbol);
	return found;
}

void module_open(void)
{
	const char *path = getenv("NSS_MODULE");
	void *object = path ? dlopen(path, RTLD_NOW) : NULL;

	ck_assert_msg(object != NULL, "%s", path ? dlerror() : "NSS_MODULE isn't set");
	module.gethostbyname4_r = find(object, "gethostbyname4_r");
	module.gethostbyname3_r = find(object, "gethostbyname3_r");
	module.gethostbyname2_r = find(object, "gethostbyname2_r");
	module.gethostbyname_r = find(object, "gethostbyname_r");
	module.gethostbyaddr2_r = find(object, "gethostbyaddr2_r");
	module.gethostbyaddr_r = find(object, "gethostbyaddr_r");
	module.sethostent = find(object, "sethostent");
	module.gethostent_r = find(object, "gethostent_r");
	module.endhostent = find(object, "endhostent");
	module.getpwnam_r = find(object, "getpwnam_r");
	module.getpwuid_r = find(object, "getpwuid_r");
	module.getspnam_r = find(object, "getspnam_r");
	module.getgrnam_r = find(object, "getgrnam_r");
	module.getgrgid_r = find(object, "getgrgid_r");
}

static enum nss_status call(const struct question *q, struct answer *a)
{
	char *b = (char *) buffer;
	size_t n = buffer_length;

	switch (q->entry) {
	case BY_NAME4:
		a->tuples = q->first;
		return module.gethostbyname4_r(q->name, &a->tuples, b, n, &a->error, &a->h_error,
					       &a->ttl);
	case BY_NAME3:
		return module.gethostbyname3_r(q->name, q->family, &a->host, b, n, &a->error,
					       &a->h_error, &a->ttl, &a->canonical);
	case BY_NAME2:
		return module.gethostbyname2_r(q->name, q->family, &a->host, b, n, &a->error,
					       &a->h_error);
	case BY_NAME:
		return module.gethostbyname_r(q->name, &a->host, b, n, &a->error, &a->h_error);
	case BY_ADDRESS2:
		return module.gethostbyaddr2_r(q->address, q->address_size, q->family, &a->host, b,
					       n, &a->error, &a->h_error, &a->ttl);
	case BY_ADDRESS:
		return module.gethostbyaddr_r(q->address, q->address_size, q->family, &a->host, b,
					      n, &a->error, &a->h_error);
	case NEXT_HOST: return module.gethostent_r(&a->host, b, n, &a->error, &a->h_error);
	case USER_BY_NAME: return module.getpwnam_r(q->name, &a->user, b, n, &a->error);
	case USER_BY_ID: return module.getpwuid_r(q->id, &a->user, b, n, &a->error);
	case SHADOW_BY_NAME: return module.getspnam_r(q->name, &a->shadow, b, n, &a->error);
	case GROUP_BY_NAME: return module.getgrnam_r(q->name, &a->group, b, n, &a->error);
	case GROUP_BY_ID: return module.getgrgid_r(q->id, &a->group, b, n, &a->error);
	case N_ENTRIES: break;
	}
	ck_abort_msg("no such entry point");
	return NSS_STATUS_UNAVAIL;
}

/* One assertion for all: Check makes a message of each. */
static void assert_guards(void)
{
	unsigned char *after = buffer + buffer_length;
	size_t spoiled = 0;

	for (unsigned char *p = room; p < buffer; p++)
		spoiled += *p != GUARD_BYTE;
	for (unsigned char *p = after; p < after + GUARD; p++)
		spoiled += *p != GUARD_BYTE;
	ck_assert_uint_eq(spoiled, 0);
}

struct answer ask_with(const struct question *question, size_t length, size_t misalignment)
{
	struct answer a = { .error = ERROR_UNSET, .h_error = ERROR_UNSET, .ttl = TTL_UNSET };

	ck_assert_uint_le(length, BUFFER_SIZE);
	buffer = room + GUARD + misalignment;
	buffer_length = length;
	memset(room, GUARD_BYTE, GUARD + misalignment);
	memset(buffer + length, GUARD_BYTE, GUARD);
	errno = ERRNO_POISON;
	a.status = call(question, &a);
	a.errno_after = errno;
	ck_assert_int_eq(a.errno_after, ERRNO_POISON);
	assert_guards();
	if (a.status == NSS_STATUS_SUCCESS) {
		ck_assert_int_eq(a.error, ERROR_UNSET);
		ck_assert_int_eq(a.h_error, ERROR_UNSET);
	} else {
		ck_assert_int_ne(a.error, ERROR_UNSET);
	}
	return a;
}

struct answer ask(const struct question *question)
{
	return ask_with(question, BUFFER_SIZE, 0);
}

static void assert_bytes_in_buffer(const void *bytes, size_t size, size_t alignment)
{
	const unsigned char *p = bytes;

	ck_assert_ptr_nonnull(bytes);
	ck_assert(p >= buffer);
	ck_assert(p + size <= buffer + buffer_length);
	ck_assert_uint_eq((uintptr_t) p % alignment, 0);
}

static void assert_string_in_buffer(const char *string)
{
	assert_bytes_in_buffer(string, 1, 1);
	assert_bytes_in_buffer(string, strlen(string) + 1, 1);
}

static void assert_host_in_buffer(const struct hostent *h)
{
	size_t n = 0;

	assert_string_in_buffer(h->h_name);
	do
		assert_bytes_in_buffer(&h->h_aliases[n], sizeof *h->h_aliases, sizeof(char *));
	while (h->h_aliases[n] && (assert_string_in_buffer(h->h_aliases[n]), ++n));
	n = 0;
	do
		assert_bytes_in_buffer(&h->h_addr_list[n], sizeof *h->h_addr_list, sizeof(char *));
	while (h->h_addr_list[n] &&
	       (assert_bytes_in_buffer(h->h_addr_list[n], (size_t) h->h_length, sizeof(uint32_t)),
		++n));
}

static void assert_tuples_in_buffer(const struct question *q, const struct answer *a)
{
	for (const struct gaih_addrtuple *t = a->tuples; t; t = t->next) {
		if (t != q->first)
			assert_bytes_in_buffer(t, sizeof *t, _Alignof(struct gaih_addrtuple));
		assert_string_in_buffer(t->name);
	}
}

void assert_in_buffer(const struct question *q, const struct answer *a)
{
	switch (q->entry) {
	case BY_NAME4: assert_tuples_in_buffer(q, a); break;
	case BY_NAME3:
		assert_string_in_buffer(a->canonical);
		assert_host_in_buffer(&a->host);
		break;
	case USER_BY_NAME:
	case USER_BY_ID:
		assert_string_in_buffer(a->user.pw_name);
		assert_string_in_buffer(a->user.pw_passwd);
		assert_string_in_buffer(a->user.pw_gecos);
		assert_string_in_buffer(a->user.pw_dir);
		assert_string_in_buffer(a->user.pw_shell);
		break;
	case SHADOW_BY_NAME:
		assert_string_in_buffer(a->shadow.sp_namp);
		assert_string_in_buffer(a->shadow.sp_pwdp);
		break;
	case GROUP_BY_NAME:
	case GROUP_BY_ID:
		assert_string_in_buffer(a->group.gr_name);
		assert_string_in_buffer(a->group.gr_passwd);
		assert_bytes_in_buffer(a->group.gr_mem, sizeof(char *), sizeof(char *));
		ck_assert_ptr_null(a->group.gr_mem[0]);
		break;
	default: assert_host_in_buffer(&a->host); break;
	}
}

struct answer by_name4(const char *name)
{
	return ask(&(struct question){ .entry = BY_NAME4, .name = name });
}

struct answer by_name(const char *name, int family)
{
	return ask(&(struct question){ .entry = BY_NAME3, .name = name, .family = family });
}

struct answer by_address(int family, const char *text)
{
	static unsigned char bytes[16];

	ck_assert_int_eq(inet_pton(family, text, bytes), 1);
	return ask(&(struct question){ .entry = BY_ADDRESS2,
				       .family = family,
				       .address = bytes,
				       .address_size = family == AF_INET ? 4 : 16 });
}

struct answer user_by_name(const char *name)
{
	return ask(&(struct question){ .entry = USER_BY_NAME, .name = name });
}

struct answer user_by_id(uint32_t id)
{
	return ask(&(struct question){ .entry = USER_BY_ID, .id = id });
}

struct answer group_by_name(const char *name)
{
	return ask(&(struct question){ .entry = GROUP_BY_NAME, .name = name });
}

struct answer group_by_id(uint32_t id)
{
	return ask(&(struct question){ .entry = GROUP_BY_ID, .id = id });
}
