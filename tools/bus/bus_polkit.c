/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/bus/bus_polkit.h"

#include "base/subuid.h"
#include "tools/bus/bus_client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POLKIT_NAME	 "org.freedesktop.PolicyKit1"
#define POLKIT_PATH	 "/org/freedesktop/PolicyKit1/Authority"
#define POLKIT_INTERFACE "org.freedesktop.PolicyKit1.Authority"

/* AllowUserInteraction of CheckAuthorization(). */
#define POLKIT_INTERACTIVE 1

/* As long as clients of sd-bus wait for a reply. */
#define ANSWER_USEC (25 * 1000000ull)

/*
 * Questions at once: of one user, who may count as two by subordinate ids, and of all. The bus lets each service
 * wait for 128 replies: max_replies_per_connection of dbus-daemon(1).
 */
#define USER_CALLS_MAX 32
#define CALLS_MAX      112

/* Of one question: the bus ends the connection of who sends more than 32 MiB, and callers give many of the details. */
#define DETAILS_SIZE_MAX 65536

enum answer { ANSWER_WAITED_FOR, ANSWER_YES, ANSWER_NO, ANSWER_NO_AGENT };

/* A call that waits for polkit, or whose handler runs again because of its answer. */
struct bus_call {
	struct bus *bus;
	struct bus_call *next;
	sd_bus_message *call;
	sd_bus_message_handler_t handler;
	void *userdata;
	const char *action;
	char *details;	     /* that polkit was told: texts, each with its NUL */
	size_t details_size; /* in bytes */
	uid_t user;	     /* whom it counts for */
	enum answer answer;
	char id[32]; /* for CancelCheckAuthorization() */
	sd_bus_slot *question, *owner;
	sd_event_source *deadline;
};

static struct bus_call *find_call(struct bus *bus, sd_bus_message *message)
{
	for (struct bus_call *c = bus->calls; c; c = c->next)
		if (c->call == message)
			return c;
	return NULL;
}

static void free_call(struct bus_call *c)
{
	for (struct bus_call **at = &c->bus->calls; *at; at = &(*at)->next) {
		if (*at != c)
			continue;
		*at = c->next;
		break;
	}
	sd_bus_slot_unref(c->question);
	sd_bus_slot_unref(c->owner);
	sd_event_source_unref(c->deadline);
	sd_bus_message_unref(c->call);
	bus_consider_idle(c->bus);
	free(c->details);
	free(c);
}

/* Nobody waits for the answer any more: polkit needn't ask the person. */
static void cancel_question(struct bus_call *c)
{
	sd_bus_call_method_async(c->bus->bus, NULL, POLKIT_NAME, POLKIT_PATH, POLKIT_INTERFACE,
				 "CancelCheckAuthorization", NULL, NULL, "s", c->id);
	free_call(c);
}

static int on_owner_changed(sd_bus_message *signal, void *data, sd_bus_error *error)
{
	(void) signal, (void) error;
	cancel_question(data);
	return 0;
}

static int on_deadline(sd_event_source *source, uint64_t now, void *data)
{
	struct bus_call *c = data;

	(void) source, (void) now;
	sd_bus_reply_method_errorf(c->call, SD_BUS_ERROR_ACCESS_DENIED,
				   "Permission denied: polkit has not answered in time");
	cancel_question(c);
	return 0;
}

/* Read polkit's reply: (bba{ss}) is_authorized, is_challenge, details. */
static enum answer read_answer(sd_bus_message *reply)
{
	int is_authorized = 0, is_challenge = 0;

	if (sd_bus_message_is_method_error(reply, NULL) ||
	    sd_bus_message_enter_container(reply, 'r', "bba{ss}") < 0 ||
	    sd_bus_message_read(reply, "bb", &is_authorized, &is_challenge) < 0)
		return ANSWER_NO;
	return is_authorized ? ANSWER_YES : is_challenge ? ANSWER_NO_AGENT : ANSWER_NO;
}

static int on_answer(sd_bus_message *reply, void *data, sd_bus_error *unused)
{
	struct bus_call *c = data;

	(void) unused;
	c->answer = read_answer(reply);
	bus_call_again(c->call, c->handler, c->userdata);
	free_call(c);
	return 0;
}

static int append_details(sd_bus_message *m, const char *const *details)
{
	int r = sd_bus_message_open_container(m, 'a', "{ss}");

	for (size_t i = 0; r >= 0 && details[i]; i += 2)
		r = sd_bus_message_append(m, "{ss}", details[i], details[i + 1]);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static int send_question(struct bus_call *c, const char *const *details)
{
	sd_bus_message *m = NULL;
	int r = sd_bus_message_new_method_call(c->bus->bus, &m, POLKIT_NAME, POLKIT_PATH,
					       POLKIT_INTERFACE, "CheckAuthorization");

	if (r >= 0)
		r = sd_bus_message_append(m, "(sa{sv})s", "system-bus-name", 1, "name", "s",
					  sd_bus_message_get_sender(c->call), c->action);
	if (r >= 0)
		r = append_details(m, details);
	if (r >= 0)
		r = sd_bus_message_append(
			m, "us",
			sd_bus_message_get_allow_interactive_authorization(c->call) > 0
				? POLKIT_INTERACTIVE
				: 0,
			c->id);
	if (r >= 0)
		r = sd_bus_call_async(c->bus->bus, &c->question, m, on_answer, c, ANSWER_USEC * 2);
	sd_bus_message_unref(m);
	return r;
}

static int watch_call(struct bus_call *c)
{
	uint64_t now;
	int r = sd_event_now(c->bus->event, CLOCK_MONOTONIC, &now);

	if (r >= 0)
		r = sd_event_add_time(c->bus->event, &c->deadline, CLOCK_MONOTONIC,
				      now + ANSWER_USEC - 1000000, 0, on_deadline, c);
	return r < 0 ? r : bus_watch_caller(c->call, &c->owner, on_owner_changed, c);
}

static int deny(sd_bus_error *error)
{
	return sd_bus_error_set(error, SD_BUS_ERROR_ACCESS_DENIED, "Permission denied");
}

static size_t size_of(const char *const *details)
{
	size_t size = 0;

	for (size_t i = 0; details[i]; i++)
		size += strlen(details[i]) + 1;
	return size;
}

/* Keep a copy of what polkit is told. */
static int keep_details(struct bus_call *c, const char *const *details)
{
	char *end;

	c->details_size = size_of(details);
	c->details = end = malloc(c->details_size + 1);
	if (!end)
		return -ENOMEM;
	for (size_t i = 0; details[i]; i++)
		end = stpcpy(end, details[i]) + 1;
	return 0;
}

/*
 * Whether polkit was asked this. The handler looks for its machine again when the answer comes, and may find another
 * one: a name or an alias that has moved meanwhile, or the caller's own machine.
 */
static bool was_asked(const struct bus_call *c, const char *action, const char *const *details)
{
	const char *kept = c->details;

	if (strcmp(c->action, action) != 0 || c->details_size != size_of(details))
		return false;
	for (size_t i = 0; details[i]; i++) {
		if (strcmp(kept, details[i]) != 0)
			return false;
		kept += strlen(kept) + 1;
	}
	return true;
}

static int answer_of(const struct bus_call *c, sd_bus_error *error)
{
	if (c->answer == ANSWER_YES)
		return 1;
	if (c->answer == ANSWER_NO_AGENT)
		return sd_bus_error_set(error, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED,
					"Interactive authentication required.");
	return deny(error);
}

static bool are_too_many(const struct bus *bus, uid_t user)
{
	size_t n_calls = 0, n_own = 0;

	for (const struct bus_call *c = bus->calls; c; c = c->next) {
		n_calls++;
		n_own += c->user == user;
	}
	return n_own >= USER_CALLS_MAX || n_calls >= CALLS_MAX;
}

static int ask(struct bus *bus, sd_bus_message *call, sd_bus_message_handler_t handler,
	       void *userdata, const char *action, const char *const *details, uid_t user,
	       sd_bus_error *error)
{
	static uint64_t number;
	struct bus_call *c;
	int r;

	if (are_too_many(bus, user))
		return sd_bus_error_set(
			error, SD_BUS_ERROR_LIMITS_EXCEEDED,
			"Too many questions of this user, or of all users, wait for polkit.");
	if (size_of(details) > DETAILS_SIZE_MAX)
		return sd_bus_error_set(
			error, SD_BUS_ERROR_LIMITS_EXCEEDED,
			"The call's parameters are too long to ask polkit about them.");
	c = calloc(1, sizeof *c);
	if (!c)
		return -ENOMEM;
	*c = (struct bus_call){ .bus = bus,
				.next = bus->calls,
				.call = sd_bus_message_ref(call),
				.handler = handler,
				.userdata = userdata,
				.action = action,
				.user = user };
	snprintf(c->id, sizeof c->id, "mymachines-%llu", (unsigned long long) number++);
	bus->calls = c;
	r = keep_details(c, details);
	if (r >= 0)
		r = watch_call(c);
	if (r >= 0)
		r = send_question(c, details);
	if (r >= 0)
		return 0;
	free_call(c);
	return r;
}

bool bus_is_asked(struct bus *bus, sd_bus_message *call)
{
	return find_call(bus, call);
}

int bus_authorize(struct bus *bus, sd_bus_message *call, sd_bus_message_handler_t handler,
		  void *userdata, const char *action, const char *const *details,
		  sd_bus_error *error)
{
	struct bus_call *asked = find_call(bus, call);
	uid_t uid;

	if (asked && asked->answer != ANSWER_WAITED_FOR)
		return was_asked(asked, action, details) ? answer_of(asked, error) : deny(error);
	if (bus_caller_uid(bus, call, &uid) < 0)
		return deny(error);
	if (uid == 0)
		return 1;
	return ask(bus, call, handler, userdata, action, details, subuid_owner(SUBUID_PATH, uid),
		   error);
}
