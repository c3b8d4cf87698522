// What a program and the kernel agree on beside the numbers of the system calls: xv6's constants.
#ifndef ABI_H
#define ABI_H

#define PAGE_SIZE 4096

// Virtual addresses from MAXVA up do not exist. Its two highest pages are the kernel's.
#define MAXVA 0x4000000000
#define TRAMPOLINE (MAXVA - PAGE_SIZE)
#define TRAPFRAME (TRAMPOLINE - PAGE_SIZE)

// The second argument of sbrk in the release of 2025; older kernels never look at it.
#define SBRK_EAGER 1 // frames are taken at once
#define SBRK_LAZY 2  // a frame is taken when its page is touched

// Flags of open.
#define O_RDONLY 0x000
#define O_WRONLY 0x001
#define O_RDWR 0x002
#define O_CREATE 0x200
#define O_TRUNC 0x400

// Areas of memory: what may be done to their pages, and of which kind they are.
#define PROT_NONE 0
#define PROT_READ 1
#define PROT_WRITE 2
#define PROT_EXEC 4
#define MAP_SHARED 0x01
#define MAP_PRIVATE 0x02
#define MAP_ANONYMOUS 0x20

// What madvise knows: the pages' content is not needed any more.
#define MADV_DONTNEED 4

// Types of files.
#define T_DIR 1
#define T_FILE 2
#define T_DEVICE 3

// The major number of the console's device.
#define CONSOLE 1

// Limits.
#define NPROC 64    // processes
#define NOFILE 16   // open files of a process
#define NFILE 100   // open files in all
#define MAXARG 32   // arguments of exec, with the NULL that ends them
#define MAXPATH 128 // bytes of a path, with its NUL
#define NAREA 16    // areas of a process
#define PGACCESS_PAGES 512 // of one call of pgaccess
#define DIRSIZ 14   // bytes of a name in a directory; without a NUL if it needs all of them
#define PIPESIZE 512
#define BLOCK_SIZE 1024
// Blocks of a file: direct ones, and those of one indirect block.
#define MAXFILE (12 + BLOCK_SIZE / 4)

#ifndef __ASSEMBLER__
#include <stdint.h>

struct stat {
  int dev;
  unsigned ino;
  short type;
  short nlink;
  uint64_t size; // bytes
};

// An entry of a directory; free if its number is 0.
struct dirent {
  unsigned short inum;
  char name[DIRSIZ];
};
#endif

#endif
