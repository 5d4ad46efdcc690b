#include "check.h"

#include "base/buf.h"
#include "census/census_proc.h"

#include <string.h>

/* As the kernel writes them, which writes addresses as numbers of this machine. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define HOST_10_99_0_7 "0700630A"
#define HOST_IPV6      "B80D0120000000000000000007000000"
#else
#define HOST_10_99_0_7 "0A630007"
#define HOST_IPV6      "20010DB8000000000000000000000007"
#endif

static const char ipv4[] =
    "   7: 0100630A:A1B2 " HOST_10_99_0_7 ":01BB 02 00000001:00000000 01:00000061 00000001  1000  "
    "      0 48611 2 000000001bf83532 400 0 0 1 7                      ";
static const char ipv6[] =
    "   0: 000080FE00000000FF00010200030405:A1B2 " HOST_IPV6 ":0050 02 00000001:00000000 "
    "01:00000061 00000001     0        0 18446744073709551615 2 000000001bf83532 400 0 0 1 7";

static void a_half_open_socket_is_read(void)
{
    static const uint8_t four[16] = {[10] = 0xff, [11] = 0xff, [12] = 10, [13] = 99, [15] = 7};
    static const uint8_t six[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 7};
    struct proc_socket socket;
    CHECK(proc_half_open(ipv4, strlen(ipv4), &socket));
    CHECK(memcmp(socket.address, four, 16) == 0);
    CHECK_NUMBER(socket.port, 443);
    CHECK_NUMBER(socket.local_port, 0xA1B2);
    CHECK_NUMBER(socket.inode, 48611);
    CHECK(proc_half_open(ipv6, strlen(ipv6), &socket));
    CHECK(memcmp(socket.address, six, 16) == 0);
    CHECK_NUMBER(socket.port, 80);
    CHECK_NUMBER(socket.inode, UINT64_MAX);
}

static bool half_open(const char *line)
{
    struct proc_socket socket;
    return proc_half_open(line, strlen(line), &socket);
}

static void other_lines_are_none(void)
{
    static const char *const lines[] = {
        "",
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid",
        /* listening, established, and a state of one digit or three */
        "0: 0100630A:A1B2 0700630A:01BB 0A 0:0 0:0 0 0 0 1 2",
        "0: 0100630A:A1B2 0700630A:01BB 01 0:0 0:0 0 0 0 1 2",
        "0: 0100630A:A1B2 0700630A:01BB 2 0:0 0:0 0 0 0 1 2",
        "0: 0100630A:A1B2 0700630A:01BB 002 0:0 0:0 0 0 0 1 2",
        /* addresses that are none */
        "0: 0100630A:A1B2 0700630:01BB 02 0:0 0:0 0 0 0 1 2",
        "0: 0100630A:A1B2 0700630A01BBB 02 0:0 0:0 0 0 0 1 2",
        "0: 0100630A:A1B2 0700G30A:01BB 02 0:0 0:0 0 0 0 1 2",
        "0: 0100630A:A1B2 0700630A:01B 02 0:0 0:0 0 0 0 1 2",
        "0: 0100630A:A1G2 0700630A:01BB 02 0:0 0:0 0 0 0 1 2",
        "0: A1B2 0700630A:01BB 02 0:0 0:0 0 0 0 1 2",
        "0: :A1B2 :01BB 02 0:0 0:0 0 0 0 1 2",
        /* no inode, a bad one, one too large */
        "0: 0100630A:A1B2 0700630A:01BB 02 0:0 0:0 0 0 0",
        "0: 0100630A:A1B2 0700630A:01BB 02",
        "0: 0100630A:A1B2 0700630A:01BB 02 0:0 0:0 0 0 0 1x 2",
        "0: 0100630A:A1B2 0700630A:01BB 02 0:0 0:0 0 0 0 18446744073709551616 2",
    };
    CHECK(half_open("0: 0100630A:A1B2 0700630A:01BB 02 0:0 0:0 0 0 0 1 2"));
    CHECK(half_open("0: 0100630A:A1B2 0700630a:01bb 02 0:0 0:0 0 0 0 1"));
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        CHECK(!half_open(lines[i]));
    }
}

static void check_inode(const char *target, uint64_t expected)
{
    uint64_t inode = 0;
    bool is = proc_socket_inode(target, strlen(target), &inode);
    CHECK(is == (expected != 0));
    CHECK_NUMBER(is ? inode : 0, expected);
}

static void a_link_to_a_socket_is_read(void)
{
    check_inode("socket:[48611]", 48611);
    check_inode("socket:[]", 0);
    check_inode("socket:[", 0);
    check_inode("socket:[1", 0);
    check_inode("socket:[1]x", 0);
    check_inode("socket:[1 ]", 0);
    check_inode("socket:[99999999999999999999]", 0);
    check_inode("pipe:[48611]", 0);
    check_inode("/dev/null", 0);
    check_inode("", 0);
}

static void check_start(const char *stat, uint64_t expected)
{
    uint64_t ticks = 0;
    bool is = proc_start_ticks(stat, strlen(stat), &ticks);
    CHECK(is == (expected != 0));
    CHECK_NUMBER(is ? ticks : 0, expected);
}

static void the_start_of_a_process_is_read(void)
{
    check_start("42 (sh) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 777 20 21\n", 777);
    check_start("42 (a) S 9) b) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 777 20\n", 777);
    check_start("42 (\n) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 777", 777);
    check_start("42 (sh) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18", 0);
    check_start("42 (sh) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 -1 20", 0);
    check_start("42 sh S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 777 20", 0);
    check_start("42 (sh)", 0);
    check_start("", 0);
}

static void the_time_of_the_boot_is_read(void)
{
    uint64_t seconds = 0;
    CHECK(proc_boot_time("btime 1768039511", 16, &seconds));
    CHECK_NUMBER(seconds, 1768039511);
    CHECK(!proc_boot_time("btimes 17", 9, &seconds));
    CHECK(!proc_boot_time("btime", 5, &seconds));
    CHECK(!proc_boot_time("btime x", 7, &seconds));
    CHECK(!proc_boot_time("", 0, &seconds));
}

static void the_mark_of_a_deleted_file_is_no_part_of_its_name(void)
{
    static const char deleted[] = "/usr/bin/monitor (deleted)";
    static const char mark[] = " (deleted)";
    CHECK_NUMBER(proc_image_length(deleted, strlen(deleted)), strlen("/usr/bin/monitor"));
    CHECK_NUMBER(proc_image_length("/usr/bin/monitor", 16), 16);
    CHECK_NUMBER(proc_image_length("/bin/x(deleted)", 15), 15);
    CHECK_NUMBER(proc_image_length(mark, strlen(mark)), strlen(mark));
    CHECK_NUMBER(proc_image_length("", 0), 0);
}

static void the_directory_of_a_process_is_a_number(void)
{
    uint32_t pid = 0;
    CHECK(proc_process_number("4294967295", &pid));
    CHECK_NUMBER(pid, UINT32_MAX);
    CHECK(!proc_process_number("4294967296", &pid));
    CHECK(!proc_process_number("0", &pid));
    CHECK(!proc_process_number("", &pid));
    CHECK(!proc_process_number("12a", &pid));
    CHECK(!proc_process_number("self", &pid));
    CHECK(!proc_process_number("..", &pid));
}

/* ---- lines ---- */

struct kept {
    struct buf text;
    size_t lines;
    size_t stop_at;
};

static bool keep(void *context, const char *line, size_t length)
{
    struct kept *kept = context;
    CHECK(length <= PROC_LINE_MAX);
    buf_add(&kept->text, line, length);
    buf_add_char(&kept->text, '|');
    return ++kept->lines != kept->stop_at;
}

/* Feeds the text in pieces of this many bytes. */
static bool feed(struct kept *kept, const struct buf *text, size_t piece)
{
    struct proc_lines lines = {.length = 0};
    bool good = true;
    for (size_t at = 0; good && at < text->len; at += piece) {
        size_t left = text->len - at;
        good = proc_lines_feed(&lines, text->data + at, left < piece ? left : piece, keep, kept);
    }
    return good;
}

static void add_long_line(struct buf *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        buf_add_char(text, 'x');
    }
    buf_add_char(text, '\n');
}

static void lines_come_in_any_pieces(void)
{
    struct buf text = BUF_INIT;
    struct buf expected = BUF_INIT;
    buf_add_text(&text, "one\n\n");
    add_long_line(&text, PROC_LINE_MAX);
    add_long_line(&text, PROC_LINE_MAX + 1); /* left out */
    buf_add_text(&text, "two\nthree");
    buf_add_text(&expected, "one||");
    add_long_line(&expected, PROC_LINE_MAX);
    expected.data[expected.len - 1] = '|';
    buf_add_text(&expected, "two|");
    for (size_t piece = 1; piece < 2 * text.len; piece = piece * 3 / 2 + 1) {
        struct kept kept = {.text = BUF_INIT};
        CHECK(feed(&kept, &text, piece));
        CHECK_NUMBER(kept.lines, 4);
        CHECK_TEXT(buf_text(&kept.text), buf_text(&expected));
        buf_free(&kept.text);
    }
    buf_free(&expected);
    buf_free(&text);
}

static void lines_stop_when_they_are_told(void)
{
    struct buf text = BUF_INIT;
    struct kept kept = {.text = BUF_INIT, .stop_at = 2};
    buf_add_text(&text, "a\nb\nc\nd\n");
    CHECK(!feed(&kept, &text, 100));
    CHECK_TEXT(buf_text(&kept.text), "a|b|");
    buf_free(&kept.text);
    buf_free(&text);
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"a half-open socket is read", a_half_open_socket_is_read},
        {"other lines are none", other_lines_are_none},
        {"a link to a socket is read", a_link_to_a_socket_is_read},
        {"the start of a process is read", the_start_of_a_process_is_read},
        {"the time of the boot is read", the_time_of_the_boot_is_read},
        {"the mark of a deleted file", the_mark_of_a_deleted_file_is_no_part_of_its_name},
        {"the directory of a process", the_directory_of_a_process_is_a_number},
        {"lines come in any pieces", lines_come_in_any_pieces},
        {"lines stop when they are told", lines_stop_when_they_are_told},
    };
    return RUN_SUITE("census of /proc", cases);
}
