#include "evt_record.h"

#include "base/bytes.h"
#include "base/utf.h"
#include "base/wintime.h"

enum {
    AT_NUMBER = 8,
    AT_TIME_GENERATED = 12,
    AT_EVENT_ID = 20,
    AT_EVENT_TYPE = 24,
    AT_STRING_COUNT = 26,
    AT_STRINGS = 36,
};

bool evt_record_whole(const uint8_t *bytes, size_t length)
{
    return length >= EVT_RECORD_LEAST && evt_record_length(bytes) == length &&
           get_le32(bytes + length - 4) == length;
}

uint32_t evt_record_number(const uint8_t *bytes)
{
    return get_le32(bytes + AT_NUMBER);
}

uint64_t evt_record_time(const uint8_t *bytes)
{
    return wintime_from_unix(get_le32(bytes + AT_TIME_GENERATED));
}

/* The level that Event Viewer shows for an EventType. */
static bool level_of_type(uint16_t type, uint8_t *level)
{
    static const struct {
        uint16_t type;
        uint8_t level;
    } table[] = {
        {0, 4},  /* EVENTLOG_SUCCESS, shown as information */
        {1, 2},  /* EVENTLOG_ERROR_TYPE */
        {2, 3},  /* EVENTLOG_WARNING_TYPE */
        {4, 4},  /* EVENTLOG_INFORMATION_TYPE */
        {8, 0},  /* EVENTLOG_AUDIT_SUCCESS */
        {16, 0}, /* EVENTLOG_AUDIT_FAILURE */
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (table[i].type == type) {
            *level = table[i].level;
            return true;
        }
    }
    return false;
}

/* Adds the text at `*at`, which a NUL ends before `end`, with a NUL of its own, and moves `*at`
 * behind it. False when it is not ended. */
static bool take_name(const uint8_t *bytes, size_t *at, size_t end, struct buf *names)
{
    size_t start = *at;
    for (size_t i = start; i + 2 <= end; i += 2) {
        if (bytes[i] == 0 && bytes[i + 1] == 0) {
            utf16le_to_utf8(names, bytes + start, (i - start) / 2);
            buf_add_char(names, '\0');
            *at = i + 2;
            return true;
        }
    }
    return false;
}

/* Adds the strings, each followed by a line feed, and a NUL. `behind` is the end of the names; an
 * offset that is not behind them would have a few bytes decoded over and over. */
static void take_strings(const uint8_t *bytes, size_t length, size_t behind, struct buf *names)
{
    size_t end = length - 4;
    size_t start = names->len;
    size_t at = get_le32(bytes + AT_STRINGS);
    unsigned count = get_le16(bytes + AT_STRING_COUNT);
    for (bool fits = at >= behind && at <= end; count > 0 && fits; count--) {
        size_t before = names->len;
        fits = take_name(bytes, &at, end, names) && !names->failed;
        if (fits && names->len - start > EVT_STRINGS_MOST) {
            names->len = before;
            fits = false;
        } else if (fits) {
            names->data[names->len - 1] = '\n';
        }
    }
    buf_add_char(names, '\0');
}

bool evt_record_decode(const uint8_t *bytes, size_t length, struct buf *names, struct event *out)
{
    uint32_t id = get_le32(bytes + AT_EVENT_ID);
    *out = (struct event){
        .record = evt_record_number(bytes),
        .time = evt_record_time(bytes),
        .id = (uint16_t)(id & 0xffff),
        .qualifiers = (uint16_t)(id >> 16),
        .has_qualifiers = true,
    };
    out->has_level = level_of_type(get_le16(bytes + AT_EVENT_TYPE), &out->level);
    buf_clear(names);
    size_t at = EVT_RECORD_FIXED;
    bool provider = take_name(bytes, &at, length - 4, names);
    size_t computer_at = names->len;
    bool computer = provider && take_name(bytes, &at, length - 4, names);
    size_t strings_at = names->len;
    bool strings =
        computer && !names->failed && same_text_nocase(names->data, EVT_SOURCE_FILE_PROTECTION);
    if (strings) {
        take_strings(bytes, length, at, names);
    }
    if (names->failed) {
        return false;
    }
    out->provider = provider ? names->data : NULL;
    out->computer = computer ? names->data + computer_at : NULL;
    out->strings = strings ? names->data + strings_at : NULL;
    return true;
}
