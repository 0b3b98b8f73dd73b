/* SPDX-License-Identifier: BSD-3-Clause */
#include "relay_ports.h"

#include "port_set.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Whether it is on a relay port. */
static bool needs_port(const struct leg_record *leg)
{
    return leg->bind != CV_BIND_TUNNEL && !leg->listen;
}

/* Who has how many pairs that are in the way, for an operator. */
static void say_taken(const struct pair_record *record, const uint32_t pairs[2], char *text, size_t bytes)
{
    const char *separator = "";
    size_t used = 0;

    for (unsigned leg = 0; leg < 2; leg++) {
        if (!needs_port(&record->legs[leg]))
            continue;
        used += (size_t)snprintf(text + used, bytes - used, "%s%s has %u pairs", separator,
                                 record->legs[leg].peer, pairs[leg]);
        separator = " and ";
    }
}

static void take_port(void *set, uint16_t port)
{
    port_set_take(set, port);
}

/* Two instances of one identity: each leg has a port of its own. */
static bool is_of_one_peer(const struct pair_record *record)
{
    return needs_port(&record->legs[0]) && needs_port(&record->legs[1]) &&
           strcmp(record->legs[0].peer, record->legs[1].peer) == 0;
}

static int choose_second(struct port_set *set, struct pair_record *record, char *why, size_t why_bytes)
{
    int port;

    port_set_take(set, record->legs[0].relay_port);
    port = port_set_lowest(set);
    if (port < 0) {
        (void)snprintf(why, why_bytes, "a second relay port for %s is not free; widen relay.relay_ports",
                       record->legs[1].peer);
        return port;
    }
    record->legs[1].relay_port = (uint16_t)port;
    return 0;
}

int relay_port_choose(const struct cv_config *config, struct store *store, struct pair_record *record,
                      char *why, size_t why_bytes)
{
    struct port_set set;
    char taken[2 * (PEER_LABEL_BYTES + 24)];
    uint32_t pairs[2] = {0, 0};
    bool needed = false;
    int port;

    port_set_init(&set, config->relay_port_first, config->relay_port_last);
    for (unsigned leg = 0; leg < 2; leg++) {
        int error = 0;

        record->legs[leg].relay_port = record->legs[leg].listen ? config->listen_port : 0;
        if (!needs_port(&record->legs[leg]))
            continue;
        needed = true;
        error = store_ports_taken(store, &record->legs[leg], take_port, &set, &pairs[leg]);
        if (error != 0)
            return error;
    }
    if (!needed)
        return 0;
    port = port_set_lowest(&set);
    if (port < 0) {
        say_taken(record, pairs, taken, sizeof(taken));
        (void)snprintf(why, why_bytes,
                       "none of the %u relay ports %u-%u is free for this pair: %s; delete some of them, or "
                       "widen relay.relay_ports",
                       port_set_size(&set), config->relay_port_first, config->relay_port_last, taken);
        return port;
    }
    for (unsigned leg = 0; leg < 2; leg++) {
        if (needs_port(&record->legs[leg]))
            record->legs[leg].relay_port = (uint16_t)port;
    }
    return is_of_one_peer(record) ? choose_second(&set, record, why, why_bytes) : 0;
}

int relay_port_choose_next(const struct cv_config *config, struct store *store, struct leg_record *leg)
{
    struct port_set set;
    uint32_t pairs;
    int port, error;

    leg->relay_port = leg->listen ? config->listen_port : 0;
    if (!needs_port(leg))
        return 0;
    port_set_init(&set, config->relay_port_first, config->relay_port_last);
    error = store_ports_taken(store, leg, take_port, &set, &pairs);
    port = error == 0 ? port_set_lowest(&set) : error;
    if (port < 0)
        return port;
    leg->relay_port = (uint16_t)port;
    return 0;
}
