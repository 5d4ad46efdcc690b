/* A window that nobody sees, with an icon in the taskbar, and nothing else: what every such program
 * has in its memory, so that it can be told from what the tray adds. Ends with WM_CLOSE. */
#include <windows.h>

#include <shellapi.h>

static LRESULT CALLBACK answer(HWND window, UINT message, WPARAM w, LPARAM l)
{
    if (message == WM_DESTROY) {
        PostQuitMessage(0);
        return 0;
    }
    return DefWindowProcA(window, message, w, l);
}

int main(void)
{
    WNDCLASSA class = {
        .lpfnWndProc = answer, .hInstance = GetModuleHandleA(NULL), .lpszClassName = "idle-window"};
    HWND window = RegisterClassA(&class) != 0
                      ? CreateWindowA("idle-window", "idle window", WS_OVERLAPPED, 0, 0, 0, 0, NULL,
                                      NULL, class.hInstance, NULL)
                      : NULL;
    NOTIFYICONDATAA icon = {.cbSize = sizeof icon,
                            .hWnd = window,
                            .uID = 1,
                            .uFlags = NIF_ICON | NIF_TIP,
                            .hIcon = LoadIconA(NULL, MAKEINTRESOURCEA(32512)), /* IDI_APPLICATION */
                            .szTip = "idle window"};
    MSG message;
    if (window == NULL) {
        return 1;
    }
    (void)Shell_NotifyIconA(NIM_ADD, &icon);
    while (GetMessageA(&message, NULL, 0, 0) > 0) {
        DispatchMessageA(&message);
    }
    (void)Shell_NotifyIconA(NIM_DELETE, &icon);
    return 0;
}
