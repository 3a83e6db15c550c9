/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The built module as its host has it: opened by dlopen(3), its entry points
 * called directly, with a poisoned errno, in a buffer between guards.
 */
#pragma once

#include "nss-mymachines/prototypes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The entry points, found in the object that $NSS_MODULE names. */
struct module {
	__typeof__(_nss_mymachines_gethostbyname4_r) *gethostbyname4_r;
	__typeof__(_nss_mymachines_gethostbyname3_r) *gethostbyname3_r;
	__typeof__(_nss_mymachines_gethostbyname2_r) *gethostbyname2_r;
	__typeof__(_nss_mymachines_gethostbyname_r) *gethostbyname_r;
	__typeof__(_nss_mymachines_gethostbyaddr2_r) *gethostbyaddr2_r;
	__typeof__(_nss_mymachines_gethostbyaddr_r) *gethostbyaddr_r;
	__typeof__(_nss_mymachines_sethostent) *sethostent;
	__typeof__(_nss_mymachines_gethostent_r) *gethostent_r;
	__typeof__(_nss_mymachines_endhostent) *endhostent;
	__typeof__(_nss_mymachines_getpwnam_r) *getpwnam_r;
	__typeof__(_nss_mymachines_getpwuid_r) *getpwuid_r;
	__typeof__(_nss_mymachines_getspnam_r) *getspnam_r;
	__typeof__(_nss_mymachines_getgrnam_r) *getgrnam_r;
	__typeof__(_nss_mymachines_getgrgid_r) *getgrgid_r;
};

extern struct module module;

/* Open it. Ends the test if that fails. */
void module_open(void);

/* One look-up and what came of it. */
struct answer {
	enum nss_status status;
	int error;	 /* *errnop; ERROR_UNSET if it wasn't touched */
	int h_error;	 /* *h_errnop, likewise */
	int errno_after; /* errno, which was ERRNO_POISON before */
	int32_t ttl;	 /* TTL_UNSET if it wasn't touched */
	char *canonical;
	struct gaih_addrtuple *tuples;
	struct hostent host;
	struct passwd user;
	struct group group;
	struct spwd shadow;
};

#define ERROR_UNSET  0x1234567
#define ERRNO_POISON 0x7654321
#define TTL_UNSET    (-77)

/* Which entry point, with which key. */
enum entry {
	BY_NAME4,
	BY_NAME3,
	BY_NAME2,
	BY_NAME,
	BY_ADDRESS2,
	BY_ADDRESS,
	NEXT_HOST,
	USER_BY_NAME,
	USER_BY_ID,
	SHADOW_BY_NAME,
	GROUP_BY_NAME,
	GROUP_BY_ID,
	N_ENTRIES
};

struct question {
	enum entry entry;
	const char *name;
	int family;
	const void *address;
	socklen_t address_size;
	uint32_t id;
	struct gaih_addrtuple *first; /* BY_NAME4: the caller's own tuple, or NULL */
};

/*
 * Ask with a buffer of `length` bytes at this alignment. Fails the test where
 * a byte beside the buffer changes, or errno does. The results are good until
 * the next call.
 */
struct answer ask_with(const struct question *question, size_t length, size_t misalignment);

/* With a buffer that is large enough for anything. */
struct answer ask(const struct question *question);

/* Whether all that the answer points to lies in the buffer, aligned. */
void assert_in_buffer(const struct question *question, const struct answer *answer);

/* The same, in one line each. */
struct answer by_name4(const char *name);
struct answer by_name(const char *name, int family);
struct answer by_address(int family, const char *text);
struct answer user_by_name(const char *name);
struct answer user_by_id(uint32_t id);
struct answer group_by_name(const char *name);
struct answer group_by_id(uint32_t id);
