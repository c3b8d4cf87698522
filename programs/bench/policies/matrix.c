// A matrix whose rows are a page each: it is stored to by rows and summed up by columns.
#include "user.h"

#define ROWS 64
#define COLUMNS (PAGE_SIZE / 8)

int main(void) {
  long(*matrix)[COLUMNS] = (long(*)[COLUMNS])sbrk(ROWS * PAGE_SIZE), sum = 0;
  for (int row = 0; row < ROWS; row++)
    for (int column = 0; column < COLUMNS; column += 32)
      matrix[row][column] = row;
  for (int column = 0; column < COLUMNS; column += 32)
    for (int row = 0; row < ROWS; row++)
      sum += matrix[row][column];
  return sum != (long)COLUMNS / 32 * ROWS * (ROWS - 1) / 2;
}
