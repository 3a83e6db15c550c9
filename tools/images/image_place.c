/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/images/image_place.h"

#include "base/cleanup.h"
#include "tools/images/file_flags.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <unistd.h>

int image_place_open(struct image_place *place, const struct image *image, struct failure *f)
{
	const char *slash = strrchr(image->path, '/');
	CLEANUP_FREE char *directory = strndup(image->path, (size_t) (slash - image->path));
	int fd = directory ? open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (fd < 0)
		return failure_errno(f, -errno, "cannot open the directory of %s", image->path);
	*place = (struct image_place){ fd, slash + 1 };
	return 0;
}

void image_place_close(struct image_place *place)
{
	if (place->directory >= 0)
		close(place->directory);
	*place = IMAGE_PLACE_NONE;
}

/* Open a directory, not a link to one. A descriptor or a negative errno. */
static int open_directory(const struct image_place *place)
{
	int fd = openat(place->directory, place->file,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

bool image_place_make_movable(const struct image_place *place)
{
	CLEANUP_CLOSE int fd = open_directory(place);
	unsigned int flags = 0;

	if (fd < 0 || file_flags_read(fd, &flags) < 0 || !(flags & FS_IMMUTABLE_FL))
		return false;
	return file_flags_change(fd, FS_IMMUTABLE_FL, 0) == 0;
}

void image_place_make_immutable(const struct image_place *place)
{
	CLEANUP_CLOSE int fd = open_directory(place);

	if (fd >= 0)
		file_flags_change(fd, FS_IMMUTABLE_FL, FS_IMMUTABLE_FL);
}
