#include "check.h"
#include "log_reader.h"
#include "log_writer.h"

#include "decode/xml_event.h"

#include "base/wintime.h"

#include <stdlib.h>
#include <string.h>

#define TIME_0 (wintime_from_unix(1316191380))

#define XMLNS "xmlns='http://schemas.microsoft.com/win/2004/08/events/event'"
#define EVENT(n)                                                                                   \
    "<Event " XMLNS "><System><Provider Name='Tcpip'/><EventID>4226</EventID>"                     \
    "<EventRecordID>" #n "</EventRecordID></System><EventData/></Event>"

static struct reading reading;

static void read_text(const char *text, bool growing, struct log_place *place)
{
    read_bytes(&reading, LOG_XML, text, strlen(text), growing, place);
}

/* True when the records read are those with these numbers, 0 at the end of the list. */
static bool numbers_are(const uint64_t *numbers)
{
    size_t count = 0;
    while (numbers[count] != 0) {
        count++;
    }
    bool good = reading.count == count;
    for (size_t i = 0; good && i < count; i++) {
        good = reading.records[i].record == numbers[i];
    }
    if (!good) {
        CHECK_NUMBER(reading.count, count);
        CHECK_NUMBER(reading.records[0].record, numbers[0]);
    }
    return good;
}

#define NUMBERS(...)                                                                               \
    (const uint64_t[])                                                                             \
    {                                                                                              \
        __VA_ARGS__, 0                                                                             \
    }

/* ---- real exports ---- */

static void exports_give_the_log_s_own_events(void)
{
    static const struct {
        const char *name;
        uint64_t precision; /* 100 ns steps */
    } exports[] = {{TEST_DATA "/evtx32_System_ID12.evtx.evtxexport.xml", 1},
                   {TEST_DATA "/evtx32_System_ID12.evtx.evtx_dump.xml", 20}};
    struct buf file = BUF_INIT;
    struct read_record original[3];
    CHECK(load_file(&file, TEST_DATA "/evtx32_System_ID12.evtx"));
    read_bytes(&reading, LOG_EVTX, file.data, file.len, false, NULL);
    CHECK_NUMBER(reading.count, 3);
    memcpy(original, reading.records, sizeof original);
    for (size_t e = 0; e < 2; e++) {
        CHECK(load_file(&file, exports[e].name));
        reading.keep_lines = true;
        read_bytes(&reading, LOG_XML, file.data, file.len, false, NULL);
        reading.keep_lines = false;
        CHECK_NUMBER(reading.result.end, LOG_END);
        CHECK_NUMBER(reading.result.damaged, 0);
        CHECK(!reading.result.incomplete);
        CHECK_NUMBER(reading.count, 3);
        for (size_t i = 0; i < 3; i++) {
            CHECK_NUMBER(reading.records[i].record, original[i].record);
            CHECK_NUMBER(reading.records[i].id, original[i].id);
            uint64_t a = reading.records[i].time;
            uint64_t b = original[i].time;
            /* python-evtx reckons in floating point, and is up to 2 us off. */
            CHECK((a > b ? a - b : b - a) < exports[e].precision);
        }
        CHECK(strstr(buf_text(&reading.lines),
                     "\"channel\":\"System\",\"provider\":\"Microsoft-Windows-Wininit\","
                     "\"event_id\":12,\"qualifiers\":null,\"level\":4,"
                     "\"computer\":\"WIN10-client01.offsec.lan\"}") != NULL);
    }
    buf_free(&file);
}

/* ---- forms ---- */

static void all_styles_in_all_fields(void)
{
    static const char *const wraps[][2] = {
        {"", ""},
        {"<Events>", "</Events>"},
        {"<?xml version='1.0' encoding='utf-8' standalone='yes'?>\r\n<Events>\r\n",
         "</Events>\r\n"},
        {"\xef\xbb\xbf<?xml version=\"1.1\"?><anything>", "</anything>"},
        {"evtxexport 20181227\n\n", "\n"},
        {"<!-- <Event> -->\n<?pi <Event> ?>", "<!-- </Event> -->"},
    };
    for (int style = XML_STYLE_WEVTUTIL; style <= XML_STYLE_PYTHON; style++) {
        for (size_t w = 0; w < sizeof wraps / sizeof wraps[0]; w++) {
            struct buf text = BUF_INIT;
            struct log_record record = log_record_tcpip(4226, "M&M <1>", TIME_0 + 1234560);
            buf_add_text(&text, wraps[w][0]);
            log_xml_event(&text, &record, 77, (enum xml_style)style);
            log_xml_event(&text, &record, 78, (enum xml_style)style);
            buf_add_text(&text, wraps[w][1]);
            reading.keep_lines = true;
            read_text(buf_text(&text), false, NULL);
            reading.keep_lines = false;
            CHECK(numbers_are(NUMBERS(77, 78)));
            CHECK_NUMBER(reading.result.damaged, 0);
            struct buf expected = BUF_INIT;
            for (int n = 77; n < 79; n++) {
                buf_printf(&expected,
                           "{\"file\":null,\"record\":%d,\"time\":\"2011-09-16T16:43:00.1234560Z\","
                           "\"channel\":\"System\",\"provider\":\"Tcpip\",\"event_id\":4226,"
                           "\"qualifiers\":%s,\"level\":3,\"computer\":\"M&M <1>\"}\n",
                           n, style == XML_STYLE_PYTHON ? "null" : "32768");
            }
            CHECK_TEXT(buf_text(&reading.lines), buf_text(&expected));
            buf_free(&expected);
            buf_free(&text);
        }
    }
}

static void one_event(const char *text, const char *line)
{
    reading.keep_lines = true;
    read_text(text, false, NULL);
    reading.keep_lines = false;
    CHECK_NUMBER(reading.result.damaged, 0);
    CHECK_TEXT(buf_text(&reading.lines), line);
}

#define LINE(record, time, channel, provider, id, qualifiers, level, computer)                     \
    "{\"file\":null,\"record\":" record ",\"time\":" time ",\"channel\":" channel                  \
    ",\"provider\":" provider ",\"event_id\":" id ",\"qualifiers\":" qualifiers                    \
    ",\"level\":" level ",\"computer\":" computer "}\n"

static void fields_in_all_forms(void)
{
    /* A prefix, with and without its declaration in the event. */
    one_event("<e:Event xmlns:e='http://schemas.microsoft.com/win/2004/08/events/event'><e:System>"
              "<e:Provider Name='P'/><e:EventID>7</e:EventID></e:System></e:Event>",
              LINE("0", "null", "null", "\"P\"", "7", "null", "null", "null"));
    one_event("<e:Events xmlns:e='http://schemas.microsoft.com/win/2004/08/events/event'><e:Event>"
              "<e:System><e:Provider Name='P'/><e:EventID>7</e:EventID></e:System></e:Event>"
              "</e:Events>",
              LINE("0", "null", "null", "\"P\"", "7", "null", "null", "null"));
    /* No namespace; elements missing; others in between. */
    one_event("<Event><Before/><System><Level>2</Level><Channel>A&#38;B</Channel></System></Event>",
              LINE("0", "null", "\"A&B\"", "null", "0", "null", "2", "null"));
    /* Blanks, comments and CDATA around and in values. */
    one_event("<Event><System>\n <EventID\n Qualifiers = \"32768\" >\r\n 4226 </EventID>"
              "<Computer><![CDATA[A<B]]><!-- no --> C</Computer>"
              "<Provider Guid='{1}' Name = \"T&quot;c\" /></System></Event>",
              LINE("0", "null", "null", "\"T\\\"c\"", "4226", "32768", "null", "\"A<B C\""));
    /* The full 32-bit id; an empty and an unreadable number. */
    one_event("<Event><System><EventID>2147487874</EventID><EventRecordID>x1</EventRecordID>"
              "<Level/><TimeCreated SystemTime='yesterday'/></System></Event>",
              LINE("0", "null", "null", "null", "4226", "32768", "null", "null"));
    /* The first of two counts, and nothing of other elements. */
    one_event("<Event><System><EventID>1</EventID><EventID>2</EventID></System>"
              "<System><Level>1</Level></System><EventData><EventID>3</EventID></EventData>"
              "<RenderingInfo><Level>Warning</Level><Channel>X</Channel></RenderingInfo></Event>",
              LINE("0", "null", "null", "null", "1", "null", "null", "null"));
    one_event("<Event><System/></Event>",
              LINE("0", "null", "null", "null", "0", "null", "null", "null"));
}

static void times_in_all_forms(void)
{
    static const char *const times[][2] = {
        {"2011-09-16T16:43:00Z", "2011-09-16T16:43:00.0000000Z"},
        {"2011-09-16T16:43:00.123Z", "2011-09-16T16:43:00.1230000Z"},
        {"2011-09-16 16:43:00.123456", "2011-09-16T16:43:00.1234560Z"},
        {"2011-09-16T16:43:00.1234567Z", "2011-09-16T16:43:00.1234567Z"},
        {"2011-09-16T16:43:00.123456789Z", "2011-09-16T16:43:00.1234567Z"},
    };
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        struct buf text = BUF_INIT;
        char iso[WINTIME_TEXT_SIZE];
        buf_printf(&text, "<Event><System><TimeCreated SystemTime=\"%s\"/></System></Event>",
                   times[i][0]);
        read_text(buf_text(&text), false, NULL);
        wintime_iso(reading.records[0].time, iso);
        CHECK_TEXT(iso, times[i][1]);
        buf_free(&text);
    }
}

/* UTF-16 in both orders, with and without a byte order mark, with characters of 1 to 4 bytes of
 * UTF-8 at every place of a block. */
static void utf16(void)
{
    for (int form = 0; form < 4; form++) {
        struct buf text = BUF_INIT;
        bool big = (form & 1) != 0;
        static const uint16_t name[] = {'A', 0xe4, 0x20ac, 0xd83d, 0xde00, 0xd800, 'Z'};
        const char *parts[] = {"<?xml version='1.0' encoding='UTF-16'?><Events>", NULL,
                               "</Events>"};
        if (form < 2) {
            buf_add(&text, big ? "\xfe\xff" : "\xff\xfe", 2);
        }
        for (int i = 0; i < 3000; i++) {
            const char *part = i == 0
                                   ? parts[0]
                                   : "<Event><System><EventID>4226</EventID><Computer>~</Computer>"
                                     "</System></Event>";
            for (; *part != '\0'; part++) {
                size_t units = *part == '~' ? sizeof name / sizeof name[0] : 1;
                for (size_t u = 0; u < units; u++) {
                    uint16_t unit = *part == '~' ? name[u] : (uint16_t)(uint8_t)*part;
                    uint8_t low = (uint8_t)(unit & 0xff);
                    uint8_t high = (uint8_t)(unit >> 8);
                    buf_add_char(&text, (char)(big ? high : low));
                    buf_add_char(&text, (char)(big ? low : high));
                }
            }
        }
        struct log_place place = {.set = false};
        reading.keep_lines = true;
        reading.stop_after = 1234;
        read_bytes(&reading, LOG_XML, text.data, text.len, false, &place);
        reading.stop_after = 0;
        CHECK_NUMBER(reading.count, 1234);
        CHECK(strstr(buf_text(&reading.lines), "\"computer\":\"Aä€😀\xef\xbf\xbdZ\"") != NULL);
        reading.keep_lines = false;
        read_bytes(&reading, LOG_XML, text.data, text.len, false, &place);
        CHECK_NUMBER(reading.count, 2999 - 1234);
        CHECK(!reading.result.place_lost);
        CHECK_NUMBER(reading.result.damaged, 0);
        buf_free(&text);
    }
}

static void other_encodings(void)
{
    static const char *const names[] = {"ISO-8859-1", "windows-1252", "x-no-such-encoding"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct buf text = BUF_INIT;
        buf_printf(&text,
                   "<?xml version='1.0' encoding='%s'?><Event><System><Computer>Gr\xfc\xdf"
                   "e</Computer></System></Event>",
                   names[i]);
        one_event(buf_text(&text),
                  LINE("0", "null", "null", "null", "0", "null", "null", "\"Grüße\""));
        buf_free(&text);
    }
    read_text("<Event><System><Computer>Gr\xfc\xdf"
              "e</Computer></System></Event>" EVENT(2),
              false, NULL);
    CHECK(numbers_are(NUMBERS(2)));
    CHECK_NUMBER(reading.result.damaged, 1);
}

/* ---- what is no event ---- */

/* Two exports in one file: a search for a place that is lost ends in the second one's encoding. */
static void joined_exports_of_two_encodings(void)
{
    static const char text[] =
        "<Event><System><Computer>Gr\xc3\xbc\xc3\x9f</Computer></System></Event>\n"
        "<?xml version='1.0' encoding='windows-1252'?>"
        "<Event><System><Computer>Gr\xfc\xdf</Computer></System></Event>\n";
    struct log_place place = {.set = true, .record = 77, .time = TIME_0, .offset = 3};
    reading.keep_lines = true;
    read_text(text, false, NULL);
    char *expected = text_copy(buf_text(&reading.lines));
    CHECK_NUMBER(reading.count, 2);
    read_text(text, false, &place);
    reading.keep_lines = false;
    CHECK(reading.result.place_lost);
    CHECK_NUMBER(reading.result.damaged, 0);
    CHECK_TEXT(buf_text(&reading.lines), expected);
    free(expected);
}

static void text_that_looks_like_an_event(void)
{
    read_text(
        "<Events>" EVENT(1) "<!-- " EVENT(
            2) " -->"
               "<Event><System><EventRecordID>3</EventRecordID></System><EventData><Data>&lt;Event>"
               "</Data><Data><![CDATA[" EVENT(4) "]]></Data><Data a='&lt;Event>'/><x>" EVENT(
                   5) "</x><!-- " EVENT(6) "--></EventData></Event><![CDATA[" EVENT(7) "]]>" EVENT(8) "</Events>",
        false, NULL);
    CHECK(numbers_are(NUMBERS(1, 3, 8)));
    CHECK_NUMBER(reading.result.damaged, 0);
}

static void other_events_are_passed_over(void)
{
    read_text("<Events><Event xmlns='urn:other'><System><EventRecordID>1</EventRecordID></System>"
              "</Event><Event><When>now</When></Event>" EVENT(3) "<EventX/></Events>",
              false, NULL);
    CHECK(numbers_are(NUMBERS(3)));
    CHECK_NUMBER(reading.result.damaged, 0);
}

static void wrong_kinds(void)
{
    static const char *const wrong[] = {
        "",
        "no markup",
        "<html><body>Event</body></html>",
        "<calendar><Event><When>now</When></Event></calendar>",
        "<?xml version='1.0'?><project/>",
        "a < b and b > c",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        read_text(wrong[i], false, NULL);
        CHECK_NUMBER(reading.result.end, LOG_WRONG_KIND);
        CHECK_NUMBER(reading.count, 0);
        CHECK_NUMBER(reading.result.damaged, 0);
        read_text(wrong[i], true, NULL);
        CHECK_NUMBER(reading.result.end, LOG_END);
    }
    read_text("<?xml version='1.0'?><Events></Events>", false, NULL);
    CHECK_NUMBER(reading.result.end, LOG_END);
    read_text("<Events/>", false, NULL);
    CHECK_NUMBER(reading.result.end, LOG_END);
}

static void document_types_are_refused(void)
{
    read_text("<?xml version='1.0'?><!DOCTYPE Events [<!ENTITY x SYSTEM 'file:///etc/passwd'>"
              "<!ENTITY e '" EVENT(1) "'>]><Events>" EVENT(2) "</Events>",
              false, NULL);
    CHECK_NUMBER(reading.result.end, LOG_WRONG_KIND);
    CHECK_NUMBER(reading.count, 0);
    CHECK_NUMBER(reading.damage_at, 21);
    CHECK(strstr(reading.damage, "document type") != NULL);
    read_text(EVENT(1) "<!DOCTYPE Events>" EVENT(2), false, NULL);
    CHECK_NUMBER(reading.result.end, LOG_END);
    CHECK(numbers_are(NUMBERS(1)));
    CHECK_NUMBER(reading.result.damaged, 1);
    /* Also in an event: no accident puts one there. */
    read_text(EVENT(1) "<Event><System/><!DOCTYPE x></Event>" EVENT(2), false, NULL);
    CHECK(numbers_are(NUMBERS(1)));
    CHECK(reading.result.damaged >= 1);
    /* Entities that nothing defines. */
    read_text("<Event><System><Channel>&xxe;</Channel></System></Event>" EVENT(2), false, NULL);
    CHECK(numbers_are(NUMBERS(2)));
    CHECK_NUMBER(reading.result.damaged, 1);
}

/* Markup of any size that is no event, and an event that never ends. */
static void endless_files(void)
{
    static const char *const starts[] = {"<Event><System/><EventData><Data>",
                                         "<Event><System/><a b='", "<Event><System/><!-- ",
                                         "<Event><System/><![CDATA["};
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        struct buf text = BUF_INIT;
        buf_add_text(&text, EVENT(1));
        buf_add_text(&text, starts[i]);
        for (int n = 0; n < 300000; n++) {
            buf_add_text(&text, "endless ");
        }
        size_t without = text.len;
        buf_add_text(&text, EVENT(2));
        read_bytes(&reading, LOG_XML, text.data, without, true, NULL);
        CHECK(numbers_are(NUMBERS(1)));
        CHECK_NUMBER(reading.result.damaged, 1);
        CHECK(strstr(reading.damage, "1 MiB") != NULL);
        read_bytes(&reading, LOG_XML, text.data, text.len, false, NULL);
        CHECK(numbers_are(NUMBERS(1, 2)));
        CHECK_NUMBER(reading.result.damaged, 1);
        /* Without an event in the first MiB it is something else. */
        buf_clear(&text);
        buf_add_text(&text, "<Happening>");
        for (int n = 0; n < 300000; n++) {
            buf_add_text(&text, i == 0 ? "endless " : "<a/><!---->");
        }
        buf_add_text(&text, EVENT(2));
        read_bytes(&reading, LOG_XML, text.data, text.len, i % 2 == 0, NULL);
        CHECK_NUMBER(reading.result.end, LOG_WRONG_KIND);
        buf_free(&text);
    }
}

/* ---- damage ---- */

static void damaged_events_cost_themselves(void)
{
    static const char *const damaged[] = {
        "<Event><System><EventID>1</System></Event>",           /* an end tag is missing */
        "<Event><System></System>",                             /* the event's own */
        "<Event><System></System><EventData><Data>cut in the ", /* several */
        "<Event><System></System></Evennt>",                    /* another one */
        "<Event><System/><Data>a < b</Data></Event>",
        "<Event><System/><Data>&nothing;</Data></Event>",
        "<Event><System/><Data a=1/></Event>",
        "<Event><System/><Data a='x/></Event>",
        "<Event><System/><?xml version='1.0'?></Event>",
        "<Event <System/></Event>",
        "<Event><System/><Data>\xff</Data></Event>",
        "<Event><System/></x></Event>",
    };
    for (size_t i = 0; i < sizeof damaged / sizeof damaged[0]; i++) {
        struct buf text = BUF_INIT;
        buf_printf(&text, "<Events>\r\n%s\r\n%s\r\n%s\r\n%s</Events>", EVENT(1), damaged[i],
                   EVENT(2), EVENT(3));
        read_text(buf_text(&text), false, NULL);
        if (!numbers_are(NUMBERS(1, 2, 3))) {
            CHECK_TEXT(damaged[i], "");
        }
        /* "<Event <" is not even the start of an event. */
        CHECK_NUMBER(reading.result.damaged, i == 9 ? 0 : 1);
        CHECK(i == 9 || reading.damage_at == strlen("<Events>\r\n\r\n" EVENT(1)));
        buf_free(&text);
    }
}

static void deep_nesting_is_damage(void)
{
    struct buf text = BUF_INIT;
    buf_add_text(&text, "<Event><System/>");
    for (int i = 0; i < 100000; i++) {
        buf_add_text(&text, "<a>");
    }
    buf_add_text(&text, EVENT(2));
    read_text(buf_text(&text), false, NULL);
    CHECK(numbers_are(NUMBERS(2)));
    CHECK_NUMBER(reading.result.damaged, 1);
    buf_free(&text);
}

/* Exports mark themselves as XML 1.1 for the sake of such characters. */
static void control_characters_in_the_data(void)
{
    read_text("<?xml version='1.1'?><Events>"
              "<Event><System><EventRecordID>1</EventRecordID></System><EventData><Data>&#x1;"
              "</Data></EventData></Event><Event><System><EventRecordID>2</EventRecordID></System>"
              "<EventData><Data>\x02</Data></EventData></Event>"
              "<Event><System><EventRecordID>&#x3;3</EventRecordID></System></Event>"
              "<Event><System/><EventData><Data>&#x1;</Daata></EventData></Event></Events>",
              false, NULL);
    CHECK(numbers_are(NUMBERS(1, 2, 3)));
    CHECK_NUMBER(reading.result.damaged, 1);
}

static void every_byte_mutated(void)
{
    struct buf text = BUF_INIT;
    buf_add_text(&text, "<?xml version='1.0'?>\n<Events>\n");
    for (uint64_t n = 1; n <= 5; n++) {
        struct log_record record = log_record_tcpip(4226, "WKS", TIME_0);
        log_xml_event(&text, &record, n, n % 2 != 0 ? XML_STYLE_VIEWER : XML_STYLE_EVTXEXPORT);
    }
    buf_add_text(&text, "</Events>\n");
    static const char values[] = {0, '<', '>', '&', '"', '\'', '/', ' ', (char)0xff, '!', '?', '['};
    for (size_t at = 0; at < text.len; at++) {
        char old = text.data[at];
        for (size_t v = 0; v < sizeof values; v++) {
            text.data[at] = values[v];
            read_bytes(&reading, LOG_XML, text.data, text.len, false, NULL);
            if (reading.count < 4 || reading.count > 5) {
                CHECK_NUMBER(at, SIZE_MAX); /* names the byte */
                CHECK_NUMBER(reading.count, 4);
            }
        }
        text.data[at] = old;
    }
    buf_free(&text);
}

/* ---- going on ---- */

static void file_that_grows_byte_by_byte(void)
{
    struct buf text = BUF_INIT;
    struct log_place place = {.set = false};
    buf_add_text(&text, "\xef\xbb\xbf<?xml version='1.0'?>\r\n<!-- c --><Events>\r\n");
    for (uint64_t n = 1; n <= 4; n++) {
        struct log_record record = log_record_tcpip(4226, "WKS", TIME_0 + n * WINTIME_PER_SECOND);
        buf_add_text(&text, "<!-- c --><![CDATA[x]]>");
        log_xml_event(&text, &record, n, n % 2 != 0 ? XML_STYLE_VIEWER : XML_STYLE_WEVTUTIL);
    }
    buf_add_text(&text, "</Events>\r\n");
    uint64_t seen = 0;
    for (size_t size = 0; size <= text.len; size++) {
        read_bytes(&reading, LOG_XML, text.data, size, true, &place);
        CHECK(reading.count <= 1);
        if (reading.count == 1) {
            CHECK_NUMBER(reading.records[0].record, ++seen);
        }
        CHECK_NUMBER(reading.result.damaged, 0);
        CHECK(!reading.result.place_lost);
        /* Read as a whole, the same bytes are cut. */
        if (size < text.len - 20 && size > 100) {
            read_bytes(&reading, LOG_XML, text.data, size, false, NULL);
            CHECK_NUMBER(reading.count, seen);
            CHECK(reading.result.damaged <= 1);
            CHECK_NUMBER(reading.result.incomplete, reading.result.damaged);
        }
    }
    CHECK_NUMBER(seen, 4);
    buf_free(&text);
}

static void places(void)
{
    static const char text[] = "<Events>" EVENT(1) EVENT(2) EVENT(3) "</Events>";
    static const uint64_t hints[] = {0, 8, 9, 200, 100000, UINT64_MAX};
    for (size_t i = 0; i < sizeof hints / sizeof hints[0]; i++) {
        struct log_place place = {true, 2, 0, hints[i], 0, 1};
        read_text(text, true, &place);
        CHECK(numbers_are(NUMBERS(3)));
        CHECK(!reading.result.place_lost);
        CHECK_NUMBER(place.record, 3);
        place = (struct log_place){true, 4, 0, hints[i], 0, 1};
        read_text(text, true, &place);
        CHECK(numbers_are(NUMBERS(1, 2, 3)));
        CHECK(reading.result.place_lost);
        place = (struct log_place){true, 2, 1, hints[i], 0, 0};
        read_text(text, false, &place);
        CHECK(reading.result.place_lost);
    }
    struct log_place place = {.set = false};
    reading.stop_after = 1;
    for (uint64_t n = 1; n <= 3; n++) {
        read_text(text, false, &place);
        CHECK_NUMBER(reading.result.end, LOG_STOPPED);
        CHECK_NUMBER(place.record, n);
    }
    reading.stop_after = 0;
    read_text(text, false, &place);
    CHECK_NUMBER(reading.result.end, LOG_END);
    CHECK_NUMBER(reading.count, 0);
}

/* ---- one rendered event ---- */

static void one_rendered_event(void)
{
    struct xml_decoder *decoder = xml_decoder_new();
    struct event event;
    const char *what = NULL;
    static const char text[] = EVENT(9);
    CHECK(decoder != NULL);
    CHECK_NUMBER(xml_event_decode(decoder, text, strlen(text), NULL, &event, &what), XML_EVENT);
    CHECK_NUMBER(event.record, 9);
    CHECK_TEXT(event.provider, "Tcpip");
    static const char other[] = "<Other/>";
    CHECK_NUMBER(xml_event_decode(decoder, other, strlen(other), NULL, &event, NULL), XML_OTHER);
    static const char cut[] = "<Event><System>";
    CHECK_NUMBER(xml_event_decode(decoder, cut, strlen(cut), NULL, &event, &what), XML_DAMAGED);
    CHECK(strstr(what, "not well-formed") != NULL);
    static const char doctype[] = "<!DOCTYPE Event [<!ENTITY a 'b'>]><Event><System/></Event>";
    CHECK_NUMBER(xml_event_decode(decoder, doctype, strlen(doctype), NULL, &event, &what),
                 XML_DAMAGED);
    CHECK(strstr(what, "document type") != NULL);
    CHECK_NUMBER(xml_event_decode(decoder, "", 0, NULL, &event, &what), XML_DAMAGED);
    /* As EvtRender gives it: UTF-16 by length. */
    uint8_t wide[2 * sizeof text];
    for (size_t i = 0; i < sizeof text; i++) {
        wide[2 * i] = (uint8_t)text[i];
        wide[2 * i + 1] = 0;
    }
    CHECK_NUMBER(
        xml_event_decode(decoder, (char *)wide, 2 * strlen(text), "UTF-16LE", &event, &what),
        XML_EVENT);
    CHECK_NUMBER(event.record, 9);
    xml_decoder_free(decoder);
    xml_decoder_free(NULL);
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"exports give the log's own events", exports_give_the_log_s_own_events},
        {"all styles in all fields", all_styles_in_all_fields},
        {"fields in all forms", fields_in_all_forms},
        {"times in all forms", times_in_all_forms},
        {"UTF-16", utf16},
        {"other encodings", other_encodings},
        {"joined exports of two encodings", joined_exports_of_two_encodings},
        {"text that looks like an event", text_that_looks_like_an_event},
        {"other events are passed over", other_events_are_passed_over},
        {"wrong kinds", wrong_kinds},
        {"document types are refused", document_types_are_refused},
        {"endless files", endless_files},
        {"damaged events cost themselves", damaged_events_cost_themselves},
        {"deep nesting is damage", deep_nesting_is_damage},
        {"control characters in the data", control_characters_in_the_data},
        {"every byte mutated", every_byte_mutated},
        {"a file that grows byte by byte", file_that_grows_byte_by_byte},
        {"places", places},
        {"one rendered event", one_rendered_event},
    };
    reading_init(&reading);
    int status = RUN_SUITE("event XML", cases);
    reading_free(&reading);
    return status;
}
