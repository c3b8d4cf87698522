// The shell: `sh` reads lines from its input, `sh -c LINE` runs one line.
//
// Commands with redirections (< > >>), pipes, lists (;), background (&), parentheses, quotes, `cd`
// and `exit`. It ends with the last command's exit status, after its background commands.
#include "sh.h"

static int run_line(const char *line) {
  struct node *tree = parse(line);
  if (problem != NULL) {
    fprintf(2, "sh: %s\n", problem);
    return 2;
  }
  return run(tree);
}

// Whether there was a line; one that does not fit is passed over as a whole.
static int read_line(char *line) {
  int too_long = 0;
  while (gets(line, LINE_SIZE)[0] != 0) {
    int whole = strchr(line, '\n') != NULL || strlen(line) < LINE_SIZE - 1;
    if (whole && !too_long)
      return 1;
    too_long = !whole;
    if (whole)
      fprintf(2, "sh: line too long\n");
  }
  return 0;
}

// The last line's status. Only a console is prompted, which no descriptor tells from a terminal.
static int run_input(void) {
  static char line[LINE_SIZE];
  struct stat about;
  int prompts = fstat(0, &about) == 0 && about.type == T_DEVICE;
  for (int status = 0;; status = run_line(line)) {
    if (prompts)
      fprintf(2, "$ ");
    if (!read_line(line))
      return status;
  }
}

int main(int argc, char **argv) {
  int one_line = argc == 3 && strcmp(argv[1], "-c") == 0;
  if (argc > 1 && !one_line) {
    fprintf(2, "usage: sh [-c LINE]\n");
    return 2;
  }
  int status = one_line ? run_line(argv[2]) : run_input();
  while (wait(NULL) >= 0)
    ;
  return status;
}
