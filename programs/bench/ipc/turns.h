/*
 * What the programs of this folder share. Each is a bare-metal program in M-mode without
 * translation that does the same work TURNS times. A turn returns a checksum of all that it has
 * computed; if that is not SUM, whichever turn it is, the program ends with 3 in `tohost`, else
 * with 1. Functions that are not to be inlined say so: the calls are a part of the work.
 */
#ifndef TURNS
#define TURNS 10
#endif
#define APART __attribute__((noinline))

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;
typedef short s16;
typedef int s32;

volatile u64 tohost __attribute__((section(".tohost")));
volatile u64 fromhost __attribute__((section(".tohost")));

/* One turn's work, and its checksum. */
static u16 turn(void);

static u32 seed;

/* Marsaglia's xorshift, 32 bits. */
static u32 rnd(void) {
  seed ^= seed << 13;
  seed ^= seed >> 17;
  return seed ^= seed << 5;
}

/* CRC-16 (polynomial 0x1021) of `sum` and 16 bits more, bit by bit. */
static u16 crc(u16 sum, u16 value) {
  sum ^= value;
  for (int bit = 0; bit < 16; bit++)
    sum = sum & 0x8000 ? sum << 1 ^ 0x1021 : sum << 1;
  return sum;
}

__attribute__((used)) static void run(void) {
  int good = 1;
  for (int i = 0; i < TURNS; i++) {
    seed = 2463534242;
    good &= turn() == SUM;
  }
  tohost = good ? 1 : 3;
  for (;;)
    ;
}

static char stack[16384] __attribute__((aligned(16), used));

__attribute__((naked, section(".text._start"))) void _start(void) {
  __asm__("la sp, stack + 16384\n"
          "j run");
}
