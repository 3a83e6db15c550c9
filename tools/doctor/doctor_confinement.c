/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A check of mymachines doctor: may confined programs read the registry? */
#include "base/quote.h"
#include "tools/doctor/apparmor_rules.h"
#include "tools/doctor/doctor.h"

#include "base/cleanup.h"
#include "base/proc_file.h"

#include <stdio.h>
#include <sys/xattr.h>
#include <unistd.h>

#define NAMESERVICE "/etc/apparmor.d/abstractions/nameservice"

/* Whether the first byte of a kernel's file is `on`. */
static bool is_on(const char *path, char on)
{
	CLEANUP_FREE char *text = file_read_text(path);

	return text && text[0] == on;
}

static void check_apparmor(struct doctor *doctor)
{
	struct apparmor_judgement rules = { .directory = NAMESERVICE ".d" };
	char quoted[QUOTED_SIZE];

	apparmor_judge(doctor->arena, NAMESERVICE, REGISTRY_PATH, &rules);
	if (rules.is_denied)
		doctor_find(doctor, FINDING_WARNING,
			    "take that rule out, and then systemctl reload apparmor",
			    "AppArmor: a deny rule in %s keeps programs with a profile from "
			    "reading the registry",
			    quote(rules.denied_by, quoted));
	else if (rules.is_allowed)
		doctor_find(
			doctor, FINDING_OK, NULL,
			"AppArmor: profiles with abstractions/nameservice may read the registry");
	else
		doctor_find(doctor, FINDING_WARNING,
			    rules.includes_directory
				    ? "mkdir -p " NAMESERVICE ".d && echo '" REGISTRY_PATH
				      " r,' >" NAMESERVICE
				      ".d/mymachines && systemctl reload apparmor"
				    : "echo '  " REGISTRY_PATH " r,' >>" NAMESERVICE
				      " && systemctl reload apparmor",
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
	/* Kernels have AppArmor switched on where its profiles aren't installed: nothing is confined then. */
	if (is_on("/sys/module/apparmor/parameters/enabled", 'Y') && access(NAMESERVICE, F_OK) == 0)
		check_apparmor(doctor);
	if (is_on("/sys/fs/selinux/enforce", '1'))
		check_selinux(doctor);
}
