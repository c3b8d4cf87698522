// The bus of the machine around the hart as Verilator translates it: RAM that answers in the next
// cycle, to the cycle as sim/platform/bus.py says. Runs the program in a file until it stores to
// `tohost`.
//
// Arguments: an image of RAM from its start, the bytes of RAM, the address of `tohost`.
// Prints cycles, instructions and seconds.

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "Vtrapline_hart.h"
#include "verilated.h"

typedef uint64_t u64;

constexpr u64 BASE = 0x80000000, LIMIT = 1ull << 32;

double sc_time_stamp() { return 0; }

static std::vector<u64> ram;
static u64 tohost;
static bool done;
// A bit for each port; `holder` is the port that holds the bus, or 2.
static u64 holder = 2;

static void load(const char *path, u64 size) {
  ram.resize(size / 8);
  FILE *file = fopen(path, "rb");
  if (!file || !fread(ram.data(), 1, size, file)) exit(2);
  fclose(file);
}

static u64 lanes(u64 strobe) {
  u64 mask = 0;
  for (int i = 0; i < 8; i++)
    if (strobe >> i & 1) mask |= 0xffull << 8 * i;
  return mask;
}

// An answer that is due in the next cycle.
struct Answer {
  bool valid, error;
  u64 data;
};

static inline Answer access(u64 port, u64 address, bool write, u64 data, u64 strobe, bool lock) {
  u64 index = (address - BASE) / 8;
  holder = lock ? port : holder == port ? 2 : holder;
  if (address < BASE || index >= ram.size()) return {true, true, 0};
  if (!write) return {true, false, ram[index]};
  u64 mask = strobe == 0xff ? ~0ull : lanes(strobe);
  ram[index] = (ram[index] & ~mask) | (data & mask);
  done |= index == (tohost - BASE) / 8;
  return {true, false, 0};
}

// Verilator spells the second underscore of two as a number.
#define PORT(number, name)                                                                 \
  if (top->name##___05Frequest___05Fvalid && top->name##___05Frequest___05Fready)                              \
    answers[number] = access(number, top->name##___05Frequest___05Faddress, top->name##___05Frequest___05Fwrite, \
                             top->name##___05Frequest___05Fdata, top->name##___05Frequest___05Fstrobe,         \
                             top->name##___05Frequest___05Flock);                                    \
  else                                                                                     \
    answers[number] = {};

#define DRIVE(number, name)                                               \
  top->name##___05Frequest___05Fready = holder == 2 || holder == number;            \
  top->name##___05Fresponse___05Fvalid = answers[number].valid;                     \
  if (answers[number].valid) {                                            \
    top->name##___05Fresponse___05Fdata = answers[number].data;                     \
    top->name##___05Fresponse___05Ferror = answers[number].error;                   \
  }

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  load(argv[1], strtoull(argv[2], nullptr, 0));
  tohost = strtoull(argv[3], nullptr, 0);
  auto *top = new Vtrapline_hart;
  Answer answers[2] = {};
  u64 cycle = 0, instructions = 0;
  auto start = std::chrono::steady_clock::now();
  while (!done && cycle < LIMIT) {
    // Outputs are sampled before the rising edge, inputs driven after it.
    DRIVE(0, fetch_port)
    DRIVE(1, data_port)
    top->mtime = cycle++;
    top->clk = 0;
    top->eval();
    instructions += top->retire___05Fvalid && !top->retire___05Ftrap;
    PORT(0, fetch_port)
    PORT(1, data_port)
    top->clk = 1;
    top->eval();
  }
  std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  printf("%llu %llu %f\n", (unsigned long long)cycle, (unsigned long long)instructions,
         seconds.count());
  return done ? 0 : 1;
}
