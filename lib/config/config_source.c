/* SPDX-License-Identifier: BSD-3-Clause */
#include "config_source.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void append(struct config_source *source, const char *format, va_list arguments)
{
    size_t room = source->errors_bytes - source->errors_used;
    int bytes = vsnprintf(source->errors + source->errors_used, room, format, arguments);

    if (bytes < 0)
        return;
    source->errors_used += (size_t)bytes < room ? (size_t)bytes : room - 1;
}

__attribute__((format(printf, 2, 3))) static void put(struct config_source *source, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    append(source, format, arguments);
    va_end(arguments);
}

void config_error(struct config_source *source, size_t line, const char *field, const char *format, ...)
{
    va_list arguments;

    if (line == 0)
        line = config_source_line(source, field);
    if (source->errors_count++ > 0)
        put(source, "\n");
    put(source, "%s:", source->path);
    if (line > 0)
        put(source, "%zu:", line);
    if (field[0] != '\0')
        put(source, " %s:", field);
    put(source, " ");
    va_start(arguments, format);
    append(source, format, arguments);
    va_end(arguments);
}

void config_error_value(struct config_source *source, const char *field, const char *value,
                        const char *expected)
{
    char shown[64];
    size_t bytes;

    if (value == NULL) {
        config_error(source, 0, field, "found nothing, expected %s", expected);
        return;
    }
    bytes = (size_t)snprintf(shown, sizeof(shown), "%s", value);
    for (char *at = shown; *at != '\0'; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            *at = '?';
    config_error(source, 0, field, "found \"%s%s\", expected %s", shown, bytes < sizeof(shown) ? "" : "...",
                 expected);
}

static int read_text(struct config_source *source)
{
    FILE *file = fopen(source->path, "re");
    int error = 0;

    if (file == NULL) {
        error = errno;
        config_error(source, 0, "", "cannot be opened: %s", strerror(error));
        return -error;
    }
    source->text = malloc(CONFIG_FILE_BYTES + 1);
    if (source->text == NULL) {
        error = ENOMEM;
    } else {
        source->bytes = fread(source->text, 1, CONFIG_FILE_BYTES + 1, file);
        if (ferror(file))
            error = errno != 0 ? errno : EIO;
        else if (source->bytes > CONFIG_FILE_BYTES)
            error = EFBIG;
    }
    fclose(file);
    if (error != 0)
        config_error(source, 0, "", "cannot be read: %s", strerror(error));
    return -error;
}

static bool load_document(struct config_source *source, yaml_parser_t *parser, yaml_document_t *document)
{
    const char *problem;

    if (yaml_parser_load(parser, document))
        return true;
    problem = parser->problem != NULL ? parser->problem : "cannot be parsed";
    if (parser->context != NULL && parser->context_mark.line != parser->problem_mark.line)
        config_error(source, parser->problem_mark.line + 1, "", "not YAML: %s, %s that starts in line %zu",
                     problem, parser->context, parser->context_mark.line + 1);
    else
        config_error(source, parser->problem_mark.line + 1, "", "not YAML: %s", problem);
    return false;
}

static int parse_text(struct config_source *source)
{
    yaml_document_t next;
    yaml_parser_t parser;

    if (!yaml_parser_initialize(&parser)) {
        config_error(source, 0, "", "cannot be read: %s", strerror(ENOMEM));
        return -ENOMEM;
    }
    yaml_parser_set_input_string(&parser, source->text, source->bytes);
    source->parsed = load_document(source, &parser, &source->tree);
    if (source->parsed && yaml_document_get_root_node(&source->tree) == NULL) {
        config_error(source, 0, "", "found nothing in the file, expected relay: and dataplane:");
    } else if (source->parsed && load_document(source, &parser, &next)) {
        if (yaml_document_get_root_node(&next) != NULL)
            config_error(source, next.start_mark.line + 1, "", "found a second YAML document, expected one");
        yaml_document_delete(&next);
    }
    yaml_parser_delete(&parser);
    return source->errors_count == 0 ? 0 : -EINVAL;
}

int config_source_open(struct config_source *source, const char *path, char *errors, size_t errors_bytes)
{
    int error;

    *source = (struct config_source){.path = path, .errors = errors, .errors_bytes = errors_bytes};
    errors[0] = '\0';
    error = read_text(source);
    return error != 0 ? error : parse_text(source);
}

int config_source_open_text(struct config_source *source, const char *name, const char *text, char *errors,
                            size_t errors_bytes)
{
    *source = (struct config_source){.path = name, .errors = errors, .errors_bytes = errors_bytes};
    errors[0] = '\0';
    source->bytes = strlen(text);
    source->text = (uint8_t *)strdup(text);
    if (source->text == NULL) {
        config_error(source, 0, "", "cannot be read: %s", strerror(ENOMEM));
        return -ENOMEM;
    }
    return parse_text(source);
}

void config_source_close(struct config_source *source)
{
    if (source->parsed)
        yaml_document_delete(&source->tree);
    free(source->text);
}

/*
 * The key's node and, through `value`, its value; NULL when the mapping has no such key. Of a key that is
 * there twice, the second: the one to complain about.
 */
static yaml_node_t *find_key(yaml_document_t *tree, yaml_node_t *mapping, const char *key, size_t key_bytes,
                             yaml_node_t **value)
{
    yaml_node_pair_t *pair;

    if (mapping->type != YAML_MAPPING_NODE)
        return NULL;
    for (pair = mapping->data.mapping.pairs.top; pair-- > mapping->data.mapping.pairs.start;) {
        yaml_node_t *node = yaml_document_get_node(tree, pair->key);

        if (node->type == YAML_SCALAR_NODE && node->data.scalar.length == key_bytes &&
            memcmp(node->data.scalar.value, key, key_bytes) == 0) {
            *value = yaml_document_get_node(tree, pair->value);
            return node;
        }
    }
    return NULL;
}

static yaml_node_t *find_item(yaml_document_t *tree, yaml_node_t *sequence, unsigned long index)
{
    if (sequence->type != YAML_SEQUENCE_NODE)
        return NULL;
    if (index >= (size_t)(sequence->data.sequence.items.top - sequence->data.sequence.items.start))
        return NULL;
    return yaml_document_get_node(tree, sequence->data.sequence.items.start[index]);
}

size_t config_source_line(struct config_source *source, const char *field)
{
    yaml_node_t *node, *key;
    size_t line = 0;

    if (!source->parsed)
        return 0;
    node = yaml_document_get_root_node(&source->tree);
    while (node != NULL && *field != '\0') {
        if (*field == '[') {
            char *end;
            unsigned long index = strtoul(field + 1, &end, 10);

            key = node = find_item(&source->tree, node, index);
            field = end + (*end == ']');
        } else {
            size_t bytes = strcspn(field, ".[");

            key = find_key(&source->tree, node, field, bytes, &node);
            field += bytes;
        }
        if (key == NULL)
            break;
        line = key->start_mark.line + 1;
        field += *field == '.';
    }
    return line;
}
