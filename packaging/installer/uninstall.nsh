; The uninstaller. Included by tcpipwatch.nsi. Exit codes as there; NSIS runs it from a copy in the
; temporary folder, so that whoever wants the exit code starts it with _?=FOLDER, the folder where
; it is installed, as its last switch, and from a copy of his own.

Function un.read_switches
  Call un.find_log
  ${GetParameters} $rest
  ${Do}
    Call un.next_word
    Pop $detail
    ${If} $detail == ""
      ${ExitDo}
    ${EndIf}
    Call un.is_common_switch
    Pop $0
    ${If} $0 == yes
      ; nothing more to do
    ${ElseIf} $detail S== "/RESTORE"
      StrCpy $restore 1
    ${ElseIf} $detail S== "/PURGE"
      StrCpy $purge 1
    ${Else}
      Push "$(UN_UNKNOWN_SWITCH)"
      Call un.refuse
    ${EndIf}
  ${Loop}
FunctionEnd

; Whether a line of the status, in $3, has the words on the stack; pushes yes or no.
Function un.line_has
  Exch $4
  ClearErrors
  ${WordFind} "$3" "$4" "E+1{" $4
  ${If} ${Errors}
    StrCpy $4 no
  ${Else}
    StrCpy $4 yes
  ${EndIf}
  Exch $4
FunctionEnd

; Sets $changed, $waits, and $detail to the exit status of tcpippatch. Its lines go by a file, since
; nsExec keeps less than three of them. A line longer than NSIS reads has what counts in its first part.
Function un.read_status
  StrCpy $changed 0
  StrCpy $waits 0
  InitPluginsDir
  ExpandEnvStrings $0 "%COMSPEC%"
  nsExec::Exec '"$0" /c ""$INSTDIR\tcpippatch.exe" status --json > "$PLUGINSDIR\status.json""'
  Pop $detail
  FileOpen $2 "$PLUGINSDIR\status.json" r
  ${Do}
    ClearErrors
    FileRead $2 $3
    ${If} ${Errors}
      ${ExitDo}
    ${EndIf}
    Push '"status":"patched"'
    Call un.line_has
    Pop $0
    ${If} $0 == yes
      StrCpy $changed 1
    ${EndIf}
    Push '"rate_limiting_changed":true'
    Call un.line_has
    Pop $0
    ${If} $0 == yes
      StrCpy $changed 1
    ${EndIf}
    Push '"next_boot_limit":'
    Call un.line_has
    Pop $0
    ${If} $0 == yes
      StrCpy $changed 1
      StrCpy $waits 1
    ${EndIf}
  ${Loop}
  FileClose $2
FunctionEnd

; Interrupted work is finished or undone first.
Function un.look_at_limit
  Call un.read_status
  ${If} $detail = 4
    Push '"$INSTDIR\tcpippatch.exe" recover'
    Call un.run_program
    ${If} $detail != 0
      Push "$(INTERRUPTED)"
      Call un.refuse
    ${EndIf}
    Call un.read_status
  ${EndIf}
FunctionEnd

Function un.onInit
  StrCpy $restore 0
  StrCpy $purge 0
  Call un.read_switches
  Call un.look_around
  ; A copy that is started somewhere else takes that folder for the one to remove.
  ReadRegStr $where HKLM "${UNINSTALL_KEY}" "InstallLocation"
  ${If} $where != $INSTDIR
    Push "$(NOT_HERE)"
    Call un.refuse
  ${EndIf}
  Call un.look_at_limit
FunctionEnd

; ---- the page ----
!define restore_button $tray_button
!define purge_button $service_button

Function un.page
  !insertmacro MUI_HEADER_TEXT "$(UN_TITLE)" "$(UN_SUBTITLE)"
  nsDialogs::Create 1018
  Pop $0
  ${NSD_CreateLabel} 0 0 100% 10u "$(UN_PLACE)"
  Pop $0
  ${NSD_CreateLabel} 12u 12u 280u 18u "$INSTDIR"
  Pop $0
  ${If} $changed = 1
    ${NSD_CreateLabel} 0 36u 100% 18u "$(UN_CHANGED)"
    Pop $0
    ${NSD_CreateCheckBox} 0 56u 100% 12u "$(UN_RESTORE)"
    Pop ${restore_button}
    ${NSD_Check} ${restore_button}
    ${NSD_SetFocus} ${restore_button}
  ${Else}
    ${NSD_CreateLabel} 0 36u 100% 18u "$(UN_UNCHANGED)"
    Pop $0
  ${EndIf}
  ${NSD_CreateCheckBox} 0 80u 100% 12u "$(UN_PURGE)"
  Pop ${purge_button}
  ${If} $purge = 1
    ${NSD_Check} ${purge_button}
  ${EndIf}
  ${NSD_CreateLabel} 12u 94u 280u 27u "$(UN_PURGE_WORDS)"
  Pop $0
  nsDialogs::Show
FunctionEnd

Function un.page_left
  StrCpy $restore 0
  StrCpy $purge 0
  ${If} $changed = 1
    ${NSD_GetState} ${restore_button} $0
    ${If} $0 = ${BST_CHECKED}
      StrCpy $restore 1
    ${EndIf}
  ${EndIf}
  ${NSD_GetState} ${purge_button} $0
  ${If} $0 = ${BST_CHECKED}
    StrCpy $purge 1
  ${EndIf}
FunctionEnd

; ---- removing ----

Function un.restore_original
  ${If} $changed = 0
    Return
  ${EndIf}
  ${If} $restore = 1
    Push '"$INSTDIR\tcpippatch.exe" restore --yes'
    Call un.run_program
    ${If} $detail == 0
      Call un.read_status
      StrCpy $changed 0
      ${If} $waits = 1
        Push "$(RESTORED_LATER)"
      ${Else}
        Push "$(RESTORED)"
      ${EndIf}
      Call un.say
      Return
    ${EndIf}
    MessageBox MB_YESNO|MB_ICONEXCLAMATION|MB_DEFBUTTON2 "$(CANNOT_RESTORE)$\r$\n$\r$\n$(GO_ON_WITHOUT)" \
      /SD IDNO IDYES go_on
    Push "$(CANNOT_RESTORE)"
    Call un.say
    SetErrorLevel ${EXIT_FAILED}
    Abort "$(CANNOT_RESTORE)"
  ${EndIf}
go_on:
  Push "$(LIMIT_STAYS)"
  Call un.say
FunctionEnd

; The last line of the audit log, which is all that may be left: when it was removed, and whether
; the limit stays. The same members as those of audit_start() in patchcore/audit.c.
Function un.write_audit
  ${IfNot} ${FileExists} "$data\audit.jsonl"
    Return
  ${EndIf}
  System::Call '*(&i2, &i2, &i2, &i2, &i2, &i2, &i2, &i2) p .r0'
  System::Call 'kernel32::GetSystemTime(p r0)'
  System::Call '*$0(&i2 .r1, &i2 .r2, &i2, &i2 .r3, &i2 .r4, &i2 .r5, &i2 .r6, &i2 .r7)'
  System::Free $0
  IntFmt $1 "%04d" $1
  IntFmt $2 "%02d" $2
  IntFmt $3 "%02d" $3
  IntFmt $4 "%02d" $4
  IntFmt $5 "%02d" $5
  IntFmt $6 "%02d" $6
  IntFmt $7 "%03d" $7
  StrCpy $8 "false"
  ${If} $changed = 1
    StrCpy $8 "true"
  ${EndIf}
  ClearErrors
  FileOpen $0 "$data\audit.jsonl" a
  ${If} ${Errors}
    Return
  ${EndIf}
  ; A line that was torn is ended first.
  FileSeek $0 -1 END
  FileReadByte $0 $9
  ${IfNot} ${Errors}
  ${AndIf} $9 <> 10
    FileSeek $0 0 END
    FileWrite $0 "$\n"
  ${EndIf}
  FileSeek $0 0 END
  FileWrite $0 '{"time":"$1-$2-$3T$4:$5:$6.$70000Z","program":"uninstall","action":"uninstall","result":"done","limit_stays_changed":$8}$\n'
  FileClose $0
FunctionEnd

!define MOVEFILE_DELAY_UNTIL_REBOOT 4

; Journal and state of each Windows directory. What waits for the next start of Windows cannot be taken
; back without its journal, by an installation that comes before: then they go at that start, after it.
Function un.remove_roots
  ${If} $waits = 0
    RMDir /r "$data\roots"
    Return
  ${EndIf}
  FindFirst $0 $1 "$data\roots\*.*"
  ${DoUntil} $1 == ""
    ${If} $1 != "."
    ${AndIf} $1 != ".."
      FindFirst $2 $3 "$data\roots\$1\*.*"
      ${DoUntil} $3 == ""
        ${If} $3 != "."
        ${AndIf} $3 != ".."
          System::Call 'kernel32::MoveFileExW(w "$data\roots\$1\$3", p 0, i ${MOVEFILE_DELAY_UNTIL_REBOOT})'
        ${EndIf}
        FindNext $2 $3
      ${Loop}
      FindClose $2
      System::Call 'kernel32::MoveFileExW(w "$data\roots\$1", p 0, i ${MOVEFILE_DELAY_UNTIL_REBOOT})'
    ${EndIf}
    FindNext $0 $1
  ${Loop}
  FindClose $0
  System::Call 'kernel32::MoveFileExW(w "$data\roots", p 0, i ${MOVEFILE_DELAY_UNTIL_REBOOT})'
  ; Only if it is empty then.
  System::Call 'kernel32::MoveFileExW(w "$data", p 0, i ${MOVEFILE_DELAY_UNTIL_REBOOT})'
  Push "$(LATER_DATA)"
  Call un.say
FunctionEnd

Function un.remove_data
  Push "$INSTDIR\tcpipwatch-default.ini"
  Push "$data\tcpipwatch.ini"
  Call un.same_bytes
  Pop $0
  ${If} $0 == yes
    Delete "$data\tcpipwatch.ini"
  ${ElseIf} ${FileExists} "$data\tcpipwatch.ini"
    Push "$(KEPT_EDITED)"
    Call un.say
  ${EndIf}
  Delete "$data\tcpipwatch.ini.new"
  Delete "$data\instance"
  Delete "$data\tcpipwatch.lock"
  Call un.remove_roots
  ${If} $purge = 1
    Delete "$data\audit.jsonl"
    Delete "$data\rate-limiting"
    RMDir /r "$data\originals"
  ${EndIf}
  RMDir "$data"
  ${If} ${FileExists} "$data\audit.jsonl"
  ${OrIf} ${FileExists} "$data\originals\*.*"
    Push "$(KEPT_DATA)"
    Call un.say
  ${EndIf}
FunctionEnd

Function un.remove_programs
  !macro gone name
    Push "$INSTDIR\${name}"
    Call un.make_room
  !macroend
  !insertmacro gone tcpippatch.exe
  !insertmacro gone tcpipwatch.exe
  !insertmacro gone tcpipwatchw.exe
  !insertmacro gone tcpipwatch-default.ini
  !insertmacro gone README.txt
  !insertmacro gone LICENSE.txt
  !insertmacro gone NOTICE.txt
  !insertmacro gone tcpippatch.8.txt
  !insertmacro gone tcpipwatch.8.txt
  !insertmacro gone tcpipwatch.ini.5.txt
  !insertmacro gone uninstall.exe
  ; Only when it is empty: whatever else is in there is somebody's.
  SetOutPath "$TEMP"
  ${If} ${RebootFlag}
    RMDir /REBOOTOK "$INSTDIR"
    Push "$(LATER)"
    Call un.say
  ${Else}
    RMDir "$INSTDIR"
  ${EndIf}
FunctionEnd

Section Uninstall
  Call un.restore_original
  Call un.stop_tray
  Call un.stop_service
  DeleteRegValue HKLM "${RUN_KEY}" "tcpipwatch"
  Call un.write_audit
  Call un.remove_data
  Call un.remove_programs
  DeleteRegKey HKLM "${UNINSTALL_KEY}"
  Push "$(REMOVED)"
  Call un.say
SectionEnd
