#include "clock.h"

#include "base/wintime.h"

#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

uint64_t clock_now(void)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_REALTIME, &now);
    return wintime_from_unix((uint64_t)now.tv_sec) + (uint64_t)now.tv_nsec / 100;
}

bool boot_identity(char out[BOOT_IDENTITY_SIZE])
{
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    ssize_t got = read(fd, out, BOOT_IDENTITY_SIZE - 1);
    close(fd);
    out[got > 0 ? got : 0] = '\0';
    out[strcspn(out, "\n")] = '\0';
    return out[0] != '\0';
}
