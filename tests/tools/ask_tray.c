/* The tray alone, without a watcher: asks one question of a Windows that runs here, which a test
 * cannot let a watcher do, and prints the answer; or tells very much. See usage(). */
#include "base/buf.h"
#include "notify/tray_win32.h"
#include "text.h"

#include <windows.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIMIT = 100, STEPS = 5, STEP_MS = 3000 };

static int usage(void)
{
    (void)fputs(
        "usage: ask_tray restart | grace | restore\n"
        "       ask_tray flood COUNT   tells COUNT sentences in five steps, and says after\n"
        "                              each how many, until it is asked to stop\n",
        stderr);
    return 2;
}

static void wait_for_request(struct notifier *notifier, struct user_request *request)
{
    while (!notifier->take(notifier->context, request)) {
        (void)WaitForSingleObject((HANDLE)notifier->handle, INFINITE);
    }
}

static void ask(struct notifier *notifier, const struct policy *policy, enum question_kind kind)
{
    static const char *const answers[] = {[REQUEST_YES] = "yes",
                                          [REQUEST_NO] = "no",
                                          [REQUEST_NEVER] = "never",
                                          [REQUEST_STOP] = "stop"};
    static struct engine_memory memory;
    struct buf text = BUF_INIT;
    struct user_request request;
    const struct engine_world world = {.policy = policy, .has_root = true, .root_is_running = true};
    const struct text_facts facts = {
        .memory = &memory, .world = &world, .root = "C:\\WINDOWS", .data = "data", .why = ""};
    const struct notify_view view = {.face = FACE_RESTART,
                                     .has_root = true,
                                     .has_limit = true,
                                     .limit = LIMIT,
                                     .root = "C:\\WINDOWS"};
    memory.patch.limit_after = LIMIT;
    notifier->show(notifier->context, &view);
    text_question(&text, kind, 0, &facts);
    const struct question question = {.kind = kind,
                                      .serial = 1,
                                      .text = buf_text(&text),
                                      .keys = "",
                                      .remind_seconds = policy->remind_seconds,
                                      .grace_seconds = policy->grace_seconds};
    notifier->ask(notifier->context, &question);
    wait_for_request(notifier, &request);
    printf("answer %s\n", answers[request.kind] != NULL ? answers[request.kind] : "?");
    buf_free(&text);
}

static void flood(struct notifier *notifier, unsigned count)
{
    struct notify_view view = {.face = FACE_WATCHING, .has_limit = true, .limit = LIMIT};
    struct user_request request = {.kind = REQUEST_SHOW};
    printf("told 0\n");
    (void)fflush(stdout);
    Sleep(STEP_MS);
    for (unsigned i = 0; i < count; i++) {
        struct buf text = BUF_INIT;
        buf_printf(&text, "Sentence %u of %u, as long as such a sentence may well be.", i, count);
        notifier->tell(notifier->context, TELL_NEWS, LEVEL_WARNING, buf_text(&text));
        view.face = i % 2 == 0 ? FACE_WATCHING : FACE_BURST;
        view.events = i;
        view.last_event = UINT64_C(133000000000000000) + (uint64_t)i * 600000000;
        notifier->show(notifier->context, &view);
        buf_free(&text);
        if (i % 10 == 9) {
            Sleep(1); /* the tray's thread is to show them, too */
        }
        if ((i + 1) % (count / STEPS) == 0) {
            printf("told %u\n", i + 1);
            (void)fflush(stdout);
            Sleep(STEP_MS);
        }
    }
    while (request.kind != REQUEST_STOP) {
        wait_for_request(notifier, &request);
    }
}

int main(int argc, char **argv)
{
    struct console console = {.level = LEVEL_WARNING}; /* what is told goes to the standard error */
    struct notifier notifier;
    struct policy policy;
    struct buf why = BUF_INIT;
    unsigned long count = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
    enum question_kind kind = argc < 2                          ? QUESTION_NONE
                              : strcmp(argv[1], "restart") == 0 ? QUESTION_RESTART
                              : strcmp(argv[1], "grace") == 0   ? QUESTION_GRACE
                              : strcmp(argv[1], "restore") == 0 ? QUESTION_RESTORE
                                                                : QUESTION_NONE;
    bool flooding = argc == 3 && strcmp(argv[1], "flood") == 0 && count >= STEPS;
    if (kind == QUESTION_NONE && !flooding) {
        return usage();
    }
    if (!policy_defaults(&policy) || !tray_open(&console, &notifier, &why)) {
        fprintf(stderr, "ask_tray: %s\n", buf_text(&why));
        buf_free(&why);
        return 1;
    }
    if (flooding) {
        flood(&notifier, (unsigned)count);
    } else {
        ask(&notifier, &policy, kind);
    }
    notifier.close(notifier.context);
    policy_free(&policy);
    return 0;
}
