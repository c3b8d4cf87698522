// C's <assert.h>: a failed assertion prints where it stands and ends the process with status 134.
#include "stdio.h"
#include "stdlib.h"

#undef assert
#ifdef NDEBUG
#define assert(condition) ((void)0)
#else
#define assert(condition)                                                                          \
  ((condition) ? (void)0                                                                           \
               : (fprintf(2, "%s:%d: assertion failed: %s\n", __FILE__, __LINE__, #condition),    \
                  abort()))
#endif
