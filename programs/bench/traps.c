/*
 * Traps and little else: for measuring how fast an engine simulates the hart where a kernel works.
 * A kernel in S-mode serves a program in U-mode: TURNS times that one makes system calls, touches
 * pages that are not there, and is copied as by `fork`, so that its next stores find pages that
 * may not be written. Pages are not cleared, which would take longer than all else. It ends with
 * 1 in `tohost` if the kernel has served as many traps of each kind as it must, with 3 if not.
 */
#ifndef TURNS
#define TURNS 10
#endif
#define PAGES 16
#define CALLS 16
#define PAGE_SIZE 4096
#define GIB (1ul << 30)
#define RAM 0x80000000ul
#define USER 0x40000000ul /* where the program sees RAM */
#define HEAP 0x10000ul    /* where it has pages that come by a touch */

typedef unsigned long u64;

/* Bits of a page-table entry. */
enum { V = 1, R = 2, W = 4, X = 8, U = 16, A = 64, D = 128 };
/* Causes. */
enum { CALL = 8, LOAD = 13, STORE = 15 };
/* System calls. */
enum { NOTHING, FORK, FREE, EXIT };

volatile u64 tohost __attribute__((section(".tohost")));
volatile u64 fromhost __attribute__((section(".tohost")));

static u64 root[512] __attribute__((aligned(PAGE_SIZE)));
static u64 middle[512] __attribute__((aligned(PAGE_SIZE)));
static u64 leaves[512] __attribute__((aligned(PAGE_SIZE)));
static u64 copy[512] __attribute__((aligned(PAGE_SIZE)));
static char frames[PAGES][PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
/* Registers of the program, by number; `sepc` in place of x0. */
static u64 frame[32] __attribute__((used));
static char user_stack[256] __attribute__((aligned(16)));
static u64 calls, loads, stores, copies, used;

static u64 entry(const void *target, u64 bits) { return (u64)target >> 12 << 10 | bits | V; }

static void fence(void) { __asm__ volatile("sfence.vma" : : : "memory"); }

static void finish(void) {
  int good = calls == TURNS * (CALLS + 2) + 1 && loads == TURNS * PAGES / 2;
  tohost = good && stores == TURNS * (PAGES / 2 + PAGES) && copies == TURNS ? 1 : 3;
  for (;;)
    ;
}

static void page_fault(u64 va) {
  u64 *leaf = &leaves[va / PAGE_SIZE];
  if (*leaf & V)
    *leaf |= W | D;
  else
    *leaf = entry(frames[used++], R | W | U | A | D);
  __asm__ volatile("sfence.vma %0, zero" : : "r"(va) : "memory");
}

static void system_call(u64 number) {
  calls++;
  switch (number) {
  case FORK:
    copies++;
    for (u64 i = HEAP / PAGE_SIZE; i < HEAP / PAGE_SIZE + PAGES; i++)
      copy[i] = leaves[i] &= ~(u64)W;
    fence();
    break;
  case FREE:
    used = 0;
    for (u64 i = HEAP / PAGE_SIZE; i < HEAP / PAGE_SIZE + PAGES; i++)
      leaves[i] = 0;
    fence();
    break;
  case EXIT:
    finish();
  }
}

__attribute__((used)) static void handle(u64 cause, u64 va) {
  if (cause == CALL) {
    frame[0] += 4;
    system_call(frame[17]);
    return;
  }
  loads += cause == LOAD;
  stores += cause == STORE;
  page_fault(va);
}

#define ALL(what)                                                                                  \
  what(1) what(2) what(3) what(4) what(5) what(6) what(7) what(8) what(9) what(10) what(11) what(12)       \
  what(13) what(14) what(15) what(16) what(17) what(18) what(19) what(20) what(21) what(22)        \
  what(23) what(24) what(25) what(26) what(27) what(28) what(29) what(30)
#define SAVE(n) "sd x" #n ", 8 * " #n "(x31)\n"
#define RESTORE(n) "ld x" #n ", 8 * " #n "(x31)\n"

__attribute__((naked, aligned(4), used)) static void vector(void) {
  __asm__("csrrw x31, sscratch, x31\n" ALL(SAVE)
          "csrr t0, sscratch\n"
          "sd t0, 248(x31)\n"
          "csrr t0, sepc\n"
          "sd t0, 0(x31)\n"
          "csrw sscratch, x31\n"
          "csrr a0, scause\n"
          "csrr a1, stval\n"
          "la sp, stack + 4096\n"
          "call handle\n"
          "csrr x31, sscratch\n"
          "ld t0, 0(x31)\n"
          "csrw sepc, t0\n" ALL(RESTORE) RESTORE(31)
          "sret");
}

static inline void call(u64 which) {
  register u64 number __asm__("a7") = which;
  __asm__ volatile("ecall" : : "r"(number) : "memory");
}

static void user(void) {
  for (int turn = 0; turn < TURNS; turn++) {
    for (int i = 0; i < CALLS; i++)
      call(NOTHING);
    for (u64 va = HEAP; va < HEAP + PAGES * PAGE_SIZE; va += 2 * PAGE_SIZE) {
      *(volatile u64 *)va;
      *(volatile u64 *)(va + PAGE_SIZE) = va;
    }
    call(FORK);
    for (u64 va = HEAP; va < HEAP + PAGES * PAGE_SIZE; va += PAGE_SIZE)
      *(volatile u64 *)va = va;
    call(FREE);
  }
  call(EXIT);
}

__attribute__((used)) static void start(void) {
  root[0] = entry(middle, 0);
  middle[0] = entry(leaves, 0);
  root[RAM / GIB] = entry((void *)RAM, R | W | X | A | D);
  root[USER / GIB] = entry((void *)RAM, R | W | X | U | A | D);
  __asm__ volatile("csrw satp, %0\n"
                   "sfence.vma\n"
                   "csrw medeleg, %1\n"
                   "csrw stvec, %2\n"
                   "csrw sscratch, %3\n"
                   "csrc mstatus, %4\n"
                   "csrw mepc, %5\n"
                   "mv sp, %6\n"
                   "mret"
                   :
                   : "r"(8ul << 60 | (u64)root >> 12), "r"(1 << CALL | 1 << LOAD | 1 << STORE),
                     "r"(vector), "r"(frame), "r"(3 << 11), "r"((u64)user - RAM + USER),
                     "r"((u64)user_stack - RAM + USER + sizeof user_stack));
}

static char stack[4096] __attribute__((aligned(16), used));

__attribute__((naked, section(".text._start"))) void _start(void) {
  __asm__("la sp, stack + 4096\n"
          "j start");
}
