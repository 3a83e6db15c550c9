/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A copy from a machine makes files at its place and nowhere else: tools/enter/copy_target.h. */
#include "base/array_size.h"
#include "tools/enter/copy_owners.h"
#include "tools/enter/copy_target.h"

#include "tests/support/call_filter.h"
#include "tests/support/checks.h"
#include "tests/unit/unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

static char directory[] = "/tmp/copy.XXXXXX";
static struct copy_place place;
static struct copy_stream *stream;
static struct copy_target target;
static int other; /* the source's end of the socket */

static void report(void *data, const char *text)
{
	(void) data, (void) text;
}

static void set_up(void)
{
	char path[64];
	int ends[2];

	strcpy(directory + strlen(directory) - 6, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(path, sizeof path, "%s/top", directory);
	ck_assert_int_eq(copy_place_open(&place, path), 0);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	stream = calloc(1, sizeof *stream);
	stream->socket = ends[0];
	stream->signals = -1;
	strcpy(stream->path, path);
	other = ends[1];
	target = (struct copy_target){ .stream = stream, .report = report };
}

static void tear_down(void)
{
	char command[64];

	copy_place_close(&place);
	close(stream->socket);
	if (other >= 0)
		close(other);
	free(stream);
	snprintf(command, sizeof command, "rm -rf %s", directory);
	ck_assert_int_eq(system(command), 0);
}

static void put_entry(struct copy_entry entry, const void *payload, size_t length)
{
	entry.length = (uint32_t) length;
	entry.uid = geteuid();
	entry.gid = getegid();
	ck_assert_int_eq(send(other, &entry, sizeof entry, 0), (int) sizeof entry);
	if (length)
		ck_assert_int_eq(send(other, payload, length, 0), (int) length);
}

static void put(enum copy_kind kind, const char *payload)
{
	put_entry((struct copy_entry){ .kind = kind, .mode = 0700 }, payload,
		  payload ? strlen(payload) : 0);
}

/* Run the target on all entries that were put. */
static int run(void)
{
	close(other);
	other = -1;
	return copy_target_run(&target, &place);
}

static int count_entries(const char *path)
{
	DIR *entries = opendir(path);
	int n = 0;

	ck_assert_ptr_nonnull(entries);
	while (readdir(entries))
		n++;
	closedir(entries);
	return n - 2;
}

static bool exists(const char *name)
{
	struct stat st;

	return fstatat(place.directory, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

START_TEST(a_bad_name_makes_no_file)
{
	static const char *const bad[] = { "", ".", "..", "a/b", "/", "/etc/x", "../x", "x/" };
	static const enum copy_kind kinds[] = { COPY_DIRECTORY, COPY_FILE, COPY_FIFO };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
			put(COPY_DIRECTORY, "ignored");
			put(kinds[k], bad[i]);
			ck_assert_int_eq(run(), -1);
			ck_assert_int_eq(count_entries(directory), 1);
			ck_assert(exists("top"));
			tear_down();
			set_up();
		}
}
END_TEST

START_TEST(a_name_that_is_too_long_makes_no_file)
{
	char name[COPY_PAYLOAD_MAX];

	memset(name, 'n', sizeof name);
	name[NAME_MAX + 1] = '\0';
	put(COPY_DIRECTORY, "ignored");
	put(COPY_FILE, name);
	ck_assert_int_eq(run(), -1);
	ck_assert_int_eq(count_entries(directory), 1);
}
END_TEST

/* The source can't choose the name of the first entry. */
START_TEST(the_first_entry_gets_the_name_of_the_place)
{
	put(COPY_FILE, "../elsewhere");
	put(COPY_END, NULL);
	put(COPY_DONE, NULL);
	ck_assert_int_eq(run(), 0);
	ck_assert(exists("top"));
	ck_assert_int_eq(count_entries(directory), 1);
}
END_TEST

START_TEST(a_second_entry_beside_the_first_is_refused)
{
	put(COPY_FILE, "one");
	put(COPY_END, NULL);
	put(COPY_FILE, "two");
	put(COPY_END, NULL);
	put(COPY_DONE, NULL);
	ck_assert_int_eq(run(), -1);
	ck_assert_int_eq(count_entries(directory), 1);
}
END_TEST

/* A source may send a link, and then a directory or file of the same name. */
START_TEST(a_link_that_was_sent_is_not_followed)
{
	static const enum copy_kind kinds[] = { COPY_DIRECTORY, COPY_FILE };

	for (int replace = 0; replace < 2; replace++)
		for (size_t k = 0; k < 2; k++) {
			char path[64], link[128];

			target.replace = replace;
			snprintf(path, sizeof path, "%s/outside", directory);
			ck_assert_int_eq(mkdir(path, 0700), 0);
			put(COPY_DIRECTORY, "ignored");
			snprintf(link, sizeof link, "x%c%s", 0, path);
			put_entry((struct copy_entry){ .kind = COPY_LINK }, link, strlen(path) + 2);
			put(kinds[k], "x");
			put(k == 0 ? COPY_FILE : COPY_END, k == 0 ? "inside" : NULL);
			put(COPY_DATA, NULL);
			put(COPY_END, NULL);
			ck_assert_int_eq(run(), -1);
			ck_assert_int_eq(count_entries(path), 0);
			tear_down();
			set_up();
		}
}
END_TEST

START_TEST(an_entry_out_of_order_is_refused)
{
	static const enum copy_kind alone[] = { COPY_DATA,	COPY_END, COPY_ABANDON,
						COPY_ATTRIBUTE, 0,	  99 };

	for (size_t i = 0; i < ARRAY_SIZE(alone); i++) {
		put(alone[i], "x");
		ck_assert_int_eq(run(), -1);
		ck_assert_str_ne(stream->problem, "");
		ck_assert_int_eq(count_entries(directory), 0);
		tear_down();
		set_up();
	}
	put(COPY_DIRECTORY, "d");
	put(COPY_DONE, NULL);
	ck_assert_int_eq(run(), -1);
	tear_down();
	set_up();
	/* A file in a file. */
	put(COPY_FILE, "f");
	put(COPY_FILE, "g");
	ck_assert_int_eq(run(), -1);
	ck_assert_int_eq(count_entries(directory), 0);
}
END_TEST

START_TEST(an_incomplete_file_is_removed)
{
	put(COPY_FILE, "f");
	put(COPY_DATA, "bytes");
	ck_assert_int_eq(run(), -1);
	ck_assert(stream->has_ended);
	ck_assert_int_eq(count_entries(directory), 0);
}
END_TEST

START_TEST(an_abandoned_file_is_removed)
{
	put(COPY_FILE, "f");
	put(COPY_DATA, "bytes");
	put(COPY_ABANDON, NULL);
	put(COPY_NOTICE, "words");
	put(COPY_DONE, NULL);
	ck_assert_int_eq(run(), 0);
	ck_assert_int_eq(count_entries(directory), 0);
}
END_TEST

START_TEST(directories_that_are_nested_too_deeply_are_refused)
{
	/* The socket has not enough room for all of them. */
	if (fork() == 0) {
		for (int i = 0; i <= COPY_DEPTH_MAX; i++)
			put(COPY_DIRECTORY, "d");
		_exit(0);
	}
	ck_assert_int_eq(run(), -1);
	ck_assert_ptr_nonnull(strstr(stream->problem, "invalid data"));
	while (wait(NULL) > 0)
		;
}
END_TEST

START_TEST(offsets_past_the_largest_file_are_refused)
{
	static const uint64_t offsets[] = { UINT64_MAX, INT64_MAX, (uint64_t) INT64_MAX - 2 };

	for (size_t i = 0; i < ARRAY_SIZE(offsets); i++) {
		put(COPY_FILE, "f");
		put_entry((struct copy_entry){ .kind = COPY_DATA, .offset = offsets[i] }, "bytes",
			  5);
		ck_assert_int_eq(run(), -1);
		ck_assert_int_eq(count_entries(directory), 0);
		tear_down();
		set_up();
	}
	put(COPY_FILE, "f");
	put_entry((struct copy_entry){ .kind = COPY_END, .offset = UINT64_MAX }, NULL, 0);
	ck_assert_int_eq(run(), -1);
	ck_assert_int_eq(count_entries(directory), 0);
}
END_TEST

START_TEST(a_payload_that_is_too_long_is_refused)
{
	struct copy_entry entry = { .kind = COPY_FILE, .length = COPY_PAYLOAD_MAX + 1 };

	ck_assert_int_eq(send(other, &entry, sizeof entry, 0), (int) sizeof entry);
	ck_assert_int_eq(run(), -1);
	ck_assert_ptr_nonnull(strstr(stream->problem, "invalid data"));
}
END_TEST

START_TEST(a_half_that_does_nothing_is_not_waited_for)
{
	struct copy_entry entry;

	stream->stall_ms = 50;
	ck_assert_int_eq(copy_receive(stream, &entry), -1);
	ck_assert_ptr_nonnull(strstr(stream->problem, "doesn't respond"));
	ck_assert_int_eq(stream->error, -ETIMEDOUT);
	put(COPY_DONE, NULL);
	ck_assert_int_eq(copy_receive(stream, &entry), 0);
}
END_TEST

START_TEST(attributes_that_are_not_user_attributes_are_refused)
{
	static const char *const bad[] = { "security.capability", "trusted.x", "system.x", "user",
					   "" };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		put(COPY_FILE, "f");
		put_entry((struct copy_entry){ .kind = COPY_ATTRIBUTE }, bad[i],
			  strlen(bad[i]) + 1);
		ck_assert_int_eq(run(), -1);
		ck_assert_ptr_nonnull(strstr(stream->problem, "invalid data"));
		tear_down();
		set_up();
	}
	/* Without a value. */
	put(COPY_FILE, "f");
	put(COPY_ATTRIBUTE, "user.x");
	ck_assert_int_eq(run(), -1);
}
END_TEST

static void give_away(struct copy_entry *entry, const void *argument)
{
	(void) argument;
	entry->uid = entry->gid = 12345;
}

/* A file with set-id bits that ends up as another user's. */
static void put_set_id_file(void)
{
	target.translate = give_away;
	put(COPY_FILE, "f");
	put_entry((struct copy_entry){ .kind = COPY_END, .mode = 06755 }, NULL, 0);
	put(COPY_DONE, NULL);
}

START_TEST(set_id_bits_outlast_the_change_of_the_owner)
{
	struct stat st;

	if (geteuid() != 0)
		SKIP("files can't be given to other users");
	put_set_id_file();
	ck_assert_int_eq(run(), 0);
	ck_assert_int_eq(fstatat(place.directory, "top", &st, 0), 0);
	ck_assert_uint_eq(st.st_uid, 12345);
	ck_assert_uint_eq(st.st_mode & 07777, 06755);
}
END_TEST

/* The mode of the only file in the directory, which has a name of the target's choice. */
static mode_t only_mode(void)
{
	DIR *entries = opendir(directory);
	mode_t mode = 0;
	struct dirent *entry;
	struct stat st;

	ck_assert_int_eq(count_entries(directory), 1);
	while ((entry = readdir(entries)))
		if (fstatat(place.directory, entry->d_name, &st, 0) == 0 && S_ISREG(st.st_mode))
			mode = st.st_mode;
	closedir(entries);
	return mode;
}

START_TEST(a_file_that_is_still_the_copying_users_has_no_set_id_bits)
{
	int status;
	pid_t pid;

	put_set_id_file();
	pid = fork();
	if (pid == 0)
		_exit(filter_call(SYS_fchown, SECCOMP_RET_KILL_PROCESS) ? run() : 77);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		SKIP("no seccomp(2)");
	ck_assert(WIFSIGNALED(status));
	ck_assert_uint_eq(only_mode() & 07777, 0755);
}
END_TEST

/* Somebody else is quicker: what translates is called while a file has its temporary name. */
static void make_top(struct copy_entry *entry, const void *argument)
{
	(void) entry, (void) argument;
	ck_assert_int_eq(mkdirat(place.directory, "top", 0700), 0);
}

START_TEST(an_entry_that_appears_meanwhile_is_not_replaced)
{
	static const enum copy_kind kinds[] = { COPY_FILE, COPY_FIFO };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct stat st;

		target.translate = make_top;
		put(kinds[i], "x");
		if (kinds[i] == COPY_FILE)
			put(COPY_END, NULL);
		put(COPY_DONE, NULL);
		ck_assert_int_eq(run(), -1);
		ck_assert_int_eq(stream->error, -EEXIST);
		ck_assert_int_eq(fstatat(place.directory, "top", &st, 0), 0);
		ck_assert(S_ISDIR(st.st_mode));
		ck_assert_int_eq(count_entries(directory), 1);
		tear_down();
		set_up();
	}
}
END_TEST

/* For each entry of the directory. */
static void meddle(void change(const char *name))
{
	DIR *entries = opendir(directory);
	struct dirent *entry;

	while ((entry = readdir(entries)))
		if (strncmp(entry->d_name, ".mymachines-", 12) == 0)
			change(entry->d_name);
	closedir(entries);
}

static void link_it(const char *name)
{
	ck_assert_int_eq(linkat(place.directory, name, place.directory, "link", 0), 0);
}

static void own_it(const char *name)
{
	ck_assert_int_eq(fchownat(place.directory, name, 54321, 54321, AT_SYMLINK_NOFOLLOW), 0);
}

static void link_temporary(struct copy_entry *entry, const void *argument)
{
	give_away(entry, argument);
	meddle(link_it);
}

static void own_temporary(struct copy_entry *entry, const void *argument)
{
	give_away(entry, argument);
	meddle(own_it);
}

/* It may be another file by now, which must not get the owner. */
START_TEST(a_temporary_file_that_others_have_changed_gets_no_owner)
{
	void (*const changes[])(struct copy_entry *, const void *) = { link_temporary,
								       own_temporary };
	static const enum copy_kind kinds[] = { COPY_LINK, COPY_FIFO };

	if (geteuid() != 0)
		SKIP("files can't be given to other users");
	for (size_t i = 0; i < 2; i++)
		for (size_t k = 0; k < 2; k++) {
			struct stat st = { .st_uid = 0 };

			target.translate = changes[i];
			put_entry((struct copy_entry){ .kind = kinds[k] }, "x\0/etc",
				  kinds[k] == COPY_LINK ? 6 : 1);
			put(COPY_DONE, NULL);
			ck_assert_int_eq(run(), -1);
			ck_assert_ptr_nonnull(strstr(stream->problem, "another process"));
			ck_assert(!exists("top"));
			fstatat(place.directory, "link", &st, AT_SYMLINK_NOFOLLOW);
			ck_assert_uint_eq(st.st_uid, 0);
			tear_down();
			set_up();
		}
}
END_TEST

START_TEST(a_name_with_a_NUL_makes_no_file)
{
	put(COPY_DIRECTORY, "ignored");
	put_entry((struct copy_entry){ .kind = COPY_FILE }, "a\0b", 3);
	put(COPY_END, NULL);
	put(COPY_END, NULL);
	put(COPY_DONE, NULL);
	ck_assert_int_eq(run(), -1);
	ck_assert(!exists("top/a"));
	tear_down();
	set_up();
	put_entry((struct copy_entry){ .kind = COPY_LINK }, "x\0/a\0b", 6);
	ck_assert_int_eq(run(), -1);
	ck_assert_int_eq(count_entries(directory), 0);
}
END_TEST

START_TEST(a_directory_that_exists_keeps_its_attributes)
{
	struct stat st;
	char path[64];

	snprintf(path, sizeof path, "%s/top", directory);
	ck_assert_int_eq(mkdir(path, 0711), 0);
	if (setxattr(path, "user.x", "before", 6, 0) < 0)
		SKIP("no user attributes in this file system");
	put(COPY_DIRECTORY, "d");
	put_entry((struct copy_entry){ .kind = COPY_ATTRIBUTE }, "user.x\0after", 12);
	put_entry((struct copy_entry){ .kind = COPY_END, .mode = 0777 }, NULL, 0);
	put(COPY_DONE, NULL);
	ck_assert_int_eq(run(), 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0711);
	ck_assert_int_eq(getxattr(path, "user.x", NULL, 0), 6);
}
END_TEST

START_TEST(owners_are_translated_by_the_maps)
{
	struct copy_owners maps = {
		.n_uids = 2,
		.n_gids = 1,
		.uids = { { 0, 100000, 1000 }, { 65534, 165534, 1 } },
		.gids = { { 0, 100000, 1000 } },
	};
	struct copy_entry entry = { .uid = 5, .gid = 999, .mode = 07777 };

	copy_owners_from_machine(&entry, &maps);
	ck_assert_uint_eq(entry.uid, 100005);
	ck_assert_uint_eq(entry.gid, 100999);
	ck_assert_uint_eq(entry.mode, 01777);
	entry = (struct copy_entry){ .uid = 65534, .gid = 1000, .mode = 0644 };
	copy_owners_from_machine(&entry, &maps);
	ck_assert_uint_eq(entry.uid, 0);
	ck_assert_uint_eq(entry.gid, 0);
	entry = (struct copy_entry){ .uid = 100005, .gid = 5, .mode = 07777 };
	copy_owners_to_machine(&entry, &maps);
	ck_assert_uint_eq(entry.uid, 5);
	ck_assert_uint_eq(entry.gid, 0);
	ck_assert_uint_eq(entry.mode, 05777);
	/* The host's root becomes the machine's root. */
	entry = (struct copy_entry){ .uid = 0, .gid = 0, .mode = 06755 };
	copy_owners_to_machine(&entry, &maps);
	ck_assert_uint_eq(entry.uid, 0);
	ck_assert_uint_eq(entry.mode, 06755);
	/* Empty maps have no id of the machine's. */
	maps.n_uids = maps.n_gids = 0;
	entry = (struct copy_entry){ .uid = 65534, .gid = 7, .mode = 0755 };
	copy_owners_from_machine(&entry, &maps);
	ck_assert_uint_eq(entry.uid, 0);
	ck_assert_uint_eq(entry.gid, 0);
	entry = (struct copy_entry){ .uid = 1000, .gid = 7, .mode = 04755 };
	copy_owners_to_machine(&entry, &maps);
	ck_assert_uint_eq(entry.uid, 0);
	ck_assert_uint_eq(entry.mode, 0755);
	/* In the host's user namespace, ids are the same. */
	maps.n_uids = maps.n_gids = 1;
	maps.uids[0] = maps.gids[0] = (struct idmap_extent){ 0, 0, UINT32_MAX };
	entry = (struct copy_entry){ .uid = 65534, .gid = 7, .mode = 02755 };
	copy_owners_from_machine(&entry, &maps);
	ck_assert_uint_eq(entry.uid, 65534);
	ck_assert_uint_eq(entry.gid, 7);
	ck_assert_uint_eq(entry.mode, 0755);
}
END_TEST

START_TEST(a_path_is_split_into_a_directory_and_a_name)
{
	static const struct {
		const char *path, *name;
	} rows[] = { { "/", "" },	    { "/etc", "etc" }, { "/etc/", "etc" },
		     { "//etc//", "etc" },  { "/etc/.", "" },  { "/etc/..", "" },
		     { "..", "" },	    { "x", "x" },      { "./x", "x" },
		     { "/etc/...", "..." }, { ".", "" },       { "/etc/x.", "x." } };
	struct copy_place p;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		ck_assert_int_eq(copy_place_open(&p, rows[i].path), 0);
		ck_assert_str_eq(p.name, rows[i].name);
		copy_place_close(&p);
	}
	ck_assert_int_eq(copy_place_open(&p, ""), -ENOENT);
	ck_assert_int_eq(copy_place_open(&p, "/nonesuch/x"), -ENOENT);
	ck_assert_int_eq(copy_place_open(&p, "/proc/self/root/x"), -ELOOP);
	ck_assert_int_eq(copy_place_open(&p, "/etc/passwd/x"), -ENOTDIR);
}
END_TEST

#define ADD_HERE(function) ADD_WITH(suite, function, set_up, tear_down)

Suite *copy_suite(void)
{
	Suite *suite = suite_create("copy");

	ADD_HERE(a_bad_name_makes_no_file);
	ADD_HERE(a_name_that_is_too_long_makes_no_file);
	ADD_HERE(the_first_entry_gets_the_name_of_the_place);
	ADD_HERE(a_second_entry_beside_the_first_is_refused);
	ADD_HERE(a_link_that_was_sent_is_not_followed);
	ADD_HERE(an_entry_out_of_order_is_refused);
	ADD_HERE(an_incomplete_file_is_removed);
	ADD_HERE(an_abandoned_file_is_removed);
	ADD_HERE(directories_that_are_nested_too_deeply_are_refused);
	ADD_HERE(offsets_past_the_largest_file_are_refused);
	ADD_HERE(a_payload_that_is_too_long_is_refused);
	ADD_HERE(a_half_that_does_nothing_is_not_waited_for);
	ADD_HERE(attributes_that_are_not_user_attributes_are_refused);
	ADD_HERE(set_id_bits_outlast_the_change_of_the_owner);
	ADD_HERE(a_file_that_is_still_the_copying_users_has_no_set_id_bits);
	ADD_HERE(an_entry_that_appears_meanwhile_is_not_replaced);
	ADD_HERE(a_temporary_file_that_others_have_changed_gets_no_owner);
	ADD_HERE(a_name_with_a_NUL_makes_no_file);
	ADD_HERE(a_directory_that_exists_keeps_its_attributes);
	ADD_HERE(owners_are_translated_by_the_maps);
	ADD_HERE(a_path_is_split_into_a_directory_and_a_name);
	return suite;
}
