/*
 * Another page with each access: for measuring how fast an engine simulates the hart where every
 * load and store needs a walk. In S-mode, with Sv39; 64 pages, more than a TLB has entries, are
 * read and written in turn, TURNS times. It ends with 1 in `tohost` if the pages hold what they
 * must, with 3 if not.
 */
#ifndef TURNS
#define TURNS 100
#endif
#define PAGES 64
#define PAGE_SIZE 4096
#define GIB (1ul << 30)
#define RAM 0x80000000ul /* where the program is */

typedef unsigned long u64;

/* Bits of a page-table entry: V, R, W, X, A, D. */
enum { V = 1, RW = 6, RWX = 14, AD = 0xc0 };

volatile u64 tohost __attribute__((section(".tohost")));
volatile u64 fromhost __attribute__((section(".tohost")));

static u64 root[512] __attribute__((aligned(PAGE_SIZE)));
static u64 middle[512] __attribute__((aligned(PAGE_SIZE)));
static u64 leaves[512] __attribute__((aligned(PAGE_SIZE)));
static char pages[PAGES][PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));

static u64 entry(const void *target, u64 bits) { return (u64)target >> 12 << 10 | bits | V; }

/* The program is where it was; from address 0 on lie the pages, the last one first. */
static u64 make_tables(void) {
  root[RAM / GIB] = entry((void *)RAM, RWX | AD);
  root[0] = entry(middle, 0);
  middle[0] = entry(leaves, 0);
  for (int i = 0; i < PAGES; i++)
    leaves[i] = entry(pages[PAGES - 1 - i], RW | AD);
  return 8ul << 60 | (u64)root >> 12;
}

__attribute__((used)) static void run(void) {
  int good = 1;
  for (u64 turn = 1; turn <= TURNS; turn++) {
    u64 offset = turn % 512 * 8, va = offset;
    for (int i = 0; i < PAGES; i++, va += PAGE_SIZE)
      *(volatile u64 *)va = *(volatile u64 *)(va ^ 32 * PAGE_SIZE) + turn + i;
  }
  for (int i = 0; i < PAGES; i++)
    good &= *(volatile u64 *)(i * PAGE_SIZE + 8ul) == *(u64 *)(pages[PAGES - 1 - i] + 8);
  tohost = good ? 1 : 3;
  for (;;)
    ;
}

__attribute__((used)) static void start(void) {
  u64 satp = make_tables(), mode = 3 << 11;
  __asm__ volatile("csrw satp, %0\n"
                   "sfence.vma\n"
                   "csrc mstatus, %1\n"
                   "csrs mstatus, %2\n"
                   "csrw mepc, %3\n"
                   "mret"
                   :
                   : "r"(satp), "r"(mode), "r"(1 << 11), "r"(run));
}

static char stack[4096] __attribute__((aligned(16), used));

__attribute__((naked, section(".text._start"))) void _start(void) {
  __asm__("la sp, stack + 4096\n"
          "j start");
}
