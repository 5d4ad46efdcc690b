#include "source.h"

static size_t read_file_at(void *context, uint64_t offset, void *buffer, size_t size)
{
    struct source_file *file = context;
    size_t got = 0;
    enum os_status status = file->os->read_at(file->os, file->file, offset, buffer, size, &got);
    if (file->status == OS_OK) {
        file->status = status;
    }
    if (status == OS_OK && got < size && offset <= file->size && size <= file->size - offset) {
        file->shrunk = true;
    }
    return got;
}

enum os_status source_file_open(const struct os *os, const char *path, struct source_file *out,
                                struct log_input *input)
{
    struct os_stat stat;
    *out = (struct source_file){.os = os, .status = OS_OK};
    enum os_status status = os->open(os, path, OS_READ, &out->file);
    if (status != OS_OK) {
        out->file = NULL;
        return status;
    }
    status = os->stat_file(os, out->file, &stat);
    if (status == OS_OK) {
        out->size = stat.size;
        *input = (struct log_input){read_file_at, out, stat.size};
    }
    return status;
}

void source_file_close(struct source_file *file)
{
    if (file->file != NULL) {
        (void)file->os->close(file->os, file->file);
        file->file = NULL;
    }
}
