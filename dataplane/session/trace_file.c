/* SPDX-License-Identifier: BSD-3-Clause */
#include "trace_file.h"

#include "shared/trace_path.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <rte_log.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

RTE_LOG_REGISTER(cv_trace_log, culvert.trace, NOTICE);
#define RTE_LOGTYPE_TRACE ((uint32_t)cv_trace_log)

void cv_trace_clear(struct cv_trace *trace)
{
    memset(trace, 0, sizeof(*trace));
    trace->qlog = trace->keys = -1;
}

uint64_t cv_trace_lost(const struct cv_trace *trace)
{
    return trace->left_out + atomic_load_explicit(&trace->lost, memory_order_relaxed);
}

/* A file that was not there before; -1: there is none. */
static int make_file(struct cv_trace *trace, enum cv_trace_kind kind, const char *directory,
                     uint64_t start_unix_ms)
{
    char path[CV_TRACE_PATH];
    int fd;

    if ((trace->kinds & kind) == 0)
        return -1;
    if (!cv_trace_path(path, sizeof(path), directory, trace->session, start_unix_ms, kind)) {
        fd = -1;
        errno = ENAMETOOLONG;
    } else {
        fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_APPEND | O_CLOEXEC, 0600);
    }
    if (fd < 0) {
        RTE_LOG_LINE(ERR, TRACE, "trace %" PRIu64 ": %s cannot be made: %s", trace->number, path,
                     strerror(errno));
        trace->kinds &= (uint8_t)~(unsigned)kind;
    } else {
        RTE_LOG_LINE(NOTICE, TRACE, "trace %" PRIu64 ": session %" PRIu64 " is recorded in %s", trace->number,
                     trace->session, path);
    }
    return fd;
}

bool cv_trace_open(struct cv_trace *trace, const char *directory, uint64_t session, uint64_t start_unix_ms)
{
    trace->session = session;
    trace->qlog = make_file(trace, CV_TRACE_QLOG, directory, start_unix_ms);
    trace->keys = make_file(trace, CV_TRACE_KEYS, directory, start_unix_ms);
    trace->state = CV_TRACE_RECORDING;
    return trace->kinds != 0;
}

static void close_file(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* Disks fill up: the file ends there. */
static bool append(int *fd, uint64_t *count, struct iovec *parts, int part_count)
{
    size_t bytes = 0;
    ssize_t written = writev(*fd, parts, part_count);

    for (int i = 0; i < part_count; i++)
        bytes += parts[i].iov_len;
    *count += written > 0 ? (size_t)written : 0;
    if (written == (ssize_t)bytes)
        return true;
    RTE_LOG_LINE(ERR, TRACE, "a trace cannot be written: %s", written < 0 ? strerror(errno) : "no room");
    close_file(fd);
    return false;
}

/* What is missing, in the qlog itself: times are in milliseconds from its beginning. */
static void write_lost(struct cv_trace *trace)
{
    char text[128];
    uint64_t ms = trace->end_ns > trace->start_ns ? (trace->end_ns - trace->start_ns) / 1000000 : 0;
    int bytes =
        snprintf(text, sizeof(text),
                 "\x1e{\"time\":%" PRIu64 ",\"name\":\"culvert:lost\",\"data\":{\"events\":%" PRIu64 "}}\n",
                 ms, cv_trace_lost(trace));

    append(&trace->qlog, &trace->qlog_bytes, &(struct iovec){text, (size_t)bytes}, 1);
}

void cv_trace_stop(struct cv_trace *trace, const char *why)
{
    if (trace->state != CV_TRACE_RECORDING)
        return;
    trace->state = CV_TRACE_STOPPED;
    atomic_store_explicit(&trace->stopped, true, memory_order_relaxed);
    if (trace->qlog >= 0 && cv_trace_lost(trace) > 0)
        write_lost(trace);
    RTE_LOG_LINE(NOTICE, TRACE,
                 "trace %" PRIu64 " of session %" PRIu64 ": ended, %s; qlog of %" PRIu64 " bytes, %" PRIu64
                 " events lost",
                 trace->number, trace->session, why, trace->qlog_bytes, cv_trace_lost(trace));
    close_file(&trace->qlog);
    close_file(&trace->keys);
}

void cv_trace_write_piece(struct cv_trace *trace, size_t event_bytes, const void *data, size_t bytes)
{
    if (event_bytes > 0)
        trace->skipping = trace->qlog < 0 || trace->qlog_bytes + event_bytes > CV_TRACE_QLOG_BYTES - 128;
    if (event_bytes > 0 && trace->skipping && trace->qlog >= 0) {
        trace->left_out++;
        cv_trace_stop(trace, "the file is full");
    }
    if (!trace->skipping && trace->qlog >= 0)
        append(&trace->qlog, &trace->qlog_bytes, &(struct iovec){(void *)(uintptr_t)data, bytes}, 1);
}

void cv_trace_write_event(struct cv_trace *trace, const void *data, size_t bytes)
{
    cv_trace_write_piece(trace, bytes, data, bytes);
}

void cv_trace_write_secret(struct cv_trace *trace, const char *line)
{
    struct iovec parts[] = {{(void *)(uintptr_t)line, strlen(line)}, {(void *)(uintptr_t)"\n", 1}};

    if (trace->keys >= 0 && trace->keys_bytes + parts[0].iov_len < CV_TRACE_KEYS_BYTES)
        append(&trace->keys, &trace->keys_bytes, parts, 2);
}
