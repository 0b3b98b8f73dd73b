/* SPDX-License-Identifier: BSD-3-Clause */
#include "command_table.h"

#include "base/vocabulary.h"
#include "commands_crypto.h"
#include "commands_drop.h"
#include "commands_events.h"
#include "commands_log.h"
#include "commands_pair.h"
#include "commands_pair_list.h"
#include "commands_port.h"
#include "commands_self.h"
#include "commands_session.h"
#include "commands_shard.h"
#include "commands_stats.h"
#include "commands_trace.h"
#include "commands_worker.h"
#include "shared/drop.h"
#include "shared/stats.h"

#define LIST(type, ...)                       ((const struct type[]){__VA_ARGS__, {0}})
#define WORDS(...)                            ((const char *const[]){__VA_ARGS__, NULL})
#define ARGUMENT(name_, kind_, summary_, ...) {.name = name_, .kind = kind_, .summary = summary_, __VA_ARGS__}
#define OPTION(name_, letter_, kind_, value_, summary_, ...) \
    {.name = name_, .letter = letter_, .kind = kind_, .value = value_, .summary = summary_, __VA_ARGS__}
#define FLAG(name_, letter_, summary_) OPTION(name_, letter_, CLI_FLAG, NULL, summary_)
#define WATCH_OPTION                             \
    OPTION("watch", 'w', CLI_SECONDS, "SECONDS", \
           "show rates: what changed between two reads, at this pace, until Ctrl-C")
#define WATCH_COUNT_OPTION OPTION("count", 'n', CLI_COUNT, "N", "with --watch: stop after so many")

static const struct cli_command pair_commands[] = {
    {
        .verb = "add",
        .summary = "join two peers by a new pair",
        .description = "Makes a pair of leg a for peer A and leg b for peer B, and gives it a relay port."
                       " A leg gets its peer's address in one of three ways: from the datagram that holds"
                       " its token (the default), from a fixed address, or from the first datagram that "
                       "comes from a prefix. Tokens are printed here once and never again; give each to "
                       "its own peer, over a channel that others cannot read.",
        .arguments = LIST(cli_item, ARGUMENT("A", CLI_PEER, "name of the peer of leg a"),
                          ARGUMENT("B", CLI_PEER, "name of the peer of leg b")),
        .options = LIST(
            cli_item,
            OPTION("a-address", 0, CLI_ADDRESS, "IP:PORT", "leg a is at this address for good",
                   .not_with = "a-prefix"),
            OPTION("a-prefix", 0, CLI_PREFIX, "PREFIX",
                   "leg a is where the first datagram from this prefix comes from", .not_with = "a-address"),
            OPTION("b-address", 0, CLI_ADDRESS, "IP:PORT", "the same for leg b", .not_with = "b-prefix"),
            OPTION("b-prefix", 0, CLI_PREFIX, "PREFIX", "the same for leg b", .not_with = "b-address"),
            OPTION("idle", 0, CLI_DURATION, "DURATION",
                   "remove the pair after so long without a packet (120s, 2m, 1h; 0: never)"),
            OPTION("rate", 0, CLI_RATE, "RATE",
                   "let through at most so many bit/s each way (500k, 10M, 1.5G; 0: no limit)")),
        .examples = LIST(
            cli_example, {"pair add alice bob", "each peer binds its leg with a token"},
            {"pair add alice bob --idle 1h --rate 10M", "a patient pair, at most 10 Mbit/s each way"},
            {"pair add alice server --b-address 192.0.2.80:4433", "b is known, only a needs a token"},
            {"pair add alice office --b-prefix 198.51.100.0/24", "b is whoever speaks first from there"}),
        .run = cli_pair_add,
    },
    {
        .verb = "del",
        .summary = "delete pairs",
        .description = "Deletes each of the pairs; their packets are dropped from then on. A pair that "
                       "the relay does not know is reported, and the others are deleted all the same.",
        .arguments = LIST(cli_item, ARGUMENT("N", CLI_PAIR, "number of a pair", .repeats = true)),
        .examples = LIST(cli_example, {"pair del 7", "one pair"}, {"pair del 7 8 12", "several"}),
        .run = cli_pair_del,
    },
    {
        .verb = "show",
        .summary = "show one pair and its legs",
        .description = "Shows how the pair is set up, and for each leg its kind, its peer's address as the "
                       "relay sees it, how often that changed, when it was last heard of, and what was "
                       "forwarded from it. A tunnel leg has a session and a channel, and the largest UDP "
                       "payload, in bytes, that the session can carry to its peer.",
        .arguments = LIST(cli_item, ARGUMENT("N", CLI_PAIR, "number of the pair")),
        .examples = LIST(cli_example, {"pair show 7", "for people"},
                         {"pair show 7 -j | jq -r '.legs[].address'", "just the addresses"}),
        .run = cli_pair_show,
    },
    {
        .verb = "list",
        .summary = "list pairs",
        .description = "Lists pairs by number, a page at a time. A UDP leg is shown with its peer's "
                       "address, a tunnel leg with session/channel and its largest payload. What a page "
                       "leaves out begins at the cursor that is named below it (\"next\" in JSON). With "
                       "--all, page after page is "
                       "fetched and printed as it comes; with --json, that is one line per pair. Ctrl-C "
                       "cancels at the relay too.",
        .options = LIST(
            cli_item,
            OPTION("limit", 0, CLI_COUNT, "N", "pairs on a page (100; with --all 1000)", .max = 1000),
            OPTION("cursor", 0, CLI_CURSOR, "N", "begin where a page left off"), FLAG("all", 0, "all pages")),
        .examples = LIST(
            cli_example, {"pair list", "the first hundred"},
            {"pair list --cursor 100 --limit 20", "twenty from there"},
            {"pair list --all -j | jq 'select(.installed|not).pair'", "pairs not in the data plane yet"}),
        .run = cli_pair_list,
    },
    {0},
};

static const struct cli_command session_commands[] = {
    {
        .verb = "list",
        .summary = "list the peers' sessions",
        .description =
            "Lists sessions by number, a page at a time, with the ID and the address of each peer. "
            "A peer is \"registered\" when others can find it. With --all, page after page is "
            "fetched; with --json, that is one line per session.",
        .options = LIST(
            cli_item,
            OPTION("limit", 0, CLI_COUNT, "N", "sessions on a page (100; with --all 1000)", .max = 1000),
            OPTION("cursor", 0, CLI_CURSOR, "N", "begin where a page left off"), FLAG("all", 0, "all pages")),
        .examples = LIST(cli_example, {"session list", "the first hundred"},
                         {"session list --all -j | jq -r .peer", "the ID of every peer that is here"}),
        .run = cli_session_list,
    },
    {
        .verb = "show",
        .summary = "show one session",
        .description =
            "Shows who the peer is, by all keys of its certificate chain, what it has open, and how "
            "its connection does.",
        .arguments = LIST(cli_item, ARGUMENT("N", CLI_SESSION, "number of the session")),
        .examples = LIST(cli_example, {"session show 7", "for people"},
                         {"session show 7 -j | jq .round_trip_us", "one value"}),
        .run = cli_session_show,
    },
    {
        .verb = "close",
        .summary = "close a session",
        .description =
            "Closes a session, and with it the pairs that its peer has made. The peer is told that "
            "the operator did it, and may come back: to keep it out, put its ID on the list "
            "control.sessions.deny.",
        .arguments = LIST(cli_item, ARGUMENT("N", CLI_SESSION, "number of the session")),
        .examples = LIST(cli_example, {"session close 7", "its peer has to connect again"}),
        .run = cli_session_close,
    },
    {
        .verb = "drain",
        .summary = "send all peers away before a stop",
        .description = "Tells each peer to go (GO_AWAY), takes no new sessions, makes no offers, and closes "
                       "the sessions that are left when the time is over. Pairs go with their sessions; an "
                       "operator's own pairs stay. With --to peers are sent to another relay, which has to "
                       "be named by its peer ID, too; without, they are to come back. Holds until session "
                       "resume, or until control is restarted.",
        .options = LIST(cli_item,
                        OPTION("after", 0, CLI_SECONDS, "DURATION",
                               "close what is left after so long, at most 24h (30s)"),
                        OPTION("to", 0, CLI_ADDRESS, "IP:PORT", "the relay to go to, with --relay"),
                        OPTION("relay", 0, CLI_TEXT, "PEER_ID", "the peer ID of that relay")),
        .examples = LIST(
            cli_example, {"session drain", "half a minute for all peers"},
            {"session drain --after 10m", "with more time for what is under way"},
            {"session drain --to 192.0.2.2:443 --relay uhurkycu4bh2zcm25hzhkezm3qd2lw6e5iwcvu5b77dobustnapq",
             "to another relay"}),
        .run = cli_session_drain,
    },
    {
        .verb = "resume",
        .summary = "take sessions again after a drain",
        .description = "Ends a drain. Sessions that are still there stay: their peers are told so (STAY), "
                       "and get offers "
                       "again.",
        .examples = LIST(cli_example, {"session resume", "no stop after all"}),
        .run = cli_session_resume,
    },
    {
        .verb = "trace",
        .summary = "record the next session from an address",
        .description =
            "Arms a recording for the next session that begins from the address or prefix: what QUIC does, "
            "as qlog (the default), and TLS's secrets, as Wireshark reads them. The next handshake from "
            "there "
            "is taken, whether it succeeds or not; a session that is up cannot be recorded any more. Refused "
            "unless the configuration has dataplane.session.trace: allow. Whoever has a key log can read "
            "all that the peer and the relay say to each other; the peers' own traffic over tunnel legs "
            "stays "
            "encrypted. session show names the files.",
        .arguments = LIST(
            cli_item, ARGUMENT("NETWORK", CLI_PREFIX, "an address or a prefix of peers", .repeats = true)),
        .options = LIST(cli_item, FLAG("qlog", 0, "record packets and what is in them (the default)"),
                        FLAG("keylog", 0, "record TLS's secrets"),
                        OPTION("for", 0, CLI_SECONDS, "DURATION", "end it after so long, at most 24h (10m)")),
        .examples =
            LIST(cli_example, {"session trace 198.51.100.7", "what QUIC does, from its first packet on"},
                 {"session trace 198.51.100.7 --qlog --keylog --for 1h", "all there is"},
                 {"session trace 2001:db8:1::/48 --keylog", "for a capture that Wireshark has made"}),
        .run = cli_session_trace,
    },
    {
        .verb = "traces",
        .summary = "list the traces that are armed or record",
        .description = "Lists traces, with the session and the files of each that records one. At most 8 are "
                       "armed or recording at a time.",
        .examples = LIST(cli_example, {"session traces", "for people"},
                         {"session traces -j | jq -r '.traces[].qlog'", "just the files"}),
        .run = cli_session_traces,
    },
    {
        .verb = "untrace",
        .summary = "end a trace",
        .description = "Ends a trace. What was recorded stays.",
        .arguments = LIST(cli_item, ARGUMENT("N", CLI_TRACE, "number of the trace")),
        .examples = LIST(cli_example, {"session untrace 3", "the session itself goes on"}),
        .run = cli_session_untrace,
    },
    {0},
};

static const struct cli_command port_commands[] = {
    {
        .verb = "show",
        .summary = "show ports, links and their counters",
        .description = "Shows each port of the data plane: driver, link and addresses, and what its "
                       "driver counted. \"missed\" are packets that found the receive queue full: the "
                       "workers are too slow.",
        .arguments = LIST(cli_item, ARGUMENT("NAME", CLI_PORT, "only this port", .optional = true)),
        .options = LIST(cli_item, WATCH_OPTION, WATCH_COUNT_OPTION),
        .examples = LIST(cli_example, {"port show", "all ports"},
                         {"port show wan --watch 1", "packets and bits per second of one"}),
        .run = cli_port_show,
    },
    {0},
};

static const struct cli_command worker_commands[] = {
    {
        .verb = "show",
        .summary = "show workers and their counters",
        .description =
            "Shows what each polling worker received, forwarded and sent. A worker is busy while it "
            "handles packets; near 100 % it is at its limit. With --watch, a worker whose "
            "heartbeat stands still is shown as stuck.",
        .options = LIST(cli_item, WATCH_OPTION, WATCH_COUNT_OPTION),
        .examples = LIST(cli_example, {"worker show", "totals since the data plane started"},
                         {"worker show --watch 1", "rates"}),
        .run = cli_worker_show,
    },
    {0},
};

static const struct cli_term shard_terms[] = {
#define TERM(name, kind, unit, meaning) {#name, meaning},
    CV_SHARD_LIST(TERM) CV_HANDSHAKE_LIST(TERM)
#undef TERM
        {0}};

static const struct cli_command shard_commands[] = {
    {
        .verb = "show",
        .summary = "show who owns the sessions, and how full they are",
        .description = "Shows for each worker, and for the handshake thread, what it has of sessions: how "
                       "many, their timers, their memory, and its rings to and from other threads. Below, "
                       "how many handshakes there are and whether Retry is on. With the name of a shard, "
                       "all that is known of it.",
        .arguments = LIST(cli_item,
                          ARGUMENT("SHARD", CLI_SHARD, "number of a worker, or handshake", .optional = true)),
        .options = LIST(cli_item, WATCH_OPTION, WATCH_COUNT_OPTION),
        .examples = LIST(cli_example, {"shard show", "all of them"}, {"shard show 0", "worker 0"},
                         {"shard show handshake", "the handshake thread"},
                         {"shard show --watch 1", "DATAGRAMs per second"},
                         {"shard show -j | jq .retry_now", "1 while Retry is on"}),
        .terms_title = "What is known of a shard; of the handshake thread, the last six besides",
        .terms = shard_terms,
        .run = cli_shard_show,
    },
    {0},
};

static const struct cli_command crypto_commands[] = {
    {
        .verb = "show",
        .summary = "show what protects the sessions' packets",
        .description =
            "Shows which engine seals and opens packets, why this one, and what the CPU has for it; how "
            "many sessions use each cipher suite, and the limits of its AEAD (RFC 9001 section 6.6). A "
            "key that has sealed as many packets as it may is replaced by a key update, which the relay "
            "begins. A session on which too many packets failed to open is closed with "
            "AEAD_LIMIT_REACHED.",
        .examples = LIST(cli_example, {"crypto show", "for people"},
                         {"crypto show -j | jq -r .engine", "ipsec-mb or evp"}),
        .run = cli_crypto_show,
    },
    {0},
};

static const struct cli_term counter_terms[] = {
#define TERM(name, kind, unit, meaning) {#name, meaning},
    CV_COUNTER_LIST(TERM) CV_KEEPER_COUNTER_LIST(TERM) CV_HANDSHAKE_LIST(TERM)
#undef TERM
        {0}};

static const struct cli_command stats_commands[] = {
    {
        .verb = "show",
        .summary = "show the relay's counters",
        .description = "Shows how full the relay is, and the counters of all workers together, of the "
                       "data plane's main thread, and of control.",
        .options = LIST(cli_item, WATCH_OPTION, WATCH_COUNT_OPTION),
        .examples = LIST(cli_example, {"stats show", "totals"}, {"stats show --watch 5", "rates, every 5 s"},
                         {"stats show -j | jq .counters.forwarded_pkts", "one counter"}),
        .terms_title = "Counters",
        .terms = counter_terms,
        .run = cli_stats_show,
    },
    {0},
};

static const struct cli_term drop_terms[] = {
#define TERM(id, name, meaning) {name, meaning},
    CV_DROP_LIST(TERM)
#undef TERM
        {0}};

static const struct cli_command drop_commands[] = {
    {
        .verb = "show",
        .summary = "show what was not forwarded, and why",
        .description = "Shows how many packets ended at each reason, of all workers together. Reasons "
                       "that never occurred are left out; --all shows them too, and --json always does, "
                       "for each worker.",
        .options = LIST(cli_item, FLAG("all", 0, "also reasons that never occurred"), WATCH_OPTION,
                        WATCH_COUNT_OPTION),
        .examples = LIST(cli_example, {"drop show", "what was dropped"},
                         {"drop show --watch 1", "what is being dropped"},
                         {"drop show --all", "every reason there is"}),
        .terms_title = "Reasons",
        .terms = drop_terms,
        .run = cli_drop_show,
    },
    {0},
};

static const char *const event_names[] = {
#define NAME(id, name, meaning) name,
    EVENT_LIST(NAME)
#undef NAME
        NULL};

static const struct cli_term event_terms[] = {
#define TERM(id, name, meaning) {name, meaning},
    EVENT_LIST(TERM)
#undef TERM
        {0}};

static const struct cli_command events_commands[] = {
    {
        .summary = "show events as they happen",
        .description =
            "Prints a line per event (a JSON object with --json) until Ctrl-C. Only events "
            "from now on are shown. The heading, or with --json the line {\"event\":\"subscribed\"}, "
            "appears when none can be missed any more; no option filters or counts it.",
        .options = LIST(
            cli_item,
            OPTION("count", 'n', CLI_COUNT, "N", "stop after so many; with --timeout, fewer are an error"),
            OPTION("timeout", 't', CLI_SECONDS, "SECONDS", "stop after so long"),
            OPTION("event", 'e', CLI_CHOICE, "NAME", "only events of this name", .choices = event_names),
            OPTION("pair", 'p', CLI_PAIR, "N", "only events of this pair")),
        .examples =
            LIST(cli_example, {"events", "all of them"},
                 {"events -e leg_bound -p 7 -n 2 -t 30", "wait for both legs of pair 7, 30 s at most"},
                 {"events -j | jq -r .event", "for programs"}),
        .terms_title = "Events, and what each tells",
        .terms = event_terms,
        .run = cli_events,
    },
    {0},
};

static const char *const level_names[] = {
#define NAME(id, name, value) name,
    LOG_LEVEL_LIST(NAME)
#undef NAME
        NULL};

static const struct cli_command log_commands[] = {
    {
        .verb = "level",
        .summary = "set how much a process logs",
        .description = "Sets the least severe messages that a process writes to its log, until it is "
                       "restarted.",
        .arguments =
            LIST(cli_item,
                 ARGUMENT("TARGET", CLI_CHOICE, "which process", .choices = WORDS("control", "dataplane")),
                 ARGUMENT("LEVEL", CLI_CHOICE, "from errors only to everything", .choices = level_names)),
        .examples = LIST(cli_example, {"log level dataplane debug", "log everything"},
                         {"log level control warning", "log what is wrong"}),
        .run = cli_log_level,
    },
    {0},
};

static const struct cli_command completion_commands[] = {
    {
        .verb = "bash",
        .summary = "print the completion script for bash",
        .description = "Prints a script that makes bash complete culvertctl's commands, options and "
                       "values with TAB, pairs and ports of the running relay included. Packages install "
                       "it.",
        .examples =
            LIST(cli_example, {"completion bash > /etc/bash_completion.d/culvertctl", "for everybody"}),
        .run = cli_completion_bash,
    },
    {
        .verb = "candidates",
        .summary = "print what the last word of a command line can become",
        .description = "What completion scripts ask: prints one candidate per line.",
        .arguments = LIST(cli_item, ARGUMENT("LINE", CLI_LINE, "the command line up to the cursor")),
        .examples = LIST(cli_example, {"completion candidates -- 'culvertctl pair s'", "prints show"}),
        .hidden = true,
        .run = cli_completion_candidates,
    },
    {0},
};

static const struct cli_command man_commands[] = {
    {
        .summary = "print the man page",
        .description = "Prints culvertctl(1) in the man macros.",
        .examples = LIST(cli_example, {"man | man -l -", "read it"}),
        .run = cli_man,
    },
    {0},
};

static const struct cli_command help_commands[] = {
    {
        .summary = "explain the program or a command",
        .description = "The same as --help after these words.",
        .arguments = LIST(cli_item, ARGUMENT("NOUN", CLI_TOPIC, "a command's first word", .optional = true),
                          ARGUMENT("VERB", CLI_TOPIC, "its second", .optional = true)),
        .examples = LIST(cli_example, {"help", "the program"}, {"help pair add", "one command"}),
        .run = cli_help,
    },
    {0},
};

const struct cli_noun cli_nouns[] = {
    {"pair", "two legs that the relay joins", pair_commands},
    {"session", "a peer's own connection to the relay", session_commands},
    {"port", "what the data plane receives on and sends by", port_commands},
    {"worker", "the data plane's polling threads", worker_commands},
    {"shard", "who owns the sessions", shard_commands},
    {"crypto", "what protects the sessions' packets", crypto_commands},
    {"stats", "counters of the whole relay", stats_commands},
    {"drop", "packets that were not forwarded", drop_commands},
    {"events", "what happens, as it happens", events_commands},
    {"log", "what the processes write about themselves", log_commands},
    {"completion", "TAB in other shells", completion_commands},
    {"man", "the man page", man_commands},
    {"help", "this help", help_commands},
    {0},
};
