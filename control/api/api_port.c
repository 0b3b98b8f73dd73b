/* SPDX-License-Identifier: BSD-3-Clause */
/* port.list. */
#include "api_port.h"

#include "shared_json.h"

#include <stdio.h>

#define PORT_COUNTERS(X) \
    X(rx_pkts) X(rx_bytes) X(tx_pkts) X(tx_bytes) X(rx_missed) X(rx_errors) X(tx_errors) X(rx_no_buffer)

static void add_mac(yyjson_mut_doc *doc, yyjson_mut_val *port, const uint8_t mac[6])
{
    char text[18];

    (void)snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3],
                   mac[4], mac[5]);
    (void)yyjson_mut_obj_add_strcpy(doc, port, "mac", text);
}

static void add_addresses(yyjson_mut_doc *doc, yyjson_mut_val *port, const struct cv_port_stats *stats)
{
    yyjson_mut_val *array = yyjson_mut_obj_add_arr(doc, port, "addresses");
    uint32_t count = SHARED_LOAD(stats->address_count);
    char text[CV_PREFIX_TEXT];

    for (uint32_t i = 0; i < count && i < CV_PORT_ADDRESSES; i++) {
        struct cv_prefix address = stats->addresses[i];

        (void)yyjson_mut_arr_add_strcpy(doc, array, cv_prefix_print(&address, text));
    }
}

static void add_port(yyjson_mut_doc *doc, yyjson_mut_val *port, const struct cv_port_stats *stats)
{
    shared_add_text(doc, port, "name", stats->name, sizeof(stats->name));
    shared_add_text(doc, port, "driver", stats->driver, sizeof(stats->driver));
    shared_add_text(doc, port, "device", stats->device, sizeof(stats->device));
    add_mac(doc, port, stats->mac);
    (void)yyjson_mut_obj_add_uint(doc, port, "mtu", SHARED_LOAD(stats->mtu));
    (void)yyjson_mut_obj_add_str(doc, port, "link", SHARED_LOAD(stats->link_up) ? "up" : "down");
    (void)yyjson_mut_obj_add_uint(doc, port, "link_mbps", SHARED_LOAD(stats->link_mbps));
    (void)yyjson_mut_obj_add_uint(doc, port, "queues", SHARED_LOAD(stats->queues));
    add_addresses(doc, port, stats);
#define PORT_COUNTER(name) (void)yyjson_mut_obj_add_uint(doc, port, #name, SHARED_LOAD(stats->name));
    PORT_COUNTERS(PORT_COUNTER)
#undef PORT_COUNTER
}

void api_port_list(struct call *call, yyjson_val *params)
{
    const struct cv_shared *shared = shared_for_call(call, params);
    yyjson_mut_val *result;
    yyjson_mut_val *ports;

    if (shared == NULL)
        return;
    result = yyjson_mut_obj(call->doc);
    ports = yyjson_mut_obj_add_arr(call->doc, result, "ports");
    for (uint32_t i = 0; i < shared->header.port_count; i++)
        add_port(call->doc, yyjson_mut_arr_add_obj(call->doc, ports), &shared->ports[i]);
    call_answer(call, result);
}
