/* measure: what the benchmarks measure with.
 *
 *     measure read [--step BYTES] FILE...
 *                              reads the files in calls of 1 MiB and does nothing with the bytes:
 *                              what any reader has to spend
 *     measure check FILE...    reads in calls of 64 KiB, and takes the CRC-32 of each piece: what
 *                              any reader that verifies an .evtx log has to spend
 *     measure decode FILE...   decodes all records of logs and adds up their fields: what a scan
 *                              spends before its output
 *     measure sum FILE...      adds the bytes of the files up in memory; prints the seconds of the
 *                              processor
 *     measure run COMMAND...   runs a command with its output thrown away; prints seconds by the
 *                              clock, seconds of processor time, and the most memory it had (KiB)
 */
#include "base/crc32.h"
#include "decode/decode.h"
#include "os.h"
#include "source/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { STEP = 1024 * 1024, CHECKED_STEP = 64 * 1024, PAGE = 4096 };

static int complain(const char *what)
{
    fprintf(stderr, "measure: %s: %s\n", what, strerror(errno)); // NOLINT(concurrency-mt-unsafe)
    return 1;
}

/* What is read, and what is to be done with it. */
struct reading {
    char *buffer;
    size_t step;
    bool check;
    unsigned long long total;
    unsigned long long sums;
};

static int read_file(const char *path, struct reading *r)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return complain(path);
    }
    ssize_t got;
    while ((got = read(fd, r->buffer, r->step)) > 0) {
        r->total += (unsigned long long)got;
        r->sums += r->check ? crc32_update(0, r->buffer, (size_t)got) : 0;
    }
    int result = got < 0 ? complain(path) : 0;
    close(fd);
    return result;
}

/* The buffer begins with a page: one that malloc() gave begins some bytes behind it, and there some
 * processors let the kernel copy at a quarter of the speed. */
static int read_files(char **paths, size_t step, bool check)
{
    struct reading r = {.step = step, .check = check};
    int result = 0;
    r.buffer = aligned_alloc(PAGE, (step + PAGE - 1) / PAGE * PAGE);
    if (r.buffer == NULL) {
        return complain("memory");
    }
    for (; *paths != NULL && result == 0; paths++) {
        result = read_file(*paths, &r);
    }
    free(r.buffer);
    if (result == 0) {
        printf("%llu bytes %llx\n", r.total, r.sums);
    }
    return result;
}

/* The cheapest use of a record that still needs all of its fields. */
static bool add_event(void *context, const struct event *event)
{
    unsigned long long *sum = context;
    const char *texts[] = {event->provider, event->channel, event->computer};
    *sum += event->record + event->time + event->id + event->level + event->qualifiers;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        *sum += texts[i] != NULL ? (unsigned char)texts[i][0] : 0;
    }
    return true;
}

static int decode_file(const struct os *os, const char *path, unsigned long long *sum,
                       unsigned long long *records)
{
    struct source_file file;
    struct log_input input;
    const struct log_sink sink = {.context = sum, .event = add_event};
    enum os_status status = source_file_open(os, path, &file, &input);
    if (status == OS_OK) {
        *records += log_read(log_recognise(&input), &input, false, NULL, &sink).records;
        status = file.status;
    }
    source_file_close(&file);
    if (status != OS_OK) {
        fprintf(stderr, "measure: %s: %s\n", path, os_status_text(status));
    }
    return status == OS_OK ? 0 : 1;
}

static int decode_files(char **paths)
{
    unsigned long long sum = 0;
    unsigned long long records = 0;
    int result = 0;
    for (; *paths != NULL && result == 0; paths++) {
        result = decode_file(os_native(), *paths, &sum, &records);
    }
    printf("%llu records %llx\n", records, sum);
    return result;
}

/* How fast memory is read: the bytes of the files, added up. */
static int add_up(char **paths)
{
    size_t size = 0;
    size_t room = 0;
    unsigned char *bytes = NULL;
    for (; *paths != NULL; paths++) {
        struct stat st;
        int fd = open(*paths, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) != 0) {
            free(bytes);
            return complain(*paths);
        }
        room += (size_t)st.st_size;
        unsigned char *more = realloc(bytes, room + 1);
        if (more == NULL) {
            free(bytes);
            return complain("memory");
        }
        bytes = more;
        ssize_t got;
        while (size < room && (got = read(fd, bytes + size, room - size)) > 0) {
            size += (size_t)got;
        }
        close(fd);
    }
    struct timespec from;
    struct timespec to;
    unsigned long long sum = 0;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
    for (size_t i = 0; i + 8 <= size; i += 8) {
        unsigned long long eight;
        memcpy(&eight, bytes + i, sizeof eight);
        sum += eight;
    }
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
    printf("%.4f %llx\n",
           (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9, sum);
    free(bytes);
    return 0;
}

static void run_child(char **command)
{
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (null >= 0 && dup2(null, STDOUT_FILENO) >= 0 && dup2(null, STDERR_FILENO) >= 0) {
        execvp(command[0], command);
    }
    _exit(127);
}

static double seconds(const struct timeval *t)
{
    return (double)t->tv_sec + (double)t->tv_usec / 1e6;
}

static int run(char **command)
{
    struct timespec from;
    struct timespec to;
    struct rusage used;
    int status;
    clock_gettime(CLOCK_MONOTONIC, &from);
    pid_t child = fork();
    if (child == 0) {
        run_child(command);
    }
    if (child < 0 || wait4(child, &status, 0, &used) != child) {
        return complain(command[0]);
    }
    clock_gettime(CLOCK_MONOTONIC, &to);
    printf("%.4f %.4f %ld\n",
           (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9,
           seconds(&used.ru_utime) + seconds(&used.ru_stime), used.ru_maxrss);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(int argc, char **argv)
{
    if (argc > 4 && strcmp(argv[1], "read") == 0 && strcmp(argv[2], "--step") == 0) {
        size_t step = strtoul(argv[3], NULL, 10);
        return read_files(argv + 4, step > 0 ? step : STEP, false);
    }
    if (argc > 2 && strcmp(argv[1], "read") == 0) {
        return read_files(argv + 2, STEP, false);
    }
    if (argc > 2 && strcmp(argv[1], "check") == 0) {
        return read_files(argv + 2, CHECKED_STEP, true);
    }
    if (argc > 2 && strcmp(argv[1], "decode") == 0) {
        return decode_files(argv + 2);
    }
    if (argc > 2 && strcmp(argv[1], "sum") == 0) {
        return add_up(argv + 2);
    }
    if (argc > 2 && strcmp(argv[1], "run") == 0) {
        return run(argv + 2);
    }
    fputs("usage: measure read [--step BYTES] FILE... | measure check FILE... |\n"
          "       measure decode FILE... | measure sum FILE... |\n"
          "       measure run COMMAND...\n",
          stderr);
    return 2;
}
