/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/oci/configuration.h"

#include "base/array_size.h"
#include "base/cleanup.h"
#include "base/format.h"
#include "base/ending.h"
#include "base/json_value.h"
#include "base/quote.h"
#include "base/signal_name.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

/* How many words a command may have, and how many variables the environment. */
#define WORDS_MAX 4096

struct settings {
	struct arena *arena;
	struct notices *notices;
	FILE *text;
};

/* A control character could begin another line of the settings, or change what a terminal shows. */
static bool has_control(const char *text)
{
	return !is_printable(text);
}

static void leave_out(struct settings *s, const char *what, const char *why)
{
	notices_add(s->notices, NOTICE_WARNING, "the image's %s is left out: %s", what, why);
}

static void add_setting(struct settings *s, const char *key, const char *value)
{
	fprintf(s->text, "%s=%s\n", key, value);
}

/*
 * Quote a word so that systemd reads the same word: in double quotes, where it takes a backslash as it is;
 * a double quote is put into single quotes.
 */
static void put_word(FILE *text, const char *word)
{
	putc('"', text);
	for (; *word; word++) {
		if (*word == '"')
			fputs("\"'\"'\"", text);
		else
			putc(*word, text);
	}
	putc('"', text);
}

/* Append the words of a list to an array. Returns NULL, or why the list is left out. */
static const char *collect_words(json_object *list, const char **words, size_t *count)
{
	size_t length = list ? json_object_array_length(list) : 0;

	for (size_t i = 0; i < length; i++) {
		const char *word = json_string(json_object_array_get_idx(list, i));

		if (!word)
			return "it isn't a list of words";
		if (has_control(word))
			return "it has a control byte";
		if (*count == WORDS_MAX)
			return "it has too many words";
		words[(*count)++] = word;
	}
	return NULL;
}

/* Programs that are made to run as the first process of a system. */
static bool is_init(const char *word)
{
	static const char *const inits[] = { "/sbin/init", "/usr/sbin/init", "/bin/init",
					     "/lib/systemd/systemd", "/usr/lib/systemd/systemd" };

	for (size_t i = 0; i < ARRAY_SIZE(inits); i++)
		if (strcmp(word, inits[i]) == 0)
			return true;
	return false;
}

static void add_command(struct settings *s, json_object *object)
{
	const char **words = arena_alloc(s->arena, WORDS_MAX * sizeof *words), *why;
	size_t count = 0, first;

	why = collect_words(json_member(object, "Entrypoint", json_type_array), words, &count);
	if (!why)
		why = collect_words(json_member(object, "Cmd", json_type_array), words, &count);
	if (!why && count && !*words[0])
		why = "it has no program";
	if (why)
		leave_out(s, "command", why);
	if (why || count == 0)
		return;
	first = is_init(words[0]);
	add_setting(s, first ? "Boot" : "ProcessTwo", "yes");
	for (size_t i = first; i < count; i++) {
		fputs(i == first ? "Parameters=" : " ", s->text);
		put_word(s->text, words[i]);
	}
	if (first < count)
		putc('\n', s->text);
}

static bool is_variable(const char *text)
{
	size_t length =
		strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");

	return length && text[length] == '=' && !(text[0] >= '0' && text[0] <= '9');
}

static void add_variable(struct settings *s, const char *text)
{
	fputs("Environment=", s->text);
	put_word(s->text, text);
	putc('\n', s->text);
}

static void add_environment(struct settings *s, json_object *object)
{
	json_object *list = json_member(object, "Env", json_type_array);
	size_t length = list ? json_object_array_length(list) : 0;

	if (length > WORDS_MAX) {
		leave_out(s, "environment", "it has too many variables");
		return;
	}
	for (size_t i = 0; i < length; i++) {
		const char *text = json_string(json_object_array_get_idx(list, i));
		char quoted[QUOTED_SIZE], what[QUOTED_SIZE + 16];

		snprintf(what, sizeof what, "variable '%s'",
			 quote(text ? arena_printf(s->arena, "%.*s", (int) strcspn(text, "="), text)
				    : "",
			       quoted));
		if (!text || !is_variable(text))
			leave_out(s, what, "it has no valid name");
		else if (has_control(text))
			leave_out(s, what, "it has a control byte");
		else
			add_variable(s, text);
	}
}

/* Only the user: systemd.nspawn(5) has no setting for the group. */
static void add_user(struct settings *s, json_object *object)
{
	const char *text = json_member_text(s->arena, object, "User");
	size_t length = strcspn(text, ":");
	char *user = arena_printf(s->arena, "%.*s", (int) length, text);

	if (!*user || strcmp(user, "root") == 0 || strcmp(user, "0") == 0)
		return;
	if (strspn(user, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") !=
		    strlen(user) ||
	    *user == '-' || strlen(user) > 256) {
		leave_out(s, "user", "it isn't a valid name");
		return;
	}
	add_setting(s, "User", user);
	if (text[length])
		leave_out(s, "group", "systemd-nspawn takes that of the user");
}

static void add_directory(struct settings *s, json_object *object)
{
	const char *path = json_member_text(s->arena, object, "WorkingDir");
	size_t length = strlen(path);

	if (!*path || strcmp(path, "/") == 0)
		return;
	if (has_control(path))
		leave_out(s, "directory", "it has a control byte");
	/* systemd removes blanks at the ends, and joins a line that ends in a backslash to the next. */
	else if (*path != '/' || length >= 4096 || strchr(" \\", path[length - 1]) ||
		 strstr(path, "/../") || stem_length(path, "/..") > 0)
		leave_out(s, "directory", "it isn't a valid path");
	else
		add_setting(s, "WorkingDirectory", path);
}

static void add_stop_signal(struct settings *s, json_object *object)
{
	const char *text = json_member_text(s->arena, object, "StopSignal");
	int number = *text ? signal_parse(text) : 0;
	char name[SIGNAL_NAME_SIZE];

	if (!*text)
		return;
	if (!number) {
		leave_out(s, "signal for stopping", "it is not a signal");
		return;
	}
	add_setting(s, "KillSignal", signal_format(number, name));
}

static const char *make_settings(struct arena *arena, json_object *object, struct notices *notices)
{
	CLEANUP_FREE char *text = NULL;
	size_t size;
	struct settings s = { arena, notices, open_memstream(&text, &size) };

	if (!s.text)
		arena_out_of_memory();
	fputs("# What the image asks for itself. systemd-nspawn does not trust it.\n[Exec]\n",
	      s.text);
	if (object) {
		add_command(&s, object);
		add_environment(&s, object);
		add_user(&s, object);
		add_directory(&s, object);
		add_stop_signal(&s, object);
	}
	if (fclose(s.text) != 0)
		arena_out_of_memory();
	return arena_strdup(arena, text);
}

static int read_layers(struct arena *arena, json_object *object, struct oci_configuration *c,
		       struct failure *f)
{
	json_object *root = json_member(object, "rootfs", json_type_object);
	json_object *list = root ? json_member(root, "diff_ids", json_type_array) : NULL;
	size_t count = list ? json_object_array_length(list) : 0;
	char quoted[QUOTED_SIZE];

	if (count == 0 || count > OCI_LAYERS_MAX)
		return failure_set(f, FAILURE_INVALID,
				   "its configuration has the sums of %zu layers, and 1 to %d are "
				   "wanted",
				   count, OCI_LAYERS_MAX);
	c->layers = arena_alloc(arena, count * sizeof *c->layers);
	c->n_layers = count;
	for (size_t i = 0; i < count; i++) {
		const char *text = json_string(json_object_array_get_idx(list, i));

		if (!text || !digest_parse_tagged(text, &c->layers[i]))
			return failure_set(
				f, FAILURE_INVALID,
				"'%s' in its configuration is not a digest by SHA-256 or "
				"SHA-512",
				quote(text ? text : "", quoted));
	}
	return 0;
}

int oci_configuration_parse(struct arena *arena, const char *text, size_t size,
			    struct oci_configuration *configuration, struct notices *notices,
			    struct failure *f)
{
	const char *why;
	CLEANUP(json_value_done) json_object *object = json_parse(text, size, &why);
	struct oci_configuration c = { 0 };

	if (!json_object_is_type(object, json_type_object))
		return failure_set(f, FAILURE_INVALID, "its configuration can't be read: %s",
				   why ? why : "no object of JSON");
	if (read_layers(arena, object, &c, f) < 0)
		return -1;
	c.platform = (struct oci_platform){ json_member_text(arena, object, "os"),
					    json_member_text(arena, object, "architecture"),
					    json_member_text(arena, object, "variant") };
	c.settings = make_settings(arena, json_member(object, "config", json_type_object), notices);
	*configuration = c;
	return 0;
}
