/* Which records the watcher is about. */
#include "check.h"

#include "match.h"

static void event_4226_of_tcpip_in_any_letter_case(void)
{
    static const struct {
        const char *provider;
        uint16_t id;
        bool match;
    } cases[] = {
        {"Tcpip", 4226, true},   {"TCPIP", 4226, true},  {"tcpip", 4226, true},
        {"Tcpip", 4227, false},  {"Tcpip", 4231, false}, {"Tcpip", 6005, false},
        {"Tcpip6", 4226, false}, {"Tcpi", 4226, false},  {"Microsoft-Windows-TCPIP", 4226, false},
        {"MRxSmb", 4226, false}, {"", 4226, false},      {NULL, 4226, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct event event = {.provider = cases[i].provider, .id = cases[i].id};
        CHECK(match_connect_limit(&event) == cases[i].match);
        /* Qualifiers and level say nothing: real exports leave them out. */
        event.has_qualifiers = true;
        event.qualifiers = 0x8000;
        event.level = 3;
        CHECK(match_connect_limit(&event) == cases[i].match);
    }
}

static void events_4227_and_4231_of_tcpip_are_of_ports(void)
{
    static const struct {
        const char *provider;
        uint16_t id;
        bool match;
    } cases[] = {
        {"Tcpip", 4227, true},   {"Tcpip", 4231, true},
        {"TCPIP", 4227, true},   {"tcpip", 4231, true},
        {"Tcpip", 4226, false},  {"Tcpip", 4228, false},
        {"Tcpip", 4230, false},  {"Tcpip", 4207, false},
        {"Tcpip6", 4227, false}, {"Microsoft-Windows-TCPIP", 4231, false},
        {"", 4227, false},       {NULL, 4231, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct event event = {.provider = cases[i].provider, .id = cases[i].id};
        CHECK(match_ports(&event) == cases[i].match);
        CHECK(!match_ports(&event) || !match_connect_limit(&event));
    }
}

static void event_6005_is_a_start_of_windows(void)
{
    static const struct {
        const char *provider;
        uint16_t id;
        bool match;
    } cases[] = {
        {"EventLog", 6005, true},  {"eventlog", 6005, true}, {"EventLog", 6006, false},
        {"EventLog", 6009, false}, {"Tcpip", 6005, false},   {NULL, 6005, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct event event = {.provider = cases[i].provider, .id = cases[i].id};
        CHECK(match_started_again(&event) == cases[i].match);
    }
}

static void file_protection_names_the_driver(void)
{
    static const struct {
        const char *provider;
        const char *strings;
        bool match;
    } cases[] = {
        {"Windows File Protection", "tcpip.sys\n5.1.2600.5512\n", true},
        {"WINDOWS file protection", "c:\\windows\\system32\\drivers\\TcpIp.SYS\n", true},
        {"Windows File Protection", "5.1\nD:\\WINNT\\system32\\dllcache\\TCPIP.SYS\n", true},
        {"Windows File Protection", "tcpip6.sys\n", false},
        {"Windows File Protection", "notepad.exe\n", false},
        {"Windows File Protection", "tcpip\n.sys\n", false},
        {"Windows File Protection", "", false},
        {"Windows File Protection", NULL, false},
        {"Windows Resource Protection", "tcpip.sys\n", false},
        {"Tcpip", "tcpip.sys\n", false},
        {NULL, "tcpip.sys\n", false},
    };
    static const uint16_t ids[] = {0, 4226, 64001, 64002, 64005, 64021, UINT16_MAX};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (size_t k = 0; k < sizeof ids / sizeof ids[0]; k++) {
            const struct event event = {
                .provider = cases[i].provider, .strings = cases[i].strings, .id = ids[k]};
            CHECK(match_file_protection(&event) == cases[i].match);
            CHECK(!match_started_again(&event));
        }
    }
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"event 4226 of Tcpip in any letter case", event_4226_of_tcpip_in_any_letter_case},
        {"events 4227 and 4231 of Tcpip are of ports", events_4227_and_4231_of_tcpip_are_of_ports},
        {"event 6005 is a start of Windows", event_6005_is_a_start_of_windows},
        {"Windows File Protection names the driver", file_protection_names_the_driver},
    };
    return RUN_SUITE("match", cases);
}
