// Counts lines, words and bytes of files, or of its input.
#include "user.h"

static char buffer[BLOCK_SIZE];

static int is_space(char c) {
  return c != 0 && strchr(" \t\n\r\v", c) != NULL;
}

static int count(int descriptor, const char *name) {
  unsigned long lines = 0, words = 0, bytes = 0;
  int in_word = 0, n;
  while ((n = read(descriptor, buffer, sizeof buffer)) > 0) {
    for (int i = 0; i < n; i++) {
      lines += buffer[i] == '\n';
      words += !in_word && !is_space(buffer[i]);
      in_word = !is_space(buffer[i]);
    }
    bytes += n;
  }
  if (n < 0) {
    fprintf(2, "wc: cannot read %s\n", name);
    return 1;
  }
  printf("%lu %lu %lu %s\n", lines, words, bytes, name);
  return 0;
}

int main(int argc, char **argv) {
  if (argc < 2)
    return count(0, "");
  int status = 0;
  for (int i = 1; i < argc; i++) {
    int descriptor = open(argv[i], O_RDONLY);
    if (descriptor < 0) {
      fprintf(2, "wc: cannot open %s\n", argv[i]);
      status = 1;
      continue;
    }
    status |= count(descriptor, argv[i]);
    close(descriptor);
  }
  return status;
}
