#include "stdio.h"
#include "string.h"

int fputc(int c, int descriptor) {
  char byte = c;
  return write(descriptor, &byte, 1) == 1 ? (unsigned char)byte : EOF;
}

int putchar(int c) {
  return fputc(c, 1);
}

int fputs(const char *s, int descriptor) {
  int length = strlen(s);
  return write(descriptor, s, length) == length ? 0 : EOF;
}

// One write, so that the line is whole even if others write.
int puts(const char *s) {
  return printf("%s\n", s);
}

int fgetc(int descriptor) {
  unsigned char byte;
  return read(descriptor, &byte, 1) == 1 ? byte : EOF;
}

int getchar(void) {
  return fgetc(0);
}

char *fgets(char *line, int size, int descriptor) {
  int n = 0;
  while (n + 1 < size && read(descriptor, line + n, 1) == 1)
    if (line[n++] == '\n')
      break;
  if (n == 0)
    return NULL;
  line[n] = 0;
  return line;
}

int fflush(int descriptor) {
  return descriptor < 0 ? EOF : 0;
}
