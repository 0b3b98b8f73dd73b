/* SPDX-License-Identifier: BSD-3-Clause */
#include "config_override.h"

#include "config_port.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A whole document around the ports, one port a line. The caller frees it; NULL: no memory. */
static char *document(const char *const *texts, uint32_t count)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *stream = open_memstream(&text, &bytes);

    if (stream == NULL)
        return NULL;
    fputs("{dataplane: {workers: [0], ports: [", stream);
    for (uint32_t i = 0; i < count; i++)
        fprintf(stream, "{%s}%s\n", texts[i], i + 1 < count ? "," : "");
    fputs("]}, relay: {relay_ports: 1}}", stream);
    return fclose(stream) == 0 ? text : NULL;
}

static int read_ports(struct config_source *source, struct cv_config *config)
{
    struct config_raw *raw = config_raw_load(source);
    struct cv_config read = {0};

    if (raw == NULL)
        return -EINVAL;
    config_ports(source, raw->dataplane, &read);
    config_raw_free(raw);
    if (source->errors_count != 0)
        return -EINVAL;
    memcpy(config->ports, read.ports, sizeof(config->ports));
    config->port_count = read.port_count;
    return 0;
}

int cv_config_replace_ports(struct cv_config *config, const char *const *texts, uint32_t count, char *error,
                            size_t error_bytes)
{
    struct config_source source;
    char *text;
    int result;

    if (count == 0)
        return 0;
    text = document(texts, count);
    if (text == NULL)
        return -ENOMEM;
    result = config_source_open_text(&source, "--port", text, error, error_bytes);
    if (result == 0)
        result = read_ports(&source, config);
    config_source_close(&source);
    free(text);
    return result;
}
