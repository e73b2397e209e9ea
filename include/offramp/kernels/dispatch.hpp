// Walks a path and its parents to the one that runs an op, for traits (values, any machine) and for code.
#ifndef OFFRAMP_KERNELS_DISPATCH_HPP
#define OFFRAMP_KERNELS_DISPATCH_HPP

#include <cstddef>
#include <type_traits>

#include <offramp/kernels/path.hpp>
#include <offramp/kernels/portable/code.hpp>
#include <offramp/kernels/portable/traits.hpp>
#include <offramp/kernels/reckoning.hpp>
#include <offramp/kernels/reference/code.hpp>
#include <offramp/kernels/reference/traits.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels {

namespace detail {

// Calls `use(tag<P>{})` for the first path P in the chain of Path that runs the signature.
template <class Path>
struct tag {
  using type = Path;
};
template <class Path, class Use>
constexpr auto with_path(const op_signature& s, Use use) {
  if constexpr (std::is_same_v<Path, path::reference>) {
    return use(tag<Path>{});
  } else {
    return traits<Path>::runs(s) ? use(tag<Path>{}) : with_path<typename Path::parent>(s, use);
  }
}

template <class Path, op_signature S>
constexpr auto path_for() {
  if constexpr (std::is_same_v<Path, path::reference>)
    return tag<Path>{};
  else if constexpr (traits<Path>::runs(S))
    return tag<Path>{};
  else
    return path_for<typename Path::parent, S>();
}

}  // namespace detail

// The path in the chain of `Path` whose code runs this signature.
template <class Path, op_signature S>
using running_path = typename decltype(detail::path_for<Path, S>())::type;

// Of the path that runs the op, unless Path itself prefers something. Convolutions of signs are asked as if channels
// lay innermost: all their kernels are to be weighed, and not those alone that read the layout of the input so far.
template <class Path>
constexpr layout reads(kernel_op op) {
  if (op.signature.what == op_kind::conv && op.signature.in == kind::bits)
    op.signature.in_layout = op.signature.out_layout = layout::nhwc;
  if constexpr (requires { traits<Path>::prefers(op); })
    return traits<Path>::prefers(op);
  else
    return detail::with_path<Path>(op.signature, [&](auto p) { return traits<typename decltype(p)::type>::reads(op); });
}
template <class Path>
constexpr bool writes(const kernel_op& op, layout l) {
  return detail::with_path<Path>(op.signature,
                                 [&](auto p) { return traits<typename decltype(p)::type>::writes(op, l); });
}
template <class Path>
constexpr std::size_t weight_words(const kernel_op& op) {
  return detail::with_path<Path>(op.signature,
                                 [&](auto p) { return traits<typename decltype(p)::type>::weight_words(op); });
}
template <class Path>
constexpr std::size_t scratch_bytes(const kernel_op& op) {
  return detail::with_path<Path>(op.signature,
                                 [&](auto p) { return traits<typename decltype(p)::type>::scratch_bytes(op); });
}
// Which kernel of which path runs the op, and which form of it: equal numbers run the same loops.
template <class Path>
constexpr int variant(const kernel_op& op) {
  return detail::with_path<Path>(op.signature, [&](auto p) {
    using runs = typename decltype(p)::type;
    int own = 0;
    if constexpr (requires { traits<runs>::variant(op); }) own = traits<runs>::variant(op);
    return runs::id * 4096 + own;
  });
}
// What its kernel reckons the op to come to.
template <class Path>
constexpr reckoning reckoned(const kernel_op& op) {
  return detail::with_path<Path>(op.signature, [&](auto p) -> reckoning {
    using runs = typename decltype(p)::type;
    if constexpr (requires { traits<runs>::reckoned(op); })
      return traits<runs>::reckoned(op);
    else
      return {};
  });
}
template <class Path>
constexpr void pack(const kernel_op& op, const std::uint32_t* canonical, std::uint32_t* packed) {
  detail::with_path<Path>(op.signature,
                          [&](auto p) { traits<typename decltype(p)::type>::pack(op, canonical, packed); });
}

// Runs one op.
template <class Path, op_signature S, class Geometry>
inline void run(Geometry g, const arguments& a) {
  code<running_path<Path, S>>::template run<S>(g, a);
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels

#endif
