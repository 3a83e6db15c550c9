/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines ssh */
#include "registry/cleanup.h"
#include "tools/arena.h"
#include "tools/message.h"
#include "tools/options.h"
#include "tools/verbs.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
	"Usage: mymachines ssh [USER@]NAME [COMMAND...]\n"
	"\n"
	"Run ssh(1) to a machine: to its ssh address, else to its vsock(7) context id,\n"
	"else to the first of its addresses.\n"
	"\n"
	"  -h, --help   Show this help";

/* What systemd 256 has; otherwise socat(1) is asked for. */
#define PROXY "/usr/lib/systemd/systemd-ssh-proxy"

struct command {
	struct arena arena;
	const char **words;
	size_t count;
};

static void add(struct command *command, const char *word)
{
	command->words = arena_grow(&command->arena, command->words, command->count, sizeof word);
	command->words[command->count++] = word;
}

/* "vsock/CID", as systemd has it, or just the id of the record. 0 if it is none. */
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
	add(command, "-o");
	if (access(PROXY, X_OK) == 0) {
		add(command,
		    arena_printf(&command->arena, "ProxyCommand=" PROXY " vsock/%u 22", cid));
		add(command, "-o");
		add(command, "ProxyUseFdpass=yes");
	} else {
		add(command,
		    arena_printf(&command->arena, "ProxyCommand=socat - VSOCK-CONNECT:%u:22", cid));
	}
}

/* 0, or -1 after a message. */
static int add_destination(struct command *command, const struct machine *m)
{
	char address[ADDRESS_TEXT_SIZE];
	uint32_t cid = vsock_cid(m);

	if (m->ssh_address && m->ssh_address[0] == '-') {
		complain("%s: its ssh address is an option, and not used", m->name);
		return -1;
	}
	if (cid)
		add_proxy(command, cid);
	else if (!m->ssh_address && m->n_addresses == 0) {
		complain("%s: has no address; see register --ssh-address", m->name);
		return -1;
	}
	/* Behind this, nothing is an option any more, not even of what the remote command is. */
	add(command, "--");
	if (cid)
		add(command, m->name);
	else if (m->ssh_address)
		add(command, m->ssh_address);
	else
		add(command,
		    arena_strdup(&command->arena, address_format(&m->addresses[0], address)));
	return 0;
}

static int prepare(struct command *command, char *destination)
{
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };
	char *at = strrchr(destination, '@');
	struct machine machine;

	if (at)
		*at = '\0';
	if (open_registry(&snapshot) < 0 ||
	    find_machine(&snapshot, at ? at + 1 : destination, &machine) < 0)
		return -1;
	add(command, "ssh");
	if (at) {
		add(command, "-l");
		add(command, destination);
	}
	/* The words outlive the snapshot. */
	machine.name = arena_strdup(&command->arena, machine.name);
	if (machine.ssh_address)
		machine.ssh_address = arena_strdup(&command->arena, machine.ssh_address);
	return add_destination(command, &machine);
}

int verb_ssh(int argc, char **argv)
{
	static const struct option options[] = { { "help", no_argument, NULL, 'h' }, { 0 } };
	struct command command = { 0 };
	int option;

	optind = 0;
	/* Up to the name: the rest is the command's. */
	while ((option = getopt_long(argc, argv, "+h", options, NULL)) >= 0) {
		if (option != 'h')
			return complain_usage("ssh");
		puts(help);
		return EXIT_SUCCESS;
	}
	if (optind == argc) {
		complain("ssh: a name is missing");
		return complain_usage("ssh");
	}
	if (prepare(&command, argv[optind]) == 0) {
		for (int i = optind + 1; i < argc; i++)
			add(&command, argv[i]);
		add(&command, NULL);
		execvp("ssh", (char *const *) command.words);
		complain("cannot run ssh: %s", strerror(errno));
	}
	arena_done(&command.arena);
	return EXIT_FAILURE;
}
