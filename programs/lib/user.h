// The user library: xv6's system calls, and as much of a C library as our programs need.
#ifndef USER_H
#define USER_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_SIZE 4096

struct stat;

// System calls; -1 is failure.
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
char *sbrk(int n); // the old size, or (char *)-1
int sleep(int ticks);
int uptime(void);
int open(const char *path, int flags);
int write(int descriptor, const void *buffer, int n);
int mknod(const char *path, short major, short minor);
int unlink(const char *path);
int link(const char *path, const char *other);
int mkdir(const char *path);
int close(int descriptor);

// ulib.c
void *memset(void *to, int byte, size_t n);
void *memcpy(void *to, const void *from, size_t n);
void *memmove(void *to, const void *from, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
int strcmp(const char *a, const char *b);
char *strcpy(char *to, const char *from);
int atoi(const char *s);

// printf.c: %d %u %x (with l for 64 bits), %p, %s, %c, %%; at most 256 characters a call.
__attribute__((format(printf, 1, 2))) void printf(const char *format, ...);

#endif
