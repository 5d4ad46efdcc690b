#include "ports.h"

#include <inttypes.h>
#include <string.h>

enum {
    FIRST_PORT = 1025, /* of the ports before Vista, and the least that netsh takes */
    LAST_PORT = 65535,
    DEFAULT_FIRST = 49152,
    DEFAULT_COUNT = 16384,
    MOST_COUNT = LAST_PORT - FIRST_PORT + 1,
    USER_PORT_LEAST = 5000, /* and what holds without MaxUserPort */
    USER_PORT_MOST = 65534,
    DELAY_LEAST = 30, /* seconds */
    DELAY_LEAST_8_1 = 2,
    DELAY_MOST = 300,
    DELAY_ADVISED = 30,
};

/* ---- what netsh wrote ---- */

/* The number at the end of a line, behind a colon or a blank that follows one. 0: there is none. */
static uint32_t number_at_end(const char *line, size_t length)
{
    while (length > 0 && strchr("\r\t ", line[length - 1]) != NULL) {
        length--;
    }
    size_t end = length;
    while (length > 0 && line[length - 1] >= '0' && line[length - 1] <= '9') {
        length--;
    }
    uint32_t number = 0;
    for (size_t i = length; i < end; i++) {
        number = number <= LAST_PORT ? number * 10 + (uint32_t)(line[i] - '0') : number;
    }
    while (length > 0 && line[length - 1] == ' ') {
        length--;
    }
    return length > 0 && line[length - 1] == ':' ? number : 0;
}

bool ports_take_range(const char *output, struct ports_values *out)
{
    uint32_t numbers[2] = {0, 0};
    size_t found = 0;
    for (const char *line = output; *line != '\0';) {
        size_t length = strcspn(line, "\n");
        uint32_t number = number_at_end(line, length);
        if (number != 0) {
            if (found < 2) {
                numbers[found] = number;
            }
            found++;
        }
        line += line[length] == '\n' ? length + 1 : length;
    }
    if (found != 2 || numbers[0] > LAST_PORT || numbers[1] > LAST_PORT - numbers[0] + 1) {
        return false;
    }
    out->has_range = true;
    out->first = numbers[0];
    out->count = numbers[1];
    return true;
}

/* ---- how the system is set ---- */

static bool has_netsh(const struct ports_values *v)
{
    return v->windows >= PORTS_VISTA;
}

static bool is_within(const struct ports_number *number, uint32_t least, uint32_t most)
{
    return number->known && number->there && number->set >= least && number->set <= most;
}

static uint32_t least_delay(const struct ports_values *v)
{
    return v->windows >= PORTS_8_1 ? DELAY_LEAST_8_1 : DELAY_LEAST;
}

static void add_range(struct buf *out, const struct ports_values *v)
{
    if (!v->has_range) {
        buf_add_text(out, "the range of dynamic ports cannot be read (\"" PORTS_SHOW "\" shows it; "
                          "without a change it is 49152 to 65535)");
        return;
    }
    bool usual = v->first == DEFAULT_FIRST && v->count == DEFAULT_COUNT;
    buf_printf(out, "the dynamic ports are %" PRIu32 " to %" PRIu32 " (%" PRIu32 " of them, %s)",
               v->first, v->first + v->count - 1, v->count,
               usual ? "as Windows has it by itself" : "by itself Windows has 49152 to 65535");
}

/* Before Vista. */
static void add_user_ports(struct buf *out, const struct ports_number *most)
{
    if (!most->known) {
        buf_add_text(out, "MaxUserPort cannot be read, so that it is not known which ports there "
                          "are");
    } else if (!most->there) {
        buf_add_text(out,
                     "the ports are 1025 to 5000 (3976 of them), since MaxUserPort is not set");
    } else if (!is_within(most, USER_PORT_LEAST, USER_PORT_MOST)) {
        buf_printf(out,
                   "MaxUserPort is %" PRIu32 ", which is not within 5000 to 65534, so that it is "
                   "not known which ports there are",
                   most->set);
    } else {
        buf_printf(out, "the ports are 1025 to %" PRIu32 " (%" PRIu32 " of them), by MaxUserPort",
                   most->set, most->set - FIRST_PORT + 1);
    }
}

static void add_delay(struct buf *out, const struct ports_values *v)
{
    const struct ports_number *delay = &v->timed_wait_delay;
    uint32_t least = least_delay(v);
    if (!delay->known) {
        buf_add_text(out, "TcpTimedWaitDelay cannot be read");
    } else if (!delay->there) {
        buf_printf(out,
                   "TcpTimedWaitDelay is not set, so that a closed connection keeps its port for "
                   "%s",
                   v->windows == PORTS_XP ? "120 seconds (240 over IPv6)"
                                          : "120 or 240 seconds (Microsoft's texts differ)");
    } else if (!is_within(delay, least, DELAY_MOST)) {
        buf_printf(out,
                   "TcpTimedWaitDelay is %" PRIu32 ", which is not within %" PRIu32 " to %d "
                   "seconds, so that it is not known how long a closed connection keeps its port",
                   delay->set, least, DELAY_MOST);
    } else {
        buf_printf(
            out, "a closed connection keeps its port for %" PRIu32 " seconds, by TcpTimedWaitDelay",
            delay->set);
    }
}

static void add_present(struct buf *out, const struct ports_values *v)
{
    buf_add_text(out, " Now ");
    if (has_netsh(v)) {
        add_range(out, v);
    } else {
        add_user_ports(out, &v->max_user_port);
    }
    buf_add_text(out, "; ");
    add_delay(out, v);
    if (has_netsh(v) && v->max_user_port.there) {
        buf_printf(out, "; MaxUserPort is %" PRIu32 ", which is for Windows before Vista",
                   v->max_user_port.set);
    }
    if (v->strict_check.there) {
        buf_printf(out, "; StrictTimeWaitSeqCheck is %" PRIu32, v->strict_check.set);
    }
    buf_add_char(out, '.');
}

static void add_where_to_look(struct buf *out)
{
    buf_add_text(out, " How that computer is set cannot be read from here: there \"" PORTS_SHOW
                      "\" shows the dynamic ports (49152 to 65535 without a change), or before "
                      "Windows Vista MaxUserPort in " PORTS_KEY
                      " (1025 to 5000 without it), and TcpTimedWaitDelay in the same key how long "
                      "a closed connection keeps its port (120 or 240 seconds without it).");
}

/* ---- what helps ---- */

static void add_netsh(struct buf *out)
{
    buf_printf(out,
               "; \"netsh int ipv4 set dynamicport tcp start=%d num=%d\" for the most ports that "
               "there can be (a higher start spares those that servers listen on)",
               FIRST_PORT, MOST_COUNT);
}

/* What is in force already is not advised. */
static bool wants_more_ports(const struct ports_values *v)
{
    return has_netsh(v) ? !v->has_range || v->count < MOST_COUNT
                        : !is_within(&v->max_user_port, USER_PORT_MOST, USER_PORT_MOST);
}

static bool wants_shorter_delay(const struct ports_values *v)
{
    return !is_within(&v->timed_wait_delay, least_delay(v), DELAY_ADVISED);
}

static void add_numbers(struct buf *out, const struct ports_values *v)
{
    bool user_port = !has_netsh(v) && wants_more_ports(v);
    bool delay = wants_shorter_delay(v);
    if (user_port || delay) {
        buf_printf(out, "; in " PORTS_KEY " the DWORD %s%s%s",
                   user_port ? "MaxUserPort = 65534 for the most ports that there can be" : "",
                   user_port && delay ? ", and " : "", delay ? "TcpTimedWaitDelay = 30" : "");
    }
}

static void add_remedies(struct buf *out, const struct ports_values *v)
{
    buf_add_text(out, " What helps: above all, to find the program that opens so many (netstat "
                      "-ano) and let it use a connection again instead of opening one for each "
                      "request");
    if (v == NULL || (has_netsh(v) && wants_more_ports(v))) {
        add_netsh(out);
    }
    if (v != NULL) {
        add_numbers(out, v);
    } else {
        buf_add_text(out, ", or before Windows Vista the DWORD MaxUserPort = 65534 in that key; "
                          "the DWORD TcpTimedWaitDelay = 30 in that key");
    }
    buf_add_text(out, ". What stands in the registry is read when Windows starts. Nothing was "
                      "changed.");
}

void ports_words(const struct ports_values *values, struct buf *out)
{
    buf_add_text(out, "Outgoing connections are opened and closed faster than their local ports "
                      "come free again: event 4227 says that the port chosen was used for the same "
                      "destination just before, 4231 that no port is free at all.");
    if (values != NULL) {
        add_present(out, values);
    } else {
        add_where_to_look(out);
    }
    add_remedies(out, values);
}

void ports_hint(struct buf *out)
{
    buf_add_text(out, "What helps where ports run out: connections that are used again, more "
                      "dynamic ports (\"netsh int ipv4 set dynamicport tcp\"), a shorter "
                      "TcpTimedWaitDelay.");
}

/* ---- for the audit log ---- */

static void add_number(struct json *j, const char *key, bool there, uint32_t number)
{
    if (there) {
        json_number(j, key, number);
    } else {
        json_no_value(j, key);
    }
}

void ports_json(struct json *j, const struct ports_values *values)
{
    static const struct ports_values nothing = {.has_range = false};
    const struct ports_values *v = values != NULL ? values : &nothing;
    add_number(j, "range_first", v->has_range, v->first);
    add_number(j, "range_count", v->has_range, v->count);
    add_number(j, "max_user_port", v->max_user_port.there, v->max_user_port.set);
    add_number(j, "tcp_timed_wait_delay", v->timed_wait_delay.there, v->timed_wait_delay.set);
    add_number(j, "strict_time_wait_seq_check", v->strict_check.there, v->strict_check.set);
}
