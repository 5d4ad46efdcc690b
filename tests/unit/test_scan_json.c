/* Lines of JSON: many of them, where what is repeated is kept, against each for itself. */
#include "check.h"
#include "scan_json.h"

#include <stdio.h>
#include <string.h>

static struct scan_lines *lines; /* the same for all cases: what it has kept must never matter */

static void agree(const char *file, const struct event *event)
{
    struct buf fast = BUF_INIT;
    struct buf plain = BUF_INIT;
    scan_lines_turn_to(lines, file);
    for (int again = 0; again < 2; again++) {
        buf_clear(&fast);
        buf_clear(&plain);
        buf_add_text(&fast, "before\n");
        buf_add_text(&plain, "before\n");
        scan_lines_add(lines, &fast, event);
        scan_json_event(&plain, file, event);
        CHECK_TEXT(buf_text(&fast), buf_text(&plain));
        CHECK_NUMBER(fast.len, plain.len);
    }
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
    agree("logs/SysEvent.Evt", &usual);
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
                event.computer = text;
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

/* Each field of a line may change alone, there and back, and with it nothing else. */
static void one_thing_changes(void)
{
    struct event events[14];
    size_t count = sizeof events / sizeof events[0];
    for (size_t i = 0; i < count; i++) {
        events[i] = usual;
    }
    events[0].record = 1;
    events[1].time += 10;
    events[2].time += 86400 * UINT64_C(10000000);
    events[3].id = 4226 + 4096; /* kept in the same place as 4226 */
    events[4].qualifiers = 0;
    events[5].has_qualifiers = false;
    events[6].level = 4;
    events[7].has_level = false;
    events[8].provider = "tcpip";
    events[9].provider = NULL;
    events[10].channel = "";
    events[11].channel = NULL;
    events[12].computer = "WKS-WINXP32BI";
    events[13].computer = NULL;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < count; k++) {
            agree("a", &events[i]);
            agree("b", &events[k]);
        }
    }
}

/* Names of each length around what is kept, of characters that get longer in JSON, too. */
static void long_names(void)
{
    static const char characters[] = {'x', '"', '\x01'};
    for (size_t which = 0; which < 3; which++) {
        for (size_t c = 0; c < sizeof characters; c++) {
            for (size_t length = 0; length <= 300; length++) {
                char text[301];
                struct event event = usual;
                memset(text, characters[c], length);
                text[length] = '\0';
                *(which == 0   ? &event.provider
                  : which == 1 ? &event.channel
                               : &event.computer) = text;
                agree(text, &event);
            }
        }
    }
}

static void many_ids(void)
{
    for (uint32_t id = 0; id < 1000; id++) {
        char computer[16];
        struct event event = usual;
        (void)snprintf(computer, sizeof computer, "PC%u", (unsigned)(id % 7));
        event.id = (uint16_t)(id * 37);
        event.provider = id % 3 == 0 ? "EventLog" : "Tcpip";
        event.computer = computer;
        agree("many", &event);
        agree("many", &usual);
    }
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"one known line", one_known_line},
        {"every byte at every place", every_byte_at_every_place},
        {"numbers and missing things", numbers_and_missing_things},
        {"one thing changes", one_thing_changes},
        {"long names", long_names},
        {"many ids", many_ids},
    };
    lines = scan_lines_new(NULL);
    int result = lines != NULL ? RUN_SUITE("scan json", cases) : 1;
    scan_lines_free(lines);
    return result;
}
