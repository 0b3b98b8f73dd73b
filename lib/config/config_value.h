/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Single values of the configuration file: each call converts the text of one field. A NULL text gives the
 * default; a text that cannot be used adds an error to the source and gives the default too, so that all
 * errors of a file can be told at once.
 */
#include "config_source.h"

/* A decimal number from `min` to `max`. */
uint32_t config_number(struct config_source *source, const char *field, const char *text, uint32_t min,
                       uint32_t max, uint32_t fallback);

/* Index of the text among `names`, which ends with NULL. */
unsigned config_choice(struct config_source *source, const char *field, const char *text,
                       const char *const names[], unsigned fallback);

/* A text of at most bytes - 1 bytes, none of them a control character, copied to `out`. */
void config_text(struct config_source *source, const char *field, const char *text, const char *fallback,
                 char *out, size_t bytes);

/* The same, and not empty: a path in the file system. */
void config_path(struct config_source *source, const char *field, const char *text, const char *fallback,
                 char *out, size_t bytes);

/* A time of `min` to `max` seconds, such as 30s or 2m. */
uint32_t config_seconds(struct config_source *source, const char *field, const char *text, uint32_t min,
                        uint32_t max, uint32_t fallback);
