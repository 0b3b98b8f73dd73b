/* SPDX-License-Identifier: BSD-3-Clause */
#include "peer.h"

#include <stdlib.h>

struct peer *peer_begin(struct peers *all, struct session *session)
{
    struct peer *made = calloc(1, sizeof(*made));

    if (made == NULL)
        return NULL;
    made->all = all;
    made->session = session;
    session->peer = made;
    return made;
}
