/* The service and what the service control manager is told, with the calls of Windows replaced. */
#include "check.h"

#include "base/buf.h"
#include "notify/event_log_win32.h"
#include "service_calls_win32.h"
#include "service_win32.h"

#include <stdlib.h>
#include <string.h>

enum { EVERYTHING = 64 };

/* The service control manager, as these calls leave it; they get no context. */
static struct {
    /* What it is. */
    bool is_there, marked, not_admin, stubborn, source;
    DWORD state; /* of the service */
    DWORD specific_code;
    /* How it answers. */
    int fails;         /* the number of the call that fails; 0: none */
    DWORD fails_with;  /* the error of it */
    DWORD after_start; /* the state that it comes to */
    int polls;         /* before it comes to a state */
    /* What it was asked. */
    int calls, starts, stops, sleeps, open_handles;
    const char *failed; /* the name of the call that failed */
    wchar_t command[1024], needs[32], described[512];
    DWORD start_type, restart_ms;
} scm;

static const SC_HANDLE manager = (SC_HANDLE)(intptr_t)1;
static const SC_HANDLE service = (SC_HANDLE)(intptr_t)2;

static bool fails(const char *name)
{
    if (++scm.calls == scm.fails) {
        scm.failed = name;
        SetLastError(scm.fails_with);
        return true;
    }
    return false;
}

static BOOL refuse(DWORD error)
{
    SetLastError(error);
    return FALSE;
}

static SC_HANDLE WINAPI open_manager(LPCWSTR machine, LPCWSTR database, DWORD access)
{
    CHECK(machine == NULL && database == NULL);
    if (fails("open_manager")) {
        return NULL;
    }
    if (scm.not_admin && (access & SC_MANAGER_CREATE_SERVICE) != 0) {
        SetLastError(ERROR_ACCESS_DENIED);
        return NULL;
    }
    scm.open_handles++;
    return manager;
}

static void keep(LPCWSTR command, LPCWSTR needs, DWORD start)
{
    wcsncpy(scm.command, command, 1023);
    CHECK(needs[wcslen(needs) + 1] == L'\0'); /* a list ends in an empty text */
    wcsncpy(scm.needs, needs, 31);
    scm.start_type = start;
}

static SC_HANDLE WINAPI create(SC_HANDLE of, LPCWSTR name, LPCWSTR shown, DWORD access, DWORD type,
                               DWORD start, DWORD on_error, LPCWSTR command, LPCWSTR group,
                               LPDWORD tag, LPCWSTR needs, LPCWSTR user, LPCWSTR password)
{
    CHECK(of == manager && wcscmp(name, L"tcpipwatch") == 0 && shown != NULL);
    CHECK(user == NULL && password == NULL && group == NULL && tag == NULL); /* LocalSystem */
    CHECK_NUMBER(type, SERVICE_WIN32_OWN_PROCESS);
    CHECK_NUMBER(on_error, SERVICE_ERROR_NORMAL);
    CHECK((access & SERVICE_START) != 0);
    if (fails("create")) {
        return NULL;
    }
    if (scm.is_there) {
        SetLastError(ERROR_SERVICE_EXISTS);
        return NULL;
    }
    if (scm.marked) {
        SetLastError(ERROR_SERVICE_MARKED_FOR_DELETE);
        return NULL;
    }
    scm.is_there = true;
    scm.state = SERVICE_STOPPED;
    scm.open_handles++;
    keep(command, needs, start);
    return service;
}

static SC_HANDLE WINAPI open_service(SC_HANDLE of, LPCWSTR name, DWORD access)
{
    CHECK(of == manager && wcscmp(name, L"tcpipwatch") == 0);
    if (fails("open")) {
        return NULL;
    }
    if (!scm.is_there) {
        SetLastError(ERROR_SERVICE_DOES_NOT_EXIST);
        return NULL;
    }
    if (scm.not_admin && (access & DELETE) != 0) {
        SetLastError(ERROR_ACCESS_DENIED);
        return NULL;
    }
    scm.open_handles++;
    return service;
}

static BOOL WINAPI configure(SC_HANDLE of, DWORD type, DWORD start, DWORD on_error, LPCWSTR command,
                             LPCWSTR group, LPDWORD tag, LPCWSTR needs, LPCWSTR user,
                             LPCWSTR password, LPCWSTR shown)
{
    (void)group;
    (void)tag;
    (void)password;
    CHECK(of == service && shown != NULL && wcscmp(user, L"LocalSystem") == 0);
    CHECK_NUMBER(type, SERVICE_WIN32_OWN_PROCESS);
    CHECK_NUMBER(on_error, SERVICE_ERROR_NORMAL);
    CHECK_NUMBER(scm.state, SERVICE_STOPPED); /* it was stopped before */
    if (fails("configure")) {
        return FALSE;
    }
    if (scm.marked) {
        return refuse(ERROR_SERVICE_MARKED_FOR_DELETE);
    }
    keep(command, needs, start);
    return TRUE;
}

static BOOL WINAPI configure_more(SC_HANDLE of, DWORD what, LPVOID value)
{
    CHECK(of == service);
    if (fails("configure_more")) {
        return FALSE;
    }
    if (what == SERVICE_CONFIG_DESCRIPTION) {
        wcsncpy(scm.described, ((SERVICE_DESCRIPTIONW *)value)->lpDescription, 511);
    } else {
        const SERVICE_FAILURE_ACTIONSW *actions = value;
        CHECK_NUMBER(what, SERVICE_CONFIG_FAILURE_ACTIONS);
        CHECK_NUMBER(actions->cActions, 3);
        CHECK_NUMBER(actions->lpsaActions[0].Type, SC_ACTION_RESTART);
        CHECK_NUMBER(actions->lpsaActions[1].Type, SC_ACTION_RESTART);
        CHECK_NUMBER(actions->lpsaActions[2].Type, SC_ACTION_NONE);
        scm.restart_ms = actions->lpsaActions[1].Delay;
    }
    return TRUE;
}

static BOOL WINAPI start(SC_HANDLE of, DWORD count, LPCWSTR *args)
{
    CHECK(of == service && count == 0 && args == NULL);
    if (fails("start")) {
        return FALSE;
    }
    scm.starts++;
    scm.state = SERVICE_START_PENDING;
    return TRUE;
}

static BOOL WINAPI control(SC_HANDLE of, DWORD what, LPSERVICE_STATUS status)
{
    CHECK(of == service && what == SERVICE_CONTROL_STOP && status != NULL);
    if (fails("control")) {
        return FALSE;
    }
    if (scm.state == SERVICE_STOPPED) {
        return refuse(ERROR_SERVICE_NOT_ACTIVE);
    }
    scm.stops++;
    scm.state = SERVICE_STOP_PENDING;
    return TRUE;
}

static BOOL WINAPI query(SC_HANDLE of, SC_STATUS_TYPE what, LPBYTE out, DWORD size, LPDWORD needed)
{
    (void)needed;
    CHECK(of == service && what == SC_STATUS_PROCESS_INFO);
    CHECK_NUMBER(size, sizeof(SERVICE_STATUS_PROCESS));
    if (fails("query")) {
        return FALSE;
    }
    if (scm.polls > 0) {
        scm.polls--;
    } else if (scm.state == SERVICE_START_PENDING) {
        scm.state = scm.after_start;
    } else if (scm.state == SERVICE_STOP_PENDING && !scm.stubborn) {
        scm.state = SERVICE_STOPPED;
    }
    SERVICE_STATUS_PROCESS status = {.dwCurrentState = scm.state, .dwProcessId = 1234};
    if (scm.specific_code != 0) {
        status.dwWin32ExitCode = ERROR_SERVICE_SPECIFIC_ERROR;
        status.dwServiceSpecificExitCode = scm.specific_code;
    }
    memcpy(out, &status, sizeof status);
    return TRUE;
}

static BOOL WINAPI remove_service(SC_HANDLE of)
{
    CHECK(of == service);
    if (fails("remove")) {
        return FALSE;
    }
    if (scm.marked) {
        return refuse(ERROR_SERVICE_MARKED_FOR_DELETE);
    }
    scm.is_there = false;
    return TRUE;
}

static BOOL WINAPI close_handle(SC_HANDLE handle)
{
    CHECK(handle == manager || handle == service);
    scm.open_handles--;
    return TRUE;
}

static DWORD add_source(const wchar_t *exe)
{
    CHECK(wcsstr(exe, L"test_service_win32") != NULL);
    if (fails("add_source")) {
        return scm.fails_with;
    }
    scm.source = true;
    return ERROR_SUCCESS;
}

static DWORD remove_source(void)
{
    if (fails("remove_source")) {
        return scm.fails_with;
    }
    scm.source = false;
    return ERROR_SUCCESS;
}

static void WINAPI sleep_for(DWORD milliseconds)
{
    CHECK(milliseconds > 0 && milliseconds <= 1000);
    scm.sleeps++;
}

/* ---- the dispatcher, and what a run does ---- */

static struct {
    DWORD dispatch_error;
    bool no_handle;
    LPHANDLER_FUNCTION_EX handler;
    DWORD states[16]; /* as they were reported */
    size_t count;
    SERVICE_STATUS last;
    struct buf log;
    int result; /* that the run is to give */
    bool opened, stop_seen, show_seen;
} host;

static void log_event(DWORD id, const char *sentences)
{
    buf_printf(&host.log, "%08lx %s\n", id, sentences);
}

static SERVICE_STATUS_HANDLE WINAPI handle_controls(LPCWSTR name, LPHANDLER_FUNCTION_EX handler,
                                                    LPVOID context)
{
    (void)context;
    CHECK(wcscmp(name, L"tcpipwatch") == 0);
    host.handler = handler;
    return host.no_handle ? NULL : (SERVICE_STATUS_HANDLE)(intptr_t)3;
}

static BOOL WINAPI set_status(SERVICE_STATUS_HANDLE handle, LPSERVICE_STATUS status)
{
    CHECK(handle == (SERVICE_STATUS_HANDLE)(intptr_t)3);
    if (host.count < sizeof host.states / sizeof host.states[0]) {
        host.states[host.count++] = status->dwCurrentState;
    }
    host.last = *status;
    return TRUE;
}

static BOOL WINAPI dispatch(const SERVICE_TABLE_ENTRYW *table)
{
    if (host.dispatch_error != 0) {
        return refuse(host.dispatch_error);
    }
    CHECK(wcscmp(table[0].lpServiceName, L"tcpipwatch") == 0 && table[1].lpServiceName == NULL);
    table[0].lpServiceProc(0, NULL);
    return TRUE;
}

static const struct service_calls calls = {
    .dispatch = dispatch,
    .handle_controls = handle_controls,
    .set_status = set_status,
    .log = log_event,
    .open_manager = open_manager,
    .create = create,
    .open = open_service,
    .configure = configure,
    .configure_more = configure_more,
    .start = start,
    .control = control,
    .query = query,
    .remove = remove_service,
    .close = close_handle,
    .add_source = add_source,
    .remove_source = remove_source,
    .sleep = sleep_for,
};

/* ---- installing and removing ---- */

static void reset(void)
{
    memset(&scm, 0, sizeof scm);
    scm.state = SERVICE_STOPPED;
    scm.after_start = SERVICE_RUNNING;
    scm.fails_with = ERROR_NOT_ENOUGH_MEMORY;
}

static enum pc_result install(const struct command_options *options, struct buf *out,
                              struct buf *why)
{
    buf_clear(out);
    buf_clear(why);
    enum pc_result result = service_install_by(&calls, options, out, why);
    CHECK_NUMBER(scm.open_handles, 0);
    CHECK((result == PC_DONE) == (out->len > 0)); /* success is said when it is one */
    CHECK(result == PC_DONE || why->len > 0);
    return result;
}

static enum pc_result uninstall(struct buf *out, struct buf *why)
{
    buf_clear(out);
    buf_clear(why);
    enum pc_result result = service_remove_by(&calls, out, why);
    CHECK_NUMBER(scm.open_handles, 0);
    CHECK(result == PC_DONE || why->len > 0);
    return result;
}

static bool has(const struct buf *text, const char *words)
{
    return strstr(buf_text(text), words) != NULL;
}

static void is_installed_and_started(void)
{
    struct buf out = BUF_INIT;
    struct buf why = BUF_INIT;
    const struct command_options options = {
        .policy_file = "C:/a b\\lab.ini",
        .data = "C:\\data\\",
        .root = "C:\\WINDOWS",
        .specs = {"system", "file:C:\\logs\\Sys.Evt", "channel:A \"B\" C"},
        .spec_count = 3};
    reset();
    scm.polls = 4;
    CHECK_NUMBER(install(&options, &out, &why), PC_DONE);
    CHECK_TEXT(buf_text(&why), "");
    CHECK_TEXT(buf_text(&out), "The service tcpipwatch is installed and runs, as process 1234.\n");
    CHECK_NUMBER(scm.start_type, SERVICE_AUTO_START);
    CHECK_NUMBER(scm.restart_ms, 60000);
    CHECK_NUMBER(scm.starts, 1);
    CHECK_NUMBER(scm.sleeps, 4);
    CHECK(scm.source && scm.state == SERVICE_RUNNING);
    CHECK(wcscmp(scm.needs, L"EventLog") == 0);
    CHECK(wcsstr(scm.described, L"4226") != NULL);
    CHECK(scm.command[0] == L'"');
    const wchar_t *rest = wcsstr(scm.command, L".exe\" ");
    CHECK(rest != NULL &&
          wcscmp(rest, L".exe\" run --service --policy \"C:\\a b\\lab.ini\" --data "
                       L"\"C:\\data\\\\\" --root \"C:\\WINDOWS\" --source \"system\" --source "
                       L"\"file:C:\\logs\\Sys.Evt\" --source \"channel:A \\\"B\\\" C\"") == 0);
    buf_free(&out);
    buf_free(&why);
}

static void paths_are_made_absolute(void)
{
    struct buf out = BUF_INIT;
    struct buf why = BUF_INIT;
    wchar_t here[MAX_PATH];
    wchar_t expected[MAX_PATH + 64];
    const struct command_options options = {.specs = {"file:Sys.Evt"}, .spec_count = 1};
    CHECK(GetCurrentDirectoryW(MAX_PATH, here) > 0);
    reset();
    CHECK_NUMBER(install(&options, &out, &why), PC_DONE);
    wcscpy(expected, L" run --service --source \"file:");
    wcscat(expected, here);
    wcscat(expected, L"\\Sys.Evt\"");
    CHECK(wcsstr(scm.command, expected) != NULL);
    buf_free(&out);
    buf_free(&why);
}

static void installed_again_it_is_brought_up_to_date(void)
{
    struct buf out = BUF_INIT;
    struct buf why = BUF_INIT;
    const struct command_options first = {.data = "C:\\one"};
    const struct command_options second = {.data = "C:\\two"};
    reset();
    CHECK_NUMBER(install(&first, &out, &why), PC_DONE);
    CHECK(wcsstr(scm.command, L"C:\\one") != NULL);
    CHECK_NUMBER(install(&second, &out, &why), PC_DONE);
    CHECK(wcsstr(scm.command, L"C:\\two") != NULL);
    CHECK_NUMBER(scm.stops, 1);
    CHECK_NUMBER(scm.starts, 2);
    CHECK_NUMBER(scm.state, SERVICE_RUNNING);
    scm.marked = true;
    CHECK_NUMBER(install(&first, &out, &why), PC_FAILED);
    CHECK(has(&why, "an earlier one is being removed"));
    buf_free(&out);
    buf_free(&why);
}

static void what_windows_refuses_is_said(void)
{
    struct buf out = BUF_INIT;
    struct buf why = BUF_INIT;
    const struct command_options options = {.data = "C:\\one"};
    reset();
    scm.not_admin = true;
    CHECK_NUMBER(install(&options, &out, &why), PC_REFUSED);
    CHECK_TEXT(buf_text(&why), "Only an administrator may install the service. Run this as one.");
    scm.is_there = true;
    CHECK_NUMBER(uninstall(&out, &why), PC_REFUSED);
    CHECK(has(&why, "Only an administrator may remove the service."));
    CHECK(scm.is_there);
    reset();
    scm.marked = true;
    CHECK_NUMBER(install(&options, &out, &why), PC_FAILED);
    CHECK(has(&why, "or restart Windows, and try again."));
    reset();
    scm.after_start = SERVICE_STOPPED;
    scm.specific_code = 2;
    CHECK_NUMBER(install(&options, &out, &why), PC_FAILED);
    CHECK(has(&why, "ended at once with exit status 2."));
    CHECK(has(&why, "It is removed again."));
    CHECK(!scm.is_there && !scm.source);
    scm.is_there = true; /* one that was there before stays */
    scm.specific_code = 3;
    CHECK_NUMBER(install(&options, &out, &why), PC_FAILED);
    CHECK(has(&why, "ended at once with exit status 3."));
    CHECK(scm.is_there && scm.source);
    reset();
    scm.after_start = SERVICE_START_PENDING;
    CHECK_NUMBER(install(&options, &out, &why), PC_FAILED);
    CHECK(has(&why, "has not come to run within a minute"));
    CHECK(scm.sleeps < 1000);
    buf_free(&out);
    buf_free(&why);
}

/* Whichever call fails: a sentence, no handle left open, and no success that is none. */
static void any_call_may_fail(void)
{
    struct buf out = BUF_INIT;
    struct buf why = BUF_INIT;
    const struct command_options options = {.data = "C:\\one"};
    int failed = 0;
    for (int again = 0; again < 2; again++) {
        for (int i = 1; i < EVERYTHING; i++) {
            reset();
            scm.is_there = again != 0;
            scm.state = again != 0 ? SERVICE_RUNNING : SERVICE_STOPPED;
            scm.fails = i;
            enum pc_result result = install(&options, &out, &why);
            if (scm.failed == NULL) {
                CHECK_NUMBER(result, PC_DONE);
                CHECK_TEXT(buf_text(&why), "");
                break;
            }
            failed++;
            bool is_extra =
                strcmp(scm.failed, "configure_more") == 0 || strcmp(scm.failed, "add_source") == 0;
            bool is_look = strcmp(scm.failed, "query") == 0; /* some of them only help */
            CHECK(is_look || result == (is_extra ? PC_DONE : PC_FAILED));
            CHECK(!is_extra || has(&why, "error 8"));
        }
        for (int i = 1; i < EVERYTHING; i++) {
            reset();
            scm.is_there = true;
            scm.source = true;
            scm.state = again != 0 ? SERVICE_RUNNING : SERVICE_STOPPED;
            scm.fails = i;
            enum pc_result result = uninstall(&out, &why);
            if (scm.failed == NULL) {
                CHECK_NUMBER(result, PC_DONE);
                CHECK(!scm.is_there && !scm.source);
                break;
            }
            failed++;
            CHECK(strcmp(scm.failed, "query") == 0 || result == PC_FAILED);
        }
    }
    CHECK(failed >= 20);
    buf_free(&out);
    buf_free(&why);
}

static void is_removed(void)
{
    struct buf out = BUF_INIT;
    struct buf why = BUF_INIT;
    reset();
    scm.is_there = true;
    scm.source = true;
    scm.state = SERVICE_RUNNING;
    scm.polls = 3;
    CHECK_NUMBER(uninstall(&out, &why), PC_DONE);
    CHECK_TEXT(buf_text(&out), "The service tcpipwatch is stopped and removed.\n");
    CHECK(!scm.is_there && !scm.source && scm.stops == 1);
    scm.source = true; /* something has been left over */
    CHECK_NUMBER(uninstall(&out, &why), PC_DONE);
    CHECK_TEXT(buf_text(&out), "There is no service tcpipwatch; nothing to remove.\n");
    CHECK(!scm.source);
    reset();
    scm.is_there = true;
    scm.marked = true;
    CHECK_NUMBER(uninstall(&out, &why), PC_DONE);
    CHECK(has(&out, "is being removed already"));
    reset();
    scm.is_there = true;
    scm.state = SERVICE_RUNNING;
    scm.stubborn = true;
    CHECK_NUMBER(uninstall(&out, &why), PC_FAILED);
    CHECK_TEXT(buf_text(&why), "The service has not stopped within a minute. It is removed as soon "
                               "as it ends.");
    CHECK(!scm.is_there && scm.sleeps < 1000);
    buf_free(&out);
    buf_free(&why);
}

/* ---- running ---- */

static void control_by(DWORD what, DWORD event, DWORD expected)
{
    CHECK_NUMBER(host.handler(what, event, NULL, NULL), expected);
}

static bool take(struct notifier *notifier, enum request_kind expected)
{
    struct user_request request;
    return notifier->take(notifier->context, &request) && request.kind == expected;
}

/* A run that is stopped after a while. */
static int run_well(const struct command_options *options)
{
    struct notifier notifier;
    struct user_request request;
    struct buf why = BUF_INIT;
    CHECK(options->host == HOST_SERVICE);
    CHECK_NUMBER(host.last.dwCurrentState, SERVICE_START_PENDING);
    CHECK(host.last.dwWaitHint > 0);
    host.opened = service_open(&notifier, &why);
    CHECK(host.opened);
    const struct notify_view view = {.face = FACE_WATCHING};
    notifier.show(notifier.context, &view);
    CHECK_NUMBER(host.last.dwCurrentState, SERVICE_RUNNING);
    notifier.show(notifier.context, &view); /* only the first one counts */
    CHECK_NUMBER(host.count, 2);
    CHECK(!notifier.take(notifier.context, &request));
    CHECK_NUMBER(WaitForSingleObject((HANDLE)notifier.handle, 0), WAIT_TIMEOUT);
    control_by(SERVICE_CONTROL_SESSIONCHANGE, WTS_SESSION_LOGOFF, NO_ERROR);
    CHECK(!notifier.take(notifier.context, &request));
    control_by(SERVICE_CONTROL_SESSIONCHANGE, WTS_SESSION_LOGON, NO_ERROR);
    control_by(SERVICE_CONTROL_SESSIONCHANGE, WTS_SESSION_UNLOCK, NO_ERROR);
    CHECK_NUMBER(WaitForSingleObject((HANDLE)notifier.handle, 0), WAIT_OBJECT_0);
    CHECK(take(&notifier, REQUEST_SHOW));
    CHECK(!notifier.take(notifier.context, &request)); /* twice in a row is once */
    control_by(SERVICE_CONTROL_INTERROGATE, 0, NO_ERROR);
    control_by(200, 0, ERROR_CALL_NOT_IMPLEMENTED);
    control_by(SERVICE_CONTROL_STOP, 0, NO_ERROR);
    CHECK_NUMBER(host.last.dwCurrentState, SERVICE_STOP_PENDING);
    CHECK_NUMBER(host.last.dwControlsAccepted, 0);
    host.stop_seen = take(&notifier, REQUEST_STOP);
    notifier.close(notifier.context);
    buf_free(&why);
    return host.result;
}

/* The stop comes before the notifier, and so the loop, is there. */
static int run_stopped_early(const struct command_options *options)
{
    struct notifier notifier;
    struct buf why = BUF_INIT;
    (void)options;
    control_by(SERVICE_CONTROL_SHUTDOWN, 0, NO_ERROR);
    host.opened = service_open(&notifier, &why);
    CHECK(host.opened);
    const struct notify_view view = {.face = FACE_WATCHING};
    notifier.show(notifier.context, &view);
    CHECK_NUMBER(host.last.dwCurrentState, SERVICE_STOP_PENDING); /* and not back to running */
    CHECK_NUMBER(WaitForSingleObject((HANDLE)notifier.handle, 0), WAIT_OBJECT_0);
    host.stop_seen = take(&notifier, REQUEST_STOP);
    notifier.close(notifier.context);
    buf_free(&why);
    return PC_DONE;
}

static int run_badly(const struct command_options *options)
{
    (void)options;
    command_complain("The policy is wrong.\nLine 2 is.");
    return PC_USAGE;
}

static int run_host(int (*run)(const struct command_options *options))
{
    const struct command_options options = {.host = HOST_SERVICE};
    buf_clear(&host.log);
    return service_run_by(&calls, &options, run);
}

static void host_reset(void)
{
    buf_free(&host.log);
    memset(&host, 0, sizeof host);
}

static void runs_and_stops(void)
{
    host_reset();
    CHECK_NUMBER(run_host(run_well), PC_DONE);
    CHECK(host.opened && host.stop_seen);
    const DWORD expected[] = {SERVICE_START_PENDING, SERVICE_RUNNING, SERVICE_STOP_PENDING,
                              SERVICE_STOPPED};
    CHECK_NUMBER(host.count, 4);
    CHECK(memcmp(host.states, expected, sizeof expected) == 0);
    CHECK_NUMBER(host.last.dwWin32ExitCode, NO_ERROR);
    CHECK_NUMBER(host.last.dwWaitHint, 0);
    CHECK_TEXT(buf_text(&host.log), "40000064 The service tcpipwatch has started.\n"
                                    "40000065 The service tcpipwatch has stopped.\n");
    host_reset();
}

static void a_stop_before_it_runs_is_not_lost(void)
{
    host_reset();
    CHECK_NUMBER(run_host(run_stopped_early), PC_DONE);
    CHECK(host.stop_seen);
    CHECK_NUMBER(host.last.dwCurrentState, SERVICE_STOPPED);
    host_reset();
}

static void a_failure_is_reported_and_logged(void)
{
    host_reset();
    CHECK_NUMBER(run_host(run_badly), PC_USAGE);
    CHECK_NUMBER(host.last.dwCurrentState, SERVICE_STOPPED);
    CHECK_NUMBER(host.last.dwWin32ExitCode, ERROR_SERVICE_SPECIFIC_ERROR);
    CHECK_NUMBER(host.last.dwServiceSpecificExitCode, PC_USAGE);
    CHECK_TEXT(buf_text(&host.log), "c0000082 The policy is wrong.\nLine 2 is.\n"
                                    "c0000082 The service tcpipwatch has ended with exit status "
                                    "2.\n");
    host_reset();
}

static void started_by_hand_it_says_so(void)
{
    struct buf why = BUF_INIT;
    struct notifier notifier;
    host_reset();
    host.dispatch_error = ERROR_FAILED_SERVICE_CONTROLLER_CONNECT;
    CHECK_NUMBER(run_host(run_well), PC_USAGE);
    CHECK(!host.opened);
    host.dispatch_error = ERROR_INVALID_DATA;
    CHECK_NUMBER(run_host(run_well), PC_FAILED);
    CHECK(!service_open(&notifier, &why));
    CHECK(!service_complain("Nobody hears it."));
    host.dispatch_error = 0;
    host.no_handle = true;
    CHECK_NUMBER(run_host(run_well), PC_FAILED);
    CHECK(has(&host.log, "does not let the service take its controls"));
    buf_free(&why);
    host_reset();
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"is installed and started", is_installed_and_started},
        {"paths are made absolute", paths_are_made_absolute},
        {"installed again it is brought up to date", installed_again_it_is_brought_up_to_date},
        {"what Windows refuses is said", what_windows_refuses_is_said},
        {"any call may fail", any_call_may_fail},
        {"is removed", is_removed},
        {"runs and stops", runs_and_stops},
        {"a stop before it runs is not lost", a_stop_before_it_runs_is_not_lost},
        {"a failure is reported and logged", a_failure_is_reported_and_logged},
        {"started by hand it says so", started_by_hand_it_says_so},
    };
    return RUN_SUITE("service", cases);
}
