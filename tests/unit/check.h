/* What every CUnit program here shares: a table of tests, and checks that print both values.
 *
 * The checks stay on in every kind of build; a failed one is reported by CUnit with its line.
 */
#ifndef TESTS_UNIT_CHECK_H
#define TESTS_UNIT_CHECK_H

#include <CUnit/CUnit.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct unit_case {
    const char *name;
    void (*run)(void);
};

/* Runs one suite and returns what main() returns: 0 when every check held and at least one ran. */
int run_suite(const char *name, const struct unit_case *cases, size_t count);

#define RUN_SUITE(name, cases) run_suite(name, cases, sizeof(cases) / sizeof((cases)[0]))

bool check_number(uint64_t got, uint64_t expected, const char *what, const char *file,
                  unsigned line);
bool check_text(const char *got, const char *expected, const char *what, const char *file,
                unsigned line);

#define CHECK(condition) CU_ASSERT(condition)
#define CHECK_NUMBER(got, expected)                                                                \
    CU_ASSERT(check_number((uint64_t)(got), (uint64_t)(expected), #got, __FILE__, __LINE__))
#define CHECK_TEXT(got, expected) CU_ASSERT(check_text(got, expected, #got, __FILE__, __LINE__))

#endif
