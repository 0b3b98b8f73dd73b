/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Feeds files to a fuzz target without libFuzzer: each file named, and each file directly in a directory
 * named. Fails when there is none, so that a moved corpus does not pass for a tested one.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static unsigned replayed;

/* In a block of exactly its size, so that ASan sees a read past the end. */
static int replay_file(const char *path, size_t bytes)
{
    uint8_t *data = malloc(bytes > 0 ? bytes : 1);
    FILE *file = fopen(path, "rb");
    int error = -1;

    if (file != NULL && data != NULL && fread(data, 1, bytes, file) == bytes) {
        printf("%s: %zu bytes\n", path, bytes);
        fflush(stdout);
        LLVMFuzzerTestOneInput(data, bytes);
        replayed++;
        error = 0;
    } else {
        perror(path);
    }
    if (file != NULL)
        fclose(file);
    free(data);
    return error;
}

static int replay_directory(const char *path)
{
    struct dirent **entries;
    int count = scandir(path, &entries, NULL, alphasort);
    int error = count < 0 ? -1 : 0;

    if (count < 0)
        perror(path);
    for (int i = 0; i < count; i++) {
        char file[4096];
        struct stat found;

        snprintf(file, sizeof(file), "%s/%s", path, entries[i]->d_name);
        if (error == 0 && stat(file, &found) == 0 && S_ISREG(found.st_mode))
            error = replay_file(file, (size_t)found.st_size);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    return error;
}

int main(int argc, char **argv)
{
    struct stat found;

    for (int i = 1; i < argc; i++) {
        int error;

        if (stat(argv[i], &found) != 0) {
            perror(argv[i]);
            return 1;
        }
        error =
            S_ISDIR(found.st_mode) ? replay_directory(argv[i]) : replay_file(argv[i], (size_t)found.st_size);
        if (error != 0)
            return 1;
    }
    if (replayed == 0) {
        fprintf(stderr, "%s: no file to replay\n", argv[0]);
        return 1;
    }
    return 0;
}
