/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.freedesktop.LogControl1: what this process logs, and where. */
#include "tools/bus/bus_log.h"

#include "base/array_size.h"
#include "tools/bus/bus_service.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

static const char *const levels[] = { "emerg",	 "alert",  "crit", "err",
				      "warning", "notice", "info", "debug" };

/* systemd's targets; all except the console are written to syslog(3). */
static const char *const targets[] = {
	"auto",	  "console",	    "console-prefixed",
	"kmsg",	  "journal",	    "journal-or-kmsg",
	"syslog", "syslog-or-kmsg", "null",
};

static struct {
	int level;
	const char *target;
} log_to = { LOG_INFO, "auto" };

void bus_log(int level, const char *format, ...)
{
	va_list arguments;

	if (level > log_to.level || strcmp(log_to.target, "null") == 0)
		return;
	va_start(arguments, format);
	if (strncmp(log_to.target, "console", strlen("console")) == 0) {
		vfprintf(stderr, format, arguments);
		fputc('\n', stderr);
	} else {
		vsyslog(level, format, arguments);
	}
	va_end(arguments);
}

static int get(sd_bus *bus, const char *path, const char *interface, const char *property,
	       sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const char *value = program_invocation_short_name;

	(void) bus, (void) path, (void) interface, (void) userdata, (void) error;
	if (strcmp(property, "LogLevel") == 0)
		value = levels[log_to.level];
	else if (strcmp(property, "LogTarget") == 0)
		value = log_to.target;
	return sd_bus_message_append(reply, "s", value);
}

/* Read one of `names`. Returns its index, or negative with an error that says what it isn't. */
static int read_one_of(sd_bus_message *value, const char *const names[], int count,
		       const char *what, sd_bus_error *error)
{
	const char *name;
	int r = sd_bus_message_read(value, "s", &name);

	if (r < 0)
		return r;
	for (int i = 0; i < count; i++) {
		if (strcmp(names[i], name) == 0)
			return i;
	}
	return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS, "Invalid log %s '%s'", what,
				 name);
}

static int set_level(sd_bus *bus, const char *path, const char *interface, const char *property,
		     sd_bus_message *value, void *userdata, sd_bus_error *error)
{
	int i = read_one_of(value, levels, ARRAY_SIZE(levels), "level", error);

	(void) bus, (void) path, (void) interface, (void) property, (void) userdata;
	if (i < 0)
		return i;
	log_to.level = i;
	return 0;
}

static int set_target(sd_bus *bus, const char *path, const char *interface, const char *property,
		      sd_bus_message *value, void *userdata, sd_bus_error *error)
{
	int i = read_one_of(value, targets, ARRAY_SIZE(targets), "target", error);

	(void) bus, (void) path, (void) interface, (void) property, (void) userdata;
	if (i < 0)
		return i;
	log_to.target = targets[i];
	return 0;
}

const sd_bus_vtable bus_log_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_WRITABLE_PROPERTY("LogLevel", "s", get, set_level, 0, 0),
	SD_BUS_WRITABLE_PROPERTY("LogTarget", "s", get, set_target, 0, 0),
	SD_BUS_PROPERTY("SyslogIdentifier", "s", get, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_VTABLE_END,
};
