#include "rule.h"

#include <stdlib.h>
#include <string.h>

struct attempt {
    struct packet_ends ends;
    uint32_t seq;
    bool queued;
    unsigned unseen; /* looks in a row without its socket */
    uint64_t since;  /* half-open: when it went out; queued: when it came */
    uint64_t number; /* the order in which they came */
    size_t size;     /* queued: of its SYN */
    uint8_t syn[RULE_SYN_MOST];
};

struct rule {
    struct rule_settings settings;
    struct rule_figures figures;
    struct attempt attempts[RULE_ATTEMPTS_MOST]; /* the first `count`, in no order */
    size_t count;
    size_t queued;
    uint64_t next_number;
    uint64_t next_release;
    bool hit; /* since the last event an attempt had to wait */
    bool any_event;
    uint64_t last_event;
};

static const uint64_t us_per_ms = 1000;
static const uint64_t us_per_second = 1000000;

struct rule *rule_open(const struct rule_settings *settings)
{
    if (settings->limit == 0 || settings->releases_per_second == 0 || settings->event_ms == 0 ||
        settings->timeout_ms == 0) {
        return NULL;
    }
    struct rule *rule = calloc(1, sizeof *rule);
    if (rule != NULL) {
        rule->settings = *settings;
    }
    return rule;
}

void rule_close(struct rule *rule)
{
    free(rule);
}

size_t rule_half_open(const struct rule *rule)
{
    return rule->count - rule->queued;
}

size_t rule_queued(const struct rule *rule)
{
    return rule->queued;
}

struct rule_figures rule_figures(const struct rule *rule)
{
    return rule->figures;
}

/* ---- the attempts ---- */

static uint64_t more_of(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static struct attempt *find(struct rule *rule, const struct packet_ends *ends)
{
    for (size_t i = 0; i < rule->count; i++) {
        if (packet_same_ends(&rule->attempts[i].ends, ends)) {
            return &rule->attempts[i];
        }
    }
    return NULL;
}

static void leave_queue(struct rule *rule, struct attempt *attempt, uint64_t now)
{
    rule->figures.longest_wait = more_of(rule->figures.longest_wait, now - attempt->since);
    attempt->queued = false;
    rule->queued--;
}

/* Ends an attempt; the last one takes its place. `how` is the figure that counts it. */
static void end(struct rule *rule, struct attempt *attempt, uint64_t now, uint64_t *how)
{
    (*how)++;
    if (attempt->queued) {
        leave_queue(rule, attempt, now);
        rule->figures.never_sent++;
    }
    *attempt = rule->attempts[--rule->count];
}

static void open_now(struct rule *rule, struct attempt *attempt, uint64_t now)
{
    attempt->since = now;
    rule->figures.half_open_most = more_of(rule->figures.half_open_most, rule_half_open(rule));
}

static uint64_t release_step(const struct rule *rule)
{
    return us_per_second / rule->settings.releases_per_second;
}

static void enqueue(struct rule *rule, struct attempt *attempt, uint64_t now, const uint8_t *bytes,
                    size_t size)
{
    if (rule->queued == 0) {
        rule->next_release = more_of(rule->next_release, now + release_step(rule));
    }
    memcpy(attempt->syn, bytes, size);
    attempt->size = size;
    attempt->since = now;
    attempt->queued = true;
    rule->queued++;
    rule->hit = true;
    rule->figures.queued++;
    rule->figures.queued_most = more_of(rule->figures.queued_most, rule->queued);
}

/* ---- what happens ---- */

static enum rule_verdict begin(struct rule *rule, uint64_t now, const struct packet *packet,
                               const uint8_t *bytes, size_t size)
{
    if (rule->count == RULE_ATTEMPTS_MOST || size > RULE_SYN_MOST) {
        rule->figures.overflowed++;
        return RULE_DROP;
    }
    bool wait = rule->queued > 0 || rule_half_open(rule) >= rule->settings.limit;
    struct attempt *attempt = &rule->attempts[rule->count++];
    *attempt = (struct attempt){
        .ends = packet_ends_sent(packet), .seq = packet->seq, .number = rule->next_number++};
    rule->figures.attempts++;
    if (wait) {
        enqueue(rule, attempt, now, bytes, size);
        return RULE_HOLD;
    }
    open_now(rule, attempt, now);
    return RULE_SEND;
}

enum rule_verdict rule_syn(struct rule *rule, uint64_t now, const struct packet *packet,
                           const uint8_t *bytes, size_t size)
{
    struct packet_ends ends = packet_ends_sent(packet);
    struct attempt *known = find(rule, &ends);
    if (known != NULL && known->seq == packet->seq) {
        return known->queued ? RULE_DROP : RULE_SEND;
    }
    if (known != NULL) {
        end(rule, known, now, &rule->figures.abandoned);
    }
    return begin(rule, now, packet, bytes, size);
}

/* Only what acknowledges the SYN is an answer to it. */
void rule_come(struct rule *rule, uint64_t now, const struct packet *packet)
{
    struct packet_ends ends = packet_ends_come(packet);
    struct attempt *attempt = find(rule, &ends);
    if (attempt == NULL || attempt->queued || (packet->flags & PACKET_ACK) == 0 ||
        packet->ack != attempt->seq + 1) {
        return;
    }
    if ((packet->flags & PACKET_RST) != 0) {
        end(rule, attempt, now, &rule->figures.refused);
    } else if ((packet->flags & PACKET_SYN) != 0) {
        end(rule, attempt, now, &rule->figures.completed);
    }
}

void rule_sent(struct rule *rule, uint64_t now, const struct packet *packet)
{
    struct packet_ends ends = packet_ends_sent(packet);
    struct attempt *attempt = find(rule, &ends);
    if (attempt != NULL && (packet->flags & PACKET_RST) != 0) {
        end(rule, attempt, now, &rule->figures.abandoned);
    }
}

void rule_look(struct rule *rule, uint64_t now, rule_exists_fn exists, void *context)
{
    /* Backwards, since the last attempt takes the place of one that ends. */
    for (size_t i = rule->count; i > 0; i--) {
        struct attempt *attempt = &rule->attempts[i - 1];
        attempt->unseen = exists(context, &attempt->ends) ? 0 : attempt->unseen + 1;
        if (attempt->unseen >= RULE_UNSEEN_MOST) {
            end(rule, attempt, now, &rule->figures.abandoned);
        }
    }
}

void rule_expire(struct rule *rule, uint64_t now)
{
    for (size_t i = rule->count; i > 0; i--) {
        struct attempt *attempt = &rule->attempts[i - 1];
        if (now - attempt->since >= rule->settings.timeout_ms * us_per_ms) {
            end(rule, attempt, now, &rule->figures.timed_out);
        }
    }
}

/* ---- the queue ---- */

static struct attempt *oldest_queued(struct rule *rule)
{
    struct attempt *oldest = NULL;
    for (size_t i = 0; i < rule->count; i++) {
        struct attempt *attempt = &rule->attempts[i];
        if (attempt->queued && (oldest == NULL || attempt->number < oldest->number)) {
            oldest = attempt;
        }
    }
    return oldest;
}

uint64_t rule_next_release(const struct rule *rule)
{
    bool may = rule->queued > 0 && rule_half_open(rule) < rule->settings.limit;
    return may ? rule->next_release : UINT64_MAX;
}

size_t rule_release(struct rule *rule, uint64_t now, uint8_t out[RULE_SYN_MOST])
{
    if (rule_next_release(rule) > now) {
        return 0;
    }
    struct attempt *attempt = oldest_queued(rule);
    if (attempt == NULL) {
        return 0;
    }
    leave_queue(rule, attempt, now);
    open_now(rule, attempt, now);
    rule->next_release = now + release_step(rule);
    memcpy(out, attempt->syn, attempt->size);
    return attempt->size;
}

bool rule_event(struct rule *rule, uint64_t now)
{
    bool limiting = rule->hit || rule->queued > 0;
    if (!limiting ||
        (rule->any_event && now - rule->last_event < rule->settings.event_ms * us_per_ms)) {
        return false;
    }
    rule->hit = false;
    rule->any_event = true;
    rule->last_event = now;
    rule->figures.events++;
    return true;
}
