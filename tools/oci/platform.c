/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/oci/platform.h"

#include "base/array_size.h"
#include "base/quote.h"

#include <string.h>
#include <sys/utsname.h>

void oci_platform_of_host(struct arena *arena, struct oci_platform *platform)
{
	static const struct {
		const char *machine, *architecture, *variant;
	} known[] = {
		{ "x86_64", "amd64", "" },
		{ "aarch64", "arm64", "" },
		{ "armv8l", "arm", "v8" },
		{ "armv7l", "arm", "v7" },
		{ "armv6l", "arm", "v6" },
		{ "armv5tel", "arm", "v5" },
		{ "i686", "386", "" },
		{ "i586", "386", "" },
		{ "loongarch64", "loong64", "" },
	};
	struct utsname name;

	*platform = (struct oci_platform){ "linux", "", "" };
	if (uname(&name) < 0)
		return;
	platform->architecture = arena_strdup(arena, name.machine);
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strcmp(known[i].machine, name.machine) == 0) {
			platform->architecture = known[i].architecture;
			platform->variant = known[i].variant;
		}
}

/* Split at slashes. Returns how many parts there are, or 0 if one is empty or there are too many. */
static size_t split_parts(char *text, const char **parts, size_t most)
{
	for (size_t count = 0; count < most;) {
		size_t length = strcspn(text, "/");
		bool is_last = !text[length];

		if (length == 0)
			return 0;
		parts[count++] = text;
		text[length] = '\0';
		if (is_last)
			return count;
		text += length + 1;
	}
	return 0;
}

int oci_platform_parse(struct arena *arena, const char *text, struct oci_platform *platform,
		       struct failure *f)
{
	const char *parts[3] = { "", "", "" };
	size_t count = split_parts(arena_strdup(arena, text), parts, ARRAY_SIZE(parts));
	char quoted[QUOTED_SIZE];

	if (count == 0)
		return failure_set(
			f, FAILURE_INVALID,
			"'%s' is not a platform; OS/ARCHITECTURE or OS/ARCHITECTURE/VARIANT "
			"is one, such as linux/arm64",
			quote(text, quoted));
	*platform = (struct oci_platform){
		.os = count > 1 ? parts[0] : "linux",
		.architecture = parts[count > 1],
		.variant = parts[2],
	};
	return 0;
}

/* The variant of an architecture when none is given. */
static const char *variant_of(const struct oci_platform *platform)
{
	static const struct {
		const char *architecture, *variant;
	} usual[] = { { "amd64", "v1" }, { "arm64", "v8" }, { "arm", "v7" } };

	if (*platform->variant)
		return platform->variant;
	for (size_t i = 0; i < ARRAY_SIZE(usual); i++)
		if (strcmp(usual[i].architecture, platform->architecture) == 0)
			return usual[i].variant;
	return "";
}

static bool is_number(const char *variant)
{
	return variant[0] == 'v' && variant[1] >= '1' && variant[1] <= '9' && !variant[2];
}

int oci_platform_match(const struct oci_platform *wanted, const struct oci_platform *offered)
{
	const char *has = variant_of(offered), *wants = variant_of(wanted);

	if (strcmp(wanted->os, offered->os) != 0 ||
	    strcmp(wanted->architecture, offered->architecture) != 0)
		return 0;
	if (strcmp(has, wants) == 0)
		return 100;
	/* ARM processors also run programs for older ARM processors. */
	if (strcmp(wanted->architecture, "arm") == 0 && is_number(has) && is_number(wants) &&
	    has[1] < wants[1])
		return has[1] - '0';
	return 0;
}

const char *oci_platform_format(struct arena *arena, const struct oci_platform *p)
{
	char quoted[QUOTED_SIZE];

	return arena_strdup(arena, quote(arena_printf(arena, "%s/%s%s%s", p->os, p->architecture,
						      *p->variant ? "/" : "", p->variant),
					 quoted));
}
