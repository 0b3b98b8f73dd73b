/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The payload of a session's DATAGRAM frames: the input as it is. What can be told apart can be put together
 * again. corpus/make_protocol.py writes the seeds.
 */
#include "protocol/datagram.h"
#include "protocol/varint.h"

#include <stdlib.h>
#include <string.h>

static void require(int condition)
{
    if (!condition)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct cv_datagram datagram;
    uint8_t header[CV_CHANNEL_BYTES];
    size_t header_bytes;

    if (cv_datagram_parse(data, bytes, &datagram) != 0) {
        require(bytes < CV_VARINT_BYTES);
        return 0;
    }
    require(datagram.channel <= CV_VARINT_MAX && datagram.payload > data);
    require(datagram.payload + datagram.payload_bytes == data + bytes);
    if (datagram.channel > CV_CHANNEL_MAX)
        return 0;
    header_bytes = cv_datagram_header(header, (uint32_t)datagram.channel);
    require((header_bytes == 0) == (datagram.channel < CV_CHANNEL_MIN));
    require(header_bytes <= bytes - datagram.payload_bytes); /* ours is the shortest form */
    if (header_bytes != 0) {
        uint64_t channel;

        require(cv_varint_read(header, header_bytes, &channel) == header_bytes &&
                channel == datagram.channel);
        require(cv_datagram_room(header_bytes + datagram.payload_bytes, (uint32_t)channel) ==
                datagram.payload_bytes);
    }
    return 0;
}
