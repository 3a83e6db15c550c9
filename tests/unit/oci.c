/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading texts of people and registries about images of container registries. */
#include "base/array_size.h"
#include "base/cleanup.h"
#include "tests/unit/unit.h"
#include "tools/oci/challenge.h"
#include "tools/oci/platform.h"
#include "tools/oci/reference.h"

#include <stdio.h>
#include <string.h>

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

START_TEST(references_are_read_as_docker_reads_them)
{
	/* The text; then the whole reference, and the host that is asked. NULL: it is refused. */
	static const struct {
		const char *text, *shown, *host;
	} rows[] = {
		{ "debian", "docker.io/library/debian:latest", "registry-1.docker.io" },
		{ "debian:12", "docker.io/library/debian:12", "registry-1.docker.io" },
		{ "library/debian", "docker.io/library/debian:latest", "registry-1.docker.io" },
		{ "me/app:1", "docker.io/me/app:1", "registry-1.docker.io" },
		{ "docker.io/debian", "docker.io/library/debian:latest", "registry-1.docker.io" },
		{ "docker.io:443/debian", "docker.io/library/debian:latest",
		  "registry-1.docker.io" },
		{ "index.docker.io/me/app", "docker.io/me/app:latest", "registry-1.docker.io" },
		{ "registry-1.docker.io/debian", "docker.io/library/debian:latest",
		  "registry-1.docker.io" },
		{ "registry.hub.docker.com/library/debian", "docker.io/library/debian:latest",
		  "registry-1.docker.io" },
		{ "x:5000", "docker.io/library/x:5000", "registry-1.docker.io" },
		{ "host:5000/x", "host:5000/x:latest", "host:5000" },
		{ "host:5000/x:1", "host:5000/x:1", "host:5000" },
		{ "host:5000/a/b/c:1", "host:5000/a/b/c:1", "host:5000" },
		{ "localhost/x", "localhost/x:latest", "localhost" },
		{ "a.b/x", "a.b/x:latest", "a.b" },
		{ "a.b", "docker.io/library/a.b:latest", "registry-1.docker.io" },
		{ "Host/x", "Host/x:latest", "Host" },
		{ "ghcr.io/a/b:v1.2.3-x_y", "ghcr.io/a/b:v1.2.3-x_y", "ghcr.io" },
		{ "[::1]:5000/x", "[::1]:5000/x:latest", "[::1]:5000" },
		{ "x@sha256:" HEX, "docker.io/library/x@sha256:" HEX, "registry-1.docker.io" },
		{ "a.b/x:1@sha256:" HEX, "a.b/x:1@sha256:" HEX, "a.b" },
		{ "a.b/x@sha512:" HEX HEX, "a.b/x@sha512:" HEX HEX, "a.b" },
		{ "a__b/c--d/e.f", "docker.io/a__b/c--d/e.f:latest", "registry-1.docker.io" },
		{ "Debian", NULL, NULL },
		{ "me/App", NULL, NULL },
		{ "", NULL, NULL },
		{ "a.b/", NULL, NULL },
		{ "/x", NULL, NULL },
		{ "a//b", NULL, NULL },
		{ "a___b", NULL, NULL },
		{ "a..b", NULL, NULL },
		{ "-a", NULL, NULL },
		{ "a-", NULL, NULL },
		{ "a:", NULL, NULL },
		{ "a:-x", NULL, NULL },
		{ "a:x y", NULL, NULL },
		{ "a@sha256:12", NULL, NULL },
		{ "a@md5:" HEX, NULL, NULL },
		{ "a@", NULL, NULL },
		{ "../a", NULL, NULL },
		{ "a/../b", NULL, NULL },
		{ "a.b:99999/x", NULL, NULL },
		{ "a.b:/x", NULL, NULL },
		{ "me@a.b/x", NULL, NULL },
		{ "a.b?x/y", NULL, NULL },
		{ "https://a.b/x", NULL, NULL },
		{ "docker://debian", NULL, NULL },
	};
	CLEANUP(arena_done) struct arena arena = { 0 };
	size_t wrong = 0;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct oci_reference r;
		struct failure f;
		bool valid = oci_reference_parse(&arena, rows[i].text, &r, &f) == 0;

		if (valid == !!rows[i].shown && (!valid || (strcmp(r.shown, rows[i].shown) == 0 &&
							    strcmp(r.host, rows[i].host) == 0)))
			continue;
		wrong++;
		fprintf(stderr, "%s: %s\n", rows[i].text, valid ? r.shown : f.text);
	}
	ck_assert_uint_eq(wrong, 0);
}
END_TEST

START_TEST(of_challenges_the_one_for_a_token_counts)
{
	/* Its realm and service; NULL: there is none. */
	static const struct {
		const char *text, *realm, *service;
	} rows[] = {
		{ "Bearer realm=\"https://a/t\",service=\"s\",scope=\"x\"", "https://a/t", "s" },
		{ "bearer  realm = https://a/t , service=s", "https://a/t", "s" },
		{ "Bearer realm=\"https://a/t\"", "https://a/t", "" },
		{ "Bearer service=\"a, b=\\\"c\\\"\",realm=\"https://a\"", "https://a",
		  "a, b=\"c\"" },
		{ "Basic realm=\"Bearer realm=x\", Bearer realm=\"https://a\"", "https://a", "" },
		{ "Bearer realm=\"https://a\", Basic realm=\"https://b\"", "https://a", "" },
		{ "Negotiate abc==, Bearer realm=\"https://a\"", "https://a", "" },
		{ "Bearer error=\"x\", Bearer realm=\"https://a\"", "https://a", "" },
		{ "Bearer realm=\"https://a", "https://a", "" },
		{ "Bearer", "", "" },
		{ "Basic realm=\"x\"", NULL, NULL },
		{ "\"\\", NULL, NULL },
		{ ",,= ,", NULL, NULL },
		{ "", NULL, NULL },
	};
	CLEANUP(arena_done) struct arena arena = { 0 };
	size_t wrong = 0;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct oci_challenge c;

		oci_challenge_parse(&arena, rows[i].text, &c);
		if (c.has_bearer == !!rows[i].realm &&
		    (!c.has_bearer || (strcmp(c.realm, rows[i].realm) == 0 &&
				       strcmp(c.service, rows[i].service) == 0)))
			continue;
		wrong++;
		fprintf(stderr, "%s: '%s' '%s'\n", rows[i].text, c.realm, c.service);
	}
	ck_assert_uint_eq(wrong, 0);
}
END_TEST

START_TEST(platforms_match_as_processors_do)
{
	static const struct {
		const char *wanted, *offered;
		bool matches;
	} rows[] = {
		{ "linux/amd64", "linux/amd64/v1", true },
		{ "linux/amd64/v1", "amd64", true },
		{ "linux/amd64", "linux/amd64/v3", false },
		{ "linux/amd64/v3", "linux/amd64/v3", true },
		{ "linux/arm64", "linux/arm64/v8", true },
		{ "linux/arm64/v8", "linux/arm64", true },
		{ "linux/arm/v6", "linux/arm/v7", false },
		{ "linux/arm/v7", "linux/arm/v5", true },
		{ "linux/arm/v6", "linux/arm", false },
		{ "linux/arm", "linux/arm/v7", true },
		{ "linux/amd64", "windows/amd64", false },
		{ "linux/amd64", "unknown/unknown", false },
		{ "linux/386", "linux/386", true },
		{ "linux/arm64", "linux/arm", false },
	};
	CLEANUP(arena_done) struct arena arena = { 0 };
	size_t wrong = 0;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct oci_platform wanted, offered;
		struct failure f;

		if (oci_platform_parse(&arena, rows[i].wanted, &wanted, &f) == 0 &&
		    oci_platform_parse(&arena, rows[i].offered, &offered, &f) == 0 &&
		    !!oci_platform_match(&wanted, &offered) == rows[i].matches)
			continue;
		wrong++;
		fprintf(stderr, "%s, %s\n", rows[i].wanted, rows[i].offered);
	}
	ck_assert_uint_eq(wrong, 0);
}
END_TEST

Suite *oci_suite(void)
{
	Suite *suite = suite_create("oci");

	ADD(suite, references_are_read_as_docker_reads_them);
	ADD(suite, of_challenges_the_one_for_a_token_counts);
	ADD(suite, platforms_match_as_processors_do);
	return suite;
}
