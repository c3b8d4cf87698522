// Files: what is written is read, offsets, flags of open, and files without a name.
#include "usertests.h"

static char block[4 * BLOCK_SIZE];

static uint64_t size_of(const char *path) {
  struct stat about;
  check(stat(path, &about) == 0);
  return about.size;
}

static void make(const char *path, const char *text) {
  int descriptor = must_open(path, O_CREATE | O_TRUNC | O_WRONLY), n = strlen(text);
  check(write(descriptor, text, n) == n);
  close(descriptor);
}

// Whether the file holds `text` and nothing else.
static int holds(const char *path, const char *text) {
  int descriptor = must_open(path, O_RDONLY), n = strlen(text);
  int got = read(descriptor, block, sizeof block);
  close(descriptor);
  return got == n && memcmp(block, text, n) == 0;
}

void open_flags(void) {
  char byte;
  check(open("nothing", O_RDONLY) == -1);
  check(open("nothing", O_RDWR | O_TRUNC) == -1);
  int descriptor = must_open("file", O_CREATE | O_RDONLY);
  check(write(descriptor, "x", 1) == -1);
  check(read(descriptor, &byte, 1) == 0);
  close(descriptor);
  descriptor = must_open("file", O_WRONLY);
  check(write(descriptor, "x", 1) == 1);
  check(read(descriptor, &byte, 1) == -1);
  close(descriptor);
  descriptor = must_open("file", O_CREATE | O_RDWR); // leaves the file as it is
  check(read(descriptor, &byte, 1) == 1 && byte == 'x');
  check(write(descriptor, "y", 1) == 1);
  close(descriptor);
  check(holds("file", "xy"));
  check(unlink("file") == 0);
  check(open("file", O_RDONLY) == -1);
}

// Directories can be read, but neither written nor made by open.
void open_directories(void) {
  check(mkdir("dir") == 0);
  check(open("dir", O_WRONLY) == -1);
  check(open("dir", O_RDWR) == -1);
  check(open("dir", O_CREATE | O_RDONLY) == -1);
  check(open("dir", O_TRUNC) == -1);
  int descriptor = must_open("dir", O_RDONLY);
  check(write(descriptor, "x", 1) == -1);
  close(descriptor);
  check(unlink("dir") == 0);
}

// Many small writes, then all of it in other pieces.
void write_and_read(void) {
  enum { LINES = 200, SIZE = 13 };
  int descriptor = must_open("small", O_CREATE | O_RDWR), n, total = 0;
  for (int i = 0; i < LINES; i++) {
    memset(block, i, SIZE);
    check(write(descriptor, block, SIZE) == SIZE);
  }
  check(read(descriptor, block, 1) == 0);
  close(descriptor);
  check(size_of("small") == LINES * SIZE);
  descriptor = must_open("small", O_RDONLY);
  while ((n = read(descriptor, block, 777)) > 0)
    for (int i = 0; i < n; i++, total++)
      check(block[i] == (char)(total / SIZE));
  check(n == 0 && total == LINES * SIZE);
  close(descriptor);
  check(unlink("small") == 0);
}

// Writes of all sizes, to and beyond the largest part that the kernel writes at once.
void big_writes(void) {
  for (int size = 499; size < (int)sizeof block; size += 471) {
    int descriptor = must_open("bigwrite", O_CREATE | O_TRUNC | O_RDWR);
    memset(block, size, sizeof block);
    for (int i = 0; i < 2; i++)
      check(write(descriptor, block, size) == size);
    close(descriptor);
    check(size_of("bigwrite") == 2ul * size);
    descriptor = must_open("bigwrite", O_RDONLY);
    memset(block, 0, sizeof block);
    check(read(descriptor, block, size) == size);
    check(block[0] == (char)size && block[size - 1] == (char)size);
    close(descriptor);
  }
  check(unlink("bigwrite") == 0);
}

void truncate(void) {
  char buffer[8];
  make("trunc", "abcd");
  int reader = must_open("trunc", O_RDONLY);
  check(read(reader, buffer, 2) == 2);
  int writer = must_open("trunc", O_WRONLY | O_TRUNC);
  check(size_of("trunc") == 0);
  check(read(reader, buffer, 8) == 0); // its offset is past the end now
  check(write(writer, "abcdef", 6) == 6);
  check(read(reader, buffer, 8) == 4 && memcmp(buffer, "cdef", 4) == 0);
  close(must_open("trunc", O_TRUNC)); // though it may only read
  check(size_of("trunc") == 0);
  check(write(writer, "x", 1) == -1); // nor can it be written from there
  check(size_of("trunc") == 0);
  close(reader);
  close(writer);
  make("trunc", "xyz");
  check(holds("trunc", "xyz"));
  check(unlink("trunc") == 0);
}

// A process that truncates, and one that writes and reads meanwhile.
void truncate_race(void) {
  make("trunc", "x");
  int pid = fork();
  check(pid >= 0);
  for (int i = 0; i < 30; i++) {
    int descriptor = must_open("trunc", pid ? O_WRONLY | O_TRUNC : O_RDWR);
    int n = pid ? write(descriptor, "xxx", 3) : read(descriptor, block, 3);
    check(pid ? n == 3 : 0 <= n && n <= 3);
    close(descriptor);
  }
  if (pid == 0)
    exit(0);
  check(join(pid) == 0);
  check(unlink("trunc") == 0);
}

// dup shares the offset, another open has its own.
void offsets(void) {
  char byte;
  make("offsets", "abcdef");
  int one = must_open("offsets", O_RDONLY), same = dup(one);
  int other = must_open("offsets", O_RDONLY);
  check(same > one);
  check(read(one, &byte, 1) == 1 && byte == 'a');
  check(read(same, &byte, 1) == 1 && byte == 'b');
  check(read(other, &byte, 1) == 1 && byte == 'a');
  close(one);
  check(read(same, &byte, 1) == 1 && byte == 'c');
  close(same);
  check(read(other, &byte, 1) == 1 && byte == 'b');
  close(other);
  check(unlink("offsets") == 0);
}

// dup takes the lowest free descriptor, and so does open.
void descriptors(void) {
  int all[NOFILE], n = 0;
  while ((all[n] = dup(1)) >= 0)
    check(all[n] == n + 3), n++;
  check(n == NOFILE - 3);
  check(open("console", O_RDONLY) == -1);
  check(close(5) == 0 && close(9) == 0);
  check(must_open("console", O_RDONLY) == 5);
  check(dup(0) == 9);
  check(dup(0) == -1);
}

// A file without a name is there until nobody has it open, and then its blocks are free.
void unlinked_but_open(void) {
  make("gone", "hello");
  int descriptor = must_open("gone", O_RDWR);
  check(unlink("gone") == 0);
  check(open("gone", O_RDONLY) == -1);
  make("gone", "other");
  check(read(descriptor, block, 10) == 5 && memcmp(block, "hello", 5) == 0);
  check(write(descriptor, "more", 4) == 4);
  struct stat about;
  check(fstat(descriptor, &about) == 0 && about.nlink == 0 && about.size == 9);
  check(close(descriptor) == 0);
  check(holds("gone", "other"));
  check(unlink("gone") == 0);
  // More of them than the disk holds at a time.
  for (int i = 0; i < 20; i++) {
    descriptor = must_open("gone", O_CREATE | O_RDWR);
    check(unlink("gone") == 0);
    for (int j = 0; j < 32; j++)
      check(write(descriptor, block, sizeof block) == sizeof block);
    close(descriptor);
  }
}

static void leave_open(void) {
  must_open("left", O_CREATE | O_RDWR);
  check(unlink("left") == 0);
}

// Processes that end with such a file open: more of them than there are inodes.
void unlinked_at_exit(void) {
  for (int i = 0; i < 210; i++)
    check(in_child(leave_open) == 0);
}

void file_status(void) {
  struct stat file, linked, dir;
  make("status", "12345");
  check(stat("status", &file) == 0);
  check(file.type == T_FILE && file.nlink == 1 && file.size == 5 && file.ino != 0);
  check(link("status", "other") == 0);
  check(stat("other", &linked) == 0);
  check(linked.ino == file.ino && linked.dev == file.dev && linked.nlink == 2);
  check(stat("/", &dir) == 0 && dir.type == T_DIR && dir.ino == 1);
  check(fstat(1, &dir) == -1 || dir.type == T_DEVICE || dir.type == T_FILE);
  check(unlink("status") == 0);
  check(stat("other", &linked) == 0 && linked.nlink == 1);
  check(unlink("other") == 0);
}

// Devices without a driver can be opened, but not used; there are numbers that no device can have.
void devices(void) {
  struct stat about;
  char byte;
  check(mknod("device", 7, 3) == 0);
  check(mknod("device", 7, 3) == -1);
  check(stat("device", &about) == 0 && about.type == T_DEVICE && about.nlink == 1);
  int descriptor = must_open("device", O_RDWR);
  check(write(descriptor, "x", 1) == -1);
  check(read(descriptor, &byte, 1) == -1);
  close(descriptor);
  check(unlink("device") == 0);
  static const short majors[] = {-1, 10, 100, 32767, -32768};
  for (unsigned i = 0; i < sizeof majors / sizeof *majors; i++) {
    check(mknod("device", majors[i], 0) == 0);
    check(open("device", O_RDONLY) == -1);
    check(unlink("device") == 0);
  }
  check(mknod("device", CONSOLE, 0) == 0);
  descriptor = must_open("device", O_WRONLY);
  check(write(descriptor, "", 0) == 0);
  close(descriptor);
  check(unlink("device") == 0);
}
