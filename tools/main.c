/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines: register and inspect the virtual machines and OS containers of this host. */
#include "base/cleanup.h"
#include "base/locale.h"
#include "tools/messages/message.h"
#include "tools/verbs/command_line.h"
#include "tools/verbs/importctl.h"
#include "tools/verbs/machinectl.h"
#include "tools/verbs/pager.h"
#include "tools/verbs/verb_help.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void change_inherited(void)
{
	/* Everyone may read what is made, unless its maker says otherwise. */
	umask(022);
	/* A limit on file sizes is an error to report, not a reason to die half-way. */
	signal(SIGXFSZ, SIG_IGN);
	/* Our parent may ignore the ends of its children; we wait for ours. */
	signal(SIGCHLD, SIG_DFL);
	/* What we run has all three: occupy_standard_descriptors(). */
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		fcntl(fd, F_SETFD, 0);
}

static int print_help(const struct command_line *line)
{
	if (!line->no_pager)
		pager_begin();
	if (is_machinectl())
		machinectl_print_help();
	else if (is_importctl())
		importctl_print_help();
	else if (line->is_verb_given)
		print_verb_help(line->verb);
	else
		print_program_help();
	return EXIT_SUCCESS;
}

static int print_version(void)
{
	puts("mymachines " PACKAGE_VERSION);
	return EXIT_SUCCESS;
}

static void *make_settings(struct arena *arena, const struct verb *verb)
{
	if (verb->defaults)
		return arena_copy(arena, verb->defaults, verb->settings_size);
	return arena_alloc(arena, verb->settings_size);
}

/* Returns an exit status, or -1 with a failure. */
static int run_line(struct command_line *line, struct failure *f)
{
	const struct verb *verb;
	void *settings;

	if (command_line_find_verb(line, f) < 0)
		return -1;
	verb = line->verb;
	if (!verb->passes_inherited)
		change_inherited();
	settings = make_settings(line->arena, verb);
	if (!verb->reads_words && command_line_read(line, settings, f) < 0)
		return -1;
	if (line->wants_version)
		return print_version();
	if (line->wants_help) {
		change_inherited();
		return print_help(line);
	}
	if (machinectl_asks_for_values(line)) {
		machinectl_print_values(line);
		return EXIT_SUCCESS;
	}
	if (verb->has_pager && !line->no_pager)
		pager_begin();
	return verb->run(line, settings, f);
}

static int report_failure(const struct command_line *line, const struct failure *failure)
{
	int status = report(failure);

	if (failure->kind != FAILURE_USAGE)
		return status;
	if (line->verb)
		fprintf(stderr, "Try '%s%s%s --help'.\n", program_invocation_short_name,
			line->is_verb_given ? " " : "",
			line->is_verb_given ? line->verb->name : "");
	/* machinectl(1) and importctl(1) know one kind of failure. */
	return is_machinectl() || is_importctl() ? EXIT_FAILURE : EXIT_USAGE;
}

static int run(int argc, char **argv)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct command_line line = { .arena = &arena, .argc = argc, .argv = argv };
	struct failure failure = { .kind = FAILURE_NONE };
	int status = run_line(&line, &failure);

	pager_end();
	return status < 0 ? report_failure(&line, &failure) : status;
}

/* Messages begin with our name or the link's, whatever the file is called. */
static void set_program_name(void)
{
	static char mymachines[] = "mymachines";

	if (!is_machinectl() && !is_importctl())
		program_invocation_short_name = mymachines;
}

/* No file that is opened later must become one of the three that messages go to. */
static void occupy_standard_descriptors(void)
{
	/*
	 * Open fd 0 write-only and 1, 2 read-only, so that using a closed stream still fails. A
	 * command that is to inherit what we did finds them closed.
	 */
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			(void) !open("/dev/null",
				     O_CLOEXEC | (fd == STDIN_FILENO ? O_WRONLY : O_RDONLY));
}

static void report_exhaustion(void)
{
	complain("out of memory");
}

int main(int argc, char **argv)
{
	int status;

	occupy_standard_descriptors();
	set_program_name();
	arena_on_exhaustion(report_exhaustion);

	locale_begin();
	/* LMDB clears megabytes for each transaction, and fresh pages of the kernel are zero already. */
	mallopt(M_MMAP_THRESHOLD, 128 * 1024);
	status = run(argc, argv);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		complain("cannot write the output: %s", "standard output is full or closed");
		return EXIT_FAILURE;
	}
	return status;
}
