#include "burst_parts.h"

#include <stdlib.h>
#include <string.h>

enum { BUCKETS_FIRST = 16 };

static size_t kept_length(const char *computer)
{
    size_t length = strlen(computer);
    if (length > BURST_NAME_MAX) {
        length = BURST_NAME_MAX;
        while (length > 0 && ((unsigned char)computer[length] & 0xc0) == 0x80) {
            length--;
        }
    }
    return length;
}

static char folded(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool same_name(const char *kept, const char *computer, size_t length)
{
    size_t i = 0;
    while (i < length && kept[i] != '\0' && folded(kept[i]) == folded(computer[i])) {
        i++;
    }
    return i == length && kept[i] == '\0';
}

char *burst_name_copy(const char *computer)
{
    size_t length = computer != NULL ? kept_length(computer) : 0;
    char *copy = malloc(length + 1);
    if (copy != NULL) {
        memcpy(copy, length > 0 ? computer : "", length);
        copy[length] = '\0';
    }
    return copy;
}

static struct burst_name **bucket_of(const struct burst_table *table, uint32_t hash)
{
    return &table->buckets[hash & (table->size - 1)];
}

struct burst_name *burst_table_find(const struct burst_table *table, const char *computer,
                                    uint32_t *hash)
{
    const char *name = computer != NULL ? computer : "";
    size_t length = kept_length(name);
    *hash = 2166136261U; /* FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/ */
    for (size_t i = 0; i < length; i++) {
        *hash = (*hash ^ (unsigned char)folded(name[i])) * 16777619U;
    }
    struct burst_name *entry = table->size > 0 ? *bucket_of(table, *hash) : NULL;
    while (entry != NULL && (entry->hash != *hash || !same_name(entry->text, name, length))) {
        entry = entry->next;
    }
    return entry;
}

static void link_entry(struct burst_table *table, struct burst_name *entry)
{
    struct burst_name **bucket = bucket_of(table, entry->hash);
    entry->next = *bucket;
    *bucket = entry;
}

static void grow(struct burst_table *table)
{
    struct burst_table larger = {.size = table->size > 0 ? table->size * 2 : BUCKETS_FIRST};
    larger.buckets = calloc(larger.size, sizeof(struct burst_name *));
    if (larger.buckets == NULL) {
        return; /* it works on with longer chains */
    }
    for (size_t i = 0; i < table->size; i++) {
        for (struct burst_name *entry = table->buckets[i], *next; entry != NULL; entry = next) {
            next = entry->next;
            link_entry(&larger, entry);
        }
    }
    larger.count = table->count;
    free(table->buckets);
    *table = larger;
}

bool burst_table_put(struct burst_table *table, struct burst_name *entry, uint32_t hash)
{
    if (table->count >= table->size) {
        grow(table);
    }
    if (table->size == 0) {
        return false;
    }
    entry->hash = hash;
    link_entry(table, entry);
    table->count++;
    return true;
}

void burst_table_remove(struct burst_table *table, struct burst_name *entry)
{
    struct burst_name **place = bucket_of(table, entry->hash);
    while (*place != NULL && *place != entry) {
        place = &(*place)->next;
    }
    if (*place != NULL) {
        *place = entry->next;
        table->count--;
    }
}

void burst_table_free(struct burst_table *table)
{
    free(table->buckets);
    *table = (struct burst_table){0};
}
