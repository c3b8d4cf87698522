// Lists files and the contents of directories: name, type, inode number, size.
#include "user.h"

static const char *last_name(const char *path) {
  for (const char *slash; (slash = strchr(path, '/')) != NULL;)
    path = slash + 1;
  return path;
}

// The name in a column of DIRSIZ characters.
static void show(const char *name, const struct stat *stat) {
  char column[DIRSIZ + 1];
  size_t length = strlen(name);
  memset(column, ' ', DIRSIZ);
  column[DIRSIZ] = 0;
  memmove(column, name, length < DIRSIZ ? length : DIRSIZ);
  printf("%s %d %u %lu\n", column, stat->type, stat->ino, stat->size);
}

static int list_directory(const char *path, int descriptor) {
  char name[MAXPATH];
  struct dirent entry;
  struct stat about;
  size_t length = strlen(path);
  if (length + 1 + DIRSIZ + 1 > sizeof name) {
    fprintf(2, "ls: path too long: %s\n", path);
    return 1;
  }
  strcpy(name, path);
  name[length] = '/';
  while (read(descriptor, &entry, sizeof entry) == sizeof entry) {
    if (entry.inum == 0)
      continue;
    memmove(name + length + 1, entry.name, DIRSIZ);
    name[length + 1 + DIRSIZ] = 0;
    if (stat(name, &about) < 0)
      fprintf(2, "ls: cannot open %s\n", name);
    else
      show(name + length + 1, &about);
  }
  return 0;
}

static int list(const char *path) {
  struct stat about;
  int status = 0, descriptor = open(path, O_RDONLY);
  if (descriptor < 0) {
    fprintf(2, "ls: cannot open %s\n", path);
    return 1;
  }
  if (fstat(descriptor, &about) < 0) {
    fprintf(2, "ls: cannot stat %s\n", path);
    status = 1;
  } else if (about.type == T_DIR) {
    status = list_directory(path, descriptor);
  } else {
    show(last_name(path), &about);
  }
  close(descriptor);
  return status;
}

int main(int argc, char **argv) {
  if (argc < 2)
    return list(".");
  int status = 0;
  for (int i = 1; i < argc; i++)
    status |= list(argv[i]);
  return status;
}
