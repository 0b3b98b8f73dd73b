/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* Start-up errors: a sentence for a person and a code for the caller, in one expression. */
#include <rte_common.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

/*
 * Writes the sentence to `error`, cut to fit, and returns `code`: `return cv_refuse(error, error_bytes,
 * -ENODEV, ...)`.
 */
__rte_format_printf(4, 5) static inline int cv_refuse(char *error, size_t error_bytes, int code,
                                                      const char *format, ...)
{
    va_list values;

    va_start(values, format);
    vsnprintf(error, error_bytes, format, values);
    va_end(values);
    return code;
}
