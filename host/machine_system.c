/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/machine_system.h"

#include "base/file_identity.h"
#include "base/number.h"
#include "host/file_reader.h"
#include "host/machine_file.h"
#include "host/os_release.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int machine_system_identify(int root, struct machine_system *system)
{
	struct file_identity identity;
	int r = file_identity_read(root, "", &identity);

	if (r < 0)
		return r;
	*system = (struct machine_system){ .is_known = true,
					   .root_device = identity.device,
					   .root_inode = identity.inode };
	return 0;
}

bool machine_system_is_of_root(const struct machine_system *a, const struct machine_system *b)
{
	return a->is_known && b->is_known && a->root_device == b->root_device &&
	       a->root_inode == b->root_inode;
}

bool machine_system_lacks(const struct machine_system *system)
{
	return !system->is_known || !system->has_id || !system->os;
}

/* Whether it says nothing of the file, but of what there is to read it. */
static bool is_in_the_way(int error)
{
	return error == -ETIMEDOUT || error == -EAGAIN || error == -ENOMEM || error == -EMFILE ||
	       error == -ENFILE || error == -EPIPE || error == -EPROTO;
}

static int take_os_release(struct arena *arena, int root, int milliseconds,
			   struct machine_system *system)
{
	struct os_release os;
	int r = os_release_read(arena, root, milliseconds, &os);

	if (r < 0)
		return is_in_the_way(r) ? r : 0;
	system->os = os.id;
	system->version = os.version_id;
	system->os_name = os.pretty_name;
	return 0;
}

/* "uninitialized" and an empty file are not an id. The newline may be missing. */
static void parse_id(const char *text, struct machine_system *system)
{
	uint8_t bytes[sizeof system->id], any = 0;

	if (!hex_decode(text, bytes, sizeof bytes))
		return;
	for (size_t i = 0; i < sizeof bytes; i++)
		any |= bytes[i];
	text += 2 * sizeof bytes;
	if (!any || (*text && strcmp(text, "\n") != 0))
		return;
	system->has_id = true;
	memcpy(system->id, bytes, sizeof bytes);
}

static int take_id(int root, int milliseconds, struct machine_system *system)
{
	char text[64];
	ssize_t r;

	/* A machine with the host's files has the host's id. */
	if (machine_root_is_hosts(root))
		return 0;
	r = file_reader_read(root, "etc/machine-id", text, sizeof text, milliseconds);
	if (r < 0)
		return is_in_the_way((int) r) ? (int) r : 0;
	parse_id(text, system);
	return 0;
}

int machine_system_read(struct arena *arena, int root, int milliseconds,
			struct machine_system *system)
{
	int r = take_os_release(arena, root, milliseconds, system);

	return r < 0 ? r : take_id(root, milliseconds, system);
}

int machine_system_read_hosts(struct arena *arena, int root, struct machine_system *system)
{
	return take_os_release(arena, root, 0, system);
}
