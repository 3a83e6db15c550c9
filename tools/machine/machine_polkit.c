/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/machine/machine_polkit.h"

#include "base/pidfd.h"
#include "registry/process_stat.h"

#include <errno.h>
#include <systemd/sd-bus.h>

#define POLKIT_NAME	 "org.freedesktop.PolicyKit1"
#define POLKIT_PATH	 "/org/freedesktop/PolicyKit1/Authority"
#define POLKIT_INTERFACE "org.freedesktop.PolicyKit1.Authority"

/* AllowUserInteraction of CheckAuthorization(). */
#define POLKIT_INTERACTIVE 1

/*
 * The process, in each way that some polkit understands: it takes the pidfd from version 124 on, and
 * passes over what it doesn't know. The uid has to be an "i": polkit takes no other, without a word.
 */
static int append_subject(sd_bus_message *m, const struct machine_question *q)
{
	int r = sd_bus_message_open_container(m, 'r', "sa{sv}");

	if (r >= 0)
		r = sd_bus_message_append(m, "s", "unix-process");
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'a', "{sv}");
	if (r >= 0)
		r = sd_bus_message_append(m, "{sv}{sv}{sv}", "pid", "u", (uint32_t) q->peer.pid,
					  "start-time", "t", q->peer_start, "uid", "i",
					  (int32_t) q->peer.uid);
	if (r >= 0 && q->pidfd >= 0)
		r = sd_bus_message_append(m, "{sv}", "pidfd", "h", q->pidfd);
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_details(sd_bus_message *m, const char *const *details)
{
	int r = sd_bus_message_open_container(m, 'a', "{ss}");

	for (size_t i = 0; r >= 0 && details[i]; i += 2)
		r = sd_bus_message_append(m, "{ss}", details[i], details[i + 1]);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static int make_question(sd_bus *bus, const struct machine_question *q, sd_bus_message **m)
{
	int r = sd_bus_message_new_method_call(bus, m, POLKIT_NAME, POLKIT_PATH, POLKIT_INTERFACE,
					       "CheckAuthorization");

	if (r >= 0)
		r = append_subject(*m, q);
	if (r >= 0)
		r = sd_bus_message_append(*m, "s", q->action);
	if (r >= 0)
		r = append_details(*m, q->details);
	return r < 0 ? r
		     : sd_bus_message_append(*m, "us", q->is_interactive ? POLKIT_INTERACTIVE : 0,
					     "");
}

/* Read polkit's reply: (bba{ss}) is_authorized, is_challenge, details. */
static int read_answer(sd_bus_message *reply, struct failure *f)
{
	int is_authorized = 0, is_challenge = 0;

	if (sd_bus_message_enter_container(reply, 'r', "bba{ss}") < 0 ||
	    sd_bus_message_read(reply, "bb", &is_authorized, &is_challenge) < 0)
		return failure_set(f, FAILURE_NOT_PERMITTED, "polkit's answer can't be understood");
	if (is_authorized)
		return 0;
	return failure_set(f, is_challenge ? FAILURE_NO_AGENT : FAILURE_NOT_PERMITTED,
			   "polkit doesn't permit it");
}

/*
 * When the caller started, for a polkit that doesn't know pidfds; 0 where it has ended. One that executes a program
 * may let this child wait (host/process_status.h), which ends with the call.
 */
static uint64_t find_start(const struct machine_question *q)
{
	struct process_stat stat;

	if (q->peer_start || q->pidfd < 0 || process_stat_read((uint32_t) q->peer.pid, &stat) < 0 ||
	    !pidfd_is_alive(q->pidfd))
		return q->peer_start;
	return stat.start_time;
}

int machine_authorize(const struct machine_question *asked, struct failure *f)
{
	struct machine_question known = *asked;
	const struct machine_question *q = &known;
	sd_bus *bus = NULL;
	sd_bus_message *question = NULL, *reply = NULL;
	int r;

	if (q->peer.uid == 0)
		return 0;
	/*
	 * Without a pidfd, polkit could take another process for the caller. The start time does instead only where
	 * the kernel has no such pidfd, as it was read later than the caller connected: the pid may have been
	 * another's by then.
	 */
	known.peer_start = find_start(asked);
	if ((q->pidfd < 0 && q->pidfd != -ENOPROTOOPT) || !q->peer_start)
		return failure_set(f, FAILURE_NOT_PERMITTED, "the caller has ended");
	r = sd_bus_open_system(&bus);
	if (r >= 0)
		r = make_question(bus, q, &question);
	if (r >= 0)
		r = sd_bus_call(bus, question, MACHINE_QUESTION_MS * 1000ull, NULL, &reply);
	if (r < 0)
		failure_set(f, FAILURE_NOT_PERMITTED, "polkit can't be asked");
	else
		r = read_answer(reply, f);
	sd_bus_message_unref(question);
	sd_bus_message_unref(reply);
	sd_bus_unref(bus);
	return r < 0 ? -1 : 0;
}
