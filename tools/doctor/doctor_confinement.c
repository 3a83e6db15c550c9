/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A check of mymachines doctor: may confined programs read the registry? */
#include "base/quote.h"
#include "tools/doctor/doctor.h"

#include "base/cleanup.h"
#include "base/proc_file.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

#define NAMESERVICE "/etc/apparmor.d/abstractions/nameservice"

/* Whether the first byte of a kernel's file is `on`. */
static bool is_on(const char *path, char on)
{
	CLEANUP_FREE char *text = file_read_text(path);

	return text && text[0] == on;
}

/* Whether the line has a rule for the registry: apparmor.d(5). */
static bool names_registry(struct doctor *doctor, const char *line)
{
	static const char run[] = "/run/";
	const char *directory = REGISTRY_DIRECTORY "/";

	line += strspn(line, " \t");
	if (*line == '#')
		return false;
	if (strstr(line, directory))
		return true;
	/* With AppArmor's variable for /run. */
	return strncmp(directory, run, strlen(run)) == 0 &&
	       strstr(line, arena_printf(doctor->arena, "@{run}/%s", directory + strlen(run)));
}

static bool file_names_registry(struct doctor *doctor, const char *path)
{
	CLEANUP_FREE char *text = file_read_text(path);
	char *rest = text, *line;

	while (rest && (line = strsep(&rest, "\n")))
		if (names_registry(doctor, line))
			return true;
	return false;
}

static bool directory_names_registry(struct doctor *doctor, const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	bool found = false;

	while (directory && !found && (entry = readdir(directory)))
		found = entry->d_name[0] != '.' &&
			file_names_registry(
				doctor, arena_printf(doctor->arena, "%s/%s", path, entry->d_name));
	if (directory)
		closedir(directory);
	return found;
}

static void check_apparmor(struct doctor *doctor)
{
	if (file_names_registry(doctor, NAMESERVICE) ||
	    directory_names_registry(doctor, NAMESERVICE ".d"))
		doctor_find(
			doctor, FINDING_OK, NULL,
			"AppArmor: profiles with abstractions/nameservice may read the registry");
	else
		doctor_find(doctor, FINDING_WARNING,
			    "mkdir -p " NAMESERVICE ".d && echo '" REGISTRY_PATH
			    " r,' >" NAMESERVICE ".d/mymachines && systemctl reload apparmor",
			    "AppArmor: no line of " NAMESERVICE
			    " lets programs with a profile read the registry");
}

static void check_selinux(struct doctor *doctor)
{
	char label[256] = "", quoted[QUOTED_SIZE];
	ssize_t size = getxattr(REGISTRY_PATH, "security.selinux", label, sizeof label - 1);

	doctor_find(
		doctor, FINDING_HINT,
		"ausearch -m AVC -ts boot | grep mymachines; if it was denied, semanage fcontext "
		"-a -t net_conf_t '" REGISTRY_DIRECTORY
		"(/.*)?' && restorecon -R " REGISTRY_DIRECTORY,
		"SELinux: confined programs need to read the registry%s%s",
		size > 0 ? ", which is " : "", size > 0 ? quote(label, quoted) : "");
}

void check_confinement(struct doctor *doctor)
{
	if (is_on("/sys/module/apparmor/parameters/enabled", 'Y'))
		check_apparmor(doctor);
	if (is_on("/sys/fs/selinux/enforce", '1'))
		check_selinux(doctor);
}
