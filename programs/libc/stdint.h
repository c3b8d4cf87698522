// The compiler's; GCC's would go on to that of a C library.
#ifdef __clang__
#include_next <stdint.h>
#else
#include <stdint-gcc.h>
#endif
