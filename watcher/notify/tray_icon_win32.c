/* The icon in the taskbar: its face, tooltip and balloons. */
#include "tray_parts_win32.h"

#include "tray_ids_win32.h"

/* With _WIN32_WINNT at XP it is the form of XP, which is the longest that XP takes. */
_Static_assert(sizeof(NOTIFYICONDATAW) == (sizeof(void *) == 8 ? 968 : 952),
               "NOTIFYICONDATAW is as XP knows it");

enum {
    ADD_MS = 2000,       /* between two tries while there is no taskbar */
    ADD_TRIES = 150,     /* then only a new taskbar's own message helps */
    BALLOON_MS = 15000,  /* one that Windows does not report the end of makes room for the next */
    BALLOON_MOST = 30000 /* how long Windows 2000 and XP show one at most */
};

bool tray_icon_load(struct tray *tray)
{
    bool loaded = true;
    for (unsigned i = 0; i < TRAY_FACES; i++) {
        tray->icons[i] = LoadImageW(GetModuleHandleW(NULL), MAKEINTRESOURCEW(IDI_FACES + i),
                                    IMAGE_ICON, GetSystemMetrics(SM_CXSMICON),
                                    GetSystemMetrics(SM_CYSMICON), LR_DEFAULTCOLOR);
        tray->large_icons[i] =
            LoadImageW(GetModuleHandleW(NULL), MAKEINTRESOURCEW(IDI_FACES + i), IMAGE_ICON,
                       GetSystemMetrics(SM_CXICON), GetSystemMetrics(SM_CYICON), LR_DEFAULTCOLOR);
        loaded = loaded && tray->icons[i] != NULL && tray->large_icons[i] != NULL;
    }
    return loaded;
}

void tray_icon_free(struct tray *tray)
{
    for (unsigned i = 0; i < TRAY_FACES; i++) {
        if (tray->icons[i] != NULL) {
            DestroyIcon(tray->icons[i]);
        }
        if (tray->large_icons[i] != NULL) {
            DestroyIcon(tray->large_icons[i]);
        }
    }
}

static NOTIFYICONDATAW icon_data(const struct tray *tray)
{
    return (NOTIFYICONDATAW){
        .cbSize = sizeof(NOTIFYICONDATAW), .hWnd = tray->window, .uID = TRAY_ICON_ID};
}

static NOTIFYICONDATAW whole_icon(const struct tray *tray)
{
    NOTIFYICONDATAW data = icon_data(tray);
    data.uFlags = NIF_MESSAGE | NIF_ICON | NIF_TIP;
    data.uCallbackMessage = TRAY_MESSAGE_ICON;
    data.hIcon = tray->icons[tray->view.face];
    tray_tip(&tray->view, data.szTip);
    return data;
}

void tray_icon_add(struct tray *tray)
{
    NOTIFYICONDATAW data = whole_icon(tray);
    /* A try that timed out may have come through all the same. */
    bool there = Shell_NotifyIconW(NIM_ADD, &data) != 0 || Shell_NotifyIconW(NIM_MODIFY, &data);
    if (!there) {
        tray->add_tries++;
        if (tray->add_tries < ADD_TRIES) {
            (void)SetTimer(tray->window, TRAY_TIMER_ADD, ADD_MS, NULL);
        } else {
            (void)KillTimer(tray->window, TRAY_TIMER_ADD);
        }
        return;
    }
    (void)KillTimer(tray->window, TRAY_TIMER_ADD);
    tray->add_tries = 0;
    tray->icon_shown = true;
    tray->balloon_up = false;
    tray->face_shown = tray->view.face;
    wmemcpy(tray->tip, data.szTip, TRAY_TIP_UNITS);
    data.uVersion = NOTIFYICON_VERSION;
    tray->old_messages = Shell_NotifyIconW(NIM_SETVERSION, &data) == 0;
    tray_icon_balloon_gone(tray);
}

void tray_icon_remove(struct tray *tray)
{
    NOTIFYICONDATAW data = icon_data(tray);
    if (tray->icon_shown) {
        (void)Shell_NotifyIconW(NIM_DELETE, &data);
        tray->icon_shown = false;
    }
}

void tray_icon_show(struct tray *tray)
{
    NOTIFYICONDATAW data = whole_icon(tray);
    if (tray->icon_shown &&
        (tray->face_shown != tray->view.face || wcscmp(tray->tip, data.szTip) != 0)) {
        tray->face_shown = tray->view.face;
        wmemcpy(tray->tip, data.szTip, TRAY_TIP_UNITS);
        (void)Shell_NotifyIconW(NIM_MODIFY, &data);
    }
}

static void show_balloon(struct tray *tray)
{
    NOTIFYICONDATAW data = icon_data(tray);
    wchar_t title[TRAY_STRING_UNITS];
    data.uFlags = NIF_INFO;
    data.uTimeout = BALLOON_MOST;
    data.dwInfoFlags = tray->balloon.level == LEVEL_ERROR     ? NIIF_ERROR
                       : tray->balloon.level == LEVEL_WARNING ? NIIF_WARNING
                                                              : NIIF_INFO;
    tray->balloon_level = tray->balloon.level;
    tray_string(IDS_TITLE, title);
    tray_cut(data.szInfoTitle, sizeof data.szInfoTitle / sizeof data.szInfoTitle[0], title);
    tray_balloon_take(&tray->balloon, data.szInfo);
    tray->balloon_up = Shell_NotifyIconW(NIM_MODIFY, &data) != 0;
    if (tray->balloon_up) {
        (void)SetTimer(tray->window, TRAY_TIMER_BALLOON, BALLOON_MS, NULL);
    }
}

void tray_icon_balloon(struct tray *tray)
{
    bool graver = tray->balloon.level < tray->balloon_level;
    if (tray->icon_shown && tray->balloon.shown > 0 && (!tray->balloon_up || graver)) {
        show_balloon(tray);
    }
}

void tray_icon_balloon_gone(struct tray *tray)
{
    (void)KillTimer(tray->window, TRAY_TIMER_BALLOON);
    tray->balloon_up = false;
    tray_icon_balloon(tray);
}

void tray_icon_timer(struct tray *tray, WPARAM timer)
{
    if (timer == TRAY_TIMER_ADD) {
        tray_icon_add(tray);
    } else if (timer == TRAY_TIMER_BALLOON) {
        tray_icon_balloon_gone(tray);
    }
}
