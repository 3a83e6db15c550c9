/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The entry points, pam_sm_*(3). pam_mymachines.map exports them. */
#pragma once

#include <security/pam_modules.h>

#define ENTRY_POINT __attribute__((visibility("default")))
