/* SPDX-License-Identifier: BSD-3-Clause */
#include "xdp.h"

#include "refuse.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/bpf.h>
#include <linux/if_xdp.h>
#include <rte_log.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define LIBXDP_PROGRAM "xsk_def_prog" /* which the driver attaches through libxdp */
#define CHUNK          4096
#define RING_SLOTS     4
#define TRY_MS         50
#define TRIES          60 /* of all queues together */

RTE_LOG_REGISTER(cv_xdp_log, culvert.xdp, NOTICE);

/* The driver's use of libbpf is noisy when all is well. */
static int log_libbpf(enum libbpf_print_level level, const char *format, va_list values)
{
    return rte_vlog(level == LIBBPF_DEBUG ? RTE_LOG_DEBUG : RTE_LOG_INFO, (uint32_t)cv_xdp_log, format,
                    values);
}

/* An XDP program that passes everything on, loaded and let go: whether the kernel permits it. */
static int check_permission(char *error, size_t error_bytes)
{
    static const struct bpf_insn pass[] = {
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS},
        {.code = BPF_JMP | BPF_EXIT},
    };
    int fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return cv_refuse(error, error_bytes, -errno, "the kernel gives no AF_XDP socket (%s)",
                         strerror(errno));
    close(fd);
    fd = bpf_prog_load(BPF_PROG_TYPE_XDP, NULL, "GPL", pass, sizeof(pass) / sizeof(*pass), NULL);
    if (fd < 0)
        return cv_refuse(error, error_bytes, fd, "the kernel takes no XDP program (%s)", strerror(-fd));
    close(fd);
    return 0;
}

static int program_name(uint32_t id, char name[BPF_OBJ_NAME_LEN])
{
    struct bpf_prog_info info = {0};
    uint32_t bytes = sizeof(info);
    int fd = bpf_prog_get_fd_by_id(id);
    int result;

    if (fd < 0)
        return fd;
    result = bpf_prog_get_info_by_fd(fd, &info, &bytes);
    close(fd);
    if (result == 0)
        memcpy(name, info.name, BPF_OBJ_NAME_LEN);
    return result;
}

static int set_up_socket(int fd, void *memory, int interface_index, uint32_t queue)
{
    struct xdp_umem_reg umem = {.addr = (uintptr_t)memory, .len = RING_SLOTS * CHUNK, .chunk_size = CHUNK};
    struct sockaddr_xdp address = {.sxdp_family = AF_XDP,
                                   .sxdp_flags = XDP_COPY,
                                   .sxdp_ifindex = (uint32_t)interface_index,
                                   .sxdp_queue_id = queue};
    const int rings[] = {XDP_UMEM_FILL_RING, XDP_UMEM_COMPLETION_RING, XDP_RX_RING};
    int slots = RING_SLOTS;

    if (setsockopt(fd, SOL_XDP, XDP_UMEM_REG, &umem, sizeof(umem)) != 0)
        return -errno;
    for (size_t i = 0; i < sizeof(rings) / sizeof(*rings); i++)
        if (setsockopt(fd, SOL_XDP, rings[i], &slots, sizeof(slots)) != 0)
            return -errno;
    return bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 ? 0 : -errno;
}

/* Binds an AF_XDP socket to the queue and closes it: 0 if the queue was free, -EBUSY if not. */
static int try_queue(int interface_index, uint32_t queue)
{
    int fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
    void *memory;
    int result;

    if (fd < 0)
        return -errno;
    memory = mmap(NULL, RING_SLOTS * CHUNK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        close(fd);
        return -ENOMEM;
    }
    result = set_up_socket(fd, memory, interface_index, queue);
    close(fd);
    munmap(memory, RING_SLOTS * CHUNK);
    return result;
}

/* A socket that was closed just now, here or by a killed run, holds its queue until the kernel frees it. */
static int wait_for_queues(const char *name, const struct cv_interface *interface, uint32_t queues,
                           char *error, size_t error_bytes)
{
    int result = 0, tries = 0;

    for (uint32_t queue = 0; queue < queues; queue++) {
        while ((result = try_queue(interface->index, queue)) == -EBUSY && ++tries < TRIES)
            usleep(TRY_MS * 1000);
        if (result != 0)
            return cv_refuse(
                error, error_bytes, result, "queue %" PRIu32 " of %s can't be had: %s", queue, name,
                result == -EBUSY ? "another program has an AF_XDP socket on it" : strerror(-result));
    }
    usleep(TRY_MS * 1000); /* for our own, which were just as short-lived */
    return 0;
}

/* The driver's own program is there, and the queues are free: who attached it was killed. */
static int remove_left_behind(const char *name, const struct cv_interface *interface, char *error,
                              size_t error_bytes)
{
    int result = bpf_xdp_detach(interface->index, 0, NULL);

    if (result != 0)
        return cv_refuse(error, error_bytes, result,
                         "the XDP program that an earlier run left on %s can't be removed: %s", name,
                         strerror(-result));
    return 0;
}

int cv_xdp_check(const char *name, const struct cv_interface *interface, uint32_t queues, char *error,
                 size_t error_bytes)
{
    char program[BPF_OBJ_NAME_LEN] = "";
    uint32_t id = 0;
    int result;

    libbpf_set_print(log_libbpf);
    result = check_permission(error, error_bytes);
    if (result != 0)
        return result;
    bpf_xdp_query_id(interface->index, 0, &id);
    if (id != 0 && (program_name(id, program) != 0 || strcmp(program, LIBXDP_PROGRAM) != 0))
        return cv_refuse(error, error_bytes, -EBUSY,
                         "the XDP program \"%s\" (id %" PRIu32
                         ") is on %s; if nothing needs it: ip link set dev "
                         "%s xdp off",
                         program, id, name, name);
    result = wait_for_queues(name, interface, queues, error, error_bytes);
    if (result == 0 && id != 0)
        result = remove_left_behind(name, interface, error, error_bytes);
    return result;
}
