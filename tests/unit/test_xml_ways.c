/* Event XML that is decoded many events at a time against one at a time: real exports, made ones,
 * damaged ones. */
#include "check.h"
#include "log_account.h"
#include "log_reader.h"
#include "log_writer.h"

#include "base/utf.h"

#include <stdio.h>
#include <string.h>

/* Some of the ids that the made exports have. */
static const struct log_ids some_ids = {4226, 1 | 1 << 1 | 1 << 5};

static void read_way(struct log_account *a, const struct buf *log, bool growing, bool plain,
                     const struct log_ids *only)
{
    struct log_how how = {.only = plain ? NULL : only, .plain = plain};
    log_account_read(a, xml_read_how, log, growing, only, &how);
}

/* True when every way gives the same. */
static bool agree(const struct buf *log)
{
    struct log_account plain = {.text = BUF_INIT, .with_places = true};
    struct log_account other = {.text = BUF_INIT, .with_places = true};
    bool good = true;
    for (int growing = 0; growing < 2; growing++) {
        for (int i = 0; i < 2; i++) {
            const struct log_ids *only = i == 0 ? NULL : &some_ids;
            read_way(&plain, log, growing != 0, true, only);
            read_way(&other, log, growing != 0, false, only);
            good = good && log_account_same(&plain, &other);
        }
    }
    buf_free(&plain.text);
    buf_free(&other.text);
    return good;
}

static struct log_record record_at(unsigned i)
{
    static const uint16_t codes[] = {4226, 4227, 4231, 4228, 4225, 4226 + 64};
    static const char *const computers[] = {"WKS", "\xc3\x84rger \xe2\x82\xac \xf0\x9f\x92\xa5",
                                            "a &amp; b"};
    struct log_record record =
        log_record_tcpip(codes[i % 6], computers[i % 3], UINT64_C(129000000000000000) + i);
    record.source = i % 7 == 0 ? "  Tcpip\t" : record.source;
    return record;
}

static const char crowded[] =
    "<Event><System><Provider x='1' Name='a&amp;&#98;&lt;\t\xc3\x9c'/><EventID>4226</EventID>"
    "<Computer> <!-- c --> a <!-- c --> b&#10;c </Computer></System></Event>";
static const char prefixed[] =
    "<e:Event xmlns:e='http://schemas.microsoft.com/win/2004/08/events/event'><e:System>"
    "<e:EventID e:Qualifiers='1'>4226</e:EventID></e:System></e:Event >";

/* Between and in the events stands what may stand there. */
static void add_extra(struct buf *out, unsigned i)
{
    static const char *const extra[] = {
        "\r\n",
        "<!-- <Event> -->",
        "<?pi <Event> ?>",
        "<![CDATA[<Event>]]>",
        "</Events>\r\n<?xml version='1.0' encoding='utf-8'?>\r\n<Events>",
        "&amp;",
        "<Event/>",
        "<Event></Event>",
        "<Event xmlns='urn:other'><System><EventID>4226</EventID></System></Event>",
        "<Event><System><EventID/><EventID>4227</EventID></System></Event>",
        "<Event><System><EventID>4226</EventID><EventID>1</EventID></System></Event>",
        "<Event><System/><System><EventID>4226</EventID></System></Event>",
        "<Event><X><EventID>1</EventID></X><System><EventID>0x1082</EventID><x/></System></Event>",
        "<Event><System><EventID>42<!-- c -->2<![CDATA[6]]><x>7</x></EventID></System></Event>",
        crowded,
        prefixed,
        "<e:Event><e:System><EventID a:Qualifiers='1'>4226</EventID></e:System></e:Event>",
        "<Event><System><EventID>99999999999</EventID></System><Data>\x01&#2;</Data></Event>",
        "<Event><System><EventID>4226</EventID></System><Event/></Event>",
        "<Event><System/><Event></Event></Event>",
        "<Event><Wrap><Event><System/></Event></Wrap><System/></Event>",
        "<Wrap><Event><System><EventID>4226</EventID></System></Event></Wrap>",
        "\xc3\x9c",
        "<Event><System/><Data>]]></Data></Event>",
        "<Event><System/><Data>&none;</Data></Event>",
        "<Event><System/><Data a='1' a='2'/></Event>",
        "<Event><System/><Data xmlns:p='relative'/></Event>",
        "</Event>",
        "<Event>",
        "\xff",
    };
    buf_add_text(out, extra[i % (sizeof extra / sizeof extra[0])]);
}

static void add_events(struct buf *out, unsigned records, unsigned every, enum xml_style style)
{
    for (unsigned i = 0; i < records; i++) {
        struct log_record record = record_at(i);
        log_xml_event(out, &record, i + 1, style);
        if (every != 0 && i % every == 0) {
            add_extra(out, i / every);
        }
    }
}

static void make_log(struct buf *out, unsigned records, unsigned every, enum xml_style style)
{
    buf_clear(out);
    buf_add_text(out, "<?xml version='1.0'?>\n<Events>\n");
    add_events(out, records, every, style);
    buf_add_text(out, "</Events>\n");
}

static void add_utf16(struct buf *out, const struct buf *text)
{
    buf_add(out, "\xff\xfe", 2);
    for (size_t i = 0; i < text->len; i++) {
        buf_add_char(out, text->data[i]);
        buf_add_char(out, '\0');
    }
}

static const char *const samples[] = {
    TEST_DATA "/evtx32_System_ID12.evtx.evtxexport.xml",
    TEST_DATA "/evtx32_System_ID12.evtx.evtx_dump.xml",
};

static void real_exports(void)
{
    struct buf log = BUF_INIT;
    struct buf many = BUF_INIT;
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        CHECK(load_file(&log, samples[i]));
        CHECK(agree(&log));
        for (int n = 0; n < 200; n++) {
            buf_add(&many, log.data, log.len);
        }
        CHECK(agree(&many));
    }
    buf_free(&log);
    buf_free(&many);
}

static void made_exports(void)
{
    struct buf log = BUF_INIT;
    struct buf wide = BUF_INIT;
    for (int style = XML_STYLE_WEVTUTIL; style <= XML_STYLE_PYTHON; style++) {
        for (unsigned every = 0; every < 12; every += every < 1 ? 1 : 5) {
            make_log(&log, 200, every, (enum xml_style)style);
            CHECK(agree(&log));
            /* Each byte as a character, and other parts around it. */
            buf_clear(&wide);
            add_utf16(&wide, &log);
            buf_add(&wide, log.data, log.len);
            add_utf16(&wide, &log);
            CHECK(agree(&wide));
        }
    }
    buf_free(&log);
    buf_free(&wide);
}

/* Each of the things that may stand between events, with few others before and behind it. */
static void each_extra(void)
{
    for (unsigned i = 0; i < 64; i++) {
        struct buf log = BUF_INIT;
        struct log_record record = record_at(0);
        for (unsigned n = 0; n < 4; n++) {
            log_xml_event(&log, &record, n + 1, XML_STYLE_WEVTUTIL);
            if (n == 1) {
                add_extra(&log, i % 8 * 8 + i / 8);
            }
        }
        CHECK(agree(&log));
        buf_free(&log);
    }
}

static void deep_and_long_events(void)
{
    for (unsigned depth = 58; depth < 70; depth++) {
        for (int empty = 0; empty < 2; empty++) {
            struct buf log = BUF_INIT;
            add_events(&log, 3, 0, XML_STYLE_WEVTUTIL);
            buf_add_text(&log, "<Event><System/>");
            for (unsigned i = 0; i < depth; i++) {
                buf_add_text(&log, "<a>");
            }
            buf_add_text(&log, empty != 0 ? "<a/>" : "");
            for (unsigned i = 0; i < depth; i++) {
                buf_add_text(&log, "</a>");
            }
            buf_add_text(&log, "</Event><Event><System/></Event>");
            CHECK(agree(&log));
            buf_free(&log);
        }
    }
    for (size_t size = 16384; size < (size_t)3 * 1024 * 1024; size *= 2) {
        struct buf log = BUF_INIT;
        add_events(&log, 3, 0, XML_STYLE_WEVTUTIL);
        buf_add_text(&log, "<Event><System/><Data>");
        while (log.len < size) {
            buf_add_text(&log, "endless ");
        }
        buf_add_text(&log, "</Data></Event><Event><System/></Event>");
        CHECK(agree(&log));
        buf_free(&log);
    }
}

/* Exports without anything but their events, so that a stretch of text holds several. */
static void bare_parts(void)
{
    for (unsigned records = 1; records < 5; records++) {
        struct buf text = BUF_INIT;
        struct buf log = BUF_INIT;
        add_events(&text, records, 0, XML_STYLE_WEVTUTIL);
        for (int i = 0; i < 4; i++) {
            add_utf16(&log, &text);
            buf_add(&log, text.data, text.len);
        }
        CHECK(agree(&log));
        buf_free(&text);
        buf_free(&log);
    }
}

/* In another encoding the bytes of UTF-8 are other letters. */
static void declared_encodings(void)
{
    static const char *const names[] = {"windows-1252", "ISO-8859-1", "UTF-8", "UTF-16", "none"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct buf log = BUF_INIT;
        buf_printf(&log, "<?xml version='1.0' encoding='%s'?><Events>", names[i]);
        add_events(&log, 40, 0, XML_STYLE_WEVTUTIL);
        CHECK(agree(&log));
        buf_free(&log);
    }
}

/* A generator that is the same everywhere (Marsaglia's xorshift). */
static uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static void damage(struct buf *log, uint32_t *state)
{
    static const char bytes[] = {0,   '<', '>', '&', '"', '\'',      '/',
                                 ' ', '!', '?', ']', 1,   (char)0xff};
    unsigned count = 1 + next_random(state) % 4;
    for (unsigned i = 0; i < count; i++) {
        size_t at = next_random(state) % log->len;
        size_t length = next_random(state) % 40;
        switch (next_random(state) % 3) {
        case 0:
            log->data[at] = bytes[next_random(state) % sizeof bytes];
            break;
        case 1:
            log->data[at] = (char)(next_random(state) & 0xff);
            break;
        default:
            length = length < log->len - at ? length : log->len - at;
            memmove(log->data + at, log->data + at + length, log->len - at - length);
            log->len -= length;
            break;
        }
    }
    if (next_random(state) % 4 == 0) {
        log->len = next_random(state) % log->len;
    }
}

static void damaged_exports(void)
{
    struct buf log = BUF_INIT;
    struct buf copy = BUF_INIT;
    uint32_t state = 4226;
    unsigned differ = 0;
    for (int round = 0; round < 160; round++) {
        make_log(&log, round % 8 == 0 ? 200 : 12, (unsigned)round % 5,
                 (enum xml_style)(round % (XML_STYLE_PYTHON + 1)));
        buf_clear(&copy);
        if (round % 3 == 0) {
            add_utf16(&copy, &log);
        }
        buf_add(&copy, log.data, log.len);
        damage(&copy, &state);
        differ += agree(&copy) ? 0 : 1;
    }
    CHECK_NUMBER(differ, 0);
    buf_free(&log);
    buf_free(&copy);
}

/* The fast way has to be the one that is taken, or the comparison says nothing: it alone passes
 * over events of other ids. */
static void skips_other_ids(void)
{
    static const struct log_ids none = {65000, UINT64_MAX};
    struct buf log = BUF_INIT;
    struct log_account a = {.text = BUF_INIT};
    make_log(&log, 1000, 0, XML_STYLE_WEVTUTIL);
    read_way(&a, &log, false, false, &none);
    CHECK_NUMBER(a.result.records, 1000);
    CHECK_NUMBER(a.handed_out, 0);
    buf_free(&a.text);
    buf_free(&log);
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"real exports", real_exports},       {"made exports", made_exports},
        {"each extra", each_extra},           {"deep and long events", deep_and_long_events},
        {"bare parts", bare_parts},           {"declared encodings", declared_encodings},
        {"damaged exports", damaged_exports}, {"skips other ids", skips_other_ids},
    };
    return RUN_SUITE("XML in every way", cases);
}
