#include "policy_file.h"

#include "base/utf.h"
#include "paths.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

char *policy_file_path(const char *named)
{
    return named != NULL ? text_copy(named) : paths_default_policy();
}

static void add_errors(struct buf *why, const struct policy_errors *errors)
{
    for (size_t i = 0; i < errors->count; i++) {
        buf_printf(why, "%s%s", why->len > 0 ? "\n" : "", errors->items[i].text);
    }
    if (errors->more > 0) {
        buf_printf(why, "\n...and %zu more.", errors->more);
    }
    if (errors->no_memory) {
        buf_add_text(why, "\nOut of memory.");
    }
}

/* Reads until two readings agree: a file that is written over meanwhile may give the beginning of
 * the one policy and the end of the other, and no error shows in that. */
static enum os_status read_settled(const struct os *os, const char *path, struct buf *text)
{
    enum { TRIES = 5 };
    struct buf again = BUF_INIT;
    enum os_status status = os_read_whole(os, path, OS_READ, POLICY_FILE_MAX, text);
    bool same = false;
    for (int i = 0; i < TRIES && status == OS_OK && !same; i++) {
        status = os_read_whole(os, path, OS_READ, POLICY_FILE_MAX, &again);
        same = text->len == again.len && memcmp(buf_text(text), buf_text(&again), text->len) == 0;
        struct buf older = *text;
        *text = again;
        again = older;
    }
    buf_free(&again);
    return status == OS_OK && !same ? OS_BUSY : status;
}

enum policy_load policy_load(const struct os *os, const char *named, struct policy *out,
                             struct buf *why)
{
    struct buf text = BUF_INIT;
    struct policy_errors errors = POLICY_ERRORS_INIT;
    enum policy_load loaded = POLICY_WRONG;
    char *path = policy_file_path(named);
    if (path == NULL) {
        return POLICY_ABSENT;
    }
    enum os_status status = read_settled(os, path, &text);
    if (status == OS_NOT_FOUND && named == NULL) {
        loaded = POLICY_ABSENT;
    } else if (status != OS_OK) {
        buf_add_text(why, "The policy ");
        add_printable(why, path);
        buf_printf(why, " cannot be read: %s.", os_status_text(status));
    } else if (policy_parse(buf_text(&text), text.len, path, out, &errors)) {
        loaded = POLICY_LOADED;
    } else {
        add_errors(why, &errors);
    }
    policy_errors_free(&errors);
    buf_free(&text);
    free(path);
    return loaded;
}
