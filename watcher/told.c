#include "told.h"

#include <jansson.h>

static void take(const json_t *line, const char *name, struct buf *out)
{
    const char *text = json_string_value(json_object_get(line, name));
    if (text != NULL) {
        buf_add_text(out, text);
    }
}

bool told_read(const char *line, size_t length, struct told *out)
{
    json_t *object = json_loadb(line, length, 0, NULL);
    *out = TOLD_INIT;
    take(object, "program", &out->program);
    take(object, "action", &out->action);
    take(object, "level", &out->level);
    take(object, "text", &out->text);
    bool good = json_is_object(object) && !out->program.failed && !out->action.failed &&
                !out->level.failed && !out->text.failed;
    json_decref(object);
    return good;
}

void told_free(struct told *told)
{
    buf_free(&told->program);
    buf_free(&told->action);
    buf_free(&told->level);
    buf_free(&told->text);
}
