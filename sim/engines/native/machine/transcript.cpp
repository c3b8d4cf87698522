// Transcripts: a line of text for each record of the retire port, as sim/engines/transcripts.py says.
// Python tells where in a record each field is, and what CSRs are called.

#include <charconv>
#include <string>
#include <vector>

namespace {

constexpr u64 MIP = 0x344, SIE = 0x104, MVIP = 0x309, SEIP = 1 << 9, CSRS = 4096;
// A line is not longer.
constexpr size_t LINE = 1024;

// What commits need of a record, as numbers of its words; transcript.py has the same order.
struct Fields {
  u64 trap, mode, pc, insn, rd, rd_data, csr, csr_data, whole, whole_data, mip_before, mip_now;
  u64 address, rmask, wmask, stored;
};

// A column of RVFI: a word of a record, or the cycle.
struct Column {
  u64 word;
  bool decimal;
};

constexpr u64 CYCLE = ~0ull;

struct Transcript {
  Output out;
  // What each commit begins with; of CSRs, by address, what they are called there.
  std::string start;
  Fields at;
  std::vector<std::string> names;
  // Of RVFI; commits have none.
  std::vector<Column> columns;
  Transcript *next;
  // It is one of walks, and takes no records.
  bool walks;
};

// Eight hexadecimal digits as characters, the highest one first.
inline u64 hex(unsigned value) {
  u64 pairs = __builtin_bswap32(value);
  pairs = (pairs | pairs << 16) & 0x0000ffff0000ffffull;
  pairs = (pairs | pairs << 8) & 0x00ff00ff00ff00ffull;
  u64 ones = (pairs >> 4 & 0x000f000f000f000full) | (pairs & 0x000f000f000f000full) << 8;
  u64 letters = (ones + 0x0606060606060606ull) >> 4 & 0x0101010101010101ull;
  return ones + 0x3030303030303030ull + letters * ('a' - '0' - 10);
}

// The lowest `count` digits of a value, highest first, 1 to 16; may write 15 characters more.
inline char *put_hex(char *out, u64 value, int count) {
  value <<= 64 - 4 * count;
  u64 high = hex(value >> 32), low = hex(value);
  memcpy(out, &high, 8);
  memcpy(out + 8, &low, 8);
  return out + count;
}

inline char *put_text(char *out, const char *text, size_t size) {
  memcpy(out, text, size);
  return out + size;
}

inline char *put_word(char *out, u64 value) { return put_hex(put_text(out, " 0x", 3), value, 16); }

inline char *put_memory(char *out, u64 address) { return put_word(put_text(out, " mem", 4), address); }

// As `%-2u` prints it.
inline char *put_register(char *out, u64 number) {
  out = put_text(out, " x", 2);
  out[0] = '0' + (number < 10 ? number : number / 10);
  out[1] = number < 10 ? ' ' : '0' + number % 10;
  return out + 2;
}

char *put_csr(char *out, const Transcript &t, u64 csr, u64 value) {
  const std::string &name = t.names[csr % CSRS];
  if (name.empty()) return out;
  *out++ = ' ';
  return put_word(put_text(out, name.data(), name.size()), value);
}

// The CSRs that an instruction writes; some are written with others.
char *put_csrs(char *out, const Transcript &t, const u64 *r) {
  const Fields &at = t.at;
  if (r[at.whole] == MIP)
    out = put_csr(out, t, MVIP, (r[at.mip_before] & ~SEIP) | (r[at.mip_now] & SEIP));
  if (r[at.csr] == SIE) out = put_csr(out, t, SIE, r[at.csr_data]);
  return put_csr(out, t, r[at.whole], r[at.whole_data]);
}

void commit(Transcript &t, const u64 *r) {
  const Fields &at = t.at;
  if (r[at.trap]) return;
  char *out = room(t.out, LINE);
  out = put_text(out, t.start.data(), t.start.size());
  *out++ = '0' + r[at.mode];
  out = put_text(put_word(out, r[at.pc]), " (0x", 4);
  out = put_hex(out, r[at.insn], (r[at.insn] & 3) == 3 ? 8 : 4);
  *out++ = ')';
  if (r[at.rd]) out = put_word(put_register(out, r[at.rd]), r[at.rd_data]);
  if (r[at.whole]) out = put_csrs(out, t, r);
  if (r[at.rmask]) out = put_memory(out, r[at.address]);
  if (r[at.wmask]) {
    out = put_text(put_memory(out, r[at.address]), " 0x", 3);
    out = put_hex(out, r[at.stored], 2 * __builtin_popcountll(r[at.wmask]));
  }
  *out++ = '\n';
  extend(t.out, out);
}

void put_columns(Transcript &t, const u64 *r, u64 cycle) {
  char *out = room(t.out, LINE);
  for (const Column &column : t.columns) {
    u64 value = column.word == CYCLE ? cycle : r[column.word];
    if (column.decimal) {
      out = std::to_chars(out, out + 20, value).ptr;
    } else if (!value) {  // as most are
      out = put_text(out, "0x0", 3);
    } else {
      out = put_hex(put_text(out, "0x", 2), value, (67 - __builtin_clzll(value)) / 4);
    }
    *out++ = ',';
  }
  out[-1] = '\n';
  extend(t.out, out);
}

void transcribe(Machine *m) {
  const u64 *record = m->state + m->retire_at;
  for (auto *t = static_cast<Transcript *>(m->transcripts); t; t = t->next) {
    if (t->walks) continue;
    if (t->columns.empty()) commit(*t, record);
    else put_columns(*t, record, m->cycle);
  }
}

}  // namespace

// A transcript of commits, to `file`, which begins with `head`; `start` as in `commit_start`.
extern "C" Transcript *transcript_new(
    int file, const char *head, const char *start, const u64 *fields) {
  Transcript *t = new Transcript{{file}, start, {}, {}, {}, nullptr, false};
  put(t->out, head);
  memcpy(&t->at, fields, sizeof t->at);
  t->names.resize(CSRS);
  return t;
}

extern "C" void transcript_name(Transcript *t, u64 csr, const char *name) { t->names[csr] = name; }

// It is one of RVFI, and this its next column: a word of a record, or the cycle, which is ~0.
extern "C" void transcript_column(Transcript *t, u64 word, int decimal) {
  t->columns.push_back({word, decimal != 0});
}

extern "C" void transcript_chain(Transcript *t, Transcript *next) { t->next = next; }

// Hands over to the file what has been written so far.
extern "C" void transcript_flush(Transcript *t) { flush(t->out); }

// Ends the transcript; returns an `errno`.
extern "C" int transcript_end(Transcript *t) {
  flush(t->out);
  int error = t->out.error;
  delete t;
  return error;
}
