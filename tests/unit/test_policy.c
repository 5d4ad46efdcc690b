#include "check.h"

#include "policy.h"
#include "policy_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHIPPED TEST_DATA "/../../conf/tcpipwatch.ini"
#define MANUAL  TEST_DATA "/../../watcher/tcpipwatch.ini.5"

/* Parses `text`, which must be right, into a new policy. */
static struct policy parsed(const char *text)
{
    struct policy policy = {0};
    struct policy_errors errors = POLICY_ERRORS_INIT;
    CHECK(policy_defaults(&policy));
    CHECK(policy_parse(text, strlen(text), "p.ini", &policy, &errors));
    for (size_t i = 0; i < errors.count; i++) {
        CHECK_TEXT(errors.items[i].text, "no error");
    }
    policy_errors_free(&errors);
    return policy;
}

/* Every error in `text`, a line each. The policy given must stay as it was. */
static char *errors_in(const char *text, size_t length)
{
    struct policy policy = parsed("[limit]\nhalf_open = 77\n[programs]\nexpected = a, b\n");
    struct policy_errors errors = POLICY_ERRORS_INIT;
    struct buf all = BUF_INIT;
    CHECK(!policy_parse(text, length, "p.ini", &policy, &errors));
    CHECK(!errors.no_memory);
    for (size_t i = 0; i < errors.count; i++) {
        buf_printf(&all, "%s%s", i > 0 ? "\n" : "", errors.items[i].text);
    }
    CHECK_NUMBER(policy.half_open, 77);
    CHECK_NUMBER(policy.expected.count, 2);
    policy_errors_free(&errors);
    policy_free(&policy);
    return all.data;
}

static void check_errors(const char *text, const char *expected)
{
    char *errors = errors_in(text, strlen(text));
    CHECK_TEXT(errors, expected);
    free(errors);
}

static char *whole_file(const char *path)
{
    struct buf text = BUF_INIT;
    FILE *file = fopen(path, "rb");
    CHECK(file != NULL);
    for (int c = file != NULL ? getc(file) : EOF; c != EOF; c = getc(file)) {
        buf_add_char(&text, (char)c);
    }
    if (file != NULL) {
        fclose(file);
    }
    buf_add_text(&text, "");
    return text.data;
}

static void defaults_are_those_of_the_design(void)
{
    struct policy policy = parsed("");
    CHECK_NUMBER(policy.half_open, 100);
    CHECK_NUMBER(policy.max, 1000);
    CHECK_NUMBER(policy.events, 3);
    CHECK_NUMBER(policy.window_seconds, 3600);
    CHECK_NUMBER(policy.cooldown_seconds, 86400);
    CHECK_NUMBER(policy.on_burst, ON_BURST_ASK);
    CHECK_NUMBER(policy.expected.count, 0);
    CHECK_NUMBER(policy.on_unexpected, ON_UNEXPECTED_ASK);
    CHECK(policy.reboot_prompt);
    CHECK_NUMBER(policy.remind_seconds, 1800);
    CHECK_NUMBER(policy.grace_seconds, 60);
    CHECK_TEXT(policy.log_file, "");
    CHECK_NUMBER(policy.log_level, LEVEL_INFO);
    CHECK_TEXT(policy.data, "");
    for (unsigned key = 0; key < POLICY_KEYS; key++) {
        CHECK_NUMBER(policy.lines[key], 0);
        CHECK(policy_rows[key].name != NULL && policy_rows[key].why[0] != '\0');
    }
    policy_free(&policy);
    policy_free(&policy);
}

/* Every key with a value other than its default, a list over several lines, odd blanks and case. */
static void every_key_is_read(void)
{
    struct policy policy = parsed("\xef\xbb\xbf# comment\r\n"
                                  "  [limit]  \r\n"
                                  "\thalf_open=50\r\n"
                                  "MAX =\t16777214\r\n"
                                  "; comment = none\r\n"
                                  "\r\n"
                                  "[Burst]\r\n"
                                  "  events = 0010\r\n"
                                  "  window = 90s\r\n"
                                  "  Cooldown = 0s\r\n"
                                  "[action]\n"
                                  "on_burst = Patch\n"
                                  "[programs]\n"
                                  "expected = nmap.exe, C:\\Program Files\\Nagios#1\\*.exe ,\n"
                                  "    ; a comment in between, and an empty line\n"
                                  "\n"
                                  "    /usr/bin/check_tcp,\n"
                                  "\tcaf\xc3\xa9.exe\n"
                                  "on_unexpected = notify\n"
                                  "[reboot]\n"
                                  "prompt = no\n"
                                  "remind = 168h\n"
                                  "grace = 60m\n"
                                  "[log]\n"
                                  "file = \\\\server\\share\\a=b.log\n"
                                  "level = debug\n"
                                  "[paths]\n"
                                  "data = D:\\data\n"
                                  "[limit]");
    CHECK_NUMBER(policy.half_open, 50);
    CHECK_NUMBER(policy.max, 16777214);
    CHECK_NUMBER(policy.events, 10);
    CHECK_NUMBER(policy.window_seconds, 90);
    CHECK_NUMBER(policy.cooldown_seconds, 0);
    CHECK_NUMBER(policy.on_burst, ON_BURST_PATCH);
    CHECK_NUMBER(policy.expected.count, 4);
    CHECK_TEXT(policy.expected.names[0], "nmap.exe");
    CHECK_TEXT(policy.expected.names[1], "C:\\Program Files\\Nagios#1\\*.exe");
    CHECK_TEXT(policy.expected.names[2], "/usr/bin/check_tcp");
    CHECK_TEXT(policy.expected.names[3], "caf\xc3\xa9.exe");
    CHECK_NUMBER(policy.on_unexpected, ON_UNEXPECTED_NOTIFY);
    CHECK(!policy.reboot_prompt);
    CHECK_NUMBER(policy.remind_seconds, 604800);
    CHECK_NUMBER(policy.grace_seconds, 3600);
    CHECK_TEXT(policy.log_file, "\\\\server\\share\\a=b.log");
    CHECK_NUMBER(policy.log_level, LEVEL_DEBUG);
    CHECK_TEXT(policy.data, "D:\\data");
    CHECK_NUMBER(policy.lines[POLICY_LIMIT_HALF_OPEN], 3);
    CHECK_NUMBER(policy.lines[POLICY_PATHS_DATA], 28);
    policy_free(&policy);
}

/* The ends of every range, and one beyond them. */
static void ranges_end_where_they_say(void)
{
    static const struct {
        const char *text;
        bool right;
    } cases[] = {
        {"[limit]\nhalf_open=1", true},
        {"[limit]\nhalf_open=0", false},
        {"[limit]\nhalf_open=16777214\nmax=16777214", true},
        {"[limit]\nhalf_open=16777215\nmax=16777214", false},
        {"[limit]\nmax=16777215", false},
        {"[limit]\nhalf_open=18446744073709551617", false},
        {"[burst]\nevents=2", true},
        {"[burst]\nevents=1", false},
        {"[burst]\nevents=1000", true},
        {"[burst]\nevents=1001", false},
        {"[burst]\nwindow=1s", true},
        {"[burst]\nwindow=0s", false},
        {"[burst]\nwindow=0h", false},
        {"[burst]\nwindow=168h", true},
        {"[burst]\nwindow=604800s", true},
        {"[burst]\nwindow=604801s", false},
        {"[burst]\nwindow=10081m", false},
        {"[burst]\nwindow=18446744073709551616s", false},
        {"[burst]\nwindow=5124095576030432h", false},
        {"[burst]\ncooldown=8760h", true},
        {"[burst]\ncooldown=8761h", false},
        {"[reboot]\nremind=60s", true},
        {"[reboot]\nremind=59s", false},
        {"[reboot]\ngrace=0s", true},
        {"[reboot]\ngrace=3601s", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct policy policy = {0};
        struct policy_errors errors = POLICY_ERRORS_INIT;
        CHECK(policy_defaults(&policy));
        bool right = policy_parse(cases[i].text, strlen(cases[i].text), "p.ini", &policy, &errors);
        CHECK_TEXT(right == cases[i].right ? NULL : cases[i].text, NULL);
        policy_errors_free(&errors);
        policy_free(&policy);
    }
}

static void wrong_values_say_what_is_allowed(void)
{
    check_errors("[limit]\nhalf_open = three\n",
                 "p.ini:2: [limit] half_open: \"three\" is not a whole number; 1 to 16777214 are "
                 "allowed.");
    check_errors("[burst]\nevents = 1\n",
                 "p.ini:2: [burst] events: \"1\" is out of range; 2 to 1000 are allowed.");
    check_errors("[burst]\nevents = -3\nwindow = -1h\n",
                 "p.ini:2: [burst] events: \"-3\" is not a whole number; 2 to 1000 are allowed.\n"
                 "p.ini:3: [burst] window: \"-1h\" is not a whole number with one of the units s, "
                 "m and h; 1s to 168h are allowed.");
    check_errors("[burst]\nwindow = 90\n", "p.ini:2: [burst] window: \"90\" has no unit: put s, m "
                                           "or h behind it; 1s to 168h are allowed.");
    check_errors("[burst]\nwindow = 1d\ncooldown = 1h30m\n",
                 "p.ini:2: [burst] window: \"1d\" is not a whole number with one of the units s, m "
                 "and h; 1s to 168h are allowed.\n"
                 "p.ini:3: [burst] cooldown: \"1h30m\" is not a whole number with one of the units "
                 "s, m and h; 0s to 8760h are allowed.");
    check_errors("[burst]\nwindow = 169h\n",
                 "p.ini:2: [burst] window: \"169h\" is out of range; 1s to 168h are allowed.");
    check_errors("[action]\non_burst = path\n",
                 "p.ini:2: [action] on_burst: \"path\" is not a word that is known here; ask, "
                 "patch and notify are allowed; did you mean \"patch\"?");
    /* What is shown of a long value is not cut within a character. */
    check_errors("[action]\non_burst = "
                 "12345678901234567890123456789012345678901234567890123456789\xe2\x82\xac\n",
                 "p.ini:2: [action] on_burst: "
                 "\"12345678901234567890123456789012345678901234567890123456789...\" is not a word "
                 "that is known here; ask, patch and notify are allowed.");
    check_errors("[reboot]\nprompt = 1\n",
                 "p.ini:2: [reboot] prompt: \"1\" is not a word that is known here; no and yes are "
                 "allowed.");
    check_errors("[burst]\nevents =\n[log]\nlevel = \n",
                 "p.ini:2: [burst] events: there is no value; 2 to 1000 are allowed.\n"
                 "p.ini:4: [log] level: there is no value; error, warning, info and debug are "
                 "allowed.");
    check_errors("[paths]\ndata = data\n",
                 "p.ini:2: [paths] data: \"data\" is not an absolute path; one begins with /, with "
                 "a drive such as C:\\ or with \\\\SERVER, and variables are not replaced.");
    check_errors("[log]\nfile = %TEMP%\\a.log\n",
                 "p.ini:2: [log] file: \"%TEMP%\\a.log\" is not an absolute path; one begins with "
                 "/, with a drive such as C:\\ or with \\\\SERVER, and variables are not "
                 "replaced.");
}

static void unknown_names_get_the_nearest(void)
{
    check_errors("[burst]\nevnets = 3\n",
                 "p.ini:2: [burst] evnets: unknown key; did you mean \"events\"? Known here: "
                 "events, window, cooldown.");
    check_errors("[burst]\nmax = 3\n", "p.ini:2: [burst] max: unknown key; it belongs in [limit]. "
                                       "Known here: events, window, cooldown.");
    check_errors("[limit]\nzzzzzzzz = 3\n",
                 "p.ini:2: [limit] zzzzzzzz: unknown key. Known here: half_open, max.");
    check_errors(
        "[brust]\nevents = what\n[bursts]\n[zzzzzz]\n[]\n",
        "p.ini:1: \"brust\": unknown section; did you mean [burst]? Known are [limit], "
        "[burst], [action], [programs], [reboot], [log], [paths].\n"
        "p.ini:3: \"bursts\": unknown section; did you mean [burst]? Known are [limit], "
        "[burst], [action], [programs], [reboot], [log], [paths].\n"
        "p.ini:4: \"zzzzzz\": unknown section. Known are [limit], [burst], [action], "
        "[programs], [reboot], [log], [paths].\n"
        "p.ini:5: \"\": unknown section. Known are [limit], [burst], [action], [programs], "
        "[reboot], [log], [paths].");
    /* inih would cut the section's name after 49 characters. */
    check_errors("[limitlimitlimitlimitlimitlimitlimitlimitlimitlimitlimitlimitlimitlimit]\n",
                 "p.ini:1: \"limitlimitlimitlimitlimitlimitlimitlimitlimitlimitlimitlimit...\": "
                 "unknown section. Known are [limit], [burst], [action], [programs], [reboot], "
                 "[log], [paths].");
}

static void a_key_is_set_once(void)
{
    check_errors("[burst]\nevents = 3\n[limit]\n[burst]\nEVENTS = 4\n",
                 "p.ini:5: [burst] events: set a second time; line 2 has set it already.");
}

/* What inih would take without a word. */
static void malformed_lines_are_refused(void)
{
    check_errors("events = 3\n", "p.ini:1: \"events = 3\": a key has to stand in a section; write "
                                 "[SECTION] above it.");
    check_errors("[burst] events\n",
                 "p.ini:1: \"[burst] events\": nothing may stand behind the \"]\" of a section.");
    check_errors("[burst]; text\n",
                 "p.ini:1: \"[burst]; text\": nothing may stand behind the \"]\" of a section.");
    check_errors("[burst\nevents = 1\n",
                 "p.ini:1: \"[burst\": the \"]\" behind the section's name is missing.");
    check_errors("[burst]\nevents 3\n",
                 "p.ini:2: \"events 3\": there is no \"=\" in this line; write KEY = VALUE. Only "
                 "the list [programs] expected may go on in further lines, which are indented.");
    check_errors("[burst]\nevents: 3\nwindow: a=b\n",
                 "p.ini:2: \"events: 3\": write \"=\" between key and value, not \":\".\n"
                 "p.ini:3: \"window: a=b\": write \"=\" between key and value, not \":\".");
    check_errors("[burst]\n= 3\n", "p.ini:2: \"= 3\": there is no key before the \"=\".");
    check_errors("[burst]\nevents = 3\n   5\n",
                 "p.ini:3: \"5\": there is no \"=\" in this line; write KEY = VALUE. Only the list "
                 "[programs] expected may go on in further lines, which are indented.");
    check_errors("[burst]\nevents = 3 ; three\n[paths]\ndata = /var/x #y\n",
                 "p.ini:2: \"events = 3 ; three\": a comment has to stand on a line of its own; "
                 "\";\" and \"#\" behind a blank are no part of a value.\n"
                 "p.ini:4: \"data = /var/x #y\": a comment has to stand on a line of its own; "
                 "\";\" and \"#\" behind a blank are no part of a value.");
    check_errors("[paths]\ndata = \"/var/x\"\n",
                 "p.ini:2: \"data = \"/var/x\"\": write the value without quotation marks.");
}

static void lists_are_checked(void)
{
    check_errors("[programs]\nexpected = a.exe;b.exe, , bin/c, *\\d, ?:\\e\n",
                 "p.ini:2: [programs] expected: \"a.exe;b.exe\" is no name of a program; names are "
                 "separated by commas, and hold no \";\" or \"=\".\n"
                 "p.ini:2: [programs] expected: \"\" is an empty name; there is a comma too many.\n"
                 "p.ini:2: [programs] expected: \"bin/c\" is neither a file name nor an absolute "
                 "path.");
    check_errors(
        "[programs]\n\texpected\t=\ta\tb,\tc\n[paths]\ndata = /a\tb\n",
        "p.ini:2: [programs] expected: \"a\\x09b\" holds a tab, which is no part of a name; "
        "write a blank for it.\n"
        "p.ini:4: [paths] data: \"/a\\x09b\" holds a tab, which is no part of a name; write "
        "a blank for it.");
    /* In a line of its own, as the policy is printed, such a name would be something else. */
    check_errors("[programs]\nexpected = a.exe,[b].exe,#c.exe\n",
                 "p.ini:2: [programs] expected: \"[b].exe\" begins as a section or a comment does; "
                 "write \"?\" for its first character.\n"
                 "p.ini:2: [programs] expected: \"#c.exe\" begins as a section or a comment does; "
                 "write \"?\" for its first character.");
    /* The lines that go on with a wrong one are not errors of their own. */
    check_errors("[programs]\nexpected = a ; b\n  c\n",
                 "p.ini:2: \"expected = a ; b\": a comment has to stand on a line of its own; "
                 "\";\" and \"#\" behind a blank are no part of a value.");
    check_errors("[programs]\nexpected = a,\n  b ; c\n  d\n",
                 "p.ini:3: \"b ; c\": a comment has to stand on a line of its own; \";\" and \"#\" "
                 "behind a blank are no part of a value.");
    check_errors("[burst]\nexpected = a,\n  b\n",
                 "p.ini:2: [burst] expected: unknown key; it belongs in [programs]. Known here: "
                 "events, window, cooldown.");

    struct buf text = BUF_INIT;
    buf_add_text(&text, "[programs]\nexpected =\n");
    for (unsigned i = 0; i < POLICY_PROGRAMS_MAX; i++) {
        buf_printf(&text, "  p%u,\n", i);
    }
    struct policy policy = parsed(buf_text(&text));
    CHECK_NUMBER(policy.expected.count, POLICY_PROGRAMS_MAX);
    policy_free(&policy);
    buf_add_text(&text, "  last, and\n");
    check_errors(buf_text(&text), "p.ini:259: [programs] expected: \"last\" is one name too many; "
                                  "256 are allowed.");
    buf_free(&text);
}

static void files_that_are_no_text_are_refused(void)
{
    char *errors = errors_in("[burst]\nevents = 3\0\n", 20);
    CHECK_TEXT(errors, "p.ini:2: this line holds the control character 0x00, which is no part of "
                       "a text.");
    free(errors);
    check_errors("[paths]\n  data = /caf\xe9\n",
                 "p.ini:2: this line is not UTF-8; save the file with that encoding (Notepad: Save "
                 "As, Encoding).");
    check_errors("[paths]\r\rdata = /x\x1b[2J\n",
                 "p.ini:1: this line holds the control character 0x0d, which is no part of a "
                 "text.");
    check_errors("; \xe2\x80\x8f a comment\n[programs]\nexpected = a\xe2\x80\xae"
                 "b, c\n  d\n",
                 "p.ini:3: this line holds the invisible character U+202E, which changes how a "
                 "text looks; write ? for it in a program's name.");
    check_errors("\xff\xfe[\0", "p.ini: this file is UTF-16 (Notepad calls it Unicode); save it as "
                                "UTF-8.");
    check_errors("\xfe\xff", "p.ini: this file is UTF-16 (Notepad calls it Unicode); save it as "
                             "UTF-8.");
    char *text = calloc(1, POLICY_FILE_MAX + 1);
    CHECK(text != NULL);
    errors = errors_in(text, POLICY_FILE_MAX + 1);
    CHECK_TEXT(errors, "p.ini: this file is too long for a policy; 262144 bytes are allowed.");
    free(errors);
    free(text);
}

/* A line that inih would cut is refused; a comment may be as long as it likes. */
static void long_lines_are_refused(void)
{
    struct buf text = BUF_INIT;
    buf_add_text(&text, "; ");
    for (int i = 0; i < 5000; i++) {
        buf_add_char(&text, 'x');
    }
    buf_add_text(&text, "\n[log]\nlevel = debug\n[paths]\ndata = /");
    for (int i = 0; i < 20000; i++) {
        buf_add_char(&text, 'd');
    }
    buf_add_text(&text, "\n[programs]\nexpected = a,");
    for (int i = 0; i < 20000; i++) {
        buf_add_char(&text, 'p');
    }
    buf_add_text(&text, "\n  b\n");
    char *errors = errors_in(buf_text(&text), text.len);
    CHECK(strstr(errors, "p.ini:5: this line has 20008 characters, and ") == errors);
    CHECK(strstr(errors, "\np.ini:7: this line has 20013 characters, and ") != NULL);
    CHECK(strchr(strchr(errors, '\n') + 1, '\n') == NULL);
    free(errors);
    buf_free(&text);
}

/* The longest line that is promised: a Windows path of 160 characters. */
static void usual_paths_fit(void)
{
    struct buf text = BUF_INIT;
    buf_add_text(&text, "[paths]\ndata = C:\\");
    for (int i = 0; i < 157; i++) {
        buf_add_char(&text, 'd');
    }
    struct policy policy = parsed(buf_text(&text));
    CHECK_NUMBER(strlen(policy.data), 160);
    policy_free(&policy);
    buf_free(&text);
}

static void two_limits_have_to_go_together(void)
{
    check_errors("[burst]\n[limit]\nmax = 500\nhalf_open = 501\n",
                 "p.ini:4: [limit] half_open: half_open, which is 501, is above max, which is 500; "
                 "lower half_open or raise max.");
    check_errors("[limit]\nhalf_open = 1001\n",
                 "p.ini:2: [limit] half_open: half_open, which is 1001, is above max, which is "
                 "1000 by default; lower half_open or raise max.");
    check_errors("[limit]\n\nmax = 50\n",
                 "p.ini:3: [limit] max: half_open, which is 100 by default, is above max, which is "
                 "50; lower half_open or raise max.");
}

static void errors_are_kept_up_to_a_bound(void)
{
    struct policy policy = {0};
    struct policy_errors errors = POLICY_ERRORS_INIT;
    struct buf text = BUF_INIT;
    CHECK(policy_defaults(&policy));
    buf_add_text(&text, "[burst]\n");
    for (int i = 0; i < 100; i++) {
        buf_printf(&text, "wrong%d = 1\n", i);
    }
    CHECK(!policy_parse(buf_text(&text), text.len,
                        "a\x1b"
                        "b",
                        &policy, &errors));
    CHECK_NUMBER(errors.count, POLICY_ERRORS_MAX);
    CHECK_NUMBER(errors.more, 100 - POLICY_ERRORS_MAX);
    CHECK_NUMBER(errors.items[0].line, 2);
    CHECK_NUMBER(errors.items[POLICY_ERRORS_MAX - 1].line, POLICY_ERRORS_MAX + 1);
    CHECK(strstr(errors.items[0].text, "a\\x1bb:2: ") == errors.items[0].text);
    /* The list is emptied when it is used again. */
    CHECK(policy_parse("", 0, "p.ini", &policy, &errors));
    CHECK_NUMBER(errors.count, 0);
    CHECK_NUMBER(errors.more, 0);
    policy_errors_free(&errors);
    policy_free(&policy);
    buf_free(&text);
}

/* Cut at every place, and with every byte replaced, the shipped file is read or refused; nothing
 * else happens (this runs under the sanitizers). */
static void damaged_files_do_no_harm(void)
{
    char *text = whole_file(SHIPPED);
    size_t length = strlen(text);
    struct policy policy = {0};
    struct policy_errors errors = POLICY_ERRORS_INIT;
    unsigned refused = 0;
    CHECK(policy_defaults(&policy));
    for (size_t i = 0; i < length; i++) {
        static const char replacements[] = {'\0', '\n', '=', '[', ']', ' ', ';', '\xff'};
        refused += policy_parse(text, i, "p.ini", &policy, &errors) ? 0 : 1;
        char byte = text[i];
        text[i] = replacements[i % sizeof replacements];
        refused += policy_parse(text, length, "p.ini", &policy, &errors) ? 0 : 1;
        text[i] = byte;
    }
    CHECK(refused > 100);
    CHECK_NUMBER(policy.max, 1000);
    policy_errors_free(&errors);
    policy_free(&policy);
    free(text);
}

static void the_shipped_file_agrees_with_the_table(void)
{
    char *text = whole_file(SHIPPED);
    struct policy shipped = parsed(text);
    struct policy defaults = parsed("");
    struct buf differences = BUF_INIT;
    CHECK_NUMBER(policy_differences(&defaults, &shipped, &differences), 0);
    CHECK_TEXT(buf_text(&differences), "");
    const char *place = text;
    for (unsigned key = 0; key < POLICY_KEYS; key++) {
        const struct policy_row *row = &policy_rows[key];
        struct buf block = BUF_INIT;
        if (key == 0 || strcmp(row->section, policy_rows[key - 1].section) != 0) {
            buf_printf(&block, "\n[%s]", row->section);
        }
        buf_add_char(&block, '\n');
        policy_describe((enum policy_key)key, &block);
        buf_printf(&block, "%s =%s%s\n", row->name, row->default_value[0] != '\0' ? " " : "",
                   row->default_value);
        const char *found = strstr(place, buf_text(&block));
        CHECK_TEXT(found != NULL ? NULL : buf_text(&block), NULL);
        place = found != NULL ? found + block.len : place;
        CHECK(shipped.lines[key] > 0);
        buf_free(&block);
    }
    CHECK_TEXT(place, "");
    policy_free(&shipped);
    policy_free(&defaults);
    free(text);
}

/* The manual page names every key with its range and default, and its examples can be used. */
static void the_manual_page_agrees_with_the_table(void)
{
    char *text = whole_file(MANUAL);
    for (unsigned key = 0; key < POLICY_KEYS; key++) {
        const struct policy_row *row = &policy_rows[key];
        struct buf expected = BUF_INIT;
        buf_printf(&expected, "\n.It Cm %s Pq ", row->name);
        if (row->kind <= POLICY_DURATION) {
            policy_add_allowed(&expected, row);
            expected.len -= strlen(" are allowed");
            buf_printf(&expected, "; default %s\n", row->default_value);
        }
        CHECK_TEXT(strstr(text, buf_text(&expected)) != NULL ? NULL : buf_text(&expected), NULL);
        buf_free(&expected);
    }
    const char *place = strstr(text, ".Sh EXAMPLES");
    unsigned examples = 0;
    place = place != NULL ? place : "";
    while ((place = strstr(place, ".Bd -literal -offset indent\n[")) != NULL) {
        struct buf example = BUF_INIT;
        place = strchr(place, '\n') + 1;
        for (; strncmp(place, ".Ed", 3) != 0; place++) {
            buf_add_char(&example, *place);
            place += *place == '\\' ? 1 : 0; /* "\e" is a backslash */
        }
        struct policy policy = parsed(buf_text(&example));
        CHECK(policy.expected.count > 1);
        policy_free(&policy);
        buf_free(&example);
        examples++;
    }
    CHECK_NUMBER(examples, 2);
    free(text);
}

static void differences_are_sentences(void)
{
    struct policy before = parsed("[programs]\nexpected = a\n[burst]\nwindow = 2m\n");
    struct policy after = parsed("[limit]\nhalf_open = 200\n[programs]\nexpected = a, b\n"
                                 "[burst]\nwindow = 120s\ncooldown = 90m\n[log]\nfile = /x\n"
                                 "[reboot]\nprompt = no\n");
    struct buf out = BUF_INIT;
    CHECK_NUMBER(policy_differences(&before, &after, &out), 5);
    CHECK_TEXT(buf_text(&out), "[limit] half_open was 100, is now 200.\n"
                               "[burst] cooldown was 24h, is now 90m.\n"
                               "[programs] expected was a, is now a, b.\n"
                               "[reboot] prompt was yes, is now no.\n"
                               "[log] file was empty, is now /x.\n");
    buf_free(&out);
    policy_free(&before);
    policy_free(&after);
}

static void the_policy_in_force_can_be_printed_and_read_back(void)
{
    struct policy policy = parsed("[limit]\nhalf_open = 200\n[programs]\nexpected = a, /b/c\n"
                                  "[burst]\nwindow = 90s\n[reboot]\ngrace = 1m\n");
    struct buf out = BUF_INIT;
    policy_print(&policy, "/etc/p.ini", &out);
    CHECK_TEXT(buf_text(&out),
               "[limit]\n; /etc/p.ini, line 2\nhalf_open = 200\n; default\nmax = 1000\n\n"
               "[burst]\n; default\nevents = 3\n; /etc/p.ini, line 6\nwindow = 90s\n; default\n"
               "cooldown = 24h\n\n"
               "[action]\n; default\non_burst = ask\n\n"
               "[programs]\n; /etc/p.ini, line 4\nexpected = a,\n    /b/c\n; default\n"
               "on_unexpected = ask\n\n"
               "[reboot]\n; default\nprompt = yes\n; default\nremind = 30m\n"
               "; /etc/p.ini, line 8\ngrace = 60s\n\n"
               "[log]\n; default\nfile =\n; default\nlevel = info\n\n"
               "[paths]\n; default\ndata =\n");
    struct policy again = parsed(buf_text(&out));
    struct buf differences = BUF_INIT;
    CHECK_NUMBER(policy_differences(&policy, &again, &differences), 0);
    buf_free(&out);
    policy_free(&policy);
    policy_free(&again);
    CHECK_TEXT(policy_key_section(POLICY_BURST_WINDOW), "burst");
    CHECK_TEXT(policy_key_name(POLICY_BURST_WINDOW), "window");
}

static void programs_are_matched(void)
{
    static const struct {
        const char *list;
        const char *path;
        bool expected;
    } cases[] = {
        {"", "C:\\anything.exe", true},
        {"nmap.exe", "C:\\Program Files\\Nmap\\NMAP.EXE", true},
        {"nmap.exe", "nmap.exe", true},
        {"nmap.exe", "C:\\nmap.exe\\worm.exe", false},
        {"nmap", "/usr/bin/nmap", true},
        {"nmap", "/usr/bin/nmap2", false},
        {"nmap2", "/usr/bin/nmap", false},
        {"C:\\Nagios\\bin\\check.exe", "c:/nagios/BIN/check.exe", true},
        {"C:\\Nagios\\bin\\check.exe", "D:\\Nagios\\bin\\check.exe", false},
        {"C:\\Nagios\\*", "C:\\Nagios\\bin\\check.exe", true},
        {"C:\\Nagios\\*", "C:\\Nagios2\\bin\\check.exe", false},
        {"*\\nagios\\*.exe", "C:\\Nagios\\bin\\check.exe", true},
        {"check_*", "/usr/lib/check_tcp", true},
        {"check_*", "/usr/lib/check_", true},
        {"*a*b*c", "/x/aXbXbXc", true},
        {"*a*b*c", "/x/aXbXbXcX", false},
        {"check?", "/usr/lib/check", false},
        {"caf?.exe", "C:\\caf\xc3\xa9.exe", true},
        {"caf?.exe", "C:\\cafe\xcc\x81.exe", false},
        {"x, y", "/bin/y", true},
        {"x, y", "", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *text = text_printf("[programs]\nexpected = %s\n", cases[i].list);
        struct policy policy = parsed(text);
        CHECK_TEXT(policy_expects(&policy, cases[i].path) == cases[i].expected ? NULL : text, NULL);
        policy_free(&policy);
        free(text);
    }
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"defaults are those of the design", defaults_are_those_of_the_design},
        {"every key is read", every_key_is_read},
        {"ranges end where they say", ranges_end_where_they_say},
        {"wrong values say what is allowed", wrong_values_say_what_is_allowed},
        {"unknown names get the nearest", unknown_names_get_the_nearest},
        {"a key is set once", a_key_is_set_once},
        {"malformed lines are refused", malformed_lines_are_refused},
        {"lists are checked", lists_are_checked},
        {"files that are no text are refused", files_that_are_no_text_are_refused},
        {"long lines are refused", long_lines_are_refused},
        {"usual paths fit", usual_paths_fit},
        {"two limits have to go together", two_limits_have_to_go_together},
        {"errors are kept up to a bound", errors_are_kept_up_to_a_bound},
        {"damaged files do no harm", damaged_files_do_no_harm},
        {"the shipped file agrees with the table", the_shipped_file_agrees_with_the_table},
        {"the manual page agrees with the table", the_manual_page_agrees_with_the_table},
        {"differences are sentences", differences_are_sentences},
        {"the policy in force can be printed and read back",
         the_policy_in_force_can_be_printed_and_read_back},
        {"programs are matched", programs_are_matched},
    };
    return RUN_SUITE("policy", cases);
}
