/* Finds windows as a user would see them, so that a test can click where they are. See usage(). */
#include "wide_win32.h"

#include <windows.h>

#include <fcntl.h>
#include <io.h>
#include <shellapi.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_UNITS = 4096 };

static int usage(void)
{
    (void)fputs(
        "usage: find_window COMMAND [TITLE [TEXT]]\n"
        "\n"
        "  at TITLE [TEXT]    where the middle is of the visible window with that title, or of "
        "the\n"
        "                     control in it with that text: X Y\n"
        "  rectangle TITLE    its place: X Y WIDTH HEIGHT\n"
        "  text TITLE ID      the text of the control with that number\n"
        "  focus TITLE        the text of the control that the keyboard would go to in that "
        "window\n"
        "  front              the title of the window that has the keyboard\n"
        "  icon               where the middle of the icon in the taskbar is, at its end: X Y\n"
        "  menu TEXT          where the item of the open menu is that contains the text: X Y "
        "STATE\n"
        "  press TITLE TEXT   waits for the window, and presses the control in the same moment\n"
        "  close CLASS        sends WM_CLOSE to the window of that class\n"
        "  logoff CLASS       asks that window whether the session may end, and ends it for it\n"
        "  drop CLASS         takes that window's icon out of the taskbar\n"
        "  taskbar            says to all windows that there is a new taskbar\n"
        "  count CLASS        GDI objects, USER objects and handles of that window's process; "
        "\"-\"\n"
        "                     for what Wine does not count\n"
        "  list               every window, for whoever writes a test\n"
        "\n"
        "Exit status 1: there is no such window.\n",
        stderr);
    return 2;
}

static void print_middle(HWND window)
{
    RECT place = {0};
    (void)GetWindowRect(window, &place);
    printf("%ld %ld\n", (place.left + place.right) / 2, (place.top + place.bottom) / 2);
}

/* ---- windows by title or text ---- */

struct wanted {
    const wchar_t *text;
    HWND found;
};

static BOOL CALLBACK match_text(HWND window, LPARAM context)
{
    struct wanted *wanted = (struct wanted *)context;
    wchar_t text[TEXT_UNITS];
    text[0] = L'\0';
    (void)SendMessageTimeoutW(window, WM_GETTEXT, TEXT_UNITS, (LPARAM)text, SMTO_ABORTIFHUNG, 2000,
                              NULL);
    if (IsWindowVisible(window) && wcscmp(text, wanted->text) == 0) {
        wanted->found = window;
    }
    return wanted->found == NULL;
}

static HWND by_title(const wchar_t *title)
{
    struct wanted wanted = {title, NULL};
    (void)EnumWindows(match_text, (LPARAM)&wanted);
    return wanted.found;
}

static HWND by_text(HWND window, const wchar_t *text)
{
    struct wanted wanted = {text, NULL};
    if (window != NULL) {
        (void)EnumChildWindows(window, match_text, (LPARAM)&wanted);
    }
    return wanted.found;
}

static int say_text(HWND window)
{
    wchar_t text[TEXT_UNITS];
    struct buf utf8 = BUF_INIT;
    if (window == NULL) {
        return 1;
    }
    text[0] = L'\0';
    (void)SendMessageTimeoutW(window, WM_GETTEXT, TEXT_UNITS, (LPARAM)text, SMTO_ABORTIFHUNG, 2000,
                              NULL);
    wide_to_utf8(&utf8, text);
    puts(buf_text(&utf8));
    buf_free(&utf8);
    return 0;
}

static int say_focus(HWND window)
{
    GUITHREADINFO info = {.cbSize = sizeof info};
    if (window == NULL || !GetGUIThreadInfo(GetWindowThreadProcessId(window, NULL), &info)) {
        return 1;
    }
    return say_text(info.hwndFocus);
}

/* ---- the taskbar and menus ---- */

static void print_tree(HWND window, unsigned depth)
{
    wchar_t class[256];
    wchar_t title[256];
    RECT place = {0};
    (void)GetClassNameW(window, class, 256);
    title[0] = L'\0';
    (void)InternalGetWindowText(window, title, 256);
    (void)GetWindowRect(window, &place);
    printf("%*s%p %ls \"%ls\" id %d at %ld %ld to %ld %ld%s\n", (int)(2 * depth), "",
           (void *)window, class, title, (int)GetDlgCtrlID(window), place.left, place.top,
           place.right, place.bottom, IsWindowVisible(window) ? "" : " hidden");
    for (HWND child = GetWindow(window, GW_CHILD); child != NULL;
         child = GetWindow(child, GW_HWNDNEXT)) {
        print_tree(child, depth + 1);
    }
}

/* Only the place: what stands in another process's menu can be read from nowhere else. */
static int say_place(HWND window)
{
    RECT place = {0};
    if (window == NULL || !IsWindowVisible(window) || !GetWindowRect(window, &place)) {
        return 1;
    }
    printf("%ld %ld %ld %ld\n", place.left, place.top, place.right - place.left,
           place.bottom - place.top);
    return 0;
}

/* Wine draws the icons into the taskbar's own window, from its right end on. */
static int say_icon(void)
{
    RECT place = {0};
    HWND taskbar = FindWindowW(L"Shell_TrayWnd", NULL);
    if (taskbar == NULL || !GetWindowRect(taskbar, &place)) {
        return 1;
    }
    LONG half = (place.bottom - place.top) / 2;
    printf("%ld %ld\n", place.right - half, place.top + half);
    return 0;
}

static int press_at_once(const wchar_t *title, const wchar_t *text)
{
    for (int i = 0; i < 2000; i++) {
        HWND window = by_title(title);
        HWND control = window != NULL ? by_text(window, text) : NULL;
        if (control != NULL) {
            (void)SendMessageW(control, BM_CLICK, 0, 0);
            return 0;
        }
        Sleep(5);
    }
    return 1;
}

static int drop_icon(HWND window)
{
    NOTIFYICONDATAW data = {.cbSize = sizeof data, .hWnd = window, .uID = 1};
    return window != NULL && Shell_NotifyIconW(NIM_DELETE, &data) ? 0 : 1;
}

/* Wine answers GetProcessHandleCount with 0, but knows every handle of the system. */
static unsigned long count_handles(HANDLE process, DWORD id)
{
    typedef LONG(WINAPI * query)(int class, void *buffer, ULONG size, ULONG *used);
    enum { HANDLES = 16, MOST = 1 << 24 };
    struct entry {
        ULONG process;
        BYTE type, flags;
        USHORT handle;
        void *object;
        ULONG access;
    };
    struct {
        ULONG count;
        struct entry entries[];
    } *all = malloc(MOST);
    DWORD count = 0;
    query ask =
        (query)(void *)GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "NtQuerySystemInformation");
    if (GetProcessHandleCount(process, &count) == 0 || count == 0) {
        count = 0;
        if (all != NULL && ask != NULL && ask(HANDLES, all, MOST, NULL) == 0) {
            for (ULONG i = 0; i < all->count; i++) {
                count += all->entries[i].process == id;
            }
        }
    }
    free(all);
    return count;
}

static void print_count(unsigned long count)
{
    if (count > 0) {
        printf("%lu ", count);
    } else {
        printf("- ");
    }
}

static int say_count(HWND window)
{
    DWORD process = 0;
    if (window == NULL) {
        return 1;
    }
    (void)GetWindowThreadProcessId(window, &process);
    HANDLE opened = OpenProcess(PROCESS_QUERY_INFORMATION, FALSE, process);
    if (opened == NULL) {
        return 1;
    }
    print_count(GetGuiResources(opened, GR_GDIOBJECTS));
    print_count(GetGuiResources(opened, GR_USEROBJECTS));
    print_count(count_handles(opened, process));
    puts("");
    CloseHandle(opened);
    return 0;
}

static int log_off(HWND window)
{
    if (window == NULL || SendMessageW(window, WM_QUERYENDSESSION, 0, 0) == 0) {
        return 1;
    }
    (void)SendMessageW(window, WM_ENDSESSION, TRUE, 0);
    return 0;
}

/* ---- the commands ---- */

static int run(const char *command, const wchar_t *first, const wchar_t *second)
{
    if (strcmp(command, "list") == 0) {
        print_tree(GetDesktopWindow(), 0);
        return 0;
    }
    if (strcmp(command, "front") == 0) {
        return say_text(GetForegroundWindow());
    }
    if (strcmp(command, "icon") == 0) {
        return say_icon();
    }
    if (strcmp(command, "menu") == 0) {
        return say_place(FindWindowW(L"#32768", NULL));
    }
    if (strcmp(command, "taskbar") == 0) {
        return PostMessageW(HWND_BROADCAST, RegisterWindowMessageW(L"TaskbarCreated"), 0, 0) ? 0
                                                                                             : 1;
    }
    if (first == NULL) {
        return usage();
    }
    if (strcmp(command, "close") == 0) {
        HWND window = FindWindowW(first, NULL);
        return window != NULL && PostMessageW(window, WM_CLOSE, 0, 0) ? 0 : 1;
    }
    if (strcmp(command, "logoff") == 0) {
        return log_off(FindWindowW(first, NULL));
    }
    if (strcmp(command, "drop") == 0) {
        return drop_icon(FindWindowW(first, NULL));
    }
    if (strcmp(command, "press") == 0 && second != NULL) {
        return press_at_once(first, second);
    }
    if (strcmp(command, "count") == 0) {
        return say_count(FindWindowW(first, NULL));
    }
    HWND window = by_title(first);
    if (strcmp(command, "focus") == 0) {
        return say_focus(window);
    }
    if (strcmp(command, "text") == 0 && second != NULL) {
        return say_text(window != NULL ? GetDlgItem(window, (int)wcstol(second, NULL, 10)) : NULL);
    }
    if (strcmp(command, "rectangle") == 0) {
        return say_place(window);
    }
    if (strcmp(command, "at") == 0) {
        window = second != NULL ? by_text(window, second) : window;
        if (window != NULL) {
            print_middle(window);
            return 0;
        }
    }
    return 1;
}

int main(int argc, char **argv)
{
    if (argc < 2 || argc > 4) {
        return usage();
    }
    (void)_setmode(_fileno(stdout), _O_BINARY); /* scripts want plain line ends */
    wchar_t *first = argc > 2 ? wide_from_utf8(argv[2]) : NULL;
    wchar_t *second = argc > 3 ? wide_from_utf8(argv[3]) : NULL;
    int result = run(argv[1], first, second);
    free(second);
    free(first);
    return result;
}
