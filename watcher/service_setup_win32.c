/* `install-service` and `remove-service`. */
#include "notify/event_log_win32.h"
#include "service_calls_win32.h"
#include "service_win32.h"
#include "wide_win32.h"

#include <stdlib.h>
#include <string.h>

/* POLL_MS, WAITS: how often it is asked whether the service has come to a state, and how many times
 * (a minute in all). RESTART_MS, FORGET_SECONDS: a service that has failed is started again after a
 * minute, twice; a day without a failure begins anew. */
enum {
    POLL_MS = 250,
    WAITS = 60 * 1000 / POLL_MS,
    RESTART_MS = 60 * 1000,
    FORGET_SECONDS = 24 * 60 * 60,
    PATH_UNITS_MOST = 32768,
};

#define SERVICE_RIGHTS                                                                             \
    (SERVICE_CHANGE_CONFIG | SERVICE_QUERY_STATUS | SERVICE_START | SERVICE_STOP | DELETE)

static wchar_t description[] =
    L"Watches the System log for bursts of TCP/IP event 4226 (outgoing connection attempts were "
    L"held back), tells and asks the users who are logged on, and raises the limit of half-open "
    L"connections as its policy says.";

const struct service_calls service_native = {
    .dispatch = StartServiceCtrlDispatcherW,
    .handle_controls = RegisterServiceCtrlHandlerExW,
    .set_status = SetServiceStatus,
    .log = event_log_write,
    .open_manager = OpenSCManagerW,
    .create = CreateServiceW,
    .open = OpenServiceW,
    .configure = ChangeServiceConfigW,
    .configure_more = ChangeServiceConfig2W,
    .start = StartServiceW,
    .control = ControlService,
    .query = QueryServiceStatusEx,
    .remove = DeleteService,
    .close = CloseServiceHandle,
    .add_source = event_log_register,
    .remove_source = event_log_unregister,
    .sleep = Sleep,
};

/* ---- the command line of the service ---- */

/* As CommandLineToArgvW() takes it apart again: backslashes count only before a quotation mark. */
static void add_quoted(struct buf *out, const char *text)
{
    size_t backslashes = 0;
    buf_add_text(out, out->len > 0 ? " \"" : "\"");
    for (; *text != '\0'; text++) {
        if (*text == '"') {
            for (; backslashes > 0; backslashes--) {
                buf_add_char(out, '\\');
            }
            buf_add_char(out, '\\');
        }
        backslashes = *text == '\\' ? backslashes + 1 : 0;
        buf_add_char(out, *text);
    }
    for (; backslashes > 0; backslashes--) {
        buf_add_char(out, '\\');
    }
    buf_add_char(out, '"');
}

/* Services are started in the system directory: a path has to say where it is from. Added to `out`;
 * false when Windows cannot tell. */
static bool add_full_path(struct buf *out, const char *path)
{
    wchar_t *wide = wide_path(path);
    DWORD size = wide != NULL ? GetFullPathNameW(wide, 0, NULL, NULL) : 0;
    wchar_t *full = size > 0 ? calloc(size, sizeof *full) : NULL;
    DWORD length = full != NULL ? GetFullPathNameW(wide, size, full, NULL) : 0;
    bool found = length > 0 && length < size;
    if (found) {
        wide_to_utf8(out, full);
    }
    free(full);
    free(wide);
    return found;
}

static bool add_option(struct buf *out, const char *name, const char *prefix, const char *path)
{
    struct buf value = BUF_INIT;
    buf_add_text(&value, prefix);
    bool found = add_full_path(&value, path);
    buf_printf(out, " %s", name);
    add_quoted(out, buf_text(&value));
    found = found && !value.failed;
    buf_free(&value);
    return found;
}

static bool add_source_option(struct buf *out, const char *spec)
{
    static const char file[] = "file:";
    const size_t length = sizeof file - 1;
    if (strncmp(spec, file, length) == 0) {
        return add_option(out, "--source", file, spec + length);
    }
    buf_add_text(out, " --source");
    add_quoted(out, spec);
    return true;
}

/* The caller frees; NULL when Windows cannot tell. */
static wchar_t *own_path(void)
{
    wchar_t *path = calloc(PATH_UNITS_MOST, sizeof *path);
    DWORD length = path != NULL ? GetModuleFileNameW(NULL, path, PATH_UNITS_MOST) : 0;
    if (length == 0 || length >= PATH_UNITS_MOST) {
        free(path);
        path = NULL;
    }
    return path;
}

/* The caller frees; NULL when a path or memory is missing. */
static wchar_t *make_command(const wchar_t *exe, const struct command_options *options)
{
    struct buf program = BUF_INIT;
    struct buf command = BUF_INIT;
    bool good = true;
    wide_to_utf8(&program, exe);
    add_quoted(&command, buf_text(&program));
    buf_add_text(&command, " run --service");
    if (options->policy_file != NULL) {
        good = add_option(&command, "--policy", "", options->policy_file) && good;
    }
    if (options->data != NULL) {
        good = add_option(&command, "--data", "", options->data) && good;
    }
    if (options->root != NULL) {
        good = add_option(&command, "--root", "", options->root) && good;
    }
    for (size_t i = 0; i < options->spec_count; i++) {
        good = add_source_option(&command, options->specs[i]) && good;
    }
    good = good && !command.failed && !program.failed;
    wchar_t *wide = good ? wide_from_utf8(buf_text(&command)) : NULL;
    buf_free(&command);
    buf_free(&program);
    return wide;
}

/* ---- what Windows refuses ---- */

static enum pc_result refuse(DWORD error, const char *what, struct buf *why)
{
    switch (error) {
    case ERROR_ACCESS_DENIED:
        buf_printf(why, "Only an administrator may %s the service. Run this as one.", what);
        return PC_REFUSED;
    case ERROR_SERVICE_MARKED_FOR_DELETE:
        buf_printf(why,
                   "Windows cannot %s the service: an earlier one is being removed, and is gone as "
                   "soon as every program lets go of it. Close the list of services and the like, "
                   "or restart Windows, and try again.",
                   what);
        return PC_FAILED;
    case ERROR_SERVICE_DISABLED:
        buf_printf(why,
                   "Windows cannot %s the service: it is disabled. Enable it in the list of "
                   "services.",
                   what);
        return PC_FAILED;
    default:
        buf_printf(why, "Windows cannot %s the service: error %lu.", what, error);
        return PC_FAILED;
    }
}

static SC_HANDLE open_manager(const struct service_calls *calls, DWORD access, const char *what,
                              enum pc_result *result, struct buf *why)
{
    SC_HANDLE manager = calls->open_manager(NULL, NULL, access);
    if (manager == NULL) {
        *result = refuse(GetLastError(), what, why);
    }
    return manager;
}

/* ---- starting and stopping ---- */

static bool look(const struct service_calls *calls, SC_HANDLE service,
                 SERVICE_STATUS_PROCESS *status)
{
    DWORD needed;
    return calls->query(service, SC_STATUS_PROCESS_INFO, (LPBYTE)status, sizeof *status, &needed) !=
           0;
}

/* Waits until the service has come out of `pending`, for a minute at most. False when it has not,
 * or Windows does not tell. */
static bool wait_while(const struct service_calls *calls, SC_HANDLE service, DWORD pending,
                       SERVICE_STATUS_PROCESS *status)
{
    for (int i = 0; i < WAITS; i++) {
        if (!look(calls, service, status)) {
            return false;
        }
        if (status->dwCurrentState != pending) {
            return true;
        }
        calls->sleep(POLL_MS);
    }
    return false;
}

static enum pc_result start(const struct service_calls *calls, SC_HANDLE service, struct buf *out,
                            struct buf *why)
{
    SERVICE_STATUS_PROCESS status = {0};
    if (!calls->start(service, 0, NULL) && GetLastError() != ERROR_SERVICE_ALREADY_RUNNING) {
        return refuse(GetLastError(), "start", why);
    }
    if (!wait_while(calls, service, SERVICE_START_PENDING, &status)) {
        buf_add_text(why, "The service was started, but has not come to run within "
                          "a minute.");
        return PC_FAILED;
    }
    if (status.dwCurrentState != SERVICE_RUNNING) {
        DWORD code = status.dwWin32ExitCode == ERROR_SERVICE_SPECIFIC_ERROR
                         ? status.dwServiceSpecificExitCode
                         : status.dwWin32ExitCode;
        buf_printf(why,
                   "The service was started, but ended at once with exit status %lu. The "
                   "Application event log says why, under the source tcpipwatch.",
                   code);
        return PC_FAILED;
    }
    buf_printf(out, "The service tcpipwatch is installed and runs, as process %lu.\n",
               status.dwProcessId);
    return PC_DONE;
}

/* True when it does not run any more. */
static bool stop(const struct service_calls *calls, SC_HANDLE service, struct buf *why)
{
    SERVICE_STATUS_PROCESS status = {0};
    SERVICE_STATUS ignored;
    if (look(calls, service, &status) && status.dwCurrentState == SERVICE_START_PENDING) {
        (void)wait_while(calls, service, SERVICE_START_PENDING, &status); /* it takes no control */
    }
    if (!calls->control(service, SERVICE_CONTROL_STOP, &ignored)) {
        DWORD error = GetLastError();
        if (error == ERROR_SERVICE_NOT_ACTIVE) {
            return true;
        }
        if (error != ERROR_SERVICE_CANNOT_ACCEPT_CTRL) { /* it may be stopping already */
            (void)refuse(error, "stop", why);
            return false;
        }
    }
    (void)wait_while(calls, service, SERVICE_RUNNING, &status);
    if (wait_while(calls, service, SERVICE_STOP_PENDING, &status) &&
        status.dwCurrentState == SERVICE_STOPPED) {
        return true;
    }
    buf_add_text(why, "The service has not stopped within a minute.");
    return false;
}

/* ---- installing ---- */

/* What the service does not need in order to run: worth a warning. */
static void set_extras(const struct service_calls *calls, SC_HANDLE service, const wchar_t *exe,
                       struct buf *why)
{
    SERVICE_DESCRIPTIONW text = {.lpDescription = description};
    SC_ACTION actions[] = {
        {SC_ACTION_RESTART, RESTART_MS}, {SC_ACTION_RESTART, RESTART_MS}, {SC_ACTION_NONE, 0}};
    SERVICE_FAILURE_ACTIONSW failures = {.dwResetPeriod = FORGET_SECONDS,
                                         .cActions = sizeof actions / sizeof actions[0],
                                         .lpsaActions = actions};
    if (!calls->configure_more(service, SERVICE_CONFIG_DESCRIPTION, &text)) {
        buf_printf(why, "The service has no description: error %lu.\n", GetLastError());
    }
    if (!calls->configure_more(service, SERVICE_CONFIG_FAILURE_ACTIONS, &failures)) {
        buf_printf(why, "The service is not started again when it fails: error %lu.\n",
                   GetLastError());
    }
    DWORD error = calls->add_source(exe);
    if (error != ERROR_SUCCESS) {
        buf_printf(why,
                   "The service's entries in the Application event log have no text: error %lu.\n",
                   error);
    }
}

/* The service, made or brought up to date, and not running; NULL with a sentence. */
static SC_HANDLE make(const struct service_calls *calls, SC_HANDLE manager, const wchar_t *command,
                      bool *is_new, enum pc_result *result, struct buf *why)
{
    static const wchar_t needs[] = L"EventLog\0";
    const DWORD type = SERVICE_WIN32_OWN_PROCESS;
    SC_HANDLE service = calls->create(manager, SERVICE_NAME, SERVICE_SHOWN, SERVICE_RIGHTS, type,
                                      SERVICE_AUTO_START, SERVICE_ERROR_NORMAL, command, NULL, NULL,
                                      needs, NULL, NULL);
    DWORD error = service != NULL ? ERROR_SUCCESS : GetLastError();
    *is_new = service != NULL;
    if (error == ERROR_SERVICE_EXISTS) {
        service = calls->open(manager, SERVICE_NAME, SERVICE_RIGHTS);
        error = service != NULL ? ERROR_SUCCESS : GetLastError();
        if (service != NULL && !stop(calls, service, why)) {
            (void)calls->close(service);
            *result = PC_FAILED;
            return NULL;
        }
        if (service != NULL &&
            !calls->configure(service, type, SERVICE_AUTO_START, SERVICE_ERROR_NORMAL, command,
                              NULL, NULL, needs, L"LocalSystem", L"", SERVICE_SHOWN)) {
            error = GetLastError();
            (void)calls->close(service);
            service = NULL;
        }
    }
    if (service == NULL) {
        *result = refuse(error, "install", why);
    }
    return service;
}

/* What cannot run is not left behind. */
static void undo(const struct service_calls *calls, SC_HANDLE service, struct buf *why)
{
    DWORD error = calls->remove(service) ? calls->remove_source() : GetLastError();
    if (error == ERROR_SUCCESS) {
        buf_add_text(why, " It is removed again.");
    } else {
        buf_printf(why, " It could not be removed again: error %lu.", error);
    }
}

enum pc_result service_install_by(const struct service_calls *calls,
                                  const struct command_options *options, struct buf *out,
                                  struct buf *why)
{
    enum pc_result result = PC_FAILED;
    wchar_t *exe = own_path();
    wchar_t *command = exe != NULL ? make_command(exe, options) : NULL;
    SC_HANDLE manager = NULL;
    SC_HANDLE service = NULL;
    bool is_new = false;
    if (command == NULL) {
        buf_add_text(why, "The command line of the service cannot be made: a path is missing, or "
                          "memory is out.");
    } else {
        manager = open_manager(calls, SC_MANAGER_CONNECT | SC_MANAGER_CREATE_SERVICE, "install",
                               &result, why);
    }
    if (manager != NULL) {
        service = make(calls, manager, command, &is_new, &result, why);
    }
    if (service != NULL) {
        set_extras(calls, service, exe, why);
        result = start(calls, service, out, why);
        if (result != PC_DONE && is_new) {
            undo(calls, service, why);
        }
        (void)calls->close(service);
    }
    if (manager != NULL) {
        (void)calls->close(manager);
    }
    free(command);
    free(exe);
    return result;
}

/* ---- removing ---- */

/* A service that cannot be stopped is removed as soon as it ends. */
static enum pc_result take_down(const struct service_calls *calls, SC_HANDLE service,
                                struct buf *out, struct buf *why)
{
    bool stopped = stop(calls, service, why);
    DWORD error = calls->remove(service) ? ERROR_SUCCESS : GetLastError();
    if (error == ERROR_SERVICE_MARKED_FOR_DELETE) {
        buf_add_text(out, "The service tcpipwatch is being removed already.\n");
        return PC_DONE;
    }
    if (error != ERROR_SUCCESS) {
        return refuse(error, "remove", why);
    }
    if (!stopped) {
        buf_add_text(why, " It is removed as soon as it ends.");
        return PC_FAILED;
    }
    buf_add_text(out, "The service tcpipwatch is stopped and removed.\n");
    return PC_DONE;
}

static enum pc_result forget_source(const struct service_calls *calls, enum pc_result result,
                                    struct buf *why)
{
    DWORD error = calls->remove_source();
    if (error == ERROR_SUCCESS) {
        return result;
    }
    buf_printf(why,
               "%sThe source tcpipwatch of the Application event log is still there: error "
               "%lu.",
               why->len > 0 ? " " : "", error);
    return result != PC_DONE ? result : PC_FAILED;
}

enum pc_result service_remove_by(const struct service_calls *calls, struct buf *out,
                                 struct buf *why)
{
    enum pc_result result = PC_FAILED;
    SC_HANDLE manager = open_manager(calls, SC_MANAGER_CONNECT, "remove", &result, why);
    if (manager == NULL) {
        return result;
    }
    SC_HANDLE service =
        calls->open(manager, SERVICE_NAME, SERVICE_QUERY_STATUS | SERVICE_STOP | DELETE);
    if (service != NULL) {
        result = forget_source(calls, take_down(calls, service, out, why), why);
        (void)calls->close(service);
    } else if (GetLastError() == ERROR_SERVICE_DOES_NOT_EXIST) {
        buf_add_text(out, "There is no service tcpipwatch; nothing to remove.\n");
        result = forget_source(calls, PC_DONE, why);
    } else {
        result = refuse(GetLastError(), "remove", why);
    }
    (void)calls->close(manager);
    return result;
}

/* ---- the commands ---- */

static int say(enum pc_result result, struct buf *out, struct buf *why)
{
    if (why->len > 0) {
        command_complain("%s", buf_text(why));
    }
    (void)command_print(buf_text(out)); /* what was done is done */
    buf_free(out);
    buf_free(why);
    return (int)result;
}

int command_install_service(const struct command_options *options)
{
    struct buf out = BUF_INIT;
    struct buf why = BUF_INIT;
    return say(service_install_by(&service_native, options, &out, &why), &out, &why);
}

int command_remove_service(const struct command_options *options)
{
    (void)options;
    struct buf out = BUF_INIT;
    struct buf why = BUF_INIT;
    return say(service_remove_by(&service_native, &out, &why), &out, &why);
}
