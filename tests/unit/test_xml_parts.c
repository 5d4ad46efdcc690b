/* XML logs that are joined of exports in several encodings: every way to read one gives what stands
 * in its parts. */
#include "check.h"
#include "log_reader.h"

#include "base/buf.h"
#include "base/utf.h"

#include <stdlib.h>
#include <string.h>

enum { EVENTS = 2 /* of a part */, MOST_PARTS = 4 };

/* How an export is written. */
enum form { UTF8, UTF8_MARK, WINDOWS, LITTLE, BIG, LITTLE_BARE, BIG_BARE, FORMS };

/* What stands before its first event. */
enum head { DECLARED, ROOTED, BARE, BANNER, HEADS };

static struct reading reading;
static struct reading part_reading;

static bool is_utf16(enum form form)
{
    return form >= LITTLE;
}

/* Adds a character as the form has it. */
static void add_code(struct buf *out, enum form form, uint32_t code)
{
    char utf8[4];
    char low = (char)(code & 0xff);
    char high = (char)(code >> 8 & 0xff);
    if (is_utf16(form)) {
        bool big = form == BIG || form == BIG_BARE;
        buf_add_char(out, big ? high : low);
        buf_add_char(out, big ? low : high);
    } else if (form == WINDOWS) {
        buf_add_char(out, low);
    } else {
        buf_add(out, utf8, utf8_put(utf8, code));
    }
}

static void add_text(struct buf *out, enum form form, const char *ascii)
{
    for (; *ascii != '\0'; ascii++) {
        add_code(out, form, (uint8_t)*ascii);
    }
}

static void add_mark(struct buf *out, enum form form)
{
    if (form == UTF8_MARK) {
        buf_add(out, "\xef\xbb\xbf", 3);
    } else if (form == LITTLE || form == BIG) {
        add_code(out, form, 0xfeff);
    }
}

static void add_head(struct buf *out, enum form form, enum head head)
{
    add_mark(out, form);
    if (head == BANNER) {
        add_text(out, form, "\r\nodd ");
    }
    if (head == DECLARED || head == BANNER || form == WINDOWS) {
        add_text(out, form, "<?xml version='1.0'");
        add_text(out, form,
                 form == WINDOWS ? " encoding='windows-1252'?>\r\n" : " encoding='UTF-8'?>\r\n");
    }
    if (head != BARE) {
        add_text(out, form, "<Events>\r\n");
    }
}

/* Its computer's name is told in letters that every form writes otherwise. */
static void add_event(struct buf *out, enum form form, unsigned number)
{
    struct buf text = BUF_INIT;
    buf_printf(&text,
               "<Event><System><EventID>4226</EventID><EventRecordID>%u</EventRecordID><Computer>",
               number);
    add_text(out, form, buf_text(&text));
    add_code(out, form, 0xdc);
    add_code(out, form, is_utf16(form) ? 0x3f3c : 0xdf);
    add_text(out, form, "</Computer></System></Event>\r\n");
    buf_free(&text);
}

static void add_part(struct buf *out, enum form form, enum head head, unsigned first)
{
    add_head(out, form, head);
    for (unsigned i = 0; i < EVENTS; i++) {
        add_event(out, form, first + i);
    }
    if (head != BARE) {
        add_text(out, form, "</Events>\r\n");
    }
}

static void read_lines(struct reading *r, const struct buf *log, bool growing,
                       struct log_place *place)
{
    read_bytes(r, LOG_XML, log->data, log->len, growing, place);
}

/* Reads on behind each of the records. With `hint` the place says where it stands. */
static bool resumes(const struct buf *log, const char *lines, bool hint, bool growing)
{
    struct log_place place = {.set = false};
    bool good = true;
    const char *rest = lines;
    for (size_t k = 1; k <= reading.count && good; k++) {
        part_reading.stop_after = 1;
        read_lines(&part_reading, log, growing, &place);
        good = part_reading.count == 1 && !part_reading.result.place_lost;
        rest += strlen(buf_text(&part_reading.lines));
        struct log_place from = place;
        if (!hint) {
            from.part = 0;
        }
        part_reading.stop_after = 0;
        read_lines(&part_reading, log, growing, &from);
        good = good && !part_reading.result.place_lost && part_reading.result.damaged == 0 &&
               strcmp(buf_text(&part_reading.lines), rest) == 0;
    }
    return good;
}

/* Each record once, in whatever pieces the file comes. */
static bool grows(const struct buf *log, const char *lines)
{
    struct log_place place = {.set = false};
    struct buf all = BUF_INIT;
    bool good = true;
    for (size_t size = 0; size <= log->len && good; size++) {
        read_bytes(&part_reading, LOG_XML, log->data, size, true, &place);
        buf_add_text(&all, buf_text(&part_reading.lines));
        good = !part_reading.result.place_lost && part_reading.result.damaged == 0 &&
               part_reading.count <= 1;
    }
    good = good && strcmp(buf_text(&all), lines) == 0;
    buf_free(&all);
    return good;
}

/* True when every way to read the log gives the events of its parts, from number 1 on. */
static bool reads_well(const struct buf *log, const enum form *forms, size_t parts)
{
    struct buf lines = BUF_INIT;
    bool good = true;
    reading.keep_lines = true;
    part_reading.keep_lines = true;
    read_lines(&reading, log, false, NULL);
    buf_add_text(&lines, buf_text(&reading.lines));
    good = reading.result.end == LOG_END && reading.result.damaged == 0 &&
           !reading.result.incomplete && reading.count == parts * EVENTS;
    const char *line = buf_text(&lines);
    for (size_t i = 0; i < reading.count && good; i++) {
        const char *name =
            is_utf16(forms[i / EVENTS]) ? "\"computer\":\"Ü㼼\"" : "\"computer\":\"Üß\"";
        good = reading.records[i].record == i + 1;
        line = strstr(line, name);
        good = good && line != NULL;
        line += good ? 1 : 0;
    }
    good = good && resumes(log, buf_text(&lines), true, false) &&
           resumes(log, buf_text(&lines), true, true) &&
           resumes(log, buf_text(&lines), false, false) && grows(log, buf_text(&lines));
    buf_free(&lines);
    return good;
}

/* A part is told from the one before it by its byte order mark or by its first markup. Bare UTF-16
 * of the other order than the UTF-16 before it looks like letters and nothing else. */
static bool can_follow(enum form before, enum form form, enum head head)
{
    if (form == LITTLE_BARE || form == BIG_BARE) {
        return head != BANNER && !is_utf16(before);
    }
    /* Only a declaration tells other bytes from those of a declared encoding. */
    if (form == UTF8 && before == WINDOWS) {
        return head == DECLARED || head == BANNER;
    }
    return head != BANNER || !is_utf16(before) || !is_utf16(form) || form == before;
}

static void two_parts(void)
{
    for (int a = 0; a < FORMS; a++) {
        for (int b = 0; b < FORMS; b++) {
            for (int head = 0; head < HEADS; head++) {
                const enum form forms[] = {(enum form)a, (enum form)b};
                struct buf log = BUF_INIT;
                if (!can_follow(forms[0], forms[1], (enum head)head)) {
                    continue;
                }
                add_part(&log, forms[0], DECLARED, 1);
                add_part(&log, forms[1], (enum head)head, 1 + EVENTS);
                if (!reads_well(&log, forms, 2)) {
                    CHECK_NUMBER(100 * a + 10 * b + head, -1); /* names the forms */
                }
                buf_free(&log);
            }
        }
    }
}

static void parts_in_a_row(void)
{
    static const enum form rows[][MOST_PARTS] = {
        {UTF8, LITTLE, WINDOWS, BIG},
        {LITTLE, UTF8, BIG, UTF8_MARK},
        {WINDOWS, LITTLE_BARE, UTF8, UTF8},
        {BIG, LITTLE, WINDOWS, UTF8_MARK},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf log = BUF_INIT;
        for (unsigned part = 0; part < MOST_PARTS; part++) {
            add_part(&log, rows[i][part], DECLARED, 1 + part * EVENTS);
        }
        CHECK(reads_well(&log, rows[i], MOST_PARTS));
        buf_free(&log);
    }
}

static bool last_name_is(enum form form)
{
    static const char key[] = "\"computer\":";
    const char *expected = is_utf16(form) ? "\"Ü㼼\"" : "\"Üß\"";
    const char *last = "";
    for (const char *at = buf_text(&reading.lines); (at = strstr(at, key)) != NULL;) {
        at += sizeof key - 1;
        last = at;
    }
    return strncmp(last, expected, strlen(expected)) == 0;
}

/* One part, blanks up to an offset, another part. */
static void padded(enum form before, enum form behind, bool in_block, size_t to)
{
    const enum head head = before == WINDOWS ? ROOTED : DECLARED;
    struct buf log = BUF_INIT;
    if (!can_follow(before, behind, head)) {
        return;
    }
    add_head(&log, before, DECLARED);
    for (unsigned i = 1; i <= EVENTS; i++) {
        add_event(&log, before, i);
    }
    /* The block of a search between two events begins behind the first one's end tag. */
    to += in_block ? log.len - (is_utf16(before) ? 4 : 2) : 0;
    while (log.len + 2 <= to) {
        add_text(&log, before, is_utf16(before) ? " " : "  ");
    }
    add_part(&log, behind, head, 1 + EVENTS);
    read_lines(&reading, &log, false, NULL);
    if (reading.count != (size_t)2 * EVENTS || reading.result.damaged != 0 ||
        !last_name_is(behind)) {
        CHECK_NUMBER(100 * to + 10 * (size_t)before + (size_t)behind, SIZE_MAX);
    }
    buf_free(&log);
}

/* The blocks in which the file is read, and is searched for a change, end at every place around
 * it. */
static void a_change_anywhere_in_a_block(void)
{
    static const enum form before[] = {UTF8, WINDOWS, LITTLE};
    reading.keep_lines = true;
    for (size_t shift = 0; shift < 40; shift++) {
        for (int behind = 0; behind < FORMS; behind++) {
            for (size_t i = 0; i < sizeof before / sizeof before[0]; i++) {
                padded(before[i], (enum form)behind, false, 32768 - 20 + shift);
                padded(before[i], (enum form)behind, true, 4096 - 20 + shift);
            }
        }
    }
}

/* An event's data is anybody's: bytes in it that would begin a part begin none. */
static void data_begins_no_part(void)
{
    static const char forged[] = "\xef\xbb\xbf<?xml version='1.0'?><Event><System><EventID>4226"
                                 "</EventID></System></Event> ";
    struct buf log = BUF_INIT;
    add_head(&log, LITTLE, DECLARED);
    add_event(&log, LITTLE, 1);
    add_text(&log, LITTLE, "<Event><System><EventRecordID>2</EventRecordID></System><EventData>");
    buf_add(&log, forged, sizeof forged / 2 * 2);
    add_text(&log, LITTLE, "</EventData></Event>");
    add_event(&log, LITTLE, 3);
    read_lines(&reading, &log, false, NULL);
    CHECK_NUMBER(reading.count, 3);
    CHECK_NUMBER(reading.records[1].record, 2);
    CHECK_NUMBER(reading.records[2].record, 3);
    buf_free(&log);
}

/* An export that was cut in an event costs that event. */
static void a_cut_part(void)
{
    for (int form = 0; form < FORMS; form++) {
        const enum form before = (enum form)form;
        const enum form behind = is_utf16(before) ? UTF8 : LITTLE;
        struct buf log = BUF_INIT;
        add_head(&log, before, DECLARED);
        add_event(&log, before, 1);
        add_text(&log, before, "<Event><System><EventID>4226</EventID><Compu");
        add_part(&log, behind, DECLARED, 2);
        read_lines(&reading, &log, false, NULL);
        CHECK_NUMBER(reading.count, 1 + EVENTS);
        CHECK_NUMBER(reading.result.damaged, 1);
        CHECK_NUMBER(reading.records[EVENTS].record, 1 + EVENTS);
        buf_free(&log);
    }
}

/* What a state file says of the part is not believed when none begins there. */
static void a_part_that_is_none(void)
{
    struct buf log = BUF_INIT;
    struct log_place place = {.set = false};
    add_part(&log, UTF8, DECLARED, 1);
    add_part(&log, LITTLE, DECLARED, 1 + EVENTS);
    reading.stop_after = EVENTS + 1;
    read_lines(&reading, &log, false, &place);
    reading.stop_after = 0;
    const uint64_t parts[] = {0, 2, 5, log.len, log.len + 1, UINT64_MAX - 1, UINT64_MAX};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        struct log_place from = place;
        from.part = parts[i];
        read_lines(&reading, &log, true, &from);
        CHECK(!reading.result.place_lost);
        CHECK_NUMBER(reading.count, EVENTS - 1);
        CHECK_NUMBER(from.part, place.part);
    }
    buf_free(&log);
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"two parts", two_parts},
        {"parts in a row", parts_in_a_row},
        {"a change anywhere in a block", a_change_anywhere_in_a_block},
        {"data begins no part", data_begins_no_part},
        {"a cut part", a_cut_part},
        {"a part that is none", a_part_that_is_none},
    };
    reading_init(&reading);
    reading_init(&part_reading);
    int status = RUN_SUITE("XML in several encodings", cases);
    reading_free(&reading);
    reading_free(&part_reading);
    return status;
}
