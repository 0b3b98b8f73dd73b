/* SPDX-License-Identifier: BSD-3-Clause */
#include "varint.h"

/* Log2 of the length, as the two highest bits have it. */
static unsigned length_bits(uint64_t value)
{
    if (value < UINT64_C(1) << 6)
        return 0;
    if (value < UINT64_C(1) << 14)
        return 1;
    return value < UINT64_C(1) << 30 ? 2 : 3;
}

size_t cv_varint_size(uint64_t value)
{
    return value > CV_VARINT_MAX ? 0 : (size_t)1 << length_bits(value);
}

size_t cv_varint_write(uint8_t *out, size_t room, uint64_t value)
{
    size_t size = cv_varint_size(value);

    if (size == 0 || size > room)
        return 0;
    for (size_t i = size; i-- > 0; value >>= 8)
        out[i] = (uint8_t)value;
    out[0] = (uint8_t)(out[0] | (unsigned)__builtin_ctzl(size) << 6);
    return size;
}

size_t cv_varint_read(const uint8_t *in, size_t bytes, uint64_t *value)
{
    size_t size = bytes == 0 ? 1 : (size_t)1 << (in[0] >> 6);
    uint64_t read;

    if (size > bytes)
        return 0;
    read = in[0] & 0x3f;
    for (size_t i = 1; i < size; i++)
        read = read << 8 | in[i];
    *value = read;
    return size;
}
