/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines shell */
#include "base/cleanup.h"
#include "tools/enter/sealed_copy.h"
#include "tools/verbs/command_line.h"
#include "tools/verbs/host_session.h"
#include "tools/verbs/machinectl.h"
#include "tools/verbs/option_values.h"
#include "tools/verbs/verb_session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct shell_settings {
	bool is_quiet;
	struct machine_session session;
};

/* NAME=VALUE; or NAME, to pass on the value that it has here, if it has one. */
static int add_variable(void *member, const char *value, struct failure *f)
{
	struct shell_settings *settings = member;
	CLEANUP_FREE char *setting = NULL;
	size_t length = strcspn(value, "=");
	const char *inherited = value[length] ? NULL : getenv(value);
	int r = 0;

	if (!is_variable_name(value, length))
		return usage_failure(f, "not an environment variable");
	if (inherited && asprintf(&setting, "%s=%s", value, inherited) < 0)
		r = -ENOMEM;
	else if (value[length] || inherited)
		r = string_list_add(&settings->session.settings, setting ?: value);
	return r < 0 ? failure_errno(f, -ENOMEM, "setenv") : 0;
}

/* Split [USER@]NAME. The user takes precedence over --uid, as in machinectl(1). */
static const char *split_user(struct machine_session *session, char *text)
{
	char *at = strrchr(text, '@');

	if (!at)
		return text;
	*at = '\0';
	if (*text)
		session->user = text;
	return at + 1;
}

static int run_session(const struct command_line *line, struct machine_session *session,
		       struct failure *f)
{
	struct machine_program program = { 0 };
	const char *machine =
		split_user(session, arena_strdup(line->arena, line->n_names ? line->names[0] : ""));
	char **command = line->names + (line->n_names ? 1 : 0);

	/* In machinectl(1), an empty command is the user's shell. */
	if (is_machinectl() && *command && !**command && !command[1])
		command++;
	if (is_this_host(machine))
		return host_session_run(session->user, &session->settings, command, f);
	if (line->n_names == 0)
		return usage_failure(f, "shell: the name of a machine is missing; the host's own "
					"shell isn't opened here");
	if (!*machine || strcmp(machine, ".host") == 0)
		return failure_set(f, FAILURE_INVALID,
				   "shell: the host itself is not a machine; use su or sudo");
	if (sealed_copy_enter("shell", line->argv, f) < 0)
		return -1;
	if (*command)
		program = (struct machine_program){ command[0], command };
	session->programs = &program;
	session->n_programs = 1;
	return verb_session_run(machine, session);
}

static int open_shell(const struct command_line *line, void *data, struct failure *f)
{
	struct shell_settings *settings = data;
	int status;

	settings->session.messages = settings->is_quiet ? NULL : stderr;
	status = run_session(line, &settings->session, f);
	string_list_done(&settings->session.settings);
	return status;
}

static const struct verb_option options[] = {
	{ "quiet", 'q', SETS(struct shell_settings, is_quiet, set_true),
	  .help = "Print no message about the connection" },
	{ "uid", .argument = "USER", SETS(struct shell_settings, session.user, set_text),
	  .help = "Run as this user, by name or number (default: root)" },
	{ "setenv", 'E', "NAME[=VALUE]", 0, add_variable,
	  .help = "Set an environment variable; without a value, pass on the caller's",
	  .values = COMPLETE_VARIABLE },
	{ 0 },
};

const struct verb shell_verb = {
	.name = "shell",
	.synopsis = "[OPTION...] [USER@]NAME [COMMAND [ARGUMENT...]]",
	.list_entry = "NAME [COMMAND]",
	.summary = "Run a command in a container, or a shell",
	.description = "Run a command in a container, or the login shell of its user.",
	.notes = "If standard input and output are a terminal, the command gets one of the\n"
		 "machine; press ^] three times within a second to leave it. Otherwise it gets\n"
		 "pipes. The exit status is the command's; 127 if there is no such command, 126\n"
		 "if it can't be executed.",
	.group = VERB_ENTER,
	.is_machinectl = true,
	.operands = { .max = OPERANDS_MANY,
		      .values = { COMPLETE_MACHINE_USER, COMPLETE_COMMAND },
		      .options_end_after = 1 },
	.options = options,
	.settings_size = sizeof(struct shell_settings),
	.defaults = &(const struct shell_settings){ .session.user = "root" },
	.run = open_shell,
};
