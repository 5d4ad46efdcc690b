/* Where things are on this platform. */
#ifndef PATCHCORE_PATHS_H
#define PATCHCORE_PATHS_H

/* The directory for saved originals, journals, state and the audit log when none is named:
 * /var/lib/tcpipwatch for root, else $XDG_STATE_HOME/tcpipwatch or ~/.local/state/tcpipwatch;
 * %ALLUSERSPROFILE%\Application Data\tcpipwatch on Windows. The caller frees; NULL when the
 * environment names none. */
char *paths_default_data(void);

/* The policy that is read when none is named: tcpipwatch/tcpipwatch.ini in the
 * system's configuration directory (/etc, or what it was built with);
 * %ALLUSERSPROFILE%\Application Data\tcpipwatch\tcpipwatch.ini on Windows. The caller frees; NULL
 * when the environment names none. */
char *paths_default_policy(void);

/* The Windows directory of the running system; the caller frees. NULL on other systems. */
char *paths_running_windows(void);

#endif
