/* The loop on Linux: poll() over a signalfd, an inotify queue, the standard input, an eventfd and
 * what the caller adds.
 *
 * A watch is two of inotify's: one of the directory, for the name that comes, goes or is replaced,
 * and one of the file itself, for its contents. A watch of the directory for contents as well
 * would wake the process whenever any file in it is written to. */
#include "loop.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { NONE = -1, READ_SIZE = 1024, QUEUE_READS = 64 };

#define DIRECTORY_EVENTS                                                                           \
    (IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF |         \
     IN_ONLYDIR)
#define FILE_EVENTS (IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF)

struct watch {
    char *path;       /* NULL: not a file */
    const char *name; /* its last part */
    int directory;    /* inotify's numbers, or NONE */
    int file;
    int handle; /* a descriptor to wait for, or NONE */
};

struct loop {
    int queue; /* inotify; NONE when the system has none left */
    int signals;
    int asked; /* eventfd of loop_stop() */
    struct watch watches[LOOP_IDS];
    bool listening;
    bool ended; /* the standard input is closed */
    struct buf typed;
    enum loop_stop_cause stop;
    sigset_t mask_before;
    struct sigaction pipe_before;
    struct sigaction ttin_before;
};

/* ---- opening and closing ---- */

/* Blocks the signals that are requests to stop, so that they arrive through the descriptor. One
 * that is ignored stays so: nohup and background jobs rely on it. */
static int open_signals(struct loop *loop)
{
    static const int requests[] = {SIGINT, SIGTERM, SIGHUP};
    sigset_t wanted;
    sigemptyset(&wanted);
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        struct sigaction now;
        if (sigaction(requests[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN) {
            sigaddset(&wanted, requests[i]);
        }
    }
    sigprocmask(SIG_BLOCK, &wanted, &loop->mask_before);
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignore, &loop->pipe_before);
    sigaction(SIGTTIN, &ignore, &loop->ttin_before);
    return signalfd(-1, &wanted, SFD_NONBLOCK | SFD_CLOEXEC);
}

enum os_status loop_open(struct loop **out)
{
    *out = NULL;
    struct loop *loop = calloc(1, sizeof *loop);
    if (loop == NULL) {
        return OS_NO_MEMORY;
    }
    for (size_t i = 0; i < LOOP_IDS; i++) {
        loop->watches[i] = (struct watch){.directory = NONE, .file = NONE, .handle = NONE};
    }
    loop->queue = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    loop->asked = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    loop->signals = open_signals(loop);
    if (loop->asked < 0 || loop->signals < 0) {
        loop_close(loop);
        return OS_IO;
    }
    *out = loop;
    return OS_OK;
}

static void close_descriptor(int fd)
{
    if (fd >= 0) {
        close(fd);
    }
}

void loop_close(struct loop *loop)
{
    if (loop == NULL) {
        return;
    }
    for (unsigned id = 0; id < LOOP_IDS; id++) {
        loop_unwatch(loop, id);
    }
    /* What has arrived already was a request to this loop, and is not to end the process now. */
    struct signalfd_siginfo info;
    while (loop->signals >= 0 && read(loop->signals, &info, sizeof info) > 0) {
    }
    close_descriptor(loop->queue);
    close_descriptor(loop->signals);
    close_descriptor(loop->asked);
    sigaction(SIGPIPE, &loop->pipe_before, NULL);
    sigaction(SIGTTIN, &loop->ttin_before, NULL);
    sigprocmask(SIG_SETMASK, &loop->mask_before, NULL);
    buf_free(&loop->typed);
    free(loop);
}

/* ---- files ---- */

static enum os_status watch_status(int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
        return OS_NOT_FOUND;
    case EACCES:
        return OS_DENIED;
    case ENOSPC:
    case EMFILE:
        return OS_FULL;
    case ENOMEM:
        return OS_NO_MEMORY;
    default:
        return OS_UNSUPPORTED;
    }
}

static bool is_used(const struct loop *loop, int number)
{
    for (size_t i = 0; i < LOOP_IDS; i++) {
        if (loop->watches[i].directory == number || loop->watches[i].file == number) {
            return true;
        }
    }
    return false;
}

/* Two watches of one directory or file share its number. */
static void drop_number(struct loop *loop, int *number)
{
    int dropped = *number;
    *number = NONE;
    if (dropped != NONE && !is_used(loop, dropped)) {
        inotify_rm_watch(loop->queue, dropped);
    }
}

void loop_unwatch(struct loop *loop, unsigned id)
{
    if (id >= LOOP_IDS) {
        return;
    }
    struct watch *watch = &loop->watches[id];
    drop_number(loop, &watch->file);
    drop_number(loop, &watch->directory);
    free(watch->path);
    *watch = (struct watch){.directory = NONE, .file = NONE, .handle = NONE};
}

/* The file may be missing, or not be readable: then only its directory is watched. */
static void watch_file(struct loop *loop, struct watch *watch)
{
    int number = inotify_add_watch(loop->queue, watch->path, FILE_EVENTS);
    if (number != watch->file) {
        drop_number(loop, &watch->file);
        watch->file = number < 0 ? NONE : number;
    }
}

enum os_status loop_watch(struct loop *loop, unsigned id, const char *path)
{
    if (id >= LOOP_IDS || loop->queue < 0) {
        return OS_UNSUPPORTED;
    }
    loop_unwatch(loop, id);
    struct watch *watch = &loop->watches[id];
    const char *slash = strrchr(path, '/');
    size_t length = slash == NULL ? 0 : slash == path ? 1 : (size_t)(slash - path);
    char *directory = slash == NULL ? text_copy(".") : text_printf("%.*s", (int)length, path);
    watch->path = text_copy(path);
    if (directory == NULL || watch->path == NULL) {
        free(directory);
        loop_unwatch(loop, id);
        return OS_NO_MEMORY;
    }
    watch->name = slash == NULL ? watch->path : watch->path + (slash + 1 - path);
    watch->directory = inotify_add_watch(loop->queue, directory, DIRECTORY_EVENTS);
    int error = errno;
    free(directory);
    if (watch->directory < 0) {
        watch->directory = NONE;
        loop_unwatch(loop, id);
        return watch_status(error);
    }
    watch_file(loop, watch);
    return OS_OK;
}

enum os_status loop_watch_handle(struct loop *loop, unsigned id, intptr_t handle)
{
    if (id >= LOOP_IDS || handle < 0) {
        return OS_UNSUPPORTED;
    }
    loop_unwatch(loop, id);
    loop->watches[id].handle = (int)handle;
    return OS_OK;
}

/* The directory is gone or has another name now, and the watch with it. */
static void lose(struct loop *loop, unsigned id, struct loop_wake *wake)
{
    struct watch *watch = &loop->watches[id];
    drop_number(loop, &watch->file);
    drop_number(loop, &watch->directory);
    wake->lost |= UINT32_C(1) << id;
    wake->changed |= UINT32_C(1) << id;
}

static void take_event(struct loop *loop, const struct inotify_event *event, struct loop_wake *wake)
{
    for (unsigned id = 0; id < LOOP_IDS; id++) {
        struct watch *watch = &loop->watches[id];
        bool directory = watch->directory != NONE && event->wd == watch->directory;
        bool file = watch->file != NONE && event->wd == watch->file;
        if ((event->mask & IN_Q_OVERFLOW) != 0) {
            wake->changed |= watch->path != NULL ? UINT32_C(1) << id : 0;
            if (watch->path != NULL && watch->directory != NONE) {
                watch_file(loop, watch);
            }
        } else if (directory &&
                   (event->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT)) != 0) {
            watch->directory = (event->mask & IN_IGNORED) != 0 ? NONE : watch->directory;
            lose(loop, id, wake);
        } else if (directory && event->len > 0 && strcmp(event->name, watch->name) == 0) {
            /* Before the caller reads the new file, which may be written to in the meantime. */
            watch_file(loop, watch);
            wake->changed |= UINT32_C(1) << id;
        } else if (file) {
            watch->file = (event->mask & IN_IGNORED) != 0 ? NONE : watch->file;
            wake->changed |= UINT32_C(1) << id;
        }
    }
}

/* Empties the queue, so that many changes make one wake. */
static void take_events(struct loop *loop, struct loop_wake *wake)
{
    enum { LONGEST = sizeof(struct inotify_event) + NAME_MAX + 1 };
    _Alignas(struct inotify_event) char events[16 * 1024];
    bool more = true;
    for (int i = 0; more && i < QUEUE_READS; i++) {
        ssize_t got = read(loop->queue, events, sizeof events);
        size_t offset = 0;
        if (got <= 0) {
            return;
        }
        more = sizeof events - (size_t)got < LONGEST; /* else it has given all there were */
        while ((size_t)got - offset >= sizeof(struct inotify_event)) {
            const struct inotify_event *event = (const void *)(events + offset);
            take_event(loop, event, wake);
            offset += sizeof *event + event->len;
        }
    }
}

/* ---- typed lines ---- */

void loop_listen(struct loop *loop, bool on)
{
    if (on && !loop->listening && isatty(STDIN_FILENO)) {
        tcflush(STDIN_FILENO, TCIFLUSH);
        buf_clear(&loop->typed);
    }
    loop->listening = on;
}

static bool has_line(const struct loop *loop)
{
    return loop->ended ||
           (loop->typed.len > 0 && memchr(loop->typed.data, '\n', loop->typed.len) != NULL);
}

/* Only called when poll() says that a read does not block. */
static void read_input(struct loop *loop)
{
    char bytes[READ_SIZE];
    ssize_t got = read(STDIN_FILENO, bytes, sizeof bytes);
    if (got > 0) {
        /* Of a line that never ends, only as much is kept as is handed out. */
        const char *end = memchr(bytes, '\n', (size_t)got);
        if (loop->typed.len <= LOOP_LINE_MAX) {
            buf_add(&loop->typed, bytes, (size_t)got);
        } else if (end != NULL) {
            buf_add(&loop->typed, end, (size_t)(bytes + got - end));
        }
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
        loop->ended = true;
    }
}

enum loop_line loop_read_line(struct loop *loop, struct buf *line)
{
    buf_clear(line);
    const char *end = loop->typed.len > 0 ? memchr(loop->typed.data, '\n', loop->typed.len) : NULL;
    if (end == NULL && !loop->ended) {
        return LOOP_LINE_NOT_YET;
    }
    if (end == NULL && loop->typed.len == 0) {
        loop->listening = false;
        return LOOP_LINE_END;
    }
    size_t used = end != NULL ? (size_t)(end - loop->typed.data) : loop->typed.len;
    size_t length = used > 0 && loop->typed.data[used - 1] == '\r' ? used - 1 : used;
    buf_add(line, loop->typed.data, length > LOOP_LINE_MAX ? LOOP_LINE_MAX : length);
    used += end != NULL ? 1 : 0;
    loop->typed.len -= used;
    memmove(loop->typed.data, loop->typed.data + used, loop->typed.len + 1);
    return LOOP_LINE;
}

/* ---- stopping, time ---- */

void loop_stop(struct loop *loop)
{
    uint64_t one = 1;
    ssize_t ignored = write(loop->asked, &one, sizeof one);
    (void)ignored; /* it fails only when the counter is full, and then it is set already */
}

static void take_signals(struct loop *loop)
{
    struct signalfd_siginfo info;
    while (read(loop->signals, &info, sizeof info) == (ssize_t)sizeof info) {
        if (loop->stop == LOOP_STOP_NONE) {
            loop->stop = info.ssi_signo == SIGINT   ? LOOP_STOP_INTERRUPT
                         : info.ssi_signo == SIGHUP ? LOOP_STOP_HANGUP
                                                    : LOOP_STOP_TERMINATE;
        }
    }
}

static void take_asked(struct loop *loop)
{
    uint64_t count;
    if (read(loop->asked, &count, sizeof count) == (ssize_t)sizeof count &&
        loop->stop == LOOP_STOP_NONE) {
        loop->stop = LOOP_STOP_ASKED;
    }
}

static uint64_t monotonic_ms(void)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

uint64_t loop_now_ms(struct loop *loop)
{
    (void)loop;
    return monotonic_ms();
}

/* ---- waiting ---- */

enum { QUEUE, SIGNALS, ASKED, INPUT, FIRST_HANDLE, MOST_DESCRIPTORS = FIRST_HANDLE + LOOP_IDS };

/* A descriptor below 0 is passed over by poll(). Returns how many there are. */
static nfds_t list_descriptors(const struct loop *loop, struct pollfd *fds)
{
    nfds_t count = FIRST_HANDLE;
    int input = loop->listening && !has_line(loop) ? STDIN_FILENO : NONE;
    fds[QUEUE] = (struct pollfd){.fd = loop->queue, .events = POLLIN};
    fds[SIGNALS] = (struct pollfd){.fd = loop->signals, .events = POLLIN};
    fds[ASKED] = (struct pollfd){.fd = loop->asked, .events = POLLIN};
    fds[INPUT] = (struct pollfd){.fd = input, .events = POLLIN};
    for (unsigned id = 0; id < LOOP_IDS; id++) {
        int handle = loop->watches[id].handle;
        fds[FIRST_HANDLE + id] = (struct pollfd){.fd = handle, .events = POLLIN};
        count = handle != NONE ? FIRST_HANDLE + id + 1 : count;
    }
    return count;
}

static void take_all(struct loop *loop, const struct pollfd *fds, struct loop_wake *wake)
{
    if (fds[QUEUE].revents != 0) {
        take_events(loop, wake);
    }
    if (fds[SIGNALS].revents != 0) {
        take_signals(loop);
    }
    if (fds[ASKED].revents != 0) {
        take_asked(loop);
    }
    if (fds[INPUT].revents != 0) {
        read_input(loop);
    }
    for (unsigned id = 0; id < LOOP_IDS; id++) {
        wake->changed |= fds[FIRST_HANDLE + id].revents != 0 ? UINT32_C(1) << id : 0;
    }
    wake->stop = loop->stop;
    wake->reasons = (wake->changed != 0 ? LOOP_CHANGED : 0) |
                    (loop->stop != LOOP_STOP_NONE ? LOOP_STOP : 0) |
                    (loop->listening && has_line(loop) ? LOOP_INPUT : 0);
}

struct loop_wake loop_wait(struct loop *loop, int64_t timeout_ms)
{
    struct pollfd fds[MOST_DESCRIPTORS];
    struct loop_wake wake = {0};
    uint64_t start = monotonic_ms();
    for (;;) {
        int64_t left = timeout_ms < 0 ? -1 : timeout_ms - (int64_t)(monotonic_ms() - start);
        if (timeout_ms >= 0 && left < 0) {
            left = 0;
        }
        if (loop->stop != LOOP_STOP_NONE || (loop->listening && has_line(loop))) {
            left = 0; /* there is something to say already */
        }
        int wait = left > INT_MAX ? INT_MAX : (int)left;
        nfds_t count = list_descriptors(loop, fds);
        if (poll(fds, count, wait) < 0) {
            memset(fds, 0, sizeof fds);
        }
        take_all(loop, fds, &wake);
        if (wake.reasons != LOOP_TIMEOUT || left == 0) {
            return wake;
        }
    }
}
