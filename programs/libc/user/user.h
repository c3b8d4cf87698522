// As in xv6's tree, with the names of its release of 2025.
#ifndef USER_USER_H
#define USER_USER_H

#include <kernel/types.h>
#include <user.h>

#define SBRK_ERROR SBRK_FAILED

int pause(int ticks);
char *sys_sbrk(int n, int type);

#endif
