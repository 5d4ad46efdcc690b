/* Takes a census of half-open connections by each of the ways that Windows has to the programs, and
 * prints it. See usage(). */
#include "census/census_calls_win32.h"
#include "loop/clock.h"

#include "base/json.h"

#include <stdio.h>
#include <string.h>

static int usage(void)
{
    (void)fputs(
        "usage: take_census_win32 best | device | module [EXPECTED]...\n"
        "\n"
        "Takes two looks and prints one JSON object: what the census says, in words and in\n"
        "numbers, of a policy that expects these programs. The first word is the way to\n"
        "the paths of programs: the best one that this Windows has, or one of XP's two.\n",
        stderr);
    return 2;
}

static bool choose(const char *way, struct census_calls *calls)
{
    bool device = strcmp(way, "device") == 0;
    bool module = strcmp(way, "module") == 0;
    if (device || module) {
        calls->full_image = NULL;
    }
    if (module) {
        calls->device_image = NULL;
    }
    return device || module || strcmp(way, "best") == 0;
}

static void add_report(const struct census *census, const struct policy *policy, bool is_own,
                       const char *own, struct buf *out)
{
    struct buf words = BUF_INIT;
    struct json j = json_start(out);
    census_words(census, policy, &words);
    json_open_object(&j, NULL);
    json_text(&j, "computer", own);
    json_bool(&j, "is_this_computer", is_own);
    json_text(&j, "verdict", census_verdict_name(census_judge(census, policy)));
    json_text(&j, "words", buf_text(&words));
    census_json(census, policy, &j);
    json_close_object(&j);
    buf_add_char(out, '\n');
    buf_free(&words);
}

static bool take(const struct census_calls *calls, struct census *census)
{
    struct census_look look;
    struct buf why = BUF_INIT;
    bool done = census_look_by(calls, clock_now(), &look, &why) && census_add(census, &look);
    if (!done) {
        (void)fprintf(stderr, "take_census_win32: %s\n", buf_text(&why));
    }
    census_look_free(&look);
    buf_free(&why);
    return done;
}

int main(int argc, char **argv)
{
    struct census_calls calls = census_native_calls();
    struct buf out = BUF_INIT;
    struct buf own = BUF_INIT;
    struct buf again = BUF_INIT;
    if (argc < 2 || !choose(argv[1], &calls)) {
        return usage();
    }
    const struct policy policy = {.expected = {.names = argv + 2, .count = (size_t)argc - 2}};
    struct census *census = census_open();
    bool done = census != NULL && take(&calls, census) && take(&calls, census);
    if (done) {
        (void)census_is_this_computer("", &own);
        bool is_own = census_is_this_computer(buf_text(&own), &again);
        add_report(census, &policy, is_own, buf_text(&own), &out);
        (void)fputs(buf_text(&out), stdout);
    }
    census_close(census);
    buf_free(&out);
    buf_free(&own);
    buf_free(&again);
    return done ? 0 : 1;
}
