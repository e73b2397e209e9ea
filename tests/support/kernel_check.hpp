// Runs one op on the reference path and on another one, in guarded memory, and compares every bit of the result.
#ifndef OFFRAMP_TESTS_SUPPORT_KERNEL_CHECK_HPP
#define OFFRAMP_TESTS_SUPPORT_KERNEL_CHECK_HPP

#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <set>
#include <sstream>
#include <string>
#include <type_traits>
#include <utility>

#include <offramp/kernels/dispatch.hpp>
#include <offramp/kernels/x86/cpu.hpp>

#include "tests/support/cases.hpp"
#include "tests/support/fake_path.hpp"
#include "tests/support/guarded.hpp"
#include "tests/support/op_data.hpp"
#include "tests/support/random.hpp"

namespace offramp_test {

namespace kernels = offramp::kernels;
using offramp::dynamic_geometry;
using offramp::kernel_op;
using offramp::layout;
using offramp::shape;
using offramp::static_geometry;

inline std::string describe(const op_signature& s) {
  std::string text = std::string{to_string(s.what)} + " " + to_string(s.in);
  if (s.what == op_kind::conv) text += std::string{" x "} + to_string(s.weights);
  return text + " -> " + to_string(s.out) + (s.grouped ? ", grouped" : "") + (s.two_slopes ? ", two slopes" : "") +
         (s.add ? " (add)" : "") +
         (s.in_layout != layout::nhwc ? std::string{", from "} + to_string(s.in_layout) : "") +
         (s.out_layout != layout::nhwc ? std::string{", to "} + to_string(s.out_layout) : "");
}

inline std::string describe(const window& w) {
  std::ostringstream text;
  text << w.in.h << "x" << w.in.w << "x" << w.in.c << " -> " << w.out.h << "x" << w.out.w << "x" << w.out.c
       << ", window " << w.kernel_h << "x" << w.kernel_w << ", stride " << w.stride_h << "x" << w.stride_w
       << ", padding " << w.pad_top << "x" << w.pad_left << ", stored " << w.stored_in_c << " -> " << w.stored_out_c
       << ", groups " << w.groups << ", from channel " << w.out_first;
  return text.str();
}

// What really ran, as "path: signature". Tests end by asking for what they meant to exercise.
inline std::set<std::string>& paths_run() {
  static std::set<std::string> all;
  return all;
}

// What is running, for the handler below: touching a guard page ends the program before doctest can say where.
inline std::string& current_case() {
  static std::string text = "no case yet";
  return text;
}
inline void say_current_case(int signal_number) {
  const std::string& text = current_case();
  const char* lead = "a guard page was touched: ";
  if (write(STDERR_FILENO, lead, std::strlen(lead)) < 0 || write(STDERR_FILENO, text.data(), text.size()) < 0 ||
      write(STDERR_FILENO, "\n", 1) < 0)
    _exit(1);
  _exit(128 + signal_number);
}
// Installed before main; doctest's own handler reports first and then hands over to this one. Sanitizers keep theirs.
inline const bool says_current_case = [] {
#ifndef __SANITIZE_ADDRESS__
  static_cast<void>(std::signal(SIGSEGV, say_current_case));
  static_cast<void>(std::signal(SIGBUS, say_current_case));
#endif
  return true;
}();

// Bits of a path agree on layouts; the same values in another one, through the reference.
template <layout From, layout To>
void change_layout(shape s, const void* from, void* to) {
  constexpr op_signature signature{op_kind::convert, kind::bits, kind::none, kind::bits, false, From, To};
  const window w = make_window(s, s.c, 1, 1, 1, 0, 0);
  kernels::run<offramp::path::reference, signature>(dynamic_geometry{w}, {from, nullptr, to, nullptr});
}

// Memory of one op; made once, taken again for every case.
struct op_memory {
  static constexpr std::size_t room = std::size_t{1} << 20;
  guarded_buffer in{room}, weights{room}, out{room}, scratch{room};
  guarded_buffer canonical_in{room}, canonical_weights{room}, expected{room}, before{room}, result{room};
};
inline op_memory& memory() {
  static op_memory all;
  return all;
}

inline std::string element_text(kind k, const unsigned char* data, std::size_t i) {
  const auto read = [&](auto zero) {
    decltype(zero) v;
    std::memcpy(&v, data + i * sizeof v, sizeof v);
    return v;
  };
  std::ostringstream text;
  switch (k) {
    case kind::bits: text << "word 0x" << std::hex << read(std::uint32_t{}); break;
    case kind::u8: text << int{read(std::uint8_t{})}; break;
    case kind::i8: text << int{read(std::int8_t{})}; break;
    case kind::i16: text << read(std::int16_t{}); break;
    case kind::i32: text << read(std::int32_t{}); break;
    default: text << read(float{}); break;
  }
  return text.str();
}

// Empty if equal, else where the first difference is.
inline std::string first_difference(const op_signature& s, const window& w, const unsigned char* expected,
                                    const unsigned char* got) {
  const std::size_t bytes = offramp::tensor_bytes(w.out, s.out, layout::nhwc);
  const std::size_t size = s.out == kind::bits ? 4 : static_cast<std::size_t>(bit_width(s.out)) / 8;
  for (std::size_t i = 0; i < bytes / size; ++i)
    if (std::memcmp(expected + i * size, got + i * size, size) != 0) {
      const auto run = static_cast<std::size_t>(s.out == kind::bits ? offramp::ceil_div(w.out.c, 32) : w.out.c);
      return "element " + std::to_string(i) + " (position " + std::to_string(i / run) + ", " +
             (s.out == kind::bits ? "word " : "channel ") + std::to_string(i % run) + "): expected " +
             element_text(s.out, expected, i) + ", got " + element_text(s.out, got, i);
    }
  return {};
}

// Bits set in a tensor of bits.
inline int set_bits(shape s, layout l, const void* tensor) {
  const auto* words = static_cast<const std::uint32_t*>(tensor);
  int n = 0;
  for (std::size_t i = 0; i < offramp::tensor_bytes(s, kind::bits, l) / 4; ++i) n += offramp::popcount(words[i]);
  return n;
}

// Does the op keep something of what stands in its output? Then that must be a tensor, not just any bytes.
constexpr bool keeps(const op_signature& s, const window& w) {
  return s.add || (s.what == op_kind::copy && w.out_first > 0);
}

// Random data for one op, in `memory()`, and what the reference makes of it: the same for every path.
template <op_signature S>
void expect_op(const window& w, std::uint64_t stream) {
  current_case() = describe(S) + " on " + describe(w) + ", the reference, stream " + std::to_string(stream);
  random_numbers r{stream};
  op_memory& m = memory();
  const guard side = r.one_in(4) ? guard::at_start : guard::at_end;
  constexpr std::size_t in_align = S.in == kind::bits ? 4 : static_cast<std::size_t>(bit_width(S.in)) / 8;
  constexpr std::size_t out_align = S.out == kind::bits ? 4 : static_cast<std::size_t>(bit_width(S.out)) / 8;
  const std::size_t bytes_out = offramp::tensor_bytes(w.out, S.out, layout::nhwc);
  auto* in = m.canonical_in.take(offramp::tensor_bytes(w.in, S.in, layout::nhwc), in_align, side);
  fill_tensor(r, w.in, S.in, in);
  const kernel_op op{S, w};
  auto* weights =
      reinterpret_cast<std::uint32_t*>(m.canonical_weights.take(4 * kernels::canonical_layout(op).total(), 4, side));
  fill_weights(r, op, weights);
  auto* before = m.before.take(bytes_out, out_align, side);
  if (keeps(S, w))
    fill_tensor(r, w.out, S.out, before);
  else
    std::memset(before, 0x5a, bytes_out);

  auto* expected = m.expected.take(bytes_out, out_align, side);
  std::memcpy(expected, before, bytes_out);
  constexpr op_signature plain = [] {
    op_signature s = S;
    s.in_layout = s.out_layout = layout::nhwc;
    return s;
  }();
  kernels::run<offramp::path::reference, plain>(dynamic_geometry{w}, {in, weights, expected, nullptr});
}

// Checks path P on what expect_op left there: same bits as the reference, nothing touched beside what it was given.
template <class P, op_signature S, class Geometry>
void compare_op(Geometry g, const char* why, std::uint64_t stream) {
  const window w = g();
  // Strided, for which rows of signs (bit_rows) are nobody's wish; tests that mean those say so.
  constexpr kernel_op any{S, make_window({2, 2, 1}, 1, 1, 1, 2, 0, 0)};
  // A layout in the signature is meant; else what the path wants.
  constexpr layout in_layout = S.in_layout != layout::nhwc ? S.in_layout : kernels::reads<P>(any);
  constexpr layout out_layout = S.out_layout != layout::nhwc            ? S.out_layout
                                : kernels::writes<P>(any, layout::nhwc) ? layout::nhwc
                                                                        : layout::bit_planes;
  constexpr op_signature planned = [] {
    op_signature s = S;
    s.in_layout = in_layout;
    s.out_layout = out_layout;
    return s;
  }();
  const kernel_op settled{planned, w};
  using running = kernels::running_path<P, planned>;
  const std::string what = describe(S) + " on " + describe(w) + " (" + why + "), path " + running::name + ", seed " +
                           std::to_string(seed()) + ", stream " + std::to_string(stream) +
                           (Geometry::is_static ? ", static geometry" : ", dynamic geometry");
  current_case() = what;
  paths_run().insert(std::string{running::name} + ": " + describe(S));

  op_memory& m = memory();
  const unsigned char* canonical_in = m.canonical_in.data();
  const auto* canonical = reinterpret_cast<const std::uint32_t*>(m.canonical_weights.data());
  const unsigned char* before = m.before.data();
  const unsigned char* expected = m.expected.data();
  const auto bytes_in = [&](layout l) { return offramp::tensor_bytes(w.in, S.in, l); };
  const auto bytes_out = [&](layout l) { return offramp::tensor_bytes(w.out, S.out, l); };
  constexpr std::size_t in_align = S.in == kind::bits ? 4 : static_cast<std::size_t>(bit_width(S.in)) / 8;
  constexpr std::size_t out_align = S.out == kind::bits ? 4 : static_cast<std::size_t>(bit_width(S.out)) / 8;

  // Once with the end and once with the start of every buffer at a page that may not be touched; the slow fake path
  // with one of them, in turns.
  for (const guard at : {guard::at_end, guard::at_start}) {
    if (std::is_same_v<P, offramp::path::fake> && (at == guard::at_start) == (stream % 2 == 0)) continue;
    auto* in = m.in.take(bytes_in(in_layout), in_align, at);
    if constexpr (in_layout == layout::nhwc)
      std::memcpy(in, canonical_in, bytes_in(layout::nhwc));
    else
      change_layout<layout::nhwc, in_layout>(w.in, canonical_in, in);
    auto* weights = reinterpret_cast<std::uint32_t*>(m.weights.take(4 * kernels::weight_words<P>(settled), 4, at));
    kernels::pack<P>(settled, canonical, weights);
    auto* out = m.out.take(bytes_out(out_layout), out_align, at);
    if constexpr (out_layout == layout::nhwc)
      std::memcpy(out, before, bytes_out(layout::nhwc));
    else if (keeps(S, w))
      change_layout<layout::nhwc, out_layout>(w.out, before, out);
    else
      std::memset(out, 0x5a, bytes_out(out_layout));
    auto* scratch = m.scratch.take(kernels::scratch_bytes<P>(settled), 8, at);
    kernels::run<P, planned>(g, {in, weights, out, scratch});

    auto* result = m.result.take(bytes_out(layout::nhwc), out_align, at);
    bool spare = true;
    if constexpr (S.out == kind::bits) {
      change_layout<out_layout, layout::nhwc>(w.out, out, result);
      spare = set_bits(w.out, out_layout, out) == set_bits(w.out, layout::nhwc, result);
    } else {
      std::memcpy(result, out, bytes_out(layout::nhwc));
    }
    const std::string difference = first_difference(S, w, expected, result);
    if (!difference.empty()) FAIL_CHECK((difference + "; " + what));
    if (!spare) FAIL_CHECK(("spare bits are not zero; " + what));
    if (!(m.out.intact() && m.scratch.intact() && m.in.intact() && m.weights.intact()))
      FAIL_CHECK(("written beside its buffers; " + what));
  }
}

template <class P, op_signature S, class Geometry>
void check_op(Geometry g, const char* why, std::uint64_t stream) {
  expect_op<S>(g(), stream);
  compare_op<P, S>(g, why, stream);
}

template <op_signature S, std::size_t N>
void check_cases(const op_case (&cases)[N]) {
  std::uint64_t stream = 0;
  for (const op_case& c : cases) {
    ++stream;
    check_op<offramp::path::portable, S>(dynamic_geometry{c.geometry}, c.why, stream);
    if constexpr (std::is_same_v<kernels::running_path<offramp::path::fake, S>, offramp::path::fake>)
      compare_op<offramp::path::fake, S>(dynamic_geometry{c.geometry}, c.why, stream);
  }
}

// The signatures of a constexpr array, one after the other, over all cases.
template <auto Signatures, std::size_t N>
void check_all(const op_case (&cases)[N]) {
  [&]<std::size_t... I>(std::index_sequence<I...>) { (check_cases<Signatures[I]>(cases), ...); }
  (std::make_index_sequence<Signatures.size()>{});
}

// Did `P` itself (no parent) run every one of them?
template <class P, auto Signatures>
void require_run() {
  for (const op_signature& s : Signatures) {
    const std::string wanted = std::string{P::name} + ": " + describe(s);
    CHECK_MESSAGE(paths_run().count(wanted) == 1, "never ran: " << wanted);
  }
}

// Path P (where this CPU runs it; else it is said) over the cases that `takes(op)`, signature after signature.
template <class P, auto Signatures, std::size_t N, class Takes>
void check_path(const op_case (&cases)[N], Takes takes) {
  if (!kernels::runs_here<P>()) {
    MESSAGE("this CPU does not run path " << P::name << ": not tested here");
    return;
  }
  const auto one = [&]<op_signature S>() {
    std::uint64_t stream = 0;
    for (const op_case& c : cases) {
      ++stream;
      if (takes(kernel_op{S, c.geometry})) check_op<P, S>(dynamic_geometry{c.geometry}, c.why, stream);
    }
  };
  [&]<std::size_t... I>(std::index_sequence<I...>) { (one.template operator()<Signatures[I]>(), ...); }
  (std::make_index_sequence<Signatures.size()>{});
  require_run<P, Signatures>();
}
template <class P, auto Signatures, std::size_t N>
void check_path(const op_case (&cases)[N]) {
  check_path<P, Signatures>(cases, [](const kernel_op&) { return true; });
}

// A random geometry that is quick to run on the reference.
inline window random_conv(random_numbers& r, int most_products = 60000) {
  static constexpr int channels[] = {1, 2, 3, 4, 5, 8, 16, 31, 32, 33, 40, 63, 64, 65, 96, 100};
  const auto pick = [&] { return r.one_in(3) ? r.between(1, 70) : channels[r.between(0, 15)]; };
  for (;;) {
    const shape in{r.between(1, 9), r.between(1, 9), pick()};
    window w =
        make_window(in, pick(), r.between(1, 5), r.between(1, 5), r.between(1, 3), r.between(0, 2), r.between(0, 2));
    w.stride_w = r.one_in(4) ? r.between(1, 3) : w.stride_h;
    w.out.w = offramp::window_extent(in.w, w.kernel_w, w.stride_w, w.pad_left);
    if (r.one_in(5)) w = stored_for(w, in.c + (r.one_in(2) ? 32 : r.between(0, 40)), w.out.c + r.between(0, 40));
    if (w.out.h > 0 && w.out.w > 0 && w.out.size() * w.depth() <= most_products) return w;
  }
}

// The same in groups, half of them of a single channel.
inline window random_grouped(random_numbers& r, int most_products = 60000) {
  for (;;) {
    window w = random_conv(r, 8 * most_products);
    const int in_c = r.one_in(2) ? 1 : r.one_in(3) ? 32 * r.between(1, 2) : r.between(2, 40);
    const int out_c = in_c == 1 ? r.between(1, 3) : r.between(1, 40);
    w.groups = r.between(2, in_c == 1 ? 70 : 5);
    w.in.c = w.stored_in_c = in_c * w.groups;
    w.out.c = out_c * w.groups;
    w.stored_out_c = w.out.c + (r.one_in(5) ? out_c * r.between(1, 3) : 0);
    if (w.out.size() * w.depth() <= most_products) return w;
  }
}

// A random place for a copy.
inline window random_part(random_numbers& r) {
  const int channels = r.between(1, 100);
  const int first = r.one_in(3) ? 0 : r.between(1, 100);
  return part(r.between(1, 6), r.between(1, 6), channels, first,
              first + channels + (r.one_in(2) ? 0 : r.between(1, 70)));
}

}  // namespace offramp_test

#endif
