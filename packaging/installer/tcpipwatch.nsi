; The installer, built by packaging/installer.sh, which defines
;   VERSION, VERSION4  as in 1.2.3 and 1.2.3.0
;   STAGE              the folder with what is installed: x86\, x64\ and the papers
;   SIZE               the kilobytes of that, with the programs for one of the two
;   SETUP              the file to make
;   SIGN               the script that signs a file, where somebody has a certificate
;   TARGET             x86-unicode, except in tests
;   HERE               the folder of this file
;
; One setup program for 32-bit and 64-bit Windows, from XP SP2 on; per machine. Exit codes: 0 done,
; 1 the user cancelled, 2 failed, 3 refused before anything was done (too old a Windows, no
; administrator, a wrong switch, another folder than the one where it is installed already).
; Switches: see UNKNOWN_SWITCH in english.nsh.

Target ${TARGET}
Unicode true
!addincludedir "${HERE}"
!include MUI2.nsh
!include FileFunc.nsh
!include LogicLib.nsh
!include WinVer.nsh
!include WordFunc.nsh
!include x64.nsh

Name "tcpipwatch"
OutFile "${SETUP}"
SetCompressor /SOLID lzma
RequestExecutionLevel admin
ManifestSupportedOS all
ManifestDPIAware true
BrandingText "tcpipwatch ${VERSION}"
ShowInstDetails show
ShowUninstDetails show
; Without it a file that cannot be written is one that the user may skip.
AllowSkipFiles off

VIProductVersion "${VERSION4}"
VIAddVersionKey /LANG=1033 "ProductName" "tcpipwatch"
VIAddVersionKey /LANG=1033 "ProductVersion" "${VERSION}"
VIAddVersionKey /LANG=1033 "FileVersion" "${VERSION}"
VIAddVersionKey /LANG=1033 "FileDescription" "Installs tcpipwatch"
VIAddVersionKey /LANG=1033 "CompanyName" "${COMPANY}"
VIAddVersionKey /LANG=1033 "LegalCopyright" "${COPYRIGHT}"
VIAddVersionKey /LANG=1033 "InternalName" "${SETUP_NAME}"
VIAddVersionKey /LANG=1033 "OriginalFilename" "${SETUP_NAME}.exe"

!ifdef SIGN
  !uninstfinalize 'sh "${SIGN}" "%1"' = 0
  !finalize 'sh "${SIGN}" "%1"' = 0
!endif

Var how        ; tray, service or neither; empty: nothing was said
Var how_before ; the same for what is installed; empty: nothing is
Var how_text
Var service_options ; those of the service that is there, each after a blank
Var data       ; the data directory
Var where      ; where an older one is installed
Var detail     ; what a text names
Var rest       ; of the command line
Var log_file
Var is_x64
Var tray_ran
Var restore    ; 1: restore the original first
Var purge      ; 1: delete the audit log and the saved originals
Var changed    ; 1: the limit is not the original one, or will not be
Var waits      ; 1: a change or a restore waits for the next start of Windows
Var tray_button
Var service_button
Var neither_button

!include common.nsh
!insertmacro shared_functions ""
!insertmacro shared_functions "un."

; ---- the pages ----
!define MUI_ICON "${HERE}/../../watcher/notify/icons/watching.ico"
!define MUI_UNICON "${MUI_ICON}"
!define MUI_WELCOMEFINISHPAGE_BITMAP "${NSISDIR}/Contrib/Graphics/Wizard/nsis3-metro.bmp"
!define MUI_CUSTOMFUNCTION_ABORT cancelled
!define MUI_CUSTOMFUNCTION_UNABORT un.cancelled
!insertmacro MUI_PAGE_LICENSE "${STAGE}/LICENSE.txt"
Page custom how_page how_page_left
!define MUI_PAGE_CUSTOMFUNCTION_PRE directory_page
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!define MUI_FINISHPAGE_TITLE "$(FINISH_TITLE)"
!define MUI_FINISHPAGE_TEXT "$(FINISH_TEXT)"
!define MUI_FINISHPAGE_TEXT_LARGE
!define MUI_FINISHPAGE_RUN
!define MUI_FINISHPAGE_RUN_TEXT "$(FINISH_RUN)"
!define MUI_FINISHPAGE_RUN_FUNCTION start_tray
!define MUI_PAGE_CUSTOMFUNCTION_SHOW finish_page
!insertmacro MUI_PAGE_FINISH
UninstPage custom un.page un.page_left
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "English"
!include english.nsh

Function cancelled
  SetErrorLevel 1
FunctionEnd

Function un.cancelled
  SetErrorLevel 1
FunctionEnd

Function how_page
  !insertmacro MUI_HEADER_TEXT "$(HOW_TITLE)" "$(HOW_SUBTITLE)"
  nsDialogs::Create 1018
  Pop $0
  ${NSD_CreateRadioButton} 0 0 100% 12u "$(HOW_TRAY)"
  Pop $tray_button
  ${NSD_CreateLabel} 12u 13u 280u 18u "$(HOW_TRAY_WORDS)"
  Pop $0
  ${NSD_CreateRadioButton} 0 36u 100% 12u "$(HOW_SERVICE)"
  Pop $service_button
  ${NSD_CreateLabel} 12u 49u 280u 18u "$(HOW_SERVICE_WORDS)"
  Pop $0
  ${NSD_CreateRadioButton} 0 72u 100% 12u "$(HOW_NEITHER)"
  Pop $neither_button
  ${NSD_CreateLabel} 12u 85u 280u 18u "$(HOW_NEITHER_WORDS)"
  Pop $0
  ${NSD_CreateLabel} 0 112u 100% 18u "$(HOW_NOTE)"
  Pop $0
  ${If} $how == service
    StrCpy $0 $service_button
  ${ElseIf} $how == neither
    StrCpy $0 $neither_button
  ${Else}
    StrCpy $0 $tray_button
  ${EndIf}
  ${NSD_Check} $0
  ${NSD_SetFocus} $0
  nsDialogs::Show
FunctionEnd

Function how_page_left
  ${NSD_GetState} $tray_button $0
  ${NSD_GetState} $service_button $1
  ${If} $0 = ${BST_CHECKED}
    StrCpy $how tray
  ${ElseIf} $1 = ${BST_CHECKED}
    StrCpy $how service
  ${Else}
    StrCpy $how neither
  ${EndIf}
FunctionEnd

; It stays where it is installed.
Function directory_page
  ${If} $how_before != ""
    Abort
  ${EndIf}
FunctionEnd

Function finish_page
  ${If} $how != tray
    ${NSD_Uncheck} $mui.FinishPage.Run
    ShowWindow $mui.FinishPage.Run ${SW_HIDE}
  ${EndIf}
FunctionEnd

Function start_tray
  Exec '"$INSTDIR\tcpipwatchw.exe" run --tray'
FunctionEnd

; ---- before anything is done ----

Function say_how
  ${If} $how != ""
    Push "$(TWO_WAYS)"
    Call refuse
  ${EndIf}
FunctionEnd

Function read_switches
  Call find_log
  ${GetParameters} $rest
  ${Do}
    Call next_word
    Pop $detail
    ${If} $detail == ""
      ${ExitDo}
    ${EndIf}
    Call is_common_switch
    Pop $0
    ${If} $0 == yes
      ; nothing more to do
    ${ElseIf} $detail S== "/TRAY"
      Call say_how
      StrCpy $how tray
    ${ElseIf} $detail S== "/SERVICE"
      Call say_how
      StrCpy $how service
    ${ElseIf} $detail S== "/NEITHER"
      Call say_how
      StrCpy $how neither
    ${Else}
      Push "$(UNKNOWN_SWITCH)"
      Call refuse
    ${EndIf}
  ${Loop}
FunctionEnd

; XP before SP2 and 2003 before SP1 have no limit, and the programs need what came with these.
Function check_windows
  ${WinVerGetBuild} $0
  ${WinVerGetServicePackLevel} $1
  StrCpy $2 0
  ${If} $0 < 2600
    StrCpy $2 1
  ${ElseIf} $0 = 2600
  ${AndIf} $1 < 2
    StrCpy $2 1
  ${ElseIf} $0 = 3790
  ${AndIf} $1 < 1
    StrCpy $2 1
  ${EndIf}
  ${If} $2 = 1
    Push "$(TOO_OLD)"
    Call refuse
  ${EndIf}
FunctionEnd

; Sets $where and $how_before, both empty where nothing is installed.
Function look_for_older
  StrCpy $how_before ""
  ReadRegStr $where HKLM "${UNINSTALL_KEY}" "InstallLocation"
  ${If} $where == ""
    Return
  ${EndIf}
  StrCpy $how_before neither
  ReadRegStr $0 HKLM "${RUN_KEY}" "tcpipwatch"
  ${If} $0 != ""
    StrCpy $how_before tray
  ${EndIf}
  ClearErrors
  ReadRegDWORD $0 HKLM "${SERVICE_KEY}" "Start"
  ${IfNot} ${Errors}
    StrCpy $how_before service
    ; What follows in its command line was given to install-service, and is given again.
    ReadRegStr $0 HKLM "${SERVICE_KEY}" "ImagePath"
    ${WordFind} "$0" " run --service" "E+1}" $service_options
    ${If} ${Errors}
      StrCpy $service_options ""
    ${EndIf}
  ${EndIf}
FunctionEnd

Function choose_folder
  ${If} $where != ""
    ${If} $INSTDIR != ""
    ${AndIf} $INSTDIR != $where
      Push "$(ELSEWHERE)"
      Call refuse
    ${EndIf}
    StrCpy $INSTDIR $where
  ${ElseIf} $INSTDIR == ""
    ${If} $is_x64 = 1
      StrCpy $INSTDIR "$PROGRAMFILES64\tcpipwatch"
    ${Else}
      StrCpy $INSTDIR "$PROGRAMFILES\tcpipwatch"
    ${EndIf}
  ${EndIf}
FunctionEnd

; Pushes the owner of the folder on the stack, as in O:BA.
Function owner_of
  Exch $0
  Push $1
  Push $2
  System::Call '*(&i1024) p .r1'
  System::Call 'advapi32::GetFileSecurityW(w r0, i 1, p r1, i 1024, *i) i .r2'
  StrCpy $0 unknown
  ${If} $2 <> 0
    System::Call 'advapi32::ConvertSecurityDescriptorToStringSecurityDescriptorW(p r1, i 1, i 1, *p .r2, p 0) i .r0'
    ${If} $0 <> 0
      System::Call '*$2(&w${NSIS_MAX_STRLEN} .r0)'
      System::Call 'kernel32::LocalFree(p r2)'
    ${Else}
      StrCpy $0 unknown
    ${EndIf}
  ${EndIf}
  System::Free $1
  Pop $2
  Pop $1
  Exch $0
FunctionEnd

; Any user may make folders below the common application data: one who made this one before us would
; own the policy and the state. Ours belongs to administrators, the system, or who runs this.
Function check_data
  ${If} ${FileExists} "$data\*.*"
    InitPluginsDir
    Push $PLUGINSDIR
    Call owner_of
    Pop $0
    Push $data
    Call owner_of
    Pop $1
    ${If} $1 != $0
    ${AndIf} $1 != "O:BA"
    ${AndIf} $1 != "O:SY"
    ${AndIf} $1 != "O:LA"
      Push "$(FOREIGN_DATA)"
      Call refuse
    ${EndIf}
  ${EndIf}
FunctionEnd

Function .onInit
  StrCpy $tray_ran 0
  Call read_switches
  Call look_around
  Call check_windows
  Call look_for_older
  Call choose_folder
  Call check_data
  ${If} $how == ""
    StrCpy $how $how_before
  ${EndIf}
  ${If} $how == ""
  ${AndIf} ${Silent}
    StrCpy $how neither
  ${EndIf}
FunctionEnd

; ---- installing ----

!macro put source name
  StrCpy $detail "$INSTDIR\${name}"
  Push $detail
  Call make_room
  ClearErrors
  File "/oname=${name}" "${STAGE}/${source}"
  ${If} ${Errors}
    Push "$(CANNOT_WRITE)"
    Call give_up
  ${EndIf}
!macroend

; Only the rights that it needs from its first moment on: nobody else can put a file there between.
Function make_data
  ${If} ${FileExists} "$data\*.*"
    Return
  ${EndIf}
  ; A Windows in another language has no such folder.
  ${GetParent} $data $0
  CreateDirectory "$0"
  StrCpy $1 0
  System::Call 'advapi32::ConvertStringSecurityDescriptorToSecurityDescriptorW(w "${DATA_RIGHTS}", i 1, *p .r1, p 0)'
  ; SECURITY_ATTRIBUTES
!if ${NSIS_PTR_SIZE} > 4
  System::Call '*(i 24, i 0, p r1, p 0) p .r2'
!else
  System::Call '*(i 12, p r1, i 0) p .r2'
!endif
  StrCpy $0 0
  ${If} $1 <> 0
    System::Call 'kernel32::CreateDirectoryW(w "$data", p r2) i .r0 ? e'
    Pop $detail
    System::Call 'kernel32::LocalFree(p r1)'
  ${EndIf}
  System::Free $2
  ${If} $0 = 0
    Push "$(CANNOT_DATA)"
    Call give_up
  ${EndIf}
FunctionEnd

; Copies the policy of this version to the name on the stack.
Function copy_policy
  Exch $0
  System::Call 'kernel32::CopyFileW(w "$INSTDIR\tcpipwatch-default.ini", w r0, i 0) i .r1'
  ${If} $1 = 0
    StrCpy $detail $0
    Push "$(CANNOT_WRITE)"
    Call give_up
  ${EndIf}
  Pop $0
FunctionEnd

; Before: tcpipwatch-default.ini is what was installed before. A policy that is still the same as it
; was never edited.
Function install_policy
  Push "$INSTDIR\tcpipwatch-default.ini"
  Push "$data\tcpipwatch.ini"
  Call same_bytes
  Pop $2
  !insertmacro put tcpipwatch.ini tcpipwatch-default.ini
  Push "$INSTDIR\tcpipwatch-default.ini"
  Push "$data\tcpipwatch.ini"
  Call same_bytes
  Pop $3
  ${If} $3 == yes
    Push "$(DID_POLICY)"
  ${ElseIf} $2 == yes
  ${OrIfNot} ${FileExists} "$data\tcpipwatch.ini"
    Push "$data\tcpipwatch.ini"
    Call copy_policy
    Push "$(DID_POLICY)"
  ${Else}
    Push "$data\tcpipwatch.ini.new"
    Call copy_policy
    Push "$(KEPT_POLICY)"
  ${EndIf}
  Call say
FunctionEnd

; A policy without these is one that only administrators read: no reason to stop.
Function share_policy
  StrCpy $1 0
  System::Call 'advapi32::ConvertStringSecurityDescriptorToSecurityDescriptorW(w "${POLICY_RIGHTS}", i 1, *p .r1, p 0)'
  ${If} $1 <> 0
    System::Call 'advapi32::SetFileSecurityW(w "$data\tcpipwatch.ini", i 4, p r1)'
    System::Call 'kernel32::LocalFree(p r1)'
  ${EndIf}
FunctionEnd

Function install_files
  SetOutPath "$INSTDIR"
  ${If} $is_x64 = 1
    !insertmacro put x64/tcpippatch.exe tcpippatch.exe
    !insertmacro put x64/tcpipwatch.exe tcpipwatch.exe
    !insertmacro put x64/tcpipwatchw.exe tcpipwatchw.exe
  ${Else}
    !insertmacro put x86/tcpippatch.exe tcpippatch.exe
    !insertmacro put x86/tcpipwatch.exe tcpipwatch.exe
    !insertmacro put x86/tcpipwatchw.exe tcpipwatchw.exe
  ${EndIf}
  !insertmacro put README.txt README.txt
  !insertmacro put LICENSE.txt LICENSE.txt
  !insertmacro put NOTICE.txt NOTICE.txt
  !insertmacro put tcpippatch.8.txt tcpippatch.8.txt
  !insertmacro put tcpipwatch.8.txt tcpipwatch.8.txt
  !insertmacro put tcpipwatch.ini.5.txt tcpipwatch.ini.5.txt
  StrCpy $detail "$INSTDIR\uninstall.exe"
  Push $detail
  Call make_room
  ClearErrors
  WriteUninstaller "$INSTDIR\uninstall.exe"
  ${If} ${Errors}
    Push "$(CANNOT_WRITE)"
    Call give_up
  ${EndIf}
  Push "$(DID_PROGRAMS)"
  Call say
FunctionEnd

Function install_registry
  ClearErrors
  WriteRegStr HKLM "${UNINSTALL_KEY}" "DisplayName" "tcpipwatch"
  WriteRegStr HKLM "${UNINSTALL_KEY}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKLM "${UNINSTALL_KEY}" "Publisher" "${COMPANY}"
  WriteRegStr HKLM "${UNINSTALL_KEY}" "DisplayIcon" "$INSTDIR\tcpipwatchw.exe"
  WriteRegStr HKLM "${UNINSTALL_KEY}" "InstallLocation" "$INSTDIR"
  WriteRegStr HKLM "${UNINSTALL_KEY}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKLM "${UNINSTALL_KEY}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD HKLM "${UNINSTALL_KEY}" "NoModify" 1
  WriteRegDWORD HKLM "${UNINSTALL_KEY}" "NoRepair" 1
  ${GetSize} "$INSTDIR" "/S=0K" $0 $1 $2
  WriteRegDWORD HKLM "${UNINSTALL_KEY}" "EstimatedSize" $0
  ${If} ${Errors}
    Push "$(CANNOT_REGISTRY)"
    Call give_up
  ${EndIf}
FunctionEnd

Function set_how
  ${If} $how == tray
    ClearErrors
    WriteRegStr HKLM "${RUN_KEY}" "tcpipwatch" '"$INSTDIR\tcpipwatchw.exe" run --tray'
    ${If} ${Errors}
      Push "$(CANNOT_REGISTRY)"
      Call give_up
    ${EndIf}
    StrCpy $how_text "$(DID_TRAY)"
  ${Else}
    DeleteRegValue HKLM "${RUN_KEY}" "tcpipwatch"
    StrCpy $how_text "$(DID_NEITHER)"
  ${EndIf}
  ${If} $how == service
    Push '"$INSTDIR\tcpipwatch.exe" install-service$service_options'
    Call run_program
    ${If} $detail != 0
      Push "$(CANNOT_SERVICE)"
      Call give_up
    ${EndIf}
    StrCpy $how_text "$(DID_SERVICE)"
  ${EndIf}
  Push $how_text
  Call say
FunctionEnd

Section
  ; NSIS counts only what stands in a section.
  AddSize ${SIZE}
  Call stop_tray
  ${If} $how_before == service
  ${AndIf} $how == service
    ; It stays registered: one that is removed may be half there for as long as somebody looks at it.
    ; Should it not stop, its program is moved aside.
    Push '"$SYSDIR\net.exe" stop tcpipwatch'
    Call run_program
  ${ElseIf} $how_before == service
    Call stop_service
  ${EndIf}
  Call install_files
  Call make_data
  Call install_policy
  Call share_policy
  Call install_registry
  Call set_how
  ; It ran in this session until it was asked to close.
  ${If} $how == tray
  ${AndIf} $tray_ran = 1
  ${AndIf} ${Silent}
    Call start_tray
  ${EndIf}
SectionEnd

!include uninstall.nsh
