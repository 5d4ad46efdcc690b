/* The numbers of what stands in the resources: the code has numbers, tray_english.rc the texts, and
 * a translation is one more file with the same numbers. Between the groups there is room. */
#ifndef WATCHER_NOTIFY_TRAY_IDS_WIN32_H
#define WATCHER_NOTIFY_TRAY_IDS_WIN32_H

/* Icons, in the order of enum notify_face. The first icon of an exe is the one that it has in
 * Explorer. */
#define IDI_FACES 101

#define IDM_TRAY    201
#define IDM_STATUS  211
#define IDM_PATCH   212
#define IDM_RESTORE 213
#define IDM_POLICY  214
#define IDM_AUDIT   215
#define IDM_RESTART 216
#define IDM_EXIT    217

#define IDD_STATUS  301
#define IDD_PATCH   302
#define IDD_CONFIRM 303
#define IDD_RESTART 304
#define IDD_GRACE   305
#define IDD_NOTE    306

/* In the dialogs. The harmless button is IDCANCEL in each, so that Esc and closing the window do
 * the same. */
#define IDC_TEXT         401
#define IDC_YES          402
#define IDC_NEVER        403
#define IDC_LIMIT        404
#define IDC_HINT         405
#define IDC_FACE         406
#define IDC_LABEL        407
#define IDC_COPY         411
#define IDC_STATE        421 /* the lines of the status window; the label of N is N + 20 */
#define IDC_PRESENT      422
#define IDC_ROOT         423
#define IDC_EVENTS       424
#define IDC_BURST        425
#define IDC_POLICY       426
#define IDC_AUDIT        427
#define IDC_TOLD         428
#define IDC_LINES_END    429
#define IDC_LABEL_OFFSET 20

/* Texts. */
#define IDS_TITLE 501
#define IDS_FACES 511 /* four, in the order of enum notify_face */

/* The tooltip: + 1 where the limit is known, + 2 where there was an event.
 * %1 state, %2 limit, %3 time of the last event, %4 number of events */
#define IDS_TIP 521

#define IDS_TIME 531 /* %1 year, %2 month, %3 day, %4 hour, %5 minute, %6 second */
#define IDS_DAY  532 /* the same, shown with hour and minute alone */
#define IDS_TOLD 533 /* %1 time, %2 sentences */
#define IDS_MORE 534 /* a balloon: %1 sentences, %2 how many were left out */
#define IDS_LINE 535 /* of what is copied: %1 label, %2 value */

#define IDS_UNKNOWN   541
#define IDS_NO_ROOT   542
#define IDS_EVENTS    543 /* %1 number, %2 time of the last */
#define IDS_NO_EVENTS 544
#define IDS_BURST     545 /* %1 number of events, %2 computer, %3 time of the first, %4 of the last */
#define IDS_NO_BURST  546
#define IDS_BUILT_IN  547

#define IDS_NO_POLICY      551 /* %1 where one may be put */
#define IDS_NO_POLICY_HERE 552 /* there is no such place */
#define IDS_NO_AUDIT       553 /* %1 where it is going to be */
#define IDS_CANNOT_OPEN    554 /* %1 path, %2 Windows' number of the error */

#define IDS_LIMIT_HINT  561 /* %1 the policy's most */
#define IDS_LIMIT_WRONG 562 /* %1 least, %2 most */
#define IDS_SET_ABOVE   563
#define IDS_PUT_BACK    564
#define IDS_ELSEWHERE   565

#define IDS_REMIND_SECONDS 571 /* %1 number */
#define IDS_REMIND_MINUTE  572
#define IDS_REMIND_MINUTES 573 /* %1 number */
#define IDS_REMIND_HOUR    574
#define IDS_REMIND_HOURS   575 /* %1 number */
#define IDS_SECONDS_LEFT   576 /* %1 number */
#define IDS_NO_TIME_LEFT   577

#endif
