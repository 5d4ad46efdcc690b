/* What the watcher does about a burst, as a state machine without I/O.
 *
 *     WATCHING ──burst──> DECIDING ──yes──> PATCHING ──done──> REBOOT_PENDING
 *        ^                   │ no              │ failed              │ started again
 *        └───────────────────┴─────────────────┘                     v
 *        └────────────────────────────────────────────────────── VERIFYING
 *
 * Each call is one thing that happened; the answer is the list of effects that the caller carries
 * out in their order. Where the list has EFFECT_SAVE, the memory must be on the disk before the
 * effects behind it begin: so a kill at any point leaves a state from which the next start goes on.
 *
 * Times are 100 ns steps since 1601 and come in as arguments.
 */
#ifndef WATCHER_ENGINE_H
#define WATCHER_ENGINE_H

#include "burst.h"
#include "census/census.h"
#include "loop/clock.h"
#include "patchcore.h"
#include "policy.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum engine_state {
    ENGINE_WATCHING,
    ENGINE_DECIDING,       /* a burst was seen, the user has to say yes or no */
    ENGINE_PATCHING,       /* yes was said; the copies are being changed */
    ENGINE_REBOOT_PENDING, /* changed, and the machine was not started again yet */
    ENGINE_VERIFYING,      /* started again; the copies have to be looked at */
    ENGINE_STATES
};

/* "watching", "deciding", "patching", "reboot-pending", "verifying". */
const char *engine_state_name(enum engine_state state);

enum {
    ENGINE_NAME_MAX = 256,  /* bytes of a computer's name, with its NUL */
    ENGINE_OTHERS_MAX = 63, /* computers besides the last one whose last burst is remembered */
    ENGINE_PORTS_MAX = 16,  /* computers whose last burst of events 4227 and 4231 is remembered */
    ENGINE_TRIED_MAX = 16,  /* builds that were changed from here, or tried to */
    ENGINE_EFFECTS_MAX = 8, /* the most that one call answers */
};

struct engine_burst {
    char computer[ENGINE_NAME_MAX];
    uint64_t first, last; /* times of its records; last == 0: there was none */
    uint64_t events;
};

/* What the patch wrote, to be verified after the restart. */
struct engine_patch {
    uint64_t time; /* 0: nothing was ever patched from here */
    uint32_t limit_before, limit_after;
    struct {
        bool present;
        uint32_t crc32; /* of the file as it was written */
        struct pc_version version;
    } copies[PC_COPIES];
};

/* A build of the driver: its limit may change, this does not. */
struct engine_build {
    struct pc_version version;
    uint64_t size; /* bytes; 0: none */
};

/* What a copy was when it was last looked at. */
struct engine_copy {
    bool known; /* it was looked at; all that follows is void without */
    bool present;
    enum os_status access;
    uint32_t crc32;
    enum pc_status status;
    struct pc_version version;
    bool has_limit;
    uint32_t limit;
};

/* All that outlives the process. */
struct engine_memory {
    enum engine_state state;
    struct engine_burst burst; /* the last one that was told */
    /* The last one told of each other computer, newest first; last == 0 ends the list. */
    struct engine_burst others[ENGINE_OTHERS_MAX];
    struct engine_burst untold[BURST_KINDS]; /* found, their records are counted, not told yet */
    /* The last one of events 4227 and 4231 that was told of each computer, newest first. */
    struct engine_burst ports[ENGINE_PORTS_MAX];
    uint32_t limit;                /* what the user or the policy wants; in DECIDING the proposal */
    uint32_t limit_before;         /* PATCHING: the limit that was there when yes was said */
    struct engine_patch patch;     /* the last one */
    char boot[BOOT_IDENTITY_SIZE]; /* the start of this machine during which it was patched */
    uint64_t remind_at;            /* REBOOT_PENDING: 0 when the restart was agreed to */
    char computer[ENGINE_NAME_MAX]; /* the one computer whose bursts may change this root */
    /* The driver that a question or a yes is about: a yes holds for no other. */
    struct engine_build asked;
    bool by_hand; /* DECIDING: a person has to say yes; neither the policy nor --yes says it */
    /* The builds for which the policy's or a person's yes was carried out, newest first. The policy
     * says yes once for a build: what puts the original back may do so each time. */
    struct engine_build tried[ENGINE_TRIED_MAX];
    uint64_t verified;   /* when the last patch was found as written after the restart; 0: it was
                          * not yet */
    uint64_t fresh_from; /* a burst of records from then on is told whatever the cooldown: a
                          * verified restart or a changed copy makes it news; 0: nothing did */
    struct engine_copy seen[PC_COPIES];
};

/* What the engine knows of the world at a call. */
struct engine_world {
    uint64_t now;
    const char *boot;               /* "" when the system does not tell */
    const struct policy *policy;    /* the one in force */
    bool has_root;                  /* there is a Windows directory that may be changed */
    bool root_is_running;           /* it is the running system's own */
    bool can_ask;                   /* a person can answer */
    bool assume_yes;                /* the user has said yes to everything beforehand */
    const struct pc_target *target; /* the copies as they are now; NULL without a root */
    enum census_verdict programs;   /* whose half-open connections a burst was made of */
    size_t most_half_open;          /* the most that were seen at a time; 0: none was seen */
};

enum engine_effect {
    EFFECT_SAVE,
    EFFECT_TELL_BURST,       /* what was seen, and who had the connections */
    EFFECT_TELL_UNEXPECTED,  /* and that it looks like a program that the policy does not expect */
    EFFECT_TELL_NO_ROOT,     /* and that nothing here may be changed */
    EFFECT_TELL_NOTIFY_ONLY, /* ...since the policy only wants it told */
    EFFECT_TELL_OTHER_COMPUTER,
    EFFECT_TELL_NOT_WRITABLE,  /* ...since the drivers copy is not one to be changed */
    EFFECT_TELL_LIMIT_IS_SET,  /* ...since the limit is at least the policy's already */
    EFFECT_TELL_STILL_LIMITED, /* ...since it is, and holds: not the cause, or still too low */
    EFFECT_TELL_TRIED_BEFORE,  /* the policy's yes was carried out for this build already */
    EFFECT_TELL_NOBODY_TO_ASK, /* the decision waits for a person */
    EFFECT_ASK_PATCH,
    EFFECT_TELL_DECLINED,
    EFFECT_PATCH, /* answer with engine_patched() */
    EFFECT_TELL_PATCHED,
    EFFECT_TELL_PATCH_FAILED,
    EFFECT_ASK_RESTART,
    EFFECT_TELL_RESTART_NEEDED,
    EFFECT_TELL_RESTART_LATER,    /* declined, with the time of the reminder */
    EFFECT_TELL_RESTART_DECLINED, /* declined, and not to be reminded of */
    EFFECT_RESTART,
    EFFECT_VERIFY, /* look at the copies; answer with engine_verified() */
    EFFECT_TELL_VERIFIED,
    EFFECT_TELL_DIFFERS,
    EFFECT_TELL_OTHER_DRIVER,   /* a question is dropped: the driver is not the one it was about */
    EFFECT_TELL_RESTORED,       /* the original is put back, now or at the next start */
    EFFECT_TELL_WITHDRAWN,      /* what waited for the next start was taken back */
    EFFECT_TELL_COPIES_CHANGED, /* by somebody else; see engine_look() */
    EFFECT_TELL_PORTS,          /* a burst of events 4227 and 4231 */
    EFFECT_KINDS
};

/* "save", "tell-burst" and so on, as they stand in the audit log. */
const char *engine_effect_name(enum engine_effect effect);

struct engine_effects {
    enum engine_effect items[ENGINE_EFFECTS_MAX];
    size_t count;
};

/* The memory of a program that was never started. */
void engine_reset(struct engine_memory *m);

/* The burst of this computer that was told last; NULL when there is none. */
const struct engine_burst *engine_told(const struct engine_memory *m, const char *computer);
const struct engine_burst *engine_ports_told(const struct engine_memory *m, const char *computer);

/* True when this burst is not told (again): one of this computer was, and the cooldown from that on
 * is not over, by the records' own time. Without a cooldown each burst is told once. Bursts before
 * it, of a log that is read from its beginning, are over; unless it lies in the future, seen from
 * `now`: that computer's clock was ahead then, and was set back. */
bool engine_is_quiet(const struct engine_memory *m, const struct policy *policy, uint64_t now,
                     const struct engine_burst *burst);

/* The same for a burst of events 4227 and 4231. */
bool engine_is_quiet_on_ports(const struct engine_memory *m, const struct policy *policy,
                              uint64_t now, const struct engine_burst *burst);

/* The program starts: goes on from whatever state it was killed or stopped in. Interrupted work in
 * the patch core has been recovered before. */
struct engine_effects engine_start(struct engine_memory *m, const struct engine_world *w);

/* A burst was found, or a known one that has not been told yet. */
struct engine_effects engine_burst_seen(struct engine_memory *m, const struct engine_world *w,
                                        const struct engine_burst *burst);

/* A burst of events 4227 and 4231 was found: local ports run out. */
struct engine_effects engine_ports_seen(struct engine_memory *m, const struct engine_world *w,
                                        const struct engine_burst *burst);

/* The user has answered EFFECT_ASK_PATCH; with yes, `limit` is the one wanted. */
struct engine_effects engine_patch_answer(struct engine_memory *m, const struct engine_world *w,
                                          bool yes, uint32_t limit);

/* The patch core has finished. With PC_DONE `patch` is what it wrote; its time is set here. */
struct engine_effects engine_patched(struct engine_memory *m, const struct engine_world *w,
                                     enum pc_result result, const struct engine_patch *patch);

/* The user wants to be asked for the patch without a burst. */
struct engine_effects engine_patch_wanted(struct engine_memory *m, const struct engine_world *w);

/* The user has had the original put back: by `patch`, whose time is set here, or with NULL by
 * taking back what waited for the next start. */
struct engine_effects engine_restored(struct engine_memory *m, const struct engine_world *w,
                                      const struct engine_patch *patch);

enum engine_restart { RESTART_NOW, RESTART_LATER, RESTART_NEVER };

/* The user has answered EFFECT_ASK_RESTART, or stopped a restart that had been agreed to. */
struct engine_effects engine_restart_answer(struct engine_memory *m, const struct engine_world *w,
                                            enum engine_restart answer);

/* The user wants to be asked for the restart, or somebody who can answer has come: the question
 * that is open is asked again. */
struct engine_effects engine_ask_again(struct engine_memory *m, const struct engine_world *w);

/* The watched log says that its computer was started again, at `time`. */
struct engine_effects engine_started_again(struct engine_memory *m, const struct engine_world *w,
                                           uint64_t time);

/* Every copy is as it was written, or not. */
struct engine_effects engine_verified(struct engine_memory *m, const struct engine_world *w,
                                      bool as_written);

/* The copies were looked at, perhaps since one of them has changed. What somebody else changed
 * since the last look is told; while the watcher itself is about to change or verify them, nothing
 * is. `before` gets what they were. The memory then has them as they are. */
struct engine_effects engine_look(struct engine_memory *m, const struct engine_world *w,
                                  struct engine_copy before[PC_COPIES]);

/* True when the file is another one than it was. */
bool engine_copy_differs(const struct engine_copy *before, const struct engine_copy *now);

/* Time has passed. */
struct engine_effects engine_tick(struct engine_memory *m, const struct engine_world *w);

/* When engine_tick() wants to be called next; 0: never. */
uint64_t engine_next_tick(const struct engine_memory *m);

/* True when every copy that was written is there and has the CRC-32 that was written. */
bool engine_is_as_written(const struct engine_patch *patch, const struct pc_target *target);

#endif
