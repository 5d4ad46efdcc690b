/* Which Windows have the limit on half-open connections, by version: those whose tcpip.sys holds
 * one, those before them, those after them. The one place where the borders between them stand. */
#ifndef PATCHCORE_GENERATION_H
#define PATCHCORE_GENERATION_H

#include "patchcore.h"

/* Of a tcpip.sys of this file version. `name` gets what to call that Windows ("Windows 7"), NULL
 * for PC_GENERATION_UNKNOWN; static. */
enum pc_generation generation_of_driver(const struct pc_version *version, const char **name);

/* A Windows as it tells about itself. */
struct generation_windows {
    uint32_t major, minor, build;
    uint16_t service_pack;
};

/* Of a Windows that runs. `name` gets what to call it without its service pack ("Windows XP"), NULL
 * for one that is not known at all; static. */
enum pc_generation generation_of_windows(const struct generation_windows *windows,
                                         const char **name);

#endif
