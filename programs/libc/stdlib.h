// A part of C's <stdlib.h>; malloc, realloc, free, atoi and exit are in user.h.
#ifndef STDLIB_H
#define STDLIB_H

#include "user.h"

#define EXIT_SUCCESS 0
#define EXIT_FAILURE 1
#define RAND_MAX 0x7fffffff

void *calloc(size_t count, size_t size); // NULL if there is no memory left
int abs(int n);
long labs(long n);
long atol(const char *s);
long strtol(const char *s, char **end, int base); // base 0: 0x and 0 tell; no check for overflow
int rand(void);
void srand(unsigned seed);
void qsort(void *array, size_t count, size_t size, int (*compare)(const void *, const void *));
__attribute__((noreturn)) void abort(void); // status 134

#endif
