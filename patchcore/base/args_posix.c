#include "args.h"

#include <stdlib.h>
#include <string.h>

int args_get(int argc, char **argv, char ***out)
{
    char **args = calloc((size_t)argc + 1, sizeof *args);
    if (args == NULL) {
        return -1;
    }
    memcpy(args, argv, (size_t)argc * sizeof *args);
    *out = args;
    return argc;
}

void args_free(char **args)
{
    free(args);
}
