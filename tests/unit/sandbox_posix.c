#include "sandbox.h"

#include <unistd.h>

void sandbox_remove_directory(const char *path)
{
    (void)rmdir(path);
}
