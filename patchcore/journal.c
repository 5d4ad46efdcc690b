#include "journal.h"

#include <stdlib.h>
#include <string.h>

static const char journal_kind[] = "tcpipwatch-journal";

/* Version 1 has the phases prepare and commit alone; it is still what these two are written as. */
enum { JOURNAL_VERSION = 2, JOURNAL_MOST = 64 * 1024 };

static const char *const phase_names[JOURNAL_PHASES] = {
    [JOURNAL_PREPARE] = "prepare",
    [JOURNAL_COMMIT] = "commit",
    [JOURNAL_BOOT] = "boot",
    [JOURNAL_WITHDRAW] = "withdraw",
};

static const char *const protected_names[PROTECTED_VALUES] = {
    [PROTECTED_ABSENT] = "absent",
    [PROTECTED_OFF] = "off",
    [PROTECTED_ON] = "on",
};

char *journal_directory(const struct pc_context *pc, const struct pc_target *target)
{
    char *roots = os_path_join(pc->data, "roots");
    char *directory = roots != NULL ? os_path_join(roots, target->id) : NULL;
    free(roots);
    return directory;
}

/* The numbers of a change under their names in the file. */
static const struct {
    const char *key;
    size_t offset;
} numbers[] = {
    {"limit-before", offsetof(struct pc_change, limit_before)},
    {"limit-after", offsetof(struct pc_change, limit_after)},
    {"checksum-before", offsetof(struct pc_change, checksum_before)},
    {"checksum-after", offsetof(struct pc_change, checksum_after)},
    {"crc32-before", offsetof(struct pc_change, crc32_before)},
    {"crc32-after", offsetof(struct pc_change, crc32_after)},
    {"crc32-original", offsetof(struct pc_change, crc32_original)},
};

enum { NUMBERS = sizeof numbers / sizeof numbers[0] };

static uint32_t *number_in(struct pc_change *change, size_t i)
{
    return (uint32_t *)(void *)((char *)change + numbers[i].offset);
}

static void format_journal(struct buf *out, const struct pc_target *target,
                           const struct journal *journal)
{
    bool at_boot = journal->phase == JOURNAL_BOOT || journal->phase == JOURNAL_WITHDRAW;
    keyfile_start(out, journal_kind, at_boot ? JOURNAL_VERSION : 1);
    keyfile_add(out, "root", target->root);
    keyfile_add(out, "phase", phase_names[journal->phase]);
    keyfile_add(out, "what", journal->is_restore ? "restore" : "set");
    if (at_boot) {
        keyfile_add(out, "protected", protected_names[journal->protected_before]);
        keyfile_add_number(out, "others-crc32", journal->others_crc32);
    }
    for (size_t c = 0; c < PC_COPIES; c++) {
        struct pc_change change = journal->changes[c];
        if (!change.wanted) {
            continue;
        }
        keyfile_add_number(out, "copy", c);
        keyfile_add(out, "path", target->copies[c].path);
        if (journal->version[c].known) {
            for (size_t i = 0; i < 4; i++) {
                keyfile_add_number(out, "version-part", journal->version[c].number.part[i]);
            }
        }
        for (size_t i = 0; i < NUMBERS; i++) {
            keyfile_add_number(out, numbers[i].key, *number_in(&change, i));
        }
    }
    keyfile_finish(out);
}

enum os_status journal_write(const struct pc_context *pc, const struct pc_target *target,
                             const struct journal *journal)
{
    struct buf text = BUF_INIT;
    format_journal(&text, target, journal);
    char *directory = journal_directory(pc, target);
    enum os_status status = OS_NO_MEMORY;
    if (directory != NULL && !text.failed) {
        status = os_make_directories(pc->os, directory);
        if (status == OS_OK) {
            status = os_write_whole(pc->os, directory, "journal", text.data, text.len);
        }
    }
    free(directory);
    buf_free(&text);
    return status;
}

/* The path of what is in DATA/roots/ID; the caller frees. */
static char *path_of(const struct pc_context *pc, const struct pc_target *target, const char *name)
{
    char *directory = journal_directory(pc, target);
    char *path = directory != NULL ? os_path_join(directory, name) : NULL;
    free(directory);
    return path;
}

static enum os_status remove_one(const struct pc_context *pc, const struct pc_target *target,
                                 const char *name)
{
    char *path = path_of(pc, target, name);
    enum os_status status = path != NULL ? pc->os->remove(pc->os, path) : OS_NO_MEMORY;
    free(path);
    return status == OS_NOT_FOUND ? OS_OK : status;
}

enum os_status journal_remove(const struct pc_context *pc, const struct pc_target *target)
{
    /* An older one that was moved aside must not come to light. */
    enum os_status status = remove_one(pc, target, "journal" OS_ASIDE);
    if (status == OS_OK) {
        status = remove_one(pc, target, "journal");
    }
    char *directory = journal_directory(pc, target);
    if (directory != NULL && status == OS_OK) {
        (void)pc->os->flush_directory(pc->os, directory);
    }
    free(directory);
    return status;
}

bool journal_is_half(const struct pc_context *pc, const struct pc_target *target)
{
    struct os_stat stat;
    char *path = path_of(pc, target, "journal.new");
    bool half = path != NULL && pc->os->stat(pc->os, path, &stat) == OS_OK;
    free(path);
    return half;
}

void journal_remove_half(const struct pc_context *pc, const struct pc_target *target)
{
    (void)remove_one(pc, target, "journal.new");
}

static bool take_number(struct pc_change *change, const char *key, const char *value)
{
    for (size_t i = 0; i < NUMBERS; i++) {
        if (strcmp(key, numbers[i].key) == 0) {
            uint64_t number;
            if (!keyfile_number(value, UINT32_MAX, &number)) {
                return false;
            }
            *number_in(change, i) = (uint32_t)number;
            return true;
        }
    }
    return false;
}

/* What is read, and of which copy. */
struct parsing {
    struct journal *journal;
    size_t copy; /* PC_COPIES before the first */
    size_t part; /* of its version */
};

static bool begin_copy(struct parsing *p, const char *value)
{
    uint64_t number;
    if (!keyfile_number(value, PC_COPIES - 1, &number)) {
        return false;
    }
    p->copy = (size_t)number;
    p->part = 0;
    p->journal->changes[p->copy].wanted = true;
    return true;
}

static bool take_version_part(struct parsing *p, const char *value)
{
    uint64_t number;
    if (p->part == 4 || !keyfile_number(value, UINT16_MAX, &number)) {
        return false;
    }
    p->journal->version[p->copy].number.part[p->part++] = (uint16_t)number;
    p->journal->version[p->copy].known = p->part == 4;
    return true;
}

/* The place of a word in a table, or -1. */
static int find_word(const char *const words[], int count, const char *word)
{
    while (--count >= 0 && strcmp(words[count], word) != 0) {
    }
    return count;
}

/* A line on the change as a whole. False when it is none; `right` tells whether it makes sense. */
static bool take_line_of_all(struct journal *journal, const char *key, const char *value,
                             bool *right)
{
    uint64_t number = 0;
    int found = 0;
    if (strcmp(key, "phase") == 0) {
        found = find_word(phase_names, JOURNAL_PHASES, value);
        journal->phase = found >= 0 ? (enum journal_phase)found : JOURNAL_PREPARE;
    } else if (strcmp(key, "protected") == 0) {
        found = find_word(protected_names, PROTECTED_VALUES, value);
        journal->protected_before = found >= 0 ? (enum journal_protected)found : PROTECTED_ON;
    } else if (strcmp(key, "others-crc32") == 0) {
        found = keyfile_number(value, UINT32_MAX, &number) ? 0 : -1;
        journal->others_crc32 = (uint32_t)number;
    } else if (strcmp(key, "what") == 0) {
        journal->is_restore = strcmp(value, "restore") == 0;
    } else {
        /* The rest is for people: the target says where the copies are. */
        return strcmp(key, "root") == 0 || strcmp(key, "path") == 0;
    }
    *right = found >= 0;
    return true;
}

static bool take_line(struct parsing *p, const char *key, const char *value)
{
    bool right = true;
    if (take_line_of_all(p->journal, key, value, &right)) {
        return right;
    }
    if (strcmp(key, "copy") == 0) {
        return begin_copy(p, value);
    }
    if (p->copy == PC_COPIES) {
        return false;
    }
    return strcmp(key, "version-part") == 0
               ? take_version_part(p, value)
               : take_number(&p->journal->changes[p->copy], key, value);
}

static bool parse_journal(struct keyfile *file, struct journal *journal)
{
    struct parsing p = {.journal = journal, .copy = PC_COPIES};
    const char *key;
    const char *value;
    while (keyfile_next(file, &key, &value)) {
        if (!take_line(&p, key, value)) {
            return false;
        }
    }
    return true;
}

enum os_status journal_read(const struct pc_context *pc, const struct pc_target *target,
                            struct journal *journal, enum keyfile_status *whole)
{
    struct buf text = BUF_INIT;
    struct keyfile file;
    *journal = (struct journal){0};
    char *directory = journal_directory(pc, target);
    enum os_status status = OS_NO_MEMORY;
    if (directory != NULL) {
        status = os_read_written(pc->os, directory, "journal", JOURNAL_MOST, &text);
        if (status == OS_TOO_BIG) {
            status = OS_OK;
            buf_clear(&text);
        }
    }
    if (status == OS_OK) {
        *whole = keyfile_open(&file, &text, journal_kind, JOURNAL_VERSION);
        if (*whole == KEYFILE_OK && !parse_journal(&file, journal)) {
            *whole = KEYFILE_DAMAGED;
        }
    }
    free(directory);
    buf_free(&text);
    return status;
}
