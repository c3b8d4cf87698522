// Prints the lines of files, or of its input, that match a pattern of literal characters, `.` for
// any character, `*` for any number of what is before it, and `^` and `$` for the line's ends.
// Like grep everywhere it ends with 0 if a line matched, 1 if none did, 2 after an error.
#include "user.h"

static char line[2 * BLOCK_SIZE];

static int match_here(const char *pattern, const char *text);

// Whether `text` begins with some characters that are `c`, and the rest of it matches `pattern`.
static int match_star(char c, const char *pattern, const char *text) {
  do {
    if (match_here(pattern, text))
      return 1;
  } while (*text != 0 && (*text++ == c || c == '.'));
  return 0;
}

// Whether `pattern` matches at the beginning of `text`.
static int match_here(const char *pattern, const char *text) {
  for (; *pattern != 0; pattern++, text++) {
    if (pattern[1] == '*')
      return match_star(pattern[0], pattern + 2, text);
    if (pattern[0] == '$' && pattern[1] == 0)
      return *text == 0;
    if (*text == 0 || (*pattern != '.' && *pattern != *text))
      return 0;
  }
  return 1;
}

static int match(const char *pattern, const char *text) {
  if (*pattern == '^')
    return match_here(pattern + 1, text);
  do {
    if (match_here(pattern, text))
      return 1;
  } while (*text++ != 0);
  return 0;
}

// Prints the matching ones of the `n` bytes of whole lines in `line`; the number printed.
static int print_matches(const char *pattern, size_t n) {
  int found = 0;
  for (char *start = line, *c = line; c < line + n; c++) {
    if (*c != '\n')
      continue;
    *c = 0;
    if (match(pattern, start)) {
      found++;
      printf("%s\n", start);
    }
    start = c + 1;
  }
  return found;
}

// Reads by blocks and keeps what follows the last newline for the next round; a line that does not
// fit is cut where the buffer ends. Returns the number of lines printed.
static int search(const char *pattern, int descriptor) {
  int found = 0, n;
  size_t length = 0;
  do {
    n = read(descriptor, line + length, sizeof line - 1 - length);
    if (n > 0)
      length += n;
    else if (length > 0 && line[length - 1] != '\n')
      line[length++] = '\n'; // the last line lacks it
    size_t whole = length;
    while (whole > 0 && line[whole - 1] != '\n')
      whole--;
    if (length == sizeof line - 1 && whole == 0) {
      line[length++] = '\n';
      whole = length;
    }
    found += print_matches(pattern, whole);
    length -= whole;
    memmove(line, line + whole, length);
  } while (n > 0);
  return found;
}

int main(int argc, char **argv) {
  if (argc < 2) {
    fprintf(2, "usage: grep PATTERN [FILE...]\n");
    return 2;
  }
  if (argc == 2)
    return search(argv[1], 0) == 0;
  int found = 0, errors = 0;
  for (int i = 2; i < argc; i++) {
    int descriptor = open(argv[i], O_RDONLY);
    if (descriptor < 0) {
      fprintf(2, "grep: cannot open %s\n", argv[i]);
      errors++;
      continue;
    }
    found += search(argv[1], descriptor);
    close(descriptor);
  }
  return errors ? 2 : found == 0;
}
