#include "boot_store.h"

#include <stdlib.h>
#include <string.h>

void boot_store_copy(struct boot_store *to, const struct boot_store *from)
{
    for (size_t i = 0; i < OS_AT_BOOT; i++) {
        to->values[i] = from->values[i];
        to->values[i].bytes = BUF_INIT;
        buf_add(&to->values[i].bytes, buf_text(&from->values[i].bytes), from->values[i].bytes.len);
    }
}

void boot_store_free(struct boot_store *store)
{
    for (size_t i = 0; i < OS_AT_BOOT; i++) {
        buf_free(&store->values[i].bytes);
    }
    *store = (struct boot_store){0};
}

static void add_unit(struct buf *bytes, char c)
{
    buf_add_char(bytes, c);
    buf_add_char(bytes, '\0');
}

/* Its tests are in ASCII. */
static void add_name(struct buf *bytes, const char *start, const char *path)
{
    for (; *start != '\0'; start++) {
        add_unit(bytes, *start);
    }
    for (; *path != '\0'; path++) {
        add_unit(bytes, *path == '/' ? '\\' : *path);
    }
    add_unit(bytes, '\0');
}

/* Over the last NUL of the value, whatever stands there; the second list where there is one. */
enum os_status boot_store_rename(struct boot_store *store, const char *from, const char *to)
{
    struct boot_value *second = &store->values[OS_BOOT_RENAMES_2];
    struct boot_value *list = second->there ? second : &store->values[OS_BOOT_RENAMES];
    if (list->other_type) {
        return OS_IO;
    }
    if (list->bytes.len >= 2) {
        list->bytes.len -= 2;
    }
    add_name(&list->bytes, "\\??\\", from);
    add_name(&list->bytes, "!\\??\\", to);
    add_unit(&list->bytes, '\0');
    list->there = true;
    return OS_OK;
}

enum os_status boot_store_read(const struct boot_store *store, enum os_at_boot which,
                               struct buf *out)
{
    const struct boot_value *value = &store->values[which];
    buf_clear(out);
    if (!value->there) {
        return OS_NOT_FOUND;
    }
    buf_add(out, buf_text(&value->bytes), value->bytes.len);
    return value->other_type ? OS_WRONG_KIND : OS_OK;
}

enum os_status boot_store_write(struct boot_store *store, enum os_at_boot which, const void *bytes,
                                size_t size)
{
    struct boot_value *value = &store->values[which];
    buf_clear(&value->bytes);
    buf_add(&value->bytes, bytes, size);
    value->there = size > 0;
    value->other_type = false;
    return OS_OK;
}

static void text_to_bytes(const char *text, struct buf *bytes)
{
    for (; *text != '\0'; text++) {
        add_unit(bytes, *text == '|' ? '\0' : *text);
    }
}

void boot_store_put_text(struct boot_store *store, enum os_at_boot which, const char *text)
{
    struct boot_value *value = &store->values[which];
    buf_clear(&value->bytes);
    text_to_bytes(text, &value->bytes);
    value->there = true;
}

bool boot_store_is_text(const struct boot_store *store, enum os_at_boot which, const char *text)
{
    const struct boot_value *value = &store->values[which];
    struct buf bytes = BUF_INIT;
    if (text == NULL) {
        return !value->there;
    }
    text_to_bytes(text, &bytes);
    bool same = value->there && bytes.len == value->bytes.len &&
                memcmp(buf_text(&bytes), buf_text(&value->bytes), bytes.len) == 0;
    buf_free(&bytes);
    return same;
}

/* The path in a string of the list, from its byte `*at` on, which then is behind its NUL. */
static char *take_path(const struct buf *bytes, size_t *at)
{
    struct buf path = BUF_INIT;
    size_t i = *at;
    for (; i + 1 < bytes->len && bytes->data[i] != '\0'; i += 2) {
        buf_add_char(&path, bytes->data[i] == '\\' ? '/' : bytes->data[i]);
    }
    *at = i + 2;
    const char *text = buf_text(&path);
    const char *start = strstr(text, "/?\?/");
    char *taken = text_copy(start != NULL ? start + 4 : text);
    buf_free(&path);
    return taken;
}

size_t boot_store_start(struct boot_store *store, const struct os *os, unsigned which)
{
    size_t pairs = 0;
    for (size_t i = OS_BOOT_RENAMES; i <= OS_BOOT_RENAMES_2; i++) {
        const struct buf *bytes = &store->values[i].bytes;
        for (size_t at = 0; at + 2 < bytes->len; pairs++) {
            char *from = take_path(bytes, &at);
            char *to = take_path(bytes, &at);
            if (from != NULL && to != NULL && to[0] != '\0' && (which >> pairs & 1) != 0) {
                (void)os->rename(os, from, to);
            }
            free(from);
            free(to);
        }
    }
    boot_store_free(store);
    return pairs;
}
