/* How ports_win32.c reads; tests put stand-ins in the place of the calls. */
#ifndef WATCHER_PORTS_PORTS_WIN32_H
#define WATCHER_PORTS_PORTS_WIN32_H

#include "ports.h"

#include <windows.h>

struct ports_calls {
    void *context;
    /* The version of the running Windows, as it is. */
    bool (*version)(void *context, uint32_t *major, uint32_t *minor);
    /* One number of the key PORTS_KEY. */
    struct ports_number (*number)(void *context, const wchar_t *name);
    /* Adds what PORTS_SHOW writes. False when it did not run to its end, or says that it failed. */
    bool (*show_range)(void *context, struct buf *out);
};

bool ports_read_by(const struct ports_calls *calls, struct ports_values *out);

extern const struct ports_calls ports_native;

/* Runs a program, named by its full path, without a window and without input, and adds what it
 * writes to its standard output. False when it cannot be started, ends with another exit code than
 * 0, writes more than 4 KiB or runs for longer than `most_ms`; it has ended in any case. */
bool ports_run(const wchar_t *program, const wchar_t *arguments, DWORD most_ms, struct buf *out);

#endif
