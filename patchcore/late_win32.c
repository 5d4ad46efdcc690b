#include "late_win32.h"

#include <stddef.h>
#include <wchar.h>

struct late_name {
    const char *name;
    size_t offset; /* of the pointer in the table */
};

/* Only from the system directory, so that a DLL beside the program is never taken. */
static HMODULE load_system_dll(const wchar_t *name)
{
    wchar_t path[MAX_PATH];
    size_t length = wcslen(name);
    UINT directory = GetSystemDirectoryW(path, MAX_PATH);
    if (directory == 0 || directory + 1 + length + 1 > MAX_PATH) {
        return NULL;
    }
    path[directory] = L'\\';
    wmemcpy(path + directory + 1, name, length + 1);
    return LoadLibraryW(path);
}

/* All or none of the calls. */
static bool load(const wchar_t *dll, const struct late_name *names, size_t count, void *table)
{
    HMODULE module = load_system_dll(dll);
    if (module == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        FARPROC found = GetProcAddress(module, names[i].name);
        if (found == NULL) {
            FreeLibrary(module);
            return false;
        }
        *(FARPROC *)(void *)((char *)table + names[i].offset) = found;
    }
    return true;
}

#define COUNT(names) (sizeof(names) / sizeof(names)[0])

bool late_load_wevtapi(struct late_wevtapi *out)
{
    static const struct late_name names[] = {
        {"EvtSubscribe", offsetof(struct late_wevtapi, subscribe)},
        {"EvtNext", offsetof(struct late_wevtapi, next)},
        {"EvtRender", offsetof(struct late_wevtapi, render)},
        {"EvtCreateBookmark", offsetof(struct late_wevtapi, create_bookmark)},
        {"EvtUpdateBookmark", offsetof(struct late_wevtapi, update_bookmark)},
        {"EvtClose", offsetof(struct late_wevtapi, close)},
    };
    return load(L"wevtapi.dll", names, COUNT(names), out);
}

bool late_load_wtsapi(struct late_wtsapi *out)
{
    static const struct late_name names[] = {
        {"WTSEnumerateSessionsW", offsetof(struct late_wtsapi, enumerate_sessions)},
        {"WTSSendMessageW", offsetof(struct late_wtsapi, send_message)},
        {"WTSFreeMemory", offsetof(struct late_wtsapi, free_memory)},
    };
    return load(L"wtsapi32.dll", names, COUNT(names), out);
}

bool late_load_ntdll(struct late_ntdll *out)
{
    static const struct late_name names[] = {
        {"RtlGetVersion", offsetof(struct late_ntdll, get_version)},
    };
    return load(L"ntdll.dll", names, COUNT(names), out);
}

bool late_load_wow64(struct late_wow64 *out)
{
    static const struct late_name names[] = {
        {"IsWow64Process", offsetof(struct late_wow64, is_wow64)},
    };
    return load(L"kernel32.dll", names, COUNT(names), out);
}

bool late_load_sfc(struct late_sfc *out)
{
    static const struct late_name names[] = {
        {"SfcIsFileProtected", offsetof(struct late_sfc, is_file_protected)},
    };
    return load(L"sfc.dll", names, COUNT(names), out);
}

bool late_load_user32(struct late_user32 *out)
{
    static const struct late_name names[] = {
        {"ChangeWindowMessageFilter", offsetof(struct late_user32, change_message_filter)},
    };
    return load(L"user32.dll", names, COUNT(names), out);
}

bool late_load_tcp_table(struct late_tcp_table *out)
{
    static const struct late_name names[] = {
        {"GetExtendedTcpTable", offsetof(struct late_tcp_table, get)},
    };
    return load(L"iphlpapi.dll", names, COUNT(names), out);
}

bool late_load_tcp_stack(struct late_tcp_stack *out)
{
    static const struct late_name names[] = {
        {"AllocateAndGetTcpExTableFromStack", offsetof(struct late_tcp_stack, allocate_table)},
    };
    return load(L"iphlpapi.dll", names, COUNT(names), out);
}

bool late_load_process_image(struct late_process_image *out)
{
    static const struct late_name names[] = {
        {"QueryFullProcessImageNameW", offsetof(struct late_process_image, query)},
    };
    return load(L"kernel32.dll", names, COUNT(names), out);
}

bool late_load_psapi(struct late_psapi *out)
{
    static const struct late_name names[] = {
        {"GetProcessImageFileNameW", offsetof(struct late_psapi, process_image_file_name)},
        {"GetModuleFileNameExW", offsetof(struct late_psapi, module_file_name_ex)},
    };
    return load(L"psapi.dll", names, COUNT(names), out);
}
