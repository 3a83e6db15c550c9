/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/import/attributes.h"

#include "base/array_size.h"
#include "base/cleanup.h"
#include "base/quote.h"

#include <archive.h>
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

#define ACL_ACCESS     "system.posix_acl_access"
#define ACL_DEFAULT    "system.posix_acl_default"
#define ACL_VERSION    2
#define ACL_ENTRIES    1024
#define CAPABILITY     "security.capability"
#define SELINUX	       "security.selinux"
#define LIST_SIZE_MAX  65536
#define VALUE_SIZE_MAX 65536

/* An ACL as the kernel has it in an extended attribute, in little-endian order. */
struct kernel_acl_entry {
	uint16_t tag;
	uint16_t permissions;
	uint32_t id;
};

struct kernel_acl {
	uint32_t version;
	struct kernel_acl_entry entries[ACL_ENTRIES];
};

/* The kernel's tags in the order in which it wants them, and libarchive's. */
static const struct acl_tag {
	uint16_t kernel;
	int archive;
	bool has_id;
} acl_tags[] = {
	{ 0x01, ARCHIVE_ENTRY_ACL_USER_OBJ, false },  { 0x02, ARCHIVE_ENTRY_ACL_USER, true },
	{ 0x04, ARCHIVE_ENTRY_ACL_GROUP_OBJ, false }, { 0x08, ARCHIVE_ENTRY_ACL_GROUP, true },
	{ 0x10, ARCHIVE_ENTRY_ACL_MASK, false },      { 0x20, ARCHIVE_ENTRY_ACL_OTHER, false },
};

static int set_attribute(int fd, const char *name, const char *key, const void *value, size_t size)
{
	int r = fd >= 0 ? fsetxattr(fd, key, value, size, 0) : lsetxattr(name, key, value, size, 0);

	return r < 0 ? -errno : 0;
}

static bool is_full(int error)
{
	return error == -ENOSPC || error == -EDQUOT;
}

static void count_loss(uint64_t *count, int *first, int error)
{
	if ((*count)++ == 0)
		*first = error;
}

/* Add the entries of one tag. Returns the number of entries, or a negative errno. */
static int add_acl_entries(struct archive_entry *entry, int type, const struct acl_tag *wanted,
			   struct kernel_acl *acl, int count)
{
	int entry_type, permissions, tag, id;
	const char *name;

	archive_entry_acl_reset(entry, type);
	while (archive_entry_acl_next(entry, type, &entry_type, &permissions, &tag, &id, &name) ==
	       ARCHIVE_OK) {
		if (tag != wanted->archive)
			continue;
		/* Ignore the entry's name: users are the image's, and only its number is known here. */
		if (wanted->has_id && id < 0)
			return -ENXIO;
		if (count == ACL_ENTRIES)
			return -E2BIG;
		acl->entries[count++] = (struct kernel_acl_entry){
			.tag = htole16(wanted->kernel),
			.permissions = htole16((uint16_t) (permissions & 7)),
			.id = htole32(wanted->has_id ? (uint32_t) id : UINT32_MAX),
		};
	}
	return count;
}

static int set_acl(struct archive_entry *entry, int type, const char *key, int fd, const char *name)
{
	struct kernel_acl acl = { .version = htole32(ACL_VERSION) };
	int count = 0;

	for (size_t i = 0; i < ARRAY_SIZE(acl_tags) && count >= 0; i++)
		count = add_acl_entries(entry, type, &acl_tags[i], &acl, count);
	if (count < 0)
		return count;
	return set_attribute(fd, name, key, &acl,
			     offsetof(struct kernel_acl, entries) +
				     (size_t) count * sizeof *acl.entries);
}

/* Skip an ACL that tar(1) also wrote as an extended attribute. */
static bool has_attribute(struct archive_entry *entry, const char *wanted)
{
	const char *key;
	const void *value;
	size_t size;

	archive_entry_xattr_reset(entry);
	while (archive_entry_xattr_next(entry, &key, &value, &size) == ARCHIVE_OK)
		if (key && strcmp(key, wanted) == 0)
			return true;
	return false;
}

static const struct {
	int type;
	const char *key;
} acls[] = { { ARCHIVE_ENTRY_ACL_TYPE_ACCESS, ACL_ACCESS },
	     { ARCHIVE_ENTRY_ACL_TYPE_DEFAULT, ACL_DEFAULT } };

int attributes_drop_inherited(struct archive_entry *entry, int fd, const char *name,
			      struct failure *f)
{
	int types = archive_entry_acl_types(entry);

	for (size_t i = 0; i < ARRAY_SIZE(acls); i++) {
		if (types & acls[i].type || has_attribute(entry, acls[i].key))
			continue;
		if ((fd >= 0 ? fremovexattr(fd, acls[i].key) : lremovexattr(name, acls[i].key)) <
			    0 &&
		    errno != ENODATA && errno != ENOTSUP)
			return failure_errno(f, -errno, "cannot remove an inherited ACL");
	}
	return 0;
}

static int set_acls(struct archive_entry *entry, int fd, const char *name,
		    struct attribute_losses *losses, struct failure *f)
{
	int types = archive_entry_acl_types(entry);

	for (size_t i = 0; i < ARRAY_SIZE(acls); i++) {
		int r = types & acls[i].type ? set_acl(entry, acls[i].type, acls[i].key, fd, name)
					     : 0;

		if (is_full(r))
			return failure_errno(f, r, "cannot set an ACL");
		if (r < 0 && !has_attribute(entry, acls[i].key))
			count_loss(&losses->acls, &losses->acl_error, r);
	}
	return 0;
}

static int set_one(int fd, const char *name, const char *key, const void *value, size_t size,
		   struct attribute_losses *losses, struct failure *f)
{
	char quoted[QUOTED_SIZE];
	int r;

	if (strcmp(key, SELINUX) == 0 && !losses->with_selinux) {
		losses->selinux++;
		return 0;
	}
	r = set_attribute(fd, name, key, value, size);
	if (r == 0)
		return 0;
	if (is_full(r) || strcmp(key, CAPABILITY) == 0)
		return failure_errno(f, r, "cannot set %s", quote(key, quoted));
	if (strncmp(key, "user.", 5) == 0)
		count_loss(&losses->user, &losses->user_error, r);
	else
		count_loss(&losses->other, &losses->other_error, r);
	return 0;
}

int attributes_set(struct archive_entry *entry, int fd, const char *name,
		   struct attribute_losses *losses, struct failure *f)
{
	const char *key;
	const void *value;
	size_t size;

	archive_entry_xattr_reset(entry);
	while (archive_entry_xattr_next(entry, &key, &value, &size) == ARCHIVE_OK)
		if (key && set_one(fd, name, key, value, size, losses, f) < 0)
			return -1;
	return set_acls(entry, fd, name, losses, f);
}

static const struct acl_tag *find_tag(uint16_t kernel)
{
	for (size_t i = 0; i < ARRAY_SIZE(acl_tags); i++)
		if (acl_tags[i].kernel == kernel)
			return &acl_tags[i];
	return NULL;
}

static int add_acl(struct archive_entry *entry, int type, const void *value, size_t size)
{
	const struct kernel_acl *acl = value;
	size_t count;

	if (size < sizeof acl->version || le32toh(acl->version) != ACL_VERSION)
		return -EINVAL;
	count = (size - sizeof acl->version) / sizeof *acl->entries;
	for (size_t i = 0; i < count && i < ACL_ENTRIES; i++) {
		const struct acl_tag *tag = find_tag(le16toh(acl->entries[i].tag));
		int id = tag && tag->has_id ? (int) le32toh(acl->entries[i].id) : -1;

		if (!tag || archive_entry_acl_add_entry(entry, type,
							le16toh(acl->entries[i].permissions) & 7,
							tag->archive, id, NULL) != ARCHIVE_OK)
			return -EINVAL;
	}
	return 0;
}

static bool is_kept(const char *key, struct attribute_losses *losses)
{
	if (strcmp(key, SELINUX) == 0 && !losses->with_selinux) {
		losses->selinux++;
		return false;
	}
	/* Attributes that belong to the host, such as overlayfs'. */
	return strncmp(key, "trusted.", 8) != 0;
}

static int get_one(struct archive_entry *entry, const char *name, const char *key,
		   struct attribute_losses *losses)
{
	static _Alignas(struct kernel_acl) char value[VALUE_SIZE_MAX];
	ssize_t size;

	if (!is_kept(key, losses))
		return 0;
	size = lgetxattr(name, key, value, sizeof value);
	if (size < 0)
		return errno == ENODATA ? 0 : -errno;
	if (strcmp(key, ACL_ACCESS) == 0)
		return add_acl(entry, ARCHIVE_ENTRY_ACL_TYPE_ACCESS, value, (size_t) size);
	if (strcmp(key, ACL_DEFAULT) == 0)
		return add_acl(entry, ARCHIVE_ENTRY_ACL_TYPE_DEFAULT, value, (size_t) size);
	archive_entry_xattr_add_entry(entry, key, value, (size_t) size);
	return 0;
}

int attributes_get(struct archive_entry *entry, const char *name, struct attribute_losses *losses,
		   struct failure *f)
{
	static char list[LIST_SIZE_MAX];
	ssize_t size = llistxattr(name, list, sizeof list);
	char quoted[QUOTED_SIZE];

	if (size < 0)
		return errno == ENOTSUP ? 0 : failure_errno(f, -errno, "cannot list attributes");
	for (const char *key = list; key < list + size; key += strlen(key) + 1) {
		int r = get_one(entry, name, key, losses);

		if (r < 0 && strcmp(key, CAPABILITY) == 0)
			return failure_errno(f, r, "cannot read %s", quote(key, quoted));
		if (r < 0)
			count_loss(&losses->other, &losses->other_error, r);
	}
	return 0;
}

int attributes_copy(int from, int to)
{
	char list[4096];
	ssize_t size = flistxattr(from, list, sizeof list);
	CLEANUP_FREE char *value = malloc(VALUE_SIZE_MAX);

	if (size < 0)
		return errno == ENOTSUP ? 0 : -errno;
	if (!value)
		return -ENOMEM;
	for (const char *key = list; key < list + size; key += strlen(key) + 1) {
		ssize_t length = fgetxattr(from, key, value, VALUE_SIZE_MAX);

		/* Don't copy the label: the new file has its own, if any. */
		if (length < 0 || strcmp(key, SELINUX) == 0)
			continue;
		if (fsetxattr(to, key, value, (size_t) length, 0) < 0)
			return -errno;
	}
	return 0;
}

static void report_loss(struct worker_channel *channel, uint64_t count, const char *what,
			const char *of_kind, int error)
{
	if (count)
		worker_warn(channel, "%" PRIu64 " %s%s%s %s lost: %s", count, what,
			    count == 1 ? "" : "s", of_kind, count == 1 ? "was" : "were",
			    strerror(-error));
}

void attributes_report(const struct attribute_losses *losses, struct worker_channel *channel)
{
	if (losses->selinux)
		worker_warn(channel, "%" PRIu64 " SELinux label%s left out; --selinux keeps labels",
			    losses->selinux, losses->selinux == 1 ? " was" : "s were");
	report_loss(channel, losses->user, "extended attribute", " (user.*)", losses->user_error);
	if (losses->acl_error == -ENXIO)
		worker_warn(channel,
			    "%" PRIu64 " ACL%s lost: users are named, without ids; "
			    "tar --numeric-owner writes ids",
			    losses->acls, losses->acls == 1 ? " was" : "s were");
	else
		report_loss(channel, losses->acls, "ACL", "", losses->acl_error);
	report_loss(channel, losses->other, "extended attribute", " (of the system)",
		    losses->other_error);
}
