/* SPDX-License-Identifier: BSD-3-Clause */
#include "trace.h"

#include "shard.h"
#include "trace_file.h"

#include <errno.h>
#include <rte_malloc.h>
#include <rte_ring_elem.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PIECE_BYTES     504
#define PIECES          2048 /* in a worker's ring */
#define PIECES_PER_TURN 512

/* Of an event, in a worker's ring. */
struct piece {
    uint8_t trace; /* index */
    bool first;
    uint16_t bytes;
    uint32_t event_bytes; /* of all its pieces */
    uint8_t data[PIECE_BYTES];
};

_Static_assert(sizeof(struct piece) == 512, "elements of a ring are multiples of 4 bytes");

struct cv_traces {
    struct cv_sessions *all;
    struct cv_session_stats *stats;
    struct cv_trace list[CV_TRACES];
    struct rte_ring **rings; /* one per worker */
    uint64_t start_unix_ms;
    uint64_t last; /* number */
};

/* ---- Life ---- */

size_t cv_traces_memory(uint32_t workers)
{
    return (size_t)workers * (PIECES * sizeof(struct piece) + 4096);
}

static int make_directory(const char *directory, char *error, size_t error_bytes)
{
    if ((mkdir(directory, 0700) == 0 || errno == EEXIST) && access(directory, W_OK | X_OK) == 0)
        return 0;
    snprintf(error, error_bytes, "dataplane.session.trace_directory: %s: %s", directory, strerror(errno));
    return -EACCES;
}

int cv_traces_create(struct cv_traces **out, struct cv_sessions *all, char *error, size_t error_bytes)
{
    struct cv_traces *traces;
    int result = make_directory(all->config->session.trace_directory, error, error_bytes);

    if (result != 0)
        return result;
    traces = rte_zmalloc("traces", sizeof(*traces), 64);
    *out = traces;
    if (traces == NULL)
        return -ENOMEM;
    traces->all = all;
    for (unsigned i = 0; i < CV_TRACES; i++)
        cv_trace_clear(&traces->list[i]);
    traces->rings = rte_zmalloc("trace-rings", all->workers * sizeof(void *), 64);
    for (uint32_t i = 0; traces->rings != NULL && i < all->workers; i++) {
        char name[RTE_RING_NAMESIZE];

        snprintf(name, sizeof(name), "trace%u", i);
        traces->rings[i] = rte_ring_create_elem(name, sizeof(struct piece), PIECES, SOCKET_ID_ANY,
                                                RING_F_SP_ENQ | RING_F_SC_DEQ);
        if (traces->rings[i] == NULL)
            return -ENOMEM;
    }
    return traces->rings != NULL ? 0 : -ENOMEM;
}

void cv_traces_attach(struct cv_traces *traces, struct cv_session_stats *stats, uint64_t start_unix_ms)
{
    traces->stats = stats;
    traces->start_unix_ms = start_unix_ms;
    snprintf(stats->trace_directory, sizeof(stats->trace_directory), "%s",
             traces->all->config->session.trace_directory);
}

/* ---- The thread that owns the session ---- */

void cv_trace_leave(struct cv_session *session)
{
    atomic_store_explicit(&session->trace->left, true, memory_order_release);
    session->trace = NULL;
}

static void to_ring(struct rte_ring *ring, struct cv_trace *trace, uint8_t index, const uint8_t *data,
                    size_t bytes)
{
    struct piece piece = {.trace = index, .first = true, .event_bytes = (uint32_t)bytes};

    if (rte_ring_free_count(ring) < (bytes + PIECE_BYTES - 1) / PIECE_BYTES) {
        atomic_fetch_add_explicit(&trace->lost, 1, memory_order_relaxed);
        return;
    }
    for (size_t done = 0; done < bytes; done += piece.bytes) {
        piece.bytes = (uint16_t)RTE_MIN(bytes - done, (size_t)PIECE_BYTES);
        memcpy(piece.data, data + done, piece.bytes);
        rte_ring_sp_enqueue_elem(ring, &piece, sizeof(piece));
        piece.first = false;
    }
}

void cv_trace_event(void *user, uint32_t flags, const void *data, size_t bytes)
{
    struct cv_session *session = user;
    const struct cv_shard *shard = session->shard;
    struct cv_trace *trace = session->trace;

    (void)flags;
    if (trace == NULL || bytes == 0)
        return;
    if (atomic_load_explicit(&trace->stopped, memory_order_relaxed))
        cv_trace_leave(session);
    else if (shard->kind == CV_SHARD_HANDSHAKE)
        cv_trace_write_event(trace, data, bytes);
    else
        to_ring(shard->all->traces->rings[shard->id], trace, (uint8_t)(trace - shard->all->traces->list),
                data, bytes);
}

/* ---- Handshake thread ---- */

static int arm(struct cv_traces *traces, const struct cv_session_trace *order, uint64_t now_ns)
{
    struct cv_trace *trace = NULL;

    if (order->trace <= traces->last)
        return -EINVAL;
    for (unsigned i = 0; trace == NULL && i < CV_TRACES; i++)
        if (traces->list[i].state == CV_TRACE_NONE)
            trace = &traces->list[i];
    if (trace == NULL)
        return -EXFULL;
    traces->last = trace->number = order->trace;
    trace->network = (struct cv_prefix){order->network, order->network_bits};
    trace->kinds = order->kinds;
    trace->until_ns = now_ns + order->for_s * NGTCP2_SECONDS;
    trace->state = CV_TRACE_ARMED;
    return 0;
}

static int disarm(struct cv_traces *traces, uint64_t number)
{
    for (unsigned i = 0; i < CV_TRACES; i++) {
        struct cv_trace *trace = &traces->list[i];

        if (trace->number != number || trace->state == CV_TRACE_NONE)
            continue;
        if (trace->state == CV_TRACE_ARMED)
            cv_trace_clear(trace);
        else
            cv_trace_stop(trace, "by command");
        return 0;
    }
    return -ESRCH;
}

int cv_traces_order(struct cv_traces *traces, const struct cv_message *message, uint64_t now_ns)
{
    int result;

    if (traces == NULL)
        return -EPERM;
    result = message->type == CV_MESSAGE_SESSION_TRACE ? arm(traces, &message->trace, now_ns)
                                                       : disarm(traces, message->trace.trace);
    cv_traces_stats_refresh(traces, now_ns);
    return result;
}

void cv_traces_begin(struct cv_traces *traces, struct cv_session *session)
{
    for (unsigned i = 0; i < CV_TRACES; i++) {
        struct cv_trace *trace = &traces->list[i];

        if (trace->state != CV_TRACE_ARMED || !cv_prefix_contains(&trace->network, &session->address.ip))
            continue;
        trace->start_ns = session->shard->now_ns;
        if (cv_trace_open(trace, traces->all->config->session.trace_directory, cv_session_number(session),
                          traces->start_unix_ms))
            session->trace = trace;
        else
            cv_trace_clear(trace);
        return;
    }
}

void cv_trace_secret(struct cv_session *session, const char *line)
{
    if (session->trace != NULL)
        cv_trace_write_secret(session->trace, line);
}

/* True when the rings are empty now. */
static bool take_pieces(struct cv_traces *traces, uint32_t *done)
{
    bool all = true;

    for (uint32_t i = 0; traces->rings != NULL && i < traces->all->workers; i++) {
        struct piece piece;
        uint32_t taken = 0;

        while (traces->rings[i] != NULL && taken < PIECES_PER_TURN &&
               rte_ring_sc_dequeue_elem(traces->rings[i], &piece, sizeof(piece)) == 0) {
            cv_trace_write_piece(&traces->list[piece.trace], piece.first ? piece.event_bytes : 0, piece.data,
                                 piece.bytes);
            taken++;
        }
        *done += taken;
        all &= taken < PIECES_PER_TURN;
    }
    return all;
}

uint32_t cv_traces_turn(struct cv_traces *traces, uint64_t now_ns)
{
    bool left[CV_TRACES], all;
    uint32_t done = 0;

    /* A session that has left before the rings are read put nothing in behind that. */
    for (unsigned i = 0; i < CV_TRACES; i++)
        left[i] = atomic_load_explicit(&traces->list[i].left, memory_order_acquire);
    all = take_pieces(traces, &done);
    for (unsigned i = 0; i < CV_TRACES; i++) {
        struct cv_trace *trace = &traces->list[i];

        if (trace->state == CV_TRACE_ARMED && now_ns >= trace->until_ns)
            cv_trace_clear(trace);
        else if (trace->state == CV_TRACE_RECORDING && now_ns >= trace->until_ns)
            cv_trace_stop(trace, "its time is over");
        if (left[i] && all) {
            trace->end_ns = now_ns;
            cv_trace_stop(trace, "the session has ended");
            cv_trace_clear(trace);
        }
    }
    return done;
}

void cv_traces_stats_refresh(struct cv_traces *traces, uint64_t now_ns)
{
    uint64_t now_ms;
    struct timespec clock;

    clock_gettime(CLOCK_REALTIME, &clock);
    now_ms = (uint64_t)clock.tv_sec * 1000 + (uint64_t)clock.tv_nsec / 1000000;
    for (unsigned i = 0; i < CV_TRACES; i++) {
        const struct cv_trace *trace = &traces->list[i];

        traces->stats->traces[i] = (struct cv_trace_stats){
            .trace = trace->number,
            .session = trace->session,
            .until_unix_ms =
                trace->until_ns > now_ns ? now_ms + (trace->until_ns - now_ns) / 1000000 : now_ms,
            .qlog_bytes = trace->qlog_bytes,
            .lost_events = cv_trace_lost(trace),
            .network = trace->network,
            .kinds = trace->kinds,
            .state = trace->state,
        };
    }
    traces->stats->trace_last = traces->last;
}

void cv_traces_destroy(struct cv_traces *traces)
{
    uint32_t done;

    if (traces == NULL)
        return;
    do {
        done = 0;
    } while (!take_pieces(traces, &done));
    for (unsigned i = 0; i < CV_TRACES; i++)
        cv_trace_stop(&traces->list[i], "the data plane stops");
    for (uint32_t i = 0; traces->rings != NULL && i < traces->all->workers; i++)
        rte_ring_free(traces->rings[i]);
    rte_free(traces->rings);
    rte_free(traces);
}
