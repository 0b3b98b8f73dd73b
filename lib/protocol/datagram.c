/* SPDX-License-Identifier: BSD-3-Clause */
#include "datagram.h"

#include "varint.h"

#include <errno.h>

int cv_datagram_parse(const uint8_t *frame, size_t bytes, struct cv_datagram *out)
{
    uint64_t channel;
    size_t header = cv_varint_read(frame, bytes, &channel);

    if (header == 0)
        return -EBADMSG;
    *out =
        (struct cv_datagram){.channel = channel, .payload = frame + header, .payload_bytes = bytes - header};
    return 0;
}

size_t cv_datagram_header(uint8_t out[CV_CHANNEL_BYTES], uint32_t channel)
{
    if (channel < CV_CHANNEL_MIN || channel > CV_CHANNEL_MAX)
        return 0;
    return cv_varint_write(out, CV_CHANNEL_BYTES, channel);
}

size_t cv_datagram_room(size_t frame_bytes, uint32_t channel)
{
    size_t header = cv_varint_size(channel);

    return frame_bytes > header ? frame_bytes - header : 0;
}
