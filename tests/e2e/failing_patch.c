/* Stands for tcpippatch.exe where installer.sh needs one that fails: the limit is changed, and
 * cannot be restored. Where a file "interrupted" lies beside it, it finds interrupted work, and
 * cannot recover. */
#include <stdio.h>
#include <string.h>

static int interrupted(const char *program)
{
    char path[1024];
    const char *end = strrchr(program, '\\');
    int length = end != NULL ? (int)(end - program) + 1 : 0;
    snprintf(path, sizeof path, "%.*sinterrupted", length, program);
    FILE *mark = fopen(path, "r");
    if (mark == NULL) {
        return 0;
    }
    fclose(mark);
    return 1;
}

int main(int argc, char **argv)
{
    if (argc < 2 || strcmp(argv[1], "status") != 0) {
        return 1;
    }
    puts("{\"path\":\"tcpip.sys\",\"status\":\"patched\",\"limit\":100}");
    return interrupted(argv[0]) ? 4 : 0;
}
