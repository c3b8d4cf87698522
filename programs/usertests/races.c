// Several processes at work in one directory at the same time.
#include "usertests.h"

#define WORKERS 4

// Runs `work` in so many processes at once, each with its own number.
static void together(void (*work)(int number)) {
  for (int i = 0; i < WORKERS; i++) {
    int pid = fork();
    check(pid >= 0);
    if (pid == 0) {
      work(i);
      exit(0);
    }
  }
  for (int i = 0; i < WORKERS; i++) {
    int status = -1;
    check(wait(&status) > 0 && status == 0);
  }
}

static void create_and_delete(int number) {
  char name[] = "pA0";
  name[1] = 'A' + number;
  for (int i = 0; i < 20; i++) {
    name[2] = '0' + i;
    close(must_open(name, O_CREATE | O_RDWR));
    if (i > 0 && i % 2 == 0) {
      name[2] = '0' + i / 2;
      check(unlink(name) == 0);
    }
  }
}

// Each makes files of its own and removes some: those from 10 and 0 are there at the end.
void create_delete(void) {
  together(create_and_delete);
  char name[] = "pA0";
  for (int i = 0; i < 20; i++) {
    for (int number = 0; number < WORKERS; number++) {
      name[1] = 'A' + number;
      name[2] = '0' + i;
      int descriptor = open(name, O_RDONLY);
      check((descriptor >= 0) == (i == 0 || i >= 10));
      if (descriptor >= 0) {
        close(descriptor);
        check(unlink(name) == 0);
      }
    }
  }
}

static void fill_own_file(int number) {
  char name[] = "f0", block[500];
  name[1] += number;
  int descriptor = must_open(name, O_CREATE | O_RDWR);
  memset(block, '0' + number, sizeof block);
  for (int i = 0; i < 12; i++)
    check(write(descriptor, block, sizeof block) == sizeof block);
}

// Each writes a file of its own; none has anything of another one's.
void four_files(void) {
  together(fill_own_file);
  for (int number = 0; number < WORKERS; number++) {
    char name[] = "f0", block[500];
    int n, total = 0;
    name[1] += number;
    int descriptor = must_open(name, O_RDONLY);
    while ((n = read(descriptor, block, sizeof block)) > 0)
      for (int i = 0; i < n; i++, total++)
        check(block[i] == '0' + number);
    close(descriptor);
    check(total == 12 * 500);
    check(unlink(name) == 0);
  }
}

static int shared;

static void write_shared(int number) {
  char piece[10];
  memset(piece, 'a' + number, sizeof piece);
  for (int i = 0; i < 50; i++)
    check(write(shared, piece, sizeof piece) == sizeof piece);
}

// All write by one open file: every piece comes after another, none is lost.
void shared_descriptor(void) {
  int counts[WORKERS] = {0, 0, 0, 0};
  char piece[10];
  shared = must_open("shared", O_CREATE | O_RDWR);
  together(write_shared);
  close(shared);
  int descriptor = must_open("shared", O_RDONLY);
  while (read(descriptor, piece, sizeof piece) == sizeof piece) {
    for (unsigned i = 1; i < sizeof piece; i++)
      check(piece[i] == piece[0]);
    counts[piece[0] - 'a']++;
  }
  close(descriptor);
  for (int i = 0; i < WORKERS; i++)
    check(counts[i] == 50);
  check(unlink("shared") == 0);
}

static void fight_for_name(int number) {
  for (int i = 0; i < 40; i++) {
    switch ((i + number) % 3) {
    case 0:
      close(must_open("fight", O_CREATE | O_RDWR));
      break;
    case 1:
      link("cat", "fight");
      break;
    default:
      unlink("fight");
    }
  }
}

// All make and remove the same name, which in the end is there or not, and belongs to one file.
void same_name(void) {
  struct stat before, after;
  check(stat("cat", &before) == 0);
  together(fight_for_name);
  unlink("fight");
  check(open("fight", O_RDONLY) == -1);
  check(stat("cat", &after) == 0);
  check(after.nlink == before.nlink && after.size == before.size);
}

static void link_names(int number) {
  char name[] = "C0";
  for (int i = 0; i < 30; i++) {
    name[1] = '0' + i;
    if (number % 2 == 0)
      link("C", name);
    else
      close(must_open(name, O_CREATE | O_RDWR));
  }
}

// Whoever is first makes the name: as a link, or as a file of its own. None is there twice.
void one_of_two(void) {
  struct dirent entry;
  int seen = 0, links = 1;
  struct stat about, original;
  check(mkdir("race") == 0 && chdir("race") == 0);
  close(must_open("C", O_CREATE | O_RDWR));
  together(link_names);
  int descriptor = must_open(".", O_RDONLY);
  check(stat("C", &original) == 0);
  while (read(descriptor, &entry, sizeof entry) == sizeof entry) {
    if (entry.inum == 0 || entry.name[0] != 'C' || entry.name[1] == 0)
      continue;
    check((seen & 1 << (entry.name[1] - '0')) == 0);
    seen |= 1 << (entry.name[1] - '0');
    check(stat(entry.name, &about) == 0);
    if (about.ino == original.ino)
      links++;
  }
  close(descriptor);
  check(seen == (1 << 30) - 1 && original.nlink == links);
  char name[] = "C0";
  for (int i = 0; i < 30; i++, name[1]++)
    check(unlink(name) == 0);
  check(unlink("C") == 0 && chdir("/") == 0 && unlink("race") == 0);
}

static void make_and_remove_directory(int number) {
  for (int i = 0; i < 30; i++) {
    if (mkdir("contest") == 0)
      close(open("contest/x", O_CREATE | O_RDWR));
    chdir("contest");
    unlink("x");
    chdir("/");
    unlink("contest");
  }
  (void)number;
}

// A directory that others remove while one is in it.
void same_directory(void) {
  struct stat before, after;
  check(stat("/", &before) == 0);
  together(make_and_remove_directory);
  unlink("contest/x");
  unlink("contest");
  check(chdir("contest") == -1);
  check(stat("/", &after) == 0 && after.nlink == before.nlink);
}
