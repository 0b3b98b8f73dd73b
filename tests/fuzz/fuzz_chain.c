/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A certificate chain as a peer sends it. What is taken must be its keys' IDs, the same each time; no chain
 * says more when its end is cut off, and what is appended takes nothing away from a good one but all of it.
 * corpus/make_chain.py writes the seeds.
 */
#include "sessions/chain.h"

#include <stdlib.h>
#include <string.h>

static void require(int condition)
{
    if (!condition)
        abort();
}

/* The first certificate's length, with its own length field; more than `bytes` when it is cut. */
static size_t first_bytes(const uint8_t *data, size_t bytes)
{
    return bytes < 3 ? bytes + 1 : 3 + ((size_t)data[0] << 16 | (size_t)data[1] << 8 | data[2]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct chain chain, again, leaf;
    enum chain_error error = chain_parse(data, bytes, &chain);
    size_t first = first_bytes(data, bytes);

    require(strcmp(chain_error_name(error), "?") != 0);
    require(chain_parse(data, bytes, &again) == error && again.count == chain.count);
    if (error != CHAIN_GOOD) {
        require(chain.count == 0);
        return 0;
    }
    require(chain.count >= 1 && chain.count <= CHAIN_CERTIFICATES && first <= bytes);
    require(memcmp(chain.ids, again.ids, chain.count * sizeof(chain.ids[0])) == 0);
    require(chain_parse(data, first, &leaf) == CHAIN_GOOD && leaf.count == 1);
    require(cv_peer_id_equal(&leaf.ids[0], &chain.ids[0]));
    require(chain_parse(data, bytes - 1, &again) != CHAIN_GOOD);
    return 0;
}
