/* The tray without a desktop: its texts, what goes between the threads, what the buttons mean. */
#include "check.h"

#include "base/wintime.h"
#include "notify/tray_ids_win32.h"
#include "notify/tray_queue_win32.h"
#include "notify/tray_text_win32.h"
#include "wide_win32.h"

#include <windows.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Compares, and frees a text that was made. */
static void check_wide(const wchar_t *got, const char *expected)
{
    struct buf text = BUF_INIT;
    wide_to_utf8(&text, got != NULL ? got : L"(null)");
    CHECK_TEXT(buf_text(&text), expected);
    buf_free(&text);
}

static void check_made(wchar_t *got, const char *expected)
{
    check_wide(got, expected);
    free(got);
}

/* ---- texts ---- */

static void texts_come_from_the_resources(void)
{
    wchar_t text[TRAY_STRING_UNITS];
    const wchar_t *inserts[TRAY_INSERTS] = {L"1", L"2", L"3", L"4", L"5", L"6"};
    for (unsigned id = IDS_TITLE; id <= IDS_NO_TIME_LEFT; id++) {
        tray_string(id, text); /* there are gaps */
    }
    static const unsigned all[] = {IDS_TITLE,
                                   IDS_FACES,
                                   IDS_FACES + 3,
                                   IDS_TIP,
                                   IDS_TIP + 3,
                                   IDS_TIME,
                                   IDS_DAY,
                                   IDS_TOLD,
                                   IDS_MORE,
                                   IDS_LINE,
                                   IDS_UNKNOWN,
                                   IDS_NO_ROOT,
                                   IDS_EVENTS,
                                   IDS_NO_EVENTS,
                                   IDS_BURST,
                                   IDS_NO_BURST,
                                   IDS_BUILT_IN,
                                   IDS_NO_POLICY,
                                   IDS_NO_POLICY_HERE,
                                   IDS_NO_AUDIT,
                                   IDS_CANNOT_OPEN,
                                   IDS_LIMIT_HINT,
                                   IDS_LIMIT_WRONG,
                                   IDS_SET_ABOVE,
                                   IDS_PUT_BACK,
                                   IDS_ELSEWHERE,
                                   IDS_SECONDS_LEFT,
                                   IDS_NO_TIME_LEFT};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        tray_string(all[i], text);
        CHECK(text[0] != L'\0');
    }
    tray_string(999, text);
    check_wide(text, "");
    check_made(tray_format(IDS_TIME, inserts), "1-2-3 4:5:6");
    check_made(tray_format_number(IDS_LIMIT_WRONG, 1, 16777214),
               "That is no limit: type a whole number from 1 to 16777214.");
    /* What is put in is not read as a format again. */
    check_made(tray_format_text(IDS_LINE, L"%2 %n", L"100%"), "%2 %n 100%");
}

static void text_is_cut_behind_a_word(void)
{
    static const struct {
        const wchar_t *text;
        size_t units;
        const char *cut;
    } cases[] = {
        {L"one two", 8, "one two"},
        {L"one two", 7, "one\xe2\x80\xa6"},
        {L"one two three", 10, "one two\xe2\x80\xa6"},
        {L"one two three", 9, "one two\xe2\x80\xa6"},
        {L"one two  three", 11, "one two\xe2\x80\xa6"},
        {L"one\ntwo", 6, "one\xe2\x80\xa6"},
        /* A word that alone is too long is cut where it has to be, never inside a character. */
        {L"abcdefghij", 6, "abcd\xe2\x80\xa6"},
        {L"abc\xd83d\xde00xyz", 6, "abc\xe2\x80\xa6"},
        {L"ab\xd83d\xde00xyz", 6, "ab\xf0\x9f\x98\x80\xe2\x80\xa6"},
        {L"", 4, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        wchar_t out[32];
        tray_cut(out, cases[i].units, cases[i].text);
        check_wide(out, cases[i].cut);
        CHECK(wcslen(out) < cases[i].units);
    }
}

static void text_from_outside_is_made_safe(void)
{
    check_made(tray_wide("a\nb\r\nc"), "a\r\nb\r\nc");
    check_made(tray_wide("a\x1b[1m"), "a\\x1b[1m");
    check_made(tray_wide("\xff"), "\xef\xbf\xbd");
    check_made(tray_wide("\xe2\x80\xae"), "\\u{202e}");
    check_made(tray_wide(""), "");
}

/* ---- the tooltip ---- */

static void the_tooltip_fits(void)
{
    wchar_t out[TRAY_TIP_UNITS];
    struct notify_view view = {.face = FACE_WATCHING};
    tray_tip(&view, out);
    check_wide(out, "tcpipwatch: watching. No event 4226 since the start");
    view.has_limit = true;
    view.limit = 10;
    tray_tip(&view, out);
    check_wide(out, "tcpipwatch: watching. Limit 10. No event 4226 since the start");

    /* 2026-11-25 19:03 in this machine's time zone */
    const SYSTEMTIME local = {.wYear = 2026, .wMonth = 11, .wDay = 25, .wHour = 19, .wMinute = 3};
    FILETIME time;
    FILETIME utc;
    CHECK(SystemTimeToFileTime(&local, &time) && LocalFileTimeToFileTime(&time, &utc));
    view.last_event = (uint64_t)utc.dwHighDateTime << 32 | utc.dwLowDateTime;
    view.events = 3;
    tray_tip(&view, out);
    check_wide(out,
               "tcpipwatch: watching. Limit 10. Last event 4226: 2026-11-25 19:03 (3 since the "
               "start)");
    view.face = FACE_BURST;
    view.limit = UINT32_MAX;
    view.events = UINT64_MAX;
    tray_tip(&view, out);
    CHECK(wcslen(out) < TRAY_TIP_UNITS);
    CHECK(wcsstr(out, L"(18446744073709551615 since the start)") != NULL);
    view.last_event = UINT64_MAX; /* no time that Windows knows */
    tray_tip(&view, out);
    CHECK(wcsstr(out, L"?") != NULL);
}

static void the_reminder_is_told_in_its_unit(void)
{
    check_made(tray_remind(45), "Remind me in 45 seconds");
    check_made(tray_remind(60), "Remind me in 1 minute");
    check_made(tray_remind(1800), "Remind me in 30 minutes");
    check_made(tray_remind(3600), "Remind me in 1 hour");
    check_made(tray_remind(5400), "Remind me in 90 minutes");
    check_made(tray_remind(86400), "Remind me in 24 hours");
}

/* ---- answers ---- */

static void only_whole_numbers_are_limits(void)
{
    static const struct {
        const wchar_t *text;
        uint32_t limit; /* 0: it is none */
    } cases[] = {{L"1", 1},        {L"100", 100},
                 {L" 200\t", 200}, {L"16777214", 16777214},
                 {L"16777215", 0}, {L"0", 0},
                 {L"", 0},         {L" ", 0},
                 {L"-5", 0},       {L"+5", 0},
                 {L"1.5", 0},      {L"12x", 0},
                 {L"0x10", 0},     {L"4294967297", 0},
                 {L"1 000", 0},    {L"\x0661", 0},
                 {L"00100", 100},  {L"99999999999999", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint32_t limit = 0;
        CHECK(tray_read_limit(cases[i].text, &limit) == (cases[i].limit != 0));
        CHECK_NUMBER(limit, cases[i].limit);
    }
}

/* Esc and closing a window are IDCANCEL, Enter where nothing has the focus is IDOK. */
static void no_key_is_a_yes(void)
{
    static const enum question_kind kinds[] = {QUESTION_PATCH, QUESTION_ABOVE_MAX, QUESTION_RESTORE,
                                               QUESTION_RESTART, QUESTION_GRACE};
    enum request_kind kind;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        CHECK(tray_answer(kinds[i], IDCANCEL, &kind));
        CHECK_NUMBER(kind, REQUEST_NO);
        CHECK(!tray_answer(kinds[i], IDOK, &kind));
        CHECK(!tray_answer(kinds[i], IDYES, &kind));
        CHECK(!tray_answer(kinds[i], IDC_LIMIT, &kind));
        CHECK(tray_answer(kinds[i], IDC_YES, &kind) == (kinds[i] != QUESTION_GRACE));
        CHECK(tray_answer(kinds[i], IDC_NEVER, &kind) == (kinds[i] == QUESTION_RESTART));
    }
    CHECK(tray_answer(QUESTION_RESTART, IDC_YES, &kind) && kind == REQUEST_YES);
    CHECK(tray_answer(QUESTION_RESTART, IDC_NEVER, &kind) && kind == REQUEST_NEVER);
    CHECK(!tray_answer(QUESTION_NONE, IDCANCEL, &kind));
}

/* ---- what the dialogs of the resources promise ---- */

/* Windows' form of a dialog in memory: the fixed part, then menu, class and title, then the font.
 */
static const WORD *skip_name(const WORD *at)
{
    if (*at == 0xffff) {
        return at + 2;
    }
    while (*at != 0) {
        at++;
    }
    return at + 1;
}

static const WORD *align(const WORD *at)
{
    return (const WORD *)(((uintptr_t)at + 3) & ~(uintptr_t)3);
}

enum { WORDS_OF_HEADER = 13, WORDS_OF_ITEM = 12 };

/* The first control that keys reach is the harmless button, and the only default one; none but the
 * buttons that the code knows are there, and no text has a letter that presses it. */
static void check_dialog(unsigned id)
{
    HRSRC found = FindResourceW(NULL, MAKEINTRESOURCEW(id), MAKEINTRESOURCEW(5)); /* RT_DIALOG */
    const WORD *at = found != NULL ? LockResource(LoadResource(NULL, found)) : NULL;
    DWORD first_stop = 0;
    CHECK(at != NULL);
    if (at == NULL) {
        return;
    }
    CHECK(at[0] == 1 && at[1] == 0xffff); /* DIALOGEX */
    unsigned items = at[8];
    const WORD *next = skip_name(skip_name(skip_name(at + WORDS_OF_HEADER))) + 3;
    next = skip_name(next);
    for (unsigned i = 0; i < items; i++) {
        const WORD *item = align(next);
        DWORD style = (DWORD)item[5] << 16 | item[4];
        DWORD number = (DWORD)item[11] << 16 | item[10];
        const WORD *title = skip_name(item + WORDS_OF_ITEM);
        bool button = item[WORDS_OF_ITEM] == 0xffff && item[WORDS_OF_ITEM + 1] == 0x80;
        for (const WORD *c = title; title[0] != 0xffff && *c != 0; c++) {
            CHECK(*c != '&');
        }
        if (button) {
            CHECK_NUMBER((style & 0xf) == BS_DEFPUSHBUTTON, number == IDCANCEL);
        }
        if ((style & WS_TABSTOP) != 0 && first_stop == 0) {
            first_stop = number;
        }
        const WORD *extra = skip_name(title);
        next = extra + 1 + (*extra + 1) / 2;
    }
    CHECK_NUMBER(first_stop, IDCANCEL);
}

static void the_harmless_button_is_the_first(void)
{
    check_dialog(IDD_PATCH);
    check_dialog(IDD_CONFIRM);
    check_dialog(IDD_RESTART);
    check_dialog(IDD_GRACE);
}

/* ---- balloons ---- */

static void balloons_are_put_together(void)
{
    struct tray_balloon balloon = {.shown = 0};
    wchar_t out[TRAY_BALLOON_UNITS];
    tray_balloon_add(&balloon, LEVEL_INFO, L"One. Two.");
    tray_balloon_add(&balloon, LEVEL_WARNING, L"Three.");
    tray_balloon_add(&balloon, LEVEL_INFO, L"Four.");
    CHECK_NUMBER(balloon.level, LEVEL_WARNING);
    CHECK_NUMBER(balloon.shown, 3);
    tray_balloon_take(&balloon, out);
    check_wide(out, "One.\nTwo.\nThree.\nFour.");
    CHECK_NUMBER(balloon.shown, 0);
    tray_balloon_add(&balloon, LEVEL_INFO, L"Five.");
    CHECK_NUMBER(balloon.level, LEVEL_INFO);
}

static void a_full_balloon_shows_the_newest(void)
{
    struct tray_balloon balloon = {.shown = 0};
    wchar_t out[TRAY_BALLOON_UNITS];
    wchar_t text[400];
    for (unsigned i = 0; i < 300; i++) {
        text[i] = i % 10 == 9 ? L' ' : L'a';
    }
    text[300] = L'\0';
    tray_balloon_add(&balloon, LEVEL_INFO, L"Old.");
    tray_balloon_add(&balloon, LEVEL_INFO, L"Older.");
    tray_balloon_add(&balloon, LEVEL_ERROR, text);
    CHECK_NUMBER(balloon.shown, 1);
    CHECK_NUMBER(balloon.left_out, 2);
    CHECK_NUMBER(balloon.level, LEVEL_ERROR);
    tray_balloon_take(&balloon, out);
    CHECK(wcslen(out) < TRAY_BALLOON_UNITS);
    CHECK(wcsncmp(out, L"aaaaaaaaa aaaaaaaaa", 19) == 0);
    CHECK(wcsstr(out, L"(2 more before this: see Status.)") != NULL);
    for (unsigned i = 0; i < 10000; i++) {
        tray_balloon_add(&balloon, LEVEL_INFO, L"The same sentence, once more.");
    }
    tray_balloon_take(&balloon, out);
    CHECK(wcslen(out) < TRAY_BALLOON_UNITS);
    CHECK(wcsstr(out, L"more before this") != NULL);
}

/* ---- the queue ---- */

static struct tray_told told(const char *text)
{
    return (struct tray_told){.level = LEVEL_INFO, .time = 1, .text = (char *)(uintptr_t)text};
}

static void news_are_announced_once(void)
{
    struct tray_queue queue;
    struct tray_news news;
    CHECK(tray_queue_open(&queue));
    struct tray_told one = told("One.");
    CHECK(tray_queue_tell(&queue, &one));
    CHECK(!tray_queue_tell(&queue, &one));
    const struct notify_view view = {.face = FACE_RESTART, .root = "W", .policy = "P"};
    CHECK(!tray_queue_show(&queue, &view));
    tray_queue_news(&queue, &news);
    CHECK_NUMBER(news.told.count, 2);
    CHECK_TEXT(tray_history_at(&news.told, 1)->text, "One.");
    CHECK_NUMBER(news.change, TRAY_QUESTION_SAME);
    CHECK(news.has_view);
    CHECK_TEXT(news.view.root, "W");
    CHECK(news.view.root != view.root);
    CHECK(news.view.audit == NULL);
    tray_news_free(&news);
    tray_queue_news(&queue, &news);
    CHECK(news.told.count == 0 && !news.has_view);
    tray_news_free(&news);
    CHECK(tray_queue_tell(&queue, &one));
    tray_queue_not_announced(&queue);
    CHECK(tray_queue_tell(&queue, &one));
    tray_queue_close(&queue);
}

static void the_last_question_counts(void)
{
    struct tray_queue queue;
    struct tray_news news;
    CHECK(tray_queue_open(&queue));
    const struct question first = {.kind = QUESTION_PATCH, .serial = 1, .text = "First?"};
    const struct question second = {.kind = QUESTION_RESTART, .serial = 2, .text = "Second?"};
    (void)tray_queue_ask(&queue, &first);
    (void)tray_queue_ask(&queue, &second);
    tray_queue_news(&queue, &news);
    CHECK_NUMBER(news.change, TRAY_QUESTION_ASKED);
    CHECK_NUMBER(news.question.serial, 2);
    CHECK_TEXT(news.question.text, "Second?");
    tray_news_free(&news);
    (void)tray_queue_ask(&queue, &first);
    (void)tray_queue_withdraw(&queue);
    tray_queue_news(&queue, &news);
    CHECK_NUMBER(news.change, TRAY_QUESTION_OVER);
    tray_news_free(&news);
    tray_queue_close(&queue);
}

static void old_sentences_make_room(void)
{
    struct tray_history history = {.count = 0};
    char text[TRAY_TOLD_BYTES + 100];
    for (unsigned i = 0; i < TRAY_TOLD_MOST + 7; i++) {
        snprintf(text, sizeof text, "%u", i);
        struct tray_told one = told(text);
        tray_history_add(&history, &one);
    }
    CHECK_NUMBER(history.count, TRAY_TOLD_MOST);
    CHECK_NUMBER(history.dropped, 7);
    CHECK_TEXT(tray_history_at(&history, 0)->text, "7");
    CHECK_TEXT(tray_history_at(&history, TRAY_TOLD_MOST - 1)->text, "106");
    /* A long one is cut, and not inside a character. */
    memset(text, 'a', sizeof text);
    memcpy(text + TRAY_TOLD_BYTES - 1, "\xc3\xa4", 2);
    text[sizeof text - 1] = '\0';
    struct tray_told longer = told(text);
    tray_history_add(&history, &longer);
    CHECK_NUMBER(strlen(tray_history_at(&history, TRAY_TOLD_MOST - 1)->text), TRAY_TOLD_BYTES - 1);
    tray_history_clear(&history);
    CHECK_NUMBER(history.count, 0);
}

static bool is_signalled(const struct tray_queue *queue)
{
    return WaitForSingleObject(queue->wanted, 0) == WAIT_OBJECT_0;
}

static void requests_are_taken_in_their_order(void)
{
    struct tray_queue queue;
    struct user_request request = {.kind = REQUEST_LIMIT, .serial = 7, .limit = 200};
    CHECK(tray_queue_open(&queue));
    CHECK(!is_signalled(&queue));
    CHECK(!tray_queue_take(&queue, &request));
    const struct user_request stop = {.kind = REQUEST_STOP};
    tray_queue_want(&queue, &stop);
    tray_queue_want(&queue, &request);
    CHECK(is_signalled(&queue));
    CHECK(tray_queue_take(&queue, &request)); /* an answer, though it came behind the end */
    CHECK(request.kind == REQUEST_LIMIT && request.serial == 7 && request.limit == 200);
    CHECK(is_signalled(&queue));
    CHECK(tray_queue_take(&queue, &request));
    CHECK_NUMBER(request.kind, REQUEST_STOP);
    CHECK(!tray_queue_take(&queue, &request));
    CHECK(!is_signalled(&queue));
    for (uint32_t i = 0; i < TRAY_REQUESTS + 3; i++) {
        request = (struct user_request){.kind = REQUEST_NO, .serial = i};
        tray_queue_want(&queue, &request);
    }
    CHECK(tray_queue_take(&queue, &request));
    CHECK_NUMBER(request.serial, 3);
    tray_queue_close(&queue);
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"texts come from the resources", texts_come_from_the_resources},
        {"text is cut behind a word", text_is_cut_behind_a_word},
        {"text from outside is made safe", text_from_outside_is_made_safe},
        {"the tooltip fits", the_tooltip_fits},
        {"the reminder is told in its unit", the_reminder_is_told_in_its_unit},
        {"only whole numbers are limits", only_whole_numbers_are_limits},
        {"no key is a yes", no_key_is_a_yes},
        {"the harmless button is the first", the_harmless_button_is_the_first},
        {"balloons are put together", balloons_are_put_together},
        {"a full balloon shows the newest", a_full_balloon_shows_the_newest},
        {"news are announced once", news_are_announced_once},
        {"the last question counts", the_last_question_counts},
        {"old sentences make room", old_sentences_make_room},
        {"requests are taken in their order", requests_are_taken_in_their_order},
    };
    return RUN_SUITE("tray_win32", cases);
}
