#include "install_fixture.h"

#include "check.h"
#include "sandbox.h"

#include "base/crc32.h"
#include "image_builder.h"

#include <stdlib.h>
#include <string.h>

const char *const copy_paths[PC_COPIES] = {
    ROOT "/ServicePackFiles/i386/tcpip.sys",
    ROOT "/system32/dllcache/tcpip.sys",
    DRIVERS,
};

static void listen(void *context, const char *sentence)
{
    struct buf *said = context;
    buf_printf(said, "%s\n", sentence);
}

/* The images that were asked for, since making one takes time where nothing is optimised. */
struct made {
    const char *build; /* NULL: none yet */
    uint32_t limit;
    struct buf image;
};

static const struct made *find_image(const char *build, uint32_t limit)
{
    enum { MOST = 16 };
    static struct made all[MOST];
    static size_t next;
    for (size_t i = 0; i < MOST && all[i].build != NULL; i++) {
        if (strcmp(all[i].build, build) == 0 && all[i].limit == limit) {
            return &all[i];
        }
    }
    struct made *made = &all[next++ % MOST];
    const struct image_options options = {.build = build, .limit = limit};
    const char *error = NULL;
    made->build = build; /* a literal in every test */
    made->limit = limit;
    buf_clear(&made->image);
    CHECK(image_build(&options, &made->image, &error));
    return made;
}

void image_of(const char *build, uint32_t limit, struct buf *out)
{
    const struct buf *image = &find_image(build, limit)->image;
    buf_clear(out);
    buf_add(out, image->data, image->len);
}

void put_image(const char *path, const char *build, uint32_t limit)
{
    struct buf image = BUF_INIT;
    image_of(build, limit, &image);
    CHECK(sandbox_write(path, image.data, image.len));
    buf_free(&image);
}

bool file_is(const char *path, const struct buf *expected)
{
    struct buf found = BUF_INIT;
    bool same = sandbox_read(path, &found) && found.len == expected->len &&
                memcmp(found.data, expected->data, found.len) == 0;
    buf_free(&found);
    return same;
}

bool file_is_image(const char *path, const char *build, uint32_t limit)
{
    struct buf image = BUF_INIT;
    image_of(build, limit, &image);
    bool same = file_is(path, &image);
    buf_free(&image);
    return same;
}

void make_windows(const char *build)
{
    CHECK(sandbox_make(BOX));
    for (size_t c = 0; c < PC_COPIES; c++) {
        put_image(copy_paths[c], build, 0);
    }
}

void open_fixture(struct fixture *f, const struct os *os)
{
    *f = (struct fixture){.pc = {.os = os, .data = DATA, .say = listen}};
    f->pc.say_context = &f->said;
    CHECK_NUMBER(pc_find(&f->pc, ROOT, &f->target, &f->why), PC_DONE);
    CHECK_TEXT(buf_text(&f->why), "");
}

void close_fixture(struct fixture *f)
{
    pc_target_free(&f->target);
    buf_free(&f->said);
    buf_free(&f->why);
}

enum pc_result set_limit(struct fixture *f, uint32_t limit)
{
    enum pc_result result = pc_plan_set(&f->pc, &f->target, limit, &f->plan, &f->why);
    return result == PC_DONE ? pc_apply(&f->pc, &f->target, &f->plan, &f->why) : result;
}

enum pc_result restore(struct fixture *f)
{
    enum pc_result result = pc_plan_restore(&f->pc, &f->target, &f->plan, &f->why);
    return result == PC_DONE ? pc_apply(&f->pc, &f->target, &f->plan, &f->why) : result;
}

bool interrupted(void)
{
    struct fixture f;
    open_fixture(&f, os_native());
    bool found = pc_interrupted(&f.pc, &f.target);
    close_fixture(&f);
    return found;
}

void check_nothing_left_behind(void)
{
    CHECK_NUMBER(sandbox_count(ROOT, ""), PC_COPIES);
    CHECK_NUMBER(sandbox_count(DATA, "journal"), 0);
    CHECK(!interrupted());
}

void check_all_alike(uint32_t limit)
{
    for (size_t c = 0; c < PC_COPIES; c++) {
        CHECK(file_is_image(copy_paths[c], "2180", limit));
    }
    check_nothing_left_behind();
}

char *saved_path(const char *build)
{
    struct buf image = BUF_INIT;
    struct buf name = BUF_INIT;
    struct pc_inspection inspection;
    image_of(build, 0, &image);
    pc_inspect((const uint8_t *)image.data, image.len, &inspection);
    buf_add_text(&name, DATA "/originals/");
    pc_original_name(&name, &inspection.version, inspection.has_version,
                     crc32_update(0, image.data, image.len));
    buf_free(&image);
    return name.data;
}

void interrupt(enum journal_phase phase, unsigned swapped)
{
    struct fixture f;
    make_windows("2180");
    open_fixture(&f, os_native());
    CHECK_NUMBER(pc_plan_set(&f.pc, &f.target, 100, &f.plan, &f.why), PC_DONE);
    struct journal journal = {.phase = phase};
    memcpy(journal.changes, f.plan.changes, sizeof journal.changes);
    for (size_t c = 0; c < PC_COPIES; c++) {
        journal.version[c].known = true;
        journal.version[c].number = f.target.copies[c].inspection.version;
        if ((swapped >> c & 1) != 0) {
            put_image(copy_paths[c], "2180", 100);
        } else {
            char *staged = text_printf("%s.tcpipwatch-new", copy_paths[c]);
            CHECK(sandbox_write(staged, "part of a file", 14));
            free(staged);
        }
    }
    CHECK_NUMBER(journal_write(&f.pc, &f.target, &journal), OS_OK);
    close_fixture(&f);
}
