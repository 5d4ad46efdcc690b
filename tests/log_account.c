#include "log_account.h"

#include "scan_json.h"

#include <string.h>

static bool add_event(void *context, const struct event *event)
{
    struct log_account *a = context;
    a->handed_out++;
    if (a->only != NULL && !log_ids_have(a->only, event->id)) {
        return true;
    }
    scan_json_event(&a->text, NULL, event);
    if (a->with_places) {
        buf_printf(&a->text, "at %llu in %llu\n", (unsigned long long)a->place.offset,
                   (unsigned long long)a->place.part);
    }
    return true;
}

static void add_damage(void *context, uint64_t offset, const char *what)
{
    struct log_account *a = context;
    buf_printf(&a->text, "%llu %s\n", (unsigned long long)offset, what);
}

struct log_sink log_account_begin(struct log_account *a, const struct log_ids *only)
{
    buf_clear(&a->text);
    a->only = only;
    a->place.set = false;
    a->handed_out = 0;
    return (struct log_sink){.context = a, .event = add_event, .damage = add_damage};
}

void log_account_read(struct log_account *a, log_read_fn read, const struct buf *log, bool growing,
                      const struct log_ids *only, const struct log_how *how)
{
    struct log_memory memory = {(const uint8_t *)log->data, log->len};
    struct log_input input = log_input_memory(&memory);
    struct log_sink sink = log_account_begin(a, only);
    a->result = read(&input, growing, a->with_places ? &a->place : NULL, &sink, how);
}

bool log_account_same(const struct log_account *a, const struct log_account *b)
{
    const struct log_result *x = &a->result;
    const struct log_result *y = &b->result;
    return x->end == y->end && x->incomplete == y->incomplete && x->dirty == y->dirty &&
           x->records == y->records && x->damaged == y->damaged && a->text.len == b->text.len &&
           strcmp(buf_text(&a->text), buf_text(&b->text)) == 0;
}
