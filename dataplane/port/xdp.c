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
#define TRIES          40

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

/*
 * The kernel frees a closed socket's queue from a work queue, some milliseconds after the close: those of a
 * killed run, and those of try_queue itself, hence the last pause.
 */
static int wait_for_queue(int interface_index, uint32_t queue)
{
    int result = -EBUSY;

    for (int i = 0; i < TRIES && result == -EBUSY; i++) {
        if (i > 0)
            usleep(TRY_MS * 1000);
        result = try_queue(interface_index, queue);
    }
    usleep(TRY_MS * 1000);
    return result;
}

/* The driver's own program is there: of another process that runs, or of one that was killed? */
static int remove_left_behind(const char *name, const struct cv_interface *interface, uint32_t queues,
                              char *error, size_t error_bytes)
{
    int result = 0;

    for (uint32_t queue = 0; queue < queues; queue++) {
        result = wait_for_queue(interface->index, queue);
        if (result != 0)
            return cv_refuse(error, error_bytes, result,
                             "queue %" PRIu32 " of %s is taken by another program (%s)", queue, name,
                             strerror(-result));
    }
    result = bpf_xdp_detach(interface->index, 0, NULL);
    if (result != 0)
        return cv_refuse(error, error_bytes, result,
                         "the XDP program that an earlier run left on %s can't be removed (%s)", name,
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
    if (bpf_xdp_query_id(interface->index, 0, &id) != 0 || id == 0)
        return 0;
    if (program_name(id, program) == 0 && strcmp(program, LIBXDP_PROGRAM) == 0)
        return remove_left_behind(name, interface, queues, error, error_bytes);
    return cv_refuse(error, error_bytes, -EBUSY,
                     "the XDP program \"%s\" (id %" PRIu32
                     ") is on %s; if nothing needs it: ip link set dev %s "
                     "xdp off",
                     program, id, name, name);
}
