/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane_link.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

struct cv_dataplane_link {
    int socket;
    bool attached;
    bool unrung; /* sent something since the data plane's doorbell was rung */
    /*
     * What the event loop watches: an epoll descriptor of the pipe that the data plane writes, and of an
     * eventfd of our own for what a call of receive had no room for.
     */
    int doorbell;
    int again;
    int descriptors[CV_ATTACH_DESCRIPTORS];
    struct cv_shared shared;
    size_t mapped_bytes;
    struct cv_ring to_control;
    struct cv_ring to_dataplane;
    uint64_t bad_messages;
};

static void close_descriptor(int *descriptor)
{
    if (*descriptor >= 0)
        close(*descriptor);
    *descriptor = -1;
}

static int ask(int socket, const char *path)
{
    const struct cv_attach_request request = {.magic = CV_SHARED_MAGIC, .version = CV_SHARED_VERSION};
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (strlen(path) >= sizeof(address.sun_path))
        return -ENAMETOOLONG;
    memcpy(address.sun_path, path, strlen(path));
    if (connect(socket, (struct sockaddr *)&address, sizeof(address)) != 0)
        return -errno;
    return send(socket, &request, sizeof(request), MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int cv_dataplane_link_open(struct cv_dataplane_link **link, const char *path)
{
    struct cv_dataplane_link *made = calloc(1, sizeof(*made));
    int error;

    if (made == NULL)
        return -ENOMEM;
    made->doorbell = made->again = -1;
    for (int i = 0; i < CV_ATTACH_DESCRIPTORS; i++)
        made->descriptors[i] = -1;
    made->socket = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    error = made->socket < 0 ? -errno : ask(made->socket, path);
    if (error != 0) {
        cv_dataplane_link_close(made);
        return error;
    }
    *link = made;
    return 0;
}

void cv_dataplane_link_close(struct cv_dataplane_link *link)
{
    if (link == NULL)
        return;
    if (link->mapped_bytes > 0)
        munmap(link->shared.memory, link->mapped_bytes);
    for (int i = 0; i < CV_ATTACH_DESCRIPTORS; i++)
        close_descriptor(&link->descriptors[i]);
    close_descriptor(&link->doorbell);
    close_descriptor(&link->again);
    close_descriptor(&link->socket);
    free(link);
}

/* Keeps the descriptors that came along in `link`; false when they are not as many as agreed. */
static bool keep_descriptors(struct cv_dataplane_link *link, struct msghdr *message)
{
    size_t kept = 0;

    for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part != NULL; part = CMSG_NXTHDR(message, part)) {
        size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);

        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
            continue;
        for (size_t i = 0; i < count; i++) {
            int descriptor;

            memcpy(&descriptor, CMSG_DATA(part) + i * sizeof(int), sizeof(int));
            if (kept < CV_ATTACH_DESCRIPTORS)
                link->descriptors[kept++] = descriptor;
            else
                close(descriptor);
        }
    }
    return kept == CV_ATTACH_DESCRIPTORS && (message->msg_flags & MSG_CTRUNC) == 0;
}

static int take_reply(struct cv_dataplane_link *link)
{
    struct cv_attach_reply reply;
    union {
        char space[CMSG_SPACE(CV_ATTACH_DESCRIPTORS * sizeof(int))];
        struct cmsghdr align;
    } ancillary;
    struct iovec part = {&reply, sizeof(reply)};
    struct msghdr message = {
        .msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = ancillary.space,
        .msg_controllen = sizeof(ancillary.space),
    };
    ssize_t bytes = recvmsg(link->socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    bool complete;

    if (bytes < 0)
        return -errno;
    if (bytes == 0)
        return -ECONNRESET;
    complete = keep_descriptors(link, &message);
    if (bytes != (ssize_t)sizeof(reply) || reply.magic != CV_SHARED_MAGIC)
        return -EPROTO;
    if (reply.error != 0)
        return reply.error < 0 && reply.error >= -4095 ? reply.error : -EPROTO;
    return complete && reply.version == CV_SHARED_VERSION ? 0 : -EPROTO;
}

static int map_memory(struct cv_dataplane_link *link)
{
    int memory = link->descriptors[CV_ATTACH_MEMORY];
    struct stat found;
    void *mapped;
    int error;

    if (fstat(memory, &found) != 0)
        return -errno;
    /* Memory that may shrink could end this process with SIGBUS. */
    if ((fcntl(memory, F_GET_SEALS) & F_SEAL_SHRINK) == 0 || found.st_size <= 0)
        return -EBADMSG;
    mapped = mmap(NULL, (size_t)found.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
    if (mapped == MAP_FAILED)
        return -errno;
    error = cv_shared_open(&link->shared, mapped, (size_t)found.st_size);
    if (error != 0) {
        munmap(mapped, (size_t)found.st_size);
        return error;
    }
    link->mapped_bytes = (size_t)found.st_size;
    return 0;
}

static int watch(int epoll, int descriptor)
{
    struct epoll_event event = {.events = EPOLLIN};

    return epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) == 0 ? 0 : -errno;
}

static int make_doorbell(struct cv_dataplane_link *link)
{
    int error;

    link->again = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    link->doorbell = epoll_create1(EPOLL_CLOEXEC);
    if (link->again < 0 || link->doorbell < 0)
        return -errno;
    error = watch(link->doorbell, link->again);
    return error != 0 ? error : watch(link->doorbell, link->descriptors[CV_ATTACH_WAKES_CONTROL]);
}

static int attach(struct cv_dataplane_link *link)
{
    uint32_t slots;
    int error = map_memory(link);

    if (error == 0)
        error = make_doorbell(link);
    if (error != 0)
        return error;
    slots = link->shared.header.ring_slots;
    error = cv_ring_join(&link->to_control, link->shared.to_control, slots, CV_RING_CONSUMER);
    if (error == 0)
        error = cv_ring_join(&link->to_dataplane, link->shared.to_dataplane, slots, CV_RING_PRODUCER);
    link->attached = error == 0;
    return error;
}

int cv_dataplane_link_serve(struct cv_dataplane_link *link)
{
    char unexpected;
    ssize_t bytes;
    int error;

    if (!link->attached) {
        error = take_reply(link);
        if (error == -EAGAIN || error == -EINTR)
            return 0;
        if (error == 0)
            error = attach(link);
        return error == 0 ? 1 : error;
    }
    bytes = recv(link->socket, &unexpected, sizeof(unexpected), MSG_DONTWAIT);
    if (bytes < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    link->attached = false;
    return bytes > 0 ? -EPROTO : -ECONNRESET;
}

int cv_dataplane_link_socket(const struct cv_dataplane_link *link)
{
    return link->socket;
}

int cv_dataplane_link_doorbell(const struct cv_dataplane_link *link)
{
    return link->doorbell;
}

bool cv_dataplane_link_attached(const struct cv_dataplane_link *link)
{
    return link->attached;
}

const struct cv_shared *cv_dataplane_link_shared(const struct cv_dataplane_link *link)
{
    return link->mapped_bytes > 0 ? &link->shared : NULL;
}

bool cv_dataplane_link_send(struct cv_dataplane_link *link, const struct cv_message *message)
{
    if (!link->attached || cv_ring_push(&link->to_dataplane, message, 1) == 0)
        return false;
    link->unrung = true;
    return true;
}

uint32_t cv_dataplane_link_room(struct cv_dataplane_link *link)
{
    return link->attached ? cv_ring_room(&link->to_dataplane) : 0;
}

void cv_dataplane_link_flush(struct cv_dataplane_link *link)
{
    if (!link->attached || !link->unrung)
        return;
    link->unrung = false;
    eventfd_write(link->descriptors[CV_ATTACH_WAKES_DATAPLANE], 1);
}

static void clear_doorbell(struct cv_dataplane_link *link)
{
    char rings[512];
    eventfd_t value;

    /* Both are non-blocking, and drained before the ring is looked at: what comes later rings again. */
    while (read(link->descriptors[CV_ATTACH_WAKES_CONTROL], rings, sizeof(rings)) == (ssize_t)sizeof(rings))
        ;
    eventfd_read(link->again, &value);
}

uint32_t cv_dataplane_link_receive(struct cv_dataplane_link *link, struct cv_message *messages, uint32_t max)
{
    uint32_t popped, good = 0;

    if (!link->attached)
        return 0;
    clear_doorbell(link);
    popped = cv_ring_pop(&link->to_control, messages, max);
    for (uint32_t i = 0; i < popped; i++) {
        if (cv_message_check(&messages[i], CV_SENDER_DATAPLANE) != 0)
            continue;
        if (good != i)
            messages[good] = messages[i];
        good++;
    }
    link->bad_messages += popped - good;
    if (popped == max)
        eventfd_write(link->again, 1);
    return good;
}

uint64_t cv_dataplane_link_bad(const struct cv_dataplane_link *link)
{
    return link->bad_messages + link->to_control.bad_positions + link->to_dataplane.bad_positions;
}
