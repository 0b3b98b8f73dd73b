/* SPDX-License-Identifier: BSD-3-Clause */
#include "refuse.h"

#include <errno.h>
#include <inttypes.h>

static enum refusal refusal_of(int error)
{
    switch (error) {
    case -ENOSPC:
    case -EXFULL:
        return REFUSAL_FULL;
    case -EEXIST:
    case -EADDRINUSE:
        return REFUSAL_EXISTS;
    case -EPERM:
        return REFUSAL_NOT_ALLOWED;
    case -ENOENT:
    case -ESRCH:
        return REFUSAL_NOT_FOUND;
    case -EINVAL:
    case -ERANGE:
        return REFUSAL_INVALID;
    case -ENETUNREACH:
        return REFUSAL_UNREACHABLE;
    case -ECONNRESET:
    case -ENOTCONN:
        return REFUSAL_NO_DATAPLANE;
    default:
        return REFUSAL_DATAPLANE;
    }
}

void call_refuse_result(struct call *call, int error)
{
    if (refusal_of(error) == REFUSAL_NO_DATAPLANE)
        call_refuse_no_dataplane(call);
    else
        call_refuse(call, refusal_of(error), "%s", cv_result_text(error));
}

void call_refuse_store(struct call *call)
{
    call_refuse(call, REFUSAL_STORE, "store %s: %s", call->api->services->config->store,
                store_error(call->api->services->store));
}

void call_refuse_no_pair(struct call *call, uint64_t pair)
{
    call_refuse(call, REFUSAL_NOT_FOUND, "there is no pair %" PRIu64 "; it may have expired", pair);
}

void call_refuse_no_dataplane(struct call *call)
{
    call_refuse(call, REFUSAL_NO_DATAPLANE,
                "not attached to a data plane at %s: is culvert-dataplane running?",
                call->api->services->config->dataplane_socket);
}

void call_refuse_no_memory(struct call *call)
{
    call_refuse(call, REFUSAL_MEMORY, "culvert-control is out of memory");
}
