/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/watch.h"

#include "registry/cleanup.h"
#include "registry/watch.h"
#include "tools/message.h"
#include "tools/options.h"
#include "tools/properties.h"
#include "tools/verbs.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

static int help(void)
{
	puts("Usage: mymachines watch [OPTION...]\n"
	     "\n"
	     "Print machines as they are added to the registry, change in it, and are removed,\n"
	     "one a line, until interrupted.\n"
	     "\n"
	     "  -h, --help       Show this help\n"
	     "      --initial    First print those that are there, as added\n"
	     "      --json=MODE  Print an object for each event: short, pretty, or off");
	return EXIT_SUCCESS;
}

/* What is said of a machine that has come; the rest can be asked for. */
static bool is_introduction(const char *property)
{
	static const char *const names[] = { "Class", "Service", "Leader", "Addresses" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(names[i], property) == 0)
			return true;
	return false;
}

static void print_property(const char *name, const char *value)
{
	printf(strchr(value, ' ') ? " %s=\"%s\"" : " %s=%s", name, value);
}

static const char *value_of_property(const struct property *property, const struct machine *m,
				     const struct registry_origin *origin, struct arena *arena)
{
	const char *value = property->value(&(struct property_subject){ m, origin, arena });

	return value ? value : "";
}

static void print_line(const struct machine_difference *d, const struct registry_origin *origin)
{
	CLEANUP(arena_done) struct arena arena = { 0 };

	printf("%-7s %s", machine_event_name(d->event), d->now ? d->now->name : d->before->name);
	for (const struct property *p = properties; p->name && d->now; p++) {
		const char *now, *before;

		if (p->is_live || (!d->before && !is_introduction(p->name)))
			continue;
		now = value_of_property(p, d->now, origin, &arena);
		before = d->before ? value_of_property(p, d->before, origin, &arena) : "";
		if (strcmp(now, before) != 0)
			print_property(p->name, now);
	}
	putchar('\n');
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

static void print_json(const struct machine_difference *d, const struct registry_origin *origin,
		       enum json_mode mode)
{
	json_object *object = json_object_new_object();
	json_object *machine = json_from_machine(d->now ? d->now : d->before, origin);

	json_object_object_add(object, "event",
			       json_object_new_string(machine_event_name(d->event)));
	if (d->event == MACHINE_CHANGED) {
		json_object *before = json_from_machine(d->before, origin);

		json_object_object_add(object, "changed", changed_fields(before, machine));
		json_object_put(before);
	}
	json_object_object_add(object, "machine", machine);
	json_print(object, mode);
}

static void print_differences(const struct registry_copy *before, const struct registry_copy *now,
			      const struct follow_settings *settings)
{
	/* Of an empty one there is nothing to say. */
	const struct registry_origin *origin = now->size ? &now->origin : &before->origin;
	struct registry_comparison comparison;
	struct machine_difference difference;

	registry_compare(&comparison, before, now);
	while (registry_comparison_next(&comparison, &difference))
		if (settings->json)
			print_json(&difference, origin, settings->json);
		else
			print_line(&difference, origin);
}

/* The registry as it is now, with no machines where there is none. 0 or -1 after a message. */
static int look(struct registry_copy *now)
{
	int r = registry_copy_read(now, REGISTRY_PATH);

	if (r < 0)
		complain_registry(REGISTRY_PATH, r);
	return r < 0 ? -1 : 0;
}

/* Until there may be something new: 1, 0 if nobody reads any more, or a negative errno. */
static int wait_for_change(struct registry_watch *watch)
{
	struct pollfd fds[2] = { { .fd = watch->fd, .events = POLLIN }, { .fd = STDOUT_FILENO } };
	int r = 0;

	while (r == 0) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return -errno;
		if (fds[1].revents & (POLLERR | POLLHUP | POLLNVAL))
			return 0;
		r = registry_watch_read(watch);
	}
	return r;
}

static int follow_watch(struct registry_watch *watch, struct registry_copy *published,
			const struct follow_settings *settings)
{
	int r = 1;

	if (look(published) < 0)
		return EXIT_FAILURE;
	if (settings->initial)
		print_differences(&(struct registry_copy){ 0 }, published, settings);
	while (fflush(stdout) == 0 && (r = wait_for_change(watch)) > 0) {
		struct registry_copy now;

		/* One that can't be read, which has been said, is no news of any machine. */
		if (look(&now) < 0)
			continue;
		print_differences(published, &now, settings);
		registry_copy_done(published);
		*published = now;
	}
	if (r < 0)
		complain_registry(REGISTRY_DIRECTORY, r);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int follow(const struct follow_settings *settings)
{
	CLEANUP(registry_watch_close) struct registry_watch watch = { .fd = -1 };
	CLEANUP(registry_copy_done) struct registry_copy published = { 0 };
	int r = registry_watch_open(&watch, REGISTRY_DIRECTORY);

	if (r < 0) {
		complain_registry(REGISTRY_DIRECTORY, r);
		return EXIT_FAILURE;
	}
	return follow_watch(&watch, &published, settings);
}

/* 0 to go on, or the exit status plus 1. */
static int parse(int argc, char **argv, struct follow_settings *settings)
{
	enum { OPTION_INITIAL = 256, OPTION_JSON };
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "initial", no_argument, NULL, OPTION_INITIAL },
		{ "json", required_argument, NULL, OPTION_JSON },
		{ 0 },
	};
	int option;

	optind = 0;
	while ((option = getopt_long(argc, argv, "h", options, NULL)) >= 0) {
		switch (option) {
		case 'h': return help() + 1;
		case OPTION_INITIAL: settings->initial = true; break;
		case OPTION_JSON:
			if (json_mode_parse(optarg, &settings->json) < 0)
				return EXIT_FAILURE + 1;
			break;
		default: return complain_usage("watch") + 1;
		}
	}
	if (optind < argc) {
		complain("watch: takes no names");
		return complain_usage("watch") + 1;
	}
	return 0;
}

int verb_watch(int argc, char **argv)
{
	struct follow_settings settings = { 0 };
	int status = parse(argc, argv, &settings);

	return status ? status - 1 : follow(&settings);
}
