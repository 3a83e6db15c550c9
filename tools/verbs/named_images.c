/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/verbs/named_images.h"

#include "tools/messages/message.h"
#include "tools/verbs/machinectl.h"

#include <stdlib.h>

int act_on_named_images(const struct command_line *line, image_action *act, void *data)
{
	int status = EXIT_SUCCESS;

	for (int i = 0; i < line->n_names; i++) {
		struct failure failure;
		struct image image;

		if (image_find(line->arena, line->names[i], &image, &failure) == 0 &&
		    act(line->arena, &image, data, &failure) == 0)
			continue;
		status = report(&failure);
		if (!goes_on_after_failure())
			break;
	}
	return status;
}
