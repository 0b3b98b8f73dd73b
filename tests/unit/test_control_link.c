/* SPDX-License-Identifier: BSD-3-Clause */
/* Both ends of the attachment, over a real socket in one process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "control_link.h"
#include "dataplane_link.h"

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

static struct cv_message result(uint32_t sequence)
{
    return (struct cv_message){.type = CV_MESSAGE_RESULT, .sequence = sequence};
}

static uint64_t lost_now(void)
{
    return cv_control_link_shared(dataplane)->keeper->events_lost;
}

static void both_see_the_same_memory(void **state)
{
    struct cv_dataplane_link *control = attach();
    const struct cv_shared *ours = cv_control_link_shared(dataplane);
    const struct cv_shared *theirs = cv_dataplane_link_shared(control);

    (void)state;
    assert_int_equal(theirs->header.worker_count, 2);
    assert_int_equal(theirs->header.port_count, 1);
    assert_int_equal(theirs->header.boot_id, ours->header.boot_id);
    assert_int_not_equal(ours->header.boot_id, 0);
    assert_ptr_not_equal(ours->memory, theirs->memory);
    ours->workers[1].rx_pkts = 42;
    assert_int_equal(theirs->workers[1].rx_pkts, 42);
    leave(control);
}

static void messages_pass_and_ring_the_doorbells(void **state)
{
    struct cv_dataplane_link *control = attach();
    struct cv_message message = request(7), taken[4];

    (void)state;
    assert_true(cv_dataplane_link_send(control, &message));
    assert_false(readable(cv_control_link_fd(dataplane)));
    cv_dataplane_link_flush(control);
    assert_true(readable(cv_control_link_fd(dataplane)));
    assert_false(cv_control_link_serve(dataplane));
    assert_int_equal(cv_control_link_receive(dataplane, taken, 4), 1);
    assert_memory_equal(taken, &message, sizeof(message));
    assert_false(readable(cv_control_link_fd(dataplane)));
    cv_dataplane_link_flush(control); /* nothing new: no ring */
    assert_false(readable(cv_control_link_fd(dataplane)));

    message = result(7);
    assert_true(cv_control_link_send(dataplane, &message));
    assert_false(readable(cv_dataplane_link_doorbell(control)));
    cv_control_link_flush(dataplane);
    assert_true(readable(cv_dataplane_link_doorbell(control)));
    assert_int_equal(cv_dataplane_link_receive(control, taken, 4), 1);
    assert_memory_equal(taken, &message, sizeof(message));
    assert_false(readable(cv_dataplane_link_doorbell(control)));
    assert_int_equal(cv_control_link_shared(dataplane)->keeper->ring_messages, 1);
    leave(control);
}

/* One ring for many messages, taken a few at a time: neither side may fall asleep over the rest. */
static void the_doorbell_rings_until_all_are_taken(void **state)
{
    struct cv_dataplane_link *control = attach();
    struct cv_message message, taken[4];
    uint32_t to_dataplane = 0, to_control = 0;

    (void)state;
    for (uint32_t i = 1; i <= 10; i++) {
        message = request(i);
        assert_true(cv_dataplane_link_send(control, &message));
        message = event(i);
        assert_true(cv_control_link_send(dataplane, &message));
    }
    cv_dataplane_link_flush(control);
    cv_control_link_flush(dataplane);
    while (readable(cv_control_link_fd(dataplane))) {
        assert_false(cv_control_link_serve(dataplane));
        to_dataplane += cv_control_link_receive(dataplane, taken, 4);
    }
    while (readable(cv_dataplane_link_doorbell(control)))
        to_control += cv_dataplane_link_receive(control, taken, 4);
    assert_int_equal(to_dataplane, 10);
    assert_int_equal(to_control, 10);
    leave(control);
}

static void a_second_control_is_told_that_it_is_busy(void **state)
{
    struct cv_dataplane_link *first = attach(), *second = NULL;
    struct cv_message message = request(1), taken;

    (void)state;
    assert_int_equal(cv_dataplane_link_open(&second, path), 0);
    assert_false(serve());
    assert_int_equal(cv_dataplane_link_serve(second), -EBUSY);
    cv_dataplane_link_close(second);
    assert_false(serve());
    assert_true(cv_dataplane_link_send(first, &message));
    assert_int_equal(cv_control_link_receive(dataplane, &taken, 1), 1);
    leave(first);
}

static void rings_start_empty_with_each_attachment(void **state)
{
    struct cv_dataplane_link *control = attach();
    struct cv_message message = request(1), taken;

    (void)state;
    assert_true(cv_dataplane_link_send(control, &message));
    cv_dataplane_link_flush(control);
    message = event(1);
    assert_true(cv_control_link_send(dataplane, &message));
    leave(control);
    assert_int_equal(cv_control_link_receive(dataplane, &taken, 1), 0);
    assert_false(cv_control_link_send(dataplane, &message));
    assert_int_equal(cv_control_link_room(dataplane), 0);

    control = attach();
    assert_int_equal(cv_control_link_receive(dataplane, &taken, 1), 0);
    assert_int_equal(cv_dataplane_link_receive(control, &taken, 1), 0);
    assert_int_equal(cv_control_link_room(dataplane), CV_RING_SLOTS);
    assert_int_equal(cv_dataplane_link_room(control), CV_RING_SLOTS);
    assert_int_equal(lost_now(), 0);
    leave(control);
}

/* In one turn of the keeper: whoever was under way with the first must hear of it. */
static void leaving_and_coming_in_one_turn_is_a_change(void **state)
{
    struct cv_dataplane_link *first = attach(), *second = NULL;

    (void)state;
    cv_dataplane_link_close(first);
    assert_int_equal(cv_dataplane_link_open(&second, path), 0);
    assert_true(cv_control_link_serve(dataplane));
    serve();
    assert_true(cv_control_link_attached(dataplane));
    assert_int_equal(cv_dataplane_link_serve(second), 1);
    leave(second);
}

static void lost_events_are_counted_and_told(void **state)
{
    struct cv_dataplane_link *control = attach();
    struct cv_message *taken = calloc(CV_RING_SLOTS, sizeof(*taken));
    struct cv_message message = event(1);

    (void)state;
    assert_non_null(taken);
    for (uint32_t i = 0; i < CV_RING_SLOTS; i++)
        assert_true(cv_control_link_send(dataplane, &message));
    assert_int_equal(cv_control_link_room(dataplane), 0);
    assert_false(cv_control_link_send(dataplane, &message));
    assert_false(cv_control_link_send(dataplane, &message));
    message = result(5);
    assert_false(cv_control_link_send(dataplane, &message)); /* kept by the caller, not lost */
    assert_int_equal(lost_now(), 2);

    assert_int_equal(cv_dataplane_link_receive(control, taken, 1), 1);
    assert_int_equal(cv_control_link_room(dataplane), 0); /* the one slot is for EVENTS_LOST */
    assert_false(cv_control_link_send(dataplane, &message));
    assert_int_equal(cv_dataplane_link_receive(control, taken, CV_RING_SLOTS), CV_RING_SLOTS);
    assert_int_equal(taken[CV_RING_SLOTS - 2].type, CV_MESSAGE_PAIR_IDLE);
    assert_int_equal(taken[CV_RING_SLOTS - 1].type, CV_MESSAGE_EVENTS_LOST);
    assert_int_equal(taken[CV_RING_SLOTS - 1].count, 2);
    assert_true(cv_control_link_send(dataplane, &message));
    assert_int_equal(cv_dataplane_link_receive(control, taken, CV_RING_SLOTS), 1);
    assert_int_equal(taken[0].type, CV_MESSAGE_RESULT);
    free(taken);
    leave(control);
}

/* With nothing more to send, the loss is told by flush; a later control, which asks for everything, is not
 * told. */
static void a_loss_is_told_without_further_messages(void **state)
{
    struct cv_dataplane_link *control = attach();
    struct cv_message *taken = calloc(CV_RING_SLOTS, sizeof(*taken));
    struct cv_message message = event(1);

    (void)state;
    assert_non_null(taken);
    while (cv_control_link_send(dataplane, &message))
        ;
    cv_control_link_flush(dataplane);
    assert_int_equal(cv_dataplane_link_receive(control, taken, CV_RING_SLOTS), CV_RING_SLOTS);
    cv_control_link_flush(dataplane);
    assert_true(readable(cv_dataplane_link_doorbell(control)));
    assert_int_equal(cv_dataplane_link_receive(control, taken, CV_RING_SLOTS), 1);
    assert_int_equal(taken[0].type, CV_MESSAGE_EVENTS_LOST);
    assert_int_equal(taken[0].count, 1);

    while (cv_control_link_send(dataplane, &message))
        ;
    leave(control);
    control = attach();
    assert_true(cv_control_link_send(dataplane, &message));
    assert_int_equal(cv_dataplane_link_receive(control, taken, CV_RING_SLOTS), 1);
    assert_int_equal(taken[0].type, CV_MESSAGE_PAIR_IDLE);
    free(taken);
    leave(control);
}

static void nobody_attached_loses_no_events(void **state)
{
    struct cv_message message = event(1);

    (void)state;
    assert_false(cv_control_link_send(dataplane, &message));
    cv_control_link_flush(dataplane);
    assert_int_equal(lost_now(), 0);
}

static void bad_messages_are_left_out_and_counted(void **state)
{
    struct cv_dataplane_link *control = attach();
    struct cv_message message, taken[8];

    (void)state;
    for (uint32_t i = 1; i <= 6; i++) {
        message = request(i);
        if (i % 2 == 0)
            message.pair = 0;
        assert_true(cv_dataplane_link_send(control, &message));
        message = i % 3 == 0 ? request(i) : event(i); /* a request is nothing that the data plane may send */
        assert_true(cv_control_link_send(dataplane, &message));
    }
    assert_int_equal(cv_control_link_receive(dataplane, taken, 8), 3);
    assert_int_equal(taken[2].pair, 5);
    assert_int_equal(cv_control_link_shared(dataplane)->keeper->ring_bad_messages, 3);
    assert_int_equal(cv_dataplane_link_receive(control, taken, 8), 4);
    assert_int_equal(taken[3].pair, 5);
    assert_int_equal(cv_dataplane_link_bad(control), 2);
    leave(control);
}

/* A control gone mad writes into everything it can, while the data plane goes on. */
static void garbage_in_the_memory_is_survived(void **state)
{
    struct cv_dataplane_link *control = attach();
    const struct cv_shared *theirs = cv_dataplane_link_shared(control);
    uint32_t *words = theirs->memory;
    struct cv_message taken[64], message = event(1);
    size_t count = theirs->header.total_bytes / sizeof(*words);
    uint32_t *head = theirs->to_dataplane;

    (void)state;
    srand(2);
    for (size_t i = 0; i < count; i++)
        words[i] = (uint32_t)rand() * 2654435761u;
    for (unsigned round = 0; round < 2000; round++) {
        words[(size_t)rand() % count] = (uint32_t)rand() * 2654435761u;
        *head = *head + (uint32_t)rand() % 200;
        assert_true(cv_control_link_receive(dataplane, taken, 64) <= 64);
        cv_control_link_send(dataplane, &message);
        assert_true(cv_control_link_room(dataplane) <= CV_RING_SLOTS);
        cv_control_link_flush(dataplane);
        assert_false(serve());
    }
    assert_int_not_equal(cv_control_link_shared(dataplane)->keeper->ring_bad_messages, 0);
    assert_int_not_equal(cv_control_link_shared(dataplane)->keeper->ring_bad_positions, 0);
    leave(control);

    /* The next one finds everything in order but the header, which is the data plane's only to write. */
    words = cv_control_link_shared(dataplane)->memory;
    memcpy(words, &cv_control_link_shared(dataplane)->header, sizeof(struct cv_shared_header));
    control = attach();
    message = request(3);
    assert_true(cv_dataplane_link_send(control, &message));
    assert_int_equal(cv_control_link_receive(dataplane, taken, 64), 1);
    leave(control);
}

static int call(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int caller = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    assert_true(caller >= 0);
    memcpy(address.sun_path, path, strlen(path) + 1);
    assert_int_equal(connect(caller, (struct sockaddr *)&address, sizeof(address)), 0);
    return caller;
}

static void callers_that_do_not_speak_the_protocol(void **state)
{
    struct cv_attach_request good = {.magic = CV_SHARED_MAGIC, .version = CV_SHARED_VERSION};
    struct cv_attach_request other = {.magic = CV_SHARED_MAGIC, .version = CV_SHARED_VERSION + 1};
    struct cv_attach_reply reply;
    int silent = call(), caller;

    (void)state;
    assert_false(serve());
    caller = call(); /* the silent one gives way */
    assert_false(serve());
    assert_int_equal(recv(silent, &reply, sizeof(reply), 0), 0);
    close(silent);
    assert_int_equal(send(caller, "hello", 5, 0), 5);
    assert_false(serve());
    assert_int_equal(recv(caller, &reply, sizeof(reply), 0), 0);
    close(caller);

    caller = call();
    assert_int_equal(send(caller, &other, sizeof(other), 0), sizeof(other));
    assert_false(serve());
    assert_int_equal(recv(caller, &reply, sizeof(reply), 0), sizeof(reply));
    assert_int_equal(reply.error, -EPROTO);
    assert_int_equal(recv(caller, &reply, sizeof(reply), 0), 0);
    close(caller);

    /* After attaching, the connection has nothing to say. */
    caller = call();
    assert_int_equal(send(caller, &good, sizeof(good), 0), sizeof(good));
    assert_true(serve());
    assert_true(cv_control_link_attached(dataplane));
    assert_int_equal(send(caller, &good, sizeof(good), 0), sizeof(good));
    assert_true(serve());
    assert_false(cv_control_link_attached(dataplane));
    close(caller);
}

/* What control can do with the descriptors must not hurt: the data plane would die of SIGBUS, or block. */
static void descriptors_give_no_hold_on_the_data_plane(void **state)
{
    const struct cv_attach_request good = {.magic = CV_SHARED_MAGIC, .version = CV_SHARED_VERSION};
    union {
        char space[CMSG_SPACE(CV_ATTACH_DESCRIPTORS * sizeof(int))];
        struct cmsghdr align;
    } ancillary;
    struct cv_attach_reply reply;
    struct iovec part = {&reply, sizeof(reply)};
    struct msghdr received = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &ancillary, .msg_controllen = sizeof(ancillary)};
    struct cv_message message = event(1), taken;
    int descriptors[CV_ATTACH_DESCRIPTORS], caller = call();

    (void)state;
    assert_int_equal(send(caller, &good, sizeof(good), 0), sizeof(good));
    assert_true(serve());
    assert_int_equal(recvmsg(caller, &received, 0), sizeof(reply));
    memcpy(descriptors, CMSG_DATA(CMSG_FIRSTHDR(&received)), sizeof(descriptors));

    assert_int_equal(ftruncate(descriptors[CV_ATTACH_MEMORY], 0), -1);
    assert_int_equal(fcntl(descriptors[CV_ATTACH_MEMORY], F_ADD_SEALS, F_SEAL_WRITE), -1);
    for (int i = 0; i < CV_ATTACH_DESCRIPTORS; i++)
        fcntl(descriptors[i], F_SETFL, 0); /* blocking from now on, on control's side of the pipe only */
    eventfd_write(descriptors[CV_ATTACH_WAKES_DATAPLANE], UINT64_MAX - 1);
    for (unsigned i = 0; i < 70000; i++) { /* more than the pipe holds */
        assert_false(cv_control_link_serve(dataplane));
        cv_control_link_receive(dataplane, &taken, 1);
        cv_control_link_send(dataplane, &message);
        cv_control_link_flush(dataplane);
        if (i % 64 == 0) /* as if control took what is there */
            cv_ring_format(cv_control_link_shared(dataplane)->to_control);
    }
    close(descriptors[CV_ATTACH_WAKES_CONTROL]);
    cv_control_link_flush(dataplane); /* no SIGPIPE */
    close(caller);
    assert_true(serve());
    eventfd_write(descriptors[CV_ATTACH_WAKES_DATAPLANE], 0);
    assert_false(readable(cv_control_link_fd(dataplane))); /* an earlier doorbell rings no more */
    close(descriptors[CV_ATTACH_MEMORY]);
    close(descriptors[CV_ATTACH_WAKES_DATAPLANE]);
}

static void the_socket_is_for_its_owner(void **state)
{
    struct cv_control_link *second = NULL;
    struct stat found;

    (void)state;
    assert_int_equal(stat(path, &found), 0);
    assert_true(S_ISSOCK(found.st_mode));
    assert_int_equal(found.st_mode & 07777, 0600);
    assert_int_equal(cv_control_link_open(&second, path, 1, 1), -EADDRINUSE);
    assert_null(second);
    assert_int_equal(access(path, F_OK), 0); /* and the first one's socket is still there */
    serve();
    leave(attach());
}

static void stale_sockets_are_replaced_and_other_files_are_not(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char file[80], long_path[200];
    int descriptor = socket(AF_UNIX, SOCK_SEQPACKET, 0);
    struct cv_control_link *link = NULL;

    (void)state;
    snprintf(file, sizeof(file), "%s/other", directory);
    memcpy(address.sun_path, file, strlen(file) + 1);
    assert_int_equal(bind(descriptor, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(close(descriptor), 0);
    assert_int_equal(cv_control_link_open(&link, file, 1, 1), 0);
    cv_control_link_close(link);
    descriptor = open(file, O_CREAT | O_WRONLY, 0600);
    assert_true(descriptor >= 0);
    close(descriptor);
    assert_int_equal(cv_control_link_open(&link, file, 1, 1), -ENOTSOCK);
    assert_int_equal(unlink(file), 0);
    memset(long_path, 'a', sizeof(long_path) - 1);
    long_path[sizeof(long_path) - 1] = '\0';
    assert_int_equal(cv_control_link_open(&link, long_path, 1, 1), -ENAMETOOLONG);
    assert_int_equal(cv_control_link_open(&link, "/nonexistent/x", 1, 1), -ENOENT);
    assert_int_equal(cv_control_link_open(&link, file, CV_SHARED_WORKERS + 1, 1), -EINVAL);
    cv_control_link_close(NULL);
}

static void control_hears_that_the_data_plane_has_gone(void **state)
{
    struct cv_dataplane_link *control, *nobody = NULL;
    struct cv_message message = request(1);

    (void)state;
    control = attach();
    cv_control_link_close(dataplane);
    assert_true(readable(cv_dataplane_link_socket(control)));
    assert_int_equal(cv_dataplane_link_serve(control), -ECONNRESET);
    assert_false(cv_dataplane_link_attached(control));
    assert_false(cv_dataplane_link_send(control, &message));
    assert_int_equal(cv_dataplane_link_shared(control)->header.worker_count, 2); /* readable until close */
    cv_dataplane_link_close(control);
    assert_int_equal(cv_dataplane_link_open(&nobody, path), -ENOENT);
    assert_int_equal(cv_control_link_open(&dataplane, path, 2, 1), 0);

    assert_int_equal(cv_dataplane_link_open(&control, path), 0); /* and before it has answered */
    cv_control_link_close(dataplane);
    assert_true(cv_dataplane_link_serve(control) < 0);
    cv_dataplane_link_close(control);
    assert_int_equal(cv_control_link_open(&dataplane, path, 2, 1), 0);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(both_see_the_same_memory),
        TEST(messages_pass_and_ring_the_doorbells),
        TEST(the_doorbell_rings_until_all_are_taken),
        TEST(a_second_control_is_told_that_it_is_busy),
        TEST(rings_start_empty_with_each_attachment),
        TEST(leaving_and_coming_in_one_turn_is_a_change),
        TEST(lost_events_are_counted_and_told),
        TEST(a_loss_is_told_without_further_messages),
        TEST(nobody_attached_loses_no_events),
        TEST(bad_messages_are_left_out_and_counted),
        TEST(garbage_in_the_memory_is_survived),
        TEST(callers_that_do_not_speak_the_protocol),
        TEST(descriptors_give_no_hold_on_the_data_plane),
        TEST(the_socket_is_for_its_owner),
        TEST(stale_sockets_are_replaced_and_other_files_are_not),
        TEST(control_hears_that_the_data_plane_has_gone),
    };

    return cmocka_run_group_tests_name("control_link", tests, make_directory, remove_directory);
}
