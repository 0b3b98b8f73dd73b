/* SPDX-License-Identifier: BSD-3-Clause */
#include "kept.h"

#include "words.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yyjson.h>

#define PATH_BYTES 4096
#define FILE_BYTES 65536

/* ---- Reading ---- */

static bool read_values(struct kept *kept, yyjson_val *root)
{
    const char *instance = yyjson_get_str(yyjson_obj_get(root, "instance"));
    const char *token = yyjson_get_str(yyjson_obj_get(root, "resumption_token"));
    const char *relay = yyjson_get_str(yyjson_obj_get(root, "relay"));
    yyjson_val *pairs = yyjson_obj_get(root, "pairs"), *pair;
    size_t index, count;

    if (instance == NULL || !read_hex(instance, kept->instance, sizeof(kept->instance)))
        return false;
    kept->has_token = token != NULL;
    if (kept->has_token && (relay == NULL || !read_hex(token, kept->token, sizeof(kept->token)) ||
                            !read_address_port(relay, &kept->relay)))
        return false;
    yyjson_arr_foreach(pairs, index, count, pair)
    {
        if (!yyjson_is_uint(pair))
            return false;
        kept_add_pair(kept, yyjson_get_uint(pair));
    }
    return true;
}

static bool read_file(struct kept *kept, int fd)
{
    static char text[FILE_BYTES];
    ssize_t bytes = read(fd, text, sizeof(text));
    yyjson_doc *document = bytes > 0 ? yyjson_read(text, (size_t)bytes, 0) : NULL;
    bool done = document != NULL && read_values(kept, yyjson_doc_get_root(document));

    yyjson_doc_free(document);
    return done;
}

static int load(struct kept *kept, int fd, char *error, size_t error_bytes)
{
    struct stat status;

    if (fstat(fd, &status) != 0 || (status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        snprintf(error, error_bytes, "%s: others may read or write it, and it holds a secret: chmod 600 it",
                 kept->path);
        return -EPERM;
    }
    if (!read_file(kept, fd)) {
        snprintf(error, error_bytes, "%s: is not a state file; remove it to begin anew", kept->path);
        return -EBADMSG;
    }
    return 0;
}

int kept_open(struct kept *kept, const char *path, char *error, size_t error_bytes)
{
    int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1, result;

    *kept = (struct kept){.path = path};
    if (fd >= 0) {
        result = load(kept, fd, error, error_bytes);
        close(fd);
        return result;
    }
    if (path != NULL && errno != ENOENT) {
        result = -errno;
        snprintf(error, error_bytes, "%s: %s", path, strerror(errno));
        return result;
    }
    if (RAND_bytes(kept->instance, sizeof(kept->instance)) != 1) {
        snprintf(error, error_bytes, "no random bytes for an instance");
        return -EIO;
    }
    result = kept_save(kept);
    if (result != 0)
        snprintf(error, error_bytes, "%s: cannot be written: %s", path, strerror(-result));
    return result;
}

/* ---- Writing ---- */

static char *write_values(const struct kept *kept)
{
    char hex[2 * CV_RESUMPTION_TOKEN_BYTES + 1], address[CV_ADDRESS_TEXT];
    yyjson_mut_doc *document = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(document), *pairs;
    char *text;

    yyjson_mut_doc_set_root(document, root);
    yyjson_mut_obj_add_strcpy(document, root, "instance",
                              print_hex(kept->instance, sizeof(kept->instance), hex));
    if (kept->has_token) {
        yyjson_mut_obj_add_strcpy(document, root, "relay", cv_address_print(&kept->relay, address));
        yyjson_mut_obj_add_strcpy(document, root, "resumption_token",
                                  print_hex(kept->token, sizeof(kept->token), hex));
    }
    pairs = yyjson_mut_obj_add_arr(document, root, "pairs");
    for (unsigned i = 0; i < kept->pair_count; i++)
        yyjson_mut_arr_add_uint(document, pairs, kept->pairs[i]);
    text = yyjson_mut_write(document, YYJSON_WRITE_PRETTY | YYJSON_WRITE_NEWLINE_AT_END, NULL);
    yyjson_mut_doc_free(document);
    return text;
}

static int write_file(const char *path, const char *text)
{
    size_t bytes = strlen(text);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
    int result = 0;

    if (fd < 0)
        return -errno;
    if (fchmod(fd, S_IRUSR | S_IWUSR) != 0 || write(fd, text, bytes) != (ssize_t)bytes || fsync(fd) != 0)
        result = errno != 0 ? -errno : -ENOSPC;
    close(fd);
    return result;
}

int kept_save(const struct kept *kept)
{
    char fresh[PATH_BYTES];
    char *text;
    int result;

    if (kept->path == NULL)
        return 0;
    if ((size_t)snprintf(fresh, sizeof(fresh), "%s.new", kept->path) >= sizeof(fresh))
        return -ENAMETOOLONG;
    text = write_values(kept);
    if (text == NULL)
        return -ENOMEM;
    result = write_file(fresh, text);
    free(text);
    if (result == 0 && rename(fresh, kept->path) != 0)
        result = -errno;
    return result;
}

/* ---- What is kept ---- */

const uint8_t *kept_token(const struct kept *kept, const struct cv_address *relay)
{
    return kept->has_token && cv_address_equal(&kept->relay, relay) ? kept->token : NULL;
}

void kept_add_pair(struct kept *kept, uint64_t pair)
{
    if (kept->pair_count < KEPT_PAIRS_MAX)
        kept->pairs[kept->pair_count++] = pair;
}
