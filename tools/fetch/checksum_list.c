/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/fetch/checksum_list.h"

#include "base/array_size.h"
#include "base/quote.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* A part of the text. */
struct span {
	const char *text;
	size_t length;
};

/* The file that is looked for, and the sums that were found. */
struct search {
	const char *name;
	bool is_other_kind;	/* a heading says that these sums are of another kind */
	struct digest found[2]; /* the SHA-256 and the SHA-512 sum */
	struct digest bare;	/* a line that is only a sum */
	unsigned int n_lines;
};

static bool span_is(struct span s, const char *text)
{
	return s.length == strlen(text) && strncasecmp(s.text, text, s.length) == 0;
}

static struct span skip(struct span s, size_t length)
{
	return (struct span){ s.text + length, s.length - length };
}

static struct span trim(struct span s)
{
	while (s.length && strchr(" \t\r", s.text[s.length - 1]) && s.text[s.length - 1])
		s.length--;
	return s;
}

static size_t hex_length(struct span s)
{
	size_t n = 0;

	while (n < s.length && s.text[n] && strchr("0123456789abcdefABCDEF", s.text[n]))
		n++;
	return n;
}

/* Whether a name in the list is that of the file. `is_escaped` as sha256sum(1) does it. */
static bool is_name(struct span s, const char *name, bool is_escaped)
{
	if (s.length > 2 && memcmp(s.text, "./", 2) == 0)
		s = skip(s, 2);
	for (size_t i = 0; i < s.length; i++) {
		char c = s.text[i];

		if (is_escaped && c == '\\' && i + 1 < s.length) {
			c = s.text[++i];
			c = (char) (c == 'n' ? '\n' : c == 'r' ? '\r' : c);
		}
		if (!*name || *name++ != c)
			return false;
	}
	return !*name;
}

static int take(struct search *search, const struct digest *digest, struct failure *f)
{
	struct digest *found = &search->found[digest->kind == DIGEST_SHA512];
	char one[DIGEST_TEXT_SIZE], other[DIGEST_TEXT_SIZE], quoted[QUOTED_SIZE];

	if (found->kind != DIGEST_NONE && !digests_equal(found, digest))
		return failure_set(f, FAILURE_INVALID,
				   "the list has two different %s sums of '%s': %s and %s",
				   digest_kind_name(digest->kind), quote(search->name, quoted),
				   digest_format(found, one), digest_format(digest, other));
	*found = *digest;
	return 0;
}

/* Read a heading such as "# SHA512 HASH". BLAKE2 sums that follow one are as long as SHA-512 sums. */
static void read_heading(struct search *search, struct span s)
{
	static const char *const ours[] = { "SHA256", "SHA512", "SHA-256", "SHA-512" };
	static const char *const others[] = { "BLAKE2",	 "BLAKE3",   "WHIRLPOOL", "SHA3", "SHA-3",
					      "SHA512/", "STREEBOG", "RIPEMD",	  "MD5",  "SHA1" };
	char line[80];
	size_t length = s.length < sizeof line ? s.length : sizeof line - 1;

	memcpy(line, s.text, length);
	line[length] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
		if (strcasestr(line, ours[i]))
			search->is_other_kind = false;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (strcasestr(line, others[i]))
			search->is_other_kind = true;
}

/* The length of what is between a name and its sum, or 0. */
static size_t equals_length(struct span s)
{
	static const char *const forms[] = { ") = ", ")= " };

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
		if (s.length >= strlen(forms[i]) && memcmp(s.text, forms[i], strlen(forms[i])) == 0)
			return strlen(forms[i]);
	return 0;
}

/*
 * Read a line "SHA256 (NAME) = SUM", or, as openssl(1) writes it, "SHA256(NAME)= SUM". Returns false for another
 * line.
 */
static bool read_tagged(struct span s, struct span *kind, struct span *name, struct span *sum)
{
	const char *open = memchr(s.text, '(', s.length);
	size_t begin = open ? (size_t) (open + 1 - s.text) : s.length, length = 0, at = s.length;

	while (at > begin && length == 0)
		length = equals_length(skip(s, --at));
	if (length == 0)
		return false;
	*kind = trim((struct span){ s.text, begin - 1 });
	*name = (struct span){ s.text + begin, at - begin };
	*sum = skip(s, at + length);
	return hex_length(*sum) == sum->length;
}

static bool is_kind(struct span kind, enum digest_kind wanted)
{
	return wanted == DIGEST_SHA256 ? span_is(kind, "SHA256") || span_is(kind, "SHA2-256")
				       : span_is(kind, "SHA512") || span_is(kind, "SHA2-512");
}

static int read_tagged_line(struct search *search, struct span kind, struct span name,
			    struct span sum, bool is_escaped, struct failure *f)
{
	struct digest digest;

	if (!is_name(name, search->name, is_escaped) ||
	    !digest_parse(sum.text, sum.length, &digest))
		return 0;
	if (!is_kind(kind, digest.kind))
		return 0;
	return take(search, &digest, f);
}

/* Skip the characters between a sum and its name: " *", two blanks, or one. False for others. */
static bool skip_separator(struct span *s)
{
	if (s->length < 2 || (s->text[0] != ' ' && s->text[0] != '\t'))
		return false;
	*s = skip(*s, 1);
	if (s->length > 1 && (s->text[0] == ' ' || s->text[0] == '*'))
		*s = skip(*s, 1);
	/* Some lists align the names with more blanks. */
	while (s->length > 1 && (s->text[0] == ' ' || s->text[0] == '\t'))
		*s = skip(*s, 1);
	return true;
}

static int read_line(struct search *search, struct span s, struct failure *f)
{
	struct span kind, name, sum;
	struct digest digest;
	bool is_escaped;
	size_t length;

	s = trim(s);
	if (s.length == 0)
		return 0;
	if (s.text[0] == '#') {
		read_heading(search, s);
		return 0;
	}
	search->n_lines++;
	is_escaped = s.text[0] == '\\';
	if (is_escaped)
		s = skip(s, 1);
	if (read_tagged(s, &kind, &name, &sum))
		return read_tagged_line(search, kind, name, sum, is_escaped, f);
	length = hex_length(s);
	if (search->is_other_kind || !digest_parse(s.text, length, &digest))
		return 0;
	s = skip(s, length);
	if (s.length == 0) {
		search->bare = digest;
		return 0;
	}
	if (!skip_separator(&s) || !is_name(s, search->name, is_escaped))
		return 0;
	return take(search, &digest, f);
}

int checksum_list_find(const char *text, size_t size, const char *name, bool is_lone,
		       struct digest *digest, struct failure *f)
{
	struct search search = { .name = name };

	for (struct span rest = { text, size }; rest.length;) {
		const char *end = memchr(rest.text, '\n', rest.length);
		size_t length = end ? (size_t) (end - rest.text) : rest.length;

		if (read_line(&search, (struct span){ rest.text, length }, f) < 0)
			return -1;
		rest = skip(rest, end ? length + 1 : length);
	}
	if (is_lone && search.n_lines == 1 && search.bare.kind != DIGEST_NONE)
		search.found[0] = search.bare;
	*digest = search.found[search.found[1].kind != DIGEST_NONE];
	return digest->kind != DIGEST_NONE;
}

static const char *find_architecture(const char *name)
{
	static const char *const architectures[] = { "x86_64", "aarch64", "ppc64le", "s390x",
						     "riscv64" };

	for (size_t i = 0; i < ARRAY_SIZE(architectures); i++)
		if (strstr(name, architectures[i]))
			return architectures[i];
	return NULL;
}

/* The length of "41-1.4" at the beginning: a version and a release. 0 if it isn't there. */
static size_t version_length(const char *text)
{
	size_t version = strspn(text, "0123456789"), length = version + 1;

	if (!version || text[version] != '-' || !isdigit((unsigned char) text[length]))
		return 0;
	/* A dot that follows belongs to the architecture, or to the file's ending. */
	while (isdigit((unsigned char) text[length]) ||
	       (text[length] == '.' && isdigit((unsigned char) text[length + 1])))
		length++;
	return length;
}

const char *checksum_list_of_fedora(struct arena *arena, const char *name)
{
	static const char prefix[] = "Fedora-";
	const char *variant = name + strlen(prefix), *architecture = find_architecture(name);
	size_t variant_length, version = 0;
	const char *at;

	if (strncmp(name, prefix, strlen(prefix)) != 0 || !architecture)
		return NULL;
	variant_length = strcspn(variant, "-.");
	at = variant + variant_length;
	while (*at && !(*at == '-' && (version = version_length(at + 1))))
		at++;
	if (!version || !variant_length)
		return NULL;
	return arena_printf(arena, "Fedora-%.*s-%.*s-%s-CHECKSUM", (int) variant_length, variant,
			    (int) version, at + 1, architecture);
}
