#include "needs.h"

#include <inttypes.h>
#include <string.h>

const char *needs_name(enum needs_case needs)
{
    static const char *const names[] = {
        [NEEDS_PATCH] = "patch",
        [NEEDS_ANOTHER_DRIVER] = "another-driver",
        [NEEDS_SERVICE_PACK] = "service-pack",
        [NEEDS_NOTHING] = "nothing",
        [NEEDS_SETTING] = "setting",
        [NEEDS_UNKNOWN] = "unknown",
    };
    return names[needs];
}

void needs_gather(const struct pc_target *target, bool running, struct needs_facts *out)
{
    const struct pc_copy *drivers = &target->copies[PC_DRIVERS];
    *out = (struct needs_facts){.running = running};
    if (drivers->present && drivers->access == OS_OK) {
        out->driver = &drivers->inspection;
    }
    if (running) {
        const struct rate_limiting_calls *calls = rate_limiting_native();
        out->has_windows = needs_windows_version(out);
        (void)calls->read(calls->context, &out->rate_limiting);
    }
}

/* ---- judging ---- */

/* The version that decides: the driver's own, since the limit is in it; else that of Windows. */
static bool known_version(const struct needs_facts *f, uint32_t *major, uint32_t *minor,
                          uint32_t *build)
{
    bool by_driver = f->driver != NULL && f->driver->has_version;
    *major = by_driver ? f->driver->version.part[0] : f->major;
    *minor = by_driver ? f->driver->version.part[1] : f->minor;
    *build = by_driver ? f->driver->version.part[2] : f->build;
    return by_driver || f->has_windows;
}

/* A driver of another Windows than the one that runs. */
static bool disagrees(const struct needs_facts *f)
{
    return f->driver != NULL && f->driver->has_version && f->has_windows &&
           (f->driver->version.part[0] != f->major || f->driver->version.part[1] != f->minor);
}

static bool at_least(uint32_t major, uint32_t minor, uint32_t build, uint32_t least_major,
                     uint32_t least_minor, uint32_t least_build)
{
    return major != least_major   ? major > least_major
           : minor != least_minor ? minor > least_minor
                                  : build >= least_build;
}

/* Windows XP SP2 and later, Server 2003 SP1 and later, by Windows' own word: the driver, which
 * would tell more, cannot be read. */
static bool has_limit_by_service_pack(const struct needs_facts *f)
{
    return f->major == 5 &&
           ((f->minor == 1 && f->service_pack >= 2) || (f->minor == 2 && f->service_pack >= 1));
}

static enum needs_case judge_driver(const struct pc_inspection *driver)
{
    switch (driver->status) {
    case PC_ORIGINAL:
    case PC_PATCHED:
        return NEEDS_PATCH;
    case PC_NO_LIMIT:
        return NEEDS_NOTHING;
    default:
        return driver->has_version && driver->version.part[0] == 5 ? NEEDS_ANOTHER_DRIVER
                                                                   : NEEDS_UNKNOWN;
    }
}

enum needs_case needs_judge(const struct needs_facts *f)
{
    uint32_t major;
    uint32_t minor;
    uint32_t build;
    if (!known_version(f, &major, &minor, &build) || disagrees(f)) {
        return NEEDS_UNKNOWN;
    }
    if (at_least(major, minor, build, 6, 0, 6002)) {
        return rate_limiting_is_on(&f->rate_limiting) ? NEEDS_SETTING : NEEDS_NOTHING;
    }
    if (major == 6) {
        return NEEDS_SERVICE_PACK;
    }
    if (f->driver != NULL) {
        return judge_driver(f->driver);
    }
    return has_limit_by_service_pack(f) ? NEEDS_ANOTHER_DRIVER
           : major == 5                 ? NEEDS_NOTHING
                                        : NEEDS_UNKNOWN;
}

/* ---- telling ---- */

static void add_windows(struct buf *out, const struct needs_facts *f)
{
    static const struct {
        uint32_t major, minor, build; /* the first that is called so */
        const char *name;
    } names[] = {
        {10, 0, 22000, "Windows 11 or Server 2022"},
        {10, 0, 0, "Windows 10 or Server 2016"},
        {6, 3, 0, "Windows 8.1 or Server 2012 R2"},
        {6, 2, 0, "Windows 8 or Server 2012"},
        {6, 1, 0, "Windows 7 or Server 2008 R2"},
        {6, 0, 0, "Windows Vista or Server 2008"},
        {5, 2, 0, "Windows Server 2003 or XP x64"},
        {5, 1, 0, "Windows XP"},
        {5, 0, 0, "Windows 2000"},
    };
    uint32_t major;
    uint32_t minor;
    uint32_t build;
    const char *name = "This Windows";
    bool known = known_version(f, &major, &minor, &build);
    for (size_t i = 0; known && i < sizeof names / sizeof names[0]; i++) {
        if (at_least(major, minor, build, names[i].major, names[i].minor, names[i].build)) {
            name = names[i].name;
            break;
        }
    }
    buf_add_text(out, name);
    if (f->driver != NULL && f->driver->has_version) {
        char version[PC_VERSION_SIZE];
        pc_version_text(&f->driver->version, version);
        buf_printf(out, " (tcpip.sys %s)", version);
    } else if (known) {
        buf_printf(out, " (%" PRIu32 ".%" PRIu32 ".%" PRIu32 ")", major, minor, build);
    }
}

static void add_unknown(struct buf *out, const struct needs_facts *f)
{
    if (disagrees(f)) {
        char version[PC_VERSION_SIZE];
        pc_version_text(&f->driver->version, version);
        buf_printf(out,
                   "Its tcpip.sys is of another Windows (%s) than the one that runs (%" PRIu32
                   ".%" PRIu32 ".%" PRIu32 "), so that it cannot be told which limit holds.",
                   version, f->major, f->minor, f->build);
    } else if (f->driver == NULL) {
        buf_add_text(out, "Whether it has a limit cannot be told: there is no tcpip.sys in "
                          "system32/drivers that can be read.");
    } else {
        buf_printf(out, "Whether it has a limit cannot be told. %s", f->driver->reason);
    }
}

void needs_text(struct buf *out, const struct needs_facts *f)
{
    enum needs_case needs = needs_judge(f);
    if (needs == NEEDS_UNKNOWN) {
        add_unknown(out, f);
        return;
    }
    add_windows(out, f);
    switch (needs) {
    case NEEDS_PATCH:
        buf_printf(out,
                   ": the limit of half-open connections is in tcpip.sys, where it can be changed; "
                   "it is %" PRIu32 ".",
                   f->driver->limit);
        break;
    case NEEDS_ANOTHER_DRIVER:
        buf_printf(out,
                   ": the limit of half-open connections is in tcpip.sys, but this one may not be "
                   "changed. %s",
                   f->driver != NULL ? f->driver->reason : "It cannot be read.");
        break;
    case NEEDS_SERVICE_PACK:
        buf_add_text(out, " before Service Pack 2 has the limit. Install Service Pack 2, which "
                          "removed it; nothing is patched here.");
        break;
    case NEEDS_SETTING:
        buf_add_text(out,
                     " has no limit of its own, but " RATE_LIMITING_NAME
                     " is 1 under " RATE_LIMITING_KEY
                     ", which switches a limit of 10 on. \"tcpippatch set\" offers to switch it "
                     "off, and \"tcpippatch restore\" puts it back.");
        break;
    default:
        buf_add_text(out, " has no limit on half-open connections: there is nothing to change.");
        break;
    }
}
