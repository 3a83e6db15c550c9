/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/array_size.h"
#include "tools/verbs/watch.h"

#include "base/cleanup.h"
#include "registry/lookup.h"
#include "registry/diff.h"
#include "registry/notify.h"
#include "tools/describe/properties.h"
#include "tools/messages/message.h"
#include "tools/verbs/command_line.h"
#include "tools/verbs/option_values.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Whether the property is shown of a machine that is added; `show` has all of them. */
static bool is_introduction(const char *property)
{
	static const char *const names[] = { "Class", "Service", "Leader", "Addresses" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(names[i], property) == 0)
			return true;
	return false;
}

static void print_property(const char *name, const char *value)
{
	printf(strchr(value, ' ') ? " %s=\"%s\"" : " %s=%s", name, value);
}

static const char *value_of_property(const struct property *property, const struct machine *m,
				     const struct pid_context *context, struct arena *arena)
{
	const char *value = property->value(&(struct property_subject){ m, context, arena, false });

	return value ? value : "";
}

/* Print the properties that have changed. Returns how many. */
static size_t print_properties(const struct machine_difference *d,
			       const struct pid_context *context, struct arena *arena)
{
	size_t n = 0;

	for (const struct property *p = properties; p->name && d->now; p++) {
		const char *now, *before;

		if (p->is_live || (!d->before && !is_introduction(p->name)))
			continue;
		now = value_of_property(p, d->now, context, arena);
		before = d->before ? value_of_property(p, d->before, context, arena) : "";
		if (strcmp(now, before) != 0) {
			print_property(p->name, now);
			n++;
		}
	}
	return n;
}

/* Print the addresses whose standing alone has changed: " Standing="10.0.0.2 routed"". Returns how many. */
static size_t print_standings(const struct machine *before, const struct machine *now)
{
	size_t n = 0;

	for (size_t i = 0; i < now->n_addresses; i++) {
		const struct machine_address *address = &now->addresses[i];
		const char *standing = address_standing_name(address);
		char text[ADDRESS_TEXT_SIZE];

		for (size_t k = 0; k < before->n_addresses; k++)
			if (address_equal(address, &before->addresses[k]) &&
			    strcmp(standing, address_standing_name(&before->addresses[k])) != 0)
				printf("%s%s %s", n++ ? ", " : " Standing=\"",
				       address_format(address, text), standing);
	}
	if (n)
		putchar('"');
	return n;
}

/* The fields in which the two differ. */
static json_object *changed_fields(json_object *before, json_object *now)
{
	json_object *fields = json_object_new_array(), *other;

	json_object_object_foreach (now, key, value)
		if (!json_object_object_get_ex(before, key, &other) ||
		    !json_object_equal(value, other))
			json_object_array_add(fields, json_object_new_string(key));
	json_object_object_foreach (before, former_key, former_value) {
		(void) former_value;
		if (!json_object_object_get_ex(now, former_key, NULL))
			json_object_array_add(fields, json_object_new_string(former_key));
	}
	return fields;
}

/* Print the names of fields that only JSON shows, so that no line is without a reason. */
static void print_field_names(const struct machine_difference *d, const struct pid_context *context)
{
	json_object *before = json_from_machine(d->before, context);
	json_object *now = json_from_machine(d->now, context);
	json_object *fields = changed_fields(before, now);

	for (size_t i = 0; i < json_object_array_length(fields); i++)
		printf("%s%s", i ? ", " : " (",
		       json_object_get_string(json_object_array_get_idx(fields, i)));
	printf(json_object_array_length(fields) ? ")" : " (a fact that is not shown)");
	json_object_put(fields);
	json_object_put(now);
	json_object_put(before);
}

static void print_line(const struct machine_difference *d, const struct pid_context *context)
{
	CLEANUP(arena_done) struct arena arena = { 0 };

	printf("%-7s %s", machine_event_name(d->event), d->now ? d->now->name : d->before->name);
	if (print_properties(d, context, &arena) == 0 && d->event == MACHINE_CHANGED &&
	    print_standings(d->before, d->now) == 0)
		print_field_names(d, context);
	putchar('\n');
}

static void print_json(const struct machine_difference *d, const struct pid_context *context,
		       enum json_mode mode)
{
	json_object *object = json_object_new_object();
	json_object *machine = json_from_machine(d->now ? d->now : d->before, context);

	json_object_object_add(object, "event",
			       json_object_new_string(machine_event_name(d->event)));
	if (d->event == MACHINE_CHANGED) {
		json_object *before = json_from_machine(d->before, context);

		json_object_object_add(object, "changed", changed_fields(before, machine));
		json_object_put(before);
	}
	json_object_object_add(object, "machine", machine);
	json_print(stdout, object, mode);
}

static void print_differences(const struct registry_copy *before, const struct registry_copy *now,
			      const struct follow_settings *settings)
{
	/* An empty registry has no context. */
	const struct pid_context *context = now->size ? &now->context : &before->context;
	struct registry_diff comparison;
	struct machine_difference difference;

	registry_diff_begin(&comparison, before, now);
	while (registry_diff_next(&comparison, &difference))
		if (settings->json)
			print_json(&difference, context, settings->json);
		else
			print_line(&difference, context);
}

/* The registry as it is now; where there is none, it has no machines. 0 or -1. */
static int read_registry(struct registry_copy *now, struct failure *f)
{
	int r = registry_copy_read(now, REGISTRY_PATH);

	return r < 0 ? registry_failure(f, REGISTRY_PATH, r) : 0;
}

/* Wait. 1 for a change; 0 if nobody reads our output any more; or a negative errno. */
static int wait_for_change(struct registry_notify *watch)
{
	struct pollfd fds[2] = { { .fd = watch->fd, .events = POLLIN }, { .fd = STDOUT_FILENO } };
	int r = 0;

	while (r == 0) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return -errno;
		if (fds[1].revents & (POLLERR | POLLHUP | POLLNVAL))
			return 0;
		r = registry_notify_read(watch);
	}
	return r;
}

static int follow_watch(struct registry_notify *watch, struct registry_copy *published,
			const struct follow_settings *settings, struct failure *f)
{
	int r = 1;

	if (read_registry(published, f) < 0)
		return -1;
	if (settings->initial)
		print_differences(&(struct registry_copy){ 0 }, published, settings);
	while (fflush(stdout) == 0 && (r = wait_for_change(watch)) > 0) {
		struct registry_copy now;
		struct failure failure;

		/* A registry that can't be read is not an event of any machine. */
		if (read_registry(&now, &failure) < 0) {
			report(&failure);
			continue;
		}
		print_differences(published, &now, settings);
		registry_copy_done(published);
		*published = now;
	}
	return r < 0 ? registry_failure(f, REGISTRY_DIRECTORY, r) : EXIT_SUCCESS;
}

int follow_registry(const struct follow_settings *settings, struct failure *f)
{
	CLEANUP(registry_notify_close) struct registry_notify watch = { .fd = -1 };
	CLEANUP(registry_copy_done) struct registry_copy published = { 0 };
	int r = registry_notify_open(&watch, REGISTRY_DIRECTORY);

	if (r < 0)
		return registry_failure(f, REGISTRY_DIRECTORY, r);
	return follow_watch(&watch, &published, settings, f);
}

static int watch_registry(const struct command_line *line, void *settings, struct failure *f)
{
	(void) line;
	return follow_registry(settings, f);
}

static const struct verb_option options[] = {
	{ "initial", SETS(struct follow_settings, initial, set_true),
	  .help = "First print the machines that are there already, as added" },
	{ "json", .argument = "MODE", SETS(struct follow_settings, json, set_json_mode),
	  .help = "Print an object for each event: short, pretty, or off",
	  .values = COMPLETE_JSON },
	{ 0 },
};

const struct verb watch_verb = {
	.name = "watch",
	.synopsis = "[OPTION...]",
	.list_entry = "",
	.summary = "Print machines as they come, change and go",
	.description = "Print machines as they are added to the registry, change in it, and are "
		       "removed, one a line, until interrupted.",
	.group = VERB_LOOK,
	.options = options,
	.settings_size = sizeof(struct follow_settings),
	.run = watch_registry,
};
