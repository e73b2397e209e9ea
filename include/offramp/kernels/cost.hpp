// What one op costs, counted from its description: the features of the latency model and the rows of the
// cost tables. Products of two bits are counted apart; the field's combined figure is OPs = MACs + binary
// MACs / 64 (Bi-Real Net, ReActNet).
#ifndef OFFRAMP_KERNELS_COST_HPP
#define OFFRAMP_KERNELS_COST_HPP

#include <cstdint>

#include <offramp/kernels/op.hpp>
#include <offramp/kernels/user_op.hpp>

namespace offramp::inline OFFRAMP_ABI {

struct op_cost {
  std::int64_t macs = 0;         // multiply-accumulates, padding counted as work
  std::int64_t binary_macs = 0;  // of bits by bits
  std::int64_t simple = 0;       // compares and additions of pooling and pointwise ops
  std::int64_t weight_bytes = 0;
  std::int64_t in_bytes = 0;
  std::int64_t out_bytes = 0;

  [[nodiscard]] constexpr std::int64_t ops() const { return macs + (binary_macs + 63) / 64; }

  friend constexpr op_cost operator+(op_cost a, const op_cost& b) {
    a.macs += b.macs;
    a.binary_macs += b.binary_macs;
    a.simple += b.simple;
    a.weight_bytes += b.weight_bytes;
    a.in_bytes += b.in_bytes;
    a.out_bytes += b.out_bytes;
    return a;
  }
};

namespace kernels {

constexpr op_cost cost(const kernel_op& op, std::size_t weight_words) {
  const op_signature& s = op.signature;
  const window& w = op.geometry;
  op_cost c;
  const std::int64_t products = std::int64_t{w.out.size()} * w.depth();
  if (s.what == op_kind::conv)
    (s.in == kind::bits && s.weights == kind::bits ? c.binary_macs : c.macs) = products;
  else if (s.what == op_kind::user)
    c.macs = s.user->macs(w.in);
  else if (s.what == op_kind::copy)
    c.simple = w.in.size();
  else if (s.what == op_kind::mixed_pool)  // compares and additions, then two products
    c.simple = 2 * std::int64_t{w.out.size()} * w.taps(), c.macs = 2 * std::int64_t{w.out.size()};
  else
    c.simple = std::int64_t{w.out.size()} * w.taps();
  c.weight_bytes = static_cast<std::int64_t>(weight_words) * 4;
  c.in_bytes = static_cast<std::int64_t>(tensor_bytes(w.in, s.in, s.in_layout));
  // A copy writes its own part of the wider tensor.
  const shape written{w.out.h, w.out.w, s.what == op_kind::copy ? w.in.c : w.out.c};
  c.out_bytes = static_cast<std::int64_t>(tensor_bytes(written, s.out, s.out_layout));
  return c;
}

}  // namespace kernels

}  // namespace offramp::inline OFFRAMP_ABI

#endif
