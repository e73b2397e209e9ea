// Runs the shared case table on one path with run-time geometry and sums up what it gave: one CRC for every signature.
// The same program on the host, on path reference, says what is right. Tensors lie at the end or the start of guarded
// buffers, so at any address that their elements allow; cores that cannot read words there fault.
#ifndef TESTS_EMBEDDED_CASE_TABLE_HPP
#define TESTS_EMBEDDED_CASE_TABLE_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include <offramp/core/hash.hpp>
#include <offramp/kernels/dispatch.hpp>

#include "tests/embedded/case_data.hpp"
#include "tests/embedded/console.hpp"
#include "tests/support/cases.hpp"

namespace case_table {

namespace kernels = offramp::kernels;
using offramp::layout;
using offramp_test::op_case;

// Memory between bytes that must not change.
class guarded {
 public:
  template <std::size_t Bytes>
  constexpr explicit guarded(unsigned char (&bytes)[Bytes]) : bytes_{bytes}, size_{Bytes} {}

  [[nodiscard]] std::size_t room() const { return size_ - 2 * side; }
  // `bytes` of it, at the end (of a multiple of `align`) or at the start; what is beside is painted.
  void* take(std::size_t bytes, std::size_t align, bool at_end) {
    if (bytes > room()) return nullptr;
    begin_ = at_end ? size_ - side - bytes : side;
    begin_ -= begin_ % align;
    end_ = begin_ + bytes;
    for (std::size_t i = 0; i < side; ++i) bytes_[begin_ - side + i] = bytes_[end_ + i] = paint;
    return bytes_ + begin_;
  }
  [[nodiscard]] bool intact() const {
    bool same = true;
    for (std::size_t i = 0; i < side; ++i)
      same = same && bytes_[begin_ - side + i] == paint && bytes_[end_ + i] == paint;
    return same;
  }

 private:
  static constexpr std::size_t side = 16;
  static constexpr unsigned char paint = 0xc3;
  unsigned char* bytes_;  // aligned to 16
  std::size_t size_;
  std::size_t begin_ = side, end_ = side;
};

struct op_memory {
  guarded in, weights, out;  // of the same size: cases that do not fit are left out, on every machine alike
  guarded packed, scratch;
};
extern op_memory memory;  // table_memory.cpp, linked to the table by size of board

// CRC-32 of elements in order, the low byte of each first, so that it is the same on every machine.
class checksum {
 public:
  void add(const void* tensor, std::size_t count, kind k) {
    switch (k) {
      case kind::u8:
      case kind::i8: each<std::uint8_t>(tensor, count); break;
      case kind::i16: each<std::uint16_t>(tensor, count); break;
      default: each<std::uint32_t>(tensor, count); break;
    }
  }
  void add(std::uint32_t word) { crc_ = offramp::crc32(&word, 1, crc_); }
  [[nodiscard]] std::uint32_t value() const { return crc_; }

 private:
  template <class T>
  void each(const void* tensor, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      T element;
      __builtin_memcpy(&element, static_cast<const unsigned char*>(tensor) + i * sizeof(T), sizeof(T));
      add(std::uint32_t{element});
    }
  }
  std::uint32_t crc_ = 0;
};

struct outcome {
  checksum sum;
  std::int32_t cases = 0;
  const char* fault = nullptr;  // what went wrong, and in which case
  const char* where = "";
};

// One op: its data come from `seed` alone.
template <class P, op_signature S>
void run_case(const op_case& c, std::uint32_t seed, outcome& result) {
  const window& w = c.geometry;
  const kernel_op op{S, w};
  constexpr kernel_op any{S, offramp::make_window({2, 2, 1}, 1, 1, 1, 2, 0, 0)};
  static_assert(kernels::reads<P>(any) == layout::nhwc && kernels::writes<P>(any, layout::nhwc),
                "paths of embedded targets keep bits in nhwc");
  op_memory& m = memory;
  const std::size_t in_bytes = offramp::tensor_bytes(w.in, S.in, layout::nhwc);
  const std::size_t out_bytes = offramp::tensor_bytes(w.out, S.out, layout::nhwc);
  const std::size_t words = kernels::canonical_layout(op).total();
  if (in_bytes > m.in.room() || out_bytes > m.in.room() || 4 * words > m.in.room()) return;
  ++result.cases;
  const auto failed = [&](const char* fault) {
    if (result.fault == nullptr) result.fault = fault, result.where = c.why;
  };

  numbers r{seed};
  const bool at_end = r.one_in(2);
  auto* canonical = static_cast<std::uint32_t*>(m.weights.take(4 * words, 4, at_end));
  fill_weights(r, op, canonical);
  auto* packed = static_cast<std::uint32_t*>(m.packed.take(4 * kernels::weight_words<P>(op), 4, at_end));
  void* scratch = m.scratch.take(kernels::scratch_bytes<P>(op), 8, at_end);
  if (packed == nullptr || scratch == nullptr) return failed("no room for packed weights or scratch");
  kernels::pack<P>(op, canonical, packed);
  if (!m.packed.intact()) failed("packing writes beside its buffer");

  void* in = m.in.take(in_bytes, static_cast<std::size_t>(element_bytes(S.in)), at_end);
  fill_tensor(r, w.in, S.in, in);
  void* out = m.out.take(out_bytes, static_cast<std::size_t>(element_bytes(S.out)), at_end);
  const bool keeps = S.add || (S.what == op_kind::copy && w.out_first > 0);
  if (keeps)
    fill_tensor(r, w.out, S.out, out);
  else
    for (std::size_t i = 0; i < out_bytes; ++i) static_cast<volatile unsigned char*>(out)[i] = 0x5a;
  kernels::run<P, S>(offramp::dynamic_geometry{w}, {in, packed, out, scratch});
  if (!(m.in.intact() && m.packed.intact() && m.out.intact() && m.scratch.intact())) failed("written beside a buffer");
  const auto size = static_cast<std::size_t>(element_bytes(S.out));
  result.sum.add(out, out_bytes / size, S.out);
}

struct table {
  const op_case* cases;
  std::uint32_t count;
};

// Where path P itself (no parent) runs S: its line, "PATH NUMBER CRC CASES", and whether nothing went wrong.
template <class P, op_signature S, std::uint32_t Number>
[[gnu::noinline]] bool run_signature(table t) {
  if constexpr (!std::is_same_v<kernels::running_path<P, S>, P> && !std::is_same_v<P, offramp::path::reference>) {
    static_cast<void>(t);
    return true;
  } else {
    outcome result;
    for (std::uint32_t i = 0; i < t.count; ++i) run_case<P, S>(t.cases[i], Number * 1000 + i, result);
    board::line line;
    (line << "crc " << P::name << " " << static_cast<std::int32_t>(Number) << " ").hex(result.sum.value());
    (line << " " << result.cases << " " << to_string(S.what) << " " << to_string(S.in) << " " << to_string(S.weights)
          << " " << to_string(S.out) << (S.add ? " add" : "") << (S.grouped ? " grouped" : "")
          << (S.two_slopes ? " two_slopes" : "") << (S.rectified ? " rectified" : ""))
        .end();
    if (result.fault == nullptr) return true;
    (line << "FAIL " << P::name << ", " << result.where << ": " << result.fault).end();
    return false;
  }
}

}  // namespace case_table

#endif
