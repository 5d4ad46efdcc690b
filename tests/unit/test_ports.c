/* Ports that run out, in words. */
#include "check.h"

#include "ports/ports.h"

#include "base/json.h"

#include <stdio.h>
#include <string.h>

#define NOT_SET                                                                                    \
    {                                                                                              \
        .known = true                                                                              \
    }
#define UNREADABLE                                                                                 \
    {                                                                                              \
        .known = false                                                                             \
    }
#define SET(n)                                                                                     \
    {                                                                                              \
        .known = true, .there = true, .set = (n)                                                   \
    }

#define MEANING                                                                                    \
    "Outgoing connections are opened and closed faster than their local ports come free again: "   \
    "event 4227 says that the port chosen was used for the same destination just before, 4231 "    \
    "that no port is free at all."
#define REUSE                                                                                      \
    " What helps: above all, to find the program that opens so many (netstat -ano) and let it "    \
    "use a connection again instead of opening one for each request"
#define NETSH                                                                                      \
    "; \"netsh int ipv4 set dynamicport tcp start=1025 num=64511\" for the most ports that there " \
    "can be (a higher start spares those that servers listen on)"
#define KEY       "HKLM\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters"
#define USER_PORT "MaxUserPort = 65534 for the most ports that there can be"
#define BOTH      "; in " KEY " the DWORD " USER_PORT ", and TcpTimedWaitDelay = 30"
#define DELAY     "; in " KEY " the DWORD TcpTimedWaitDelay = 30"
#define END       ". What stands in the registry is read when Windows starts. Nothing was changed."

#define USUAL_DELAY                                                                                \
    "TcpTimedWaitDelay is not set, so that a closed connection keeps its port for 120 or 240 "     \
    "seconds (Microsoft's texts differ)"
#define XP_DELAY                                                                                   \
    "TcpTimedWaitDelay is not set, so that a closed connection keeps its port for 120 seconds "    \
    "(240 over IPv6)"
#define USUAL_RANGE                                                                                \
    "the dynamic ports are 49152 to 65535 (16384 of them, as Windows has it by itself)"

struct words_case {
    struct ports_values values;
    const char *text;
};

static void check_cases(const struct words_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct buf out = BUF_INIT;
        ports_words(&cases[i].values, &out);
        CHECK_TEXT(buf_text(&out), cases[i].text);
        buf_free(&out);
    }
}

static void of_windows_xp_and_2003(void)
{
    static const struct words_case cases[] = {
        {{.windows = PORTS_XP,
          .max_user_port = NOT_SET,
          .timed_wait_delay = NOT_SET,
          .strict_check = NOT_SET},
         MEANING
         " Now the ports are 1025 to 5000 (3976 of them), since MaxUserPort is not set; " XP_DELAY
         "." REUSE BOTH END},
        {{.windows = PORTS_XP,
          .max_user_port = SET(32768),
          .timed_wait_delay = SET(60),
          .strict_check = SET(1)},
         MEANING " Now the ports are 1025 to 32768 (31744 of them), by MaxUserPort; a closed "
                 "connection keeps its port for 60 seconds, by TcpTimedWaitDelay; "
                 "StrictTimeWaitSeqCheck is 1." REUSE BOTH END},
        {{.windows = PORTS_XP,
          .max_user_port = SET(5000),
          .timed_wait_delay = SET(30),
          .strict_check = NOT_SET},
         MEANING " Now the ports are 1025 to 5000 (3976 of them), by MaxUserPort; a closed "
                 "connection keeps its port for 30 seconds, by TcpTimedWaitDelay." REUSE "; in " KEY
                 " the DWORD " USER_PORT END},
        /* All is done already. */
        {{.windows = PORTS_XP,
          .max_user_port = SET(65534),
          .timed_wait_delay = SET(30),
          .strict_check = NOT_SET},
         MEANING " Now the ports are 1025 to 65534 (64510 of them), by MaxUserPort; a closed "
                 "connection keeps its port for 30 seconds, by TcpTimedWaitDelay." REUSE END},
        {{.windows = PORTS_XP,
          .max_user_port = UNREADABLE,
          .timed_wait_delay = UNREADABLE,
          .strict_check = UNREADABLE},
         MEANING " Now MaxUserPort cannot be read, so that it is not known which ports there are; "
                 "TcpTimedWaitDelay cannot be read." REUSE BOTH END},
    };
    check_cases(cases, sizeof cases / sizeof cases[0]);
}

static void of_windows_from_vista_on(void)
{
    static const struct words_case cases[] = {
        {{.windows = PORTS_VISTA,
          .has_range = true,
          .first = 49152,
          .count = 16384,
          .max_user_port = NOT_SET,
          .timed_wait_delay = NOT_SET,
          .strict_check = NOT_SET},
         MEANING " Now " USUAL_RANGE "; " USUAL_DELAY "." REUSE NETSH DELAY END},
        {{.windows = PORTS_8_1,
          .has_range = true,
          .first = 10000,
          .count = 1000,
          .max_user_port = SET(65534),
          .timed_wait_delay = SET(30),
          .strict_check = SET(1)},
         MEANING " Now the dynamic ports are 10000 to 10999 (1000 of them, by itself Windows has "
                 "49152 to 65535); a closed connection keeps its port for 30 seconds, by "
                 "TcpTimedWaitDelay; MaxUserPort is 65534, which is for Windows before Vista; "
                 "StrictTimeWaitSeqCheck is 1." REUSE NETSH END},
        {{.windows = PORTS_8_1,
          .has_range = true,
          .first = 1025,
          .count = 64511,
          .max_user_port = NOT_SET,
          .timed_wait_delay = SET(2),
          .strict_check = NOT_SET},
         MEANING " Now the dynamic ports are 1025 to 65535 (64511 of them, by itself Windows has "
                 "49152 to 65535); a closed connection keeps its port for 2 seconds, by "
                 "TcpTimedWaitDelay." REUSE END},
        /* What Windows 8.1 takes, 8 does not. */
        {{.windows = PORTS_VISTA,
          .has_range = true,
          .first = 49152,
          .count = 16384,
          .max_user_port = NOT_SET,
          .timed_wait_delay = SET(2),
          .strict_check = NOT_SET},
         MEANING " Now " USUAL_RANGE "; TcpTimedWaitDelay is 2, which is not within 30 to 300 "
                 "seconds, so that it is not known how long a closed connection keeps its "
                 "port." REUSE NETSH DELAY END},
        {{.windows = PORTS_8_1,
          .max_user_port = UNREADABLE,
          .timed_wait_delay = UNREADABLE,
          .strict_check = UNREADABLE},
         MEANING " Now the range of dynamic ports cannot be read (\"netsh int ipv4 show "
                 "dynamicport tcp\" shows it; without a change it is 49152 to 65535); "
                 "TcpTimedWaitDelay cannot be read." REUSE NETSH DELAY END},
    };
    check_cases(cases, sizeof cases / sizeof cases[0]);
}

static void values_that_cannot_be(void)
{
    static const struct words_case cases[] = {
        {{.windows = PORTS_XP,
          .max_user_port = SET(UINT32_MAX),
          .timed_wait_delay = SET(UINT32_MAX),
          .strict_check = SET(UINT32_MAX)},
         MEANING " Now MaxUserPort is 4294967295, which is not within 5000 to 65534, so that it is "
                 "not known which ports there are; TcpTimedWaitDelay is 4294967295, which is not "
                 "within 30 to 300 seconds, so that it is not known how long a closed connection "
                 "keeps its port; StrictTimeWaitSeqCheck is 4294967295." REUSE BOTH END},
        {{.windows = PORTS_XP,
          .max_user_port = SET(0),
          .timed_wait_delay = SET(0),
          .strict_check = SET(0)},
         MEANING " Now MaxUserPort is 0, which is not within 5000 to 65534, so that it is not "
                 "known which ports there are; TcpTimedWaitDelay is 0, which is not within 30 to "
                 "300 seconds, so that it is not known how long a closed connection keeps its "
                 "port; StrictTimeWaitSeqCheck is 0." REUSE BOTH END},
    };
    check_cases(cases, sizeof cases / sizeof cases[0]);
}

static void of_another_computer(void)
{
    struct buf out = BUF_INIT;
    ports_words(NULL, &out);
    CHECK_TEXT(buf_text(&out), MEANING
               " How that computer is set cannot be read from here: there \"netsh int ipv4 show "
               "dynamicport tcp\" shows the dynamic ports (49152 to 65535 without a change), or "
               "before Windows Vista MaxUserPort in " KEY " (1025 to 5000 without it), and "
               "TcpTimedWaitDelay in the same key how long a closed connection keeps its port "
               "(120 or 240 seconds without it)." REUSE NETSH
               ", or before Windows Vista the DWORD MaxUserPort = 65534 in that key; the DWORD "
               "TcpTimedWaitDelay = 30 in that key" END);
    buf_clear(&out);
    ports_hint(&out);
    CHECK_TEXT(buf_text(&out),
               "What helps where ports run out: connections that are used again, more dynamic "
               "ports (\"netsh int ipv4 set dynamicport tcp\"), a shorter TcpTimedWaitDelay.");
    buf_free(&out);
}

/* As netsh writes them, in several languages and code pages. */
static void ranges_in_any_language(void)
{
    static const struct {
        const char *output;
        uint32_t first, count;
    } cases[] = {
        {"\r\nProtocol tcp Dynamic Port Range\r\n---------------------------------\r\n"
         "Start Port      : 49152\r\nNumber of Ports : 16384\r\n\r\n",
         49152, 16384},
        {"\nPlage de ports dynamique du protocole tcp\n---------------------------------\n"
         "Port de d\x82marrage   : 1025\nNombre de ports     : 64511\n",
         1025, 64511},
        {"\r\n\x83v\x83\x8d\x83g\x83R\x83\x8b tcp\r\n-----\r\n\x8aJ\x8en\x83|\x81[\x83g : 10000\r\n"
         "\x83|\x81[\x83g\x90\x94:1000",
         10000, 1000},
        {"a: 1\nb: 65535\n", 1, 65535},
        {"a : 65535 \t\r\nb : 1", 65535, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ports_values values = {.windows = PORTS_8_1};
        CHECK(ports_take_range(cases[i].output, &values));
        CHECK(values.has_range);
        CHECK_NUMBER(values.first, cases[i].first);
        CHECK_NUMBER(values.count, cases[i].count);
        CHECK_NUMBER(values.windows, PORTS_8_1);
    }
}

static void outputs_that_are_no_range(void)
{
    static const char *const outputs[] = {
        "",
        "\n\n\n",
        "The following command was not found: int ipv4 show dynamicport tcp.\r\n",
        "Start Port : 49152\n",
        "Start Port : 49152\nNumber of Ports : \n",
        "Start Port : 49152\nNumber of Ports : sixteen\n",
        "Start Port : 49152\nNumber of Ports : 16384\nAnother : 3\n",
        "Start Port 49152\nNumber of Ports 16384\n",
        "Start Port : 49152 16384\nNumber of Ports : 16384\n",
        "Start Port : -1\nNumber of Ports : -1\n",
        "Start Port : 0\nNumber of Ports : 16384\n",
        "Start Port : 49152\nNumber of Ports : 0\n",
        "Start Port : 49152\nNumber of Ports : 16385\n", /* to 65536 */
        "Start Port : 65536\nNumber of Ports : 1\n",
        "Start Port : 4294967297\nNumber of Ports : 4294967297\n", /* 1, in 32 bits */
        "Start Port : 99999999999999999999999\nNumber of Ports : 1\n",
        "Start Port : 1\nNumber of Ports : 18446744073709551617\n",
        ": 0x10\n: 0x10\n",
        ":",
        "1",
        "1\n2\n",
    };
    for (size_t i = 0; i < sizeof outputs / sizeof outputs[0]; i++) {
        struct ports_values values = {.windows = PORTS_8_1, .first = 7, .count = 8};
        CHECK(!ports_take_range(outputs[i], &values));
        CHECK(!values.has_range);
        CHECK_NUMBER(values.first, 7);
        CHECK_NUMBER(values.count, 8);
    }
}

/* Whatever is written there, no range comes of it that cannot be. */
static void outputs_of_any_bytes(void)
{
    static const char bytes[] = "0123456789: \t\r\n\n:-aZ\xff";
    uint32_t state = 4231;
    size_t taken = 0;
    size_t wrong = 0;
    for (int i = 0; i < 200000; i++) {
        struct ports_values values = {.windows = PORTS_8_1};
        char output[24];
        for (size_t at = 0; at < sizeof output - 1; at++) {
            state = state * 1664525U + 1013904223U;
            output[at] = bytes[(state >> 16) % (sizeof bytes - 1)];
        }
        output[sizeof output - 1] = '\0';
        if (ports_take_range(output, &values)) {
            taken++;
            wrong += values.first < 1 || values.count < 1 || values.first > 65535 ||
                     values.count > 65536 - values.first;
        }
    }
    CHECK(taken > 100);
    CHECK_NUMBER(wrong, 0);
}

static void members_of_the_audit_log(void)
{
    static const struct ports_values some = {.windows = PORTS_8_1,
                                             .has_range = true,
                                             .first = 49152,
                                             .count = 16384,
                                             .max_user_port = NOT_SET,
                                             .timed_wait_delay = SET(30),
                                             .strict_check = UNREADABLE};
    struct buf out = BUF_INIT;
    struct json j = json_start(&out);
    json_open_object(&j, NULL);
    ports_json(&j, &some);
    json_close_object(&j);
    CHECK_TEXT(buf_text(&out),
               "{\"range_first\":49152,\"range_count\":16384,\"max_user_port\":null,"
               "\"tcp_timed_wait_delay\":30,\"strict_time_wait_seq_check\":null}");
    buf_clear(&out);
    j = json_start(&out);
    json_open_object(&j, NULL);
    ports_json(&j, NULL);
    json_close_object(&j);
    CHECK_TEXT(buf_text(&out),
               "{\"range_first\":null,\"range_count\":null,\"max_user_port\":null,"
               "\"tcp_timed_wait_delay\":null,\"strict_time_wait_seq_check\":null}");
    buf_free(&out);
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"of Windows XP and 2003", of_windows_xp_and_2003},
        {"of Windows from Vista on", of_windows_from_vista_on},
        {"values that cannot be", values_that_cannot_be},
        {"of another computer", of_another_computer},
        {"ranges in any language", ranges_in_any_language},
        {"outputs that are no range", outputs_that_are_no_range},
        {"outputs of any bytes", outputs_of_any_bytes},
        {"members of the audit log", members_of_the_audit_log},
    };
    return RUN_SUITE("ports", cases);
}
