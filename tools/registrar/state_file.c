/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/registrar/state_file.h"

#include "base/cleanup.h"
#include "base/format.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* In the double quotes of parse_env_file(), by which libsystemd reads the file. */
static void write_value(FILE *file, const char *key, const char *value)
{
	if (!value || !*value)
		return;
	fprintf(file, "%s=\"", key);
	while (*value) {
		size_t length = printable_length(value);

		/* A single byte that isn't UTF-8 would make it refuse the whole file. */
		if (length == 0) {
			fprintf(file, "\\\\x%02x", (unsigned char) *value++);
			continue;
		}
		if (strchr("\"\\`$", *value))
			fputc('\\', file);
		fwrite(value, 1, length, file);
		value += length;
	}
	fputs("\"\n", file);
}

static void write_number(FILE *file, const char *key, uint64_t number)
{
	if (number)
		fprintf(file, "%s=%" PRIu64 "\n", key, number);
}

static void write_interfaces(FILE *file, const struct machine *m)
{
	for (size_t i = 0; i < m->n_interfaces; i++)
		fprintf(file, "%s%u", i == 0 ? "NETIF=\"" : " ", m->interfaces[i].index);
	if (m->n_interfaces)
		fputs("\"\n", file);
}

/* With the keys that systemd-machined writes. */
static void write_machine(FILE *file, const struct machine *m)
{
	char id[ID128_TEXT_SIZE];

	fputs(STATE_FILE_MARK, file);
	write_value(file, "NAME", m->name);
	write_value(file, "SCOPE", m->unit);
	write_value(file, "SERVICE", m->service);
	write_value(file, "ROOT", m->root_directory);
	if (m->has_id)
		write_value(file, "ID", id128_format(m->id, id));
	write_number(file, "LEADER", m->leader.pid);
	write_number(file, "LEADER_PIDFDID", m->leader.pidfd_inode);
	write_value(file, "CLASS", machine_class_name(m->class));
	write_number(file, "REALTIME", m->realtime);
	write_number(file, "MONOTONIC", m->monotonic);
	write_interfaces(file, m);
	write_number(file, "VSOCK_CID", m->vsock_cid);
	write_value(file, "SSH_ADDRESS", m->ssh_address);
}

static void write_unit_line(FILE *file, const struct machine *m)
{
	fputc('\n', file);
	write_value(file, "SCOPE", m->unit);
}

/* The text that `write` writes, in the arena. */
static const char *written_text(struct arena *arena, void write(FILE *, const struct machine *),
				const struct machine *m)
{
	CLEANUP_FREE char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	if (file) {
		write(file, m);
		fclose(file);
	}
	if (!text)
		arena_out_of_memory();
	return arena_strdup(arena, text);
}

const char *state_file_text(struct arena *arena, const struct machine *m)
{
	return written_text(arena, write_machine, m);
}

bool state_file_has_unit(struct arena *arena, const char *text, const char *unit)
{
	const struct machine m = { .unit = unit };

	return strstr(text, written_text(arena, write_unit_line, &m)) != NULL;
}
