// The loops of signs times signs, by form.
#ifndef OFFRAMP_KERNELS_CORTEX_M_CONV_BITS_HPP
#define OFFRAMP_KERNELS_CORTEX_M_CONV_BITS_HPP

#include <type_traits>

#include <offramp/kernels/cortex_m/conv_bits_columns.hpp>
#include <offramp/kernels/cortex_m/conv_bits_planes.hpp>
#include <offramp/kernels/cortex_m/conv_bits_traits.hpp>
#include <offramp/kernels/cortex_m/conv_bits_words.hpp>
#include <offramp/kernels/cortex_m/four_tables.hpp>
#include <offramp/kernels/cortex_m/shared_geometry.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels {

template <std::size_t WorkBytes>
struct code<cortex_m::conv_bits<WorkBytes>> {
  using kernel = cortex_m::conv_bits<WorkBytes>;

  using variant = typename kernel::variant;

  template <op_signature S, class Geometry>
  static void run(Geometry g, const arguments& a) {
    if constexpr (Geometry::is_static) {
      constexpr window w = Geometry{}();
      constexpr variant v = kernel::variant_of(kernel_op{S, w});
      if constexpr (v == variant::columns)
        cortex_m::conv_bits_columns<S, cortex_m::is_whole(w)>(
            cortex_m::column_sizes_of<w, kernel::columns_block(w), canonical_layout(kernel_op{S, w}).kernel()>, a);
      else if constexpr (v != variant::words && cortex_m::is_shareable<w>)
        run_planes<v, S>(cortex_m::share<w>(), a, kernel::block(v, w));
      else
        run_as<v, S>(g, a);
    } else {
      switch (kernel::variant_of(kernel_op{S, g()})) {
        case variant::words: return run_as<variant::words, S>(g, a);
        case variant::pairs: return run_as<variant::pairs, S>(g, a);
        case variant::fours:
          if constexpr (may_be_fours) run_as<variant::fours, S>(g, a);
          return;
        case variant::columns: {
          const window w = g();
          const cortex_m::column_sizes sizes{w, kernel::columns_block(w), canonical_layout(kernel_op{S, w}).kernel()};
          return cortex_m::conv_bits_columns<S, false>(sizes, a);
        }
      }
    }
  }

 private:
  static_assert(kernel::table_words(variant::pairs) == cortex_m::pair_tables::words);
  static_assert(kernel::table_words(variant::fours) == cortex_m::four_tables::words);

  // Is there room for a table and the counts of 8 channels?
  static constexpr bool may_be_fours =
      WorkBytes >= 4 * (kernel::table_words(variant::fours) + 8 * cortex_m::state_words(5));

  template <typename kernel::variant V, op_signature S, class Geometry>
  static void run_as(Geometry g, const arguments& a) {
    if constexpr (V == variant::words)
      cortex_m::conv_bits_words<S>(g, a);
    else
      run_planes<V, S>(g, a, kernel::block(V, g()));
  }
  template <typename kernel::variant V, op_signature S, class Geometry>
  static void run_planes(Geometry g, const arguments& a, int block) {
    using tables = std::conditional_t<V == variant::pairs, cortex_m::pair_tables, cortex_m::four_tables>;
    cortex_m::conv_bits_planes<tables, S>(g, a, block);
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels

#endif
