/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * The text of a configuration file, where its fields stand in it, and the errors found in it. libcyaml keeps
 * no positions, so the YAML tree is kept beside what libcyaml made of it. Used only by the loading in
 * this folder.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <yaml.h>

#define CONFIG_FILE_BYTES (1024 * 1024) /* at most */
#define CONFIG_FIELD_TEXT 128           /* a field path such as dataplane.ports[0].addresses[1] */

struct config_source {
    const char *path; /* the caller's */
    uint8_t *text;
    size_t bytes;
    bool parsed;
    yaml_document_t tree; /* when parsed */
    /* Errors found so far, one a line. */
    char *errors; /* the caller's */
    size_t errors_bytes;
    size_t errors_used;
    uint32_t errors_count;
};

/*
 * Reads and parses `path`; errors go to `errors` (errors_bytes > 0, always terminated). 0, -EINVAL: not YAML,
 * or -errno of reading. To be closed in any case.
 */
int config_source_open(struct config_source *source, const char *path, char *errors, size_t errors_bytes);

/* The same for a text in memory, of which a copy is made; `name` stands for the path in errors. */
int config_source_open_text(struct config_source *source, const char *name, const char *text, char *errors,
                            size_t errors_bytes);
void config_source_close(struct config_source *source);

/* Line of a field, or of the nearest thing around it that is there; 0 when not known. */
size_t config_source_line(struct config_source *source, const char *field);

/* Adds "path:line: field: message"; line 0 is looked up, an empty field is left out. */
void config_error(struct config_source *source, size_t line, const char *field, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Adds "path:line: field: found "value", expected ..."; a NULL value is a missing one. */
void config_error_value(struct config_source *source, const char *field, const char *value,
                        const char *expected);
