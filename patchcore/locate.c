/* The signs of the limit in the code.
 *
 * x86 (NT 5.1 and 5.2), two that must name one variable:
 *   A  05 00 | FF D6 | C7 05 va32 imm32    the initial value, stored after a call through esi; the
 *                                          run before the C7 is from xp-AntiSpy's ConnectionLimit
 *   B  3B 05 va32 or another register      the compare that limits; its form A1 count 3B 05 va32 is
 *                                          from the "EventID 4226 patch by S.T.A.S."
 * x64 (NT 5.2), also from xp-AntiSpy: a run of 24 bytes, and the store C7 05 rel32 imm32 at +44.
 */
#include "locate.h"

#include "base/bytes.h"

#include <string.h>

enum {
    RUN_32_SIZE = 4,
    STORE_SIZE = 10, /* C7 05, a 32-bit address, a 32-bit immediate */
    STORE_ADDRESS = 2,
    STORE_IMMEDIATE = 6,
    COMPARE_SIZE = 6, /* 3B or 39, ModRM, a 32-bit address */
    OPCODE_CMP_TO_REGISTER = 0x3b,
    OPCODE_CMP_TO_MEMORY = 0x39,
    RUN_64_SIZE = 24,
    RUN_64_STORE = 44,
};

static const uint8_t run_32[RUN_32_SIZE] = {0x05, 0x00, 0xff, 0xd6};
static const uint8_t run_64[RUN_64_SIZE] = {0xfb, 0xff, 0x48, 0x83, 0xee, 0x80, 0x48, 0xff,
                                            0xcb, 0x75, 0xc5, 0x48, 0x8b, 0x74, 0x24, 0x60,
                                            0x48, 0x8b, 0x5c, 0x24, 0x58, 0x48, 0x89, 0x3d};

/* A store that may be the limit's, and what was found about its variable. */
struct candidate {
    uint32_t offset;   /* of the run before the store */
    uint32_t length;   /* of run and store */
    uint32_t variable; /* its virtual address (x86) or its rva (x64) */
    bool compared;
    uint32_t compare_offset;
};

struct candidates {
    uint32_t count; /* all that were seen, also those that `list` has no room for */
    struct candidate list[LOCATE_OFFSETS_MOST];
};

static uint32_t listed(const struct candidates *found)
{
    return found->count < LOCATE_OFFSETS_MOST ? found->count : LOCATE_OFFSETS_MOST;
}

static void add_candidate(struct candidates *found, uint32_t offset, uint32_t length,
                          uint32_t variable)
{
    if (found->count < LOCATE_OFFSETS_MOST) {
        found->list[found->count] = (struct candidate){offset, length, variable, false, 0};
    }
    found->count++;
}

static bool is_store(const uint8_t *code)
{
    return code[0] == 0xc7 && code[1] == 0x05;
}

/* cmp reg, [address] or cmp [address], reg: no base, no index, only the address. */
static bool is_compare(const uint8_t *code)
{
    return (code[0] == OPCODE_CMP_TO_REGISTER || code[0] == OPCODE_CMP_TO_MEMORY) &&
           (code[1] & 0xc7) == 0x05;
}

/* ---- the first sign ---- */

/* The next place from `from` on at which the run stands, inside `size` bytes; `size` when there is
 * none. Looks for its last byte, which is rare in code. */
static uint32_t find_run(const uint8_t *code, uint32_t size, uint32_t from, const uint8_t *run,
                         uint32_t run_size)
{
    while (in_bounds(size, from, run_size)) {
        const uint8_t *end =
            memchr(code + from + run_size - 1, run[run_size - 1], size - from - run_size + 1);
        if (end == NULL) {
            break;
        }
        from = (uint32_t)(end - code) - (run_size - 1);
        if (memcmp(code + from, run, run_size) == 0) {
            return from;
        }
        from++;
    }
    return size;
}

static void find_stores_32(const struct pe_image *image, const struct pe_section *section,
                           struct candidates *found)
{
    const uint8_t *code = image->bytes + section->raw_offset;
    const uint32_t size = section->raw_size;
    for (uint32_t i = find_run(code, size, 0, run_32, RUN_32_SIZE); i < size;
         i = find_run(code, size, i + 1, run_32, RUN_32_SIZE)) {
        const uint8_t *store = code + i + RUN_32_SIZE;
        if (in_bounds(size, i, RUN_32_SIZE + STORE_SIZE) && is_store(store) &&
            pe_va_inside(image, get_le32(store + STORE_ADDRESS))) {
            add_candidate(found, section->raw_offset + i, RUN_32_SIZE + STORE_SIZE,
                          get_le32(store + STORE_ADDRESS));
        }
    }
}

static void find_runs_64(const struct pe_image *image, const struct pe_section *section,
                         struct candidates *found)
{
    const uint8_t *code = image->bytes + section->raw_offset;
    const uint32_t size = section->raw_size;
    for (uint32_t i = find_run(code, size, 0, run_64, RUN_64_SIZE); i < size;
         i = find_run(code, size, i + 1, run_64, RUN_64_SIZE)) {
        add_candidate(found, section->raw_offset + i, RUN_64_STORE + STORE_SIZE, 0);
    }
}

/* ---- the second sign ---- */

/* The variable that the compare at `i` of a section reads, as `struct candidate` has it. On x64 the
 * address counts from the end of the instruction. */
static uint32_t compared_variable(const struct pe_image *image, const struct pe_section *section,
                                  uint32_t i)
{
    uint32_t address = get_le32(image->bytes + section->raw_offset + i + 2);
    return image->machine == PC_MACHINE_AMD64 ? section->rva + i + COMPARE_SIZE + address : address;
}

static void note_compare(struct candidate *candidate, uint32_t offset)
{
    bool inside =
        offset + COMPARE_SIZE > candidate->offset && offset < candidate->offset + candidate->length;
    if (!candidate->compared && !inside) {
        candidate->compared = true;
        candidate->compare_offset = offset;
    }
}

/* The compare at `i` of a section, for the candidates whose variable it reads. */
static void note_compares(const struct pe_image *image, const struct pe_section *section,
                          uint32_t i, struct candidates *found)
{
    uint32_t variable = compared_variable(image, section, i);
    for (uint32_t k = 0; k < listed(found); k++) {
        if (found->list[k].variable == variable) {
            note_compare(&found->list[k], section->raw_offset + i);
        }
    }
}

/* The next place from `from` on where the byte stands, before `end`; `end` when there is none. */
static uint32_t find_byte(const uint8_t *code, uint32_t end, uint32_t from, uint8_t byte)
{
    const uint8_t *at = from < end ? memchr(code + from, byte, end - from) : NULL;
    return at != NULL ? (uint32_t)(at - code) : end;
}

static void find_compares(const struct pe_image *image, const struct pe_section *section,
                          struct candidates *found)
{
    const uint8_t *code = image->bytes + section->raw_offset;
    const uint32_t end =
        section->raw_size >= COMPARE_SIZE ? section->raw_size - COMPARE_SIZE + 1 : 0;
    uint32_t next[] = {find_byte(code, end, 0, OPCODE_CMP_TO_REGISTER),
                       find_byte(code, end, 0, OPCODE_CMP_TO_MEMORY)};
    for (;;) {
        const int k = next[0] < next[1] ? 0 : 1;
        const uint32_t i = next[k];
        if (i == end) {
            return;
        }
        if (is_compare(code + i)) {
            note_compares(image, section, i, found);
        }
        next[k] = find_byte(code, end, i + 1, code[i]);
    }
}

/* ---- the answer ---- */

typedef void (*section_fn)(const struct pe_image *image, const struct pe_section *section,
                           struct candidates *found);

static void each_code_section(const struct pe_image *image, section_fn run,
                              struct candidates *found)
{
    for (uint32_t i = 0; i < image->section_count; i++) {
        if (image->sections[i].code) {
            run(image, &image->sections[i], found);
        }
    }
}

static const struct pe_section *code_at(const struct pe_image *image, uint32_t offset,
                                        uint32_t length)
{
    for (uint32_t i = 0; i < image->section_count; i++) {
        const struct pe_section *section = &image->sections[i];
        if (section->code && offset >= section->raw_offset &&
            in_bounds(section->raw_size, offset - section->raw_offset, length)) {
            return section;
        }
    }
    return NULL;
}

static void report(struct pe_limit_place *out, const struct candidate *candidate)
{
    if (out->count < LOCATE_OFFSETS_MOST) {
        out->offsets[out->count] = candidate->offset;
    }
    out->count++;
}

static void report_all(struct pe_limit_place *out, const struct candidates *found)
{
    for (uint32_t i = 0; i < listed(found); i++) {
        report(out, &found->list[i]);
    }
    out->count = found->count;
}

static void settle(struct pe_limit_place *out, const struct candidate *candidate)
{
    out->limit_offset = candidate->offset + candidate->length - STORE_SIZE + STORE_IMMEDIATE;
    out->has_compare = candidate->compared;
    out->compare_offset = candidate->compare_offset;
}

static enum pe_locate locate_32(const struct pe_image *image, struct pe_limit_place *out)
{
    struct candidates found = {0};
    each_code_section(image, find_stores_32, &found);
    if (found.count == 0) {
        return LOCATE_NO_STORE;
    }
    if (found.count > LOCATE_OFFSETS_MOST) {
        report_all(out, &found);
        return LOCATE_SEVERAL;
    }
    each_code_section(image, find_compares, &found);
    const struct candidate *certain = NULL;
    for (uint32_t i = 0; i < found.count; i++) {
        if (found.list[i].compared) {
            certain = &found.list[i];
            report(out, certain);
        }
    }
    if (certain == NULL) {
        report_all(out, &found);
        return LOCATE_NO_COMPARE;
    }
    if (out->count > 1) {
        return LOCATE_SEVERAL;
    }
    settle(out, certain);
    return LOCATE_FOUND;
}

static enum pe_locate locate_64(const struct pe_image *image, struct pe_limit_place *out)
{
    struct candidates found = {0};
    each_code_section(image, find_runs_64, &found);
    report_all(out, &found);
    if (found.count != 1) {
        return found.count == 0 ? LOCATE_NO_RUN : LOCATE_SEVERAL;
    }
    struct candidate *run = &found.list[0];
    const struct pe_section *section = code_at(image, run->offset, run->length);
    const uint8_t *store = image->bytes + run->offset + RUN_64_STORE;
    if (section == NULL || !is_store(store)) {
        return LOCATE_RUN_ONLY;
    }
    uint32_t end_rva = section->rva + (run->offset - section->raw_offset) + run->length;
    run->variable = end_rva + get_le32(store + STORE_ADDRESS);
    if (!in_bounds(image->image_size, run->variable, 4)) {
        return LOCATE_OUTSIDE;
    }
    each_code_section(image, find_compares, &found);
    settle(out, run);
    return LOCATE_FOUND;
}

enum pe_locate pe_locate_limit(const struct pe_image *image, struct pe_limit_place *out)
{
    memset(out, 0, sizeof *out);
    return image->machine == PC_MACHINE_AMD64 ? locate_64(image, out) : locate_32(image, out);
}

bool pe_store_at(const struct pe_image *image, uint32_t limit_offset)
{
    if (image->machine != PC_MACHINE_I386 || limit_offset < STORE_IMMEDIATE ||
        code_at(image, limit_offset - STORE_IMMEDIATE, STORE_SIZE) == NULL) {
        return false;
    }
    const uint8_t *store = image->bytes + limit_offset - STORE_IMMEDIATE;
    return is_store(store) && pe_va_inside(image, get_le32(store + STORE_ADDRESS));
}
