#include "wire.h"

#include "confined.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { PATH_SIZE = 64 };

static int make_device(const char *name)
{
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
    int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    (void)snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    if (fd >= 0 && ioctl(fd, TUNSETIFF, &request) != 0) {
        int reason = errno;
        (void)close(fd);
        errno = reason;
        fd = -1;
    }
    return fd;
}

static int open_namespace(const char *process)
{
    char path[PATH_SIZE];
    int length = snprintf(path, sizeof path, "/proc/%s/ns/net", process);
    return length > 0 && (size_t)length < sizeof path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
}

/* Steps into the servers' namespace for as long as it takes. */
static int make_lan_device(const char *servers)
{
    int own = open_namespace("self");
    int other = open_namespace(servers);
    int fd = -1;
    if (own >= 0 && other >= 0 && setns(other, CLONE_NEWNET) == 0) {
        fd = make_device(CONFINED_LAN_DEVICE);
        int reason = errno;
        if (setns(own, CLONE_NEWNET) != 0) {
            reason = errno;
            (void)close(fd);
            fd = -1;
        }
        errno = reason;
    }
    int reason = errno;
    if (own >= 0) {
        (void)close(own);
    }
    if (other >= 0) {
        (void)close(other);
    }
    errno = reason;
    return fd;
}

bool wire_open(struct wire *wire, const char *servers, struct buf *why)
{
    wire->lan = -1;
    wire->host = make_device(CONFINED_HOST_DEVICE);
    if (wire->host >= 0) {
        wire->lan = make_lan_device(servers);
    }
    if (wire->host < 0 || wire->lan < 0) {
        buf_printf(why, "The network device %s cannot be made: %s.",
                   wire->host < 0 ? CONFINED_HOST_DEVICE : CONFINED_LAN_DEVICE, strerror(errno));
    }
    return wire->host >= 0 && wire->lan >= 0;
}

void wire_close(struct wire *wire)
{
    if (wire->host >= 0) {
        (void)close(wire->host);
    }
    if (wire->lan >= 0) {
        (void)close(wire->lan);
    }
    *wire = (struct wire){-1, -1};
}
