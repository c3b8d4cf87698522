// Loads, stores and jumps that no process is allowed to do: each kills it, and nothing else.
#include "usertests.h"

static volatile char *address;

static void load(void) {
  *address;
}

static void store(void) {
  *address = 10;
}

static void jump(void) {
  ((void (*)(void))address)();
}

static void check_killed(uint64_t where) {
  address = (char *)where;
  check(in_child(load) == KILLED);
  check(in_child(store) == KILLED);
  check(in_child(jump) == KILLED);
}

// Where a kernel may have itself mapped.
void kernel_memory(void) {
  for (uint64_t where = 0x80000000; where < 0x80000000 + 2000000; where += 400000)
    check_killed(where);
  check_killed(0x0c000000); // devices
  check_killed(0x10000000);
  check_killed(TRAPFRAME);
  check_killed(TRAMPOLINE);
}

// From MAXVA up, bit by bit.
void beyond_maxva(void) {
  for (uint64_t where = MAXVA; where != 0; where <<= 1)
    check_killed(where);
  check_killed(-1ul);
}

// In the text nothing can be changed; in data and heap nothing can be run.
void text_and_data(void) {
  static uint16_t ret = 0x8082;
  address = (char *)text_and_data;
  check(in_child(store) == KILLED);
  check(in_child(load) == 0);
  address = (char *)0;
  check(in_child(store) == KILLED);
  address = (char *)&ret;
  check(in_child(store) == 0);
  check(in_child(jump) == KILLED);
  uint16_t local = ret;
  address = (char *)&local;
  check(in_child(jump) == KILLED);
}

static void recurse(int depth) {
  volatile char page[PAGE_SIZE];
  page[0] = depth;
  if (depth > 0)
    recurse(depth - 1);
  page[1] = depth; // no jump in place of the call
}

static void overflow(void) {
  recurse(100);
}

// A stack that grows too long ends in the guard page.
void stack_overflow(void) {
  check(in_child(overflow) == KILLED);
  char local;
  uintptr_t stack = (uintptr_t)&local & -PAGE_SIZE;
  check_killed(stack - 1);
  check_killed(stack - PAGE_SIZE);
}

static void illegal(void) {
  asm volatile(".balign 4\n .word 0");
}

static void supervisor_only(void) {
  asm volatile("csrr t0, sstatus" : : : "t0");
}

static void return_from_trap(void) {
  asm volatile("sret");
}

static void breakpoint(void) {
  asm volatile("ebreak");
}

void illegal_instructions(void) {
  check(in_child(illegal) == KILLED);
  check(in_child(supervisor_only) == KILLED);
  check(in_child(return_from_trap) == KILLED);
  check(in_child(breakpoint) == KILLED);
}

static char zeros[10 * PAGE_SIZE];

// What C promises to be zero is, over several pages.
void zeroed_data(void) {
  for (unsigned i = 0; i < sizeof zeros; i++)
    check(zeros[i] == 0);
}

static uint64_t data = 1;

static void change_all(void) {
  data = 2;
  zeros[0] = 2;
  *address = 2;
}

// A child's memory is its own: data, bss and heap.
void separate_memory(void) {
  address = sbrk(PAGE_SIZE);
  *address = 1;
  check(in_child(change_all) == 0);
  check(data == 1 && zeros[0] == 0 && *address == 1);
}

// All registers but a0 come back from a system call and from an interrupt.
void registers(void) {
  long wrong;
  asm volatile("li s2, 0x1234567\n li s3, -2\n li t3, 77\n li a5, 55\n mv t4, sp\n"
               "li a7, 14\n ecall\n" // uptime
               "li t5, 3000\n 1: addi t5, t5, -1\n bnez t5, 1b\n"
               "li t5, 0x1234567\n xor %0, s2, t5\n li t5, -2\n xor t5, t5, s3\n or %0, %0, t5\n"
               "addi t5, t3, -77\n or %0, %0, t5\n addi t5, a5, -55\n or %0, %0, t5\n"
               "xor t5, t4, sp\n or %0, %0, t5\n addi t5, a7, -14\n or %0, %0, t5"
               : "=&r"(wrong)
               :
               : "s2", "s3", "t3", "t4", "t5", "a0", "a5", "a7", "memory");
  check(wrong == 0);
}
