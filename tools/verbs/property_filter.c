/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/verbs/property_filter.h"

#include "tools/verbs/command_line.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

int property_filter_add(void *filter, const char *value, struct failure *f)
{
	struct property_filter *p = filter;
	char *rest, *list = (char *) value;

	for (char *name = strtok_r(list, ",", &rest); name; name = strtok_r(NULL, ",", &rest)) {
		if (p->n_names == PROPERTIES_MAX)
			return usage_failure(f, "too many properties");
		p->names[p->n_names++] = name;
	}
	return 0;
}

bool property_is_wanted(const struct property_filter *p, const char *name)
{
	for (size_t i = 0; i < p->n_names; i++)
		if (strcasecmp(p->names[i], name) == 0)
			return true;
	return p->n_names == 0;
}

void property_print(const struct property_filter *p, const char *name, const char *value)
{
	bool is_empty = !value || !*value;

	if (!property_is_wanted(p, name) || (is_empty && !p->all && !p->n_names))
		return;
	if (!p->value_only)
		printf("%s=", name);
	puts(is_empty ? "" : value);
}

int property_filter_check_json(const struct property_filter *p, const char *verb,
			       const char *things, struct failure *f)
{
	if (!p->n_names && !p->value_only)
		return 0;
	return usage_failure(f, "%s: --json prints whole %s: not with --property or --value", verb,
			     things);
}
