/* latency: how long the resident process takes from a record in the log to what it does about it.
 *
 *     latency decide ROUNDS LOG STATE COMMAND...    COMMAND watches LOG and keeps its state in the
 *                                                   directory STATE: from the write of the record
 *                                                   that makes a burst, its two writes included,
 *                                                   to the decision, which is when the state begins
 *                                                   to be saved; then to its line about it
 *     latency bare ROUNDS LOG         the same of the least program that could tell: it wakes up by
 *                                     inotify, reads what is new and writes a line. What this takes
 *                                     is the machine's
 *     latency patch ROUNDS LOG FILE... -- COMMAND...  once: until each FILE is another file
 *     latency start ROUNDS LOG COMMAND...           from the start of COMMAND to its first line,
 *                                                   which says that it watches LOG
 *
 * Prints the median and the largest of the rounds in milliseconds. It does not sleep while it waits
 * for the line: to be woken up would be its own time. Never a test: a busy machine is slow. */
#include "log_writer.h"

#include "base/bytes.h"
#include "base/wintime.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MOST_ROUNDS = 10000, QUIET_MS = 60, PATIENCE_MS = 5000, MOST_FILES = 8 };

struct log {
    int fd;
    struct evt_image image;
};

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static bool write_log(void *context, uint64_t offset, const void *bytes, size_t size)
{
    struct log *log = context;
    return pwrite(log->fd, bytes, size, (off_t)offset) == (ssize_t)size;
}

static bool open_log(struct log *log, const char *path)
{
    log->fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    bool good = log->fd >= 0 && evt_image_create(&log->image, 1024 * 1024, 1024 * 1024) &&
                write_log(log, 0, log->image.bytes, log->image.size);
    log->image.write = write_log;
    log->image.context = log;
    return good;
}

/* Each round is a burst of its own where the window is short: its times are this far behind those
 * of the last one. */
enum { ROUND_SECONDS = 700 };

static bool append(struct log *log, int round)
{
    uint64_t seconds = (uint64_t)time(NULL) - (uint64_t)(MOST_ROUNDS - round) * ROUND_SECONDS;
    struct log_record record = log_record_tcpip(4226, "PC", wintime_from_unix(seconds));
    return evt_image_append(&log->image, &record);
}

/* Two that run at the same time do not wait for the same processor. */
static void keep_to_processor(size_t number)
{
    cpu_set_t only;
    CPU_ZERO(&only);
    CPU_SET(number, &only);
    (void)sched_setaffinity(0, sizeof only, &only); /* with one processor it stays as it is */
}

static pid_t start(char **command, int *output)
{
    int ends[2];
    if (pipe(ends) != 0) {
        return -1;
    }
    pid_t child = fork();
    if (child == 0) {
        keep_to_processor(1);
        int null = open("/dev/null", O_RDONLY);
        dup2(null, STDIN_FILENO);
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        execvp(command[0], command);
        _exit(127);
    }
    close(ends[1]);
    *output = ends[0];
    return child;
}

static bool readable(int fd, int wait_ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, wait_ms) == 1;
}

/* When something was done, in milliseconds of now_ms(); 0: not seen. */
struct seen {
    double decided;
    double told;
};

/* Waits for the line without going to sleep. `saves`, or -1, is readable when a file was made. */
static struct seen watch_for_line(int output, int saves)
{
    char events[4096];
    struct seen seen = {0};
    double until = now_ms() + PATIENCE_MS;
    while (seen.told == 0 && now_ms() < until) {
        if (saves >= 0 && read(saves, events, sizeof events) > 0) {
            seen.decided = now_ms();
        }
        seen.told = readable(output, 0) ? now_ms() : 0;
    }
    return seen;
}

/* Reads until nothing comes for a moment. False at the end of the output. */
static bool drain(int fd)
{
    char piece[4096];
    while (readable(fd, QUIET_MS)) {
        if (read(fd, piece, sizeof piece) <= 0) {
            return false;
        }
    }
    return true;
}

/* What came is the line about the burst, and not some other: the rounds measure that one. */
static bool is_burst(int fd)
{
    char piece[4096];
    ssize_t got = read(fd, piece, sizeof piece - 1);
    piece[got > 0 ? got : 0] = '\0';
    bool is = strstr(piece, "Burst: ") != NULL;
    if (!is) {
        (void)fprintf(stderr, "latency: expected the line about a burst, found: %s\n", piece);
    }
    return is;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print_rounds(double *ms, int count)
{
    if (count == 0) {
        printf("- -\n");
        return;
    }
    qsort(ms, (size_t)count, sizeof *ms, by_size);
    printf("%.3f %.3f\n", ms[count / 2], ms[count - 1]);
}

/* `command` follows the log at `path`: it prints a line for each third record. `state` is where it
 * makes a file when it has decided, or NULL. */
static int measure_bursts(int rounds, const char *path, char **command, const char *state)
{
    static double decided[MOST_ROUNDS];
    static double told[MOST_ROUNDS];
    char events[4096];
    struct log log;
    int output = -1;
    int done = 0;
    if (!open_log(&log, path)) {
        return 1;
    }
    pid_t child = start(command, &output);
    bool good = child > 0 && readable(output, PATIENCE_MS) && drain(output);
    int saves = state != NULL ? inotify_init1(IN_CLOEXEC | IN_NONBLOCK) : -1;
    for (int first = 0; good && first < 3; first++) { /* so that there is a state */
        good = append(&log, -1) && drain(output);
    }
    good = good && (state == NULL || inotify_add_watch(saves, state, IN_CREATE) >= 0);
    while (good && done < rounds) {
        for (int before = 0; good && before < 2; before++) {
            good = append(&log, done);
        }
        good = good && drain(output);
        while (saves >= 0 && read(saves, events, sizeof events) > 0) {
        }
        double from = now_ms();
        good = good && append(&log, done);
        struct seen seen = watch_for_line(output, saves);
        decided[done] = seen.decided - from;
        told[done] = seen.told - from;
        good = good && seen.told != 0 && (state == NULL || seen.decided != 0) && is_burst(output) &&
               drain(output);
        done += good ? 1 : 0;
    }
    kill(child, SIGTERM);
    waitpid(child, NULL, 0);
    if (state != NULL) {
        print_rounds(decided, done);
    }
    print_rounds(told, done);
    return good ? 0 : 1;
}

static int decide(int rounds, char **argv)
{
    return measure_bursts(rounds, argv[0], argv + 2, argv[1]);
}

/* How many whole records of the log there are from `*at` on, which moves behind them. */
static int new_records(const char *path, off_t *at)
{
    uint8_t piece[4096];
    int count = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = pread(fd, piece, sizeof piece, *at);
    size_t size = got > 0 ? (size_t)got : 0;
    for (size_t here = 0; in_bounds(size, here, 8);) {
        size_t length = get_le32(piece + here);
        if (memcmp(piece + here + 4, "LfLe", 4) != 0 || length < 8 ||
            !in_bounds(size, here, length) || get_le32(piece + here + length - 4) != length) {
            break;
        }
        here += length;
        *at += (off_t)length;
        count++;
    }
    close(fd);
    return count;
}

static int follow_barely(const char *path)
{
    static const char ready[] = "ready\n";
    static const char told[] = "Burst: \n";
    enum { HEADER = 48 };
    char events[4096];
    off_t at = HEADER;
    int count = 0;
    int notices = inotify_init1(IN_CLOEXEC);
    bool good = inotify_add_watch(notices, path, IN_MODIFY) >= 0 &&
                write(STDOUT_FILENO, ready, sizeof ready - 1) > 0;
    while (good && read(notices, events, sizeof events) > 0) {
        count += new_records(path, &at);
        if (count >= 3) {
            count = 0;
            good = write(STDOUT_FILENO, told, sizeof told - 1) > 0;
        }
    }
    return 1;
}

static int bare(int rounds, char **argv)
{
    char *command[] = {"/proc/self/exe", "follow", argv[0], NULL};
    return measure_bursts(rounds, argv[0], command, NULL);
}

static ino_t inode(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? st.st_ino : 0;
}

static int patch(char **argv)
{
    struct log log;
    char **files = argv + 1;
    ino_t old[MOST_FILES];
    int count = 0;
    int output;
    while (files[count] != NULL && strcmp(files[count], "--") != 0 && count < MOST_FILES) {
        old[count] = inode(files[count]);
        count++;
    }
    if (files[count] == NULL || !open_log(&log, argv[0])) {
        return 1;
    }
    pid_t child = start(files + count + 1, &output);
    bool good = child > 0 && readable(output, PATIENCE_MS) && drain(output);
    good = good && append(&log, 1) && append(&log, 1) && drain(output);
    double from = now_ms();
    good = good && append(&log, 1);
    for (int i = 0; good && i < count; i++) {
        while (inode(files[i]) == old[i] && now_ms() - from < PATIENCE_MS) {
        }
    }
    double took = now_ms() - from;
    kill(child, SIGTERM);
    waitpid(child, NULL, 0);
    print_rounds(&took, good ? 1 : 0);
    return good ? 0 : 1;
}

/* The process is ready when it says so: it reads the log from there on. */
static int start_up(int rounds, char **argv)
{
    static double ms[MOST_ROUNDS];
    struct log log;
    int done = 0;
    bool good = open_log(&log, argv[0]);
    for (; good && done < rounds; done++) {
        int output = -1;
        double from = now_ms();
        pid_t child = start(argv + 1, &output);
        good = child > 0 && readable(output, PATIENCE_MS);
        ms[done] = now_ms() - from;
        good = good && drain(output);
        kill(child, SIGTERM);
        waitpid(child, NULL, 0);
        close(output);
    }
    print_rounds(ms, done);
    return good ? 0 : 1;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "follow") == 0) { /* by `bare` */
        return follow_barely(argv[2]);
    }
    keep_to_processor(0);
    int rounds = argc > 3 ? (int)strtol(argv[2], NULL, 10) : 0;
    if (argc == 4 && rounds >= 1 && rounds <= MOST_ROUNDS && strcmp(argv[1], "bare") == 0) {
        return bare(rounds, argv + 3);
    }
    rounds = argc > 4 ? rounds : 0;
    if (rounds >= 1 && rounds <= MOST_ROUNDS && strcmp(argv[1], "decide") == 0) {
        return decide(rounds, argv + 3);
    }
    if (rounds == 1 && strcmp(argv[1], "patch") == 0) {
        return patch(argv + 3);
    }
    if (rounds >= 1 && rounds <= MOST_ROUNDS && strcmp(argv[1], "start") == 0) {
        return start_up(rounds, argv + 3);
    }
    (void)fputs("usage: latency decide ROUNDS LOG STATE COMMAND...\n"
                "       latency bare ROUNDS LOG\n"
                "       latency start ROUNDS LOG COMMAND...\n"
                "       latency patch 1 LOG FILE... -- COMMAND...\n",
                stderr);
    return 2;
}
