#include "burst_parts.h"

#include <stdlib.h>
#include <string.h>

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

struct burst_name *burst_table_find(const struct burst_table *table, const char *computer,
                                    uint32_t *hash)
{
    const char *name = computer != NULL ? computer : "";
    size_t length = kept_length(name);
    *hash = 2166136261U; /* FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/ */
    for (size_t i = 0; i < length; i++) {
        *hash = (*hash ^ (unsigned char)folded(name[i])) * 16777619U;
    }
    struct burst_name *entry = table->buckets[*hash % BURST_BUCKETS];
    while (entry != NULL && (entry->hash != *hash || !same_name(entry->text, name, length))) {
        entry = entry->next;
    }
    return entry;
}

void burst_table_put(struct burst_table *table, struct burst_name *entry, uint32_t hash)
{
    struct burst_name **bucket = &table->buckets[hash % BURST_BUCKETS];
    entry->hash = hash;
    entry->next = *bucket;
    *bucket = entry;
}

void burst_table_remove(struct burst_table *table, struct burst_name *entry)
{
    struct burst_name **place = &table->buckets[entry->hash % BURST_BUCKETS];
    while (*place != NULL && *place != entry) {
        place = &(*place)->next;
    }
    if (*place != NULL) {
        *place = entry->next;
    }
}
