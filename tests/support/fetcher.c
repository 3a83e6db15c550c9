/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fetcher get URL FILE [ETAG TOTAL]: fetch into FILE, behind what is in it if ETAG and TOTAL are given.
 * fetcher check MODE URL FILE [KEYRING]: the same, and check it against its publisher's data, in a mode of --verify=.
 * fetcher signature KEYRING SIGNATURE FILE: check a detached signature, or with FILE "-" a clear-signed text.
 * KEYRING is one file or several, with colons between them.
 * FETCH_STALL and FETCH_MAX are limits in seconds and bytes, FETCH_TOKEN is an Authorization.
 */
#include "tools/fetch/verify.h"

#include "base/cleanup.h"
#include "base/input.h"
#include "tools/fetch/content_kind.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static struct arena arena;
static struct failure failure;

static int fail(void)
{
	fprintf(stderr, "%s\n", failure.text);
	return EXIT_FAILURE;
}

static long number(const char *name, long otherwise)
{
	const char *text = getenv(name);

	return text ? atol(text) : otherwise;
}

static int refuse_text(void *data, const void *head, size_t size, const char *content_type,
		       struct failure *f)
{
	enum content_kind kind = content_kind_of(head, size);

	(void) data;
	if (kind != CONTENT_TEXT && kind != CONTENT_EMPTY)
		return 0;
	return failure_set(f, FAILURE_INVALID, "%s is not an image", content_type);
}

static int get(struct url *url, const char *path, const struct verify *verify,
	       struct fetch_validator *validator, enum digest_kind kind, int *fd,
	       struct fetch_answer *answer)
{
	const struct fetch_request request = {
		.url = url,
		.where = path,
		.size_max = (uint64_t) number("FETCH_MAX", 100 * 1000 * 1000),
		.stall_seconds = (int) number("FETCH_STALL", 0),
		.may_be_plain = verify_may_be_plain(verify),
		.digest_kind = kind,
		.authorization = getenv("FETCH_TOKEN"),
		.validator = validator,
		.check_head = getenv("FETCH_HEAD") ? refuse_text : NULL,
		.fd = *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600),
	};

	return *fd < 0 ? -1 : fetch(&arena, &request, answer, &failure);
}

static int load(struct keyring *keyring, const char *paths)
{
	char *copy = paths ? arena_printf(&arena, "%s", paths) : NULL, *rest = NULL;

	*keyring = (struct keyring){ .arena = &arena, .places = paths };
	for (char *path = copy ? strtok_r(copy, ":", &rest) : NULL; path;
	     path = strtok_r(NULL, ":", &rest)) {
		char *text;
		size_t size;

		if (input_read_file(&arena, path, &text, &size) < 0 ||
		    keyring_add(keyring, text, size, &failure) < 0)
			return -1;
	}
	return 0;
}

static int check(const char *mode, const char *address, const char *path, const char *keys)
{
	struct fetch_validator validator = { 0 };
	struct published published;
	struct fetch_answer answer;
	struct keyring keyring;
	struct verify verify;
	struct url url;
	const char *name;
	int fd;

	if (!verify_parse(mode, &verify) || load(&keyring, keys) < 0 ||
	    url_parse(&arena, address, &url, &failure) < 0)
		return fail();
	name = url_file_name(&arena, &url);
	if (verify_read(&arena, &verify, &keyring, &url, name, &published, &failure) < 0 ||
	    get(&url, path, &verify, &validator, published.digest.kind, &fd, &answer) < 0 ||
	    verify_check(&arena, &verify, &keyring, &url, name, &published, &answer, fd, &failure) <
		    0)
		return fail();
	printf("%s\n", verify_words(&arena, &verify, &published));
	return EXIT_SUCCESS;
}

static int check_signature(const char *keys, const char *signature_path, const char *path)
{
	CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct signature signature;
	struct keyring keyring;
	struct signer signer;
	char *text, *clear;
	size_t size;

	if (load(&keyring, keys) < 0 || input_read_file(&arena, signature_path, &text, &size) < 0)
		return fail();
	if (strcmp(path, "-") == 0) {
		if (!is_clear_signed(text, size)) {
			fprintf(stderr, "not clear-signed\n");
			return EXIT_FAILURE;
		}
		if (signature_check_clear(&arena, &keyring, text, size, &clear, &size, &signer,
					  &failure) < 0)
			return fail();
		printf("%s", clear);
		return EXIT_SUCCESS;
	}
	if (signature_read(&arena, text, size, &signature, &failure) < 0 ||
	    signature_check(&arena, &keyring, &signature, fd, &signer, &failure) < 0)
		return fail();
	printf("good %s\n", signer.key->primary->user_id);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct fetch_validator validator = { 0 };
	struct verify none = { .mode = VERIFY_NO };
	struct fetch_answer answer;
	char text[DIGEST_TEXT_SIZE];
	struct url url;
	int fd;

	if (argc == 5 && strcmp(argv[1], "signature") == 0)
		return check_signature(argv[2], argv[3], argv[4]);
	if (argc >= 5 && strcmp(argv[1], "check") == 0)
		return check(argv[2], argv[3], argv[4], argv[5]);
	if (argc < 4 || strcmp(argv[1], "get") != 0 ||
	    url_parse(&arena, argv[2], &url, &failure) < 0)
		return fail();
	if (argc == 6) {
		snprintf(validator.etag, sizeof validator.etag, "%s", argv[4]);
		validator.total = strtoull(argv[5], NULL, 10);
	}
	if (get(&url, argv[3], &none, &validator, DIGEST_SHA256, &fd, &answer) < 0)
		return fail();
	printf("fetched size=%llu resumed=%llu from=%s\n", (unsigned long long) answer.size,
	       (unsigned long long) answer.resumed, answer.url.shown);
	printf("%s\n", digest_format(&answer.digest, text));
	return EXIT_SUCCESS;
}
