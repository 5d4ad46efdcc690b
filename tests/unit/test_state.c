/* What outlives the process: everything comes back, and nothing of a file that is not whole. */
#include "check.h"

#include "base/keyfile.h"
#include "base/wintime.h"
#include "faulty_os.h"
#include "sandbox.h"
#include "state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HERE "state-test"
#define NOW  UINT64_C(130000000000000000)

static char xp_log[] = "file:/logs/SysEvent.Evt";
static char odd_log[] = "file:/logs/100% of\nthe others.evtx";

struct fixture {
    struct policy policy;
    struct engine_memory memory;
    struct source sources[2];
};

static void set_up(struct fixture *f)
{
    memset(f, 0, sizeof *f);
    CHECK(policy_defaults(&f->policy));
    CHECK(sandbox_make(HERE));
    engine_reset(&f->memory);
    f->sources[0].spec = xp_log;
    f->sources[1].spec = odd_log;
    for (size_t i = 0; i < 2; i++) {
        CHECK(source_count_anew(&f->sources[i], f->policy.events,
                                f->policy.window_seconds * WINTIME_PER_SECOND));
    }
}

static void tear_down(struct fixture *f)
{
    for (size_t i = 0; i < 2; i++) {
        source_stop_counting(&f->sources[i]);
    }
    policy_free(&f->policy);
    sandbox_remove(HERE);
}

/* Every member has a value of its own, so that none can stand for another. */
static void fill(struct fixture *f)
{
    struct engine_memory *m = &f->memory;
    m->state = ENGINE_REBOOT_PENDING;
    m->burst = (struct engine_burst){"WKS \x1b[2J 50%\n", NOW + 1, NOW + 2, 3};
    m->others[0] = (struct engine_burst){"B\xc3\x9cRO-7", NOW + 4, NOW + 5, 6};
    m->others[1] = (struct engine_burst){"", NOW + 7, NOW + 8, 9};
    m->untold[BURST_CONNECT_LIMIT] = (struct engine_burst){"LATER", NOW + 10, NOW + 11, UINT64_MAX};
    m->untold[BURST_PORTS] = (struct engine_burst){"PORTS", NOW + 19, NOW + 20, 21};
    m->ports[0] = (struct engine_burst){"WKS", NOW + 22, NOW + 23, 24};
    m->ports[1] = (struct engine_burst){"OTHER", NOW + 25, NOW + 26, 27};
    m->by_hand = true;
    m->verified = NOW + 28;
    m->fresh_from = NOW + 29;
    m->tried[0] = (struct engine_build){{{5, 1, 2600, 5512}}, 361344};
    m->tried[1] = (struct engine_build){{{5, 1, 2600, 2180}}, 359040};
    m->seen[0] = (struct engine_copy){.known = true, .present = true, .access = OS_IO};
    m->seen[PC_DRIVERS] = (struct engine_copy){.known = true,
                                               .present = true,
                                               .crc32 = 30,
                                               .status = PC_PATCHED,
                                               .version = {{5, 1, 2600, 2892}},
                                               .has_limit = true,
                                               .limit = 31};
    m->limit = 12;
    m->limit_before = 18;
    m->patch.time = NOW + 13;
    m->patch.limit_before = 14;
    m->patch.limit_after = 15;
    m->patch.copies[0].present = true;
    m->patch.copies[0].crc32 = 0xffffffff;
    m->patch.copies[0].version = (struct pc_version){{5, 1, 2600, 2180}};
    m->patch.copies[PC_DRIVERS].present = true;
    m->patch.copies[PC_DRIVERS].crc32 = 0;
    m->patch.copies[PC_DRIVERS].version = (struct pc_version){{65535, 0, 1, 65534}};
    (void)snprintf(m->boot, sizeof m->boot, "%s", "a-boot-id");
    m->remind_at = NOW + 16;
    (void)snprintf(m->computer, sizeof m->computer, "%s", "WKS");
    m->asked = (struct engine_build){{{5, 2, 3790, 1830}}, UINT64_C(1) << 40};
    f->sources[0].place = (struct log_place){true, 3990, NOW + 17, 26468, 0, 301};
}

/* Without a flush, which would cost more than all the rest. */
static void put_state(const void *bytes, size_t size)
{
    FILE *file = fopen(HERE "/roots/x/state", "wb");
    CHECK(file != NULL);
    if (file != NULL) {
        CHECK(fwrite(bytes, 1, size, file) == size);
        CHECK(fclose(file) == 0);
    }
}

static void check_burst(const struct engine_burst *got, const struct engine_burst *expected)
{
    CHECK_TEXT(got->computer, expected->computer);
    CHECK_NUMBER(got->first, expected->first);
    CHECK_NUMBER(got->last, expected->last);
    CHECK_NUMBER(got->events, expected->events);
}

static void check_build(const struct engine_build *got, const struct engine_build *expected)
{
    CHECK(memcmp(&got->version, &expected->version, sizeof got->version) == 0);
    CHECK_NUMBER(got->size, expected->size);
}

static void check_copy(const struct engine_copy *got, const struct engine_copy *expected)
{
    CHECK_NUMBER(got->known, expected->known);
    CHECK_NUMBER(got->present, expected->present);
    CHECK_NUMBER(got->access, expected->access);
    CHECK_NUMBER(got->crc32, expected->crc32);
    CHECK_NUMBER(got->status, expected->status);
    CHECK(memcmp(&got->version, &expected->version, sizeof got->version) == 0);
    CHECK_NUMBER(got->has_limit, expected->has_limit);
    CHECK_NUMBER(got->limit, expected->limit);
}

static void check_memory(const struct engine_memory *got, const struct engine_memory *expected)
{
    CHECK_NUMBER(got->state, expected->state);
    check_burst(&got->burst, &expected->burst);
    for (size_t i = 0; i < ENGINE_OTHERS_MAX; i++) {
        check_burst(&got->others[i], &expected->others[i]);
    }
    for (size_t i = 0; i < BURST_KINDS; i++) {
        check_burst(&got->untold[i], &expected->untold[i]);
    }
    for (size_t i = 0; i < ENGINE_PORTS_MAX; i++) {
        check_burst(&got->ports[i], &expected->ports[i]);
    }
    CHECK_NUMBER(got->limit, expected->limit);
    CHECK_NUMBER(got->limit_before, expected->limit_before);
    CHECK_NUMBER(got->patch.time, expected->patch.time);
    CHECK_NUMBER(got->patch.limit_before, expected->patch.limit_before);
    CHECK_NUMBER(got->patch.limit_after, expected->patch.limit_after);
    for (size_t c = 0; c < PC_COPIES; c++) {
        CHECK_NUMBER(got->patch.copies[c].present, expected->patch.copies[c].present);
        CHECK_NUMBER(got->patch.copies[c].crc32, expected->patch.copies[c].crc32);
        CHECK(memcmp(&got->patch.copies[c].version, &expected->patch.copies[c].version,
                     sizeof(struct pc_version)) == 0);
    }
    CHECK_TEXT(got->boot, expected->boot);
    CHECK_NUMBER(got->remind_at, expected->remind_at);
    CHECK_TEXT(got->computer, expected->computer);
    CHECK_NUMBER(got->by_hand, expected->by_hand);
    CHECK_NUMBER(got->verified, expected->verified);
    CHECK_NUMBER(got->fresh_from, expected->fresh_from);
    check_build(&got->asked, &expected->asked);
    for (size_t i = 0; i < ENGINE_TRIED_MAX; i++) {
        check_build(&got->tried[i], &expected->tried[i]);
    }
    for (size_t c = 0; c < PC_COPIES; c++) {
        check_copy(&got->seen[c], &expected->seen[c]);
    }
}

static enum os_status save(const struct fixture *f)
{
    return state_save(os_native(), HERE "/roots/x", "/mnt/windows", &f->memory, &f->policy,
                      f->sources, 2);
}

static enum os_status load(struct fixture *f, enum keyfile_status *whole)
{
    *whole = KEYFILE_OK;
    return state_load(os_native(), HERE "/roots/x", &f->memory, f->sources, 2, NULL, whole);
}

/* As it was set up: no member that any file here sets is set. */
static bool has_nothing(const struct fixture *f)
{
    const struct engine_memory *m = &f->memory;
    for (size_t c = 0; c < PC_COPIES; c++) {
        if (m->patch.copies[c].present) {
            return false;
        }
    }
    return m->state == ENGINE_WATCHING && m->burst.computer[0] == '\0' && m->burst.last == 0 &&
           m->others[0].last == 0 && m->untold[BURST_CONNECT_LIMIT].last == 0 &&
           m->ports[0].last == 0 && m->tried[0].size == 0 && !m->seen[0].known && m->limit == 0 &&
           m->patch.time == 0 && m->boot[0] == '\0' && m->remind_at == 0 &&
           m->computer[0] == '\0' && !f->sources[0].place.set && !f->sources[1].place.set;
}

static enum burst_answer add(struct source *source, uint64_t seconds)
{
    struct burst hit;
    return burst_add(source->detectors[BURST_CONNECT_LIMIT], "WKS",
                     NOW + seconds * WINTIME_PER_SECOND, &hit);
}

static void everything_comes_back(void)
{
    struct fixture f;
    struct engine_memory expected;
    struct buf root = BUF_INIT;
    enum keyfile_status whole = KEYFILE_DAMAGED;
    set_up(&f);
    fill(&f);
    for (int state = 0; state < ENGINE_STATES; state++) {
        f.memory.state = (enum engine_state)state;
        expected = f.memory;
        CHECK_NUMBER(save(&f), OS_OK);
        memset(&f.memory, 0xaa, sizeof f.memory);
        f.sources[0].place = (struct log_place){.set = false};
        buf_clear(&root);
        CHECK_NUMBER(
            state_load(os_native(), HERE "/roots/x", &f.memory, f.sources, 2, &root, &whole),
            OS_OK);
        CHECK_NUMBER(whole, KEYFILE_OK);
        check_memory(&f.memory, &expected);
        CHECK_TEXT(buf_text(&root), "/mnt/windows");
        CHECK(f.sources[0].place.set);
        CHECK_NUMBER(f.sources[0].place.record, 3990);
        CHECK_NUMBER(f.sources[0].place.time, NOW + 17);
        CHECK_NUMBER(f.sources[0].place.offset, 26468);
        CHECK_NUMBER(f.sources[0].place.part, 301);
        CHECK(!f.sources[1].place.set);
    }
    CHECK_NUMBER(sandbox_count(HERE, ""), 1); /* the state, and nothing beside it */
    buf_free(&root);
    tear_down(&f);
}

/* Of a channel. A state without one, as older programs wrote it, is as good. */
static void a_bookmark_comes_back(void)
{
    static const char xml[] = "<BookmarkList>\r\n  <Bookmark Channel='System' RecordId='1'/>\r\n"
                              "</BookmarkList> 100%";
    struct fixture f;
    enum keyfile_status whole;
    set_up(&f);
    fill(&f);
    buf_add_text(&f.sources[1].bookmark, xml);
    CHECK_NUMBER(save(&f), OS_OK);
    buf_free(&f.sources[1].bookmark);
    buf_add_text(&f.sources[0].bookmark, "another one");
    CHECK_NUMBER(load(&f, &whole), OS_OK);
    CHECK_NUMBER(whole, KEYFILE_OK);
    CHECK_TEXT(buf_text(&f.sources[1].bookmark), xml);
    CHECK_TEXT(buf_text(&f.sources[0].bookmark), "");
    CHECK(f.sources[0].place.set);
    /* As `status` reads it: without any source. */
    CHECK_NUMBER(state_load(os_native(), HERE "/roots/x", &f.memory, NULL, 0, NULL, &whole), OS_OK);
    CHECK_NUMBER(whole, KEYFILE_OK);
    for (size_t i = 0; i < 2; i++) {
        buf_free(&f.sources[i].bookmark);
    }
    tear_down(&f);
}

static void counters_go_on(void)
{
    struct fixture f;
    enum keyfile_status whole;
    set_up(&f);
    CHECK_NUMBER(add(&f.sources[0], 0), BURST_NO);
    CHECK_NUMBER(add(&f.sources[0], 60), BURST_NO);
    CHECK_NUMBER(add(&f.sources[1], 0), BURST_NO);
    CHECK_NUMBER(save(&f), OS_OK);
    for (size_t i = 0; i < 2; i++) {
        CHECK(source_count_anew(&f.sources[i], 5, WINTIME_PER_SECOND));
    }
    CHECK_NUMBER(load(&f, &whole), OS_OK);
    CHECK_NUMBER(whole, KEYFILE_OK);
    CHECK_NUMBER(add(&f.sources[0], 120), BURST_BEGUN);
    CHECK_NUMBER(add(&f.sources[1], 120), BURST_NO); /* each log has counters of its own */
    tear_down(&f);
}

/* The thresholds have changed while the program did not run. */
static void counters_are_counted_anew_by_other_thresholds(void)
{
    struct fixture f;
    enum keyfile_status whole;
    set_up(&f);
    (void)add(&f.sources[0], 0);
    (void)add(&f.sources[0], 1800);
    CHECK_NUMBER(add(&f.sources[0], 3600), BURST_BEGUN);
    CHECK_NUMBER(save(&f), OS_OK);
    CHECK_NUMBER(load(&f, &whole), OS_OK);
    source_count_by(&f.sources[0], 3, 600 * WINTIME_PER_SECOND);
    CHECK_NUMBER(add(&f.sources[0], 3700), BURST_NO);
    CHECK_NUMBER(add(&f.sources[0], 3710), BURST_BEGUN);
    tear_down(&f);
}

static void other_sources_have_nothing_of_it(void)
{
    struct fixture f;
    enum keyfile_status whole;
    static char third[] = "file:/logs/third.xml";
    set_up(&f);
    fill(&f);
    (void)add(&f.sources[0], 0);
    (void)add(&f.sources[0], 1);
    CHECK_NUMBER(save(&f), OS_OK);
    source_stop_counting(&f.sources[0]);
    f.sources[0] = f.sources[1];
    f.sources[1] = (struct source){.spec = third};
    CHECK(source_count_anew(&f.sources[0], 3, NOW));
    CHECK(source_count_anew(&f.sources[1], 3, NOW));
    struct burst_detector *kept = f.sources[1].detectors[BURST_CONNECT_LIMIT];
    CHECK_NUMBER(load(&f, &whole), OS_OK);
    CHECK(!f.sources[0].place.set);
    CHECK(!f.sources[1].place.set);
    CHECK(f.sources[1].detectors[BURST_CONNECT_LIMIT] == kept);
    CHECK_NUMBER(add(&f.sources[0], 2), BURST_NO);
    CHECK_NUMBER(add(&f.sources[1], 2), BURST_NO);
    /* As `status` reads it: without any source. */
    CHECK_NUMBER(state_load(os_native(), HERE "/roots/x", &f.memory, NULL, 0, NULL, &whole), OS_OK);
    CHECK_NUMBER(whole, KEYFILE_OK);
    tear_down(&f);
}

static void a_missing_state_is_not_found(void)
{
    struct fixture f;
    enum keyfile_status whole;
    set_up(&f);
    CHECK_NUMBER(load(&f, &whole), OS_NOT_FOUND);
    CHECK(has_nothing(&f));
    tear_down(&f);
}

/* Cut at every byte, and with every byte changed. */
static void a_damaged_state_gives_nothing(void)
{
    struct fixture f;
    struct fixture empty;
    struct buf good = BUF_INIT;
    enum keyfile_status whole;
    set_up(&f);
    fill(&f);
    (void)add(&f.sources[0], 0);
    CHECK_NUMBER(save(&f), OS_OK);
    CHECK(sandbox_read(HERE "/roots/x/state", &good));
    set_up(&empty);
    CHECK(sandbox_make(HERE "/roots/x"));
    for (size_t i = 0; i < good.len; i++) {
        put_state(good.data, i);
        CHECK_NUMBER(load(&empty, &whole), OS_OK);
        CHECK(whole != KEYFILE_OK);
        CHECK(has_nothing(&empty));
    }
    for (size_t i = 0; i < good.len; i++) {
        good.data[i] ^= 1;
        put_state(good.data, good.len);
        CHECK_NUMBER(load(&empty, &whole), OS_OK);
        CHECK(whole != KEYFILE_OK);
        CHECK(has_nothing(&empty));
        good.data[i] ^= 1;
    }
    CHECK_NUMBER(add(&empty.sources[0], 0), BURST_NO);
    CHECK_NUMBER(add(&empty.sources[0], 1), BURST_NO);
    CHECK_NUMBER(add(&empty.sources[0], 2), BURST_BEGUN);
    buf_free(&good);
    tear_down(&empty);
    tear_down(&f);
}

/* A file that is whole, but has a line that no state has: not even what stands before it counts. */
static void a_line_that_makes_no_sense_gives_nothing(void)
{
    static const char *const lines[][2] = {
        {"unknown", "1"},
        {"state", "sleeping"},
        {"limit", "4294967296"},
        {"limit", "-1"},
        {"remind-at", "18446744073709551616"},
        {"copy", "3"},
        {"crc32", "1"}, /* of no copy */
        {"version", "5.1.2600"},
        {"version", "5.1.2600.2180.1"},
        {"version", "5.1.2600.65536"},
        {"version", "5.1..2180"},
        {"first", "1x"},
        {"boot", "0123456789012345678901234567890123456789012345678901234567890123"},
    };
    static const char *const source_lines[][2] = {
        {"unknown", "1"},
        {"place-record", ""},
        {"place-time", "soon"},
        {"place-part", "-1"},
        {"burst", "maybe"},
        {"threshold-events", "x"},
        {"threshold-seconds", "4294967296"},
        {"first", "-5"},
        {"state", "watching"},
    };
    size_t count = sizeof lines / sizeof lines[0];
    size_t all = count + sizeof source_lines / sizeof source_lines[0];
    struct fixture f;
    enum keyfile_status whole;
    set_up(&f);
    for (size_t i = 0; i < all; i++) {
        struct buf text = BUF_INIT;
        keyfile_start(&text, "tcpipwatch-state", 1);
        keyfile_add(&text, "state", "patching");
        keyfile_add(&text, "burst", "WKS");
        if (i < count) {
            keyfile_add(&text, lines[i][0], lines[i][1]);
        }
        keyfile_add(&text, "source", xp_log);
        keyfile_add_number(&text, "threshold-events", 3);
        keyfile_add_number(&text, "threshold-seconds", 3600);
        keyfile_add_number(&text, "place-offset", 48);
        keyfile_add(&text, "item", "WKS");
        keyfile_add_number(&text, "first", NOW);
        keyfile_add_number(&text, "last", NOW);
        keyfile_add_number(&text, "events", 2);
        keyfile_add_number(&text, "burst", 0);
        if (i >= count) {
            keyfile_add(&text, source_lines[i - count][0], source_lines[i - count][1]);
        }
        keyfile_finish(&text);
        CHECK(sandbox_write(HERE "/roots/x/state", text.data, text.len));
        CHECK_NUMBER(load(&f, &whole), OS_OK);
        CHECK_NUMBER(whole, KEYFILE_DAMAGED);
        CHECK(has_nothing(&f));
        buf_free(&text);
    }
    CHECK_NUMBER(add(&f.sources[0], 0), BURST_NO);
    tear_down(&f);
}

static void too_many_other_bursts_are_damage(void)
{
    struct fixture f;
    struct buf text = BUF_INIT;
    enum keyfile_status whole;
    set_up(&f);
    keyfile_start(&text, "tcpipwatch-state", 1);
    for (int i = 0; i <= ENGINE_OTHERS_MAX; i++) {
        keyfile_add(&text, "other-burst", "WKS");
        keyfile_add_number(&text, "last", NOW);
    }
    keyfile_finish(&text);
    CHECK(sandbox_write(HERE "/roots/x/state", text.data, text.len));
    CHECK_NUMBER(load(&f, &whole), OS_OK);
    CHECK_NUMBER(whole, KEYFILE_DAMAGED);
    CHECK(has_nothing(&f));
    buf_free(&text);
    tear_down(&f);
}

static void other_kinds_and_versions_are_told_apart(void)
{
    static const struct {
        const char *kind;
        unsigned version;
        enum keyfile_status whole;
    } cases[] = {
        {"tcpipwatch-state", 2, KEYFILE_FUTURE},
        {"tcpipwatch-journal", 1, KEYFILE_OTHER},
        {"tcpipwatch-state", 1, KEYFILE_OK},
    };
    struct fixture f;
    enum keyfile_status whole;
    set_up(&f);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf text = BUF_INIT;
        keyfile_start(&text, cases[i].kind, cases[i].version);
        keyfile_finish(&text);
        CHECK(sandbox_write(HERE "/roots/x/state", text.data, text.len));
        CHECK_NUMBER(load(&f, &whole), OS_OK);
        CHECK_NUMBER(whole, cases[i].whole);
        CHECK(has_nothing(&f));
        buf_free(&text);
    }
    tear_down(&f);
}

/* Whatever call fails, the state is the one before or the new one, and a failure is told. */
static void a_failing_disk_leaves_the_old_state(void)
{
    struct fixture f;
    struct buf before = BUF_INIT;
    struct buf after = BUF_INIT;
    bool saved = false;
    set_up(&f);
    CHECK_NUMBER(save(&f), OS_OK);
    CHECK(sandbox_read(HERE "/roots/x/state", &before));
    fill(&f);
    for (int call = 0; !saved && call < 100; call++) {
        struct faulty_os faulty;
        faulty_os_init(&faulty, call, 1, OS_FULL);
        enum os_status status = state_save(&faulty.table, HERE "/roots/x", "/mnt/windows",
                                           &f.memory, &f.policy, f.sources, 2);
        enum keyfile_status whole = KEYFILE_OK;
        struct fixture again = f;
        engine_reset(&again.memory);
        CHECK_NUMBER(state_load(os_native(), HERE "/roots/x", &again.memory, NULL, 0, NULL, &whole),
                     OS_OK);
        CHECK_NUMBER(whole, KEYFILE_OK);
        CHECK(again.memory.state == ENGINE_WATCHING || again.memory.state == f.memory.state);
        saved = !faulty_os_has_failed(&faulty);
        CHECK(status == OS_OK ? again.memory.state == f.memory.state : !saved);
        CHECK(sandbox_write(HERE "/roots/x/state", before.data, before.len));
    }
    CHECK(saved);
    buf_free(&before);
    buf_free(&after);
    tear_down(&f);
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"everything comes back", everything_comes_back},
        {"a bookmark comes back", a_bookmark_comes_back},
        {"counters go on", counters_go_on},
        {"counters are counted anew by other thresholds",
         counters_are_counted_anew_by_other_thresholds},
        {"other sources have nothing of it", other_sources_have_nothing_of_it},
        {"a missing state is not found", a_missing_state_is_not_found},
        {"a damaged state gives nothing", a_damaged_state_gives_nothing},
        {"a line that makes no sense gives nothing", a_line_that_makes_no_sense_gives_nothing},
        {"too many other bursts are damage", too_many_other_bursts_are_damage},
        {"other kinds and versions are told apart", other_kinds_and_versions_are_told_apart},
        {"a failing disk leaves the old state", a_failing_disk_leaves_the_old_state},
    };
    return RUN_SUITE("state", cases);
}
