/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/verbs/image_architecture.h"

#include "base/array_size.h"
#include "base/cleanup.h"
#include "host/machine_file.h"

#include <elf.h>
#include <endian.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

/* Missing from older headers. */
#ifndef EM_LOONGARCH
#define EM_LOONGARCH 258
#endif

/* So much of the partition from which UEFI starts programs is searched. */
#define UEFI_SIZE_MAX ((size_t) 8 << 20)

#define GPT_MAGIC	"EFI PART"
#define GPT_ENTRIES_MAX 128
#define GPT_ENTRY_SIZE	128

/* Kinds of processors, and their marks in files and on disks. */
static const struct architecture {
	const char *name;
	int elf_class, elf_data, elf_machine;
	const char *root;      /* the type of a partition for its root directory */
	const char *uefi_file; /* in a directory of FAT */
} architectures[] = {
	{ "x86_64", ELFCLASS64, ELFDATA2LSB, EM_X86_64, "4f68bce3-e8cd-4db1-96e7-fbcaf984b709",
	  "BOOTX64 EFI" },
	{ "i686", ELFCLASS32, ELFDATA2LSB, EM_386, "44479540-f297-41b2-9af7-d131d5f0458a",
	  "BOOTIA32EFI" },
	{ "aarch64", ELFCLASS64, ELFDATA2LSB, EM_AARCH64, "b921b045-1df0-41c3-af44-4c6f280d3fae",
	  "BOOTAA64EFI" },
	{ "arm", ELFCLASS32, ELFDATA2LSB, EM_ARM, "69dad710-2ce4-4e3c-b16c-21a1d49abed3",
	  "BOOTARM EFI" },
	{ "riscv64", ELFCLASS64, ELFDATA2LSB, EM_RISCV, "72ec70a6-cf74-40e6-bd49-4bda08e8f224",
	  NULL },
	{ "ppc64le", ELFCLASS64, ELFDATA2LSB, EM_PPC64, "c31c45e6-3f39-412e-80fb-4809c4980599",
	  NULL },
	{ "ppc64", ELFCLASS64, ELFDATA2MSB, EM_PPC64, "912ade1d-a839-4913-8964-a10eee08fbd2",
	  NULL },
	{ "s390x", ELFCLASS64, ELFDATA2MSB, EM_S390, "5eead9a9-fe09-4a1e-a1d7-520d00531306", NULL },
	{ "loongarch64", ELFCLASS64, ELFDATA2LSB, EM_LOONGARCH,
	  "77055800-792c-4f94-b39a-98c91b762bb6", NULL },
};

static const char *find_by_elf(const unsigned char *ident, unsigned int machine)
{
	for (size_t i = 0; i < ARRAY_SIZE(architectures); i++) {
		const struct architecture *a = &architectures[i];

		if (a->elf_class == ident[EI_CLASS] && a->elf_data == ident[EI_DATA] &&
		    a->elf_machine == (int) machine)
			return a->name;
	}
	return NULL;
}

static const char *of_program(int root, const char *path)
{
	unsigned char head[20];
	uint16_t machine;

	if (machine_file_read_head(root, path, head, sizeof head) != (ssize_t) sizeof head ||
	    memcmp(head, ELFMAG, SELFMAG) != 0)
		return NULL;
	memcpy(&machine, head + 18, sizeof machine);
	return find_by_elf(head,
			   head[EI_DATA] == ELFDATA2MSB ? be16toh(machine) : le16toh(machine));
}

static const char *of_tree(const struct image *image)
{
	static const char *const programs[] = { "/usr/lib/systemd/systemd", "/lib/systemd/systemd",
						"/sbin/init", "/bin/sh" };
	CLEANUP_CLOSE int root = open(image->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	const char *name = NULL;

	for (size_t i = 0; root >= 0 && i < ARRAY_SIZE(programs) && !name; i++)
		name = of_program(root, programs[i]);
	return name;
}

/* A type as it is on the disk: the first three numbers are little-endian. */
static void format_type(const unsigned char *type, char text[static 37])
{
	snprintf(text, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
		 type[3], type[2], type[1], type[0], type[5], type[4], type[7], type[6], type[8],
		 type[9], type[10], type[11], type[12], type[13], type[14], type[15]);
}

static uint64_t get_64(const unsigned char *bytes)
{
	uint64_t value;

	memcpy(&value, bytes, sizeof value);
	return le64toh(value);
}

/* By the programs for UEFI in a file system: this host's kind if there is one for it, else the first. */
static const char *of_uefi(int fd, uint64_t offset, const char *own)
{
	CLEANUP_FREE char *text = malloc(UEFI_SIZE_MAX);
	const char *name = NULL;
	ssize_t n = text ? pread(fd, text, UEFI_SIZE_MAX, (off_t) offset) : -1;

	for (size_t i = 0; n > 0 && i < ARRAY_SIZE(architectures); i++) {
		const struct architecture *a = &architectures[i];

		if (!a->uefi_file || !memmem(text, (size_t) n, a->uefi_file, strlen(a->uefi_file)))
			continue;
		if (strcmp(a->name, own) == 0)
			return a->name;
		name = name ? name : a->name;
	}
	return name;
}

static const char *of_partitions(int fd, const unsigned char *entries, size_t count,
				 uint64_t sector, const char *own)
{
	static const char uefi[] = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b";
	const char *name = NULL, *by_uefi = NULL;
	bool has_uefi = false;

	for (size_t i = 0; i < count; i++) {
		const unsigned char *entry = entries + i * GPT_ENTRY_SIZE;
		char type[37];

		format_type(entry, type);
		/* Only the first one is read: there may be as many as entries. */
		if (strcmp(type, uefi) == 0 && !has_uefi) {
			has_uefi = true;
			by_uefi = of_uefi(fd, get_64(entry + 32) * sector, own);
		}
		for (size_t j = 0; j < ARRAY_SIZE(architectures); j++)
			if (strcmp(type, architectures[j].root) == 0 &&
			    (!name || strcmp(architectures[j].name, own) == 0))
				name = architectures[j].name;
	}
	return name ? name : by_uefi;
}

static const char *of_disk(const struct image *image, const char *own)
{
	static const uint64_t sectors[] = { 512, 4096 };
	CLEANUP_CLOSE int fd = open(image->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	unsigned char header[92], entries[GPT_ENTRIES_MAX * GPT_ENTRY_SIZE];

	for (size_t i = 0; fd >= 0 && i < ARRAY_SIZE(sectors); i++) {
		uint64_t at;
		ssize_t n;

		if (pread(fd, header, sizeof header, (off_t) sectors[i]) != sizeof header ||
		    memcmp(header, GPT_MAGIC, strlen(GPT_MAGIC)) != 0)
			continue;
		at = get_64(header + 72);
		if (at > INT64_MAX / sectors[i])
			return NULL;
		n = pread(fd, entries, sizeof entries, (off_t) (at * sectors[i]));
		return n < 0 ? NULL
			     : of_partitions(fd, entries, (size_t) n / GPT_ENTRY_SIZE, sectors[i],
					     own);
	}
	return NULL;
}

static const char *name_of_host(struct utsname *name)
{
	if (uname(name) < 0)
		return "";
	/* "armv7l" and others. */
	return strncmp(name->machine, "armv", 4) == 0 ? "arm" : name->machine;
}

const char *image_architecture(const struct image *image)
{
	struct utsname name;

	return image_is_disk(image) ? of_disk(image, name_of_host(&name)) : of_tree(image);
}

bool architecture_runs_here(const char *architecture)
{
	char handler[64];
	struct utsname name;
	const char *own = name_of_host(&name);

	if (strcmp(own, architecture) == 0 ||
	    (strcmp(own, "x86_64") == 0 && strcmp(architecture, "i686") == 0) ||
	    (strcmp(own, "aarch64") == 0 && strcmp(architecture, "arm") == 0))
		return true;
	snprintf(handler, sizeof handler, "/proc/sys/fs/binfmt_misc/qemu-%s",
		 strcmp(architecture, "i686") == 0 ? "i386" : architecture);
	return access(handler, F_OK) == 0;
}
