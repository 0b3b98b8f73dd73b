/* SPDX-License-Identifier: BSD-3-Clause */
#include "fake_relay.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <yyjson.h>

#define CONNECTIONS 8
#define LINE_MOST   65536

/* What cannot fail here; also without assertions. */
static void must(bool holds)
{
    if (!holds)
        abort();
}

struct connection {
    int fd; /* 0: free */
    size_t used;
    char line[LINE_MOST];
};

struct fake_relay {
    char folder[32];
    char path[64];
    int listener;
    int stop;
    pthread_t thread;
    pthread_mutex_t lock; /* of what follows, but the connections */
    char *heard;          /* every request, a line each */
    uint64_t stall_cursor;
    uint64_t reads; /* of counters, which grow with it */
    struct connection connections[CONNECTIONS];
};

struct request {
    struct fake_relay *relay;
    uint64_t id;
    yyjson_val *params;
    FILE *result;
    const char *refusal; /* data.name */
    bool silent, close, nonsense;
};

static uint64_t number(struct request *request, const char *name)
{
    return yyjson_get_uint(yyjson_obj_get(request->params, name));
}

static void put_legs(FILE *out, bool tunnels)
{
    if (tunnels)
        fputs("{\"leg\":\"a\",\"peer\":\"alice\",\"kind\":\"tunnel\",\"bind\":\"session\",\"session\":5,"
              "\"channel\":3,\"payload_bytes\":1398,\"address\":\"198.51.100.7:40001\",",
              out);
    else
        fputs("{\"leg\":\"a\",\"peer\":\"alice\",\"kind\":\"udp\",\"bind\":\"token\","
              "\"address\":\"198.51.100.7:40001\",\"proof\":\"silent\",",
              out);
    fputs("\"moves\":2,\"seen_ms_ago\":120,\"pkts\":1234567,\"bytes\":12345678,\"withheld_pkts\":12},", out);
    if (tunnels)
        fputs("{\"leg\":\"b\",\"peer\":\"bob\",\"kind\":\"tunnel\",\"bind\":\"session\",\"session\":6,"
              "\"channel\":16383,\"payload_bytes\":null,\"address\":null,",
              out);
    else
        fputs("{\"leg\":\"b\",\"peer\":\"bob\",\"kind\":\"udp\",\"bind\":\"prefix\","
              "\"prefix\":\"203.0.113.0/24\",\"address\":null,\"proof\":null,",
              out);
    fputs("\"moves\":0,\"seen_ms_ago\":null,\"pkts\":0,\"bytes\":0,\"withheld_pkts\":0}", out);
}

static void put_pair(FILE *out, uint64_t pair)
{
    const bool tunnels = pair == FAKE_TUNNEL_PAIR;

    fprintf(
        out,
        "{\"pair\":%" PRIu64 ",\"relay_port\":%s,\"addresses\":[\"192.0.2.1\",\"2001:db8::1\"],"
        "\"idle_s\":120,\"rate_bps\":10000000,\"created\":\"2026-01-31T12:00:00.123Z\",\"installed\":true,"
        "\"legs\":[",
        pair, tunnels ? "null" : "40000");
    put_legs(out, tunnels);
    fputs("]}", out);
}

static void pair_add(struct request *request)
{
    yyjson_val *b = yyjson_obj_get(request->params, "b");

    if (yyjson_equals_str(yyjson_obj_get(b, "peer"), "nobody")) {
        request->refusal = "no_ports";
        return;
    }
    fputs(
        "{\"pair\":1,\"relay_port\":40000,\"addresses\":[\"192.0.2.1\",\"2001:db8::1\"],\"installed\":false,"
        "\"idle_s\":120,\"rate_bps\":0,\"legs\":[{\"leg\":\"a\",\"peer\":\"alice\",\"bind\":\"token\","
        "\"token\":\"" FAKE_TOKEN_A "\"},",
        request->result);
    if (yyjson_obj_get(b, "address"))
        fputs("{\"leg\":\"b\",\"peer\":\"bob\",\"bind\":\"fixed\",\"address\":\"192.0.2.80:4433\"}]}",
              request->result);
    else
        fputs("{\"leg\":\"b\",\"peer\":\"bob\",\"bind\":\"token\",\"token\":\"" FAKE_TOKEN_B "\"}]}",
              request->result);
}

static void pair_get(struct request *request)
{
    const uint64_t pair = number(request, "pair");

    request->refusal = pair == 404 ? "not_found" : NULL;
    request->close = pair == 997;
    request->nonsense = pair == 998;
    request->silent = pair == 999 || request->close;
    if (pair < 997 && pair != 404)
        put_pair(request->result, pair);
}

static void pair_delete(struct request *request)
{
    if (number(request, "pair") == 404)
        request->refusal = "not_found";
    else
        fputs("{}", request->result);
}

static void pair_list(struct request *request)
{
    const uint64_t cursor = number(request, "cursor"), limit = number(request, "limit");
    const uint64_t last = cursor + limit < FAKE_PAIRS ? cursor + limit : FAKE_PAIRS;

    request->silent = cursor >= request->relay->stall_cursor;
    fputs("{\"pairs\":[", request->result);
    for (uint64_t pair = cursor + 1; pair <= last; pair++) {
        if (pair > cursor + 1)
            fputc(',', request->result);
        put_pair(request->result, pair);
    }
    if (last < FAKE_PAIRS)
        fprintf(request->result, "],\"next\":%" PRIu64 "}", last);
    else
        fputs("],\"next\":null}", request->result);
}

static void port_list(struct request *request)
{
    const uint64_t reads = ++request->relay->reads;

    fputs("{\"ports\":[", request->result);
    for (int i = 0; i < 2; i++)
        fprintf(
            request->result,
            "%s{\"name\":\"%s\",\"driver\":\"net_af_xdp\",\"device\":\"eth%d\",\"mac\":\"02:00:00:00:00:0%"
            "d\","
            "\"mtu\":1500,\"link\":\"up\",\"link_mbps\":10000,\"queues\":2,\"addresses\":[\"192.0.2.%d/24\"],"
            "\"rx_pkts\":%" PRIu64 ",\"rx_bytes\":%" PRIu64 ",\"tx_pkts\":0,\"tx_bytes\":0,\"rx_missed\":0,"
            "\"rx_errors\":0,\"tx_errors\":0,\"rx_no_buffer\":0}",
            i ? "," : "", i ? "lan" : "wan", i, i, i + 1, reads * 1000, reads * 1000000);
    fputs("]}", request->result);
}

static void worker_list(struct request *request)
{
    const uint64_t reads = ++request->relay->reads;

    fprintf(request->result,
            "{\"tsc_hz\":2000000000,\"workers\":[{\"worker\":0,\"core\":1,\"state\":\"run\",\"heartbeat\":"
            "%" PRIu64 ",\"rx_pkts\":1000,\"forwarded_pkts\":900,\"forwarded_bytes\":1080000,\"tx_pkts\":901,"
            "\"loops\":4000,\"busy_loops\":1000,\"busy_cycles\":4000000000},"
            "{\"worker\":1,\"core\":2,\"state\":\"run\",\"heartbeat\":7,\"rx_pkts\":0,\"loops\":7}]}",
            reads);
}

static void shard_list(struct request *request)
{
    fprintf(request->result,
            "{\"sessions_max\":2000,\"session_bytes\":50944,\"handshakes\":3,\"handshakes_max\":1000,"
            "\"retry\":\"loaded\",\"retry_over\":100,\"retry_now\":0,\"retries_total\":12,\"shards\":["
            "{\"shard\":0,\"core\":1,\"sessions\":1234,\"timers\":1200,\"pages\":4000,\"pages_used\":3702,"
            "\"packets\":256,\"packets_max\":1024,\"datagrams_in\":%" PRIu64 ",\"datagrams_out\":7,"
            "\"key_updates\":5,\"suites\":[{\"name\":\"TLS_AES_128_GCM_SHA256\",\"sessions\":1234}]},"
            "{\"shard\":\"handshake\",\"core\":null,\"sessions\":3,\"datagrams_in\":null}]}",
            ++request->relay->reads * 1000);
}

static void trace_add(struct request *request)
{
    const char *network = yyjson_get_str(yyjson_obj_get(request->params, "network"));

    if (strcmp(network, "203.0.113.9") == 0)
        request->refusal = "not_allowed";
    else
        fprintf(request->result, "{\"trace\":%d}", yyjson_obj_get(request->params, "keylog") != NULL ? 8 : 7);
}

static void trace_list(struct request *request)
{
    fputs(
        "{\"allowed\":true,\"traces\":[{\"trace\":7,\"network\":\"198.51.100.0/24\",\"state\":\"recording\","
        "\"kinds\":[\"qlog\",\"keylog\"],\"session\":5,\"until\":\"2026-01-31T12:00:00.123Z\",\"qlog\":"
        "\"/t/session-5-1.sqlog\",\"keylog\":null,\"qlog_bytes\":12345,\"lost_events\":0}]}",
        request->result);
}

static void trace_delete(struct request *request)
{
    if (number(request, "trace") == 404)
        request->refusal = "not_found";
    else
        fputs("{}", request->result);
}

static void crypto_get(struct request *request)
{
    fputs(
        "{\"engine\":\"evp\",\"wanted\":\"auto\",\"about\":\"OpenSSL 3.5\",\"passed_over\":\"ipsec-mb is not "
        "for this CPU\",\"cpu_flags\":\"SSE4_2\",\"key_updates\":5,\"unopened_pkts\":2,\"suites\":[{\"name\":"
        "\"TLS_AES_128_GCM_SHA256\",\"code\":\"0x1301\",\"sessions\":1234,\"sealed_max\":8388608,"
        "\"failed_max\":4503599627370496}]}",
        request->result);
}

static void stats_get(struct request *request)
{
    const uint64_t reads = ++request->relay->reads;

    fprintf(request->result,
            "{\"uptime_ms\":11520000,\"pairs\":2500,\"pairs_max\":100000,\"legs_bound\":2500,"
            "\"sessions_max\":2000,\"sessions\":{\"sessions\":1237,\"retries_total\":12},"
            "\"memory_bytes\":38000000,\"pair_bytes\":380,"
            "\"counters\":{\"rx_pkts\":%" PRIu64 ",\"forwarded_bytes\":%" PRIu64 ",\"busy_cycles\":%" PRIu64
            "},"
            "\"keeper\":{\"pairs\":2500,\"legs_moved_total\":17},\"control\":{\"requests\":3}}",
            reads * 1250, reads * 1500000, reads * 1000000000);
}

static void drop_list(struct request *request)
{
    fputs("{\"drops\":[{\"name\":\"too_short\",\"meaning\":\"ends early\",\"pkts\":0,\"per_worker\":[0,0]},"
          "{\"name\":\"over_rate\",\"meaning\":\"over the pair's rate limit\",\"pkts\":1234,"
          "\"per_worker\":[1200,34]}]}",
          request->result);
}

static void done(struct request *request)
{
    fputs("{}", request->result);
}

static void put_session(FILE *out, uint64_t session)
{
    fprintf(
        out,
        "{\"session\":%" PRIu64 ",\"peer\":\"" FAKE_PEER_ID "\",\"chain\":[\"" FAKE_PEER_ID
        "\",\"oldkey\"],\"address\":\"198.51.100.7:4433\",\"phase\":\"open\",\"registered\":true,"
        "\"legs\":[\"udp\",\"tunnel\"],\"instance\":\"404142434445464748494a4b4c4d4e4f\","
        "\"services\":[\"chat\",\"files\"],\"reachable\":\"listed\",\"pairs\":2,\"requests\":0,\"offers\":1,"
        "\"admitted\":\"2026-01-31T12:00:00.123Z\",\"worker\":null,\"round_trip_us\":1234,"
        "\"round_trip_ms_ago\":4500}",
        session);
}

/* Two pages of one. */
static void session_list(struct request *request)
{
    const uint64_t cursor = number(request, "cursor");

    fputs("{\"sessions\":[", request->result);
    put_session(request->result, cursor == 0 ? 5 : 9);
    fputs(cursor == 0 ? "],\"next\":5}" : "],\"next\":null}", request->result);
}

static void session_get(struct request *request)
{
    if (number(request, "session") == 404)
        request->refusal = "not_found";
    else
        put_session(request->result, number(request, "session"));
}

static void session_drain(struct request *request)
{
    bool sent = yyjson_equals_str(yyjson_obj_get(request->params, "to"), "192.0.2.2:443") &&
                yyjson_equals_str(yyjson_obj_get(request->params, "relay"), FAKE_PEER_ID);

    fprintf(request->result, "{\"told\":%d}", sent ? 3 : number(request, "after_s") == 600 ? 1234 : 2);
}

static void session_resume(struct request *request)
{
    fputs("{\"told\":1234}", request->result);
}

static void session_close(struct request *request)
{
    if (number(request, "session") == 404)
        request->refusal = "not_found";
    else
        fputs("{}", request->result);
}

static const struct {
    const char *name;
    void (*run)(struct request *request);
} methods[] = {
    {"pair.add", pair_add},
    {"pair.get", pair_get},
    {"pair.delete", pair_delete},
    {"pair.list", pair_list},
    {"port.list", port_list},
    {"worker.list", worker_list},
    {"shard.list", shard_list},
    {"crypto.get", crypto_get},
    {"session.drain", session_drain},
    {"session.resume", session_resume},
    {"trace.add", trace_add},
    {"trace.list", trace_list},
    {"trace.delete", trace_delete},
    {"stats.get", stats_get},
    {"drop.list", drop_list},
    {"events.subscribe", done},
    {"session.list", session_list},
    {"session.get", session_get},
    {"session.close", session_close},
    {"log.level", done},
    {"cancel", done},
};

static void send_text(int fd, const char *text)
{
    for (size_t left = strlen(text); left > 0;) {
        const ssize_t sent = send(fd, text, left, MSG_NOSIGNAL);

        if (sent < 0 && errno != EINTR)
            return; /* the client has gone */
        if (sent > 0) {
            text += sent;
            left -= (size_t)sent;
        }
    }
}

static void send_event(int fd, const char *members)
{
    char line[512];

    snprintf(
        line, sizeof(line),
        "{\"jsonrpc\":\"2.0\",\"method\":\"event\",\"params\":{\"time\":\"2026-01-31T12:00:00.123Z\",%s}}\n",
        members);
    send_text(fd, line);
}

static void send_events(int fd)
{
    send_event(fd, "\"event\":\"leg_bound\",\"pair\":7,\"leg\":\"a\",\"peer\":\"alice\","
                   "\"address\":\"198.51.100.7:40001\"");
    send_event(fd, "\"event\":\"leg_bound\",\"pair\":8,\"leg\":\"a\",\"peer\":\"carol\","
                   "\"address\":\"[2001:db8::7]:40001\"");
    send_event(fd,
               "\"event\":\"leg_moved\",\"pair\":7,\"leg\":\"a\",\"peer\":\"alice\","
               "\"address\":\"198.51.100.7:40002\",\"previous\":\"198.51.100.7:40001\",\"cause\":\"token\"");
    send_event(fd, "\"event\":\"pair_idle\",\"pair\":8,\"relay_port\":40000,\"peers\":[\"carol\",\"dave\"]");
    send_event(fd, "\"event\":\"dataplane_attached\",\"restarted\":true");
}

static void answer(struct request *request, int fd, char **result)
{
    char *line;

    fflush(request->result);
    if (request->silent)
        return;
    if (request->nonsense) {
        send_text(fd, "220 mail.example.org ESMTP\n");
        return;
    }
    if (request->refusal)
        must(asprintf(&line,
                      "{\"jsonrpc\":\"2.0\",\"id\":%" PRIu64
                      ",\"error\":{\"code\":-32000,\"message\":\"that cannot "
                      "be\",\"data\":{\"name\":\"%s\"}}}\n",
                      request->id, request->refusal) > 0);
    else
        must(asprintf(&line, "{\"jsonrpc\":\"2.0\",\"id\":%" PRIu64 ",\"result\":%s}\n", request->id,
                      *result) > 0);
    send_text(fd, line);
    free(line);
}

/* Returns false when the connection is to be closed. */
static bool serve_line(struct fake_relay *relay, int fd, const char *text, size_t bytes)
{
    yyjson_doc *doc = yyjson_read(text, bytes, 0);
    yyjson_val *root = yyjson_doc_get_root(doc);
    const char *method = yyjson_get_str(yyjson_obj_get(root, "method"));
    struct request request = {.relay = relay,
                              .id = yyjson_get_uint(yyjson_obj_get(root, "id")),
                              .params = yyjson_obj_get(root, "params")};
    char *result = NULL;
    size_t result_bytes;

    must(method);
    request.result = open_memstream(&result, &result_bytes);
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (strcmp(methods[i].name, method) == 0)
            methods[i].run(&request);
    }
    const bool subscribes = strcmp(method, "events.subscribe") == 0;
    if (subscribes)
        send_event(fd,
                   "\"event\":\"pair_added\",\"pair\":7,\"relay_port\":40000,\"peers\":[\"alice\",\"bob\"]");
    answer(&request, fd, &result);
    if (subscribes)
        send_events(fd);
    fclose(request.result);
    free(result);
    yyjson_doc_free(doc);
    return !request.close;
}

static void hear(struct fake_relay *relay, const char *text, size_t bytes)
{
    char *heard;

    must(asprintf(&heard, "%s%.*s\n", relay->heard, (int)bytes, text) > 0);
    free(relay->heard);
    relay->heard = heard;
}

static bool serve(struct fake_relay *relay, struct connection *connection)
{
    const ssize_t got =
        recv(connection->fd, connection->line + connection->used, LINE_MOST - connection->used, MSG_DONTWAIT);
    bool open = got > 0;
    char *end;

    if (!open)
        return false;
    connection->used += (size_t)got;
    while (open && (end = memchr(connection->line, '\n', connection->used))) {
        const size_t bytes = (size_t)(end - connection->line);

        pthread_mutex_lock(&relay->lock);
        hear(relay, connection->line, bytes);
        open = serve_line(relay, connection->fd, connection->line, bytes);
        pthread_mutex_unlock(&relay->lock);
        connection->used -= bytes + 1;
        memmove(connection->line, end + 1, connection->used);
    }
    return open;
}

static void take_connection(struct fake_relay *relay)
{
    const int fd = accept(relay->listener, NULL, NULL);

    for (int i = 0; i < CONNECTIONS && fd >= 0; i++) {
        if (relay->connections[i].fd == 0) {
            relay->connections[i].fd = fd;
            relay->connections[i].used = 0;
            return;
        }
    }
    close(fd);
}

static void *run(void *context)
{
    struct fake_relay *relay = context;

    for (;;) {
        struct pollfd waits[CONNECTIONS + 2] = {{.fd = relay->stop, .events = POLLIN},
                                                {.fd = relay->listener, .events = POLLIN}};

        for (int i = 0; i < CONNECTIONS; i++) {
            const int fd = relay->connections[i].fd;
            waits[i + 2] = (struct pollfd){.fd = fd ? fd : -1, .events = POLLIN};
        }
        poll(waits, CONNECTIONS + 2, -1);
        if (waits[0].revents)
            return NULL;
        for (int i = 0; i < CONNECTIONS; i++) {
            if (waits[i + 2].revents && !serve(relay, &relay->connections[i])) {
                close(relay->connections[i].fd);
                relay->connections[i].fd = 0;
            }
        }
        if (waits[1].revents)
            take_connection(relay);
    }
}

struct fake_relay *fake_relay_start(void)
{
    struct fake_relay *relay = calloc(1, sizeof(*relay));
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    must(relay);
    strcpy(relay->folder, "/tmp/culvertctl-XXXXXX");
    must(mkdtemp(relay->folder));
    snprintf(relay->path, sizeof(relay->path), "%s/control.sock", relay->folder);
    strcpy(address.sun_path, relay->path);
    relay->heard = calloc(1, 1);
    relay->stall_cursor = UINT64_MAX;
    relay->stop = eventfd(0, EFD_CLOEXEC);
    relay->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(bind(relay->listener, (const struct sockaddr *)&address, sizeof(address)) == 0);
    must(listen(relay->listener, 8) == 0);
    pthread_mutex_init(&relay->lock, NULL);
    must(pthread_create(&relay->thread, NULL, run, relay) == 0);
    return relay;
}

void fake_relay_stop(struct fake_relay *relay)
{
    eventfd_write(relay->stop, 1);
    pthread_join(relay->thread, NULL);
    for (int i = 0; i < CONNECTIONS; i++) {
        if (relay->connections[i].fd)
            close(relay->connections[i].fd);
    }
    close(relay->listener);
    close(relay->stop);
    unlink(relay->path);
    rmdir(relay->folder);
    pthread_mutex_destroy(&relay->lock);
    free(relay->heard);
    free(relay);
}

const char *fake_relay_socket(const struct fake_relay *relay)
{
    return relay->path;
}

void fake_relay_stall(struct fake_relay *relay, uint64_t cursor)
{
    pthread_mutex_lock(&relay->lock);
    relay->stall_cursor = cursor;
    pthread_mutex_unlock(&relay->lock);
}

unsigned fake_relay_heard(struct fake_relay *relay, const char *text)
{
    unsigned count = 0;

    pthread_mutex_lock(&relay->lock);
    for (const char *at = relay->heard; (at = strstr(at, text)); at += strlen(text))
        count++;
    pthread_mutex_unlock(&relay->lock);
    return count;
}
