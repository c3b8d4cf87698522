/*
 * Matrices of small integers: a constant added to and multiplied with each element, products with a
 * vector and with a matrix, and one of which only some bits are taken.
 */
#define SUM 0xd42a
#include "turns.h"

#define SIZE 12

static s16 a[SIZE][SIZE], b[SIZE][SIZE];
static s32 product[SIZE][SIZE];

static void make(void) {
  for (int i = 0; i < SIZE; i++)
    for (int j = 0; j < SIZE; j++) {
      a[i][j] = (s16)(rnd() & 0xfff) - 0x800;
      b[i][j] = (s16)(rnd() & 0xff);
    }
}

APART static void add(s16 constant) {
  for (int i = 0; i < SIZE; i++)
    for (int j = 0; j < SIZE; j++)
      a[i][j] = (s16)(a[i][j] + constant);
}

APART static void scale(s16 constant) {
  for (int i = 0; i < SIZE; i++)
    for (int j = 0; j < SIZE; j++)
      product[i][j] = a[i][j] * constant;
}

APART static void times_vector(const s16 *vector) {
  for (int i = 0; i < SIZE; i++) {
    s32 sum = 0;
    for (int j = 0; j < SIZE; j++)
      sum += a[i][j] * vector[j];
    product[i][i] = sum;
  }
}

APART static void times_matrix(void) {
  for (int i = 0; i < SIZE; i++)
    for (int j = 0; j < SIZE; j++) {
      s32 sum = 0;
      for (int k = 0; k < SIZE; k++)
        sum += a[i][k] * b[k][j];
      product[i][j] = sum;
    }
}

APART static void times_matrix_bits(void) {
  for (int i = 0; i < SIZE; i++)
    for (int j = 0; j < SIZE; j++) {
      s32 sum = 0;
      for (int k = 0; k < SIZE; k++) {
        s32 whole = a[i][k] * b[k][j];
        sum += (whole >> 2 & 15) * (whole >> 5 & 127);
      }
      product[i][j] = sum;
    }
}

/* Counts, over the elements in turn, how often they have risen and how often they passed a bound. */
APART static u16 sum_of(u16 sum, s32 bound) {
  s32 last = 0, total = 0;
  u16 count = 0;
  for (int i = 0; i < SIZE; i++)
    for (int j = 0; j < SIZE; j++) {
      s32 element = product[i][j];
      total += element;
      if (total > bound) {
        count += 10;
        total = 0;
      } else {
        count += element > last;
      }
      last = element;
    }
  return crc(crc(sum, count), (u16)total);
}

static u16 turn(void) {
  make();
  u16 sum = 0;
  for (s16 i = 1; i < 4; i++) {
    add(i);
    scale((s16)(i * 37));
    sum = sum_of(sum, 3000);
    times_vector(b[i]);
    sum = sum_of(sum, 3000);
    times_matrix();
    sum = sum_of(sum, 100000);
    times_matrix_bits();
    sum = sum_of(sum, 20000);
  }
  return sum;
}
