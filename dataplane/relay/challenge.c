/* SPDX-License-Identifier: BSD-3-Clause */
#include "challenge.h"

#include "packet/wrap.h"
#include "standing.h"

#include <rte_mbuf.h>

/* The other leg's next hop leads to this one. */
static const struct cv_next_hop *hop_to(const struct cv_pair_table *table, uint32_t leg)
{
    uint16_t index = cv_leg_at(table, leg ^ 1)->next_hop;

    if (index == CV_NO_NEXT_HOP || !table->hops->list[index].usable)
        return NULL;
    return &table->hops->list[index];
}

struct rte_mbuf *cv_challenge_make(const struct cv_pair_table *table, uint32_t number,
                                   struct rte_mempool *pool)
{
    const struct cv_leg *leg = cv_leg_at(table, number);
    const struct cv_next_hop *hop = leg->flags & CV_LEG_BOUND ? hop_to(table, number) : NULL;
    struct cv_wrapping wrapping;
    struct rte_mbuf *mbuf;

    if (hop == NULL || leg->local >= table->locals->count || (mbuf = rte_pktmbuf_alloc(pool)) == NULL)
        return NULL;
    cv_standing_challenge(table, number, (uint8_t *)rte_pktmbuf_append(mbuf, CV_CHALLENGE_BYTES));
    wrapping = (struct cv_wrapping){
        .from = &table->locals->list[leg->local].ip,
        .to = &leg->source,
        .from_port_be = leg->relay_port_be,
        .to_port_be = leg->source_port_be,
        .frame_header_bytes = hop->frame_header_bytes,
        .frame_header = hop->frame_header,
    };
    cv_wrap(&wrapping, mbuf);
    mbuf->port = hop->port_id;
    return mbuf;
}
