/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Feeds each file of the target's corpus to it, as it is, cut at every byte,
 * and changed at random in ways that are the same each time. Without a corpus
 * it fails: a replay of nothing has shown nothing.
 */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHANGES	       3000
#define SIZE_MAX_INPUT (256 * 1024)

static size_t read_file(const char *directory, const char *name, uint8_t *bytes)
{
	char path[4096];
	size_t size;
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", directory, name);
	file = fopen(path, "rb");
	if (!file)
		return 0;
	size = fread(bytes, 1, SIZE_MAX_INPUT, file);
	fclose(file);
	return size;
}

/* In a block of just its size, so that a sanitizer sees a read beyond. */
static void feed(const uint8_t *bytes, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	if (!copy)
		abort();
	if (size)
		memcpy(copy, bytes, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static size_t change(uint8_t *bytes, size_t size)
{
	size_t at = size ? (size_t) random() % size : 0, length = (size_t) random() % 16;

	if (length > size - at)
		length = size - at;
	switch (random() % 4) {
	case 0: /* other bytes */
		for (size_t i = 0; i < length; i++)
			bytes[at + i] = (uint8_t) random();
		return size;
	case 1: /* one bit */
		if (size)
			bytes[at] ^= (uint8_t) (1 << random() % 8);
		return size;
	case 2: /* some gone */
		memmove(bytes + at, bytes + at + length, size - at - length);
		return size - length;
	default: /* some twice */
		if (size + length > SIZE_MAX_INPUT)
			return size;
		memmove(bytes + at + length, bytes + at, size - at);
		return size + length;
	}
}

static void replay(const uint8_t *bytes, size_t size)
{
	static uint8_t changed[SIZE_MAX_INPUT];
	size_t changed_size = 0;

	for (size_t cut = 0; cut <= size && cut < 4096; cut++)
		feed(bytes, cut);
	feed(bytes, size);
	for (int i = 0; i < CHANGES; i++) {
		if (i % 8 == 0) {
			memcpy(changed, bytes, size);
			changed_size = size;
		}
		changed_size = change(changed, changed_size);
		feed(changed, changed_size);
	}
}

int main(int argc, char **argv)
{
	static uint8_t bytes[SIZE_MAX_INPUT];
	struct dirent **entries;
	int n = argc > 1 ? scandir(argv[1], &entries, NULL, alphasort) : -1, count = 0;

	srandom(1);
	for (int i = 0; i < n; i++) {
		if (entries[i]->d_name[0] != '.') {
			replay(bytes, read_file(argv[1], entries[i]->d_name, bytes));
			printf("ok %d - %s\n", ++count, entries[i]->d_name);
			fflush(stdout);
		}
		free(entries[i]);
	}
	if (count == 0)
		printf("not ok %d - there is a corpus\n", ++count);
	printf("1..%d\n", count);
	return EXIT_SUCCESS;
}
