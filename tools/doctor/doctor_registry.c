/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks of mymachines doctor: the registry, its machines, the monitor and the exports. */
#include "registry/leader_state.h"
#include "tools/doctor/doctor.h"

#include "base/configuration.h"
#include "host/process.h"
#include "host/systemd.h"
#include "registry/lookup.h"
#include "tools/monitor/monitor_lock.h"
#include "tools/monitor/monitor_start.h"
#include "tools/registrar/exports.h"

#include <errno.h>
#include <sys/stat.h>

static const char refresh[] = "mymachines refresh";

static const char *registry_remedy(int error)
{
	switch (error) {
	case -EPERM: return "chown root: " REGISTRY_PATH " && chmod 644 " REGISTRY_PATH;
	case -EACCES: return "chmod 755 " REGISTRY_DIRECTORY " && chmod 644 " REGISTRY_PATH;
	case -EPROTONOSUPPORT:
	case -EILSEQ:
	case -ELOOP:
	case -ENXIO:
	case -EUCLEAN: return "mymachines refresh --discard, and register the machines again";
	default: return NULL;
	}
}

static void find_registry_error(struct doctor *doctor, int error)
{
	doctor_find(doctor, FINDING_ERROR, registry_remedy(error), REGISTRY_PATH ": %s",
		    registry_writer_error_words(error));
}

/* Root can read it in any case, so look at the modes. */
static bool is_readable_by_all(void)
{
	struct stat st;

	return (stat(REGISTRY_DIRECTORY, &st) < 0 || st.st_mode & S_IXOTH) &&
	       (stat(REGISTRY_PATH, &st) < 0 || st.st_mode & S_IROTH);
}

void check_registry(struct doctor *doctor)
{
	char folded[MACHINE_NAME_SIZE] = "";
	struct machine m;
	size_t count = 0;
	int r = doctor->registry;

	if (r == -ENOENT || r == -ESTALE) {
		doctor_find(doctor, FINDING_OK, NULL, "no machine was registered since boot");
		return;
	}
	for (; r == 0 && (r = snapshot_next(&doctor->snapshot, folded, &m)) == 0; count++)
		;
	if (r != -ENOENT)
		find_registry_error(doctor, r);
	else if (!is_readable_by_all())
		find_registry_error(doctor, -EACCES);
	else
		doctor_find(doctor, FINDING_OK, NULL, REGISTRY_PATH " has %zu machine%s", count,
			    count == 1 ? "" : "s");
}

/* Returns how many machines have a dead leader. `name` becomes that of one. */
static size_t count_dead(struct doctor *doctor, char name[static MACHINE_NAME_SIZE])
{
	struct snapshot *s = &doctor->snapshot;
	char folded[MACHINE_NAME_SIZE] = "";
	struct machine m;
	size_t count = 0;

	while (doctor->registry == 0 && snapshot_next(s, folded, &m) == 0)
		if (leader_state(&m.leader, &s->meta.context, NULL) == LEADER_DEAD && count++ == 0)
			strcpy(name, m.name);
	return count;
}

void check_machines(struct doctor *doctor)
{
	char name[MACHINE_NAME_SIZE];
	size_t dead;

	if (doctor_has_no_machines(doctor) || doctor->registry < 0)
		return;
	if (pid_context_check(&doctor->snapshot.meta.context) == -EXDEV) {
		doctor_find(doctor, FINDING_UNKNOWN, NULL,
			    "this pid or time namespace doesn't show whether they live");
		return;
	}
	dead = count_dead(doctor, name);
	if (dead > 0) {
		doctor_open_registry(doctor, true);
		dead = count_dead(doctor, name);
	}
	if (dead == 0)
		doctor_find(doctor, FINDING_OK, NULL, "all that are registered live");
	else if (dead == 1)
		doctor_find(doctor, FINDING_ERROR, refresh, "%s has died, but is registered", name);
	else
		doctor_find(doctor, FINDING_ERROR, refresh,
			    "%zu have died, but are registered, such as %s", dead, name);
}

static const char background[] = "mymachines monitor --background";

static bool has_unit(void)
{
	return systemd_is_running() && monitor_has_unit();
}

/* Why it isn't to run, or NULL. */
static const char *monitor_refusal(const char **remedy)
{
	if (!configuration_read(NULL)->monitor) {
		*remedy = "set Monitor=yes in " CONFIGURATION_PATH;
		return "Monitor=no is set";
	}
	if (has_unit() && monitor_is_masked()) {
		*remedy = "systemctl unmask " MONITOR_UNIT;
		return "its unit is masked";
	}
	return NULL;
}

static const char *monitor_remedy(void)
{
	return has_unit() ? "systemctl enable --now " MONITOR_UNIT : background;
}

void check_monitor(struct doctor *doctor)
{
	const char *remedy = monitor_remedy(), *refusal = monitor_refusal(&remedy);
	pid_t pid = 0;
	int r;

	if (doctor_has_no_machines(doctor)) {
		doctor_find(doctor, FINDING_OK, NULL, "there is no machine that it would watch");
		return;
	}
	r = monitor_is_running(&pid);
	if (r == -EACCES)
		doctor_find(doctor, FINDING_UNKNOWN, NULL, "only root can tell whether it runs");
	else if (r < 0)
		doctor_find(doctor, FINDING_UNKNOWN, NULL, MONITOR_LOCK_PATH ": %s",
			    registry_writer_error_words(r));
	else if (monitor_find_replaced())
		doctor_find(doctor, FINDING_WARNING,
			    has_unit() ? "systemctl restart " MONITOR_UNIT : background,
			    "it runs, as pid %d, but its program was replaced since", pid);
	else if (r > 0)
		doctor_find(doctor, FINDING_OK, NULL, "it runs, as pid %d", pid);
	else
		doctor_find(doctor, refusal ? FINDING_HINT : FINDING_ERROR, remedy,
			    "it doesn't run%s%s: addresses are those of the last refresh, and dead "
			    "machines stay registered",
			    refusal ? ", as " : "", refusal ? refusal : "");
}

static void explain_exports(struct doctor *doctor, const struct exports_fault *fault, int r)
{
	if (r < 0 && !fault->path)
		doctor_find(doctor, FINDING_UNKNOWN, NULL, "the registry can't be read");
	else if (r < 0 && r != -ENOENT)
		doctor_find(doctor, FINDING_ERROR,
			    arena_printf(doctor->arena, "rm -r %s && %s", fault->path, refresh),
			    "%s: %s", fault->path, registry_writer_error_words(r));
	else if (r < 0)
		doctor_find(doctor, FINDING_ERROR, refresh,
			    "there is no %s, so libsystemd sees no machines", fault->path);
	else if (fault->is_foreign)
		doctor_find(doctor, FINDING_ERROR,
			    arena_printf(doctor->arena, "rm -r '%s' && %s", fault->path, refresh),
			    "%s was not written by mymachines, and conflicts", fault->path);
	else if (fault->count > 0)
		doctor_find(doctor, FINDING_ERROR, refresh,
			    "%s doesn't agree with the registry (%zu in all)", fault->path,
			    fault->count);
	else
		doctor_find(doctor, FINDING_OK, NULL, "libsystemd sees all registered machines");
}

void check_exports(struct doctor *doctor)
{
	struct exports_fault fault;
	int r;

	if (!configuration_read(NULL)->exports) {
		doctor_find(doctor, FINDING_OK, NULL,
			    "Exports=no is set: libsystemd sees no machines");
		return;
	}
	if (machined_is_running()) {
		doctor_find(doctor, FINDING_WARNING,
			    "systemctl mask --now systemd-machined.service, where nothing needs it",
			    "systemd-machined runs: programs on libsystemd, as ps -o machine and "
			    "systemctl -M, see its machines only");
		return;
	}
	r = exports_check(doctor->arena, &fault);
	if (r < 0 || fault.count > 0) {
		/* Exports are written just after the registry, so they may be late. */
		doctor_open_registry(doctor, true);
		r = exports_check(doctor->arena, &fault);
	}
	explain_exports(doctor, &fault, r);
}
