#include "generation.h"

static int compare_versions(const struct pc_version *a, const struct pc_version *b)
{
    for (int i = 0; i < 4; i++) {
        if (a->part[i] != b->part[i]) {
            return a->part[i] < b->part[i] ? -1 : 1;
        }
    }
    return 0;
}

static bool at_least(const struct pc_version *v, uint16_t a, uint16_t b, uint16_t c, uint16_t d)
{
    struct pc_version least = {{a, b, c, d}};
    return compare_versions(v, &least) >= 0;
}

/* 5.0 to 5.2: a service pack shows in the last part of the version only. */
static enum pc_generation of_old_driver(const struct pc_version *v, const char **name)
{
    if (v->part[1] == 0) {
        *name = "Windows 2000";
        return PC_GENERATION_BEFORE;
    }
    if (v->part[1] == 1 && v->part[2] == 2600) {
        bool before = v->part[3] < 2096;
        *name = before ? "Windows XP before SP2" : "Windows XP SP2 or later";
        return before ? PC_GENERATION_BEFORE : PC_GENERATION_LIMIT;
    }
    if (v->part[1] == 2 && v->part[2] == 3790) {
        bool before = v->part[3] < 1830;
        *name = before ? "Windows Server 2003 before SP1"
                       : "Windows Server 2003 SP1 or later, or XP x64";
        return before ? PC_GENERATION_BEFORE : PC_GENERATION_LIMIT;
    }
    return PC_GENERATION_UNKNOWN;
}

enum pc_generation generation_of_driver(const struct pc_version *version, const char **name)
{
    static const struct {
        struct pc_version least;
        const char *name;
    } after[] = {
        {{{6, 4, 0, 0}}, "Windows 10 or later"},
        {{{6, 2, 0, 0}}, "Windows 8 or 8.1"},
        {{{6, 1, 0, 0}}, "Windows 7"},
        {{{6, 0, 6002, 0}}, "Windows Vista SP2 or Server 2008 SP2"},
    };
    *name = NULL;
    for (size_t i = 0; i < sizeof after / sizeof after[0]; i++) {
        const uint16_t *part = after[i].least.part;
        if (at_least(version, part[0], part[1], part[2], part[3])) {
            *name = after[i].name;
            return PC_GENERATION_AFTER;
        }
    }
    if (version->part[0] == 6) {
        *name = "Windows Vista or Server 2008 before SP2";
        return PC_GENERATION_SP2;
    }
    return version->part[0] == 5 ? of_old_driver(version, name) : PC_GENERATION_UNKNOWN;
}

/* From 6.0 on the build tells the service pack. */
static enum pc_generation of_new_windows(const struct generation_windows *w, const char **name)
{
    if (w->major == 6 && w->minor == 0) {
        *name = "Windows Vista or Server 2008";
        return w->build < 6002 ? PC_GENERATION_SP2 : PC_GENERATION_AFTER;
    }
    *name = w->major > 6 || w->minor > 3 ? "Windows 10 or later"
            : w->minor > 1               ? "Windows 8 or 8.1"
                                         : "Windows 7 or Server 2008 R2";
    return PC_GENERATION_AFTER;
}

enum pc_generation generation_of_windows(const struct generation_windows *w, const char **name)
{
    *name = NULL;
    if (w->major >= 6) {
        return of_new_windows(w, name);
    }
    if (w->major == 5 && w->minor == 0) {
        *name = "Windows 2000";
        return PC_GENERATION_BEFORE;
    }
    if (w->major == 5 && w->minor == 1 && w->build == 2600) {
        *name = "Windows XP";
        return w->service_pack < 2 ? PC_GENERATION_BEFORE : PC_GENERATION_LIMIT;
    }
    if (w->major == 5 && w->minor == 2 && w->build == 3790) {
        *name = "Windows Server 2003 or XP x64";
        return w->service_pack < 1 ? PC_GENERATION_BEFORE : PC_GENERATION_LIMIT;
    }
    return PC_GENERATION_UNKNOWN;
}
