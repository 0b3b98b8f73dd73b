/* SPDX-License-Identifier: BSD-3-Clause */
#include "message.h"

#include "protocol/datagram.h"

#include <errno.h>
#include <string.h>

struct message_kind {
    const char *name;
    enum cv_message_sender sender;
};

static const struct message_kind kinds[CV_MESSAGE_END] = {
#define KIND(id, message_name, from, meaning) [CV_MESSAGE_##id] = {message_name, CV_SENDER_##from},
    CV_MESSAGE_LIST(KIND)
#undef KIND
};

const char *cv_message_name(uint16_t type)
{
    return type < CV_MESSAGE_END ? kinds[type].name : NULL;
}

const char *cv_session_end_name(unsigned end)
{
    static const char *const names[CV_SESSION_END_COUNT] = {
#define NAME(id, name, meaning) [CV_SESSION_END_##id] = (name),
        CV_SESSION_END_LIST(NAME)
#undef NAME
    };

    return end < CV_SESSION_END_COUNT ? names[end] : NULL;
}

const char *cv_leg_proof_name(unsigned proof)
{
    static const char *const names[CV_LEG_PROOF_END] = {
        [CV_LEG_PROOF_PROVEN] = "proven",
        [CV_LEG_PROOF_UNPROVEN] = "unproven",
        [CV_LEG_PROOF_SILENT] = "silent",
    };

    return proof < CV_LEG_PROOF_END ? names[proof] : NULL;
}

static bool is_peer_address(const struct cv_address *address)
{
    return address->port_be != 0 && cv_ip_may_be_peer(&address->ip);
}

static bool is_no_address(const struct cv_address *address)
{
    return address->port_be == 0 && cv_ip_is_zero(&address->ip);
}

static bool leg_prefix_ok(const struct cv_leg_config *leg)
{
    struct cv_ip network;

    if (leg->prefix_length > 128 || (cv_ip_is_v4(&leg->address.ip) && leg->prefix_length < 96))
        return false;
    network = cv_ip_mask(&leg->address.ip, leg->prefix_length);
    return cv_ip_equal(&network, &leg->address.ip);
}

static bool is_tunnel(uint8_t bind, uint64_t session, uint16_t channel)
{
    return bind == CV_BIND_TUNNEL && session != 0 && channel >= CV_CHANNEL_MIN && channel <= CV_CHANNEL_MAX;
}

static bool is_zero_token(const uint8_t token[CV_TOKEN_BYTES])
{
    static const uint8_t no_token[CV_TOKEN_BYTES];

    return memcmp(token, no_token, sizeof(no_token)) == 0;
}

static bool is_no_ip_or_peers(const struct cv_ip *ip)
{
    return cv_ip_is_zero(ip) || cv_ip_may_be_peer(ip);
}

static bool leg_config_ok(const struct cv_leg_config *leg)
{
    if (!is_no_address(&leg->last) && !is_peer_address(&leg->last))
        return false;
    if (leg->proof >= CV_PROOF_RULE_END || leg->one_use > 1 || !is_no_ip_or_peers(&leg->vouched) ||
        (leg->relay_port == 0) != (leg->bind == CV_BIND_TUNNEL))
        return false;
    switch (leg->bind) {
    case CV_BIND_TOKEN:
        return !is_zero_token(leg->token);
    case CV_BIND_FIXED:
        return is_peer_address(&leg->address);
    case CV_BIND_PREFIX:
        return leg_prefix_ok(leg);
    case CV_BIND_TUNNEL:
        return is_tunnel(leg->bind, leg->session, leg->channel);
    default:
        return false;
    }
}

/* What PAIR_PUT and PAIR_STATE have in common. */
static bool pair_ok(uint64_t pair, uint32_t reserved, uint32_t idle_s, uint64_t rate)
{
    return pair != 0 && reserved == 0 && idle_s <= CV_PAIR_IDLE_MAX_S &&
           rate <= CV_PAIR_RATE_MAX_BYTES_PER_SECOND;
}

static bool leg_state_ok(const struct cv_leg_state *leg)
{
    if (leg->reserved != 0 || leg->proof >= CV_LEG_PROOF_END || leg->changing > 1 ||
        (leg->relay_port == 0) != (leg->bind == CV_BIND_TUNNEL))
        return false;
    if (leg->bind == CV_BIND_TUNNEL)
        return is_tunnel(leg->bind, leg->session, leg->channel) && is_no_address(&leg->address);
    return (is_no_address(&leg->address) || !cv_ip_is_zero(&leg->address.ip)) && leg->bind >= CV_BIND_TOKEN &&
           leg->bind < CV_BIND_KIND_END;
}

static bool is_leg(uint64_t pair, uint8_t leg, const uint8_t reserved[7])
{
    static const uint8_t zero[7];

    return pair != 0 && leg < 2 && memcmp(reserved, zero, sizeof(zero)) == 0;
}

static bool leg_event_ok(const struct cv_leg_event *event)
{
    return event->pair != 0 && event->leg < 2 && event->cause < CV_MOVE_CAUSE_END &&
           event->proof < CV_LEG_PROOF_END && !cv_ip_is_zero(&event->address.ip);
}

static bool leg_changed_ok(const struct cv_leg_event *event)
{
    bool tunnel = event->bind == CV_BIND_TUNNEL;

    return event->pair != 0 && event->leg < 2 && event->bind >= CV_BIND_TOKEN &&
           event->bind < CV_BIND_KIND_END && event->proof < CV_LEG_PROOF_END &&
           (event->relay_port == 0) == tunnel && cv_ip_is_zero(&event->address.ip) == tunnel &&
           is_zero_token(event->token) == (event->bind != CV_BIND_TOKEN);
}

/* Neither a request nor the answer to one. */
static bool is_event(uint16_t type)
{
    return type >= CV_MESSAGE_LEG_BOUND;
}

_Static_assert(CV_MESSAGE_LEG_BOUND == CV_MESSAGE_DUMP_END + 1 &&
                   CV_MESSAGE_END == CV_MESSAGE_SESSION_CREDIT + 1,
               "events come last in the list: is_event counts on it");

/* Offsets in streams and error codes are QUIC's integers (RFC 9000 section 16). */
#define VARINT_MAX ((UINT64_C(1) << 62) - 1)

static bool session_ask_ok(const struct cv_session_ask *ask)
{
    return ask->session != 0 && is_peer_address(&ask->address) && is_peer_address(&ask->local) &&
           ask->quic_version != 0 && ask->chain_bytes >= 4 && ask->chain_bytes <= CV_SESSION_CHAIN_BYTES;
}

static bool session_data_ok(const struct cv_session_data *data)
{
    if (data->session == 0 || data->reserved != 0 || data->bytes == 0 || data->bytes > CV_SESSION_DATA_BYTES)
        return false;
    switch (data->kind) {
    case CV_SESSION_CHAIN:
        return data->more == 0 && data->offset + data->bytes <= CV_SESSION_CHAIN_BYTES &&
               data->offset < CV_SESSION_CHAIN_BYTES;
    case CV_SESSION_STREAM:
        return data->more <= 1 && data->offset <= VARINT_MAX - data->bytes;
    default:
        return false;
    }
}

static bool session_event_ok(const struct cv_session_event *event)
{
    return event->session != 0 && event->code <= VARINT_MAX && is_peer_address(&event->address) &&
           event->end < CV_SESSION_END_COUNT && event->application <= 1;
}

static bool probe_ok(const struct cv_session_probe *probe)
{
    return probe->session != 0 && probe->number <= CV_PROBE_NUMBER_MAX && is_peer_address(&probe->address) &&
           is_peer_address(&probe->local);
}

static bool trace_ok(const struct cv_session_trace *trace)
{
    return trace->trace != 0 && trace->network_bits <= 128 && trace->kinds >= 1 &&
           trace->kinds <= CV_TRACE_ALL && trace->reserved == 0 && trace->for_s >= 1 &&
           trace->for_s <= CV_TRACE_MAX_S;
}

static bool session_state_ok(const struct cv_session_state *state)
{
    return state->session != 0 && is_peer_address(&state->address) && is_peer_address(&state->local) &&
           state->phase < CV_SESSION_PHASE_END && state->suite >= 1 && state->suite <= 3 &&
           state->reserved == 0 && state->quic_version != 0 && state->received <= VARINT_MAX &&
           state->credited <= state->received && state->sent <= VARINT_MAX &&
           state->acknowledged <= state->sent;
}

static bool content_ok(const struct cv_message *message)
{
    const struct cv_pair_config *put = &message->put;
    const struct cv_pair_state *state = &message->state;
    const struct cv_leg_order *order = &message->leg_order;

    switch ((enum cv_message_type)message->type) {
    case CV_MESSAGE_PAIR_PUT:
        return pair_ok(put->pair, put->reserved, put->idle_s, put->rate_bytes_per_second) &&
               leg_config_ok(&put->legs[0]) && leg_config_ok(&put->legs[1]);
    case CV_MESSAGE_PAIR_STATE:
        return pair_ok(state->pair, state->reserved, state->idle_s, state->rate_bytes_per_second) &&
               leg_state_ok(&state->legs[0]) && leg_state_ok(&state->legs[1]);
    case CV_MESSAGE_LEG_CHANGE:
        return is_leg(message->change.pair, message->change.leg, message->change.reserved) &&
               leg_config_ok(&message->change.to);
    case CV_MESSAGE_LEG_TOKEN:
        return is_leg(order->pair, order->leg, order->reserved) && !is_zero_token(order->token);
    case CV_MESSAGE_LEG_VOUCH:
        return is_leg(order->pair, order->leg, order->reserved) && is_no_ip_or_peers(&order->vouched);
    case CV_MESSAGE_LEG_PROVE:
        return is_leg(order->pair, order->leg, order->reserved);
    case CV_MESSAGE_PAIR_DELETE:
    case CV_MESSAGE_PAIR_GET:
    case CV_MESSAGE_PAIR_IDLE:
    case CV_MESSAGE_PAIR_EXPIRED:
        return message->pair != 0;
    case CV_MESSAGE_LOG_LEVEL:
        return message->log_level >= 1 && message->log_level <= 8;
    case CV_MESSAGE_RESULT:
        return message->result.error <= 0 && message->result.error >= -4095;
    case CV_MESSAGE_LEG_BOUND:
    case CV_MESSAGE_LEG_UNBOUND:
    case CV_MESSAGE_LEG_PROVEN:
    case CV_MESSAGE_LEG_UNPROVEN:
        return leg_event_ok(&message->leg);
    case CV_MESSAGE_LEG_CHANGED:
        return leg_changed_ok(&message->leg);
    case CV_MESSAGE_LEG_LIMITED: /* a tunnel leg as well: it has no address */
        return message->leg.pair != 0 && message->leg.leg < 2 && message->leg.budget_ms <= CV_LEG_BUDGET_MS;
    case CV_MESSAGE_LEG_MOVED:
        return leg_event_ok(&message->leg) && !cv_ip_is_zero(&message->leg.previous.ip);
    case CV_MESSAGE_DUMP_END:
        return message->count <= UINT32_MAX;
    case CV_MESSAGE_EVENTS_LOST:
        return message->count != 0;
    case CV_MESSAGE_PAIR_DUMP:
    case CV_MESSAGE_SESSION_DUMP:
        return true;
    case CV_MESSAGE_SESSION_ASK:
        return session_ask_ok(&message->ask);
    case CV_MESSAGE_SESSION_DATA:
        return session_data_ok(&message->data) && message->data.more == 0;
    case CV_MESSAGE_SESSION_SEND:
        return session_data_ok(&message->data) && message->data.kind == CV_SESSION_STREAM;
    case CV_MESSAGE_SESSION_UP:
        return session_event_ok(&message->session) && is_peer_address(&message->session.local);
    case CV_MESSAGE_SESSION_LIMIT:
    case CV_MESSAGE_SESSION_CLOSED:
        return session_event_ok(&message->session);
    case CV_MESSAGE_SESSION_ADDRESS:
        return session_event_ok(&message->session) && is_peer_address(&message->session.previous) &&
               is_peer_address(&message->session.local);
    case CV_MESSAGE_SESSION_STATE:
        return session_state_ok(&message->session_state);
    case CV_MESSAGE_SESSION_ADMIT:
    case CV_MESSAGE_SESSION_REFUSE:
    case CV_MESSAGE_SESSION_CLOSE:
    case CV_MESSAGE_SESSION_GET:
    case CV_MESSAGE_SESSION_CREDIT:
    case CV_MESSAGE_SESSION_PING:
        return message->order.session != 0 && message->order.value <= VARINT_MAX;
    case CV_MESSAGE_SESSION_PROBE:
        return probe_ok(&message->probe);
    case CV_MESSAGE_SESSION_TRACE:
        return trace_ok(&message->trace);
    case CV_MESSAGE_SESSION_UNTRACE:
        return message->trace.trace != 0;
    case CV_MESSAGE_NONE:
    case CV_MESSAGE_END:
        break;
    }
    return false;
}

int cv_message_check(const struct cv_message *message, enum cv_message_sender sender)
{
    if (cv_message_name(message->type) == NULL || kinds[message->type].sender != sender)
        return -EBADMSG;
    if (message->reserved != 0 || (message->sequence == 0) != is_event(message->type))
        return -EBADMSG;
    return content_ok(message) ? 0 : -EBADMSG;
}

const char *cv_result_text(int error)
{
    switch (error) {
    case 0:
        return "done";
    case -ENOENT:
        return "the data plane has no such pair or session";
    case -ENOSPC:
        return "the pair table is full (limits.pairs)";
    case -EEXIST:
        return "the pair exists with other legs or another relay port";
    case -EADDRINUSE:
        return "another leg has that address, token or prefix on this relay port, or that channel of the "
               "session";
    case -EADDRNOTAVAIL:
        return "the relay port is outside relay.relay_ports, or there is no such listening port";
    case -EKEYREJECTED:
        return "not the challenge of this leg's address";
    case -ENOTCONN:
        return "the session of a tunnel leg has ended";
    case -ENETUNREACH:
        return "the relay has no address of that family";
    case -EALREADY:
        return "the session is admitted already, or closing";
    case -EOPNOTSUPP:
        return "the data plane takes no sessions (limits.sessions is 0)";
    case -EPERM:
        return "the configuration allows no traces (dataplane.session.trace)";
    case -EXFULL:
        return "there are as many traces as there may be at a time";
    case -ESRCH:
        return "there is no such trace; it may have ended";
    case -EINVAL:
        return "the data plane cannot make such a pair";
    default: {
        const char *text = strerrordesc_np(-error);

        return text != NULL ? text : "unknown error";
    }
    }
}
