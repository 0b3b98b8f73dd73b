/* SPDX-License-Identifier: BSD-3-Clause */
#include "quic_path.h"

#include <netinet/in.h>
#include <string.h>

static ngtcp2_socklen fill(ngtcp2_sockaddr_union *out, const struct cv_address *address)
{
    memset(out, 0, sizeof(*out));
    if (cv_ip_is_v4(&address->ip)) {
        out->in.sin_family = AF_INET;
        out->in.sin_port = address->port_be;
        memcpy(&out->in.sin_addr, address->ip.bytes + 12, 4);
        return sizeof(out->in);
    }
    out->in6.sin6_family = AF_INET6;
    out->in6.sin6_port = address->port_be;
    memcpy(&out->in6.sin6_addr, address->ip.bytes, 16);
    return sizeof(out->in6);
}

void cv_path_fill(ngtcp2_path_storage *storage, const struct cv_address *local,
                  const struct cv_address *remote)
{
    ngtcp2_path_storage_zero(storage);
    storage->path.local.addrlen = fill(&storage->local_addrbuf, local);
    storage->path.remote.addrlen = fill(&storage->remote_addrbuf, remote);
}

static bool read_address(const ngtcp2_addr *from, struct cv_address *address)
{
    if (from->addrlen == 0)
        return false;
    if (from->addr->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)from->addr;

        address->ip = cv_ip_from_v4((const uint8_t *)&in->sin_addr);
        address->port_be = in->sin_port;
    } else {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)from->addr;

        memcpy(&address->ip, &in6->sin6_addr, 16);
        address->port_be = in6->sin6_port;
    }
    return true;
}

bool cv_path_local(const ngtcp2_path *path, struct cv_address *local)
{
    return read_address(&path->local, local);
}

bool cv_path_remote(const ngtcp2_path *path, struct cv_address *remote)
{
    return read_address(&path->remote, remote);
}
