/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/import/oci_download.h"

#include "tools/images/image_pool.h"
#include "tools/import/stop.h"

#include <inttypes.h>
#include <string.h>

static int fetch_document(void *data, const struct oci_descriptor *descriptor, char **text,
			  size_t *size, const char **type, struct failure *f)
{
	struct oci_download *d = data;
	struct digest digest;

	if (oci_registry_document(&d->registry, descriptor, text, size, type, &digest, f) < 0)
		return -1;
	if (!descriptor)
		d->digest = digest;
	return 0;
}

static int fetch_configuration(void *data, const struct oci_descriptor *descriptor, char **text,
			       size_t *size, struct failure *f)
{
	struct oci_download *d = data;

	return oci_registry_text(&d->registry, descriptor, text, size, f);
}

static struct partial *find_layer(struct oci_download *d, const struct digest *digest)
{
	for (size_t i = 0; i < d->n_layers; i++)
		if (digests_equal(&d->digests[i], digest))
			return &d->layers[i];
	return NULL;
}

static int give_layer(void *data, const struct oci_descriptor *descriptor, struct failure *f)
{
	struct partial *partial = find_layer(data, &descriptor->digest);

	return partial ? partial->fd : failure_set(f, FAILURE_OTHER, "the layer was not fetched");
}

int oci_download_begin(struct oci_download *d, struct arena *arena, const char *reference,
		       struct oci_store *store, struct failure *f)
{
	*d = (struct oci_download){ 0 };
	if (oci_reference_parse(arena, reference, &d->reference, f) < 0)
		return -1;
	d->registry = (struct oci_registry){ .arena = arena,
					     .reference = &d->reference,
					     .is_stopped = is_stopped };
	*store = (struct oci_store){
		.arena = arena,
		.data = d,
		.document = fetch_document,
		.text = fetch_configuration,
		.layer = give_layer,
	};
	return 0;
}

/* A layer that is being fetched. */
struct layer_fetch {
	struct oci_download *download;
	struct partial *partial;
};

static int note_start(void *data, const struct fetch_validator *validator)
{
	struct layer_fetch *l = data;

	return partial_note(l->partial, validator);
}

static bool show_progress(void *data, uint64_t done, uint64_t total)
{
	struct layer_fetch *l = data;

	(void) total;
	progress_update(l->download->progress,
			&(struct progress_count){ .done = l->download->done + done,
						  .total = l->download->total });
	return !stop_signal();
}

static int fetch_blob(struct oci_download *d, const struct oci_descriptor *layer,
		      struct partial *partial, struct fetch_answer *answer, struct failure *f)
{
	struct layer_fetch data = { d, partial };
	const char *address = oci_registry_blob_address(&d->registry, &layer->digest);
	struct fetch_request request = {
		.fd = partial->fd,
		.where = IMAGE_POOL,
		.size_max = layer->size,
		.digest_kind = layer->digest.kind,
		.validator = &partial->validator,
		.started = note_start,
		.progress = show_progress,
		.data = &data,
	};

	if (oci_registry_fetch(&d->registry, address, &request, answer, f) == 0)
		return 0;
	if (f->kind == FAILURE_NO_SUCH_FILE && oci_layer_is_foreign(layer))
		return failure_set(f, FAILURE_NO_SUCH_FILE,
				   "the registry doesn't have this layer, whose files may not be "
				   "passed on; addresses that the image names elsewhere are never "
				   "fetched");
	return -1;
}

static int check_blob(const struct oci_descriptor *layer, const struct fetch_answer *answer,
		      struct failure *f)
{
	if (digest_check(answer->url.shown, &answer->digest, &layer->digest, f) < 0)
		return -1;
	if (answer->size == layer->size)
		return 0;
	return failure_set(f, FAILURE_NOT_PERMITTED,
			   "%s has %" PRIu64 " bytes, and the image's manifest says %" PRIu64,
			   answer->url.shown, answer->size, layer->size);
}

/* An earlier partial download may be wrong: fetch the whole layer again. */
static int fetch_layer(struct oci_download *d, const struct oci_descriptor *layer,
		       struct partial *partial, struct failure *f)
{
	struct fetch_answer answer;

	if (fetch_blob(d, layer, partial, &answer, f) < 0)
		return -1;
	if (check_blob(layer, &answer, f) == 0)
		return 0;
	if (answer.resumed) {
		partial->validator = (struct fetch_validator){ 0 };
		if (fetch_blob(d, layer, partial, &answer, f) < 0)
			return -1;
		if (check_blob(layer, &answer, f) == 0)
			return 0;
	}
	partial_remove(partial);
	return -1;
}

static int check_sizes(struct oci_download *d, const struct oci_document *manifest,
		       struct failure *f)
{
	char most[SIZE_TEXT_SIZE];

	for (size_t i = 0; i < manifest->n_items; i++) {
		if (manifest->items[i].size > FETCH_SIZE_MAX - d->total)
			return failure_set(f, FAILURE_INVALID,
					   "its layers are too large: %s are the limit",
					   size_format(FETCH_SIZE_MAX, most));
		d->total += manifest->items[i].size;
	}
	return 0;
}

int oci_download_layers(struct oci_download *d, const struct oci_document *manifest, int pool,
			struct progress *progress, struct failure *f)
{
	struct arena *arena = d->registry.arena;
	struct digest *digests = arena_alloc(arena, manifest->n_items * sizeof *digests);

	d->progress = progress;
	d->layers = arena_alloc(arena, manifest->n_items * sizeof *d->layers);
	d->digests = digests;
	if (check_sizes(d, manifest, f) < 0)
		return -1;
	for (size_t i = 0; i < manifest->n_items; i++) {
		const struct oci_descriptor *layer = &manifest->items[i];
		struct partial *partial = &d->layers[d->n_layers];

		/* An image can contain the same layer more than once. */
		if (!find_layer(d, &layer->digest)) {
			if (partial_open(partial, pool,
					 oci_registry_blob_address(&d->registry, &layer->digest),
					 true, f) < 0)
				return -1;
			digests[d->n_layers++] = layer->digest;
			if (fetch_layer(d, layer, partial, f) < 0)
				return failure_prefix(f, "layer %zu of %zu", i + 1,
						      manifest->n_items);
		}
		d->done += layer->size;
	}
	return 0;
}

const char *oci_download_words(const struct oci_download *d)
{
	const struct oci_reference *r = &d->reference;
	char digest[DIGEST_TAGGED_SIZE];

	if (r->digest.kind != DIGEST_NONE)
		return "has the digest that was given";
	return arena_printf(d->registry.arena,
			    "not signed: only https and the registry %s vouch for it; it is "
			    "pinned by %s/%s@%s",
			    r->host, r->registry, r->repository,
			    digest_format_tagged(&d->digest, digest));
}

void oci_download_end(struct oci_download *d, bool stay)
{
	for (size_t i = 0; i < d->n_layers; i++) {
		if (!stay)
			partial_remove(&d->layers[i]);
		partial_close(&d->layers[i]);
	}
	d->n_layers = 0;
}
