/* What only POSIX systems have: links, pipes, devices, attributes. */
#include "check.h"
#include "sandbox.h"

#include "os.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "paths.h"

static const char box[] = "box_os_posix";

static enum os_status open_and_close(const char *path, enum os_open how)
{
    struct os_file *file;
    enum os_status status = os_native()->open(os_native(), path, how, &file);
    if (status == OS_OK) {
        CHECK_NUMBER(os_native()->close(os_native(), file), OS_OK);
    }
    return status;
}

static void links_are_followed_only_where_asked(void)
{
    struct os_stat stat;
    CHECK(sandbox_make(box));
    CHECK(sandbox_write("box_os_posix/file", "text", 4));
    CHECK_NUMBER(symlink("file", "box_os_posix/link"), 0);
    CHECK_NUMBER(symlink("none", "box_os_posix/dangling"), 0);
    CHECK_NUMBER(open_and_close("box_os_posix/link", OS_READ), OS_OK);
    CHECK_NUMBER(open_and_close("box_os_posix/link", OS_READ_COPY), OS_WRONG_KIND);
    CHECK_NUMBER(open_and_close("box_os_posix/link", OS_APPEND), OS_WRONG_KIND);
    CHECK_NUMBER(open_and_close("box_os_posix/dangling", OS_CREATE), OS_EXISTS);
    CHECK_NUMBER(open_and_close("box_os_posix/dangling", OS_READ), OS_NOT_FOUND);
    CHECK_NUMBER(os_native()->stat(os_native(), "box_os_posix/link", &stat), OS_OK);
    CHECK_NUMBER(stat.kind, OS_LINK);
}

static void linked_directories_will_do(void)
{
    CHECK(sandbox_make(box));
    CHECK_NUMBER(mkdir("box_os_posix/real", 0700), 0);
    CHECK_NUMBER(symlink("real", "box_os_posix/link"), 0);
    CHECK_NUMBER(symlink("none", "box_os_posix/dangling"), 0);
    CHECK_NUMBER(os_make_directories(os_native(), "box_os_posix/link/inside"), OS_OK);
    CHECK(sandbox_exists("box_os_posix/real/inside"));
    CHECK_NUMBER(os_make_directories(os_native(), "box_os_posix/link"), OS_OK);
    CHECK_NUMBER(os_make_directories(os_native(), "box_os_posix/dangling"), OS_WRONG_KIND);
}

static void pipes_and_devices_are_no_files(void)
{
    struct os_stat stat;
    CHECK(sandbox_make(box));
    CHECK_NUMBER(mkfifo("box_os_posix/pipe", 0600), 0);
    CHECK_NUMBER(open_and_close("box_os_posix/pipe", OS_READ), OS_WRONG_KIND);
    CHECK_NUMBER(open_and_close("box_os_posix/pipe", OS_READ_COPY), OS_WRONG_KIND);
    CHECK_NUMBER(open_and_close("box_os_posix/pipe", OS_APPEND), OS_WRONG_KIND);
    CHECK_NUMBER(open_and_close("/dev/null", OS_READ), OS_WRONG_KIND);
    CHECK_NUMBER(os_native()->stat(os_native(), "box_os_posix/pipe", &stat), OS_OK);
    CHECK_NUMBER(stat.kind, OS_OTHER);
}

static void a_copy_that_is_locked_is_busy(void)
{
    CHECK(sandbox_make(box));
    CHECK(sandbox_write("box_os_posix/file", "text", 4));
    int fd = open("box_os_posix/file", O_RDONLY | O_CLOEXEC);
    CHECK_NUMBER(flock(fd, LOCK_SH), 0);
    CHECK_NUMBER(open_and_close("box_os_posix/file", OS_READ_COPY), OS_OK);
    CHECK_NUMBER(flock(fd, LOCK_EX), 0);
    CHECK_NUMBER(open_and_close("box_os_posix/file", OS_READ_COPY), OS_BUSY);
    CHECK_NUMBER(open_and_close("box_os_posix/file", OS_READ), OS_OK);
    CHECK_NUMBER(close(fd), 0);
    CHECK_NUMBER(open_and_close("box_os_posix/file", OS_READ_COPY), OS_OK);
}

static void new_files_and_directories_are_private(void)
{
    struct stat st;
    mode_t before = umask(0);
    CHECK(sandbox_make(box));
    CHECK_NUMBER(open_and_close("box_os_posix/file", OS_CREATE), OS_OK);
    CHECK_NUMBER(os_native()->make_directory(os_native(), "box_os_posix/folder"), OS_OK);
    CHECK_NUMBER(stat("box_os_posix/file", &st), 0);
    CHECK_NUMBER(st.st_mode & 07777, 0600);
    CHECK_NUMBER(stat("box_os_posix/folder", &st), 0);
    CHECK_NUMBER(st.st_mode & 07777, 0700);
    umask(before);
}

/* Which attributes a file system has differs; the mode and the times all have. */
static void mode_times_and_attributes_are_carried_over(void)
{
    const struct timespec times[2] = {{1000000000, 123456700}, {1100000000, 765432100}};
    const struct os *os = os_native();
    struct os_file *model = NULL;
    struct os_file *file = NULL;
    struct stat st;
    char value[16] = "";
    CHECK(sandbox_make(box));
    CHECK(sandbox_write("box_os_posix/model", "text", 4));
    bool has_attributes = setxattr("box_os_posix/model", "user.test", "kept", 4, 0) == 0;
    CHECK_NUMBER(chmod("box_os_posix/model", 0641), 0);
    CHECK_NUMBER(utimensat(AT_FDCWD, "box_os_posix/model", times, 0), 0);
    CHECK_NUMBER(os->open(os, "box_os_posix/model", OS_READ_COPY, &model), OS_OK);
    CHECK_NUMBER(os->open(os, "box_os_posix/copy", OS_CREATE, &file), OS_OK);
    CHECK_NUMBER(os->write(os, file, "x", 1), OS_OK);
    CHECK_NUMBER(os->copy_metadata(os, model, file), OS_OK);
    CHECK_NUMBER(os->close(os, file), OS_OK);
    CHECK_NUMBER(os->close(os, model), OS_OK);
    CHECK_NUMBER(stat("box_os_posix/copy", &st), 0);
    CHECK_NUMBER(st.st_mode & 07777, 0641);
    CHECK_NUMBER(st.st_mtim.tv_sec, times[1].tv_sec);
    CHECK_NUMBER(st.st_mtim.tv_nsec, times[1].tv_nsec);
    CHECK_NUMBER(st.st_atim.tv_sec, times[0].tv_sec);
    if (has_attributes) {
        CHECK_NUMBER(getxattr("box_os_posix/copy", "user.test", value, sizeof value), 4);
        CHECK_TEXT(value, "kept");
    } else {
        printf("(no user attributes on this file system) ");
    }
}

static void the_systems_reasons_are_told_apart(void)
{
    const struct os *os = os_native();
    struct os_lock *lock = NULL;
    struct buf path = BUF_INIT;
    CHECK(sandbox_make(box));
    CHECK(sandbox_write("box_os_posix/file", "text", 4));
    CHECK_NUMBER(os->make_directory(os, "box_os_posix/folder"), OS_OK);
    CHECK_NUMBER(open_and_close("box_os_posix/file/inside", OS_READ), OS_WRONG_KIND);
    CHECK_NUMBER(os->rename(os, "box_os_posix/file", "box_os_posix/folder"), OS_WRONG_KIND);
    CHECK_NUMBER(os->remove(os, "box_os_posix"), OS_WRONG_KIND);
    CHECK_NUMBER(os->flush_directory(os, "box_os_posix/none"), OS_NOT_FOUND);
    CHECK_NUMBER(os->lock(os, "box_os_posix/file", &lock), OS_WRONG_KIND);
    CHECK_NUMBER(symlink("loop", "box_os_posix/loop"), 0);
    CHECK_NUMBER(os->real_path(os, "box_os_posix/loop", &path), OS_WRONG_KIND);
    CHECK_NUMBER(os->make_directory(os, "/proc/none"), OS_NOT_FOUND);
    for (size_t i = 0; i < 300; i++) {
        buf_add_char(&path, 'x');
    }
    CHECK_NUMBER(open_and_close(buf_text(&path), OS_READ), OS_IO);
    buf_free(&path);
}

/* paths_default_data() follows the environment, for everybody but root. */
static void data_directory_follows_the_environment(void)
{
    char *path;
    if (geteuid() == 0) {
        path = paths_default_data();
        CHECK_TEXT(path, "/var/lib/tcpipwatch");
        free(path);
        CHECK_NUMBER(seteuid(65534), 0);
    }
    CHECK_NUMBER(setenv("HOME", "/h", 1), 0);
    CHECK_NUMBER(setenv("XDG_STATE_HOME", "/state", 1), 0);
    path = paths_default_data();
    CHECK_TEXT(path, "/state/tcpipwatch");
    free(path);
    CHECK_NUMBER(setenv("XDG_STATE_HOME", "relative", 1), 0);
    path = paths_default_data();
    CHECK_TEXT(path, "/h/.local/state/tcpipwatch");
    free(path);
    CHECK_NUMBER(unsetenv("XDG_STATE_HOME"), 0);
    CHECK_NUMBER(unsetenv("HOME"), 0);
    CHECK(paths_default_data() == NULL);
    CHECK(paths_running_windows() == NULL);
    if (getuid() == 0) {
        CHECK_NUMBER(seteuid(0), 0);
    }
}

static void nothing_is_kept_for_a_start_of_windows(void)
{
    const struct os *os = os_native();
    struct buf value = BUF_INIT;
    CHECK_NUMBER(os->rename_at_boot(os, "/a", "/b"), OS_UNSUPPORTED);
    CHECK_NUMBER(os->read_at_boot(os, OS_BOOT_RENAMES, &value), OS_UNSUPPORTED);
    CHECK_NUMBER(os->write_at_boot(os, OS_BOOT_RENAMES, "", 0), OS_UNSUPPORTED);
    buf_free(&value);
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"links are followed only where asked", links_are_followed_only_where_asked},
        {"linked directories will do", linked_directories_will_do},
        {"pipes and devices are no files", pipes_and_devices_are_no_files},
        {"a copy that is locked is busy", a_copy_that_is_locked_is_busy},
        {"new files and directories are private", new_files_and_directories_are_private},
        {"mode, times and attributes are carried over", mode_times_and_attributes_are_carried_over},
        {"the system's reasons are told apart", the_systems_reasons_are_told_apart},
        {"the data directory follows the environment", data_directory_follows_the_environment},
        {"nothing is kept for a start of Windows", nothing_is_kept_for_a_start_of_windows},
    };
    int result = RUN_SUITE("os_posix", cases);
    sandbox_remove(box);
    return result;
}
