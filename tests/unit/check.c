#include "check.h"

#include <CUnit/Basic.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool check_number(uint64_t got, uint64_t expected, const char *what, const char *file,
                  unsigned line)
{
    if (got == expected) {
        return true;
    }
    printf("\n%s:%u: %s is %" PRIu64 " (0x%" PRIx64 "), expected %" PRIu64 " (0x%" PRIx64 ")", file,
           line, what, got, got, expected, expected);
    return false;
}

bool check_text(const char *got, const char *expected, const char *what, const char *file,
                unsigned line)
{
    if (got == expected || (got != NULL && expected != NULL && strcmp(got, expected) == 0)) {
        return true;
    }
    printf("\n%s:%u: %s is\n    \"%s\", expected\n    \"%s\"", file, line, what,
           got != NULL ? got : "(null)", expected != NULL ? expected : "(null)");
    return false;
}

int run_suite(const char *name, const struct unit_case *cases, size_t count)
{
    const char *figures = getenv("TCPIPWATCH_FIGURES");
    if (figures != NULL) {
        (void)remove(figures); /* those of the last run */
    }
    int result = 1;
    if (CU_initialize_registry() != CUE_SUCCESS) {
        return 1;
    }
    CU_pSuite suite = CU_add_suite(name, NULL, NULL);
    for (size_t i = 0; suite != NULL && i < count; i++) {
        if (CU_add_test(suite, cases[i].name, cases[i].run) == NULL) {
            suite = NULL;
        }
    }
    if (suite != NULL) {
        CU_basic_set_mode(CU_BRM_VERBOSE);
        if (CU_basic_run_tests() == CUE_SUCCESS && CU_get_number_of_tests_failed() == 0 &&
            CU_get_number_of_asserts() > 0) {
            result = 0;
        }
    }
    CU_cleanup_registry();
    return result;
}
