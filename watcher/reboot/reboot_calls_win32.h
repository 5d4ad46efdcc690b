/* The calls that restart Windows, in a table that tests replace. */
#ifndef WATCHER_REBOOT_REBOOT_CALLS_WIN32_H
#define WATCHER_REBOOT_REBOOT_CALLS_WIN32_H

#include "base/buf.h"

#include <windows.h>

#include <stdbool.h>
#include <stdint.h>

struct reboot_calls {
    bool (*enable_privilege)(void); /* SeShutdownPrivilege of this process */
    BOOL(WINAPI *initiate)
    (LPWSTR machine, LPWSTR message, DWORD seconds, BOOL force, BOOL reboot, DWORD reason);
    BOOL(WINAPI *exit)(UINT flags, DWORD reason);
    BOOL(WINAPI *abort)(LPWSTR machine);
};

bool reboot_begin_by(const struct reboot_calls *calls, uint32_t grace_seconds, const char *message,
                     struct buf *why);
bool reboot_cancel_by(const struct reboot_calls *calls, struct buf *why);

#endif
