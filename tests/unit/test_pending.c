/* The list of what Windows renames at its next start, whatever bytes it holds. */
#include "boot_store.h"
#include "check.h"

#include "pending.h"

#include <stdlib.h>
#include <string.h>

/* '|' ends a string. */
static struct buf value_of(const char *text)
{
    struct boot_store store = {0};
    struct buf value = BUF_INIT;
    boot_store_put_text(&store, OS_BOOT_RENAMES, text);
    buf_add(&value, buf_text(&store.values[OS_BOOT_RENAMES].bytes),
            store.values[OS_BOOT_RENAMES].bytes.len);
    boot_store_free(&store);
    return value;
}

static bool value_is(const struct buf *value, const char *text)
{
    struct buf wanted = value_of(text);
    bool same =
        value->len == wanted.len && memcmp(buf_text(value), buf_text(&wanted), wanted.len) == 0;
    buf_free(&wanted);
    return same;
}

static bool text_is(const struct pending_text *text, const char *expected)
{
    bool same = text->units == strlen(expected);
    for (size_t i = 0; same && i < text->units; i++) {
        same = text->bytes[2 * i] == (uint8_t)expected[i] && text->bytes[2 * i + 1] == 0;
    }
    return same;
}

static size_t count_pairs(const struct buf *value)
{
    struct pending_pair pair;
    size_t count = 0;
    struct pending_walk walk = pending_start(value);
    while (pending_next(&walk, &pair)) {
        count++;
    }
    return count;
}

static void pairs_are_read_over_the_whole_length(void)
{
    struct buf value = value_of("\\??\\C:\\a||\\??\\C:\\b|!\\??\\C:\\c|\\??\\D:\\d||\\??\\C:\\e|"
                                "\\??\\C:\\f||");
    static const char *const expected[][2] = {{"\\??\\C:\\a", ""},
                                              {"\\??\\C:\\b", "!\\??\\C:\\c"},
                                              {"\\??\\D:\\d", ""},
                                              {"\\??\\C:\\e", "\\??\\C:\\f"}};
    struct pending_pair pair;
    struct pending_walk walk = pending_start(&value);
    size_t end = 0;
    for (size_t i = 0; i < 4; i++) {
        CHECK(pending_next(&walk, &pair));
        CHECK(text_is(&pair.from, expected[i][0]));
        CHECK(text_is(&pair.to, expected[i][1]));
        CHECK_NUMBER(pair.at, end);
        end = pair.at + pair.size;
        CHECK_NUMBER(pending_replaces(&pair.to), i == 1);
    }
    CHECK(!pending_next(&walk, &pair));
    CHECK_NUMBER(pending_pairs_size(&value), end);
    CHECK_NUMBER(value.len, end + 2);
    CHECK(pending_is_sound(&value));
    buf_free(&value);
}

static void what_is_sound(void)
{
    static const struct {
        const char *text;
        size_t pairs;
        bool sound;
    } cases[] = {
        {"", 0, true},
        {"|", 0, true},
        {"a||", 1, false}, /* a pair, and its end is missing */
        {"a|||", 1, true},
        {"a|b||", 1, true},
        {"a|b|", 1, false},
        {"a|b", 0, false}, /* unterminated */
        {"a|b||c", 1, false},
        {"a|b|c|", 1, false}, /* half a pair */
        {"a|b|||", 1, false}, /* what is added would be half of a pair */
        {"||", 0, false},
        {"a|b||c|d||", 3, false}, /* somebody added behind the end: out of step */
        {"|a||", 1, true},        /* an empty name first, and text behind it */
        {"a|b|a|b|a|b||", 3, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf value = value_of(cases[i].text);
        CHECK_NUMBER(count_pairs(&value), cases[i].pairs);
        bool right = pending_is_sound(&value) == cases[i].sound;
        if (!right) {
            check_text(cases[i].text, "judged otherwise", "sound", __FILE__, __LINE__);
        }
        CHECK(right);
        /* Half a unit at the end is never sound. */
        buf_add_char(&value, '\0');
        CHECK(!pending_is_sound(&value));
        CHECK_NUMBER(count_pairs(&value), cases[i].pairs);
        buf_free(&value);
    }
}

static void names_in_every_spelling(void)
{
    static const struct {
        const char *text;
        bool same;
    } cases[] = {
        {"\\??\\C:\\WINDOWS\\system32\\tcpip.sys", true},
        {"!\\??\\C:\\WINDOWS\\system32\\tcpip.sys", true},
        {"@\\??\\C:\\WINDOWS\\system32\\tcpip.sys", true},
        {"\\??\\c:\\windows\\SYSTEM32\\TCPIP.SYS", true},
        {"C:\\WINDOWS\\system32\\tcpip.sys", true},
        {"\\??\\C:/WINDOWS/system32/tcpip.sys", true},
        {"!!\\??\\C:\\WINDOWS\\system32\\tcpip.sys", false},
        {"\\??\\C:\\WINDOWS\\system32\\tcpip.sy", false},
        {"\\??\\C:\\WINDOWS\\system32\\tcpip.sys2", false},
        {"\\??\\D:\\WINDOWS\\system32\\tcpip.sys", false},
        {"", false},
        {"!", false},
        {"\\??\\", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf value = value_of(cases[i].text);
        const struct pending_text text = {(const uint8_t *)buf_text(&value), value.len / 2};
        CHECK_NUMBER(pending_names(&text, "C:/WINDOWS/system32/tcpip.sys"), cases[i].same);
        buf_free(&value);
    }
    /* Beyond ASCII: "C:\ü" in UTF-16. */
    static const uint8_t umlaut[] = {'C', 0, ':', 0, '\\', 0, 0xfc, 0};
    const struct pending_text text = {umlaut, 4};
    CHECK(pending_names(&text, "C:\\\xc3\xbc"));
    CHECK(!pending_names(&text, "C:\\u"));
}

static void just_the_own_pairs_are_removed(void)
{
    static const struct {
        const char *before, *after;
        size_t removed;
    } cases[] = {
        {"", "", 0},
        {"|", "|", 0},
        {"o|!p||", "|", 1},
        {"o|p||", "|", 1},
        {"x|||", "x|||", 0},
        {"x||O|!P|y|z||", "x||y|z||", 1},
        {"o|!p|x||o|!p||", "x|||", 2},
        /* Of others, though they look like it. */
        {"o||o|q|q|!p|p|o||", "o||o|q|q|!p|p|o||", 0},
        /* Damaged behind them: the rest stays byte for byte. */
        {"o|!p|x", "x", 1},
        {"x|y|o|!p|||||", "x|y|||||", 1},
        {"o|!p", "o|!p", 0},
        {"x|y||o|!p||", "x|y||o|!p||", 0}, /* out of step: Windows would not read it as one */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf value = value_of(cases[i].before);
        CHECK_NUMBER(pending_remove(&value, "o", "p"), cases[i].removed);
        CHECK(value_is(&value, cases[i].after));
        buf_free(&value);
    }
    struct buf odd = value_of("o|!p|x|");
    buf_add_char(&odd, 'y');
    CHECK_NUMBER(pending_remove(&odd, "o", "p"), 1);
    CHECK_NUMBER(odd.len, 5);
    CHECK_NUMBER(odd.data[4], 'y');
    buf_free(&odd);
}

static void a_long_list(void)
{
    enum { PAIRS = 5000 };
    struct buf text = BUF_INIT;
    struct buf without = BUF_INIT;
    for (int i = 0; i < PAIRS; i++) {
        buf_printf(&text, "file%d|%s%d|", i, i % 3 == 0 ? "!" : "name", i);
        buf_printf(&without, "file%d|%s%d|", i, i % 3 == 0 ? "!" : "name", i);
        if (i % 1000 == 7) {
            buf_add_text(&text, "o|!p|");
        }
    }
    buf_add_char(&text, '|');
    buf_add_char(&without, '|');
    struct buf value = value_of(buf_text(&text));
    CHECK_NUMBER(count_pairs(&value), PAIRS + 5);
    CHECK_NUMBER(pending_remove(&value, "o", "p"), 5);
    CHECK(value_is(&value, buf_text(&without)));
    CHECK(pending_is_sound(&value));
    buf_free(&value);
    buf_free(&without);
    buf_free(&text);
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"pairs are read over the whole length", pairs_are_read_over_the_whole_length},
        {"what is sound", what_is_sound},
        {"names in every spelling", names_in_every_spelling},
        {"just the own pairs are removed", just_the_own_pairs_are_removed},
        {"a long list", a_long_list},
    };
    return RUN_SUITE("pending", cases);
}
