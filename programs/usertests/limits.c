// Everything of which there is a finite number, until there is no more.
#include "usertests.h"

static char block[BLOCK_SIZE];

// A file is as large as its blocks can be listed; a write past that fails.
void largest_file(void) {
  int descriptor = must_open("big", O_CREATE | O_RDWR);
  for (int i = 0; i < MAXFILE; i++) {
    *(int *)block = i;
    check(write(descriptor, block, sizeof block) == sizeof block);
  }
  check(write(descriptor, block, sizeof block) == -1);
  check(write(descriptor, block, 1) == -1);
  struct stat about;
  check(fstat(descriptor, &about) == 0 && about.size == MAXFILE * BLOCK_SIZE);
  close(descriptor);
  descriptor = must_open("big", O_RDONLY);
  for (int i = 0; i < MAXFILE; i++) {
    check(read(descriptor, block, sizeof block) == sizeof block);
    check(*(int *)block == i);
  }
  check(read(descriptor, block, sizeof block) == 0);
  close(descriptor);
  check(unlink("big") == 0);
}

// Writes to a new file until no block is left; the number of blocks.
static int fill(const char *name) {
  int blocks = 0, descriptor = must_open(name, O_CREATE | O_RDWR);
  while (blocks < MAXFILE && write(descriptor, block, sizeof block) == sizeof block)
    blocks++;
  close(descriptor);
  return blocks;
}

static int fill_disk(void) {
  char name[] = "full0";
  int blocks = 0, more;
  do {
    more = fill(name);
    blocks += more;
    check(name[4]++ < 'z');
  } while (more == MAXFILE);
  return blocks;
}

static void empty_disk(void) {
  for (char name[] = "full0"; unlink(name) == 0; name[4]++)
    ;
}

// A disk can be filled, and again after it was emptied, with as many blocks. Meanwhile what needs
// no block works.
void full_disk(void) {
  int blocks = fill_disk();
  check(blocks > 100);
  check(mkdir("dir") == -1); // for its entries
  check(open("dir", O_RDONLY) == -1);
  int descriptor = must_open("empty", O_CREATE | O_RDWR);
  check(write(descriptor, "x", 1) == -1);
  check(read(descriptor, block, 1) == 0);
  close(descriptor);
  check(unlink("empty") == 0);
  empty_disk();
  check(fill_disk() == blocks);
  empty_disk();
  check(mkdir("dir") == 0 && unlink("dir") == 0);
}

// Files until no inode is left.
static int fill_inodes(void) {
  int files = 0, descriptor;
  for (char name[] = "inode00";; files++) {
    name[5] = '0' + files / 10;
    name[6] = '0' + files % 10;
    if ((descriptor = open(name, O_CREATE | O_RDWR)) < 0)
      return files;
    close(descriptor);
  }
}

static void remove_files(int files) {
  char name[] = "inode00";
  while (files-- > 0) {
    name[5] = '0' + files / 10;
    name[6] = '0' + files % 10;
    check(unlink(name) == 0);
  }
}

void all_inodes(void) {
  int files = fill_inodes();
  check(files > 50);
  check(mkdir("dir") == -1);
  check(mknod("dev", 1, 1) == -1);
  check(link("inode00", "link") == 0); // needs none
  check(unlink("link") == 0);
  remove_files(files);
  check(fill_inodes() == files);
  remove_files(files);
}

// Opens as many files as it can, tells how many, and keeps them open.
static void hold_files(int ready, int release) {
  int held = 0;
  char byte;
  while (open(".", O_RDONLY) >= 0)
    held++;
  write(ready, &held, sizeof held);
  read(release, &byte, 1);
  exit(0);
}

// The open files of all processes together.
static int open_all(void) {
  enum { HOLDERS = 10 };
  int ready[2], release[2], held, total = 0;
  check(pipe(ready) == 0 && pipe(release) == 0);
  for (int i = 0; i < HOLDERS; i++) {
    int pid = fork();
    check(pid >= 0);
    if (pid == 0) {
      close(ready[0]);
      close(release[1]);
      hold_files(ready[1], release[0]);
    }
    check(read(ready[0], &held, sizeof held) == sizeof held);
    total += held;
  }
  check(held == 0); // nothing was left for the last one
  check(open(".", O_RDONLY) == -1);
  check(pipe(ready) == -1);
  close(release[1]);
  for (int i = 0; i < HOLDERS; i++)
    check(wait(NULL) > 0);
  close(ready[0]);
  close(ready[1]);
  close(release[0]);
  return total;
}

void open_files(void) {
  int files = open_all();
  check(files > NFILE - 10 && files < NFILE);
  check(open_all() == files);
}
