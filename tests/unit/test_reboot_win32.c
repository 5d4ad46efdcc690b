/* Restarting Windows, with the calls replaced. */
#include "check.h"

#include "reboot/reboot_calls_win32.h"

#include <reason.h>

/* What the replaced calls answer, and what they were asked; they get no context. */
static struct {
    bool privileged;
    DWORD initiate_error, exit_error, abort_error; /* 0: it succeeds */
    int initiated, exited, aborted;
    DWORD seconds, reason;
    BOOL force, reboot;
    UINT flags;
} fake;

static bool enable_privilege(void)
{
    return fake.privileged;
}

static BOOL answer(DWORD error)
{
    SetLastError(error);
    return error == 0;
}

static BOOL WINAPI initiate(LPWSTR machine, LPWSTR message, DWORD seconds, BOOL force, BOOL reboot,
                            DWORD reason)
{
    CHECK(machine == NULL);
    CHECK(message != NULL && wcscmp(message, L"Gr\u00fc\u00dfe") == 0);
    fake.initiated++;
    fake.seconds = seconds;
    fake.reason = reason;
    fake.force = force;
    fake.reboot = reboot;
    return answer(fake.initiate_error);
}

static BOOL WINAPI leave(UINT flags, DWORD reason)
{
    fake.exited++;
    fake.flags = flags;
    fake.reason = reason;
    return answer(fake.exit_error);
}

static BOOL WINAPI cancel(LPWSTR machine)
{
    CHECK(machine == NULL);
    fake.aborted++;
    return answer(fake.abort_error);
}

static const struct reboot_calls calls = {enable_privilege, initiate, leave, cancel};

static bool begin(struct buf *why)
{
    buf_clear(why);
    return reboot_begin_by(&calls, 60,
                           "Gr\xc3\xbc\xc3\x9f"
                           "e",
                           why);
}

static void is_planned_and_has_a_grace(void)
{
    struct buf why = BUF_INIT;
    memset(&fake, 0, sizeof fake);
    fake.privileged = true;
    CHECK(begin(&why));
    CHECK_NUMBER(fake.seconds, 60);
    CHECK_NUMBER(fake.reason, 0x80020004);
    CHECK(!fake.force && fake.reboot);
    CHECK_NUMBER(fake.exited, 0);
    CHECK_TEXT(buf_text(&why), "");
    buf_free(&why);
}

static void the_older_call_helps_where_the_first_is_refused(void)
{
    struct buf why = BUF_INIT;
    memset(&fake, 0, sizeof fake);
    fake.privileged = true;
    fake.initiate_error = ERROR_CALL_NOT_IMPLEMENTED;
    CHECK(begin(&why));
    CHECK_NUMBER(fake.exited, 1);
    CHECK_NUMBER(fake.flags, EWX_REBOOT); /* nothing is forced */
    CHECK_NUMBER(fake.reason, 0x80020004);
    fake.exit_error = ERROR_ACCESS_DENIED;
    CHECK(!begin(&why));
    CHECK(strstr(buf_text(&why), "Windows refuses the restart: error 120.") != NULL);
    buf_free(&why);
}

static void each_refusal_says_why(void)
{
    static const struct {
        DWORD error;
        bool tries_the_other;
        const char *says;
    } cases[] = {
        {ERROR_NOT_READY, false, "it is not ready for one yet"},
        {ERROR_MACHINE_LOCKED, false, "the machine is locked"},
        {ERROR_ACCESS_DENIED, true, "this user may not shut it down"},
        {ERROR_PRIVILEGE_NOT_HELD, true, "this user may not shut it down"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf why = BUF_INIT;
        memset(&fake, 0, sizeof fake);
        fake.privileged = true;
        fake.initiate_error = cases[i].error;
        fake.exit_error = ERROR_ACCESS_DENIED;
        CHECK(!begin(&why));
        CHECK_NUMBER(fake.exited, cases[i].tries_the_other);
        CHECK(strstr(buf_text(&why), cases[i].says) != NULL);
        buf_free(&why);
    }
}

static void one_that_is_under_way_is_as_good(void)
{
    struct buf why = BUF_INIT;
    memset(&fake, 0, sizeof fake);
    fake.privileged = true;
    fake.initiate_error = ERROR_SHUTDOWN_IN_PROGRESS;
    CHECK(begin(&why));
    CHECK_NUMBER(fake.exited, 0);
    buf_free(&why);
}

static void without_the_privilege_nothing_is_forced(void)
{
    struct buf why = BUF_INIT;
    memset(&fake, 0, sizeof fake);
    fake.initiate_error = ERROR_ACCESS_DENIED;
    CHECK(!begin(&why));
    CHECK_NUMBER(fake.exited, 0);
    buf_free(&why);
}

static void can_be_stopped(void)
{
    struct buf why = BUF_INIT;
    memset(&fake, 0, sizeof fake);
    CHECK(reboot_cancel_by(&calls, &why));
    CHECK_NUMBER(fake.aborted, 1);
    fake.abort_error = ERROR_NO_SHUTDOWN_IN_PROGRESS;
    CHECK(!reboot_cancel_by(&calls, &why));
    CHECK(strstr(buf_text(&why), "could not be stopped (error 1116)") != NULL);
    buf_free(&why);
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"is planned and has a grace", is_planned_and_has_a_grace},
        {"the older call helps where the first is refused",
         the_older_call_helps_where_the_first_is_refused},
        {"each refusal says why", each_refusal_says_why},
        {"one that is under way is as good", one_that_is_under_way_is_as_good},
        {"without the privilege nothing is forced", without_the_privilege_nothing_is_forced},
        {"can be stopped", can_be_stopped},
    };
    return RUN_SUITE("reboot", cases);
}
