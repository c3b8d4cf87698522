// Runs the tree of a line.
#include "sh.h"

#define CANNOT_RUN 127 // exit status of a command that is not there, as in other shells

// Says what cannot be done with a word, its control characters as `^` and a letter: an arrow key
// sends one, and a terminal would obey it.
static void complain(const char *what, const char *word) {
  static char shown[2 * LINE_SIZE];
  char *end = shown;
  for (; *word; word++) {
    int control = *word < ' ' || *word == 0x7f;
    if (control)
      *end++ = '^';
    *end++ = control ? *word ^ 0x40 : *word;
  }
  *end = 0;
  fprintf(2, "sh: cannot %s %s\n", what, shown);
}

// Forks; the parent gets the child's number, or -1 with a message.
static int start(void) {
  int pid = fork();
  if (pid < 0)
    fprintf(2, "sh: cannot fork\n");
  return pid;
}

// Waits for a child, and reaps those of the background that end before it.
static int wait_for(int pid) {
  int ended, status = 1;
  while (pid >= 0 && (ended = wait(&status)) != pid)
    if (ended < 0)
      return 1;
  return status;
}

static void use(int descriptor, int in_place_of) {
  close(in_place_of);
  dup(descriptor);
  close(descriptor);
}

static void redirect(const struct redirection *redirection) {
  char skipped[64];
  for (; redirection != NULL; redirection = redirection->next) {
    int descriptor = open(redirection->path, redirection->flags);
    if (descriptor < 0) {
      complain("open", redirection->path);
      exit(1);
    }
    while (redirection->append && read(descriptor, skipped, sizeof skipped) > 0)
      ;
    if (descriptor != redirection->descriptor)
      use(descriptor, redirection->descriptor);
  }
}

// `cd` and `exit`, which only the shell itself can do. Whether the command is one of them.
static int run_builtin(char **words, int *status) {
  if (strcmp(words[0], "exit") == 0)
    exit(words[1] ? atoi(words[1]) : 0);
  if (strcmp(words[0], "cd") != 0)
    return 0;
  const char *path = words[1] ? words[1] : "/";
  *status = chdir(path) < 0;
  if (*status)
    complain("cd", path);
  return 1;
}

static void execute(char **words) {
  char path[MAXPATH];
  exec(words[0], words);
  // Where the programs are, whatever the current directory is.
  if (strchr(words[0], '/') == NULL && strlen(words[0]) + 2 <= sizeof path) {
    path[0] = '/';
    strcpy(path + 1, words[0]);
    exec(path, words);
  }
  complain("run", words[0]);
  exit(CANNOT_RUN);
}

static void become(const struct node *node) __attribute__((noreturn));

// Starts a side of a pipe: `end` is its descriptor 0 or 1, `ends` are the pipe's.
static int start_side(const struct node *node, int end, int *ends) {
  int pid = start();
  if (pid != 0)
    return pid;
  close(ends[!end]);
  use(ends[end], end);
  become(node);
}

// Runs both sides at once; the right one's exit status.
static int run_pipe(const struct node *node) {
  int ends[2];
  if (pipe(ends) < 0) {
    fprintf(2, "sh: cannot make a pipe\n");
    return 1;
  }
  int left = start_side(node->left, 1, ends);
  int right = left < 0 ? -1 : start_side(node->right, 0, ends);
  close(ends[0]);
  close(ends[1]);
  int ended, status, result = 1;
  // Either may end first, and something in the background before them.
  while ((left > 0 || right > 0) && (ended = wait(&status)) >= 0) {
    if (ended == left)
      left = 0;
    if (ended == right) {
      right = 0;
      result = status;
    }
  }
  return result;
}

// Does what `node` says in this process, a child, and ends with its status.
static void become(const struct node *node) {
  int status;
  switch (node->kind) {
  case COMMAND:
    redirect(node->redirections);
    if (run_builtin(node->words, &status))
      exit(status);
    execute(node->words);
    break;
  case SUBSHELL:
    redirect(node->redirections);
    exit(run(node->left));
  default:
    exit(run(node));
  }
  exit(1);
}

int run(const struct node *node) {
  int pid, status;
  if (node == NULL)
    return 0;
  if (node->kind == LIST) {
    status = run(node->left);
    return node->right ? run(node->right) : status;
  }
  if (node->kind == COMMAND && !node->redirections && run_builtin(node->words, &status))
    return status;
  if (node->kind == PIPE)
    return run_pipe(node);
  pid = start();
  if (pid == 0)
    become(node->kind == BACKGROUND ? node->left : node);
  return node->kind == BACKGROUND ? pid < 0 : wait_for(pid);
}
