/* A file of exported event XML: where its events begin and end. What is between them (roots,
 * declarations, banners) does not matter; xml_event.c decodes the events, many in one go or each by
 * itself. */
#include "decode.h"

#include "part.h"
#include "run.h"
#include "xml_event.h"
#include "xml_text.h"

#include "base/utf.h"

#include <string.h>

enum {
    KNOWN_AFTER = XML_MOST, /* without an event in so many bytes it is no event log */
    STRETCH = 64 * 1024,    /* bytes of events that are decoded in one go */
    MOST_SINGLE = 64,       /* events that are decoded one by one where that went wrong */
};

struct reader {
    struct xml_text text;
    struct xml_decoder *decoder;
    struct log_run run;
    bool growing;
    bool saw_event; /* at least a damaged one, or the root of a log without events */
    bool looking;   /* for the place: nothing is handed out or reported yet */
    const struct log_place *place;
    const struct log_ids *only; /* NULL: every event id */
    bool plain;                 /* each event by itself */
    /* After a stretch with an error in it some events are decoded one by one, each time more. */
    unsigned singles;
    unsigned next_singles;
    size_t dropped; /* bytes of the stretch that the window is behind already */
};

/* ---- the end of an event ---- */

enum extent { WHOLE, CUT, BROKEN, TOO_LONG };

static uint32_t hash_of(const char *name, size_t length)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < length; i++) {
        hash = (hash ^ (uint8_t)name[i]) * 16777619u;
    }
    return hash;
}

/* Names of the open elements, as hashes: libxml2 compares them properly later. */
struct open_elements {
    uint32_t names[XML_DEPTH_MOST];
    size_t count;
};

/* Takes one more piece of markup of an event. Returns NULL, or what is wrong with it. */
static const char *take_tag(const struct xml_text *text, const struct xml_tag *tag,
                            struct open_elements *open)
{
    uint32_t name = 0;
    if (tag->markup == XML_START || tag->markup == XML_END) {
        name = hash_of(xml_text_at(text, tag->name), tag->name_length);
    }
    switch (tag->markup) {
    case XML_START:
        if (open->count == 1 && xml_tag_is(text, tag, "Event")) {
            return "an event without its end tag, where another one begins";
        }
        if (open->count == XML_DEPTH_MOST) {
            return "elements nested deeper than in any event";
        }
        open->names[open->count++] = name;
        return NULL;
    case XML_END:
        if (open->names[--open->count] != name) {
            return "an end tag of another element than the one that is open";
        }
        return NULL;
    case XML_DECLARATION:
        return "an XML declaration inside an event";
    case XML_DOCTYPE:
        return "a document type declaration inside an event";
    case XML_BAD:
        return "a '<' inside an event that begins no markup";
    default:
        return NULL;
    }
}

/* The extent of the event whose start tag is `start`, at the window's beginning. */
static enum extent find_end(struct xml_text *text, const struct xml_tag *start, size_t *end,
                            const char **what)
{
    struct open_elements open = {{0}, 0};
    struct xml_tag tag = *start;
    for (;;) {
        switch (tag.markup) {
        case XML_NOTHING:
        case XML_CUT:
            return CUT;
        case XML_TOO_LONG:
            *what = "an event of more than 1 MiB";
            return TOO_LONG;
        default:
            break;
        }
        *what = take_tag(text, &tag, &open);
        if (*what != NULL) {
            return BROKEN;
        }
        if (open.count == 0) {
            *end = tag.end;
            return WHOLE;
        }
        tag = xml_text_next(text, tag.end);
    }
}

/* ---- one event ---- */

/* NULL when libxml2 shall read UTF-8. */
static const char *encoding_of(const struct xml_text *text)
{
    static const char *const utf[] = {"",         "UTF-8",    "UTF8",   "UTF-16",
                                      "UTF-16LE", "UTF-16BE", "UNICODE"};
    for (size_t i = 0; i < sizeof utf / sizeof utf[0]; i++) {
        if (text->form != XML_BYTES || same_text_nocase(text->encoding, utf[i])) {
            return NULL;
        }
    }
    return text->encoding;
}

static enum xml_verdict decode(struct reader *r, size_t length, struct event *event,
                               const char **what)
{
    return xml_event_decode(r->decoder, xml_text_at(&r->text, 0), length, encoding_of(&r->text),
                            event, what);
}

static void report(struct reader *r, const char *what)
{
    r->saw_event = true;
    if (!r->looking) {
        run_damage(&r->run, r->text.start_offset, "%s", what);
    }
}

/* An event that begins at the window's beginning. False when the sink had enough. */
static bool hand_out(struct reader *r, const struct event *event)
{
    r->saw_event = true;
    if (r->looking) {
        r->looking = !place_is(r->place, event);
        return true;
    }
    r->run.part = r->text.part + 1;
    return run_event(&r->run, event, r->text.start_offset);
}

/* The event of `length` bytes at the window's beginning. False when the reading ends. */
static bool take_event(struct reader *r, size_t length)
{
    struct event event;
    const char *what;
    bool go_on = true;
    switch (decode(r, length, &event, &what)) {
    case XML_EVENT:
        go_on = hand_out(r, &event);
        break;
    case XML_DAMAGED:
        report(r, what);
        break;
    case XML_NO_MEMORY:
        r->run.result.end = LOG_NO_MEMORY;
        return false;
    case XML_OTHER:
        break;
    }
    xml_text_drop(&r->text, length);
    return go_on;
}

/* ---- many events ---- */

static void drop_to(struct reader *r, size_t at)
{
    xml_text_drop(&r->text, at - r->dropped);
    r->dropped = at;
}

static bool take_one_of_many(void *context, const struct event *event, size_t at, size_t end)
{
    struct reader *r = context;
    drop_to(r, at);
    bool go_on = hand_out(r, event);
    drop_to(r, end);
    return go_on;
}

static void pass_one_of_many(void *context)
{
    struct reader *r = context;
    r->run.result.records++;
}

/* The bytes up to the last end tag of an event in the window's first ones; 0: there is none. */
static size_t stretch_of(struct reader *r)
{
    static const char end_tag[] = "</Event>";
    const size_t length = sizeof end_tag - 1;
    enum xml_search why;
    (void)xml_text_have(&r->text, STRETCH - 1, &why);
    size_t end = r->text.size - r->text.start;
    end = end > STRETCH ? STRETCH : end;
    const char *text = xml_text_at(&r->text, 0);
    for (; end >= length; end--) {
        if (text[end - 1] == '>' && memcmp(text + end - length, end_tag, length) == 0) {
            return end;
        }
    }
    return 0;
}

/* Decodes the events from the window's start on in one go, as far as nothing is wrong with them.
 * False when the reading ends. */
static bool take_many(struct reader *r)
{
    struct xml_run run = {.length = stretch_of(r),
                          .only = r->looking ? NULL : r->only,
                          .context = r,
                          .event = take_one_of_many,
                          .passed = pass_one_of_many};
    size_t done = 0;
    r->dropped = 0;
    if (run.length > 0 &&
        xml_run_decode(r->decoder, xml_text_at(&r->text, 0), &run, &done) == XML_NO_MEMORY) {
        r->run.result.end = LOG_NO_MEMORY;
    }
    drop_to(r, done);
    if (done < run.length || done == 0) {
        r->next_singles = r->next_singles < MOST_SINGLE / 2 ? 2 * r->next_singles : MOST_SINGLE;
        r->singles = r->next_singles;
    } else {
        r->next_singles = 1;
    }
    return r->run.result.end == LOG_END;
}

/* ---- the file ---- */

/* What begins with an event's start tag at the window's beginning. False when the reading ends. */
static bool take_start(struct reader *r, const struct xml_tag *start)
{
    size_t end = 0;
    const char *what = NULL;
    r->run.result.incomplete = false;
    /* What is known to be an event log, in an encoding that libxml2 needs not be told. */
    if (!r->plain && r->singles == 0 && r->saw_event && encoding_of(&r->text) == NULL) {
        uint64_t before = r->text.start_offset;
        if (!take_many(r)) {
            return false;
        }
        if (r->text.start_offset != before) {
            return true;
        }
    }
    r->singles -= r->singles > 0 ? 1 : 0;
    switch (find_end(&r->text, start, &end, &what)) {
    case WHOLE:
        return take_event(r, end);
    case CUT:
        r->run.result.incomplete = true;
        if (r->growing) {
            return false;
        }
        what = "an event without its end tag, where the file ends";
        break;
    case BROKEN:
    case TOO_LONG:
        break;
    }
    /* The next event may begin anywhere behind this start tag. */
    report(r, what);
    xml_text_drop(&r->text, 1);
    return true;
}

static bool is_root(const struct reader *r, const struct xml_tag *tag)
{
    return (tag->markup == XML_START || tag->markup == XML_EMPTY) &&
           xml_tag_is(&r->text, tag, "Events");
}

/* Reads on to the end. False when that was not reached. */
static bool read_on(struct reader *r)
{
    for (;;) {
        struct xml_tag tag = xml_text_pass(&r->text);
        xml_text_drop(&r->text, tag.markup == XML_NOTHING ? 0 : tag.at);
        tag.end -= tag.end >= tag.at ? tag.at : tag.end;
        tag.name -= tag.name >= tag.at ? tag.at : tag.name;
        tag.at = 0;
        if (!r->saw_event && r->text.start_offset > KNOWN_AFTER) {
            r->run.result.end = LOG_WRONG_KIND;
            return false;
        }
        switch (tag.markup) {
        case XML_NOTHING:
            return true;
        case XML_CUT:
            if (r->growing) {
                r->run.result.incomplete = true;
                return true;
            }
            if (r->saw_event && !r->run.result.incomplete) {
                r->run.result.incomplete = true;
                report(r, "markup without its end, where the file ends");
            }
            xml_text_drop(&r->text, 1);
            continue;
        case XML_DOCTYPE:
            report(r, "a document type declaration, which no event log has and which is refused: "
                      "nothing behind it is read");
            r->run.result.end = r->run.result.records == 0 ? LOG_WRONG_KIND : LOG_END;
            return false;
        case XML_TOO_LONG:
            xml_text_drop(&r->text, 1);
            continue;
        case XML_DECLARATION:
            xml_text_declare(&r->text, &tag);
            break;
        default:
            break;
        }
        if (tag.markup == XML_START && xml_tag_is(&r->text, &tag, "Event")) {
            if (!take_start(r, &tag)) {
                return r->run.result.incomplete;
            }
            continue;
        }
        r->saw_event = r->saw_event || is_root(r, &tag);
        xml_text_drop(&r->text, tag.end);
    }
}

/* Goes to the event that the place names by its offset, and behind it. */
static bool hint_holds(struct reader *r)
{
    struct event event;
    size_t end;
    const char *what;
    if (r->place->part == 0 || !xml_text_begin(&r->text, r->place->part - 1)) {
        return false;
    }
    xml_text_seek(&r->text, r->place->offset);
    struct xml_tag tag = xml_text_next(&r->text, 0);
    if (tag.markup != XML_START || tag.at != 0 || !xml_tag_is(&r->text, &tag, "Event") ||
        find_end(&r->text, &tag, &end, &what) != WHOLE ||
        decode(r, end, &event, &what) != XML_EVENT || !place_is(r->place, &event)) {
        return false;
    }
    xml_text_drop(&r->text, end);
    return true;
}

static void read_file(struct reader *r, const struct log_input *input)
{
    xml_text_init(&r->text, input);
    if (r->place->set) {
        r->saw_event = hint_holds(r);
        if (!r->saw_event) {
            r->looking = true;
            (void)xml_text_begin(&r->text, 0);
        }
    }
    bool ended = read_on(r);
    if (r->looking && ended) {
        r->looking = false;
        run_place_lost(&r->run);
        r->run.result.incomplete = false;
        (void)xml_text_begin(&r->text, 0);
        ended = read_on(r);
    }
    if (ended && !r->saw_event && !r->growing) {
        r->run.result.end = LOG_WRONG_KIND;
    }
    if (r->text.no_memory) {
        r->run.result.end = LOG_NO_MEMORY;
    }
}

struct log_result xml_read_how(const struct log_input *input, bool growing, struct log_place *place,
                               const struct log_sink *sink, const struct log_how *how)
{
    struct log_place from = place != NULL ? *place : (struct log_place){.set = false};
    struct reader r = {.run = {.sink = sink, .place = place},
                       .growing = growing,
                       .place = &from,
                       .only = how != NULL ? how->only : NULL,
                       .plain = how != NULL && how->plain,
                       .next_singles = 1};
    r.decoder = xml_decoder_new();
    if (r.decoder == NULL) {
        r.run.result.end = LOG_NO_MEMORY;
        return r.run.result;
    }
    read_file(&r, input);
    xml_text_free(&r.text);
    xml_decoder_free(r.decoder);
    return r.run.result;
}

struct log_result xml_read(const struct log_input *input, bool growing, struct log_place *place,
                           const struct log_sink *sink)
{
    return xml_read_how(input, growing, place, sink, NULL);
}
