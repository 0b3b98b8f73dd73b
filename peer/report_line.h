/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* A line on stdout: "event name value, name value" for people, or a JSON object. One at a time. */
#include "address.h"
#include "protocol/capsule.h"

#include <yyjson.h>

struct report_line {
    yyjson_mut_doc *document;
    yyjson_mut_val *object;
};

void report_json(bool json); /* before the first line */

struct report_line line_begin(const char *event);
void line_number(struct report_line *line, const char *name, uint64_t value);
void line_flag(struct report_line *line, const char *name, bool value);
void line_text(struct report_line *line, const char *name, const char *text); /* NULL: nothing is added */

/* Of no one knows where: as text where it is fit to be shown, else in hex under NAME_hex. */
void line_bytes(struct report_line *line, const char *name, const struct cv_span *bytes);
void line_hex(struct report_line *line, const char *name, const uint8_t *bytes, size_t count);
void line_id(struct report_line *line, const char *name, const struct cv_peer_id *id);
void line_ids(struct report_line *line, const char *name, const struct cv_peer_ids *ids);
void line_address(struct report_line *line, const char *name, const struct cv_address *address);
void line_end(struct report_line *line); /* prints it */
