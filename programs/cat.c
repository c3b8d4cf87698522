// Copies files, or its input, to its output.
#include "user.h"

static char buffer[BLOCK_SIZE];

static int copy(int descriptor, const char *name) {
  int n;
  while ((n = read(descriptor, buffer, sizeof buffer)) > 0) {
    if (write(1, buffer, n) != n) {
      fprintf(2, "cat: write error\n");
      return 1;
    }
  }
  if (n < 0)
    fprintf(2, "cat: cannot read %s\n", name);
  return n < 0;
}

int main(int argc, char **argv) {
  if (argc < 2)
    return copy(0, "input");
  int status = 0;
  for (int i = 1; i < argc; i++) {
    int descriptor = open(argv[i], O_RDONLY);
    if (descriptor < 0) {
      fprintf(2, "cat: cannot open %s\n", argv[i]);
      status = 1;
      continue;
    }
    status |= copy(descriptor, argv[i]);
    close(descriptor);
  }
  return status;
}
