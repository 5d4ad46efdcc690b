/* The resources of test images. */
#include "image_parts.h"

#include "base/bytes.h"

#include <string.h>

enum {
    TYPE_RCDATA = 10,
    TYPE_VERSION = 16,
    LEAF_AT = 72, /* after three directories of one entry each */
    DATA_AT = 0x60,
    LANGUAGE = 0x409,
    SUBDIRECTORY_BIT = 31,
};

/* Where the next block goes, from the start of .rsrc; the caller has made sure that there is room.
 */
struct writer {
    uint8_t *bytes;
    uint32_t at;
};

static void put_units(struct writer *w, const char *text)
{
    for (;; text++) {
        put_le16(w->bytes + w->at, (uint8_t)*text);
        w->at += 2;
        if (*text == '\0') {
            break;
        }
    }
}

static void align(struct writer *w)
{
    w->at = (w->at + 3) & ~UINT32_C(3);
}

/* Begins a block and returns where it is, for close_block(). */
static uint32_t open_block(struct writer *w, const char *key, uint16_t value_length, uint16_t type)
{
    align(w);
    uint32_t at = w->at;
    put_le16(w->bytes + at + 2, value_length);
    put_le16(w->bytes + at + 4, type);
    w->at += 6;
    put_units(w, key);
    align(w);
    return at;
}

static void close_block(struct writer *w, uint32_t block)
{
    put_le16(w->bytes + block, (uint16_t)(w->at - block));
}

static void put_string(struct writer *w, const char *key, const char *value)
{
    if (value[0] != '\0') {
        uint32_t block = open_block(w, key, (uint16_t)(strlen(value) + 1), 1);
        put_units(w, value);
        close_block(w, block);
    }
}

static void put_fixed_info(struct writer *w, const struct pc_version *v)
{
    uint8_t *p = w->bytes + w->at;
    put_le32(p, UINT32_C(0xfeef04bd));
    put_le32(p + 4, 0x10000);
    for (uint32_t i = 0; i < 2; i++) { /* file version, product version */
        put_le16(p + 8 + (size_t)i * 8, v->part[1]);
        put_le16(p + 10 + (size_t)i * 8, v->part[0]);
        put_le16(p + 12 + (size_t)i * 8, v->part[3]);
        put_le16(p + 14 + (size_t)i * 8, v->part[2]);
    }
    put_le32(p + 24, 0x3f);    /* flags mask */
    put_le32(p + 32, 0x40004); /* Windows NT */
    put_le32(p + 36, 3);       /* a driver */
    put_le32(p + 40, 6);       /* of the network */
    w->at += 52;
}

static void put_version(struct writer *w, const struct image_maker *m)
{
    const struct image_options *o = m->options;
    const struct pc_version *version = o->version != NULL ? o->version : &m->build->version;
    char text[PC_VERSION_SIZE];
    pc_version_text(version, text);
    uint32_t root = open_block(w, "VS_VERSION_INFO", 52, 0);
    put_fixed_info(w, version);
    uint32_t info = open_block(w, "StringFileInfo", 0, 1);
    uint32_t table = open_block(w, "040904B0", 0, 1);
    put_string(w, "FileDescription", "Test image in the layout of tcpip.sys");
    put_string(w, "FileVersion", text);
    put_string(w, "InternalName", o->internal_name != NULL ? o->internal_name : "tcpip.sys");
    put_string(w, "OriginalFilename", o->name != NULL ? o->name : "tcpip.sys");
    put_string(w, "ProductVersion", text);
    close_block(w, table);
    close_block(w, info);
    uint32_t var_info = open_block(w, "VarFileInfo", 0, 1);
    uint32_t translation = open_block(w, "Translation", 4, 0);
    put_le32(w->bytes + w->at, UINT32_C(0x04b00409));
    w->at += 4;
    close_block(w, translation);
    close_block(w, var_info);
    close_block(w, root);
}

/* A directory of one entry at `at`. */
static void put_directory(uint8_t *bytes, uint32_t at, uint32_t id, uint32_t child)
{
    put_le16(bytes + at + 14, 1);
    put_le32(bytes + at + 16, id);
    put_le32(bytes + at + 20, child);
}

void image_put_resources(struct image_maker *m)
{
    struct part *part = &m->parts[RSRC];
    struct writer w = {m->bytes + part->raw, DATA_AT};
    const uint32_t sub = UINT32_C(1) << SUBDIRECTORY_BIT;
    bool version = !m->options->no_version;
    put_directory(w.bytes, 0, version ? TYPE_VERSION : TYPE_RCDATA, sub | 24);
    put_directory(w.bytes, 24, 1, sub | 48);
    put_directory(w.bytes, 48, LANGUAGE, LEAF_AT);
    if (version) {
        put_version(&w, m);
    } else {
        for (uint32_t i = 0; i < 64; i++) {
            w.bytes[w.at++] = filler(m);
        }
    }
    put_le32(w.bytes + LEAF_AT, part->rva + DATA_AT);
    put_le32(w.bytes + LEAF_AT + 4, w.at - DATA_AT);
    part->virtual_size = w.at;
}
