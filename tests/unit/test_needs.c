/* What each Windows needs, and the setting that switches a limit on. */
#include "check.h"
#include "sandbox.h"

#include "base/keyfile.h"
#include "generation.h"
#include "image_builder.h"
#include "needs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLACE "needs-test"
#define DATA  PLACE "/data"

/* ---- the cases ---- */

static void by_the_driver(void)
{
    static const struct {
        uint16_t version[4];
        enum pc_status status;
        enum needs_case needs;
        const char *says;
    } cases[] = {
        {{5, 0, 2195, 6601}, PC_NO_LIMIT, NEEDS_NOTHING, "Windows 2000"},
        {{5, 1, 2600, 1106}, PC_NO_LIMIT, NEEDS_NOTHING, "Windows XP"},
        {{5, 1, 2600, 2180}, PC_ORIGINAL, NEEDS_PATCH, "XP SP2 or later (tcpip.sys 5.1.2600.2180)"},
        {{5, 1, 2600, 5512}, PC_PATCHED, NEEDS_PATCH, "where it can be changed; it is 10."},
        {{5, 1, 2600, 5512}, PC_UNRECOGNISED, NEEDS_ANOTHER_DRIVER, "may not be changed. Reason."},
        {{5, 1, 2600, 5512}, PC_DAMAGED, NEEDS_UNKNOWN, "cannot be told. Reason."},
        {{6, 1, 7601, 17514}, PC_DAMAGED, NEEDS_UNKNOWN, "cannot be told. Reason."},
        {{5, 2, 3790, 0}, PC_NO_LIMIT, NEEDS_NOTHING, "Server 2003"},
        {{5, 2, 3790, 3959},
         PC_ORIGINAL,
         NEEDS_PATCH,
         "Windows Server 2003 SP1 or later, or XP x64"},
        {{6, 0, 6000, 16386}, PC_UNRECOGNISED, NEEDS_SERVICE_PACK, "Install Service Pack 2"},
        {{6, 0, 6001, 18000}, PC_UNRECOGNISED, NEEDS_SERVICE_PACK, "Install Service Pack 2"},
        {{6, 0, 6002, 18005}, PC_NO_LIMIT, NEEDS_NOTHING, "Windows Vista SP2 or Server 2008 SP2"},
        {{6, 1, 7601, 17514}, PC_NO_LIMIT, NEEDS_NOTHING, "Windows 7"},
        {{6, 2, 9200, 0}, PC_NO_LIMIT, NEEDS_NOTHING, "Windows 8 or 8.1"},
        {{6, 3, 9600, 0}, PC_NO_LIMIT, NEEDS_NOTHING, "8.1"},
        {{10, 0, 19041, 1}, PC_NO_LIMIT, NEEDS_NOTHING, "Windows 10"},
        {{10, 0, 22621, 1}, PC_NO_LIMIT, NEEDS_NOTHING, "unless EnableConnectionRateLimiting is"},
        {{4, 0, 1381, 1}, PC_UNRECOGNISED, NEEDS_UNKNOWN, "cannot be told. Reason."},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pc_inspection driver = {
            .status = cases[i].status, .has_version = true, .has_limit = true, .limit = 10};
        const struct needs_facts facts = {.driver = &driver};
        struct buf text = BUF_INIT;
        const char *name;
        memcpy(driver.version.part, cases[i].version, sizeof driver.version.part);
        if (cases[i].status != PC_DAMAGED) {
            driver.generation = generation_of_driver(&driver.version, &name);
        }
        (void)snprintf(driver.reason, sizeof driver.reason, "%s", "Reason.");
        needs_text(&text, &facts);
        CHECK_NUMBER(needs_judge(&facts), cases[i].needs);
        CHECK(strstr(buf_text(&text), cases[i].says) != NULL);
        buf_free(&text);
    }
}

/* What the inspection of an image says is what counts. */
static void by_whole_images(void)
{
    static const struct pc_version windows_7 = {{6, 1, 7601, 17514}};
    static const struct pc_version last_before = {{5, 1, 2600, 2095}};
    static const struct pc_version first = {{5, 1, 2600, 2096}};
    static const struct pc_version last_2003 = {{5, 2, 3790, 1829}};
    static const struct pc_version first_2003 = {{5, 2, 3790, 1830}};
    static const struct pc_version last_vista = {{6, 0, 6001, 65535}};
    static const struct pc_version vista_sp2 = {{6, 0, 6002, 0}};
    static const struct {
        struct image_options options;
        enum needs_case needs;
    } cases[] = {
        {{.build = "2180"}, NEEDS_PATCH},
        {{.build = "2180", .limit = 100}, NEEDS_PATCH},
        {{.build = "5512"}, NEEDS_PATCH},
        {{.build = "2003sp2"}, NEEDS_PATCH},
        {{.build = "2003x64"}, NEEDS_PATCH},
        {{.build = "2180", .signs_disagree = true}, NEEDS_ANOTHER_DRIVER},
        {{.build = "2180", .bad_checksum = true}, NEEDS_UNKNOWN},
        {{.build = "2180", .no_version = true}, NEEDS_PATCH},
        {{.build = "vista"}, NEEDS_SERVICE_PACK},
        {{.build = "vistasp1"}, NEEDS_SERVICE_PACK},
        {{.build = "vistasp2"}, NEEDS_NOTHING},
        {{.build = "2000"}, NEEDS_NOTHING},
        {{.build = "1106"}, NEEDS_NOTHING},
        {{.build = "2003"}, NEEDS_NOTHING},
        {{.build = "7601"}, NEEDS_NOTHING},
        {{.build = "win10"}, NEEDS_NOTHING},
        {{.build = "win10", .no_version = true}, NEEDS_UNKNOWN},
        {{.build = "7601", .bad_checksum = true}, NEEDS_UNKNOWN},
        {{.name = "other.sys", .version = &windows_7}, NEEDS_UNKNOWN},
        {{.version = &last_before}, NEEDS_NOTHING},
        {{.version = &first}, NEEDS_PATCH},
        {{.version = &last_2003}, NEEDS_NOTHING},
        {{.version = &first_2003}, NEEDS_PATCH},
        {{.version = &last_vista}, NEEDS_SERVICE_PACK},
        {{.version = &vista_sp2}, NEEDS_NOTHING},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pc_inspection driver;
        const struct needs_facts facts = {.driver = &driver};
        size_t size = 0;
        uint8_t *image = image_make(&cases[i].options, &size);
        pc_inspect(image, size, &driver);
        CHECK_NUMBER(needs_judge(&facts), cases[i].needs);
        CHECK_NUMBER(needs_judge(&facts) == NEEDS_NOTHING, driver.status == PC_NO_LIMIT);
        CHECK_NUMBER(needs_judge(&facts) == NEEDS_PATCH, pc_writable(&driver));
        free(image);
    }
}

/* The driver cannot be read, but Windows tells what it is. */
static void by_windows_alone(void)
{
    static const struct {
        uint32_t major, minor, build;
        uint16_t service_pack;
        enum needs_case needs;
        const char *says;
    } cases[] = {
        {4, 0, 1381, 6, NEEDS_UNKNOWN, "Windows 4.0.1381 is not known here."},
        {5, 0, 2195, 4, NEEDS_NOTHING, "Windows 2000 SP4 (5.0.2195) has no limit"},
        {5, 1, 2600, 0, NEEDS_NOTHING, "Windows XP (5.1.2600) has no limit"},
        {5, 1, 2600, 1, NEEDS_NOTHING, "Windows XP SP1 (5.1.2600) has no limit"},
        {5, 1, 2600, 2, NEEDS_ANOTHER_DRIVER, "Windows XP SP2 (5.1.2600): the limit"},
        {5, 1, 2600, 3, NEEDS_ANOTHER_DRIVER, "Windows XP SP3 (5.1.2600): the limit"},
        {5, 1, 2505, 0, NEEDS_UNKNOWN, "Windows 5.1.2505 is not known here."},
        {5, 2, 3790, 0, NEEDS_NOTHING, "Windows Server 2003 or XP x64 (5.2.3790) has no limit"},
        {5, 2, 3790, 1, NEEDS_ANOTHER_DRIVER, "Windows Server 2003 or XP x64 SP1 (5.2.3790)"},
        {5, 2, 3790, 2, NEEDS_ANOTHER_DRIVER, "Windows Server 2003 or XP x64 SP2 (5.2.3790)"},
        {6, 0, 6000, 0, NEEDS_SERVICE_PACK, "Windows Vista or Server 2008 (6.0.6000) has the li"},
        {6, 0, 6001, 1, NEEDS_SERVICE_PACK, "SP1 (6.0.6001) has the limit of half-open connec"},
        {6, 0, 6002, 2, NEEDS_NOTHING, "Windows Vista or Server 2008 SP2 (6.0.6002) has no limit"},
        {6, 1, 7600, 0, NEEDS_NOTHING, "Windows 7 or Server 2008 R2 (6.1.7600) has no limit"},
        {6, 2, 9200, 0, NEEDS_NOTHING, "Windows 8 or 8.1 (6.2.9200)"},
        {6, 3, 9600, 0, NEEDS_NOTHING, "Windows 8 or 8.1 (6.3.9600)"},
        {10, 0, 22621, 0, NEEDS_NOTHING, "Windows 10 or later (10.0.22621) has no limit on ha"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct needs_facts facts = {.running = true,
                                          .has_windows = true,
                                          .major = cases[i].major,
                                          .minor = cases[i].minor,
                                          .build = cases[i].build,
                                          .service_pack = cases[i].service_pack};
        struct buf text = BUF_INIT;
        CHECK_NUMBER(needs_judge(&facts), cases[i].needs);
        needs_text(&text, &facts);
        CHECK(strstr(buf_text(&text), cases[i].says) != NULL);
        buf_free(&text);
    }
    const struct needs_facts nothing = {.running = false};
    CHECK_NUMBER(needs_judge(&nothing), NEEDS_UNKNOWN);
}

/* A driver of which nothing is certain leaves Windows' own word. */
static void by_windows_and_a_strange_driver(void)
{
    struct pc_inspection driver = {
        .status = PC_DAMAGED, .has_version = true, .version = {{5, 1, 2600, 5512}}};
    struct needs_facts facts = {.driver = &driver,
                                .running = true,
                                .has_windows = true,
                                .major = 5,
                                .minor = 1,
                                .build = 2600,
                                .service_pack = 3};
    CHECK_NUMBER(needs_judge(&facts), NEEDS_ANOTHER_DRIVER);
    facts.service_pack = 1;
    CHECK_NUMBER(needs_judge(&facts), NEEDS_NOTHING);
    /* The limit is in the driver, whatever the service pack: somebody has put an old one there. */
    driver.status = PC_NO_LIMIT;
    driver.generation = PC_GENERATION_BEFORE;
    facts.service_pack = 3;
    CHECK_NUMBER(needs_judge(&facts), NEEDS_NOTHING);
    driver.status = PC_ORIGINAL;
    driver.generation = PC_GENERATION_LIMIT;
    facts.service_pack = 1;
    CHECK_NUMBER(needs_judge(&facts), NEEDS_PATCH);
}

static void a_setting_switches_a_limit_on(void)
{
    struct needs_facts facts = {.running = true,
                                .has_windows = true,
                                .major = 6,
                                .minor = 1,
                                .build = 7601,
                                .rate_limiting = {.known = true, .there = true, .set = 1}};
    struct buf text = BUF_INIT;
    CHECK_NUMBER(needs_judge(&facts), NEEDS_SETTING);
    needs_text(&text, &facts);
    CHECK(strstr(buf_text(&text), "EnableConnectionRateLimiting is 1") != NULL);
    facts.rate_limiting.set = 0;
    CHECK_NUMBER(needs_judge(&facts), NEEDS_NOTHING);
    facts.rate_limiting.set = 2;
    CHECK_NUMBER(needs_judge(&facts), NEEDS_NOTHING);
    buf_clear(&text);
    needs_text(&text, &facts);
    CHECK(strstr(buf_text(&text), "is 2, which is neither of its documented values 0 and 1") !=
          NULL);
    facts.rate_limiting = (struct rate_limiting_value){.known = true};
    CHECK_NUMBER(needs_judge(&facts), NEEDS_NOTHING);
    facts.rate_limiting = (struct rate_limiting_value){.there = true, .set = 1};
    CHECK_NUMBER(needs_judge(&facts), NEEDS_NOTHING); /* it could not be read */
    buf_clear(&text);
    needs_text(&text, &facts);
    CHECK(strstr(buf_text(&text), "is 1 in its registry, which could not be read.") != NULL);
    /* Where the driver has the limit the setting means nothing. */
    facts.rate_limiting.known = true;
    facts.major = 5;
    facts.service_pack = 3;
    facts.build = 2600;
    CHECK_NUMBER(needs_judge(&facts), NEEDS_ANOTHER_DRIVER);
    buf_free(&text);
}

static void a_driver_of_another_windows_is_told(void)
{
    struct pc_inspection driver = {.status = PC_ORIGINAL,
                                   .has_version = true,
                                   .version = {{5, 1, 2600, 2180}},
                                   .has_limit = true,
                                   .limit = 10};
    const struct needs_facts facts = {.driver = &driver,
                                      .running = true,
                                      .has_windows = true,
                                      .major = 6,
                                      .minor = 1,
                                      .build = 7601};
    struct buf text = BUF_INIT;
    CHECK_NUMBER(needs_judge(&facts), NEEDS_UNKNOWN);
    needs_text(&text, &facts);
    CHECK(strstr(buf_text(&text), "another Windows (5.1.2600.2180) than the one that runs "
                                  "(6.1.7601)") != NULL);
    buf_free(&text);
}

static void a_watcher_is_told_where_it_is_of_no_use(void)
{
    struct pc_inspection driver = {.status = PC_ORIGINAL,
                                   .generation = PC_GENERATION_LIMIT,
                                   .has_version = true,
                                   .version = {{5, 1, 2600, 2180}},
                                   .has_limit = true,
                                   .limit = 10};
    struct needs_facts facts = {.running = true,
                                .has_windows = true,
                                .major = 6,
                                .minor = 1,
                                .build = 7601,
                                .rate_limiting = {.known = true}};
    struct buf text = BUF_INIT;
    CHECK(needs_warning(&text, &facts));
    CHECK(strstr(buf_text(&text), "has no limit on half-open connections") != NULL);
    CHECK(strstr(buf_text(&text), "Watching here for event 4226 is of use for reports") != NULL);
    buf_clear(&text);
    facts.rate_limiting = (struct rate_limiting_value){.known = true, .there = true, .set = 1};
    CHECK(needs_warning(&text, &facts));
    CHECK(strstr(buf_text(&text), "switches a limit of 10 on") != NULL);
    CHECK(strstr(buf_text(&text), "Watching here") == NULL);
    buf_clear(&text);
    facts.minor = 0;
    facts.build = 6001;
    CHECK(needs_warning(&text, &facts));
    CHECK(strstr(buf_text(&text), "Install Service Pack 2") != NULL);
    buf_clear(&text);
    facts.running = false;
    CHECK(!needs_warning(&text, &facts));
    facts = (struct needs_facts){.driver = &driver,
                                 .running = true,
                                 .has_windows = true,
                                 .major = 5,
                                 .minor = 1,
                                 .build = 2600,
                                 .service_pack = 2};
    CHECK(!needs_warning(&text, &facts));
    CHECK_TEXT(buf_text(&text), "");
    buf_free(&text);
}

static void json_has_every_member(void)
{
    struct needs_facts facts = {.running = true,
                                .has_windows = true,
                                .major = 6,
                                .minor = 1,
                                .build = 7601,
                                .service_pack = 1,
                                .rate_limiting = {.known = true, .there = true, .set = 1}};
    struct buf text = BUF_INIT;
    struct json j = json_start(&text);
    json_open_object(&j, NULL);
    needs_json(&j, &facts);
    CHECK(strstr(buf_text(&text), "{\"needs\":\"setting\",\"version\":\"6.1.7601\","
                                  "\"service_pack\":1,\"rate_limiting_known\":true,"
                                  "\"rate_limiting\":1,\"message\":\"Windows 7 ") != NULL);
    buf_clear(&text);
    facts = (struct needs_facts){.running = false};
    j = json_start(&text);
    json_open_object(&j, NULL);
    needs_json(&j, &facts);
    CHECK(strstr(buf_text(&text), "{\"needs\":\"unknown\",\"version\":null,"
                                  "\"service_pack\":null,\"rate_limiting_known\":false,"
                                  "\"rate_limiting\":null,\"message\":\"Whether ") != NULL);
    buf_free(&text);
}

static void every_case_has_a_name(void)
{
    CHECK_TEXT(needs_name(NEEDS_PATCH), "patch");
    CHECK_TEXT(needs_name(NEEDS_ANOTHER_DRIVER), "another-driver");
    CHECK_TEXT(needs_name(NEEDS_SERVICE_PACK), "service-pack");
    CHECK_TEXT(needs_name(NEEDS_NOTHING), "nothing");
    CHECK_TEXT(needs_name(NEEDS_SETTING), "setting");
    CHECK_TEXT(needs_name(NEEDS_UNKNOWN), "unknown");
}

/* ---- the setting ---- */

struct registry {
    struct rate_limiting_value value;
    enum os_status read_status, write_status;
    bool forgets;      /* a write says that all is well, and nothing comes of it */
    int changes_still; /* so many failing writes change the value all the same */
    int writes;
};

static enum os_status read_value(void *context, struct rate_limiting_value *out)
{
    struct registry *r = context;
    *out = r->value;
    out->known = r->read_status == OS_OK;
    return r->read_status;
}

static enum os_status write_value(void *context, const struct rate_limiting_value *value)
{
    struct registry *r = context;
    if ((r->write_status == OS_OK && !r->forgets) || r->changes_still > 0) {
        r->value = *value;
        r->changes_still -= r->changes_still > 0;
    }
    r->writes += r->write_status == OS_OK;
    return r->write_status;
}

struct fixture {
    struct registry registry;
    struct rate_limiting_calls calls;
    struct pc_context pc;
    struct buf done, why;
};

static void set_up(struct fixture *f, bool there, uint32_t value)
{
    *f = (struct fixture){.registry = {.value = {.known = true, .there = there, .set = value}}};
    f->calls = (struct rate_limiting_calls){&f->registry, read_value, write_value};
    f->pc = (struct pc_context){.os = os_native(), .data = DATA};
    CHECK(sandbox_make(PLACE));
}

static void tear_down(struct fixture *f)
{
    buf_free(&f->done);
    buf_free(&f->why);
    sandbox_remove(PLACE);
}

static enum pc_result off(struct fixture *f)
{
    buf_clear(&f->done);
    buf_clear(&f->why);
    return rate_limiting_switch_off(&f->pc, &f->calls, &f->done, &f->why);
}

static enum pc_result back(struct fixture *f)
{
    buf_clear(&f->done);
    buf_clear(&f->why);
    return rate_limiting_put_back(&f->pc, &f->calls, &f->done, &f->why);
}

static bool keeps(uint32_t value)
{
    struct rate_limiting_value kept;
    return rate_limiting_saved(os_native(), DATA, &kept) == OS_OK && kept.known && kept.there &&
           kept.set == value;
}

static void is_switched_off_and_put_back(void)
{
    struct fixture f;
    set_up(&f, true, 1);
    CHECK_NUMBER(off(&f), PC_DONE);
    CHECK(strstr(buf_text(&f.done), "is 0 now (it was 1)") != NULL);
    CHECK(f.registry.value.there);
    CHECK_NUMBER(f.registry.value.set, 0);
    CHECK(keeps(1));
    CHECK_NUMBER(off(&f), PC_DONE); /* nothing more to do */
    CHECK_TEXT(buf_text(&f.done), "");
    CHECK_NUMBER(f.registry.writes, 1);
    CHECK_NUMBER(back(&f), PC_DONE);
    CHECK(strstr(buf_text(&f.done), "is 1 again") != NULL);
    CHECK_NUMBER(f.registry.value.set, 1);
    CHECK(!keeps(1));
    CHECK_NUMBER(back(&f), PC_DONE); /* nothing is kept any more */
    CHECK_TEXT(buf_text(&f.done), "");
    CHECK_NUMBER(f.registry.writes, 2);
    tear_down(&f);
}

static void nothing_is_done_where_it_is_off(void)
{
    struct fixture f;
    set_up(&f, false, 0);
    CHECK_NUMBER(off(&f), PC_DONE);
    CHECK_NUMBER(f.registry.writes, 0);
    CHECK_TEXT(buf_text(&f.done), "");
    f.registry.value = (struct rate_limiting_value){.known = true, .there = true, .set = 0};
    CHECK_NUMBER(off(&f), PC_DONE);
    CHECK_NUMBER(f.registry.writes, 0);
    tear_down(&f);
}

/* The first value is what was there before this program came. */
static void what_is_kept_is_not_overwritten(void)
{
    struct fixture f;
    set_up(&f, true, 1);
    CHECK_NUMBER(off(&f), PC_DONE);
    struct buf first = BUF_INIT;
    struct buf later = BUF_INIT;
    CHECK(sandbox_read(DATA "/rate-limiting", &first));
    CHECK(sandbox_write(DATA "/rate-limiting", first.data, first.len));
    f.registry.value.set = 1; /* somebody switches it on again */
    CHECK_NUMBER(off(&f), PC_DONE);
    CHECK_NUMBER(f.registry.value.set, 0);
    CHECK(sandbox_read(DATA "/rate-limiting", &later));
    CHECK_TEXT(buf_text(&later), buf_text(&first));
    f.registry.value.set = 5; /* and changes it to something else */
    CHECK_NUMBER(back(&f), PC_DONE);
    CHECK(strstr(buf_text(&f.done),
                 "changed by somebody else since it was switched off: it is 5") != NULL);
    CHECK_NUMBER(f.registry.value.set, 5);
    CHECK(!keeps(1));
    buf_free(&later);
    buf_free(&first);
    tear_down(&f);
}

static const char kept_absent[] = "tcpipwatch-rate-limiting 1\nwas absent\n";
static const char kept_seven[] = "tcpipwatch-rate-limiting 1\nwas 7\n";

static void put_kept(const char *lines)
{
    struct buf text = BUF_INIT;
    buf_add_text(&text, lines);
    keyfile_finish(&text);
    CHECK(sandbox_write(DATA "/rate-limiting", text.data, text.len));
    buf_free(&text);
}

/* What an earlier version, or another choice, has kept: any number, and none. */
static void what_is_kept_comes_back(void)
{
    struct fixture f;
    set_up(&f, true, 0);
    put_kept(kept_absent);
    CHECK_NUMBER(back(&f), PC_DONE);
    CHECK(strstr(buf_text(&f.done), "is absent again") != NULL);
    CHECK(!f.registry.value.there);
    f.registry.value = (struct rate_limiting_value){.known = true, .there = true};
    put_kept(kept_seven);
    f.registry.value.set = 1;
    CHECK_NUMBER(off(&f), PC_DONE);
    CHECK(keeps(7)); /* not 1 */
    CHECK_NUMBER(back(&f), PC_DONE);
    CHECK_NUMBER(f.registry.value.set, 7);
    tear_down(&f);
}

/* Killed between keeping the value and changing it. */
static void what_was_only_kept_is_forgotten(void)
{
    struct fixture f;
    set_up(&f, true, 1);
    CHECK_NUMBER(off(&f), PC_DONE);
    f.registry.value.set = 1;
    f.registry.writes = 0;
    CHECK_NUMBER(back(&f), PC_DONE);
    CHECK_TEXT(buf_text(&f.done), "EnableConnectionRateLimiting is what it was already: 1.");
    CHECK_NUMBER(f.registry.writes, 0);
    CHECK(!keeps(1));
    tear_down(&f);
}

/* Something guards the registry, or writes to it without being able to keep it. */
static void changes_that_do_not_last_are_failures(void)
{
    struct fixture f;
    set_up(&f, true, 1);
    f.registry.forgets = true;
    CHECK_NUMBER(off(&f), PC_FAILED);
    CHECK(!keeps(1));
    f.registry.forgets = false;
    f.registry.write_status = OS_IO;
    f.registry.changes_still = 2;
    CHECK_NUMBER(off(&f), PC_FAILED);
    CHECK_NUMBER(f.registry.value.set, 1); /* put back by the second */
    f.registry.value.set = 1;
    f.registry.changes_still = 1;
    CHECK_NUMBER(off(&f), PC_FAILED);
    CHECK_NUMBER(f.registry.value.set, 0);
    CHECK(keeps(1)); /* or it could never be undone */
    f.registry.write_status = OS_OK;
    CHECK_NUMBER(back(&f), PC_DONE);
    CHECK_NUMBER(f.registry.value.set, 1);
    tear_down(&f);
}

static void failures_change_nothing(void)
{
    struct fixture f;
    set_up(&f, true, 1);
    f.registry.read_status = OS_WRONG_KIND;
    CHECK_NUMBER(off(&f), PC_REFUSED);
    CHECK(strstr(buf_text(&f.why), "EnableConnectionRateLimiting cannot be read: ") != NULL);
    f.registry.read_status = OS_OK;
    f.registry.write_status = OS_DENIED;
    CHECK_NUMBER(off(&f), PC_REFUSED);
    CHECK(strstr(buf_text(&f.why), "cannot be changed: ") != NULL);
    CHECK(!keeps(1)); /* or a later restore would tell of what was never done */
    CHECK_NUMBER(f.registry.value.set, 1);
    f.registry.write_status = OS_OK;
    CHECK_NUMBER(off(&f), PC_DONE);
    f.registry.write_status = OS_IO;
    CHECK_NUMBER(back(&f), PC_FAILED);
    CHECK(keeps(1));
    CHECK(sandbox_write(DATA "/rate-limiting", "torn", 4));
    f.registry.write_status = OS_OK;
    CHECK_NUMBER(back(&f), PC_FAILED);
    CHECK_NUMBER(f.registry.value.set, 0);
    f.registry.value.set = 1;
    CHECK_NUMBER(off(&f), PC_FAILED); /* what was first there would be lost */
    CHECK_NUMBER(f.registry.value.set, 1);
    tear_down(&f);
}

static void a_place_that_cannot_be_written_changes_nothing(void)
{
    struct fixture f;
    set_up(&f, true, 1);
    CHECK(sandbox_write(PLACE "/file", "x", 1));
    f.pc.data = PLACE "/file/data";
    CHECK_NUMBER(off(&f), PC_FAILED);
    CHECK(strstr(buf_text(&f.why), "Nothing was changed.") != NULL);
    CHECK_NUMBER(f.registry.value.set, 1);
    tear_down(&f);
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"by the driver", by_the_driver},
        {"by whole images", by_whole_images},
        {"by Windows alone", by_windows_alone},
        {"by Windows and a strange driver", by_windows_and_a_strange_driver},
        {"a watcher is told where it is of no use", a_watcher_is_told_where_it_is_of_no_use},
        {"JSON has every member", json_has_every_member},
        {"a setting switches a limit on", a_setting_switches_a_limit_on},
        {"a driver of another Windows is told", a_driver_of_another_windows_is_told},
        {"every case has a name", every_case_has_a_name},
        {"is switched off and put back", is_switched_off_and_put_back},
        {"nothing is done where it is off", nothing_is_done_where_it_is_off},
        {"what is kept is not overwritten", what_is_kept_is_not_overwritten},
        {"what is kept comes back", what_is_kept_comes_back},
        {"what was only kept is forgotten", what_was_only_kept_is_forgotten},
        {"changes that do not last are failures", changes_that_do_not_last_are_failures},
        {"failures change nothing", failures_change_nothing},
        {"a place that cannot be written changes nothing",
         a_place_that_cannot_be_written_changes_nothing},
    };
    return RUN_SUITE("needs", cases);
}
