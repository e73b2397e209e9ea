// How the convolutions of this path see their input: as runs of neighbouring 32-bit words. In NHWC the taps of a
// window's row lie side by side, so that a row is one run; 1x1 windows make one long row of positions, and windows as
// wide as the input a single run of all their rows. Where windows reach into the padding, or numbers are not of the
// kind that the loops take, the input is copied once, padding included, and loops know no edges. A copy has room behind
// it for loads of whole vectors.
//
// Weights of fewer active than stored channels (nested widths): every tap is a run of its own, of which the words of
// the active channels are read. Any machine may ask; weights are packed by stored channels alone.
#ifndef OFFRAMP_KERNELS_NEON_RUNS_OF_TAPS_HPP
#define OFFRAMP_KERNELS_NEON_RUNS_OF_TAPS_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/core/bits.hpp>
#include <offramp/kernels/op.hpp>
#include <offramp/kernels/runs.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::neon {

// What the loops take: words of 32 signs, bytes, floats.
enum class number : std::uint8_t { sign, byte, real };

struct runs_of_taps {
  window w{};            // as it is done, with long rows
  int position = 0;      // bytes from one position of the (copied) input to the next
  int columns = 0;       // positions of a row of it
  int rows = 0;          // rows of it
  int runs = 1;          // of a row of taps
  int words = 0;         // of a run, to be read
  int stored_words = 0;  // of a run, in the weights
  bool copies = false;
  bool narrow = false;  // fewer channels active than stored?

  // `unit`, bytes: what loops take of a run at a time, at least a word. `as_stored`: are numbers of the input what the
  // loops take?
  [[gnu::always_inline]] constexpr runs_of_taps(const window& of, number n, int unit, bool as_stored)
      : w{with_long_rows(of)} {
    rows = (w.out.h - 1) * w.stride_h + w.kernel_h;
    columns = (w.out.w - 1) * w.stride_w + w.kernel_w;
    narrow = w.stored_in_c > w.in.c;
    int stored_position = 0;
    if (n == number::byte) {
      // A unit that active and inactive channels share sees zeros for the latter; units that taps share do not exist
      // unless all channels are active.
      stored_position = w.stored_in_c;
      position = !narrow ? w.in.c : w.stored_in_c % unit != 0 ? w.stored_in_c : ceil_div(w.in.c, unit) * unit;
    } else {
      position = n == number::sign ? 4 * ceil_div(w.in.c, 32) : 4 * w.in.c;
      stored_position = n == number::sign ? 4 * ceil_div(w.stored_in_c, 32) : 4 * w.stored_in_c;
    }
    // The last word of signs is masked, tap by tap, where inactive channels share it.
    const bool by_tap = position != stored_position || (n == number::sign && narrow);
    runs = by_tap ? w.kernel_w : 1;
    const int in_run = by_tap ? 1 : w.kernel_w;
    words = ceil_div(in_run * position, unit) * unit / 4;
    stored_words = ceil_div(in_run * stored_position, unit) * unit / 4;
    copies = !as_stored || !stays_inside(w) || (n == number::byte && (narrow || in_run * position % 16 != 0));
    if (!copies) {
      columns = w.in.w;
      rows = w.in.h;
    }
  }

  [[nodiscard, gnu::always_inline]] constexpr int row() const { return columns * position; }
  [[nodiscard, gnu::always_inline]] constexpr int all_words() const { return w.kernel_h * runs * words; }
  // Words of the weights of one output channel: of stored channels, whatever the active ones.
  [[nodiscard, gnu::always_inline]] constexpr int stored_depth() const { return w.kernel_h * runs * stored_words; }
  [[nodiscard, gnu::always_inline]] constexpr std::size_t copy_bytes() const {
    if (!copies) return 0;
    return round_up(static_cast<std::size_t>(rows) * static_cast<std::size_t>(row()) + 16, 16);
  }
  // How many rows and columns of the input a copy holds, behind the padding above and on the left.
  [[nodiscard, gnu::always_inline]] constexpr int held_rows() const { return held(rows - w.pad_top, w.in.h); }
  [[nodiscard, gnu::always_inline]] constexpr int held_columns() const { return held(columns - w.pad_left, w.in.w); }

 private:
  [[gnu::always_inline]] static constexpr int held(int room, int all) { return room < 0 ? 0 : room < all ? room : all; }
};

// The plan of an op, made once; a constant where geometry is one.
template <class Kernel, op_signature S, class Geometry>
class plan_of {
 public:
  [[gnu::always_inline]] explicit constexpr plan_of(Geometry g) : plan_{Kernel::plan({S, g()})} {}
  [[gnu::always_inline]] constexpr const runs_of_taps& operator()() const { return plan_; }

 private:
  runs_of_taps plan_;
};
template <class Kernel, op_signature S, class Geometry>
  requires(Geometry::is_static)
class plan_of<Kernel, S, Geometry> {
 public:
  [[gnu::always_inline]] explicit constexpr plan_of(Geometry) {}
  [[gnu::always_inline]] constexpr runs_of_taps operator()() const {
    constexpr runs_of_taps plan = Kernel::plan({S, Geometry{}()});
    return plan;
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels::neon

#endif
