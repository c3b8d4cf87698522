// The user library: xv6's system calls, and as much of a C library as our programs need.
#ifndef USER_H
#define USER_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "abi.h"

#define SBRK_FAILED ((char *)-1)
#define MAP_FAILED ((void *)-1)

// System calls (usys.S); -1 is failure.
int fork(void);
__attribute__((noreturn)) void exit(int status);
int wait(int *status);
int pipe(int *descriptors);
int read(int descriptor, void *buffer, int n);
int kill(int pid);
int exec(const char *path, char **argv);
int fstat(int descriptor, struct stat *stat);
int chdir(const char *path);
int dup(int descriptor);
int getpid(void);
char *sbrk2(int n, int type); // the old end of the heap, or SBRK_FAILED
int sleep(int ticks);
int uptime(void);
int open(const char *path, int flags);
int write(int descriptor, const void *buffer, int n);
int mknod(const char *path, short major, short minor);
int unlink(const char *path);
int link(const char *path, const char *other);
int mkdir(const char *path);
int close(int descriptor);

// Those of the course's next labs: the kernel model has them, the kernel in C fails.
int pgaccess(const void *start, int pages, void *mask); // a bit for each page; they are cleared
void *mmap(void *start, size_t length, int prot, int flags, int descriptor, long offset);
int munmap(void *start, size_t length);
int madvise(void *start, size_t length, int advice);
int mincore(const void *start, size_t length, unsigned char *vector); // a byte for each page
int vmprint(void);

// sbrk2 with a type: the same on a kernel that is always lazy.
char *sbrk(int n);
char *sbrklazy(int n);

// ulib.c
void *memset(void *to, int byte, size_t n);
void *memcpy(void *to, const void *from, size_t n);
void *memmove(void *to, const void *from, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
int strcmp(const char *a, const char *b);
char *strcpy(char *to, const char *from);
char *strchr(const char *s, char c); // NULL if it is not there
int atoi(const char *s);
int stat(const char *path, struct stat *stat);
char *gets(char *line, int size); // a line of descriptor 0 with its newline; empty at the end

// umalloc.c
void *malloc(size_t n); // aligned to 16 bytes; NULL if there is no memory left
void free(void *block);
void *realloc(void *block, size_t n);

#ifdef SMALL_PRINTF
// lib/printf.c, for the bundled programs: %d %u %x (with l for 64 bits), %p, %s, %c, %%.
typedef void printf_result;
#else
// libc/printf.c: all conversions of integers and text. The result is the number of characters.
typedef int printf_result;
#endif
__attribute__((format(printf, 1, 2))) printf_result printf(const char *format, ...);
__attribute__((format(printf, 2, 3))) printf_result fprintf(int descriptor, const char *format, ...);

#endif
