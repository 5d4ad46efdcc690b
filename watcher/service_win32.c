/* The service side. The service control manager starts the process and connects to it; then
 * Windows calls service_main() in one thread, and handle_control() in the one that had called
 * service_run(). */
#include "service_win32.h"

#include "notify/event_log_win32.h"
#include "notify/inbox_win32.h"
#include "notify/session_win32.h"
#include "service_calls_win32.h"

/* Longer than a start or a stop takes, with a log to be read to its end; Windows gives a service up
 * when it is over. */
enum { PATIENCE_MS = 120 * 1000 };

/* What Windows gives no context for: service_main() gets none, and there is one service in a
 * process. Set before service_main() is called. */
static struct {
    const struct service_calls *calls;
    const struct command_options *options;
    int (*run)(const struct command_options *options);
    int result;
    volatile LONG running; /* between the start and the end of service_main() */
    struct inbox *inbox;

    CRITICAL_SECTION lock; /* for what follows: the two threads report in turns */
    SERVICE_STATUS_HANDLE handle;
    SERVICE_STATUS status;
} service;

/* ---- the state that Windows shows ---- */

static DWORD accepted(DWORD state)
{
    /* A stop is taken also while it starts: it may have to read a long log. */
    return state == SERVICE_START_PENDING || state == SERVICE_RUNNING
               ? SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_SHUTDOWN | SERVICE_ACCEPT_SESSIONCHANGE
               : 0;
}

static void report(DWORD state)
{
    EnterCriticalSection(&service.lock);
    SERVICE_STATUS *status = &service.status;
    bool over = status->dwCurrentState == SERVICE_STOPPED; /* nothing comes after that */
    bool back = status->dwCurrentState == SERVICE_STOP_PENDING && state == SERVICE_RUNNING;
    bool pending = state == SERVICE_START_PENDING || state == SERVICE_STOP_PENDING;
    if (!over && !back) {
        status->dwCurrentState = state;
        status->dwCheckPoint = pending ? status->dwCheckPoint + 1 : 0;
        status->dwWaitHint = pending ? PATIENCE_MS : 0;
        status->dwControlsAccepted = accepted(state);
        if (state == SERVICE_STOPPED && service.result != PC_DONE) {
            status->dwWin32ExitCode = ERROR_SERVICE_SPECIFIC_ERROR;
            status->dwServiceSpecificExitCode = (DWORD)service.result;
        }
        if (state != SERVICE_STOPPED) {
            (void)service.calls->set_status(service.handle, status);
        }
    }
    SERVICE_STATUS last = *status;
    LeaveCriticalSection(&service.lock);
    if (!over && state == SERVICE_STOPPED) {
        /* The other thread goes on as soon as Windows knows this, and takes the lock down. */
        (void)service.calls->set_status(service.handle, &last);
    }
}

static void want(enum request_kind kind)
{
    const struct user_request request = {.kind = kind};
    inbox_post(service.inbox, &request);
}

/* Somebody has come who can be asked. */
static bool has_come(DWORD event)
{
    return event == WTS_CONSOLE_CONNECT || event == WTS_REMOTE_CONNECT ||
           event == WTS_SESSION_LOGON || event == WTS_SESSION_UNLOCK;
}

static DWORD WINAPI handle_control(DWORD control, DWORD event, LPVOID data, LPVOID context)
{
    (void)data;
    (void)context;
    switch (control) {
    case SERVICE_CONTROL_STOP:
    case SERVICE_CONTROL_SHUTDOWN:
        report(SERVICE_STOP_PENDING);
        want(REQUEST_STOP);
        return NO_ERROR;
    case SERVICE_CONTROL_SESSIONCHANGE:
        if (has_come(event)) {
            want(REQUEST_SHOW);
        }
        return NO_ERROR;
    case SERVICE_CONTROL_INTERROGATE:
        return NO_ERROR; /* Windows has what was reported last */
    default:
        return ERROR_CALL_NOT_IMPLEMENTED;
    }
}

/* ---- running ---- */

static void WINAPI service_main(DWORD count, LPWSTR *args)
{
    (void)count;
    (void)args;
    service.handle = service.calls->handle_controls(SERVICE_NAME, handle_control, NULL);
    if (service.handle == NULL) {
        service.calls->log(EVENT_ERROR, "Windows does not let the service take its controls.");
        return;
    }
    InterlockedExchange(&service.running, 1);
    report(SERVICE_START_PENDING);
    service.result = service.run(service.options);
    if (service.result == PC_DONE) {
        service.calls->log(EVENT_STOPPED, "The service tcpipwatch has stopped.");
    } else {
        struct buf text = BUF_INIT;
        buf_printf(&text, "The service tcpipwatch has ended with exit status %d.", service.result);
        service.calls->log(EVENT_ERROR, buf_text(&text));
        buf_free(&text);
    }
    InterlockedExchange(&service.running, 0);
    report(SERVICE_STOPPED);
}

int service_run_by(const struct service_calls *calls, const struct command_options *options,
                   int (*run)(const struct command_options *options))
{
    const SERVICE_TABLE_ENTRYW table[] = {{(LPWSTR)SERVICE_NAME, service_main}, {NULL, NULL}};
    service.calls = calls;
    service.options = options;
    service.run = run;
    service.result = PC_FAILED;
    service.running = 0;
    service.status = (SERVICE_STATUS){.dwServiceType = SERVICE_WIN32_OWN_PROCESS};
    service.inbox = inbox_open();
    if (service.inbox == NULL) {
        command_complain("Out of memory.");
        return PC_FAILED;
    }
    InitializeCriticalSection(&service.lock);
    bool connected = calls->dispatch(table) != 0;
    DWORD error = connected ? ERROR_SUCCESS : GetLastError();
    DeleteCriticalSection(&service.lock);
    inbox_release(service.inbox);
    service.inbox = NULL;
    if (connected) {
        return service.result;
    }
    if (error == ERROR_FAILED_SERVICE_CONTROLLER_CONNECT) {
        command_complain("--service is how Windows itself starts the service. Have it started with "
                         "\"tcpipwatch install-service\", or run it here without --service.");
        return PC_USAGE;
    }
    command_complain("The service control manager of Windows does not answer: error %lu.", error);
    return PC_FAILED;
}

int service_run(const struct command_options *options,
                int (*run)(const struct command_options *options))
{
    return service_run_by(&service_native, options, run);
}

bool service_complain(const char *sentences)
{
    if (service.running == 0) {
        return false;
    }
    service.calls->log(EVENT_ERROR, sentences);
    return true;
}

/* ---- the notifier: that of the sessions, and the first show() says that it runs ---- */

static void show(void *context, const struct notify_view *view)
{
    (void)context;
    (void)view;
    EnterCriticalSection(&service.lock);
    bool first = service.status.dwCurrentState == SERVICE_START_PENDING;
    LeaveCriticalSection(&service.lock);
    if (first) {
        report(SERVICE_RUNNING);
        service.calls->log(EVENT_STARTED, "The service tcpipwatch has started.");
    }
}

bool service_open(struct notifier *out, struct buf *why)
{
    if (service.running == 0) {
        buf_add_text(why, "This is no service that Windows has started.");
        return false;
    }
    if (!session_open(service.inbox, out, why)) {
        return false;
    }
    out->show = show;
    return true;
}
