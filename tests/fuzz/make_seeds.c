/* make_seeds TARGET DATA_DIRECTORY OUT_DIRECTORY: small inputs for a fuzz target to begin with, cut
 * from the real logs of tests/data and made as Windows makes them. */
#include "fuzz.h"

#include "image_parts.h"
#include "log_reader.h"
#include "log_writer.h"

#include "decode/evt_record.h"

#include "base/bytes.h"
#include "base/wintime.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    EVTX_FIRST_CHUNK = 4096,
    EVTX_CHUNK = 65536,
    EVTX_RECORDS = EVTX_FIRST_CHUNK + 512,
    EVTX_FREE_AT = 48,
    SECTION_CODE = 0x200,
    SECTION_RESOURCES = 0x400,
    SECTION_SIZE = 0x400,
    SMALL_BASE = 0x10000,
    DIRECTORIES = 128, /* bytes of 16 data directories */
};

struct seeds {
    const char *data;
    const char *out;
    unsigned count;
};

static void put(struct seeds *s, const void *bytes, size_t size)
{
    char name[4096];
    (void)snprintf(name, sizeof name, "%s/seed-%03u", s->out, s->count++);
    FILE *file = fopen(name, "wb");
    bool good = file != NULL && fwrite(bytes, 1, size, file) == size;
    good = file != NULL && fclose(file) == 0 && good;
    FUZZ_REQUIRE(good, "%s cannot be written", name);
}

static void put_text(struct seeds *s, const char *text)
{
    put(s, text, strlen(text));
}

static void load(const struct seeds *s, const char *name, struct buf *out)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s", s->data, name);
    FUZZ_REQUIRE(load_file(out, path), "%s cannot be read", path);
}

static struct log_record record_at(unsigned i)
{
    uint64_t time = wintime_from_unix(1316500000 + i * 7U);
    return i % 3 == 2 ? log_record_decoy("WKS", time)
                      : log_record_tcpip(i % 2 == 0 ? 4226 : 4227, "WKS-WINXP32BIT", time);
}

/* ---- classic logs ---- */

static void make_evt(struct seeds *s)
{
    struct buf real = BUF_INIT;
    load(s, "xp_SysEvent_excerpt_3870-3990.evt", &real);
    put(s, real.data, real.len);
    put(s, real.data, real.len / 6 / 4 * 4);
    buf_free(&real);
    static const unsigned counts[] = {0, 1, 5, 40};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        struct evt_image image;
        FUZZ_REQUIRE(evt_image_create(&image, 4096, 4096), "memory is out");
        put(s, image.bytes, image.size);
        for (unsigned k = 0; k < counts[i]; k++) {
            struct log_record record = record_at(k);
            record.garbage = k % 2 == 0;
            FUZZ_REQUIRE(evt_image_append(&image, &record), "memory is out");
        }
        put(s, image.bytes, image.size);
        FUZZ_REQUIRE(evt_image_close(&image), "memory is out");
        put(s, image.bytes, image.size);
        evt_image_free(&image);
    }
}

static void make_evt_record(struct seeds *s)
{
    for (unsigned i = 0; i < 6; i++) {
        struct buf bytes = BUF_INIT;
        struct log_record record = record_at(i);
        record.from_driver = i % 2 == 0;
        evt_record_bytes(&bytes, &record, i);
        put(s, bytes.data, bytes.len);
        buf_free(&bytes);
    }
    struct buf bytes = BUF_INIT;
    struct log_record record = record_at(6);
    record.source = EVT_SOURCE_FILE_PROTECTION;
    record.strings[0] = "c:\\windows\\system32\\drivers\\tcpip.sys";
    record.strings[1] = "5.1.2600.5512";
    record.string_count = 2;
    evt_record_bytes(&bytes, &record, 6);
    put(s, bytes.data, bytes.len);
    buf_free(&bytes);
}

/* ---- .evtx ---- */

static const char *const evtx_files[] = {"evtx32_System_ID12.evtx", "no_template_wec.evtx",
                                         "NoEvents.evtx"};

enum { EVTX_FILES = sizeof evtx_files / sizeof evtx_files[0], EVTX_CUT = 12288 };

/* A file cut behind its first records, whole and with the "no checksum" flag. */
static void put_evtx(struct seeds *s, uint8_t *bytes, size_t size)
{
    put(s, bytes, size);
    bytes[EVTX_FIRST_CHUNK + 120] |= 2;
    put(s, bytes, size);
}

/* Leaves a chunk its first three records, and returns where they end; without checksums. */
static size_t thin_chunk(uint8_t *chunk)
{
    size_t at = 512;
    size_t last = at;
    for (unsigned i = 0; i < 3; i++) {
        last = at;
        at += get_le32(chunk + at + 4);
    }
    memset(chunk + at, 0, EVTX_CHUNK - at);
    put_le64(chunk + 16, get_le64(chunk + 8) + 2);
    put_le64(chunk + 32, get_le64(chunk + 24) + 2);
    put_le32(chunk + 44, (uint32_t)last);
    put_le32(chunk + 48, (uint32_t)at);
    chunk[120] |= 2;
    return at;
}

static void make_evtx(struct seeds *s)
{
    for (size_t i = 0; i < EVTX_FILES; i++) {
        struct buf real = BUF_INIT;
        load(s, evtx_files[i], &real);
        put_evtx(s, (uint8_t *)real.data, real.len < EVTX_CUT ? real.len : EVTX_CUT);
        buf_free(&real);
    }
    /* Three chunks, of which the oldest was written over; only the first records of each stay. */
    struct evtx_image image;
    FUZZ_REQUIRE(evtx_image_create(&image, 2, 1000), "memory is out");
    for (unsigned i = 0; image.chunks_written < 3 || i % 5 != 0; i++) {
        struct log_record record = record_at(i);
        FUZZ_REQUIRE(evtx_image_append(&image, &record), "memory is out");
    }
    size_t end = 0;
    for (size_t at = EVTX_FIRST_CHUNK; at < image.size; at += EVTX_CHUNK) {
        end = at + thin_chunk(image.bytes + at);
    }
    put(s, image.bytes, end);
    FUZZ_REQUIRE(evtx_image_close(&image), "memory is out");
    put(s, image.bytes, end);
    evtx_image_free(&image);
    FUZZ_REQUIRE(evtx_image_create(&image, 0, 1), "memory is out");
    for (unsigned i = 0; i < 4; i++) {
        struct log_record record = record_at(i);
        FUZZ_REQUIRE(evtx_image_append(&image, &record), "memory is out");
    }
    put_evtx(s, image.bytes, EVTX_FIRST_CHUNK + get_le32(image.bytes + EVTX_FIRST_CHUNK + 48));
    evtx_image_free(&image);
}

static void make_binxml(struct seeds *s)
{
    for (size_t i = 0; i < EVTX_FILES; i++) {
        struct buf real = BUF_INIT;
        load(s, evtx_files[i], &real);
        const uint8_t *chunk = (const uint8_t *)real.data + EVTX_FIRST_CHUNK;
        uint32_t end = get_le32(chunk + EVTX_FREE_AT);
        size_t first = get_le32(chunk + 512 + 4);
        FUZZ_REQUIRE(in_bounds(real.len, EVTX_FIRST_CHUNK, end), "the log has a whole chunk");
        put(s, real.data + EVTX_RECORDS, end > 8192 ? 8192 - 512 : end - 512);
        if (end > 512) {
            put(s, real.data + EVTX_RECORDS, first);
        }
        buf_free(&real);
    }
    struct evtx_image image;
    FUZZ_REQUIRE(evtx_image_create(&image, 0, 1), "memory is out");
    for (unsigned i = 0; i < 3; i++) {
        struct log_record record = record_at(i);
        FUZZ_REQUIRE(evtx_image_append(&image, &record), "memory is out");
    }
    put(s, image.bytes + EVTX_RECORDS, image.at - 512);
    evtx_image_free(&image);
}

/* ---- event XML ---- */

static void add_utf16(struct buf *wide, const struct buf *text, bool big)
{
    buf_add(wide, big ? "\xfe\xff" : "\xff\xfe", 2);
    for (size_t i = 0; i < text->len; i++) {
        char unit[2] = {big ? '\0' : text->data[i], big ? text->data[i] : '\0'};
        buf_add(wide, unit, 2);
    }
}

static void put_utf16(struct seeds *s, const struct buf *text, bool big)
{
    struct buf wide = BUF_INIT;
    add_utf16(&wide, text, big);
    put(s, wide.data, wide.len);
    buf_free(&wide);
}

/* Exports in both forms, one behind the other. */
static void put_joined(struct seeds *s, const struct buf *text, bool big)
{
    struct buf all = BUF_INIT;
    buf_add(&all, text->data, text->len);
    add_utf16(&all, text, big);
    buf_add(&all, text->data, text->len);
    put(s, all.data, all.len);
    buf_free(&all);
}

static void make_xml(struct seeds *s)
{
    struct buf text = BUF_INIT;
    load(s, "evtx32_System_ID12.evtx.evtx_dump.xml", &text);
    put(s, text.data, text.len);
    load(s, "evtx32_System_ID12.evtx.evtxexport.xml", &text);
    put(s, text.data, text.len);
    for (int style = XML_STYLE_WEVTUTIL; style <= XML_STYLE_PYTHON; style++) {
        buf_clear(&text);
        for (unsigned i = 0; i < 3; i++) {
            struct log_record record = record_at(i);
            log_xml_event(&text, &record, i + 1, (enum xml_style)style);
        }
        put(s, text.data, text.len);
        put_utf16(s, &text, style % 2 == 0);
        put_joined(s, &text, style % 2 != 0);
    }
    buf_free(&text);
    put_text(s, "<?xml version=\"1.0\" encoding=\"windows-1252\"?>\n<Events><Event>"
                "<System><Provider Name='Tcpip'/><EventID>4226</EventID>"
                "<Computer>\xe4</Computer></System></Event></Events>");
    put_text(s, "<e:Event xmlns:e='http://schemas.microsoft.com/win/2004/08/events/event'>"
                "<!-- c --><e:System><e:EventID Qualifiers='32768'><![CDATA[4226]]></e:EventID>"
                "<e:EventRecordID>&#49;</e:EventRecordID></e:System></e:Event><?p x?>");
}

/* ---- images ---- */

/* Bytes of code or of a header, as a string literal. */
#define PUT_BYTES(at, text) put_bytes(at, text, sizeof(text) - 1)

static void put_bytes(uint8_t *at, const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        at[i] = (uint8_t)bytes[i];
    }
}

static void put_section(uint8_t *row, const char *name, uint32_t rva, uint32_t raw, uint32_t flags)
{
    for (size_t i = 0; name[i] != '\0'; i++) {
        row[i] = (uint8_t)name[i];
    }
    put_le32(row + 8, SECTION_SIZE);
    put_le32(row + 12, rva);
    put_le32(row + 16, raw == SECTION_CODE ? SECTION_RESOURCES - SECTION_CODE : SECTION_SIZE);
    put_le32(row + 20, raw);
    put_le32(row + 36, flags);
}

/* Which sign an image lacks: only a table of known builds can tell its limit then. */
enum lacking { LACKS_NOTHING, LACKS_SIGN_A, LACKS_SIGN_B };

/* The smallest image with all that the patch core looks at: headers, code with the signs, a version
 * resource, a checksum. */
static void put_image(struct seeds *s, bool x64, uint32_t limit, enum lacking lacking)
{
    static const uint8_t run_64[] = {0xfb, 0xff, 0x48, 0x83, 0xee, 0x80, 0x48, 0xff,
                                     0xcb, 0x75, 0xc5, 0x48, 0x8b, 0x74, 0x24, 0x60,
                                     0x48, 0x8b, 0x5c, 0x24, 0x58, 0x48, 0x89, 0x3d};
    size_t size = SECTION_RESOURCES + SECTION_SIZE;
    uint8_t *image = calloc(1, size);
    FUZZ_REQUIRE(image != NULL, "memory is out");
    const uint32_t fixed = x64 ? 112 : 96;
    uint8_t *file = image + 64 + 4;
    uint8_t *optional = file + 20;
    PUT_BYTES(image, "MZ");
    put_le32(image + 60, 64);
    PUT_BYTES(image + 64, "PE\0\0");
    put_le16(file, x64 ? 0x8664 : 0x14c);
    put_le16(file + 2, 2);
    put_le16(file + 16, (uint16_t)(fixed + DIRECTORIES));
    put_le16(optional, x64 ? 0x20b : 0x10b);
    put_le32(optional + (x64 ? 24 : 28), SMALL_BASE);
    put_le32(optional + 32, 0x1000);
    put_le32(optional + 36, 0x200);
    put_le32(optional + 56, 0x4000);
    put_le32(optional + 60, 0x200);
    put_le32(optional + fixed - 4, 16);
    put_le32(optional + fixed + 16, 0x2000);
    put_le32(optional + fixed + 20, SECTION_SIZE);
    uint8_t *table = optional + fixed + DIRECTORIES;
    put_section(table, ".text", 0x1000, SECTION_CODE, 0x60000020);
    put_section(table + 40, ".rsrc", 0x2000, SECTION_RESOURCES, 0x40000040);

    uint8_t *code = image + SECTION_CODE + 0x40;
    uint8_t *store = code + 44;
    if (x64) {
        memcpy(code, run_64, sizeof run_64);
        put_le32(store + 2, 0x3000 - (0x1000 + 0x40 + 54));
    } else {
        PUT_BYTES(store - 4, "\x05\x00\xff\xd6");
        store[-1] ^= lacking == LACKS_SIGN_A ? 1 : 0;
        put_le32(store + 2, SMALL_BASE + 0x3000);
        PUT_BYTES(store + 32, "\x3b\x05");
        put_le32(store + 34, SMALL_BASE + (lacking == LACKS_SIGN_B ? 0x3004 : 0x3000));
    }
    PUT_BYTES(store, "\xc7\x05");
    put_le32(store + 6, limit);

    struct image_options options = {.build = NULL};
    size_t count;
    struct image_maker m = {.options = &options, .build = image_builds(&count), .bytes = image};
    m.parts[RSRC] = (struct part){.raw = SECTION_RESOURCES, .size = SECTION_SIZE, .rva = 0x2000};
    image_put_resources(&m);
    image_fix_checksum(image, size);
    put(s, image, size);
    free(image);
}

static void make_image(struct seeds *s)
{
    put_image(s, false, 10, LACKS_NOTHING);
    put_image(s, false, 100, LACKS_NOTHING);
    put_image(s, true, 10, LACKS_NOTHING);
    put_image(s, true, 1000, LACKS_NOTHING);
    put_image(s, false, 10, LACKS_SIGN_A);
    put_image(s, false, 100, LACKS_SIGN_B);
}

/* ---- texts ---- */

static void make_policy(struct seeds *s)
{
    struct buf text = BUF_INIT;
    load(s, "../../conf/tcpipwatch.ini", &text);
    put(s, text.data, text.len);
    buf_free(&text);
    put_text(s, "[limit]\r\nhalf_open = 200\r\nmax=16777214\r\n[burst]\r\nevents = 5\r\n"
                "window = 10m\r\ncooldown=0s\r\n[action]\r\non_burst = patch\r\n");
    put_text(s, "\xef\xbb\xbf[programs]\nexpected = monitor.exe, C:\\Tools\\*.exe\n  nmap?.exe\n"
                "on_unexpected=notify\n[reboot]\nprompt=no\nremind=1h\ngrace=0s\n"
                "[log]\nfile=/var/log/audit.jsonl\nlevel=debug\n[paths]\ndata = /var/lib/x\n");
    put_text(s, "[burst]\nevnets = 3\nevents = 0\nevents 3\nwindow: 1h\nwindow = 5 ; no\n[nope]\n");
}

static void make_state(struct seeds *s)
{
    put_text(s, "root /w\nstate reboot-pending\nburst WKS\nfirst 5\nlast 9\nevents 3\n"
                "other-burst B\nfirst 1\nlast 2\nevents 3\nuntold-burst \nfirst 0\nlast 0\n"
                "events 0\nports-burst WKS\nfirst 1\nlast 2\nevents 3\nlimit 100\ncomputer WKS\n"
                "boot x\nremind-at 7\nby-hand 1\nverified 9\nfresh-from 9\ntried-size 359040\n"
                "version 5.1.2600.2180\nseen 2\nseen-present 1\nseen-access 0\nseen-crc32 5\n"
                "seen-status 1\nversion 5.1.2600.2180\nseen-limit 100\nasked-size 359040\n"
                "version 5.1.2600.2180\npatch-time 8\npatch-limit-before 10\n"
                "patch-limit-after 100\ncopy 2\ncrc32 12345\nversion 5.1.2600.2180\n"
                "source file:a\nthreshold-events 3\nthreshold-seconds 3600\nplace-record 17\n"
                "place-time 129604896000000000\nplace-offset 4096\n"
                "item WKS\nfirst 129604896000000000\nlast 129604896300000000\nevents 3\nburst 1\n"
                "item WKS\nfirst 129604896000000000\nlast 129604896000000000\nevents 2\nburst 0\n"
                "counts ports\nthreshold-events 3\nthreshold-seconds 3600\n"
                "item WKS\nfirst 1\nlast 1\nevents 2\nburst 0\n"
                "source file:b\nthreshold-events 2\nthreshold-seconds 60\n"
                "item %41%0A\nfirst 1\nlast 1\nevents 1\nburst 0\n");
    put_text(s, "root /w\nstate watching\n");
}

static void make_journal(struct seeds *s)
{
    put_text(s, "root /w\nphase prepare\nwhat set\ncopy 0\npath a\nversion-part 5\n"
                "version-part 1\nversion-part 2600\nversion-part 2180\nlimit-before 10\n"
                "limit-after 100\nchecksum-before 1\nchecksum-after 2\ncrc32-before 3\n"
                "crc32-after 4\ncrc32-original 5\n");
    put_text(s, "phase commit\nwhat restore\ncopy 2\npath a\nlimit-before 100\nlimit-after 10\n"
                "checksum-before 4294967295\nchecksum-after 2\ncrc32-before 3\ncrc32-after 4\n"
                "crc32-original 5\n");
    put_text(s, "root /w\nphase boot\nwhat set\nprotected absent\nothers-crc32 7\ncopy 2\npath a\n"
                "limit-before 10\nlimit-after 100\nchecksum-before 1\nchecksum-after 2\n"
                "crc32-before 3\ncrc32-after 4\ncrc32-original 5\n");
}

/* '|' ends a string. */
static void put_list(struct seeds *s, const char *text)
{
    struct buf list = BUF_INIT;
    for (; *text != '\0'; text++) {
        buf_add_char(&list, *text == '|' ? '\0' : *text);
        buf_add_char(&list, '\0');
    }
    put(s, list.data, list.len);
    buf_free(&list);
}

static void make_pending(struct seeds *s)
{
    put_list(s, "\\??\\C:\\x||\\??\\C:\\a.new|!\\??\\C:\\a||");
    put_list(s, "\\??\\C:\\a.new|@\\??\\C:\\A|y|z|C:/A.NEW|c:/a||");
    put_list(s, "||x|y||\\??\\C:\\a.new|!\\??\\C:\\a|");
}

static void make_keyfile(struct seeds *s)
{
    put_text(s, "a b\nc 12\nd %0A%25%41\n");
    put_text(s, "fuzz 1\na b\nend 1a2b3c4d\n");
}

static void make_wintime(struct seeds *s)
{
    put_text(s, "2011-09-16T16:43:00.0000000Z");
    put_text(s, "2004-02-29 23:59:59.999999999+14:00");
    put_text(s, "1601-01-01T00:00:00-00:01");
}

static void make_text(struct seeds *s)
{
    static const char mixed[] = "a\"\\/\b\f\n\r\t\x7f\xc2\x85\xe2\x80\xa8\xf0\x9f\x98\x80\0A";
    static const char wide[] = "\x3d\xd8\x00\xde\x00\xd8\x41\x00\x00\xdc";
    put(s, mixed, sizeof mixed - 1);
    put(s, wide, sizeof wide - 1);
}

static void make_burst(struct seeds *s)
{
    static const char steps[] =
        "\x01\x3c\0\1\0\1\0\1\0\2\0\xff\0\1\xf8\0\0\1\xf4\0\xf0\1\x20\0\1\0";
    put(s, steps, sizeof steps - 1);
}

static void make_lines(struct seeds *s)
{
    /* Eight texts behind their lengths; then, for each record, whether another file begins, flags,
     * and what they announce. */
    static const char lines[] =
        "\x0dlogs/Log.evtx\x06System\x05Tcpip\x08"
        "EventLog\x03PC1\x09\\\"\xc3\xa4\x7f\xff\n\xc2\x9b\0\x04long"
        "\1\0\1\2\1\4\1\0\2\2\1\4\1\0\3\2\1\5\1\x01\4\2\1\4\1\x03\5\3\1\4\1\x04\x75\x17\0\0\6\3\1\4"
        "\0\6\1\0\1\0\1\x20\1\2\3\4\5\6\7\1\7\2\1\5\1\0\x08\2\x08\x08\1\0\x09\5\6\7";
    put(s, lines, sizeof lines - 1);
}

static void make_census(struct seeds *s)
{
    put_text(
        s, "\x20  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n"
           "   0: 0100630A:A1B2 0700630A:01BB 02 00000001:00000000 01:00000061 00000001  1000   "
           "     0 48611 2 000000001bf83532 400 0 0 1 7                      \n");
    put_text(
        s,
        "\x40   0: 000080FE00000000FF00010200030405:A1B2 B80D0120000000000000000007000000:0050 02 "
        "00000001:00000000 01:00000061 00000001     0        0 48612 2 000000001bf83532\n");
    put_text(s, "\x10"
                "btime 1768039511\n");
    put_text(s, "\x10"
                "42 (a) b) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 777 20 21\n");
    put_text(s, "\x10socket:[48611]");
    put_text(s, "\x10/usr/bin/monitor (deleted)");
    static const char looks[] = "\1\5\4\x10\1\x20\2\x30\3\x41\4\x52\5\x83\2\x10\1\x30\2\x10\1";
    put(s, looks, sizeof looks - 1);
}

static void make_story(struct seeds *s)
{
    static const char *const names[] = {"patched", "reverted",  "unexpected",   "two-roots",
                                        "ports",   "hostile",   "torn",         "future",
                                        "pending", "next-boot", "restart-later"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char name[64];
        struct buf log = BUF_INIT;
        (void)snprintf(name, sizeof name, "audit/%s.jsonl", names[i]);
        load(s, name, &log);
        put(s, log.data, log.len);
        buf_free(&log);
    }
}

int main(int argc, char **argv)
{
#define ROW(name) {#name, make_##name},
    static const struct {
        const char *name;
        void (*make)(struct seeds *s);
    } makers[] = {FUZZ_TARGETS(ROW)};
#undef ROW
    for (size_t i = 0; argc == 4 && i < sizeof makers / sizeof makers[0]; i++) {
        if (strcmp(argv[1], makers[i].name) == 0) {
            struct seeds s = {.data = argv[2], .out = argv[3]};
            makers[i].make(&s);
            return 0;
        }
    }
    (void)fputs("usage: make_seeds TARGET DATA_DIRECTORY OUT_DIRECTORY\n", stderr);
    return 2;
}
