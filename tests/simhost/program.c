#include "program.h"

#include "confined.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ADDRESS_SIZE = 64 };

static const uint32_t bench_network = 0xc6120000; /* 198.18.0.0/15 */
static const uint32_t bench_mask = 0xfffe0000;

uint64_t program_now_us(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

bool program_number(const char *text, uint32_t least, uint32_t most, uint32_t *out)
{
    char *end;
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    *out = (uint32_t)value;
    return *text >= '0' && *text <= '9' && *end == '\0' && errno == 0 && value >= least &&
           value <= most;
}

bool program_range(const char *text, struct program_range *out)
{
    char address[ADDRESS_SIZE];
    struct in_addr parsed;
    size_t length = strcspn(text, "+");
    if (length >= sizeof address) {
        return false;
    }
    memcpy(address, text, length);
    address[length] = '\0';
    out->count = 1;
    if (inet_pton(AF_INET, address, &parsed) != 1 ||
        (text[length] == '+' && !program_number(text + length + 1, 1, ~bench_mask, &out->count))) {
        return false;
    }
    out->first = ntohl(parsed.s_addr);
    uint32_t last = out->first + (out->count - 1);
    return (out->first & bench_mask) == bench_network && (last & bench_mask) == bench_network;
}

int program_options(int argc, char **argv, program_take_fn take, void *context)
{
    int at = 1;
    while (at < argc && strncmp(argv[at], "--", 2) == 0) {
        if (at + 1 == argc || !take(context, argv[at], argv[at + 1])) {
            (void)fprintf(stderr, "%s %s: no such option, or not a value it takes\n", argv[at],
                          at + 1 < argc ? argv[at + 1] : "(nothing)");
            return -1;
        }
        at += 2;
    }
    return at;
}

bool program_confined(const char *program, const char *outside)
{
    struct buf why = BUF_INIT;
    bool good = confined(outside, &why);
    if (!good) {
        (void)fprintf(stderr, "%s: %s\n", program, buf_text(&why));
    }
    buf_free(&why);
    return good;
}

void program_say(struct buf *line)
{
    (void)puts(buf_text(line));
    (void)fflush(stdout);
    buf_free(line);
}

int program_dial(uint32_t address, uint16_t port)
{
    const struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(address)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof to) != 0 &&
        errno != EINPROGRESS) {
        (void)close(fd);
        fd = -1;
    }
    return fd;
}

enum program_outcome program_dialled(int fd)
{
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) {
        return PROGRAM_UNREACHED;
    }
    if (error == 0) {
        return PROGRAM_CONNECTED;
    }
    return error == ECONNREFUSED ? PROGRAM_REFUSAL : PROGRAM_UNREACHED;
}
