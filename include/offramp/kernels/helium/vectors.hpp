// Vectors of 128 bits by the instructions of Helium (Arm Architecture Reference Manual, Armv8.1-M, MVE), each a small
// function: the instruction where the target has it, else the same arithmetic on arrays, which any machine tests. Only
// integers are used, so that cores with MVE and no vectors of floats run them too.
#ifndef OFFRAMP_KERNELS_HELIUM_VECTORS_HPP
#define OFFRAMP_KERNELS_HELIUM_VECTORS_HPP

#include <cstdint>
#include <type_traits>

#include <offramp/core/config.hpp>

#if defined(__ARM_FEATURE_MVE) && !defined(__ARM_BIG_ENDIAN)
#define OFFRAMP_MVE 1
#include <arm_mve.h>
#else
#define OFFRAMP_MVE 0
#endif

namespace offramp::inline OFFRAMP_ABI::kernels::helium {

#if OFFRAMP_MVE

using words4 = uint32x4_t;
using ints4 = int32x4_t;

[[gnu::always_inline]] inline words4 load_words(const std::uint32_t* p) { return vldrwq_u32(p); }
[[gnu::always_inline]] inline void store_words(std::uint32_t* p, words4 v) { vstrwq_u32(p, v); }
[[gnu::always_inline]] inline words4 all_words(std::uint32_t v) { return vdupq_n_u32(v); }
[[gnu::always_inline]] inline words4 bit_xor(words4 a, words4 b) { return veorq_u32(a, b); }
[[gnu::always_inline]] inline words4 bit_and(words4 a, words4 b) { return vandq_u32(a, b); }
[[gnu::always_inline]] inline words4 bit_or(words4 a, words4 b) { return vorrq_u32(a, b); }
[[gnu::always_inline]] inline words4 bit_not(words4 a) { return vmvnq_u32(a); }
[[gnu::always_inline]] inline words4 and_not(words4 a, words4 b) { return vbicq_u32(a, b); }
[[gnu::always_inline]] inline words4 add(words4 a, words4 b) { return vaddq_u32(a, b); }
template <int N>
[[gnu::always_inline]] inline words4 shift_left(words4 a) {
  return vshlq_n_u32(a, N);
}
template <int N>
[[gnu::always_inline]] inline words4 shift_right(words4 a) {
  return vshrq_n_u32(a, N);
}
// To the left by n, 0 to 32; to the right by -n.
[[gnu::always_inline]] inline words4 shift_all(words4 a, int n) { return vshlq_r_u32(a, n); }
// Every lane of sizes of `Bits`: the low N bits of a, above them b; and the high bits of a, below them b from its bit
// N.
template <int Bits, int N>
[[gnu::always_inline]] inline words4 insert_above(words4 a, words4 b) {
  if constexpr (Bits == 32)
    return vsliq_n_u32(a, b, N);
  else if constexpr (Bits == 16)
    return vreinterpretq_u32_u16(vsliq_n_u16(vreinterpretq_u16_u32(a), vreinterpretq_u16_u32(b), N));
  else
    return vreinterpretq_u32_u8(vsliq_n_u8(vreinterpretq_u8_u32(a), vreinterpretq_u8_u32(b), N));
}
template <int Bits, int N>
[[gnu::always_inline]] inline words4 insert_below(words4 a, words4 b) {
  if constexpr (Bits == 32)
    return vsriq_n_u32(a, b, N);
  else if constexpr (Bits == 16)
    return vreinterpretq_u32_u16(vsriq_n_u16(vreinterpretq_u16_u32(a), vreinterpretq_u16_u32(b), N));
  else
    return vreinterpretq_u32_u8(vsriq_n_u8(vreinterpretq_u8_u32(a), vreinterpretq_u8_u32(b), N));
}
// Words at p + i of each lane's i.
[[gnu::always_inline]] inline words4 gather(const std::uint32_t* p, words4 i) {
  return vldrwq_gather_shifted_offset_u32(p, i);
}
[[gnu::always_inline]] inline void scatter(std::uint32_t* p, words4 i, words4 v) {
  vstrwq_scatter_shifted_offset_u32(p, i, v);
}
// A place in memory for each lane, `Distance` words apart.
template <int Distance>
class lane_places {
 public:
  [[gnu::always_inline]] explicit lane_places(std::uint32_t* first)
      : at_{vaddq_n_u32(vmulq_n_u32(vidupq_n_u32(0, 1), 4 * Distance),
                        static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(first)))} {}
  template <int Word>
  [[gnu::always_inline]] void put(words4 v) const {
    vstrwq_scatter_base_u32(at_, 4 * Word, v);
  }

 private:
  words4 at_;
};
template <int L>
[[gnu::always_inline]] inline std::uint32_t lane(words4 v) {
  return vgetq_lane_u32(v, L);
}
[[gnu::always_inline]] inline words4 make_words(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
  words4 v = vuninitializedq_u32();
  v = vsetq_lane_u32(a, v, 0);
  v = vsetq_lane_u32(c, v, 2);
  v = vsetq_lane_u32(b, v, 1);
  return vsetq_lane_u32(d, v, 3);
}

[[gnu::always_inline]] inline ints4 as_ints(words4 a) { return vreinterpretq_s32_u32(a); }
[[gnu::always_inline]] inline words4 as_words(ints4 a) { return vreinterpretq_u32_s32(a); }
[[gnu::always_inline]] inline ints4 load_ints(const std::int32_t* p) { return vldrwq_s32(p); }
[[gnu::always_inline]] inline ints4 load_ints(const std::int16_t* p) { return vldrhq_s32(p); }
[[gnu::always_inline]] inline ints4 load_ints(const std::int8_t* p) { return vldrbq_s32(p); }
[[gnu::always_inline]] inline ints4 load_ints(const std::uint8_t* p) { return as_ints(vldrbq_u32(p)); }
[[gnu::always_inline]] inline ints4 all_ints(std::int32_t v) { return vdupq_n_s32(v); }
[[gnu::always_inline]] inline ints4 add(ints4 a, ints4 b) { return vaddq_s32(a, b); }
[[gnu::always_inline]] inline ints4 add(ints4 a, std::int32_t b) { return vaddq_n_s32(a, b); }
// a + b * c, and mod 2^32.
[[gnu::always_inline]] inline ints4 add_products(ints4 a, ints4 b, std::int32_t c) { return vmlaq_n_s32(a, b, c); }
[[gnu::always_inline]] inline ints4 multiply(ints4 a, std::int32_t b) { return vmulq_n_s32(a, b); }
[[gnu::always_inline]] inline ints4 high_products(ints4 a, ints4 b) { return vmulhq_s32(a, b); }
// To the right by -n > 0, rounded to the nearest, ties upwards.
[[gnu::always_inline]] inline ints4 shift_rounding(ints4 a, ints4 n) { return vrshlq_s32(a, n); }
// To the left by n >= 0 within 32 bits.
[[gnu::always_inline]] inline ints4 shift_saturating(ints4 a, ints4 n) { return vqshlq_s32(a, n); }
[[gnu::always_inline]] inline ints4 subtract_saturating(std::int32_t a, ints4 b) { return vqsubq_s32(all_ints(a), b); }
template <int N>
[[gnu::always_inline]] inline ints4 shift_right(ints4 a) {
  return vshrq_n_s32(a, N);
}
[[gnu::always_inline]] inline ints4 least(ints4 a, ints4 b) { return vminq_s32(a, b); }
[[gnu::always_inline]] inline ints4 greatest(ints4 a, ints4 b) { return vmaxq_s32(a, b); }
[[gnu::always_inline]] inline std::int32_t greatest_lane(ints4 a, std::int32_t or_this) {
  return vmaxvq_s32(or_this, a);
}
// To `bits` those lanes of `these` where a is below b.
[[gnu::always_inline]] inline std::uint32_t add_below(std::uint32_t bits, ints4 a, ints4 b, words4 these) {
  return vmladavaq_u32(bits, vshrq_n_u32(as_words(vqsubq_s32(a, b)), 31), these);
}

// The first n lanes, as the low bits of their types.
template <class T>
[[gnu::always_inline]] inline void store_ints(T* to, ints4 v, int n) {
  if (n >= 4) {
    if constexpr (sizeof(T) == 1)
      vstrbq_s32(reinterpret_cast<std::int8_t*>(to), v);
    else if constexpr (sizeof(T) == 2)
      vstrhq_s32(to, v);
    else
      vstrwq_s32(to, v);
  } else {
    const mve_pred16_t some = vctp32q(static_cast<std::uint32_t>(n));
    if constexpr (sizeof(T) == 1)
      vstrbq_p_s32(reinterpret_cast<std::int8_t*>(to), v, some);
    else if constexpr (sizeof(T) == 2)
      vstrhq_p_s32(to, v, some);
    else
      vstrwq_p_s32(to, v, some);
  }
}
template <class T>
[[gnu::always_inline]] inline ints4 load_some(const T* from, int n) {
  if (n >= 4) return load_ints(from);
  const mve_pred16_t some = vctp32q(static_cast<std::uint32_t>(n));
  if constexpr (sizeof(T) == 1 && std::is_signed_v<T>)
    return vldrbq_z_s32(from, some);
  else if constexpr (sizeof(T) == 1)
    return as_ints(vldrbq_z_u32(from, some));
  else if constexpr (sizeof(T) == 2)
    return vldrhq_z_s32(from, some);
  else
    return vldrwq_z_s32(from, some);
}

// The first n lanes of numbers `distances` elements behind each other's first one.
template <class T>
[[gnu::always_inline]] inline ints4 gather_ints(const T* from, words4 distances, int n) {
  const mve_pred16_t some = vctp32q(static_cast<std::uint32_t>(n));
  if constexpr (sizeof(T) == 1)
    return vldrbq_gather_offset_z_s32(from, distances, some);
  else
    return vldrhq_gather_shifted_offset_z_s32(from, distances, some);
}
template <class T>
[[gnu::always_inline]] inline void scatter_ints(T* to, words4 distances, ints4 v, int n) {
  const mve_pred16_t some = vctp32q(static_cast<std::uint32_t>(n));
  if constexpr (sizeof(T) == 1)
    vstrbq_scatter_offset_p_s32(to, distances, v, some);
  else
    vstrhq_scatter_shifted_offset_p_s32(to, distances, v, some);
}

#else

namespace detail {
template <class T>
struct four {
  T l[4];
};
template <class R, class F>
constexpr R each_lane(F f) {
  return R{{f(0), f(1), f(2), f(3)}};
}
template <int Bits>
constexpr std::uint32_t in_every_lane(std::uint32_t v) {
  for (int n = Bits; n < 32; n *= 2) v |= v << n;
  return v;
}
}  // namespace detail

using words4 = detail::four<std::uint32_t>;
using ints4 = detail::four<std::int32_t>;

#define OFFRAMP_LANES(R, expression) detail::each_lane<R>([&]([[maybe_unused]] int i) { return expression; })
inline words4 load_words(const std::uint32_t* p) { return OFFRAMP_LANES(words4, p[i]); }
inline void store_words(std::uint32_t* p, words4 v) {
  for (int i = 0; i < 4; ++i) p[i] = v.l[i];
}
inline words4 all_words(std::uint32_t v) { return OFFRAMP_LANES(words4, v); }
inline words4 bit_xor(words4 a, words4 b) { return OFFRAMP_LANES(words4, a.l[i] ^ b.l[i]); }
inline words4 bit_and(words4 a, words4 b) { return OFFRAMP_LANES(words4, a.l[i] & b.l[i]); }
inline words4 bit_or(words4 a, words4 b) { return OFFRAMP_LANES(words4, a.l[i] | b.l[i]); }
inline words4 bit_not(words4 a) { return OFFRAMP_LANES(words4, ~a.l[i]); }
inline words4 and_not(words4 a, words4 b) { return OFFRAMP_LANES(words4, a.l[i] & ~b.l[i]); }
inline words4 add(words4 a, words4 b) { return OFFRAMP_LANES(words4, a.l[i] + b.l[i]); }
template <int N>
inline words4 shift_left(words4 a) {
  return OFFRAMP_LANES(words4, a.l[i] << N);
}
template <int N>
inline words4 shift_right(words4 a) {
  return OFFRAMP_LANES(words4, a.l[i] >> N);
}
// To the left by n, 0 to 32; to the right by -n.
inline words4 shift_all(words4 a, int n) {
  if (n >= 32) return all_words(0);
  return OFFRAMP_LANES(words4, n >= 0 ? a.l[i] << n : a.l[i] >> -n);
}
// Every lane of sizes of `Bits`: the low N bits of a, above them b; and the high bits of a, below them b from its bit
// N.
template <int Bits, int N>
inline words4 insert_above(words4 a, words4 b) {
  constexpr std::uint32_t low = detail::in_every_lane<Bits>((1u << N) - 1u);
  return OFFRAMP_LANES(words4, (a.l[i] & low) | (b.l[i] << N & ~low));
}
template <int Bits, int N>
inline words4 insert_below(words4 a, words4 b) {
  constexpr std::uint32_t low = detail::in_every_lane<Bits>((1u << (Bits - N)) - 1u);
  return OFFRAMP_LANES(words4, (a.l[i] & ~low) | (b.l[i] >> N & low));
}
// Words at p + i of each lane's i.
inline words4 gather(const std::uint32_t* p, words4 i) { return {{p[i.l[0]], p[i.l[1]], p[i.l[2]], p[i.l[3]]}}; }
inline void scatter(std::uint32_t* p, words4 i, words4 v) {
  for (int n = 0; n < 4; ++n) p[i.l[n]] = v.l[n];
}
// A place in memory for each lane, `Distance` words apart.
template <int Distance>
class lane_places {
 public:
  explicit lane_places(std::uint32_t* first) : first_{first} {}
  template <int Word>
  void put(words4 v) const {
    for (int n = 0; n < 4; ++n) first_[n * Distance + Word] = v.l[n];
  }

 private:
  std::uint32_t* first_;
};
template <int L>
inline std::uint32_t lane(words4 v) {
  return v.l[L];
}
inline words4 make_words(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) { return {{a, b, c, d}}; }

inline ints4 as_ints(words4 a) { return OFFRAMP_LANES(ints4, static_cast<std::int32_t>(a.l[i])); }
inline words4 as_words(ints4 a) { return OFFRAMP_LANES(words4, static_cast<std::uint32_t>(a.l[i])); }
template <class T>
inline ints4 load_ints(const T* p) {
  return OFFRAMP_LANES(ints4, (std::int32_t{p[i]}));
}
inline ints4 all_ints(std::int32_t v) { return OFFRAMP_LANES(ints4, v); }
inline ints4 add(ints4 a, ints4 b) { return as_ints(add(as_words(a), as_words(b))); }
inline ints4 add(ints4 a, std::int32_t b) { return add(a, all_ints(b)); }
inline ints4 multiply(ints4 a, std::int32_t b) {
  const words4 x = as_words(a);
  return as_ints(OFFRAMP_LANES(words4, x.l[i] * static_cast<std::uint32_t>(b)));
}
// a + b * c, and mod 2^32.
inline ints4 add_products(ints4 a, ints4 b, std::int32_t c) { return add(a, multiply(b, c)); }
inline ints4 high_products(ints4 a, ints4 b) {
  return OFFRAMP_LANES(ints4, static_cast<std::int32_t>((std::int64_t{a.l[i]} * b.l[i]) >> 32));
}
namespace detail {
inline std::int32_t saturated(std::int64_t v) {
  constexpr std::int64_t most = 0x7fffffff;
  return static_cast<std::int32_t>(v > most ? most : v < -most - 1 ? -most - 1 : v);
}
// Lanes beyond the last channel may hold any shift, of which the low byte counts.
inline int shift_of(std::int32_t n) { return static_cast<std::int8_t>(n & 0xff); }
inline std::int64_t shifted_rounding(std::int64_t v, int n) {
  return n > 0 || n < -40 ? 0 : n == 0 ? v : ((v >> (-n - 1)) + 1) >> 1;
}
inline std::int64_t shifted_left(std::int64_t v, int n) {
  return n < 0 ? 0 : v * (std::int64_t{1} << (n < 32 ? n : 32));
}
}  // namespace detail
// To the right by -n > 0, rounded to the nearest, ties upwards.
inline ints4 shift_rounding(ints4 a, ints4 n) {
  return OFFRAMP_LANES(ints4, detail::saturated(detail::shifted_rounding(a.l[i], detail::shift_of(n.l[i]))));
}
// To the left by n >= 0 within 32 bits.
inline ints4 shift_saturating(ints4 a, ints4 n) {
  return OFFRAMP_LANES(ints4, detail::saturated(detail::shifted_left(a.l[i], detail::shift_of(n.l[i]))));
}
inline ints4 subtract_saturating(std::int32_t a, ints4 b) {
  return OFFRAMP_LANES(ints4, detail::saturated(std::int64_t{a} - b.l[i]));
}
template <int N>
inline ints4 shift_right(ints4 a) {
  return OFFRAMP_LANES(ints4, a.l[i] >> N);
}
inline ints4 least(ints4 a, ints4 b) { return OFFRAMP_LANES(ints4, a.l[i] < b.l[i] ? a.l[i] : b.l[i]); }
inline ints4 greatest(ints4 a, ints4 b) { return OFFRAMP_LANES(ints4, a.l[i] < b.l[i] ? b.l[i] : a.l[i]); }
inline std::int32_t greatest_lane(ints4 a, std::int32_t or_this) {
  for (const std::int32_t v : a.l) or_this = v > or_this ? v : or_this;
  return or_this;
}
// To `bits` those lanes of `these` where a is below b.
inline std::uint32_t add_below(std::uint32_t bits, ints4 a, ints4 b, words4 these) {
  for (int i = 0; i < 4; ++i) bits += a.l[i] < b.l[i] ? these.l[i] : 0u;
  return bits;
}

// The first n lanes, as the low bits of their types.
template <class T>
inline void store_ints(T* to, ints4 v, int n) {
  for (int i = 0; i < n && i < 4; ++i) to[i] = static_cast<T>(v.l[i]);
}
template <class T>
inline ints4 load_some(const T* from, int n) {
  return OFFRAMP_LANES(ints4, (i < n ? std::int32_t{from[i]} : 0));
}
// The first n lanes of numbers `distances` elements behind each other's first one.
template <class T>
inline ints4 gather_ints(const T* from, words4 distances, int n) {
  return OFFRAMP_LANES(ints4, (i < n ? std::int32_t{from[distances.l[i]]} : 0));
}
template <class T>
inline void scatter_ints(T* to, words4 distances, ints4 v, int n) {
  for (int i = 0; i < n && i < 4; ++i) to[distances.l[i]] = static_cast<T>(v.l[i]);
}
#undef OFFRAMP_LANES

#endif

}  // namespace offramp::inline OFFRAMP_ABI::kernels::helium

#endif
