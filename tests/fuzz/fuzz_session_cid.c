/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Connection IDs and tickets off the wire: the input is what stands where one should. What decodes must
 * encode to the same bytes, and only 16 bytes ever do; none is both.
 */
#include "session/cid.h"

#include <stdlib.h>
#include <string.h>

static struct cv_cid_codec *codec;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    static const struct cv_cid_secret secret = {{1}, {2}, {3}};
    uint8_t again[CV_ISSUED_CID_BYTES], token[CV_RESET_TOKEN_BYTES];
    struct cv_cid cid = {0};

    if (codec == NULL)
        codec = cv_cid_codec_create(&secret);
    if (codec == NULL)
        abort();
    if (cv_cid_decode(codec, data, bytes, &cid)) {
        if (bytes != CV_ISSUED_CID_BYTES || cid.generation == 0)
            abort();
        cv_cid_encode(codec, &cid, again);
        if (memcmp(again, data, bytes) != 0)
            abort();
    }
    if (bytes >= CV_TICKET_BYTES && cv_cid_ticket_read(codec, data, &cid)) {
        cv_cid_ticket(codec, &cid, again);
        if (memcmp(again, data, CV_TICKET_BYTES) != 0 || cv_cid_decode(codec, again, sizeof(again), &cid))
            abort();
    }
    if (bytes < sizeof(struct cv_cid))
        return 0;
    memcpy(&cid, data, sizeof(cid));
    cid.generation |= 1;
    cv_cid_encode(codec, &cid, again);
    cv_cid_reset_token(codec, again, token);
    if (!cv_cid_decode(codec, again, sizeof(again), &cid) || cv_cid_ticket_read(codec, again, &cid))
        abort();
    return 0;
}
