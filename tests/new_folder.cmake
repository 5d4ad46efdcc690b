# cmake -DFOLDER=PATH -P new_folder.cmake: an empty folder.
file(REMOVE_RECURSE "${FOLDER}")
file(MAKE_DIRECTORY "${FOLDER}")
