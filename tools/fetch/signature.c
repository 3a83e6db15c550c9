/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/fetch/signature.h"

#include "base/child.h"
#include "base/cleanup.h"
#include "base/descriptors.h"
#include "base/format.h"
#include "base/input.h"
#include "base/lines.h"
#include "base/quote.h"
#include "base/signals.h"
#include "base/write_at.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#define CLEAR_BEGIN "-----BEGIN PGP SIGNED MESSAGE-----"

/* The limit of gpgv's output: the signed text, and two lines for each signature. */
#define OUTPUT_SIZE_MAX (4 * 1024 * 1024)

/* Its time limit: a constant, and the time to read the data from a slow disk. */
#define GPGV_SECONDS	      60
#define GPGV_BYTES_PER_SECOND (10 * 1024 * 1024)

#define NOBODY 65534

/* Signatures of one file, at most. */
#define SIGNATURES_MAX 16

/* gpgv's files, without names. All -1 until they are made. */
struct gpgv {
	int keyring, signature, data;
	int output, status, errors;
};

/* gpgv's result for one signature. */
struct verdict {
	bool is_good;
	char fingerprint[FINGERPRINT_TEXT_SIZE];
	unsigned long long signed_at, expires;
	unsigned int hash, type;
	char unchecked[FINGERPRINT_TEXT_SIZE]; /* of ERRSIG: the key's fingerprint or id */
	bool is_bad;
};

/* Hash algorithms that are broken: MD5, SHA-1, RIPEMD-160. */
static bool is_weak_hash(unsigned int hash)
{
	return hash == 1 || hash == 2 || hash == 3;
}

static int memory_file(const char *name, const void *bytes, size_t size)
{
	int fd = memfd_create(name, MFD_CLOEXEC), r;

	if (fd < 0)
		return -errno;
	r = write_at(fd, bytes, size, 0);
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}

static int keyring_file(const struct keyring *keyring)
{
	int fd = memory_file("keyring", NULL, 0), r = fd < 0 ? fd : 0;
	uint64_t at = 0;

	for (size_t i = 0; r == 0 && i < keyring->n_files; i++) {
		r = write_at(fd, keyring->files[i].bytes, keyring->files[i].size, at);
		at += keyring->files[i].size;
	}
	if (r < 0 && fd >= 0)
		close(fd);
	return r < 0 ? r : fd;
}

static void limit(int resource, rlim_t value)
{
	setrlimit(resource, &(struct rlimit){ value, value });
}

/*
 * In the child. It reads untrusted bytes, so it gets no network, no privileges and low limits.
 * Restrictions that aren't possible here, as in a container, are skipped: gpgv still gets only
 * descriptors, and no file's name.
 */
static void confine(int seconds)
{
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_CPU, (rlim_t) seconds);
	limit(RLIMIT_FSIZE, OUTPUT_SIZE_MAX);
	limit(RLIMIT_DATA, 512 * 1024 * 1024);
	limit(RLIMIT_NOFILE, 64);
	if (geteuid() == 0) {
		(void) unshare(CLONE_NEWNET | CLONE_NEWIPC);
		if (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
		    setresuid(NOBODY, NOBODY, NOBODY) < 0)
			errno = 0; /* in a user namespace that doesn't map this user */
	}
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/* Give it these descriptors, from 0 on: data, output, errors, status, keyring, signature. */
static void exec_gpgv(const struct gpgv *g, bool is_clear, int seconds)
{
	const int from[] = { g->data, g->output, g->errors, g->status, g->keyring, g->signature };
	const char *const detached[] = { "gpgv",
					 "--status-fd",
					 "3",
					 "--homedir",
					 "/nonexistent",
					 "--keyring",
					 "/proc/self/fd/4",
					 "/proc/self/fd/5",
					 "-",
					 NULL };
	const char *const clear[] = {
		"gpgv",	     "--status-fd",	"3",	    "--homedir", "/nonexistent",
		"--keyring", "/proc/self/fd/4", "--output", "-",	 "/proc/self/fd/5",
		NULL
	};
	static char *environment[] = { (char *) "PATH=/usr/bin:/bin", (char *) "LC_ALL=C", NULL };
	int high[6];

	signals_reset();
	/* First move them above the numbers that they get. */
	for (int i = 0; i < 6; i++)
		if ((high[i] = fcntl(from[i], F_DUPFD, 10)) < 0)
			_exit(126);
	for (int i = 0; i < 6; i++)
		if (dup2(high[i], i) < 0)
			_exit(126);
	descriptors_close_from(6);
	confine(seconds);
	execvpe("gpgv", (char *const *) (is_clear ? clear : detached), environment);
	_exit(errno == ENOENT ? 127 : 126);
}

static int run_gpgv(const struct gpgv *g, bool is_clear, uint64_t size, struct failure *f)
{
	int seconds = GPGV_SECONDS + (int) (size / GPGV_BYTES_PER_SECOND), status, r;
	pid_t pid;

	if (lseek(g->data, 0, SEEK_SET) < 0)
		return failure_errno(f, -errno, "cannot read the signed data");
	pid = fork();
	if (pid == 0)
		exec_gpgv(g, is_clear, seconds);
	if (pid < 0)
		return failure_errno(f, -errno, "cannot run gpgv");
	r = child_wait_for(pid, seconds * 1000, &status);
	if (r < 0) {
		child_kill(pid);
		return failure_errno(f, r, "gpgv");
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return failure_set(
			f, FAILURE_NO_PROGRAM,
			"gpgv isn't installed, which checks signatures; install it, or give "
			"the sum yourself with --verify=sha256:SUM");
	if (!WIFEXITED(status) || WEXITSTATUS(status) == 126)
		return failure_set(f, FAILURE_OTHER, "gpgv can't be run, or was killed");
	return 0;
}

static char *read_back(struct arena *arena, int fd, size_t *size)
{
	struct stat st;
	char *text;
	ssize_t n;

	if (fstat(fd, &st) < 0 || st.st_size > OUTPUT_SIZE_MAX)
		st.st_size = 0;
	text = arena_alloc(arena, (size_t) st.st_size + 1);
	n = st.st_size ? pread(fd, text, (size_t) st.st_size, 0) : 0;
	*size = n > 0 ? (size_t) n : 0;
	return text;
}

/* One line of gpgv's status; see doc/DETAILS of GnuPG. */
static void read_status(const char *line, struct verdict *verdicts, size_t *n,
			unsigned int *n_texts)
{
	struct verdict *v = *n ? &verdicts[*n - 1] : NULL;
	char id[64] = "", fingerprint[64] = "";
	unsigned int hash, type;

	if (strncmp(line, "[GNUPG:] ", 9) != 0)
		return;
	line += 9;
	if (strncmp(line, "PLAINTEXT ", 10) == 0) {
		++*n_texts;
	} else if (strncmp(line, "NEWSIG", 6) == 0 && *n < SIGNATURES_MAX) {
		verdicts[(*n)++] = (struct verdict){ 0 };
	} else if (v && strncmp(line, "BADSIG ", 7) == 0) {
		v->is_bad = true;
		sscanf(line, "BADSIG %40s", v->unchecked);
	} else if (v && strncmp(line, "ERRSIG ", 7) == 0) {
		int fields = sscanf(line, "ERRSIG %63s %*s %*s %*s %llu %*s %63s", id,
				    &v->signed_at, fingerprint);

		snprintf(v->unchecked, sizeof v->unchecked, "%.40s",
			 fields == 3 && strlen(fingerprint) == 40 ? fingerprint : id);
	} else if (v && sscanf(line, "VALIDSIG %40s %*s %llu %llu %*s %*s %*s %u %x",
			       v->fingerprint, &v->signed_at, &v->expires, &hash, &type) == 5) {
		v->hash = hash;
		v->type = type;
		v->is_good = true;
	}
}

static int missing_key(const struct keyring *keyring, const char *id, struct failure *f)
{
	char quoted[QUOTED_SIZE];

	quote(id, quoted);
	return failure_set(f, FAILURE_NOT_PERMITTED,
			   "it is signed by key %s, which is not in %s; get that key from the "
			   "publisher, compare its fingerprint, and run 'gpg --export %s "
			   ">%s/mymachines/keyring.d/NAME.pgp'",
			   quoted, keyring->places ? keyring->places : "the keyring", quoted,
			   SYSCONFDIR);
}

/* Note a signature that gpgv can't check. In most cases its key is missing. */
static int judge_unchecked(const struct keyring *keyring, const struct verdict *v,
			   struct failure *f)
{
	uint8_t fingerprint[FINGERPRINT_SIZE];
	const struct pgp_key *key;

	if (!fingerprint_parse(v->unchecked, fingerprint) || !keyring_find(keyring, fingerprint))
		return missing_key(keyring, v->unchecked, f);
	/* The key may be unusable, and gpgv has noticed that. */
	if (keyring_judge(keyring, fingerprint, v->signed_at, (uint64_t) time(NULL), &key, f) < 0)
		return -1;
	return failure_set(f, FAILURE_NOT_SUPPORTED, "gpgv can't check the signature of key %s",
			   v->unchecked);
}

/* Check the key of a signature that gpgv has verified. */
static int judge_good(const struct keyring *keyring, const struct verdict *v, struct signer *signer,
		      struct failure *f)
{
	uint64_t now = (uint64_t) time(NULL);
	uint8_t fingerprint[FINGERPRINT_SIZE];
	const struct pgp_key *key;

	if (!fingerprint_parse(v->fingerprint, fingerprint) || !keyring_find(keyring, fingerprint))
		return missing_key(keyring, v->fingerprint, f);
	if (v->type != SIGNATURE_BINARY && v->type != SIGNATURE_TEXT)
		return failure_set(f, FAILURE_NOT_PERMITTED,
				   "the signature of key %s is not one of a file", v->fingerprint);
	if (is_weak_hash(v->hash))
		return failure_set(
			f, FAILURE_NOT_PERMITTED,
			"the signature of key %s is by MD5, SHA-1 or RIPEMD-160, which can "
			"be forged",
			v->fingerprint);
	if (v->expires && v->expires <= now)
		return failure_set(f, FAILURE_NOT_PERMITTED, "the signature of key %s has expired",
				   v->fingerprint);
	if (keyring_judge(keyring, fingerprint, v->signed_at, now, &key, f) < 0)
		return -1;
	*signer = (struct signer){ key, v->signed_at };
	return 0;
}

/* One valid signature is enough. A wrong signature makes the check fail; one by an unknown key doesn't. */
static int judge(const struct keyring *keyring, const struct verdict *verdicts, size_t n,
		 struct signer *signer, struct failure *f)
{
	struct failure why;
	bool has_reason = false;

	for (size_t i = 0; i < n; i++)
		if (verdicts[i].is_bad)
			return failure_set(
				f, FAILURE_NOT_PERMITTED,
				"the signature of key %s does not fit: one of the two was "
				"changed",
				verdicts[i].unchecked);
	for (size_t i = 0; i < n; i++) {
		if (verdicts[i].is_good && judge_good(keyring, &verdicts[i], signer, &why) == 0)
			return 0;
		if (verdicts[i].is_good && !has_reason) {
			*f = why;
			has_reason = true;
		}
	}
	if (has_reason)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (*verdicts[i].unchecked)
			return judge_unchecked(keyring, &verdicts[i], f);
	return failure_set(f, FAILURE_NOT_PERMITTED, "it has no signature that gpgv understands");
}

/*
 * Read gpgv's answer. Its exit status isn't used, because it is a failure for a key that has
 * expired since the signature.
 */
static int read_answer(struct arena *arena, const struct keyring *keyring, const struct gpgv *g,
		       unsigned int n_texts_wanted, struct signer *signer, struct failure *f)
{
	struct verdict verdicts[SIGNATURES_MAX];
	unsigned int n_texts = 0;
	size_t n = 0, size;
	char *rest = read_back(arena, g->status, &size);

	for (char *line; (line = line_next(&rest));)
		read_status(line, verdicts, &n, &n_texts);
	if (n_texts != n_texts_wanted)
		return failure_set(f, FAILURE_INVALID,
				   "the signature is not of the form that was expected");
	return judge(keyring, verdicts, n, signer, f);
}

static void gpgv_done(const struct gpgv *g)
{
	const int all[] = { g->keyring, g->signature, g->output, g->status, g->errors };

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		cleanup_close(&all[i]);
}

static int gpgv_init(struct gpgv *g, const struct keyring *keyring, const void *signature,
		     size_t size, struct failure *f)
{
	g->keyring = keyring_file(keyring);
	g->signature = memory_file("signature", signature, size);
	g->output = memory_file("output", NULL, 0);
	g->status = memory_file("status", NULL, 0);
	g->errors = memory_file("errors", NULL, 0);
	if (g->keyring < 0 || g->signature < 0 || g->output < 0 || g->status < 0 || g->errors < 0)
		return failure_set(f, FAILURE_NO_MEMORY, "cannot make files in memory for gpgv");
	return 0;
}

/*
 * Pass only signatures to gpgv. If somebody sends a signed message in place of a signature, gpgv
 * would verify that message, and not our data.
 */
int signature_read(struct arena *arena, const void *bytes, size_t size, struct signature *signature,
		   struct failure *f)
{
	struct signature read = { bytes, size };
	struct packets packets;
	struct packet packet;
	size_t n = 0;
	int r;

	if (is_armoured(bytes, size)) {
		uint8_t *dearmoured;

		if (armour_remove(arena, bytes, size, "SIGNATURE", &dearmoured, &read.size) < 0)
			return failure_set(f, FAILURE_INVALID,
					   "it is not an OpenPGP signature, or it is damaged");
		read.bytes = dearmoured;
	}
	packets = (struct packets){ read.bytes, read.size };
	while ((r = packets_next(&packets, &packet)) > 0)
		if (packet.tag != PACKET_SIGNATURE || ++n > SIGNATURES_MAX)
			return failure_set(f, FAILURE_INVALID,
					   "it has something else than signatures in it");
	if (r < 0 || n == 0)
		return failure_set(f, FAILURE_INVALID,
				   "it is not an OpenPGP signature, or it is damaged");
	*signature = read;
	return 0;
}

int signature_check(struct arena *arena, const struct keyring *keyring,
		    const struct signature *signature, int data_fd, struct signer *signer,
		    struct failure *f)
{
	CLEANUP(gpgv_done) struct gpgv g = { -1, -1, data_fd, -1, -1, -1 };
	struct stat st;

	if (fstat(data_fd, &st) < 0)
		return failure_errno(f, -errno, "cannot read the signed data");
	if (gpgv_init(&g, keyring, signature->bytes, signature->size, f) < 0 ||
	    run_gpgv(&g, false, (uint64_t) st.st_size, f) < 0)
		return -1;
	return read_answer(arena, keyring, &g, 0, signer, f);
}

int signature_check_text(struct arena *arena, const struct keyring *keyring,
			 const struct signature *signature, const char *text, size_t size,
			 struct signer *signer, struct failure *f)
{
	CLEANUP_CLOSE int fd = memory_file("text", text, size);

	if (fd < 0)
		return failure_errno(f, fd, "cannot make a file in memory");
	return signature_check(arena, keyring, signature, fd, signer, f);
}

bool is_clear_signed(const char *text, size_t size)
{
	return size > strlen(CLEAR_BEGIN) && strncmp(text, CLEAR_BEGIN, strlen(CLEAR_BEGIN)) == 0;
}

int signature_check_clear(struct arena *arena, const struct keyring *keyring, const char *text,
			  size_t size, char **clear, size_t *clear_size, struct signer *signer,
			  struct failure *f)
{
	CLEANUP(gpgv_done) struct gpgv g = { -1, -1, -1, -1, -1, -1 };
	CLEANUP_CLOSE int nothing = memory_file("nothing", NULL, 0);

	g.data = nothing;
	if (memmem(text + 1, size - 1, "\n" CLEAR_BEGIN, strlen(CLEAR_BEGIN) + 1))
		return failure_set(f, FAILURE_INVALID, "it has several signed texts");
	if (gpgv_init(&g, keyring, text, size, f) < 0 || run_gpgv(&g, true, size, f) < 0 ||
	    read_answer(arena, keyring, &g, 1, signer, f) < 0)
		return -1;
	*clear = read_back(arena, g.output, clear_size);
	return 0;
}
