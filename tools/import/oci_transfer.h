/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Images of OCI's and Docker's kind: what pull-oci and import-oci do. */
#pragma once

#include "tools/import/image_transfer.h"
#include "tools/import/oci_image.h"

/* In transfer->make_data. transfer->file is the reference, or the file or directory. In an arena. */
struct oci_transfer {
	struct arena *arena;
	struct oci_choice choice;
	const char *words; /* by what the image was checked; NULL for an import */
};

image_transfer_run pull_oci, import_oci;
