// The bus of the machine and the loop that runs the hart, to the cycle as sim/platform/bus.py says;
// the numbers of its rules stand beside the lines. Compiled together with the generated
// `native_step`.

namespace {

constexpr int FETCH = 0, DATA = 1, PORTS = 2, DEPTH = 16;
constexpr u64 NEVER = ~0ull;
// Cycles between two looks whether the hart is idle, and before the first after an answer: it mostly
// waits for that.
constexpr u64 LOOK = 16, FIRST_LOOK = 2;

// What ended a run; sim/engines/native/machine/structs.py knows the same numbers.
enum Event : u64 { BUDGET = 0, WATCHED = 1, DEVICE = 2, PROTOCOL = 3 };

// Windows, and registers of each.
constexpr u64 WINDOWS = 8, CELLS = 64;

// Entries of the log that Python has not fetched yet, and addresses that retire sooner or later; the
// cause of an entry that tells of one that did.
constexpr u64 LOG = 1024, EXPECTED = 1024, RETIRED = ~0ull;

struct Response {
  u64 due, data, error, locks;
};

// Fields of a request, as words of the state that the hart's outputs are shown in.
struct Request {
  u64 valid, address, write, data, strobe, size, source, lock;
};

struct Port {
  // Words of the state: inputs of the hart, and the first of a Request.
  u64 ready_at, valid_at, data_at, error_at, request_at;
  Response queue[DEPTH];
  u64 head, count, ready;
};

// An exception, or an instruction that retired where one is expected. With it what the exception is
// due to, on its side, or what has been looked up since the last return.
struct Entry {
  u64 cycle, pc, cause, tval, mode;
  Lookup lookups[SIDES];
};

// Registers of a device, of 1 << size bytes each from `base` up, that are served here: of each a bit
// whether it may be loaded and stored, whether it counts cycles, and whether it has been stored to. If
// it is `fetchable`, the loadable ones are instructions.
struct Window {
  u64 base, size, loadable, storable, counting, fetchable, stored;
  u64 cells[CELLS];
};

}  // namespace

struct Machine {
  u64 *state;
  u64 *ram;
  u64 ram_base, ram_size, latency;
  Port port[PORTS];
  u64 time_at;
  // First of the words valid, trap, pc, mode, cause, tval of the retire port.
  u64 retire_at;
  // Index of the word in RAM whose stores are events, or NEVER.
  u64 watched;
  Window windows[WINDOWS];
  u64 window_count;
  // The cycle before which Python has to act, or NEVER.
  u64 deadline;
  u64 lock_port, lock_source;  // lock_port is PORTS if nobody holds the bus
  Response *withheld;
  u64 withheld_cycle;
  u64 cycle, instructions, user_instructions;  // user_instructions are a part of instructions
  u64 event, event_value;
  // The cycle that has just been computed ends with `machine_finish`, after Python has acted.
  u64 open;
  // An access to a device that Python has to serve.
  Request device;
  // Exceptions so far; entries of the log; which causes (a bit each), raised in user mode, make an
  // instruction expected; and how many are.
  u64 trap_count, logged, expecting, expected_count;
  // Bit (pc >> 1) % 64 is set for every pc in `expected`.
  u64 expected_filter;
  Entry log[LOG];
  u64 expected[EXPECTED];
  // Idle cycles may be passed over. Then: the size of the state in words, room for a copy of it, the
  // words that hold `mcycle` and `stimecmp`, and how many cycles have been passed over.
  u64 forward, state_words;
  u64 *before;
  u64 counter_at, compare_at, skipped;
  // The cycle of the next look, and what had retired or trapped at the last one; `armed`: `before` is
  // the state one cycle ago; `answered`: the store that was withheld has been, since the last run.
  u64 look, progress, armed, answered;
  // Called after every cycle, if not null: waveforms and records, which `watcher` keeps. If it is
  // `sparse`, cycles in which nothing happens may be left out.
  void (*watch)(Machine *);
  void *watcher;
  u64 sparse;
  // Called with every record of the retire port, if not null: for `transcripts`.
  void (*record)(Machine *);
  void *transcripts;
  // Called in every cycle, if not null: for those of them that are about walks.
  void (*walked)(Machine *);
  Story story;
  Walk walk;
  Counts counts;
  Refusals refusals;
};

namespace {

u64 lanes(u64 strobe) {
  // Spread the eight bits over the bytes, then fill each byte that got one.
  u64 spread = (strobe * 0x0101010101010101ull) & 0x8040201008040201ull;
  spread = ((spread + 0x7f7f7f7f7f7f7f7full) | spread) & 0x8080808080808080ull;
  return (spread >> 7) * 0xff;
}

inline u64 filter_bit(u64 pc) { return 1ull << (pc >> 1 & 63); }

// From now on it is told when an instruction at `pc` retires in user mode; once.
void expect(Machine *m, u64 pc) {
  for (u64 i = 0; i < m->expected_count; i++)
    if (m->expected[i] == pc) return;
  if (m->expected_count == EXPECTED)  // of instructions that were killed: forget the oldest
    memmove(m->expected, m->expected + 1, --m->expected_count * sizeof(u64));
  m->expected[m->expected_count++] = pc;
  m->expected_filter |= filter_bit(pc);
}

void trap(Machine *m, const u64 *r) {
  Story &s = m->story;
  m->log[m->logged++] = {m->cycle, r[2], r[4], r[5], r[3],
                         {refused(s, 0, r[5]), refused(s, 1, r[5])}};
  m->trap_count++;
  forget(s);
  if (r[3] == 0) s.passage.raised = m->cycle;
  if (r[3] == 0 && r[4] < 64 && m->expecting >> r[4] & 1) expect(m, r[2]);
}

void reach(Machine *m, u64 pc) {
  u64 kept = 0, filter = 0;
  for (u64 i = 0; i < m->expected_count; i++) {
    if (m->expected[i] == pc) {
      m->log[m->logged++] = {m->cycle, pc, RETIRED, 0, 0, {m->story.first[0], m->story.first[1]}};
    } else {
      filter |= filter_bit(m->expected[i]);
      m->expected[kept++] = m->expected[i];
    }
  }
  m->expected_count = kept;
  m->expected_filter = filter;
}

inline void retire(Machine *m) {
  const u64 *r = m->state + m->retire_at;
  if (m->record) m->record(m);
  if (r[1]) {
    trap(m, r);
  } else {
    m->instructions++;
    if (r[3] != 0) {
      if (m->story.probe_at != NOWHERE) handle(m->story, m->state, m->cycle);
      return;
    }
    m->user_instructions++;
    if (m->expected_filter & filter_bit(r[2])) reach(m, r[2]);
  }
}

// What the MMU has looked up in vain, and read, in this cycle; after its accesses.
inline void follow(Machine *m) {
  Story &s = m->story;
  if (s.probe_at == NOWHERE) return;
  const Probe &p = *reinterpret_cast<const Probe *>(m->state + s.probe_at);
  for (int side = 0; side < SIDES; side++)
    if (p.side[side].miss | p.side[side].fault | s.asking[side]) look_up(s, side, p, m->cycle);
  if (p.read && p.of < SIDES) {
    u64 address = m->state[m->port[DATA].request_at + 1];
    read_entry(s, p, m->cycle, address, m->ram[(address - m->ram_base) >> 3]);
  }
}

void fail(Machine *m, u64 port, u64 rule) {
  m->event = PROTOCOL;
  m->event_value = port << 8 | rule;
}

// An access to a register in a window; false if there is none.
bool window_access(Machine *m, const Request &q, Response &r) {
  for (u64 number = 0; number < m->window_count; number++) {
    Window &w = m->windows[number];
    u64 index = (q.address - w.base) >> w.size;
    if (q.size != w.size || index >= CELLS) continue;
    u64 shift = (q.address & 7) << 3, mask = ~0ull >> (64 - (8ull << w.size));
    if (q.write && w.storable >> index & 1) {
      w.cells[index] = q.data >> shift & mask;
      w.stored |= 1ull << index;
      return true;
    }
    if (!q.write && w.loadable >> index & 1) {
      u64 counted = w.counting >> index & 1 ? m->cycle : 0;
      r.data = (w.cells[index] + counted & mask) << shift;
      return true;
    }
  }
  return false;
}

// A fetch from ROM; false where there is none.
bool fetch_access(Machine *m, const Request &q, Response &r) {
  for (u64 number = 0; number < m->window_count; number++) {
    const Window &w = m->windows[number];
    u64 index = (q.address - w.base) >> w.size;
    if (!w.fetchable || index >= CELLS || !(w.loadable >> index & 1)) continue;
    r.data = w.cells[index];
    return true;
  }
  return false;
}

void access(Machine *m, int number, const Request &q, Response &r) {
  if (m->refusals.count && refuse(m->refusals, q.address, q.source, q.write, m->cycle)) {
    r.error = 1;
    return;
  }
  u64 offset = q.address - m->ram_base;
  if (offset < m->ram_size) {
    u64 index = offset >> 3;
    if (q.write) {
      u64 mask = lanes(q.strobe);
      m->ram[index] = (m->ram[index] & ~mask) | (q.data & mask);
      if (index == m->watched) {
        m->event = WATCHED;
        m->event_value = q.strobe;
      }
    } else {
      r.data = m->ram[index];
    }
  } else if (number == FETCH) {
    r.error = !fetch_access(m, q, r);  // rule 7
  } else if (!window_access(m, q, r)) {
    m->event = DEVICE;
    m->device = q;
    r.due = NEVER;
  }
}

// The response to the request that was accepted last.
Response &last(Port &p) { return p.queue[(p.head + p.count - 1) % DEPTH]; }

// Nobody holds the bus; no response that is on its way lets go of a later lock.
void unlock(Machine *m) {
  m->lock_port = PORTS;
  for (Port &p : m->port)
    for (Response &r : p.queue) r.locks = 0;
}

inline void accept(Machine *m, int number) {
  Port &p = m->port[number];
  const Request &q = *reinterpret_cast<const Request *>(m->state + p.request_at);
  if (!q.valid || !p.ready) return;
  if (q.address & ((1ull << q.size) - 1)) fail(m, number, 1);
  if (number == FETCH && q.write) fail(m, number, 2);
  if (m->lock_port == u64(number) && m->lock_source != q.source) fail(m, number, 3);
  if (m->event == PROTOCOL) return;
  Response &r = p.queue[(p.head + p.count++) % DEPTH];
  r = {m->cycle + m->latency, 0, 0, 0};
  access(m, number, q, r);
  if (q.lock || m->lock_port == u64(number)) unlock(m);  // rule 4
  if (q.lock) {
    m->lock_port = number;
    m->lock_source = q.source;
    r.locks = 1;
  }
}

inline void drive(Machine *m) {
  u64 *s = m->state;
  for (Port &p : m->port) {
    Response &r = p.queue[p.head];
    bool due = p.count && r.due <= m->cycle;  // rules 1 and 2
    s[p.valid_at] = due;
    if (due) {
      s[p.data_at] = r.data;
      s[p.error_at] = r.error;
      if (r.error && r.locks) m->lock_port = PORTS;
      p.head = (p.head + 1) % DEPTH;
      p.count--;
    }
  }
  for (int i = 0; i < PORTS; i++) {  // rules 3 and 4
    Port &p = m->port[i];
    p.ready = p.count < DEPTH && (m->lock_port == PORTS || m->lock_port == u64(i));
    s[p.ready_at] = p.ready;
  }
  s[m->time_at] = m->cycle;
}

// The last cycle has changed nothing but `mcycle` and `mtime`, and nothing was on its way.
bool idle(Machine *m) {
  u64 *s = m->state, *before = m->before;
  if (s[m->retire_at]) return false;
  for (Port &p : m->port)
    if (s[p.valid_at] || (s[p.request_at] && p.ready)) return false;
  if (s[m->counter_at] - before[m->counter_at] > 1) return false;  // 0 if it is inhibited
  before[m->counter_at] = s[m->counter_at];
  before[m->time_at] = s[m->time_at];
  return !memcmp(s, before, m->state_words * sizeof(u64));
}

// The next cycle in which something else can change: a response, `mtime` reaching `stimecmp`, the one
// at whose end Python acts.
u64 next_event(Machine *m, u64 limit) {
  u64 next = m->deadline - 1 < limit ? m->deadline - 1 : limit;
  for (Port &p : m->port)
    if (p.count && p.queue[p.head].due < next) next = p.queue[p.head].due;
  u64 compare = m->state[m->compare_at];
  if (m->cycle - 1 < compare && compare < next) next = compare;
  return next;
}

u64 progress(Machine *m) { return m->instructions + m->trap_count; }

// From now on nothing is looked at for so many cycles.
void look_after(Machine *m, u64 cycles) {
  m->look = m->cycle + cycles;
  m->progress = progress(m);
  m->armed = 0;
}

// At each look: if nothing has retired since the last one, and one cycle more changes nothing but
// counters, so do all up to the next event. They are counted and not computed.
__attribute__((noinline)) void fast_forward(Machine *m, u64 limit) {
  if (!m->armed) {
    m->armed = m->forward && (!m->watch || m->sparse) && progress(m) == m->progress;
    if (m->armed) memcpy(m->before, m->state, m->state_words * sizeof(u64));
    else look_after(m, LOOK);
    return;
  }
  look_after(m, LOOK - 1);
  u64 counted = m->state[m->counter_at] - m->before[m->counter_at];
  if (!idle(m)) return;
  u64 next = next_event(m, limit);
  if (next <= m->cycle) return;
  m->state[m->counter_at] += counted * (next - m->cycle);
  m->skipped += next - m->cycle;
  count(m->counts, m->state, next - m->cycle);
  m->cycle = next;
  drive(m);
}

}  // namespace

extern "C" void machine_drive(Machine *m) { drive(m); }

extern "C" u64 machine_size() { return sizeof(Machine); }

// Runs for at most `cycles` cycles, of which `work` are computed, or until a full log, or until Python has to act: on what is left
// in `event`, or because of the deadline. Then the cycle is `open`.
extern "C" void machine_run(Machine *m, u64 cycles, u64 work) {
  m->event = BUDGET;
  look_after(m, m->answered ? FIRST_LOOK : LOOK);
  m->answered = 0;
  u64 limit = m->cycle + cycles, start = m->cycle - m->skipped;
  while (m->cycle < limit && m->cycle - m->skipped - start < work) {
    native_step(m->state, m->state);
    if (m->state[m->retire_at]) retire(m);
    accept(m, FETCH);  // rule 5
    accept(m, DATA);
    follow(m);
    if (m->walked) m->walked(m);
    count(m->counts, m->state, 1);
    m->cycle++;
    if (m->event != BUDGET || m->cycle >= m->deadline) {
      m->open = 1;
      return;
    }
    drive(m);
    if (m->watch) m->watch(m);
    if (m->event != BUDGET || m->logged == LOG) return;
    if (m->cycle >= m->look) fast_forward(m, limit);
  }
}

// Ends the cycle that was left open. An access to a device that was not served is withheld.
extern "C" void machine_finish(Machine *m) {
  m->open = 0;
  Response &r = last(m->port[DATA]);
  if (m->event == DEVICE && r.due == NEVER) {
    m->withheld = &r;
    m->withheld_cycle = m->cycle - 1;
  }
  drive(m);
  if (m->watch) m->watch(m);
}

// Serves the device's access of the open cycle, with the timing of rule 1.
extern "C" void machine_serve(Machine *m, u64 data, u64 error) {
  last(m->port[DATA]) = {m->cycle - 1 + m->latency, data, error, last(m->port[DATA]).locks};
}

// Answers what is withheld, `delay` cycles later than at the earliest (rule 6).
extern "C" u64 machine_answer(Machine *m, u64 delay) {
  u64 due = m->withheld->due = m->withheld_cycle + m->latency + 1 + delay;
  m->withheld = nullptr;
  m->answered = 1;
  return due;
}
