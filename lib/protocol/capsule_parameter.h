/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Parameters: what capsules may say besides their fields. They follow the fields up to the end of the
 * value, in any order:
 *
 *      | type (varint) | length (varint) | value |
 *
 * An unknown one, or one that has no meaning in its capsule, is passed over when its type is even; an odd
 * type must be understood: whoever does not refuses what the capsule asks for. No I/O, no allocation.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes that are somebody else's. Parsed: within the parsed value. */
struct cv_span {
    const uint8_t *at;
    uint16_t bytes;
};

/*
 * X(enumerator, type, form, least, most, meaning). The limits are those of a NUMBER; of BYTES and of a LINE
 * (of UTF-8) those of its length.
 */
#define CV_PARAMETER_LIST(X)                                                                               \
    X(SERVICE, 0x02, LINE, 1, 64, "the name of a service")                                                 \
    X(RESUME, 0x04, BYTES, 32, 32, "the resumption token of the session before")                           \
    X(INSTANCE, 0x06, BYTES, 16, 16, "just this instance of the peer")                                     \
    X(DATA, 0x08, BYTES, 0, 512, "the application's, for the other peer")                                  \
    X(RELAY_ID, 0x0a, BYTES, 32, 32, "peer ID of the relay to go to")                                      \
    X(PARAMETER, 0x0c, NUMBER, 0, VARINT, "type of the parameter that was not understood")                 \
    X(RESUMPTION_TOKEN, 0x10, BYTES, 32, 32, "a secret, for RESUME in the next session of this instance")  \
    X(RESUMPTION_TIME, 0x12, NUMBER, 0, 604800, "seconds for which pairs wait for that")                   \
    X(RESUMED, 0x14, NUMBER, 0, 65535, "pairs of the session before that go on: so many PAIR_MADE follow") \
    X(TICKET, 0x16, BYTES, 16, 16, "a secret, for probes")                                                 \
    X(KINDS, 0x18, NUMBER, 0, VARINT, "the set of kinds of leg that the relay has")                        \
    X(INSTANCES, 0x1a, NUMBER, 1, VARINT, "instances that the peer's leaf may have at a time")             \
    X(TUNNEL_LEGS, 0x1c, NUMBER, 0, 16383, "tunnel legs that the session may have at a time")              \
    X(RATE_BYTES, 0x1e, NUMBER, 0, VARINT, "UDP payload of a pair each way, bytes a second; 0: no limit")  \
    X(RATE_PACKETS, 0x20, NUMBER, 0, VARINT, "packets of a pair each way, a second; 0: no limit")          \
    X(MESSAGES, 0x22, NUMBER, 0, VARINT, "MESSAGEs that this instance may send in a minute")               \
    X(MESSAGE_BYTES, 0x24, NUMBER, 0, 1024, "bytes of a message at most; 0: the relay passes none on")     \
    X(REQUESTS, 0x26, NUMBER, 0, VARINT, "requests that this instance may make in a minute, MESSAGEs apart")

enum cv_parameter {
#define CV_PARAMETER_ENUM(id, type, form, least, most, meaning) CV_PARAMETER_##id,
    CV_PARAMETER_LIST(CV_PARAMETER_ENUM)
#undef CV_PARAMETER_ENUM
        CV_PARAMETER_COUNT
};

#define CV_SERVICES_MAX           16 /* in one REGISTER; elsewhere SERVICE comes once at most */
#define CV_SERVICE_BYTES_MAX      64
#define CV_DATA_BYTES_MAX         512
#define CV_RESUMPTION_TOKEN_BYTES 32

/* Of one capsule. Zeroed memory has none. */
struct cv_parameters {
    uint64_t present;                         /* bit n: enum cv_parameter n */
    uint64_t not_understood;                  /* type of an odd one that is not ours; 0: none */
    uint64_t numbers[CV_PARAMETER_COUNT];     /* of NUMBER */
    struct cv_span spans[CV_PARAMETER_COUNT]; /* of BYTES and LINE; of several SERVICEs the first */
    struct cv_span services[CV_SERVICES_MAX];
    uint8_t service_count;
};

/* "RESUME" ...; `parameter` is one of the list. */
const char *cv_parameter_name(enum cv_parameter parameter);

static inline bool cv_parameter_is_set(const struct cv_parameters *parameters, enum cv_parameter parameter)
{
    return (parameters->present >> parameter & 1) != 0;
}

/* To be written. cv_parameter_span adds one SERVICE more each time; the bytes stay the caller's. */
void cv_parameter_number(struct cv_parameters *parameters, enum cv_parameter parameter, uint64_t number);
void cv_parameter_span(struct cv_parameters *parameters, enum cv_parameter parameter, const void *bytes,
                       size_t count);

enum cv_parameter_fault {
    CV_PARAMETERS_GOOD,
    CV_PARAMETERS_MALFORMED,      /* cut short, a value out of its limits, one of the list twice */
    CV_PARAMETERS_NOT_UNDERSTOOD, /* `not_understood` says which; the others are there */
};

/* Reads the parameters of a capsule of this type: all of `bytes`. */
enum cv_parameter_fault cv_parameters_read(struct cv_parameters *parameters, uint64_t capsule,
                                           const uint8_t *in, size_t bytes);

/* Bytes written, or -1: one that is out of its limits, or has no meaning in that capsule, or no room. */
int cv_parameters_write(const struct cv_parameters *parameters, uint64_t capsule, uint8_t *out, size_t room);
