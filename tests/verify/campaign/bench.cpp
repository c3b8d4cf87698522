// Drives a compiled Mmu through a table of commands and writes a table of what it did. Compiled
// behind the generated `native_step`; tests/verify/campaign/bench.py writes the one and reads the other.

#include <cstring>
#include <initializer_list>

namespace {

// Commands of `WORDS` words: number | cycle << 8, then operands. All but RUN are put off until the
// next RUN and take effect in that cycle of it, in their order in the table.
enum Command : u64 {
  CLEAR,    // memory is zero and refuses nothing
  POKE,     // address, value: another hart writes a word, once the lock is released
  REFUSE,   // address, 1 for reads | 2 for writes; 0 to take it back
  MEMORY,   // seed, longest latency, chance in 256 that a request is not taken
  CONTEXT,  // sv39, asid, root, sum, mxr, adue
  FENCE,    // has_va, va, has_asid, asid
  SQUASH,   // 1 for the data port | 2 for the fetch port
  ASK,      // port, va, priv, access, id: from here on the port asks so, until it is answered
  RUN,      // record reads, cycles to go on for at the end
};
constexpr u64 WORDS = 8;

// Records of four words: number | port << 8 | cycle << 32, then three of its own.
enum Record : u64 {
  ANSWER,     // of a port: done | device << 1 | fault << 2 | update << 4, pa
  READ,       // of a PTE, accepted: address, data, level | locked << 8 | refused << 9 | id << 32
  WRITE,      // of a PTE, accepted: address, data, what was there | refused is bit 8 of the first
  POKED,      // address, data, what was there
  VIOLATION,  // of a rule of the port, by its number below
  END,        // of a RUN; 1 if it ended because nobody answered
};
enum Rule : u64 { NOT_RAM = 1, SHAPE, OUTSTANDING, UNLOCKED_WRITE, OTHER_ADDRESS };

enum Port : u64 { DATA, FETCH, UPDATE, PORTS };
constexpr u64 REFUSALS = 64, DIRTY = 1 << 16, PATIENCE = 4000;

// Words of the state that hold inputs, in this order; bench.py has the same.
struct Asker {
  u64 valid, va, priv, access, id;
};
struct Inputs {
  Asker port[PORTS];
  u64 squash[2];
  u64 sv39, asid, root, sum, mxr, adue;
  u64 fence, has_va, fence_va, has_asid, fence_asid;
  u64 ready, response, data, error;
};

// The outputs, as words at the beginning of the state.
struct Answer {
  u64 done, pa, device, fault, update;
};
struct Outputs {
  Answer port[2];
  u64 updated, update_fault;
  u64 valid, address, write, data, strobe, size, source, level, lock, id;
};

}  // namespace

struct Bench {
  u64 *state, *ram, ram_base, ram_size;
  Inputs at;
  u64 *out, *out_end;
  u64 random, latency, stalls;
  u64 refusals, refused_at[REFUSALS], refused[REFUSALS];
  u64 dirty_count, dirty[DIRTY];
  // The one request under way: cycles until its response, 0 if there is none.
  u64 due, due_data, due_error, due_locks;
  u64 locked, locked_at;
  // Writes of others that wait for the lock.
  u64 waiting, waiting_at[REFUSALS], waiting_data[REFUSALS];
  // Of each port: it asks; its last answer has been recorded, and how it was.
  u64 asks[PORTS], answered[PORTS], last[PORTS][2];
  u64 record_reads, cycle, failed;
};

namespace {

u64 &word(Bench *b, u64 address) { return b->ram[(address - b->ram_base) >> 3]; }

void record(Bench *b, u64 kind, u64 port, u64 x, u64 y, u64 z) {
  if (b->out == b->out_end) {
    b->failed = 1;
    return;
  }
  *b->out++ = kind | port << 8 | b->cycle << 32;
  *b->out++ = x;
  *b->out++ = y;
  *b->out++ = z;
}

u64 random(Bench *b) {
  u64 &x = b->random;
  x ^= x << 13;
  x ^= x >> 7;
  x ^= x << 17;
  return x >> 16;
}

void write(Bench *b, u64 address, u64 data) {
  if (b->dirty_count == DIRTY) b->failed = 1;
  else b->dirty[b->dirty_count++] = address;
  word(b, address) = data;
}

void poke(Bench *b, u64 address, u64 data) {
  record(b, POKED, 0, address, data, word(b, address));
  write(b, address, data);
}

void refuse(Bench *b, u64 address, u64 how) {
  for (u64 i = 0; i < b->refusals; i++)
    if (b->refused_at[i] == address) {
      b->refused[i] = how;
      return;
    }
  if (b->refusals == REFUSALS) {
    b->failed = 1;
    return;
  }
  b->refused_at[b->refusals] = address;
  b->refused[b->refusals++] = how;
}

bool refuses(Bench *b, u64 address, bool writes) {
  for (u64 i = 0; i < b->refusals; i++)
    if (b->refused_at[i] == address) return b->refused[i] >> writes & 1;
  return false;
}

void clear(Bench *b) {
  for (u64 i = 0; i < b->dirty_count; i++) word(b, b->dirty[i]) = 0;
  b->dirty_count = b->refusals = 0;
}

void ask(Bench *b, const u64 *c) {
  const Asker &a = b->at.port[c[1]];
  u64 *s = b->state;
  s[a.valid] = b->asks[c[1]] = 1;
  s[a.va] = c[2], s[a.priv] = c[3], s[a.access] = c[4], s[a.id] = c[5];
}

void drop(Bench *b, u64 port) { b->state[b->at.port[port].valid] = b->asks[port] = 0; }

void perform(Bench *b, const u64 *c) {
  u64 *s = b->state;
  const Inputs &at = b->at;
  switch (c[0] & 0xff) {
    case CLEAR: return clear(b);
    case POKE:
      if (!b->locked) return poke(b, c[1], c[2]);
      if (b->waiting == REFUSALS) b->failed = 1;
      else b->waiting_at[b->waiting] = c[1], b->waiting_data[b->waiting++] = c[2];
      return;
    case REFUSE: return refuse(b, c[1], c[2]);
    case MEMORY: b->random = c[1], b->latency = c[2], b->stalls = c[3]; return;
    case CONTEXT:
      s[at.sv39] = c[1], s[at.asid] = c[2], s[at.root] = c[3];
      s[at.sum] = c[4], s[at.mxr] = c[5], s[at.adue] = c[6];
      return;
    case FENCE:
      s[at.fence] = 1, s[at.has_va] = c[1], s[at.fence_va] = c[2];
      s[at.has_asid] = c[3], s[at.fence_asid] = c[4];
      return;
    case SQUASH: s[at.squash[0]] = c[1] & 1, s[at.squash[1]] = c[1] >> 1; return;
    case ASK: return ask(b, c);
  }
  b->failed = 1;
}

// What the memory drives in this cycle.
void drive(Bench *b) {
  u64 *s = b->state;
  s[b->at.ready] = (random(b) & 0xff) >= b->stalls;
  bool due = b->due && !--b->due;
  s[b->at.response] = due;
  s[b->at.data] = due ? b->due_data : 0xbad0bad0bad0bad0;
  s[b->at.error] = due ? b->due_error : 1;
}

// A request that is accepted at the end of this cycle.
void accept(Bench *b) {
  const Outputs &o = *reinterpret_cast<const Outputs *>(b->state);
  if (b->state[b->at.response] && b->due_error && b->due_locks) b->locked = 0;
  if (!o.valid || !b->state[b->at.ready]) return;
  if (o.address - b->ram_base >= b->ram_size || o.address & 7) {
    record(b, VIOLATION, NOT_RAM, o.address, 0, 0);
    b->due = 1, b->due_error = 1, b->due_locks = 0;
    return;
  }
  if (o.size != 3 || o.source != 2 || o.strobe != (o.write ? 0xff : 0) || (o.lock && o.write))
    record(b, VIOLATION, SHAPE, o.address, 0, 0);
  if (b->due) record(b, VIOLATION, OUTSTANDING, o.address, 0, 0);
  u64 old = word(b, o.address);
  bool error = refuses(b, o.address, o.write);
  if (o.write) {
    if (!b->locked) record(b, VIOLATION, UNLOCKED_WRITE, o.address, 0, 0);
    else if (b->locked_at != o.address) record(b, VIOLATION, OTHER_ADDRESS, o.address, 0, 0);
    record(b, WRITE, error, o.address, o.data, old);
    if (!error) write(b, o.address, o.data);
  } else if (b->record_reads) {
    record(b, READ, 0, o.address, old, o.level | o.lock << 8 | u64(error) << 9 | o.id << 32);
  }
  b->due = 1 + (b->latency > 1 ? random(b) % b->latency : 0);
  b->due_data = o.write || error ? 0xdeadbeefdeadbeef : old;
  b->due_error = error, b->due_locks = o.lock;
  b->locked = o.lock, b->locked_at = o.address;
}

void let_others_write(Bench *b) {
  if (b->locked) return;
  for (u64 i = 0; i < b->waiting; i++) poke(b, b->waiting_at[i], b->waiting_data[i]);
  b->waiting = 0;
}

void note(Bench *b, u64 port, u64 how, u64 pa) {
  if (!b->answered[port] || b->last[port][0] != how || b->last[port][1] != pa)
    record(b, ANSWER, port, how, pa, 0);
  b->answered[port] = 1, b->last[port][0] = how, b->last[port][1] = pa;
}

// Answers of this cycle; who has one, and nothing to wait for, goes away.
void hear(Bench *b, bool quiet) {
  const Outputs &o = *reinterpret_cast<const Outputs *>(b->state);
  for (u64 port : {DATA, FETCH}) {
    const Answer &a = o.port[port];
    if (!b->asks[port] || !a.done) continue;
    bool good = !a.fault && !a.update;
    note(b, port, 1 | (good ? a.device << 1 : 0) | a.fault << 2 | a.update << 4, good ? a.pa : 0);
    if (quiet) drop(b, port);
  }
  if (b->asks[UPDATE] && o.updated) {
    b->answered[UPDATE] = 0;
    note(b, UPDATE, 1 | o.update_fault << 2, 0);
    drop(b, UPDATE);
  }
}

// One RUN: the commands from `c` up to `end` are performed in their cycles.
void run(Bench *b, const u64 *c, const u64 *end) {
  u64 last = 0, hold = end[2], *s = b->state;
  for (const u64 *e = c; e < end; e += WORDS) {
    u64 when = (e[0] >> 8) + ((e[0] & 0xff) == FENCE);
    last = when > last ? when : last;
  }
  b->record_reads = end[1];
  memset(b->answered, 0, sizeof b->answered);
  bool asking = true;
  for (b->cycle = 0; asking || b->cycle <= last || hold; b->cycle++) {
    if (b->cycle == PATIENCE) break;
    if (!asking && b->cycle > last) hold--;
    s[b->at.fence] = s[b->at.squash[0]] = s[b->at.squash[1]] = 0;
    // Answers after an event are recorded again, also if they are what they were.
    if (b->cycle <= last) memset(b->answered, 0, sizeof b->answered);
    for (const u64 *e = c; e < end; e += WORDS)
      if (e[0] >> 8 == b->cycle) perform(b, e);
    drive(b);
    native_step(s, s);
    accept(b);
    let_others_write(b);
    hear(b, b->cycle >= last);
    asking = b->asks[DATA] | b->asks[FETCH] | b->asks[UPDATE];
  }
  record(b, END, 0, asking, 0, 0);
  for (u64 port = 0; port < PORTS; port++) drop(b, port);
}

}  // namespace

extern "C" u64 bench_size() { return sizeof(Bench); }

// Runs the `count` commands at `c`, of which the last is a RUN. Returns 0, or 1 if a table
// overflowed or a command was unknown: then nothing of the records is to be trusted.
extern "C" u64 bench_run(Bench *b, const u64 *c, u64 count) {
  const u64 *begin = c;
  for (u64 i = 0; i < count && !b->failed; i++, c += WORDS)
    if ((c[0] & 0xff) == RUN) {
      run(b, begin, c);
      begin = c + WORDS;
    }
  return b->failed;
}
