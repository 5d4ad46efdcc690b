/* The policy as a file. */
#include "check.h"

#include "faulty_os.h"
#include "policy_file.h"
#include "sandbox.h"

#include <stdlib.h>
#include <string.h>

#define HERE      "policy-file-test"
#define FILE_NAME HERE "/lab.ini"

struct fixture {
    struct policy policy;
    struct buf why;
};

static void set_up(struct fixture *f)
{
    f->why = BUF_INIT;
    CHECK(policy_defaults(&f->policy));
    CHECK(sandbox_make(HERE));
}

static void tear_down(struct fixture *f)
{
    policy_free(&f->policy);
    buf_free(&f->why);
    sandbox_remove(HERE);
}

static enum policy_load load(struct fixture *f, const char *text)
{
    CHECK(sandbox_write(FILE_NAME, text, strlen(text)));
    return policy_load(os_native(), FILE_NAME, &f->policy, &f->why);
}

static void a_good_file_is_loaded(void)
{
    struct fixture f;
    set_up(&f);
    CHECK_NUMBER(load(&f, "[limit]\nhalf_open = 50\n"), POLICY_LOADED);
    CHECK_NUMBER(f.policy.half_open, 50);
    CHECK_TEXT(buf_text(&f.why), "");
    CHECK_NUMBER(load(&f, ""), POLICY_LOADED);
    CHECK_NUMBER(f.policy.half_open, 100);
    tear_down(&f);
}

static void every_error_has_its_line(void)
{
    struct fixture f;
    set_up(&f);
    CHECK_NUMBER(load(&f, "[limit]\nhalf_open = 50\nhalf_opne = 60\nmax = lots\n"), POLICY_WRONG);
    CHECK(strstr(buf_text(&f.why), FILE_NAME ":3: ") != NULL);
    CHECK(strstr(buf_text(&f.why), "half_open") != NULL);
    CHECK(strstr(buf_text(&f.why), "\n" FILE_NAME ":4: ") != NULL);
    CHECK_NUMBER(f.policy.half_open, 100); /* nothing of it is taken */
    tear_down(&f);
}

static void many_errors_are_counted(void)
{
    struct fixture f;
    struct buf text = BUF_INIT;
    set_up(&f);
    for (int i = 0; i < POLICY_ERRORS_MAX + 5; i++) {
        buf_printf(&text, "nonsense%d = 1\n", i);
    }
    CHECK_NUMBER(load(&f, buf_text(&text)), POLICY_WRONG);
    CHECK(strstr(buf_text(&f.why), "\n...and 5 more.") != NULL);
    buf_free(&text);
    tear_down(&f);
}

static void a_named_file_has_to_be_there(void)
{
    struct fixture f;
    set_up(&f);
    CHECK_NUMBER(policy_load(os_native(), HERE "/none.ini", &f.policy, &f.why), POLICY_WRONG);
    CHECK_TEXT(buf_text(&f.why),
               "The policy " HERE "/none.ini cannot be read: no such file or directory.");
    buf_clear(&f.why);
    CHECK_NUMBER(policy_load(os_native(), HERE, &f.policy, &f.why), POLICY_WRONG);
    CHECK(strstr(buf_text(&f.why), "The policy " HERE " cannot be read: ") != NULL);
    tear_down(&f);
}

static void an_endless_file_is_refused(void)
{
    struct fixture f;
    struct buf text = BUF_INIT;
    set_up(&f);
    while (text.len <= POLICY_FILE_MAX) {
        buf_add_text(&text, "; a comment that goes on and on\n");
    }
    CHECK_NUMBER(load(&f, buf_text(&text)), POLICY_WRONG);
    CHECK(strstr(buf_text(&f.why), "cannot be read: ") != NULL);
    buf_free(&text);
    tear_down(&f);
}

/* Reads eight bytes at a time; in the midst of each reading somebody writes the file. */
struct writer {
    struct os table;
    const char *texts[3]; /* written in turn, then the first again */
    bool by_rename;
    int writes, most; /* so many times at most */
};

static enum os_status read_and_write(const struct os *os, struct os_file *file, uint64_t offset,
                                     void *buffer, size_t size, size_t *got)
{
    struct writer *writer = os->context;
    const struct os *native = os_native();
    enum os_status status = OS_OK;
    size_t part = 1;
    for (*got = 0; status == OS_OK && *got < size && part > 0; *got += part) {
        size_t most = size - *got < 8 ? size - *got : 8;
        status = native->read_at(native, file, offset + *got, (char *)buffer + *got, most, &part);
        if (offset + *got == 8 && writer->writes < writer->most) {
            const char *text = writer->texts[writer->writes++ % 3];
            if (writer->by_rename) {
                CHECK_NUMBER(os_write_whole(native, HERE, "lab.ini", text, strlen(text)), OS_OK);
            } else {
                CHECK(sandbox_write(FILE_NAME, text, strlen(text)));
            }
        }
    }
    return status;
}

static enum policy_load load_while_written(struct fixture *f, bool by_rename, int most)
{
    struct writer writer = {.table = *os_native(),
                            .texts = {"[burst]\nevents = 9\n[limit]\nhalf_open = 900\n",
                                      "[burst]\nevents = 8\n[limit]\nhalf_open = 800\n",
                                      "[burst]\nevents = 7\n[limit]\nhalf_open = 700\n"},
                            .by_rename = by_rename,
                            .most = most};
    static const char first[] = "[burst]\nevents = 6\n[limit]\nhalf_open = 600\n";
    writer.table.read_at = read_and_write;
    writer.table.context = &writer;
    CHECK(sandbox_write(FILE_NAME, first, strlen(first)));
    buf_clear(&f->why);
    return policy_load(&writer.table, FILE_NAME, &f->policy, &f->why);
}

static void a_policy_replaced_while_it_is_read_is_read_again(void)
{
    for (int by_rename = 0; by_rename < 2; by_rename++) {
        for (int most = 1; most <= 3; most++) {
            struct fixture f;
            set_up(&f);
            CHECK_NUMBER(load_while_written(&f, by_rename != 0, most), POLICY_LOADED);
            CHECK_NUMBER(f.policy.events, 10 - most);
            CHECK_NUMBER(f.policy.half_open, 100 * f.policy.events);
            /* It is never at rest. */
            CHECK_NUMBER(load_while_written(&f, by_rename != 0, 1000), POLICY_WRONG);
            CHECK(strstr(buf_text(&f.why), " cannot be read: ") != NULL);
            tear_down(&f);
        }
    }
}

/* Whatever call fails, half a policy is never taken for a whole one. */
static void a_failing_disk_is_no_policy(void)
{
    struct fixture f;
    bool loaded = false;
    set_up(&f);
    CHECK_NUMBER(load(&f, "[limit]\nhalf_open = 50\n"), POLICY_LOADED);
    for (int call = 0; !loaded && call < 20; call++) {
        struct faulty_os faulty;
        faulty_os_init(&faulty, call, 1, OS_IO);
        f.policy.half_open = 7;
        buf_clear(&f.why);
        enum policy_load result = policy_load(&faulty.table, FILE_NAME, &f.policy, &f.why);
        loaded = result == POLICY_LOADED;
        CHECK_NUMBER(f.policy.half_open, loaded ? 50 : 7);
        CHECK(loaded == (f.why.len == 0));
    }
    CHECK(loaded);
    tear_down(&f);
}

/* None was named: only then a missing file means the defaults. */
static void the_default_place_may_be_empty(void)
{
    struct fixture f;
    struct faulty_os faulty;
    set_up(&f);
    faulty_os_init(&faulty, 0, FAULTY_FOR_EVER, OS_NOT_FOUND);
    CHECK_NUMBER(policy_load(&faulty.table, NULL, &f.policy, &f.why), POLICY_ABSENT);
    faulty_os_init(&faulty, 0, FAULTY_FOR_EVER, OS_DENIED);
    CHECK_NUMBER(policy_load(&faulty.table, NULL, &f.policy, &f.why), POLICY_WRONG);
    CHECK(strstr(buf_text(&f.why), "tcpipwatch.ini cannot be read: permission denied.") != NULL);
    char *path = policy_file_path(NULL);
    CHECK(path != NULL && strstr(path, "tcpipwatch.ini") != NULL);
    free(path);
    tear_down(&f);
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"a good file is loaded", a_good_file_is_loaded},
        {"every error has its line", every_error_has_its_line},
        {"many errors are counted", many_errors_are_counted},
        {"a named file has to be there", a_named_file_has_to_be_there},
        {"an endless file is refused", an_endless_file_is_refused},
        {"a policy replaced while it is read is read again",
         a_policy_replaced_while_it_is_read_is_read_again},
        {"a failing disk is no policy", a_failing_disk_is_no_policy},
        {"the default place may be empty", the_default_place_may_be_empty},
    };
    return RUN_SUITE("policy file", cases);
}
