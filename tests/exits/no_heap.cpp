// covers: exits/session.hpp
// No heap on the inference path: operator new and malloc count while armed, around everything a session does per
// sample. Under the address sanitizer, which owns malloc, only operator new is trapped.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

#include <doctest/doctest.h>

#include <offramp/exits/batch.hpp>
#include <offramp/exits/drift.hpp>
#include <offramp/exits/policies.hpp>
#include <offramp/exits/statistics.hpp>
#include <offramp/offramp.hpp>

#if defined(__SANITIZE_ADDRESS__)
#define TRAP_MALLOC 0
#elif defined(__has_feature)
#define TRAP_MALLOC (__has_feature(address_sanitizer) ? 0 : 1)
#else
#define TRAP_MALLOC 1
#endif
#if !defined(__GLIBC__)
#undef TRAP_MALLOC
#define TRAP_MALLOC 0
#endif

namespace {

bool armed = false;
int allocations = 0;
void count() { allocations += armed ? 1 : 0; }

// Allocations while `work` runs.
template <class Work>
int allocations_of(Work work) {
  allocations = 0;
  armed = true;
  work();
  armed = false;
  return allocations;
}

void* counted(std::size_t bytes, std::size_t alignment = 0) {
  count();
  const bool was_armed = armed;
  armed = false;  // once, not again in malloc
  void* const p = alignment == 0 ? std::malloc(bytes == 0 ? 1 : bytes)
                                 : std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
  armed = was_armed;
  if (p == nullptr) std::abort();
  return p;
}

}  // namespace

// Not inlined: the compiler would see malloc's memory passed to operator delete and warn.
[[gnu::noinline]] void* operator new(std::size_t bytes) { return counted(bytes); }
[[gnu::noinline]] void* operator new[](std::size_t bytes) { return counted(bytes); }
[[gnu::noinline]] void* operator new(std::size_t bytes, std::align_val_t a) {
  return counted(bytes, static_cast<std::size_t>(a));
}
[[gnu::noinline]] void* operator new[](std::size_t bytes, std::align_val_t a) {
  return counted(bytes, static_cast<std::size_t>(a));
}
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete[](void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete[](void* p, std::size_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete[](void* p, std::align_val_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete[](void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }

#if TRAP_MALLOC
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* malloc(std::size_t bytes) noexcept {
  count();
  return __libc_malloc(bytes);
}
void* calloc(std::size_t n, std::size_t bytes) noexcept {
  count();
  return __libc_calloc(n, bytes);
}
void* realloc(void* p, std::size_t bytes) noexcept {
  count();
  return __libc_realloc(p, bytes);
}
}
#endif

namespace {

using namespace offramp;

using small_net =
    network<image<12, 12, 1, u8>, stage<conv2d<16, 3>, batch_norm, residual<sign, conv2d<16, 3, binary>, batch_norm>>,
            exit_head<4, avg_pool<4>>, stage<sign, conv2d<32, 3, binary, stride{2}>, batch_norm, sign, max_pool<2>>,
            exit_head<4>>;

struct still_clock {
  static constexpr time_unit unit = time_unit::ticks;
  static std::uint32_t now() { return 0; }
};

// Runs samples in every way a session offers; weights of zero do, since they are all it may look at.
template <class Lowered, class Path, class Criterion, class Reuse = no_reuse>
int allocations_of_samples() {
  static std::uint32_t zeros[memory<Lowered, Path>.weight_bytes / 4 + 64];
  static arena<Lowered, Path> storage;
  static std::uint8_t pixels[3 * 12 * 12];
  bound_weights<Lowered, Path, Criterion, Reuse> weights;
  weights.ops = weights.records = zeros;
  using session_t = session<Lowered, Path, Criterion, Reuse>;
  session_t s{weights, storage};
  static arena<Lowered, Path> rows[2];
  batch<2, Lowered, Path, Criterion, Reuse> b{weights, rows};
  const auto x = session_t::input_view::unchecked(pixels);
  typename session_t::thresholds_type never;
  for (std::int32_t& t : never.q16) t = never_q16;
  stream_statistics<2, 4> seen;
  exit_drift<2> exits_drift{{{30000, 35536}}};
  score_drift scores_drift{{30000, 5000}};
  int exits = 0;
  const int made = allocations_of([&] {
    exits += s.classify(x).exit;
    exits += s.classify(x, confidence{20.0f}).exit;
    exits += s.classify(x, never).exit;
    const std::uint32_t cost[1]{5};
    exits += s.classify(x, never, deadline_in<still_clock>(4u, cost)).exit;
    s.begin(x);
    while (s.step()) exits += s.best().exit + (s.sure() ? 1 : 0);
    exits += s.best().exit;
    prediction all[3];
    b.classify(pixels, 3, all, never);
    for (const prediction& p : all) seen.record(p), exits_drift.record(p), scores_drift.record(p);
    exits += all[2].exit;
  });
  CHECK(exits >= 4);  // the last exit was reached
  return made;
}

}  // namespace

TEST_CASE("the allocation trap notices operator new") {
  CHECK(allocations_of([] { ::operator delete(::operator new(8)); }) == 1);
  CHECK(allocations_of([] { ::operator delete[](::operator new[](8)); }) == 1);
  CHECK(allocations_of([] { ::operator delete (::operator new (64, std::align_val_t{64}), std::align_val_t{64}); }) ==
        1);
  CHECK(allocations_of([] {}) == 0);
}

#if TRAP_MALLOC
TEST_CASE("the allocation trap notices malloc") {
  void* volatile p = nullptr;
  CHECK(allocations_of([&] { p = std::malloc(8); }) == 1);
  CHECK(allocations_of([&] { p = std::realloc(p, 64); }) == 1);
  std::free(p);
  CHECK(allocations_of([&] { p = std::calloc(2, 8); }) == 1);
  std::free(p);
}
#endif

TEST_CASE("a session allocates nothing") {
  CHECK(allocations_of_samples<lower<small_net, i8>, path::portable, max_softmax>() == 0);
  CHECK(allocations_of_samples<lower<small_net, i8>, path::portable, logit_margin>() == 0);
  CHECK(allocations_of_samples<lower<small_net, i8>, path::portable, entropy>() == 0);
  CHECK(allocations_of_samples<lower<small_net, i8>, path::reference, max_softmax>() == 0);
  CHECK(allocations_of_samples<lower<small_net, f32>, path::portable, max_softmax>() == 0);
}

TEST_CASE("no exit policy allocates") {
  using portable = path::portable;
  using everything = all_of<per_class<max_softmax>, learned_gate, any_of<patience, entropy>>;
  CHECK(allocations_of_samples<lower<small_net, i8>, portable, patience, additive>() == 0);
  CHECK(allocations_of_samples<lower<small_net, i8>, portable, learned_gate, geometric_ensemble>() == 0);
  CHECK(allocations_of_samples<lower<small_net, i8>, portable, everything, geometric_ensemble>() == 0);
  CHECK(allocations_of_samples<lower<small_net, f32>, portable, everything, additive>() == 0);
}
