// Runs ops of constant shape on a board and says how long each took, as lines that read_log.hpp reads:
//
//   offramp-profile 1 PATH VERSION UNIT OVERHEAD     once: what follows is in UNIT, OVERHEAD was taken away from each
//   sample COUNT OP                                  OP as op_text.hpp has it
//   end LINES                                        so many lines stand between; without it, the log was cut off
//
// Weights are random numbers packed here, by the path that runs; outputs spread over their range.
#ifndef BENCHMARKS_BOARD_PROFILE_DEVICE_RUNNER_HPP
#define BENCHMARKS_BOARD_PROFILE_DEVICE_RUNNER_HPP

#include <cstdint>

#include <offramp/kernels/dispatch.hpp>

#include "benchmarks/board_profile/op_text.hpp"
#ifdef OFFRAMP_BOARD_HEADER
#include OFFRAMP_BOARD_HEADER
#else
#include "benchmarks/board_profile/device/emulated.hpp"
#endif
#ifdef OFFRAMP_BOARD_PATH_HEADER
#include OFFRAMP_BOARD_PATH_HEADER
#endif
#ifndef OFFRAMP_BOARD_PATH
#define OFFRAMP_BOARD_PATH offramp::path::portable
#endif

namespace board_profile {

using path = OFFRAMP_BOARD_PATH;
namespace kernels = offramp::kernels;

// One block of memory, given away from its beginning.
class memory {
 public:
  static void clear() { used_ = 0; }
  static unsigned char* take(std::uint32_t bytes) {
    unsigned char* const at = bytes_ + used_;
    used_ += (bytes + 63u) / 64u * 64u;
    return used_ <= sizeof bytes_ ? at : nullptr;
  }

 private:
  alignas(64) static inline unsigned char bytes_[board::memory_bytes];
  static inline std::uint32_t used_ = 0;
};

// xorshift (Marsaglia 2003).
class noise {
 public:
  explicit noise(std::uint32_t seed) : state_{seed * 2654435769u + 1u} {}
  std::uint32_t word() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 17;
    state_ ^= state_ << 5;
    return state_;
  }
  std::int32_t between(std::int32_t low, std::int32_t high) {
    return low + static_cast<std::int32_t>(word() % static_cast<std::uint32_t>(high - low + 1));
  }

 private:
  std::uint32_t state_;
};

// The size of a number of this kind: 2^n, roughly.
constexpr int magnitude(kind k) {
  return k == kind::u8 || k == kind::i8 ? 6 : k == kind::i16 ? 14 : k == kind::i32 ? 19 : 0;
}
constexpr int log2_of(int n) {
  int bits = 0;
  while (n > 1) n >>= 1, ++bits;
  return bits;
}

// Canonical weights, for sums of random signs: they grow with the root of the number of terms.
inline void fill_weights(noise& r, const kernel_op& op, std::uint32_t* to) {
  const op_signature& s = op.signature;
  const auto l = kernels::canonical_layout(op);
  if (l.total() == 0) return;
  const bool conv = s.what == op_kind::conv;
  const int terms = conv ? op.geometry.depth() : op.geometry.taps();
  const int spread = magnitude(s.in) + (conv ? magnitude(s.weights) : 0) + (log2_of(terms) + 1) / 2;  // bits
  const int unit = spread + offramp::accumulator_fraction_bits(s);
  const auto real = [&] { return __builtin_bit_cast(std::uint32_t, static_cast<float>(r.between(-16, 16)) / 8.0f); };
  const auto integer = [&](int bits) {
    const std::int32_t most = std::int32_t{1} << (bits < 28 ? bits : 28);
    return static_cast<std::uint32_t>(r.between(-most, most));
  };
  to[0] = s.in == kind::u8 || s.in == kind::i8 ? static_cast<std::uint32_t>(r.between(0, 100)) : 0u;
  to[1] = s.out == kind::i8 ? static_cast<std::uint32_t>(r.between(-100, 100)) : 0u;
  const std::int32_t most = s.out == kind::i16 ? 32767 : 127;
  to[2] = s.out == kind::f32 ? __builtin_bit_cast(std::uint32_t, -1e30f) : static_cast<std::uint32_t>(-most - 1);
  to[3] = s.out == kind::f32 ? __builtin_bit_cast(std::uint32_t, 1e30f) : static_cast<std::uint32_t>(most);
  const auto per_set = static_cast<std::size_t>(kernels::parameter_set(s));
  const std::size_t first = s.two_slopes && s.out != kind::bits ? 1 : 0;
  for (std::size_t c = 0; c < l.channels; ++c) {
    const auto put = [&](std::size_t array, std::uint32_t v) { to[l.array(array) + c] = v; };
    if (s.out == kind::bits || first == 1) put(0, s.float_accumulator() ? real() : integer(spread));
    if (s.out == kind::bits) continue;
    for (std::size_t a = first; a < l.arrays; a += per_set) {
      if (s.out == kind::f32 || s.float_accumulator()) {
        put(a, real());
        put(a + 1, real());
        if (per_set > 2) put(a + 2, 0);
      } else if (per_set == 1) {
        put(a, integer(16));
      } else {
        put(a, integer(unit));
        put(a + 1, (1u << 30) + (r.word() >> 2));
        put(a + 2, static_cast<std::uint32_t>(magnitude(s.out) + 1 - unit));
      }
    }
  }
  for (std::size_t i = 0; i < l.flip_words; ++i) to[l.flips() + i] = r.word();
  std::uint32_t* const kernel = to + l.kernel();
  if (s.what == op_kind::mixed_pool) {
    kernel[0] = s.float_accumulator() ? real() : 3;
    kernel[1] = s.float_accumulator() ? real() : 1;
    return;
  }
  const int in_c = op.geometry.stored_group_in_c();
  const int words = offramp::ceil_div(in_c, 32);
  for (std::size_t i = 0; i < l.kernel_words; ++i)
    kernel[i] = s.weights == kind::f32    ? real()
                : s.weights == kind::bits ? r.word() & offramp::low_bits(in_c - 32 * (static_cast<int>(i) % words))
                                          : r.word();
}

// A tensor in any layout. Spare bits of channels are zero; of other layouts than nhwc they do not matter to the time.
inline void fill_tensor(noise& r, shape extent, kind element, layout arrangement, unsigned char* to) {
  const auto bytes = static_cast<std::uint32_t>(offramp::tensor_bytes(extent, element, arrangement));
  const int words = element == kind::bits ? offramp::position_words(extent.c, arrangement) : 1;
  if (element == kind::f32 || (element == kind::bits && arrangement == layout::nhwc)) {
    auto* const at = reinterpret_cast<std::uint32_t*>(to);
    for (std::uint32_t i = 0; i < bytes / 4; ++i)
      at[i] =
          element == kind::bits
              ? r.word() & offramp::low_bits(extent.c - 32 * static_cast<int>(i % static_cast<std::uint32_t>(words)))
              : __builtin_bit_cast(std::uint32_t, static_cast<float>(r.between(-16, 16)) / 8.0f);
    return;
  }
  for (std::uint32_t i = 0; i < bytes; ++i) to[i] = static_cast<unsigned char>(r.word() >> 8);
}

inline void print_count(std::uint64_t n) {
  if (n >= 1'000'000'000u) {
    board::print(static_cast<std::int32_t>(n / 1'000'000'000u));
    for (std::uint32_t rest = static_cast<std::uint32_t>(n % 1'000'000'000u), unit = 100'000'000; unit > 0; unit /= 10)
      board::print(static_cast<std::int32_t>(rest / unit % 10));
    return;
  }
  board::print(static_cast<std::int32_t>(n));
}
inline void print_op(const kernel_op& op) {
  write_op(op, [](auto v) { board::print(v); });
}

struct log_state {
  std::uint64_t overhead = 0;
  std::int32_t lines = 0;
};
inline constinit log_state log{};

using timed = void (*)(const kernels::arguments&);

// What `f` takes, a call and two readings included.
[[gnu::noinline]] inline std::uint64_t time_of(timed f, const kernels::arguments& a) {
  const auto from = board::clock::now();
  __asm__ volatile("" ::: "memory");
  f(a);
  __asm__ volatile("" ::: "memory");
  return offramp::elapsed<board::clock>(from, board::clock::now());
}

// The first line. False: the clock does not count.
inline bool begin() {
  if (!offramp::start_clock<board::clock>()) {
    board::print("offramp-profile: the clock does not advance\n");
    return false;
  }
  volatile timed nothing = [](const kernels::arguments&) { __asm__ volatile(""); };
  log.overhead = ~std::uint64_t{0};
  for (int i = 0; i < 16; ++i) {
    const std::uint64_t took = time_of(nothing, {});
    log.overhead = took < log.overhead ? took : log.overhead;
  }
  board::print("offramp-profile 1 ");
  board::print(path::name);
  board::print(" ");
  board::print(static_cast<std::int32_t>(path::version));
  board::print(" ");
  board::print(to_string(board::clock::unit));
  board::print(" ");
  print_count(log.overhead);
  board::print("\n");
  return true;
}
inline void end() {
  board::print("end ");
  board::print(log.lines);
  board::print("\n");
}

inline std::uint64_t without_overhead(std::uint64_t took) { return took > log.overhead ? took - log.overhead : 0; }

// Where input (at 0), output and scratch stand in an arena.
struct placement {
  std::uint32_t out = 0, scratch = 0, bytes = 0;
};
constexpr placement place(const kernel_op& op) {
  const auto lines = [](std::size_t bytes) { return static_cast<std::uint32_t>((bytes + 63) / 64 * 64); };
  const op_signature& s = op.signature;
  placement p;
  p.out = lines(offramp::tensor_bytes(op.geometry.in, s.in, s.in_layout));
  p.scratch = p.out + lines(offramp::tensor_bytes(op.geometry.out, s.out, s.out_layout));
  p.bytes = p.scratch + lines(kernels::scratch_bytes<path>(op));
  return p;
}

// `run` takes the arena as `out`.
[[gnu::noinline]] inline void measure(const kernel_op& op, timed run) {
  memory::clear();
  noise r{static_cast<std::uint32_t>(++log.lines)};
  const op_signature& s = op.signature;
  const auto packed_bytes = static_cast<std::uint32_t>(4 * kernels::weight_words<path>(op));
  auto* const packed = reinterpret_cast<std::uint32_t*>(memory::take(packed_bytes));
  const placement at = place(op);
  unsigned char* const arena = memory::take(at.bytes);
  // Canonical weights are only needed to pack: where tensors come to stand afterwards would be too small for some.
  auto* const canonical = reinterpret_cast<std::uint32_t*>(
      memory::take(static_cast<std::uint32_t>(4 * kernels::canonical_layout(op).total())));
  if (packed == nullptr || arena == nullptr || canonical == nullptr) {
    board::print("too-large 0 ");
  } else {
    fill_weights(r, op, canonical);
    kernels::pack<path>(op, canonical, packed);
    fill_tensor(r, op.geometry.in, s.in, s.in_layout, arena);
    fill_tensor(r, op.geometry.out, s.out, s.out_layout, arena + at.out);
    const std::uint64_t took = without_overhead(time_of(run, {nullptr, packed, arena, nullptr}));
    board::print("sample ");
    print_count(took);
    board::print(" ");
  }
  print_op(op);
  board::print("\n");
}

// As in a session: one pointer to all tensors, constant offsets, arguments that stay in registers. With pointers of
// their own, registers run out in some kernels, and ops come out up to twice as long as in a network.
template <class Op>
void run_static(const kernels::arguments& given) {
  constexpr placement at = place(Op::op);
  auto* const arena = static_cast<unsigned char*>(given.out);
  kernels::arguments a;
  a.in = arena;
  a.weights = given.weights;
  a.out = arena + at.out;
  a.scratch = arena + at.scratch;
  kernels::run<path, Op::op.signature>(offramp::static_geometry<Op::op.geometry>{}, a);
}

// Ops of a generated table: types with a constant `op`.
template <class... Ops>
int run_table() {
  if (!begin()) return 1;
  (measure(Ops::op, &run_static<Ops>), ...);
  end();
  return 0;
}

}  // namespace board_profile

#endif
