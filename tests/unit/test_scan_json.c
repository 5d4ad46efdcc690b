/* Lines of JSON: the fast way against the plain one. */
#include "check.h"
#include "scan_json.h"

#include <string.h>

static void agree(const char *file, const struct event *event)
{
    struct buf fast = BUF_INIT;
    struct buf plain = BUF_INIT;
    buf_add_text(&fast, "before\n");
    buf_add_text(&plain, "before\n");
    scan_json_event(&fast, file, event);
    scan_json_event_plain(&plain, file, event);
    CHECK_TEXT(buf_text(&fast), buf_text(&plain));
    CHECK_NUMBER(fast.len, plain.len);
    buf_free(&fast);
    buf_free(&plain);
}

static const struct event usual = {.record = 3882,
                                   .time = UINT64_C(129606649800000000),
                                   .id = 4226,
                                   .qualifiers = 32768,
                                   .has_qualifiers = true,
                                   .level = 3,
                                   .has_level = true,
                                   .provider = "Tcpip",
                                   .channel = "System",
                                   .computer = "WKS-WINXP32BIT"};

static void one_known_line(void)
{
    struct buf line = BUF_INIT;
    scan_json_event(&line, "logs/SysEvent.Evt", &usual);
    CHECK_TEXT(buf_text(&line),
               "{\"file\":\"logs/SysEvent.Evt\",\"record\":3882,\"time\":"
               "\"2011-09-16T16:43:00.0000000Z\",\"channel\":\"System\",\"provider\":\"Tcpip\","
               "\"event_id\":4226,\"qualifiers\":32768,\"level\":3,\"computer\":"
               "\"WKS-WINXP32BIT\"}\n");
    buf_free(&line);
}

static void every_byte_at_every_place(void)
{
    for (size_t length = 1; length <= 18; length++) {
        for (size_t at = 0; at < length; at++) {
            for (int byte = 1; byte < 256; byte++) {
                char text[32];
                struct event event = usual;
                memset(text, 'x', length);
                text[length] = '\0';
                text[at] = (char)byte;
                event.provider = text;
                agree("f", &event);
            }
        }
    }
}

static void numbers_and_missing_things(void)
{
    static const uint64_t numbers[] = {0, 9, 10, 99, 65535, UINT32_MAX, UINT64_MAX};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        struct event event = usual;
        event.record = numbers[i];
        event.time = numbers[i];
        event.id = (uint16_t)numbers[i];
        event.has_level = i % 2 == 0;
        event.has_qualifiers = i % 3 == 0;
        event.channel = i % 2 == 0 ? NULL : "";
        event.computer = NULL;
        agree(NULL, &event);
    }
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"one known line", one_known_line},
        {"every byte at every place", every_byte_at_every_place},
        {"numbers and missing things", numbers_and_missing_things},
    };
    return RUN_SUITE("scan json", cases);
}
