#include "keyfile_frame.h"

void keyfile_frame(struct buf *out, const char *kind, const void *lines, size_t size)
{
    keyfile_start(out, kind, 1);
    buf_add(out, lines, size);
    if (size > 0 && out->data[out->len - 1] != '\n') {
        buf_add_char(out, '\n');
    }
    keyfile_finish(out);
}
