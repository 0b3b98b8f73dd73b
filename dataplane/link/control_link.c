/* SPDX-License-Identifier: BSD-3-Clause */
#include "control_link.h"

#include "control_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

/* What an event of the epoll descriptor is about. */
enum source {
    SOURCE_ATTACHED = 1 << 0,
    SOURCE_CALLER = 1 << 1,
    SOURCE_LISTENER = 1 << 2,
    SOURCE_DOORBELL = 1 << 3,
};

struct cv_control_link {
    char *path;
    int listener;
    int epoll;
    int caller;   /* connected, has not sent its request yet; -1: none */
    int attached; /* control's connection; -1: none */
    /* Made anew for each attachment, so that an earlier control has no hold on a later one's. */
    int wakes_dataplane;
    int wakes_control[2]; /* reading end, kept open against SIGPIPE, and writing end */

    int memory_fd;
    struct cv_shared shared;
    struct cv_ring to_control;
    struct cv_ring to_dataplane;
    bool unrung; /* sent something since the doorbell was rung */

    /* Control can write into the statistics; these are what counts. */
    uint64_t messages;
    uint64_t bad_messages;
    uint64_t bad_positions; /* of earlier attachments */
    uint64_t events_lost;
    uint64_t events_lost_told;
};

static int make_memory(struct cv_control_link *link, uint32_t workers, uint32_t ports)
{
    struct cv_shared_header header;
    void *memory;
    int error = cv_shared_layout(&header, workers, ports);

    if (error != 0)
        return error;
    if (getrandom(&header.boot_id, sizeof(header.boot_id), 0) != (ssize_t)sizeof(header.boot_id))
        return -errno;
    link->memory_fd = memfd_create("culvert", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (link->memory_fd < 0)
        return -errno;
    if (ftruncate(link->memory_fd, (off_t)header.total_bytes) != 0 ||
        fcntl(link->memory_fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
        return -errno;
    memory =
        mmap(NULL, header.total_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, link->memory_fd, 0);
    if (memory == MAP_FAILED)
        return -errno;
    cv_shared_format(&link->shared, memory, &header);
    return 0;
}

static int watch(struct cv_control_link *link, int operation, int descriptor, enum source source,
                 uint32_t events)
{
    struct epoll_event event = {.events = events, .data.u32 = source};

    return epoll_ctl(link->epoll, operation, descriptor, &event) == 0 ? 0 : -errno;
}

static int make_socket(struct cv_control_link *link, const char *path)
{
    link->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (link->epoll < 0)
        return -errno;
    link->listener = control_socket_listen(path);
    if (link->listener < 0)
        return link->listener;
    link->path = strdup(path);
    if (link->path == NULL) {
        unlink(path);
        return -ENOMEM;
    }
    /*
     * Edge-triggered: a caller that cannot be accepted for lack of descriptors must not keep the keeper
     * awake.
     */
    return watch(link, EPOLL_CTL_ADD, link->listener, SOURCE_LISTENER, EPOLLIN | EPOLLET);
}

int cv_control_link_open(struct cv_control_link **link, const char *path, uint32_t workers, uint32_t ports)
{
    struct cv_control_link *made = calloc(1, sizeof(*made));
    int error;

    if (made == NULL)
        return -ENOMEM;
    made->listener = made->epoll = made->caller = made->attached = made->memory_fd = -1;
    made->wakes_dataplane = made->wakes_control[0] = made->wakes_control[1] = -1;
    error = make_memory(made, workers, ports);
    if (error == 0)
        error = make_socket(made, path);
    if (error != 0) {
        cv_control_link_close(made);
        return error;
    }
    *link = made;
    return 0;
}

static void close_descriptor(int *descriptor)
{
    if (*descriptor >= 0)
        close(*descriptor);
    *descriptor = -1;
}

static void publish(uint64_t *counter, uint64_t value)
{
    __atomic_store_n(counter, value, __ATOMIC_RELAXED);
}

static void publish_counters(struct cv_control_link *link)
{
    struct cv_keeper_stats *keeper = link->shared.keeper;

    publish(&keeper->ring_messages, link->messages);
    publish(&keeper->ring_bad_messages, link->bad_messages);
    publish(&keeper->ring_bad_positions,
            link->bad_positions + link->to_control.bad_positions + link->to_dataplane.bad_positions);
    publish(&keeper->events_lost, link->events_lost);
}

static void detach(struct cv_control_link *link)
{
    /* Control has this one open too, so that closing it here would not end the watch. */
    if (link->wakes_dataplane >= 0)
        epoll_ctl(link->epoll, EPOLL_CTL_DEL, link->wakes_dataplane, NULL);
    close_descriptor(&link->attached);
    close_descriptor(&link->wakes_dataplane);
    close_descriptor(&link->wakes_control[0]);
    close_descriptor(&link->wakes_control[1]);
    link->bad_positions += link->to_control.bad_positions + link->to_dataplane.bad_positions;
    link->to_control.bad_positions = link->to_dataplane.bad_positions = 0;
}

void cv_control_link_close(struct cv_control_link *link)
{
    if (link == NULL)
        return;
    detach(link);
    close_descriptor(&link->caller);
    if (link->path != NULL)
        unlink(link->path);
    close_descriptor(&link->listener);
    close_descriptor(&link->epoll);
    if (link->shared.memory != NULL)
        munmap(link->shared.memory, link->shared.header.total_bytes);
    close_descriptor(&link->memory_fd);
    free(link->path);
    free(link);
}

/* Makes what an attachment needs, and hands it over. */
static int attach(struct cv_control_link *link)
{
    int descriptors[CV_ATTACH_DESCRIPTORS];
    int error;

    link->wakes_dataplane = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (link->wakes_dataplane < 0 || pipe2(link->wakes_control, O_CLOEXEC | O_NONBLOCK) != 0)
        return -errno;
    cv_ring_format(link->shared.to_control);
    cv_ring_format(link->shared.to_dataplane);
    cv_ring_join(&link->to_control, link->shared.to_control, CV_RING_SLOTS, CV_RING_PRODUCER);
    cv_ring_join(&link->to_dataplane, link->shared.to_dataplane, CV_RING_SLOTS, CV_RING_CONSUMER);
    link->unrung = false;
    link->events_lost_told = link->events_lost; /* it will ask for everything anyway */
    error = watch(link, EPOLL_CTL_ADD, link->wakes_dataplane, SOURCE_DOORBELL, EPOLLIN | EPOLLET);
    if (error == 0)
        error = watch(link, EPOLL_CTL_MOD, link->attached, SOURCE_ATTACHED, EPOLLIN);
    if (error != 0)
        return error;
    descriptors[CV_ATTACH_MEMORY] = link->memory_fd;
    descriptors[CV_ATTACH_WAKES_CONTROL] = link->wakes_control[0];
    descriptors[CV_ATTACH_WAKES_DATAPLANE] = link->wakes_dataplane;
    return control_socket_reply(link->attached, 0, descriptors);
}

/* Returns true when the caller is attached now. */
static bool serve_caller(struct cv_control_link *link)
{
    int error = control_socket_request(link->caller);

    if (error == -EAGAIN)
        return false;
    if (error == 0 && link->attached >= 0)
        error = -EBUSY;
    if (error == 0) {
        link->attached = link->caller;
        link->caller = -1;
        error = attach(link);
        if (error == 0)
            return true;
        control_socket_reply(link->attached, error, NULL);
        detach(link);
        return false;
    }
    if (error != -ECONNRESET)
        control_socket_reply(link->caller, error, NULL);
    close_descriptor(&link->caller);
    return false;
}

/* A caller that keeps silent gives way to the next one. */
static void serve_listener(struct cv_control_link *link)
{
    for (unsigned accepted = 0; accepted < 64; accepted++) {
        int caller = control_socket_accept(link->listener);

        if (caller < 0)
            return;
        close_descriptor(&link->caller);
        link->caller = caller;
        if (watch(link, EPOLL_CTL_ADD, caller, SOURCE_CALLER, EPOLLIN) != 0)
            close_descriptor(&link->caller);
    }
}

bool cv_control_link_serve(struct cv_control_link *link)
{
    struct epoll_event events[4];
    int count = epoll_wait(link->epoll, events, 4, 0);
    uint32_t sources = 0;
    bool changed = false;

    for (int i = 0; i < count; i++)
        sources |= events[i].data.u32;
    /*
     * Who leaves makes room for who comes. Control says nothing on an attached connection but that it
     * leaves.
     */
    if ((sources & SOURCE_ATTACHED) != 0) {
        detach(link);
        publish_counters(link);
        changed = true;
    }
    if ((sources & SOURCE_CALLER) != 0)
        changed |= serve_caller(link);
    if ((sources & SOURCE_LISTENER) != 0)
        serve_listener(link);
    return changed;
}

const struct cv_shared *cv_control_link_shared(const struct cv_control_link *link)
{
    return &link->shared;
}

int cv_control_link_fd(const struct cv_control_link *link)
{
    return link->epoll;
}

bool cv_control_link_attached(const struct cv_control_link *link)
{
    return link->attached >= 0;
}

uint32_t cv_control_link_receive(struct cv_control_link *link, struct cv_message *messages, uint32_t max)
{
    uint32_t popped, good = 0;

    if (link->attached < 0)
        return 0;
    popped = cv_ring_pop(&link->to_dataplane, messages, max);
    for (uint32_t i = 0; i < popped; i++) {
        if (cv_message_check(&messages[i], CV_SENDER_CONTROL) != 0)
            continue;
        if (good != i)
            messages[good] = messages[i];
        good++;
    }
    link->messages += popped;
    link->bad_messages += popped - good;
    publish_counters(link);
    if (popped == max) /* reports the doorbell, which was rung and never read, once more */
        watch(link, EPOLL_CTL_MOD, link->wakes_dataplane, SOURCE_DOORBELL, EPOLLIN | EPOLLET);
    return good;
}

static bool push(struct cv_control_link *link, const struct cv_message *message)
{
    if (cv_ring_push(&link->to_control, message, 1) == 0)
        return false;
    link->unrung = true;
    return true;
}

static bool tell_events_lost(struct cv_control_link *link)
{
    struct cv_message message = {.type = CV_MESSAGE_EVENTS_LOST, .count = link->events_lost};

    if (link->events_lost == link->events_lost_told)
        return true;
    if (!push(link, &message))
        return false;
    link->events_lost_told = link->events_lost;
    return true;
}

bool cv_control_link_send(struct cv_control_link *link, const struct cv_message *message)
{
    if (link->attached < 0)
        return false;
    if (tell_events_lost(link) && push(link, message))
        return true;
    if (message->sequence == 0)
        link->events_lost++;
    publish_counters(link);
    return false;
}

uint32_t cv_control_link_room(struct cv_control_link *link)
{
    uint32_t room = link->attached >= 0 ? cv_ring_room(&link->to_control) : 0;

    return room > 0 && link->events_lost != link->events_lost_told ? room - 1 : room;
}

void cv_control_link_flush(struct cv_control_link *link)
{
    ssize_t written;

    if (link->attached < 0)
        return;
    tell_events_lost(link);
    if (!link->unrung)
        return;
    link->unrung = false;
    written = write(link->wakes_control[1], "", 1); /* a full pipe wakes control just as well */
    (void)written;
}
