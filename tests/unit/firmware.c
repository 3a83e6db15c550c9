/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tools/verbs/firmware.h */
#include "tools/verbs/firmware.h"

#include "base/array_size.h"

#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char etc[64], usr[64];
static const char *const directories[] = { etc, usr, NULL };
static struct arena arena;

static void write_file(const char *directory, const char *name, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", directory, name);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	ck_assert_int_eq(fclose(file), 0);
}

static void make_directories(void)
{
	strcpy(etc, "/tmp/firmware.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(etc));
	snprintf(usr, sizeof usr, "%s/usr", etc);
	ck_assert_int_eq(mkdir(usr, 0755), 0);
	write_file(etc, "code", "");
	write_file(etc, "variables", "");
}

static void remove_directories(void)
{
	char command[128];

	arena_done(&arena);
	snprintf(command, sizeof command, "rm -r %s", etc);
	ck_assert_int_eq(system(command), 0);
}

/* What tests vary of a description. */
struct variant {
	const char *interface, *features, *device, *mode, *code, *format, *processor, *machine;
};

static void describe(const char *directory, const char *name, struct variant v)
{
	char text[1024];

	snprintf(text, sizeof text,
		 "{\"interface-types\": [\"%s\"], \"features\": [\"acpi-s3\"%s], \"mapping\": "
		 "{\"device\": \"%s\", %s \"executable\": {\"filename\": \"%s/%s\", \"format\": "
		 "\"%s\"}, "
		 "\"nvram-template\": {\"filename\": \"%s/variables\", \"format\": \"raw\"}}, "
		 "\"targets\": [{\"architecture\": \"aarch64\", \"machines\": [\"virt-*\"]}, "
		 "{\"architecture\": \"%s\", \"machines\": [\"pc-i440fx-*\", \"%s\"]}]}",
		 v.interface ?: "uefi", v.features ?: "", v.device ?: "flash", v.mode ?: "", etc,
		 v.code ?: "code", v.format ?: "raw", etc, v.processor ?: "x86_64",
		 v.machine ?: "pc-q35-*");
	write_file(directory, name, text);
}

static bool finds(struct firmware *firmware)
{
	*firmware = (struct firmware){ 0 };
	return firmware_find(&arena, directories, "x86_64", "pc-q35-", firmware);
}

START_TEST(the_first_that_fits_is_found)
{
	struct firmware firmware;
	char path[80];

	ck_assert(!finds(&firmware));
	describe(usr, "60-plain.json", (struct variant){ 0 });
	describe(usr, "50-qcow2.json", (struct variant){ .format = "qcow2" });
	describe(usr, "40-secure.json",
		 (struct variant){ .features = ", \"secure-boot\", \"requires-smm\"" });
	ck_assert(finds(&firmware));
	ck_assert_str_eq(firmware.code_format, "qcow2");
	ck_assert_str_eq(firmware.variables_format, "raw");
	snprintf(path, sizeof path, "%s/code", etc);
	ck_assert_str_eq(firmware.code, path);
	snprintf(path, sizeof path, "%s/variables", etc);
	ck_assert_str_eq(firmware.variables, path);
}
END_TEST

START_TEST(the_administrators_file_replaces_a_packages_of_the_same_name)
{
	struct firmware firmware;

	describe(usr, "50-x.json", (struct variant){ 0 });
	describe(etc, "50-x.json", (struct variant){ .format = "qcow2" });
	ck_assert(finds(&firmware));
	ck_assert_str_eq(firmware.code_format, "qcow2");
	write_file(etc, "50-x.json", "");
	ck_assert_msg(!finds(&firmware), "an empty one hides it");
	describe(usr, "40-y.json", (struct variant){ 0 });
	ck_assert_msg(finds(&firmware), "and no other");
}
END_TEST

static const struct variant unfit[] = {
	{ .interface = "bios" },
	{ .device = "memory" },
	{ .mode = "\"mode\": \"combined\"," },
	{ .code = "missing" },
	{ .format = "vmdk" },
	{ .processor = "i386" },
	{ .machine = "microvm" },
	{ .features = ", \"requires-smm\"" },
};

START_TEST(those_that_do_not_fit_are_passed_over)
{
	struct firmware firmware;

	for (size_t i = 0; i < ARRAY_SIZE(unfit); i++) {
		describe(usr, "10-unfit.json", unfit[i]);
		ck_assert_msg(!finds(&firmware), "%zu", i);
	}
	describe(usr, "20-fit.json",
		 (struct variant){ .format = "qcow2", .mode = "\"mode\": \"split\"," });
	ck_assert(finds(&firmware));
	ck_assert_str_eq(firmware.code_format, "qcow2");
}
END_TEST

static const char *const broken[] = {
	"",
	"{",
	"[]",
	"null",
	"7",
	"{}",
	"{\"targets\": {}, \"mapping\": []}",
	"{\"interface-types\": [7, null, \"uefi\"], \"targets\": [7, {\"architecture\": "
	"\"x86_64\", "
	"\"machines\": [null, \"pc-q35-*\"]}], \"mapping\": {\"device\": \"flash\", "
	"\"executable\": 7}}",
};

START_TEST(those_that_make_no_sense_are_passed_over)
{
	struct firmware firmware;

	for (size_t i = 0; i < ARRAY_SIZE(broken); i++) {
		write_file(usr, "10-broken.json", broken[i]);
		ck_assert_msg(!finds(&firmware), "%s", broken[i]);
	}
	describe(usr, "20-fit.json", (struct variant){ 0 });
	ck_assert(finds(&firmware));
}
END_TEST

Suite *firmware_suite(void)
{
	Suite *suite = suite_create("firmware");

	ADD_WITH(suite, the_first_that_fits_is_found, make_directories, remove_directories);
	ADD_WITH(suite, the_administrators_file_replaces_a_packages_of_the_same_name,
		 make_directories, remove_directories);
	ADD_WITH(suite, those_that_do_not_fit_are_passed_over, make_directories,
		 remove_directories);
	ADD_WITH(suite, those_that_make_no_sense_are_passed_over, make_directories,
		 remove_directories);
	return suite;
}
