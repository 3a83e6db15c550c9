/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registry/lookup.h"

#include "base/quote.h"
#include "registry/words.h"

#include <errno.h>
#include <string.h>

int registry_open(struct snapshot *snapshot, struct failure *f)
{
	int r = snapshot_open(snapshot, REGISTRY_PATH);

	if (r == -ENOENT || r == -ESTALE)
		r = 0;
	return r < 0 ? registry_failure(f, REGISTRY_PATH, r) : 0;
}

/* A failure for the error, if it is one. */
static int find_result(int r, const char *name, struct failure *f)
{
	char quoted[QUOTED_SIZE];

	if (r == -ENOENT)
		return failure_set(f, FAILURE_NO_MACHINE, "no machine '%s' is registered",
				   quote(name, quoted));
	return r < 0 ? registry_failure(f, REGISTRY_PATH, r) : 0;
}

int machine_find(struct snapshot *snapshot, const char *name, struct machine *machine,
		 struct failure *f)
{
	char folded[MACHINE_NAME_SIZE];
	int r = -ENOENT;

	if (machine_name_fold(name, folded) > 0)
		r = snapshot_find_name(snapshot, folded, machine);
	return find_result(r, name, f);
}

int machine_find_in_change(struct writer *writer, const char *name, struct machine *machine,
			   struct failure *f)
{
	char folded[MACHINE_NAME_SIZE];
	int r = -ENOENT;

	if (machine_name_fold(name, folded) > 0)
		r = writer_find_name(writer, folded, machine);
	return find_result(r, name, f);
}

const char *registry_writer_error_words(int error)
{
	switch (error) {
	case -ETIMEDOUT: return "another writer has held its lock for ten seconds";
	case -ENOTRECOVERABLE: return "cannot return to its own network namespace";
	default: return registry_error_words(error);
	}
}

static const char *advice(int error)
{
	switch (error) {
	case -EACCES: return " (this needs root)";
	case -ELOOP:
	case -ENXIO:
	case -EPROTONOSUPPORT:
	case -EILSEQ:
	case -EUCLEAN:
		return "; replace it by 'mymachines refresh --discard', and register the machines "
		       "again";
	case -EXDEV: return "; use it from there, or remove it";
	default: return "";
	}
}

static enum failure_kind registry_failure_kind(int error)
{
	switch (error) {
	case -ELOOP:
	case -ENXIO:
	case -EPERM:
	case -EPROTONOSUPPORT:
	case -EILSEQ:
	case -ESTALE:
	case -EUCLEAN: return FAILURE_DAMAGED;
	case -EXDEV: return FAILURE_ELSEWHERE;
	default: return failure_kind_of(error);
	}
}

int registry_failure(struct failure *f, const char *path, int error)
{
	failure_set(f, registry_failure_kind(error), "%s: %s%s", path,
		    registry_writer_error_words(error), advice(error));
	f->error = error;
	return -1;
}

int machine_failure(struct failure *f, const struct machine *machine, const char *what, int error)
{
	const char *why = strerror(-error);
	enum failure_kind kind = failure_kind_of(error);

	if (error == -ESRCH) {
		kind = FAILURE_GONE;
		why = "its leader has died";
	} else if (error == -EXDEV) {
		kind = FAILURE_ELSEWHERE;
		why = "it was registered in another pid or time namespace";
	} else if (error == -ETIMEDOUT) {
		why = "it took too long";
	}
	failure_set(f, kind, "%s: cannot %s: %s", machine->name, what, why);
	f->error = error;
	return -1;
}
