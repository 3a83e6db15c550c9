/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Running from a copy of the program that nobody can change. In a machine
 * whose root is the host's, "/proc/self/exe" of a process that came from here
 * leads to the file that it runs from, and a script may name that as its
 * interpreter: what the machine then runs has the host's program open, and
 * writes to it as soon as nobody runs it any more (CVE-2019-5736). So that
 * file is one in memory, sealed: memfd_create(2).
 */
#pragma once

/*
 * Go on in such a copy: begin again with this verb and its arguments, or return 0 if
 * this is one already. -1 after it has said what is wrong.
 */
int sealed_copy_enter(const char *verb, int argc, char **argv);
