/* What each Windows needs, and the setting that switches a limit on. */
#include "check.h"
#include "sandbox.h"

#include "needs.h"

#include <stdio.h>
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
        {{5, 1, 2600, 2180}, PC_ORIGINAL, NEEDS_PATCH, "Windows XP (tcpip.sys 5.1.2600.2180)"},
        {{5, 1, 2600, 5512}, PC_PATCHED, NEEDS_PATCH, "where it can be changed; it is 10."},
        {{5, 1, 2600, 5512}, PC_UNRECOGNISED, NEEDS_ANOTHER_DRIVER, "may not be changed. Reason."},
        {{5, 1, 2600, 5512}, PC_DAMAGED, NEEDS_ANOTHER_DRIVER, "may not be changed. Reason."},
        {{5, 2, 3790, 0}, PC_NO_LIMIT, NEEDS_NOTHING, "Server 2003"},
        {{5, 2, 3790, 3959}, PC_ORIGINAL, NEEDS_PATCH, "Windows Server 2003 or XP x64"},
        {{6, 0, 6000, 16386}, PC_UNRECOGNISED, NEEDS_SERVICE_PACK, "Install Service Pack 2"},
        {{6, 0, 6001, 18000}, PC_UNRECOGNISED, NEEDS_SERVICE_PACK, "Install Service Pack 2"},
        {{6, 0, 6002, 18005}, PC_NO_LIMIT, NEEDS_NOTHING, "Vista or Server 2008"},
        {{6, 1, 7601, 17514}, PC_NO_LIMIT, NEEDS_NOTHING, "Windows 7"},
        {{6, 2, 9200, 0}, PC_NO_LIMIT, NEEDS_NOTHING, "Windows 8 or"},
        {{6, 3, 9600, 0}, PC_NO_LIMIT, NEEDS_NOTHING, "Windows 8.1"},
        {{10, 0, 19041, 1}, PC_NO_LIMIT, NEEDS_NOTHING, "Windows 10"},
        {{10, 0, 22621, 1}, PC_NO_LIMIT, NEEDS_NOTHING, "Windows 11"},
        {{4, 0, 1381, 1}, PC_UNRECOGNISED, NEEDS_UNKNOWN, "cannot be told. Reason."},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pc_inspection driver = {
            .status = cases[i].status, .has_version = true, .has_limit = true, .limit = 10};
        const struct needs_facts facts = {.driver = &driver};
        struct buf text = BUF_INIT;
        memcpy(driver.version.part, cases[i].version, sizeof driver.version.part);
        (void)snprintf(driver.reason, sizeof driver.reason, "%s", "Reason.");
        needs_text(&text, &facts);
        CHECK_NUMBER(needs_judge(&facts), cases[i].needs);
        CHECK(strstr(buf_text(&text), cases[i].says) != NULL);
        buf_free(&text);
    }
}

/* The driver cannot be read, but Windows tells what it is. */
static void by_windows_alone(void)
{
    static const struct {
        uint32_t major, minor, build, service_pack;
        enum needs_case needs;
    } cases[] = {
        {5, 0, 2195, 4, NEEDS_NOTHING},        {5, 1, 2600, 1, NEEDS_NOTHING},
        {5, 1, 2600, 2, NEEDS_ANOTHER_DRIVER}, {5, 1, 2600, 3, NEEDS_ANOTHER_DRIVER},
        {5, 2, 3790, 0, NEEDS_NOTHING},        {5, 2, 3790, 1, NEEDS_ANOTHER_DRIVER},
        {6, 0, 6000, 0, NEEDS_SERVICE_PACK},   {6, 0, 6001, 1, NEEDS_SERVICE_PACK},
        {6, 0, 6002, 2, NEEDS_NOTHING},        {6, 1, 7600, 0, NEEDS_NOTHING},
        {10, 0, 19045, 0, NEEDS_NOTHING},      {4, 0, 1381, 6, NEEDS_UNKNOWN},
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
        CHECK(text.len > 40);
        buf_free(&text);
    }
    const struct needs_facts nothing = {.running = false};
    CHECK_NUMBER(needs_judge(&nothing), NEEDS_UNKNOWN);
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
    facts.rate_limiting = (struct rate_limiting_value){.known = true};
    CHECK_NUMBER(needs_judge(&facts), NEEDS_NOTHING);
    facts.rate_limiting = (struct rate_limiting_value){.there = true, .set = 1};
    CHECK_NUMBER(needs_judge(&facts), NEEDS_NOTHING); /* it could not be read */
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
    if (r->write_status == OS_OK) {
        r->value = *value;
        r->writes++;
    }
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
    set_up(&f, true, 7);
    CHECK_NUMBER(off(&f), PC_DONE);
    f.registry.value.set = 1; /* somebody switches it on again */
    CHECK_NUMBER(off(&f), PC_DONE);
    CHECK(keeps(7));
    f.registry.value.set = 5; /* and again */
    CHECK_NUMBER(back(&f), PC_DONE);
    CHECK(strstr(buf_text(&f.done),
                 "changed by somebody else since it was switched off: it is 5") != NULL);
    CHECK_NUMBER(f.registry.value.set, 5);
    CHECK(!keeps(7));
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
        {"by Windows alone", by_windows_alone},
        {"a setting switches a limit on", a_setting_switches_a_limit_on},
        {"a driver of another Windows is told", a_driver_of_another_windows_is_told},
        {"every case has a name", every_case_has_a_name},
        {"is switched off and put back", is_switched_off_and_put_back},
        {"nothing is done where it is off", nothing_is_done_where_it_is_off},
        {"what is kept is not overwritten", what_is_kept_is_not_overwritten},
        {"failures change nothing", failures_change_nothing},
        {"a place that cannot be written changes nothing",
         a_place_that_cannot_be_written_changes_nothing},
    };
    return RUN_SUITE("needs", cases);
}
