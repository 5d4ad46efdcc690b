#include "reboot.h"

#include "reboot_calls_win32.h"
#include "wide_win32.h"

#include <reason.h>
#include <stdlib.h>

/* A reason of 0 would be recorded as an unplanned restart. (win32: system-shutdown-reason-codes) */
static const DWORD reason =
    SHTDN_REASON_MAJOR_OPERATINGSYSTEM | SHTDN_REASON_MINOR_RECONFIG | SHTDN_REASON_FLAG_PLANNED;

static bool enable_privilege(void)
{
    HANDLE token;
    TOKEN_PRIVILEGES wanted = {.PrivilegeCount = 1};
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_PRIVILEGES | TOKEN_QUERY, &token)) {
        return false;
    }
    wanted.Privileges[0].Attributes = SE_PRIVILEGE_ENABLED;
    /* AdjustTokenPrivileges succeeds as well when it could not give what was asked for. */
    bool enabled =
        LookupPrivilegeValueW(NULL, L"SeShutdownPrivilege", &wanted.Privileges[0].Luid) &&
        AdjustTokenPrivileges(token, FALSE, &wanted, 0, NULL, NULL) &&
        GetLastError() == ERROR_SUCCESS;
    CloseHandle(token);
    return enabled;
}

static const struct reboot_calls native = {
    .enable_privilege = enable_privilege,
    .initiate = InitiateSystemShutdownExW,
    .exit = ExitWindowsEx,
    .abort = AbortSystemShutdownW,
};

static void explain(DWORD error, struct buf *why)
{
    buf_add_text(why, "Windows refuses the restart: ");
    switch (error) {
    case ERROR_NOT_READY:
        buf_add_text(why, "it is not ready for one yet.");
        break;
    case ERROR_MACHINE_LOCKED:
        buf_add_text(why, "the machine is locked, and its user may have unsaved work.");
        break;
    case ERROR_ACCESS_DENIED:
    case ERROR_PRIVILEGE_NOT_HELD:
        buf_add_text(why,
                     "this user may not shut it down. Restart it from the Start menu, or as an "
                     "administrator.");
        break;
    default:
        buf_printf(why, "error %lu. Restart it from the Start menu.", error);
        break;
    }
}

bool reboot_begin_by(const struct reboot_calls *calls, uint32_t grace_seconds, const char *message,
                     struct buf *why)
{
    wchar_t *wide = wide_from_utf8(message);
    bool privileged = calls->enable_privilege();
    bool begun = calls->initiate(NULL, wide, grace_seconds, FALSE, TRUE, reason) != 0;
    DWORD error = begun ? ERROR_SUCCESS : GetLastError();
    free(wide);
    if (begun || error == ERROR_SHUTDOWN_IN_PROGRESS) {
        return true;
    }
    /* A locked machine says that somebody's work is open; the other call would not ask. */
    if (error != ERROR_MACHINE_LOCKED && error != ERROR_NOT_READY && privileged &&
        calls->exit(EWX_REBOOT, reason)) {
        return true;
    }
    explain(error, why);
    return false;
}

bool reboot_cancel_by(const struct reboot_calls *calls, struct buf *why)
{
    (void)calls->enable_privilege();
    if (calls->abort(NULL)) {
        return true;
    }
    buf_printf(why,
               "The restart could not be stopped (error %lu): it has begun already, or was "
               "stopped by somebody else.",
               GetLastError());
    return false;
}

bool reboot_begin(uint32_t grace_seconds, const char *message, struct buf *why)
{
    return reboot_begin_by(&native, grace_seconds, message, why);
}

bool reboot_cancel(struct buf *why)
{
    return reboot_cancel_by(&native, why);
}
