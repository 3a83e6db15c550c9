/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks of mymachines doctor: is the NSS module asked, is it the right one, does it answer? */
#include "base/array_size.h"
#include "base/file_identity.h"
#include "registry/leader_state.h"
#include "tools/doctor/doctor.h"

#include "base/cleanup.h"
#include "base/format.h"
#include "base/proc_file.h"
#include "host/nscd.h"
#include "tools/doctor/module_probe.h"
#include "tools/setup/nsswitch.h"
#include "tools/setup/nsswitch_vendor.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* Returns the text with control characters escaped. */
static const char *shown(struct doctor *doctor, const char *text)
{
	return arena_escape(doctor->arena, text);
}

static const char setup_nss[] = "mymachines setup nss";

/* Real accounts come first, even if mymachines then depends on their services. Setup leaves that as it is. */
static bool setup_changes(struct doctor *doctor, const char *text)
{
	return strcmp(nsswitch_add(doctor->arena, text), text) != 0;
}

/*
 * Returns the remedy to edit the file in this way, or in any. A change of the vendor's file would be lost with
 * the next update, so its copy in /etc is edited, which hides it.
 */
static const char *edit_remedy(struct doctor *doctor, const char *path, const char *way)
{
	const char *copy =
		strcmp(path, NSSWITCH_PATH) == 0
			? ""
			: arena_printf(doctor->arena, "cp %s " NSSWITCH_PATH ", and ", path);

	return arena_printf(doctor->arena, "%s%s", copy, way ? way : "edit " NSSWITCH_PATH);
}

static void judge_database(struct doctor *doctor, const char *path, const char *text,
			   const char *database)
{
	const char *other;
	enum nsswitch_verdict verdict = nsswitch_judge(doctor->arena, text, database, &other);

	other = other ? shown(doctor, other) : "";
	switch (verdict) {
	case NSSWITCH_RIGHT:
		doctor_find(doctor, FINDING_OK, NULL, "%s: mymachines is asked", database);
		return;
	case NSSWITCH_BEFORE_FILES:
		doctor_find(doctor, FINDING_HINT, NULL,
			    "%s: mymachines is asked before the host's own files", database);
		return;
	case NSSWITCH_BEFORE_DIRECTORY:
		doctor_find(doctor, FINDING_WARNING, setup_nss,
			    "%s: mymachines is asked before %s, so an account there may get a "
			    "machine's name",
			    database, other);
		return;
	case NSSWITCH_SYSTEMD_FIRST:
		doctor_find(doctor, FINDING_HINT,
			    edit_remedy(doctor, path, "move systemd to the end of the line"),
			    "%s: systemd is asked before %s, and so before mymachines", database,
			    other);
		return;
	case NSSWITCH_ABSENT:
		doctor_find(doctor, FINDING_ERROR, setup_nss, "%s: mymachines isn't in %s",
			    database, path);
		return;
	case NSSWITCH_NO_LINE:
		doctor_find(doctor, FINDING_ERROR, setup_nss, "%s: there is no such line in %s",
			    database, path);
		return;
	case NSSWITCH_UNREACHED:
		doctor_find(
			doctor, FINDING_ERROR, setup_nss,
			"%s: mymachines is never asked: it comes after %s, which ends the search",
			database, other);
		return;
	case NSSWITCH_UNRELIABLE:
		doctor_find(
			doctor, FINDING_WARNING,
			setup_changes(doctor, text)
				? setup_nss
				: edit_remedy(doctor, path,
					      arena_printf(doctor->arena,
							   "take the actions of %s out of the line",
							   other)),
			"%s: if %s fails, the search ends there, and mymachines isn't asked",
			database, other);
		return;
	case NSSWITCH_LATE:
		doctor_find(doctor, FINDING_ERROR, setup_nss,
			    "%s: mymachines comes after %s, so the network is asked first",
			    database, other);
		return;
	case NSSWITCH_CUTS_MERGE:
		doctor_find(doctor, FINDING_ERROR, setup_nss,
			    "%s: results of %s aren't merged with those of the services after "
			    "mymachines",
			    database, other);
		return;
	case NSSWITCH_LOST:
		doctor_find(doctor, FINDING_ERROR, setup_nss,
			    "%s: with the action of %s, glibc loses what mymachines finds",
			    database, other);
		return;
	case NSSWITCH_CUT_OFF:
		doctor_find(doctor, FINDING_ERROR, setup_nss,
			    "%s: glibc passes over the line, which has no newline at its end",
			    database);
		return;
	case NSSWITCH_MALFORMED:
		doctor_find(doctor, FINDING_ERROR, edit_remedy(doctor, path, NULL),
			    "%s: glibc can't read the line: its actions are wrong", database);
		return;
	case NSSWITCH_REJECTED:
		doctor_find(
			doctor, FINDING_ERROR, edit_remedy(doctor, path, NULL),
			"%s: glibc reads no line of %s, because the actions in line %s are wrong",
			database, path, other);
		return;
	}
}

void check_nsswitch(struct doctor *doctor)
{
	const char *path = nsswitch_path(doctor->arena);
	CLEANUP_FREE char *text = file_read_text(path);

	if (!text && errno == ENOENT)
		doctor_find(doctor, FINDING_ERROR, setup_nss,
			    "there is no " NSSWITCH_PATH ", so glibc doesn't ask mymachines");
	else if (!text)
		doctor_find(doctor, FINDING_ERROR,
			    arena_printf(doctor->arena, "chmod 644 %s", path), "%s: %s", path,
			    strerror(errno));
	for (const char *const *database = nsswitch_databases; text && *database; database++)
		judge_database(doctor, path, text, *database);
}

/* Whether glibc asks the module, and doesn't ask the network before. */
static bool is_asked(struct doctor *doctor, const char *database)
{
	CLEANUP_FREE char *text = file_read_text(nsswitch_path(doctor->arena));
	const char *other;

	if (!text)
		return false;
	switch (nsswitch_judge(doctor->arena, text, database, &other)) {
	case NSSWITCH_RIGHT:
	case NSSWITCH_SYSTEMD_FIRST:
	case NSSWITCH_BEFORE_DIRECTORY:
	case NSSWITCH_UNRELIABLE:
	case NSSWITCH_BEFORE_FILES:
	case NSSWITCH_CUTS_MERGE: return true;
	default: return false;
	}
}

/* Returns an address that needs no interface, or NULL. */
static const struct machine_address *find_address(const struct machine *m)
{
	for (size_t i = 0; i < m->n_addresses; i++)
		if (!address_needs_interface(&m->addresses[i]) && address_is_true(&m->addresses[i]))
			return &m->addresses[i];
	return NULL;
}

static void choose_host(struct doctor *doctor, const struct machine *m,
			struct module_question *question)
{
	const struct machine_address *address = find_address(m);

	if (question->host || !address)
		return;
	question->host = arena_strdup(doctor->arena, m->name);
	question->address = arena_copy(doctor->arena, address, sizeof *address);
}

static void choose_user(struct doctor *doctor, const struct machine *m,
			struct module_question *question)
{
	char name[MACHINE_USER_NAME_SIZE];
	const struct idmap_extent *extent = m->uids.extents;

	if (question->user || m->uids.count == 0 ||
	    !idmap_pair_has_name(extent->inner, extent->outer))
		return;
	user_name_format(name, MACHINE_USER_PREFIX, m->name, extent->inner);
	question->user = arena_strdup(doctor->arena, name);
	question->uid = extent->outer;
}

/* Choose the first machine with an address, and the first with users. */
static struct module_question choose_question(struct doctor *doctor)
{
	struct module_question question = { 0 };
	char folded[MACHINE_NAME_SIZE] = "";
	struct snapshot *s = &doctor->snapshot;
	bool hosts = is_asked(doctor, "hosts"), users = is_asked(doctor, "passwd");
	struct machine m;

	while (doctor->registry == 0 && snapshot_next(s, folded, &m) == 0) {
		if (machine_may_be_alive(&m, &s->meta.context) <= 0)
			continue;
		if (hosts)
			choose_host(doctor, &m, &question);
		if (users)
			choose_user(doctor, &m, &question);
	}
	return question;
}

/* A file that is mapped while we look at it. */
struct mapped_file {
	void *bytes;
	size_t size;
};

static void unmap(struct mapped_file *file)
{
	if (file->size)
		munmap(file->bytes, file->size);
}

static int map_file(const char *path, struct mapped_file *file)
{
	CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	void *bytes;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size == 0)
		return -EINVAL;
	bytes = mmap(NULL, (size_t) st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		return -errno;
	*file = (struct mapped_file){ bytes, (size_t) st.st_size };
	return 0;
}

/* Returns the next text from `*at` on that ends with the registry's file name, or NULL. */
static const char *find_registry_path(struct doctor *doctor, const struct mapped_file *file,
				      size_t *at)
{
	static const char name[] = "/" REGISTRY_FILE_NAME;
	const char *bytes = file->bytes, *start;
	const char *found = memmem(bytes + *at, file->size - *at, name, sizeof name);

	if (!found)
		return NULL;
	*at = (size_t) (found - bytes) + sizeof name;
	for (start = found; start > bytes && start[-1] > ' ' && start[-1] < 0x7f; start--)
		;
	return arena_strdup(doctor->arena, start);
}

/* Returns the remedy for a file of another package. */
static const char *ask_for_package(struct doctor *doctor, const char *path)
{
	static const char *const managers[][2] = { { "/usr/bin/dpkg", "dpkg -S" },
						   { "/usr/bin/rpm", "rpm -qf" },
						   { "/usr/bin/pacman", "pacman -Qo" },
						   { "/sbin/apk", "apk info -W" } };

	for (size_t i = 0; i < ARRAY_SIZE(managers); i++)
		if (access(managers[i][0], X_OK) == 0)
			return arena_printf(doctor->arena,
					    "remove the package that has it (%s %s), then ldconfig",
					    managers[i][1], shown(doctor, path));
	return arena_printf(doctor->arena, "rm %s && ldconfig", shown(doctor, path));
}

/* Whether the module reads our registry. If not, this adds a finding. */
static bool is_ours(struct doctor *doctor, const char *path)
{
	CLEANUP(unmap) struct mapped_file file = { 0 };
	int r = map_file(path, &file);
	const char *text, *other = NULL;
	size_t at = 0;

	if (r < 0) {
		doctor_find(doctor, FINDING_UNKNOWN, NULL, "%s: %s", shown(doctor, path),
			    strerror(-r));
		return true;
	}
	while ((text = find_registry_path(doctor, &file, &at))) {
		if (strcmp(text, REGISTRY_PATH) == 0)
			return true;
		other = text;
	}
	if (other)
		doctor_find(doctor, FINDING_ERROR, ask_for_package(doctor, path),
			    "%s is loaded, which was configured to read %s, and not " REGISTRY_PATH,
			    shown(doctor, path), shown(doctor, other));
	else
		doctor_find(doctor, FINDING_ERROR, ask_for_package(doctor, path),
			    "%s is loaded, which is another module of that name, such as systemd's",
			    shown(doctor, path));
	return false;
}

/* Find the dynamic linker's own directories, and those where modules are installed. */
static size_t find_directories(struct doctor *doctor, const char ***directories)
{
	static const char *const others[] = { NSS_DIRECTORY, "/usr/local/lib", "/usr/lib64",
					      "/usr/lib" };
	void *self = dlopen(NULL, RTLD_LAZY);
	Dl_serinfo size, *info = NULL;
	size_t n = ARRAY_SIZE(others), count = 0;

	if (self && dlinfo(self, RTLD_DI_SERINFOSIZE, &size) == 0) {
		info = arena_alloc(doctor->arena, size.dls_size);
		info->dls_size = size.dls_size;
		info->dls_cnt = size.dls_cnt;
		if (dlinfo(self, RTLD_DI_SERINFO, info) == 0)
			count = info->dls_cnt;
	}
	*directories = arena_alloc(doctor->arena, (count + n) * sizeof **directories);
	for (size_t i = 0; i < count; i++)
		(*directories)[i] = info->dls_serpath[i].dls_name;
	memcpy(*directories + count, others, sizeof others);
	return count + n;
}

/* Returns the next copy of the module other than `loaded`, from the `*i`-th directory on, or NULL. */
static const char *find_copy(struct doctor *doctor, const struct stat *loaded, size_t *i)
{
	const char **directories, *path;
	size_t count = find_directories(doctor, &directories);
	struct stat st;

	while (*i < count) {
		path = arena_printf(doctor->arena, "%s/" MODULE_FILE_NAME, directories[(*i)++]);
		if (stat(path, &st) == 0 && !(loaded && is_same_file(&st, loaded)))
			return path;
	}
	return NULL;
}

static void look_for_copy(struct doctor *doctor, const char *loaded)
{
	const char *copy;
	struct stat st;
	size_t i = 0;

	if (stat(loaded, &st) == 0 && (copy = find_copy(doctor, &st, &i)))
		doctor_find(doctor, FINDING_HINT, ask_for_package(doctor, copy),
			    "there is another module of that name, which isn't loaded: %s",
			    shown(doctor, copy));
}

static void explain_not_loaded(struct doctor *doctor, const struct module_answer *answer)
{
	size_t i = 0;
	const char *copy = find_copy(doctor, NULL, &i), *remedy = "reinstall mymachines";

	if (copy && strstr(answer->error, MODULE_FILE_NAME ": cannot open shared object file"))
		remedy = arena_printf(
			doctor->arena,
			"ldconfig, with %.*s in /etc/ld.so.conf or a file of /etc/ld.so.conf.d",
			(int) (strrchr(copy, '/') - copy), copy);
	doctor_find(doctor, FINDING_ERROR, remedy, "cannot be loaded: %s",
		    shown(doctor, answer->error));
}

/* Returns what the child did when it ended. */
static const char *stage_words(struct doctor *doctor, const struct module_question *question,
			       const struct module_answer *answer)
{
	switch (answer->stage) {
	case MODULE_LOADING: return "while it was loaded";
	case MODULE_ASKED_HOST:
		return arena_printf(doctor->arena, "while glibc looked up host %s", question->host);
	case MODULE_ASKED_USER:
		return arena_printf(doctor->arena, "while glibc looked up user %s", question->user);
	default: return "when it was asked for a host";
	}
}

static void explain_end(struct doctor *doctor, const struct module_question *question,
			const struct module_answer *answer)
{
	const char *when = stage_words(doctor, question, answer), *copy;
	size_t i = 0;

	copy = *answer->path ? answer->path : find_copy(doctor, NULL, &i);
	copy = copy ? shown(doctor, copy) : MODULE_FILE_NAME;
	if (answer->was_too_slow)
		doctor_find(doctor, FINDING_ERROR, "reinstall mymachines",
			    "%s: no answer for five seconds, %s", copy, when);
	else if (WIFSIGNALED(answer->wait_status))
		doctor_find(doctor, FINDING_ERROR, "reinstall mymachines",
			    "%s: the process was killed by %s, %s", copy,
			    strsignal(WTERMSIG(answer->wait_status)), when);
	else
		doctor_find(doctor, FINDING_ERROR, "reinstall mymachines",
			    "%s: the process was ended, %s", copy, when);
}

/* Check glibc's answers. Returns whether all are right. */
static bool explain_answers(struct doctor *doctor, const struct module_question *q,
			    const struct module_answer *answer)
{
	static const char cached[] = "nscd --invalidate=hosts --invalidate=passwd";
	bool has_cache = nscd_is_running();

	if (q->host && *answer->host_error)
		doctor_find(doctor, FINDING_ERROR, has_cache ? cached : "reinstall mymachines",
			    "%s is registered, but doesn't resolve: %s", q->host,
			    answer->host_error);
	else if (q->host && !answer->host_is_right)
		doctor_find(doctor, FINDING_WARNING, has_cache ? cached : NULL,
			    "%s resolves to addresses that aren't the machine's: something that "
			    "is asked earlier knows the name, such as /etc/hosts",
			    q->host);
	if (q->user && !answer->user_is_found)
		doctor_find(doctor, FINDING_ERROR, has_cache ? cached : "reinstall mymachines",
			    "user %s is not found", q->user);
	else if (q->user && !answer->user_is_right)
		doctor_find(doctor, FINDING_WARNING, NULL,
			    "user %s has uid %u, which isn't the machine's %u", q->user,
			    answer->uid, q->uid);
	return (!q->host || answer->host_is_right) && (!q->user || answer->user_is_right);
}

static void explain_loaded(struct doctor *doctor, const struct module_question *q,
			   const struct module_answer *answer)
{
	const char *path = shown(doctor, answer->path);
	bool is_readable = doctor->registry == 0 || doctor_has_no_machines(doctor);

	if (!answer->has_entry_point)
		doctor_find(doctor, FINDING_ERROR, "reinstall mymachines",
			    "%s has no look-up of hosts", path);
	else if (!is_readable)
		doctor_find(doctor, FINDING_UNKNOWN, NULL,
			    "%s is loaded, but can't answer without the registry", path);
	else if (answer->status != NSS_STATUS_NOTFOUND)
		doctor_find(doctor, FINDING_ERROR, "reinstall mymachines",
			    "%s gives status %d for a host that doesn't exist", path,
			    answer->status);
	else if (explain_answers(doctor, q, answer))
		doctor_find(doctor, FINDING_OK, NULL, "%s is loaded, and answers%s%s%s%s", path,
			    q->host || q->user ? " for " : "", q->host ? q->host : "",
			    q->host && q->user ? " and " : "", q->user ? q->user : "");
}

/*
 * Another module of that name may start a service to answer, as systemd's starts systemd-machined, which then
 * deletes our exports. So ours alone is asked for a host and a user.
 */
void check_module(struct doctor *doctor)
{
	static const struct module_question nothing;
	struct module_question question = choose_question(doctor);
	struct module_answer answer;
	int r = module_probe(&nothing, &answer);
	bool is_other = r == 0 && *answer.path && !is_ours(doctor, answer.path);

	if (r == 0 && !is_other && answer.stage == MODULE_DONE)
		r = module_probe(&question, &answer);
	if (r < 0)
		doctor_find(doctor, FINDING_UNKNOWN, NULL, "it can't be asked: %s", strerror(-r));
	else if (*answer.error)
		explain_not_loaded(doctor, &answer);
	else if (!is_other && answer.stage != MODULE_DONE)
		explain_end(doctor, &question, &answer);
	else if (!is_other)
		explain_loaded(doctor, &question, &answer);
	if (r == 0 && *answer.path)
		look_for_copy(doctor, answer.path);
}

void check_cache(struct doctor *doctor)
{
	if (nscd_is_running())
		doctor_find(
			doctor, FINDING_OK, NULL,
			"nscd caches look-ups; its hosts, users and groups are forgotten whenever "
			"the registry changes");
}
