; What the installer and the uninstaller share. NSIS wants the functions of the latter to be named
; "un." something: shared_functions is inserted once for each.

!define UNINSTALL_KEY "Software\Microsoft\Windows\CurrentVersion\Uninstall\tcpipwatch"
!define RUN_KEY "Software\Microsoft\Windows\CurrentVersion\Run"
!define SERVICE_KEY "SYSTEM\CurrentControlSet\Services\tcpipwatch"
; The class of the tray's hidden window; WM_CLOSE to it is a request to stop.
!define TRAY_CLASS "tcpipwatch-tray"
!define SYNCHRONIZE 0x00100000
; For administrators and the system alone, and nothing inherited, like owner_alone() in os_win32.c.
!define DATA_RIGHTS "D:P(A;OICI;FA;;;BA)(A;OICI;FA;;;SY)"
; The policy in it may be read by everybody: a limited user's tray would not start without it, and
; then says that it may not see what is done.
!define POLICY_RIGHTS "D:P(A;;FA;;;BA)(A;;FA;;;SY)(A;;FR;;;WD)"

; Exit codes. 1 is what NSIS gives when the user cancels.
!define EXIT_FAILED 2
!define EXIT_REFUSED 3

!macro shared_functions un

; The sentence on the stack goes to the list of details and to the file of /LOG=.
Function ${un}say
  Exch $0
  Push $1
  DetailPrint "$0"
  ${If} $log_file != ""
    FileOpen $1 "$log_file" a
    FileSeek $1 0 END
    FileWriteUTF16LE /BOM $1 "$0$\r$\n"
    FileClose $1
  ${EndIf}
  Pop $1
  Pop $0
FunctionEnd

; Ends with the sentence on the stack, before anything was done.
Function ${un}refuse
  Exch $0
  Push "$0"
  Call ${un}say
  MessageBox MB_OK|MB_ICONSTOP "$0" /SD IDOK
  SetErrorLevel ${EXIT_REFUSED}
  Quit
FunctionEnd

; Ends with the sentence on the stack, in the middle of the work.
Function ${un}give_up
  Exch $0
  Push "$0"
  Call ${un}say
  MessageBox MB_OK|MB_ICONSTOP "$0" /SD IDOK
  SetErrorLevel ${EXIT_FAILED}
  Abort "$0"
FunctionEnd

; Takes the first word off $rest and pushes it; a blank inside of quotation marks does not end it.
Function ${un}next_word
  Push $0 ; the word
  Push $1 ; a character
  Push $2 ; whether inside of quotation marks
  StrCpy $0 ""
  StrCpy $2 0
  ${Do}
    StrCpy $1 $rest 1
    ${If} $1 == ""
      ${ExitDo}
    ${EndIf}
    StrCpy $rest $rest "" 1
    ${If} $1 == '"'
      IntOp $2 1 - $2
    ${ElseIf} $1 == " "
    ${AndIf} $2 = 0
      ${If} $0 != ""
        ${ExitDo}
      ${EndIf}
    ${Else}
      StrCpy $0 "$0$1"
    ${EndIf}
  ${Loop}
  Pop $2
  Pop $1
  Exch $0
FunctionEnd

; Takes over /LOG=, before anything is said.
Function ${un}find_log
  Push $0
  Push $1
  ${GetParameters} $rest
  ${Do}
    Call ${un}next_word
    Pop $0
    ${If} $0 == ""
      ${ExitDo}
    ${EndIf}
    StrCpy $1 $0 5
    ${If} $1 S== "/LOG="
      StrCpy $log_file $0 "" 5
      Delete "$log_file"
    ${EndIf}
  ${Loop}
  Pop $1
  Pop $0
FunctionEnd

; Pushes yes when $detail is one of the switches of both. The first two are NSIS's own.
Function ${un}is_common_switch
  Push $0
  StrCpy $0 $detail 5
  ${If} $detail S== "/S"
  ${OrIf} $detail S== "/NCRC"
  ${OrIf} $0 S== "/LOG="
    StrCpy $0 yes
  ${Else}
    StrCpy $0 no
  ${EndIf}
  Exch $0
FunctionEnd

; What both have to know of the machine, and whether the user may do this at all.
Function ${un}look_around
  Push $0
  ; Another architecture than the usual two runs the 32-bit programs.
  StrCpy $is_x64 0
  ${If} ${RunningX64}
  ${AndIfNot} ${IsNativeARM64}
    StrCpy $is_x64 1
    ; Otherwise a 32-bit program gets another part of the registry. Of the files only those of
    ; system32 are redirected; this one touches none of them.
    SetRegView 64
  ${EndIf}
  ; As paths_default_data() has it.
  ReadEnvStr $data ALLUSERSPROFILE
  StrCpy $data "$data\Application Data\tcpipwatch"
  UserInfo::GetAccountType
  Pop $0
  ${If} $0 != "Admin"
    Push "$(NO_ADMIN)"
    Call ${un}refuse
  ${EndIf}
  Pop $0
FunctionEnd

; Runs one of the programs with the command line on the stack, without a window; what it prints goes
; to the details. Sets $detail to its exit status, or to "error".
Function ${un}run_program
  Exch $0
  Push $1
  nsExec::ExecToStack '$0'
  Pop $detail
  Pop $1
  ${If} $1 != ""
    Push "$1"
    Call ${un}say
  ${EndIf}
  Pop $1
  Pop $0
FunctionEnd

; Asks the tray icon of this session to close, and waits until its process has ended.
Function ${un}stop_tray
  Push $0
  Push $1
  FindWindow $0 "${TRAY_CLASS}"
  ${If} $0 <> 0
    StrCpy $tray_ran 1
    System::Call 'user32::GetWindowThreadProcessId(p r0, *i .r1)'
    System::Call 'kernel32::OpenProcess(i ${SYNCHRONIZE}, i 0, i r1) p .r1'
    System::Call 'user32::PostMessageW(p r0, i ${WM_CLOSE}, p 0, p 0)'
    Push "$(DID_STOP_TRAY)"
    Call ${un}say
    System::Call 'kernel32::WaitForSingleObject(p r1, i 15000) i .r0'
    System::Call 'kernel32::CloseHandle(p r1)'
    ${If} $0 <> 0
      Push "$(TRAY_STAYS)"
      Call ${un}say
    ${EndIf}
  ${EndIf}
  Pop $1
  Pop $0
FunctionEnd

; Stops and removes the service. Our own program does it, since it knows what it registered.
Function ${un}stop_service
  Push $0
  ${If} ${FileExists} "$INSTDIR\tcpipwatch.exe"
    Push '"$INSTDIR\tcpipwatch.exe" remove-service'
    Call ${un}run_program
    ClearErrors
    ReadRegDWORD $0 HKLM "${SERVICE_KEY}" "Start"
    ${IfNot} ${Errors}
    ${AndIf} $detail != 0
      Push "$(CANNOT_STOP_SERVICE)"
      Call ${un}give_up
    ${EndIf}
  ${EndIf}
  Pop $0
FunctionEnd

; Pushes yes when the files of the two paths on the stack are there and have the same bytes.
Function ${un}same_bytes
  Exch $0 ; path, then the one file
  Exch
  Exch $1 ; the other
  Push $2 ; a byte of each
  Push $3
  Push $4 ; whether a file has ended
  Push $5
  StrCpy $5 no
  ${If} ${FileExists} "$0"
  ${AndIf} ${FileExists} "$1"
    FileOpen $0 "$0" r
    FileOpen $1 "$1" r
    ${Do}
      ClearErrors
      FileReadByte $0 $2
      StrCpy $4 more
      ${If} ${Errors}
        StrCpy $4 end
        StrCpy $2 ""
      ${EndIf}
      ClearErrors
      FileReadByte $1 $3
      ${If} ${Errors}
        StrCpy $3 ""
      ${EndIf}
      ${If} $2 != $3
        ${ExitDo}
      ${EndIf}
      ${If} $4 == end
        StrCpy $5 yes
        ${ExitDo}
      ${EndIf}
    ${Loop}
    FileClose $0
    FileClose $1
  ${EndIf}
  StrCpy $0 $5
  Pop $5
  Pop $4
  Pop $3
  Pop $2
  Pop $1
  Exch $0
FunctionEnd

; Removes the file whose path is on the stack. A program that runs can be renamed but not deleted:
; then its name is free at once, and the rest goes at the next start of Windows.
Function ${un}make_room
  Exch $0
  Push $1
  ClearErrors
  Delete "$0"
  ${If} ${FileExists} "$0"
    System::Call 'kernel32::GetTickCount() i .r1'
    IntFmt $1 "%08x" $1
    Rename "$0" "$0.$1.old"
    Delete /REBOOTOK "$0.$1.old"
  ${EndIf}
  Pop $1
  Pop $0
FunctionEnd

!macroend
