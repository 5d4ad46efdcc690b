#include "version.h"

#include "base/bytes.h"
#include "base/utf.h"

#include <string.h>

enum {
    TYPE_VERSION = 16, /* RT_VERSION */
    DIRECTORY_SIZE = 16,
    ENTRY_SIZE = 8,
    TYPES_MOST = 1024, /* entries that are looked at on the first level */
    LEAVES_MOST = 16,  /* and on each level below it */
    FIXED_INFO_SIZE = 52,
    BLOCK_HEADER_SIZE = 6,
};

#define SUBDIRECTORY         UINT32_C(0x80000000)
#define FIXED_INFO_SIGNATURE UINT32_C(0xfeef04bd)

/* A run of bytes that nothing below may leave. */
struct span {
    const uint8_t *bytes;
    size_t size;
};

/* ---- the resource directory: type, name, language, each a directory of its own ---- */

/* How many entries of the directory at `at` are really there, at most `most`. */
static uint32_t entry_count(struct span root, uint32_t at, uint32_t most)
{
    if (!in_bounds(root.size, at, DIRECTORY_SIZE)) {
        return 0;
    }
    const uint8_t *p = root.bytes + at;
    uint32_t count = (uint32_t)get_le16(p + 12) + get_le16(p + 14);
    size_t room = (root.size - at - DIRECTORY_SIZE) / ENTRY_SIZE;
    count = count < most ? count : most;
    return count < room ? count : (uint32_t)room;
}

static const uint8_t *entry_at(struct span root, uint32_t directory, uint32_t index)
{
    return root.bytes + directory + DIRECTORY_SIZE + (size_t)index * ENTRY_SIZE;
}

/* ---- the blocks of a version resource ---- */

/* One block: a header, a key in UTF-16, a value, and further blocks inside it. All are offsets from
 * the start of the resource, which is what its alignment counts from. */
struct block {
    size_t key;
    size_t key_units; /* without the NUL */
    size_t value;
    size_t value_size; /* bytes */
    size_t children;
    size_t end;
};

static size_t align4(size_t offset)
{
    return (offset + 3) & ~(size_t)3;
}

/* Reads the block at `at`, which must end by `limit` (<= data.size). */
static bool read_block(struct span data, size_t at, size_t limit, struct block *block)
{
    if (!in_bounds(limit, at, BLOCK_HEADER_SIZE)) {
        return false;
    }
    size_t length = get_le16(data.bytes + at);
    if (length < BLOCK_HEADER_SIZE || !in_bounds(limit, at, length)) {
        return false;
    }
    size_t value_length = get_le16(data.bytes + at + 2);
    bool text = get_le16(data.bytes + at + 4) == 1;
    block->end = at + length;
    block->key = at + BLOCK_HEADER_SIZE;
    size_t p = block->key;
    while (in_bounds(block->end, p, 2) && get_le16(data.bytes + p) != 0) {
        p += 2;
    }
    if (!in_bounds(block->end, p, 2)) {
        return false;
    }
    block->key_units = (p - block->key) / 2;
    block->value = align4(p + 2);
    if (block->value > block->end) {
        block->value = block->end;
    }
    block->value_size = text ? value_length * 2 : value_length;
    if (block->value_size > block->end - block->value) {
        block->value_size = block->end - block->value;
    }
    block->children = align4(block->value + block->value_size);
    return true;
}

static bool key_is(struct span data, const struct block *block, const char *key)
{
    size_t units = strlen(key);
    if (block->key_units != units) {
        return false;
    }
    for (size_t i = 0; i < units; i++) {
        if (get_le16(data.bytes + block->key + i * 2) != (uint8_t)key[i]) {
            return false;
        }
    }
    return true;
}

/* The text of a String block, up to its NUL or its end. The length that the block itself names is
 * not believed: some tools count bytes there, others characters. */
static void read_text(struct span data, const struct block *block, char out[PE_NAME_SIZE])
{
    size_t used = 0;
    for (size_t p = block->value; in_bounds(block->end, p, 2); p += 2) {
        uint32_t code = get_le16(data.bytes + p);
        if (code == 0 || used + UTF8_MAX >= PE_NAME_SIZE) {
            break;
        }
        used += utf8_put(out + used, code);
    }
    out[used] = '\0';
}

struct names {
    char original[PE_NAME_SIZE];
    char internal[PE_NAME_SIZE];
};

/* One StringTable; what an earlier one has named stays. */
static void read_table(struct span data, const struct block *table, struct names *names)
{
    struct block string;
    for (size_t at = table->children; read_block(data, at, table->end, &string);
         at = align4(string.end)) {
        if (names->original[0] == '\0' && key_is(data, &string, "OriginalFilename")) {
            read_text(data, &string, names->original);
        } else if (names->internal[0] == '\0' && key_is(data, &string, "InternalName")) {
            read_text(data, &string, names->internal);
        }
    }
}

/* Blocks lie inside their parents and each is at least a header long, so that the walk over all
 * three levels is bounded by the size of the resource. */
static void read_names(struct span data, const struct block *root, struct names *names)
{
    struct block info;
    for (size_t at = root->children; read_block(data, at, root->end, &info);
         at = align4(info.end)) {
        if (!key_is(data, &info, "StringFileInfo")) {
            continue;
        }
        struct block table;
        for (size_t inner = info.children; read_block(data, inner, info.end, &table);
             inner = align4(table.end)) {
            read_table(data, &table, names);
        }
    }
}

static bool read_resource(struct span data, struct pe_version *out)
{
    struct block root;
    if (!read_block(data, 0, data.size, &root) || !key_is(data, &root, "VS_VERSION_INFO") ||
        root.value_size < FIXED_INFO_SIZE ||
        get_le32(data.bytes + root.value) != FIXED_INFO_SIGNATURE) {
        return false;
    }
    const uint8_t *fixed = data.bytes + root.value;
    out->found = true;
    out->version = (struct pc_version){
        {get_le16(fixed + 10), get_le16(fixed + 8), get_le16(fixed + 14), get_le16(fixed + 12)}};
    struct names names = {"", ""};
    read_names(data, &root, &names);
    memcpy(out->file_name, names.original[0] != '\0' ? names.original : names.internal,
           PE_NAME_SIZE);
    return true;
}

/* The leaf at `at` of the directory: an address in the image, and a size. */
static bool read_leaf(const struct pe_image *image, struct span root, uint32_t at,
                      struct pe_version *out)
{
    if (!in_bounds(root.size, at, 16)) {
        return false;
    }
    uint32_t offset = 0;
    uint32_t size = get_le32(root.bytes + at + 4);
    if (!pe_rva_to_offset(image, get_le32(root.bytes + at), size, &offset)) {
        return false;
    }
    return read_resource((struct span){image->bytes + offset, size}, out);
}

/* The name directory and, below it, the language directories; exactly as deep as the format, so
 * that a directory which names itself ends here too. */
static void read_version_type(const struct pe_image *image, struct span root, uint32_t directory,
                              struct pe_version *out)
{
    uint32_t names = entry_count(root, directory, LEAVES_MOST);
    for (uint32_t i = 0; i < names; i++) {
        uint32_t languages_at = get_le32(entry_at(root, directory, i) + 4);
        if ((languages_at & SUBDIRECTORY) == 0) {
            continue;
        }
        languages_at &= ~SUBDIRECTORY;
        uint32_t languages = entry_count(root, languages_at, LEAVES_MOST);
        for (uint32_t k = 0; k < languages; k++) {
            uint32_t leaf = get_le32(entry_at(root, languages_at, k) + 4);
            if ((leaf & SUBDIRECTORY) == 0 && read_leaf(image, root, leaf, out)) {
                return;
            }
        }
    }
}

void pe_read_version(const struct pe_image *image, struct pe_version *out)
{
    memset(out, 0, sizeof *out);
    uint32_t offset = 0;
    uint32_t length = 0;
    if (image->resource_rva == 0 || !pe_rva_span(image, image->resource_rva, &offset, &length)) {
        return;
    }
    struct span root = {image->bytes + offset, length};
    uint32_t types = entry_count(root, 0, TYPES_MOST);
    for (uint32_t i = 0; i < types; i++) {
        const uint8_t *entry = entry_at(root, 0, i);
        uint32_t child = get_le32(entry + 4);
        if (get_le32(entry) == TYPE_VERSION && (child & SUBDIRECTORY) != 0) {
            read_version_type(image, root, child & ~SUBDIRECTORY, out);
            return;
        }
    }
}
