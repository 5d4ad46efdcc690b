/* Writes .evtx files. Sources: [MS-EVEN6] 2.2.12 (BinXml), and "Windows XML Event Log (EVTX)
 * format" by Joachim Metz. */
#include "log_writer.h"

#include "base/bytes.h"
#include "base/crc32.h"
#include "base/utf.h"

#include <stdlib.h>
#include <string.h>

enum {
    FILE_HEADER = 4096,
    CHUNK = 65536,
    CHUNK_HEADER = 512,
    AT_NAMES = 128,     /* 64 lists of names, by their hash */
    AT_TEMPLATES = 384, /* 32 lists of template definitions, by their id */
    TEMPLATE_ID = 0x42264226,
    VALUES = 12,
};

/* ---- binary XML ---- */

/* A record that is being made, which will begin at `base` in its chunk. */
struct writer {
    struct evtx_image *image;
    struct buf out;
    uint32_t base;
};

static uint8_t *chunk_of(const struct evtx_image *image)
{
    return image->bytes + FILE_HEADER + (size_t)image->chunk * CHUNK;
}

static void add8(struct writer *w, uint8_t value)
{
    buf_add(&w->out, &value, 1);
}

static void add16(struct writer *w, uint16_t value)
{
    uint8_t bytes[2];
    put_le16(bytes, value);
    buf_add(&w->out, bytes, sizeof bytes);
}

static void add32(struct writer *w, uint32_t value)
{
    uint8_t bytes[4];
    put_le32(bytes, value);
    buf_add(&w->out, bytes, sizeof bytes);
}

static void add64(struct writer *w, uint64_t value)
{
    uint8_t bytes[8];
    put_le64(bytes, value);
    buf_add(&w->out, bytes, sizeof bytes);
}

/* Text as UTF-16LE without a NUL; returns its code units. */
static size_t add_utf16(struct writer *w, const char *text)
{
    size_t length = strlen(text);
    size_t units = 0;
    for (size_t at = 0; at < length; units++) {
        uint32_t code;
        at += utf8_get(text + at, length - at, &code);
        if (code >= 0x10000) {
            add16(w, (uint16_t)(0xd800 + ((code - 0x10000) >> 10)));
            code = 0xdc00 + ((code - 0x10000) & 0x3ff);
            units++;
        }
        add16(w, (uint16_t)code);
    }
    return units;
}

static uint16_t hash_of(const char *name)
{
    uint32_t hash = 0;
    for (; *name != '\0'; name++) {
        hash = hash * 65599 + (uint8_t)*name;
    }
    return (uint16_t)hash;
}

/* All names are used once, in the template, so that each stands where it is first used. */
static void add_name(struct writer *w, const char *name)
{
    uint32_t at = w->base + (uint32_t)w->out.len + 4;
    uint8_t *list = chunk_of(w->image) + AT_NAMES + (size_t)4 * (hash_of(name) % 64);
    add32(w, at);
    add32(w, get_le32(list));
    add16(w, hash_of(name));
    add16(w, (uint16_t)strlen(name));
    (void)add_utf16(w, name);
    add16(w, 0);
    put_le32(list, at);
}

static void set_size(struct writer *w, size_t at)
{
    if (!w->out.failed) {
        put_le32((uint8_t *)w->out.data + at, (uint32_t)(w->out.len - at - 4));
    }
}

static void add_substitution(struct writer *w, bool optional, uint16_t index, uint8_t type)
{
    add8(w, optional ? 0x0e : 0x0d);
    add16(w, index);
    add8(w, type);
}

/* The start of an element up to the end of its attributes; returns where its size is. `attribute`
 * may be NULL; it holds the text, or with text NULL the value `index`. */
static size_t open_element(struct writer *w, const char *name, const char *attribute,
                           const char *text, uint16_t index, uint8_t type)
{
    add8(w, attribute != NULL ? 0x41 : 0x01);
    add16(w, 0xffff);
    size_t size_at = w->out.len;
    add32(w, 0);
    add_name(w, name);
    if (attribute == NULL) {
        return size_at;
    }
    size_t list_at = w->out.len;
    add32(w, 0);
    add8(w, 0x06);
    add_name(w, attribute);
    if (text != NULL) {
        add8(w, 0x05);
        add8(w, 0x01);
        add16(w, (uint16_t)strlen(text));
        (void)add_utf16(w, text);
    } else {
        add_substitution(w, true, index, type);
    }
    set_size(w, list_at);
    return size_at;
}

static void close_element(struct writer *w, size_t size_at)
{
    add8(w, 0x04);
    set_size(w, size_at);
}

static void close_empty(struct writer *w, size_t size_at)
{
    add8(w, 0x03);
    set_size(w, size_at);
}

/* <name>%index</name> */
static void add_field(struct writer *w, const char *name, uint16_t index, uint8_t type)
{
    size_t at = open_element(w, name, NULL, NULL, 0, 0);
    add8(w, 0x02);
    add_substitution(w, true, index, type);
    close_element(w, at);
}

static void add_definition(struct writer *w)
{
    static const uint8_t guid[16] = {0x26, 0x42, 0x26, 0x42, 0x82, 0x10, 0x00, 0x40,
                                     0x80, 0x01, 't',  'c',  'p',  'i',  'p',  'w'};
    uint32_t at = w->base + (uint32_t)w->out.len;
    uint8_t *list = chunk_of(w->image) + AT_TEMPLATES + (size_t)4 * (TEMPLATE_ID % 32);
    add32(w, get_le32(list));
    buf_add(&w->out, guid, sizeof guid);
    size_t size_at = w->out.len;
    add32(w, 0);
    add32(w, 0x0001010f);
    size_t event = open_element(w, "Event", "xmlns",
                                "http://schemas.microsoft.com/win/2004/08/events/event", 0, 0);
    add8(w, 0x02);
    size_t system = open_element(w, "System", NULL, NULL, 0, 0);
    add8(w, 0x02);
    close_empty(w, open_element(w, "Provider", "Name", NULL, 0, 0x01));
    size_t id = open_element(w, "EventID", "Qualifiers", NULL, 1, 0x06);
    add8(w, 0x02);
    add_substitution(w, false, 2, 0x06);
    close_element(w, id);
    add_field(w, "Level", 3, 0x04);
    add_field(w, "Task", 4, 0x06);
    add_field(w, "Keywords", 5, 0x15);
    close_empty(w, open_element(w, "TimeCreated", "SystemTime", NULL, 6, 0x11));
    add_field(w, "EventRecordID", 7, 0x0a);
    add_field(w, "Channel", 8, 0x01);
    add_field(w, "Computer", 9, 0x01);
    close_empty(w, open_element(w, "Security", NULL, NULL, 0, 0));
    close_element(w, system);
    size_t data = open_element(w, "EventData", NULL, NULL, 0, 0);
    add8(w, 0x02);
    add_field(w, "Data", 10, 0x81);
    add_field(w, "Binary", 11, 0x0e);
    close_element(w, data);
    close_element(w, event);
    add8(w, 0x00);
    set_size(w, size_at);
    put_le32(list, at);
    w->image->template_at = at;
}

/* Notes the type and, when its bytes are added, the size of value `index`. */
static void begin_value(struct writer *w, size_t table, size_t index, uint8_t type, size_t *start)
{
    *start = w->out.len;
    if (!w->out.failed) {
        w->out.data[table + 4 * index + 2] = (char)type;
    }
}

static void end_value(struct writer *w, size_t table, size_t index, size_t start)
{
    if (!w->out.failed) {
        put_le16((uint8_t *)w->out.data + table + 4 * index, (uint16_t)(w->out.len - start));
    }
}

static void text_value(struct writer *w, size_t table, size_t index, const char *text)
{
    size_t start;
    begin_value(w, table, index, 0x01, &start);
    (void)add_utf16(w, text);
    end_value(w, table, index, start);
}

static void number_value(struct writer *w, size_t table, size_t index, uint8_t type, size_t size,
                         uint64_t number)
{
    size_t start;
    uint8_t bytes[8];
    begin_value(w, table, index, type, &start);
    put_le64(bytes, number);
    buf_add(&w->out, bytes, size);
    end_value(w, table, index, start);
}

static void add_values(struct writer *w, const struct log_record *record, uint64_t number)
{
    size_t start;
    uint8_t level = record->type == 1 ? 2 : record->type == 2 ? 3 : record->type == 4 ? 4 : 0;
    add32(w, VALUES);
    size_t table = w->out.len;
    for (int i = 0; i < VALUES; i++) {
        add32(w, 0);
    }
    text_value(w, table, 0, record->source);
    number_value(w, table, 1, 0x06, 2, record->id >> 16);
    number_value(w, table, 2, 0x06, 2, record->id & 0xffff);
    number_value(w, table, 3, 0x04, 1, level);
    number_value(w, table, 4, 0x06, 2, record->category);
    number_value(w, table, 5, 0x15, 8, UINT64_C(0x80000000000000));
    number_value(w, table, 6, 0x11, 8, record->time);
    number_value(w, table, 7, 0x0a, 8, number);
    text_value(w, table, 8, record->channel != NULL ? record->channel : "System");
    text_value(w, table, 9, record->computer);
    begin_value(w, table, 10, 0x81, &start);
    for (size_t i = 0; i < record->string_count; i++) {
        (void)add_utf16(w, record->strings[i]);
        add16(w, 0);
    }
    end_value(w, table, 10, start);
    begin_value(w, table, 11, 0x0e, &start);
    buf_add(&w->out, record->data, record->data_size);
    end_value(w, table, 11, start);
}

static void add_record(struct writer *w, const struct log_record *record, uint64_t number)
{
    add32(w, 0x00002a2a);
    add32(w, 0);
    add64(w, number);
    add64(w, record->time);
    add32(w, 0x0001010f);
    add8(w, 0x0c);
    add8(w, 0x01);
    add32(w, TEMPLATE_ID);
    if (w->image->template_at == 0) {
        add32(w, w->base + (uint32_t)w->out.len + 4);
        add_definition(w);
    } else {
        add32(w, w->image->template_at);
    }
    add_values(w, record, number);
    add8(w, 0x00);
    while (w->out.len % 8 != 4) {
        add8(w, record->garbage ? 0xa5 : 0);
    }
    add32(w, (uint32_t)w->out.len + 4);
    if (!w->out.failed) {
        put_le32((uint8_t *)w->out.data + 4, (uint32_t)w->out.len);
    }
}

/* ---- the file ---- */

static bool tell(const struct evtx_image *image, size_t offset, size_t size)
{
    return image->write == NULL ||
           image->write(image->context, offset, image->bytes + offset, size);
}

static bool write_file_header(struct evtx_image *image, bool dirty)
{
    uint8_t *h = image->bytes;
    uint32_t chunks = (uint32_t)((image->size - FILE_HEADER) / CHUNK);
    bool wrapped = chunks > 0 && image->chunks_written > chunks;
    memcpy(h, "ElfFile", 8);
    put_le64(h + 8, wrapped ? (image->chunk + 1) % chunks : 0);
    put_le64(h + 16, image->chunk);
    put_le64(h + 24, image->next);
    put_le32(h + 32, 128);
    put_le16(h + 36, 1);
    put_le16(h + 38, 3);
    put_le16(h + 40, FILE_HEADER);
    put_le16(h + 42, (uint16_t)chunks);
    put_le32(h + 120, dirty ? 1 : 0);
    put_le32(h + 124, crc32_update(0, h, 120));
    return tell(image, 0, 128);
}

/* The numbers and checksums of the chunk's header. */
static bool write_chunk_header(struct evtx_image *image, size_t last_at)
{
    uint8_t *c = chunk_of(image);
    bool empty = image->at == CHUNK_HEADER;
    put_le64(c + 16, empty ? UINT64_MAX : image->next - 1);
    put_le64(c + 24, empty ? UINT64_MAX : get_le64(c + 8));
    put_le64(c + 32, empty ? UINT64_MAX : image->next - 1);
    put_le32(c + 44, (uint32_t)last_at);
    put_le32(c + 48, (uint32_t)image->at);
    put_le32(c + 52, image->crc);
    put_le32(c + 124, crc32_update(crc32_update(0, c, 120), c + 128, CHUNK_HEADER - 128));
    return tell(image, (size_t)(c - image->bytes), CHUNK_HEADER);
}

/* An empty chunk at image->chunk. */
static bool begin_chunk(struct evtx_image *image)
{
    size_t needed = FILE_HEADER + ((size_t)image->chunk + 1) * CHUNK;
    if (needed > image->size) {
        uint8_t *bytes = realloc(image->bytes, needed);
        if (bytes == NULL) {
            return false;
        }
        image->bytes = bytes;
        image->size = needed;
    }
    uint8_t *c = chunk_of(image);
    memset(c, 0, CHUNK);
    memcpy(c, "ElfChnk", 8);
    put_le64(c + 8, image->next);
    put_le32(c + 40, 128);
    put_le32(c + 120, 1);
    image->at = CHUNK_HEADER;
    image->template_at = 0;
    image->crc = 0;
    image->chunks_written++;
    return tell(image, (size_t)(c - image->bytes), CHUNK) && write_chunk_header(image, 0);
}

bool evtx_image_create(struct evtx_image *image, uint32_t most_chunks, uint64_t first_number)
{
    *image = (struct evtx_image){.most_chunks = most_chunks, .next = first_number};
    image->bytes = calloc(1, FILE_HEADER);
    image->size = FILE_HEADER;
    return image->bytes != NULL && begin_chunk(image) && write_file_header(image, false);
}

const char *evtx_image_load(struct evtx_image *image, const void *bytes, size_t size)
{
    *image = (struct evtx_image){.size = size, .next = 1};
    if (size < FILE_HEADER + CHUNK || (size - FILE_HEADER) % CHUNK != 0 ||
        memcmp(bytes, "ElfFile", 8) != 0) {
        return "it is not a whole .evtx file";
    }
    image->bytes = malloc(size);
    if (image->bytes == NULL) {
        return "memory is out";
    }
    memcpy(image->bytes, bytes, size);
    image->at = CHUNK;
    for (uint32_t i = 0; i < (size - FILE_HEADER) / CHUNK; i++) {
        const uint8_t *c = image->bytes + FILE_HEADER + (size_t)i * CHUNK;
        bool empty = get_le32(c + 48) == CHUNK_HEADER;
        uint64_t next = empty ? get_le64(c + 8) : get_le64(c + 16) + 1;
        if (memcmp(c, "ElfChnk", 8) == 0 && next >= image->next) {
            image->next = next;
            image->chunk = i;
            image->at = empty ? CHUNK_HEADER : CHUNK;
        }
        image->chunks_written++;
    }
    return NULL;
}

static bool next_chunk(struct evtx_image *image)
{
    image->chunk++;
    if (image->most_chunks != 0) {
        image->chunk %= image->most_chunks;
    }
    return begin_chunk(image);
}

bool evtx_image_append(struct evtx_image *image, const struct log_record *record)
{
    struct writer w = {image, BUF_INIT, (uint32_t)image->at};
    bool done = write_file_header(image, true);
    add_record(&w, record, image->next);
    if (done && image->at + w.out.len > CHUNK) {
        buf_clear(&w.out);
        done = next_chunk(image);
        w.base = (uint32_t)image->at;
        add_record(&w, record, image->next);
    }
    if (done && !w.out.failed && image->at + w.out.len <= CHUNK) {
        size_t at = image->at;
        uint8_t *place = chunk_of(image) + at;
        memcpy(place, w.out.data, w.out.len);
        image->at += w.out.len;
        image->crc = crc32_update(image->crc, w.out.data, w.out.len);
        image->next++;
        done =
            tell(image, (size_t)(place - image->bytes), w.out.len) && write_chunk_header(image, at);
    } else {
        done = false;
    }
    buf_free(&w.out);
    return done;
}

bool evtx_image_close(struct evtx_image *image)
{
    return write_file_header(image, false);
}

void evtx_image_free(struct evtx_image *image)
{
    free(image->bytes);
    image->bytes = NULL;
}
