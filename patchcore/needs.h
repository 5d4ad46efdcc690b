/* What a Windows needs so that more connections may be half-open: which have the limit, which had
 * it and lost it with a service pack, and which have it only when it is switched on.
 *
 * Sources: Microsoft's notes on Windows XP SP2 (the limit), and KB969710 on
 * EnableConnectionRateLimiting: from Windows Vista SP2 and Server 2008 SP2 on there is no limit
 * unless this value is 1, which switches one of 10 on.
 */
#ifndef PATCHCORE_NEEDS_H
#define PATCHCORE_NEEDS_H

#include "patchcore.h"
#include "rate_limiting.h"

/* What is watched for. */
#define NEEDS_EVENT "4226"

enum needs_case {
    NEEDS_PATCH,          /* the limit is in tcpip.sys, and can be raised */
    NEEDS_ANOTHER_DRIVER, /* it is, and this tcpip.sys is none that may be changed */
    NEEDS_SERVICE_PACK,   /* Vista or Server 2008 before SP2, which removes the limit */
    NEEDS_NOTHING,        /* there is none */
    NEEDS_SETTING,        /* there is none of its own, but EnableConnectionRateLimiting is 1 */
    NEEDS_UNKNOWN,
};

/* "patch", "another-driver", "service-pack", "nothing", "setting", "unknown". */
const char *needs_name(enum needs_case needs);

struct needs_facts {
    const struct pc_inspection *driver; /* the copy in system32/drivers; NULL: none can be read */
    bool running;                       /* the rest is known, since it is the running Windows */
    bool has_windows;
    uint32_t major, minor, build; /* of Windows itself; only with has_windows */
    uint16_t service_pack;
    struct rate_limiting_value rate_limiting; /* known == false: it could not be read */
};

/* What is known of the Windows that runs this (`running`), or, false, of no more than the driver.
 */
void needs_gather(const struct pc_target *target, bool running, struct needs_facts *out);

enum needs_case needs_judge(const struct needs_facts *facts);

/* Adds one or two sentences on the case. */
void needs_text(struct buf *out, const struct needs_facts *facts);

/* Adds one or two sentences for whoever starts to watch a running Windows: only where its limit is
 * not in a tcpip.sys that can be changed. False, and nothing added, elsewhere. */
bool needs_warning(struct buf *out, const struct needs_facts *facts);

/* Adds the members "needs" (a name as above), "version" and "service_pack" of the running Windows,
 * "rate_limiting_known", "rate_limiting" and "message"; null for what is not known or not there. */
void needs_json(struct json *j, const struct needs_facts *facts);

/* The running system's own version; false where the system is none, or does not tell. */
bool needs_windows_version(struct needs_facts *out);

#endif
