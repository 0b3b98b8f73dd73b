/* SPDX-License-Identifier: BSD-3-Clause */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static time_t now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

static void begin(struct child *child)
{
    *child = (struct child){.pid = -1, .streams = {-1, -1}, .status = -1};
    for (int i = 0; i < 2; i++)
        assert_non_null(child->texts[i] = calloc(1, 1));
}

static int input_file(const char *input)
{
    int fd = memfd_create("input", MFD_CLOEXEC);

    assert_true(fd >= 0);
    if (input)
        assert_int_equal(write(fd, input, strlen(input)), strlen(input));
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

void child_start(struct child *child, const char *const *arguments, const char *input)
{
    int out[2], err[2], in = input_file(input);

    begin(child);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    assert_int_equal(pipe2(err, O_CLOEXEC), 0);
    child->pid = fork();
    assert_true(child->pid >= 0);
    if (child->pid == 0) {
        dup2(in, STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        dup2(err[1], STDERR_FILENO);
        execvp(arguments[0], (char *const *)(void *)arguments);
        _exit(127);
    }
    close(in);
    close(out[1]);
    close(err[1]);
    child->streams[0] = out[0];
    child->streams[1] = err[0];
}

void child_start_on_terminal(struct child *child, const char *const *arguments)
{
    begin(child);
    child->pid = forkpty(&child->streams[0], NULL, NULL, NULL);
    assert_true(child->pid >= 0);
    if (child->pid == 0) {
        execvp(arguments[0], (char *const *)(void *)arguments);
        _exit(127);
    }
}

void child_type(struct child *child, const char *keys)
{
    assert_int_equal(write(child->streams[0], keys, strlen(keys)), strlen(keys));
}

static void read_stream(struct child *child, int i)
{
    char bytes[4096];
    ssize_t got = read(child->streams[i], bytes, sizeof(bytes));

    /* A terminal whose other end is closed reads as EIO. */
    if (got <= 0) {
        close(child->streams[i]);
        child->streams[i] = -1;
        return;
    }
    child->texts[i] = realloc(child->texts[i], child->sizes[i] + (size_t)got + 1);
    assert_non_null(child->texts[i]);
    memcpy(child->texts[i] + child->sizes[i], bytes, (size_t)got);
    child->sizes[i] += (size_t)got;
    child->texts[i][child->sizes[i]] = '\0';
}

static void give_up(struct child *child, const char *what)
{
    kill(child->pid, SIGKILL);
    waitpid(child->pid, NULL, 0);
    fail_msg("waited %d s for %s\nstdout: %s\nstderr: %s", CHILD_SECONDS, what, child->texts[0],
             child->texts[1]);
}

/* Reads what has come, after waiting for a moment when nothing has. */
static void read_some(struct child *child)
{
    struct pollfd streams[2] = {{.fd = child->streams[0], .events = POLLIN},
                                {.fd = child->streams[1], .events = POLLIN}};

    if (poll(streams, 2, 100) <= 0)
        return;
    for (int i = 0; i < 2; i++) {
        if (streams[i].revents)
            read_stream(child, i);
    }
}

size_t child_expect(struct child *child, size_t from, const char *text)
{
    const time_t deadline = now_s() + CHILD_SECONDS;
    const char *found;

    while (!(found = strstr(child->texts[0] + from, text))) {
        if (child->streams[0] < 0 || now_s() >= deadline)
            give_up(child, text);
        read_some(child);
    }
    return (size_t)(found - child->texts[0]) + strlen(text);
}

void child_wait(struct child *child)
{
    const time_t deadline = now_s() + CHILD_SECONDS;
    int status;

    while (child->streams[0] >= 0 || child->streams[1] >= 0) {
        if (now_s() >= deadline)
            give_up(child, "the program to end");
        read_some(child);
    }
    assert_int_equal(waitpid(child->pid, &status, 0), child->pid);
    child->pid = -1;
    child->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void child_free(struct child *child)
{
    for (int i = 0; i < 2; i++) {
        free(child->texts[i]);
        if (child->streams[i] >= 0)
            close(child->streams[i]);
    }
}

void child_run(struct child *child, const char *const *arguments, const char *input)
{
    child_start(child, arguments, input);
    child_wait(child);
}
