/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/oci/document.h"

#include "base/array_size.h"
#include "base/cleanup.h"
#include "base/json_value.h"
#include "base/quote.h"

#include <string.h>
#include <strings.h>

#define ITEMS_MAX	1000
#define LISTED_SIZE_MAX 600

static const char *const index_types[] = {
	"application/vnd.oci.image.index.v1+json",
	"application/vnd.docker.distribution.manifest.list.v2+json",
};
static const char *const manifest_types[] = {
	"application/vnd.oci.image.manifest.v1+json",
	"application/vnd.docker.distribution.manifest.v2+json",
};
static const char *const configuration_types[] = {
	"application/vnd.oci.image.config.v1+json",
	"application/vnd.docker.container.image.v1+json",
};
/* The compression isn't part of this: it is recognized by the first bytes of a layer. */
static const char *const layer_types[] = {
	"application/vnd.oci.image.layer.v1.tar",
	"application/vnd.oci.image.layer.v1.tar+gzip",
	"application/vnd.oci.image.layer.v1.tar+zstd",
	"application/vnd.docker.image.rootfs.diff.tar",
	"application/vnd.docker.image.rootfs.diff.tar.gzip",
	"application/vnd.docker.image.rootfs.diff.tar.zstd",
};
static const char *const foreign_types[] = {
	"application/vnd.oci.image.layer.nondistributable.v1.tar",
	"application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
	"application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
	"application/vnd.docker.image.rootfs.foreign.diff.tar",
	"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
};

static bool is_of(const char *type, const char *const *types, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcasecmp(type, types[i]) == 0)
			return true;
	return false;
}

#define IS_OF(type, types) is_of((type), (types), ARRAY_SIZE(types))

bool oci_layer_is_foreign(const struct oci_descriptor *layer)
{
	return IS_OF(layer->type, foreign_types);
}

static int read_descriptor(struct arena *arena, json_object *object, struct oci_descriptor *d,
			   struct failure *f)
{
	json_object *size, *platform, *annotations;
	char quoted[QUOTED_SIZE];
	const char *digest;

	if (!json_object_is_type(object, json_type_object))
		return failure_set(f, FAILURE_INVALID, "a descriptor is not an object");
	d->type = json_member_text(arena, object, "mediaType");
	digest = json_member_text(arena, object, "digest");
	if (!digest_parse_tagged(digest, &d->digest))
		return failure_set(f, FAILURE_INVALID, "'%s' is not a digest by SHA-256 or SHA-512",
				   quote(digest, quoted));
	if (!json_object_object_get_ex(object, "size", &size) ||
	    !json_object_is_type(size, json_type_int) || json_object_get_int64(size) < 0 ||
	    json_object_get_int64(size) == INT64_MAX)
		return failure_set(f, FAILURE_INVALID, "%s has no valid size",
				   quote(digest, quoted));
	d->size = (uint64_t) json_object_get_int64(size);
	platform = json_member(object, "platform", json_type_object);
	d->has_platform = platform;
	if (platform)
		d->platform =
			(struct oci_platform){ json_member_text(arena, platform, "os"),
					       json_member_text(arena, platform, "architecture"),
					       json_member_text(arena, platform, "variant") };
	annotations = json_member(object, "annotations", json_type_object);
	d->name = annotations ? json_member_text(arena, annotations,
						 "org.opencontainers.image.ref.name")
			      : "";
	return 0;
}

static int read_items(struct arena *arena, json_object *array, size_t most,
		      struct oci_document *document, struct failure *f)
{
	size_t count = json_object_array_length(array);

	if (count > most)
		return failure_set(f, FAILURE_INVALID, "it has %zu parts, and %zu are the limit",
				   count, most);
	document->items = arena_alloc(arena, (count + 1) * sizeof *document->items);
	for (size_t i = 0; i < count; i++)
		if (read_descriptor(arena, json_object_array_get_idx(array, i), &document->items[i],
				    f) < 0)
			return -1;
	document->n_items = count;
	return 0;
}

/* Refuse images that don't contain the files of a system: registries also keep Helm charts, for example. */
static int check_types(const struct oci_document *document, struct failure *f)
{
	char quoted[QUOTED_SIZE];

	if (!IS_OF(document->configuration.type, configuration_types))
		return failure_set(
			f, FAILURE_NOT_SUPPORTED,
			"it is not an image of a system: its configuration is of the type "
			"'%s'",
			quote(document->configuration.type, quoted));
	if (document->n_items == 0)
		return failure_set(f, FAILURE_INVALID, "it has no layers");
	for (size_t i = 0; i < document->n_items; i++)
		if (!IS_OF(document->items[i].type, layer_types) &&
		    !oci_layer_is_foreign(&document->items[i]))
			return failure_set(f, FAILURE_NOT_SUPPORTED,
					   "its layer %zu is of the type '%s', which is not known",
					   i + 1, quote(document->items[i].type, quoted));
	return 0;
}

static int read_manifest(struct arena *arena, json_object *object, json_object *layers,
			 struct oci_document *document, struct failure *f)
{
	json_object *configuration = json_member(object, "config", json_type_object);

	if (!configuration)
		return failure_set(f, FAILURE_INVALID, "it has no configuration");
	if (read_descriptor(arena, configuration, &document->configuration, f) < 0 ||
	    read_items(arena, layers, OCI_LAYERS_MAX, document, f) < 0)
		return -1;
	return check_types(document, f);
}

/* Refuse a document that one program would read as an index and another as a manifest. */
static int check_kind(const char *announced, const char *own, bool is_index, struct failure *f)
{
	const char *const types[] = { announced, own };
	char quoted[QUOTED_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (is_index ? IS_OF(types[i], manifest_types) : IS_OF(types[i], index_types))
			return failure_set(f, FAILURE_INVALID,
					   "its type is '%s', and its contents are another's",
					   quote(types[i], quoted));
	return 0;
}

static int read_document(struct arena *arena, json_object *object, const char *type,
			 struct oci_document *document, struct failure *f)
{
	json_object *manifests = json_member(object, "manifests", json_type_array),
		    *layers = json_member(object, "layers", json_type_array);
	json_object *version;

	if (!json_object_object_get_ex(object, "schemaVersion", &version) ||
	    !json_object_is_type(version, json_type_int) || json_object_get_int(version) != 2)
		return failure_set(f, FAILURE_NOT_SUPPORTED,
				   "it isn't a manifest of version 2: push the image again "
				   "with a current program");
	if (!manifests == !layers)
		return failure_set(f, FAILURE_INVALID,
				   "it is neither an index of images nor a manifest of one");
	if (check_kind(type, json_member_text(arena, object, "mediaType"), manifests, f) < 0)
		return -1;
	document->is_index = manifests;
	return manifests ? read_items(arena, manifests, ITEMS_MAX, document, f)
			 : read_manifest(arena, object, layers, document, f);
}

int oci_document_parse(struct arena *arena, const char *text, size_t size, const char *type,
		       struct oci_document *document, struct failure *f)
{
	const char *why;
	CLEANUP(json_value_done) json_object *object = json_parse(text, size, &why);
	struct oci_document d = { 0 };

	if (!json_object_is_type(object, json_type_object))
		return failure_set(f, FAILURE_INVALID, "it is not a manifest: %s",
				   why ? why : "no object of JSON");
	if (read_document(arena, object, type, &d, f) < 0)
		return -1;
	*document = d;
	return 0;
}

const char *oci_media_type(struct arena *arena, const char *content_type)
{
	return arena_printf(arena, "%.*s", (int) strcspn(content_type, "; \t"), content_type);
}

/* List the available tags and platforms, so that the user can choose. */
static const char *list_items(struct arena *arena, const struct oci_document *document)
{
	const char *list = "";

	for (size_t i = 0; i < document->n_items && strlen(list) < LISTED_SIZE_MAX; i++) {
		const struct oci_descriptor *d = &document->items[i];
		char name[QUOTED_SIZE];

		list = arena_printf(arena, "%s%s%s%s%s", list, *list ? ", " : "",
				    d->has_platform ? oci_platform_format(arena, &d->platform)
						    : "one without a platform",
				    *d->name ? " " : "", quote(d->name, name));
	}
	return *list ? list : "nothing";
}

bool oci_names_match(const char *has, const char *name)
{
	size_t length = strlen(has), wanted = strlen(name);

	return strcmp(has, name) == 0 || (length > wanted && has[length - wanted - 1] == ':' &&
					  strcmp(has + length - wanted, name) == 0);
}

const struct oci_descriptor *oci_index_choose(struct arena *arena,
					      const struct oci_document *document,
					      const struct oci_platform *platform, const char *name,
					      struct failure *f)
{
	const struct oci_descriptor *best = NULL;
	int best_match = 0;
	size_t n_best = 0;

	for (size_t i = 0; i < document->n_items; i++) {
		const struct oci_descriptor *d = &document->items[i];
		int match = d->has_platform ? oci_platform_match(platform, &d->platform) : 1;

		if ((name && !oci_names_match(d->name, name)) || match == 0 || match < best_match)
			continue;
		n_best = match > best_match ? 1
			 /* Some tools list the same image under two tags. */
			 : digests_equal(&d->digest, &best->digest) ? n_best
								    : n_best + 1;
		if (match > best_match)
			best = d;
		best_match = match;
	}
	/* The index of a registry has one image for each platform: the first one counts. */
	if (n_best == 1 || (n_best > 1 && best->has_platform && !*best->name))
		return best;
	if (n_best > 1)
		failure_set(f, FAILURE_INVALID,
			    "there are several images; choose one with --tag=. There is: %s",
			    list_items(arena, document));
	else
		failure_set(f, FAILURE_NO_IMAGE, "there is no image for %s%s%s. There is: %s",
			    oci_platform_format(arena, platform), name ? " with the tag " : "",
			    name ? name : "", list_items(arena, document));
	return NULL;
}
