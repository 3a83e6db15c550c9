/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/verbs/manual_page.h"

#include "base/child.h"
#include "base/signals.h"
#include "tools/verbs/pager.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* In the child. Where the pages were installed is searched first, and then man(1)'s own places. */
static void execute_man(const char *option, const char *page)
{
	const char *pager = getenv("SYSTEMD_PAGER");

	setenv("MANPATH", MANUAL_DIRECTORY ":", false);
	if (pager)
		setenv("MANPAGER", pager, true);
	if (option)
		execlp("man", "man", option, page, NULL);
	else
		execlp("man", "man", page, NULL);
	_exit(127);
}

/* Run man(1). Without an output, it is only asked whether it has the page. */
static bool run_man(const char *option, const char *page, bool has_output)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		int null = has_output ? -1 : open("/dev/null", O_RDWR | O_CLOEXEC);

		signals_reset();
		if (null >= 0) {
			dup2(null, STDOUT_FILENO);
			dup2(null, STDERR_FILENO);
		}
		execute_man(option, page);
	}
	if (pid < 0 || child_wait(pid, &status) < 0)
		return false;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool manual_page_show(const char *verb)
{
	void (*interrupt)(int);
	char page[64];

	if (!pager_may_run_others() ||
	    snprintf(page, sizeof page, "mymachines-%s", verb) >= (int) sizeof page ||
	    !run_man("-w", page, false))
		return false;
	/* An interrupt is for the pager. */
	interrupt = signal(SIGINT, SIG_IGN);
	run_man(NULL, page, true);
	signal(SIGINT, interrupt);
	return true;
}
