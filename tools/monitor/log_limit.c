/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/monitor/log_limit.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* The line with each number behind its subject as one '#'. NULL if memory is out. */
static char *make_key(const char *line)
{
	const char *colon = strchr(line, ':');
	size_t subject = colon ? (size_t) (colon - line) : 0;
	char *key = strdup(line), *to;

	if (!key)
		return NULL;
	to = key + subject;
	for (const char *from = line + subject; *from; from++) {
		if (!isdigit((unsigned char) *from))
			*to++ = *from;
		else if (to == key || to[-1] != '#')
			*to++ = '#';
	}
	*to = '\0';
	return key;
}

/* The kind of this key, or the one whose place a new one takes. */
static struct log_kind *find_kind(struct log_limit *limit, const char *key)
{
	struct log_kind *oldest = &limit->kinds[0];

	for (size_t i = 0; i < LOG_LIMIT_KINDS; i++) {
		struct log_kind *kind = &limit->kinds[i];

		if (kind->key && strcmp(kind->key, key) == 0)
			return kind;
		if (oldest->key && (!kind->key || kind->written < oldest->written))
			oldest = kind;
	}
	return oldest;
}

bool log_limit_admits(struct log_limit *limit, const char *line, uint64_t now, size_t *left_out)
{
	char *key = make_key(line);
	struct log_kind *kind;
	bool is_known;

	*left_out = 0;
	if (!key)
		return true;
	kind = find_kind(limit, key);
	is_known = kind->key && strcmp(kind->key, key) == 0;
	if (is_known && now - kind->written < LOG_LIMIT_MILLISECONDS) {
		kind->left_out++;
		free(key);
		return false;
	}
	if (kind->key && now - kind->written < LOG_LIMIT_MILLISECONDS) {
		limit->n_others++;
		free(key);
		return false;
	}
	if (is_known)
		*left_out = kind->left_out;
	free(kind->key);
	*kind = (struct log_kind){ .key = key, .written = now };
	return true;
}

size_t log_limit_tell_others(struct log_limit *limit, uint64_t now)
{
	size_t n_others = limit->n_others;

	if (n_others == 0 || now < limit->told_after)
		return 0;
	limit->n_others = 0;
	limit->told_after = now + LOG_LIMIT_MILLISECONDS;
	return n_others;
}

void log_limit_done(struct log_limit *limit)
{
	for (size_t i = 0; i < LOG_LIMIT_KINDS; i++)
		free(limit->kinds[i].key);
	*limit = (struct log_limit){ 0 };
}
