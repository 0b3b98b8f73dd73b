/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * Both ends of the attachment in one process, over a real socket: what test_control_link.c and
 * test_control_messages.c have in common. Each includes it once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control_link.h"
#include "link/dataplane_link.h"

static char directory[] = "/tmp/culvert-link-XXXXXX";
static char path[64];

static struct cv_control_link *dataplane;

static bool readable(int descriptor)
{
    struct pollfd wait = {.fd = descriptor, .events = POLLIN};

    return poll(&wait, 1, 0) == 1;
}

static int start(void **state)
{
    (void)state;
    return cv_control_link_open(&dataplane, path, 2, 1);
}

static int stop(void **state)
{
    (void)state;
    cv_control_link_close(dataplane);
    return access(path, F_OK) == 0; /* the socket file is gone */
}

/* Lets the data plane serve until nothing is left to do; whether it said that something changed. */
static bool serve(void)
{
    bool changed = false;

    for (unsigned turn = 0; turn < 10 && readable(cv_control_link_fd(dataplane)); turn++)
        changed |= cv_control_link_serve(dataplane);
    return changed;
}

static struct cv_dataplane_link *attach(void)
{
    struct cv_dataplane_link *control = NULL;

    assert_int_equal(cv_dataplane_link_open(&control, path), 0);
    assert_false(cv_dataplane_link_attached(control));
    assert_null(cv_dataplane_link_shared(control));
    assert_int_equal(cv_dataplane_link_serve(control), 0);
    assert_true(serve());
    assert_true(cv_control_link_attached(dataplane));
    assert_true(readable(cv_dataplane_link_socket(control)));
    assert_int_equal(cv_dataplane_link_serve(control), 1);
    assert_true(cv_dataplane_link_attached(control));
    assert_int_equal(cv_dataplane_link_serve(control), 0);
    return control;
}

static void leave(struct cv_dataplane_link *control)
{
    cv_dataplane_link_close(control);
    assert_true(serve());
    assert_false(cv_control_link_attached(dataplane));
}

static struct cv_message request(uint32_t sequence)
{
    return (struct cv_message){.type = CV_MESSAGE_PAIR_GET, .sequence = sequence, .pair = sequence};
}

static struct cv_message event(uint64_t pair)
{
    return (struct cv_message){.type = CV_MESSAGE_PAIR_IDLE, .pair = pair};
}

static int make_directory(void **state)
{
    (void)state;
    if (mkdtemp(directory) == NULL)
        return -1;
    snprintf(path, sizeof(path), "%s/dataplane.sock", directory);
    return 0;
}

static int remove_directory(void **state)
{
    (void)state;
    return rmdir(directory);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
