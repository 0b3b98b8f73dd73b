/* SPDX-License-Identifier: BSD-3-Clause */
#include "context.h"

#include <rte_ring_elem.h>

void cv_notify(struct cv_context *context, const struct cv_notice *notice)
{
    if (rte_ring_mp_enqueue_elem(context->notices, (void *)(uintptr_t)notice, sizeof(*notice)) != 0)
        context->stats->notices_lost++;
}
