/* Lines of the audit log, read back. */
#include "check.h"

#include "audit.h"
#include "base/json.h"
#include "told.h"

#include <string.h>

static bool reads(const char *line)
{
    struct told told;
    bool read = told_read(line, strlen(line), &told);
    told_free(&told);
    return read;
}

static void what_was_written_comes_back(void)
{
    static const char odd[] = "A \"quoted\" C:\\path, a tab\t, DEL \x7f and \xe2\x82\xac.";
    struct buf line = BUF_INIT;
    struct told told;
    struct json j = audit_start(&line, 130000000000000000, "tcpipwatch", "patched");
    json_no_value(&j, "root");
    json_open_object(&j, "burst");
    json_text(&j, "text", "not this one");
    json_number(&j, "events", 3);
    json_close_object(&j);
    json_open_array(&j, "changes");
    json_open_object(&j, NULL);
    json_bool(&j, "done", true);
    json_close_object(&j);
    json_number(&j, NULL, 7);
    json_close_array(&j);
    json_open_array(&j, "none");
    json_close_array(&j);
    json_text(&j, "level", "warning");
    json_text(&j, "text", odd);
    json_close_object(&j);
    CHECK(told_read(line.data, line.len, &told));
    CHECK_TEXT(buf_text(&told.program), "tcpipwatch");
    CHECK_TEXT(buf_text(&told.action), "patched");
    CHECK_TEXT(buf_text(&told.level), "warning");
    CHECK_TEXT(buf_text(&told.text), odd);
    told_free(&told);
    /* However it is torn, it is no line. */
    for (size_t length = 0; length < line.len; length++) {
        CHECK(!told_read(line.data, length, &told));
        told_free(&told);
    }
    buf_free(&line);
}

static void other_values_leave_it_empty(void)
{
    static const char line[] = "{\"text\":null,\"level\":5,\"action\":[\"a\"],\"program\":{}}";
    struct told told;
    CHECK(told_read(line, strlen(line), &told));
    CHECK_NUMBER(told.text.len + told.level.len + told.action.len + told.program.len, 0);
    told_free(&told);
}

static void anything_else_is_refused(void)
{
    static const char *const lines[] = {
        "",
        "{",
        "[]",
        "null",
        "{\"a\":1}x",
        "{\"a\":1,}",
        "{a:1}",
        "{\"a\":tru}",
        "{\"a\":01}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u0000\"}",
        "{\"a\":\"\xff\"}",
        "{\"a\":\"\\u00G0\"}",
        "{\"a\":\"\\u00",
        "{\"text\":\"b\nc\"}",
        "{\"a\":[1,2}",
        "{\"a\":{\"b\":1]}",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        CHECK(!reads(lines[i]));
    }
    CHECK(reads("{}"));
    CHECK(reads("{\"a\":[[[[1]]]]}"));
    /* Another program's way to write the same. */
    CHECK(reads(" { \"a\" : -1.5e3 , \"b\" : \"\\n\" } "));
}

static void depth_is_bounded(void)
{
    struct buf deep = BUF_INIT;
    buf_add_text(&deep, "{\"a\":");
    for (int i = 0; i < 100000; i++) {
        buf_add_char(&deep, '[');
    }
    CHECK(!reads(buf_text(&deep)));
    buf_free(&deep);
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"what was written comes back", what_was_written_comes_back},
        {"other values leave it empty", other_values_leave_it_empty},
        {"anything else is refused", anything_else_is_refused},
        {"depth is bounded", depth_is_bounded},
    };
    return RUN_SUITE("told", cases);
}
