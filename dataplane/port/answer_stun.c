/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * STUN binding requests (RFC 8489): "which address do you see me at?". No authentication is asked for; an
 * attribute that has to be understood and is not gets the error 420 (section 6.3.1).
 */
#include "answer_stun.h"

#include "packet/headers.h"
#include "reply.h"

#include <rte_udp.h>
#include <string.h>

#define COOKIE          0x2112A442u
#define BINDING_REQUEST 0x0001
#define BINDING_SUCCESS 0x0101
#define BINDING_ERROR   0x0111

#define ATTRIBUTE_ERROR_CODE         0x0009
#define ATTRIBUTE_UNKNOWN_ATTRIBUTES 0x000A
#define ATTRIBUTE_XOR_MAPPED_ADDRESS 0x0020
#define ATTRIBUTE_OPTIONAL           0x8000 /* from here on an attribute may be ignored */

#define MAX_UNKNOWN 4 /* listed in an error */

struct stun_header {
    uint8_t type[2];
    uint8_t length[2]; /* of the attributes */
    uint8_t cookie[4];
    uint8_t transaction[12];
};

/* What an answer says, made before the request is overwritten. */
struct stun_answer {
    uint16_t type;
    uint16_t bytes;
    uint8_t attributes[24];
};

static uint16_t get16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static void put16(uint8_t *bytes, unsigned value)
{
    bytes[0] = (uint8_t)(value >> 8);
    bytes[1] = (uint8_t)value;
}

bool cv_is_stun_request(const uint8_t *payload, uint16_t bytes)
{
    static const uint8_t cookie[4] = {COOKIE >> 24, (COOKIE >> 16) & 0xff, (COOKIE >> 8) & 0xff,
                                      COOKIE & 0xff};

    return bytes >= sizeof(struct stun_header) && bytes % 4 == 0 && get16(payload) == BINDING_REQUEST &&
           get16(payload + 2) == bytes - sizeof(struct stun_header) &&
           memcmp(payload + 4, cookie, sizeof(cookie)) == 0;
}

/*
 * Attributes that this server needs not act on though they have to be understood: username, integrity (1 and
 * 2), realm, nonce, and the password algorithm and user hash of RFC 8489. Nobody is authenticated here.
 */
static bool is_understood(uint16_t type)
{
    return type >= ATTRIBUTE_OPTIONAL || type == 0x0006 || type == 0x0008 || type == 0x0014 ||
           type == 0x0015 || (type >= 0x001C && type <= 0x001E);
}

/* Collects what is not understood. Returns how many, or -1 when an attribute runs over the end. */
static int find_unknown(const uint8_t *attributes, size_t bytes, uint16_t unknown[MAX_UNKNOWN])
{
    int count = 0;

    while (bytes > 0) {
        size_t length;

        if (bytes < 4)
            return -1;
        length = 4 + RTE_ALIGN_CEIL((size_t)get16(attributes + 2), 4);
        if (length > bytes)
            return -1;
        if (!is_understood(get16(attributes)) && count < MAX_UNKNOWN)
            unknown[count++] = get16(attributes);
        attributes += length;
        bytes -= length;
    }
    return count;
}

/* Section 14.2: family, port and address, the latter two mixed with cookie and transaction. */
static void put_mapped_address(struct stun_answer *answer, const struct cv_packet *packet,
                               const struct stun_header *header)
{
    uint8_t skip = packet->is_v6 ? 0 : 12;
    uint8_t ip_bytes = (uint8_t)(16 - skip);
    uint8_t *value = answer->attributes + 4;
    const uint8_t *mix = (const uint8_t *)header + 4; /* the cookie, and the transaction after it */

    answer->type = BINDING_SUCCESS;
    answer->bytes = (uint16_t)(8 + ip_bytes);
    put16(answer->attributes, ATTRIBUTE_XOR_MAPPED_ADDRESS);
    put16(answer->attributes + 2, 4u + ip_bytes);
    value[0] = 0;
    value[1] = packet->is_v6 ? 2 : 1;
    put16(value + 2, rte_be_to_cpu_16(packet->source_port_be) ^ (COOKIE >> 16));
    for (uint8_t i = 0; i < ip_bytes; i++)
        value[4 + i] = packet->source.bytes[skip + i] ^ mix[i];
}

/* Sections 14.8 and 14.13. */
static void put_unknown(struct stun_answer *answer, const uint16_t *unknown, int count)
{
    uint8_t *list = answer->attributes + 12;

    memset(answer->attributes, 0, sizeof(answer->attributes));
    answer->type = BINDING_ERROR;
    put16(answer->attributes, ATTRIBUTE_ERROR_CODE);
    put16(answer->attributes + 2, 4);
    answer->attributes[6] = 4; /* class and number of 420, and no phrase */
    answer->attributes[7] = 20;
    put16(answer->attributes + 8, ATTRIBUTE_UNKNOWN_ATTRIBUTES);
    put16(answer->attributes + 10, 2u * (unsigned)count);
    for (int i = 0; i < count && i < MAX_UNKNOWN; i++)
        put16(list + 2 * i, unknown[i]);
    answer->bytes = (uint16_t)(12 + RTE_ALIGN_CEIL(2 * count, 4));
}

static bool is_checksum_good(const struct cv_packet *packet, const struct rte_udp_hdr *udp)
{
    if (packet->is_v6)
        return rte_ipv6_udptcp_cksum_verify(cv_packet_l3(packet), udp) == 0;
    return udp->dgram_cksum == 0 || rte_ipv4_udptcp_cksum_verify(cv_packet_l3(packet), udp) == 0;
}

/* Writes the UDP datagram into the packet whose other headers are turned round. */
static void write_datagram(const struct cv_packet *packet, const struct stun_answer *answer)
{
    struct rte_udp_hdr *udp = cv_packet_l4(packet);
    struct stun_header *header = (struct stun_header *)(udp + 1);

    udp->src_port = packet->relay_port_be;
    udp->dst_port = packet->source_port_be;
    udp->dgram_len = rte_cpu_to_be_16((uint16_t)(sizeof(*udp) + sizeof(*header) + answer->bytes));
    put16(header->type, answer->type);
    put16(header->length, answer->bytes);
    memcpy(header + 1, answer->attributes, answer->bytes);
    udp->dgram_cksum = 0;
    udp->dgram_cksum = packet->is_v6 ? rte_ipv6_udptcp_cksum(cv_packet_l3(packet), udp)
                                     : rte_ipv4_udptcp_cksum(cv_packet_l3(packet), udp);
}

bool cv_answer_stun(struct cv_packet *packet, const struct cv_locals *locals)
{
    const struct rte_udp_hdr *udp = cv_packet_l4(packet);
    const struct stun_header *header = (const struct stun_header *)(udp + 1);
    uint16_t unknown[MAX_UNKNOWN];
    struct stun_answer answer;
    int unknown_count;

    if (!cv_is_stun_request(cv_packet_payload(packet), packet->payload_bytes))
        return cv_no_answer(packet, CV_DROP_NO_SUCH_PORT);
    if (!is_checksum_good(packet, udp))
        return cv_no_answer(packet, CV_DROP_BAD_CHECKSUM);
    if (packet->source_port_be == 0)
        return cv_no_answer(packet, CV_DROP_BAD_ADDRESS);
    unknown_count =
        find_unknown((const uint8_t *)(header + 1), packet->payload_bytes - sizeof(*header), unknown);
    if (unknown_count < 0)
        return cv_no_answer(packet, CV_DROP_BAD_LENGTH);
    if (unknown_count > 0)
        put_unknown(&answer, unknown, unknown_count);
    else
        put_mapped_address(&answer, packet, header);
    if (!cv_source_answerable(packet, locals) ||
        !cv_turn_round(packet, &locals->list[packet->local], CV_HOP_LIMIT,
                       (uint16_t)(sizeof(*udp) + sizeof(*header) + answer.bytes)))
        return false;
    write_datagram(packet, &answer);
    return true;
}
