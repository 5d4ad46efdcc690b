/* A look at Linux. It sees the network namespace that this program is in: connections of a
 * container with a network of its own are counted nowhere here.
 *
 * A process is found by the sockets among its open files; of several that share one, the first that
 * /proc lists is named. The links of a process of another user are shown to root alone: its
 * connections stay without a process. The image is what /proc/PID/exe says. For a script that is
 * its interpreter: what the script is called stands in the command line, which any program may
 * write as it likes, so that it is no evidence.
 */
#include "census/census_parts.h"
#include "census/census_proc.h"
#include "census/look.h"

#include "base/wintime.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    READ_SIZE = 16 * 1024,
    LINK_SIZE = 64,                 /* more than "socket:[INODE]" needs */
    IMAGE_SIZE = PATH_MAX + 16,     /* with the mark behind it */
    TABLES_MS = CENSUS_LOOK_MS / 2, /* of the time are for the tables, so that some is left */
};

#define ENDED (CENSUS_NO_PROCESS - 1) /* in place of a process, while a look is taken */

static const char tcp_table[] = "/proc/net/tcp";
static const char tcp6_table[] = "/proc/net/tcp6";

/* A connection whose process is looked for. */
struct wanted {
    uint64_t inode;
    size_t connection; /* its place in the look */
    bool lasts;        /* was there still when the processes had been searched */
};

struct search {
    struct census_look *look;
    struct wanted *wanted; /* by inode, once all are there */
    size_t count;
    size_t left; /* not found yet */
    uint64_t stop_at;
    uint64_t boot; /* seconds since 1970; 0: not known */
};

static uint64_t milliseconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* True when the time is up; the look is then cut short. */
static bool time_is_up(struct search *s)
{
    bool up = milliseconds() >= s->stop_at;
    s->look->cut_short = s->look->cut_short || up;
    return up;
}

/* ---- files ---- */

/* Up to `size` bytes of a file in `directory`. Returns how many; 0 when there are none. */
static size_t read_start(int directory, const char *name, char *bytes, size_t size)
{
    int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);
    ssize_t count = fd >= 0 ? read(fd, bytes, size) : 0;
    if (fd >= 0) {
        (void)close(fd);
    }
    return count > 0 ? (size_t)count : 0;
}

/* The lines of a file in /proc, until `each` answers false or the time is up. False, with errno,
 * when it cannot be opened. */
static bool read_lines(struct search *s, const char *path,
                       bool (*each)(void *context, const char *line, size_t length))
{
    struct proc_lines lines = {.length = 0};
    char bytes[READ_SIZE];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    ssize_t count = read(fd, bytes, sizeof bytes);
    while (count > 0 && proc_lines_feed(&lines, bytes, (size_t)count, each, s) && !time_is_up(s)) {
        count = read(fd, bytes, sizeof bytes);
    }
    s->look->cut_short = s->look->cut_short || count < 0;
    (void)close(fd);
    return true;
}

static size_t read_link(int directory, const char *name, char *target, size_t size)
{
    ssize_t length = readlinkat(directory, name, target, size);
    /* One that fills it may go on. */
    return length > 0 && (size_t)length < size ? (size_t)length : 0;
}

/* ---- connections ---- */

static bool take_socket(void *context, const char *line, size_t length)
{
    struct search *s = context;
    struct proc_socket socket;
    if (!proc_half_open(line, length, &socket)) {
        return true;
    }
    struct census_connection connection = {
        .port = socket.port, .local_port = socket.local_port, .process = CENSUS_NO_PROCESS};
    memcpy(connection.address, socket.address, sizeof connection.address);
    if (!look_add(s->look, &connection) || socket.inode == 0) {
        return true;
    }
    struct wanted *wanted = census_grown(s->wanted, s->count, sizeof *wanted);
    if (wanted == NULL) {
        s->look->cut_short = true;
        return true;
    }
    s->wanted = wanted;
    wanted[s->count++] = (struct wanted){socket.inode, s->look->connection_count - 1, false};
    return true;
}

static bool take_boot_time(void *context, const char *line, size_t length)
{
    struct search *s = context;
    return !proc_boot_time(line, length, &s->boot);
}

static int by_inode(const void *a, const void *b)
{
    const struct wanted *one = a;
    const struct wanted *other = b;
    return (one->inode > other->inode) - (one->inode < other->inode);
}

static struct wanted *find_wanted(const struct search *s, uint64_t inode)
{
    struct wanted key = {.inode = inode};
    return bsearch(&key, s->wanted, s->count, sizeof key, by_inode);
}

/* ---- processes ---- */

static uint64_t start_time(const struct search *s, int process)
{
    char stat[1024];
    uint64_t ticks;
    long rate = sysconf(_SC_CLK_TCK);
    size_t length = read_start(process, "stat", stat, sizeof stat);
    if (s->boot == 0 || rate <= 0 || !proc_start_ticks(stat, length, &ticks)) {
        return 0;
    }
    uint64_t per_second = (uint64_t)rate;
    return wintime_from_unix(s->boot + ticks / per_second) +
           ticks % per_second * WINTIME_PER_SECOND / per_second;
}

/* `process` is its directory in /proc: it shows nothing any more when the process has ended, even
 * if another one has its number by then. */
static void resolve(struct search *s, int process, uint32_t index)
{
    char image[IMAGE_SIZE];
    size_t length = read_link(process, "exe", image, sizeof image);
    image[proc_image_length(image, length)] = '\0';
    look_resolve(s->look, index, image[0] != '\0' ? image : NULL, start_time(s, process));
}

/* A socket of a process: if it is one of those looked for, the process is its own. */
static void take_inode(struct search *s, int process, uint32_t pid, uint64_t inode)
{
    struct wanted *wanted = find_wanted(s, inode);
    if (wanted == NULL) {
        return;
    }
    struct census_connection *connection = &s->look->connections[wanted->connection];
    if (connection->process != CENSUS_NO_PROCESS) {
        return;
    }
    bool fresh;
    uint32_t index = look_process(s->look, pid, &fresh);
    if (fresh) {
        resolve(s, process, index);
    }
    connection->process = index;
    s->left -= index != CENSUS_NO_PROCESS ? 1 : 0;
}

static void search_files(struct search *s, int process, uint32_t pid, DIR *files)
{
    char target[LINK_SIZE];
    uint64_t inode;
    for (const struct dirent *entry = readdir(files);
         entry != NULL && s->left > 0 && !time_is_up(s); entry = readdir(files)) {
        size_t length = read_link(dirfd(files), entry->d_name, target, sizeof target);
        if (proc_socket_inode(target, length, &inode)) {
            take_inode(s, process, pid, inode);
        }
    }
}

/* Opens a directory in `parent`. One that is gone or not for us gives -1; running out of
 * descriptors or memory cuts the look short as well. */
static int open_directory(struct search *s, int parent, const char *name, int flags)
{
    int fd = openat(parent, name, flags | O_DIRECTORY | O_CLOEXEC);
    bool out = fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM);
    s->look->cut_short = s->look->cut_short || out;
    return fd;
}

static void search_process(struct search *s, int proc, const char *name, uint32_t pid)
{
    int process = open_directory(s, proc, name, O_PATH);
    int fd = process >= 0 ? open_directory(s, process, "fd", O_RDONLY) : -1;
    DIR *files = fd >= 0 ? fdopendir(fd) : NULL;
    if (files != NULL) {
        search_files(s, process, pid, files);
        (void)closedir(files);
    } else if (fd >= 0) {
        s->look->cut_short = true;
        (void)close(fd);
    }
    if (process >= 0) {
        (void)close(process);
    }
}

static void search_processes(struct search *s)
{
    DIR *proc = opendir("/proc");
    if (proc == NULL) {
        s->look->cut_short = true;
        return;
    }
    uint32_t pid;
    for (const struct dirent *entry = readdir(proc); entry != NULL && s->left > 0 && !time_is_up(s);
         entry = readdir(proc)) {
        if (proc_process_number(entry->d_name, &pid)) {
            search_process(s, dirfd(proc), entry->d_name, pid);
        }
    }
    (void)closedir(proc);
}

/* ---- the look ---- */

static bool take_lasting(void *context, const char *line, size_t length)
{
    struct search *s = context;
    struct proc_socket socket;
    struct wanted *wanted =
        proc_half_open(line, length, &socket) ? find_wanted(s, socket.inode) : NULL;
    if (wanted != NULL) {
        wanted->lasts = true;
    }
    return true;
}

/* Linux has one list of connections, and one of each process's files. What ends between reading the
 * two is in no process any more, and would seem to belong to one that cannot be seen: it is no part
 * of the look. */
static void drop_ended(struct search *s)
{
    struct census_look *look = s->look;
    size_t kept = 0;
    if (!read_lines(s, tcp_table, take_lasting)) {
        return;
    }
    (void)read_lines(s, tcp6_table, take_lasting);
    if (look->cut_short) {
        return; /* nobody knows what else there is */
    }
    for (size_t i = 0; i < s->count; i++) {
        struct census_connection *connection = &look->connections[s->wanted[i].connection];
        if (connection->process == CENSUS_NO_PROCESS && !s->wanted[i].lasts) {
            connection->process = ENDED;
        }
    }
    for (size_t i = 0; i < look->connection_count; i++) {
        if (look->connections[i].process != ENDED) {
            look->connections[kept++] = look->connections[i];
        }
    }
    look->connection_count = kept;
}

bool census_look_at_system(uint64_t now, struct census_look *out, struct buf *why)
{
    uint64_t start = milliseconds();
    struct search s = {.look = out, .stop_at = start + TABLES_MS};
    *out = (struct census_look){.time = now};
    if (!read_lines(&s, tcp_table, take_socket)) {
        buf_printf(why, "The half-open connections cannot be seen: %s cannot be read: %s.",
                   tcp_table, strerror(errno));
        return false;
    }
    /* There is none where the kernel has no IPv6. */
    (void)read_lines(&s, tcp6_table, take_socket);
    s.stop_at = start + CENSUS_LOOK_MS;
    s.left = s.count;
    if (s.count > 0) {
        (void)read_lines(&s, "/proc/stat", take_boot_time);
        qsort(s.wanted, s.count, sizeof *s.wanted, by_inode);
        search_processes(&s);
    }
    if (s.left > 0 && !out->cut_short) {
        drop_ended(&s);
    }
    free(s.wanted);
    return true;
}

bool census_is_this_computer(const char *computer, struct buf *own)
{
    char name[HOST_NAME_MAX + 1] = "";
    if (gethostname(name, sizeof name - 1) != 0) {
        name[0] = '\0';
    }
    buf_add_text(own, name);
    return look_same_computer(computer, name);
}
