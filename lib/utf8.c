/* SPDX-License-Identifier: BSD-3-Clause */
#include "utf8.h"

#include <stdint.h>

#define NO_CHARACTER UINT32_MAX

/* Bytes of the character that starts with this one; 0: none does. */
static size_t length_of(uint8_t first)
{
    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first < 0xe0)
        return 2;
    if (first >= 0xe0 && first < 0xf0)
        return 3;
    return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

static uint32_t read_character(const uint8_t *text, size_t length)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    uint32_t character = length == 1 ? text[0] : text[0] & (0x7fu >> length);

    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return NO_CHARACTER;
        character = character << 6 | (text[i] & 0x3f);
    }
    if (character < least[length] || character > 0x10ffff || (character >= 0xd800 && character < 0xe000))
        return NO_CHARACTER;
    return character;
}

static bool breaks_line(uint32_t character)
{
    return character < 0x20 || (character >= 0x7f && character < 0xa0) || character == 0x2028 ||
           character == 0x2029;
}

bool cv_utf8_is_line(const char *text, size_t bytes)
{
    const uint8_t *at = (const uint8_t *)text;

    while (bytes > 0) {
        size_t length = length_of(*at);
        uint32_t character;

        if (length == 0 || length > bytes)
            return false;
        character = read_character(at, length);
        if (character == NO_CHARACTER || breaks_line(character))
            return false;
        at += length;
        bytes -= length;
    }
    return true;
}
