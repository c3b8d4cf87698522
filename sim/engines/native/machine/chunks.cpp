// Chunks of a waveform on their way to the file: several threads make their lines at once, and one
// after the other is written. Who fills them helps as soon as there is no room for more.

#include <pthread.h>
#include <signal.h>

#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>

namespace {

// `memcpy` of what is not known to be short takes the processor's string moves, which begin slowly.
void copy(u64 *to, const u64 *from, size_t count) {
  size_t i = 0;
  for (; i + 8 <= count; i += 8) memcpy(to + i, from + i, 8 * sizeof(u64));
  for (; i < count; i++) to[i] = from[i];
}

// Cycles of a chunk; fewer if their states would take more words than that.
constexpr u64 CHUNK = 64, CHUNK_WORDS = 1 << 17;

// What is to be done next with a chunk: make its lines, make those that not everybody can, write them.
// TAKEN: somebody does one of these.
enum Task { MAKE, ASK, WRITE, TAKEN };

struct Place {
  Chunk chunk;
  Task task = TAKEN;
};

// Chunk number N is at place N % (number of places). Those before `written` are in the file, those
// before `filled` on their way, and `filled` is being filled. All but the places' chunks is guarded by
// `mutex`; a chunk is for who has taken it.
struct Chunks {
  Shown &shown;
  int file;
  u64 helpers, capacity;
  std::vector<Place> places;
  std::mutex mutex;
  std::condition_variable changed;
  u64 filled = 0, written = 0;
  int error = 0;
  bool ended = false;
  std::vector<std::thread> threads;

  Chunks(Shown &shown, int file, u64 helpers)
      : shown(shown), file(file), helpers(helpers), places(2 * helpers + 2) {
    capacity = CHUNK_WORDS / (shown.size + 1);
    capacity = capacity < 1 ? 1 : capacity < CHUNK ? capacity : CHUNK;
  }
};

Place &place_of(Chunks &c, u64 number) { return c.places[number % c.places.size()]; }

// Does what is next of a chunk; `lock` is not held meanwhile.
void carry_out(Chunks &c, std::unique_lock<std::mutex> &lock, Maker &m, Place &place) {
  Task task = place.task;
  int error = c.error;
  place.task = TAKEN;
  lock.unlock();
  if (task == WRITE) {
    if (!error) error = write_out(c.file, place.chunk.text);
    lock.lock();
    c.error = error;
    c.written++;
  } else {
    bool made = make_lines(m, place.chunk);
    lock.lock();
    place.task = made ? WRITE : ASK;
  }
  c.changed.notify_all();
}

// What can be done now, or null.
Place *next_task(Chunks &c, const Maker &m) {
  if (c.written == c.filled) return nullptr;
  Place &first = place_of(c, c.written);
  if (first.task == WRITE) return &first;
  for (u64 number = c.written; number < c.filled; number++) {
    Place &place = place_of(c, number);
    if (place.task == MAKE || (place.task == ASK && m.ask)) return &place;
  }
  return nullptr;
}

void help(Chunks &c) {
  Maker m{c.shown, nullptr, nullptr};
  std::unique_lock<std::mutex> lock(c.mutex);
  while (!c.ended) {
    if (Place *place = next_task(c, m)) carry_out(c, lock, m, *place);
    else c.changed.wait(lock);
  }
}

// Helpers take no signals: these are for who waits for them. Without any it goes, too.
void start_helpers(Chunks &c) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    while (c.threads.size() < c.helpers) c.threads.emplace_back(help, std::ref(c));
  } catch (const std::system_error &) {
    c.helpers = c.threads.size();
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

// Waits until not more than `count` chunks are on their way, and helps with them.
void wait_for(Chunks &c, Maker &m, u64 count) {
  std::unique_lock<std::mutex> lock(c.mutex);
  while (c.filled - c.written > count) {
    if (Place *place = next_task(c, m)) carry_out(c, lock, m, *place);
    else c.changed.wait(lock);
  }
}

void put_state(const Shown &shown, Chunk &chunk, const u64 *state) {
  u64 *to = chunk.states.data() + shown.first + chunk.cycles.size() * shown.size;
  copy(to, state + shown.first, shown.size);
}

// Begins another chunk, with a state that has been written.
void begin_chunk(Chunks &c, const u64 *state, Time time) {
  Chunk &chunk = place_of(c, c.filled).chunk;
  chunk.begin = time;
  chunk.cycles.clear();
  chunk.states.resize(c.shown.first + (c.capacity + 1) * c.shown.size);
  put_state(c.shown, chunk, state);
}

// Hands over the chunk that is being filled.
void hand_over(Chunks &c, Maker &m) {
  if (c.threads.size() < c.helpers) start_helpers(c);
  {
    std::lock_guard<std::mutex> lock(c.mutex);
    place_of(c, c.filled++).task = MAKE;
    c.changed.notify_one();
  }
  wait_for(c, m, c.places.size() - 1);
}

void end(Chunks &c) {
  {
    std::lock_guard<std::mutex> lock(c.mutex);
    c.ended = true;
    c.changed.notify_all();
  }
  for (std::thread &thread : c.threads) thread.join();
}

}  // namespace
