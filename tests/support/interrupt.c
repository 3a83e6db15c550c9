/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * interrupt N COMMAND [ARGUMENT...]: run it, and kill it with SIGKILL at the
 * N-th time that it enters or leaves a system call. Exits with 137 if it has
 * come to that, and otherwise as the command does, with the count of those on
 * standard error. It never comes to that with N = 0.
 *
 * With a shell command in the environment as MEANWHILE, it isn't killed: it stands
 * still while that runs, which gets its pid as $PID.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

static void die(const char *what)
{
	fprintf(stderr, "interrupt: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

static void interrupt(pid_t pid)
{
	const char *meanwhile = getenv("MEANWHILE");
	char text[16];

	if (!meanwhile) {
		kill(pid, SIGKILL);
		return;
	}
	snprintf(text, sizeof text, "%d", pid);
	setenv("PID", text, 1);
	if (system(meanwhile) != 0)
		fputs("interrupt: MEANWHILE has failed\n", stderr);
}

int main(int argc, char **argv)
{
	long last = argc > 2 ? atol(argv[1]) : -1, count = 0;
	int status;
	pid_t pid;

	if (last < 0) {
		fputs("Usage: interrupt N COMMAND [ARGUMENT...]\n", stderr);
		return EXIT_FAILURE;
	}
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		execvp(argv[2], argv + 2);
		die(argv[2]);
	}
	/* The first stop is that of execve(2). */
	if (waitpid(pid, &status, 0) < 0 || !WIFSTOPPED(status))
		return EXIT_FAILURE;
	ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
	ptrace(PTRACE_SYSCALL, pid, NULL, NULL);
	while (waitpid(pid, &status, 0) == pid) {
		int passed_on = 0;

		if (WIFEXITED(status) || WIFSIGNALED(status)) {
			fprintf(stderr, "%ld\n", count);
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		}
		if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
			if (++count == last)
				interrupt(pid);
		} else if (WSTOPSIG(status) != SIGTRAP) {
			passed_on = WSTOPSIG(status);
		}
		ptrace(PTRACE_SYSCALL, pid, NULL, (void *) (long) passed_on);
	}
	return EXIT_FAILURE;
}
