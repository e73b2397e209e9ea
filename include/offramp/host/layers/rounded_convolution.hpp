// Convolution and dense layers whose products take operands rounded to bfloat16 and add up in T (float): the same
// functions as convolution.hpp up to that rounding. On a CPU with a matrix unit for such numbers tile_convolution does
// the work; elsewhere Eigen multiplies rounded copies, with the same results up to the order of sums.
#ifndef OFFRAMP_HOST_LAYERS_ROUNDED_CONVOLUTION_HPP
#define OFFRAMP_HOST_LAYERS_ROUNDED_CONVOLUTION_HPP

#include <algorithm>
#include <cstddef>
#include <type_traits>
#include <variant>
#include <vector>

#include <offramp/host/bfloat16.hpp>
#include <offramp/host/buffer.hpp>
#include <offramp/host/layers/convolution.hpp>
#include <offramp/host/layers/lattice.hpp>
#include <offramp/host/layers/pointwise.hpp>
#include <offramp/host/layers/product.hpp>
#include <offramp/host/layers/tile_convolution.hpp>

namespace offramp::inline OFFRAMP_ABI::host::layers {

// Shifted products (lattice.hpp) by Eigen.
template <class T>
class plain_shifted_products {
 public:
  plain_shifted_products(const window& g, int images) : g_{g}, at_{g}, rows_{images * at_.positions()} {}

  // Bytes.
  [[nodiscard]] std::size_t scratch() const {
    return sizeof(T) * (count(at_.phases) * all_rows() * count(g_.in.c) + all_rows() * count(g_.out.c) +
                        std::max(count(rows_) * count(std::max(g_.in.c, g_.out.c)), count(g_.in.c) * count(g_.out.c)));
  }

  // Tap by tap: [taps][out_c][in_c].
  void pack(const T* weights) {
    weights_ = buffer<T>(count(g_.out.c) * count(g_.depth()));
    for (int o = 0; o < g_.out.c; ++o)
      for (int t = 0; t < g_.taps(); ++t)
        for (int c = 0; c < g_.in.c; ++c)
          weights_[count((t * g_.out.c + o) * g_.in.c + c)] = round_to_bfloat16(*weights++);
  }

  void forward(T padding, int n, const T* x, const T* bias, T* y, void* scratch) const {
    T* const in = static_cast<T*>(scratch);
    T* const one = in + count(at_.phases) * all_rows() * count(g_.in.c) + all_rows() * count(g_.out.c);
    round_input(padding, n, x, in);
    const int rows = n * at_.positions();
    for (int t = 0; t < g_.taps(); ++t) {
      multiply<T>(in + start(t), tap(t), rows, g_.in.c, g_.out.c, one);
      scatter(one, n, at_.output, g_.out, t == 0 ? bias : nullptr, t > 0, y);
    }
  }

  void backward(T padding, int n, const T* x, const T* dy, T* dx, bool add_dx, T* d_weights, bool add,
                void* scratch) const {
    T* const in = static_cast<T*>(scratch);
    T* const out = in + count(at_.phases) * all_rows() * count(g_.in.c);
    T* const one = out + all_rows() * count(g_.out.c);
    const int rows = n * at_.positions();
    const T* const dy_rows = round_output(n, dy, out);
    if (d_weights) {
      round_input(padding, n, x, in);
      for (int t = 0; t < g_.taps(); ++t) {
        multiply_for_weights<T>(dy_rows, in + start(t), rows, g_.in.c, g_.out.c, false, one);
        for (int o = 0; o < g_.out.c; ++o)
          layers::scaled_copy(T{1}, static_cast<const T*>(one + o * g_.in.c), g_.in.c, add,
                              d_weights + static_cast<std::ptrdiff_t>(o) * g_.depth() + t * g_.in.c);
      }
    }
    if (!dx) return;
    if (!add_dx && !at_.covers) std::fill_n(dx, static_cast<std::ptrdiff_t>(n) * g_.in.size(), T{});
    std::vector<bool> begun(count(at_.phases), add_dx);
    for (int t = 0; t < g_.taps(); ++t) {
      const std::size_t phase = count(at_.taps[count(t)].phase);
      multiply_for_input<T>(dy_rows - static_cast<std::ptrdiff_t>(at_.taps[count(t)].offset) * g_.out.c, tap(t), rows,
                            g_.in.c, g_.out.c, false, one);
      scatter(one, n, at_.input[phase], g_.in, nullptr, begun[phase], dx);
      begun[phase] = true;
    }
  }

 private:
  static std::size_t count(int n) { return static_cast<std::size_t>(n); }
  [[nodiscard]] std::size_t all_rows() const { return count(rows_ + at_.reach); }
  [[nodiscard]] std::ptrdiff_t start(int t) const {
    const lattice::tap tap = at_.taps[count(t)];
    return (tap.phase * static_cast<std::ptrdiff_t>(all_rows()) + tap.offset) * g_.in.c;
  }
  [[nodiscard]] const T* tap(int t) const { return weights_.data() + t * g_.out.c * g_.in.c; }

  // Returns the row of position 0; before and between lie zeros.
  const T* round_output(int n, const T* dy, T* to) const {
    to = std::fill_n(to, at_.reach * g_.out.c, T{});
    const T* const begin = to;
    for (int i = 0; i < n; ++i, dy += g_.out.size())
      for (const int p : at_.output)
        to = p < 0 ? std::fill_n(to, g_.out.c, T{})
                   : std::transform(dy + p * g_.out.c, dy + (p + 1) * g_.out.c, to, round_to_bfloat16<T>);
    return begin;
  }

  void round_input(T padding, int n, const T* x, T* to) const {
    const int rows = n * at_.positions();
    for (const std::vector<int>& from : at_.input) {
      T* const end = to + all_rows() * count(g_.in.c);
      for (int r = 0; r < rows; ++r, to += g_.in.c) {
        const int p = from[count(r % at_.positions())];
        const T* const row = x + static_cast<std::ptrdiff_t>(r / at_.positions()) * g_.in.size() + p * g_.in.c;
        if (p < 0)
          std::fill_n(to, g_.in.c, padding);
        else
          std::transform(row, row + g_.in.c, to, round_to_bfloat16<T>);
      }
      std::fill(to, end, padding);
      to = end;
    }
  }

  void scatter(const T* from, int n, const std::vector<int>& targets, shape s, const T* bias, bool add, T* to) const {
    for (int i = 0; i < n; ++i, to += s.size())
      for (const int p : targets) {
        if (p >= 0)
          for (int c = 0; c < s.c; ++c) {
            T& y = to[p * s.c + c];
            y = from[c] + (bias ? bias[c] : T{}) + (add ? y : T{});
          }
        from += s.c;
      }
  }

  window g_;
  lattice at_;
  int rows_;
  buffer<T> weights_;
};

// One layer (of one group), for at most `images` at a time. Arguments are those of convolution.hpp, but for the
// weights: pack() takes them before the first product and whenever they change.
template <class T>
class rounded_convolution {
 public:
  rounded_convolution(const window& g, int images)
      : g_{g}, rows_{detail::windows_are_rows(g)},
        // Few channels would leave most of a tile empty: their windows are laid out as rows first.
        lines_{!rows_ && g.in.c < 16}, inner_{rows_ || lines_ ? row_window(g) : g}, products_{make(inner_,
                                                                                                   images * each())} {}

  // Elements of T.
  [[nodiscard]] int scratch(int images) const {
    const std::size_t bytes = std::visit([](const auto& p) { return p.scratch(); }, products_);
    return columns(images) + static_cast<int>((bytes + sizeof(T) - 1) / sizeof(T));
  }

  void pack(const T* weights) {
    std::visit([&](auto& p) { p.pack(weights); }, products_);
  }

  void forward(T padding, int n, const T* x, const T* bias, T* y, T* scratch) const {
    T* const rest = scratch + columns(n);
    if (lines_) windows_to_rows(g_, padding, x, 0, n * g_.out.h, scratch);
    std::visit([&](const auto& p) { p.forward(padding, n * each(), lines_ ? scratch : x, bias, y, rest); }, products_);
  }

  void backward(T padding, int n, const T* x, const T* dy, T* dx, bool add_dx, T* d_weights, T* d_bias, bool add,
                T* scratch) const {
    T* const rest = scratch + columns(n);
    if (d_bias && !add) std::fill_n(d_bias, g_.out.c, T{});
    if (d_bias)
      for (std::ptrdiff_t r = 0; r < static_cast<std::ptrdiff_t>(n) * g_.out.positions(); ++r)
        for (int c = 0; c < g_.out.c; ++c) d_bias[c] += dy[r * g_.out.c + c];
    std::visit(
        [&](const auto& p) {
          if (!lines_) return p.backward(padding, n * each(), x, dy, dx, add_dx, d_weights, add, rest);
          if (d_weights) {
            windows_to_rows(g_, padding, x, 0, n * g_.out.h, scratch);
            p.backward(padding, n * each(), scratch, dy, nullptr, false, d_weights, add, rest);
          }
          if (!dx) return;
          p.backward(padding, n * each(), nullptr, dy, scratch, false, nullptr, false, rest);
          if (!add_dx) std::fill_n(dx, static_cast<std::ptrdiff_t>(n) * g_.in.size(), T{});
          add_rows_to_windows(g_, static_cast<const T*>(scratch), 0, n * g_.out.h, dx);
        },
        products_);
  }

 private:
#ifdef OFFRAMP_HOST_TILES
  using products =
      std::conditional_t<std::is_same_v<T, float>, std::variant<plain_shifted_products<T>, tile_convolution>,
                         std::variant<plain_shifted_products<T>>>;
#else
  using products = std::variant<plain_shifted_products<T>>;
#endif

  static products make(const window& g, int images) {
#ifdef OFFRAMP_HOST_TILES
    if constexpr (std::is_same_v<T, float>)
      if (tiles::available()) return products{std::in_place_index<1>, g, images};
#endif
    return products{std::in_place_index<0>, g, images};
  }

  // The same product where each window is an image of one position.
  static window row_window(const window& g) { return make_window({1, 1, g.depth()}, g.out.c, 1, 1, 1, 0, 0); }
  [[nodiscard]] int each() const { return rows_ || lines_ ? g_.out.positions() : 1; }
  // Rounded up so that what follows begins at a cache line.
  [[nodiscard]] int columns(int images) const {
    return lines_ ? ceil_div(images * g_.out.positions() * g_.depth(), 16) * 16 : 0;
  }

  window g_;
  bool rows_, lines_;
  window inner_;
  products products_;
};

}  // namespace offramp::inline OFFRAMP_ABI::host::layers

#endif
