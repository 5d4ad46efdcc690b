/* Sources: GNUnet's gnunet-win-tool (2180, 2892 gdr and the one without a name), lists of patched
 * checksums in forums, and JSI tip 10301 (2827). Where a source gives only a patched checksum, the
 * original is computed back from it; wherever two sources can be compared, they agree.
 */
#include "builds.h"

#define WHOLE UINT32_C(0xffffffff)

static const struct known_build builds[] = {
    {"5.1.2600.2180", true, {{5, 1, 2600, 2180}}, 359040, 0x4f322, 0x0006126e, WHOLE},
    {"5.1.2600.2505", true, {{5, 1, 2600, 2505}}, 0, 0x4f322, 0x27, 0xff},
    {"5.1.2600.2685", true, {{5, 1, 2600, 2685}}, 0, 0x4f5a2, 0x000646db, WHOLE},
    {"5.1.2600.2827", true, {{5, 1, 2600, 2827}}, 0, 0x4f5a2, 0, 0},
    {"5.1.2600.2892 (gdr)", true, {{5, 1, 2600, 2892}}, 0, 0x4f5a2, 0x0005f865, WHOLE},
    {"5.1.2600.2892 (qfe)", true, {{5, 1, 2600, 2892}}, 0, 0x4f7c6, 0xeb9c, 0xffff},
    {"not named (checksum 0x000627C8)", false, {{0}}, 0, 0x4f5a2, 0x000627c8, WHOLE},
};

const struct known_build *known_builds(size_t *count)
{
    *count = sizeof builds / sizeof builds[0];
    return builds;
}

bool build_is_whole(const struct known_build *build)
{
    return build->checksum_mask == WHOLE;
}

static bool same_version(const struct pc_version *a, const struct pc_version *b)
{
    return a->part[0] == b->part[0] && a->part[1] == b->part[1] && a->part[2] == b->part[2] &&
           a->part[3] == b->part[3];
}

bool build_agrees(const struct known_build *build, size_t size, const struct pc_version *version,
                  uint32_t limit_offset, uint32_t checksum)
{
    if (version == NULL && !build_is_whole(build)) {
        return false;
    }
    if (version != NULL && build->has_version && !same_version(version, &build->version)) {
        return false;
    }
    return limit_offset == build->limit_offset && (build->size == 0 || build->size == size) &&
           ((checksum ^ build->checksum) & build->checksum_mask) == 0;
}
