#include "paths.h"

#include "wide_win32.h"

#include <stdlib.h>
#include <windows.h>

char *paths_default_data(void)
{
    wchar_t profile[MAX_PATH];
    struct buf path = BUF_INIT;
    DWORD length = GetEnvironmentVariableW(L"ALLUSERSPROFILE", profile, MAX_PATH);
    if (length == 0 || length >= MAX_PATH) {
        return NULL;
    }
    wide_to_utf8(&path, profile);
    buf_add_text(&path, "\\Application Data\\tcpipwatch");
    return path.data;
}

char *paths_default_policy(void)
{
    char *data = paths_default_data();
    char *path = data != NULL ? text_printf("%s\\tcpipwatch.ini", data) : NULL;
    free(data);
    return path;
}

char *paths_running_windows(void)
{
    wchar_t directory[MAX_PATH];
    struct buf path = BUF_INIT;
    /* The system's own directory, also where Terminal Services gives each user another one. */
    UINT length = GetSystemWindowsDirectoryW(directory, MAX_PATH);
    if (length == 0 || length >= MAX_PATH) {
        return NULL;
    }
    wide_to_utf8(&path, directory);
    return path.data;
}
