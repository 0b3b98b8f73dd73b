/* SPDX-License-Identifier: BSD-3-Clause */
/* The attachment: who may attach, what is handed over, and how it ends. */
#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "link_ends.h"

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
    assert_int_equal(cv_control_link_shared(dataplane)->keeper->events_lost, 0);
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

/* Either process may be the first on a machine that has no /run/culvert yet. */
static void the_folder_of_the_socket_is_made(void **state)
{
    struct cv_control_link *link = NULL;
    char folder[80], file[90];

    (void)state;
    snprintf(folder, sizeof(folder), "%s/folder", directory);
    snprintf(file, sizeof(file), "%s/socket", folder);
    assert_int_equal(cv_control_link_open(&link, file, 1, 1), 0);
    cv_control_link_close(link);
    assert_int_equal(rmdir(folder), 0);
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
    assert_int_equal(cv_control_link_open(&link, "/nonexistent/folder/x", 1, 1), -ENOENT);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(both_see_the_same_memory),
        TEST(a_second_control_is_told_that_it_is_busy),
        TEST(rings_start_empty_with_each_attachment),
        TEST(leaving_and_coming_in_one_turn_is_a_change),
        TEST(callers_that_do_not_speak_the_protocol),
        TEST(descriptors_give_no_hold_on_the_data_plane),
        TEST(the_socket_is_for_its_owner),
        TEST(the_folder_of_the_socket_is_made),
        TEST(stale_sockets_are_replaced_and_other_files_are_not),
        TEST(control_hears_that_the_data_plane_has_gone),
    };

    return cmocka_run_group_tests_name("control_link", tests, make_directory, remove_directory);
}
