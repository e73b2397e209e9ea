// An op as one line of words, the same on a board and on the host: what a table of ops is made of, and what stands
// behind a measured count, so that a log explains itself.
//
//   KIND IN WEIGHTS OUT FLAGS IN_LAYOUT OUT_LAYOUT  IN OUT KERNEL STRIDE PAD STORED  GROUPS FIRST
//   conv bits bits i16 a nhwc nhwc 14x14x32 14x14x32 3x3 1x1 1x1 32x32 1 0
//
// FLAGS: a adds, g grouped, t two slopes, r rectified, - none.
#ifndef BENCHMARKS_BOARD_PROFILE_OP_TEXT_HPP
#define BENCHMARKS_BOARD_PROFILE_OP_TEXT_HPP

#include <cstdint>

#include <offramp/kernels/op.hpp>

namespace board_profile {

using offramp::kernel_op;
using offramp::kind;
using offramp::layout;
using offramp::op_kind;
using offramp::op_signature;
using offramp::shape;
using offramp::window;

// `say` takes a const char* or a std::int32_t.
template <class Say>
void write_op(const kernel_op& op, Say say) {
  const op_signature& s = op.signature;
  const window& w = op.geometry;
  const auto word = [&](const char* text) {
    say(text);
    say(" ");
  };
  const auto by = [&](int first, int second) {
    say(static_cast<std::int32_t>(first));
    say("x");
    say(static_cast<std::int32_t>(second));
  };
  const auto extent = [&](shape e) {
    by(e.h, e.w);
    say("x");
    say(static_cast<std::int32_t>(e.c));
    say(" ");
  };
  const auto pair = [&](int first, int second) {
    by(first, second);
    say(" ");
  };
  word(to_string(s.what));
  word(to_string(s.in));
  word(to_string(s.weights));
  word(to_string(s.out));
  if (s.add) say("a");
  if (s.grouped) say("g");
  if (s.two_slopes) say("t");
  if (s.rectified) say("r");
  word(s.add || s.grouped || s.two_slopes || s.rectified ? "" : "-");
  word(to_string(s.in_layout));
  word(to_string(s.out_layout));
  extent(w.in);
  extent(w.out);
  pair(w.kernel_h, w.kernel_w);
  pair(w.stride_h, w.stride_w);
  pair(w.pad_top, w.pad_left);
  pair(w.stored_in_c, w.stored_out_c);
  say(static_cast<std::int32_t>(w.groups));
  say(" ");
  say(static_cast<std::int32_t>(w.out_first));
}

}  // namespace board_profile

#endif
