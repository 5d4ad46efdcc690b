#include "evtx_value.h"

#include "base/bytes.h"
#include "base/utf.h"

/* Bytes of all fields of one record; a value has 64 KiB at most. */
enum { MOST_TEXT = 128 * 1024 };

/* A text ends at a NUL where it has one. */
static const char *add_utf16(struct buf *text, const uint8_t *bytes, size_t units)
{
    size_t used = 0;
    while (used < units && get_le16(bytes + 2 * used) != 0) {
        used++;
    }
    utf16le_to_utf8(text, bytes, used);
    return text->len <= MOST_TEXT ? NULL : "fields longer than any real ones";
}

/* The code page is not told; Latin-1 keeps ASCII, and names are ASCII. */
static const char *add_ansi(struct buf *text, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size && bytes[i] != 0; i++) {
        char encoded[UTF8_MAX];
        buf_add(text, encoded, utf8_put(encoded, bytes[i]));
    }
    return text->len <= MOST_TEXT ? NULL : "fields longer than any real ones";
}

static void add_signed(struct buf *text, int64_t number)
{
    if (number < 0) {
        buf_add_char(text, '-');
    }
    buf_add_number(text, number < 0 ? 0 - (uint64_t)number : (uint64_t)number);
}

static void add_guid(struct buf *text, const uint8_t *p)
{
    buf_printf(text, "{%08X-%04X-%04X-%02X%02X-%02X%02X%02X%02X%02X%02X}", (unsigned)get_le32(p),
               (unsigned)get_le16(p + 4), (unsigned)get_le16(p + 6), p[8], p[9], p[10], p[11],
               p[12], p[13], p[14], p[15]);
}

static void add_systemtime(struct buf *text, const uint8_t *p)
{
    buf_printf(text, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ", get_le16(p), get_le16(p + 2),
               get_le16(p + 6), get_le16(p + 8), get_le16(p + 10), get_le16(p + 12),
               get_le16(p + 14));
}

/* The bytes that one value of a type has; 0: any number of them. */
static size_t size_of_type(uint8_t type)
{
    static const uint8_t sizes[] = {
        [TYPE_INT8] = 1,  [TYPE_UINT8] = 1,    [TYPE_INT16] = 2,       [TYPE_UINT16] = 2,
        [TYPE_INT32] = 4, [TYPE_UINT32] = 4,   [TYPE_INT64] = 8,       [TYPE_UINT64] = 8,
        [TYPE_GUID] = 16, [TYPE_FILETIME] = 8, [TYPE_SYSTEMTIME] = 16, [TYPE_HEX32] = 4,
        [TYPE_HEX64] = 8,
    };
    return type < sizeof sizes ? sizes[type] : 0;
}

static void add_time(struct event_fields *fields, enum event_field field, uint64_t time)
{
    if (field == FIELD_TIME && !fields->has[FIELD_TIME] && !fields->has_binary_time) {
        fields->has_binary_time = true;
        fields->binary_time = time;
    }
}

static void add_number(struct buf *text, uint8_t type, const uint8_t *p)
{
    switch (type) {
    case TYPE_INT8:
        add_signed(text, (int8_t)p[0]);
        break;
    case TYPE_UINT8:
        buf_add_number(text, p[0]);
        break;
    case TYPE_INT16:
        add_signed(text, (int16_t)get_le16(p));
        break;
    case TYPE_UINT16:
        buf_add_number(text, get_le16(p));
        break;
    case TYPE_INT32:
        add_signed(text, (int32_t)get_le32(p));
        break;
    case TYPE_UINT32:
    case TYPE_HEX32:
        buf_add_number(text, get_le32(p));
        break;
    case TYPE_INT64:
        add_signed(text, (int64_t)get_le64(p));
        break;
    case TYPE_UINT64:
    case TYPE_HEX64:
        buf_add_number(text, get_le64(p));
        break;
    default:
        break;
    }
}

const char *evtx_value_add(struct event_fields *fields, enum event_field field, uint8_t type,
                           const uint8_t *bytes, size_t size)
{
    struct buf *text = &fields->text;
    type &= (uint8_t)~TYPE_ARRAY;
    if (size < size_of_type(type)) {
        return size == 0 ? NULL : "a value shorter than its type is";
    }
    switch (type) {
    case TYPE_STRING:
        return add_utf16(text, bytes, size / 2);
    case TYPE_ANSI:
        return add_ansi(text, bytes, size);
    case TYPE_SIZE: /* of the machine that wrote the event, 32 or 64 bits */
        if (size >= 4) {
            buf_add_number(text, size >= 8 ? get_le64(bytes) : get_le32(bytes));
        }
        break;
    case TYPE_GUID:
        add_guid(text, bytes);
        break;
    case TYPE_SYSTEMTIME:
        add_systemtime(text, bytes);
        break;
    case TYPE_FILETIME:
        add_time(fields, field, get_le64(bytes));
        break;
    default:
        add_number(text, type, bytes);
        break;
    }
    return NULL;
}
