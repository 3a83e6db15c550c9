/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/signals.h"

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

void signals_reset(void)
{
	/*
	 * The kernel's struct sigaction, in which SIG_DFL is 0. signal(3) refuses 32 and
	 * 33, which libc keeps for itself; a program that is executed would inherit that
	 * they are ignored.
	 */
	static const uint64_t by_default[8];
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		syscall(SYS_rt_sigaction, number, by_default, NULL, (NSIG - 1) / 8);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

int signal_raise_default(int number)
{
	sigset_t set;

	signal(number, SIG_DFL);
	raise(number);
	sigemptyset(&set);
	sigaddset(&set, number);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	return 128 + number;
}
