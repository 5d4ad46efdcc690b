#include "args.h"

#include <windows.h>

#include <shellapi.h>
#include <stdlib.h>

/* The arguments' texts follow the pointers in one piece of memory. */
int args_get(int argc, char **argv, char ***out)
{
    (void)argc;
    (void)argv;
    int count = 0;
    size_t size = 0;
    char **args = NULL;
    wchar_t **wide = CommandLineToArgvW(GetCommandLineW(), &count);
    if (wide == NULL) {
        return -1;
    }
    size_t pointers = ((size_t)count + 1) * sizeof *args;
    for (int i = 0; i < count; i++) {
        size += (size_t)WideCharToMultiByte(CP_UTF8, 0, wide[i], -1, NULL, 0, NULL, NULL);
    }
    args = calloc(1, pointers + size);
    if (args != NULL) {
        char *text = (char *)args + pointers;
        char *end = text + size;
        for (int i = 0; i < count; i++) {
            args[i] = text;
            text +=
                WideCharToMultiByte(CP_UTF8, 0, wide[i], -1, text, (int)(end - text), NULL, NULL);
        }
    }
    LocalFree((HLOCAL)wide);
    *out = args;
    return args != NULL ? count : -1;
}

void args_free(char **args)
{
    free((void *)args);
}
