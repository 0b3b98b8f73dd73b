/* SPDX-License-Identifier: BSD-3-Clause */
#include "channels.h"

#include "protocol/capsule.h"
#include "protocol/datagram.h"

#include <stdlib.h>

struct channels {
    uint64_t used[(CV_CHANNEL_MAX + 1) / 64];
    uint32_t count;
    uint16_t resting[CHANNELS_RESTING]; /* 0: none */
    uint32_t rested;                    /* how many ever have */
};

static bool make(struct channels **channels)
{
    if (*channels == NULL)
        *channels = calloc(1, sizeof(**channels));
    return *channels != NULL;
}

static bool is_used(const struct channels *channels, uint16_t channel)
{
    return (channels->used[channel / 64] >> (channel % 64) & 1) != 0;
}

static bool is_free(const struct channels *channels, uint16_t channel)
{
    if (is_used(channels, channel))
        return false;
    for (uint32_t i = 0; i < CHANNELS_RESTING; i++) {
        if (channels->resting[i] == channel)
            return false;
    }
    return true;
}

static void use(struct channels *channels, uint16_t channel)
{
    channels->used[channel / 64] |= UINT64_C(1) << (channel % 64);
    channels->count++;
}

bool channels_left(const struct channels *channels)
{
    return channels == NULL || channels->count < CHANNELS_MAX;
}

uint16_t channels_take(struct channels **channels, uint16_t last)
{
    uint16_t channel = last;

    if (!channels_left(*channels) || !make(channels))
        return 0;
    do {
        channel = channel >= CV_CHANNEL_MAX ? CV_CHANNEL_MIN : (uint16_t)(channel + 1);
    } while (!is_free(*channels, channel));
    use(*channels, channel);
    return channel;
}

_Static_assert(CHANNELS_MAX + CHANNELS_RESTING < CV_CHANNEL_MAX, "channels_take always finds one");

bool channels_mark(struct channels **channels, uint16_t channel)
{
    if (!make(channels))
        return false;
    if (!is_used(*channels, channel))
        use(*channels, channel);
    return true;
}

void channels_give_back(struct channels *channels, uint16_t channel)
{
    if (!is_used(channels, channel))
        return;
    channels->used[channel / 64] &= ~(UINT64_C(1) << (channel % 64));
    channels->count--;
    channels->resting[channels->rested++ % CHANNELS_RESTING] = channel;
}

uint32_t channels_payload(uint32_t frame_bytes, uint16_t channel)
{
    size_t room = cv_datagram_room(frame_bytes, channel);

    return room < CV_CAPSULE_PAYLOAD_MAX ? (uint32_t)room : CV_CAPSULE_PAYLOAD_MAX;
}
