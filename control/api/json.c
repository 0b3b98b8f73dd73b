/* SPDX-License-Identifier: BSD-3-Clause */
#include "json.h"

void json_add_address(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *name,
                      const struct cv_address *address)
{
    char text[CV_ADDRESS_TEXT];

    if (cv_ip_is_zero(&address->ip))
        (void)yyjson_mut_obj_add_null(doc, object, name);
    else
        (void)yyjson_mut_obj_add_strcpy(doc, object, name, cv_address_print(address, text));
}

void json_add_number(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *name, bool known,
                     uint64_t number)
{
    if (known)
        (void)yyjson_mut_obj_add_uint(doc, object, name, number);
    else
        (void)yyjson_mut_obj_add_null(doc, object, name);
}
