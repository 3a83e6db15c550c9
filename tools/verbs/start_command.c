/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/verbs/start_command.h"

#include "base/array_size.h"
#include "base/cleanup.h"
#include "base/program.h"
#include "registry/lock.h"
#include "tools/verbs/firmware.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <net/if.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define QMP_DIRECTORY REGISTRY_DIRECTORY "/qemu"

/* Of the first sector of a disk that a BIOS starts, the program. */
#define BOOT_CODE_SIZE 440

const char **start_nspawn_command(struct arena *arena, const struct image *image)
{
	const char *command[] = {
		program_own_path(),
		"run",
		image->name,
		"--service=systemd-nspawn",
		"--",
		"systemd-nspawn",
		"--quiet",
		"--keep-unit",
		"--register=no",
		"--boot",
		"--console=pipe",
		"--link-journal=try-guest",
		"--network-veth",
		"-U",
		"--settings=override",
		arena_printf(arena, "--machine=%s", image->name),
		NULL,
	};

	return arena_copy(arena, command, sizeof command);
}

/* A number that follows from a name: FNV-1a. */
static uint32_t hash_name(const char *name)
{
	uint32_t hash = 2166136261;

	for (; *name; name++)
		hash = (hash ^ (unsigned char) *name) * 16777619;
	return hash;
}

/* A value in one of QEMU's lists, where a comma ends it. */
static const char *double_commas(struct arena *arena, const char *text)
{
	char *doubled = arena_alloc(arena, 2 * strlen(text) + 1), *to = doubled;

	for (; *text; text++) {
		if (*text == ',')
			*to++ = ',';
		*to++ = *text;
	}
	*to = '\0';
	return doubled;
}

/* 1 if the disk has a program for a BIOS to start, 0 if not, or -1 with a failure. */
static int has_boot_code(const struct image *image, struct failure *f)
{
	CLEANUP_CLOSE int fd = open(image->path, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	char code[BOOT_CODE_SIZE] = "";

	if (fd < 0 || pread(fd, code, sizeof code, 0) < 0)
		return failure_errno(f, -errno, "cannot read %s", image->path);
	for (size_t i = 0; i < sizeof code; i++)
		if (code[i])
			return 1;
	return 0;
}

/* The flash memories of UEFI: code, and variables, which are forgotten when the VM ends. */
struct flash {
	const char *drives[2]; /* values of QEMU's -drive; NULL for QEMU's own BIOS */
};

/* 0, or -1 with a failure. */
static int choose_firmware(struct arena *arena, const struct image *image, struct flash *flash,
			   struct failure *f)
{
	static const char *const directories[] = { FIRMWARE_DIRECTORIES, NULL };
	struct firmware uefi;
	int r = has_boot_code(image, f);

	*flash = (struct flash){ 0 };
	if (r != 0)
		return r > 0 ? 0 : -1;
	if (!firmware_find(arena, directories, "x86_64", "pc-q35-", &uefi))
		return failure_set(f, FAILURE_NO_PROGRAM,
				   "%s: the disk has no program for a BIOS, and no UEFI for VMs is "
				   "installed (Debian's package ovmf)",
				   image->name);
	flash->drives[0] = arena_printf(arena, "if=pflash,unit=0,readonly=on,format=%s,file=%s",
					uefi.code_format, double_commas(arena, uefi.code));
	flash->drives[1] =
		arena_printf(arena, "if=pflash,unit=1,snapshot=on,format=%s,file=%s",
			     uefi.variables_format, double_commas(arena, uefi.variables));
	return 0;
}

/* As systemd calls them, so that systemd-networkd knows what to do with one. */
static const char *interface_name(struct arena *arena, const char *machine)
{
	if (strlen(machine) + strlen("vt-") < IFNAMSIZ)
		return arena_printf(arena, "vt-%s", machine);
	return arena_printf(arena, "vt-%.6s%06" PRIx32, machine, hash_name(machine) & 0xffffff);
}

static const char *network_of(struct arena *arena, const char *machine)
{
	uint32_t hash = hash_name(machine);

	if (access("/dev/net/tun", R_OK | W_OK) < 0)
		return "none";
	return arena_printf(arena,
			    "tap,ifname=%s,script=no,downscript=no,model=virtio-net-pci,"
			    "mac=52:54:00:%02" PRIx32 ":%02" PRIx32 ":%02" PRIx32,
			    interface_name(arena, machine), hash >> 16 & 0xff, hash >> 8 & 0xff,
			    hash & 0xff);
}

static int check_qemu(const struct image *image, struct failure *f)
{
	int r;

#ifndef __x86_64__
	return failure_set(f, FAILURE_NOT_SUPPORTED,
			   "%s: VMs are started on x86-64 only; run-qemu takes any QEMU",
			   image->name);
#endif
	if (!image_is_disk(image))
		return failure_set(f, FAILURE_NOT_SUPPORTED,
				   "%s: it is a directory, and QEMU starts disks", image->name);
	if (!program_is_installed(START_QEMU_PROGRAM))
		return failure_set(f, FAILURE_NO_PROGRAM,
				   "%s: " START_QEMU_PROGRAM
				   " isn't installed (Debian's package qemu-system-x86)",
				   image->name);
	r = registry_directory_make(REGISTRY_DIRECTORY);
	if (r < 0)
		return failure_errno(f, r, "cannot make " REGISTRY_DIRECTORY);
	if (mkdir(QMP_DIRECTORY, 0700) < 0 && errno != EEXIST)
		return failure_errno(f, -errno, "cannot make " QMP_DIRECTORY);
	return 0;
}

const char *start_qemu_control(struct arena *arena, const char *machine)
{
	return arena_printf(arena, QMP_DIRECTORY "/%s", machine);
}

const char **start_qemu_command(struct arena *arena, const struct image *image, struct failure *f)
{
	struct flash flash;

	if (check_qemu(image, f) < 0 || choose_firmware(arena, image, &flash, f) < 0)
		return NULL;

	const char *command[] = {
		program_own_path(),
		"run-qemu",
		image->name,
		"--",
		START_QEMU_PROGRAM,
		"-name",
		arena_printf(arena, "guest=%s", image->name),
		"-no-user-config",
		"-nodefaults",
		"-sandbox",
		"on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
		"-machine",
		"q35,accel=kvm:tcg",
		"-cpu",
		"max",
		"-smp",
		"2",
		"-m",
		"1G",
		"-display",
		"none",
		"-serial",
		"stdio",
		"-device",
		"virtio-rng-pci",
		"-drive",
		arena_printf(arena, "file=%s,format=raw,if=virtio,discard=unmap%s",
			     double_commas(arena, image->path),
			     image->is_read_only ? ",readonly=on" : ""),
		"-nic",
		network_of(arena, image->name),
		"-qmp",
		arena_printf(arena, "unix:%s,server=on,wait=off",
			     start_qemu_control(arena, image->name)),
		flash.drives[0] ? "-drive" : NULL,
		flash.drives[0],
		"-drive",
		flash.drives[1],
		NULL,
	};

	return arena_copy(arena, command, sizeof command);
}
