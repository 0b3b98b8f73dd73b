/* SPDX-License-Identifier: BSD-3-Clause */
#include "directory.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <sys/stat.h>

int directory_make_parent(const char *path, mode_t mode)
{
    char copy[512];

    if ((size_t)snprintf(copy, sizeof(copy), "%s", path) >= sizeof(copy))
        return -ENAMETOOLONG;
    if (mkdir(dirname(copy), mode) != 0 && errno != EEXIST)
        return -errno;
    return 0;
}
