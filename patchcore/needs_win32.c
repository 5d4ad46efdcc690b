#include "needs.h"

#include "late_win32.h"

bool needs_windows_version(struct needs_facts *out)
{
    struct late_ntdll ntdll;
    OSVERSIONINFOEXW version = {.dwOSVersionInfoSize = sizeof version};
    if (!late_load_ntdll(&ntdll) || ntdll.get_version(&version) != 0) {
        return false;
    }
    out->major = version.dwMajorVersion;
    out->minor = version.dwMinorVersion;
    out->build = version.dwBuildNumber;
    out->service_pack = version.wServicePackMajor;
    return true;
}
