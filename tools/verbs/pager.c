/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/verbs/pager.h"

#include "base/format.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* The kept output: stdout is this stream meanwhile. */
static struct {
	FILE *terminal; /* the true stdout, or NULL if nothing is kept */
	FILE *stream;
	char *text;
	size_t size;
} kept;

static bool has_value(const char *variable, const char *const *values)
{
	const char *value = getenv(variable);

	for (; value && *values; values++)
		if (strcasecmp(value, *values) == 0)
			return true;
	return false;
}

/* A user of sudo(8) may be allowed to run this program alone: then the pager must run no other. */
static bool is_restricted(void)
{
	static const char *const yes[] = { "1", "y", "yes", "t", "true", "on", NULL };
	static const char *const no[] = { "0", "n", "no", "f", "false", "off", NULL };

	if (has_value("SYSTEMD_PAGERSECURE", yes))
		return true;
	if (has_value("SYSTEMD_PAGERSECURE", no))
		return false;
	return getenv("SUDO_UID") || getenv("PKEXEC_UID") || getenv("DOAS_USER") ||
	       getuid() != geteuid();
}

/* The pager of the environment: NULL for none in particular, "" for none at all. */
static const char *chosen_pager(void)
{
	const char *pager = getenv("SYSTEMD_PAGER") ?: getenv("PAGER");

	if (pager && (!*pager || strcmp(pager, "cat") == 0))
		return "";
	return is_restricted() ? NULL : pager;
}

void pager_begin(void)
{
	const char *terminal = getenv("TERM"), *pager = chosen_pager();

	if (kept.terminal || !isatty(STDOUT_FILENO) || !terminal || strcmp(terminal, "dumb") == 0 ||
	    (pager && !*pager))
		return;
	fflush(stdout);
	kept.stream = open_memstream(&kept.text, &kept.size);
	if (!kept.stream)
		return;
	kept.terminal = stdout;
	stdout = kept.stream;
}

bool pager_may_run_others(void)
{
	return kept.terminal && !is_restricted();
}

/* Lines of the terminal that the text takes. */
static size_t count_lines(const char *text, size_t columns)
{
	size_t lines = 0;

	while (*text) {
		size_t length = strcspn(text, "\n"), width = text_width(text, length);

		lines += 1 + (columns && width ? (width - 1) / columns : 0);
		text += length;
		text += *text == '\n';
	}
	return lines;
}

static bool is_longer_than_terminal(const char *text)
{
	struct winsize window;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) < 0 || window.ws_row == 0)
		return false;
	/* The prompt of the shell takes the last line. */
	return count_lines(text, window.ws_col) >= window.ws_row;
}

static void set_environment(void)
{
	const char *options = getenv("SYSTEMD_LESS"), *charset = getenv("SYSTEMD_LESSCHARSET");

	setenv("LESS", options ?: "FRSXMK", true);
	if (charset || is_utf8())
		setenv("LESSCHARSET", charset ?: "utf-8", true);
	if (is_restricted())
		setenv("LESSSECURE", "1", true);
}

/* In the child, whose standard input is the text. Only returns where there is no pager. */
static void execute_pager(void)
{
	const char *pager = chosen_pager();

	set_environment();
	if (pager)
		execl("/bin/sh", "sh", "-c", pager, NULL);
	execlp("less", "less", NULL);
	/* Not every more(1) has a mode without a shell. */
	if (!is_restricted())
		execlp("more", "more", NULL);
	execlp("cat", "cat", NULL);
}

static pid_t start_pager(int *to)
{
	int ends[2];
	pid_t pid;

	if (pipe(ends) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		dup2(ends[0], STDIN_FILENO);
		close(ends[0]);
		close(ends[1]);
		execute_pager();
		_exit(EXIT_FAILURE);
	}
	close(ends[0]);
	*to = ends[1];
	if (pid < 0)
		close(ends[1]);
	return pid;
}

/* False if there is no pager. */
static bool page(const char *text, size_t size)
{
	int to = -1;
	pid_t pid = start_pager(&to);
	/* An interrupt is for the pager; its end, before all is read, is not an error. */
	void (*interrupt)(int) = signal(SIGINT, SIG_IGN), (*broken)(int) = signal(SIGPIPE, SIG_IGN);

	for (ssize_t n = 0; pid > 0 && size > 0; text += n, size -= (size_t) n) {
		n = write(to, text, size);
		if (n < 0 && errno != EINTR)
			break;
		if (n < 0)
			n = 0;
	}
	if (pid > 0)
		close(to);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	signal(SIGINT, interrupt);
	signal(SIGPIPE, broken);
	return pid > 0;
}

void pager_end(void)
{
	if (!kept.terminal)
		return;
	fclose(kept.stream);
	stdout = kept.terminal;
	kept.terminal = NULL;
	if (!kept.text)
		return;
	if (!is_longer_than_terminal(kept.text) || !page(kept.text, kept.size))
		fwrite(kept.text, 1, kept.size, stdout);
	free(kept.text);
	kept.text = NULL;
}
