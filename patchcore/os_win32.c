#include "os_win32.h"

#include "wide_win32.h"

#include <aclapi.h>
#include <sddl.h>
#include <stdlib.h>

struct os_file {
    HANDLE handle;
    wchar_t *path;
};

struct os_lock {
    HANDLE handle;
};

enum os_status win32_status(DWORD error)
{
    switch (error) {
    case ERROR_SUCCESS:
        return OS_OK;
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
    case ERROR_INVALID_NAME:
    case ERROR_BAD_NETPATH:
    case ERROR_INVALID_DRIVE:
        return OS_NOT_FOUND;
    case ERROR_ACCESS_DENIED:
    case ERROR_PRIVILEGE_NOT_HELD:
    case ERROR_INVALID_OWNER:
        return OS_DENIED;
    case ERROR_FILE_EXISTS:
    case ERROR_ALREADY_EXISTS:
        return OS_EXISTS;
    case ERROR_SHARING_VIOLATION:
    case ERROR_LOCK_VIOLATION:
    case ERROR_USER_MAPPED_FILE:
        return OS_BUSY;
    case ERROR_DISK_FULL:
    case ERROR_HANDLE_DISK_FULL:
    case ERROR_NOT_ENOUGH_QUOTA:
        return OS_FULL;
    case ERROR_WRITE_PROTECT:
        return OS_READ_ONLY;
    case ERROR_DIRECTORY:
        return OS_WRONG_KIND;
    case ERROR_NOT_SUPPORTED:
    case ERROR_INVALID_FUNCTION:
    case ERROR_CALL_NOT_IMPLEMENTED:
        return OS_UNSUPPORTED;
    case ERROR_OPERATION_ABORTED:
        return OS_INTERRUPTED;
    case ERROR_NOT_ENOUGH_MEMORY:
    case ERROR_OUTOFMEMORY:
        return OS_NO_MEMORY;
    default:
        return OS_IO;
    }
}

static enum os_status last_status(void)
{
    DWORD error = GetLastError();
    return error == ERROR_SUCCESS ? OS_IO : win32_status(error);
}

static enum os_status win32_close(const struct os *os, struct os_file *file)
{
    (void)os;
    enum os_status status = CloseHandle(file->handle) ? OS_OK : last_status();
    free(file->path);
    free(file);
    return status;
}

struct open_way {
    DWORD access, share, disposition;
};

static HANDLE open_handle(const wchar_t *path, enum os_open how)
{
    static const struct open_way ways[] = {
        [OS_READ] = {GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                     OPEN_EXISTING},
        /* Nobody else may write to it while it is open. */
        [OS_READ_COPY] = {GENERIC_READ, FILE_SHARE_READ, OPEN_EXISTING},
        [OS_CREATE] = {GENERIC_READ | GENERIC_WRITE | WRITE_DAC | WRITE_OWNER, 0, CREATE_NEW},
        [OS_APPEND] = {FILE_APPEND_DATA | SYNCHRONIZE, FILE_SHARE_READ, OPEN_ALWAYS},
    };
    const struct open_way *way = &ways[how];
    HANDLE handle = CreateFileW(path, way->access, way->share, NULL, way->disposition,
                                FILE_ATTRIBUTE_NORMAL, NULL);
    if (handle == INVALID_HANDLE_VALUE && how == OS_CREATE &&
        GetLastError() == ERROR_ACCESS_DENIED) {
        /* A file system without owners refuses the rights that only they need. */
        handle = CreateFileW(path, GENERIC_READ | GENERIC_WRITE, way->share, NULL, way->disposition,
                             FILE_ATTRIBUTE_NORMAL, NULL);
    }
    return handle;
}

static enum os_status check_kind(HANDLE handle)
{
    return GetFileType(handle) == FILE_TYPE_DISK ? OS_OK : OS_WRONG_KIND;
}

static bool is_directory(const wchar_t *path)
{
    DWORD attributes = GetFileAttributesW(path);
    return attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
}

static enum os_status win32_open(const struct os *os, const char *path, enum os_open how,
                                 struct os_file **out)
{
    (void)os;
    struct os_file *file = malloc(sizeof *file);
    wchar_t *wide = wide_path(path);
    enum os_status status = OS_NO_MEMORY;
    if (file != NULL && wide != NULL) {
        file->path = wide;
        file->handle = open_handle(wide, how);
        status = file->handle != INVALID_HANDLE_VALUE ? check_kind(file->handle) : last_status();
        if (status == OS_DENIED && is_directory(wide)) {
            status = OS_WRONG_KIND;
        }
        if (status == OS_OK) {
            *out = file;
            return OS_OK;
        }
        if (file->handle != INVALID_HANDLE_VALUE) {
            CloseHandle(file->handle);
            if (how == OS_CREATE) {
                DeleteFileW(wide);
            }
        }
    }
    free(wide);
    free(file);
    return status;
}

static enum os_status win32_read_at(const struct os *os, struct os_file *file, uint64_t offset,
                                    void *buffer, size_t size, size_t *got)
{
    enum { STEP = 16 * 1024 * 1024 };
    (void)os;
    *got = 0;
    while (*got < size) {
        uint64_t at = offset + *got;
        OVERLAPPED place = {0};
        place.Offset = (DWORD)(at & 0xffffffff);
        place.OffsetHigh = (DWORD)(at >> 32);
        DWORD part = 0;
        DWORD want = size - *got < STEP ? (DWORD)(size - *got) : STEP;
        if (!ReadFile(file->handle, (char *)buffer + *got, want, &part, &place)) {
            DWORD error = GetLastError();
            return error == ERROR_HANDLE_EOF ? OS_OK : win32_status(error);
        }
        if (part == 0) {
            break;
        }
        *got += part;
    }
    return OS_OK;
}

static enum os_status win32_write(const struct os *os, struct os_file *file, const void *bytes,
                                  size_t size)
{
    enum { STEP = 16 * 1024 * 1024 };
    (void)os;
    for (size_t done = 0; done < size;) {
        DWORD part = 0;
        DWORD want = size - done < STEP ? (DWORD)(size - done) : STEP;
        if (!WriteFile(file->handle, (const char *)bytes + done, want, &part, NULL)) {
            return last_status();
        }
        done += part;
    }
    return OS_OK;
}

static enum os_status win32_flush(const struct os *os, struct os_file *file)
{
    (void)os;
    return FlushFileBuffers(file->handle) ? OS_OK : last_status();
}

static uint64_t join_halves(DWORD high, DWORD low)
{
    return (uint64_t)high << 32 | low;
}

static enum os_status stat_handle(HANDLE handle, struct os_stat *out)
{
    BY_HANDLE_FILE_INFORMATION info;
    if (!GetFileInformationByHandle(handle, &info)) {
        return last_status();
    }
    bool link = (info.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) != 0;
    bool directory = (info.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
    out->kind = link ? OS_LINK : directory ? OS_DIRECTORY : OS_FILE;
    out->size = join_halves(info.nFileSizeHigh, info.nFileSizeLow);
    out->modified =
        join_halves(info.ftLastWriteTime.dwHighDateTime, info.ftLastWriteTime.dwLowDateTime);
    out->device = info.dwVolumeSerialNumber;
    out->inode = join_halves(info.nFileIndexHigh, info.nFileIndexLow);
    /* The data directory is made with a list of rights of its own, see owner_alone(). */
    out->foreign = false;
    out->open_to_all = false;
    return OS_OK;
}

static enum os_status win32_stat_file(const struct os *os, struct os_file *file,
                                      struct os_stat *out)
{
    (void)os;
    return stat_handle(file->handle, out);
}

static enum os_status win32_stat(const struct os *os, const char *path, struct os_stat *out)
{
    (void)os;
    wchar_t *wide = wide_path(path);
    if (wide == NULL) {
        return OS_NO_MEMORY;
    }
    HANDLE handle = CreateFileW(
        wide, FILE_READ_ATTRIBUTES, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
        OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT, NULL);
    enum os_status status =
        handle != INVALID_HANDLE_VALUE ? stat_handle(handle, out) : last_status();
    if (handle != INVALID_HANDLE_VALUE) {
        CloseHandle(handle);
    }
    free(wide);
    return status;
}

/* A file system without rights (FAT) has none to carry over. */
static enum os_status copy_security(const struct os_file *model, const struct os_file *file)
{
    PSID owner;
    PSID group;
    PACL list;
    PSECURITY_DESCRIPTOR descriptor;
    const SECURITY_INFORMATION parts =
        OWNER_SECURITY_INFORMATION | GROUP_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION;
    DWORD error = GetSecurityInfo(model->handle, SE_FILE_OBJECT, parts, &owner, &group, &list, NULL,
                                  &descriptor);
    if (error != ERROR_SUCCESS) {
        return error == ERROR_NOT_SUPPORTED || error == ERROR_INVALID_FUNCTION
                   ? OS_OK
                   : win32_status(error);
    }
    error = SetSecurityInfo(file->handle, SE_FILE_OBJECT, parts, owner, group, list, NULL);
    if (error == ERROR_INVALID_OWNER || error == ERROR_PRIVILEGE_NOT_HELD) {
        /* Files of the system belong to the administrators' group; giving one to anybody else
         * needs the restore privilege, and the rights matter more than the name on them. */
        error = SetSecurityInfo(file->handle, SE_FILE_OBJECT, DACL_SECURITY_INFORMATION, NULL, NULL,
                                list, NULL);
    }
    LocalFree(descriptor);
    return error == ERROR_NOT_SUPPORTED ? OS_OK : win32_status(error);
}

static enum os_status win32_copy_metadata(const struct os *os, struct os_file *model,
                                          struct os_file *file)
{
    (void)os;
    BY_HANDLE_FILE_INFORMATION info;
    if (!GetFileInformationByHandle(model->handle, &info)) {
        return last_status();
    }
    enum os_status status = copy_security(model, file);
    if (status != OS_OK) {
        return status;
    }
    if (!SetFileAttributesW(file->path, info.dwFileAttributes) ||
        !SetFileTime(file->handle, &info.ftCreationTime, &info.ftLastAccessTime,
                     &info.ftLastWriteTime)) {
        return last_status();
    }
    return OS_OK;
}

/* MoveFileEx does not replace a read-only file: the mark is taken off for the moment. */
static BOOL move_over(const wchar_t *from, const wchar_t *to)
{
    const DWORD flags = MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH;
    DWORD attributes = GetFileAttributesW(to);
    bool marked =
        attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_READONLY) != 0;
    if (marked) {
        SetFileAttributesW(to, attributes & ~(DWORD)FILE_ATTRIBUTE_READONLY);
    }
    BOOL moved = MoveFileExW(from, to, flags);
    DWORD error = GetLastError();
    if (marked && !moved) {
        SetFileAttributesW(to, attributes);
    }
    SetLastError(error);
    return moved;
}

/* A file in use can be renamed on its volume, though not replaced. */
static BOOL move_aside_and_in(const wchar_t *from, const wchar_t *to)
{
    static const wchar_t suffix[] = L"" OS_ASIDE;
    size_t length = wcslen(to);
    wchar_t *aside = calloc(length + sizeof OS_ASIDE, sizeof *aside);
    BOOL moved = FALSE;
    if (aside == NULL) {
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        return FALSE;
    }
    wmemcpy(aside, to, length + 1);
    memcpy(aside + length, suffix, sizeof suffix);
    if (MoveFileExW(to, aside, MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH)) {
        moved = MoveFileExW(from, to, MOVEFILE_WRITE_THROUGH);
        DWORD error = GetLastError();
        if (!moved) {
            MoveFileExW(aside, to, MOVEFILE_WRITE_THROUGH);
        } else {
            SetFileAttributesW(aside, FILE_ATTRIBUTE_NORMAL);
            if (!DeleteFileW(aside)) {
                MoveFileExW(aside, NULL, MOVEFILE_DELAY_UNTIL_REBOOT);
            }
        }
        SetLastError(error);
    }
    free(aside);
    return moved;
}

static enum os_status win32_rename(const struct os *os, const char *from, const char *to)
{
    (void)os;
    wchar_t *wide_from = wide_path(from);
    wchar_t *wide_to = wide_path(to);
    enum os_status status = OS_NO_MEMORY;
    if (wide_from != NULL && wide_to != NULL) {
        status = OS_OK;
        if (!move_over(wide_from, wide_to)) {
            DWORD error = GetLastError();
            bool in_use = error == ERROR_ACCESS_DENIED || error == ERROR_SHARING_VIOLATION ||
                          error == ERROR_USER_MAPPED_FILE;
            if (!in_use || is_directory(wide_to) || !move_aside_and_in(wide_from, wide_to)) {
                status = win32_status(in_use ? GetLastError() : error);
            }
        }
    }
    free(wide_to);
    free(wide_from);
    return status;
}

static bool is_aside(const wchar_t *path)
{
    static const wchar_t suffix[] = L"" OS_ASIDE;
    const size_t length = wcslen(path);
    const size_t end = sizeof suffix / sizeof suffix[0] - 1;
    return length > end && wcscmp(path + length - end, suffix) == 0;
}

static enum os_status win32_remove(const struct os *os, const char *path)
{
    (void)os;
    wchar_t *wide = wide_path(path);
    enum os_status status = OS_NO_MEMORY;
    if (wide != NULL) {
        DWORD attributes = GetFileAttributesW(wide);
        if (attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_READONLY) != 0) {
            SetFileAttributesW(wide, attributes & ~(DWORD)FILE_ATTRIBUTE_READONLY);
        }
        status = DeleteFileW(wide) ? OS_OK : last_status();
        if ((status == OS_DENIED || status == OS_BUSY) && is_aside(wide) &&
            MoveFileExW(wide, NULL, MOVEFILE_DELAY_UNTIL_REBOOT)) {
            status = OS_OK;
        }
    }
    free(wide);
    return status;
}

/* Full rights for administrators, the system and the user who makes it; nobody else, and nothing
 * inherited from above. NULL when it cannot be made. The caller frees with LocalFree. */
static PSECURITY_DESCRIPTOR owner_alone(void)
{
    enum { MOST = 256 };
    PSECURITY_DESCRIPTOR descriptor = NULL;
    HANDLE token = NULL;
    BYTE user[MOST];
    DWORD size = 0;
    LPWSTR sid = NULL;
    if (OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token) &&
        GetTokenInformation(token, TokenUser, user, MOST, &size) &&
        ConvertSidToStringSidW(((TOKEN_USER *)(void *)user)->User.Sid, &sid)) {
        static const wchar_t start[] = L"D:P(A;OICI;FA;;;BA)(A;OICI;FA;;;SY)(A;OICI;FA;;;";
        wchar_t text[MOST];
        size_t head = sizeof start / sizeof start[0] - 1;
        size_t length = wcslen(sid);
        if (head + length + 2 <= MOST) {
            wmemcpy(text, start, head);
            wmemcpy(text + head, sid, length);
            wmemcpy(text + head + length, L")", 2);
            if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(text, SDDL_REVISION_1,
                                                                      &descriptor, NULL)) {
                descriptor = NULL;
            }
        }
    }
    if (sid != NULL) {
        LocalFree(sid);
    }
    if (token != NULL) {
        CloseHandle(token);
    }
    return descriptor;
}

static enum os_status win32_make_directory(const struct os *os, const char *path)
{
    (void)os;
    wchar_t *wide = wide_path(path);
    enum os_status status = OS_NO_MEMORY;
    if (wide != NULL) {
        SECURITY_ATTRIBUTES attributes = {sizeof attributes, owner_alone(), FALSE};
        status = CreateDirectoryW(wide, &attributes) ? OS_OK : last_status();
        if (attributes.lpSecurityDescriptor != NULL) {
            LocalFree(attributes.lpSecurityDescriptor);
        }
    }
    free(wide);
    return status;
}

/* Renames are made with MOVEFILE_WRITE_THROUGH, which is all that Windows has for this. */
static enum os_status win32_flush_directory(const struct os *os, const char *path)
{
    (void)os;
    (void)path;
    return OS_OK;
}

static enum os_status list_found(HANDLE search, WIN32_FIND_DATAW *found, os_name_fn each,
                                 void *context)
{
    do {
        bool self = wcscmp(found->cFileName, L".") == 0 || wcscmp(found->cFileName, L"..") == 0;
        if (!self) {
            struct buf name = BUF_INIT;
            wide_to_utf8(&name, found->cFileName);
            bool more = !name.failed && each(context, buf_text(&name));
            bool failed = name.failed;
            buf_free(&name);
            if (!more) {
                return failed ? OS_NO_MEMORY : OS_OK;
            }
        }
    } while (FindNextFileW(search, found));
    return GetLastError() == ERROR_NO_MORE_FILES ? OS_OK : last_status();
}

static enum os_status win32_list(const struct os *os, const char *path, os_name_fn each,
                                 void *context)
{
    (void)os;
    enum os_status status = OS_NO_MEMORY;
    char *pattern = os_path_join(path, "*");
    wchar_t *wide = pattern != NULL ? wide_path(pattern) : NULL;
    wchar_t *directory = wide_path(path);
    if (wide != NULL && directory != NULL) {
        WIN32_FIND_DATAW found;
        HANDLE search = FindFirstFileW(wide, &found);
        if (search != INVALID_HANDLE_VALUE) {
            status = list_found(search, &found, each, context);
            FindClose(search);
        } else {
            status = last_status();
            /* The root of an empty drive has no entry at all, not even ".". */
            if (status == OS_NOT_FOUND && is_directory(directory)) {
                status = OS_OK;
            }
        }
    }
    free(directory);
    free(wide);
    free(pattern);
    return status;
}

static enum os_status win32_lock(const struct os *os, const char *directory, struct os_lock **out)
{
    (void)os;
    enum os_status status = OS_NO_MEMORY;
    struct os_lock *lock = malloc(sizeof *lock);
    char *path = os_path_join(directory, "tcpipwatch.lock");
    wchar_t *wide = path != NULL ? wide_path(path) : NULL;
    if (lock != NULL && wide != NULL) {
        lock->handle = CreateFileW(wide, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_ALWAYS,
                                   FILE_ATTRIBUTE_HIDDEN | FILE_FLAG_DELETE_ON_CLOSE, NULL);
        status = lock->handle != INVALID_HANDLE_VALUE ? OS_OK : last_status();
    }
    free(wide);
    free(path);
    if (status == OS_OK) {
        *out = lock;
    } else {
        free(lock);
    }
    return status;
}

static void win32_unlock(const struct os *os, struct os_lock *lock)
{
    (void)os;
    if (lock != NULL) {
        CloseHandle(lock->handle);
        free(lock);
    }
}

typedef DWORD(WINAPI *path_call)(const wchar_t *path, wchar_t *out, DWORD size);

static DWORD WINAPI full_path(const wchar_t *path, wchar_t *out, DWORD size)
{
    return GetFullPathNameW(path, size, out, NULL);
}

/* What a call that fills a buffer makes of a path; the caller frees. NULL when it fails. */
static wchar_t *ask_for_path(path_call call, const wchar_t *path)
{
    DWORD size = call(path, NULL, 0);
    wchar_t *out = size > 0 ? malloc(size * sizeof *out) : NULL;
    DWORD length = out != NULL ? call(path, out, size) : 0;
    if (length == 0 || length >= size) {
        free(out);
        return NULL;
    }
    return out;
}

/* "C:\WINDOWS\" is the same directory as "C:\WINDOWS", and "C:\" is none without its end. */
static void drop_last_separator(wchar_t *path)
{
    size_t length = wcslen(path);
    if (length > 3 && path[length - 1] == L'\\') {
        path[length - 1] = L'\0';
    }
}

/* Absolute, with the long names in the letter case that they have on the disk. */
static enum os_status win32_real_path(const struct os *os, const char *path, struct buf *out)
{
    (void)os;
    enum os_status status = OS_NO_MEMORY;
    wchar_t *wide = wide_path(path);
    wchar_t *full = wide != NULL ? ask_for_path(full_path, wide) : NULL;
    if (full != NULL) {
        drop_last_separator(full);
        wchar_t *named = ask_for_path(GetLongPathNameW, full);
        if (named != NULL) {
            wide_to_utf8(out, named);
            status = out->failed ? OS_NO_MEMORY : OS_OK;
        } else {
            status = last_status();
        }
        free(named);
    }
    free(full);
    free(wide);
    return status;
}

const struct os *os_native(void)
{
    static const struct os table = {
        .open = win32_open,
        .read_at = win32_read_at,
        .write = win32_write,
        .flush = win32_flush,
        .stat_file = win32_stat_file,
        .close = win32_close,
        .copy_metadata = win32_copy_metadata,
        .stat = win32_stat,
        .rename = win32_rename,
        .remove = win32_remove,
        .make_directory = win32_make_directory,
        .flush_directory = win32_flush_directory,
        .list = win32_list,
        .lock = win32_lock,
        .unlock = win32_unlock,
        .real_path = win32_real_path,
        .rename_at_boot = win32_rename_at_boot,
        .read_at_boot = win32_read_at_boot,
        .write_at_boot = win32_write_at_boot,
    };
    return &table;
}
