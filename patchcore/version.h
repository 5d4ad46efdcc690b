/* The version resource of a PE image: the file version and the file's own name for itself.
 *
 * Source: "VS_VERSIONINFO structure" and "The .rsrc Section" in the Windows SDK documentation.
 */
#ifndef PATCHCORE_VERSION_H
#define PATCHCORE_VERSION_H

#include "image.h"

enum { PE_NAME_SIZE = 64 }; /* bytes of UTF-8 with the NUL; a longer name is cut */

struct pe_version {
    bool found; /* there is a version resource with a file version */
    struct pc_version version;
    char file_name[PE_NAME_SIZE]; /* OriginalFilename, else InternalName, else "" */
};

/* Reads the first sound version resource; an image without one gives found = false. */
void pe_read_version(const struct pe_image *image, struct pe_version *out);

#endif
