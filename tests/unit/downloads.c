/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading data of servers and publishers: headers, URLs, lists of sums, armour, keyrings, first bytes. */
#include "base/array_size.h"
#include "tests/support/checks.h"
#include "tests/unit/unit.h"
#include "tools/fetch/checksum_list.h"
#include "tools/fetch/content_kind.h"
#include "tools/fetch/http_header.h"
#include "tools/fetch/keyring.h"
#include "tools/fetch/url.h"
#include "tools/fetch/verify.h"

#include <stdio.h>
#include <string.h>

#define A64  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B64  "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define A128 A64 A64
#define B128 B64 B64
#define MD5  "d41d8cd98f00b204e9800998ecf8427e"
#define SHA1 "da39a3ee5e6b4b0d3255bfef95601890afd80709"

static struct arena arena;

START_TEST(a_content_range_is_whole_and_fits)
{
	static const struct {
		const char *text;
		bool is_valid;
		uint64_t first, last, total;
	} rows[] = {
		{ "bytes 0-499/1234", true, 0, 499, 1234 },
		{ "Bytes 500-1233/1234", true, 500, 1233, 1234 },
		{ "bytes  1-1/2", true, 1, 1, 2 },
		{ "bytes 0-0/9000000000000000000", true, 0, 0, 9000000000000000000 },
		{ "bytes 500-1234/1234", false, 0, 0, 0 },
		{ "bytes 500-499/1234", false, 0, 0, 0 },
		{ "bytes 0-499/*", false, 0, 0, 0 },
		{ "bytes */1234", false, 0, 0, 0 },
		{ "bytes -1-2/3", false, 0, 0, 0 },
		{ "bytes 0-1/3, 2-2/3", false, 0, 0, 0 },
		{ "bytes 0-1/3x", false, 0, 0, 0 },
		{ "bytes 0-1/99999999999999999999", false, 0, 0, 0 },
		{ "bytes 18446744073709551616-2/3", false, 0, 0, 0 },
		{ "bytes=0-1/3", false, 0, 0, 0 },
		{ "items 0-1/3", false, 0, 0, 0 },
		{ "bytes", false, 0, 0, 0 },
		{ "", false, 0, 0, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct content_range range = { 7, 7, 7 };
		bool is_valid = content_range_parse(rows[i].text, &range);

		ck_assert_msg(is_valid == rows[i].is_valid, "%s", rows[i].text);
		ck_assert_msg(is_valid ? range.first == rows[i].first &&
						 range.last == rows[i].last &&
						 range.total == rows[i].total
				       : range.total == 7,
			      "%s", rows[i].text);
	}
}
END_TEST

START_TEST(only_a_strong_etag_promises_the_same_bytes)
{
	static const char *const strong[] = { "\"a\"", "\"5f-62a\"", "\"\xc3\xa4\"" };
	static const char *const others[] = { "",	 "\"\"",     "W/\"a\"", "a",
					      "\"a b\"", "\"a\"b\"", "\"a",	"\"a\x7f\"" };

	for (size_t i = 0; i < ARRAY_SIZE(strong); i++)
		ck_assert_msg(etag_is_strong(strong[i]), "%s", strong[i]);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		ck_assert_msg(!etag_is_strong(others[i]), "%s", others[i]);
}
END_TEST

START_TEST(a_sum_is_found_in_each_form_of_list)
{
	static const struct {
		const char *text;
		bool is_lone;
		int found;
		char first; /* digit of the sum */
		enum digest_kind kind;
	} rows[] = {
		{ A64 "  f.tar\n", false, 1, 'a', DIGEST_SHA256 },
		{ A64 " *f.tar\n", false, 1, 'a', DIGEST_SHA256 },
		{ A64 " f.tar\n", false, 1, 'a', DIGEST_SHA256 },
		{ A64 "\tf.tar", false, 1, 'a', DIGEST_SHA256 },
		{ A64 "      f.tar\r\n", false, 1, 'a', DIGEST_SHA256 },
		{ A64 "  ./f.tar\n", false, 1, 'a', DIGEST_SHA256 },
		{ A128 "  f.tar\n", false, 1, 'a', DIGEST_SHA512 },
		{ "SHA256 (f.tar) = " A64 "\n", false, 1, 'a', DIGEST_SHA256 },
		{ "SHA512 (f.tar) = " A128 "\n", false, 1, 'a', DIGEST_SHA512 },
		{ "SHA256(f.tar)= " A64 "\n", false, 1, 'a', DIGEST_SHA256 },
		{ "SHA2-512(f.tar)= " A128 "\n", false, 1, 'a', DIGEST_SHA512 },
		{ "SHA2-256(f.tar)= " A128 "\n", false, 0, 0, DIGEST_NONE },
		{ "SHA3-256(f.tar)= " A64 "\n", false, 0, 0, DIGEST_NONE },
		{ "SHA256(f.tar)=" A64 "\n", false, 0, 0, DIGEST_NONE },
		{ "(f.tar) = " A64 "\n", false, 0, 0, DIGEST_NONE },
		{ "SHA256 f.tar) = " A64 "\n", false, 0, 0, DIGEST_NONE },
		{ "SHA256 ) = (f.tar " A64 "\n", false, 0, 0, DIGEST_NONE },
		{ "# f.tar: 5 bytes\nSHA256 (f.tar) = " A64 "\n", false, 1, 'a', DIGEST_SHA256 },
		{ B64 "  f.tar.xz\n" A64 "  f.tar\n" B64 "  g\n", false, 1, 'a', DIGEST_SHA256 },
		/* Both kinds: the longer one. */
		{ B64 "  f.tar\n" A128 "  f.tar\n", false, 1, 'a', DIGEST_SHA512 },
		{ A128 "  f.tar\n" B64 "  f.tar\n", false, 1, 'a', DIGEST_SHA512 },
		/* The same line twice is not a contradiction. */
		{ A64 "  f.tar\n" A64 " *f.tar\n", false, 1, 'a', DIGEST_SHA256 },
		{ A64 "  f.tar\n" B64 "  f.tar\n", false, -1, 0, DIGEST_NONE },
		{ A128 "  f.tar\n" B128 "  f.tar\n", false, -1, 0, DIGEST_NONE },
		{ A64 "  f.tar\nSHA256 (f.tar) = " B64 "\n", false, -1, 0, DIGEST_NONE },
		/* Sums that are too weak, or of another kind. */
		{ MD5 "  f.tar\n", false, 0, 0, DIGEST_NONE },
		{ SHA1 "  f.tar\n", false, 0, 0, DIGEST_NONE },
		{ "MD5 (f.tar) = " MD5 "\n", false, 0, 0, DIGEST_NONE },
		{ "SHA512/256 (f.tar) = " A64 "\n", false, 0, 0, DIGEST_NONE },
		{ "BLAKE2b (f.tar) = " A128 "\n", false, 0, 0, DIGEST_NONE },
		{ MD5 "  f.tar\n" SHA1 "  f.tar\n" A64 "  f.tar\n", false, 1, 'a', DIGEST_SHA256 },
		{ "# BLAKE2B HASH\n" B128 "  f.tar\n# SHA512 HASH\n" A128 "  f.tar\n", false, 1,
		  'a', DIGEST_SHA512 },
		{ "# WHIRLPOOL HASH\n" B128 "  f.tar\n", false, 0, 0, DIGEST_NONE },
		/* A bare sum is of the file that the list is called after. */
		{ A64 "\n", true, 1, 'a', DIGEST_SHA256 },
		{ A64, true, 1, 'a', DIGEST_SHA256 },
		{ A64 "\n", false, 0, 0, DIGEST_NONE },
		{ A64 "\n" B64 "\n", true, 0, 0, DIGEST_NONE },
		{ A64 "  other\n", true, 0, 0, DIGEST_NONE },
		/* Other names, and what is not a list. */
		{ A64 "  F.tar\n" A64 "  f.ta\n" A64 "  f.tar2\n" A64 "  x/f.tar\n", false, 0, 0,
		  DIGEST_NONE },
		{ A64 "f.tar\n", false, 0, 0, DIGEST_NONE },
		{ A64 "a  f.tar\n", false, 0, 0, DIGEST_NONE },
		{ "<html>f.tar</html>\n", false, 0, 0, DIGEST_NONE },
		{ "SHA256 (f.tar) = \n", false, 0, 0, DIGEST_NONE },
		{ "SHA256 (f.tar) =", false, 0, 0, DIGEST_NONE },
		{ "", true, 0, 0, DIGEST_NONE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct digest digest = { 0 };
		struct failure f = { 0 };
		char text[DIGEST_TEXT_SIZE];
		int found = checksum_list_find(rows[i].text, strlen(rows[i].text), "f.tar",
					       rows[i].is_lone, &digest, &f);

		ck_assert_msg(found == rows[i].found, "row %zu: %d %s", i, found, f.text);
		ck_assert_msg(digest.kind == rows[i].kind, "row %zu", i);
		ck_assert_msg(found != 1 || digest_format(&digest, text)[0] == rows[i].first,
			      "row %zu", i);
	}
}
END_TEST

START_TEST(names_with_escapes_are_found)
{
	const char *list = "\\" A64 "  a\\\\b\\nc\n" B64 "  a\\\\b\n";
	struct digest digest;
	struct failure f;

	ck_assert_int_eq(checksum_list_find(list, strlen(list), "a\\b\nc", false, &digest, &f), 1);
	ck_assert_int_eq(checksum_list_find(list, strlen(list), "a\\\\b", false, &digest, &f), 1);
	ck_assert_int_eq(digest.bytes[0], 0xbb);
	ck_assert_int_eq(checksum_list_find(list, strlen(list), "a\\b", false, &digest, &f), 0);
}
END_TEST

START_TEST(fedoras_lists_have_names_of_their_own)
{
	static const struct {
		const char *file, *list;
	} rows[] = {
		{ "Fedora-Cloud-Base-40-1.14.x86_64.raw.xz",
		  "Fedora-Cloud-40-1.14-x86_64-CHECKSUM" },
		{ "Fedora-Cloud-Base-Generic.x86_64-40-1.14.qcow2",
		  "Fedora-Cloud-40-1.14-x86_64-CHECKSUM" },
		{ "Fedora-Cloud-Base-Generic-41-1.4.aarch64.qcow2",
		  "Fedora-Cloud-41-1.4-aarch64-CHECKSUM" },
		{ "Fedora-Container-Base-37-1.7.x86_64.tar.xz",
		  "Fedora-Container-37-1.7-x86_64-CHECKSUM" },
		{ "Fedora-Cloud-Base-Generic-41-1.4.qcow2", NULL },
		{ "Fedora-Cloud-Base-latest.x86_64.qcow2", NULL },
		{ "Fedora--41-1.4.x86_64.qcow2", NULL },
		{ "Fedora-", NULL },
		{ "debian-12-generic-amd64.qcow2", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *list = checksum_list_of_fedora(&arena, rows[i].file);

		ck_assert_msg(list && rows[i].list ? strcmp(list, rows[i].list) == 0
						   : list == rows[i].list,
			      "%s: %s", rows[i].file, list ? list : "none");
	}
}
END_TEST

START_TEST(urls_are_taken_apart)
{
	static const struct {
		const char *text, *address, *shown, *user, *file, *beside;
	} rows[] = {
		{ "https://h/a/f.tar.xz", "https://h/a/f.tar.xz", "https://h/a/f.tar.xz", NULL,
		  "f.tar.xz", "https://h/a/SHA256SUMS" },
		{ "http://h:8080/f.tar?token=1#x", "http://h:8080/f.tar?token=1",
		  "http://h:8080/f.tar", NULL, "f.tar", "http://h:8080/SHA256SUMS" },
		{ "https://me:p%40w@h/f.tar", "https://h/f.tar", "https://h/f.tar", "me", "f.tar",
		  "https://me:p%40w@h/SHA256SUMS" },
		{ "https://h/a%2Db.raw", "https://h/a%2Db.raw", "https://h/a%2Db.raw", NULL,
		  "a-b.raw", "https://h/SHA256SUMS" },
		{ "https://h/a%2fb.raw", "https://h/a%2fb.raw", "https://h/a%2fb.raw", NULL, NULL,
		  "https://h/SHA256SUMS" },
		{ "https://h/a/", "https://h/a/", "https://h/a/", NULL, NULL,
		  "https://h/a/SHA256SUMS" },
		{ "https://h", "https://h/", "https://h/", NULL, NULL, "https://h/SHA256SUMS" },
		{ "https://h/x?a=/b/c", "https://h/x?a=/b/c", "https://h/x", NULL, "x",
		  "https://h/SHA256SUMS" },
		{ "https://[::1]:8443/x", "https://[::1]:8443/x", "https://[::1]:8443/x", NULL, "x",
		  "https://[::1]:8443/SHA256SUMS" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct url url;
		struct failure f = { 0 };
		const char *file;

		ck_assert_msg(url_parse(&arena, rows[i].text, &url, &f) == 0, "%s", f.text);
		ck_assert_str_eq(url.address, rows[i].address);
		ck_assert_str_eq(url.shown, rows[i].shown);
		ck_assert_pstr_eq(url.user, rows[i].user);
		file = url_file_name(&arena, &url);
		ck_assert_pstr_eq(file, rows[i].file);
		ck_assert_str_eq(url_beside(&arena, &url, "SHA256SUMS"), rows[i].beside);
	}
}
END_TEST

START_TEST(other_schemes_and_broken_urls_are_refused)
{
	static const char *const rows[] = { "file:///etc/passwd",
					    "ftp://h/x",
					    "gopher://h/x",
					    "h",
					    "//h/x",
					    "https://",
					    "",
					    "https://h/a b",
					    "https://h/\nX: y",
					    "https://h:99999/x" };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct url url;
		struct failure f = { 0 };

		ck_assert_msg(url_parse(&arena, rows[i], &url, &f) == -1, "%s", rows[i]);
		ck_assert_int_eq(f.kind, FAILURE_INVALID);
	}
}
END_TEST

START_TEST(messages_about_broken_urls_have_no_secrets)
{
	static const struct {
		const char *text, *shown;
	} rows[] = {
		{ "https://me:secret@h/a b", "'https://*********@h/a b'" },
		{ "https://me:secret@h:99999/x?t=secret",
		  "'https://*********@h:99999/x?********'" },
		{ "https://me:sec/secret@h/a b", "@h/a b'" },
		{ "https://me:sec?secret@h/a b", "'https://***" },
		{ "https://h/a b?t=x@secret", "'https://***" },
		{ "https:/me:secret@h/a b", "@h/a b'" },
		{ "me:secret@h/a b", "'*********@h/a b'" },
		{ "ftp://me:secret@h/x?t=secret", "ftp://h/x" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct url url;
		struct failure f = { 0 };

		ck_assert_int_eq(url_parse(&arena, rows[i].text, &url, &f), -1);
		ck_assert_msg(!strstr(f.text, "sec") && strstr(f.text, rows[i].shown), "%s",
			      f.text);
	}
}
END_TEST

START_TEST(an_origin_is_scheme_host_and_port)
{
	static const struct {
		const char *one, *other;
		bool is_same;
	} rows[] = {
		{ "https://h/a", "https://h:443/b", true },
		{ "https://H/a", "https://h/", true },
		{ "http://h/", "https://h/", false },
		{ "https://h/", "https://h:444/", false },
		{ "https://h/", "https://x.h/", false },
		{ "http://h/", "http://h:80/", true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct url one, other;
		struct failure f;

		ck_assert_int_eq(url_parse(&arena, rows[i].one, &one, &f), 0);
		ck_assert_int_eq(url_parse(&arena, rows[i].other, &other, &f), 0);
		ck_assert_int_eq(urls_have_same_origin(&one, &other), rows[i].is_same);
	}
}
END_TEST

START_TEST(modes_of_checking_are_parsed)
{
	static const char *const wrong[] = {
		"", "yes", "sha256:", "sha256:" A128, "sha512:" A64, "sha1:" SHA1, "md5:" MD5, A64
	};
	struct verify verify;

	ck_assert(verify_parse("signature", &verify) && verify.mode == VERIFY_SIGNATURE);
	ck_assert(verify_parse("checksum", &verify) && verify.mode == VERIFY_CHECKSUM);
	ck_assert(!verify_may_be_plain(&verify));
	ck_assert(verify_parse("no", &verify) && verify.mode == VERIFY_NO);
	ck_assert(!verify_may_be_plain(&verify));
	ck_assert(verify_parse("sha256:" A64, &verify) && verify.mode == VERIFY_DIGEST);
	ck_assert(verify_may_be_plain(&verify) && verify.digest.kind == DIGEST_SHA256);
	ck_assert(verify_parse("sha512:" B128, &verify) && verify.digest.kind == DIGEST_SHA512);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		ck_assert_msg(!verify_parse(wrong[i], &verify), "%s", wrong[i]);
}
END_TEST

START_TEST(first_bytes_tell_what_a_file_is)
{
	static const struct {
		const char *bytes;
		size_t size;
		enum content_kind kind;
	} rows[] = {
		{ "", 0, CONTENT_EMPTY },
		{ "<!DOCTYPE html><html>", 21, CONTENT_TEXT },
		{ "\n  <html>", 9, CONTENT_TEXT },
		{ "\xef\xbb\xbf<html>", 9, CONTENT_TEXT },
		{ "{\"error\": 1}", 12, CONTENT_TEXT },
		{ "not found\n", 10, CONTENT_TEXT },
		{ "\x1f\x8b\x08", 3, CONTENT_COMPRESSED },
		{ "\xfd"
		  "7zXZ\0",
		  6, CONTENT_COMPRESSED },
		{ "\x28\xb5\x2f\xfd", 4, CONTENT_COMPRESSED },
		{ "\x51\x2a\x4d\x18", 4, CONTENT_COMPRESSED },
		{ "BZh9", 4, CONTENT_COMPRESSED },
		{ "QFI\xfb", 4, CONTENT_QCOW2 },
		{ "\xeb\x63\x90\x00", 4, CONTENT_OTHER },
		{ "\0\0\0\0", 4, CONTENT_OTHER },
	};
	char header[512] = "usr/";

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		ck_assert_msg(content_kind_of(rows[i].bytes, rows[i].size) == rows[i].kind,
			      "row %zu", i);
	/* "usr/" is 117 + 115 + 114 + 47, and eight blanks of the sum itself are 256: octal 1211. */
	strcpy(header + 148, "001211");
	ck_assert_int_eq(content_kind_of(header, sizeof header), CONTENT_TAR);
	header[0] = 'x';
	ck_assert_int_ne(content_kind_of(header, sizeof header), CONTENT_TAR);
}
END_TEST

START_TEST(armour_is_taken_away)
{
	static const char *const good[] = {
		"-----BEGIN PGP SIGNATURE-----\n\naGVsbG8=\n-----END PGP SIGNATURE-----\n",
		"x\n-----BEGIN PGP SIGNATURE-----\r\nVersion: 1\r\n\r\naGVs\r\nbG8=\r\n"
		"-----END PGP SIGNATURE-----\r\n",
		"-----BEGIN PGP SIGNATURE-----\nA: b\n \naGVsbG8=\n=R/WK\n-----END PGP "
		"SIGNATURE-----",
		"-----BEGIN PGP SIGNATURE-----\n\naGVs\n-----END PGP SIGNATURE-----\nand\n"
		"-----BEGIN PGP SIGNATURE-----\n\nbG8=\n-----END PGP SIGNATURE-----\n",
	};
	static const char *const bad[] = {
		"",
		"aGVsbG8=",
		"-----BEGIN PGP SIGNATURE-----\n\naGVsbG8=\n",
		"-----BEGIN PGP SIGNATURE-----\naGVsbG8=\n-----END PGP SIGNATURE-----\n",
		"-----BEGIN PGP SIGNATURE-----\n\naGV!bG8=\n-----END PGP SIGNATURE-----\n",
		"-----BEGIN PGP SIGNATURE-----\n\naGVsbG8=\n=AAAA\n-----END PGP SIGNATURE-----\n",
		"-----BEGIN PGP SIGNATURE-----\n\n\n-----END PGP SIGNATURE-----\n",
		"-----BEGIN PGP MESSAGE-----\n\naGVsbG8=\n-----END PGP MESSAGE-----\n",
	};
	uint8_t *bytes;
	size_t size;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		ck_assert_msg(armour_remove(&arena, good[i], strlen(good[i]), "SIGNATURE", &bytes,
					    &size) == 0,
			      "row %zu", i);
		ck_assert_uint_eq(size, 5);
		ck_assert_mem_eq(bytes, "hello", 5);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		ck_assert_msg(armour_remove(&arena, bad[i], strlen(bad[i]), "SIGNATURE", &bytes,
					    &size) < 0,
			      "row %zu", i);
}
END_TEST

START_TEST(packets_end_where_they_say)
{
	static const struct {
		const char *bytes;
		size_t size;
		int result; /* of the first packet */
		unsigned int tag;
		size_t length;
	} rows[] = {
		{ "\x88\x01x", 3, 1, 2, 1 },
		{ "\x89\x00\x01x", 4, 1, 2, 1 },
		{ "\x8a\x00\x00\x00\x01x", 6, 1, 2, 1 },
		{ "\xc2\x01x", 3, 1, 2, 1 },
		{ "\xc2\xff\x00\x00\x00\x01x", 7, 1, 2, 1 },
		{ "\x88\x02x", 3, -1, 0, 0 },
		{ "\x8bx", 2, -1, 0, 0 },     /* unknown length */
		{ "\xc2\xe0x", 3, -1, 0, 0 }, /* partial */
		{ "\xc2\xff\xff\xff\xff\xffx", 7, -1, 0, 0 },
		{ "\x88", 1, -1, 0, 0 },
		{ "\x80\x01x", 3, -1, 0, 0 }, /* tag 0 */
		{ "hello", 5, -1, 0, 0 },
		{ "", 0, 0, 0, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct packets packets = { (const uint8_t *) rows[i].bytes, rows[i].size };
		struct packet packet = { 0 };

		ck_assert_msg(packets_next(&packets, &packet) == rows[i].result, "row %zu", i);
		ck_assert_msg(packet.tag == rows[i].tag && packet.size == rows[i].length, "row %zu",
			      i);
	}
}
END_TEST

START_TEST(invalid_keyrings_are_refused)
{
	static const struct {
		const char *bytes;
		size_t size;
		const char *words;
	} rows[] = {
		{ "", 0, "no OpenPGP key" },
		{ "hello", 5, "not an OpenPGP keyring" },
		{ "\0\0\0\x20\1\1\0\2KBXf\0\0", 14, "keybox" },
		{ "\x88\x01x", 3, "no OpenPGP key" },
		{ "\x98\x06\x03xxxxx", 8, "no OpenPGP key of version 4" },
		{ "\x98\x09\x04xxxxx", 8, "damaged" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct keyring keyring = { .arena = &arena };
		struct failure f = { 0 };

		ck_assert_msg(keyring_add(&keyring, rows[i].bytes, rows[i].size, &f) == -1,
			      "row %zu", i);
		ck_assert_msg(strstr(f.text, rows[i].words), "row %zu: %s", i, f.text);
		ck_assert_uint_eq(keyring.n_keys, 0);
		ck_assert_uint_eq(keyring.n_files, 0);
	}
}
END_TEST

START_TEST(sizes_are_short)
{
	char text[SIZE_TEXT_SIZE];

	ck_assert_str_eq(size_format(0, text), "0 bytes");
	ck_assert_str_eq(size_format(999, text), "999 bytes");
	ck_assert_str_eq(size_format(1234, text), "1.2 kB");
	ck_assert_str_eq(size_format(999999, text), "1.0 MB");
	ck_assert_str_eq(size_format(UINT64_MAX, text), "18.4 EB");
}
END_TEST

static Suite *downloads_suite(void)
{
	Suite *suite = suite_create("downloads");

	ADD(suite, a_content_range_is_whole_and_fits);
	ADD(suite, only_a_strong_etag_promises_the_same_bytes);
	ADD(suite, a_sum_is_found_in_each_form_of_list);
	ADD(suite, names_with_escapes_are_found);
	ADD(suite, fedoras_lists_have_names_of_their_own);
	ADD(suite, urls_are_taken_apart);
	ADD(suite, other_schemes_and_broken_urls_are_refused);
	ADD(suite, messages_about_broken_urls_have_no_secrets);
	ADD(suite, an_origin_is_scheme_host_and_port);
	ADD(suite, modes_of_checking_are_parsed);
	ADD(suite, first_bytes_tell_what_a_file_is);
	ADD(suite, armour_is_taken_away);
	ADD(suite, packets_end_where_they_say);
	ADD(suite, invalid_keyrings_are_refused);
	ADD(suite, sizes_are_short);
	return suite;
}

int main(void)
{
	SRunner *runner = srunner_create(downloads_suite());

	srunner_add_suite(runner, noted_directories_suite());
	srunner_add_suite(runner, oci_suite());
	return checks_run(runner);
}
