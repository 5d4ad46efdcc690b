#include "census/census_parts.h"

#include "base/utf.h"
#include "base/wintime.h"

#include <inttypes.h>
#include <string.h>

const char *census_verdict_name(enum census_verdict verdict)
{
    switch (verdict) {
    case CENSUS_ANY:
        return "any";
    case CENSUS_EXPECTED:
        return "expected";
    case CENSUS_UNEXPECTED:
        return "unexpected";
    case CENSUS_NOBODY:
        break;
    }
    return "nobody";
}

/* ---- words ---- */

struct speech {
    struct buf *out;
    const struct policy *policy;
    struct census_sum sum;
    bool unresolved;
    bool begun;
    size_t named;             /* programs with their names so far */
    size_t others;            /* programs that are only counted */
    size_t other_connections; /* theirs */
    size_t other_unexpected;  /* of these programs, not on the policy's list */
};

static const char not_on_list[] = "not on the policy's list of expected programs";

/* "28 of 30 half-open connections belong to " for the first one, "; 2 to " for the others. */
static void add_share(struct speech *s, size_t connections)
{
    if (s->begun) {
        buf_printf(s->out, "; %zu to ", connections);
    } else if (connections < s->sum.connections) {
        buf_printf(s->out, "%zu of %zu half-open connections %s to ", connections,
                   s->sum.connections, connections == 1 ? "belongs" : "belong");
    } else if (connections <= 2) {
        buf_add_text(s->out, connections == 1 ? "The only half-open connection belongs to "
                                              : "Both half-open connections belong to ");
    } else {
        buf_printf(s->out, "All %zu half-open connections belong to ", connections);
    }
    s->begun = true;
}

/* The day is said where it is not that of the last look. */
static void add_start(struct buf *out, uint64_t started, uint64_t last)
{
    enum { DAY = sizeof "2026-01-10 " - 1 };
    char start[WINTIME_TEXT_SIZE];
    char look[WINTIME_TEXT_SIZE];
    wintime_plain(started, start);
    wintime_plain(last, look);
    bool same_day = strncmp(start, look, DAY) == 0;
    buf_printf(out, ", since %s", same_day ? start + DAY : start);
}

static void add_program(struct speech *s, const struct census_program *program)
{
    add_printable(s->out, program->image);
    if (program->processes > 1) {
        buf_printf(s->out, " (%zu processes, most by %" PRIu32, program->processes, program->pid);
    } else {
        buf_printf(s->out, " (process %" PRIu32, program->pid);
    }
    if (program->started != 0) {
        add_start(s->out, program->started, s->sum.last);
    }
    if (!census_expected(s->policy, program->image)) {
        buf_printf(s->out, ", %s", not_on_list);
    }
    buf_add_char(s->out, ')');
}

/* Why they are not known is not known for certain: the right to see them is what is missing most
 * often, but a look that was cut short has not asked about all of them. */
static void add_unseen(struct speech *s, const struct census_program *program)
{
    buf_add_text(s->out, s->unresolved ? "processes that were not found ("
                                       : "processes that cannot be seen (");
    if (program->pid != 0) {
        buf_printf(s->out, "process %" PRIu32 " among them; ", program->pid);
    }
    buf_add_text(s->out,
                 s->unresolved ? "there was no time for all)" : "an administrator may see them)");
}

static void add_ends(struct buf *out, const struct census_program *program)
{
    if (program->hosts == 1) {
        buf_printf(out, ", to %s", program->addresses[0]);
    } else {
        buf_printf(out, ", to %zu hosts", program->hosts);
    }
    if (program->ports == 1) {
        buf_printf(out, ", port %" PRIu16, program->port);
    } else {
        buf_printf(out, ", %zu ports, %" PRIu16 " among them", program->ports, program->port);
    }
}

static bool say_program(void *context, const struct census_program *program)
{
    struct speech *s = context;
    if (program->image != NULL && s->named == CENSUS_NAMED) {
        s->others++;
        s->other_connections += program->connections;
        s->other_unexpected += census_expected(s->policy, program->image) ? 0 : 1;
        return true;
    }
    add_share(s, program->connections);
    if (program->image != NULL) {
        s->named++;
        add_program(s, program);
    } else {
        add_unseen(s, program);
    }
    add_ends(s->out, program);
    return true;
}

static void say_others(struct speech *s)
{
    if (s->others == 0) {
        return;
    }
    buf_printf(s->out, "; %zu to %zu other program%s", s->other_connections, s->others,
               s->others == 1 ? "" : "s");
    if (s->other_unexpected == s->others) {
        buf_printf(s->out, " (%s)", not_on_list);
    } else if (s->other_unexpected > 0) {
        buf_printf(s->out, " (%zu of them %s)", s->other_unexpected, not_on_list);
    }
}

static void say_bounds(struct speech *s, bool left_out)
{
    if (left_out) {
        buf_printf(s->out, " There were more of them than are counted here, up to %zu at a time.",
                   s->sum.most);
    } else if (s->sum.most < s->sum.connections) {
        buf_printf(s->out, " Up to %zu of them were half-open at a time.", s->sum.most);
    }
    if (s->unresolved) {
        buf_add_text(s->out, " Not every process was looked up.");
    }
}

static void say_nobody(struct buf *out, const struct census_sum *sum)
{
    if (sum->looks == 0) {
        buf_add_text(out, "No look at the half-open connections was taken.");
    } else if (sum->looks == 1) {
        buf_add_text(out, "No half-open connection was seen.");
    } else {
        buf_printf(out, "No half-open connection was seen in %zu looks.", sum->looks);
    }
}

void census_words(const struct census *census, const struct policy *policy, struct buf *out)
{
    if (census == NULL || census->connection_count == 0) {
        struct census_sum none = census != NULL ? census_sum(census) : (struct census_sum){0};
        say_nobody(out, &none);
        return;
    }
    struct census_tally all = census_tally_all(census);
    struct speech s = {
        .out = out, .policy = policy, .sum = census_sum(census), .unresolved = all.unresolved};
    if (!census_each(census, say_program, &s)) {
        out->failed = true;
        return;
    }
    say_others(&s);
    buf_add_char(out, '.');
    say_bounds(&s, all.left_out);
}

/* ---- JSON ---- */

struct listing {
    struct json *j;
    const struct policy *policy;
    size_t count;
};

static void add_time(struct json *j, const char *key, uint64_t time)
{
    char text[WINTIME_TEXT_SIZE];
    (void)wintime_iso(time, text);
    json_text(j, key, time != 0 ? text : NULL);
}

static void add_known(struct json *j, const char *key, uint64_t number)
{
    if (number != 0) {
        json_number(j, key, number);
    } else {
        json_null(j, key);
    }
}

static bool list_program(void *context, const struct census_program *program)
{
    struct listing *list = context;
    struct json *j = list->j;
    if (list->count++ == CENSUS_JSON_PROGRAMS_MAX) {
        return false;
    }
    json_open_object(j, NULL);
    json_text(j, "image", program->image);
    add_known(j, "pid", program->pid);
    add_time(j, "started", program->started);
    add_known(j, "processes", program->processes);
    json_number(j, "connections", program->connections);
    json_number(j, "hosts", program->hosts);
    json_number(j, "ports", program->ports);
    json_number(j, "port", program->port);
    json_open_array(j, "addresses");
    for (size_t i = 0; i < CENSUS_ADDRESSES && program->addresses[i] != NULL; i++) {
        json_text(j, NULL, program->addresses[i]);
    }
    json_close_array(j);
    if (census_any_expected(list->policy)) {
        json_null(j, "expected");
    } else {
        json_bool(j, "expected", census_expected(list->policy, program->image));
    }
    json_close_object(j);
    return true;
}

void census_json(const struct census *census, const struct policy *policy, struct json *j)
{
    if (census == NULL) {
        json_null(j, "census");
        return;
    }
    struct census_sum sum = census_sum(census);
    struct listing list = {.j = j, .policy = policy};
    json_open_object(j, "census");
    json_number(j, "looks", sum.looks);
    add_time(j, "first", sum.first);
    add_time(j, "last", sum.last);
    json_number(j, "most", sum.most);
    json_number(j, "connections", sum.connections);
    json_number(j, "unseen", sum.unseen);
    json_bool(j, "cut_short", sum.cut_short);
    json_open_array(j, "programs");
    bool listed = census_each(census, list_program, &list);
    /* It ends early at the bound, or when memory is out. */
    j->out->failed = j->out->failed || (!listed && list.count <= CENSUS_JSON_PROGRAMS_MAX);
    json_close_array(j);
    json_close_object(j);
}
