/* SPDX-License-Identifier: BSD-3-Clause */
#include "relay_addresses.h"

static uint32_t configured(const struct cv_config *config, struct cv_ip *ips, uint32_t max)
{
    uint32_t found = 0;

    for (uint32_t port = 0; port < config->port_count; port++) {
        for (uint32_t i = 0; i < config->ports[port].address_count && found < max; i++)
            ips[found++] = config->ports[port].addresses[i].ip;
    }
    return found;
}

uint32_t relay_addresses(const struct cv_config *config, const struct dataplane *dataplane, struct cv_ip *ips,
                         uint32_t max)
{
    const struct cv_shared *shared = dataplane_shared(dataplane);
    uint32_t found = 0;

    for (uint32_t port = 0; shared != NULL && port < shared->header.port_count; port++) {
        uint32_t count = SHARED_LOAD(shared->ports[port].address_count);

        for (uint32_t i = 0; i < count && i < CV_PORT_ADDRESSES && found < max; i++)
            ips[found++] = shared->ports[port].addresses[i].ip;
    }
    return found > 0 ? found : configured(config, ips, max);
}
