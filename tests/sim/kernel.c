/* A small kernel for the devices of `virt`: starts in M-mode, runs in S-mode with Sv39, prints by
   the UART, and obeys lines that come by its interrupt:

     lazy       touches a page that is mapped when it faults
     disk       shows the sector 1, and writes it, turned around, to sector 2
     tick       waits for stimecmp, TICK cycles
     tock       waits for mtimecmp, as long, in M-mode
     user       runs a little in U-mode, which touches two pages that are mapped when it faults
     dead       waits for nothing
     exit N     powers off with status N

   What is none of these is printed again. */

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;

#define REG8(address) (*(volatile u8 *)(u64)(address))
#define REG32(address) (*(volatile u32 *)(u64)(address))
#define REG64(address) (*(volatile u64 *)(u64)(address))
#define CSRR(name) ({ u64 value_; asm volatile("csrr %0, " #name : "=r"(value_)); value_; })
#define CSRW(name, value) asm volatile("csrw " #name ", %0" ::"r"((u64)(value)) : "memory")
#define CSRS(name, value) asm volatile("csrs " #name ", %0" ::"r"((u64)(value)) : "memory")
#define CSRC(name, value) asm volatile("csrc " #name ", %0" ::"r"((u64)(value)) : "memory")

enum { UART = 0x10000000, BLOCK = 0x10001000, PLIC = 0xc000000, FINISHER = 0x100000 };
enum { MTIMECMP = 0x2004000, MTIME = 0x200bff8 };
#ifndef TICK
#define TICK 1000000
#endif
enum { SSIE = 1 << 1, STIE = 1 << 5, SEIE = 1 << 9, MTIE = 1 << 7, SIE = 1 << 1 };
enum { V = 1, R = 2, W = 4, X = 8, U = 16, A = 64, D = 128 };

__asm__(".section .text._start, \"ax\"\n"
        ".globl _start\n"
        "_start: la sp, stack + 8192\n"
        "  call start\n"
        ".text\n"
        ".balign 4\n"
        /* The timer of M-mode: not again, and a software interrupt for S-mode, as old kernels do. */
        "machine_timer: csrrw t0, mscratch, t0\n"
        "  sd t1, 0(t0)\n"
        "  sd t2, 8(t0)\n"
        "  li t1, 0x2004000\n"
        "  li t2, -1\n"
        "  sd t2, 0(t1)\n"
        "  csrwi sip, 2\n"
        "  ld t1, 0(t0)\n"
        "  ld t2, 8(t0)\n"
        "  csrrw t0, mscratch, t0\n"
        "  mret\n");

static u8 stack[8192] __attribute__((used, aligned(16)));
static u64 saved[2];
static u64 root[512] __attribute__((aligned(4096))), middle[512] __attribute__((aligned(4096)));
static u64 leaf[512] __attribute__((aligned(4096)));
static u8 frame[4096] __attribute__((aligned(4096)));
/* What was typed, as far as it was not read; whole lines that are in it. */
static char input[256], line[64];
static u32 head, tail;
static volatile u32 lines, ticks;
static u64 has_disk;

static void put(char c) {
  while (!(REG8(UART + 5) & 0x20)) {}
  REG8(UART) = c;
}

static void print(const char *text) {
  while (*text) put(*text++);
}

static void hex(u64 value) {
  print("0x");
  int digits = 60;
  while (digits && !(value >> digits)) digits -= 4;
  for (; digits >= 0; digits -= 4) put("0123456789abcdef"[value >> digits & 15]);
}

static void off(u32 status) {
  REG32(FINISHER) = status ? status << 16 | 0x3333 : 0x5555;
  for (;;) {}
}

/* The page of `lazy` is mapped by its first touch. */
enum { LAZY = 0x40000000 };

/* U-mode: its code is a page of the kernel that it may run, and its data is mapped lazily. */
enum { USER_CODE = LAZY + 0x1000, USER_DATA = LAZY + 0x2000, SPP = 1 << 8 };

__asm__(".text\n"
        ".balign 4096\n"
        "user_code: li t0, 0x40002008\n"
        "  li t1, 0x1000\n"
        "  sd t0, 0(t0)\n"
        "  add t1, t1, t0\n"
        "  ld t2, 0(t1)\n"
        "  ld t0, 0(t0)\n"
        "  ecall\n"
        ".balign 4096\n"
        /* Returns when U-mode has made its call, which leaves all that a function may not touch. */
        ".globl enter_user, user_done\n"
        "enter_user: sret\n"
        "user_done: ret\n");

static u8 user_frames[2][4096] __attribute__((aligned(4096)));

__attribute__((noinline)) static void clear_page(u64 *page) {
  for (int i = 0; i < 512; i++) page[i] = 0;
  asm volatile("" ::: "memory");
}

__attribute__((noinline)) static void map_page(u64 va, void *page, u64 rights) {
  leaf[va >> 12 & 511] = (u64)page >> 12 << 10 | V | rights;
  asm volatile("sfence.vma" ::: "memory");
}

__attribute__((noinline)) static void user_fault(u64 va) {
  u64 number = (va - USER_DATA) >> 12;
  if (va < USER_DATA || number >= 2) off(96);
  clear_page((u64 *)user_frames[number]);
  map_page(va, user_frames[number], R | W | U);
}

__attribute__((noinline)) static void user(void) {
  extern char user_code[];
  extern void enter_user(void);
  map_page(USER_CODE, user_code, R | X | U | A);
  leaf[2] = leaf[3] = 0;
  CSRW(sepc, USER_CODE);
  CSRC(sstatus, SPP);
  CSRS(sstatus, 1 << 5); /* SPIE: U-mode is interrupted anyway, and it is 0 again behind it */
  enter_user();
  CSRC(sstatus, SIE);
  print(*(u64 *)(user_frames[0] + 8) == USER_DATA + 8 ? "user mode is done\n" : "lost\n");
}

static void page_fault(u64 cause, u64 va) {
  print("fault ");
  hex(cause);
  print(" at ");
  hex(va);
  print("\n");
  if (va >> 12 != LAZY >> 12) off(99);
  leaf[0] = (u64)frame >> 12 << 10 | V | R | W;
  asm volatile("sfence.vma" ::: "memory");
}

static void interrupt(void) {
  u32 source = REG32(PLIC + 0x201004);
  while (source == 10 && REG8(UART + 5) & 1) {
    char c = REG8(UART);
    put(c);
    input[head++ % sizeof input] = c;
    lines += c == '\n';
  }
  if (source == 1) REG32(BLOCK + 0x64) = REG32(BLOCK + 0x60);
  if (source) REG32(PLIC + 0x201004) = source;
}

__attribute__((interrupt("supervisor"), aligned(4))) static void supervisor_trap(void) {
  u64 cause = CSRR(scause);
  switch (cause) {
    case 13: case 15:
      if (CSRR(sstatus) & SPP) page_fault(cause, CSRR(stval));
      else user_fault(CSRR(stval));
      return;
    case 8: {
      extern char user_done[];
      CSRW(sepc, user_done);
      CSRS(sstatus, SPP);
      return;
    }
    case 1ul << 63 | 1: CSRC(sip, SSIE); ticks++; return;
    case 1ul << 63 | 5: CSRW(0x14d, ~0ul); ticks++; return;
    case 1ul << 63 | 9: interrupt(); return;
  }
  print("trap ");
  hex(cause);
  off(98);
}

/* Waits with interrupts off until `*flag` is not 0, so that none comes between look and wfi. */
static void wait(volatile u32 *flag) {
  while (!*flag) {
    asm volatile("wfi");
    CSRS(sstatus, SIE);
    CSRC(sstatus, SIE);
  }
}

static void tick(void) {
  u64 before = CSRR(time);
  ticks = 0;
  CSRW(0x14d, before + TICK); /* stimecmp */
  wait(&ticks);
  print(CSRR(time) - before >= TICK ? "tick\n" : "too early\n");
}

static void tock(void) {
  u64 before = REG64(MTIME);
  ticks = 0;
  REG64(MTIMECMP) = before + TICK;
  wait(&ticks);
  print(REG64(MTIME) - before >= TICK ? "tock\n" : "too early\n");
}

static struct { u64 address; u32 length; u16 flags, next; } descriptors[8] __attribute__((aligned(16)));
static struct { u16 flags, index, ring[8]; } available;
static struct { u16 flags; volatile u16 index; struct { u32 id, length; } ring[8]; } used __attribute__((aligned(4)));
static struct { u32 type, reserved; u64 sector; } header;
static u8 sector[512], status;

static void place(u64 offset, void *address) {
  REG32(BLOCK + offset) = (u64)address;
  REG32(BLOCK + offset + 4) = (u64)address >> 32;
}

static int disk_start(void) {
  if (!has_disk || REG32(BLOCK) != 0x74726976) return 0;
  REG32(BLOCK + 0x70) = 3;
  REG32(BLOCK + 0x24) = 1;
  REG32(BLOCK + 0x20) = 1; /* VERSION_1 */
  REG32(BLOCK + 0x70) = 11;
  REG32(BLOCK + 0x38) = 8;
  place(0x80, descriptors);
  place(0x90, &available);
  place(0xa0, &used);
  REG32(BLOCK + 0x44) = 1;
  REG32(BLOCK + 0x70) = 15;
  return 1;
}

static void transfer(u32 type, u64 number) {
  header.type = type;
  header.sector = number;
  descriptors[0].address = (u64)&header, descriptors[0].length = 16;
  descriptors[0].flags = 1, descriptors[0].next = 1;
  descriptors[1].address = (u64)sector, descriptors[1].length = 512;
  descriptors[1].flags = type ? 1 : 3, descriptors[1].next = 2;
  descriptors[2].address = (u64)&status, descriptors[2].length = 1, descriptors[2].flags = 2;
  u16 before = used.index;
  available.ring[available.index++ % 8] = 0;
  asm volatile("fence" ::: "memory");
  REG32(BLOCK + 0x50) = 0;
  while (used.index == before) {
    asm volatile("wfi");
    CSRS(sstatus, SIE);
    CSRC(sstatus, SIE);
  }
}

static void disk(void) {
  transfer(0, 1);
  for (int i = 0; i < 16 && sector[i]; i++) put(sector[i]);
  print("\n");
  for (int i = 0; i < 256; i++) {
    u8 other = sector[i];
    sector[i] = sector[511 - i];
    sector[511 - i] = other;
  }
  transfer(1, 2);
}

static int is(const char *word) {
  int i = 0;
  while (word[i] && word[i] == line[i]) i++;
  return !word[i] && (!line[i] || line[i] == ' ');
}

__attribute__((noinline)) static void obey(void) {
  if (is("lazy")) {
    REG8(LAZY + 5) = 7;
    print(REG8(LAZY + 5) == 7 && frame[5] == 7 ? "touched\n" : "lost\n");
  } else if (is("disk")) disk();
  else if (is("user")) user();
  else if (is("tick")) tick();
  else if (is("tock")) tock();
  else if (is("dead")) {
    CSRW(sie, 0);
    for (;;) asm volatile("wfi");
  } else if (is("exit")) {
    u32 number = 0;
    for (char *c = line + 5; *c >= '0' && *c <= '9'; c++) number = 10 * number + (*c - '0');
    off(number);
  } else {
    print(line);
    print("\n");
  }
}

__attribute__((used)) static void supervisor(void) {
  root[0] = 0 << 10 | V | R | W | A | D;                     /* devices, 1 GiB */
  root[2] = 0x80000ul << 10 | V | R | W | X | A | D;         /* RAM */
  root[1] = (u64)middle >> 12 << 10 | V;
  middle[0] = (u64)leaf >> 12 << 10 | V;
  CSRW(satp, 8ul << 60 | (u64)root >> 12);
  asm volatile("sfence.vma");
  CSRW(stvec, supervisor_trap);
  REG8(UART + 2) = 7;
  REG8(UART + 1) = 1;
  REG32(PLIC + 4) = 1, REG32(PLIC + 40) = 1;
  REG32(PLIC + 0x2080) = 1 << 1 | 1 << 10;
  REG32(PLIC + 0x201000) = 0;
  CSRW(0x14d, ~0ul);
  CSRW(sie, SSIE | STIE | SEIE);
  print(disk_start() ? "a kernel with a disk\n" : "a kernel\n");
  for (;;) {
    print("> ");
    wait(&lines);
    lines--;
    for (u32 length = 0; length < sizeof line; length++) {
      char c = input[tail++ % sizeof input];
      line[length] = c == '\n' ? 0 : c;
      if (c == '\n') break;
    }
    obey();
  }
}

__attribute__((used)) void start(u64 hart, const u8 *tree) {
  if (hart != CSRR(mhartid) || tree[0] != 0xd0 || tree[1] != 0x0d) off(97);
  /* A load where no device is faults, and goes on behind itself. */
  asm volatile("la t0, 1f\n csrw mtvec, t0\n li %0, 0\n lw %0, 0(%1)\n .balign 4\n 1:"
               : "=&r"(has_disk) : "r"((u64)BLOCK) : "t0");
  CSRW(pmpaddr0, ~0ul >> 10);
  CSRW(pmpcfg0, 15);
  CSRW(medeleg, 0xffff);
  CSRW(mideleg, SSIE | STIE | SEIE);
  CSRS(0x30a, 1ul << 63); /* menvcfg.STCE */
  CSRW(mcounteren, 7);
  REG64(MTIMECMP) = ~0ul;
  extern void machine_timer(void);
  CSRW(mtvec, machine_timer);
  CSRW(mscratch, saved);
  CSRW(mie, MTIE);
  CSRC(mstatus, 3 << 11);
  CSRS(mstatus, 1 << 11);
  CSRW(mepc, supervisor);
  asm volatile("mret");
}
