/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registry/name.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ctype(3) asks the locale; a name's bytes mean the same everywhere. */
static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool is_name_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '-' ||
	       c == '_';
}

static char to_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char) (c - 'A' + 'a') : c;
}

static bool all_digits(const char *text)
{
	return *text && text[strspn(text, "0123456789")] == '\0';
}

/* Labels as in RFC 1123, section 2.1, and "_", which container managers allow. */
static enum name_verdict judge_labels(const char *name)
{
	size_t label = 0;

	for (const char *p = name;; p++) {
		if (*p == '.' || *p == '\0') {
			if (label == 0 || label > 63 || p[-1] == '-')
				return NAME_BAD_LABEL;
			if (*p == '\0')
				return NAME_OK;
			label = 0;
		} else if (!is_name_byte(*p)) {
			return NAME_BAD_CHARACTER;
		} else if (label++ == 0 && *p == '-') {
			return NAME_BAD_LABEL;
		}
	}
}

/* inet_aton(3) takes 10, 0x10 and 10.1; strtoul(3) takes what is too large for it. */
static bool is_number(const char *name)
{
	struct in_addr address;
	char *end;

	if (inet_aton(name, &address))
		return true;
	if (!is_digit(name[0]))
		return false;
	strtoul(name, &end, 0);
	return *end == '\0' || all_digits(name);
}

static bool is_under(const char *name, const char *domain)
{
	size_t length = strlen(name), tail = strlen(domain);

	if (length < tail || strcasecmp(name + length - tail, domain) != 0)
		return false;
	return length == tail || name[length - tail - 1] == '.';
}

/*
 * localhost: RFC 6761, section 6.3. _gateway and the like: nss-myhostname(8)
 * and systemd-resolved(8). The capital words: pam_access(8), which takes them in any case.
 */
static bool is_reserved(const char *name)
{
	static const char *const words[] = { "_gateway",       "_outbound", "_localdnsstub",
					     "_localdnsproxy", "LOCAL",	    "ALL",
					     "NONE",	       "EXCEPT" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcasecmp(name, words[i]) == 0)
			return true;
	return is_under(name, "localhost") || is_under(name, "localhost.localdomain");
}

/* tty(4), console(4), and the consoles of serial lines and hypervisors, as they stand in /dev. */
static bool is_terminal(const char *name)
{
	static const char *const exact[] = { "console", "tty", "ptmx", "pts" };
	static const char *const numbered[] = { "tty", "hvc", "xvc", "vcs", "vcsa", "pts" };

	for (size_t i = 0; i < sizeof exact / sizeof *exact; i++)
		if (strcmp(name, exact[i]) == 0)
			return true;
	for (size_t i = 0; i < sizeof numbered / sizeof *numbered; i++) {
		size_t length = strlen(numbered[i]);

		if (strncmp(name, numbered[i], length) != 0)
			continue;
		/* ttyS0, ttyUSB1, ttyAMA0 */
		if (strcmp(numbered[i], "tty") == 0)
			length += strspn(name + length, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
		if (all_digits(name + length))
			return true;
	}
	return false;
}

static bool is_this_host(const char *name, const char *host_name)
{
	size_t label = strcspn(host_name, ".");

	return label > 0 && (strcasecmp(name, host_name) == 0 ||
			     (strncasecmp(name, host_name, label) == 0 && name[label] == '\0'));
}

enum name_verdict machine_name_judge(const char *name, const char *host_name)
{
	enum name_verdict verdict;

	if (!*name)
		return NAME_EMPTY;
	if (strnlen(name, MACHINE_NAME_SIZE) > MACHINE_NAME_MAX)
		return NAME_TOO_LONG;
	verdict = judge_labels(name);
	if (verdict != NAME_OK)
		return verdict;
	if (is_number(name))
		return NAME_NUMBER;
	if (is_reserved(name))
		return NAME_RESERVED;
	if (is_terminal(name))
		return NAME_TERMINAL;
	if (host_name && is_this_host(name, host_name))
		return NAME_THIS_HOST;
	return NAME_OK;
}

size_t machine_name_fold(const char *name, char folded[static MACHINE_NAME_SIZE])
{
	size_t length;

	for (length = 0; name[length]; length++) {
		if (name[length] == '.' && name[length + 1] == '\0')
			break;
		if (length == MACHINE_NAME_MAX ||
		    (name[length] != '.' && !is_name_byte(name[length])))
			return 0;
		folded[length] = to_lower(name[length]);
	}
	folded[length] = '\0';
	return length;
}

bool machine_names_equal(const char *a, const char *b)
{
	char x[MACHINE_NAME_SIZE], y[MACHINE_NAME_SIZE];

	return machine_name_fold(a, x) > 0 && machine_name_fold(b, y) > 0 && strcmp(x, y) == 0;
}

int id_parse(const char *text, uint32_t *id)
{
	uint64_t value = 0;

	if (!is_digit(text[0]) || (text[0] == '0' && text[1]))
		return -EINVAL;
	for (const char *p = text; *p; p++) {
		if (!is_digit(*p))
			return -EINVAL;
		value = value * 10 + (uint64_t) (*p - '0');
		if (value > UINT32_MAX)
			return -EINVAL;
	}
	*id = (uint32_t) value;
	return 0;
}

int user_name_parse(const char *text, const char *prefix, char name[static MACHINE_NAME_SIZE],
		    uint32_t *inner)
{
	size_t skip = strlen(prefix), length;
	const char *dash;
	uint32_t id;

	if (strncmp(text, prefix, skip) != 0 ||
	    strnlen(text, MACHINE_USER_NAME_SIZE) == MACHINE_USER_NAME_SIZE)
		return -EINVAL;
	text += skip;
	dash = strrchr(text, '-');
	if (!dash || id_parse(dash + 1, &id) < 0)
		return -EINVAL;
	length = (size_t) (dash - text);
	if (length == 0 || length > MACHINE_NAME_MAX)
		return -EINVAL;
	memcpy(name, text, length);
	name[length] = '\0';
	*inner = id;
	return 0;
}

size_t user_name_format(char text[static MACHINE_USER_NAME_SIZE], const char *prefix,
			const char *name, uint32_t inner)
{
	return (size_t) snprintf(text, MACHINE_USER_NAME_SIZE, "%s%s-%u", prefix, name, inner);
}
