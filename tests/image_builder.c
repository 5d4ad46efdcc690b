#include "image_builder.h"

#include "base/bytes.h"
#include "image_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PE_AT = 0xd8,
    NAME_MOST = 60,       /* characters of a name, so that .rsrc has room */
    INIT_MARGIN = 0x400,  /* the limit stands so far inside INIT */
    IMPORT_TABLE = 0x200, /* the last bytes of INIT */
    UNWIND_AT = 0x60,     /* in .rdata, x64 */
    POINTERS_AT = 0x80,   /* in .rdata, x64 */
    POINTERS = 128,
    SPARE_WORD = 16, /* before the end of .rdata: settles the checksum */
    OVERLAY_MOST = 0x100000,
    RELOC_HIGHLOW = 3,
    RELOC_DIR64 = 10,
};

#define I386  PC_MACHINE_I386
#define AMD64 PC_MACHINE_AMD64

/* The sizes of 2180, 2096, 2149 and 2162 are published, and so are the checksums and the offsets of
 * the builds up to 2892; every other size, offset and checksum here is made up. */
static const struct image_build builds[] = {
    {"2096", "XP SP2 beta", IMAGE_LIMIT, I386, {{5, 1, 2600, 2096}}, 356992, 0x80, 0x4f0a2, 0},
    {"2149", "XP SP2 beta", IMAGE_LIMIT, I386, {{5, 1, 2600, 2149}}, 359424, 0x80, 0x4f2a2, 0},
    {"2162", "XP SP2 beta", IMAGE_LIMIT, I386, {{5, 1, 2600, 2162}}, 360320, 0x80, 0x4f322, 0},
    {"2180", "XP SP2", IMAGE_LIMIT, I386, {{5, 1, 2600, 2180}}, 359040, 0x80, 0x4f322, 0x6126e},
    {"2505",
     "XP SP2 update",
     IMAGE_LIMIT,
     I386,
     {{5, 1, 2600, 2505}},
     359040,
     0x80,
     0x4f322,
     0x61527},
    {"2685",
     "XP SP2 update",
     IMAGE_LIMIT,
     I386,
     {{5, 1, 2600, 2685}},
     359808,
     0x80,
     0x4f5a2,
     0x646db},
    {"2827", "XP SP2 update", IMAGE_LIMIT, I386, {{5, 1, 2600, 2827}}, 359808, 0x80, 0x4f5a2, 0},
    {"2892gdr",
     "XP SP2 update",
     IMAGE_LIMIT,
     I386,
     {{5, 1, 2600, 2892}},
     359808,
     0x80,
     0x4f5a2,
     0x5f865},
    {"2892qfe",
     "XP SP2 hotfix",
     IMAGE_LIMIT,
     I386,
     {{5, 1, 2600, 2892}},
     360576,
     0x80,
     0x4f7c6,
     0x5eb9c},
    {"unnamed",
     "a published checksum without a version",
     IMAGE_LIMIT,
     I386,
     {{5, 1, 2600, 2800}},
     359808,
     0x80,
     0x4f5a2,
     0x627c8},
    {"5512", "XP SP3", IMAGE_LIMIT, I386, {{5, 1, 2600, 5512}}, 361344, 0x80, 0x4f886, 0},
    {"5625", "XP SP3 update", IMAGE_LIMIT, I386, {{5, 1, 2600, 5625}}, 361600, 0x80, 0x4f8a3, 0},
    {"2003sp1",
     "Server 2003 SP1",
     IMAGE_LIMIT,
     I386,
     {{5, 2, 3790, 1830}},
     361472,
     0x200,
     0x4f6aa,
     0},
    {"2003sp2",
     "Server 2003 SP2",
     IMAGE_LIMIT,
     I386,
     {{5, 2, 3790, 3959}},
     361984,
     0x200,
     0x4f71d,
     0},
    {"2003x64",
     "XP x64, Server 2003 x64",
     IMAGE_LIMIT,
     AMD64,
     {{5, 2, 3790, 1830}},
     334848,
     0x200,
     0x4f9d4,
     0},
    {"2003x64sp2",
     "XP x64 SP2",
     IMAGE_LIMIT,
     AMD64,
     {{5, 2, 3790, 3959}},
     335360,
     0x200,
     0x4fa31,
     0},
    {"vista", "Vista", IMAGE_VISTA, I386, {{6, 0, 6000, 16386}}, 361472, 0x200, 0, 0},
    {"vistasp1", "Vista SP1", IMAGE_VISTA, I386, {{6, 0, 6001, 18000}}, 361984, 0x200, 0, 0},
    {"2000", "Windows 2000", IMAGE_NO_LIMIT, I386, {{5, 0, 2195, 6655}}, 357120, 0x80, 0, 0},
    {"1106", "XP SP1", IMAGE_NO_LIMIT, I386, {{5, 1, 2600, 1106}}, 357504, 0x80, 0, 0},
    {"2003", "Server 2003", IMAGE_NO_LIMIT, I386, {{5, 2, 3790, 0}}, 357888, 0x80, 0, 0},
    {"vistasp2", "Vista SP2", IMAGE_NO_LIMIT, I386, {{6, 0, 6002, 18005}}, 361472, 0x200, 0, 0},
    {"7601", "Windows 7 SP1", IMAGE_NO_LIMIT, AMD64, {{6, 1, 7601, 17514}}, 334848, 0x200, 0, 0},
    {"9600", "Windows 8.1", IMAGE_NO_LIMIT, AMD64, {{6, 3, 9600, 16384}}, 334848, 0x200, 0, 0},
    {"win10", "Windows 10", IMAGE_NO_LIMIT, AMD64, {{10, 0, 19041, 1}}, 335360, 0x200, 0, 0},
};

const struct image_build *image_builds(size_t *count)
{
    *count = sizeof builds / sizeof builds[0];
    return builds;
}

static const struct image_build *find_build(const char *name)
{
    for (size_t i = 0; i < sizeof builds / sizeof builds[0]; i++) {
        if (strcmp(builds[i].name, name) == 0) {
            return &builds[i];
        }
    }
    return NULL;
}

uint8_t filler(struct image_maker *m)
{
    for (;;) {
        m->random = m->random * UINT32_C(1664525) + UINT32_C(1013904223);
        uint8_t byte = (uint8_t)(m->random >> 24);
        if (byte != 0 && byte != 0xd6) {
            return byte;
        }
    }
}

uint32_t rva_of(const struct image_maker *m, uint32_t offset)
{
    for (int i = SECTIONS - 1; i >= 0; i--) {
        if (offset >= m->parts[i].raw) {
            return m->parts[i].rva + (offset - m->parts[i].raw);
        }
    }
    return offset;
}

/* ---- layout ---- */

static uint32_t section_alignment(const struct image_maker *m)
{
    return m->build->file_alignment < 0x200 ? m->build->file_alignment : 0x1000;
}

static uint32_t round_up(uint32_t value, uint32_t alignment)
{
    return (value + alignment - 1) & ~(alignment - 1);
}

static void lay_out(struct image_maker *m)
{
    static const struct part plan[SECTIONS] = {
        {".text", 0x68000020, 0x400, 0, 0, 0},      {".rdata", 0x48000040, 0x3d000, 0, 0, 0},
        {".data", 0xc8000040, 0x3f000, 0, 0, 0},    {"PAGE", 0x60000020, 0x48000, 0, 0, 0},
        {"PAGEIPMc", 0x60000020, 0x4c800, 0, 0, 0}, {"INIT", 0xe2000020, 0x4e000, 0, 0, 0},
        {".rsrc", 0x42000040, 0x51000, 0, 0, 0},    {".reloc", 0x42000040, 0x51600, 0, 0, 0},
    };
    bool flat = section_alignment(m) < 0x1000;
    uint32_t rva = 0x1000;
    memcpy(m->parts, plan, sizeof plan);
    if (m->build->machine == AMD64) {
        m->parts[PAGE2] = (struct part){".pdata", 0x48000040, 0x4c800, 0, 0, 0};
    }
    for (int i = 0; i < SECTIONS; i++) {
        struct part *part = &m->parts[i];
        uint32_t end = i + 1 < SECTIONS ? m->parts[i + 1].raw : m->build->size;
        part->size = end - part->raw;
        part->virtual_size = part->size;
        part->rva = flat ? part->raw : rva;
        rva = round_up(part->rva + part->size, section_alignment(m));
    }
    m->threshold = m->parts[DATA].rva + 0x120;
    m->count = m->parts[DATA].rva + 0x128;
    m->imports = m->parts[RDATA].rva;
}

/* ---- data ---- */

static void fill(struct image_maker *m, const struct part *part)
{
    for (uint32_t i = 0; i < part->size; i++) {
        m->bytes[part->raw + i] = filler(m);
    }
}

/* What the driver imports: the tables at the end of INIT, the addresses at the start of .rdata. */
static void put_imports(struct image_maker *m)
{
    static const char *const names[IMPORTS] = {
        "ExAllocatePoolWithTag", "ExFreePoolWithTag", "IoCreateDevice",       "IoDeleteDevice",
        "KeInitializeSpinLock",  "KeInitializeEvent", "RtlInitUnicodeString", "ZwClose"};
    uint32_t width = m->build->machine == AMD64 ? 8 : 4;
    uint32_t table = m->parts[INIT].raw + m->parts[INIT].size - IMPORT_TABLE;
    uint32_t lookup = table + 40; /* after one descriptor and the empty one */
    uint32_t text = lookup + (IMPORTS + 1) * width;
    memset(m->bytes + table, 0, IMPORT_TABLE);
    memset(m->relocated + table, 0, IMPORT_TABLE);
    memset(m->bytes + m->parts[RDATA].raw, 0, (IMPORTS + 1) * (size_t)width);
    put_le32(m->bytes + table, rva_of(m, lookup));
    put_le32(m->bytes + table + 12, rva_of(m, text));
    put_le32(m->bytes + table + 16, m->imports);
    memcpy(m->bytes + text, "ntoskrnl.exe", sizeof "ntoskrnl.exe");
    text += 14;
    for (uint32_t i = 0; i < IMPORTS; i++) {
        put_le32(m->bytes + lookup + (size_t)i * width, rva_of(m, text));
        put_le32(m->bytes + m->parts[RDATA].raw + (size_t)i * width, rva_of(m, text));
        put_le16(m->bytes + text, (uint16_t)(i + 1)); /* hint */
        memcpy(m->bytes + text + 2, names[i], strlen(names[i]) + 1);
        text += (2 + (uint32_t)strlen(names[i]) + 2) & ~UINT32_C(1);
    }
}

/* x64: a table of pointers, and one function after another with the same unwind information. */
static void put_tables_64(struct image_maker *m)
{
    uint32_t rdata = m->parts[RDATA].raw;
    const struct part *text = &m->parts[TEXT];
    const struct part *pdata = &m->parts[PAGE2];
    put_le32(m->bytes + rdata + UNWIND_AT, 1); /* version 1, no prologue, no codes */
    for (uint32_t i = 0; i < POINTERS; i++) {
        uint32_t at = rdata + POINTERS_AT + i * 8;
        put_le64(m->bytes + at, IMAGE_BASE + (uint64_t)text->rva + (uint64_t)i * 0x40);
        m->relocated[at] = 1;
    }
    uint32_t functions = pdata->size / 12;
    uint32_t length = text->size / functions & ~UINT32_C(15);
    memset(m->bytes + pdata->raw, 0, pdata->size);
    for (uint32_t i = 0; i < functions; i++) {
        uint8_t *entry = m->bytes + pdata->raw + (size_t)i * 12;
        put_le32(entry, text->rva + i * length);
        put_le32(entry + 4, text->rva + (i + 1) * length);
        put_le32(entry + 8, rva_of(m, rdata + UNWIND_AT));
    }
}

/* One block for each page that has addresses to be moved. False when .reloc has no room. */
static bool put_relocations(struct image_maker *m)
{
    struct part *part = &m->parts[RELOC];
    uint32_t type = m->build->machine == AMD64 ? RELOC_DIR64 : RELOC_HIGHLOW;
    uint32_t used = 0;
    uint32_t block = 0;
    uint32_t page = UINT32_MAX;
    for (uint32_t at = m->parts[TEXT].raw; at < m->parts[RSRC].raw; at++) {
        if (m->relocated[at] == 0) {
            continue;
        }
        uint32_t rva = rva_of(m, at);
        if (rva / 0x1000 != page) {
            used = round_up(used, 4);
            block = used;
            page = rva / 0x1000;
            used += 8;
        }
        if (used + 4 > part->size) {
            return false;
        }
        put_le16(m->bytes + part->raw + used, (uint16_t)(type << 12 | rva % 0x1000));
        used += 2;
        put_le32(m->bytes + part->raw + block, page * 0x1000);
        put_le32(m->bytes + part->raw + block + 4, round_up(used, 4) - block);
    }
    part->virtual_size = round_up(used, 4);
    for (uint32_t i = part->virtual_size; i < part->size; i++) {
        m->bytes[part->raw + i] = filler(m);
    }
    return true;
}

/* ---- headers ---- */

static void put_dos_header(struct image_maker *m)
{
    static const char stub[] = "\x0e\x1f\xba\x0e\x00\xb4\x09\xcd\x21\xb8\x01\x4c\xcd\x21"
                               "This is a test image; it runs nowhere.\r\r\n$";
    uint8_t *p = m->bytes;
    put_le16(p, 0x5a4d); /* MZ */
    put_le16(p + 2, 0x90);
    put_le16(p + 4, 3);
    put_le16(p + 8, 4);
    put_le16(p + 12, 0xffff);
    put_le16(p + 16, 0xb8);
    put_le16(p + 24, 0x40);
    put_le32(p + 60, PE_AT);
    memcpy(p + 64, stub, sizeof stub - 1);
}

static void put_directories(struct image_maker *m, uint8_t *directories)
{
    const struct part *init = &m->parts[INIT];
    uint32_t thunks = (IMPORTS + 1) * (m->build->machine == AMD64 ? 8U : 4U);
    put_le32(directories + 8, init->rva + init->size - IMPORT_TABLE);
    put_le32(directories + 12, 40);
    put_le32(directories + 16, m->parts[RSRC].rva);
    put_le32(directories + 20, m->parts[RSRC].virtual_size);
    if (m->build->machine == AMD64) {
        put_le32(directories + 24, m->parts[PAGE2].rva);
        put_le32(directories + 28, m->parts[PAGE2].size / 12 * 12);
    }
    put_le32(directories + 40, m->parts[RELOC].rva);
    put_le32(directories + 44, m->parts[RELOC].virtual_size);
    put_le32(directories + 96, m->imports);
    put_le32(directories + 100, thunks);
}

static void put_optional_header(struct image_maker *m, uint8_t *p)
{
    bool plus = m->build->machine == AMD64;
    const struct part *last = &m->parts[RELOC];
    put_le16(p, plus ? 0x20b : 0x10b);
    p[2] = 7; /* linker 7.10 */
    p[3] = 10;
    put_le32(p + 4, m->parts[TEXT].size + m->parts[PAGE].size + m->parts[INIT].size);
    put_le32(p + 8, m->parts[RDATA].size + m->parts[DATA].size);
    put_le32(p + 16, m->parts[INIT].rva + 0x100); /* entry point */
    put_le32(p + 20, m->parts[TEXT].rva);
    if (plus) {
        put_le64(p + 24, IMAGE_BASE);
    } else {
        put_le32(p + 24, m->parts[DATA].rva);
        put_le32(p + 28, IMAGE_BASE);
    }
    put_le32(p + 32, section_alignment(m));
    put_le32(p + 36, m->build->file_alignment);
    put_le16(p + 40, 5); /* system, image and subsystem version */
    put_le16(p + 42, plus ? 2 : 1);
    put_le16(p + 44, 5);
    put_le16(p + 46, plus ? 2 : 1);
    put_le16(p + 48, plus ? 5 : 4);
    put_le16(p + 50, plus ? 2 : 0);
    put_le32(p + 56, round_up(last->rva + last->size, section_alignment(m)));
    put_le32(p + 60, m->parts[TEXT].raw);
    put_le16(p + 68, 1); /* native */
    p += 72;
    for (int i = 0; i < 4; i++) { /* stack and heap, reserved and committed */
        if (plus) {
            put_le64(p, i % 2 == 0 ? 0x100000 : 0x1000);
        } else {
            put_le32(p, i % 2 == 0 ? 0x100000 : 0x1000);
        }
        p += plus ? 8 : 4;
    }
    put_le32(p + 4, 16);
    put_directories(m, p + 8);
}

static void put_headers(struct image_maker *m)
{
    bool plus = m->build->machine == AMD64;
    uint8_t *p = m->bytes + PE_AT;
    uint16_t optional_size = plus ? 240 : 224;
    put_dos_header(m);
    put_le32(p, 0x4550); /* PE */
    put_le16(p + 4, plus ? 0x8664 : 0x14c);
    put_le16(p + 6, SECTIONS);
    put_le32(p + 8, 0x41000000 + m->build->version.part[3]); /* time stamp */
    put_le16(p + 20, optional_size);
    put_le16(p + 22, plus ? 0x22 : 0x10e);
    put_optional_header(m, p + 24);
    p += 24 + optional_size;
    for (int i = 0; i < SECTIONS; i++, p += 40) {
        memcpy(p, m->parts[i].name, 8);
        put_le32(p + 8, m->parts[i].virtual_size);
        put_le32(p + 12, m->parts[i].rva);
        put_le32(p + 16, m->parts[i].size);
        put_le32(p + 20, m->parts[i].raw);
        put_le32(p + 36, m->parts[i].characteristics);
    }
}

/* ---- the whole ---- */

/* True when an option changes the code or the name from the build's own. */
static bool altered(const struct image_options *o)
{
    return o->limit_offset != 0 || o->no_sign_a || o->no_sign_b || o->signs_disagree ||
           o->two_stores || o->no_store || o->store_outside || o->no_version ||
           o->version != NULL || o->name != NULL || o->internal_name != NULL || o->overlay != 0;
}

/* Settles the spare word so that, with Windows' own limit, the checksum is the published one. Then
 * sets the limit and the checksum field. */
static void settle_checksum(struct image_maker *m, size_t size)
{
    const struct image_options *o = m->options;
    const size_t field = PE_AT + 24 + 64;
    uint8_t *spare = m->bytes + m->parts[RDATA].raw + m->parts[RDATA].size - SPARE_WORD;
    if (m->build->checksum != 0 && (o->known_checksum || !altered(o))) {
        put_le16(spare, 0);
        uint32_t without = pc_checksum(m->bytes, size, field) - (uint32_t)size;
        uint32_t wanted = m->build->checksum - (uint32_t)size;
        put_le16(spare, (uint16_t)((wanted + 0xffff - without % 0xffff) % 0xffff));
    }
    if (m->build->kind == IMAGE_LIMIT && (o->limit != 0 || o->zero_limit)) {
        put_le32(m->bytes + m->limit_offset, o->limit);
    }
    if (!o->no_checksum) {
        put_le32(m->bytes + field, pc_checksum(m->bytes, size, field) + (o->bad_checksum ? 1 : 0));
    }
}

static const char *check_options(const struct image_options *o, const struct image_build *build)
{
    bool about_limit = o->limit != 0 || o->limit_offset != 0 || o->zero_limit || o->no_sign_a ||
                       o->no_sign_b || o->signs_disagree || o->two_stores || o->no_store ||
                       o->store_outside;
    if (build == NULL) {
        return "There is no such build; --list names them.";
    }
    if (about_limit && build->kind != IMAGE_LIMIT) {
        return "This build has no limit that an option could change.";
    }
    if (o->limit_offset != 0 && (o->limit_offset < 0x4e000 + INIT_MARGIN ||
                                 o->limit_offset > 0x51000 - IMPORT_TABLE - INIT_MARGIN)) {
        return "The limit's offset must be from 0x4E400 to 0x50A00, inside the code of INIT.";
    }
    if ((o->name != NULL && strlen(o->name) > NAME_MOST) ||
        (o->internal_name != NULL && strlen(o->internal_name) > NAME_MOST)) {
        return "A name has at most 60 characters.";
    }
    if (o->known_checksum && build->checksum == 0) {
        return "No checksum is published for this build.";
    }
    if (o->overlay > OVERLAY_MOST) {
        return "At most 1048576 bytes can be put after the last section.";
    }
    if (o->truncate > build->size + o->overlay) {
        return "The image is not so long that it could be cut there.";
    }
    return NULL;
}

bool image_build(const struct image_options *options, struct buf *out, const char **error)
{
    struct image_maker m = {.options = options};
    m.build = find_build(options->build != NULL ? options->build : "2180");
    *error = check_options(options, m.build);
    if (*error != NULL) {
        return false;
    }
    size_t size = (size_t)m.build->size + options->overlay;
    m.limit_offset = options->limit_offset != 0 ? options->limit_offset : m.build->limit_offset;
    m.random = m.build->size + m.build->version.part[3];
    m.bytes = calloc(size, 1);
    m.relocated = calloc(size, 1);
    if (m.bytes == NULL || m.relocated == NULL) {
        *error = "Memory is out.";
        goto done;
    }
    lay_out(&m);
    fill(&m, &m.parts[RDATA]);
    fill(&m, &m.parts[DATA]);
    image_put_code(&m);
    put_imports(&m);
    if (m.build->machine == AMD64) {
        put_tables_64(&m);
    }
    image_put_resources(&m);
    if (!put_relocations(&m)) {
        *error = "The relocations have no room in this layout.";
        goto done;
    }
    put_headers(&m);
    for (size_t i = m.build->size; i < size; i++) {
        m.bytes[i] = filler(&m);
    }
    settle_checksum(&m, size);
    buf_add(out, m.bytes, options->truncate != 0 ? options->truncate : size);
    if (out->failed) {
        *error = "Memory is out.";
    }
done:
    free(m.relocated);
    free(m.bytes);
    return *error == NULL;
}

uint8_t *image_make(const struct image_options *options, size_t *size)
{
    struct buf image = BUF_INIT;
    const char *error = NULL;
    if (!image_build(options, &image, &error)) {
        fprintf(stderr, "image_make: %s\n", error);
        abort();
    }
    *size = image.len;
    return (uint8_t *)image.data;
}

uint8_t *image_copy(const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size != 0 ? size : 1);
    if (copy == NULL) {
        fputs("image_copy: Memory is out.\n", stderr);
        abort();
    }
    memcpy(copy, bytes, size);
    return copy;
}

void image_fix_checksum(uint8_t *image, size_t size)
{
    size_t field = (size_t)get_le32(image + 60) + 24 + 64;
    put_le32(image + field, pc_checksum(image, size, field));
}
