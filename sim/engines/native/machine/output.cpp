// A file of text that compiled code writes; Python has opened it.

#include <unistd.h>

#include <cerrno>
#include <string>
#include <vector>

namespace {

// Bytes after which they are written to the file.
constexpr size_t BUFFER = 1 << 16;

// After an `error`, an `errno`, nothing more is written.
struct Output {
  int file;
  int error = 0;
  std::vector<char> buffer = std::vector<char>(BUFFER);
  size_t used = 0;
};

void flush(Output &o) {
  for (size_t done = 0; done < o.used && !o.error;) {
    ssize_t count = write(o.file, o.buffer.data() + done, o.used - done);
    if (count >= 0) done += count;
    else if (errno != EINTR) o.error = errno;
  }
  o.used = 0;
}

// Room for `count` more characters.
inline char *room(Output &o, size_t count) {
  if (o.used + count > o.buffer.size()) flush(o);
  if (count > o.buffer.size()) o.buffer.resize(count);
  return o.buffer.data() + o.used;
}

// All up to `end`, in the room that there is, has been written.
inline void extend(Output &o, const char *end) { o.used = end - o.buffer.data(); }

void put(Output &o, const std::string &text) {
  memcpy(room(o, text.size()), text.data(), text.size());
  o.used += text.size();
}

}  // namespace
