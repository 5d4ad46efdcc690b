/* What the programs of the simulation share: options, time, the line of JSON with which each ends,
 * and connections that are begun without waiting for them. */
#ifndef SIMHOST_PROGRAM_H
#define SIMHOST_PROGRAM_H

#include "base/buf.h"
#include "base/json.h"

#include <stdbool.h>
#include <stdint.h>

/* Exit statuses of all of them besides 0. */
enum { PROGRAM_FAILED = 1, PROGRAM_WRONG_USAGE = 2, PROGRAM_REFUSED = 3 };

enum { PROGRAM_SECONDS_MOST = 3600 };

/* Microseconds of a clock that does not step. */
uint64_t program_now_us(void);

/* A whole decimal number from `least` to `most`. */
bool program_number(const char *text, uint32_t least, uint32_t most, uint32_t *out);

/* Addresses in a row: "198.18.0.1", or "198.18.0.1+50" for fifty. All of them have to lie in
 * 198.18.0.0/15, which RFC 2544 keeps for benchmarks: no other address is ever connected to. */
struct program_range {
    uint32_t first;
    uint32_t count;
};
bool program_range(const char *text, struct program_range *out);

/* Reads "--name value" pairs up to the first other argument, whose index it returns; -1, with a
 * line on the standard error output, where `take` does not take one. */
typedef bool (*program_take_fn)(void *context, const char *name, const char *value);
int program_options(int argc, char **argv, program_take_fn take, void *context);

/* True when this process is confined (confined.h) to another network namespace than `outside`; else
 * says why not. */
bool program_confined(const char *program, const char *outside);

/* Prints the line, and frees it. */
void program_say(struct buf *line);

/* Begins a connection. A descriptor that poll() finds writable when it is decided; -1 when it
 * cannot even be begun. */
int program_dial(uint32_t address, uint16_t port);

enum program_outcome { PROGRAM_CONNECTED, PROGRAM_REFUSAL, PROGRAM_UNREACHED };

/* How a connection was decided. */
enum program_outcome program_dialled(int fd);

#endif
