#include "live_fixture.h"

#include "match.h"

#include <inttypes.h>
#include <string.h>

static bool take_event(void *context, const struct event *event)
{
    struct live_fixture *f = context;
    f->first = f->records == 0 ? event->record : f->first;
    f->last = event->record;
    f->records++;
    f->matches += match_connect_limit(event);
    return f->stop_after == 0 || f->records % f->stop_after != 0;
}

static void take_damage(void *context, uint64_t offset, const char *what)
{
    struct live_fixture *f = context;
    buf_printf(&f->damage, "%" PRIu64 ": %s\n", offset, what);
}

static void take_loss(void *context)
{
    struct live_fixture *f = context;
    f->lost++;
}

void live_begin(struct live_fixture *f, struct live *live)
{
    memset(f, 0, sizeof *f);
    f->source.live = live;
    f->source.look_back = HOUR;
}

void live_end(struct live_fixture *f)
{
    source_close(&f->source);
    buf_free(&f->damage);
}

void live_start_again(struct live_fixture *f, struct live *live)
{
    f->source.live->calls->close(f->source.live);
    f->source.live = live;
    f->source.place.doubt = 0;
}

void live_forget(struct live_fixture *f)
{
    f->records = 0;
    f->matches = 0;
    f->first = 0;
    f->last = 0;
    f->lost = 0;
    buf_clear(&f->damage);
}

bool live_read(struct live_fixture *f)
{
    const struct log_sink sink = {f, take_event, take_damage, take_loss};
    f->reading = source_read(os_native(), &f->source, true, &sink);
    return f->reading.access == OS_OK;
}

bool live_is_ready(const struct live_fixture *f, unsigned ms)
{
    return WaitForSingleObject((HANDLE)source_handle(&f->source), ms) == WAIT_OBJECT_0;
}
