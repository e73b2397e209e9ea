// The loops of signs times signs, by form.
#ifndef OFFRAMP_KERNELS_HELIUM_CONV_BITS_HPP
#define OFFRAMP_KERNELS_HELIUM_CONV_BITS_HPP

#include <offramp/kernels/cortex_m/shared_geometry.hpp>
#include <offramp/kernels/helium/conv_bits_planes.hpp>
#include <offramp/kernels/helium/conv_bits_traits.hpp>
#include <offramp/kernels/helium/conv_bits_words.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels {

template <std::size_t WorkBytes>
struct code<helium::conv_bits<WorkBytes>> {
  using kernel = helium::conv_bits<WorkBytes>;
  using variant = typename kernel::variant;

  template <op_signature S, class Geometry>
  static void run(Geometry g, const arguments& a) {
    if constexpr (Geometry::is_static) {
      constexpr window w = Geometry{}();
      constexpr variant v = kernel::variant_of(kernel_op{S, w});
      if constexpr (v != variant::words && cortex_m::is_shareable<w>)
        helium::conv_bits_planes<v, S>(cortex_m::share<w>(), a, kernel::block(v, w));
      else
        run_as<v, S>(g, a);
    } else {
      switch (kernel::variant_of(kernel_op{S, g()})) {
        case variant::words: return run_as<variant::words, S>(g, a);
        case variant::shifted: return run_as<variant::shifted, S>(g, a);
        case variant::gathered: return run_as<variant::gathered, S>(g, a);
      }
    }
  }

 private:
  template <typename kernel::variant V, op_signature S, class Geometry>
  static void run_as(Geometry g, const arguments& a) {
    if constexpr (V == variant::words)
      helium::conv_bits_words<S>(g, a);
    else
      helium::conv_bits_planes<V, S>(g, a, kernel::block(V, g()));
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels

#endif
