// Signs times signs, 32 output positions at a time: what a chunk of inputs looks like from them becomes a table of
// carries, which is added to the counts of a block of output channels (carry_tables.hpp). A count begins at
// 2^planes - level, so that its highest plane says whether it reaches the level that its threshold asks for.
#ifndef OFFRAMP_KERNELS_HELIUM_CONV_BITS_PLANES_HPP
#define OFFRAMP_KERNELS_HELIUM_CONV_BITS_PLANES_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/core/bits.hpp>
#include <offramp/kernels/cortex_m/conv_bits_planes.hpp>
#include <offramp/kernels/helium/conv_bits_traits.hpp>
#include <offramp/kernels/helium/output.hpp>
#include <offramp/kernels/output_stage.hpp>
#include <offramp/kernels/path.hpp>
#include <offramp/kernels/runs.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::helium {

// Bits of a chunk that stored weights have and active inputs have not; `word` is the chunk's place in its tap.
[[gnu::always_inline]] inline std::uint32_t spare_inputs(const window& w, const chunk_plan& plan, int word) {
  if (plan.slots == 1) return ~low_bits(w.in.c - 32 * word);
  std::uint32_t spare = 0;
  for (int i = 0; i < plan.slots; ++i) spare |= (low_bits(w.stored_in_c) & ~low_bits(w.in.c)) << (i * w.stored_in_c);
  return spare;
}
// Weights of inactive inputs that are -1 and so would count as differing, for output channel o.
inline std::int32_t count_spare(const std::uint32_t* kernel, const window& w, const chunk_plan& plan, int o) {
  int n = 0;
  const int active_words = ceil_div(w.in.c, 32);
  const int row = 4 * quads_of(w.stored_out_c);
  for (int chunk = 0; chunk < plan.chunks; ++chunk) {
    const int word = plan.slots == 1 ? chunk % plan.tap_words : 0;
    if (word >= active_words) continue;
    const std::uint32_t parities = kernel[chunk * row + o];
    n += popcount((parities ^ parities << 1) & spare_inputs(w, plan, word));
  }
  return n;
}

// The least count of differing bits from which on depth - 2 * count lies below each of four thresholds.
[[gnu::always_inline]] inline ints4 levels_of(int depth, ints4 thresholds) {
  const ints4 level = add(shift_right<1>(subtract_saturating(depth, thresholds)), 1);
  return least(greatest(level, all_ints(0)), all_ints(depth + 1));
}

// Counts of `quads` times four channels, to begin with.
template <op_signature S>
[[gnu::always_inline]] inline void start_counts(const std::uint32_t* weights, const std::uint32_t* kernel,
                                                const window& w, const chunk_plan& plan, std::uint32_t* state,
                                                int first, int quads) {
  for (int o = first; o < first + 4 * quads; o += 4) {
    ints4 begin = all_ints(std::int32_t{1} << plan.planes);
    if constexpr (S.out == kind::bits) {
      const auto* thresholds = reinterpret_cast<const std::int32_t*>(weights + weight_layout::header_words);
      begin = add(begin, multiply(levels_of(w.depth(), load_ints(thresholds + o)), -1));
    }
    if (w.in.c != w.stored_in_c) {
      std::int32_t spare[4];
      for (int i = 0; i < 4; ++i) spare[i] = -count_spare(kernel, w, plan, o + i);
      begin = add(begin, load_ints(spare));
    }
    words4 bits = as_words(begin);
    const auto next_bit = [&]() __attribute__((always_inline)) {
      const words4 mask = as_words(shift_right<31>(as_ints(shift_left<31>(bits))));
      bits = shift_right<1>(bits);
      return mask;
    };
    store_words(state, next_bit());
    std::uint32_t* plane = state + plane_place(0);
    for (int level = 0; level < first_levels; ++level, plane += 4) store_words(plane, next_bit());
    plane = state + plane_place(first_levels);
    for (int left = plan.planes - first_levels; left > 0; --left, plane += 8) store_words(plane, next_bit());
    state += plan.state_words();
  }
}

// The highest planes of channels from `first` on, as bits of output words.
template <op_signature S>
[[gnu::always_inline]] inline void store_signs(const std::uint32_t* weights, const window& w, const chunk_plan& plan,
                                               std::uint32_t* out, int first, int channels, const std::uint32_t* state,
                                               std::uint32_t* rows, int positions) {
  const int words = ceil_div(w.out.c, 32);
  state += plane_place(plan.planes - 1);
  for (int c = 0; c < channels; c += 32) {
    for (int i = 0; i < 32; i += 4)
      if (c + i < channels) {
        store_words(rows + i, load_words(state));
        state += plan.state_words();
      }
    transpose(rows);
    const int word = (first + c) / 32;
    const std::uint32_t flips = weights[weight_layout::header_words + static_cast<std::size_t>(w.stored_out_c + word)];
    const std::uint32_t mask = low_bits(channels - c);
    std::uint32_t* to = out + word;
    for (int j = 0; j < positions; ++j, to += words) *to = (rows[j] ^ flips) & mask;
  }
}

// Numbers of channel c at all positions, from counts that stand in the low (high) halves of the rows.
template <op_signature S, bool High>
OFFRAMP_CORTEX_M void store_channel(const std::uint32_t* weights, int channels, int c, int depth,
                                    const std::uint32_t* rows, storage_t<S.out>* to, int distance, int positions) {
  const output_limits<S> limits{weights};
  const channel_stage<S> stage{weights, channels, c};
  const auto d = static_cast<std::uint32_t>(distance);
  const words4 distances = make_words(0, d, 2 * d, 3 * d);
  for (; positions > 0; positions -= 4, rows += 4, to += 4 * distance) {
    words4 count = load_words(rows);
    count = High ? shift_right<16>(count) : bit_and(count, all_words(0xffffu));
    stage.store(limits, add_products(all_ints(depth), as_ints(count), -2), to, distances, positions);
  }
}

// The counts of two channels, 16 bits each, to numbers of all positions.
template <op_signature S>
[[gnu::always_inline]] inline void store_numbers(const std::uint32_t* weights, const window& w, const chunk_plan& plan,
                                                 storage_t<S.out>* out, int first, int channels, std::uint32_t parity,
                                                 const std::uint32_t* state, std::uint32_t* rows, int positions) {
  for (int o = 0; o < channels; o += 2) {
    const std::uint32_t* s = state + o / 4 * plan.state_words() + o % 4;
    for (int half = 0; half < 2; ++half) {
      std::uint32_t* to = rows + 16 * half;
      const bool inside = o + half < channels;
      to[0] = inside ? parity ^ s[half] : 0u;
      for (int i = 1; i < 16; ++i) to[i] = inside && i < plan.planes ? s[plane_place(i - 1) + half] : 0u;
    }
    transpose(rows);
    const int c = first + o;
    const bool both = o + 1 < channels;
    if constexpr (requantizes_plainly<S>) {
      store_channel<S, false>(weights, w.stored_out_c, c, w.depth(), rows, out + c, w.out.c, positions);
      if (both)
        store_channel<S, true>(weights, w.stored_out_c, c + 1, w.depth(), rows, out + c + 1, w.out.c, positions);
    } else {
      const parameters<S> params{weights, w};
      cortex_m::store_channel<S>(params, c, w.depth(), rows, 0, out + c, w.out.c, positions);
      if (both) cortex_m::store_channel<S>(params, c + 1, w.depth(), rows, 16, out + c + 1, w.out.c, positions);
    }
  }
}

// Looks at the input as a chunk sees it, in turn.
template <conv_bits_form Form>
class chunk_inputs {
 public:
  [[gnu::always_inline]] chunk_inputs(const window& w, const std::uint32_t* in, const std::uint32_t* planes, int group,
                                      cortex_m::position_run run)
      : w_{w}, in_{in}, planes_{planes}, group_{group}, run_{run} {}

  // Word `word` of tap (ky, kx), alone.
  [[gnu::always_inline]] void look(int ky, int kx, int word, std::uint32_t* rows) const {
    if constexpr (Form == conv_bits_form::shifted) {
      shift_planes(view(ky, kx, word), rows);
    } else {
      cortex_m::gather_tap(in_ + word, w_, run_, ky, kx, 0, rows);
      finish(rows);
    }
  }
  // Number `slot` of those that share a chunk; then `finish`.
  [[gnu::always_inline]] void look_at_slot(int ky, int kx, int slot, std::uint32_t* rows) const {
    const int shift = slot * w_.stored_in_c;
    if constexpr (Form == conv_bits_form::shifted)
      shift_planes(view(ky, kx, 0), rows + shift, w_.stored_in_c);
    else
      cortex_m::gather_tap(in_, w_, run_, ky, kx, shift, rows);
  }
  // `slots` were looked at.
  [[gnu::always_inline]] void finish_slots(int slots, std::uint32_t* rows) const {
    if constexpr (Form == conv_bits_form::shifted)
      fill_run(rows + slots * w_.stored_in_c, std::uint32_t{0}, 32 - slots * w_.stored_in_c);
    else
      finish(rows);
  }

 private:
  [[gnu::always_inline]] void finish(std::uint32_t* rows) const {
    fill_run(rows + run_.n, std::uint32_t{0}, 32 - run_.n);
    transpose(rows);
  }
  [[gnu::always_inline]] plane_view view(int ky, int kx, int word) const {
    const int dx = kx - w_.pad_left;
    return view_of(planes_, w_, ceil_div(w_.in.c, 32), group_, word, (ky - w_.pad_top) * w_.in.w + dx,
                   helium::columns_inside(run_.x, w_.in.w, dx));
  }

  const window& w_;
  const std::uint32_t* in_;
  const std::uint32_t* planes_;
  int group_;
  cortex_m::position_run run_;
};

// `block` sets of four output channels at a time.
template <conv_bits_form Form, op_signature S, class Geometry>
OFFRAMP_CORTEX_M void conv_bits_planes(Geometry g, const arguments& a, int block) {
  const window w = g();
  const chunk_plan plan{w};
  const std::uint32_t* kernel = a.weights + canonical_layout(kernel_op{S, w}).kernel();
  const auto* in = static_cast<const std::uint32_t*>(a.in);
  auto* table = static_cast<std::uint32_t*>(a.scratch);
  std::uint32_t* rows = table + table_words;
  std::uint32_t* planes = rows + 32;
  const int active_words = ceil_div(w.in.c, 32);
  std::uint32_t* state = planes;
  if constexpr (Form == conv_bits_form::shifted) {
    make_planes(in, w, planes);
    state += plane_words(w, active_words);
  }
  const int row = 4 * quads_of(w.stored_out_c);
  const int positions = w.out.positions();
  cortex_m::position_run run{0, 0, 0};
  for (int p = 0; p < positions; p += 32) {
    run.n = positions - p < 32 ? positions - p : 32;
    const chunk_inputs<Form> inputs{w, in, planes, p / 32, run};
    for (int first = 0; first < w.out.c; first += 4 * block) {
      const int channels = w.out.c - first < 4 * block ? w.out.c - first : 4 * block;
      const int quads = quads_of(channels);
      start_counts<S>(a.weights, kernel, w, plan, state, first, quads);
      std::uint32_t parity = 0;
      unsigned number = 0;
      const std::uint32_t* weights = kernel + first;
      const auto add = [&]() __attribute__((always_inline)) {
        parity = make_table(table, rows, parity);
        add_with_table(table, weights, state, quads, plan.state_words(), number++);
      };
      if (plan.slots == 1) {
        for (int ky = 0; ky < w.kernel_h; ++ky)
          for (int kx = 0; kx < w.kernel_w; ++kx)
            for (int word = 0; word < plan.tap_words; ++word, weights += row) {
              if (word >= active_words) continue;
              inputs.look(ky, kx, word, rows);
              add();
            }
      } else {
        int ky = 0;
        int kx = 0;
        for (int chunk = 0; chunk < plan.chunks; ++chunk, weights += row) {
          int slots = 0;
          for (; slots < plan.slots && ky < w.kernel_h; ++slots) {
            inputs.look_at_slot(ky, kx, slots, rows);
            if (++kx == w.kernel_w) kx = 0, ++ky;
          }
          inputs.finish_slots(slots, rows);
          add();
        }
      }
      std::uint32_t* s = state;
      for (int q = 0; q < quads; ++q, s += plan.state_words()) add_waiting(s, plan.planes, number);
      if constexpr (S.out == kind::bits)
        store_signs<S>(a.weights, w, plan, static_cast<std::uint32_t*>(a.out) + p * ceil_div(w.out.c, 32), first,
                       channels, state, rows, run.n);
      else
        store_numbers<S>(a.weights, w, plan, static_cast<storage_t<S.out>*>(a.out) + p * w.out.c, first, channels,
                         parity, state, rows, run.n);
    }
    for (run.x += 32; run.x >= w.out.w; run.x -= w.out.w) ++run.y;
  }
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::helium

#endif
