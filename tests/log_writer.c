#include "log_writer.h"

#include "base/bytes.h"
#include "base/utf.h"
#include "base/wintime.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    HEADER = 48,
    MARK = 40,
    FIXED = 56,
    SIGNATURE = 0x654c664c, /* "LfLe" */
    STEP = 65536,           /* by so much the service lets a file grow */
    DEFAULT_LIMIT = 524288, /* XP's MaxSize of the System log */
    FLAG_DIRTY = 1,
    FLAG_WRAPPED = 2,
    FILLER = 0x27,
};

/* ---- records ---- */

struct log_record log_record_tcpip(uint16_t code, const char *computer, uint64_t time)
{
    static const uint8_t data_4226[40] = {[4] = 1, [6] = 0x54, [12] = 0x82, 0x10, 0, 0x80, 1};
    static const uint8_t data_4227[40] = {[4] = 1, [6] = 0x54, [12] = 0x83, 0x10, 0, 0x80, 1};
    static const uint8_t data_4231[40] = {[4] = 1, [6] = 0x54, [12] = 0x87, 0x10, 0, 0x80, 1};
    return (struct log_record){.id = 0x80000000U | code,
                               .type = 2,
                               .time = time,
                               .source = "Tcpip",
                               .computer = computer,
                               .channel = "System",
                               .strings = {""},
                               .string_count = 1,
                               .data = code == 4227   ? data_4227
                                       : code == 4231 ? data_4231
                                                      : data_4226,
                               .data_size = sizeof data_4226,
                               .from_driver = true};
}

struct log_record log_record_decoy(const char *computer, uint64_t time)
{
    return (struct log_record){
        .id = 0xc0001f43, /* 8003 */
        .type = 1,
        .time = time,
        .source = "MRxSmb",
        .computer = computer,
        .channel = "System",
        .strings = {"", "WKS-0815", "NetBT_Tcpip_{A1B2C3D4-0000-4226-8000-001082", "Tcpip"},
        .string_count = 4,
        .from_driver = true};
}

/* Adds text as UTF-16LE with a NUL. */
static void add_utf16(struct buf *out, const char *text)
{
    size_t length = strlen(text);
    for (size_t at = 0; at < length;) {
        uint32_t code;
        uint8_t unit[4];
        size_t units = 1;
        at += utf8_get(text + at, length - at, &code);
        if (code >= 0x10000) {
            put_le16(unit, (uint16_t)(0xd800 + ((code - 0x10000) >> 10)));
            put_le16(unit + 2, (uint16_t)(0xdc00 + ((code - 0x10000) & 0x3ff)));
            units = 2;
        } else {
            put_le16(unit, (uint16_t)code);
        }
        buf_add(out, unit, 2 * units);
    }
    buf_add(out, "\0", 2);
}

static void add_times(struct buf *out, uint8_t byte, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        buf_add_char(out, (char)byte);
    }
}

void evt_record_bytes(struct buf *out, const struct log_record *record, uint32_t number)
{
    size_t start = out->len;
    uint32_t seconds = (uint32_t)((record->time - WINTIME_UNIX_EPOCH) / WINTIME_PER_SECOND);
    uint8_t filler = record->garbage ? 0xa5 : 0;
    add_times(out, 0, FIXED);
    add_utf16(out, record->source);
    add_utf16(out, record->computer);
    size_t strings = out->len - start;
    for (size_t i = 0; i < record->string_count; i++) {
        add_utf16(out, record->strings[i]);
    }
    size_t data = out->len - start;
    buf_add(out, record->data, record->data_size);
    add_times(out, filler, 4 - (out->len - start) % 4);
    add_times(out, filler, record->from_driver ? 12 : 0);
    uint32_t length = (uint32_t)(out->len - start) + 4;
    uint8_t last[4];
    put_le32(last, length);
    buf_add(out, last, sizeof last);
    if (out->failed) {
        return;
    }
    uint8_t *fixed = (uint8_t *)out->data + start;
    put_le32(fixed, length);
    put_le32(fixed + 4, SIGNATURE);
    put_le32(fixed + 8, number);
    put_le32(fixed + 12, seconds);
    put_le32(fixed + 16, seconds);
    put_le32(fixed + 20, record->id);
    put_le16(fixed + 24, record->type);
    put_le16(fixed + 26, (uint16_t)record->string_count);
    put_le16(fixed + 28, record->category);
    put_le16(fixed + 30, record->garbage ? 0x5a5a : 0);
    put_le32(fixed + 32, record->garbage ? 0x5a5a5a5a : 0);
    put_le32(fixed + 36, (uint32_t)strings);
    put_le32(fixed + 44, record->from_driver ? 0 : (uint32_t)strings);
    put_le32(fixed + 48, (uint32_t)record->data_size);
    put_le32(fixed + 52, (uint32_t)data);
    if (record->from_driver) {
        put_le32(fixed + length - 8, length - 4);
    }
}

/* ---- the file ---- */

static bool write_at(struct evt_image *image, uint32_t offset, const void *bytes, size_t size)
{
    memcpy(image->bytes + offset, bytes, size);
    return image->write == NULL || image->write(image->context, offset, bytes, size);
}

/* Writes into the ring behind the header. */
static bool write_ring(struct evt_image *image, uint32_t offset, const uint8_t *bytes,
                       uint32_t size)
{
    uint32_t to_end = (uint32_t)image->size - offset;
    if (size <= to_end) {
        return write_at(image, offset, bytes, size);
    }
    return write_at(image, offset, bytes, to_end) &&
           write_at(image, HEADER, bytes + to_end, size - to_end);
}

static uint32_t go_on(const struct evt_image *image, uint32_t at, uint32_t size)
{
    uint32_t to_end = (uint32_t)image->size - at;
    return size < to_end ? at + size : HEADER + (size - to_end);
}

static bool grow_to(struct evt_image *image, uint32_t size)
{
    uint8_t *bytes = realloc(image->bytes, size);
    size_t old = image->size;
    if (bytes == NULL) {
        return false;
    }
    image->bytes = bytes;
    memset(bytes + old, 0, size - old);
    image->size = size;
    return image->write == NULL ||
           image->write(image->context, old, bytes + old, image->size - old);
}

static bool write_mark(struct evt_image *image)
{
    uint8_t mark[MARK];
    put_le32(mark, MARK);
    for (size_t i = 1; i <= 4; i++) {
        put_le32(mark + 4 * i, (uint32_t)i * 0x11111111U);
    }
    put_le32(mark + 20, image->begin);
    put_le32(mark + 24, image->end);
    put_le32(mark + 28, image->next);
    put_le32(mark + 32, image->oldest);
    put_le32(mark + 36, MARK);
    return write_ring(image, image->end, mark, sizeof mark);
}

static bool write_header(struct evt_image *image, uint32_t flags)
{
    uint8_t header[HEADER];
    put_le32(header, HEADER);
    put_le32(header + 4, SIGNATURE);
    put_le32(header + 8, 1);
    put_le32(header + 12, 1);
    put_le32(header + 16, image->begin);
    put_le32(header + 20, image->end);
    put_le32(header + 24, image->next);
    put_le32(header + 28, image->oldest);
    put_le32(header + 32, image->limit);
    put_le32(header + 36, flags);
    put_le32(header + 40, 604800); /* retention in seconds: a week */
    put_le32(header + 44, HEADER);
    return write_at(image, 0, header, sizeof header);
}

bool evt_image_create(struct evt_image *image, uint32_t size, uint32_t limit)
{
    *image = (struct evt_image){
        .limit = limit < size ? size : limit, .begin = HEADER, .end = HEADER, .next = 1};
    return size >= HEADER + MARK && size % 4 == 0 && grow_to(image, size) && write_mark(image) &&
           write_header(image, 0);
}

/* Takes begin, end, oldest and next from a header (at 16) or an end-of-file record (at 20). */
static void take_state(struct evt_image *image, const uint8_t *four)
{
    image->begin = get_le32(four);
    image->end = get_le32(four + 4);
    image->next = get_le32(four + 8);
    image->oldest = get_le32(four + 12);
}

/* The newest end-of-file record that stands where it says. */
static bool find_mark(struct evt_image *image)
{
    bool found = false;
    for (uint32_t at = HEADER; at + MARK <= image->size; at += 4) {
        const uint8_t *p = image->bytes + at;
        if (get_le32(p) == MARK && get_le32(p + 4) == 0x11111111 && get_le32(p + 24) == at &&
            (!found || (int32_t)(get_le32(p + 28) - image->next) > 0)) {
            take_state(image, p + 20);
            found = true;
        }
    }
    return found;
}

const char *evt_image_load(struct evt_image *image, const void *bytes, size_t size, uint32_t limit)
{
    *image = (struct evt_image){.limit = limit};
    if (size < HEADER + MARK || size > UINT32_MAX / 2 ||
        memcmp((const char *)bytes + 4, "LfLe", 4) != 0) {
        return "it is not a .evt file";
    }
    image->size = size & ~(size_t)3;
    image->bytes = malloc(image->size);
    if (image->bytes == NULL) {
        return "memory is out";
    }
    memcpy(image->bytes, bytes, image->size);
    if (limit == 0) {
        uint32_t claimed = get_le32(image->bytes + 32);
        image->limit = claimed > DEFAULT_LIMIT ? claimed : DEFAULT_LIMIT;
    }
    take_state(image, image->bytes + 16);
    if ((get_le32(image->bytes + 36) & FLAG_DIRTY) != 0 && !find_mark(image)) {
        return "it is dirty and has no end-of-file record";
    }
    if (image->begin < HEADER || image->begin >= image->size || image->end < HEADER ||
        image->end >= image->size) {
        return "its header points outside of it";
    }
    return NULL;
}

/* Bytes from the end-of-file record on that no record needs. */
static uint32_t room(const struct evt_image *image)
{
    if (image->begin == image->end) {
        return (uint32_t)image->size - HEADER;
    }
    return image->begin > image->end ? image->begin - image->end
                                     : (uint32_t)image->size - image->end + (image->begin - HEADER);
}

static void give_up_oldest(struct evt_image *image)
{
    uint32_t length = get_le32(image->bytes + image->begin);
    image->begin = go_on(image, image->begin, length);
    image->oldest++;
    if (image->size - image->begin < FIXED && get_le32(image->bytes + image->begin) == FILLER) {
        image->begin = HEADER;
    }
}

/* Makes room for a record and the end-of-file record behind it. */
static bool make_room(struct evt_image *image, uint32_t length)
{
    while (image->begin <= image->end && image->size < image->limit &&
           image->size - image->end < length + MARK) {
        uint32_t more = image->limit - (uint32_t)image->size;
        if (!grow_to(image, (uint32_t)image->size + (more < STEP ? more : STEP))) {
            return false;
        }
    }
    uint32_t tail = (uint32_t)image->size - image->end;
    uint32_t needed = length + MARK + (tail < FIXED ? tail : 0);
    if (needed >= image->size - HEADER) {
        return false;
    }
    /* One byte stays free, or the log would look empty. */
    while (room(image) <= needed) {
        give_up_oldest(image);
    }
    return true;
}

/* Where not even a record's fixed part fits, the file's end is filled up. */
static bool fill_end(struct evt_image *image)
{
    uint8_t filler[FIXED];
    uint32_t tail = (uint32_t)image->size - image->end;
    if (tail >= FIXED) {
        return true;
    }
    for (uint32_t i = 0; i < tail; i += 4) {
        put_le32(filler + i, FILLER);
    }
    uint32_t at = image->end;
    image->end = HEADER;
    return write_at(image, at, filler, tail);
}

/* The service marks an open log at its first record, and then leaves the header alone: a real one
 * is 25 records behind. */
static bool mark_open(struct evt_image *image)
{
    uint8_t bytes[4];
    uint32_t flags = get_le32(image->bytes + 36);
    put_le32(bytes, flags | FLAG_DIRTY);
    return (flags & FLAG_DIRTY) != 0 || write_at(image, 36, bytes, sizeof bytes);
}

bool evt_image_append(struct evt_image *image, const struct log_record *record)
{
    struct buf bytes = BUF_INIT;
    bool empty = image->begin == image->end;
    bool done = false;
    evt_record_bytes(&bytes, record, image->next);
    uint32_t length = (uint32_t)bytes.len;
    if (!bytes.failed && mark_open(image) && make_room(image, length) && fill_end(image) &&
        write_ring(image, image->end, (uint8_t *)bytes.data, length)) {
        if (empty) {
            image->begin = image->end;
            image->oldest = image->next;
        }
        image->next++;
        image->end = go_on(image, image->end, length);
        done = write_mark(image);
    }
    buf_free(&bytes);
    return done;
}

bool evt_image_close(struct evt_image *image)
{
    return write_header(image, image->begin > image->end ? FLAG_WRAPPED : 0);
}

void evt_image_free(struct evt_image *image)
{
    free(image->bytes);
    image->bytes = NULL;
}

/* ---- XML ---- */

static void add_escaped(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '<':
            buf_add_text(out, "&lt;");
            break;
        case '>':
            buf_add_text(out, "&gt;");
            break;
        case '&':
            buf_add_text(out, "&amp;");
            break;
        case '\'':
            buf_add_text(out, "&apos;");
            break;
        case '"':
            buf_add_text(out, "&quot;");
            break;
        default:
            buf_add_char(out, *text);
            break;
        }
    }
}

static unsigned level_of(const struct log_record *record)
{
    return record->type == 1 ? 2 : record->type == 2 ? 3 : record->type == 4 ? 4 : 0;
}

static void add_system(struct buf *out, const struct log_record *record, uint64_t number,
                       enum xml_style style)
{
    char quote = style == XML_STYLE_WEVTUTIL || style == XML_STYLE_VIEWER ? '\'' : '"';
    const char *lf = style == XML_STYLE_EVTXEXPORT ? "\n    "
                     : style == XML_STYLE_PYTHON   ? "\n"
                                                   : "";
    char time[WINTIME_TEXT_SIZE];
    wintime_iso(record->time, time);
    if (style == XML_STYLE_PYTHON) {
        time[10] = ' ';
        time[26] = '\0';
    }
    buf_printf(out, "<System>%s<Provider Name=%c", lf, quote);
    add_escaped(out, record->source);
    buf_printf(out, "%c/>%s<EventID Qualifiers=%c", quote, lf, quote);
    if (style != XML_STYLE_PYTHON) {
        buf_printf(out, "%u", (unsigned)(record->id >> 16));
    }
    buf_printf(out, "%c>%u</EventID>%s<Level>%u</Level>%s<Task>%u</Task>%s", quote,
               (unsigned)(record->id & 0xffff), lf, level_of(record), lf, record->category, lf);
    buf_printf(out, "<Keywords>0x80000000000000</Keywords>%s<TimeCreated SystemTime=%c%s%c/>%s", lf,
               quote, time, quote, lf);
    buf_printf(out, "<EventRecordID>%" PRIu64 "</EventRecordID>%s<Channel>", number, lf);
    add_escaped(out, record->channel != NULL ? record->channel : "System");
    buf_printf(out, "</Channel>%s<Computer>", lf);
    add_escaped(out, record->computer);
    buf_printf(out, "</Computer>%s<Security/></System>", lf);
}

void log_xml_event(struct buf *out, const struct log_record *record, uint64_t number,
                   enum xml_style style)
{
    static const char hex[] = "0123456789ABCDEF";
    char quote = style == XML_STYLE_WEVTUTIL || style == XML_STYLE_VIEWER ? '\'' : '"';
    buf_printf(out, "<Event xmlns=%chttp://schemas.microsoft.com/win/2004/08/events/event%c>",
               quote, quote);
    add_system(out, record, number, style);
    buf_add_text(out, "<EventData>");
    for (size_t i = 0; i < record->string_count; i++) {
        buf_add_text(out, "<Data>");
        add_escaped(out, record->strings[i]);
        buf_add_text(out, "</Data>");
    }
    buf_add_text(out, "<Binary>");
    for (size_t i = 0; i < record->data_size; i++) {
        buf_add_char(out, hex[record->data[i] >> 4]);
        buf_add_char(out, hex[record->data[i] & 15]);
    }
    buf_add_text(out, "</Binary></EventData>");
    if (style == XML_STYLE_VIEWER) {
        buf_add_text(out, "<RenderingInfo Culture='en-US'><Message>TCP/IP has reached the security "
                          "limit imposed on the number of concurrent TCP connect attempts."
                          "</Message><Level>Warning</Level><Task></Task><Opcode></Opcode>"
                          "<Channel>System</Channel><Provider>Tcpip</Provider><Keywords><Keyword>"
                          "Classic</Keyword></Keywords></RenderingInfo>");
    }
    buf_add_text(out, "</Event>");
    if (style != XML_STYLE_VIEWER) {
        buf_add_text(out, style == XML_STYLE_WEVTUTIL ? "\r\n" : "\n\n");
    }
}
