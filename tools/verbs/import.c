/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines import-tar, -raw, -fs and -oci, pull-tar, -raw and -oci, export-tar and -raw */
#include "tools/verbs/import_program.h"

/* Options that mymachines-import reads: it is started with what was given. */
#define READ_THERE .set = NULL

#define OPTION_QUIET                                                                               \
	{                                                                                          \
		"quiet", 'q', READ_THERE, .help = "Show no progress"                               \
	}
#define OPTION_FORCE                                                                               \
	{                                                                                          \
		"force", READ_THERE,                                                               \
			.help = "Replace an existing image, once the new one is complete"          \
	}
#define OPTION_READ_ONLY                                                                           \
	{                                                                                          \
		"read-only", READ_THERE, .help = "Mark the image read-only"                        \
	}
#define OPTION_SIZE_MAX                                                                            \
	{                                                                                          \
		"size-max",                                                                        \
			.argument = "BYTES", READ_THERE,                                           \
			.help = "Refuse larger contents; K, M, G, T are allowed (default: 256G)"   \
	}
#define OPTION_FORMAT                                                                              \
	{                                                                                          \
		"format", .argument = "FORMAT", READ_THERE,                                        \
			  .help = "uncompressed, xz, gzip, bzip2 or zstd (default: by the ending " \
				  "of FILE)",                                                      \
			  .values = COMPLETE_FORMAT                                                \
	}
#define OPTION_SELINUX                                                                             \
	{                                                                                          \
		"selinux", READ_THERE, .help = "Keep SELinux labels"                               \
	}

/* Options about an archive, whatever its source is. */
#define OPTIONS_UNPACK                                                                             \
	OPTION_FORCE, OPTION_READ_ONLY,                                                            \
		{ "no-devices", READ_THERE, .help = "Leave out device nodes" }, OPTION_SELINUX,    \
		OPTION_SIZE_MAX,                                                                   \
	{                                                                                          \
		"entries-max", .argument = "COUNT", READ_THERE,                                    \
			       .help = "Refuse more files and directories (default: 10000000)"     \
	}

static const struct verb_option import_tar_options[] = {
	OPTIONS_UNPACK,
	OPTION_QUIET,
	{ 0 },
};

static const struct verb_option import_raw_options[] = {
	OPTION_FORCE, OPTION_READ_ONLY, OPTION_SIZE_MAX, OPTION_QUIET, { 0 },
};

static const struct verb_option import_fs_options[] = {
	OPTION_FORCE,
	OPTION_READ_ONLY,
	OPTION_QUIET,
	{ 0 },
};

#define OPTION_VERIFY                                                                              \
	{                                                                                          \
		"verify", .argument = "MODE", READ_THERE,                                          \
			  .help = "signature, checksum, no, sha256:SUM or sha512:SUM (default: "   \
				  "signature)",                                                    \
			  .values = COMPLETE_VERIFY                                                \
	}

#define OPTION_KEEP_DOWNLOAD                                                                       \
	{                                                                                          \
		"keep-download", .argument = "BOOL", READ_THERE,                                   \
				 .help = "Keep the download as a hidden image, and copy the "      \
					 "image from it (default: no)",                            \
				 .values = "yes no"                                                \
	}

static const struct verb_option pull_tar_options[] = {
	OPTION_VERIFY, OPTION_KEEP_DOWNLOAD, OPTIONS_UNPACK, OPTION_QUIET, { 0 },
};

static const struct verb_option pull_raw_options[] = {
	OPTION_VERIFY,	 OPTION_KEEP_DOWNLOAD, OPTION_FORCE, OPTION_READ_ONLY,
	OPTION_SIZE_MAX, OPTION_QUIET,	       { 0 },
};

#define OPTION_PLATFORM                                                                            \
	{                                                                                          \
		"platform", .argument = "OS/ARCHITECTURE[/VARIANT]", READ_THERE,                   \
			    .help = "Take the image for this platform (default: the host's)",      \
			    .values = "linux/amd64 linux/arm64"                                    \
	}

static const struct verb_option pull_oci_options[] = {
	OPTION_PLATFORM,
	OPTIONS_UNPACK,
	OPTION_QUIET,
	{ 0 },
};

static const struct verb_option import_oci_options[] = {
	OPTION_PLATFORM,
	{ "tag", .argument = "TAG", READ_THERE,
	  .help = "Take the image of this tag, if there are several" },
	OPTIONS_UNPACK,
	OPTION_QUIET,
	{ 0 },
};

static const struct verb_option export_tar_options[] = {
	OPTION_FORMAT,
	OPTION_SELINUX,
	OPTION_QUIET,
	{ 0 },
};

static const struct verb_option export_raw_options[] = {
	OPTION_FORMAT,
	OPTION_QUIET,
	{ 0 },
};

/* A verb that brings an image in or out. The list of verbs names its operands by `entry`. */
#define TRANSFER_VERB_LISTED(words, entry, takes, first, second)                                   \
	.synopsis = "[OPTION...] " words, .list_entry = entry, .group = VERB_IMAGES,               \
	.is_machinectl = true, .is_importctl = true,                                               \
	.operands = { 1, 2, takes, takes, { first, second } }, .run = run_import_program
#define TRANSFER_VERB(words, takes, first, second)                                                 \
	TRANSFER_VERB_LISTED(words, words, takes, first, second)

#define IMPORT_VERB                                                                                \
	TRANSFER_VERB("FILE|- [NAME]",                                                             \
		      "takes a file, or - for standard input, and the name of an image",           \
		      COMPLETE_FILE, COMPLETE_IMAGE)
#define PULL_VERB                                                                                  \
	TRANSFER_VERB("URL [NAME|-]", "takes an address, and the name of an image", NULL,          \
		      COMPLETE_IMAGE)
#define EXPORT_VERB                                                                                \
	TRANSFER_VERB("NAME [FILE|-]",                                                             \
		      "takes the name of an image, and a file, or - for standard output",          \
		      COMPLETE_IMAGE, COMPLETE_FILE)

const struct verb import_tar_verb = {
	.name = "import-tar",
	.summary = "Make an image from a tar archive",
	.description =
		"Make an image from a tar archive, compressed by gzip, xz, zstd or bzip2, or "
		"not. Without NAME, the image has the name of the file, without its endings.",
	.options = import_tar_options,
	IMPORT_VERB,
};

const struct verb import_raw_verb = {
	.name = "import-raw",
	.summary = "Make an image from a disk, raw or qcow2",
	.description =
		"Make an image from the disk of a VM: raw or qcow2, compressed or not. qcow2 is "
		"converted by qemu-img(1). Without NAME, the image has the name of the file, "
		"without "
		"its endings.",
	.options = import_raw_options,
	IMPORT_VERB,
};

const struct verb import_fs_verb = {
	.name = "import-fs",
	.summary = "Make an image from a directory",
	.description = "Make an image from a copy of a directory of this host, as clone copies "
		       "images. With "
		       "-, standard input is that directory. Without NAME, the image has the name "
		       "of the directory.",
	.options = import_fs_options,
	TRANSFER_VERB("DIRECTORY|- [NAME]",
		      "takes a directory, or - for standard input, and the name of an image",
		      COMPLETE_DIRECTORY, COMPLETE_IMAGE),
};

const struct verb pull_tar_verb = {
	.name = "pull-tar",
	.summary = "Make an image from a tar archive on a server",
	.description = "Fetch a tar archive by https or http, check it, and make an image from it, "
		       "as import-tar does.",
	.options = pull_tar_options,
	PULL_VERB,
};

const struct verb pull_raw_verb = {
	.name = "pull-raw",
	.summary = "Make an image from a disk on a server",
	.description = "Fetch the disk of a VM by https or http, check it, and make an image from "
		       "it, as import-raw does.",
	.options = pull_raw_options,
	PULL_VERB,
};

const struct verb pull_oci_verb = {
	.name = "pull-oci",
	.summary = "Make an image from one in a container registry",
	.description =
		"Fetch an image from a container registry, as docker(1) and podman(1) do, unpack "
		"its layers into one directory, and write its command, user and environment to a "
		"file NAME.nspawn beside it. The default HOST is Docker Hub. Without NAME, the "
		"image has the last part of the repository's name.",
	.options = pull_oci_options,
	TRANSFER_VERB_LISTED("[HOST/]REPOSITORY[:TAG][@DIGEST] [NAME]", "REFERENCE [NAME]",
			     "takes an image of a registry, and the name of an image", NULL,
			     COMPLETE_IMAGE),
};

const struct verb import_oci_verb = {
	.name = "import-oci",
	.summary = "Make an image from one that docker, podman or skopeo saved",
	.description =
		"Make an image from one in the layout of OCI or of 'docker save': a directory, or "
		"a tar archive of it. Its layers are unpacked into one directory, and its command, "
		"user and environment are written to a file NAME.nspawn beside it. Without NAME, "
		"the image has the name of the file, without its endings.",
	.options = import_oci_options,
	TRANSFER_VERB(
		"FILE|DIRECTORY|- [NAME]",
		"takes a file, a directory, or - for standard input, and the name of an image",
		COMPLETE_FILE, COMPLETE_IMAGE),
};

const struct verb export_tar_verb = {
	.name = "export-tar",
	.summary = "Write an image's files to a tar archive",
	.description = "Write the files of an image that is a directory or a subvolume to a tar "
		       "archive. Sockets are left out.",
	.options = export_tar_options,
	EXPORT_VERB,
};

const struct verb export_raw_verb = {
	.name = "export-raw",
	.summary = "Write an image's disk to a file",
	.description = "Write the disk of a raw image to a file.",
	.options = export_raw_options,
	EXPORT_VERB,
};
