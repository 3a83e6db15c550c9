/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/import/oci_layout.h"

#include "base/cleanup.h"
#include "base/json_value.h"
#include "base/quote.h"
#include "tools/import/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LISTED_SIZE_MAX 600

/*
 * Open a file of the directory. Links are followed inside the directory only. Returns a descriptor,
 * or -1 with a failure.
 */
static int open_file(const struct oci_layout *layout, const char *path, struct failure *f)
{
	int fd = inside_open(layout->directory, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	char quoted[QUOTED_SIZE];
	struct stat st;

	if (fd < 0)
		return failure_errno(f, fd, "cannot open '%s' of the image", quote(path, quoted));
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return fd;
	close(fd);
	return failure_set(f, FAILURE_INVALID, "'%s' of the image is not a file",
			   quote(path, quoted));
}

static int read_file(const struct oci_layout *layout, const char *path, char **text, size_t *size,
		     struct failure *f)
{
	CLEANUP_CLOSE int fd = open_file(layout, path, f);
	char quoted[QUOTED_SIZE];
	size_t length = 0;
	ssize_t n;

	if (fd < 0)
		return -1;
	*text = arena_alloc(layout->arena, OCI_DOCUMENT_SIZE_MAX + 1);
	do {
		n = read(fd, *text + length, OCI_DOCUMENT_SIZE_MAX + 1 - length);
		length += n > 0 ? (size_t) n : 0;
	} while (n > 0 || (n < 0 && errno == EINTR));
	if (n < 0)
		return failure_errno(f, -errno, "cannot read '%s' of the image",
				     quote(path, quoted));
	if (length > OCI_DOCUMENT_SIZE_MAX)
		return failure_set(f, FAILURE_INVALID, "'%s' of the image is too large",
				   quote(path, quoted));
	(*text)[length] = '\0';
	*size = length;
	return 0;
}

static const char *path_of(struct arena *arena, const struct oci_descriptor *d)
{
	char text[DIGEST_TAGGED_SIZE];

	if (d->digest.kind == DIGEST_NONE)
		return d->name;
	digest_format_tagged(&d->digest, text);
	text[6] = '/';
	return arena_printf(arena, "blobs/%s", text);
}

static int read_text(void *data, const struct oci_descriptor *d, char **text, size_t *size,
		     struct failure *f)
{
	const struct oci_layout *layout = data;
	CLEANUP(digest_cleanup) struct digest_context *context = digest_begin(d->digest.kind);
	struct digest digest;

	if (read_file(layout, path_of(layout->arena, d), text, size, f) < 0)
		return -1;
	if (d->digest.kind == DIGEST_NONE)
		return 0;
	digest_add(context, *text, *size);
	digest_get(context, &digest);
	return digest_check("a file of the image", &digest, &d->digest, f);
}

static int read_document(void *data, const struct oci_descriptor *d, char **text, size_t *size,
			 const char **type, struct failure *f)
{
	*type = d ? d->type : "";
	return d ? read_text(data, d, text, size, f) : read_file(data, "index.json", text, size, f);
}

/*
 * Docker's files have no digest of a layer's file. The digest of its archive is in the
 * configuration, and is checked later.
 */
static int open_layer(void *data, const struct oci_descriptor *d, struct failure *f)
{
	struct oci_layout *layout = data;
	struct digest digest;
	int r;

	cleanup_close(&layout->layer);
	layout->layer = open_file(layout, path_of(layout->arena, d), f);
	if (layout->layer < 0 || d->digest.kind == DIGEST_NONE)
		return layout->layer;
	r = digest_of_file(layout->layer, d->digest.kind, &digest);
	if (r < 0)
		return failure_errno(f, r, "cannot read a layer");
	return digest_check("a file of the image", &digest, &d->digest, f) < 0 ? -1 : layout->layer;
}

static bool has_file(const struct oci_layout *layout, const char *path)
{
	struct failure ignored;
	CLEANUP_CLOSE int fd = open_file(layout, path, &ignored);

	return fd >= 0;
}

int oci_layout_open(struct oci_layout *layout, struct arena *arena, int directory,
		    struct oci_store *store, struct failure *f)
{
	*layout = (struct oci_layout){ .arena = arena, .directory = directory, .layer = -1 };
	*store = (struct oci_store){
		.arena = arena,
		.data = layout,
		.document = read_document,
		.text = read_text,
		.layer = open_layer,
	};
	/* Recent versions of "docker save" write both. */
	if (has_file(layout, "oci-layout") && has_file(layout, "index.json"))
		return 0;
	layout->is_docker = has_file(layout, "manifest.json");
	if (layout->is_docker)
		return 0;
	return failure_set(f, FAILURE_INVALID,
			   "it has neither oci-layout and index.json, nor the manifest.json of "
			   "'docker save'");
}

void oci_layout_close(struct oci_layout *layout)
{
	cleanup_close(&layout->layer);
	layout->layer = -1;
}

/* Either "TAG", or the whole reference that ends with it. */
static bool has_tag(json_object *image, const char *name)
{
	json_object *tags = json_member(image, "RepoTags", json_type_array);
	size_t count = tags ? json_object_array_length(tags) : 0;

	for (size_t i = 0; i < count; i++) {
		const char *tag = json_string(json_object_array_get_idx(tags, i));

		if (tag && oci_names_match(tag, name))
			return true;
	}
	return false;
}

static const char *list_tags(struct arena *arena, json_object *images)
{
	const char *list = "";

	for (size_t i = 0; i < json_object_array_length(images); i++) {
		json_object *tags = json_member(json_object_array_get_idx(images, i), "RepoTags",
						json_type_array);
		size_t count = tags ? json_object_array_length(tags) : 0;

		for (size_t j = 0; j < count && strlen(list) < LISTED_SIZE_MAX; j++) {
			const char *tag = json_string(json_object_array_get_idx(tags, j));
			char quoted[QUOTED_SIZE];

			list = arena_printf(arena, "%s%s%s", list, *list ? ", " : "",
					    quote(tag ? tag : "", quoted));
		}
	}
	return *list ? list : "nothing with a tag";
}

static json_object *choose_image(struct arena *arena, json_object *images, const char *name,
				 struct failure *f)
{
	size_t count = json_object_array_length(images);

	for (size_t i = 0; i < count && name; i++) {
		json_object *image = json_object_array_get_idx(images, i);

		if (has_tag(image, name))
			return image;
	}
	if (!name && count == 1)
		return json_object_array_get_idx(images, 0);
	failure_set(f, name ? FAILURE_NO_IMAGE : FAILURE_INVALID,
		    name ? "there is no image with the tag %s. There is: %s"
			 : "there are several images%s; choose one with --tag=. There is: %s",
		    name ? name : "", list_tags(arena, images));
	return NULL;
}

static int read_image(const struct oci_layout *layout, json_object *image,
		      struct oci_document *manifest, struct failure *f)
{
	json_object *layers = json_member(image, "Layers", json_type_array);
	size_t count = layers ? json_object_array_length(layers) : 0;
	const char *path = json_member_string(image, "Config");

	if (!path || count == 0 || count > OCI_LAYERS_MAX)
		return failure_set(f, FAILURE_INVALID,
				   "manifest.json has no configuration, or not 1 to %d layers",
				   OCI_LAYERS_MAX);
	*manifest = (struct oci_document){
		.items = arena_alloc(layout->arena, count * sizeof *manifest->items),
		.n_items = count,
		.configuration = { .name = arena_strdup(layout->arena, path) },
	};
	for (size_t i = 0; i < count; i++) {
		path = json_string(json_object_array_get_idx(layers, i));
		if (!path)
			return failure_set(f, FAILURE_INVALID,
					   "a layer of manifest.json is not a file");
		manifest->items[i].name = arena_strdup(layout->arena, path);
	}
	return 0;
}

static int find_docker_image(const struct oci_layout *layout, const struct oci_choice *choice,
			     struct oci_document *manifest, struct failure *f)
{
	CLEANUP(json_value_done) json_object *images = NULL;
	json_object *image;
	const char *why;
	char *text;
	size_t size;

	if (read_file(layout, "manifest.json", &text, &size, f) < 0)
		return -1;
	images = json_parse(text, size, &why);
	if (!json_object_is_type(images, json_type_array))
		return failure_set(f, FAILURE_INVALID, "manifest.json is not a list of images");
	image = choose_image(layout->arena, images, choice->name, f);
	return image ? read_image(layout, image, manifest, f) : -1;
}

int oci_layout_find(const struct oci_layout *layout, const struct oci_store *store,
		    const struct oci_choice *choice, struct oci_image *image, struct failure *f)
{
	image->is_for_platform = false;
	return layout->is_docker ? find_docker_image(layout, choice, &image->manifest, f)
				 : oci_image_find(store, choice, image, f);
}
