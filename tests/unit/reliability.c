#include "reliability.h"

#include "base/crc32.h"
#include "image_builder.h"
#include "small_image.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct figures figures;

static const char *const directories[PC_COPIES] = {
    WINDOWS_ROOT "/ServicePackFiles/i386",
    WINDOWS_ROOT "/system32/dllcache",
    WINDOWS_ROOT "/system32/drivers",
};
static const char *const paths[PC_COPIES] = {
    WINDOWS_ROOT "/ServicePackFiles/i386/tcpip.sys",
    WINDOWS_ROOT "/system32/dllcache/tcpip.sys",
    WINDOWS_ROOT "/system32/drivers/tcpip.sys",
};

#define SP1 "2003sp1"
#define SP2 "2003sp2"
#define X64 "2003x64"

static const struct scenario all[] = {
    {"set, three copies", .copies = {{SP1, 0}, {SP1, 0}, {SP1, 0}}},
    {"set, one copy", .copies = {{NULL, 0}, {NULL, 0}, {SP1, 0}}},
    {"set, two copies", .copies = {{NULL, 0}, {SP1, 0}, {SP1, 0}}},
    {"set, mixed builds and limits", .copies = {{SP2, 50}, {SP1, 0}, {X64, 200}}},
    {"set, one copy is set already", .saved = true, .copies = {{SP1, 0}, {SP1, 100}, {SP1, 0}}},
    {"set again", .saved = true, .copies = {{SP1, 50}, {SP1, 50}, {SP1, 50}}},
    {"restore, three copies", true, .saved = true, .copies = {{SP1, 50}, {SP1, 50}, {SP1, 50}}},
    {"restore, one copy", true, .saved = true, .copies = {{NULL, 0}, {NULL, 0}, {SP1, 50}}},
    {"restore, mixed, nothing saved", true, .copies = {{SP2, 50}, {SP1, 70}, {X64, 200}}},
    {"set, files in use", .two_steps = true, .copies = {{SP1, 0}, {SP1, 0}, {SP1, 0}}},
    {"restore, files in use", true, .two_steps = true,
     .copies = {{SP2, 50}, {SP1, 70}, {X64, 200}}},
    {"set, full size", .large = true, .copies = {{"2180", 0}, {"2180", 0}, {"2180", 0}}},
};

const struct scenario *scenarios(size_t *count)
{
    *count = sizeof all / sizeof all[0];
    return all;
}

/* ---- the scene ---- */

static void make_image(const struct scenario *scenario, const char *build, uint32_t limit,
                       struct buf *out)
{
    const struct image_options options = {.build = build, .limit = limit};
    const char *error = NULL;
    if (!scenario->large) {
        small_image(build, limit, out);
    } else if (!image_build(&options, out, &error)) {
        fprintf(stderr, "reliability: %s\n", error);
        abort();
    }
}

static uint32_t metadata_of(size_t c)
{
    return 1000 + (uint32_t)c;
}

static char *path_of_saved(const struct buf *original)
{
    struct buf path = BUF_INIT;
    struct pc_inspection inspection;
    pc_inspect((const uint8_t *)original->data, original->len, &inspection);
    buf_add_text(&path, DATA_ROOT "/originals/");
    pc_original_name(&path, &inspection.version, inspection.has_version,
                     crc32_update(0, original->data, original->len));
    return path.data;
}

/* Saves the originals by setting and restoring the copies of another Windows directory. */
static void save_originals(struct scene *scene)
{
    struct scene first = *scene;
    struct scenario set = *scene->scenario;
    set.restore = set.two_steps = false;
    first.scenario = &set;
    first.disk = model_disk_new();
    for (size_t c = 0; c < PC_COPIES; c++) {
        if (set.copies[c].build != NULL) {
            model_disk_put(first.disk, paths[c], scene->original[c].data, scene->original[c].len,
                           1);
        }
    }
    if (scene_run(&first, first.disk, NULL) != PC_DONE) {
        fputs("reliability: the originals cannot be saved\n", stderr);
        abort();
    }
    for (size_t c = 0; c < PC_COPIES; c++) {
        if (set.copies[c].build != NULL) {
            model_disk_put(first.disk, paths[c], scene->before[c].data, scene->before[c].len,
                           metadata_of(c));
        }
    }
    scene->disk = model_disk_next(first.disk);
    model_disk_free(first.disk);
}

void scene_open(struct scene *scene, const struct scenario *scenario)
{
    *scene = (struct scene){.scenario = scenario};
    for (size_t c = 0; c < PC_COPIES; c++) {
        const char *build = scenario->copies[c].build;
        if (build != NULL) {
            make_image(scenario, build, scenario->copies[c].limit, &scene->before[c]);
            make_image(scenario, build, 0, &scene->original[c]);
            make_image(scenario, build, scenario->restore ? 0 : NEW_LIMIT, &scene->after[c]);
            scene->saved_path[c] = path_of_saved(&scene->original[c]);
        }
    }
    if (scenario->saved) {
        save_originals(scene);
    } else {
        scene->disk = model_disk_new();
        for (size_t c = 0; c < PC_COPIES; c++) {
            if (scenario->copies[c].build != NULL) {
                model_disk_put(scene->disk, paths[c], scene->before[c].data, scene->before[c].len,
                               metadata_of(c));
            }
        }
        model_disk_put_directory(scene->disk, directories[PC_DRIVERS]);
        model_disk_put_directory(scene->disk, "/var");
    }
    if (scenario->two_steps) {
        model_disk_rename_in_two_steps(scene->disk);
    }
}

void scene_close(struct scene *scene)
{
    for (size_t c = 0; c < PC_COPIES; c++) {
        buf_free(&scene->before[c]);
        buf_free(&scene->after[c]);
        buf_free(&scene->original[c]);
        free(scene->saved_path[c]);
    }
    model_disk_free(scene->disk);
}

/* ---- operations ---- */

static enum pc_result run_scene(const struct scene *scene, struct model_disk *disk, enum pc_way way,
                                struct buf *why)
{
    const struct pc_context pc = {.os = model_disk_os(disk), .data = DATA_ROOT};
    struct pc_target target;
    struct pc_plan plan;
    struct buf reason = BUF_INIT;
    enum pc_result result = pc_find(&pc, WINDOWS_ROOT, &target, &reason);
    if (result == PC_DONE) {
        result = scene->scenario->restore ? pc_plan_restore(&pc, &target, &plan, &reason)
                                          : pc_plan_set(&pc, &target, NEW_LIMIT, &plan, &reason);
    }
    if (result == PC_DONE) {
        plan.way = way;
        result = pc_apply(&pc, &target, &plan, &reason);
    }
    pc_target_free(&target);
    if (why != NULL) {
        buf_add_text(why, buf_text(&reason));
    }
    buf_free(&reason);
    return result;
}

enum pc_result scene_run(const struct scene *scene, struct model_disk *disk, struct buf *why)
{
    return run_scene(scene, disk, PC_NOW, why);
}

enum pc_result scene_run_at_boot(const struct scene *scene, struct model_disk *disk,
                                 struct buf *why)
{
    return run_scene(scene, disk, PC_NEXT_BOOT, why);
}

enum pc_result scene_withdraw(struct model_disk *disk, struct buf *why)
{
    const struct pc_context pc = {.os = model_disk_os(disk), .data = DATA_ROOT};
    struct pc_target target;
    struct buf reason = BUF_INIT;
    enum pc_result result = pc_find(&pc, WINDOWS_ROOT, &target, &reason);
    if (result == PC_DONE) {
        result = pc_withdraw(&pc, &target, &reason);
    }
    pc_target_free(&target);
    if (why != NULL) {
        buf_add_text(why, buf_text(&reason));
    }
    buf_free(&reason);
    return result;
}

bool scene_waits(struct model_disk *disk)
{
    const struct pc_context pc = {.os = model_disk_os(disk), .data = DATA_ROOT};
    struct pc_target target;
    struct pc_waiting waiting;
    struct buf reason = BUF_INIT;
    bool waits = pc_find(&pc, WINDOWS_ROOT, &target, &reason) == PC_DONE &&
                 pc_waiting(&pc, &target, &waiting);
    pc_target_free(&target);
    buf_free(&reason);
    return waits;
}

static void note_that_it_spoke(void *context, const char *sentence)
{
    (void)sentence;
    *(bool *)context = true;
}

enum pc_result scene_recover(struct model_disk *disk, bool *said, struct buf *why)
{
    const struct pc_context pc = {.os = model_disk_os(disk),
                                  .data = DATA_ROOT,
                                  .say = note_that_it_spoke,
                                  .say_context = said};
    struct pc_target target;
    struct buf reason = BUF_INIT;
    *said = false;
    enum pc_result result = pc_find(&pc, WINDOWS_ROOT, &target, &reason);
    if (result == PC_DONE) {
        result = pc_recover(&pc, &target, &reason);
    }
    pc_target_free(&target);
    if (why != NULL) {
        buf_add_text(why, buf_text(&reason));
    }
    buf_free(&reason);
    return result;
}

/* ---- what has to hold ---- */

/* Prints the first few; afterwards only counts. */
static bool wrong(unsigned long *kind, const char *what, const char *text, const char *name)
{
    enum { MOST = 6 };
    (*kind)++;
    if (*kind <= MOST) {
        printf("\n    %s: %s %s", what, name, text);
    }
    return false;
}

static bool file_is(const struct model_disk *disk, const char *path, const struct buf *expected)
{
    size_t size;
    uint32_t metadata;
    const uint8_t *bytes = model_disk_get(disk, path, &size, &metadata);
    return bytes != NULL && size == expected->len && memcmp(bytes, expected->data, size) == 0;
}

static bool copy_is_whole(const struct scene *scene, const struct model_disk *disk, size_t c,
                          const char *what)
{
    size_t size;
    uint32_t metadata = 0;
    if (model_disk_get(disk, paths[c], &size, &metadata) == NULL) {
        return scene->scenario->two_steps ? true : wrong(&figures.lost, what, "is gone", paths[c]);
    }
    if (!file_is(disk, paths[c], &scene->before[c]) && !file_is(disk, paths[c], &scene->after[c])) {
        return wrong(&figures.torn, what, "is neither the old nor the new file", paths[c]);
    }
    return metadata == metadata_of(c) || scene->may_lose_metadata ||
           wrong(&figures.other, what, "has lost its metadata", paths[c]);
}

bool scene_is_whole(const struct scene *scene, const struct model_disk *disk, const char *what)
{
    bool whole = true;
    for (size_t c = 0; c < PC_COPIES; c++) {
        size_t size;
        uint32_t metadata;
        if (scene->saved_path[c] == NULL) {
            continue;
        }
        whole = copy_is_whole(scene, disk, c, what) && whole;
        if (model_disk_get(disk, scene->saved_path[c], &size, &metadata) != NULL) {
            whole = (file_is(disk, scene->saved_path[c], &scene->original[c]) ||
                     wrong(&figures.torn, what, "is not the original", scene->saved_path[c])) &&
                    whole;
        } else if (scene->scenario->saved) {
            whole = wrong(&figures.lost, what, "is gone", scene->saved_path[c]);
        }
    }
    return whole;
}

enum alike scene_alike(const struct scene *scene, const struct model_disk *disk)
{
    bool all_old = true;
    bool all_new = true;
    for (size_t c = 0; c < PC_COPIES; c++) {
        if (scene->saved_path[c] != NULL) {
            all_old = all_old && file_is(disk, paths[c], &scene->before[c]);
            all_new = all_new && file_is(disk, paths[c], &scene->after[c]);
        }
    }
    return all_old ? ALL_OLD : all_new ? ALL_NEW : MIXED;
}

struct leftovers {
    const struct scene *scene;
    const char *what;
    bool clean;
};

static void look_at_file(void *context, const char *path, size_t size)
{
    struct leftovers *left = context;
    (void)size;
    for (size_t c = 0; c < PC_COPIES; c++) {
        const char *saved = left->scene->saved_path[c];
        if (saved != NULL && (strcmp(path, paths[c]) == 0 || strcmp(path, saved) == 0 ||
                              (strncmp(path, saved, strlen(saved)) == 0 &&
                               strcmp(path + strlen(saved), ".txt") == 0))) {
            return;
        }
    }
    left->clean = wrong(&figures.left, left->what, "is left behind", path);
}

bool scene_is_clean(const struct scene *scene, const struct model_disk *disk, const char *what)
{
    struct leftovers left = {scene, what, true};
    model_disk_each(disk, look_at_file, &left);
    return left.clean;
}

bool scene_is_settled(const struct scene *scene, const struct model_disk *disk, enum alike wanted,
                      const char *what)
{
    static const char *const names[] = {"all old", "all new", "mixed"};
    size_t size;
    uint32_t metadata;
    bool whole = scene_is_whole(scene, disk, what); /* both are to say what they find */
    bool settled = scene_is_clean(scene, disk, what) && whole;
    enum alike alike = scene_alike(scene, disk);
    if (alike == MIXED || (wanted != MIXED && alike != wanted)) {
        settled = wrong(&figures.other, what, "is what the copies are", names[alike]);
    }
    for (size_t c = 0; alike == ALL_NEW && !scene->scenario->restore && c < PC_COPIES; c++) {
        if (scene->saved_path[c] != NULL &&
            model_disk_get(disk, scene->saved_path[c], &size, &metadata) == NULL) {
            settled = wrong(&figures.lost, what, "is not saved", scene->saved_path[c]);
        }
    }
    return settled;
}

bool scene_recovers(const struct scene *scene, struct model_disk *disk, enum alike wanted,
                    const char *what)
{
    struct buf why = BUF_INIT;
    bool said;
    model_disk_set_fault(disk, NULL);
    bool right = scene_recover(disk, &said, &why) == PC_DONE;
    if (!right) {
        wrong(&figures.other, what, buf_text(&why), "recover:");
    }
    right = scene_is_settled(scene, disk, wanted, what) && right;
    if (right && (scene_recover(disk, &said, NULL) != PC_DONE || said)) {
        right = wrong(&figures.other, what, "finds something to do a second time", "recover");
    }
    if (model_disk_open_handles(disk) != 0) {
        right = wrong(&figures.other, what, "are still open", "files or locks");
    }
    buf_free(&why);
    return right;
}

/* ---- figures ---- */

/* For tests/reliability_summary.py, where the test command asks for it. */
static void keep_figures(void)
{
    const char *path = getenv("TCPIPWATCH_FIGURES");
    FILE *file = path != NULL ? fopen(path, "w") : NULL;
    if (file == NULL) {
        return;
    }
    fprintf(file, "points %lu\nkills %lu\ntorn %lu\nlost %lu\nleft %lu\nwrong %lu\ncrashes 0\n",
            figures.points, figures.outcomes, figures.torn, figures.lost, figures.left,
            figures.other);
    (void)fclose(file);
}

void print_figures(const char *what)
{
    printf("\n%s: %lu points of failure, %lu kills and power cuts; torn %lu, lost %lu, left behind "
           "%lu, otherwise wrong %lu\n",
           what, figures.points, figures.outcomes, figures.torn, figures.lost, figures.left,
           figures.other);
    if (figures.again != 0) {
        printf("    %lu of these left a disk as another had left it before, and were tried once\n",
               figures.again);
    }
    keep_figures();
}

unsigned rounds(void)
{
    const char *text = getenv("TCPIPWATCH_ROUNDS");
    unsigned long wanted = text != NULL ? strtoul(text, NULL, 10) : 1;
    return wanted >= 1 && wanted <= 100000 ? (unsigned)wanted : 1;
}

int stride(void)
{
/* The model knows no Windows: there a sample shows that the same code works. */
#if defined __OPTIMIZE__ && !defined _WIN32
    return 1;
#else
    return rounds() > 1 ? 1 : 7;
#endif
}

void each_outcome(const struct model_disk *disk, unsigned most,
                  void (*each)(void *context, struct model_disk *left, uint64_t choice),
                  void *context)
{
    uint64_t count = model_disk_outcomes(disk);
    struct model_disk *left = model_disk_next(disk);
    figures.outcomes++;
    each(context, left, UINT64_MAX);
    model_disk_free(left);
    for (unsigned i = 0; i < most && i < count; i++) {
        /* All of them where they are few; else spread over all, nothing kept and all kept first. */
        uint64_t choice = count <= most ? i
                          : i == 0      ? 0
                          : i == 1      ? count - 1
                                        : (i * UINT64_C(0x9e3779b97f4a7c15) >> 7) % count;
        left = model_disk_crash(disk, choice);
        figures.outcomes++;
        each(context, left, choice);
        model_disk_free(left);
    }
}
