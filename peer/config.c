/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#define SECOND_NS UINT64_C(1000000000)

void cv_peer_config_default(struct cv_peer_config *config)
{
    *config = (struct cv_peer_config){
        .legs = CV_LEG_KINDS,
        .quic_version = 1,
        .handshake_ns = 10 * SECOND_NS,
        .idle_ns = 60 * SECOND_NS,
        .keep_alive_ns = 25 * SECOND_NS,
        .control_window_bytes = 16384,
        .queue_bytes = 131072,
        .queue_ns = SECOND_NS / 20,
        .payload_bytes = CV_PEER_PAYLOAD_MAX,
    };
}

bool cv_peer_config_is_sound(const struct cv_peer_config *config)
{
    return config->tls != NULL && config->callbacks != NULL && config->callbacks->capsule != NULL &&
           config->callbacks->ended != NULL && (config->legs & ~CV_LEG_KINDS) == 0 &&
           config->service_count <= CV_SERVICES_MAX &&
           (config->quic_version == 1 || config->quic_version == 2) && config->handshake_ns > 0 &&
           config->control_window_bytes > 0 && config->payload_bytes >= CV_PEER_PAYLOAD_MIN &&
           config->payload_bytes <= CV_PEER_PAYLOAD_MAX && cv_ip_may_be_peer(&config->relay.ip) &&
           config->relay.port_be != 0 && config->local.port_be != 0 &&
           cv_ip_is_v4(&config->local.ip) == cv_ip_is_v4(&config->relay.ip);
}
