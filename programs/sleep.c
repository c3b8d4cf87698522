// Sleeps for a number of ticks.
#include "user.h"

int main(int argc, char **argv) {
  if (argc != 2 || atoi(argv[1]) < 0) {
    fprintf(2, "usage: sleep TICKS\n");
    return 2;
  }
  return sleep(atoi(argv[1])) < 0;
}
