/* `status` and `check-policy`: looking, without changing anything. */
#include "base/term.h"
#include "base/utf.h"
#include "base/wintime.h"
#include "commands.h"
#include "instance.h"
#include "needs.h"
#include "patchcore.h"
#include "paths.h"
#include "policy_file.h"
#include "report.h"
#include "state.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct status {
    const struct command_options *options;
    const struct os *os;
    char *data;
    struct policy policy;
    struct buf out;
    size_t roots; /* shown so far */
    int result;
};

static void add_line(struct buf *out, const char *name, const char *text)
{
    buf_printf(out, "%-10s ", name);
    add_printable(out, text);
    buf_add_char(out, '\n');
}

static void show_policy(struct status *s)
{
    struct buf why = BUF_INIT;
    char *path = policy_file_path(s->options->policy_file);
    switch (policy_load(s->os, s->options->policy_file, &s->policy, &why)) {
    case POLICY_LOADED:
        add_line(&s->out, "policy", path);
        break;
    case POLICY_ABSENT:
        add_line(&s->out, "policy", "the built-in defaults; there is no policy file");
        break;
    case POLICY_WRONG:
        add_line(&s->out, "policy", "has errors:");
        buf_printf(&s->out, "%s\n", buf_text(&why));
        s->result = PC_USAGE;
        break;
    }
    free(path);
    buf_free(&why);
}

static void show_running(struct status *s)
{
    struct buf who = BUF_INIT;
    if (instance_running(s->os, s->data, &who)) {
        add_line(&s->out, "running", buf_text(&who));
    } else {
        add_line(&s->out, "running", "no");
    }
    add_line(&s->out, "data", s->data);
    buf_free(&who);
}

static void add_memory(struct buf *out, const struct engine_memory *m)
{
    char first[WINTIME_TEXT_SIZE];
    char last[WINTIME_TEXT_SIZE];
    buf_printf(out, "  state      %s\n", engine_state_name(m->state));
    if (m->burst.last != 0) {
        wintime_plain(m->burst.first, first);
        wintime_plain(m->burst.last, last);
        buf_printf(out, "  burst      %" PRIu64 " events of ", m->burst.events);
        add_printable(out, m->burst.computer);
        buf_printf(out, ", %s to %s\n", first, last);
    } else {
        buf_add_text(out, "  burst      none so far\n");
    }
    if (m->patch.time != 0) {
        wintime_plain(m->patch.time, last);
        buf_printf(out, "  patched    %s: limit %" PRIu32 " -> %" PRIu32 "\n", last,
                   m->patch.limit_before, m->patch.limit_after);
    }
    if (m->verified != 0) {
        wintime_plain(m->verified, last);
        buf_printf(out, "  verified   %s\n", last);
    }
    if (m->ports[0].last != 0) {
        wintime_plain(m->ports[0].last, last);
        buf_printf(out, "  ports      %" PRIu64 " events 4227 or 4231 of ", m->ports[0].events);
        add_printable(out, m->ports[0].computer);
        buf_printf(out, ", until %s\n", last);
    }
}

static bool show_root(void *context, const char *name)
{
    struct status *s = context;
    struct engine_memory memory;
    struct buf root = BUF_INIT;
    enum keyfile_status whole = KEYFILE_OK;
    char *directory = text_printf("%s/roots/%s", s->data, name);
    if (directory == NULL) {
        return false;
    }
    enum os_status status = state_load(s->os, directory, &memory, NULL, 0, &root, &whole);
    if (status == OS_NOT_FOUND) {
        goto done;
    }
    s->roots++;
    buf_add_text(&s->out, "\n");
    add_printable(&s->out, root.len > 0 ? root.data : name);
    buf_add_char(&s->out, '\n');
    if (status != OS_OK || whole != KEYFILE_OK) {
        buf_printf(&s->out, "  state      cannot be used: %s\n",
                   status != OS_OK ? os_status_text(status) : keyfile_status_text(whole));
        s->result = PC_FAILED;
    } else {
        add_memory(&s->out, &memory);
    }
done:
    free(directory);
    buf_free(&root);
    return true;
}

static void show_roots(struct status *s)
{
    char *roots = os_path_join(s->data, "roots");
    enum os_status status = roots != NULL ? s->os->list(s->os, roots, show_root, s) : OS_NO_MEMORY;
    if (status != OS_OK && status != OS_NOT_FOUND) {
        buf_add_text(&s->out, "\nThe state in ");
        add_printable(&s->out, s->data);
        buf_printf(&s->out, " cannot be read: %s.\n", os_status_text(status));
        s->result = PC_FAILED;
    } else if (s->roots == 0) {
        buf_add_text(&s->out, "\nNothing has been watched with this data directory yet.\n");
    }
    free(roots);
}

static void show_needs(struct status *s, const struct pc_target *target, bool running)
{
    struct needs_facts facts;
    struct buf text = BUF_INIT;
    needs_gather(target, running, &facts);
    needs_text(&text, &facts);
    buf_add_char(&s->out, '\n');
    add_line(&s->out, "windows", buf_text(&text));
    buf_free(&text);
}

static void show_copies(struct status *s, const char *root)
{
    const struct pc_context pc = {s->os, s->data, NULL, NULL};
    struct pc_target target;
    struct pc_waiting waiting;
    struct buf why = BUF_INIT;
    enum pc_result found = pc_find(&pc, root, &target, &why);
    if (found == PC_DONE) {
        show_needs(s, &target, pc_is_running_windows(&pc, &target));
        report_target(&s->out, &target);
        if (pc_waiting(&pc, &target, &waiting)) {
            report_waiting(&s->out, &waiting);
        }
        if (pc_interrupted(&pc, &target)) {
            buf_add_text(&s->out, "Interrupted work was found; run \"tcpippatch recover\".\n");
            s->result = PC_INTERRUPTED;
        }
    } else {
        command_complain("%s", buf_text(&why));
        s->result = (int)found;
    }
    pc_target_free(&target);
    buf_free(&why);
}

int command_status(const struct command_options *options)
{
    struct status s = {.options = options, .os = os_native(), .result = PC_DONE};
    if (!policy_defaults(&s.policy)) {
        command_complain("Out of memory.");
        return PC_FAILED;
    }
    show_policy(&s);
    s.data = command_data_directory(options->data, s.policy.data);
    if (s.data == NULL) {
        command_complain("There is no data directory: name one with --data.");
        s.result = PC_USAGE;
    } else {
        show_running(&s);
        show_roots(&s);
        char *running = options->root == NULL ? paths_running_windows() : NULL;
        if (options->root != NULL || running != NULL) {
            show_copies(&s, running != NULL ? running : options->root);
        }
        free(running);
    }
    if (command_print(buf_text(&s.out)) != PC_DONE && s.result == PC_DONE) {
        s.result = PC_FAILED;
    }
    buf_free(&s.out);
    free(s.data);
    policy_free(&s.policy);
    return s.result;
}

int command_check_policy(const struct command_options *options)
{
    struct policy policy;
    struct buf text = BUF_INIT;
    int result = PC_DONE;
    const char *named = options->path_count > 0 ? options->paths[0] : options->policy_file;
    if (!policy_defaults(&policy)) {
        command_complain("Out of memory.");
        return PC_FAILED;
    }
    switch (policy_load(os_native(), named, &policy, &text)) {
    case POLICY_LOADED: {
        char *path = policy_file_path(named);
        policy_print(&policy, path != NULL ? path : "", &text);
        result = command_print(buf_text(&text));
        free(path);
        break;
    }
    case POLICY_ABSENT:
        command_complain("There is no policy file at the default place; these defaults hold.");
        policy_print(&policy, "", &text);
        result = command_print(buf_text(&text));
        break;
    case POLICY_WRONG:
        (void)term_write(TERM_ERR, buf_text(&text));
        (void)term_write(TERM_ERR, "\n");
        result = PC_USAGE;
        break;
    }
    buf_free(&text);
    policy_free(&policy);
    return result;
}
