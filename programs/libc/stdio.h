// A part of C's <stdio.h>, over descriptors: there are no buffers, and no FILE.
#ifndef STDIO_H
#define STDIO_H

#include "user.h"

#define EOF (-1)

// What `fprintf`, `fputs`, `fputc` and `fgets` take: numbers, as everywhere in xv6.
#define stdin 0
#define stdout 1
#define stderr 2

// `printf` and `fprintf` are in user.h. Conversions: d i u o x X p s c %, with flags - 0 + space #,
// a width and a precision (* too), and lengths hh h l ll z j t. Floating point is not supported.
int vprintf(const char *format, va_list args);
int vfprintf(int descriptor, const char *format, va_list args);
int vsprintf(char *to, const char *format, va_list args);
int vsnprintf(char *to, size_t size, const char *format, va_list args);
__attribute__((format(printf, 2, 3))) int sprintf(char *to, const char *format, ...);
__attribute__((format(printf, 3, 4))) int snprintf(char *to, size_t size, const char *format, ...);

// stdio.c
int putchar(int c);
int puts(const char *s);
int fputc(int c, int descriptor);
int fputs(const char *s, int descriptor);
int getchar(void);
int fgetc(int descriptor);
char *fgets(char *line, int size, int descriptor); // NULL at the end
int fflush(int descriptor);                        // nothing is ever kept back

#endif
