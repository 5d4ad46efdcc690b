#include "needs.h"

#include "generation.h"

#include <inttypes.h>

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

static enum pc_generation windows_generation(const struct needs_facts *f, const char **name)
{
    const struct generation_windows windows = {f->major, f->minor, f->build, f->service_pack};
    *name = NULL;
    return f->has_windows ? generation_of_windows(&windows, name) : PC_GENERATION_UNKNOWN;
}

/* A driver of another Windows than the one that runs. */
static bool disagrees(const struct needs_facts *f)
{
    return f->driver != NULL && f->driver->has_version && f->has_windows &&
           (f->driver->version.part[0] != f->major || f->driver->version.part[1] != f->minor);
}

/* The driver counts where it is known what it is, since the limit is in it; else what Windows says
 * about itself. */
static enum pc_generation known_generation(const struct needs_facts *f)
{
    const char *name;
    bool by_driver = f->driver != NULL && f->driver->generation != PC_GENERATION_UNKNOWN;
    return by_driver ? f->driver->generation : windows_generation(f, &name);
}

enum needs_case needs_judge(const struct needs_facts *f)
{
    if (disagrees(f)) {
        return NEEDS_UNKNOWN;
    }
    if (f->driver != NULL && pc_writable(f->driver)) {
        return NEEDS_PATCH;
    }
    switch (known_generation(f)) {
    case PC_GENERATION_BEFORE:
        return NEEDS_NOTHING;
    case PC_GENERATION_LIMIT:
        return NEEDS_ANOTHER_DRIVER;
    case PC_GENERATION_SP2:
        return NEEDS_SERVICE_PACK;
    case PC_GENERATION_AFTER:
        return rate_limiting_is_on(&f->rate_limiting) ? NEEDS_SETTING : NEEDS_NOTHING;
    case PC_GENERATION_UNKNOWN:
        break;
    }
    return NEEDS_UNKNOWN;
}

/* ---- telling ---- */

static void add_windows(struct buf *out, const struct needs_facts *f)
{
    const char *name;
    char version[PC_VERSION_SIZE];
    bool has_driver = f->driver != NULL && f->driver->has_version;
    (void)windows_generation(f, &name);
    if (name == NULL && has_driver) {
        (void)generation_of_driver(&f->driver->version, &name);
    }
    buf_add_text(out, name != NULL ? name : "This Windows");
    if (f->has_windows && f->service_pack > 0) {
        buf_printf(out, " SP%u", (unsigned)f->service_pack);
    }
    if (has_driver) {
        pc_version_text(&f->driver->version, version);
        buf_printf(out, " (tcpip.sys %s)", version);
    } else if (f->has_windows) {
        buf_printf(out, " (%" PRIu32 ".%" PRIu32 ".%" PRIu32 ")", f->major, f->minor, f->build);
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
    } else if (f->driver == NULL && f->has_windows) {
        buf_printf(out,
                   "Whether it has a limit cannot be told: Windows %" PRIu32 ".%" PRIu32 ".%" PRIu32
                   " is not known here.",
                   f->major, f->minor, f->build);
    } else if (f->driver == NULL) {
        buf_add_text(out, "Whether it has a limit cannot be told: there is no tcpip.sys in "
                          "system32/drivers that can be read.");
    } else {
        buf_printf(out, "Whether it has a limit cannot be told. %s", f->driver->reason);
    }
}

/* Without the registry it is not known whether a limit was switched on. */
static void add_nothing(struct buf *out, const struct needs_facts *f)
{
    const struct rate_limiting_value *value = &f->rate_limiting;
    buf_add_text(out, " has no limit on half-open connections");
    if (known_generation(f) == PC_GENERATION_AFTER && !value->known) {
        buf_printf(out, ", unless " RATE_LIMITING_NAME " is 1 in its registry, which %s.",
                   f->running ? "could not be read" : "is not read from a disk");
    } else if (known_generation(f) == PC_GENERATION_AFTER && value->there && value->set != 0) {
        buf_printf(out,
                   ": there is nothing to change. " RATE_LIMITING_NAME " is %" PRIu32
                   ", which is neither of its documented values 0 and 1.",
                   value->set);
    } else {
        buf_add_text(out, ": there is nothing to change.");
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
        buf_printf(out, ": the limit of half-open connections is in tcpip.sys, but %s%s",
                   f->driver != NULL ? "this one may not be changed. "
                                     : "there is none in system32/drivers that can be read.",
                   f->driver != NULL ? f->driver->reason : "");
        break;
    case NEEDS_SERVICE_PACK:
        buf_add_text(out, " has the limit of half-open connections. Install Service Pack 2, which "
                          "removes it; nothing is patched here.");
        break;
    case NEEDS_SETTING:
        buf_add_text(out,
                     " has no limit of its own, but " RATE_LIMITING_NAME
                     " is 1 under " RATE_LIMITING_KEY
                     ", which switches a limit of 10 on. \"tcpippatch set\" offers to switch it "
                     "off, and \"tcpippatch restore\" puts it back.");
        break;
    default:
        add_nothing(out, f);
        break;
    }
}

bool needs_warning(struct buf *out, const struct needs_facts *f)
{
    enum needs_case needs = needs_judge(f);
    if (!f->running || needs == NEEDS_PATCH) {
        return false;
    }
    needs_text(out, f);
    if (needs == NEEDS_NOTHING) {
        buf_add_text(out, " Watching here for event " NEEDS_EVENT
                          " is of use for reports alone: bursts are told, and nothing is patched.");
    }
    return true;
}

void needs_json(struct json *j, const struct needs_facts *f)
{
    struct buf text = BUF_INIT;
    struct buf version = BUF_INIT;
    buf_printf(&version, "%" PRIu32 ".%" PRIu32 ".%" PRIu32, f->major, f->minor, f->build);
    needs_text(&text, f);
    json_text(j, "needs", needs_name(needs_judge(f)));
    json_text(j, "version", f->has_windows ? buf_text(&version) : NULL);
    if (f->has_windows) {
        json_number(j, "service_pack", f->service_pack);
    } else {
        json_no_value(j, "service_pack");
    }
    json_bool(j, "rate_limiting_known", f->rate_limiting.known);
    rate_limiting_json(j, "rate_limiting", &f->rate_limiting);
    json_text(j, "message", buf_text(&text));
    buf_free(&version);
    buf_free(&text);
}
