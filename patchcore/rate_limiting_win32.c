#include "rate_limiting.h"

#include "registry_win32.h"

static const wchar_t key_path[] = REGISTRY_TCPIP;
static const wchar_t value_name[] = L"" RATE_LIMITING_NAME;

static enum os_status status_of(LONG error)
{
    switch (error) {
    case ERROR_SUCCESS:
        return OS_OK;
    case ERROR_FILE_NOT_FOUND:
        return OS_NOT_FOUND;
    case ERROR_ACCESS_DENIED:
        return OS_DENIED;
    default:
        return OS_IO;
    }
}

static enum os_status read_value(void *context, struct rate_limiting_value *out)
{
    DWORD value = 0;
    (void)context;
    *out = (struct rate_limiting_value){.known = false};
    LONG error = registry_read_number(key_path, value_name, &value);
    switch (error) {
    case ERROR_SUCCESS:
        *out = (struct rate_limiting_value){.known = true, .there = true, .set = value};
        return OS_OK;
    case ERROR_FILE_NOT_FOUND:
        out->known = true;
        return OS_OK;
    case ERROR_UNSUPPORTED_TYPE:
        return OS_WRONG_KIND;
    default:
        return status_of(error);
    }
}

static enum os_status write_value(void *context, const struct rate_limiting_value *value)
{
    HKEY key;
    DWORD number = value->set;
    (void)context;
    LONG error = RegOpenKeyExW(HKEY_LOCAL_MACHINE, key_path, 0, KEY_SET_VALUE, &key);
    if (error != ERROR_SUCCESS) {
        return status_of(error);
    }
    if (value->there) {
        error = RegSetValueExW(key, value_name, 0, REG_DWORD, (const BYTE *)&number, sizeof number);
    } else {
        error = RegDeleteValueW(key, value_name);
        error = error == ERROR_FILE_NOT_FOUND ? ERROR_SUCCESS : error;
    }
    if (error == ERROR_SUCCESS) {
        error = RegFlushKey(key);
    }
    RegCloseKey(key);
    return status_of(error);
}

const struct rate_limiting_calls *rate_limiting_native(void)
{
    static const struct rate_limiting_calls calls = {NULL, read_value, write_value};
    return &calls;
}
