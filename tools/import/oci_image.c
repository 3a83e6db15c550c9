/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/import/oci_image.h"

#include "base/cleanup.h"
#include "base/write_at.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* An index can refer to another index. */
#define DEPTH_MAX 4

/* The root directory's mode, if no layer has it. */
#define ROOT_MODE 0755

static void choose_platform(const struct oci_store *store, const struct oci_choice *choice,
			    struct oci_platform *platform)
{
	if (choice->platform)
		*platform = *choice->platform;
	else
		oci_platform_of_host(store->arena, platform);
}

int oci_image_find(const struct oci_store *store, const struct oci_choice *choice,
		   struct oci_image *image, struct failure *f)
{
	const struct oci_descriptor *descriptor = NULL;
	const char *name = choice->name;
	struct oci_platform platform;
	struct oci_document document;

	choose_platform(store, choice, &platform);
	for (int depth = 0; depth < DEPTH_MAX; depth++) {
		const char *type;
		char *text;
		size_t size;

		if (store->document(store->data, descriptor, &text, &size, &type, f) < 0 ||
		    oci_document_parse(store->arena, text, size, type, &document, f) < 0)
			return -1;
		if (!document.is_index) {
			image->manifest = document;
			image->is_for_platform = descriptor && descriptor->has_platform;
			return 0;
		}
		descriptor = oci_index_choose(store->arena, &document, &platform, name, f);
		if (!descriptor)
			return -1;
		/* Only the first index of a layout has tags. */
		name = NULL;
	}
	return failure_set(f, FAILURE_INVALID, "an index of images names too many others");
}

/*
 * Check the platform only if no index has chosen the image. In images that an index names, it is
 * sometimes wrong.
 */
static int check_platform(const struct oci_store *store, const struct oci_choice *choice,
			  const struct oci_platform *has, struct failure *f)
{
	struct oci_platform wanted;

	choose_platform(store, choice, &wanted);
	if (!*has->architecture || oci_platform_match(&wanted, has))
		return 0;
	return failure_set(
		f, FAILURE_NOT_SUPPORTED,
		"the image is for %s, and not for %s; --platform=%s takes it all the same",
		oci_platform_format(store->arena, has), oci_platform_format(store->arena, &wanted),
		oci_platform_format(store->arena, has));
}

int oci_image_configure(const struct oci_store *store, const struct oci_choice *choice,
			struct oci_image *image, struct notices *notices, struct failure *f)
{
	struct oci_configuration *c = &image->configuration;
	char *text;
	size_t size;

	if (store->text(store->data, &image->manifest.configuration, &text, &size, f) < 0 ||
	    oci_configuration_parse(store->arena, text, size, c, notices, f) < 0)
		return -1;
	if (c->n_layers != image->manifest.n_items)
		return failure_set(f, FAILURE_INVALID,
				   "the image has %zu layers, and its configuration %zu",
				   image->manifest.n_items, c->n_layers);
	return image->is_for_platform ? 0 : check_platform(store, choice, &c->platform, f);
}

static int unpack_one(const struct oci_store *store, const struct oci_image *image, size_t at,
		      int target, const struct unpack_options *options, struct progress *progress,
		      struct progress_count *count, struct notices *notices, struct failure *f)
{
	const struct oci_descriptor *descriptor = &image->manifest.items[at];
	struct layer layer = { .digest = image->configuration.layers[at] };
	struct unpack_options left = *options;
	struct progress_count one = { 0 };
	struct stat st;
	int r;

	layer.fd = store->layer(store->data, descriptor, f);
	if (layer.fd < 0)
		return -1;
	layer.size = fstat(layer.fd, &st) == 0 ? (uint64_t) st.st_size : 0;
	left.limits.bytes -= count->space;
	left.limits.entries -= count->entries;
	r = layer_unpack(&layer, at == 0, target, &left, progress, &one, notices, f);
	count->written += one.written;
	count->space += one.space;
	count->entries += one.entries;
	return r;
}

static int add_settings(struct image_draft *draft, const char *settings, struct failure *f)
{
	int fd = image_draft_add(draft, IMAGE_RAW, ".nspawn", f), r;

	if (fd < 0)
		return -1;
	r = write_at(fd, settings, strlen(settings), 0);
	/* The mode that other settings have. */
	if (r == 0 && fchmod(fd, 0644) < 0)
		r = -errno;
	return r < 0 ? failure_errno(f, r, "cannot write the settings") : 0;
}

int oci_image_unpack(const struct oci_store *store, const struct oci_image *image,
		     struct image_draft *draft, const struct unpack_options *options,
		     struct progress *progress, struct progress_count *count,
		     struct notices *notices, struct failure *f)
{
	if (fchmod(draft->fd, ROOT_MODE) < 0)
		return failure_errno(f, -errno, "cannot set the mode");
	for (size_t i = 0; i < image->manifest.n_items; i++)
		if (unpack_one(store, image, i, draft->fd, options, progress, count, notices, f) <
		    0)
			return failure_prefix(f, "layer %zu of %zu", i + 1,
					      image->manifest.n_items);
	return add_settings(draft, image->configuration.settings, f);
}
