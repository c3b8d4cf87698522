// Text that compiled code makes, and files that it writes; Python has opened them.

#include <unistd.h>

#include <cerrno>
#include <string>
#include <vector>

namespace {

// Bytes after which they are written to a file.
constexpr size_t BUFFER = 1 << 16;

// Characters so far; the buffer has room for more.
struct Characters {
  std::vector<char> buffer;
  size_t used = 0;
};

// Room for `count` more characters.
inline char *room(Characters &c, size_t count) {
  if (c.used + count > c.buffer.size()) c.buffer.resize(2 * (c.used + count));
  return c.buffer.data() + c.used;
}

// All up to `end`, in the room that there is, has been written.
inline void extend(Characters &c, const char *end) { c.used = end - c.buffer.data(); }

void put(Characters &c, const std::string &text) {
  memcpy(room(c, text.size()), text.data(), text.size());
  c.used += text.size();
}

// Writes all of them; returns an `errno`.
int write_out(int file, const Characters &c) {
  for (size_t done = 0; done < c.used;) {
    ssize_t count = write(file, c.buffer.data() + done, c.used - done);
    if (count >= 0) done += count;
    else if (errno != EINTR) return errno;
  }
  return 0;
}

// After an `error`, an `errno`, nothing more is written.
struct Output {
  int file;
  int error = 0;
  Characters text = {std::vector<char>(BUFFER)};
};

void flush(Output &o) {
  if (!o.error) o.error = write_out(o.file, o.text);
  o.text.used = 0;
}

// Room for `count` more characters.
inline char *room(Output &o, size_t count) {
  if (o.text.used + count > o.text.buffer.size()) flush(o);
  return room(o.text, count);
}

inline void extend(Output &o, const char *end) { extend(o.text, end); }

void put(Output &o, const std::string &text) {
  room(o, text.size());
  put(o.text, text);
}

}  // namespace
