/* What the user answers and wants, as typed lines or from a notifier of its own. */
#include "base/keyfile.h"
#include "base/utf.h"
#include "reboot/reboot.h"
#include "watcher.h"

#include <string.h>

/* What a typed line says; false when it is none of the answers that there are. */
static bool read_line(const char *line, struct user_request *out)
{
    static const struct {
        const char *word;
        enum request_kind kind;
    } words[] = {
        {"y", REQUEST_YES}, {"yes", REQUEST_YES}, {"n", REQUEST_NO},
        {"no", REQUEST_NO}, {"d", REQUEST_NEVER},
    };
    struct buf word = BUF_INIT;
    uint64_t number;
    bool found = false;
    line += strspn(line, " \t");
    size_t length = strcspn(line, " \t");
    buf_add(&word, line, length);
    const char *text = line[length + strspn(line + length, " \t")] == '\0' ? buf_text(&word) : "";
    for (size_t i = 0; !found && i < sizeof words / sizeof words[0]; i++) {
        found = same_text_nocase(text, words[i].word);
        out->kind = words[i].kind;
    }
    if (!found && keyfile_number(text, PC_LIMIT_MOST, &number) && number >= PC_LIMIT_LEAST) {
        out->kind = REQUEST_LIMIT;
        out->limit = (uint32_t)number;
        found = true;
    }
    buf_free(&word);
    return found;
}

/* Whether the open question takes such an answer, and what it takes otherwise. */
static bool is_answer(const struct watcher *w, enum request_kind kind, const char **expected)
{
    bool yes_or_no = kind == REQUEST_YES || kind == REQUEST_NO;
    switch (w->question) {
    case QUESTION_PATCH:
        *expected = "y, n, or a limit from 1 to 16777214";
        return yes_or_no || kind == REQUEST_LIMIT;
    case QUESTION_RESTART:
        *expected = "y, d or n";
        return yes_or_no || kind == REQUEST_NEVER;
    case QUESTION_GRACE:
        *expected = "n";
        return kind == REQUEST_NO;
    default:
        *expected = "y or n";
        return yes_or_no;
    }
}

static void say_not_an_answer(struct watcher *w, const char *line, const char *expected)
{
    struct buf text = BUF_INIT;
    struct buf keys = BUF_INIT;
    buf_printf(&text, "\"%s\" was read;", line);
    buf_printf(&keys, "expected is %s:", expected);
    const struct question question = {.kind = w->question,
                                      .serial = w->question_serial,
                                      .text = buf_text(&text),
                                      .keys = buf_text(&keys)};
    w->notifier.ask(w->notifier.context, &question);
    buf_free(&keys);
    buf_free(&text);
}

void watcher_close_question(struct watcher *w)
{
    w->question = QUESTION_NONE;
    loop_listen(w->loop, false);
    if (w->notifier.withdraw != NULL) {
        w->notifier.withdraw(w->notifier.context);
    }
}

static void answer_patch(struct watcher *w, bool yes, uint32_t limit)
{
    if (yes && limit > w->policy.max && w->question == QUESTION_PATCH) {
        w->asked_limit = limit;
        watcher_ask(w, QUESTION_ABOVE_MAX);
        return;
    }
    if (!yes && w->question == QUESTION_ABOVE_MAX) {
        watcher_ask(w, QUESTION_PATCH); /* it was only this number that was not meant */
        return;
    }
    watcher_close_question(w);
    watcher_look(w);
    struct engine_world world = watcher_world(w);
    watcher_act(w, engine_patch_answer(&w->memory, &world, yes, limit));
}

static void answer_restart(struct watcher *w, enum engine_restart answer)
{
    watcher_close_question(w);
    struct engine_world world = watcher_world(w);
    watcher_act(w, engine_restart_answer(&w->memory, &world, answer));
}

/* Windows may have begun already; then it says so. */
static void stop_restart(struct watcher *w)
{
    struct buf why = BUF_INIT;
    if (reboot_cancel(&why)) {
        watcher_tell(w, LEVEL_INFO, "The restart was stopped.");
        answer_restart(w, RESTART_LATER);
    } else {
        watcher_close_question(w);
        watcher_tell(w, LEVEL_WARNING, "%s", buf_text(&why));
    }
    buf_free(&why);
}

static void take_answer(struct watcher *w, const struct user_request *request)
{
    bool yes = request->kind != REQUEST_NO;
    switch (w->question) {
    case QUESTION_NONE:
        break;
    case QUESTION_PATCH:
        answer_patch(w, yes, request->kind == REQUEST_LIMIT ? request->limit : w->memory.limit);
        break;
    case QUESTION_ABOVE_MAX:
        answer_patch(w, yes, w->asked_limit);
        break;
    case QUESTION_RESTORE:
        watcher_close_question(w);
        if (yes) {
            watcher_restore(w);
        } else {
            watcher_tell(w, LEVEL_INFO, "Nothing was changed.");
        }
        break;
    case QUESTION_RESTART:
        answer_restart(w, request->kind == REQUEST_YES     ? RESTART_NOW
                          : request->kind == REQUEST_NEVER ? RESTART_NEVER
                                                           : RESTART_LATER);
        break;
    case QUESTION_GRACE:
        stop_restart(w);
        break;
    }
}

void watcher_answer(struct watcher *w, const char *line)
{
    struct user_request request = {.serial = w->question_serial};
    const char *expected = "";
    bool read = read_line(line, &request);
    if (w->question == QUESTION_NONE) {
        return;
    }
    if (is_answer(w, request.kind, &expected) && read) {
        take_answer(w, &request);
    } else {
        say_not_an_answer(w, line, expected);
    }
}

/* A wish of the user's own, not an answer. */
static void ask_wanted(struct watcher *w, enum request_kind kind)
{
    watcher_look(w);
    struct engine_world world = watcher_world(w);
    if (w->question != QUESTION_NONE && kind != REQUEST_SHOW) {
        kind = REQUEST_SHOW; /* one question at a time: the open one comes to the front */
    }
    switch (kind) {
    case REQUEST_PATCH:
        watcher_act(w, engine_patch_wanted(&w->memory, &world));
        break;
    case REQUEST_RESTORE:
        if (w->root != NULL) {
            watcher_ask(w, QUESTION_RESTORE);
        }
        break;
    case REQUEST_RESTART:
        if (w->memory.state == ENGINE_REBOOT_PENDING) {
            watcher_ask(w, QUESTION_RESTART);
        } else {
            watcher_tell(w, LEVEL_INFO, "No change waits for a restart.");
        }
        break;
    default:
        if (w->question != QUESTION_NONE) {
            watcher_ask(w, w->question);
        } else {
            watcher_act(w, engine_ask_again(&w->memory, &world));
        }
        break;
    }
}

bool watcher_request(struct watcher *w, const struct user_request *request)
{
    const char *expected;
    switch (request->kind) {
    case REQUEST_STOP:
        return true;
    case REQUEST_YES:
    case REQUEST_NO:
    case REQUEST_NEVER:
    case REQUEST_LIMIT:
        if (w->question != QUESTION_NONE && request->serial == w->question_serial &&
            is_answer(w, request->kind, &expected)) {
            take_answer(w, request);
        }
        return false;
    default:
        ask_wanted(w, request->kind);
        return false;
    }
}
