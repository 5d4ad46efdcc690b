#include "watcher_fixture.h"

#include "check.h"
#include "image_builder.h"
#include "sandbox.h"

#include "base/wintime.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void keep_told(void *context, enum tell_kind kind, enum policy_level level,
                      const char *sentences)
{
    (void)kind;
    static const char *const levels[] = {"error", "warning", "info", "debug"};
    struct watcher_fixture *f = context;
    buf_printf(&f->told, "%s: %s\n", levels[level], sentences);
    if (f->on_tell != NULL) {
        f->on_tell(f);
    }
}

static bool can_ask(void *context)
{
    const struct watcher_fixture *f = context;
    return f->can_ask;
}

static void keep_asked(void *context, const struct question *question)
{
    struct watcher_fixture *f = context;
    buf_printf(&f->asked, "%s %s\n", question->text, question->keys);
}

void fixture_open(struct watcher_fixture *f)
{
    memset(f, 0, sizeof *f);
    CHECK(sandbox_make(PLACE));
    CHECK(sandbox_make(DATA));
    CHECK(policy_defaults(&f->w.policy));
    CHECK_NUMBER(loop_open(&f->w.loop), OS_OK);
    f->w.os = os_native();
    f->w.notifier =
        (struct notifier){.context = f, .tell = keep_told, .can_ask = can_ask, .ask = keep_asked};
    f->w.data = text_copy(DATA);
    f->w.directory = text_copy(DIRECTORY);
    f->w.audit_file = text_copy(AUDIT);
    f->w.pc = (struct pc_context){f->w.os, f->w.data, NULL, NULL};
    engine_reset(&f->w.memory);
}

void fixture_close(struct watcher_fixture *f)
{
    for (size_t i = 0; i < f->w.log_count; i++) {
        source_close(&f->w.logs[i].source);
    }
    loop_close(f->w.loop);
    pc_target_free(&f->w.target);
    policy_free(&f->w.policy);
    witness_close(&f->w.witness);
    buf_free(&f->w.ports);
    buf_free(&f->w.no_census);
    buf_free(&f->w.why);
    free(f->w.data);
    free(f->w.directory);
    free(f->w.audit_file);
    buf_free(&f->told);
    buf_free(&f->asked);
    sandbox_remove(PLACE);
}

void fixture_add_root(struct watcher_fixture *f, const char *build)
{
    static const char *const copies[COPIES] = {ROOT "/ServicePackFiles/i386/tcpip.sys",
                                               ROOT "/system32/dllcache/tcpip.sys", DRIVERS};
    const struct image_options options = {.build = build};
    struct buf image = BUF_INIT;
    const char *error;
    CHECK(image_build(&options, &image, &error));
    for (size_t i = 0; i < COPIES; i++) {
        CHECK(sandbox_write(copies[i], image.data, image.len));
    }
    buf_free(&image);
    f->w.root = ROOT;
    watcher_look(&f->w);
    CHECK(f->w.has_target);
}

uint32_t fixture_limit(void)
{
    struct buf image = BUF_INIT;
    struct pc_inspection inspection = {.has_limit = false};
    if (sandbox_read(DRIVERS, &image)) {
        pc_inspect((const uint8_t *)image.data, image.len, &inspection);
    }
    buf_free(&image);
    return inspection.has_limit ? inspection.limit : 0;
}

struct followed *fixture_add_log(struct watcher_fixture *f, const char *path)
{
    struct followed *log = &f->w.logs[f->w.log_count++];
    struct buf why = BUF_INIT;
    char *spec = text_printf("file:%s", path);
    log->of_root = true;
    CHECK(source_open(spec, &log->source, &why));
    CHECK(source_count_anew(&log->source, f->w.policy.events,
                            f->w.policy.window_seconds * WINTIME_PER_SECOND));
    free(spec);
    buf_free(&why);
    return log;
}

void fixture_append(struct evt_image *log, const char *computer, uint64_t seconds)
{
    const struct log_record record =
        log_record_tcpip(4226, computer, START + seconds * WINTIME_PER_SECOND);
    CHECK(evt_image_append(log, &record));
}

void fixture_write(const struct evt_image *log, const char *path)
{
    CHECK(sandbox_write(path, log->bytes, log->size));
}

size_t fixture_count(const struct buf *text, const char *words)
{
    size_t count = 0;
    for (const char *at = buf_text(text); (at = strstr(at, words)) != NULL; at++) {
        count++;
    }
    return count;
}
