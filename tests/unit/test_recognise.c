#include "check.h"
#include "log_reader.h"

#include <stdlib.h>
#include <string.h>

static enum log_kind kind_of(const void *bytes, size_t size)
{
    struct log_memory memory = {bytes, size};
    struct log_input input = log_input_memory(&memory);
    return log_recognise(&input);
}

static void real_files(void)
{
    static const struct {
        const char *name;
        enum log_kind kind;
    } files[] = {
        {"xp_SysEvent_excerpt_3870-3990.evt", LOG_EVT},
        {"evtx32_System_ID12.evtx", LOG_EVTX},
        {"no_template_wec.evtx", LOG_EVTX},
        {"NoEvents.evtx", LOG_EVTX},
        {"evtx32_System_ID12.evtx.evtxexport.xml", LOG_XML},
        {"evtx32_System_ID12.evtx.evtx_dump.xml", LOG_XML},
        {"README.md", LOG_UNKNOWN},
    };
    struct buf file = BUF_INIT;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct buf path = BUF_INIT;
        buf_printf(&path, "%s/%s", TEST_DATA, files[i].name);
        CHECK(load_file(&file, buf_text(&path)));
        CHECK_NUMBER(kind_of(file.data, file.len), files[i].kind);
        buf_free(&path);
    }
    buf_free(&file);
}

static void by_the_first_bytes(void)
{
    static const struct {
        const char *bytes;
        size_t size;
        enum log_kind kind;
    } cases[] = {
        {"", 0, LOG_UNKNOWN},
        {"<", 1, LOG_UNKNOWN},
        {"<E", 2, LOG_XML},
        {"<?xml?>", 7, LOG_XML},
        {"<!-- -->", 8, LOG_XML},
        {"\n\n banner 1.0\n<Event/>", 22, LOG_XML},
        {"a < b << c", 10, LOG_UNKNOWN},
        {"a << <b", 7, LOG_XML},
        {"\xef\xbb\xbf<Events>", 11, LOG_XML},
        {"\xff\xfe<\0E\0", 6, LOG_XML},
        {"\xfe\xff\0<\0E", 6, LOG_XML},
        {"<\0?\0", 4, LOG_XML},
        {"\0<\0?", 4, LOG_XML},
        {"\xff\xfe\0<E\0", 6, LOG_UNKNOWN},
        {"binary\0<Event>", 14, LOG_UNKNOWN},
        {"\x30\0\0\0LfLe", 8, LOG_EVT},
        {"\x30\0\0\0LfL", 7, LOG_UNKNOWN},
        {"ElfFile", 8, LOG_EVTX},
        {"ElfFile ", 8, LOG_UNKNOWN},
        {"MZ\x90\0<Event>", 11, LOG_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (kind_of(cases[i].bytes, cases[i].size) != cases[i].kind) {
            CHECK_NUMBER(i, SIZE_MAX); /* names the case */
            CHECK_NUMBER(kind_of(cases[i].bytes, cases[i].size), cases[i].kind);
        }
    }
}

static void the_first_tag_has_to_come_soon(void)
{
    static const size_t blanks[] = {1023, 1024, 65530, 65534, 65535, 65536, 70000};
    for (size_t i = 0; i < sizeof blanks / sizeof blanks[0]; i++) {
        struct buf text = BUF_INIT;
        for (size_t n = 0; n < blanks[i]; n++) {
            buf_add_char(&text, ' ');
        }
        buf_add_text(&text, "<Events>");
        CHECK_NUMBER(kind_of(text.data, text.len), blanks[i] + 2 <= 65536 ? LOG_XML : LOG_UNKNOWN);
        buf_free(&text);
    }
}

static void reading_by_kind(void)
{
    struct reading *r = malloc(sizeof *r);
    if (r == NULL) {
        CU_FAIL("memory is out");
        return;
    }
    reading_init(r);
    read_bytes(r, LOG_UNKNOWN, "x", 1, false, NULL);
    CHECK_NUMBER(r->result.end, LOG_WRONG_KIND);
    read_bytes(r, LOG_EVT, "x", 1, false, NULL);
    CHECK_NUMBER(r->result.end, LOG_WRONG_KIND);
    read_bytes(r, LOG_EVTX, "x", 1, false, NULL);
    CHECK_NUMBER(r->result.end, LOG_WRONG_KIND);
    read_bytes(r, LOG_XML, "<Event><System/></Event>", 24, false, NULL);
    CHECK_NUMBER(r->result.end, LOG_END);
    CHECK_NUMBER(r->count, 1);
    reading_free(r);
    free(r);
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"real files", real_files},
        {"by the first bytes", by_the_first_bytes},
        {"the first tag has to come soon", the_first_tag_has_to_come_soon},
        {"reading by kind", reading_by_kind},
    };
    return RUN_SUITE("kinds of logs", cases);
}
