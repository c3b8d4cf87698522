// Directories, paths and links.
#include "usertests.h"

static void make(const char *path) {
  close(must_open(path, O_CREATE | O_RDWR));
}

static int links_of(const char *path) {
  struct stat about;
  check(stat(path, &about) == 0);
  return about.nlink;
}

static unsigned inode_of(const char *path) {
  struct stat about;
  check(stat(path, &about) == 0);
  return about.ino;
}

// A name is its first 14 characters.
void fourteen_characters(void) {
  check(mkdir("12345678901234") == 0);
  check(mkdir("123456789012345") == -1);
  check(mkdir("12345678901234/123456789012345") == 0);
  make("12345678901234/12345678901234/12345678901234");
  check(inode_of("123456789012345/123456789012345/123456789012345") ==
        inode_of("12345678901234/12345678901234/12345678901234"));
  check(open("12345678901234", O_CREATE | O_RDWR) == -1);
  check(unlink("12345678901234") == -1);
  check(unlink("12345678901234/12345678901234/12345678901234678") == 0);
  check(unlink("12345678901234/12345678901234") == 0);
  check(unlink("12345678901234") == 0);
  check(open("1234567890123", O_RDONLY) == -1);
}

// Slashes may be doubled and may end a path; `.` and `..` are names as any.
void paths(void) {
  check(mkdir("dir") == 0 && mkdir("dir/sub") == 0);
  make("dir/sub/file");
  unsigned file = inode_of("dir/sub/file");
  check(inode_of("dir//sub///file") == file);
  check(inode_of("./dir/./sub/../sub/file") == file);
  check(inode_of("dir/sub/file/") == file);
  check(inode_of("dir/..") == inode_of("."));
  check(inode_of("dir/sub/../..") == inode_of("."));
  check(inode_of("/..") == inode_of("/") && inode_of("/../..") == inode_of("/"));
  check(inode_of("") == inode_of("."));
  check(chdir("dir/sub") == 0);
  check(inode_of("file") == file && inode_of("../sub/file") == file);
  check(chdir("../..") == 0);
  check(unlink("dir/sub/file") == 0 && unlink("dir/sub") == 0 && unlink("dir") == 0);
}

// A file is no directory, whatever is asked of it.
void file_as_directory(void) {
  make("file");
  check(chdir("file") == -1);
  check(open("file/x", O_RDONLY) == -1);
  check(open("file/x", O_CREATE | O_RDWR) == -1);
  check(mkdir("file/x") == -1);
  check(unlink("file/x") == -1);
  check(link("file", "file/x") == -1);
  check(mkdir("file") == -1);
  check(mknod("file", 1, 1) == -1);
  check(unlink("file") == 0);
}

// Nor can anything be done in a directory that is not there, or without a name.
void missing_names(void) {
  static const char *const missing[] = {"", "/", "nothing/x", "nothing/nothing/x", "console/x"};
  make("file");
  for (unsigned i = 0; i < sizeof missing / sizeof *missing; i++) {
    check(mkdir(missing[i]) == -1);
    check(unlink(missing[i]) == -1);
    check(link("file", missing[i]) == -1);
    check(mknod(missing[i], 1, 1) == -1);
    check(open(missing[i], O_CREATE | O_RDWR) == -1);
  }
  check(unlink("nothing") == -1);
  check(chdir("nothing") == -1);
  check(link("nothing", "x") == -1);
  check(links_of("file") == 1);
  check(unlink("file") == 0);
}

void links(void) {
  char buffer[5];
  make("one");
  int descriptor = must_open("one", O_WRONLY);
  check(write(descriptor, "hello", 5) == 5);
  close(descriptor);
  check(link("one", "two") == 0);
  check(link("one", "two") == -1);
  check(link("two", "two") == -1);
  check(links_of("two") == 2 && inode_of("one") == inode_of("two"));
  check(unlink("one") == 0);
  check(open("one", O_RDONLY) == -1);
  descriptor = must_open("two", O_RDONLY);
  check(read(descriptor, buffer, 5) == 5 && memcmp(buffer, "hello", 5) == 0);
  close(descriptor);
  check(links_of("two") == 1);
  check(link("two", "one") == 0 && unlink("two") == 0 && unlink("one") == 0);
  check(unlink("two") == -1);
  check(link(".", "dot") == -1); // directories have one name
  check(link("/", "root") == -1);
}

// `.` and `..` cannot be removed, nor what is not empty.
void remove_directories(void) {
  int before = links_of(".");
  check(mkdir("dir") == 0);
  check(links_of(".") == before + 1 && links_of("dir") == 1);
  check(mkdir("dir") == -1);
  check(mkdir("dir/sub") == 0);
  check(links_of("dir") == 2);
  check(unlink("dir") == -1);
  check(unlink("dir/.") == -1 && unlink("dir/..") == -1);
  check(unlink("dir/sub/.") == -1 && unlink("dir/sub/..") == -1);
  check(chdir("dir") == 0);
  check(unlink(".") == -1 && unlink("..") == -1);
  check(chdir("..") == 0);
  check(unlink("dir/sub") == 0);
  check(links_of("dir") == 1);
  check(unlink("dir") == 0);
  check(links_of(".") == before);
  check(chdir("dir") == -1);
}

// The current directory can be removed; it goes when nobody is in it any more.
static void sit_in_removed(void) {
  check(mkdir("removed") == 0);
  check(chdir("removed") == 0);
  check(unlink("../removed") == 0);
  struct stat about;
  check(stat(".", &about) == 0 && about.nlink == 0);
  check(open("x", O_RDONLY) == -1);
}

static void leave_removed(void) {
  sit_in_removed();
  check(chdir("..") == 0);
  check(inode_of(".") == inode_of("/"));
}

static void change_from_removed(void) {
  sit_in_removed();
  check(chdir("/") == 0);
  check(mkdir("removed") == 0 && unlink("removed") == 0);
}

void removed_current_directory(void) {
  for (int i = 0; i < 70; i++) { // three times 70 are more than there are inodes
    check(in_child(sit_in_removed) == 0);
    check(in_child(leave_removed) == 0);
    check(in_child(change_from_removed) == 0);
  }
}

// Down many levels, and up again.
void deep_directories(void) {
  enum { DEPTH = 40 };
  for (int i = 0; i < DEPTH; i++) {
    check(mkdir("deep") == 0);
    check(chdir("deep") == 0);
    check(mkdir("") == -1); // must not keep the directory from being freed
    check(link("..", "") == -1);
    check(open("nothing", O_RDONLY) == -1);
  }
  make("bottom");
  check(unlink("bottom") == 0);
  for (int i = 0; i < DEPTH; i++) {
    check(chdir("..") == 0);
    check(unlink("deep") == 0);
  }
  check(inode_of(".") == inode_of("/"));
}

static void name_of(int i, char *name) {
  name[0] = 'x';
  name[1] = '0' + i / 64;
  name[2] = '0' + i % 64;
  name[3] = 0;
}

// A directory of several blocks, whose entries are used again when they are free.
void big_directory(void) {
  enum { ENTRIES = 150 };
  char name[4];
  struct stat about;
  check(mkdir("big") == 0 && chdir("big") == 0);
  make("file");
  for (int i = 0; i < ENTRIES; i++) {
    name_of(i, name);
    check(link("file", name) == 0);
  }
  check(links_of("file") == ENTRIES + 1);
  check(stat(".", &about) == 0 && about.size == (ENTRIES + 3) * sizeof(struct dirent));
  for (int i = 0; i < ENTRIES; i += 2) {
    name_of(i, name);
    check(unlink(name) == 0);
  }
  for (int i = 0; i < ENTRIES; i += 2) {
    name_of(i, name);
    check(open(name, O_RDONLY) == -1);
    check(link("file", name) == 0);
  }
  check(stat(".", &about) == 0 && about.size == (ENTRIES + 3) * sizeof(struct dirent));
  for (int i = 0; i < ENTRIES; i++) {
    name_of(i, name);
    check(unlink(name) == 0);
  }
  check(links_of("file") == 1 && unlink("file") == 0);
  check(chdir("..") == 0 && unlink("big") == 0);
}

// A directory is a file of entries.
void read_directory(void) {
  static const char *const names[] = {".", "..", "first", "a-name-of-14-c", "third"};
  struct dirent entry;
  char name[DIRSIZ + 1] = "";
  check(mkdir("read") == 0 && chdir("read") == 0);
  make("first");
  make("a-name-of-14-c");
  make("third");
  check(unlink("first") == 0);
  int descriptor = must_open(".", O_RDONLY);
  for (int i = 0; i < 5; i++) {
    check(read(descriptor, &entry, sizeof entry) == sizeof entry);
    if (i == 2) {
      check(entry.inum == 0); // free again
      continue;
    }
    memmove(name, entry.name, DIRSIZ);
    check(strcmp(name, names[i]) == 0);
    check(entry.inum == inode_of(name));
  }
  check(read(descriptor, &entry, sizeof entry) == 0);
  close(descriptor);
  check(unlink("a-name-of-14-c") == 0 && unlink("third") == 0);
  check(chdir("..") == 0 && unlink("read") == 0);
}
