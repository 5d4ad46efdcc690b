/* Which way a live log is read: as a channel where this Windows has them, else the classic way. */
#include "live_win32.h"

#include "wide_win32.h"

#include "base/utf.h"

#include <stdlib.h>
#include <string.h>

static bool has_channel_prefix(const char *spec)
{
    return strncmp(spec, LIVE_PREFIX, sizeof LIVE_PREFIX - 1) == 0;
}

/* The name of the channel in a SPEC; NULL when it names none. */
static const char *name_in(const char *spec)
{
    if (strcmp(spec, "system") == 0) {
        return "System";
    }
    const char *name = has_channel_prefix(spec) ? spec + sizeof LIVE_PREFIX - 1 : "";
    return name[0] != '\0' ? name : NULL;
}

/* "the channel X" and "The channel X", in one piece of memory. */
static bool make_names(struct source *out, const char *name, bool is_system)
{
    const char *before = is_system ? "" : "channel ";
    const char *called = is_system ? "System log" : name;
    struct buf names = BUF_INIT;
    buf_printf(&names, "the %s%s", before, called);
    buf_add_char(&names, '\0');
    size_t title = names.len;
    buf_printf(&names, "The %s%s", before, called);
    if (names.failed) {
        buf_free(&names);
        return false;
    }
    out->names = names.data;
    out->path = out->names;
    out->title = out->names + title;
    return true;
}

static struct live *open_channel_or_log(const char *spec, const char *name, bool *no_channels)
{
    struct late_wevtapi calls;
    struct live *live = NULL;
    bool has_channels = late_load_wevtapi(&calls);
    bool classic = !has_channels && !has_channel_prefix(spec);
    *no_channels = !has_channels && !classic;
    wchar_t *wide = wide_from_utf8(name);
    if (wide != NULL && classic) {
        live = classic_new(&classic_native, wide);
    } else if (wide != NULL && has_channels) {
        live = channel_new(&calls, wide);
    }
    free(wide);
    return live;
}

bool live_open(const char *spec, struct source *out, struct buf *why)
{
    const char *name = name_in(spec);
    if (name == NULL) {
        buf_add_text(why, "The source \"");
        add_printable(why, spec);
        buf_add_text(why, "\" was read; expected is system (the System log of this computer), "
                          "channel:NAME, or file:PATH, the path of an .evt, .evtx or event XML "
                          "file.");
        return false;
    }
    bool is_system = same_text_nocase(name, "System");
    bool no_channels = false;
    out->live = open_channel_or_log(spec, name, &no_channels);
    if (out->live != NULL && make_names(out, name, is_system)) {
        out->live->is_system = is_system;
        return true;
    }
    if (no_channels) {
        buf_add_text(why, "This Windows has no channels, as Vista and later have; its System log "
                          "is watched with --source system.");
    } else {
        buf_add_text(why, "Out of memory.");
    }
    return false;
}

const char *source_default(void)
{
    return "system";
}
