/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registry/name.h"

#include "base/array_size.h"
#include "base/number.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

/* hostname(7): a label of the host's name, with its NUL. */
#define HOST_LABEL_SIZE 65

/* ctype(3) depends on the locale; names don't. */
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

/*
 * Labels as in RFC 1123, section 2.1, and "_", which container managers allow. As hostname(7) does, a name
 * without a dot may have one byte more than DNS: libvirt cuts longer names to that.
 */
static enum name_verdict judge_labels(const char *name)
{
	size_t label = 0;

	for (const char *p = name;; p++) {
		if (*p == '.' || *p == '\0') {
			if (label == 0 || p[-1] == '-')
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

/* "10", "0x1f", "0b1", "0o7": in one libc or another, strtoul(3) takes it. */
static bool is_number_label(const char *label, size_t length)
{
	static const struct {
		char letter;
		const char *digits;
	} bases[] = { { 'x', "0123456789abcdefABCDEF" }, { 'b', "01" }, { 'o', "01234567" } };

	if (strspn(label, "0123456789") >= length)
		return true;
	for (size_t i = 0; label[0] == '0' && i < ARRAY_SIZE(bases); i++)
		if (to_lower(label[1]) == bases[i].letter &&
		    strspn(label + 2, bases[i].digits) >= length - 2)
			return true;
	return false;
}

/* Also 10.0.0.256 and 1.2.3.4.5, which inet_aton(3) refuses here but may not elsewhere. */
static bool is_number(const char *name)
{
	for (;;) {
		size_t length = strcspn(name, ".");

		if (!is_number_label(name, length))
			return false;
		if (name[length] == '\0')
			return true;
		name += length + 1;
	}
}

static bool is_under(const char *name, const char *domain)
{
	size_t length = strlen(name), tail = strlen(domain);

	if (length < tail || strcasecmp(name + length - tail, domain) != 0)
		return false;
	return length == tail || name[length - tail - 1] == '.';
}

static bool is_one_of(const char *name, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcasecmp(name, words[i]) == 0)
			return true;
	return false;
}

static bool has_first_label(const char *name, const char *label)
{
	size_t length = strlen(label);

	return strncasecmp(name, label, length) == 0 &&
	       (name[length] == '\0' || name[length] == '.');
}

/*
 * Names that programs look up with a meaning of their own. localhost: RFC 6761, section 6.3.
 * _gateway and the like: nss-myhostname(8) and systemd-resolved(8). The capital words:
 * pam_access(8), which takes them in any case. wpad and isatap: programs look for their proxy and
 * tunnel there. Clouds' metadata, and hosts of container engines.
 */
static bool is_reserved(const char *name)
{
	static const char *const words[] = {
		"_gateway",	  "_outbound",	     "_localdnsstub",
		"_localdnsproxy", "LOCAL",	     "ALL",
		"NONE",		  "EXCEPT",	     "localhost4",
		"localhost6",	  "ip6-localhost",   "ip6-loopback",
		"ip6-localnet",	  "ip6-mcastprefix", "ip6-allnodes",
		"ip6-allrouters", "ip6-allhosts",    "broadcasthost",
		"metadata",	  "metadata.goog",   "instance-data",
	};
	static const char *const domains[] = {
		"localhost",
		"localhost.localdomain",
		"localhost4.localdomain4",
		"localhost6.localdomain6",
		"docker.internal",
		"containers.internal",
		"google.internal",
		"ec2.internal",
		"lima.internal",
		"in-addr.arpa",
		"ip6.arpa",
		"resolver.arpa",
		"invalid",
		"onion",
	};

	if (is_one_of(name, words, ARRAY_SIZE(words)) || has_first_label(name, "wpad") ||
	    has_first_label(name, "isatap"))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(domains); i++)
		if (is_under(name, domains[i]))
			return true;
	return false;
}

/* tty(4), console(4), and the consoles of serial lines and hypervisors, as they stand in /dev. */
static bool is_terminal(const char *name)
{
	static const char *const exact[] = { "console", "tty", "ptmx", "pts" };
	static const char *const numbered[] = { "tty", "hvc", "xvc", "vcs", "vcsa", "pts" };

	for (size_t i = 0; i < ARRAY_SIZE(exact); i++)
		if (strcmp(name, exact[i]) == 0)
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(numbered); i++) {
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

/* vm.example.com and web.vm on host "vm": search domains make one of the other. */
static bool is_of_this_host(const char *name, const char *host_name)
{
	char label[HOST_LABEL_SIZE];
	size_t length = strcspn(host_name, ".");

	if (length == 0 || length >= sizeof label)
		return false;
	memcpy(label, host_name, length);
	label[length] = '\0';
	return has_first_label(name, label) || is_under(name, label) || is_under(name, host_name);
}

bool machine_name_is_hosts(const char *name, const char *host_name)
{
	return is_this_host(name, host_name) || is_of_this_host(name, host_name);
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
	if (host_name && is_of_this_host(name, host_name))
		return NAME_OF_THIS_HOST;
	return NAME_OK;
}

bool machine_name_is_in(const char *name, const char *domains)
{
	char domain[MACHINE_NAME_SIZE];

	while (*(domains += strspn(domains, " \t,"))) {
		size_t length = strcspn(domains, " \t,");

		if (length < sizeof domain) {
			memcpy(domain, domains, length);
			domain[length] = '\0';
			if (is_under(name, domain) && strlen(name) > length)
				return true;
		}
		domains += length;
	}
	return false;
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

int user_name_parse(const char *text, const char *prefix, char name[static MACHINE_NAME_SIZE],
		    uint32_t *inner)
{
	size_t skip = strlen(prefix), length;
	const char *dash;
	uint32_t id;

	if (strncmp(text, prefix, skip) != 0)
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

/* Not snprintf(3), which takes as long as all the rest of a look-up. */
size_t id_format(char text[static ID_TEXT_SIZE], uint32_t id)
{
	char digits[ID_TEXT_SIZE];
	size_t count = 0;

	do
		digits[count++] = (char) ('0' + id % 10);
	while ((id /= 10) > 0);
	for (size_t i = 0; i < count; i++)
		text[i] = digits[count - 1 - i];
	text[count] = '\0';
	return count;
}

size_t user_name_format(char text[static MACHINE_USER_NAME_SIZE], const char *prefix,
			const char *name, uint32_t inner)
{
	char *end = stpcpy(stpcpy(text, prefix), name);

	*end++ = '-';
	return (size_t) (end - text) + id_format(end, inner);
}
