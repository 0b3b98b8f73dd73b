/* SPDX-License-Identifier: BSD-3-Clause */
#include "words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool read_number(const char *text, uint64_t least, uint64_t most, uint64_t *number)
{
    char *end;

    *number = strtoull(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && *number >= least && *number <= most;
}

bool read_address_port(const char *text, struct cv_address *address)
{
    return cv_address_parse(text, address) == 0 && address->port_be != 0;
}

/* ---- Lists ---- */

/* The next word of a list with commas: its length, and *rest behind its comma; NULL behind the last. */
static size_t next_word(const char **rest, const char **word)
{
    size_t bytes = strcspn(*rest, ",");

    *word = *rest;
    *rest = (*rest)[bytes] == ',' ? *rest + bytes + 1 : NULL;
    return bytes;
}

static const struct {
    const char *name;
    enum cv_leg_kind kind;
} kinds_of_leg[] = {{"udp", CV_LEG_KIND_UDP}, {"tunnel", CV_LEG_KIND_TUNNEL}, {"listen", CV_LEG_KIND_LISTEN}};

const char *kind_name(uint64_t kind)
{
    for (size_t i = 0; i < 3; i++)
        if (kinds_of_leg[i].kind == kind)
            return kinds_of_leg[i].name;
    return "unknown";
}

static uint8_t find_kind(const char *word, size_t bytes)
{
    for (size_t i = 0; i < 3; i++)
        if (strlen(kinds_of_leg[i].name) == bytes && memcmp(word, kinds_of_leg[i].name, bytes) == 0)
            return (uint8_t)kinds_of_leg[i].kind;
    return 0;
}

bool read_kinds(const char *text, uint8_t *kinds)
{
    *kinds = 0;
    while (text != NULL) {
        const char *word;
        size_t bytes = next_word(&text, &word);
        uint8_t kind = find_kind(word, bytes);

        if (kind == 0)
            return false;
        *kinds |= kind;
    }
    return true;
}

bool read_reachable(const char *text, struct reachable_words *out)
{
    struct cv_reachable *reachable = &out->reachable;

    *reachable = (struct cv_reachable){.by = CV_REACHABLE_BY_ANYONE};
    if (strcmp(text, "anyone") == 0)
        return true;
    if (strcmp(text, "nobody") == 0) {
        reachable->by = CV_REACHABLE_BY_NOBODY;
        return true;
    }
    reachable->by = CV_REACHABLE_BY_LISTED;
    reachable->peers.list = out->ids;
    while (text != NULL) {
        char id[CV_PEER_ID_TEXT];
        const char *word;
        size_t bytes = next_word(&text, &word);

        if (bytes >= sizeof(id) || reachable->peers.count == CV_CAPSULE_LISTED_MAX)
            return false;
        memcpy(id, word, bytes);
        id[bytes] = '\0';
        if (cv_peer_id_parse(id, &out->ids[reachable->peers.count++]) != 0)
            return false;
    }
    return true;
}

/* ---- Hex ---- */

const char *print_hex(const uint8_t *bytes, size_t count, char *text)
{
    for (size_t i = 0; i < count; i++)
        (void)sprintf(text + 2 * i, "%02x", bytes[i]);
    text[2 * count] = '\0';
    return text;
}

static int digit(char character)
{
    if (character >= '0' && character <= '9')
        return character - '0';
    return character >= 'a' && character <= 'f' ? character - 'a' + 10 : -1;
}

bool read_hex(const char *text, uint8_t *bytes, size_t count)
{
    if (strlen(text) != 2 * count)
        return false;
    for (size_t i = 0; i < count; i++) {
        int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}
