/* The command line as UTF-8. */
#ifndef BASE_ARGS_H
#define BASE_ARGS_H

/* `out` gets the arguments, with the program's name first and a NULL behind the last, and the
 * answer is their number; -1 when memory is out. On Windows, where main()'s arguments have lost
 * every letter that the code page lacks, they are taken from the system again. */
int args_get(int argc, char **argv, char ***out);

/* Frees what args_get() gave. */
void args_free(char **args);

#endif
