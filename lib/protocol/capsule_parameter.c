/* SPDX-License-Identifier: BSD-3-Clause */
#include "capsule_parameter.h"

#include "capsule_type.h"
#include "utf8.h"
#include "varint.h"

#include <string.h>

enum form { NUMBER, BYTES, LINE };

#define VARINT CV_VARINT_MAX

struct kind {
    const char *name;
    uint64_t type;
    enum form form;
    uint64_t least, most;
};

static const struct kind kinds[CV_PARAMETER_COUNT] = {
#define KIND(id, number, value_form, at_least, at_most, meaning) \
    [CV_PARAMETER_##id] = {#id, number, value_form, at_least, at_most},
    CV_PARAMETER_LIST(KIND)
#undef KIND
};

/* Which capsules a parameter has a meaning in: this table, and "in" in docs/protocol.md. */
static const struct {
    uint64_t capsule;
    uint64_t parameters;
} meanings[] = {
#define BIT(id) (UINT64_C(1) << CV_PARAMETER_##id)
    {CV_CAPSULE_REGISTER, BIT(SERVICE) | BIT(RESUME)},
    {CV_CAPSULE_REGISTERED, BIT(RESUMPTION_TOKEN) | BIT(RESUMPTION_TIME) | BIT(RESUMED) | BIT(TICKET) |
                                BIT(KINDS) | BIT(INSTANCES) | BIT(TUNNEL_LEGS) | BIT(RATE_BYTES) |
                                BIT(RATE_PACKETS) | BIT(MESSAGES) | BIT(MESSAGE_BYTES) | BIT(REQUESTS)},
    {CV_CAPSULE_PAIR_REQUEST, BIT(SERVICE) | BIT(INSTANCE) | BIT(DATA)},
    {CV_CAPSULE_PAIR_OFFER, BIT(SERVICE) | BIT(DATA)},
    {CV_CAPSULE_PAIR_ACCEPT, BIT(DATA)},
    {CV_CAPSULE_PAIR_REFUSE, BIT(DATA)},
    {CV_CAPSULE_PAIR_MADE, BIT(SERVICE) | BIT(DATA)},
    {CV_CAPSULE_REFUSED, BIT(DATA) | BIT(PARAMETER)},
    {CV_CAPSULE_GO_AWAY, BIT(RELAY_ID)},
    {CV_CAPSULE_MESSAGE, BIT(SERVICE) | BIT(INSTANCE)},
    {CV_CAPSULE_MESSAGE_FROM, BIT(SERVICE)},
#undef BIT
};

static uint64_t meaningful(uint64_t capsule)
{
    for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
        if (meanings[i].capsule == capsule)
            return meanings[i].parameters;
    }
    return 0;
}

const char *cv_parameter_name(enum cv_parameter parameter)
{
    return kinds[parameter].name;
}

void cv_parameter_number(struct cv_parameters *parameters, enum cv_parameter parameter, uint64_t number)
{
    parameters->present |= UINT64_C(1) << parameter;
    parameters->numbers[parameter] = number;
}

void cv_parameter_span(struct cv_parameters *parameters, enum cv_parameter parameter, const void *bytes,
                       size_t count)
{
    const struct cv_span span = {.at = bytes, .bytes = (uint16_t)(count < UINT16_MAX ? count : UINT16_MAX)};

    if (!cv_parameter_is_set(parameters, parameter))
        parameters->spans[parameter] = span;
    parameters->present |= UINT64_C(1) << parameter;
    if (parameter == CV_PARAMETER_SERVICE && parameters->service_count < CV_SERVICES_MAX)
        parameters->services[parameters->service_count++] = span;
}

/* ---- Reading ---- */

static enum cv_parameter find(uint64_t type)
{
    for (unsigned i = 0; i < CV_PARAMETER_COUNT; i++) {
        if (kinds[i].type == type)
            return (enum cv_parameter)i;
    }
    return CV_PARAMETER_COUNT;
}

static bool may_repeat(enum cv_parameter parameter, uint64_t capsule, const struct cv_parameters *parameters)
{
    return parameter == CV_PARAMETER_SERVICE && capsule == CV_CAPSULE_REGISTER &&
           parameters->service_count < CV_SERVICES_MAX;
}

/* Whether the value is within the parameter's limits. Fills in *number when it is one. */
static bool is_good(const struct kind *kind, const struct cv_span *value, uint64_t *number)
{
    if (kind->form == NUMBER)
        return value->bytes > 0 && cv_varint_read(value->at, value->bytes, number) == value->bytes &&
               *number >= kind->least && *number <= kind->most;
    return value->bytes >= kind->least && value->bytes <= kind->most &&
           (kind->form != LINE || cv_utf8_is_line((const char *)value->at, value->bytes));
}

static bool take(struct cv_parameters *parameters, uint64_t capsule, enum cv_parameter parameter,
                 const struct cv_span *value)
{
    uint64_t number;

    if (cv_parameter_is_set(parameters, parameter) && !may_repeat(parameter, capsule, parameters))
        return false;
    if (!is_good(&kinds[parameter], value, &number))
        return false;
    if (kinds[parameter].form == NUMBER)
        cv_parameter_number(parameters, parameter, number);
    else
        cv_parameter_span(parameters, parameter, value->at, value->bytes);
    return true;
}

enum cv_parameter_fault cv_parameters_read(struct cv_parameters *parameters, uint64_t capsule,
                                           const uint8_t *in, size_t bytes)
{
    uint64_t known = meaningful(capsule);

    memset(parameters, 0, sizeof(*parameters));
    while (bytes > 0) {
        uint64_t type, length;
        size_t header = cv_varint_read(in, bytes, &type);
        size_t more = header == 0 ? 0 : cv_varint_read(in + header, bytes - header, &length);
        enum cv_parameter parameter;
        struct cv_span value;

        if (more == 0 || length > bytes - header - more)
            return CV_PARAMETERS_MALFORMED;
        value = (struct cv_span){.at = in + header + more, .bytes = (uint16_t)length};
        parameter = find(type);
        if (parameter != CV_PARAMETER_COUNT && (known >> parameter & 1) != 0) {
            if (!take(parameters, capsule, parameter, &value))
                return CV_PARAMETERS_MALFORMED;
        } else if (type % 2 == 1 && parameters->not_understood == 0) {
            parameters->not_understood = type;
        }
        in = value.at + value.bytes;
        bytes -= header + more + value.bytes;
    }
    return parameters->not_understood != 0 ? CV_PARAMETERS_NOT_UNDERSTOOD : CV_PARAMETERS_GOOD;
}

/* ---- Writing ---- */

/* Bytes written, or 0: out of its limits, or no room. */
static size_t write_one(const struct kind *kind, const struct cv_span *value, uint8_t *out, size_t room)
{
    size_t header = cv_varint_size(kind->type), length = cv_varint_size(value->bytes);
    uint64_t number;

    if (!is_good(kind, value, &number) || header + length + value->bytes > room)
        return 0;
    cv_varint_write(out, header, kind->type);
    cv_varint_write(out + header, length, value->bytes);
    if (value->bytes > 0)
        memcpy(out + header + length, value->at, value->bytes);
    return header + length + value->bytes;
}

int cv_parameters_write(const struct cv_parameters *parameters, uint64_t capsule, uint8_t *out, size_t room)
{
    uint64_t known = meaningful(capsule);
    size_t written = 0;

    if ((parameters->present & ~known) != 0)
        return -1;
    for (unsigned i = 0; i < CV_PARAMETER_COUNT; i++) {
        bool services = i == CV_PARAMETER_SERVICE && capsule == CV_CAPSULE_REGISTER;
        unsigned times = services ? parameters->service_count : 1;
        uint8_t encoded[CV_VARINT_BYTES];

        for (unsigned time = 0; time < times && (parameters->present >> i & 1) != 0; time++) {
            struct cv_span value = services ? parameters->services[time] : parameters->spans[i];
            size_t bytes;

            if (kinds[i].form == NUMBER)
                value = (struct cv_span){
                    .at = encoded,
                    .bytes = (uint16_t)cv_varint_write(encoded, sizeof(encoded), parameters->numbers[i])};
            bytes = write_one(&kinds[i], &value, out + written, room - written);
            if (bytes == 0)
                return -1;
            written += bytes;
        }
    }
    return (int)written;
}
