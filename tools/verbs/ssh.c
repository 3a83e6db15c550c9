/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines ssh */
#include "base/number.h"
#include "base/arena.h"
#include "base/cleanup.h"
#include "registry/leader_state.h"
#include "registry/lookup.h"
#include "tools/verbs/command_line.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* systemd 256 has it; otherwise socat(1) is used. */
#define PROXY "/usr/lib/systemd/systemd-ssh-proxy"

struct command {
	struct arena arena;
	const char **words;
	size_t count;
};

static void add_word(struct command *command, const char *word)
{
	command->words = arena_grow(&command->arena, command->words, command->count, sizeof word);
	command->words[command->count++] = word;
}

/* The context id of "vsock/CID", which is systemd's form, or the registered one. 0 if there is none. */
static uint32_t vsock_cid(const struct machine *m)
{
	uint32_t cid;

	if (!m->ssh_address)
		return m->vsock_cid;
	if (strncmp(m->ssh_address, "vsock/", 6) == 0 && id_parse(m->ssh_address + 6, &cid) == 0)
		return cid;
	return 0;
}

static void add_proxy(struct command *command, uint32_t cid)
{
	add_word(command, "-o");
	if (access(PROXY, X_OK) == 0) {
		add_word(command,
			 arena_printf(&command->arena, "ProxyCommand=" PROXY " vsock/%u 22", cid));
		add_word(command, "-o");
		add_word(command, "ProxyUseFdpass=yes");
	} else {
		add_word(command, arena_printf(&command->arena,
					       "ProxyCommand=socat - VSOCK-CONNECT:%u:22", cid));
	}
}

static int add_destination(struct command *command, const struct machine *m, struct failure *f)
{
	char address[ADDRESS_TEXT_SIZE];
	uint32_t cid = vsock_cid(m);

	if (m->ssh_address && m->ssh_address[0] == '-')
		return failure_set(f, FAILURE_INVALID,
				   "%s: its ssh address begins with '-', so it isn't used",
				   m->name);
	if (cid)
		add_proxy(command, cid);
	else if (!m->ssh_address && m->n_addresses == 0)
		return failure_set(f, FAILURE_NOT_SUPPORTED,
				   "%s: has no address; see register --ssh-address", m->name);
	/* Nothing behind this is an option, whatever the remote command looks like. */
	add_word(command, "--");
	if (cid)
		add_word(command, arena_strdup(&command->arena, m->name));
	else if (m->ssh_address)
		add_word(command, arena_strdup(&command->arena, m->ssh_address));
	else
		add_word(command,
			 arena_strdup(&command->arena, address_format(&m->addresses[0], address)));
	return 0;
}

/* ssh_config(5): '%' begins a token. */
static char *without_tokens(struct arena *arena, const char *path)
{
	char *text = arena_alloc(arena, 2 * strlen(path) + 1), *to = text;

	for (; *path; path++) {
		if (*path == '%')
			*to++ = '%';
		*to++ = *path;
	}
	*to = '\0';
	return text;
}

static int prepare_command(struct command *command, const char *destination, struct failure *f)
{
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };
	char *user = arena_strdup(&command->arena, destination), *at = strrchr(user, '@');
	struct machine machine;

	if (at)
		*at = '\0';
	if (registry_open(&snapshot, f) < 0 ||
	    machine_find(&snapshot, at ? at + 1 : user, &machine, f) < 0)
		return -1;
	/* Another one may have its addresses by now. */
	if (leader_state(&machine.leader, &snapshot.meta.context, NULL) == LEADER_DEAD)
		return machine_failure(f, &machine, "connect to it", -ESRCH);
	add_word(command, "ssh");
	if (at) {
		add_word(command, "-l");
		add_word(command, user);
	}
	if (machine.ssh_key) {
		add_word(command, "-i");
		add_word(command, without_tokens(&command->arena, machine.ssh_key));
	}
	return add_destination(command, &machine, f);
}

static int run_ssh(const struct command_line *line, void *settings, struct failure *f)
{
	struct command command = { 0 };
	int r = prepare_command(&command, line->names[0], f);

	(void) settings;
	if (r == 0) {
		for (char **word = line->names + 1; *word; word++)
			add_word(&command, *word);
		add_word(&command, NULL);
		execvp("ssh", (char *const *) command.words);
		r = failure_errno(f, -errno, "cannot run ssh");
	}
	arena_done(&command.arena);
	return r;
}

const struct verb ssh_verb = {
	.name = "ssh",
	.synopsis = "[USER@]NAME [COMMAND...]",
	.list_entry = "[USER@]NAME",
	.summary = "Log in to a machine, or run a command there",
	.description = "Run ssh(1) to a machine: to its ssh address; or else to its vsock(7) "
		       "context id; or else to the first of its addresses. The exit status is "
		       "that of ssh.",
	.group = VERB_ENTER,
	/* It becomes ssh, and makes neither files nor children before. */
	.passes_inherited = true,
	.operands = { .min = 1,
		      .max = OPERANDS_MANY,
		      .values = { COMPLETE_MACHINE_USER, "" },
		      .options_end_after = 1 },
	.run = run_ssh,
};
