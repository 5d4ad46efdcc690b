/* A model of the rule by which Windows XP SP2 limits half-open connections. Pure: time comes in as
 * an argument, in microseconds of any clock that does not step back.
 *
 * What is published (Microsoft's text on the changes of Service Pack 2): the number of simultaneous
 * incomplete outgoing TCP connection attempts is limited; what comes after the limit is reached is
 * put into a queue and resolved at a fixed rate; event 4226 is logged. An attempt here is a SYN of
 * a new connection. It is half-open from when the SYN goes out until its SYN-ACK or RST comes,
 * until the client resets it or gives it up, or until it times out: XP sends three SYNs and gives
 * up after 21 seconds.
 *
 * What is published nowhere, and is an assumption of this model: the rate
 * (RULE_RELEASES_PER_SECOND), how often the event is logged while the limiting lasts
 * (RULE_EVENT_MS), that a queued attempt waits for a free place as well as for its turn, and how
 * many may wait (RULE_ATTEMPTS_MOST). What run.sh shows does not hang on the rate: with 25, 50, 100
 * and any number a second its web stress test gets 17, 17, 26 and 42 pages a second at a limit of
 * 10, and about 230 at 100. Whether XP shows a queued attempt as SYN_SENT is not settled either;
 * here it is one, since the client's socket is a real one whose SYN is merely held back. */
#ifndef SIMHOST_RULE_H
#define SIMHOST_RULE_H

#include "packet.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    RULE_RELEASES_PER_SECOND = 10, /* an assumption, see above */
    RULE_EVENT_MS = 2000,          /* an assumption, see above */
    RULE_TIMEOUT_MS = 21000,
    RULE_ATTEMPTS_MOST = 4096, /* half-open and queued; a SYN beyond is lost, as by a network */
    RULE_SYN_MOST = 120,  /* bytes of a SYN: two headers, each with all the options it can have */
    RULE_UNSEEN_MOST = 2, /* so many looks without its socket, and an attempt was given up */
};

struct rule_settings {
    uint32_t limit; /* half-open attempts at a time */
    uint32_t releases_per_second;
    uint32_t event_ms;
    uint32_t timeout_ms;
};

struct rule_figures {
    uint64_t attempts;  /* new connections that were asked for */
    uint64_t completed; /* SYN-ACK */
    uint64_t refused;   /* RST */
    uint64_t timed_out;
    uint64_t abandoned;  /* given up by the client */
    uint64_t never_sent; /* of those timed out and abandoned: were queued to their end */
    uint64_t overflowed; /* SYNs for which there was no room */
    uint64_t queued;     /* attempts that had to wait */
    uint64_t queued_most, half_open_most; /* at one moment */
    uint64_t longest_wait;                /* microseconds in the queue */
    uint64_t events;
};

struct rule;

/* NULL when memory is out, or the settings hold a 0. */
struct rule *rule_open(const struct rule_settings *settings);
void rule_close(struct rule *rule);

/* What becomes of a SYN. */
enum rule_verdict {
    RULE_SEND,
    RULE_HOLD, /* was copied, and comes out of rule_release() when its time has come */
    RULE_DROP, /* is there already, or has no room */
};

/* The client sent a SYN (without ACK); `bytes` are the whole packet. One that was sent before (same
 * ends, same number) is no new attempt; with another number it is, and the old one was given up. */
enum rule_verdict rule_syn(struct rule *rule, uint64_t now, const struct packet *packet,
                           const uint8_t *bytes, size_t size);

/* A TCP packet reached the client, or was sent by it and is no SYN of a new connection. */
void rule_come(struct rule *rule, uint64_t now, const struct packet *packet);
void rule_sent(struct rule *rule, uint64_t now, const struct packet *packet);

/* A look at the client's sockets: `exists` tells whether there is one in SYN_SENT with these ends.
 */
typedef bool (*rule_exists_fn)(void *context, const struct packet_ends *ends);
void rule_look(struct rule *rule, uint64_t now, rule_exists_fn exists, void *context);

/* Ends what has timed out. */
void rule_expire(struct rule *rule, uint64_t now);

/* Takes the oldest queued SYN into `out` when it may go out now, and returns its size; 0: none may.
 */
size_t rule_release(struct rule *rule, uint64_t now, uint8_t out[RULE_SYN_MOST]);

/* When the next queued one may go out, as far as is known; UINT64_MAX: not before something ends.
 */
uint64_t rule_next_release(const struct rule *rule);

/* True when an event 4226 has to be logged now. */
bool rule_event(struct rule *rule, uint64_t now);

size_t rule_half_open(const struct rule *rule);
size_t rule_queued(const struct rule *rule);
struct rule_figures rule_figures(const struct rule *rule);

#endif
