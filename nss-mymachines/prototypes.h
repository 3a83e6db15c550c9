/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The entry points of the module, as glibc calls them: its manual, "NSS
 * Module Function Internals", and nss/nss.h. They are the symbols that
 * nss-mymachines.map exports.
 */
#pragma once

#include <grp.h>
#include <netdb.h>
#include <nss.h>
#include <pwd.h>
#include <shadow.h>
#include <stdint.h>
#include <sys/socket.h>

#define ENTRY_POINT __attribute__((visibility("default")))

/* hosts.c */
ENTRY_POINT enum nss_status _nss_mymachines_gethostbyname4_r(const char *name,
							     struct gaih_addrtuple **pat,
							     char *buffer, size_t length,
							     int *errnop, int *h_errnop,
							     int32_t *ttlp);
ENTRY_POINT enum nss_status _nss_mymachines_gethostbyname3_r(const char *name, int family,
							     struct hostent *host, char *buffer,
							     size_t length, int *errnop,
							     int *h_errnop, int32_t *ttlp,
							     char **canonp);
ENTRY_POINT enum nss_status _nss_mymachines_gethostbyname2_r(const char *name, int family,
							     struct hostent *host, char *buffer,
							     size_t length, int *errnop,
							     int *h_errnop);
ENTRY_POINT enum nss_status _nss_mymachines_gethostbyname_r(const char *name, struct hostent *host,
							    char *buffer, size_t length,
							    int *errnop, int *h_errnop);
ENTRY_POINT enum nss_status _nss_mymachines_gethostbyaddr2_r(const void *address,
							     socklen_t address_size, int family,
							     struct hostent *host, char *buffer,
							     size_t length, int *errnop,
							     int *h_errnop, int32_t *ttlp);
ENTRY_POINT enum nss_status _nss_mymachines_gethostbyaddr_r(const void *address,
							    socklen_t address_size, int family,
							    struct hostent *host, char *buffer,
							    size_t length, int *errnop,
							    int *h_errnop);

/* enumeration.c */
ENTRY_POINT enum nss_status _nss_mymachines_sethostent(int stayopen);
ENTRY_POINT enum nss_status _nss_mymachines_gethostent_r(struct hostent *host, char *buffer,
							 size_t length, int *errnop, int *h_errnop);
ENTRY_POINT enum nss_status _nss_mymachines_endhostent(void);

/* users.c */
ENTRY_POINT enum nss_status _nss_mymachines_getpwnam_r(const char *name, struct passwd *user,
						       char *buffer, size_t length, int *errnop);
ENTRY_POINT enum nss_status _nss_mymachines_getpwuid_r(uid_t uid, struct passwd *user, char *buffer,
						       size_t length, int *errnop);
ENTRY_POINT enum nss_status _nss_mymachines_getspnam_r(const char *name, struct spwd *shadow,
						       char *buffer, size_t length, int *errnop);

/* groups.c */
ENTRY_POINT enum nss_status _nss_mymachines_getgrnam_r(const char *name, struct group *group,
						       char *buffer, size_t length, int *errnop);
ENTRY_POINT enum nss_status _nss_mymachines_getgrgid_r(gid_t gid, struct group *group, char *buffer,
						       size_t length, int *errnop);
