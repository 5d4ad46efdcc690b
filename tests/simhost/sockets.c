#include "sockets.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_SIZE = 512 };

/* `digits` hexadecimal digits in front of the character `end`, behind which it goes on; NULL where
 * anything else stands. */
static const char *hex(const char *text, unsigned digits, char end, uint32_t *out)
{
    static const char all[] = "0123456789ABCDEF";
    *out = 0;
    for (unsigned i = 0; i < digits; i++) {
        const char *digit = text[i] != '\0' ? strchr(all, text[i]) : NULL;
        if (digit == NULL) {
            return NULL;
        }
        *out = *out << 4 | (uint32_t)(digit - all);
    }
    return text[digits] == end ? text + digits + 1 : NULL;
}

/* An address is printed as the number that its bytes make in this machine's memory. */
bool sockets_parse(const char *line, struct packet_ends *ends, unsigned *state)
{
    uint32_t local;
    uint32_t remote;
    uint32_t local_port;
    uint32_t remote_port;
    uint32_t code;
    const char *at = strstr(line, ": ");
    at = at != NULL ? hex(at + 2, 8, ':', &local) : NULL;
    at = at != NULL ? hex(at, 4, ' ', &local_port) : NULL;
    at = at != NULL ? hex(at, 8, ':', &remote) : NULL;
    at = at != NULL ? hex(at, 4, ' ', &remote_port) : NULL;
    at = at != NULL ? hex(at, 2, ' ', &code) : NULL;
    if (at == NULL) {
        return false;
    }
    *ends = (struct packet_ends){ntohl(local), ntohl(remote), (uint16_t)local_port,
                                 (uint16_t)remote_port};
    *state = code;
    return true;
}

static int by_ends(const void *a, const void *b)
{
    const struct packet_ends *x = a;
    const struct packet_ends *y = b;
    const uint64_t left[2] = {(uint64_t)x->local << 32 | x->remote,
                              (uint64_t)x->local_port << 16 | x->remote_port};
    const uint64_t right[2] = {(uint64_t)y->local << 32 | y->remote,
                               (uint64_t)y->local_port << 16 | y->remote_port};
    int first = (left[0] > right[0]) - (left[0] < right[0]);
    return first != 0 ? first : (left[1] > right[1]) - (left[1] < right[1]);
}

bool sockets_read(struct sockets *sockets, FILE *list)
{
    char line[LINE_SIZE];
    sockets->count = 0;
    sockets->cut = false;
    rewind(list);
    while (fgets(line, sizeof line, list) != NULL) {
        struct packet_ends ends;
        unsigned state;
        if (!sockets_parse(line, &ends, &state) || state != SOCKETS_SYN_SENT) {
            continue;
        }
        if (sockets->count == SOCKETS_MOST) {
            sockets->cut = true;
            break;
        }
        sockets->ends[sockets->count++] = ends;
    }
    qsort(sockets->ends, sockets->count, sizeof sockets->ends[0], by_ends);
    return ferror(list) == 0;
}

bool sockets_hold(const struct sockets *sockets, const struct packet_ends *ends)
{
    return sockets->cut ||
           bsearch(ends, sockets->ends, sockets->count, sizeof sockets->ends[0], by_ends) != NULL;
}
