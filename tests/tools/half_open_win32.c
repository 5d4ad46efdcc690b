/* Holds half-open connections for a test, in a network of the test's own. See usage(). */
#include <winsock2.h>

#include <windows.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SOCKETS_MOST = 64, BAD = 3 };

static int usage(void)
{
    (void)fputs("usage: half_open_win32 LOCAL ADDRESS PORT [ADDRESS PORT]...\n"
                "\n"
                "Begins a connection from LOCAL to each ADDRESS, says how many are on their way,\n"
                "and holds them until its standard input ends. LOCAL is an address that only the\n"
                "test's own network has: where nobody has it, nothing is sent.\n",
                stderr);
    return 2;
}

union address {
    struct sockaddr any;
    struct sockaddr_in ipv4;
    SOCKADDR_STORAGE room;
};

/* The length of the address; 0 when the text is none. */
static int parse(const char *text, const char *port, union address *out)
{
    int family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET;
    int length = (int)sizeof *out;
    char copy[64];
    (void)snprintf(copy, sizeof copy, "%s", text);
    memset(out, 0, sizeof *out);
    if (WSAStringToAddressA(copy, family, NULL, &out->any, &length) != 0) {
        return 0;
    }
    out->ipv4.sin_port = htons((u_short)strtoul(port, NULL, 10)); /* the same place in IPv6 */
    return length;
}

static int complain(const char *what, const char *address)
{
    (void)fprintf(stderr, "half_open_win32: %s %s: error %d\n", what, address, WSAGetLastError());
    return BAD;
}

/* Begins one connection. The socket stays open until the program ends. */
static int begin(const char *local, const char *address, const char *port)
{
    union address from;
    union address to;
    u_long on = 1;
    int from_length = parse(local, "0", &from);
    int to_length = parse(address, port, &to);
    if (from_length == 0 || to_length == 0) {
        return complain("no address:", from_length == 0 ? local : address);
    }
    SOCKET s = socket(from.any.sa_family, SOCK_STREAM, IPPROTO_TCP);
    if (s == INVALID_SOCKET || bind(s, &from.any, from_length) != 0) {
        return complain("cannot send from", local);
    }
    if (ioctlsocket(s, (long)FIONBIO, &on) != 0 || connect(s, &to.any, to_length) == 0 ||
        WSAGetLastError() != WSAEWOULDBLOCK) {
        return complain("is not on its way to", address);
    }
    /* Sends nothing, and cannot. Wine says who holds a connection by the descriptors that a process
     * has, and gets one for this. */
    (void)send(s, "", 1, 0);
    return 0;
}

int main(int argc, char **argv)
{
    WSADATA data;
    int status = 0;
    if (argc < 4 || argc % 2 != 0 || argc > 2 * SOCKETS_MOST) {
        return usage();
    }
    if (WSAStartup(MAKEWORD(2, 2), &data) != 0) {
        return complain("no sockets", "");
    }
    for (int i = 2; i < argc && status == 0; i += 2) {
        status = begin(argv[1], argv[i], argv[i + 1]);
    }
    if (status == 0) {
        printf("%d on their way\n", (argc - 2) / 2);
        (void)fflush(stdout);
        while (getchar() != EOF) {
        }
    }
    return status;
}
