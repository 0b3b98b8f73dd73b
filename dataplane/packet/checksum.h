/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * The Internet checksum (RFC 1071) in steps of 32 bits: a sum of 32-bit words as they lie in memory, whatever
 * the machine's byte order, folds to the sum of their 16-bit halves. Up to 2^32 words may be added before the
 * fold.
 */
#include <stdint.h>
#include <string.h>

static inline uint64_t cv_sum_words(const void *bytes, unsigned words)
{
    uint64_t sum = 0;
    uint32_t word;

    for (unsigned i = 0; i < words; i++) {
        memcpy(&word, (const uint8_t *)bytes + 4 * i, 4);
        sum += word;
    }
    return sum;
}

/* To 16 bits, the carries added at the other end. Zero only when all words were zero. */
static inline uint16_t cv_sum_fold(uint64_t sum)
{
    uint32_t half;

    sum += sum << 32 | sum >> 32;
    half = (uint32_t)(sum >> 32);
    half += half << 16 | half >> 16;
    return (uint16_t)(half >> 16);
}

/*
 * RFC 1624 equation 3, for all that changes at once: HC' = ~(~HC + ~m + m'). `change` is the sum of all ~m
 * and m', in words of 16 or 32 bits. For UDP: a result of zero is given as 0xffff, for zero means "none" (RFC
 * 768).
 */
static inline uint16_t cv_checksum_update(uint16_t checksum, uint64_t change)
{
    uint16_t updated = (uint16_t)~cv_sum_fold((uint16_t)~checksum + change);

    return updated ? updated : 0xffff;
}
