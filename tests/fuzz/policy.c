#include "fuzz.h"

#include "policy.h"

#include <stdlib.h>
#include <string.h>

static const char name[] = "fuzz.ini";

static void check_errors(const struct policy_errors *errors)
{
    FUZZ_REQUIRE(errors->count > 0 && errors->count <= POLICY_ERRORS_MAX && !errors->no_memory,
                 "a policy is refused with a reason");
    FUZZ_REQUIRE(errors->more == 0 || errors->count == POLICY_ERRORS_MAX,
                 "errors are only counted when there are too many");
    for (size_t i = 0; i < errors->count; i++) {
        const char *text = errors->items[i].text;
        FUZZ_REQUIRE(strncmp(text, name, sizeof name - 1) == 0, "an error names the file");
        FUZZ_REQUIRE(fuzz_is_printable(text, strlen(text)), "an error can be printed");
        FUZZ_REQUIRE(i == 0 || errors->items[i - 1].line <= errors->items[i].line,
                     "errors come in the order of their lines");
    }
}

/* Printed, an accepted policy reads back as the same one, and is then printed the same way. */
static void check_accepted(const struct policy *policy)
{
    struct buf printed = BUF_INIT;
    struct buf differences = BUF_INIT;
    struct policy back;
    struct policy_errors errors = POLICY_ERRORS_INIT;
    FUZZ_REQUIRE(policy_defaults(&back), "memory is out");
    FUZZ_REQUIRE(policy->half_open <= policy->max && policy->events >= 2 &&
                     policy->expected.count <= POLICY_PROGRAMS_MAX,
                 "an accepted policy keeps to its limits");
    policy_print(policy, name, &printed);
    FUZZ_REQUIRE(policy_parse(buf_text(&printed), printed.len, name, &back, &errors),
                 "a printed policy is accepted: %s",
                 errors.count > 0 ? errors.items[0].text : "no reason");
    FUZZ_REQUIRE(policy_differences(policy, &back, &differences) == 0,
                 "a printed policy reads back as the same: %s", buf_text(&differences));
    for (size_t i = 0; i < policy->expected.count; i++) {
        FUZZ_REQUIRE(strpbrk(policy->expected.names[i], "*?") != NULL ||
                         policy_expects(policy, policy->expected.names[i]),
                     "a program on the list is expected");
    }
    (void)policy_expects(policy, "C:\\Program Files\\monitor.exe");
    policy_errors_free(&errors);
    policy_free(&back);
    buf_free(&differences);
    buf_free(&printed);
}

void fuzz_policy(const uint8_t *data, size_t size)
{
    struct policy policy;
    struct policy_errors errors = POLICY_ERRORS_INIT;
    char *text = fuzz_copy(data, size, false);
    FUZZ_REQUIRE(policy_defaults(&policy), "memory is out");
    uint32_t half_open = policy.half_open;
    if (policy_parse(text, size, name, &policy, &errors)) {
        FUZZ_REQUIRE(errors.count == 0, "an accepted policy has no errors");
        check_accepted(&policy);
    } else {
        FUZZ_REQUIRE(policy.half_open == half_open && policy.expected.count == 0,
                     "a refused policy changes nothing");
        check_errors(&errors);
    }
    policy_errors_free(&errors);
    policy_free(&policy);
    free(text);
}
