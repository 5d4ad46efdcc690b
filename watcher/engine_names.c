/* The names of the engine's states and effects, as they stand in the state file and the audit log.
 */
#include "engine.h"

const char *engine_state_name(enum engine_state state)
{
    static const char *const names[ENGINE_STATES] = {
        [ENGINE_WATCHING] = "watching",   [ENGINE_DECIDING] = "deciding",
        [ENGINE_PATCHING] = "patching",   [ENGINE_REBOOT_PENDING] = "reboot-pending",
        [ENGINE_VERIFYING] = "verifying",
    };
    return names[state];
}

const char *engine_effect_name(enum engine_effect effect)
{
    static const char *const names[EFFECT_KINDS] = {
        [EFFECT_SAVE] = "save",
        [EFFECT_TELL_BURST] = "burst",
        [EFFECT_TELL_UNEXPECTED] = "unexpected",
        [EFFECT_TELL_NO_ROOT] = "nothing-to-change",
        [EFFECT_TELL_NOTIFY_ONLY] = "notify-only",
        [EFFECT_TELL_OTHER_COMPUTER] = "other-computer",
        [EFFECT_TELL_NOT_WRITABLE] = "not-writable",
        [EFFECT_TELL_LIMIT_IS_SET] = "limit-is-set",
        [EFFECT_TELL_STILL_LIMITED] = "still-limited",
        [EFFECT_TELL_TRIED_BEFORE] = "tried-before",
        [EFFECT_TELL_NOBODY_TO_ASK] = "nobody-to-ask",
        [EFFECT_ASK_PATCH] = "ask-patch",
        [EFFECT_TELL_DECLINED] = "declined",
        [EFFECT_PATCH] = "patch",
        [EFFECT_TELL_PATCHED] = "patched",
        [EFFECT_TELL_PATCH_FAILED] = "patch-failed",
        [EFFECT_ASK_RESTART] = "ask-restart",
        [EFFECT_TELL_RESTART_NEEDED] = "restart-needed",
        [EFFECT_TELL_RESTART_LATER] = "restart-later",
        [EFFECT_TELL_RESTART_DECLINED] = "restart-declined",
        [EFFECT_RESTART] = "restart",
        [EFFECT_VERIFY] = "verify",
        [EFFECT_TELL_VERIFIED] = "verified",
        [EFFECT_TELL_DIFFERS] = "differs",
        [EFFECT_TELL_OTHER_DRIVER] = "other-driver",
        [EFFECT_TELL_RESTORED] = "restored",
        [EFFECT_TELL_WITHDRAWN] = "withdrawn",
        [EFFECT_TELL_COPIES_CHANGED] = "copies-changed",
        [EFFECT_TELL_PORTS] = "ports",
    };
    return names[effect];
}
