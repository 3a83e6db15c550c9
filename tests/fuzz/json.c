/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Registrations as JSON: what is taken can be written into a record. */
#include "tools/registrar/registration_json.h"

#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t bytes[RECORD_SIZE_MAX];
	struct arena arena = { 0 };
	struct registration reg = { .arena = &arena, .subject = "fuzz" };
	struct failure f;
	char *text = malloc(size + 1);

	memcpy(text, data, size);
	text[size] = '\0';
	if (json_to_registration(text, size, &reg, &f) == 0 && registration_check(&reg, &f) == 0) {
		struct machine m = reg.machine, again;
		int n;

		m.leader.pid = 2;
		m.class = m.class ? m.class : MACHINE_CONTAINER;
		n = record_encode(&m, bytes, sizeof bytes);
		if (n < 0 || record_decode(bytes, (size_t) n, &again) < 0)
			abort();
	}
	arena_done(&arena);
	free(text);
	return 0;
}
