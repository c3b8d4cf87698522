// A shell's line as a tree, and what parses and runs it.
#ifndef SH_H
#define SH_H

#include "user.h"

#define LINE_SIZE 512 // bytes of a line, with its newline and NUL

enum kind {
  COMMAND,    // words
  SUBSHELL,   // ( left )
  PIPE,       // left | right
  LIST,       // left ; right
  BACKGROUND, // left &
};

// A file in place of a descriptor.
struct redirection {
  int descriptor;
  int flags;  // of open
  int append; // begin at the file's end
  const char *path;
  struct redirection *next;
};

struct node {
  enum kind kind;
  struct node *left, *right;        // a list may lack its right side
  char **words;                     // of a command, ended by NULL
  struct redirection *redirections; // of a command or subshell, in the order written
};

// The tree of `line`, valid until the next call. NULL if the line is empty or wrong; in the latter
// case `problem` says why.
struct node *parse(const char *line);
extern const char *problem;

// Runs the tree in this process, and its commands in children; the last one's exit status.
int run(const struct node *node);

#endif
