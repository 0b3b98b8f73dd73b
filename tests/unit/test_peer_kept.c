/* SPDX-License-Identifier: BSD-3-Clause */
/* The state file of culvert-peer. */
#include "peer/kept.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* It wants some of the above first. */
#include <cmocka.h>

static char directory[64], path[80];

static int set_up(void **state)
{
    (void)state;
    strcpy(directory, "/tmp/peer-kept-XXXXXX");
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof(path), "%s/state", directory);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(directory); /* nothing else is left there */
}

static void open_kept(struct kept *kept)
{
    char error[256] = "";

    if (kept_open(kept, path, error, sizeof(error)) != 0)
        fail_msg("%s", error);
}

static void write_text(const char *text, mode_t mode)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    (void)fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(path, mode), 0);
}

static void an_instance_lives_on(void **state)
{
    struct kept first, second;
    struct stat status;

    (void)state;
    open_kept(&first);
    open_kept(&second);
    assert_memory_equal(first.instance, second.instance, sizeof(first.instance));
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_equal(kept_open(&first, NULL, NULL, 0), 0);
    assert_memory_not_equal(first.instance, second.instance, sizeof(first.instance));
    assert_int_equal(kept_save(&first), 0);
}

static void the_token_is_for_its_relay(void **state)
{
    struct kept first, second;
    struct cv_address relay, other;

    (void)state;
    assert_int_equal(cv_address_parse("192.0.2.1:443", &relay), 0);
    assert_int_equal(cv_address_parse("192.0.2.2:443", &other), 0);
    open_kept(&first);
    assert_null(kept_token(&first, &relay));
    first.has_token = true;
    first.relay = relay;
    memset(first.token, 0xa5, sizeof(first.token));
    kept_add_pair(&first, 7);
    kept_add_pair(&first, UINT64_C(1) << 61);
    assert_int_equal(kept_save(&first), 0);
    open_kept(&second);
    assert_non_null(kept_token(&second, &relay));
    assert_memory_equal(kept_token(&second, &relay), first.token, sizeof(first.token));
    assert_null(kept_token(&second, &other));
    assert_int_equal(second.pair_count, 2);
    assert_int_equal(second.pairs[1], UINT64_C(1) << 61);
}

static void pairs_are_bounded(void **state)
{
    struct kept kept;

    (void)state;
    open_kept(&kept);
    for (unsigned i = 1; i <= KEPT_PAIRS_MAX + 1; i++)
        kept_add_pair(&kept, i);
    assert_int_equal(kept.pair_count, KEPT_PAIRS_MAX);
}

static void says_what_is_wrong_with_a_file(void **state)
{
    static const char *const texts[] = {
        "",
        "no JSON",
        "[]",
        "{}",
        "{\"instance\": \"00\"}",
        "{\"instance\": \"000102030405060708090A0b0c0d0e0f\"}",
        "{\"instance\": \"000102030405060708090a0b0c0d0e0f\", \"pairs\": [-1]}",
        "{\"instance\": \"000102030405060708090a0b0c0d0e0f\", \"resumption_token\": \"00\"}",
    };
    char error[256];
    struct kept kept;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        write_text(texts[i], 0600);
        assert_int_equal(kept_open(&kept, path, error, sizeof(error)), -EBADMSG);
        assert_non_null(strstr(error, path));
    }
    write_text("{\"instance\": \"000102030405060708090a0b0c0d0e0f\"}", 0600);
    open_kept(&kept);
    assert_int_equal(kept.instance[15], 15);
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(kept_open(&kept, path, error, sizeof(error)), -EPERM);
    assert_non_null(strstr(error, "chmod 600"));
    assert_int_equal(kept_open(&kept, "/nowhere/state", error, sizeof(error)), -ENOENT);
    assert_non_null(strstr(error, "/nowhere/state"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_instance_lives_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_token_is_for_its_relay, set_up, tear_down),
        cmocka_unit_test_setup_teardown(pairs_are_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(says_what_is_wrong_with_a_file, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
