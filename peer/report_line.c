/* SPDX-License-Identifier: BSD-3-Clause */
#include "report_line.h"

#include "utf8.h"
#include "words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool as_json;

void report_json(bool json)
{
    as_json = json;
}

struct report_line line_begin(const char *event)
{
    struct report_line line = {.document = yyjson_mut_doc_new(NULL)};

    line.object = yyjson_mut_obj(line.document);
    yyjson_mut_doc_set_root(line.document, line.object);
    yyjson_mut_obj_add_str(line.document, line.object, "event", event);
    return line;
}

void line_number(struct report_line *line, const char *name, uint64_t value)
{
    yyjson_mut_obj_add_uint(line->document, line->object, name, value);
}

void line_flag(struct report_line *line, const char *name, bool value)
{
    yyjson_mut_obj_add_bool(line->document, line->object, name, value);
}

void line_text(struct report_line *line, const char *name, const char *text)
{
    if (text != NULL)
        yyjson_mut_obj_add_strcpy(line->document, line->object, name, text);
}

void line_hex(struct report_line *line, const char *name, const uint8_t *bytes, size_t count)
{
    char text[2 * CV_CAPSULE_MESSAGE_MAX + 1];

    line_text(line, name, print_hex(bytes, count, text));
}

void line_bytes(struct report_line *line, const char *name, const struct cv_span *bytes)
{
    char in_hex[32], text[2 * CV_CAPSULE_MESSAGE_MAX + 1];

    if (cv_utf8_is_line((const char *)bytes->at, bytes->bytes)) {
        yyjson_mut_obj_add_strncpy(line->document, line->object, name, (const char *)bytes->at, bytes->bytes);
        return;
    }
    snprintf(in_hex, sizeof(in_hex), "%s_hex", name);
    yyjson_mut_obj_add(line->object, yyjson_mut_strcpy(line->document, in_hex),
                       yyjson_mut_strcpy(line->document, print_hex(bytes->at, bytes->bytes, text)));
}

void line_id(struct report_line *line, const char *name, const struct cv_peer_id *id)
{
    char text[CV_PEER_ID_TEXT];

    line_text(line, name, cv_peer_id_print(id, text));
}

void line_ids(struct report_line *line, const char *name, const struct cv_peer_ids *ids)
{
    yyjson_mut_val *list = yyjson_mut_obj_add_arr(line->document, line->object, name);
    char text[CV_PEER_ID_TEXT];

    for (unsigned i = 0; i < ids->count; i++)
        yyjson_mut_arr_add_strcpy(line->document, list, cv_peer_id_print(&ids->list[i], text));
}

void line_address(struct report_line *line, const char *name, const struct cv_address *address)
{
    char text[CV_ADDRESS_TEXT];

    line_text(line, name, cv_address_print(address, text));
}

/* ---- Printing ---- */

static void print_value(yyjson_mut_val *value)
{
    yyjson_mut_val *item;
    size_t index, count;

    if (yyjson_mut_is_str(value))
        (void)fputs(yyjson_mut_get_str(value), stdout);
    else if (yyjson_mut_is_bool(value))
        (void)fputs(yyjson_mut_get_bool(value) ? "yes" : "no", stdout);
    else if (yyjson_mut_is_uint(value))
        (void)printf("%llu", (unsigned long long)yyjson_mut_get_uint(value));
    yyjson_mut_arr_foreach(value, index, count, item)(void)
        printf("%s%s", index > 0 ? " " : "", yyjson_mut_get_str(item));
}

static void print_plain(const struct report_line *line)
{
    const char *separator = "";
    yyjson_mut_obj_iter fields;
    yyjson_mut_val *key;

    (void)yyjson_mut_obj_iter_init(line->object, &fields);
    while ((key = yyjson_mut_obj_iter_next(&fields)) != NULL) {
        bool is_event = separator[0] == '\0';

        (void)printf("%s%s%s", separator, is_event ? "" : yyjson_mut_get_str(key), is_event ? "" : " ");
        print_value(yyjson_mut_obj_iter_get_val(key));
        separator = is_event ? ": " : ", ";
    }
    (void)putchar('\n');
}

void line_end(struct report_line *line)
{
    if (as_json) {
        char *text = yyjson_mut_write(line->document, 0, NULL);

        (void)puts(text != NULL ? text : "{}");
        free(text);
    } else {
        print_plain(line);
    }
    (void)fflush(stdout);
    yyjson_mut_doc_free(line->document);
}
