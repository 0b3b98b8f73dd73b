/* SPDX-License-Identifier: BSD-3-Clause */
#include "record.h"

#include "base/log.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

bool pair_record_find(struct store *store, uint64_t pair, struct pair_record *record)
{
    int error = store_get_pair(store, pair, record);

    if (error == 0)
        return true;
    if (error != -ENOENT)
        log_error("store: %s", store_error(store));
    return false;
}

int leg_record_make_token(struct leg_record *leg)
{
    return getrandom(leg->token, sizeof(leg->token), 0) == (ssize_t)sizeof(leg->token) ? 0 : -errno;
}

int pair_record_make_tokens(struct pair_record *record)
{
    int error = 0;

    for (unsigned leg = 0; leg < 2 && error == 0; leg++) {
        if (record->legs[leg].bind == CV_BIND_TOKEN)
            error = leg_record_make_token(&record->legs[leg]);
    }
    return error;
}

bool leg_record_is_same(const struct leg_record *one, const struct leg_record *other)
{
    return one->bind == other->bind && one->relay_port == other->relay_port &&
           one->session == other->session && one->channel == other->channel &&
           memcmp(one->token, other->token, sizeof(one->token)) == 0;
}

void leg_record_fill(const struct leg_record *record, struct cv_leg_config *leg)
{
    leg->bind = record->bind;
    leg->relay_port = record->relay_port;
    leg->proof = record->proof;
    if (record->proof == CV_PROOF_NEEDED)
        leg->vouched = record->vouched;
    switch (record->bind) {
    case CV_BIND_TOKEN:
        memcpy(leg->token, record->token, sizeof(leg->token));
        leg->one_use = record->proof == CV_PROOF_NEEDED;
        leg->last = record->last;
        break;
    case CV_BIND_FIXED:
        leg->address = record->address;
        break;
    case CV_BIND_TUNNEL:
        leg->session = record->session;
        leg->channel = record->channel;
        break;
    default:
        leg->address.ip = record->prefix.ip;
        leg->prefix_length = record->prefix.length;
        leg->last = record->last;
        break;
    }
}

/* Where it was last, and what proves that, the data plane knows better. */
static bool is_put_as(const struct leg_record *record, const struct cv_leg_config *put)
{
    struct cv_leg_config now = {0};

    leg_record_fill(record, &now);
    return now.bind == put->bind && now.relay_port == put->relay_port && now.session == put->session &&
           now.channel == put->channel && memcmp(now.token, put->token, sizeof(now.token)) == 0;
}

bool pair_record_has_changed(struct store *store, const struct cv_pair_config *put)
{
    struct pair_record record;

    return pair_record_find(store, put->pair, &record) &&
           !(is_put_as(&record.legs[0], &put->legs[0]) && is_put_as(&record.legs[1], &put->legs[1]));
}

int pair_record_put(const struct pair_record *record, struct cv_message *message)
{
    int error;

    memset(message, 0, sizeof(*message));
    message->type = CV_MESSAGE_PAIR_PUT;
    message->put.pair = record->pair;
    message->put.idle_s = record->idle_s;
    message->put.rate_bytes_per_second = record->rate_bytes_per_second;
    for (unsigned leg = 0; leg < 2; leg++)
        leg_record_fill(&record->legs[leg], &message->put.legs[leg]);
    message->sequence = 1; /* until it gets its own: a request without one is not well formed */
    error = cv_message_check(message, CV_SENDER_CONTROL);
    message->sequence = 0;
    return error;
}
