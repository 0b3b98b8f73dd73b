/* SPDX-License-Identifier: BSD-3-Clause */
#include "config_port.h"

#include "config_value.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define MTU_MIN    576  /* RFC 791: what every host takes */
#define MTU_MIN_V6 1280 /* RFC 8200 section 5 */
#define MTU_MAX    9600
#define VLAN_MAX   4094

static const char *const driver_names[] = {
    [CV_DRIVER_PCI] = "pci",
    [CV_DRIVER_INTERFACE] = "interface",
    [CV_DRIVER_AF_XDP] = "af_xdp",
    [CV_DRIVER_AF_PACKET] = "af_packet",
    [CV_DRIVER_TAP] = "tap",
    [CV_DRIVER_MEMIF] = "memif",
    [CV_DRIVER_PCAP] = "pcap",
    [CV_DRIVER_NULL] = "null",
    NULL,
};

/* The port being read, and the path of one of its fields. */
struct port_reader {
    struct config_source *source;
    uint32_t index;
    char field[CONFIG_FIELD_TEXT];
};

static const char *field_of(struct port_reader *reader, const char *key)
{
    snprintf(reader->field, sizeof(reader->field), "dataplane.ports[%u].%s", reader->index, key);
    return reader->field;
}

static const char *item_of(struct port_reader *reader, const char *key, uint32_t item)
{
    snprintf(reader->field, sizeof(reader->field), "dataplane.ports[%u].%s[%u]", reader->index, key, item);
    return reader->field;
}

/* Names appear in tables and in DPDK's device names. */
static void read_name(struct port_reader *reader, const char *text, struct cv_config_port *port)
{
    const char *at = text;

    while (isalnum((unsigned char)*at) || *at == '-' || *at == '_')
        at++;
    if (at == text || *at != '\0' || (size_t)(at - text) >= sizeof(port->name)) {
        config_error_value(reader->source, field_of(reader, "name"), text,
                           "1 to 31 letters, digits, hyphens and underscores");
        return;
    }
    memcpy(port->name, text, (size_t)(at - text) + 1);
}

static bool is_pci_address(const char *text)
{
    static const char shape[] = "xxxx:xx:xx.x";

    if (strlen(text) != sizeof(shape) - 1)
        return false;
    for (size_t i = 0; i < sizeof(shape) - 1; i++)
        if (shape[i] == 'x' ? !isxdigit((unsigned char)text[i]) : text[i] != shape[i])
            return false;
    return true;
}

static bool is_interface_name(const char *text)
{
    size_t bytes = strlen(text);

    return bytes > 0 && bytes < 16 && strpbrk(text, "/: \t,=") == NULL && strcmp(text, ".") != 0 &&
           strcmp(text, "..") != 0;
}

/* What the driver wants as its device; NULL when `text` will do. */
static const char *wrong_device(enum cv_driver driver, const char *text)
{
    switch (driver) {
    case CV_DRIVER_PCI:
        return is_pci_address(text) ? NULL : "a PCI address such as 0000:01:00.0";
    case CV_DRIVER_INTERFACE:
    case CV_DRIVER_AF_XDP:
    case CV_DRIVER_AF_PACKET:
    case CV_DRIVER_TAP:
        return is_interface_name(text) ? NULL : "the name of a network interface, such as eth1";
    case CV_DRIVER_MEMIF:
    case CV_DRIVER_PCAP:
        /* DPDK separates device arguments by commas. */
        return text[0] != '\0' && strpbrk(text, ", \t") == NULL ? NULL : "a path without commas and spaces";
    case CV_DRIVER_NULL:
        break;
    }
    return NULL;
}

static void read_device(struct port_reader *reader, const struct config_raw_port *raw,
                        struct cv_config_port *port)
{
    const char *text = raw->device != NULL ? raw->device : "";
    const char *expected;
    uint32_t before = reader->source->errors_count;

    port->driver =
        config_choice(reader->source, field_of(reader, "driver"), raw->driver, driver_names, CV_DRIVER_NULL);
    if (reader->source->errors_count == before) {
        expected = wrong_device(port->driver, text);
        if (expected != NULL) {
            config_error_value(reader->source, field_of(reader, "device"), raw->device, expected);
            return;
        }
    }
    config_text(reader->source, field_of(reader, "device"), text, "", port->device, sizeof(port->device));
}

/* Whether a host can have the address of this prefix as its own. */
static bool is_host_address(const struct cv_prefix *prefix)
{
    const struct cv_ip *ip = &prefix->ip;
    struct cv_ip network = cv_ip_mask(ip, prefix->length);

    if (!cv_ip_may_be_peer(ip) || prefix->length <= (cv_ip_is_v4(ip) ? 96 : 0))
        return false;
    if (!cv_ip_is_v4(ip))
        return true;
    if (prefix->length >= 127) /* RFC 3021: both addresses of a /31 are hosts */
        return true;
    if (cv_ip_equal(ip, &network))
        return false;
    for (unsigned bit = prefix->length; bit < 128; bit++)
        if ((ip->bytes[bit / 8] & (0x80 >> (bit % 8))) == 0)
            return true;
    return false; /* broadcast */
}

static bool is_taken(const struct cv_config *config, const struct cv_config_port *port, uint32_t count,
                     const struct cv_ip *ip)
{
    for (const struct cv_config_port *other = config->ports; other <= port; other++)
        for (uint32_t i = 0; i < (other == port ? count : other->address_count); i++)
            if (cv_ip_equal(&other->addresses[i].ip, ip))
                return true;
    return false;
}

static void read_addresses(struct port_reader *reader, const struct config_raw_port *raw,
                           const struct cv_config *config, struct cv_config_port *port)
{
    for (uint32_t i = 0; i < raw->addresses_count; i++) {
        const char *text = raw->addresses[i];
        struct cv_prefix *prefix = &port->addresses[i];
        const char *expected = NULL;

        if (strchr(text, '/') == NULL || cv_prefix_parse(text, prefix) != 0)
            expected = "an address with the length of its network, such as 192.0.2.1/24 or 2001:db8::1/64";
        else if (!is_host_address(prefix))
            expected = "a host's address, not that of a network, a broadcast, a group or the loopback";
        else if (is_taken(config, port, i, &prefix->ip))
            expected = "an address that stands nowhere else";
        if (expected != NULL)
            config_error_value(reader->source, item_of(reader, "addresses", i), text, expected);
    }
    port->address_count = raw->addresses_count;
}

/* The port's network that an address is on, or NULL. */
static const struct cv_prefix *network_of(const struct cv_config_port *port, const struct cv_ip *ip)
{
    for (uint32_t i = 0; i < port->address_count; i++)
        if (cv_prefix_contains(&port->addresses[i], ip))
            return &port->addresses[i];
    return NULL;
}

static const char *wrong_gateway(const struct cv_config *config, const struct cv_config_port *port,
                                 uint32_t index)
{
    const struct cv_ip *ip = &port->gateways[index];
    const struct cv_prefix *network = network_of(port, ip);
    struct cv_prefix host;

    if (network == NULL)
        return "an address inside one of the port's networks";
    host = (struct cv_prefix){*ip, network->length};
    if (!is_host_address(&host))
        return "a host's address";
    if (is_taken(config, port, port->address_count, ip))
        return "another address than the relay's own";
    for (uint32_t i = 0; i < index; i++)
        if (network_of(port, &port->gateways[i]) == network)
            return "one gateway for each network";
    return NULL;
}

static void read_gateways(struct port_reader *reader, const struct config_raw_port *raw,
                          const struct cv_config *config, struct cv_config_port *port)
{
    for (uint32_t i = 0; i < raw->gateways_count; i++) {
        const char *expected = "an IP address such as 192.0.2.254";

        if (cv_ip_parse(raw->gateways[i], &port->gateways[i]) == 0)
            expected = wrong_gateway(config, port, i);
        if (expected != NULL)
            config_error_value(reader->source, item_of(reader, "gateways", i), raw->gateways[i], expected);
    }
    port->gateway_count = raw->gateways_count;
}

static bool has_v6(const struct cv_config_port *port)
{
    for (uint32_t i = 0; i < port->address_count; i++)
        if (!cv_ip_is_v4(&port->addresses[i].ip))
            return true;
    return false;
}

static void check_unique(struct port_reader *reader, const struct cv_config *config,
                         const struct cv_config_port *port)
{
    for (const struct cv_config_port *other = config->ports; other < port; other++) {
        if (port->name[0] != '\0' && strcmp(other->name, port->name) == 0)
            config_error_value(reader->source, field_of(reader, "name"), port->name,
                               "a name that no other port has");
        if (port->device[0] != '\0' && port->driver != CV_DRIVER_PCAP && port->driver != CV_DRIVER_NULL &&
            strcmp(other->device, port->device) == 0)
            config_error_value(reader->source, field_of(reader, "device"), port->device,
                               "a device that no other port has");
    }
}

static void read_port(struct port_reader *reader, const struct config_raw_port *raw,
                      const struct cv_config *config, struct cv_config_port *port)
{
    struct config_source *source = reader->source;
    uint32_t before = source->errors_count;

    read_name(reader, raw->name, port);
    read_device(reader, raw, port);
    check_unique(reader, config, port);
    read_addresses(reader, raw, config, port);
    if (source->errors_count == before) /* without its networks, a gateway cannot be judged */
        read_gateways(reader, raw, config, port);
    port->mtu = (uint16_t)config_number(source, field_of(reader, "mtu"), raw->mtu,
                                        has_v6(port) ? MTU_MIN_V6 : MTU_MIN, MTU_MAX, 1500);
    port->vlan = (uint16_t)config_number(source, field_of(reader, "vlan"), raw->vlan, 0, VLAN_MAX, 0);
    config_text(source, field_of(reader, "devargs"), raw->devargs, "", port->devargs, sizeof(port->devargs));
}

void config_ports(struct config_source *source, const struct config_raw_dataplane *raw,
                  struct cv_config *config)
{
    uint32_t locals = 0;

    for (uint32_t i = 0; i < raw->ports_count; i++) {
        struct port_reader reader = {.source = source, .index = i};
        struct cv_config_port *port = &config->ports[i];

        read_port(&reader, &raw->ports[i], config, port);
        config->port_count = i + 1;
        locals += port->address_count + has_v6(port);
    }
    if (locals > CV_CONFIG_LOCALS)
        config_error(source, 0, "dataplane.ports",
                     "found %u addresses with the link-local one of each IPv6 port, expected at most %u",
                     locals, CV_CONFIG_LOCALS);
}
