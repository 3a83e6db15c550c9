/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the tests of the module share. Each test is a process of its own, so
 * that it begins with an empty memo; setup() has published a machine "Web1"
 * that a live process leads, in this mount namespace's registry.
 */
#pragma once

#include "registry/writer.h"
#include "tests/plugin/module.h"
#include "tests/support/leader.h"

#include <check.h>

/* Web1's. */
extern struct machine_leader leader;

void setup(void);

/* An address that a host's interface, or 0, leads to. */
struct machine_address address(const char *text, uint32_t interface, uint8_t flags);

/* Publish a machine; take one out. */
void put(struct machine *machine);
void put_web1(void);
void take_out(const char *folded);

/* NOTFOUND; and for hosts, HOST_NOT_FOUND or NO_DATA. */
void assert_not_found(struct answer answer);
void assert_no_host(struct answer answer);
void assert_no_data(struct answer answer);

/* A question of each entry point that Web1 answers. */
struct question answerable(enum entry entry);

/* Ask all entry points once; h_error, if it isn't 0, is what the hosts say. */
void assert_all(enum nss_status status, int h_error);

/* The suites, by file. */
void add_answers(Suite *suite);
void add_changes(Suite *suite);
void add_damaged(Suite *suite);
void add_guest(Suite *suite);
void add_states(Suite *suite);

/* A test function as a case of its own: its name says what it promises. */
void add_loop(Suite *suite, const char *name, const TTest *test, int count);

#define ADD(suite, function)		 add_loop(suite, #function, function, 1)
#define ADD_LOOP(suite, function, count) add_loop(suite, #function, function, (int) (count))
