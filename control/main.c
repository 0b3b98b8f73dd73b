/* SPDX-License-Identifier: BSD-3-Clause */
/* culvert-control: command line, signals, and the loop. */
#include "base/log.h"
#include "config/config_load.h"
#include "control.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXIT_USAGE   1
#define EXIT_REFUSED 2

#define DEFAULT_CONFIG "/etc/culvert/culvert.yaml"

static const char help[] =
    "Usage: culvert-control [-c FILE] [-l LEVEL] [--check]\n"
    "\n"
    "Keeps what pairs should exist, gives out relay ports and tokens, and tells culvert-dataplane.\n"
    "culvertctl talks to it. It may be stopped, killed and restarted at any time: pairs live on in the\n"
    "data plane.\n"
    "\n"
    "  -c, --config FILE      configuration (" DEFAULT_CONFIG "); culvert.example.yaml describes it\n"
    "  -l, --log-level LEVEL  debug, info, notice (the default), warning or error; the log goes to stderr\n"
    "      --check            check the configuration, say what is wrong with it, and stop\n"
    "  -V, --version          print the version\n"
    "  -h, --help             print this\n"
    "\n"
    "Exit codes: 0 stopped by SIGTERM or SIGINT, or the configuration is good; 1 usage or configuration;\n"
    "2 anything else.\n"
    "\n"
    "Examples:\n"
    "  culvert-control --check -c culvert.yaml\n"
    "  culvert-control -c culvert.yaml\n"
    "  culvert-control -c culvert.yaml -l debug 2>control.log\n";

struct options {
    const char *config;
    bool check;
};

/* Returns an exit code, or -1 to go on. */
static int read_options(int argc, char **argv, struct options *options)
{
    enum { OPTION_CHECK = 256 };
    static const struct option names[] = {
        {"config", required_argument, NULL, 'c'},   {"log-level", required_argument, NULL, 'l'},
        {"check", no_argument, NULL, OPTION_CHECK}, {"version", no_argument, NULL, 'V'},
        {"help", no_argument, NULL, 'h'},           {0},
    };
    enum log_level level;
    int option;

    while ((option = getopt_long(argc, argv, "c:l:Vh", names, NULL)) != -1) {
        switch (option) {
        case 'c':
            options->config = optarg;
            break;
        case 'l':
            if (!log_level_parse(optarg, &level)) {
                (void)fprintf(stderr, "culvert-control: there is no log level %s; see --help\n", optarg);
                return EXIT_USAGE;
            }
            log_set_level(level);
            break;
        case OPTION_CHECK:
            options->check = true;
            break;
        case 'V':
            (void)puts("culvert-control " CULVERT_VERSION);
            return EXIT_SUCCESS;
        case 'h':
            (void)fputs(help, stdout);
            return EXIT_SUCCESS;
        default:
            return EXIT_USAGE;
        }
    }
    if (optind == argc)
        return -1;
    (void)fprintf(stderr, "culvert-control: unexpected argument %s; see --help\n", argv[optind]);
    return EXIT_USAGE;
}

static void on_signal(evutil_socket_t number, short what, void *context)
{
    (void)what;
    log_notice("stopping on %s; pairs live on in the data plane", number == SIGINT ? "SIGINT" : "SIGTERM");
    (void)event_base_loopexit(context, NULL);
}

static void on_libevent_log(int severity, const char *text)
{
    log_write(severity >= EVENT_LOG_ERR ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING, "libevent: %s", text);
}

static int serve(const struct cv_config *config)
{
    struct event_base *base = event_base_new();
    struct event *signals[2] = {NULL, NULL};
    struct control *control = NULL;
    char error[512] = "cannot make an event loop";
    int code = EXIT_REFUSED;

    if (base != NULL) {
        signals[0] = evsignal_new(base, SIGTERM, on_signal, base);
        signals[1] = evsignal_new(base, SIGINT, on_signal, base);
    }
    if (signals[0] == NULL || signals[1] == NULL || event_add(signals[0], NULL) != 0 ||
        event_add(signals[1], NULL) != 0 || control_open(&control, base, config, error, sizeof(error)) != 0) {
        log_error("%s", error);
    } else {
        log_notice("culvert-control " CULVERT_VERSION " serves %s", config->control_socket);
        if (event_base_dispatch(base) == 0)
            code = EXIT_SUCCESS;
    }
    control_close(control);
    for (unsigned i = 0; i < 2; i++) {
        if (signals[i] != NULL)
            event_free(signals[i]);
    }
    if (base != NULL)
        event_base_free(base);
    return code;
}

int main(int argc, char **argv)
{
    static struct cv_config config;
    struct options options = {.config = DEFAULT_CONFIG};
    char error[2048];
    int code = read_options(argc, argv, &options);

    if (code >= 0)
        return code;
    if (cv_config_load(options.config, &config, error, sizeof(error)) != 0) {
        (void)fprintf(stderr, "%s\n", error);
        return EXIT_USAGE;
    }
    if (options.check) {
        (void)printf("%s: ok\n", options.config);
        return EXIT_SUCCESS;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    event_set_log_callback(on_libevent_log);
    code = serve(&config);
    libevent_global_shutdown();
    return code;
}
