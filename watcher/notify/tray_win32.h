/* The tray: an icon with a balloon, a menu, a window with the state, and dialogs that ask. */
#ifndef WATCHER_NOTIFY_TRAY_WIN32_H
#define WATCHER_NOTIFY_TRAY_WIN32_H

#include "notify.h"

#include <stdbool.h>

/* The class of the tray's hidden window. WM_CLOSE to it is a request to stop. */
#define TRAY_WINDOW_CLASS L"tcpipwatch-tray"

/* Starts the tray in a thread of its own. What is told and asked is also told on `console`, which
 * has to outlive the tray. False with a sentence in `why` when there is no desktop for it. */
bool tray_open(struct console *console, struct notifier *out, struct buf *why);

#endif
