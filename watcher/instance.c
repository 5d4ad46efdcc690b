#include "instance.h"

#include "base/keyfile.h"
#include "base/utf.h"
#include "base/wintime.h"
#include "loop/clock.h"

#include <stdlib.h>
#include <string.h>

static const char instance_kind[] = "tcpipwatch-instance";
static const char instance_name[] = "instance";

enum { INSTANCE_VERSION = 1, INSTANCE_MOST = 64 * 1024 };

/* The file is only for people; the lock is what counts. */
static void describe(const struct os *os, const char *data, struct buf *who)
{
    struct buf text = BUF_INIT;
    struct keyfile file;
    const char *key;
    const char *value;
    char *path = os_path_join(data, instance_name);
    if (path != NULL && os_read_whole(os, path, OS_READ, INSTANCE_MOST, &text) == OS_OK &&
        keyfile_open(&file, &text, instance_kind, INSTANCE_VERSION) == KEYFILE_OK) {
        while (keyfile_next(&file, &key, &value)) {
            buf_add_text(who, strcmp(key, "process") == 0 ? "process "
                              : strcmp(key, "since") == 0 ? ", since "
                              : strcmp(key, "as") == 0    ? ", as "
                                                          : ", for ");
            add_printable(who, value);
        }
    } else {
        buf_add_text(who, "a process that has not said who it is");
    }
    free(path);
    buf_free(&text);
}

static enum os_status write_down(const struct os *os, const char *data, const char *root,
                                 const char *as)
{
    char since[WINTIME_TEXT_SIZE];
    struct buf text = BUF_INIT;
    wintime_plain(clock_now(), since);
    keyfile_start(&text, instance_kind, INSTANCE_VERSION);
    keyfile_add_number(&text, "process", process_number());
    keyfile_add(&text, "since", since);
    keyfile_add(&text, "root", root != NULL ? root : "no Windows directory");
    if (as != NULL) {
        keyfile_add(&text, "as", as);
    }
    keyfile_finish(&text);
    enum os_status status =
        text.failed ? OS_NO_MEMORY : os_write_whole(os, data, instance_name, text.data, text.len);
    buf_free(&text);
    return status;
}

enum os_status instance_begin(const struct os *os, const char *data, const char *root,
                              const char *as, struct os_lock **lock, struct buf *who)
{
    *lock = NULL;
    enum os_status status = os_make_private(os, data);
    if (status != OS_OK) {
        return status;
    }
    status = os->lock(os, data, lock);
    if (status == OS_BUSY) {
        buf_add_text(who, "tcpipwatch is running with the data directory ");
        add_printable(who, data);
        buf_add_text(who, " already: ");
        describe(os, data, who);
        buf_add_text(who, ". Stop that one first, or name another directory with --data.");
        return OS_BUSY;
    }
    if (status == OS_OK) {
        status = write_down(os, data, root, as);
        if (status != OS_OK) {
            os->unlock(os, *lock);
            *lock = NULL;
        }
    }
    return status;
}

void instance_end(const struct os *os, const char *data, struct os_lock *lock)
{
    char *path = os_path_join(data, instance_name);
    if (lock != NULL && path != NULL) {
        (void)os->remove(os, path);
    }
    free(path);
    os->unlock(os, lock);
}

bool instance_running(const struct os *os, const char *data, struct buf *who)
{
    struct os_lock *lock;
    enum os_status status = os->lock(os, data, &lock);
    if (status == OS_OK) {
        os->unlock(os, lock);
    }
    if (status != OS_BUSY) {
        return false;
    }
    describe(os, data, who);
    return true;
}
