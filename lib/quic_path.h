/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* A path as ngtcp2 has it, made of addresses as we have them, and back. No I/O, no allocation, any thread. */
#include "address.h"

#include <ngtcp2/ngtcp2.h>
#include <stdbool.h>

/* `storage` holds the path. */
void cv_path_fill(ngtcp2_path_storage *storage, const struct cv_address *local,
                  const struct cv_address *remote);

/* False, with the output untouched, when the path has no such address. */
bool cv_path_local(const ngtcp2_path *path, struct cv_address *local);
bool cv_path_remote(const ngtcp2_path *path, struct cv_address *remote);
