/* There is no live event log here. */
#include "live.h"

#include "base/utf.h"

#include <string.h>

bool live_open(const char *spec, struct source *out, struct buf *why)
{
    (void)out;
    buf_add_text(why, "The source \"");
    add_printable(why, spec);
    if (strcmp(spec, "system") == 0 || strncmp(spec, LIVE_PREFIX, sizeof LIVE_PREFIX - 1) == 0) {
        buf_add_text(why, "\" is a live event log, which only Windows has: give file:PATH, the "
                          "path of an .evt, .evtx or event XML file.");
    } else {
        buf_add_text(why, "\" was read; expected is file:PATH, the path of an .evt, .evtx or event "
                          "XML file.");
    }
    return false;
}

const char *source_default(void)
{
    return NULL;
}
