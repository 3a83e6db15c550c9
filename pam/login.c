/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pam/login.h"

#include "base/quote.h"

#include <errno.h>
#include <security/pam_ext.h>
#include <stdarg.h>
#include <syslog.h>

static const char *item(pam_handle_t *pamh, int type)
{
	const void *value = NULL;

	/* pam_get_user(3) could prompt. */
	return pam_get_item(pamh, type, &value) == PAM_SUCCESS && value ? value : "";
}

int login_begin(struct login *l, pam_handle_t *pamh, enum facility facility, int argc,
		const char **argv)
{
	const char *wrong, *why;
	char shown[QUOTED_SIZE];

	*l = (struct login){ .pamh = pamh };
	if (arguments_parse(facility, argc, argv, &l->arguments, &wrong, &why) < 0) {
		login_log(l, LOG_ERR, "refused: argument '%s' %s; see pam_mymachines(8)",
			  quote(wrong, shown), why);
		return -EINVAL;
	}
	l->user = item(pamh, PAM_USER);
	l->remote_host = item(pamh, PAM_RHOST);
	quote(l->user, l->user_shown);
	quote(l->remote_host, l->remote_shown);
	return 0;
}

void login_log(const struct login *l, int priority, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	pam_vsyslog(l->pamh, priority, format, arguments);
	va_end(arguments);
}

void login_debug(const struct login *l, const char *format, ...)
{
	va_list arguments;

	if (!l->arguments.debug)
		return;
	va_start(arguments, format);
	pam_vsyslog(l->pamh, LOG_DEBUG, format, arguments);
	va_end(arguments);
}

const char *login_whence(const struct login *l)
{
	return *l->remote_host ? l->remote_shown : "this host";
}

void login_warn_of_registry(const struct login *l, int error)
{
	if (error == -ENOENT || error == -ESTALE)
		login_debug(l, "%s: %s", REGISTRY_PATH, registry_error_words(error));
	else if (error < 0)
		login_log(l, LOG_WARNING, "%s: %s", REGISTRY_PATH, registry_error_words(error));
}
