// What programs of Unix look for here, as far as xv6 has it: see user.h. `sleep` counts ticks, not
// seconds, and `read`, `write` and `sbrk` take an int.
#ifndef UNISTD_H
#define UNISTD_H

#include "user.h"

#define STDIN_FILENO 0
#define STDOUT_FILENO 1
#define STDERR_FILENO 2

typedef long ssize_t;

#endif
