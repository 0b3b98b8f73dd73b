/* SPDX-License-Identifier: BSD-3-Clause */
#include "config_schema.h"

#include "config.h"

#include <cyaml/cyaml.h>
#include <stdio.h>
#include <string.h>

#define TEXT(key, structure, member) \
    CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER, structure, member, 0, CYAML_UNLIMITED)
#define OPTIONAL(key, structure, member) \
    CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_OPTIONAL, structure, member, 0, CYAML_UNLIMITED)
/* A section whose keys may all be commented out. */
#define SECTION(key, structure, member, fields) \
    CYAML_FIELD_MAPPING_PTR(key, CYAML_FLAG_OPTIONAL | CYAML_FLAG_POINTER_NULL, structure, member, fields)

static const cyaml_schema_value_t text_item = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, CYAML_UNLIMITED)};

static const cyaml_schema_field_t relay_fields[] = {
    TEXT("relay_ports", struct config_raw_relay, relay_ports),
    OPTIONAL("dataplane_socket", struct config_raw_relay, dataplane_socket),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t port_fields[] = {
    TEXT("name", struct config_raw_port, name),
    TEXT("driver", struct config_raw_port, driver),
    OPTIONAL("device", struct config_raw_port, device),
    CYAML_FIELD_SEQUENCE("addresses", CYAML_FLAG_POINTER, struct config_raw_port, addresses, &text_item, 1,
                         CV_CONFIG_ADDRESSES),
    CYAML_FIELD_SEQUENCE("gateways", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct config_raw_port,
                         gateways, &text_item, 0, CV_CONFIG_ADDRESSES),
    OPTIONAL("mtu", struct config_raw_port, mtu),
    OPTIONAL("vlan", struct config_raw_port, vlan),
    OPTIONAL("devargs", struct config_raw_port, devargs),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t port_item = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct config_raw_port, port_fields),
};

static const cyaml_schema_field_t session_fields[] = {
    TEXT("certificate", struct config_raw_session, certificate),
    TEXT("key", struct config_raw_session, key),
    OPTIONAL("idle", struct config_raw_session, idle),
    OPTIONAL("handshake", struct config_raw_session, handshake),
    OPTIONAL("admit_within", struct config_raw_session, admit_within),
    OPTIONAL("retry", struct config_raw_session, retry),
    OPTIONAL("retry_over", struct config_raw_session, retry_over),
    OPTIONAL("handshakes", struct config_raw_session, handshakes),
    OPTIONAL("handshakes_per_prefix", struct config_raw_session, handshakes_per_prefix),
    OPTIONAL("key_update_packets", struct config_raw_session, key_update_packets),
    OPTIONAL("trace", struct config_raw_session, trace),
    OPTIONAL("trace_directory", struct config_raw_session, trace_directory),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t limits_fields[] = {
    OPTIONAL("pairs", struct config_raw_limits, pairs),
    OPTIONAL("sessions", struct config_raw_limits, sessions),
    OPTIONAL("next_hops", struct config_raw_limits, next_hops),
    OPTIONAL("mbufs", struct config_raw_limits, mbufs),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t dataplane_fields[] = {
    CYAML_FIELD_SEQUENCE("workers", CYAML_FLAG_POINTER, struct config_raw_dataplane, workers, &text_item, 1,
                         CV_CONFIG_WORKERS),
    OPTIONAL("main_core", struct config_raw_dataplane, main_core),
    OPTIONAL("hugepages", struct config_raw_dataplane, hugepages),
    OPTIONAL("idle", struct config_raw_dataplane, idle),
    CYAML_FIELD_SEQUENCE("ports", CYAML_FLAG_POINTER, struct config_raw_dataplane, ports, &port_item, 1,
                         CV_CONFIG_PORTS),
    OPTIONAL("listen_port", struct config_raw_dataplane, listen_port),
    OPTIONAL("crypto", struct config_raw_dataplane, crypto),
    CYAML_FIELD_MAPPING_PTR("session", CYAML_FLAG_OPTIONAL, struct config_raw_dataplane, session,
                            session_fields),
    SECTION("limits", struct config_raw_dataplane, limits, limits_fields),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t pairs_fields[] = {
    OPTIONAL("idle", struct config_raw_pairs, idle),
    OPTIONAL("rate", struct config_raw_pairs, rate),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t sessions_fields[] = {
    OPTIONAL("policy", struct config_raw_sessions, policy),
    CYAML_FIELD_SEQUENCE("allow", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct config_raw_sessions, allow,
                         &text_item, 0, CV_CONFIG_PEERS),
    CYAML_FIELD_SEQUENCE("deny", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct config_raw_sessions, deny,
                         &text_item, 0, CV_CONFIG_PEERS),
    OPTIONAL("pairs", struct config_raw_sessions, pairs),
    OPTIONAL("offers", struct config_raw_sessions, offers),
    OPTIONAL("register_within", struct config_raw_sessions, register_within),
    OPTIONAL("answer_within", struct config_raw_sessions, answer_within),
    OPTIONAL("instances", struct config_raw_sessions, instances),
    OPTIONAL("resume_within", struct config_raw_sessions, resume_within),
    OPTIONAL("requests", struct config_raw_sessions, requests),
    OPTIONAL("messages", struct config_raw_sessions, messages),
    OPTIONAL("reachable", struct config_raw_sessions, reachable),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t control_fields[] = {
    OPTIONAL("socket", struct config_raw_control, socket),
    OPTIONAL("store", struct config_raw_control, store),
    SECTION("pairs", struct config_raw_control, pairs, pairs_fields),
    SECTION("sessions", struct config_raw_control, sessions, sessions_fields),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t top_fields[] = {
    CYAML_FIELD_MAPPING_PTR("relay", CYAML_FLAG_POINTER, struct config_raw, relay, relay_fields),
    CYAML_FIELD_MAPPING_PTR("dataplane", CYAML_FLAG_POINTER, struct config_raw, dataplane, dataplane_fields),
    SECTION("control", struct config_raw, control, control_fields),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t top = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct config_raw, top_fields)};

/* What libcyaml logs about one error: a sentence, then where it was, innermost first. */
struct cyaml_notes {
    char sentence[160];
    uint32_t depth;
    struct {
        char key[32];
        uint32_t items; /* of the list, with the one that failed; 0: a key */
    } places[8];
};

static void note(cyaml_log_t level, void *context, const char *format, va_list arguments)
{
    struct cyaml_notes *notes = context;
    char text[256], key[32] = "";
    unsigned items = 0;

    (void)level;
    vsnprintf(text, sizeof(text), format, arguments);
    text[strcspn(text, "\n")] = '\0';
    if (strncmp(text, "  in ", 5) == 0) {
        if ((sscanf(text, "  in mapping field '%31[^']", key) == 1 ||
             sscanf(text, "  in sequence entry '%u", &items) == 1) &&
            notes->depth < sizeof(notes->places) / sizeof(notes->places[0])) {
            memcpy(notes->places[notes->depth].key, key, sizeof(key));
            notes->places[notes->depth++].items = items;
        }
    } else if (strstr(text, "Backtrace") == NULL && notes->sentence[0] == '\0') {
        snprintf(notes->sentence, sizeof(notes->sentence), "%.159s",
                 text + (strncmp(text, "Load: ", 6) == 0 ? 6 : 0));
    }
}

/* The path of the notes' places, leaving out the `inner` innermost ones. */
static void print_field(const struct cyaml_notes *notes, uint32_t inner, char field[CONFIG_FIELD_TEXT])
{
    size_t used = 0;

    field[0] = '\0';
    for (uint32_t i = notes->depth; i > inner && used < CONFIG_FIELD_TEXT; i--) {
        if (notes->places[i - 1].key[0] == '\0')
            used += (size_t)snprintf(field + used, CONFIG_FIELD_TEXT - used, "[%u]",
                                     notes->places[i - 1].items - 1);
        else
            used += (size_t)snprintf(field + used, CONFIG_FIELD_TEXT - used, "%s%s", used > 0 ? "." : "",
                                     notes->places[i - 1].key);
    }
}

/* The keys that the schema has at the notes' place. */
static void print_keys(const struct cyaml_notes *notes, char *keys, size_t bytes)
{
    const cyaml_schema_value_t *value = &top;
    size_t used = 0;

    for (uint32_t i = notes->depth; i > 0; i--) {
        if (value->type == CYAML_SEQUENCE) {
            value = value->sequence.entry;
            continue;
        }
        for (const cyaml_schema_field_t *field = value->mapping.fields; field->key != NULL; field++)
            if (strcmp(field->key, notes->places[i - 1].key) == 0)
                value = &field->value;
    }
    for (const cyaml_schema_field_t *field = value->mapping.fields; field->key != NULL && used < bytes;
         field++)
        used += (size_t)snprintf(keys + used, bytes - used, "%s%s", used > 0 ? ", " : "", field->key);
}

/* The path of a key of `field`. */
static void print_inner(const char *field, const char *key, char inner[2 * CONFIG_FIELD_TEXT])
{
    snprintf(inner, 2 * CONFIG_FIELD_TEXT, "%s%s%.*s", field, field[0] != '\0' ? "." : "",
             CONFIG_FIELD_TEXT - 2, key);
}

/* After its first colon and space: the name that libcyaml's sentence is about. */
static const char *subject(const struct cyaml_notes *notes)
{
    const char *colon = strstr(notes->sentence, ": ");

    return colon != NULL ? colon + 2 : notes->sentence;
}

static const char *kind_of(const char *text)
{
    if (strstr(text, "SEQ") != NULL)
        return "a list";
    return strstr(text, "MAP") != NULL ? "a section of keys" : "one value";
}

static void report(struct config_source *source, const struct cyaml_notes *notes, cyaml_err_t error)
{
    char field[CONFIG_FIELD_TEXT], inner[2 * CONFIG_FIELD_TEXT], keys[256] = "";
    bool about_inner = error == CYAML_ERR_MAPPING_FIELD_MISSING || error == CYAML_ERR_SEQUENCE_ENTRIES_MIN ||
                       error == CYAML_ERR_SEQUENCE_ENTRIES_MAX || error == CYAML_ERR_INTERNAL_ERROR;
    char *got;

    print_field(notes, about_inner && notes->depth > 0, field);
    switch (error) {
    case CYAML_ERR_INVALID_KEY:
        print_keys(notes, keys, sizeof(keys));
        print_inner(field, subject(notes), inner);
        config_error(source, config_source_line(source, inner), field,
                     "found unknown key \"%s\", expected one of %s", subject(notes), keys);
        break;
    case CYAML_ERR_MAPPING_FIELD_MISSING:
        config_error(source, 0, field, "found no \"%s\", expected it: it has no default", subject(notes));
        break;
    case CYAML_ERR_SEQUENCE_ENTRIES_MIN:
        config_error(source, 0, field, "found an empty list, expected at least one entry");
        break;
    case CYAML_ERR_SEQUENCE_ENTRIES_MAX:
        config_error(source, 0, field, "found more entries, expected at most %u", notes->places[0].items);
        break;
    case CYAML_ERR_UNEXPECTED_EVENT:
        config_error(source, 0, field, "found a second time, expected once");
        break;
    case CYAML_ERR_ALIAS:
        config_error(source, 0, field, "found a YAML alias (*name), expected the value itself");
        break;
    case CYAML_ERR_INTERNAL_ERROR: /* all it says about a key that is not a scalar */
        config_error(source, 0, field, "found a list or a section in place of a key, expected a name");
        break;
    case CYAML_ERR_INVALID_VALUE:
        got = strstr(notes->sentence, ", got");
        if (got != NULL) {
            snprintf(keys, sizeof(keys), "%.*s", (int)(got - notes->sentence), notes->sentence);
            config_error(source, 0, field, "found %s, expected %s", kind_of(got), kind_of(keys));
            break;
        }
        __attribute__((fallthrough));
    default:
        config_error(source, 0, field, "%s",
                     notes->sentence[0] != '\0' ? notes->sentence : cyaml_strerror(error));
    }
}

static const cyaml_config_t quiet = {.mem_fn = cyaml_mem, .log_level = CYAML_LOG_ERROR};

struct config_raw *config_raw_load(struct config_source *source)
{
    struct cyaml_notes notes = {0};
    cyaml_config_t config = quiet;
    cyaml_data_t *raw = NULL;
    cyaml_err_t error;

    config.flags = CYAML_CFG_NO_ALIAS;
    config.log_fn = note;
    config.log_ctx = &notes;
    error = cyaml_load_data(source->text, source->bytes, &config, &top, &raw, NULL);
    if (error != CYAML_OK) {
        report(source, &notes, error);
        return NULL;
    }
    return raw;
}

void config_raw_free(struct config_raw *raw)
{
    cyaml_free(&quiet, &top, raw, 0);
}
