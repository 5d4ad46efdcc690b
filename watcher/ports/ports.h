/* Ports that run out: a computer opens and closes outgoing connections faster than their local
 * ports come free. Windows from Vista on logs it as events 4227 and 4231 of Tcpip. What that means,
 * how the running system is set, and what helps, in words. Nothing is ever changed.
 *
 * Sources, Microsoft's documentation all of them:
 * - the events: "TCP/IP Network Connectivity" of Windows Server 2008 has the text of 4227;
 *   "Troubleshoot port exhaustion issues" names both, and says that more ports help for a time
 *   only: what lasts is to find the program;
 * - the range: KB929851. It was 1025 to 5000 before Vista, and is 49152 to 65535 since; netsh
 *   shows and sets it, with a first port from 1025 on, a last one up to 65535, and 255 ports at
 *   least. The largest one, by "Settings that can be Modified to Improve Network Performance" of
 *   BizTalk Server, starts at 1025 and has 64511;
 * - MaxUserPort, before Vista: KB196271. 5000 to 65534, 5000 without it; read when Windows starts;
 * - TcpTimedWaitDelay: 30 to 300 seconds, from Windows 8.1 and Server 2012 R2 on 2 to 300, and 30
 *   is recommended: the page of BizTalk Server as above. Without it XP and Server 2003 wait for
 *   120 seconds, over IPv6 for 240: KB314053. Of later Windows that page says 120 seconds, and
 *   "Troubleshoot port exhaustion issues" 4 minutes, so both are told. Read when Windows starts;
 * - StrictTimeWaitSeqCheck: what it does is in none of these texts. Makers of servers ask for a 1
 *   beside TcpTimedWaitDelay. It is shown where it is set, and not advised. */
#ifndef WATCHER_PORTS_PORTS_H
#define WATCHER_PORTS_PORTS_H

#include "base/buf.h"
#include "base/json.h"

#include <stdbool.h>
#include <stdint.h>

/* Where the values stand that are numbers of the registry, and the program that tells the rest. */
#define PORTS_KEY  "HKLM\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters"
#define PORTS_SHOW "netsh int ipv4 show dynamicport tcp"

/* What the answers depend on. */
enum ports_windows {
    PORTS_XP,    /* and Server 2003 */
    PORTS_VISTA, /* to Windows 8 and Server 2012 */
    PORTS_8_1,   /* and later */
};

struct ports_number {
    bool known;   /* it could be read */
    bool there;   /* there is such a value, and it is a DWORD */
    uint32_t set; /* only with `there` */
};

struct ports_values {
    enum ports_windows windows;
    bool has_range; /* the dynamic range could be read; never before Vista, which has none */
    uint32_t first;
    uint32_t count;
    struct ports_number max_user_port;
    struct ports_number timed_wait_delay; /* seconds */
    struct ports_number strict_check;
};

/* What the running system says. False where it is no Windows, or does not tell its version; what
 * else cannot be read is not `known`. May take as long as netsh does, some seconds at the most. */
bool ports_read(struct ports_values *out);

/* Adds three sentences: what the events say, how the system is set, what helps. NULL for another
 * computer, or a system that tells nothing: how to look there. */
void ports_words(const struct ports_values *values, struct buf *out);

/* Adds what helps in one sentence, for logs of any computer. */
void ports_hint(struct buf *out);

/* Adds the members "range_first", "range_count", "max_user_port", "tcp_timed_wait_delay" and
 * "strict_time_wait_seq_check"; null for what is not there, not known, or with NULL. */
void ports_json(struct json *j, const struct ports_values *values);

/* Takes the range out of what netsh wrote, in whatever language: of its lines just two end in a
 * number behind a colon, the first port and how many there are. False, and nothing taken, where
 * that is not so, or such a range cannot be. */
bool ports_take_range(const char *output, struct ports_values *out);

#endif
