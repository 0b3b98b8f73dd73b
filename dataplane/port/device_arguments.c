/* SPDX-License-Identifier: BSD-3-Clause */
#include "device_arguments.h"

#include <errno.h>
#include <inttypes.h>
#include <rte_common.h>
#include <stdio.h>
#include <string.h>

struct builder {
    char *text;
    size_t bytes;
    size_t used; /* as if there were room for all */
    const char *user;
};

/* Whether the user's arguments name this key. */
static bool has_key(const char *arguments, const char *key)
{
    size_t length = strlen(key);

    while (arguments != NULL && *arguments != '\0') {
        if (strncmp(arguments, key, length) == 0 && arguments[length] == '=')
            return true;
        arguments = strchr(arguments, ',');
        if (arguments != NULL)
            arguments++;
    }
    return false;
}

static void put(struct builder *builder, const char *text)
{
    size_t at = RTE_MIN(builder->used, builder->bytes - 1);

    builder->used += (size_t)snprintf(builder->text + at, builder->bytes - at, "%s%s",
                                      builder->used == 0 ? "" : ",", text);
}

static void put_pair(struct builder *builder, const char *key, const char *value)
{
    char text[256];

    if (has_key(builder->user, key))
        return;
    snprintf(text, sizeof(text), "%s=%s", key, value);
    put(builder, text);
}

static void put_number(struct builder *builder, const char *key, uint32_t value)
{
    char text[16];

    snprintf(text, sizeof(text), "%" PRIu32, value);
    put_pair(builder, key, text);
}

/*
 * A receive queue for each worker, each with the whole file. What is sent is dropped, but for a tx_pcap in
 * devargs.
 */
static void put_pcap(struct builder *builder, const char *file, uint32_t workers)
{
    char text[256];

    if (has_key(builder->user, "rx_pcap"))
        return;
    snprintf(text, sizeof(text), "rx_pcap=%s", file);
    for (uint32_t i = 0; i < workers; i++)
        put(builder, text);
}

int cv_device_arguments(const struct cv_config_port *config, enum cv_driver kind, uint32_t workers,
                        char *text, size_t bytes)
{
    struct builder builder = {.text = text, .bytes = bytes, .user = config->devargs};

    text[0] = '\0';
    if (strchr(config->device, ',') != NULL)
        return -EINVAL;
    switch (kind) {
    case CV_DRIVER_AF_XDP:
        put_pair(&builder, "iface", config->device);
        put_number(&builder, "queue_count", workers);
        /*
         * Busy polling makes a system call for each empty poll. Without it the driver sleeps in poll(), for
         * up to a second, when a zero-copy NIC has run out of buffers: rare, and told by the worker's
         * heartbeat.
         */
        put_number(&builder, "busy_budget", 0);
        break;
    case CV_DRIVER_AF_PACKET:
        /*
         * One socket for each worker; the kernel's fanout keeps a flow on one of them. Rings of 4 MB each:
         * who sends into a full one waits for the kernel in poll().
         */
        put_pair(&builder, "iface", config->device);
        put_number(&builder, "qpairs", workers);
        put_number(&builder, "framesz", 2048);
        put_number(&builder, "framecnt", 2048);
        break;
    case CV_DRIVER_TAP:
        /* The driver learns of packets by a real-time signal: some thread must leave those unblocked. */
        put_pair(&builder, "iface", config->device);
        break;
    case CV_DRIVER_MEMIF:
        put_pair(&builder, "socket", config->device);
        put_pair(&builder, "socket-abstract", "no");
        break;
    case CV_DRIVER_PCAP:
        put_pcap(&builder, config->device, workers);
        break;
    case CV_DRIVER_NULL:
        put_number(&builder, "no-rx", 1);
        break;
    default:
        break;
    }
    if (config->devargs[0] != '\0')
        put(&builder, config->devargs);
    return builder.used < bytes ? 0 : -ENOSPC;
}
