; Every text of the installer and the uninstaller, in English. Another language is another file like
; this one, included beside it, with its own LANG_ number and its own MUI_LANGUAGE.
;
; $how_text, $data, $where and $detail are set where the text is shown.
!define T "!insertmacro english_text"
!macro english_text name text
  LangString ${name} ${LANG_ENGLISH} "${text}"
!macroend

; ---- before anything is done ----
${T} TOO_OLD "This Windows is too old. tcpipwatch needs Windows XP with Service Pack 2, Windows Server 2003 with Service Pack 1, or a later Windows; older ones have no limit on half-open connections."
${T} NO_ADMIN "tcpipwatch is installed and removed by an administrator: log on as one, or use Run As."
${T} UNKNOWN_SWITCH "There is no switch $detail. Known are, in capitals:$\r$\n/S  silent: no window, no question$\r$\n/TRAY  run as a tray icon, started at the logon$\r$\n/SERVICE  run as a service$\r$\n/NEITHER  only the programs (the default with /S)$\r$\n/LOG=FILE  write what is done into a file$\r$\n/D=FOLDER  where to install; the last one, without quotation marks"
${T} UN_UNKNOWN_SWITCH "There is no switch $detail. Known are, in capitals:$\r$\n/S  silent: no window, no question$\r$\n/RESTORE  restore the original limit first$\r$\n/PURGE  also delete the audit log and the saved originals$\r$\n/LOG=FILE  write what is done into a file"
${T} TWO_WAYS "/TRAY, /SERVICE and /NEITHER exclude each other."
${T} ELSEWHERE "tcpipwatch is installed in $where. Uninstall it first to have it in another folder."
${T} FOREIGN_DATA "The folder $data belongs to somebody who is not an administrator; what is in it cannot be trusted. Delete it or move it away, and start again."

; ---- the page that asks how it shall run ----
${T} HOW_TITLE "How it runs"
${T} HOW_SUBTITLE "How shall tcpipwatch watch the System log?"
${T} HOW_TRAY "As a &tray icon, started at the logon"
${T} HOW_TRAY_WORDS "For a workstation: tells of bursts of event 4226, and asks, beside the clock."
${T} HOW_SERVICE "As a &service"
${T} HOW_SERVICE_WORDS "For a server: also watches while nobody is logged on, and does what the policy says."
${T} HOW_NEITHER "N&either: only the programs"
${T} HOW_NEITHER_WORDS "For the command line: tcpippatch and tcpipwatch."
${T} HOW_NOTE "Nothing is patched by installing it. All three can be changed by starting this setup again."

; ---- installing ----
${T} DID_STOP_TRAY "The tray icon was asked to close."
${T} TRAY_STAYS "The tray icon did not close in time; its program is replaced all the same."
${T} DID_PROGRAMS "The programs are in $INSTDIR."
${T} DID_POLICY "The policy is $data\tcpipwatch.ini."
${T} KEPT_POLICY "Kept: $data\tcpipwatch.ini; the policy of this version is tcpipwatch.ini.new beside it."
${T} DID_TRAY "The tray icon starts at the logon."
${T} DID_SERVICE "The service is registered and started."
${T} DID_NEITHER "Nothing starts by itself."
${T} CANNOT_DATA "The folder $data cannot be made (error $detail)."
${T} CANNOT_WRITE "$detail cannot be written."
${T} CANNOT_REGISTRY "The registry cannot be written."
${T} CANNOT_SERVICE "The service could not be registered and started (exit status $detail)."
${T} CANNOT_STOP_SERVICE "The service could not be stopped and removed (exit status $detail)."
${T} FINISH_TITLE "tcpipwatch is installed"
${T} FINISH_TEXT "$how_text$\r$\n$\r$\nThe policy is $data\tcpipwatch.ini: it says when something is done, and what."
${T} FINISH_RUN "Start the &tray icon now"

; ---- the uninstaller ----
${T} UN_TITLE "Uninstall tcpipwatch"
${T} UN_SUBTITLE "What shall happen to what it has changed and kept?"
${T} NOT_HERE "tcpipwatch is not installed in $INSTDIR. Run the uninstaller from where it is installed."
${T} UN_PLACE "The programs in this folder are removed, and the tray icon or the service with them:"
${T} UN_CHANGED "The limit on half-open connections has been changed, or will be at the next start of Windows. Without the programs it stays so."
${T} UN_UNCHANGED "The limit on half-open connections is the one that Windows came with, or this Windows has none."
${T} UN_RESTORE "&Restore the original limit first"
${T} UN_PURGE "Also delete the &audit log and the saved originals"
${T} UN_PURGE_WORDS "They are kept in $data otherwise. A policy that was edited is kept in any case."
${T} RESTORED "The original limit is restored; Windows keeps to it from its next start on."
${T} RESTORED_LATER "The original tcpip.sys is put back at the next start of Windows."
${T} LIMIT_STAYS "The limit stays changed. To undo it, install tcpipwatch again, and run: tcpippatch restore"
${T} CANNOT_RESTORE "The original limit could not be restored (exit status $detail)."
${T} GO_ON_WITHOUT "Uninstall all the same, and leave the limit as it is?"
${T} INTERRUPTED "An interrupted change could neither be finished nor undone (exit status $detail). Nothing is removed: run tcpippatch recover first."
${T} KEPT_DATA "The audit log and the saved originals are kept in $data."
${T} KEPT_EDITED "Kept: $data\tcpipwatch.ini, which was edited."
${T} REMOVED "tcpipwatch is removed."
${T} LATER_DATA "The journal of what waits for the next start of Windows goes after it."
${T} LATER "Some files are in use; they go at the next start of Windows."
