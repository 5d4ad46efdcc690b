/* The loop, the clock and the arguments on Windows: real files, a pipe, console events. */
#include "check.h"

#include "base/args.h"
#include "loop/clock.h"
#include "loop/loop.h"
#include "wide_win32.h"

#include <windows.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SOON = 5000 /* ms; far more than any of this takes */ };

static char folder[300];

static const char *in_folder(const char *name)
{
    static char paths[4][400];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static void put(const char *path, const char *text, DWORD how)
{
    wchar_t *wide = wide_path(path);
    DWORD wrote = 0;
    HANDLE file = CreateFileW(wide, FILE_APPEND_DATA, FILE_SHARE_READ, NULL, how, 0, NULL);
    CHECK(file != INVALID_HANDLE_VALUE);
    CHECK(WriteFile(file, text, (DWORD)strlen(text), &wrote, NULL) != 0);
    CloseHandle(file);
    free(wide);
}

static void move_file(const char *from, const char *to)
{
    wchar_t *wide_from = wide_path(from);
    wchar_t *wide_to = wide_path(to);
    CHECK(MoveFileExW(wide_from, wide_to, MOVEFILE_REPLACE_EXISTING) != 0);
    free(wide_from);
    free(wide_to);
}

static void delete_file(const char *path)
{
    wchar_t *wide = wide_path(path);
    CHECK(DeleteFileW(wide) != 0);
    free(wide);
}

static void make_folder(const char *path)
{
    wchar_t *wide = wide_path(path);
    CHECK(CreateDirectoryW(wide, NULL) != 0);
    free(wide);
}

static void remove_folder(const char *path)
{
    wchar_t *wide = wide_path(path);
    CHECK(RemoveDirectoryW(wide) != 0);
    free(wide);
}

static struct loop *opened(void)
{
    static unsigned number;
    struct loop *loop = NULL;
    wchar_t temp[MAX_PATH];
    struct buf text = BUF_INIT;
    CHECK(GetTempPathW(MAX_PATH, temp) > 0);
    wide_to_utf8(&text, temp);
    snprintf(folder, sizeof folder, "%sloop-\xc3\xa9-%lu-%u", buf_text(&text),
             (unsigned long)GetCurrentProcessId(), number++);
    buf_free(&text);
    make_folder(folder);
    CHECK_NUMBER(loop_open(&loop), OS_OK);
    return loop;
}

/* Deletes the files in the folder and the folder itself. */
static void closed(struct loop *loop)
{
    WIN32_FIND_DATAW found;
    wchar_t *pattern = wide_path(in_folder("*"));
    loop_close(loop);
    HANDLE search = FindFirstFileW(pattern, &found);
    while (search != INVALID_HANDLE_VALUE) {
        struct buf name = BUF_INIT;
        wide_to_utf8(&name, found.cFileName);
        if ((found.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) == 0) {
            delete_file(in_folder(buf_text(&name)));
        }
        buf_free(&name);
        if (FindNextFileW(search, &found) == 0) {
            FindClose(search);
            search = INVALID_HANDLE_VALUE;
        }
    }
    free(pattern);
    remove_folder(folder);
}

/* Changes come in the system's own time, and one change as several: all those within a moment are
 * gathered. */
static struct loop_wake gathered(struct loop *loop)
{
    struct loop_wake all = loop_wait(loop, SOON);
    for (struct loop_wake more = all; more.reasons == LOOP_CHANGED;) {
        more = loop_wait(loop, 100);
        all.changed |= more.changed;
        all.lost |= more.lost;
    }
    return all;
}

static void expect_changed(struct loop *loop, uint32_t changed)
{
    struct loop_wake wake = gathered(loop);
    CHECK_NUMBER(wake.changed, changed);
    CHECK_NUMBER(wake.lost, 0);
}

static void expect_nothing(struct loop *loop)
{
    CHECK_NUMBER(loop_wait(loop, 150).reasons, LOOP_TIMEOUT);
}

static void nothing_happens_until_the_time_is_up(void)
{
    struct loop *loop = opened();
    uint64_t start = loop_now_ms(loop);
    CHECK_NUMBER(loop_wait(loop, 100).reasons, LOOP_TIMEOUT);
    uint64_t gone = loop_now_ms(loop) - start;
    CHECK(gone >= 80 && gone < SOON);
    CHECK_NUMBER(loop_wait(loop, 0).reasons, LOOP_TIMEOUT);
    closed(loop);
    loop_close(NULL);
}

static void files_are_noticed(void)
{
    struct loop *loop = opened();
    CHECK_NUMBER(loop_watch(loop, 0, in_folder("Policy.ini")), OS_OK);
    CHECK_NUMBER(loop_watch(loop, 31, in_folder("other \xc3\xa4.log")), OS_OK);
    CHECK_NUMBER(loop_watch(loop, LOOP_IDS, in_folder("x")), OS_UNSUPPORTED);
    expect_nothing(loop);
    put(in_folder("policy.INI"), "one", CREATE_NEW); /* names have no case */
    expect_changed(loop, 1);
    put(in_folder("Policy.ini"), "two", OPEN_EXISTING);
    expect_changed(loop, 1);
    put(in_folder("other \xc3\xa4.log"), "x", CREATE_NEW);
    expect_changed(loop, UINT32_C(1) << 31);
    put(in_folder("new"), "three", CREATE_NEW);
    expect_nothing(loop);
    move_file(in_folder("new"), in_folder("Policy.ini"));
    expect_changed(loop, 1);
    put(in_folder("Policy.ini"), "more", OPEN_EXISTING);
    expect_changed(loop, 1);
    move_file(in_folder("Policy.ini"), in_folder("old"));
    expect_changed(loop, 1);
    put(in_folder("old"), "more", OPEN_EXISTING);
    expect_nothing(loop);
    delete_file(in_folder("other \xc3\xa4.log"));
    expect_changed(loop, UINT32_C(1) << 31);
    loop_unwatch(loop, 0);
    loop_unwatch(loop, LOOP_IDS);
    put(in_folder("Policy.ini"), "again", CREATE_NEW);
    expect_nothing(loop);
    closed(loop);
}

static void floods_are_one_wake(void)
{
    struct loop *loop = opened();
    CHECK_NUMBER(loop_watch(loop, 2, in_folder("file")), OS_OK);
    for (int i = 0; i < 400; i++) {
        char name[32];
        snprintf(name, sizeof name, "a rather long name %d", i);
        put(in_folder(name), "x", CREATE_NEW);
    }
    put(in_folder("file"), "x", CREATE_NEW);
    expect_changed(loop, 4);
    closed(loop);
}

static void missing_directories_are_said(void)
{
    struct loop *loop = opened();
    CHECK_NUMBER(loop_watch(loop, 0, in_folder("no/file")), OS_NOT_FOUND);
    make_folder(in_folder("no"));
    CHECK_NUMBER(loop_watch(loop, 0, in_folder("no/file")), OS_OK);
    put(in_folder("no/file"), "x", CREATE_NEW);
    expect_changed(loop, 1);
    delete_file(in_folder("no/file"));
    loop_unwatch(loop, 0);
    remove_folder(in_folder("no"));
    closed(loop);
}

static void handles_can_be_waited_for(void)
{
    struct loop *loop = opened();
    HANDLE first = CreateEventW(NULL, FALSE, FALSE, NULL); /* resets itself */
    HANDLE second = CreateEventW(NULL, FALSE, FALSE, NULL);
    CHECK_NUMBER(loop_watch_handle(loop, 1, (intptr_t)first), OS_OK);
    CHECK_NUMBER(loop_watch_handle(loop, 2, (intptr_t)second), OS_OK);
    CHECK_NUMBER(loop_watch_handle(loop, 3, 0), OS_UNSUPPORTED);
    SetEvent(first);
    SetEvent(second);
    CHECK_NUMBER(loop_wait(loop, -1).changed, 6);
    CHECK_NUMBER(loop_wait(loop, 20).reasons, LOOP_TIMEOUT);
    SetEvent(second);
    CHECK_NUMBER(loop_wait(loop, SOON).changed, 4);
    loop_unwatch(loop, 2);
    SetEvent(second);
    CHECK_NUMBER(loop_wait(loop, 20).reasons, LOOP_TIMEOUT);
    closed(loop);
    CloseHandle(first);
    CloseHandle(second);
}

static void requests_stop_it(void)
{
    struct loop *loop = opened();
    loop_stop(loop);
    struct loop_wake wake = loop_wait(loop, -1);
    CHECK_NUMBER(wake.reasons, LOOP_STOP);
    CHECK_NUMBER(wake.stop, LOOP_STOP_ASKED);
    CHECK_NUMBER(loop_wait(loop, -1).stop, LOOP_STOP_ASKED);
    closed(loop);
}

static void typed_lines_come_one_by_one(void)
{
    HANDLE ours = NULL;
    HANDLE theirs = NULL;
    HANDLE kept = GetStdHandle(STD_INPUT_HANDLE);
    DWORD wrote = 0;
    struct buf line = BUF_INIT;
    struct loop *loop = opened();
    CHECK(CreatePipe(&ours, &theirs, NULL, 0) != 0);
    SetStdHandle(STD_INPUT_HANDLE, ours);
    WriteFile(theirs, "y", 1, &wrote, NULL);
    CHECK_NUMBER(loop_wait(loop, 20).reasons, LOOP_TIMEOUT); /* nobody listens */
    loop_listen(loop, true);
    CHECK_NUMBER(loop_wait(loop, 100).reasons, LOOP_TIMEOUT); /* half a line */
    CHECK_NUMBER(loop_read_line(loop, &line), LOOP_LINE_NOT_YET);
    WriteFile(theirs, "es\r\nsecond\n\nlast", 16, &wrote, NULL);
    static const char *const lines[] = {"yes", "second", "", "last"};
    for (size_t i = 0; i < 4; i++) {
        if (i == 3) {
            CloseHandle(theirs);
        }
        CHECK_NUMBER(loop_wait(loop, SOON).reasons, LOOP_INPUT);
        CHECK_NUMBER(loop_read_line(loop, &line), LOOP_LINE);
        CHECK_TEXT(buf_text(&line), lines[i]);
    }
    CHECK_NUMBER(loop_wait(loop, SOON).reasons, LOOP_INPUT);
    CHECK_NUMBER(loop_read_line(loop, &line), LOOP_LINE_END);
    CHECK_NUMBER(loop_wait(loop, 20).reasons, LOOP_TIMEOUT);
    closed(loop);
    CloseHandle(ours);
    SetStdHandle(STD_INPUT_HANDLE, kept);
    buf_free(&line);
}

/* The loop is closed while its thread waits for a line, and another one while it does not. */
static void closing_does_not_wait_for_a_line(void)
{
    HANDLE ours = NULL;
    HANDLE theirs = NULL;
    HANDLE kept = GetStdHandle(STD_INPUT_HANDLE);
    struct loop *loop = opened();
    CHECK(CreatePipe(&ours, &theirs, NULL, 0) != 0);
    SetStdHandle(STD_INPUT_HANDLE, ours);
    loop_listen(loop, true);
    loop_listen(loop, false);
    closed(loop);
    CloseHandle(theirs); /* now the thread's read ends, and it cleans up */
    Sleep(100);
    loop = opened();
    loop_listen(loop, true);
    CHECK_NUMBER(loop_wait(loop, SOON).reasons, LOOP_INPUT);
    closed(loop);
    CloseHandle(ours);
    SetStdHandle(STD_INPUT_HANDLE, kept);
}

static void clocks_tell_the_time(void)
{
    char boot[BOOT_IDENTITY_SIZE];
    char again[BOOT_IDENTITY_SIZE];
    SYSTEMTIME system;
    FILETIME file;
    GetSystemTime(&system);
    CHECK(SystemTimeToFileTime(&system, &file) != 0);
    uint64_t now = (uint64_t)file.dwHighDateTime << 32 | file.dwLowDateTime;
    CHECK(clock_now() - now + 10000000 < 30000000);
    CHECK(boot_identity(boot));
    Sleep(50);
    CHECK(boot_identity(again));
    CHECK_TEXT(boot, again);
    CHECK(strncmp(boot, "boot-01", 7) == 0); /* a time after 1828 and before 2057 */
}

static void arguments_are_utf8(void)
{
    char **args = NULL;
    int count = args_get(0, NULL, &args);
    CHECK(count >= 1);
    CHECK(count >= 1 && args[count] == NULL && strstr(args[0], "test_loop_win32") != NULL);
    args_free(args);
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"nothing happens until the time is up", nothing_happens_until_the_time_is_up},
        {"files are noticed", files_are_noticed},
        {"floods are one wake", floods_are_one_wake},
        {"missing directories are said", missing_directories_are_said},
        {"handles can be waited for", handles_can_be_waited_for},
        {"requests stop it", requests_stop_it},
        {"typed lines come one by one", typed_lines_come_one_by_one},
        {"closing does not wait for a line", closing_does_not_wait_for_a_line},
        {"clocks tell the time", clocks_tell_the_time},
        {"arguments are UTF-8", arguments_are_utf8},
    };
    return RUN_SUITE("loop", cases);
}
