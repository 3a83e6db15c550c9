/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/message.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <syslog.h>
#include <time.h>

/* Of a daemon: what it has said, and when. */
#define SAID_MAX     32
#define SAID_SECONDS 60

static struct {
	bool is_on;
	bool to_syslog;
	struct {
		char *text;
		time_t when;
	} said[SAID_MAX];
	size_t next;
} as_daemon;

void complain_as_daemon(bool to_syslog)
{
	as_daemon.is_on = true;
	as_daemon.to_syslog = to_syslog;
	if (to_syslog)
		openlog("mymachines", LOG_PID | LOG_NDELAY, LOG_DAEMON);
}

static bool also_to_syslog;

void complain_to_syslog_too(void)
{
	also_to_syslog = true;
	openlog("mymachines", LOG_PID | LOG_NDELAY, LOG_DAEMON);
}

static time_t monotonic_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

/* Whether it was said a short while ago; if not, it is from now on. */
static bool was_said(const char *text)
{
	time_t now = monotonic_seconds();

	for (size_t i = 0; i < SAID_MAX; i++)
		if (as_daemon.said[i].text && now - as_daemon.said[i].when < SAID_SECONDS &&
		    strcmp(as_daemon.said[i].text, text) == 0)
			return true;
	free(as_daemon.said[as_daemon.next].text);
	as_daemon.said[as_daemon.next].text = strdup(text);
	as_daemon.said[as_daemon.next].when = now;
	as_daemon.next = (as_daemon.next + 1) % SAID_MAX;
	return false;
}

static void print(const char *text)
{
	/* What was printed before comes before. */
	fflush(stdout);
	fprintf(stderr, "%s: %s\n", program_invocation_short_name, text);
}

void complain(const char *format, ...)
{
	va_list arguments;
	char *text;
	int length;

	va_start(arguments, format);
	length = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (length < 0) {
		print("out of memory");
		return;
	}
	if (as_daemon.is_on && was_said(text))
		;
	else if (as_daemon.to_syslog)
		syslog(LOG_NOTICE, "%s", text);
	else
		print(text);
	if (also_to_syslog)
		syslog(LOG_NOTICE, "%s", text);
	free(text);
}

int complain_usage(const char *verb)
{
	fprintf(stderr, "Try '%s%s%s --help'.\n", program_invocation_short_name, verb ? " " : "",
		verb ? verb : "");
	return EXIT_FAILURE;
}

const char *error_words(int error)
{
	switch (error) {
	case -ETIMEDOUT: return "another writer has held its lock for ten seconds";
	case -ENOTRECOVERABLE: return "cannot get back into the own network namespace";
	default: return registry_error_words(error);
	}
}

static const char *advice(int error)
{
	switch (error) {
	case -EACCES: return " (this needs root)";
	case -ELOOP:
	case -ENXIO:
	case -EPROTONOSUPPORT:
	case -EILSEQ:
	case -EUCLEAN: return "; remove it, and register the machines again";
	case -EXDEV: return "; use it from there, or remove it";
	default: return "";
	}
}

void complain_registry(const char *path, int error)
{
	complain("%s: %s%s", path, error_words(error), advice(error));
}

const char *name_words(enum name_verdict verdict)
{
	switch (verdict) {
	case NAME_OK: break;
	case NAME_EMPTY: return "is empty";
	case NAME_TOO_LONG: return "is longer than 64 bytes";
	case NAME_BAD_CHARACTER: return "has a byte other than letters, digits, '-', '_' and '.'";
	case NAME_BAD_LABEL:
		return "has a label that is empty, longer than 63 bytes, or has a '-' at an end";
	case NAME_NUMBER: return "would be taken for an address or a number";
	case NAME_RESERVED: return "has another meaning already";
	case NAME_TERMINAL: return "would be taken for a terminal";
	case NAME_THIS_HOST: return "is this host's own name";
	}
	return "could be one";
}

const char *leader_words(enum leader_verdict verdict)
{
	switch (verdict) {
	case LEADER_OK: break;
	case LEADER_NO_PID: return "is no process id";
	case LEADER_INIT: return "is the host's own init";
	case LEADER_SELF: return "is this very process";
	case LEADER_ABSENT: return "there is no such process";
	case LEADER_THREAD: return "is a thread, not a process";
	case LEADER_KERNEL_THREAD: return "is a kernel thread";
	case LEADER_ZOMBIE: return "is a zombie";
	case LEADER_UNREADABLE: return strerror(errno);
	}
	return "runs";
}

void complain_conflict(const char *subject, const struct register_conflict *c)
{
	char by[sizeof c->service + 3] = "";

	if (*c->service)
		sprintf(by, " (%s)", c->service);
	switch (c->what) {
	case CONFLICT_NAME:
		if (strcasecmp(c->claimed, c->holder) == 0)
			complain("%s: already registered to pid %u%s; stop it first, or register "
				 "with --replace",
				 subject, c->pid, by);
		else
			complain("%s: already a name of machine %s, pid %u%s; stop that first",
				 subject, c->holder, c->pid, by);
		break;
	case CONFLICT_ALIAS:
		complain("%s: alias %s is already a name of machine %s, pid %u%s; stop that first",
			 subject, c->claimed, c->holder, c->pid, by);
		break;
	case CONFLICT_LEADER:
		complain("%s: pid %u already leads machine %s%s; unregister that first, or "
			 "register with --replace",
			 subject, c->pid, c->holder, by);
		break;
	}
}
