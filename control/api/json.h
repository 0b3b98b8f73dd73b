/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* Members that are null when there is nothing to say. */
#include "address.h"

#include <yyjson.h>

/* Null: the address is zero. */
void json_add_address(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *name,
                      const struct cv_address *address);

/* Null: the number is not known. */
void json_add_number(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *name, bool known,
                     uint64_t number);
