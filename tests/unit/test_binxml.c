#include "check.h"

#include "decode/evtx_binxml.h"

#include "base/bytes.h"
#include "base/wintime.h"

#include <stdlib.h>
#include <string.h>

enum { CHUNK = 65536, DEFINITION_AT = 40000 };

/* A chunk that is written to at `at`. */
struct chunk {
    uint8_t bytes[CHUNK];
    size_t at;
};

static struct chunk c;
static struct event_fields fields;
static struct event event;

static void start(void)
{
    memset(&c, 0, sizeof c);
    c.at = 1000;
}

static void put(const void *bytes, size_t size)
{
    memcpy(c.bytes + c.at, bytes, size);
    c.at += size;
}

static void put8(unsigned value)
{
    c.bytes[c.at++] = (uint8_t)value;
}

static void put16(unsigned value)
{
    put_le16(c.bytes + c.at, (uint16_t)value);
    c.at += 2;
}

static void put32(size_t value)
{
    put_le32(c.bytes + c.at, (uint32_t)value);
    c.at += 4;
}

static void put_units(const char *text)
{
    for (; *text != '\0'; text++) {
        put16((uint8_t)*text);
    }
}

static void put_name(const char *name)
{
    put32(c.at + 4);
    put32(0);
    put16(0);
    put16((unsigned)strlen(name));
    put_units(name);
    put16(0);
}

/* A text of token 0x05 (value), 0x07 (CDATA), 0x0b (processing instruction). */
static void put_text(unsigned token, const char *text)
{
    put8(token);
    if ((token & 0x3f) == 5) {
        put8(1);
    }
    put16((unsigned)strlen(text));
    put_units(text);
}

/* The start of an element; `dependency` as in a template definition. Returns where its size is. */
static size_t open_element(const char *name, bool attributes, bool dependency)
{
    put8(attributes ? 0x41 : 0x01);
    if (dependency) {
        put16(0xffff);
    }
    put32(0);
    size_t size_at = c.at - 4;
    put_name(name);
    return size_at;
}

static void close_with(size_t size_at, unsigned token)
{
    put8(token);
    put_le32(c.bytes + size_at, (uint32_t)(c.at - size_at - 4));
}

static const char *read_between(size_t begin, size_t end)
{
    const char *error = binxml_read(c.bytes, CHUNK, begin, end, &fields);
    CHECK(fields_event(&fields, &event));
    return error;
}

/* ---- literal fragments ---- */

/* <Event><?p d?><System><Provider Name="A&amp;B"/>...</System></Event>, every kind of token in it.
 */
static size_t put_literal(void)
{
    put32(0x0001010f);
    size_t whole = open_element("Event", false, false);
    put8(0x02);
    put8(0x0a);
    put_name("p");
    put_text(0x0b, "d");
    close_with(open_element("Empty", false, false), 0x03);
    size_t system = open_element("System", false, false);
    put8(0x02);
    size_t provider = open_element("Provider", true, false);
    put32(0);
    size_t list = c.at - 4;
    put8(0x46);
    put_name("Guid");
    put_text(0x05, "{0}");
    put8(0x06);
    put_name("Name");
    put_text(0x45, "A");
    put8(0x49);
    put_name("amp");
    put8(0x48);
    put16('<');
    put_text(0x05, "B");
    put_le32(c.bytes + list, (uint32_t)(c.at - list - 4));
    close_with(provider, 0x03);
    size_t id = open_element("EventID", false, false);
    put8(0x02);
    put_text(0x45, "42");
    put_text(0x05, "26");
    close_with(id, 0x04);
    size_t computer = open_element("Computer", false, false);
    put8(0x02);
    put_text(0x47, "<C>");
    put8(0x49);
    put_name("lt");
    put8(0x49);
    put_name("gt");
    put8(0x49);
    put_name("quot");
    put8(0x09);
    put_name("apos");
    put8(0x0a);
    put_name("target");
    put_text(0x0b, "data");
    size_t inside = open_element("Inside", false, false);
    put8(0x02);
    put_text(0x05, "not this");
    close_with(inside, 0x04);
    close_with(computer, 0x04);
    close_with(open_element("Level", false, false), 0x03);
    close_with(open_element("AnElementWithANameThatIsLongerThanAnyOfOurs", false, false), 0x03);
    close_with(system, 0x04);
    close_with(whole, 0x04);
    put8(0x00);
    return c.at;
}

static void literal_with_every_token(void)
{
    start();
    size_t end = put_literal();
    CHECK_TEXT(read_between(1000, end), NULL);
    CHECK_TEXT(event.provider, "A&<B");
    CHECK_NUMBER(event.id, 4226);
    CHECK_TEXT(event.computer, "<C><>\"'");
    CHECK(!event.has_level);
    CHECK_TEXT(event.channel, NULL);
    CHECK_NUMBER(event.record, 0);
}

static void literal_cut_at_every_byte(void)
{
    start();
    size_t end = put_literal();
    size_t errors = 0;
    for (size_t cut = 1000; cut < end; cut++) {
        errors += read_between(1000, cut) != NULL;
    }
    CHECK_NUMBER(errors, end - 1 - 1000); /* only the end token may be missing */
    for (size_t at = 1000; at < end; at++) {
        uint8_t old = c.bytes[at];
        for (unsigned value = 0; value < 256; value += 5) {
            c.bytes[at] = (uint8_t)value;
            (void)read_between(1000, end);
        }
        c.bytes[at] = old;
    }
    CHECK_TEXT(read_between(1000, end), NULL);
}

static void errors_say_what_is_wrong(void)
{
    static const struct {
        uint8_t bytes[20];
        size_t size;
        const char *says;
    } cases[] = {
        {{0x00}, 1, "without a System element"},
        {{0x0f, 1, 1, 0, 0x1f}, 5, "token"},
        {{0x0d, 0, 0, 1}, 4, "token"},
        {{0x01, 50, 0, 0, 0}, 5, "the end of the record's XML"},
        {{0x01, 4, 0, 0, 0, 0xff, 0xff, 0, 0}, 9, "a name"},
        {{0x01, 4, 0, 0, 0, 0xff, 0xff, 0xff, 0x7f}, 9, "the offset of a name"},
        {{0x0c, 1, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0}, 10, "template definition"},
        {{0x0c, 1, 0, 0}, 4, "the end of the record's XML"},
        {{0x0a}, 1, "the end of the record's XML"},
        {{0x0b, 5, 0}, 3, "the end of the record's XML"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        start();
        put(cases[i].bytes, cases[i].size);
        /* The last name of the chunk is longer than the chunk. */
        put_le16(c.bytes + CHUNK - 2, 0);
        const char *error = read_between(1000, c.at);
        if (error == NULL || strstr(error, cases[i].says) == NULL) {
            CHECK_TEXT(error, cases[i].says);
        }
    }
}

/* ---- templates ---- */

struct value {
    uint8_t type;
    size_t size;
    const void *bytes;
};

/* <Event><System><Channel>%0</Channel><TimeCreated SystemTime=%1/><EventRecordID>%2...: the same
 * definition for all tests. */
static void put_definition(void)
{
    size_t back = c.at;
    c.at = DEFINITION_AT + 20;
    put32(0);
    put32(0x0001010f);
    size_t whole = open_element("Event", false, true);
    put8(0x02);
    size_t system = open_element("System", false, true);
    put8(0x02);
    static const char *const names[] = {"Channel", "TimeCreated", "EventRecordID"};
    for (unsigned i = 0; i < 3; i++) {
        size_t element = open_element(names[i], i == 1, true);
        if (i == 1) {
            put32(0);
            size_t list = c.at - 4;
            put8(0x06);
            put_name("SystemTime");
            put8(0x0e);
            put16(i);
            put8(0x11);
            put_le32(c.bytes + list, (uint32_t)(c.at - list - 4));
            close_with(element, 0x03);
            continue;
        }
        put8(0x02);
        put8(i == 0 ? 0x0d : 0x0e);
        put16(i);
        put8(0x01);
        close_with(element, 0x04);
    }
    close_with(system, 0x04);
    close_with(whole, 0x04);
    put8(0x00);
    put_le32(c.bytes + DEFINITION_AT + 20, (uint32_t)(c.at - DEFINITION_AT - 24));
    c.at = back;
}

static const char *read_instance(const struct value values[3])
{
    start();
    put_definition();
    put32(0x0001010f);
    put8(0x0c);
    put8(0x01);
    put32(0);
    put32(DEFINITION_AT);
    put32(3);
    for (size_t i = 0; i < 3; i++) {
        put16((unsigned)values[i].size);
        put8(values[i].type);
        put8(0);
    }
    for (size_t i = 0; i < 3; i++) {
        if (values[i].size > 0) {
            put(values[i].bytes, values[i].size);
        }
    }
    put8(0x00);
    return read_between(1000, c.at);
}

static void values_of_every_type(void)
{
    static const struct {
        struct value value;
        const char *text;
    } cases[] = {
        {{0x00, 0, ""}, NULL},
        {{0x01, 6, "S\0y\0s\0"}, "Sys"},
        {{0x01, 8, "S\0y\0\0\0x\0"}, "Sy"},
        {{0x02, 4, "an\xe4\0"}, "an\xc3\xa4"},
        {{0x03, 1, "\x80"}, "-128"},
        {{0x03, 1, "\x7f"}, "127"},
        {{0x04, 1, "\xff"}, "255"},
        {{0x05, 2, "\x00\x80"}, "-32768"},
        {{0x06, 2, "\xff\xff"}, "65535"},
        {{0x07, 4, "\x00\x00\x00\x80"}, "-2147483648"},
        {{0x08, 4, "\xff\xff\xff\xff"}, "4294967295"},
        {{0x09, 8, "\x00\x00\x00\x00\x00\x00\x00\x80"}, "-9223372036854775808"},
        {{0x0a, 8, "\xff\xff\xff\xff\xff\xff\xff\xff"}, "18446744073709551615"},
        {{0x0b, 4, "\x00\x00\x80\x3f"}, NULL},
        {{0x0d, 4, "\x01\x00\x00\x00"}, NULL},
        {{0x0e, 3, "\x01\x02\x03"}, NULL},
        {{0x0f, 16, "\xea\x6d\x6f\x20\xc5\xd3\x10\x4d\xbc\x72\x98\x9f\x03\xc8\xb8\x4b"},
         "{206F6DEA-D3C5-4D10-BC72-989F03C8B84B}"},
        {{0x10, 4, "\x10\x00\x00\x00"}, "16"},
        {{0x10, 8, "\x10\x00\x00\x00\x01\x00\x00\x00"}, "4294967312"},
        {{0x10, 2, "\x10\x00"}, NULL},
        {{0x11, 8, "\x01\x00\x00\x00\x00\x00\x00\x00"}, NULL},
        {{0x12, 16, "\xe5\x07\x02\x00\x02\x00\x09\x00\x0b\x00\x27\x00\x17\x00\x62\x01"},
         "2021-02-09T11:39:23.354Z"},
        {{0x14, 4, "\x0f\x00\x00\x00"}, "15"},
        {{0x15, 8, "\x0f\x00\x00\x00\x00\x00\x00\x00"}, "15"},
        {{0x81, 8, "a\0\0\0b\0\0\0"}, "a"},
        {{0x88, 8, "\x07\x00\x00\x00\x08\x00\x00\x00"}, "7"},
        {{0x08, 0, ""}, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct value values[3] = {cases[i].value, {0, 0, ""}, {0, 0, ""}};
        CHECK_TEXT(read_instance(values), NULL);
        CHECK_TEXT(event.channel, cases[i].text);
    }
    struct value cut[3] = {{0x08, 3, "abc"}, {0, 0, ""}, {0, 0, ""}};
    CHECK_TEXT(read_instance(cut), "a value shorter than its type is");
}

static void times_and_numbers_of_several_types(void)
{
    static const uint8_t filetime[8] = {0x82, 0x6c, 0x6d, 0x36, 0xd8, 0xfe, 0xd6, 0x01};
    static const uint8_t systemtime[16] = {0xe5, 7, 2, 0, 2, 0, 9, 0, 11, 0, 39, 0, 23, 0, 0x62, 1};
    struct value values[3] = {
        {0x01, 2, "C"}, {0x11, 8, filetime}, {0x0a, 8, "\xff\x14\x00\x00\x00\x00\x00\x00"}};
    CHECK_TEXT(read_instance(values), NULL);
    CHECK_NUMBER(event.time, get_le64(filetime));
    CHECK_NUMBER(event.record, 5375);
    CHECK_TEXT(event.channel, "C");
    /* A collector that forwards rendered events has them as text. */
    values[1] =
        (struct value){0x01, 40,
                       "2\0000\0002\0001\000-\0000\0002\000-\0000\0009\000T\0001\0001\000:\0003\000"
                       "9\000:\0002\0003\000Z\000"};
    values[2] = (struct value){0x01, 8, "5\0003\0007\0005\000"};
    CHECK_TEXT(read_instance(values), NULL);
    CHECK_NUMBER(event.time, get_le64(filetime) / WINTIME_PER_SECOND * WINTIME_PER_SECOND);
    CHECK_NUMBER(event.record, 5375);
    values[1] = (struct value){0x12, 16, systemtime};
    CHECK_TEXT(read_instance(values), NULL);
    CHECK_NUMBER(event.time / 10000, get_le64(filetime) / 10000);
    values[2] = (struct value){0x07, 4, "\xff\xff\xff\xff"}; /* -1 is no record number */
    CHECK_TEXT(read_instance(values), NULL);
    CHECK_NUMBER(event.record, 0);
}

/* A value that is binary XML again stands for what it says where it is put. */
static void nested_values(void)
{
    start();
    size_t from = c.at;
    put32(0x0001010f);
    size_t element = open_element("Inside", false, false);
    close_with(element, 0x03);
    put8(0x00);
    uint8_t inner[512];
    size_t size = c.at - from;
    memcpy(inner, c.bytes + from, size);
    /* Its names' offsets hold at the place where it was made, which the copy reads them from. */
    struct value values[3] = {{0x21, size, inner}, {0, 0, ""}, {0x21, 0, ""}};
    const char *error = read_instance(values);
    CHECK_TEXT(error, NULL);
    CHECK_TEXT(event.channel, NULL);
}

/* A definition that contains an instance of itself. */
static void endless_templates(void)
{
    start();
    c.at = DEFINITION_AT + 24;
    for (int i = 0; i < 100; i++) {
        put8(0x0c);
        put8(0x01);
        put32(0);
        put32(DEFINITION_AT);
        put32(0);
    }
    put_le32(c.bytes + DEFINITION_AT + 20, (uint32_t)(c.at - DEFINITION_AT - 24));
    CHECK_TEXT(read_between(DEFINITION_AT + 24, c.at),
               "templates nested deeper than any real ones");
    /* One token after the other. */
    start();
    size_t whole = open_element("Event", false, false);
    put8(0x02);
    size_t system = open_element("System", false, false);
    put8(0x02);
    for (int i = 0; i < 5000; i++) {
        put8(0x08);
        put16('x');
    }
    close_with(system, 0x04);
    close_with(whole, 0x04);
    CHECK_TEXT(read_between(1000, c.at), "more tokens in one record than any real one has");
    /* Elements inside each other, of which only those that lead to System are entered. */
    start();
    size_t sizes[40];
    for (size_t i = 0; i < 40; i++) {
        sizes[i] = open_element("Event", false, false);
        put8(0x02);
    }
    for (size_t i = 40; i > 0; i--) {
        close_with(sizes[i - 1], 0x04);
    }
    CHECK_TEXT(read_between(1000, c.at), "a record without a System element");
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"a literal with every token", literal_with_every_token},
        {"a literal cut at every byte", literal_cut_at_every_byte},
        {"errors say what is wrong", errors_say_what_is_wrong},
        {"values of every type", values_of_every_type},
        {"times and numbers of several types", times_and_numbers_of_several_types},
        {"nested values", nested_values},
        {"endless templates", endless_templates},
    };
    fields = EVENT_FIELDS_INIT;
    int status = RUN_SUITE("binary XML", cases);
    fields_free(&fields);
    return status;
}
