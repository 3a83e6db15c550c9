/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/import/pull.h"

#include "base/array_size.h"
#include "base/cleanup.h"
#include "base/quote.h"
#include "registry/name.h"
#include "tools/fetch/content_kind.h"
#include "tools/images/image_draft.h"
#include "tools/images/image_pool.h"
#include "tools/import/file_name.h"
#include "tools/import/stop.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* Settings and hashes are short. Only .verity can be as large as a disk. */
#define SIDE_FILE_SIZE_MAX ((uint64_t) 1 << 20)

static int name_from_address(struct pull *pull, char name[static NAME_MAX + 1], struct failure *f)
{
	char quoted[QUOTED_SIZE];
	enum name_verdict verdict = NAME_EMPTY;

	if (pull->file_name) {
		file_name_to_image_name(pull->file_name, name);
		verdict = machine_name_judge(name, NULL);
	}
	if (verdict == NAME_OK || verdict == NAME_DOTTED)
		return 0;
	return failure_set(
		f, FAILURE_INVALID,
		"'%s' at the end of the address gives no name that a machine can have; add "
		"a NAME behind the address",
		quote(pull->file_name ? pull->file_name : "", quoted));
}

int pull_begin(struct pull *pull, struct arena *arena, const char *address, const char *user_name,
	       char name[static NAME_MAX + 1], struct failure *f)
{
	pull->arena = arena;
	pull->partial = PARTIAL_NONE;
	pull->verify.is_stopped = is_stopped;
	if (url_parse(arena, address, &pull->url, f) < 0)
		return -1;
	pull->file_name = url_file_name(arena, &pull->url);
	if (!user_name && name_from_address(pull, name, f) < 0)
		return -1;
	if (!pull->file_name &&
	    (pull->verify.mode == VERIFY_SIGNATURE || pull->verify.mode == VERIFY_CHECKSUM))
		return failure_set(
			f, FAILURE_INVALID,
			"%s doesn't end in the name of a file, so no list of sums can have it; "
			"give its sum with --verify=sha256:SUM",
			pull->url.shown);
	return 0;
}

static int note_start(void *data, const struct fetch_validator *validator)
{
	struct pull *pull = data;

	return partial_note(&pull->partial, validator);
}

static bool show_progress(void *data, uint64_t done, uint64_t total)
{
	struct pull *pull = data;

	progress_update(pull->progress, &(struct progress_count){ .done = done, .total = total });
	return !stop_signal();
}

/* Some servers send a page with status 200 instead of the file, such as a login page. */
static int check_head(void *data, const void *head, size_t size, const char *content_type,
		      struct failure *f)
{
	const struct pull *pull = data;
	enum content_kind kind = content_kind_of(head, size);
	char quoted[QUOTED_SIZE], total[SIZE_TEXT_SIZE];
	uint64_t whole = pull->partial.validator.total ? pull->partial.validator.total : size;

	if (kind == CONTENT_EMPTY)
		return failure_set(f, FAILURE_INVALID, "%s: the file is empty", pull->url.shown);
	if (kind == CONTENT_TEXT)
		return failure_set(f, FAILURE_INVALID,
				   "%s answered with %s (%s), which is text and not an image",
				   pull->url.shown,
				   quote(*content_type ? content_type : "a page", quoted),
				   size_format(whole, total));
	if (pull->is_tar && kind != CONTENT_TAR && kind != CONTENT_COMPRESSED)
		return failure_set(f, FAILURE_INVALID, "%s is not a tar archive%s", pull->url.shown,
				   kind == CONTENT_QCOW2 ? "; use pull-raw for a disk" : "");
	if (!pull->is_tar && kind == CONTENT_TAR)
		return failure_set(f, FAILURE_INVALID,
				   "%s is a tar archive; use pull-tar for these", pull->url.shown);
	return 0;
}

static int fetch_file(struct pull *pull, enum digest_kind kind, struct fetch_answer *answer,
		      struct failure *f)
{
	return fetch(pull->arena,
		     &(struct fetch_request){
			     .url = &pull->url,
			     .fd = pull->partial.fd,
			     .where = IMAGE_POOL,
			     .size_max = FETCH_SIZE_MAX,
			     .may_be_plain = verify_may_be_plain(&pull->verify),
			     .digest_kind = kind,
			     .known_etags = pull->known_etags,
			     .validator = &pull->partial.validator,
			     .started = note_start,
			     .progress = show_progress,
			     .check_head = check_head,
			     .data = pull,
		     },
		     answer, f);
}

/*
 * Check the file against the publisher's sums. If it is wrong and an earlier download was
 * continued, fetch the whole file again.
 */
static int check_file(struct pull *pull, struct published *published, struct fetch_answer *answer,
		      struct failure *f)
{
	const struct keyring *keyring = &pull->keyring;
	const char *name = pull->file_name ? pull->file_name : "";
	int fd = pull->partial.fd;

	if (verify_check(pull->arena, &pull->verify, keyring, &pull->url, name, published, answer,
			 fd, f) == 0)
		return 0;
	if (answer->resumed == 0)
		return -1;
	pull->partial.validator = (struct fetch_validator){ 0 };
	if (fetch_file(pull, published->digest.kind, answer, f) < 0)
		return -1;
	return verify_check(pull->arena, &pull->verify, keyring, &pull->url, name, published,
			    answer, fd, f);
}

/*
 * Take what is kept, as the server says that it is still what it has; and as it has the sum that counts now.
 * Returns whether it will do.
 */
static bool take_kept(struct pull *pull, const struct kept_list *list,
		      const struct published *published, const struct fetch_answer *answer)
{
	const struct kept_item *item = kept_with_etag(list, answer->etag);

	if (!item ||
	    (pull->verify.mode != VERIFY_NO && !digests_equal(item->digest, &published->digest)))
		return false;
	pull->kept.is_there = true;
	snprintf(pull->kept.name, sizeof pull->kept.name, "%s", item->name);
	return true;
}

/*
 * Fetch it, unless what is kept will do. A sum is always made of what shall be kept. 1 if that was fetched, 0 if
 * not, or -1 with a failure.
 */
static int fetch_unless_kept(struct pull *pull, int pool, const struct published *published,
			     struct fetch_answer *answer, struct failure *f)
{
	enum digest_kind kind = published->digest.kind;
	struct kept_list list = { 0 };

	if (pull->keeps) {
		kept_find(&list, pull->arena, pool, pull->is_tar, &pull->url);
		pull->known_etags = list.etags;
		kind = kind == DIGEST_NONE ? DIGEST_SHA256 : kind;
	}
	for (;;) {
		if (fetch_file(pull, kind, answer, f) < 0)
			return -1;
		if (!answer->is_known)
			return 1;
		if (take_kept(pull, &list, published, answer))
			return 0;
		pull->known_etags = NULL;
	}
}

/* Open the file that the image is made from, at its beginning. */
static int open_fetched(const struct pull *pull, struct failure *f)
{
	int fd = fcntl(pull->partial.fd, F_DUPFD_CLOEXEC, 0);

	if (fd >= 0 && lseek(fd, 0, SEEK_SET) == 0)
		return fd;
	failure_errno(f, -errno, "cannot read the fetched file");
	cleanup_close(&fd);
	return -1;
}

/* A connection that broke: what has come until then is of use. */
static bool is_worth_another_try(const struct failure *f)
{
	return f->kind == FAILURE_OTHER || f->kind == FAILURE_TIMED_OUT;
}

int pull_fetch(struct pull *pull, int pool, struct progress *progress, struct notices *notices,
	       struct failure *f)
{
	bool is_checked = pull->verify.mode != VERIFY_NO;
	struct published published;
	struct fetch_answer answer;
	int r;

	pull->progress = progress;
	pull->keyring = (struct keyring){ .arena = pull->arena };
	if (pull->verify.mode == VERIFY_SIGNATURE)
		keyring_load(&pull->keyring, pull->arena, notices);
	if (verify_read(pull->arena, &pull->verify, &pull->keyring, &pull->url,
			pull->file_name ? pull->file_name : "", &published, f) < 0 ||
	    partial_open(&pull->partial, pool, pull->url.address, is_checked, f) < 0)
		return -1;
	r = fetch_unless_kept(pull, pool, &published, &answer, f);
	if (r < 0) {
		pull->may_go_on = is_worth_another_try(f);
		return -1;
	}
	if (r > 0 && check_file(pull, &published, &answer, f) < 0)
		return -1;
	if (r > 0 && pull->keeps)
		kept_describe(&pull->kept, pull->arena, pull->is_tar, &pull->url, answer.etag,
			      &answer.digest);
	pull->words = arena_printf(pull->arena, "%s%s",
				   verify_words(pull->arena, &pull->verify, &published),
				   r > 0 ? "" : "; it was kept, and has not changed since");
	return open_fetched(pull, f);
}

/*
 * Check a file beside the image against the publisher's sums. 1; 0 if there are none for it; -1
 * with a failure.
 */
static int check_side_file(const struct pull *pull, const struct url *url, const char *name,
			   struct fetch_answer *answer, int fd, struct notices *notices,
			   struct failure *f)
{
	struct published published;
	struct failure unsaid;
	int r;

	if (verify_read(pull->arena, &pull->verify, &pull->keyring, url, name, &published,
			&unsaid) < 0) {
		notices_add(notices, NOTICE_WARNING, "%s is left out: %s", url->shown, unsaid.text);
		return 0;
	}
	if (published.digest.kind != DIGEST_NONE) {
		r = digest_of_file(fd, published.digest.kind, &answer->digest);
		if (r < 0)
			return failure_errno(f, r, "cannot read the fetched file");
	}
	return verify_check(pull->arena, &pull->verify, &pull->keyring, url, name, &published,
			    answer, fd, f) < 0
		       ? -1
		       : 1;
}

/* Some servers send a page for a missing file. */
static bool is_page(const struct fetch_answer *answer)
{
	return strncasecmp(answer->content_type, "text/html", strlen("text/html")) == 0;
}

/* 1; 0 if there is none; -1 with a failure. */
static int fetch_side_file(struct pull *pull, const char *name, uint64_t size_max, int fd,
			   struct notices *notices, struct failure *f)
{
	struct fetch_answer answer = { 0 };
	struct failure why;
	struct url url;

	if (url_parse(pull->arena, url_beside(pull->arena, &pull->url, name), &url, f) < 0)
		return -1;
	if (fetch(pull->arena,
		  &(struct fetch_request){
			  .url = &url,
			  .fd = fd,
			  .where = IMAGE_POOL,
			  .size_max = size_max,
			  .may_be_plain = verify_may_be_plain(&pull->verify),
			  .progress = show_progress,
			  .data = pull,
		  },
		  &answer, &why) < 0) {
		if (fetch_is_missing(answer.status))
			return 0;
		/* Servers that are in trouble with one file aren't worth another look at a large one. */
		if (answer.status >= 400) {
			notices_add(notices, NOTICE_WARNING, "%s is left out: %s", url.shown,
				    why.text);
			return 0;
		}
		pull->may_go_on = is_worth_another_try(&why);
		*f = why;
		return -1;
	}
	if (is_page(&answer))
		return 0;
	return check_side_file(pull, &url, name, &answer, fd, notices, f);
}

static int add_side_file(struct pull *pull, struct image_draft *draft, const char *name,
			 const char *ending, uint64_t size_max, struct notices *notices,
			 struct failure *f)
{
	int fd = image_draft_add(draft, IMAGE_RAW, ending, f);
	int r = fd < 0 ? -1 : fetch_side_file(pull, name, size_max, fd, notices, f);

	/* The draft removes it then. */
	if (r == 0)
		draft->parts[draft->n_parts - 1].ending = NULL;
	return r < 0 ? -1 : 0;
}

int pull_add_side_files(struct pull *pull, struct image_draft *draft, struct progress *progress,
			struct notices *notices, struct failure *f)
{
	static const struct {
		const char *ending;
		bool is_of_disk;
		uint64_t size_max;
	} sides[] = {
		{ ".nspawn", false, SIDE_FILE_SIZE_MAX },
		{ ".roothash", true, SIDE_FILE_SIZE_MAX },
		{ ".roothash.p7s", true, SIDE_FILE_SIZE_MAX },
		{ ".verity", true, FETCH_SIZE_MAX },
	};
	char stem[NAME_MAX + 1];

	/* A sum from the user is for the image only. */
	if (pull->verify.mode == VERIFY_DIGEST || !pull->file_name)
		return 0;
	pull->progress = progress;
	file_name_to_image_name(pull->file_name, stem);
	for (size_t i = 0; i < ARRAY_SIZE(sides); i++) {
		const char *name = arena_printf(pull->arena, "%s%s", stem, sides[i].ending);

		if (sides[i].is_of_disk && pull->is_tar)
			continue;
		if (add_side_file(pull, draft, name, sides[i].ending, sides[i].size_max, notices,
				  f) < 0)
			return -1;
	}
	return 0;
}

void pull_end(struct pull *pull, bool is_cancelled)
{
	if (!pull->may_go_on && !is_cancelled)
		partial_remove(&pull->partial);
	partial_close(&pull->partial);
}
