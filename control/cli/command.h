/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * What a culvertctl command is. One table (command_table.h) of nouns and their verbs describes every
 * command; parsing, help, completion and the man page are made from it, are handed it as `nouns`, and know no
 * command by name.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What culvertctl exits with. */
enum cli_exit {
    CLI_DONE = 0,
    CLI_USAGE = 1,         /* the command line is wrong; nothing was sent */
    CLI_REFUSED = 2,       /* the relay answered with an error */
    CLI_NO_DAEMON = 3,     /* nobody answered, or not in time */
    CLI_INTERRUPTED = 130, /* Ctrl-C before the answer was complete */
};

/* What the text of an option or an argument must be. */
enum cli_kind {
    CLI_FLAG,     /* an option without a value */
    CLI_TEXT,     /* anything but nothing and control characters */
    CLI_PEER,     /* the name of a peer */
    CLI_FILE,     /* a path */
    CLI_CURSOR,   /* a whole number */
    CLI_COUNT,    /* a whole number from 1 to `max` */
    CLI_PAIR,     /* a pair's number */
    CLI_SESSION,  /* a session's number */
    CLI_TRACE,    /* a trace's number */
    CLI_SHARD,    /* a worker's number, or "handshake"; `number` is UINT64_MAX then */
    CLI_PORT,     /* the name of a port */
    CLI_ADDRESS,  /* IP:PORT */
    CLI_PREFIX,   /* IP/LENGTH */
    CLI_DURATION, /* 120s, 2m, 1h, up to a pair's longest idle time; `number` is in seconds */
    CLI_SECONDS,  /* a duration of at least 1 s whose unit may be left out */
    CLI_RATE,     /* 10M; `number` is in bits per second */
    CLI_CHOICE,   /* one of `choices` */
    CLI_TOPIC,    /* a noun, then one of its verbs */
    CLI_LINE,     /* anything at all */
};

/* An option or an argument. */
struct cli_item {
    const char *name; /* an option's long name; an argument as help shows it. NULL ends a list */
    char letter;      /* an option's short name, or 0 */
    enum cli_kind kind;
    const char *value;          /* an option's value as help shows it */
    const char *const *choices; /* ends with NULL */
    uint64_t max;               /* of CLI_COUNT; 0: no limit */
    const char *not_with;       /* the option that excludes this one */
    bool optional;              /* an argument that may be left out */
    bool repeats;               /* an argument that may be given again and again */
    const char *summary;
};

/* An example: what to type after "culvertctl ", and why. */
struct cli_example {
    const char *line; /* NULL ends a list */
    const char *why;
};

/* A word that a command prints or takes, explained. */
struct cli_term {
    const char *name; /* NULL ends a list */
    const char *meaning;
};

struct cli_call;

struct cli_command {
    const char *verb; /* NULL: the noun alone is the command */
    const char *summary;
    const char *description;
    const struct cli_item *arguments;
    const struct cli_item *options;
    const struct cli_example *examples;
    const char *terms_title;
    const struct cli_term *terms;
    bool hidden;                                 /* from help, completion and man page */
    enum cli_exit (*run)(struct cli_call *call); /* NULL ends a list */
};

struct cli_noun {
    const char *name; /* NULL ends the table */
    const char *summary;
    const struct cli_command *commands;
};

#define CLI_OPTIONS_MAX 8 /* of one command */

/* NULL when there is none. A verb of NULL looks for the command that is the noun alone. */
const struct cli_noun *cli_noun_find(const struct cli_noun *nouns, const char *name);
const struct cli_command *cli_command_find(const struct cli_noun *noun, const char *verb);

/* NULL lists are empty; the option with this long name or letter, or NULL. */
const struct cli_item *cli_item_find(const struct cli_item *items, const char *name, size_t length);
const struct cli_item *cli_item_find_letter(const struct cli_item *items, char letter);

/* The argument that the word number `index` fills, or NULL when there are fewer. */
const struct cli_item *cli_argument_at(const struct cli_command *command, size_t index);
