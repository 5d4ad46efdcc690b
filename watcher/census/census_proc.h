/* What Linux writes into /proc, read from buffers: no file is touched here. See proc(5) and, for
 * the tables of sockets, Documentation/networking/proc_net_tcp.rst of the kernel. */
#ifndef WATCHER_CENSUS_PROC_H
#define WATCHER_CENSUS_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PROC_LINE_MAX = 512 }; /* bytes; the lines that are looked for are much shorter */

/* ---- lines of a text that comes in pieces ---- */

struct proc_lines {
    char line[PROC_LINE_MAX];
    size_t length;
    bool too_long; /* the line at hand is left out */
};

/* Hands out each line that ends in these bytes, without its end, until `each` answers false; the
 * answer is then false, and the rest of the bytes is lost. A line longer than PROC_LINE_MAX is left
 * out. `lines` begins as all zeroes; what follows the last line end waits for the next bytes. */
bool proc_lines_feed(struct proc_lines *lines, const char *bytes, size_t count,
                     bool (*each)(void *context, const char *line, size_t length), void *context);

/* ---- what stands in them ---- */

struct proc_socket {
    uint8_t address[16]; /* of the other end, as in census.h */
    uint16_t port;       /* there */
    uint16_t local_port;
    uint64_t inode; /* 0: no process has it */
};

/* A line of /proc/net/tcp or tcp6. True when it is of a socket in SYN_SENT. */
bool proc_half_open(const char *line, size_t length, struct proc_socket *out);

/* The target of a link in /proc/PID/fd: true for a socket, "socket:[INODE]". */
bool proc_socket_inode(const char *target, size_t length, uint64_t *inode);

/* /proc/PID/stat: when the process was started, in clock ticks since the boot. Its name, which may
 * hold blanks and brackets, is passed over. */
bool proc_start_ticks(const char *stat, size_t length, uint64_t *ticks);

/* A line of /proc/stat: true for the time of the boot, in seconds since 1970. */
bool proc_boot_time(const char *line, size_t length, uint64_t *seconds);

/* The length of an image's path in the target of /proc/PID/exe: without the mark of the kernel
 * that the file is deleted or replaced since, which happens to every program that is updated while
 * it runs. */
size_t proc_image_length(const char *target, size_t length);

/* The name of a directory in /proc: true for that of a process. */
bool proc_process_number(const char *name, uint32_t *pid);

#endif
