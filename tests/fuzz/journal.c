/* The input is the lines of a journal. */
#include "keyfile_frame.h"
#include "memory_os.h"

#include "journal.h"

#include <string.h>

void fuzz_journal(const uint8_t *data, size_t size)
{
    static char root[] = "/w";
    static char id[] = "w-00000000";
    static char path[] = "system32/drivers/tcpip.sys";
    static char directory[] = "system32/drivers";
    struct pc_target target = {.root = root, .id = id};
    struct buf file = BUF_INIT;
    struct memory_os reader;
    struct memory_os writer;
    struct journal journal;
    struct journal again;
    enum keyfile_status whole = KEYFILE_DAMAGED;
    for (size_t i = 0; i < PC_COPIES; i++) {
        target.copies[i].path = path;
        target.copies[i].directory = directory;
    }
    keyfile_frame(&file, "tcpipwatch-journal", data, size);
    memory_os_init(&reader, file.data, file.len);
    struct pc_context pc = {.os = &reader.os, .data = "/d"};
    FUZZ_REQUIRE(journal_read(&pc, &target, &journal, &whole) == OS_OK, "the file is there");
    if (whole == KEYFILE_OK) {
        FUZZ_REQUIRE(journal_write(&pc, &target, &journal) == OS_OK, "a journal can be written");
        memory_os_init(&writer, reader.written.data, reader.written.len);
        pc.os = &writer.os;
        FUZZ_REQUIRE(journal_read(&pc, &target, &again, &whole) == OS_OK && whole == KEYFILE_OK,
                     "a journal that was written can be read");
        FUZZ_REQUIRE(journal_write(&pc, &target, &again) == OS_OK &&
                         reader.written.len == writer.written.len &&
                         memcmp(reader.written.data, writer.written.data, writer.written.len) == 0,
                     "a journal is read as it was written");
        memory_os_free(&writer);
    }
    memory_os_free(&reader);
    buf_free(&file);
}
