// A path as a list of kernels: each answers the questions of `traits` for the signatures it runs, and its loops are
// `code<Kernel>`. Where two kernels of a set run a signature, the first one does. Layouts are part of a signature, so
// that kernels of one op for several layouts stand side by side.
#ifndef OFFRAMP_KERNELS_KERNEL_SET_HPP
#define OFFRAMP_KERNELS_KERNEL_SET_HPP

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <offramp/kernels/path.hpp>
#include <offramp/kernels/reckoning.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels {

namespace detail {

// Calls `use.template operator()<Kernel>()` for the first kernel that runs `s`; one must.
template <class First, class... Rest, class Use>
constexpr auto with_kernel(const op_signature& s, Use use) {
  if constexpr (sizeof...(Rest) == 0)
    return use.template operator()<First>();
  else
    return First::runs(s) ? use.template operator()<First>() : with_kernel<Rest...>(s, use);
}

template <op_signature S, class First, class... Rest>
constexpr auto first_kernel() {
  if constexpr (First::runs(S))
    return static_cast<First*>(nullptr);
  else
    return first_kernel<S, Rest...>();
}

}  // namespace detail

template <class... Kernels>
struct kernel_set {
  static constexpr bool runs(const op_signature& s) { return (Kernels::runs(s) || ...); }
  static constexpr layout reads(const kernel_op& op) {
    return detail::with_kernel<Kernels...>(op.signature, [&]<class K>() { return K::reads(op); });
  }
  static constexpr bool writes(const kernel_op& op, layout l) {
    return detail::with_kernel<Kernels...>(op.signature, [&]<class K>() { return K::writes(op, l); });
  }
  static constexpr std::size_t weight_words(const kernel_op& op) {
    return detail::with_kernel<Kernels...>(op.signature, [&]<class K>() { return K::weight_words(op); });
  }
  static constexpr std::size_t scratch_bytes(const kernel_op& op) {
    return detail::with_kernel<Kernels...>(op.signature, [&]<class K>() { return K::scratch_bytes(op); });
  }
  // The number of the kernel that runs the op, and in the low four bits which form of it, if it has several.
  static constexpr int variant(const kernel_op& op) {
    int number = 0;
    bool found = false;
    ((found = found || Kernels::runs(op.signature), number += found ? 0 : 1), ...);
    return number * 16 + detail::with_kernel<Kernels...>(op.signature, [&]<class K>() {
             if constexpr (requires { K::form(op); })
               return static_cast<int>(K::form(op));
             else
               return 0;
           });
  }
  // What the kernel reckons the op to come to; nothing where it says nothing.
  static constexpr reckoning reckoned(const kernel_op& op) {
    return detail::with_kernel<Kernels...>(op.signature, [&]<class K>() -> reckoning {
      if constexpr (requires { K::reckoned(op); })
        return K::reckoned(op);
      else
        return {};
    });
  }
  static constexpr void pack(const kernel_op& op, const std::uint32_t* canonical, std::uint32_t* packed) {
    detail::with_kernel<Kernels...>(op.signature, [&]<class K>() { K::pack(op, canonical, packed); });
  }

  // The loops of them all, for `code<Path>`.
  struct code_of {
    template <op_signature S, class Geometry>
    static void run(Geometry g, const arguments& a) {
      using kernel = std::remove_pointer_t<decltype(detail::first_kernel<S, Kernels...>())>;
      code<kernel>::template run<S>(g, a);
    }
  };
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels

#endif
