/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pamsessions SERVICE USER HOST COUNT: open and close so many sessions in one process, half of
 * them on one handle, half on one each, and print for both what has become more in the latter
 * half of it: "descriptors=0 bytes=0 mappings=0". Fails where a call does, where a session is in
 * the network namespace that it was opened in, or where that isn't the one afterwards.
 */
#include <dirent.h>
#include <malloc.h>
#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *service, *user, *host;

struct usage {
	long descriptors;
	long bytes;
	long mappings;
};

static void die(const char *what, int r)
{
	fprintf(stderr, "pamsessions: %s: %d\n", what, r);
	exit(EXIT_FAILURE);
}

static long count_lines(const char *path)
{
	FILE *file = fopen(path, "r");
	long count = 0;
	int c;

	while ((c = getc(file)) != EOF)
		count += c == '\n';
	fclose(file);
	return count;
}

static struct usage measure(void)
{
	struct usage usage = { .mappings = count_lines("/proc/self/maps") };
	DIR *directory = opendir("/proc/self/fd");

	while (readdir(directory))
		usage.descriptors++;
	closedir(directory);
	usage.bytes = (long) mallinfo2().uordblks;
	return usage;
}

static int converse(int count, const struct pam_message **messages, struct pam_response **responses,
		    void *data)
{
	(void) messages;
	(void) data;
	*responses = calloc((size_t) count, sizeof **responses);
	return *responses ? PAM_SUCCESS : PAM_BUF_ERR;
}

static pam_handle_t *start(void)
{
	static const struct pam_conv conversation = { converse, NULL };
	pam_handle_t *pamh;
	int r = pam_start(service, user, &conversation, &pamh);

	if (r == PAM_SUCCESS)
		r = pam_set_item(pamh, PAM_RHOST, host);
	if (r != PAM_SUCCESS)
		die("pam_start", r);
	return pamh;
}

static ino_t network(void)
{
	struct stat st;

	return stat("/proc/self/ns/net", &st) == 0 ? st.st_ino : 0;
}

static void session(pam_handle_t *pamh)
{
	ino_t home = network();
	int r = pam_acct_mgmt(pamh, 0);

	if (r == PAM_SUCCESS)
		r = pam_open_session(pamh, 0);
	if (r != PAM_SUCCESS && network() != home)
		die("refused, and not back in its network", r);
	if (r != PAM_SUCCESS)
		die("refused", r);
	if (network() == home)
		die("the session is in the network that it was opened in", 0);
	r = pam_close_session(pamh, 0);
	if (r != PAM_SUCCESS)
		die("pam_close_session", r);
	if (network() != home)
		die("the process isn't back in its network", 0);
}

static void with_one_handle(int count, struct usage *early, struct usage *late)
{
	pam_handle_t *pamh = start();

	for (int i = 0; i < count; i++) {
		session(pamh);
		if (i == count / 2)
			*early = measure();
	}
	*late = measure();
	pam_end(pamh, PAM_SUCCESS);
}

static void with_one_each(int count, struct usage *early, struct usage *late)
{
	for (int i = 0; i < count; i++) {
		pam_handle_t *pamh = start();

		session(pamh);
		pam_end(pamh, PAM_SUCCESS);
		if (i == count / 2)
			*early = measure();
	}
	*late = measure();
}

int main(int argc, char **argv)
{
	struct usage early, late;
	int count = argc == 5 ? atoi(argv[4]) / 2 : 0;

	if (count < 2)
		die("SERVICE USER HOST COUNT", argc);
	service = argv[1];
	user = argv[2];
	host = argv[3];
	for (int i = 0; i < 2; i++) {
		(i ? with_one_each : with_one_handle)(count, &early, &late);
		printf("descriptors=%ld bytes=%ld mappings=%ld\n",
		       late.descriptors - early.descriptors, late.bytes - early.bytes,
		       late.mappings - early.mappings);
	}
	return EXIT_SUCCESS;
}
