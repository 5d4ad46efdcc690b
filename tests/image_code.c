/* The code of test images: filler with references to variables all through it, and the signs. */
#include "image_parts.h"

#include "base/bytes.h"

#include <string.h>

enum {
    GAP_LEAST = 12, /* bytes of filler between two references */
    GAP_RANGE = 16,
    DECOYS_AT = 0x200, /* in .data: the variables that the filler's code uses */
    DECOY_COUNT = 0x400,
    COMPARE_AT = 0x9a40,  /* in .text */
    COMPARE2_AT = 0xb310, /* likewise: the compare of a second limit */
    SECOND_STORE = 0x200, /* so far before the first */
    MARGIN = 0x60,        /* bytes around a sign that hold its function */
    LONGEST_REFERENCE = 12,
};

struct cursor {
    struct image_maker *maker;
    uint32_t at; /* file offset */
};

static void put(struct cursor *c, const void *code, size_t length)
{
    memcpy(c->maker->bytes + c->at, code, length);
    c->at += (uint32_t)length;
}

static void put_immediate(struct cursor *c, uint32_t value)
{
    put_le32(c->maker->bytes + c->at, value);
    c->at += 4;
}

/* An operand that names the variable at `rva`: its address on x86, its distance from the end of the
 * instruction (`rest` bytes after the operand) on x64. */
static void put_address(struct cursor *c, uint32_t rva, uint32_t rest)
{
    struct image_maker *m = c->maker;
    if (m->build->machine == PC_MACHINE_AMD64) {
        put_immediate(c, rva - (rva_of(m, c->at) + 4 + rest));
    } else {
        m->relocated[c->at] = 1;
        put_immediate(c, IMAGE_BASE + rva);
    }
}

#define PUT(c, code) put(c, code, sizeof(code) - 1)

static uint32_t random_below(struct image_maker *m, uint32_t bound)
{
    uint32_t high = filler(m);
    return (high << 8 | filler(m)) % bound;
}

/* One instruction that uses some variable but the limit's: loads, stores, compares, calls. */
static void put_reference(struct cursor *c)
{
    static const char opcodes[][3] = {"\x8b\x0d", "\x89\x15", "\x3b\x05", "\x39\x0d",
                                      "\x8b\x35", "\xff\x05", "\xc7\x05", "\xff\x15"};
    struct image_maker *m = c->maker;
    const char *opcode = opcodes[random_below(m, sizeof opcodes / sizeof opcodes[0])];
    uint32_t variable = m->parts[DATA].rva + DECOYS_AT + 4 * random_below(m, DECOY_COUNT);
    bool store = opcode[0] == '\xc7';
    if (opcode[0] == '\xff' && opcode[1] == '\x15') {
        uint32_t width = m->build->machine == PC_MACHINE_AMD64 ? 8 : 4;
        variable = m->imports + width * random_below(m, IMPORTS);
    }
    put(c, opcode, 2);
    put_address(c, variable, store ? 4 : 0);
    if (store) {
        put_immediate(c, random_below(m, 64));
    }
}

static void put_stream(struct image_maker *m, const struct part *part)
{
    struct cursor c = {m, part->raw};
    uint32_t end = part->raw + part->size;
    while (c.at < end) {
        uint32_t gap = GAP_LEAST + random_below(m, GAP_RANGE);
        for (; gap > 0 && c.at < end; gap--) {
            m->bytes[c.at++] = filler(m);
        }
        if (end - c.at > LONGEST_REFERENCE) {
            put_reference(&c);
        }
    }
}

/* Clears room for a function, with int3 on both sides as linkers pad. */
static struct cursor open_function(struct image_maker *m, uint32_t first, uint32_t end)
{
    memset(m->bytes + first, 0xcc, end - first);
    memset(m->relocated + first, 0, end - first);
    return (struct cursor){m, first};
}

/* ---- x86 ---- */

/* The initial value at `immediate`, with stores before and after it that are not the limit's. */
static void put_store_32(struct image_maker *m, uint32_t immediate, uint32_t variable)
{
    const struct image_options *o = m->options;
    uint32_t data = m->parts[DATA].rva;
    struct cursor c = open_function(m, immediate - MARGIN, immediate + MARGIN);
    c.at = immediate - 13 - 37;
    PUT(&c, "\x8b\xff\x56\x8b\x35"); /* mov edi, edi; push esi; mov esi, [import] */
    put_address(&c, m->imports, 0);
    PUT(&c, "\x68"); /* push name; call [import]: 10 into a variable after another kind of call */
    put_address(&c, data + 0x1780, 0);
    PUT(&c, "\xff\x15");
    put_address(&c, m->imports + 4, 0);
    PUT(&c, "\xc7\x05");
    put_address(&c, data + 0x180, 4);
    put_immediate(&c, PC_LIMIT_WINDOWS);
    PUT(&c, "\x83\xc4\x0c\x8b\xc8\x90\x90"); /* add esp, 0Ch; mov ecx, eax; nop; nop */
    c.at = immediate - 13;
    PUT(&c, "\x68"); /* push name, whose address is 0005xxxx: the run begins inside it */
    put_address(&c, data + 0x1800, 0);
    put(&c, o->no_sign_a ? "\xff\xd7" : "\xff\xd6", 2); /* call edi or esi */
    put(&c, o->no_store ? "\x81\x05" : "\xc7\x05", 2);  /* add or mov [variable], 10 */
    put_address(&c, variable, 4);
    put_immediate(&c, PC_LIMIT_WINDOWS);
    PUT(&c, "\x33\xc0\xc7\x05"); /* xor eax, eax; another store */
    put_address(&c, data + 0x184, 4);
    put_immediate(&c, 100);
    PUT(&c, "\x5e\xc3");
}

/* The compare that limits, between compares of other counters. */
static void put_compare_32(struct image_maker *m, uint32_t at, uint32_t variable, bool present)
{
    uint32_t data = m->parts[DATA].rva;
    struct cursor c = open_function(m, at - 4, at + MARGIN);
    c.at = at;
    PUT(&c, "\x8b\xff\xa1");
    put_address(&c, data + 0x190, 0);
    PUT(&c, "\x3b\x05");
    put_address(&c, data + 0x194, 0);
    PUT(&c, "\x7d\x20\xa1"); /* jge; mov eax, [count] */
    put_address(&c, m->count, 0);
    if (present) {
        PUT(&c, "\x3b\x05");
        put_address(&c, variable, 0);
    } else {
        PUT(&c, "\x83\xf8\x7f\x90\x90\x90"); /* cmp eax, 7Fh */
    }
    PUT(&c, "\x0f\x8d\x20\x01\x01\x01\x41\xff\x05"); /* jge; inc ecx; inc [count] */
    put_address(&c, m->count, 0);
    PUT(&c, "\x39\x0d");
    put_address(&c, data + 0x198, 0);
    PUT(&c, "\xc3");
}

static void put_vista(struct image_maker *m)
{
    uint32_t at = m->parts[TEXT].raw + COMPARE_AT;
    struct cursor c = open_function(m, at - 4, at + MARGIN);
    c.at = at;
    PUT(&c, "\x8b\xff\x8b\x15");
    put_address(&c, m->threshold, 0);
    PUT(&c, "\x83\xfa\x0a\x0f\x83\x20\x01\x01\x01\xc3"); /* cmp edx, 10; jae */
}

/* ---- x64 ---- */

static void put_store_64(struct image_maker *m, uint32_t immediate)
{
    const struct image_options *o = m->options;
    uint32_t data = m->parts[DATA].rva;
    struct cursor c = open_function(m, immediate - 50 - 8, immediate + MARGIN);
    c.at = immediate - 50;
    PUT(&c, "\xfb\xff\x48\x83\xee\x80\x48\xff\xcb\x75\xc5\x48\x8b\x74\x24\x60\x48\x8b\x5c\x24\x58");
    put(&c, o->no_sign_a ? "\x48\x89\x35" : "\x48\x89\x3d", 3); /* mov [table], rsi or rdi */
    put_address(&c, data + 0x188, 0);
    PUT(&c, "\x89\x1d");
    put_address(&c, data + 0x180, 0);
    PUT(&c, "\x33\xc0\x48\x8b\x7c\x24\x68\x0f\x1f\xff"); /* up to +44 */
    put(&c, o->no_store ? "\x81\x05" : "\xc7\x05", 2);
    put_address(&c, o->store_outside ? UINT32_C(0x01000000) : m->threshold, 4);
    put_immediate(&c, PC_LIMIT_WINDOWS);
    PUT(&c, "\xc7\x05");
    put_address(&c, data + 0x184, 4);
    put_immediate(&c, 100);
    PUT(&c, "\x48\x83\xc4\x50\xc3");
}

static void put_compare_64(struct image_maker *m, uint32_t variable, bool present)
{
    uint32_t at = m->parts[TEXT].raw + COMPARE_AT;
    struct cursor c = open_function(m, at - 4, at + MARGIN);
    c.at = at;
    PUT(&c, "\x8b\x05");
    put_address(&c, m->count, 0);
    if (present) {
        PUT(&c, "\x3b\x05");
        put_address(&c, variable, 0);
    }
    PUT(&c, "\x0f\x8d\x20\x01\x01\x01\xff\x05");
    put_address(&c, m->count, 0);
    PUT(&c, "\xc3");
}

static void put_limit(struct image_maker *m)
{
    const struct image_options *o = m->options;
    uint32_t compared = o->signs_disagree ? m->threshold + 4 : m->threshold;
    if (m->build->machine == PC_MACHINE_AMD64) {
        put_store_64(m, m->limit_offset);
        if (o->two_stores) {
            put_store_64(m, m->limit_offset - SECOND_STORE);
        }
        put_compare_64(m, compared, !o->no_sign_b);
        return;
    }
    uint32_t text = m->parts[TEXT].raw;
    put_store_32(m, m->limit_offset, o->store_outside ? UINT32_C(0x01000000) : m->threshold);
    put_compare_32(m, text + COMPARE_AT, compared, !o->no_sign_b);
    if (o->two_stores) {
        uint32_t second = m->threshold + 0x40;
        put_store_32(m, m->limit_offset - SECOND_STORE, second);
        put_compare_32(m, text + COMPARE2_AT, second, true);
    }
}

void image_put_code(struct image_maker *m)
{
    put_stream(m, &m->parts[TEXT]);
    put_stream(m, &m->parts[PAGE]);
    if (m->build->machine == PC_MACHINE_I386) {
        put_stream(m, &m->parts[PAGE2]);
    }
    put_stream(m, &m->parts[INIT]);
    if (m->build->kind == IMAGE_LIMIT) {
        put_limit(m);
    } else if (m->build->kind == IMAGE_VISTA) {
        put_vista(m);
    }
}
