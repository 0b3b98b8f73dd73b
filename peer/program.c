/* SPDX-License-Identifier: BSD-3-Clause */
#include "program.h"

#include "report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define REQUEST_WAIT_MOST_S 32 /* what is refused for so long is refused for good */

static bool connects(const struct program *program)
{
    return program->options.command == COMMAND_CONNECT;
}

void program_stop(struct program *program, int exit_code)
{
    if (program->stopping)
        return;
    program->stopping = true;
    program->exit_code = exit_code;
    sessions_stop(&program->sessions);
}

static void save(const struct program *program)
{
    int result = kept_save(&program->kept);

    if (result != 0)
        (void)fprintf(stderr, "culvert-peer: %s cannot be written: %s\n", program->kept.path,
                      strerror(-result));
}

/* After a change of pairs. */
static void note_pairs(struct program *program)
{
    struct sessions *sessions = &program->sessions;

    if (program->resumed == 0 && sessions->current != NULL) {
        pairs_keep(&program->pairs, sessions->current, &program->kept);
        save(program);
    }
    for (unsigned i = 0; i < SESSIONS_AT_ONCE; i++)
        if (sessions->list[i].leaving && pairs_count(&program->pairs, &sessions->list[i].socket) == 0)
            sessions_leave(sessions, &sessions->list[i].socket);
}

/* ---- The pair of `connect` ---- */

static void request(struct program *program)
{
    const struct options *options = &program->options;
    const struct session_socket *session = program->sessions.current;

    if (session != NULL && program->request == 0 && !program->stopping)
        (void)cv_peer_request(session->peer, &options->other, options->legs, &options->aim,
                              &program->request);
}

static void on_request_timer(evutil_socket_t fd, short what, void *argument)
{
    struct program *program = argument;

    (void)fd;
    (void)what;
    request(program);
    if (program->sessions.current != NULL)
        session_socket_flush(program->sessions.current);
}

/* The other peer may come back, or to where we were sent, later than we did. */
static bool is_passing(uint64_t code)
{
    return code == CV_SESSION_ERROR_NO_SUCH_PEER || code == CV_SESSION_ERROR_NO_SUCH_SERVICE ||
           code == CV_SESSION_ERROR_BUSY || code == CV_SESSION_ERROR_NO_ANSWER ||
           code == CV_SESSION_ERROR_PEER_GONE || code == CV_SESSION_ERROR_RELAY_FULL ||
           code == CV_SESSION_ERROR_GOING_AWAY;
}

static void on_refused(struct program *program, const struct cv_capsule *capsule)
{
    const struct timeval wait = {(time_t)program->request_wait_s, 0};

    if (capsule->refused.origin != CV_ORIGIN_REQUEST || capsule->number != program->request)
        return;
    program->request = 0;
    if (!program->had_pair || !is_passing(capsule->refused.code) ||
        program->request_wait_s > REQUEST_WAIT_MOST_S) {
        program_stop(program, EXIT_PAIR);
        return;
    }
    program->request_wait_s *= 2;
    (void)evtimer_add(program->request_timer, &wait);
}

/* ---- Pairs ---- */

static void on_offer(struct program *program, const struct session_socket *session,
                     const struct cv_capsule *capsule)
{
    const struct options *options = &program->options;
    const struct cv_peer_id *other = &capsule->offer.other.ids.list[0];
    struct cv_peer *peer = session->peer;

    if (connects(program) && (program->request == 0 || !cv_peer_id_equal(other, &options->other)))
        (void)cv_peer_refuse(peer, capsule->number, CV_SESSION_ERROR_NOT_WANTED, options->aim.data);
    else if (!pairs_have_room(&program->pairs, session, other))
        (void)cv_peer_refuse(peer, capsule->number, CV_SESSION_ERROR_BUSY, options->aim.data);
    else
        (void)cv_peer_accept(peer, capsule->number, options->legs, options->aim.data);
}

/* Another session, with pairs of its own, is still there. */
static bool leaves_any(const struct program *program)
{
    for (unsigned i = 0; i < SESSIONS_AT_ONCE; i++)
        if (program->sessions.list[i].leaving)
            return true;
    return false;
}

/* What the session before had is there again, or never will be. */
static void settle(struct program *program)
{
    struct session_socket *session = program->sessions.current;
    const struct kept *kept = &program->kept;

    for (unsigned i = 0; i < kept->pair_count && !leaves_any(program); i++)
        if (pairs_find(&program->pairs, session, kept->pairs[i]) == NULL)
            report_lost(kept->pairs[i]);
    pairs_drop_lost(&program->pairs, connects(program) ? &program->options.other : NULL);
    if (connects(program) && pairs_count(&program->pairs, session) == 0)
        request(program);
    note_pairs(program);
}

/* What has overtaken the capsule that names a tunnel leg. */
struct early_leg {
    const struct pairs *pairs;
    const struct session_socket *session;
    uint64_t channel;
};

static void give_early(void *user, const uint8_t *payload, size_t bytes)
{
    const struct early_leg *leg = user;

    (void)pairs_datagram(leg->pairs, leg->session, leg->channel, payload, bytes);
}

static void take_early(struct program *program, const struct session_socket *session,
                       const struct cv_capsule_leg *leg)
{
    struct early_leg early = {&program->pairs, session, leg->channel};

    if (leg->kind == CV_LEG_KIND_TUNNEL)
        early_give(program->early, session, leg->channel, monotonic_ns() / 1000000, give_early, &early);
}

static void on_made(struct program *program, struct session_socket *session, const struct cv_capsule *capsule)
{
    int result = 0;

    if (capsule->made.origin == CV_ORIGIN_REQUEST && capsule->number == program->request) {
        program->request = 0;
        program->request_wait_s = 1;
    }
    if (capsule->made.leg.kind != 0) { /* else it is closed already */
        program->had_pair = true;
        result = pairs_made(&program->pairs, session, capsule);
    } else if (connects(program)) {
        program_stop(program, EXIT_PAIR);
    }
    if (result != 0) {
        (void)fprintf(stderr, "culvert-peer: no bridge for pair %llu: %s\n",
                      (unsigned long long)capsule->made.pair, strerror(-result));
        (void)cv_peer_close_pair(session->peer, capsule->made.pair);
        if (connects(program))
            program_stop(program, EXIT_FAILED);
    }
    take_early(program, session, &capsule->made.leg);
    if (capsule->made.origin == CV_ORIGIN_RESUMED && --program->resumed == 0)
        settle(program);
    else
        note_pairs(program);
}

/* In a session that `connect` is leaving it may go on in the next one. */
static void on_closed(struct program *program, const struct session_socket *session,
                      const struct cv_capsule *capsule)
{
    uint64_t code = capsule->closed.code;
    bool trouble = code != CV_SESSION_ERROR_NONE && code != CV_SESSION_ERROR_PEER_CLOSED;
    struct bridge *bridge = pairs_find(&program->pairs, session, capsule->closed.pair);

    if (bridge == NULL)
        return;
    if (connects(program) && (session != program->sessions.current || program->sessions.is_sent)) {
        bridge_lose(bridge, session);
    } else {
        pairs_drop(&program->pairs, bridge);
        if (connects(program) && !pairs_are_any(&program->pairs))
            program_stop(program, trouble ? EXIT_PAIR : EXIT_SUCCESS);
    }
    note_pairs(program);
}

static void on_leg_made(struct program *program, const struct session_socket *session,
                        const struct cv_capsule *capsule)
{
    struct bridge *bridge = pairs_find(&program->pairs, session, capsule->leg_made.pair);
    int result =
        bridge != NULL && capsule->leg_made.leg.kind != 0 ? bridge_change(bridge, &capsule->leg_made.leg) : 0;

    if (result != 0)
        (void)fprintf(stderr, "culvert-peer: pair %llu stays with its old leg: %s\n",
                      (unsigned long long)capsule->leg_made.pair, strerror(-result));
    take_early(program, session, &capsule->leg_made.leg);
}

static void on_leg_token(struct program *program, const struct session_socket *session,
                         const struct cv_capsule *capsule)
{
    struct bridge *bridge = pairs_find(&program->pairs, session, capsule->leg_token.pair);

    if (bridge != NULL)
        bridge_token(bridge, capsule->leg_token.token);
}

/* ---- Sessions ---- */

static void on_registered(struct program *program, const struct cv_capsule *capsule)
{
    program->observed = (struct cv_address){0};
    program->request = 0; /* of another session */
    program->request_wait_s = 1;
    program->resumed = capsule->parameters.numbers[CV_PARAMETER_RESUMED];
    save(program);
    if (program->resumed == 0)
        settle(program);
}

/* What moves the session moves the legs, mostly: they are behind the same NAT. */
static void on_observed(struct program *program, const struct session_socket *session,
                        const struct cv_capsule *capsule)
{
    const struct cv_address *now = &capsule->observed.peer;

    if (capsule->observed.probe != 0 || session != program->sessions.current)
        return;
    if (program->observed.port_be != 0 && !cv_address_equal(&program->observed, now))
        pairs_rebind(&program->pairs);
    program->observed = *now;
}

static void on_capsule(void *user, struct session_socket *session, const struct cv_capsule *capsule)
{
    struct program *program = user;

    report_capsule(capsule);
    switch (capsule->type) {
    case CV_CAPSULE_REGISTERED:
        on_registered(program, capsule);
        break;
    case CV_CAPSULE_OBSERVED_ADDRESS:
        on_observed(program, session, capsule);
        break;
    case CV_CAPSULE_PAIR_OFFER:
        on_offer(program, session, capsule);
        break;
    case CV_CAPSULE_PAIR_MADE:
        on_made(program, session, capsule);
        break;
    case CV_CAPSULE_REFUSED:
        on_refused(program, capsule);
        break;
    case CV_CAPSULE_PAIR_CLOSED:
        on_closed(program, session, capsule);
        break;
    case CV_CAPSULE_LEG_MADE:
        on_leg_made(program, session, capsule);
        break;
    case CV_CAPSULE_LEG_TOKEN:
        on_leg_token(program, session, capsule);
        break;
    default:
        break;
    }
}

static void on_datagram(void *user, struct session_socket *session, uint64_t channel, const uint8_t *payload,
                        size_t bytes)
{
    struct program *program = user;

    if (!pairs_datagram(&program->pairs, session, channel, payload, bytes))
        early_keep(program->early, session, channel, payload, bytes, monotonic_ns() / 1000000);
}

static void on_ended(void *user, struct session_socket *session, const struct cv_peer_end *end,
                     unsigned wait_s)
{
    struct program *program = user;

    (void)session;
    report_end(end, wait_s);
    if (!program->stopping)
        program->exit_code = EXIT_SESSION;
}

static void on_gone(void *user, const struct session_socket *session)
{
    struct program *program = user;
    struct cv_peer_stats stats;

    pairs_lose(&program->pairs, session);
    cv_peer_stats(session->peer, &stats);
    report_stats(&stats);
}

static void on_over(void *user)
{
    (void)event_base_loopexit(((struct program *)user)->base, NULL);
}

static const struct sessions_callbacks callbacks = {on_capsule, on_datagram, on_ended, on_gone, on_over};

/* ---- Set-up ---- */

int program_open(struct program *program, const struct cv_peer_tls *tls, char *error, size_t error_bytes)
{
    struct options *options = &program->options;
    int result = kept_open(&program->kept, options->state, error, error_bytes);

    if (result != 0)
        return result;
    program->request_wait_s = 1;
    program->request_timer = evtimer_new(program->base, on_request_timer, program);
    program->early = early_open();
    if (program->request_timer == NULL || program->early == NULL) {
        snprintf(error, error_bytes, "out of memory");
        return -ENOMEM;
    }
    program->pairs.settings = (struct bridge_settings){
        .base = program->base,
        .local = options->has_local ? &options->local : NULL,
        .forward = options->has_forward ? &options->forward : NULL,
        .echo = options->echo,
    };
    program->sessions = (struct sessions){
        .base = program->base,
        .config = options->session,
        .from = options->has_from ? &options->from : NULL,
        .callbacks = &callbacks,
        .user = program,
        .kept = &program->kept,
        .comes_back = options->reconnect,
        .reads = !options->stop_reading,
    };
    program->sessions.config.tls = tls;
    return sessions_start(&program->sessions, &options->relay, error, error_bytes);
}

void program_close(struct program *program)
{
    pairs_drop_all(&program->pairs);
    sessions_free(&program->sessions);
    early_close(program->early);
    if (program->request_timer != NULL)
        event_free(program->request_timer);
    if (program->stopping &&
        program->kept.has_token) { /* with a session that was closed the pairs are given up */
        program->kept.has_token = false;
        program->kept.pair_count = 0;
        save(program);
    }
}
