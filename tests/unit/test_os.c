#include "check.h"
#include "faulty_os.h"
#include "sandbox.h"

#include "os.h"

#include <stdlib.h>
#include <string.h>

static const char box[] = "box_os";

static char *in_box(const char *name)
{
    return os_path_join(box, name);
}

/* Writes a file in the box and opens it. */
static struct os_file *open_new(const char *name, const char *text, enum os_open how)
{
    struct os_file *file = NULL;
    char *path = in_box(name);
    CHECK(sandbox_write(path, text, strlen(text)));
    CHECK_NUMBER(os_native()->open(os_native(), path, how, &file), OS_OK);
    free(path);
    return file;
}

static enum os_status open_and_close(const char *name, enum os_open how)
{
    struct os_file *file;
    char *path = in_box(name);
    enum os_status status = os_native()->open(os_native(), path, how, &file);
    if (status == OS_OK) {
        CHECK_NUMBER(os_native()->close(os_native(), file), OS_OK);
    }
    free(path);
    return status;
}

static void check_content(const char *name, const char *expected)
{
    struct buf text = BUF_INIT;
    char *path = in_box(name);
    CHECK(sandbox_read(path, &text));
    CHECK_TEXT(buf_text(&text), expected);
    free(path);
    buf_free(&text);
}

static void files_are_opened_as_asked(void)
{
    const struct os *os = os_native();
    CHECK(sandbox_make(box));
    CHECK_NUMBER(open_and_close("none", OS_READ), OS_NOT_FOUND);
    CHECK_NUMBER(open_and_close("none", OS_READ_COPY), OS_NOT_FOUND);
    CHECK_NUMBER(open_and_close("none/none", OS_CREATE), OS_NOT_FOUND);
    CHECK_NUMBER(open_and_close("new", OS_CREATE), OS_OK);
    CHECK_NUMBER(open_and_close("new", OS_CREATE), OS_EXISTS);
    CHECK_NUMBER(open_and_close("new", OS_READ), OS_OK);
    CHECK_NUMBER(open_and_close("new", OS_READ_COPY), OS_OK);
    CHECK_NUMBER(os->make_directory(os, "box_os/folder"), OS_OK);
    CHECK_NUMBER(os->make_directory(os, "box_os/folder"), OS_EXISTS);
    CHECK_NUMBER(open_and_close("folder", OS_READ), OS_WRONG_KIND);
    CHECK_NUMBER(open_and_close("folder", OS_READ_COPY), OS_WRONG_KIND);
}

static void bytes_are_read_at_their_place(void)
{
    const struct os *os = os_native();
    char bytes[8] = "";
    size_t got = 99;
    CHECK(sandbox_make(box));
    struct os_file *file = open_new("file", "0123456789", OS_READ);
    CHECK_NUMBER(os->read_at(os, file, 7, bytes, 2, &got), OS_OK);
    CHECK_NUMBER(got, 2);
    CHECK(memcmp(bytes, "78", 2) == 0);
    CHECK_NUMBER(os->read_at(os, file, 8, bytes, sizeof bytes, &got), OS_OK);
    CHECK_NUMBER(got, 2);
    CHECK_NUMBER(os->read_at(os, file, 10, bytes, sizeof bytes, &got), OS_OK);
    CHECK_NUMBER(got, 0);
    CHECK_NUMBER(os->read_at(os, file, 1000, bytes, sizeof bytes, &got), OS_OK);
    CHECK_NUMBER(got, 0);
    CHECK_NUMBER(os->close(os, file), OS_OK);
}

static void appending_keeps_what_is_there(void)
{
    const struct os *os = os_native();
    struct os_file *file = NULL;
    CHECK(sandbox_make(box));
    for (int i = 0; i < 3; i++) {
        CHECK_NUMBER(os->open(os, "box_os/log", OS_APPEND, &file), OS_OK);
        CHECK_NUMBER(os->write(os, file, "one line\n", 9), OS_OK);
        CHECK_NUMBER(os->flush(os, file), OS_OK);
        CHECK_NUMBER(os->close(os, file), OS_OK);
    }
    check_content("log", "one line\none line\none line\n");
}

static void stat_tells_kind_size_and_identity(void)
{
    const struct os *os = os_native();
    struct os_stat one;
    struct os_stat other;
    struct os_stat open;
    CHECK(sandbox_make(box));
    struct os_file *file = open_new("one", "12345", OS_READ);
    CHECK(sandbox_write("box_os/other", "", 0));
    CHECK_NUMBER(os->stat(os, "box_os/one", &one), OS_OK);
    CHECK_NUMBER(os->stat(os, "box_os/other", &other), OS_OK);
    CHECK_NUMBER(os->stat_file(os, file, &open), OS_OK);
    CHECK_NUMBER(os->close(os, file), OS_OK);
    CHECK_NUMBER(one.kind, OS_FILE);
    CHECK_NUMBER(one.size, 5);
    CHECK_NUMBER(one.device, open.device);
    CHECK_NUMBER(one.inode, open.inode);
    CHECK_NUMBER(one.modified, open.modified);
    CHECK(one.modified > UINT64_C(130000000000000000));
    CHECK(one.inode != other.inode);
    CHECK_NUMBER(os->stat(os, box, &one), OS_OK);
    CHECK_NUMBER(one.kind, OS_DIRECTORY);
    CHECK_NUMBER(os->stat(os, "box_os/none", &one), OS_NOT_FOUND);
}

static void rename_replaces_and_remove_removes(void)
{
    const struct os *os = os_native();
    CHECK(sandbox_make(box));
    CHECK(sandbox_write("box_os/old", "old", 3));
    CHECK(sandbox_write("box_os/new", "new", 3));
    CHECK_NUMBER(os->rename(os, "box_os/new", "box_os/old"), OS_OK);
    CHECK(!sandbox_exists("box_os/new"));
    check_content("old", "new");
    CHECK_NUMBER(os->rename(os, "box_os/none", "box_os/old"), OS_NOT_FOUND);
    check_content("old", "new");
    CHECK_NUMBER(os->remove(os, "box_os/old"), OS_OK);
    CHECK_NUMBER(os->remove(os, "box_os/old"), OS_NOT_FOUND);
    CHECK_NUMBER(os->flush_directory(os, box), OS_OK);
}

static bool collect(void *context, const char *name)
{
    struct buf *names = context;
    buf_printf(names, "%s;", name);
    return names->len < 2;
}

static bool count_one(void *context, const char *name)
{
    (void)name;
    ++*(int *)context;
    return true;
}

static void directories_are_listed_until_told_to_stop(void)
{
    const struct os *os = os_native();
    struct buf names = BUF_INIT;
    int count = 0;
    CHECK(sandbox_make(box));
    CHECK_NUMBER(os->list(os, box, count_one, &count), OS_OK);
    CHECK_NUMBER(count, 0);
    for (char name[] = "box_os/a"; name[7] <= 'e'; name[7]++) {
        CHECK(sandbox_write(name, "", 0));
    }
    CHECK_NUMBER(os->list(os, box, count_one, &count), OS_OK);
    CHECK_NUMBER(count, 5);
    CHECK_NUMBER(os->list(os, box, collect, &names), OS_OK);
    CHECK_NUMBER(names.len, 2);
    CHECK_NUMBER(os->list(os, "box_os/none", count_one, &count), OS_NOT_FOUND);
    buf_free(&names);
}

static void a_lock_keeps_the_second_out(void)
{
    const struct os *os = os_native();
    struct os_lock *one = NULL;
    struct os_lock *two = NULL;
    CHECK(sandbox_make(box));
    CHECK_NUMBER(os->lock(os, box, &one), OS_OK);
    CHECK_NUMBER(os->lock(os, box, &two), OS_BUSY);
    os->unlock(os, one);
    os->unlock(os, NULL);
    CHECK_NUMBER(sandbox_count(box, ""), 0);
    CHECK_NUMBER(os->lock(os, box, &two), OS_OK);
    os->unlock(os, two);
    CHECK_NUMBER(os->lock(os, "box_os/none", &two), OS_NOT_FOUND);
}

static void metadata_is_carried_over(void)
{
    const struct os *os = os_native();
    struct os_stat model_stat;
    struct os_stat file_stat;
    struct os_file *file = NULL;
    CHECK(sandbox_make(box));
    /* A model that is older than the copy by more than any clock step of a file system. */
    struct os_file *model = open_new("model", "model", OS_READ_COPY);
    do {
        (void)os->remove(os, "box_os/file");
        CHECK_NUMBER(os->open(os, "box_os/file", OS_CREATE, &file), OS_OK);
        CHECK_NUMBER(os->write(os, file, "copy", 4), OS_OK);
        CHECK_NUMBER(os->stat_file(os, model, &model_stat), OS_OK);
        CHECK_NUMBER(os->stat_file(os, file, &file_stat), OS_OK);
        if (file_stat.modified == model_stat.modified) {
            CHECK_NUMBER(os->close(os, file), OS_OK);
        }
    } while (file_stat.modified == model_stat.modified);
    CHECK_NUMBER(os->copy_metadata(os, model, file), OS_OK);
    CHECK_NUMBER(os->close(os, file), OS_OK);
    CHECK_NUMBER(os->close(os, model), OS_OK);
    CHECK_NUMBER(os->stat(os, "box_os/file", &file_stat), OS_OK);
    CHECK_NUMBER(file_stat.modified, model_stat.modified);
    CHECK_NUMBER(file_stat.size, 4);
}

/* On Windows it goes when that starts again; recovery must not have to wait for it. */
static void what_was_moved_aside_is_removed_while_it_is_open(void)
{
    static const char aside[] = "box_os/file" OS_ASIDE;
    const struct os *os = os_native();
    struct os_file *file;
    CHECK(sandbox_make(box));
    CHECK(sandbox_write(aside, "x", 1));
    CHECK_NUMBER(os->open(os, aside, OS_READ_COPY, &file), OS_OK);
    CHECK_NUMBER(os->remove(os, aside), OS_OK);
    CHECK_NUMBER(os->close(os, file), OS_OK);
    CHECK(!sandbox_exists(aside) || os->remove(os, aside) == OS_OK);
}

static void real_paths_are_absolute(void)
{
    const struct os *os = os_native();
    struct buf path = BUF_INIT;
    struct buf same = BUF_INIT;
    CHECK(sandbox_make(box));
    CHECK_NUMBER(os->real_path(os, box, &path), OS_OK);
    CHECK(path.len > strlen(box) + 1);
    CHECK_TEXT(path.data + path.len - strlen(box), box);
    CHECK_NUMBER(os->real_path(os, "./box_os/../box_os/", &same), OS_OK);
    CHECK_TEXT(buf_text(&same), buf_text(&path));
    CHECK_NUMBER(os->real_path(os, "box_os/none", &same), OS_NOT_FOUND);
    buf_free(&same);
    buf_free(&path);
}

static void names_beyond_ascii_come_back(void)
{
    static const char name[] = "box_os/\xc3\x9c"
                               "ber \xe2\x82\xac \xf0\x9f\x98\x80.sys";
    struct buf found = BUF_INIT;
    CHECK(sandbox_make(box));
    CHECK(sandbox_write(name, "x", 1));
    CHECK_NUMBER(os_native()->list(os_native(), box, collect, &found), OS_OK);
    CHECK(found.len > 1);
    if (found.len > 1) {
        found.data[found.len - 1] = '\0';
        CHECK_TEXT(found.data, name + 7);
    }
    CHECK(sandbox_make(box));
    buf_free(&found);
}

static void paths_are_joined(void)
{
    static const char *const cases[][3] = {
        {"dir", "name", "dir/name"}, {"dir/", "name", "dir/name"}, {"C:\\", "name", "C:\\name"},
        {"", "name", "name"},        {"/", "name", "/name"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *path = os_path_join(cases[i][0], cases[i][1]);
        CHECK_TEXT(path, cases[i][2]);
        free(path);
    }
}

static void whole_files_are_read_up_to_a_size(void)
{
    struct buf text = BUF_INIT;
    CHECK(sandbox_make(box));
    CHECK(sandbox_write("box_os/file", "0123456789", 10));
    CHECK_NUMBER(os_read_whole(os_native(), "box_os/file", OS_READ, 10, &text), OS_OK);
    CHECK_TEXT(buf_text(&text), "0123456789");
    CHECK_NUMBER(os_read_whole(os_native(), "box_os/file", OS_READ, 9, &text), OS_TOO_BIG);
    CHECK_NUMBER(os_read_whole(os_native(), "box_os/none", OS_READ, 9, &text), OS_NOT_FOUND);
    CHECK_NUMBER(text.len, 0);
    buf_free(&text);
}

/* Around the sizes of the pieces, in which a file is read: whole, compared, and compared with what
 * differs in its first and last byte, is shorter, and is longer. */
static void whole_files_are_compared(void)
{
    static const size_t sizes[] = {0, 1, 16383, 16384, 16385, 65535, 65536, 65537, 131072, 200000};
    const struct os *os = os_native();
    CHECK(sandbox_make(box));
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const size_t size = sizes[i];
        struct buf bytes = BUF_INIT;
        struct buf back = BUF_INIT;
        bool same = false;
        for (size_t k = 0; k < size; k++) {
            buf_add_char(&bytes, (char)(k * 7 >> 4));
        }
        CHECK(sandbox_write("box_os/file", buf_text(&bytes), size));
        CHECK_NUMBER(os_read_whole(os, "box_os/file", OS_READ, size, &back), OS_OK);
        CHECK(back.len == size && memcmp(buf_text(&back), buf_text(&bytes), size) == 0);
        CHECK_NUMBER(os_compare_whole(os, "box_os/file", OS_READ, &bytes, &same), OS_OK);
        CHECK(same);
        for (size_t end = 0; size > 0 && end < 2; end++) {
            bytes.data[end * (size - 1)] ^= 1;
            CHECK_NUMBER(os_compare_whole(os, "box_os/file", OS_READ, &bytes, &same), OS_OK);
            CHECK(!same);
            bytes.data[end * (size - 1)] ^= 1;
        }
        buf_add_char(&bytes, 'x');
        CHECK_NUMBER(os_compare_whole(os, "box_os/file", OS_READ, &bytes, &same), OS_OK);
        CHECK(!same);
        bytes.len = size > 0 ? size - 1 : size;
        CHECK_NUMBER(os_compare_whole(os, "box_os/file", OS_READ, &bytes, &same), OS_OK);
        CHECK(same == (size == 0));
        CHECK_NUMBER(os_compare_whole(os, "box_os/none", OS_READ, &bytes, &same), OS_NOT_FOUND);
        CHECK(!same);
        buf_free(&back);
        buf_free(&bytes);
    }
}

static void missing_directories_are_made(void)
{
    const struct os *os = os_native();
    CHECK(sandbox_make(box));
    CHECK_NUMBER(os_make_directories(os, "box_os/a/b//c/"), OS_OK);
    CHECK_NUMBER(os_make_directories(os, "box_os/a/b/c"), OS_OK);
    CHECK(sandbox_exists("box_os/a/b/c"));
    CHECK(sandbox_write("box_os/file", "", 0));
    CHECK_NUMBER(os_make_directories(os, "box_os/file"), OS_WRONG_KIND);
    CHECK_NUMBER(os_make_directories(os, "box_os/file/below"), OS_WRONG_KIND);
}

static void every_failed_call_leaves_the_old_file_or_the_new(void)
{
    static const int counts[] = {1, 2, FAULTY_FOR_EVER};
    struct buf text = BUF_INIT;
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        bool failed = true;
        for (int first = 0; failed; first++) {
            struct faulty_os faulty;
            faulty_os_init(&faulty, first, counts[i], OS_FULL);
            CHECK(sandbox_make(box));
            CHECK(sandbox_write("box_os/file", "old", 3));
            CHECK(sandbox_write("box_os/file.new", "left by a crash", 15));
            enum os_status status = os_write_whole(&faulty.table, box, "file", "newer", 5);
            failed = faulty_os_has_failed(&faulty);
            CHECK(sandbox_read("box_os/file", &text));
            const char *got = buf_text(&text);
            CHECK(strcmp(got, "newer") == 0 || (strcmp(got, "old") == 0 && status != OS_OK));
            CHECK(failed || status == OS_OK);
        }
        CHECK(!sandbox_exists("box_os/file.new"));
        check_content("file", "newer");
    }
    buf_free(&text);
}

static void every_status_has_a_text(void)
{
    for (int i = OS_OK; i <= OS_IO; i++) {
        CHECK(strlen(os_status_text((enum os_status)i)) > 5);
    }
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"files are opened as asked", files_are_opened_as_asked},
        {"bytes are read at their place", bytes_are_read_at_their_place},
        {"appending keeps what is there", appending_keeps_what_is_there},
        {"stat tells kind, size and identity", stat_tells_kind_size_and_identity},
        {"rename replaces and remove removes", rename_replaces_and_remove_removes},
        {"directories are listed until told to stop", directories_are_listed_until_told_to_stop},
        {"a lock keeps the second out", a_lock_keeps_the_second_out},
        {"metadata is carried over", metadata_is_carried_over},
        {"what was moved aside is removed while it is open",
         what_was_moved_aside_is_removed_while_it_is_open},
        {"real paths are absolute", real_paths_are_absolute},
        {"names beyond ASCII come back", names_beyond_ascii_come_back},
        {"paths are joined", paths_are_joined},
        {"whole files are read up to a size", whole_files_are_read_up_to_a_size},
        {"whole files are compared", whole_files_are_compared},
        {"missing directories are made", missing_directories_are_made},
        {"every failed call leaves the old file or the new",
         every_failed_call_leaves_the_old_file_or_the_new},
        {"every status has a text", every_status_has_a_text},
    };
    int result = RUN_SUITE("os", cases);
    sandbox_remove(box);
    return result;
}
