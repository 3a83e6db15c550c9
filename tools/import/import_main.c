/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mymachines-import: import and export images. mymachines(1) reads the command line and starts it,
 * so that only this program needs libarchive: VERB [--OPTION[=VALUE]...] -- OPERAND...
 */
#include "base/array_size.h"
#include "base/boolean.h"
#include "base/clock.h"
#include "base/format.h"
#include "base/locale.h"
#include "base/number.h"
#include "base/quote.h"
#include "base/signals.h"
#include "base/size.h"
#include "base/table.h"
#include "tools/import/hidden_address.h"
#include "tools/import/image_transfer.h"
#include "tools/import/oci_transfer.h"
#include "tools/import/pull.h"
#include "tools/import/stop.h"
#include "tools/import/transfer.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define EXIT_USAGE 2

struct request {
	struct image_transfer transfer;
	bool is_quiet, no_legend;
	bool has_class; /* of the images is shown */
	enum { JSON_NONE, JSON_ONE_LINE, JSON_LINES } json;
	struct verify verify;
	bool keeps;		    /* what is fetched */
	const char *platform, *tag; /* which of several images to take */
	char **operands;
	int n_operands;
};

/* Without a first byte or entry there is no image. */
static int read_limit(const char *value, uint64_t *limit)
{
	int r = size_parse(value, limit);

	return r == 0 && *limit == 0 ? -ERANGE : r;
}

static int invalid_value(struct failure *f, const char *name, const char *value)
{
	char quoted[QUOTED_SIZE];

	return failure_set(f, FAILURE_USAGE, "--%s=%s: the value isn't valid", name,
			   quote(value, quoted));
}

static int read_json(const char *value, struct request *r)
{
	if (strcmp(value, "off") == 0)
		r->json = JSON_NONE;
	else if (strcmp(value, "short") == 0)
		r->json = JSON_ONE_LINE;
	else if (strcmp(value, "pretty") == 0)
		r->json = JSON_LINES;
	else
		return -EINVAL;
	return 0;
}

static int read_valued(struct request *r, const char *name, const char *value, struct failure *f)
{
	struct image_transfer *t = &r->transfer;
	int result = -EINVAL;

	if (strcmp(name, "format") == 0)
		result = (t->has_format = pack_format_parse(value, &t->format)) ? 0 : -EINVAL;
	else if (strcmp(name, "size-max") == 0)
		result = read_limit(value, &t->unpack.limits.bytes);
	else if (strcmp(name, "entries-max") == 0)
		result = read_limit(value, &t->unpack.limits.entries);
	else if (strcmp(name, "json") == 0)
		result = read_json(value, r);
	else if (strcmp(name, "transfer") == 0)
		result = id_parse(value, &t->id);
#if HAVE_DOWNLOADS
	else if (strcmp(name, "verify") == 0)
		result = verify_parse(t->verify = value, &r->verify) ? 0 : -EINVAL;
#endif
	else if (strcmp(name, "keep-download") == 0)
		result = boolean_parse(value, &r->keeps);
	else if (strcmp(name, "platform") == 0)
		result = (r->platform = value) ? 0 : -EINVAL;
	else if (strcmp(name, "tag") == 0)
		result = *(r->tag = value) ? 0 : -EINVAL;
	else if (strcmp(name, "class") == 0)
		result = (r->has_class = strcmp(value, "machine") == 0) ? 0 : -EINVAL;
	return result < 0 ? invalid_value(f, name, value) : 0;
}

static int read_option(struct request *r, char *word, struct failure *f)
{
	const struct {
		const char *name;
		bool *flag;
	} flags[] = {
		{ "force", &r->transfer.force },
		{ "read-only", &r->transfer.read_only },
		{ "no-devices", &r->transfer.unpack.without_devices },
		{ "selinux", &r->transfer.unpack.with_selinux },
		{ "quiet", &r->is_quiet },
		{ "no-legend", &r->no_legend },
	};
	char *value = strchr(word, '=');

	if (value) {
		*value = '\0';
		return read_valued(r, word, value + 1, f);
	}
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		if (strcmp(flags[i].name, word) != 0)
			continue;
		*flags[i].flag = true;
		return 0;
	}
	return failure_set(f, FAILURE_USAGE, "unrecognized option '--%s'", word);
}

static int read_words(struct request *r, char **words, struct failure *f)
{
	for (; *words && strncmp(*words, "--", 2) == 0; words++) {
		if (!(*words)[2]) {
			words++;
			break;
		}
		if (read_option(r, *words + 2, f) < 0)
			return -1;
	}
	r->operands = words;
	while (words[r->n_operands])
		hide_address(&words[r->n_operands++]);
	return 0;
}

static void show_done(const struct request *r, int64_t begin)
{
	const struct image_transfer *t = &r->transfer;
	double seconds = (double) (clock_milliseconds(CLOCK_MONOTONIC) - begin) / 1000;
	char bytes[BYTES_TEXT_SIZE], name[QUOTED_SIZE];

	bytes_format(t->count.written, bytes);
	quote(t->image_name, name);
	if (r->is_quiet)
		return;
	if (t->count.entries)
		fprintf(stderr, "%s: %s done: %" PRIu64 " %s, %s, in %.1f s\n", name, t->verb,
			t->count.entries, t->count.entries == 1 ? "entry" : "entries", bytes,
			seconds);
	else if (t->count.written)
		fprintf(stderr, "%s: %s done: %s, in %.1f s\n", name, t->verb, bytes, seconds);
	else
		fprintf(stderr, "%s: %s done, in %.1f s\n", name, t->verb, seconds);
}

static int run_transfer(struct request *r, image_transfer_run *run, struct failure *f)
{
	struct notices notices = { 0 };
	int64_t begin = clock_milliseconds(CLOCK_MONOTONIC);
	int result;

	r->transfer.terminal = r->is_quiet ? NULL : stderr;
	if (stop_watch_signals() < 0)
		return failure_errno(f, -errno, "cannot watch signals");
	result = run(&r->transfer, &notices, f);
	for (const struct notice *n = notices.first; n; n = n->next)
		fprintf(stderr, "%s: %s\n", program_invocation_short_name, n->text);
	notices_done(&notices);
	if (result < 0)
		return failure_prefix(f, "%s", r->transfer.verb);
	show_done(r, begin);
	return EXIT_SUCCESS;
}

static int run_import(struct request *r, image_transfer_run *run, struct failure *f)
{
	r->transfer.file = r->operands[0];
	r->transfer.name = r->operands[1];
	return run_transfer(r, run, f);
}

#if HAVE_DOWNLOADS
static int bring_download(void *data, int pool, struct progress *progress, struct notices *notices,
			  struct failure *f)
{
	return pull_fetch(data, pool, progress, notices, f);
}

static int add_side_files(void *data, struct image_draft *draft, struct progress *progress,
			  struct notices *notices, struct failure *f)
{
	return pull_add_side_files(data, draft, progress, notices, f);
}

static int run_pull(struct request *r, image_transfer_run *run, struct failure *f)
{
	struct arena arena = { 0 };
	/* Without an image, it is for what is kept. */
	bool is_for_later = r->operands[1] && strcmp(r->operands[1], "-") == 0;
	struct pull pull = { .verify = r->verify,
			     .is_tar = run == import_tar,
			     .keeps = r->keeps || is_for_later };
	char name[NAME_MAX + 1];
	int result = pull_begin(&pull, &arena, r->operands[0], r->operands[1], name, f);

	if (result < 0) {
		failure_prefix(f, "%s", r->transfer.verb);
	} else {
		r->transfer.verify = r->transfer.verify ?: "signature";
		r->transfer.file = pull.url.shown;
		r->transfer.name = r->operands[1] ? r->operands[1] : name;
		r->transfer.bring = bring_download;
		r->transfer.add = add_side_files;
		r->transfer.bring_data = &pull;
		r->transfer.kept = pull.keeps ? &pull.kept : NULL;
		result = run_transfer(r, run, f);
		pull_end(&pull, result < 0 && stop_signal());
		if (result == EXIT_SUCCESS && !r->is_quiet)
			fprintf(stderr, "%s: %s\n", pull.url.shown, pull.words);
	}
	arena_done(&arena);
	return result;
}

static int run_oci(struct request *r, image_transfer_run *run, struct failure *f)
{
	struct arena arena = { 0 };
	struct oci_platform platform;
	struct oci_transfer oci = { .arena = &arena, .choice.name = r->tag };
	int result = 0;

	r->transfer.file = r->operands[0];
	r->transfer.name = r->operands[1];
	if (r->platform) {
		result = oci_platform_parse(&arena, r->platform, &platform, f);
		oci.choice.platform = &platform;
	}
	r->transfer.make_data = &oci;
	if (result == 0)
		result = run_transfer(r, run, f);
	if (result == EXIT_SUCCESS && oci.words && !r->is_quiet)
		fprintf(stderr, "%s: %s\n", r->transfer.file, oci.words);
	arena_done(&arena);
	return result;
}
#else
static int run_pull(struct request *r, image_transfer_run *run, struct failure *f)
{
	(void) run;
	return failure_set(f, FAILURE_NOT_SUPPORTED,
			   "%s: mymachines was configured without libcurl", r->transfer.verb);
}

#define run_oci	   run_pull
#define pull_oci   NULL
#define import_oci NULL
#endif

static int run_export(struct request *r, image_transfer_run *run, struct failure *f)
{
	r->transfer.name = r->operands[0];
	r->transfer.file = r->operands[1] ?: "-";
	return run_transfer(r, run, f);
}

static void print_json(const struct transfer *transfers, size_t count, bool pretty)
{
	json_object *list = json_object_new_array();

	for (size_t i = 0; i < count; i++) {
		const struct transfer *t = &transfers[i];
		json_object *object = json_object_new_object();

		json_object_object_add(object, "id", json_object_new_int64(t->id));
		json_object_object_add(object, "pid", json_object_new_int64(t->pid));
		json_object_object_add(object, "type", json_object_new_string(t->type));
		json_object_object_add(object, "local", json_object_new_string(t->local));
		json_object_object_add(object, "remote", json_object_new_string(t->remote));
		json_object_object_add(object, "progress",
				       t->progress >= 0 ? json_object_new_double(t->progress)
							: NULL);
		json_object_array_add(list, object);
	}
	puts(json_object_to_json_string_ext(list, pretty ? JSON_C_TO_STRING_PRETTY
							 : JSON_C_TO_STRING_PLAIN));
	json_object_put(list);
}

/* Under the name of machinectl(1) or importctl(1), every failure ends with 1. */
static bool is_link(void)
{
	return strncmp(program_invocation_short_name, "mymachines", strlen("mymachines")) != 0;
}

static void print_table(struct arena *arena, const struct request *r,
			const struct transfer *transfers, size_t count)
{
	static const char *const header[] = { "ID", "PROGRESS", "TYPE", "LOCAL", "REMOTE" };
	static const char *const header_with_class[] = { "ID",	  "PROGRESS", "TYPE",
							 "CLASS", "LOCAL",    "REMOTE" };
	struct table table;

	if (r->has_class)
		table_init(&table, arena, header_with_class, ARRAY_SIZE(header_with_class));
	else
		table_init(&table, arena, header, ARRAY_SIZE(header));
	for (size_t i = 0; i < count; i++) {
		const struct transfer *t = &transfers[i];

		table_add(&table, arena_printf(arena, "%" PRIu32, t->id));
		table_add(&table, t->progress < 0
					  ? NULL
					  : arena_printf(arena, "%.0f%%", t->progress * 100));
		table_add(&table, t->type);
		if (r->has_class)
			table_add(&table, "machine");
		table_add(&table, arena_escape(arena, t->local));
		table_add(&table, arena_escape(arena, t->remote));
	}
	if (count)
		table_print(stdout, &table, !r->no_legend);
	if (r->no_legend)
		return;
	if (count)
		printf("\n%zu transfer%s listed.\n", count, count == 1 && !is_link() ? "" : "s");
	else
		puts("No transfers.");
}

static int run_list(struct request *r, image_transfer_run *run, struct failure *f)
{
	struct arena arena = { 0 };
	struct transfer *transfers;
	size_t count;
	int result = transfer_list(&arena, &transfers, &count, f);

	(void) run;
	if (result == 0 && r->json != JSON_NONE)
		print_json(transfers, count, r->json == JSON_LINES);
	else if (result == 0)
		print_table(&arena, r, transfers, count);
	arena_done(&arena);
	return result;
}

static int run_cancel(struct request *r, image_transfer_run *run, struct failure *f)
{
	(void) run;
	for (int i = 0; i < r->n_operands; i++) {
		char quoted[QUOTED_SIZE];
		uint32_t id;

		if (id_parse(r->operands[i], &id) < 0)
			return failure_set(f, FAILURE_INVALID,
					   "'%s' is not the number of a transfer",
					   quote(r->operands[i], quoted));
		if (transfer_cancel(id, f) < 0)
			return -1;
	}
	return EXIT_SUCCESS;
}

static const struct import_verb {
	const char *name;
	int min, max;
	int (*run)(struct request *r, image_transfer_run *run, struct failure *f);
	image_transfer_run *transfer;
} import_verbs[] = {
	{ "import-tar", 1, 2, run_import, import_tar },
	{ "import-raw", 1, 2, run_import, import_raw },
	{ "import-fs", 1, 2, run_import, import_fs },
	{ "pull-tar", 1, 2, run_pull, import_tar },
	{ "pull-raw", 1, 2, run_pull, import_raw },
	{ "import-oci", 1, 2, run_oci, import_oci },
	{ "pull-oci", 1, 2, run_oci, pull_oci },
	{ "export-tar", 1, 2, run_export, export_tar },
	{ "export-raw", 1, 2, run_export, export_raw },
	{ "list-transfers", 0, 0, run_list, NULL },
	{ "cancel-transfer", 1, INT_MAX, run_cancel, NULL },
};

static int run_verb(char **words, struct failure *f)
{
	struct request r = {
		.transfer = { .verb = *words,
			      .unpack.limits = { UNPACK_BYTES_MAX, UNPACK_ENTRIES_MAX } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(import_verbs); i++) {
		const struct import_verb *verb = &import_verbs[i];

		if (strcmp(verb->name, *words) != 0)
			continue;
		if (read_words(&r, words + 1, f) < 0)
			return -1;
		if (r.n_operands < verb->min || r.n_operands > verb->max)
			return failure_set(f, FAILURE_USAGE, "%s: a wrong number of operands",
					   verb->name);
		return verb->run(&r, verb->transfer, f);
	}
	return failure_set(f, FAILURE_USAGE, "unknown verb; mymachines(1) starts this program");
}

int main(int argc, char **argv)
{
	struct failure failure = { .kind = FAILURE_NONE };
	int status;

	if (argc > 1 && strcmp(argv[1], "--version") == 0) {
		puts("mymachines-import " PACKAGE_VERSION);
		return EXIT_SUCCESS;
	}
	locale_begin();
	signal(SIGCHLD, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	/* A limit on file sizes is an error to report, not a reason to die half-way. */
	signal(SIGXFSZ, SIG_IGN);
	umask(022);
	status = argc > 1 ? run_verb(argv + 1, &failure)
			  : failure_set(&failure, FAILURE_USAGE,
					"a verb is missing; mymachines(1) starts this program");
	if (status >= 0 && (fflush(stdout) != 0 || ferror(stdout)))
		status = failure_set(&failure, FAILURE_OTHER, "cannot write the output");
	if (status >= 0)
		return status;
	/* Whoever waits for us shall see which signal ended us. All that was incomplete is removed now. */
	if (stop_signal())
		return signal_raise_default(stop_signal());
	fprintf(stderr, "%s: %s\n", program_invocation_short_name, failure.text);
	return failure.kind == FAILURE_USAGE && !is_link() ? EXIT_USAGE : EXIT_FAILURE;
}
