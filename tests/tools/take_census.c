/* Takes a census of half-open connections, as the watcher does around a burst, and prints it as one
 * JSON object: census, verdict, words, and how long the looks took in all and the longest one. */
#include "census/census.h"
#include "loop/clock.h"
#include "loop/loop.h"
#include "os.h"
#include "policy_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct options {
    unsigned looks;
    unsigned every_ms;
    const char *policy;
};

struct times {
    uint64_t all_ms;
    uint64_t longest_ms;
};

static int usage(void)
{
    (void)fputs(
        "usage: take_census [--looks N] [--every MS] [--policy FILE]\n"
        "\n"
        "Takes N looks (1), one every MS (1000), and prints their sum. Without a policy every\n"
        "program is expected.\n",
        stderr);
    return 2;
}

static bool take_looks(struct loop *loop, struct census *census, const struct options *options,
                       struct times *times, struct buf *why)
{
    bool good = true;
    for (unsigned i = 0; good && i < options->looks; i++) {
        struct census_look look;
        if (i > 0 && options->every_ms > 0) {
            (void)loop_wait(loop, (int64_t)options->every_ms);
        }
        uint64_t start = loop_now_ms(loop);
        good = census_look_at_system(clock_now(), &look, why);
        uint64_t took = loop_now_ms(loop) - start;
        times->all_ms += took;
        times->longest_ms = took > times->longest_ms ? took : times->longest_ms;
        good = good && census_add(census, &look);
        census_look_free(&look);
    }
    return good;
}

static bool print(const struct census *census, const struct policy *policy,
                  const struct times *times)
{
    struct buf words = BUF_INIT;
    struct buf line = BUF_INIT;
    struct json j = json_start(&line);
    census_words(census, policy, &words);
    json_open_object(&j, NULL);
    census_json(census, policy, &j);
    json_text(&j, "verdict", census_verdict_name(census_judge(census, policy)));
    json_text(&j, "words", buf_text(&words));
    json_number(&j, "all_ms", times->all_ms);
    json_number(&j, "longest_ms", times->longest_ms);
    json_close_object(&j);
    bool good = !words.failed && !line.failed && puts(buf_text(&line)) >= 0;
    buf_free(&words);
    buf_free(&line);
    return good;
}

static bool run(const struct options *options, struct buf *why)
{
    struct policy policy;
    struct loop *loop = NULL;
    struct times times = {0};
    struct census *census = census_open();
    if (!policy_defaults(&policy)) {
        census_close(census);
        return false;
    }
    bool good = census != NULL && loop_open(&loop) == OS_OK &&
                (options->policy == NULL ||
                 policy_load(os_native(), options->policy, &policy, why) == POLICY_LOADED) &&
                take_looks(loop, census, options, &times, why) && print(census, &policy, &times);
    loop_close(loop);
    policy_free(&policy);
    census_close(census);
    return good;
}

static bool parse(int argc, char **argv, struct options *options)
{
    *options = (struct options){.looks = 1, .every_ms = 1000};
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 == argc) {
            return false;
        }
        if (strcmp(argv[i], "--looks") == 0) {
            options->looks = (unsigned)strtoul(argv[i + 1], NULL, 10);
        } else if (strcmp(argv[i], "--every") == 0) {
            options->every_ms = (unsigned)strtoul(argv[i + 1], NULL, 10);
        } else if (strcmp(argv[i], "--policy") == 0) {
            options->policy = argv[i + 1];
        } else {
            return false;
        }
    }
    return options->looks > 0;
}

int main(int argc, char **argv)
{
    struct options options;
    struct buf why = BUF_INIT;
    if (!parse(argc, argv, &options)) {
        return usage();
    }
    bool good = run(&options, &why);
    if (!good) {
        (void)fprintf(stderr, "take_census: %s\n", why.len > 0 ? why.data : "no memory");
    }
    buf_free(&why);
    return good ? 0 : 1;
}
