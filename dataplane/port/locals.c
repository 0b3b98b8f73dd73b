/* SPDX-License-Identifier: BSD-3-Clause */
#include "locals.h"

#include <errno.h>
#include <string.h>

/* The gateway for packets that leave with this address; zero: none. */
static struct cv_ip gateway_of(const struct cv_config_port *config, const struct cv_prefix *address)
{
    struct cv_ip gateway = {0};

    for (uint32_t i = 0; i < config->gateway_count; i++) {
        if (cv_prefix_contains(address, &config->gateways[i]))
            return config->gateways[i];
        if (cv_ip_is_zero(&gateway) && cv_ip_is_v4(&config->gateways[i]) == cv_ip_is_v4(&address->ip))
            gateway = config->gateways[i];
    }
    return gateway;
}

/* RFC 4291 appendix A: fe80::/64 and the MAC with ff:fe in its middle and its universal bit turned. */
static struct cv_prefix link_local(const struct rte_ether_addr *mac)
{
    const uint8_t *byte = mac->addr_bytes;

    return (struct cv_prefix){
        .ip = {{0xfe, 0x80, [8] = byte[0] ^ 2, byte[1], byte[2], 0xff, 0xfe, byte[3], byte[4], byte[5]}},
        .length = 64};
}

static int add(struct cv_locals *locals, const struct cv_port *port, const struct cv_prefix *address,
               const struct cv_ip *gateway)
{
    struct cv_local *local = &locals->list[locals->count];

    if (locals->count == CV_MAX_LOCALS)
        return -ENOSPC;
    memset(local, 0, sizeof(*local));
    local->ip = address->ip;
    local->gateway = *gateway;
    local->prefix_length = address->length;
    local->is_v6 = !cv_ip_is_v4(&address->ip);
    local->silent = port->kind == CV_DRIVER_PCAP || port->kind == CV_DRIVER_NULL;
    local->port_id = port->port_id;
    local->mtu = port->mtu;
    local->vlan = port->vlan;
    local->mac = port->mac;
    locals->count++;
    return 0;
}

int cv_locals_add(struct cv_locals *locals, const struct cv_port *port)
{
    const struct cv_config_port *config = port->config;
    struct cv_prefix own = link_local(&port->mac);
    const struct cv_ip none = {0};
    bool needs_link_local = false;
    int result = 0;

    for (uint32_t i = 0; i < config->address_count && result == 0; i++) {
        struct cv_ip gateway = gateway_of(config, &config->addresses[i]);

        result = add(locals, port, &config->addresses[i], &gateway);
        needs_link_local |= !cv_ip_is_v4(&config->addresses[i].ip);
        if (cv_ip_equal(&config->addresses[i].ip, &own.ip))
            own.length = 0; /* configured by hand already */
    }
    if (result == 0 && needs_link_local && own.length != 0) {
        result = add(locals, port, &own, &none);
        if (result == 0)
            locals->list[locals->count - 1].link_local = true;
    }
    return result;
}
