/* The registry value EnableConnectionRateLimiting, which switches the limit of half-open
 * connections on in Windows versions that have none of their own (KB969710): a DWORD under
 * HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters. It is read when Windows starts.
 *
 * It is switched off only after a yes; what it was is kept in the data directory before, and put
 * back by restore.
 */
#ifndef PATCHCORE_RATE_LIMITING_H
#define PATCHCORE_RATE_LIMITING_H

#include "patchcore.h"

#define RATE_LIMITING_NAME "EnableConnectionRateLimiting"
#define RATE_LIMITING_KEY  "HKLM\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters"

struct rate_limiting_value {
    bool known;   /* it could be read */
    bool there;   /* there is such a value, and it is a DWORD */
    uint32_t set; /* only with `there` */
};

/* The registry, which tests replace. OS_UNSUPPORTED where there is none; OS_WRONG_KIND for a value
 * of another type than DWORD, which is not touched. Writing one that is not there removes it. */
struct rate_limiting_calls {
    void *context;
    enum os_status (*read)(void *context, struct rate_limiting_value *out);
    enum os_status (*write)(void *context, const struct rate_limiting_value *value);
};
const struct rate_limiting_calls *rate_limiting_native(void);

/* True when the limit is switched on: 1 is the one value of which that is documented. */
bool rate_limiting_is_on(const struct rate_limiting_value *value);

bool rate_limiting_same(const struct rate_limiting_value *a, const struct rate_limiting_value *b);

/* A member: the number, or null for what is not there or not known. */
void rate_limiting_json(struct json *j, const char *key, const struct rate_limiting_value *value);

/* "1", "absent", "unknown" */
void rate_limiting_text(struct buf *out, const struct rate_limiting_value *value);

/* What it is after rate_limiting_put_back(): what was kept, where it still is as it was left by
 * rate_limiting_switch_off(), else what it is now. */
struct rate_limiting_value rate_limiting_after_back(const struct rate_limiting_value *now,
                                                    const struct rate_limiting_value *kept);

/* What it was before it was switched off from here, as kept in `data`. OS_NOT_FOUND: it was not. */
enum os_status rate_limiting_saved(const struct os *os, const char *data,
                                   struct rate_limiting_value *out);

/* Keeps the present value, unless one is kept already, and switches the limit off. Sentences on
 * what was done in `done`; why not in `why`. PC_DONE also when it is off. */
enum pc_result rate_limiting_switch_off(const struct pc_context *pc,
                                        const struct rate_limiting_calls *calls, struct buf *done,
                                        struct buf *why);

/* Puts back what was kept, and forgets it. PC_DONE, and nothing in `done`, when nothing is kept. A
 * value that somebody has changed since is left alone, and what was kept is forgotten. */
enum pc_result rate_limiting_put_back(const struct pc_context *pc,
                                      const struct rate_limiting_calls *calls, struct buf *done,
                                      struct buf *why);

#endif
