// From a line to a tree, by recursive descent:
//
//   list     := pipeline { (";" | "&") pipeline } [";" | "&"]
//   pipeline := command { "|" command }
//   command  := "(" list ")" { redirection } | { word | redirection }
//
// A line's words, nodes and redirections live in tables of fixed size until the next line.
#include "sh.h"

#define MAX_WORDS 128 // with a NULL for each command
#define MAX_NODES 64
#define MAX_REDIRECTIONS 16

const char *problem;

static const char *cursor; // what is not parsed yet
static char text[LINE_SIZE];
static char *words[MAX_WORDS];
static struct node nodes[MAX_NODES];
static struct redirection redirections[MAX_REDIRECTIONS];
static int text_used, words_used, nodes_used, redirections_used;

static struct node *parse_list(void);

static void complain(const char *what) {
  if (problem == NULL)
    problem = what;
}

// The next character that is not a space, which the cursor stays at.
static char peek(void) {
  while (*cursor == ' ' || *cursor == '\t' || *cursor == '\n')
    cursor++;
  return *cursor;
}

static int accept(char c) {
  if (problem != NULL || peek() != c)
    return 0;
  cursor++;
  return 1;
}

static int ends_word(char c) {
  return c == 0 || strchr(" \t\n|;&()<>", c) != NULL;
}

static void put(char c) {
  if (text_used == sizeof text)
    complain("line too long");
  else
    text[text_used++] = c;
}

// A word without its quotes, within which nothing is special.
static char *parse_word(void) {
  int start = text_used;
  if (ends_word(peek()))
    complain("syntax error: a word is missing");
  while (problem == NULL && !ends_word(*cursor)) {
    char quote = *cursor++;
    if (quote != '\'' && quote != '"') {
      put(quote);
      continue;
    }
    while (*cursor != 0 && *cursor != quote)
      put(*cursor++);
    if (*cursor++ == 0) {
      cursor--;
      complain("syntax error: a quote is not closed");
    }
  }
  put(0);
  return text + start;
}

static struct node *make(enum kind kind, struct node *left, struct node *right) {
  if (nodes_used == MAX_NODES) {
    complain("line too long");
    return &nodes[0];
  }
  nodes[nodes_used] = (struct node){kind, left, right, NULL, NULL};
  return &nodes[nodes_used++];
}

static void add_word(char *word) {
  if (words_used == MAX_WORDS)
    complain("too many words");
  else
    words[words_used++] = word;
}

// Parses what follows the first of `<`, `>`, `>>`.
static void add_redirection(struct redirection **last, char direction) {
  if (redirections_used == MAX_REDIRECTIONS) {
    complain("too many redirections");
    return;
  }
  struct redirection *new = &redirections[redirections_used++];
  int append = direction == '>' && *cursor == '>';
  cursor += append;
  new->descriptor = direction == '>';
  new->append = append;
  if (direction == '<')
    new->flags = O_RDONLY;
  else if (append)
    new->flags = O_RDWR | O_CREATE; // only by reading does a file's offset get to its end
  else
    new->flags = O_WRONLY | O_CREATE | O_TRUNC;
  new->path = parse_word();
  new->next = NULL;
  while (*last != NULL)
    last = &(*last)->next;
  *last = new;
}

static struct node *parse_command(void) {
  struct node *node;
  if (accept('(')) {
    node = make(SUBSHELL, parse_list(), NULL);
    if (!accept(')'))
      complain("syntax error: ) is missing");
  } else {
    node = make(COMMAND, NULL, NULL);
    node->words = &words[words_used];
  }
  while (problem == NULL) {
    if (accept('<'))
      add_redirection(&node->redirections, '<');
    else if (accept('>'))
      add_redirection(&node->redirections, '>');
    else if (node->kind == COMMAND && !ends_word(peek()))
      add_word(parse_word());
    else
      break;
  }
  if (node->kind == COMMAND) {
    if (node->words == &words[words_used])
      complain("syntax error: a command is missing");
    add_word(NULL);
  }
  return node;
}

static struct node *parse_pipeline(void) {
  struct node *left = parse_command();
  return accept('|') ? make(PIPE, left, parse_pipeline()) : left;
}

static struct node *parse_list(void) {
  struct node *left = parse_pipeline();
  if (accept('&'))
    left = make(BACKGROUND, left, NULL);
  else if (!accept(';'))
    return left;
  int more = peek() != 0 && peek() != ')';
  return make(LIST, left, more ? parse_list() : NULL);
}

struct node *parse(const char *line) {
  cursor = line;
  problem = NULL;
  text_used = words_used = nodes_used = redirections_used = 0;
  if (peek() == 0)
    return NULL;
  struct node *tree = parse_list();
  if (peek() != 0)
    complain("syntax error: ) without (");
  return problem ? NULL : tree;
}
