/* SPDX-License-Identifier: BSD-3-Clause */
#include "rpc.h"

#include "allocate.h"
#include "interrupt.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define CANCEL_WAIT_MS 1000

static enum cli_rpc_status fail(struct cli_rpc *rpc, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static enum cli_rpc_status fail(struct cli_rpc *rpc, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(rpc->error, sizeof(rpc->error), format, arguments);
    va_end(arguments);
    return CLI_RPC_FAILED;
}

static uint64_t after_ms(uint32_t milliseconds)
{
    return cli_now_ns() + (uint64_t)milliseconds * 1000000;
}

int cli_rpc_open(struct cli_rpc *rpc, const char *path, uint32_t timeout_ms)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    /* connect() on a Unix socket waits no longer than this when the backlog is full. */
    struct timeval patience = {timeout_ms / 1000, (suseconds_t)(timeout_ms % 1000) * 1000};

    memset(rpc, 0, sizeof(*rpc));
    rpc->fd = -1;
    rpc->timeout_ms = timeout_ms;
    if (strlen(path) >= sizeof(address.sun_path)) {
        fail(rpc, "a socket's path has at most %zu characters", sizeof(address.sun_path) - 1);
        return -ENAMETOOLONG;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);

    rpc->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (rpc->fd < 0 || setsockopt(rpc->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) < 0 ||
        connect(rpc->fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
        const int error = errno;

        fail(rpc, "%s", error == EAGAIN ? "it accepts no connections" : strerror(error));
        cli_rpc_close(rpc);
        return -error;
    }
    return 0;
}

void cli_rpc_close(struct cli_rpc *rpc)
{
    for (size_t i = 0; i < rpc->notice_count; i++)
        yyjson_doc_free(rpc->notices[(rpc->notice_first + i) % CLI_RPC_NOTICES]);
    rpc->notice_count = 0;
    free(rpc->buffer);
    rpc->buffer = NULL;
    if (rpc->fd >= 0)
        close(rpc->fd);
    rpc->fd = -1;
}

/* Sends all of it. Requests are small: a socket that does not take one at once is full, and is waited for. */
static enum cli_rpc_status send_all(struct cli_rpc *rpc, const char *bytes, size_t count, uint64_t deadline)
{
    while (count > 0) {
        const ssize_t sent = send(rpc->fd, bytes, count, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (sent >= 0) {
            bytes += sent;
            count -= (size_t)sent;
            continue;
        }
        if (errno != EAGAIN && errno != EINTR)
            return fail(rpc, "the relay closed the connection: %s", strerror(errno));
        const int ready = cli_interrupt_poll(rpc->fd, POLLOUT, deadline);
        if (ready == -EINTR)
            return CLI_RPC_INTERRUPTED;
        if (ready < 0 || (ready == 0 && cli_now_ns() >= deadline))
            return fail(rpc, "the relay takes no requests");
    }
    return CLI_RPC_OK;
}

static enum cli_rpc_status send_request(struct cli_rpc *rpc, const char *method, yyjson_mut_doc *doc,
                                        yyjson_mut_val *params, uint64_t deadline)
{
    yyjson_mut_val *root = yyjson_mut_obj(doc);
    size_t length;

    yyjson_mut_obj_add_str(doc, root, "jsonrpc", "2.0");
    yyjson_mut_obj_add_uint(doc, root, "id", ++rpc->last_id);
    yyjson_mut_obj_add_str(doc, root, "method", method);
    if (params)
        yyjson_mut_obj_add_val(doc, root, "params", params);
    yyjson_mut_doc_set_root(doc, root);

    char *text = yyjson_mut_write(doc, YYJSON_WRITE_NEWLINE_AT_END, &length);
    if (!text)
        return fail(rpc, "the request cannot be written as JSON: is there text that is not UTF-8?");
    const enum cli_rpc_status status = send_all(rpc, text, length, deadline);
    free(text);
    return status;
}

static enum cli_rpc_status receive(struct cli_rpc *rpc)
{
    if (rpc->used == rpc->size) {
        if (rpc->size >= CLI_RPC_LINE_MAX)
            return fail(rpc, "the relay sent a line of more than %d bytes", CLI_RPC_LINE_MAX);
        rpc->size = rpc->size ? 2 * rpc->size : 64 << 10;
        rpc->buffer = cli_resize(rpc->buffer, rpc->size);
    }
    const ssize_t got = recv(rpc->fd, rpc->buffer + rpc->used, rpc->size - rpc->used, MSG_DONTWAIT);
    if (got == 0)
        return fail(rpc, "the relay closed the connection");
    if (got < 0 && errno != EAGAIN && errno != EINTR)
        return fail(rpc, "the connection broke: %s", strerror(errno));
    if (got > 0)
        rpc->used += (size_t)got;
    return CLI_RPC_OK;
}

/* Makes the next line the first `line` bytes of the buffer, without its end. */
static enum cli_rpc_status read_line(struct cli_rpc *rpc, uint64_t deadline)
{
    size_t searched = 0;

    if (rpc->line > 0) {
        rpc->used -= rpc->line;
        memmove(rpc->buffer, rpc->buffer + rpc->line, rpc->used);
        rpc->line = 0;
    }
    for (;;) {
        const char *end =
            rpc->used > searched ? memchr(rpc->buffer + searched, '\n', rpc->used - searched) : NULL;

        if (end) {
            rpc->line = (size_t)(end - rpc->buffer) + 1;
            return CLI_RPC_OK;
        }
        searched = rpc->used;
        const int ready = cli_interrupt_poll(rpc->fd, POLLIN, deadline);
        if (ready == -EINTR)
            return CLI_RPC_INTERRUPTED;
        if (ready < 0)
            return fail(rpc, "the connection broke: %s", strerror(-ready));
        if (ready == 0 && cli_now_ns() >= deadline)
            return CLI_RPC_EXPIRED;
        if (ready > 0 && receive(rpc) != CLI_RPC_OK)
            return CLI_RPC_FAILED;
    }
}

static enum cli_rpc_status read_object(struct cli_rpc *rpc, uint64_t deadline, yyjson_doc **doc)
{
    const enum cli_rpc_status status = read_line(rpc, deadline);

    if (status != CLI_RPC_OK)
        return status;
    *doc = yyjson_read(rpc->buffer, rpc->line, 0);
    if (yyjson_is_obj(yyjson_doc_get_root(*doc)))
        return CLI_RPC_OK;
    yyjson_doc_free(*doc);
    return fail(rpc, "what answers there does not speak JSON-RPC: is it another program's socket?");
}

static bool is_notice(yyjson_doc *doc)
{
    return yyjson_obj_get(yyjson_doc_get_root(doc), "method") != NULL;
}

static void keep_notice(struct cli_rpc *rpc, yyjson_doc *doc)
{
    if (rpc->notice_count == CLI_RPC_NOTICES) {
        rpc->notices_dropped++;
        yyjson_doc_free(doc);
        return;
    }
    rpc->notices[(rpc->notice_first + rpc->notice_count++) % CLI_RPC_NOTICES] = doc;
}

/* The answer to request `id`; those to earlier ones, which nobody waits for any more, are passed over. */
static enum cli_rpc_status read_answer(struct cli_rpc *rpc, uint64_t id, uint64_t deadline,
                                       struct cli_reply *reply)
{
    for (;;) {
        yyjson_doc *doc;
        const enum cli_rpc_status status = read_object(rpc, deadline, &doc);

        if (status != CLI_RPC_OK)
            return status;
        if (is_notice(doc)) {
            keep_notice(rpc, doc);
            continue;
        }
        yyjson_val *root = yyjson_doc_get_root(doc), *answered = yyjson_obj_get(root, "id");
        /* An id of null answers what the relay could not read as a request. */
        if (!yyjson_is_null(answered) && yyjson_get_uint(answered) != id) {
            yyjson_doc_free(doc);
            continue;
        }
        *reply = (struct cli_reply){doc, yyjson_obj_get(root, "result"), yyjson_obj_get(root, "error")};
        if (yyjson_is_obj(reply->error))
            return CLI_RPC_REFUSED;
        if (reply->result)
            return CLI_RPC_OK;
        cli_reply_free(reply);
        return fail(rpc, "the relay's answer has neither a result nor an error");
    }
}

/* Tells the relay that request `id` is no longer wanted, and waits a moment for it to say that it heard. */
static void cancel(struct cli_rpc *rpc, uint64_t id)
{
    const uint64_t deadline = after_ms(CANCEL_WAIT_MS);
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *params = yyjson_mut_obj(doc);
    struct cli_reply reply = {0};

    cli_interrupt_forget();
    yyjson_mut_obj_add_uint(doc, params, "id", id);
    if (send_request(rpc, "cancel", doc, params, deadline) == CLI_RPC_OK)
        read_answer(rpc, rpc->last_id, deadline, &reply);
    cli_reply_free(&reply);
    yyjson_mut_doc_free(doc);
}

enum cli_rpc_status cli_rpc_call(struct cli_rpc *rpc, const char *method, yyjson_mut_doc *doc,
                                 yyjson_mut_val *params, struct cli_reply *reply)
{
    const uint64_t deadline = after_ms(rpc->timeout_ms);

    *reply = (struct cli_reply){0};
    enum cli_rpc_status status = send_request(rpc, method, doc, params, deadline);
    if (status == CLI_RPC_OK)
        status = read_answer(rpc, rpc->last_id, deadline, reply);
    if (status == CLI_RPC_INTERRUPTED)
        cancel(rpc, rpc->last_id);
    if (status == CLI_RPC_EXPIRED)
        return fail(rpc, "no answer to %s within %g s", method, rpc->timeout_ms / 1000.0);
    return status;
}

void cli_reply_free(struct cli_reply *reply)
{
    yyjson_doc_free(reply->doc);
    *reply = (struct cli_reply){0};
}

enum cli_rpc_status cli_rpc_notice(struct cli_rpc *rpc, uint64_t subscription, uint64_t deadline_ns,
                                   yyjson_doc **notice)
{
    if (rpc->notice_count > 0 && !cli_interrupted()) {
        *notice = rpc->notices[rpc->notice_first];
        rpc->notice_first = (rpc->notice_first + 1) % CLI_RPC_NOTICES;
        rpc->notice_count--;
        return CLI_RPC_OK;
    }
    for (;;) {
        const enum cli_rpc_status status = read_object(rpc, deadline_ns, notice);

        if (status == CLI_RPC_INTERRUPTED)
            cancel(rpc, subscription);
        if (status != CLI_RPC_OK || is_notice(*notice))
            return status;
        yyjson_doc_free(*notice);
    }
}

enum cli_rpc_status cli_rpc_wait(struct cli_rpc *rpc, uint64_t deadline_ns)
{
    yyjson_doc *doc;

    for (;;) {
        const enum cli_rpc_status status = read_object(rpc, deadline_ns, &doc);

        if (status != CLI_RPC_OK)
            return status;
        yyjson_doc_free(doc);
    }
}
