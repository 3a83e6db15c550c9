/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The Manager's methods: they start transfers, list and cancel them. */
#include "base/cleanup.h"
#include "tools/bus/bus.h"
#include "tools/bus/bus_client.h"
#include "tools/bus/bus_job.h"
#include "tools/bus/bus_lookup.h"
#include "tools/bus/bus_polkit.h"
#include "tools/bus/bus_reply.h"
#include "tools/bus/import1.h"
#include "tools/bus/import1_objects.h"
#include "tools/bus/import1_transfer.h"
#include "tools/calls/image_work.h"
#include "tools/images/image.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define ACTION(name) IMPORT1_NAME "." name

/* Flags of the methods that end in Ex. */
#define FLAG_FORCE	   (UINT64_C(1) << 0)
#define FLAG_READ_ONLY	   (UINT64_C(1) << 1)
#define FLAG_KEEP_DOWNLOAD (UINT64_C(1) << 2)

static int check_class(const char *class, sd_bus_error *error)
{
	switch (transfer_class_of(class)) {
	case TRANSFER_CLASS_MACHINE: return 0;
	case TRANSFER_CLASS_OTHER:
		return sd_bus_error_set(error, SD_BUS_ERROR_NOT_SUPPORTED,
					"mymachines has images of machines only");
	case TRANSFER_CLASS_UNKNOWN: break;
	}
	return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS, "Image class '%s' not known",
				 class);
}

static int take_flags(struct transfer_request *request, uint64_t flags, uint64_t allowed,
		      sd_bus_error *error)
{
	if (flags & ~allowed)
		return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS, "Flags invalid");
	request->force = flags & FLAG_FORCE;
	request->read_only = flags & FLAG_READ_ONLY;
	request->keeps_download = flags & FLAG_KEEP_DOWNLOAD;
	return 0;
}

static int check_local(const char *local, sd_bus_error *error)
{
	return image_name_is_valid(local) ? 0
					  : sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
							      "Local name %s is invalid", local);
}

static int check_file(int fd, bool is_directory, sd_bus_error *error)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (is_directory && !S_ISDIR(st.st_mode))
		return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS,
					"The file is not a directory");
	if (!is_directory && !S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode))
		return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS,
					"The file is neither a regular one nor a pipe");
	return 0;
}

/* Ask whether the caller may have it done, and begin. */
static int start(struct import1 *import1, sd_bus_message *call, sd_bus_message_handler_t handler,
		 const char *action, const struct transfer_request *request, sd_bus_error *error)
{
	const char *details[] = { "verb",
				  request->type,
				  "local",
				  transfer_end_name(request->local),
				  request->remote ? "remote" : NULL,
				  request->remote,
				  NULL };
	char path[IMPORT1_PATH_SIZE];
	struct failure failure;
	uint32_t id;
	uid_t owner;
	int r = bus_authorize(&import1->bus, call, handler, import1, action, details, error);

	if (r <= 0)
		return r < 0 ? r : 1;
	r = bus_caller_owner(&import1->bus, call, &owner);
	if (r < 0)
		return r;
	if (import1_transfer_start(import1, owner, request, &id, &failure) < 0)
		return import1_fail(error, &failure);
	return sd_bus_reply_method_return(call, "uo", id, import1_path(id, path));
}

/* hsbb, or hsst: what is read, the name, the class of those that end in Ex, and flags. */
static int start_import(struct import1 *import1, sd_bus_message *call,
			sd_bus_message_handler_t handler, const char *type, sd_bus_error *error)
{
	struct transfer_request request = { .type = type };
	const char *class = "machine";
	int force = 0, read_only = 0, r;
	uint64_t flags = 0;

	if (sd_bus_message_has_signature(call, "hsst")) {
		r = sd_bus_message_read(call, "hsst", &request.fd, &request.local, &class, &flags);
	} else {
		r = sd_bus_message_read(call, "hsbb", &request.fd, &request.local, &force,
					&read_only);
		flags = (force ? FLAG_FORCE : 0) | (read_only ? FLAG_READ_ONLY : 0);
	}
	if (r >= 0)
		r = check_class(class, error);
	if (r >= 0)
		r = take_flags(&request, flags, FLAG_FORCE | FLAG_READ_ONLY, error);
	if (r >= 0)
		r = check_local(request.local, error);
	if (r >= 0)
		r = check_file(request.fd, strcmp(type, "import-fs") == 0, error);
	return r < 0 ? r : start(import1, call, handler, ACTION("import"), &request, error);
}

static BUS_HANDLER(import_tar)
{
	return start_import(userdata, call, import_tar, "import-tar", error);
}

static BUS_HANDLER(import_raw)
{
	return start_import(userdata, call, import_raw, "import-raw", error);
}

static BUS_HANDLER(import_fs)
{
	return start_import(userdata, call, import_fs, "import-fs", error);
}

/* shs, or sshst: the name, the class of those that end in Ex, what is written, its format, and flags. */
static int start_export(struct import1 *import1, sd_bus_message *call,
			sd_bus_message_handler_t handler, const char *type, sd_bus_error *error)
{
	struct transfer_request request = { .type = type, .is_export = true };
	const char *class = "machine";
	uint64_t flags = 0;
	int r;

	if (sd_bus_message_has_signature(call, "sshst"))
		r = sd_bus_message_read(call, "sshst", &request.local, &class, &request.fd,
					&request.format, &flags);
	else
		r = sd_bus_message_read(call, "shs", &request.local, &request.fd, &request.format);
	if (r >= 0 && !*request.format)
		request.format = NULL;
	if (r >= 0)
		r = check_class(class, error);
	if (r >= 0)
		r = take_flags(&request, flags, 0, error);
	if (r >= 0)
		r = check_local(request.local, error);
	if (r >= 0)
		r = check_file(request.fd, false, error);
	return r < 0 ? r : start(import1, call, handler, ACTION("export"), &request, error);
}

static BUS_HANDLER(export_tar)
{
	return start_export(userdata, call, export_tar, "export-tar", error);
}

static BUS_HANDLER(export_raw)
{
	return start_export(userdata, call, export_raw, "export-raw", error);
}

static int check_address(const char *address, sd_bus_error *error)
{
	if (transfer_address_is_valid(address))
		return 0;
	return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS, "URL %s is invalid", address);
}

static int check_verify(const char *verify, sd_bus_error *error)
{
	if (transfer_verify_is_valid(verify))
		return 0;
	return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS, "Unknown verification mode %s",
				 verify);
}

/* sssb, or sssst: the address, the name, the class of those that end in Ex, how to check it, and flags. */
static int start_pull(struct import1 *import1, sd_bus_message *call,
		      sd_bus_message_handler_t handler, const char *type, sd_bus_error *error)
{
	struct transfer_request request = { .type = type, .fd = -1 };
	const char *class = "machine";
	uint64_t flags = 0;
	int force = 0, r;

	if (sd_bus_message_has_signature(call, "sssst")) {
		r = sd_bus_message_read(call, "sssst", &request.remote, &request.local, &class,
					&request.verify, &flags);
	} else {
		r = sd_bus_message_read(call, "sssb", &request.remote, &request.local,
					&request.verify, &force);
		flags = force ? FLAG_FORCE : 0;
	}
	if (r >= 0)
		r = check_class(class, error);
	if (r >= 0)
		r = take_flags(&request, flags, FLAG_FORCE | FLAG_READ_ONLY | FLAG_KEEP_DOWNLOAD,
			       error);
	if (r >= 0)
		r = check_address(request.remote, error);
	if (r >= 0 && *request.local)
		r = check_local(request.local, error);
	if (r >= 0 && !*request.verify)
		request.verify = "signature";
	/* Only the download is kept. */
	if (r >= 0 && !*request.local)
		request.local = "-";
	if (r >= 0)
		r = check_verify(request.verify, error);
	return r < 0 ? r : start(import1, call, handler, ACTION("pull"), &request, error);
}

static BUS_HANDLER(pull_tar)
{
	return start_pull(userdata, call, pull_tar, "pull-tar", error);
}

static BUS_HANDLER(pull_raw)
{
	return start_pull(userdata, call, pull_raw, "pull-raw", error);
}

struct listed_transfers {
	const struct transfer *items;
	size_t count;
	bool with_class;
};

static int append_transfer(sd_bus_message *reply, const struct transfer *t, bool with_class)
{
	const char *remote = transfer_end_name(t->remote), *local = transfer_end_name(t->local);
	char path[IMPORT1_PATH_SIZE];

	import1_path(t->id, path);
	if (with_class)
		return sd_bus_message_append(reply, "(ussssdo)", t->id, t->type, remote, local,
					     "machine", t->progress, path);
	return sd_bus_message_append(reply, "(usssdo)", t->id, t->type, remote, local, t->progress,
				     path);
}

static int append_transfers(sd_bus_message *reply, void *data)
{
	const struct listed_transfers *listed = data;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < listed->count; i++)
		r = append_transfer(reply, &listed->items[i], listed->with_class);
	return r;
}

static BUS_HANDLER(list_transfers)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	const struct import1 *import1 = userdata;
	bool with_class = sd_bus_message_has_signature(call, "st");
	const char *class = "machine";
	struct transfer *transfers;
	struct failure failure;
	uint64_t flags = 0;
	size_t count;
	int r = with_class ? sd_bus_message_read(call, "st", &class, &flags) : 0;

	if (r < 0)
		return r;
	if (flags)
		return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS, "Flags invalid");
	if (transfer_children_list(&import1->children, &arena, &transfers, &count, &failure) < 0)
		return import1_fail(error, &failure);
	/* An empty class is any. */
	if (*class && strcmp(class, "machine") != 0)
		count = 0;
	return bus_reply(call, with_class ? "(ussssdo)" : "(usssdo)", append_transfers,
			 &(struct listed_transfers){ transfers, count, with_class });
}

static BUS_HANDLER(cancel_transfer)
{
	uint32_t id;
	int r = sd_bus_message_read(call, "u", &id);

	return r < 0 ? r : import1_cancel(userdata, call, cancel_transfer, id, error);
}

/* importd's description of an image: class, name, type, path, read-only, times, usages and limits. */
static int append_image(sd_bus_message *reply, const struct image *image)
{
	return sd_bus_message_append(reply, "(ssssbtttttt)", "machine", image->name,
				     image_kind_name(image->kind), image->path, image->is_read_only,
				     image->created, image->modified, image->usage,
				     image->usage_exclusive, image->limit, image->limit_exclusive);
}

static int append_images(sd_bus_message *reply, void *records)
{
	struct image image;
	int r = 0;

	while (r >= 0 && image_records_next(records, &image))
		r = append_image(reply, &image);
	return r;
}

static int reply_images(struct bus *bus, sd_bus_message *call, const struct work_result *result,
			sd_bus_error *error)
{
	CLEANUP(image_records_done) struct image_records records = { 0 };
	int r = image_records_read(&records, result);

	(void) bus, (void) error;
	return r < 0 ? r : bus_reply(call, "(ssssbtttttt)", append_images, &records);
}

static BUS_HANDLER(list_images)
{
	struct import1 *import1 = userdata;
	const char *class;
	uint64_t flags;
	int r = sd_bus_message_read(call, "st", &class, &flags);

	if (r < 0)
		return r;
	if (flags)
		return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS, "Flags invalid");
	if (*class && strcmp(class, "machine") != 0)
		return sd_bus_reply_method_return(call, "a(ssssbtttttt)", 0);
	return bus_job_start(&import1->bus, call, image_list_work, &(struct image_work){ 0 },
			     reply_images, IMAGE_LOOK_MS, error);
}

#define METHOD(name, in, in_names, out, out_names, handler)                                        \
	SD_BUS_METHOD_WITH_NAMES(name, in, in_names, out, out_names, handler,                      \
				 SD_BUS_VTABLE_UNPRIVILEGED)
#define PARAM(name) SD_BUS_PARAM(name)
#define NO_NAMES    ""
#define STARTER(name, in, in_names, handler)                                                       \
	METHOD(name, in, in_names, "uo", PARAM(transfer_id) PARAM(transfer_path), handler)
#define IMPORT_NAMES PARAM(fd) PARAM(local_name) PARAM(force) PARAM(read_only)
#define IMPORT_EX    PARAM(fd) PARAM(local_name) PARAM(class) PARAM(flags)
#define EXPORT_NAMES PARAM(local_name) PARAM(fd) PARAM(format)
#define EXPORT_EX    PARAM(local_name) PARAM(class) PARAM(fd) PARAM(format) PARAM(flags)
#define PULL_NAMES   PARAM(url) PARAM(local_name) PARAM(verify_mode) PARAM(force)
#define PULL_EX	     PARAM(url) PARAM(local_name) PARAM(class) PARAM(verify_mode) PARAM(flags)

const sd_bus_vtable import1_manager_vtable[] = {
	SD_BUS_VTABLE_START(0),
	STARTER("ImportTar", "hsbb", IMPORT_NAMES, import_tar),
	STARTER("ImportTarEx", "hsst", IMPORT_EX, import_tar),
	STARTER("ImportRaw", "hsbb", IMPORT_NAMES, import_raw),
	STARTER("ImportRawEx", "hsst", IMPORT_EX, import_raw),
	STARTER("ImportFileSystem", "hsbb", IMPORT_NAMES, import_fs),
	STARTER("ImportFileSystemEx", "hsst", IMPORT_EX, import_fs),
	STARTER("ExportTar", "shs", EXPORT_NAMES, export_tar),
	STARTER("ExportTarEx", "sshst", EXPORT_EX, export_tar),
	STARTER("ExportRaw", "shs", EXPORT_NAMES, export_raw),
	STARTER("ExportRawEx", "sshst", EXPORT_EX, export_raw),
	STARTER("PullTar", "sssb", PULL_NAMES, pull_tar),
	STARTER("PullTarEx", "sssst", PULL_EX, pull_tar),
	STARTER("PullRaw", "sssb", PULL_NAMES, pull_raw),
	STARTER("PullRawEx", "sssst", PULL_EX, pull_raw),
	METHOD("ListTransfers", NULL, NO_NAMES, "a(usssdo)", PARAM(transfers), list_transfers),
	METHOD("ListTransfersEx", "st", PARAM(class) PARAM(flags), "a(ussssdo)", PARAM(transfers),
	       list_transfers),
	METHOD("CancelTransfer", "u", PARAM(transfer_id), NULL, NO_NAMES, cancel_transfer),
	METHOD("ListImages", "st", PARAM(class) PARAM(flags), "a(ssssbtttttt)", PARAM(images),
	       list_images),
	SD_BUS_SIGNAL_WITH_NAMES("TransferNew", "uo", PARAM(transfer_id) PARAM(transfer_path), 0),
	SD_BUS_SIGNAL_WITH_NAMES("TransferRemoved", "uos",
				 PARAM(transfer_id) PARAM(transfer_path) PARAM(result), 0),
	SD_BUS_VTABLE_END,
};
