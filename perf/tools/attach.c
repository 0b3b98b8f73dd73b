/* SPDX-License-Identifier: BSD-3-Clause */
#include "attach.h"

#include <errno.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#define ATTACH_SECONDS 180 /* the data plane may have gigabytes of memory to clear */
#define RETRY_US       20000

static time_t now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

int bench_attach(struct cv_dataplane_link **link, const char *path)
{
    time_t deadline_s = now_s() + ATTACH_SECONDS;
    int result;

    *link = NULL;
    while ((result = cv_dataplane_link_open(link, path)) != 0 && now_s() < deadline_s)
        usleep(RETRY_US);
    if (result != 0)
        return result;
    while ((result = cv_dataplane_link_serve(*link)) == 0 && now_s() < deadline_s) {
        struct pollfd ready = {.fd = cv_dataplane_link_socket(*link), .events = POLLIN};

        poll(&ready, 1, 100);
    }
    return result > 0 ? 0 : result < 0 ? result : -ETIMEDOUT;
}
