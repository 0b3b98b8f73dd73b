/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
#include <stdbool.h>
#include <stddef.h>

/*
 * Whether text from outside can be shown on one line of a log or a terminal: UTF-8 (RFC 3629 section 4:
 * shortest form, no surrogates, nothing above U+10FFFF) without control characters (U+0000 to U+001F, U+007F
 * to U+009F) and without line and paragraph separators (U+2028, U+2029).
 */
bool cv_utf8_is_line(const char *text, size_t bytes);
