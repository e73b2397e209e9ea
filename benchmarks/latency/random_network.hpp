// Networks drawn at compile time: a seed gives a description of 2 to 14 convolutions and dense layers, in floats,
// int8, signs or a mixture, with or without residuals, of one to three exits, some 10 million MACs at most. Its stages
// and heads are items of a `network<...>` as written ones are; only their layers come from a plan.
#ifndef BENCHMARKS_LATENCY_RANDOM_NETWORK_HPP
#define BENCHMARKS_LATENCY_RANDOM_NETWORK_HPP

#include <cstdint>
#include <utility>

#include <offramp/net/lower.hpp>

#include "benchmarks/profile_cpu/geometries.hpp"

namespace latency_check {

using offramp::input_desc;
using offramp::kind;
using offramp::layer_desc;
using offramp::layer_kind;
using offramp::shape;
using profile_cpu::draws;

struct item_plan {
  layer_desc layers[100]{};
  int count = 0;
  bool head = false;
};

enum class style : std::uint8_t { binary, int8, f32, mixed };
constexpr const char* to_string(style s) {
  constexpr const char* names[] = {"binary", "int8", "float", "mixed"};
  return names[static_cast<int>(s)];
}

struct network_plan {
  style of = style::int8;
  kind rest = kind::i8;
  input_desc input{};
  item_plan items[6]{};
  int count = 0;
  int layers = 0;  // convolutions and dense layers
  int residuals = 0;
};

// From this seed on channels come in multiples of 16, of 8 below 16, as in most networks that people write; before it
// any number may come.
inline constexpr std::uint64_t first_regular_network = 7000;
// From this one on inputs have a few pixels too, so that what a session takes beside its ops is a good part of all.
inline constexpr std::uint64_t first_tiny_network = 9000;

class network_writer {
 public:
  constexpr explicit network_writer(std::uint64_t seed)
      : d_{seed}, regular_{seed >= first_regular_network}, tiny_{seed >= first_tiny_network} {
    p_.of = static_cast<style>(seed % 4);
  }

  constexpr network_plan write() {
    choose_input();
    left_ = 2 + d_.below(13);
    const int exits = left_ < 5 ? 1 : d_.of({1, 1, 2, 2, 3});
    left_ -= exits;  // every head ends in a dense layer
    first_layer();
    for (int k = 0; k < exits; ++k) {
      const int until = left_ - left_ / (exits - k);
      if (k > 0 && left_ <= until) put(layer_kind::batch_norm);  // a stage needs a layer
      while (left_ > until) block();
      head();
    }
    return p_;
  }

 private:
  enum class values : std::uint8_t { any, not_negative, signs };
  static constexpr int classes = 10;

  draws d_;
  bool regular_, tiny_;
  network_plan p_{};
  shape at_{};
  values are_ = values::any;
  int left_ = 0;  // layers still to come, the last ones of heads apart

  constexpr item_plan& item() { return p_.items[p_.count]; }
  constexpr void put(layer_desc l) { item().layers[item().count++] = l; }
  constexpr void put(layer_kind k) { put(layer_desc{.what = k}); }

  constexpr void choose_input() {
    p_.rest = p_.of == style::f32 || (p_.of == style::binary && d_.percent(15)) ? kind::f32 : kind::i8;
    const int side = tiny_ ? 2 + d_.below(3) : d_.of({12, 16, 20, 24, 28, 28, 28, 32, 32, 32, 40, 48});
    p_.input = {{side, side, d_.of({1, 1, 3, 3, 3})}, kind::u8};
    if (!tiny_ && d_.percent(12)) p_.input.extent = {1, d_.of({64, 96, 128, 160, 256}), d_.of({1, 3, 6, 9})};
    at_ = p_.input.extent;
  }

  static constexpr int regular(int c) { return c < 16 ? 8 : c / 16 * 16; }
  constexpr int near(int c) {  // a number of channels of about this size
    const int wanted = c < 8 ? 8 : c > 160 ? 160 : c;
    if (regular_) return regular(wanted < 12 ? wanted : wanted + 8);
    if (d_.percent(70)) return (wanted + 7) / 8 * 8;
    return wanted + d_.below(7) - 3;
  }
  // Channels that keep a convolution below so many products.
  constexpr int affordable(int wanted, int taps, int stride, double most) const {
    const double each = static_cast<double>(at_.positions()) / (stride * stride) * taps * at_.c;
    const double n = most / each;
    const int c = n < 4 ? 4 : n < wanted ? static_cast<int>(n) : wanted;
    return regular_ ? regular(c) : c;
  }

  constexpr layer_desc conv(int out_c, int k, int stride, kind weights = kind::none) {
    ++p_.layers;
    --left_;
    const int k_h = at_.h == 1 ? 1 : k;
    layer_desc l = offramp::detail::convolution(out_c, {k_h, k}, offramp::stride{at_.h == 1 ? 1 : stride, stride});
    l.weights = weights;
    at_ = {offramp::window_extent(at_.h, k_h, l.stride_h, l.pad_h), offramp::window_extent(at_.w, k, stride, l.pad_w),
           out_c};
    return l;
  }
  constexpr bool wide_enough(int n) const { return at_.w >= n && (at_.h >= n || at_.h == 1); }

  constexpr void activation() {
    put(layer_kind::batch_norm);
    put(layer_kind::relu);
    are_ = values::not_negative;
  }
  constexpr void sign() {
    put(layer_kind::sign);
    are_ = values::signs;
  }
  constexpr bool in_signs() { return p_.of == style::binary || (p_.of == style::mixed && d_.percent(50)); }

  constexpr void first_layer() {
    const int k = d_.of({3, 3, 3, 5});
    const int stride = at_.w >= 28 && d_.percent(50) ? 2 : 1;
    const int c = affordable(near(d_.of({8, 16, 16, 24, 32, 32, 48, 64})), at_.h == 1 ? k : k * k, stride, 1.5e6);
    put(conv(c, k, stride));
    if (!in_signs()) return activation();
    put(layer_kind::batch_norm);
    are_ = values::any;
    if (d_.percent(55)) sign();
  }

  // Layers that go on from here, one or two of them with weights.
  constexpr void block() {
    const bool signs = in_signs();
    if (wide_enough(6) && d_.percent(20)) {
      const int k_h = at_.h == 1 ? 1 : 2;
      put(layer_desc{.what = layer_kind::max_pool, .kernel_h = k_h, .kernel_w = 2, .stride_h = k_h, .stride_w = 2});
      at_ = {at_.h / k_h, at_.w / 2, at_.c};
    }
    signs ? binary_block() : integer_block();
  }

  constexpr void binary_block() {
    if (are_ == values::not_negative) {  // a sign of these would be constant
      put(layer_kind::batch_norm);
      are_ = values::any;
    }
    if (are_ == values::any && d_.percent(80)) return binary_residual();
    if (are_ != values::signs) sign();
    const int stride = wide_enough(8) && d_.percent(25) ? 2 : 1;
    const int c = affordable(near(at_.c * (stride == 2 ? 2 : 1)), 9, stride, 30e6);
    put(conv(c, d_.percent(85) ? 3 : 1, stride, kind::bits));
    put(layer_kind::batch_norm);
    are_ = values::any;
    if (d_.percent(80)) sign();
  }
  constexpr void binary_residual() {
    const bool halves = at_.h % 2 == 0 && at_.w % 2 == 0 && at_.c <= 80 && d_.percent(30);
    ++p_.residuals;
    put(layer_kind::residual_begin);
    put(layer_kind::sign);
    put(conv(halves ? 2 * at_.c : at_.c, 3, halves ? 2 : 1, kind::bits));
    if (d_.percent(30)) put(layer_kind::relu);
    put(layer_kind::batch_norm);
    put(layer_kind::residual_end);
    are_ = values::any;
  }

  constexpr void integer_block() {
    const int pick = d_.below(20);
    if (left_ >= 2 && pick < 4 && at_.h > 1 && are_ != values::signs) {  // depthwise, then pointwise
      ++p_.layers;
      --left_;
      const int stride = wide_enough(8) && d_.percent(40) ? 2 : 1;
      layer_desc l = offramp::detail::convolution(1, {3, 3}, offramp::groups{0}, offramp::stride{stride});
      at_ = {offramp::window_extent(at_.h, 3, stride, 1), offramp::window_extent(at_.w, 3, stride, 1), at_.c};
      put(l);
      activation();
      put(conv(affordable(near(at_.c * stride), 1, 1, 1.5e6), 1, 1));
      activation();
      return;
    }
    if (left_ >= 2 && pick < 10 && are_ != values::signs && 9.0 * at_.size() * at_.c < 2e6) {
      ++p_.residuals;
      put(layer_kind::residual_begin);
      put(conv(at_.c, 3, 1));
      activation();
      put(conv(at_.c, 3, 1));
      put(layer_kind::batch_norm);
      put(layer_kind::residual_end);
      are_ = values::any;
      if (d_.percent(50)) put(layer_kind::relu), are_ = values::not_negative;
      return;
    }
    const int k = d_.of({3, 3, 3, 3, 1, 1, 5});
    const int stride = wide_enough(8) && d_.percent(30) ? 2 : 1;
    const int c = affordable(near(at_.c * (stride == 2 ? 2 : 1)), at_.h == 1 ? k : k * k, stride, 1.5e6);
    const bool few_bits = p_.of == style::mixed && are_ != values::signs && d_.percent(25);
    put(conv(c, k, stride, few_bits ? kind::bits : kind::none));
    activation();
  }

  constexpr void head() {
    const shape before = at_;
    const values were = are_;
    ++p_.count;
    item().head = true;
    const int pick = d_.below(10);
    if (pick < 5 || at_.size() > 40000) {
      put(layer_desc{.what = layer_kind::avg_pool});
    } else if (at_.size() > 3000) {
      const int k_h = at_.h == 1 ? 1 : 4;
      put(layer_desc{.what = layer_kind::avg_pool, .kernel_h = k_h, .kernel_w = 4, .stride_h = k_h, .stride_w = 4});
      if (at_.w < 4 || at_.h < k_h) item().layers[item().count - 1] = layer_desc{.what = layer_kind::avg_pool};
    } else if (pick < 8 && left_ > 0 && at_.size() < 1600) {
      put(layer_desc{.what = layer_kind::dense, .out_c = d_.of({32, 64, 84, 100, 128})});
      ++p_.layers;
      --left_;
      activation();
    }
    put(layer_desc{.what = layer_kind::dense, .out_c = classes});
    ++p_.layers;
    ++p_.count;
    at_ = before;
    are_ = were;
  }
};

template <std::uint64_t Seed>
inline constexpr network_plan plan_of = network_writer{Seed}.write();

template <std::uint64_t Seed>
struct random_input {
  static constexpr input_desc input = plan_of<Seed>.input;
};

template <std::uint64_t Seed, int I>
struct random_item {
  static constexpr bool is_head = plan_of<Seed>.items[I].head;
  static constexpr int classes = is_head ? 10 : 0;
  static constexpr int layer_count = plan_of<Seed>.items[I].count;
  static constexpr void append(layer_desc*& out) {
    for (int i = 0; i < layer_count; ++i) *out++ = plan_of<Seed>.items[I].layers[i];
  }
};

namespace detail {
template <std::uint64_t Seed, class Items>
struct network_of;
template <std::uint64_t Seed, int... I>
struct network_of<Seed, std::integer_sequence<int, I...>> {
  using type = offramp::network<random_input<Seed>, random_item<Seed, I>...>;
};
}  // namespace detail

template <std::uint64_t Seed>
using random_network = typename detail::network_of<Seed, std::make_integer_sequence<int, plan_of<Seed>.count>>::type;
template <std::uint64_t Seed>
using random_lowered = offramp::lower<random_network<Seed>, plan_of<Seed>.rest>;

}  // namespace latency_check

#endif
