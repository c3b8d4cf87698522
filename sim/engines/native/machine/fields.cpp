// Fields: bits of an array of words, and how the VCD writes them.

#ifdef __AVX2__
#include <immintrin.h>
#endif

namespace {

// Characters that `digits` may write behind its own.
constexpr size_t MORE = 63;

// How bits are written: one digit, at most 64 bits of one word, more, or as text.
enum Kind : uint8_t { BIT, FIELD, WIDE, TEXT };

// `width` bits from bit `shift` of word `index` of the values, and what stands behind its digits: the
// code of the VCD. A text has a number instead. It is `split` if a single word has not all of it.
struct Field {
  union {
    char tail[8];
    u64 text;
  };
  unsigned index, width;
  uint8_t shift, tail_size, split;
  Kind kind;
};

// Its bits, which are in one word.
inline u64 bits_of_word(const u64 *words, const Field &f) {
  return words[f.index] >> f.shift & ~0ull >> (64 - f.width);
}

// The room that its line takes at most: besides its digits there are a letter and the tail.
inline size_t room_for(const Field &f) { return 1 + f.width + sizeof f.tail + MORE; }

// At most 64 bits of a field, from its bit `low` up.
inline u64 bits(const u64 *words, const Field &f, u64 low) {
  u64 index = f.index + ((f.shift + low) >> 6), shift = (f.shift + low) & 63;
  u64 width = f.width - low < 64 ? f.width - low : 64;
  u64 value = words[index] >> shift;
  if (shift + width > 64) value |= words[index + 1] << (64 - shift);
  return width < 64 ? value & ((1ull << width) - 1) : value;
}

// The lowest `count` digits of a value, highest first; may write `MORE` characters more.
inline char *digits(char *out, u64 value, int count) {
  value <<= 64 - count;
#ifdef __AVX2__
  // Each byte takes that byte of the value that its bit is in, and then tests the bit.
  const __m256i high = _mm256_setr_epi64x(0x0707070707070707, 0x0606060606060606,
                                          0x0505050505050505, 0x0404040404040404);
  const __m256i low = _mm256_setr_epi64x(0x0303030303030303, 0x0202020202020202,
                                         0x0101010101010101, 0);
  const __m256i bit = _mm256_set1_epi64x(0x0102040810204080);
  const __m256i all = _mm256_set1_epi64x(value), zero = _mm256_set1_epi8('0');
  // Ones become -1.
  __m256i first = _mm256_cmpeq_epi8(_mm256_and_si256(_mm256_shuffle_epi8(all, high), bit), bit);
  __m256i second = _mm256_cmpeq_epi8(_mm256_and_si256(_mm256_shuffle_epi8(all, low), bit), bit);
  __m256i *place = reinterpret_cast<__m256i *>(out);
  _mm256_storeu_si256(place, _mm256_sub_epi8(zero, first));
  _mm256_storeu_si256(place + 1, _mm256_sub_epi8(zero, second));
#else
  for (int done = 0; done < count; done += 8, value <<= 8) {
    // Byte k of the sum of shifted copies has bit 7 - k of the highest byte as its lowest.
    u64 ones = (((value >> 56) * 0x8040201008040201ull) >> 7) & 0x0101010101010101ull;
    ones |= 0x3030303030303030ull;
    memcpy(out + done, &ones, 8);
  }
#endif
  return out + count;
}

char *put_wide(char *out, const u64 *words, const Field &f) {
  bool begun = false;
  for (u64 low = (f.width - 1) & ~63ull;; low -= 64) {
    u64 value = bits(words, f, low);
    if (begun) out = digits(out, value, 64);
    else if (value || !low) out = digits(out, value, value ? 64 - __builtin_clzll(value) : 1);
    begun |= value != 0;
    if (!low) return out;
  }
}

// The value of a field that is no text.
inline char *put_value(char *out, const u64 *words, const Field &f) {
  if (f.kind == WIDE) {
    *out = 'b';
    return put_wide(out + 1, words, f);
  }
  u64 value = bits_of_word(words, f);
  *out = f.kind == BIT ? '0' + value : 'b';
  if (f.kind == BIT) return out + 1;
  return digits(out + 1, value, 64 - __builtin_clzll(value | 1));
}

inline bool changed(const u64 *now, const u64 *before, const Field &f) {
  if (!f.split) return (now[f.index] ^ before[f.index]) >> f.shift & ~0ull >> (64 - f.width);
  for (u64 low = 0; low < f.width; low += 64)
    if (bits(now, f, low) != bits(before, f, low)) return true;
  return false;
}

}  // namespace
