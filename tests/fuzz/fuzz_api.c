/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Control's API on arbitrary lines: any bytes must end in answers that are JSON, and leave no call behind. A
 * control with its store in memory, no socket and no data plane, new for each input.
 */
#include "api/dispatch.h"
#include "base/log.h"
#include "control.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define LINES_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void check_line(struct rpc_connection *connection, const char *line, size_t bytes, bool event)
{
    yyjson_doc *doc = yyjson_read(line, bytes, 0);
    yyjson_val *root = yyjson_doc_get_root(doc);

    (void)connection;
    if (!yyjson_equals_str(yyjson_obj_get(root, "jsonrpc"), "2.0") || memchr(line, '\n', bytes) != NULL)
        abort();
    if (event != (yyjson_obj_get(root, "method") != NULL))
        abort();
    if (!event && (yyjson_obj_get(root, "result") != NULL) == (yyjson_obj_get(root, "error") != NULL))
        abort();
    yyjson_doc_free(doc);
}

static void feed(struct control *control, const char *data, size_t bytes)
{
    struct rpc_connection connection = {.api = &control->api, .send = check_line};

    for (int lines = 0; bytes > 0 && lines < LINES_MAX; lines++) {
        const char *end = memchr(data, '\n', bytes);
        size_t length = end == NULL ? bytes : (size_t)(end - data);

        dispatch_line(&connection, data, length);
        (void)event_base_loop(control->services.loop, EVLOOP_NONBLOCK); /* commits, and with them answers */
        data += length;
        bytes -= length;
        if (bytes > 0) {
            data++;
            bytes--;
        }
    }
    for (int turns = 0; turns < 8 && connection.call_count > 0; turns++)
        (void)event_base_loop(control->services.loop, EVLOOP_NONBLOCK);
    if (connection.call_count != 0)
        abort();
    rpc_disconnect(&connection);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    static struct cv_config config = {
        .relay_port_first = 40000,
        .relay_port_last = 40002,
        .store = ":memory:",
        .dataplane_socket = "/nonexistent/dataplane.sock",
        .pair_idle_s = 120,
    };
    static struct event_base *base;
    struct control *control;
    char error[256];

    if (base == NULL)
        base = event_base_new();
    log_set_level(LOG_LEVEL_ERROR);
    if (base == NULL || control_open(&control, base, &config, error, sizeof(error)) != 0)
        abort();
    feed(control, (const char *)data, bytes);
    control_close(control);
    return 0;
}
