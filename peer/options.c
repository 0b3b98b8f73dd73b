/* SPDX-License-Identifier: BSD-3-Clause */
#include "options.h"

#include "utf8.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "Usage: culvert-peer id      --certificate FILE --key FILE\n"
    "       culvert-peer serve   --certificate FILE --key FILE --relay ADDRESS:PORT [OPTION...]\n"
    "       culvert-peer connect --certificate FILE --key FILE --relay ADDRESS:PORT [OPTION...] PEER-ID\n"
    "\n"
    "A small peer: holds a session with a relay, gets pairs with other peers, and lets a UDP program\n"
    "beside it speak through them. `id` prints the peer's own ID, `serve` takes what is offered,\n"
    "`connect` asks for one pair.\n"
    "\n"
    "  -c, --certificate FILE     PEM: the peer's certificate, and its chain behind it\n"
    "  -k, --key FILE             PEM: its key\n"
    "  -r, --relay ADDRESS:PORT   where the relay listens for sessions\n"
    "      --relay-id ID          of the key that the relay must show; without it any relay will do\n"
    "      --reconnect            when the session is lost open another one, after 1, 2, 4 ... 60 s.\n"
    "                             Pairs that the relay has kept meanwhile go on\n"
    "      --state FILE           keep there who this instance is and how to get its pairs back, so\n"
    "                             that they go on after a restart. Mode 600: it holds a secret\n"
    "  -j, --json                 tell what happens as lines of JSON\n"
    "  -V, --version              print the version\n"
    "  -h, --help                 print this\n"
    "\n"
    "The program beside it:\n"
    "      --local ADDRESS:PORT   take its datagrams here. Without --forward, answers go to whoever\n"
    "                             sent the last one. Enough for one pair at a time\n"
    "      --forward ADDRESS:PORT give it its datagrams there\n"
    "      --echo                 no program: send back into each pair what comes out of it\n"
    "\n"
    "Pairs:\n"
    "      --legs KIND[,KIND...]  kinds of our leg: udp (the default), on a relay port; listen, UDP on\n"
    "                             the port of sessions; tunnel, in the session\n"
    "      --service NAME         take requests for this service; may be given 16 times\n"
    "      --reachable WHO        who may ask: anyone (the default), nobody, or peer IDs with commas\n"
    "      --to-service NAME      ask for a pair with whichever instance of the other peer has NAME\n"
    "      --to-instance HEX      ask for a pair with just this instance of it\n"
    "      --data TEXT            for the other peer, in requests and in answers to them\n"
    "\n"
    "Addresses and time:\n"
    "      --from ADDRESS[:PORT]  where the session comes from\n"
    "      --move-to ADDRESS      where it goes when SIGUSR1 comes; without it, to another port\n"
    "      --idle SECONDS         end a session that is silent for so long (60)\n"
    "      --keep-alive SECONDS   break the silence after so long (25); 0: never\n"
    "\n"
    "For tests:\n"
    "      --commands FILE        take commands from a FIFO, or with - from stdin, a line each:\n"
    "                               request PEER-ID             leg PAIR KIND[,KIND...]\n"
    "                               close PAIR                  move PAIR (its leg to another socket)\n"
    "                               message PEER-ID TEXT        reachable WHO\n"
    "                               probe NUMBER [PAIR] [ADDRESS:PORT]\n"
    "      --quic 1|2             QUIC version to begin with (1)\n"
    "      --suites LIST          TLS cipher suites, as OpenSSL names them, with colons between\n"
    "      --key-update-every N   new packet keys after N packets, as soon as QUIC allows it\n"
    "      --packet-bytes N       of the largest packet, 1200 to 1472 (1472)\n"
    "      --stop-reading         grant the relay nothing more on the control stream\n"
    "\n"
    "Exit codes: 0 SIGTERM or SIGINT, or the pair of `connect` was closed because it is no longer\n"
    "wanted; 1 usage; 2 a file or socket; 3 the session ended otherwise; 4 no pair.\n"
    "\n"
    "Examples:\n"
    "  culvert-peer serve -c bob.pem -k bob.key -r 192.0.2.1:443 --forward 127.0.0.1:4433\n"
    "  culvert-peer connect -c alice.pem -k alice.key -r 192.0.2.1:443 --legs listen,tunnel \\\n"
    "      --local 127.0.0.1:5000 \"$(culvert-peer id -c bob.pem -k bob.key)\"\n"
    "  culvert-peer serve -c bob.pem -k bob.key -r 192.0.2.1:443 --forward 127.0.0.1:22022 \\\n"
    "      --service files --reconnect --state ~/.local/state/culvert-files.json\n"
    "  mkfifo orders; culvert-peer serve ... --commands orders & echo leg 7 tunnel > orders\n";

enum {
    RELAY_ID = 256,
    RECONNECT,
    STATE,
    LOCAL,
    FORWARD,
    ECHO_BACK,
    LEGS,
    SERVICE,
    REACHABLE_BY,
    TO_SERVICE,
    TO_INSTANCE,
    DATA,
    FROM,
    MOVE_TO,
    IDLE,
    KEEP_ALIVE,
    COMMANDS,
    QUIC,
    SUITES,
    KEY_UPDATE,
    PACKET_BYTES,
    STOP_READING,
};

static const struct option names[] = {
    {"certificate", required_argument, NULL, 'c'},
    {"key", required_argument, NULL, 'k'},
    {"relay", required_argument, NULL, 'r'},
    {"relay-id", required_argument, NULL, RELAY_ID},
    {"reconnect", no_argument, NULL, RECONNECT},
    {"state", required_argument, NULL, STATE},
    {"json", no_argument, NULL, 'j'},
    {"version", no_argument, NULL, 'V'},
    {"help", no_argument, NULL, 'h'},
    {"local", required_argument, NULL, LOCAL},
    {"forward", required_argument, NULL, FORWARD},
    {"echo", no_argument, NULL, ECHO_BACK},
    {"legs", required_argument, NULL, LEGS},
    {"service", required_argument, NULL, SERVICE},
    {"reachable", required_argument, NULL, REACHABLE_BY},
    {"to-service", required_argument, NULL, TO_SERVICE},
    {"to-instance", required_argument, NULL, TO_INSTANCE},
    {"data", required_argument, NULL, DATA},
    {"from", required_argument, NULL, FROM},
    {"move-to", required_argument, NULL, MOVE_TO},
    {"idle", required_argument, NULL, IDLE},
    {"keep-alive", required_argument, NULL, KEEP_ALIVE},
    {"commands", required_argument, NULL, COMMANDS},
    {"quic", required_argument, NULL, QUIC},
    {"suites", required_argument, NULL, SUITES},
    {"key-update-every", required_argument, NULL, KEY_UPDATE},
    {"packet-bytes", required_argument, NULL, PACKET_BYTES},
    {"stop-reading", no_argument, NULL, STOP_READING},
    {0},
};

__attribute__((format(printf, 1, 2))) static bool refuse(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)fputs("culvert-peer: ", stderr);
    (void)vfprintf(stderr, format, arguments);
    (void)fputs("; see --help\n", stderr);
    va_end(arguments);
    return false;
}

static bool take_number(const char *text, uint64_t least, uint64_t most, uint64_t *number)
{
    return read_number(text, least, most, number) ||
           refuse("%s is not a number from %llu to %llu", text, (unsigned long long)least,
                  (unsigned long long)most);
}

static bool read_seconds(const char *text, uint64_t *ns)
{
    if (!take_number(text, 0, 86400, ns))
        return false;
    *ns *= 1000000000;
    return true;
}

/* The port may be left out where `port_needed` is false. */
static bool read_address(const char *text, bool port_needed, struct cv_address *address, bool *has)
{
    *has = true;
    if (cv_address_parse(text, address) == 0 && (address->port_be != 0 || !port_needed))
        return true;
    *address = (struct cv_address){0};
    if (!port_needed && cv_ip_parse(text, &address->ip) == 0)
        return true;
    return refuse("%s is not an address%s", text, port_needed ? " with a port" : "");
}

static bool read_id(const char *text, struct cv_peer_id *id)
{
    return cv_peer_id_parse(text, id) == 0 || refuse("%s is not a peer ID", text);
}

static bool is_name(const char *text)
{
    size_t bytes = strlen(text);

    return (bytes > 0 && bytes <= CV_SERVICE_BYTES_MAX && cv_utf8_is_line(text, bytes)) ||
           refuse("%s is no name of a service: 1 to %d bytes of UTF-8", text, CV_SERVICE_BYTES_MAX);
}

static bool add_service(struct options *options)
{
    if (options->session.service_count == CV_SERVICES_MAX)
        return refuse("%d services are all that an instance can have", CV_SERVICES_MAX);
    options->services[options->session.service_count++] = optarg;
    options->session.services = options->services;
    return is_name(optarg);
}

/* What goes with pairs. */
static bool read_pair_option(int option, struct options *options)
{
    switch (option) {
    case LEGS:
        return read_kinds(optarg, &options->legs) ||
               refuse("%s is no list of kinds of leg: udp, listen, tunnel", optarg);
    case SERVICE:
        return add_service(options);
    case REACHABLE_BY:
        if (!read_reachable(optarg, &options->reachable))
            return refuse("%s is neither anyone nor nobody nor up to %d peer IDs", optarg,
                          CV_CAPSULE_LISTED_MAX);
        options->session.reachable = options->reachable.reachable;
        return true;
    case TO_SERVICE:
        options->aim.service = optarg;
        return is_name(optarg);
    case TO_INSTANCE:
        options->aim.instance = options->instance;
        return read_hex(optarg, options->instance, sizeof(options->instance)) ||
               refuse("%s is no instance: %d digits of lower-case hex", optarg, 2 * CV_INSTANCE_BYTES);
    case DATA:
        if (strlen(optarg) > CV_DATA_BYTES_MAX)
            return refuse("%d bytes of data are the most", CV_DATA_BYTES_MAX);
        options->data = (struct cv_span){(const uint8_t *)optarg, (uint16_t)strlen(optarg)};
        options->aim.data = &options->data;
        return true;
    default:
        return refuse("what is meant is not clear");
    }
}

/* The options for tests. */
static bool read_test_option(int option, struct options *options)
{
    uint64_t number = 0;

    switch (option) {
    case COMMANDS:
        options->commands = optarg;
        return true;
    case QUIC:
        if (!take_number(optarg, 1, 2, &number))
            return false;
        options->session.quic_version = (uint8_t)number;
        return true;
    case SUITES:
        options->tls.suites = optarg;
        return true;
    case KEY_UPDATE:
        return take_number(optarg, 1, UINT32_MAX, &options->session.key_update_pkts);
    case PACKET_BYTES:
        if (!take_number(optarg, CV_PEER_PAYLOAD_MIN, CV_PEER_PAYLOAD_MAX, &number))
            return false;
        options->session.payload_bytes = (uint16_t)number;
        return true;
    case STOP_READING:
        options->stop_reading = true;
        return true;
    default:
        return read_pair_option(option, options);
    }
}

static bool read_option(int option, struct options *options)
{
    switch (option) {
    case 'c':
        options->tls.certificate = optarg;
        return true;
    case 'k':
        options->tls.key = optarg;
        return true;
    case 'r':
        return read_address(optarg, true, &options->relay, &options->has_relay);
    case RELAY_ID:
        options->session.relay_id = &options->relay_id;
        return read_id(optarg, &options->relay_id);
    case RECONNECT:
        options->reconnect = true;
        return true;
    case STATE:
        options->state = optarg;
        return true;
    case LOCAL:
        return read_address(optarg, true, &options->local, &options->has_local);
    case FORWARD:
        return read_address(optarg, true, &options->forward, &options->has_forward);
    case ECHO_BACK:
        options->echo = true;
        return true;
    case FROM:
        return read_address(optarg, false, &options->from, &options->has_from);
    case MOVE_TO:
        return read_address(optarg, false, &options->move_to, &options->has_move_to);
    case IDLE:
        return read_seconds(optarg, &options->session.idle_ns);
    case KEEP_ALIVE:
        return read_seconds(optarg, &options->session.keep_alive_ns);
    case 'j':
        options->json = true;
        return true;
    default:
        return read_test_option(option, options);
    }
}

static bool read_command(int argc, char **argv, struct options *options)
{
    static const char *const commands[] = {"id", "serve", "connect"};
    int words = argc - optind;
    unsigned i = 0;

    if (words == 0)
        return refuse("a command is missing");
    while (i < 3 && strcmp(argv[optind], commands[i]) != 0)
        i++;
    if (i == 3)
        return refuse("there is no command %s", argv[optind]);
    options->command = (enum peer_command)i;
    if (words != (options->command == COMMAND_CONNECT ? 2 : 1))
        return refuse("%s wants %s", argv[optind],
                      options->command == COMMAND_CONNECT ? "one peer ID" : "nothing behind it");
    return options->command != COMMAND_CONNECT || read_id(argv[optind + 1], &options->other);
}

static bool is_complete(const struct options *options)
{
    if (options->tls.certificate == NULL || options->tls.key == NULL)
        return refuse("--certificate and --key are needed");
    if (options->command == COMMAND_ID)
        return true;
    if (!options->has_relay)
        return refuse("--relay is needed");
    if (!options->has_local && !options->has_forward && !options->echo)
        return refuse("--local, --forward or --echo is needed");
    if (options->has_local && options->has_forward &&
        cv_ip_is_v4(&options->local.ip) != cv_ip_is_v4(&options->forward.ip))
        return refuse("--local and --forward are not of one address family");
    return true;
}

int options_read(int argc, char **argv, struct options *options)
{
    int option;

    *options = (struct options){.legs = CV_LEG_KIND_UDP};
    cv_peer_config_default(&options->session);
    while ((option = getopt_long(argc, argv, "c:k:r:jVh", names, NULL)) != -1) {
        if (option == 'V') {
            (void)puts("culvert-peer " CULVERT_VERSION);
            return EXIT_SUCCESS;
        }
        if (option == 'h') {
            (void)fputs(help, stdout);
            return EXIT_SUCCESS;
        }
        if (option == '?' || !read_option(option, options))
            return EXIT_USAGE;
    }
    return read_command(argc, argv, options) && is_complete(options) ? -1 : EXIT_USAGE;
}
