/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "shared/message.h"

static struct cv_address address(const char *text)
{
    struct cv_address parsed;

    assert_int_equal(cv_address_parse(text, &parsed), 0);
    return parsed;
}

static enum cv_message_sender sender_of(uint16_t type)
{
    static const enum cv_message_sender senders[CV_MESSAGE_END] = {
#define SENDER(id, name, sender, meaning) [CV_MESSAGE_##id] = CV_SENDER_##sender,
        CV_MESSAGE_LIST(SENDER)
#undef SENDER
    };

    return senders[type];
}

static struct cv_leg_config token_leg(void)
{
    return (struct cv_leg_config){.bind = CV_BIND_TOKEN,
                                  .relay_port = 40000,
                                  .proof = CV_PROOF_NEEDED,
                                  .one_use = 1,
                                  .token = {1},
                                  .vouched = address("192.0.2.1:9").ip};
}

/* A message of this type in which every field that matters is set. */
static struct cv_message valid(uint16_t type)
{
    struct cv_message message = {.type = type, .sequence = type < CV_MESSAGE_LEG_BOUND ? 9 : 0};

    switch ((enum cv_message_type)type) {
    case CV_MESSAGE_PAIR_PUT:
        message.put = (struct cv_pair_config){.pair = 1, .idle_s = 120};
        message.put.legs[0] = token_leg();
        message.put.legs[1] = (struct cv_leg_config){.bind = CV_BIND_FIXED,
                                                     .relay_port = 443,
                                                     .proof = CV_PROOF_EXEMPT,
                                                     .address = address("192.0.2.1:9")};
        break;
    case CV_MESSAGE_LEG_CHANGE:
        message.change = (struct cv_leg_change){.pair = 1, .leg = 1, .to = token_leg()};
        break;
    case CV_MESSAGE_LEG_TOKEN:
    case CV_MESSAGE_LEG_VOUCH:
    case CV_MESSAGE_LEG_PROVE:
        message.leg_order = (struct cv_leg_order){.pair = 1, .leg = 1, .token = {1}};
        break;
    case CV_MESSAGE_PAIR_STATE:
        message.state = (struct cv_pair_state){.pair = 1, .idle_s = 120};
        message.state.legs[0] = (struct cv_leg_state){.bind = CV_BIND_TOKEN, .relay_port = 40000};
        message.state.legs[1] = (struct cv_leg_state){
            .bind = CV_BIND_PREFIX, .relay_port = 40000, .address = address("[2001:db8::1]:9")};
        break;
    case CV_MESSAGE_LEG_BOUND:
    case CV_MESSAGE_LEG_MOVED:
    case CV_MESSAGE_LEG_UNBOUND:
    case CV_MESSAGE_LEG_CHANGED:
    case CV_MESSAGE_LEG_PROVEN:
    case CV_MESSAGE_LEG_UNPROVEN:
    case CV_MESSAGE_LEG_LIMITED:
        message.leg = (struct cv_leg_event){.pair = 1,
                                            .leg = 1,
                                            .cause = CV_MOVE_RETURN,
                                            .proof = CV_LEG_PROOF_PROVEN,
                                            .bind = CV_BIND_TOKEN,
                                            .relay_port = 40000,
                                            .address = address("192.0.2.1:9"),
                                            .previous = address("192.0.2.1:8"),
                                            .token = {1}};
        break;
    case CV_MESSAGE_LOG_LEVEL:
        message.log_level = 7;
        break;
    case CV_MESSAGE_RESULT:
        message.result.pair = 1;
        message.result.error = -ENOSPC;
        break;
    case CV_MESSAGE_SESSION_ASK:
        message.ask = (struct cv_session_ask){.session = 1,
                                              .address = address("192.0.2.1:9"),
                                              .local = address("192.0.2.254:443"),
                                              .quic_version = 1,
                                              .chain_bytes = 500};
        break;
    case CV_MESSAGE_SESSION_DATA:
    case CV_MESSAGE_SESSION_SEND:
        message.data = (struct cv_session_data){.session = 1, .kind = CV_SESSION_STREAM, .bytes = 1};
        break;
    case CV_MESSAGE_SESSION_LIMIT:
    case CV_MESSAGE_SESSION_UP:
    case CV_MESSAGE_SESSION_ADDRESS:
    case CV_MESSAGE_SESSION_CLOSED:
        message.session = (struct cv_session_event){.session = 1,
                                                    .address = address("192.0.2.1:9"),
                                                    .previous = address("192.0.2.1:8"),
                                                    .local = address("192.0.2.254:443")};
        break;
    case CV_MESSAGE_SESSION_PROBE:
        message.probe = (struct cv_session_probe){.session = 1,
                                                  .number = CV_PROBE_NUMBER_MAX,
                                                  .address = address("192.0.2.1:9"),
                                                  .local = address("192.0.2.254:443")};
        break;
    case CV_MESSAGE_SESSION_STATE:
        message.session_state = (struct cv_session_state){.session = 1,
                                                          .address = address("192.0.2.1:9"),
                                                          .local = address("192.0.2.254:443"),
                                                          .suite = 1,
                                                          .quic_version = 1};
        break;
    case CV_MESSAGE_SESSION_ADMIT:
    case CV_MESSAGE_SESSION_TRACE:
    case CV_MESSAGE_SESSION_UNTRACE:
        message.trace = (struct cv_session_trace){
            .trace = 1, .network_bits = 120, .kinds = CV_TRACE_QLOG, .for_s = CV_TRACE_MAX_S};
        break;
    case CV_MESSAGE_SESSION_REFUSE:
    case CV_MESSAGE_SESSION_CLOSE:
    case CV_MESSAGE_SESSION_GET:
    case CV_MESSAGE_SESSION_CREDIT:
    case CV_MESSAGE_SESSION_PING:
        message.order = (struct cv_session_order){.session = 1, .value = 3};
        break;
    default:
        message.count = 3; /* pair, in other words */
    }
    return message;
}

static void assert_good(const struct cv_message *message)
{
    assert_int_equal(cv_message_check(message, sender_of(message->type)), 0);
}

static void assert_bad(const struct cv_message *message)
{
    assert_int_equal(cv_message_check(message, CV_SENDER_CONTROL), -EBADMSG);
    assert_int_equal(cv_message_check(message, CV_SENDER_DATAPLANE), -EBADMSG);
}

static void every_type_is_good_from_its_sender_only(void **state)
{
    (void)state;
    for (uint16_t type = 1; type < CV_MESSAGE_END; type++) {
        struct cv_message message = valid(type);
        enum cv_message_sender other =
            sender_of(type) == CV_SENDER_CONTROL ? CV_SENDER_DATAPLANE : CV_SENDER_CONTROL;

        assert_good(&message);
        assert_int_equal(cv_message_check(&message, other), -EBADMSG);
        assert_non_null(cv_message_name(type));
    }
}

static void unknown_types_are_bad(void **state)
{
    struct cv_message message;

    (void)state;
    memset(&message, 0, sizeof(message));
    assert_bad(&message);
    assert_null(cv_message_name(CV_MESSAGE_NONE));
    for (unsigned type = CV_MESSAGE_END; type <= UINT16_MAX; type++) {
        message.type = (uint16_t)type;
        assert_bad(&message);
        assert_null(cv_message_name((uint16_t)type));
    }
}

static void requests_are_numbered_and_events_are_not(void **state)
{
    (void)state;
    for (uint16_t type = 1; type < CV_MESSAGE_END; type++) {
        struct cv_message message = valid(type);

        message.sequence = message.sequence == 0 ? 1 : 0;
        assert_bad(&message);
        message = valid(type);
        message.reserved = 1;
        assert_bad(&message);
    }
}

/* X(type, field, bad value): each makes one good message bad. */
#define BAD_FIELDS(X)                                                             \
    X(PAIR_PUT, put.pair, 0)                                                      \
    X(PAIR_PUT, put.legs[0].relay_port, 0)                                        \
    X(PAIR_PUT, put.legs[0].proof, CV_PROOF_RULE_END)                             \
    X(PAIR_PUT, put.legs[0].one_use, 2)                                           \
    X(PAIR_PUT, put.legs[0].vouched, address("127.0.0.1:9").ip)                   \
    X(PAIR_PUT, put.reserved, 1)                                                  \
    X(PAIR_PUT, put.idle_s, CV_PAIR_IDLE_MAX_S + 1)                               \
    X(PAIR_PUT, put.rate_bytes_per_second, CV_PAIR_RATE_MAX_BYTES_PER_SECOND + 1) \
    X(PAIR_PUT, put.legs[0].bind, 0)                                              \
    X(PAIR_PUT, put.legs[0].bind, CV_BIND_KIND_END)                               \
    X(PAIR_PUT, put.legs[1].bind, 255)                                            \
    X(PAIR_PUT, put.legs[0].token[0], 0)                                          \
    X(PAIR_PUT, put.legs[0].last, address("224.0.0.1:9"))                         \
    X(PAIR_PUT, put.legs[0].last, address("192.0.2.1:0"))                         \
    X(PAIR_PUT, put.legs[0].last, address("127.0.0.1:9"))                         \
    X(PAIR_PUT, put.legs[0].last, address("[::]:9"))                              \
    X(PAIR_PUT, put.legs[1].address, address("192.0.2.1:0"))                      \
    X(PAIR_PUT, put.legs[1].address, address("0.0.0.0:9"))                        \
    X(PAIR_PUT, put.legs[1].address, address("[::]:9"))                           \
    X(PAIR_PUT, put.legs[1].address, address("239.1.2.3:9"))                      \
    X(PAIR_PUT, put.legs[1].address, address("255.255.255.255:9"))                \
    X(PAIR_PUT, put.legs[1].address, address("[ff02::1]:9"))                      \
    X(LEG_CHANGE, change.pair, 0)                                                 \
    X(LEG_CHANGE, change.leg, 2)                                                  \
    X(LEG_CHANGE, change.reserved[6], 1)                                          \
    X(LEG_CHANGE, change.to.bind, 0)                                              \
    X(LEG_CHANGE, change.to.relay_port, 0)                                        \
    X(LEG_TOKEN, leg_order.pair, 0)                                               \
    X(LEG_TOKEN, leg_order.leg, 2)                                                \
    X(LEG_TOKEN, leg_order.token[0], 0)                                           \
    X(LEG_VOUCH, leg_order.vouched, address("224.0.0.1:9").ip)                    \
    X(LEG_VOUCH, leg_order.reserved[0], 1)                                        \
    X(LEG_PROVE, leg_order.pair, 0)                                               \
    X(PAIR_DELETE, pair, 0)                                                       \
    X(PAIR_GET, pair, 0)                                                          \
    X(LOG_LEVEL, log_level, 0)                                                    \
    X(LOG_LEVEL, log_level, 9)                                                    \
    X(RESULT, result.error, 1)                                                    \
    X(RESULT, result.error, -4096)                                                \
    X(PAIR_STATE, state.pair, 0)                                                  \
    X(PAIR_STATE, state.legs[0].relay_port, 0)                                    \
    X(PAIR_STATE, state.legs[0].proof, CV_LEG_PROOF_END)                          \
    X(PAIR_STATE, state.legs[0].changing, 2)                                      \
    X(PAIR_STATE, state.reserved, 1)                                              \
    X(PAIR_STATE, state.idle_s, UINT32_MAX)                                       \
    X(PAIR_STATE, state.rate_bytes_per_second, UINT64_MAX)                        \
    X(PAIR_STATE, state.legs[0].bind, 0)                                          \
    X(PAIR_STATE, state.legs[1].bind, CV_BIND_KIND_END)                           \
    X(PAIR_STATE, state.legs[1].reserved, 1)                                      \
    X(PAIR_STATE, state.legs[0].address, address("[::]:9"))                       \
    X(DUMP_END, count, UINT64_C(1) << 32)                                         \
    X(LEG_BOUND, leg.pair, 0)                                                     \
    X(LEG_BOUND, leg.leg, 2)                                                      \
    X(LEG_BOUND, leg.cause, CV_MOVE_CAUSE_END)                                    \
    X(LEG_BOUND, leg.address, address("[::]:9"))                                  \
    X(LEG_MOVED, leg.leg, 255)                                                    \
    X(LEG_MOVED, leg.previous, address("[::]:9"))                                 \
    X(LEG_UNBOUND, leg.pair, 0)                                                   \
    X(LEG_CHANGED, leg.bind, 0)                                                   \
    X(LEG_CHANGED, leg.bind, CV_BIND_TUNNEL)                                      \
    X(LEG_CHANGED, leg.bind, CV_BIND_PREFIX)                                      \
    X(LEG_CHANGED, leg.token[0], 0)                                               \
    X(LEG_CHANGED, leg.address, address("[::]:9"))                                \
    X(LEG_PROVEN, leg.proof, CV_LEG_PROOF_END)                                    \
    X(LEG_LIMITED, leg.pair, 0)                                                   \
    X(LEG_LIMITED, leg.leg, 2)                                                    \
    X(LEG_LIMITED, leg.budget_ms, 60001)                                          \
    X(LEG_UNPROVEN, leg.pair, 0)                                                  \
    X(PAIR_IDLE, pair, 0)                                                         \
    X(PAIR_EXPIRED, pair, 0)                                                      \
    X(EVENTS_LOST, count, 0)                                                      \
    X(SESSION_ASK, ask.session, 0)                                                \
    X(SESSION_ASK, ask.address, address("192.0.2.1:0"))                           \
    X(SESSION_ASK, ask.local, address("[::]:443"))                                \
    X(SESSION_ASK, ask.quic_version, 0)                                           \
    X(SESSION_ASK, ask.chain_bytes, 3)                                            \
    X(SESSION_ASK, ask.chain_bytes, CV_SESSION_CHAIN_BYTES + 1)                   \
    X(SESSION_DATA, data.session, 0)                                              \
    X(SESSION_DATA, data.kind, CV_SESSION_STREAM + 1)                             \
    X(SESSION_DATA, data.more, 1)                                                 \
    X(SESSION_DATA, data.bytes, 0)                                                \
    X(SESSION_DATA, data.bytes, CV_SESSION_DATA_BYTES + 1)                        \
    X(SESSION_DATA, data.reserved, 1)                                             \
    X(SESSION_DATA, data.offset, UINT64_MAX)                                      \
    X(SESSION_DATA, data.offset, UINT64_C(1) << 62)                               \
    X(SESSION_SEND, data.session, 0)                                              \
    X(SESSION_SEND, data.kind, CV_SESSION_CHAIN)                                  \
    X(SESSION_SEND, data.more, 2)                                                 \
    X(SESSION_SEND, data.bytes, 0)                                                \
    X(SESSION_UP, session.session, 0)                                             \
    X(SESSION_UP, session.address, address("192.0.2.1:0"))                        \
    X(SESSION_ADDRESS, session.previous, address("192.0.2.1:0"))                  \
    X(SESSION_ADDRESS, session.local, address("[::]:443"))                        \
    X(SESSION_UP, session.local, address("192.0.2.254:0"))                        \
    X(SESSION_PROBE, probe.session, 0)                                            \
    X(SESSION_PROBE, probe.number, CV_PROBE_NUMBER_MAX + 1)                       \
    X(SESSION_PROBE, probe.address, address("192.0.2.1:0"))                       \
    X(SESSION_PROBE, probe.local, address("[::]:443"))                            \
    X(SESSION_PING, order.session, 0)                                             \
    X(SESSION_CLOSED, session.code, UINT64_C(1) << 62)                            \
    X(SESSION_CLOSED, session.end, CV_SESSION_END_COUNT)                          \
    X(SESSION_CLOSED, session.application, 2)                                     \
    X(SESSION_STATE, session_state.session, 0)                                    \
    X(SESSION_STATE, session_state.address, address("192.0.2.1:0"))               \
    X(SESSION_STATE, session_state.local, address("[::]:443"))                    \
    X(SESSION_STATE, session_state.phase, CV_SESSION_PHASE_END)                   \
    X(SESSION_STATE, session_state.suite, 0)                                      \
    X(SESSION_STATE, session_state.suite, 4)                                      \
    X(SESSION_STATE, session_state.reserved, 1)                                   \
    X(SESSION_STATE, session_state.quic_version, 0)                               \
    X(SESSION_STATE, session_state.credited, 1)                                   \
    X(SESSION_STATE, session_state.received, UINT64_MAX)                          \
    X(SESSION_STATE, session_state.sent, UINT64_C(1) << 62)                       \
    X(SESSION_STATE, session_state.acknowledged, 1)                               \
    X(SESSION_ADMIT, order.session, 0)                                            \
    X(SESSION_REFUSE, order.value, UINT64_C(1) << 62)                             \
    X(SESSION_CREDIT, order.session, 0)

/* A pair of two tunnel legs. */
static struct cv_message tunnels(void)
{
    struct cv_message message = valid(CV_MESSAGE_PAIR_PUT);

    for (unsigned side = 0; side < 2; side++)
        message.put.legs[side] =
            (struct cv_leg_config){.bind = CV_BIND_TUNNEL, .session = 1, .channel = 16383};
    return message;
}

static void tunnel_legs_have_a_session_and_a_channel(void **state)
{
    struct cv_message message = tunnels();

    (void)state;
    assert_int_equal(cv_message_check(&message, CV_SENDER_CONTROL), 0);
    message.put.legs[0].relay_port = 40000; /* which it has no use for */
    assert_bad(&message);
    message = tunnels();
    message.put.legs[1] = valid(CV_MESSAGE_PAIR_PUT).put.legs[0];
    assert_int_equal(cv_message_check(&message, CV_SENDER_CONTROL), 0);
    message = tunnels();
    message.put.legs[0].session = 0;
    assert_bad(&message);
    message = tunnels();
    message.put.legs[1].channel = 0;
    assert_bad(&message);
    message.put.legs[1].channel = 16384;
    assert_bad(&message);
}

static void each_field_out_of_range_is_bad(void **state)
{
    (void)state;
#define CHECK(type, field, value)                             \
    do {                                                      \
        struct cv_message message = valid(CV_MESSAGE_##type); \
                                                              \
        assert_good(&message);                                \
        message.field = value;                                \
        assert_bad(&message);                                 \
    } while (0);
    BAD_FIELDS(CHECK)
#undef CHECK
}

static void bounds_are_included(void **state)
{
    struct cv_message message = valid(CV_MESSAGE_PAIR_PUT);

    (void)state;
    message.put.pair = UINT64_MAX;
    message.put.legs[0].relay_port = UINT16_MAX;
    message.put.idle_s = CV_PAIR_IDLE_MAX_S;
    message.put.rate_bytes_per_second = CV_PAIR_RATE_MAX_BYTES_PER_SECOND;
    message.put.legs[0].last = address("[2001:db8::1]:65535");
    message.put.legs[1].address = address("223.255.255.255:1");
    assert_good(&message);
    message.put.idle_s = 0;
    message.put.rate_bytes_per_second = 0;
    assert_good(&message);
    message = valid(CV_MESSAGE_LOG_LEVEL);
    message.log_level = 1;
    assert_good(&message);
    message.log_level = 8;
    assert_good(&message);
    message = valid(CV_MESSAGE_RESULT);
    message.result.error = 0;
    assert_good(&message);
    message.result.error = -4095;
    assert_good(&message);
}

static void prefixes_have_no_host_bits(void **state)
{
    static const struct {
        const char *prefix;
        bool good;
    } cases[] = {{"192.0.2.0/24", true}, {"192.0.2.1/24", false}, {"192.0.2.1/32", true},
                 {"0.0.0.0/0", true},    {"::/0", true},          {"2001:db8::1/64", false},
                 {"2001:db8::/64", true}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct cv_message message = valid(CV_MESSAGE_PAIR_PUT);
        struct cv_prefix prefix;

        assert_int_equal(cv_prefix_parse(cases[i].prefix, &prefix), 0);
        message.put.legs[0] = (struct cv_leg_config){.bind = CV_BIND_PREFIX,
                                                     .prefix_length = prefix.length,
                                                     .relay_port = 40000,
                                                     .address.ip = prefix.ip};
        assert_int_equal(cv_message_check(&message, CV_SENDER_CONTROL), cases[i].good ? 0 : -EBADMSG);
        message.put.legs[0].prefix_length = 129;
        assert_bad(&message);
        if (cv_ip_is_v4(&prefix.ip)) {
            message.put.legs[0].prefix_length = 95;
            assert_bad(&message);
        }
    }
}

static void chains_end_at_their_limit(void **state)
{
    struct cv_message message = valid(CV_MESSAGE_SESSION_DATA);

    (void)state;
    message.data.kind = CV_SESSION_CHAIN;
    message.data.bytes = CV_SESSION_DATA_BYTES;
    message.data.offset = CV_SESSION_CHAIN_BYTES - CV_SESSION_DATA_BYTES;
    assert_good(&message);
    message.data.offset++;
    assert_bad(&message);
    message.data.offset = UINT64_MAX - 10;
    assert_bad(&message);
}

static void reasons_have_names(void **state)
{
    (void)state;
    for (unsigned end = 0; end < CV_SESSION_END_COUNT; end++)
        assert_non_null(cv_session_end_name(end));
    assert_null(cv_session_end_name(CV_SESSION_END_COUNT));
}

static void results_have_a_sentence(void **state)
{
    (void)state;
    assert_string_equal(cv_result_text(-ENOSPC), "the pair table is full (limits.pairs)");
    for (int error = 0; error >= -4096; error--)
        assert_true(strlen(cv_result_text(error)) > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_is_good_from_its_sender_only),
        cmocka_unit_test(unknown_types_are_bad),
        cmocka_unit_test(requests_are_numbered_and_events_are_not),
        cmocka_unit_test(each_field_out_of_range_is_bad),
        cmocka_unit_test(tunnel_legs_have_a_session_and_a_channel),
        cmocka_unit_test(bounds_are_included),
        cmocka_unit_test(prefixes_have_no_host_bits),
        cmocka_unit_test(chains_end_at_their_limit),
        cmocka_unit_test(reasons_have_names),
        cmocka_unit_test(results_have_a_sentence),
    };

    return cmocka_run_group_tests_name("message", tests, NULL, NULL);
}
