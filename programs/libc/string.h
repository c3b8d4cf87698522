// A part of C's <string.h>; memset, memcpy, memmove, memcmp, strlen, strcmp, strcpy and strchr are in
// user.h.
#ifndef STRING_H
#define STRING_H

#include "user.h"

int strncmp(const char *a, const char *b, size_t n);
char *strncpy(char *to, const char *from, size_t n);
char *strcat(char *to, const char *from);
char *strncat(char *to, const char *from, size_t n);
char *strrchr(const char *s, int c);
char *strstr(const char *s, const char *part);
char *strdup(const char *s); // NULL if there is no memory left
char *strtok(char *s, const char *separators);
size_t strnlen(const char *s, size_t most);
void *memchr(const void *s, int byte, size_t n);

#endif
