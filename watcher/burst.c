#include "burst.h"

#include "burst_parts.h"

#include <stdlib.h>

/* One computer, in a ring by when it was seen last. */
struct computer {
    struct burst_name name; /* first, so that an entry of the table is the computer */
    struct computer *newer;
    struct computer *older;
    struct burst_series series;
};

struct burst_detector {
    struct burst_rules rules;
    struct burst_table table;
    struct computer *newest;
    struct computer *oldest;
    size_t computers;
    struct burst_loss loss;
};

const char *burst_kind_name(enum burst_kind kind)
{
    return kind == BURST_PORTS ? "ports" : "connect-limit";
}

struct burst_detector *burst_open(uint32_t events, uint64_t window)
{
    struct burst_detector *detector = calloc(1, sizeof *detector);
    if (detector != NULL) {
        detector->rules = (struct burst_rules){events < 2 ? 2 : events, window};
    }
    return detector;
}

static void unlink_computer(struct burst_detector *detector, struct computer *computer)
{
    *(computer->newer != NULL ? &computer->newer->older : &detector->newest) = computer->older;
    *(computer->older != NULL ? &computer->older->newer : &detector->oldest) = computer->newer;
}

static void link_newest(struct burst_detector *detector, struct computer *computer)
{
    computer->newer = NULL;
    computer->older = detector->newest;
    *(detector->newest != NULL ? &detector->newest->newer : &detector->oldest) = computer;
    detector->newest = computer;
}

static void link_oldest(struct burst_detector *detector, struct computer *computer)
{
    computer->older = NULL;
    computer->newer = detector->oldest;
    *(detector->oldest != NULL ? &detector->oldest->older : &detector->newest) = computer;
    detector->oldest = computer;
}

static void forget(struct burst_detector *detector, struct computer *computer)
{
    unlink_computer(detector, computer);
    burst_table_remove(&detector->table, &computer->name);
    burst_series_free(&computer->series);
    free(computer->name.text);
    free(computer);
    detector->computers--;
}

void burst_close(struct burst_detector *detector)
{
    while (detector != NULL && detector->newest != NULL) {
        forget(detector, detector->newest);
    }
    if (detector != NULL) {
        burst_table_free(&detector->table);
    }
    free(detector);
}

/* The computer's entry, a new one where there is none; it is in no ring yet then. */
static struct computer *find_computer(struct burst_detector *detector, const char *name, bool *made)
{
    uint32_t hash;
    struct burst_name *found = burst_table_find(&detector->table, name, &hash);
    *made = found == NULL;
    if (found != NULL) {
        return (struct computer *)found;
    }
    struct computer *computer = calloc(1, sizeof *computer);
    char *text = burst_name_copy(name);
    if (computer == NULL || text == NULL ||
        !burst_table_put(&detector->table, &computer->name, hash)) {
        free(computer);
        free(text);
        return NULL;
    }
    computer->name.text = text;
    detector->computers++;
    return computer;
}

enum burst_answer burst_add(struct burst_detector *detector, const char *computer, uint64_t time,
                            struct burst *hit)
{
    bool made;
    struct burst_span span = {0};
    struct computer *found = find_computer(detector, computer, &made);
    if (found == NULL) {
        return BURST_NO_MEMORY;
    }
    if (!made) {
        unlink_computer(detector, found);
    }
    if (detector->computers > BURST_COMPUTERS_MAX) {
        forget(detector, detector->oldest);
        detector->loss.computers++;
    }
    link_newest(detector, found);
    enum burst_answer answer =
        burst_series_add(&found->series, &detector->rules, time, &span, &detector->loss.records);
    if (answer == BURST_BEGUN || answer == BURST_MORE) {
        *hit = (struct burst){found->name.text, span.first, span.last, span.events};
    }
    return answer;
}

void burst_configure(struct burst_detector *detector, uint32_t events, uint64_t window)
{
    struct burst_rules after = {events < 2 ? 2 : events, window};
    for (struct computer *c = detector->newest; c != NULL; c = c->older) {
        burst_series_configure(&c->series, &detector->rules, &after);
    }
    detector->rules = after;
}

struct burst_loss burst_lost(const struct burst_detector *detector)
{
    return detector->loss;
}

/* ---- across a restart ---- */

typedef bool (*save_fn)(void *context, const struct burst_item *item);

/* False when `each` has had enough. `left` is the number of items that may still be given. */
static bool save_computer(const struct computer *computer, size_t *left, save_fn each,
                          void *context)
{
    const struct burst_series *series = &computer->series;
    bool more = true;
    size_t bursts = series->burst_count < *left ? series->burst_count : *left;
    for (size_t i = series->burst_count - bursts; more && i < series->burst_count; i++) {
        const struct burst_span *span = &series->bursts[i];
        struct burst_item item = {computer->name.text, span->first, span->last, span->events, true};
        more = each(context, &item);
    }
    *left -= bursts;
    size_t entries = series->count < *left ? series->count : *left;
    for (size_t i = series->count - entries; more && i < series->count; i++) {
        uint64_t time = series->entries[i].time;
        struct burst_item item = {computer->name.text, time, time, burst_series_records(series, i),
                                  false};
        more = each(context, &item);
    }
    *left -= entries;
    return more;
}

void burst_save(struct burst_detector *detector, save_fn each, void *context)
{
    size_t left = BURST_SAVE_MAX;
    bool more = true;
    for (struct computer *c = detector->newest; more && left > 0 && c != NULL; c = c->older) {
        burst_series_tidy(&c->series, &detector->rules, &detector->loss.records);
        more = save_computer(c, &left, each, context);
    }
}

bool burst_load(struct burst_detector *detector, const struct burst_item *item)
{
    bool made;
    uint32_t hash;
    if (detector->computers == BURST_COMPUTERS_MAX &&
        burst_table_find(&detector->table, item->computer, &hash) == NULL) {
        return true;
    }
    struct computer *found = find_computer(detector, item->computer, &made);
    if (found == NULL) {
        return false;
    }
    if (made) {
        link_oldest(detector, found);
    }
    return burst_series_load(&found->series, &detector->rules, item);
}
