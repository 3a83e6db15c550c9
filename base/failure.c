/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/failure.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Mark a text that was cut. */
static void mark_cut(struct failure *f, int length)
{
	if (length >= FAILURE_TEXT_SIZE)
		strcpy(f->text + FAILURE_TEXT_SIZE - sizeof "...", "...");
}

int failure_set(struct failure *f, enum failure_kind kind, const char *format, ...)
{
	va_list arguments;

	f->kind = kind;
	f->error = 0;
	va_start(arguments, format);
	mark_cut(f, vsnprintf(f->text, sizeof f->text, format, arguments));
	va_end(arguments);
	return -1;
}

int failure_errno(struct failure *f, int error, const char *format, ...)
{
	va_list arguments;
	int length;

	f->kind = failure_kind_of(error);
	f->error = error;
	va_start(arguments, format);
	length = vsnprintf(f->text, sizeof f->text, format, arguments);
	va_end(arguments);
	if (length >= 0 && length < FAILURE_TEXT_SIZE)
		length += snprintf(f->text + length, sizeof f->text - (size_t) length, ": %s",
				   strerror(-error));
	mark_cut(f, length);
	return -1;
}

int failure_prefix(struct failure *f, const char *format, ...)
{
	char former[FAILURE_TEXT_SIZE];
	va_list arguments;
	int length;

	strcpy(former, f->text);
	va_start(arguments, format);
	length = vsnprintf(f->text, sizeof f->text, format, arguments);
	va_end(arguments);
	if (length >= 0 && length < FAILURE_TEXT_SIZE)
		length += snprintf(f->text + length, sizeof f->text - (size_t) length, ": %s",
				   former);
	mark_cut(f, length);
	return -1;
}

enum failure_kind failure_kind_of(int error)
{
	switch (-error) {
	case EINVAL: return FAILURE_INVALID;
	case ENOENT:
	case ENOTDIR: return FAILURE_NO_SUCH_FILE;
	case ESRCH: return FAILURE_NO_PROCESS;
	case EEXIST: return FAILURE_EXISTS;
	case EACCES:
	case EPERM:
	case EROFS: return FAILURE_NOT_PERMITTED;
	case EOPNOTSUPP:
	case ENOSYS: return FAILURE_NOT_SUPPORTED;
	case EBUSY: return FAILURE_BUSY;
	case ETIMEDOUT: return FAILURE_TIMED_OUT;
	case ENOSPC:
	case EDQUOT:
	case EFBIG: return FAILURE_NO_SPACE;
	case ENOMEM: return FAILURE_NO_MEMORY;
	default: return FAILURE_OTHER;
	}
}
