// Forward and backward of a whole network on a minibatch: runs the steps of a plan on all cores. Losses live outside: a
// recipe reads logits, writes their gradients (weighted per exit and per sample as it likes), and gets the parameters'
// gradient. Batches are cut into pieces of 16 images, whatever the number of threads, and sums over pieces are taken in
// order: the same numbers come out on one core and on many.
#ifndef OFFRAMP_HOST_GRAPH_HPP
#define OFFRAMP_HOST_GRAPH_HPP

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include <offramp/host/bfloat16.hpp>
#include <offramp/host/buffer.hpp>
#include <offramp/host/error.hpp>
#include <offramp/host/layers/batch_norm.hpp>
#include <offramp/host/layers/channels.hpp>
#include <offramp/host/layers/grouped_convolution.hpp>
#include <offramp/host/layers/pointwise.hpp>
#include <offramp/host/layers/pooling.hpp>
#include <offramp/host/layers/rounded_convolution.hpp>
#include <offramp/host/layers/rounding.hpp>
#include <offramp/host/parallel.hpp>
#include <offramp/host/parameter_store.hpp>
#include <offramp/host/plan.hpp>
#include <offramp/host/quantization_plan.hpp>
#include <offramp/layers/residual.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

struct graph_options {
  plan_options plan{};
  sign_gradient activation_gradient = sign_gradient::approx_sign;
  sign_gradient weight_gradient = sign_gradient::approx_sign;
  float clip = 1.25f;                // of straight_through
  float batch_norm_momentum = 0.1f;  // running = 0.9 running + 0.1 batch
  product_precision products = product_precision::f32;
  quantization_plan quantization{};  // rounds as these integers do; gradients pass straight through
};

// T is float; double exists for tests of gradients, and knows no users' layers. Tensors are
// [image][height][width][channel].
template <class T>
class basic_graph {
 public:
  static constexpr int piece_images = 16;

  // `net`'s arrays, `parameters` and `pool` must outlive the graph. Training updates running statistics in
  // `parameters`.
  basic_graph(const network_view& net, parameter_store<T>& parameters, thread_pool& pool, int max_batch,
              graph_options options = {})
      : net_{net}, parameters_{parameters}, pool_{pool}, options_{checked(net, std::move(options))},
        plan_{make_plan(net_, options_.plan)}, layers_(static_cast<std::size_t>(net.layer_count)) {
    fix_blocking();
    const int pieces = ceil_div(max_batch, piece_images);
    int largest = 1, columns = 0;
    for (int i = 0; i < net_.layer_count; ++i) {
      const layer_desc& d = net_.layers[i];
      layer_state& s = state(i);
      largest = std::max(largest, d.out.size());
      if (d.what == layer_kind::user && !std::is_same_v<T, float>)
        throw error("graph: layer " + std::to_string(i) + " is the user's " + d.user->name +
                    ", which works in float; expected no such layer in a graph of doubles");
      if (d.has_weights()) {
        columns = std::max(columns, layers::grouped_convolution_columns<T>(d.geometry()));
        if (d.weights == kind::bits || rounds_weights(i)) s.signs = buffer<T>(count(weight_count(d)));
      }
      if (d.what == layer_kind::batch_norm) {
        for (buffer<T>* b : {&s.mean, &s.inverse, &s.scale}) *b = buffer<T>(count(d.in.c));
        s.rows.resize(count(pieces));
        s.partial = buffer<T>(count(pieces) * 2 * stride(d));
      }
    }
    // Few enough images at a time for the largest tensor of them to take at most 256 KB.
    while (images_ > 1 && largest * images_ * static_cast<int>(sizeof(T)) > 256 * 1024) images_ /= 2;
    if (options_.products == product_precision::bf16)
      for (int i = 0; i < net_.layer_count; ++i) {
        const layer_desc& d = net_.layers[i];
        if (d.has_weights() && d.geometry().groups == 1)
          columns = std::max(columns, state(i).rounded.emplace(d.geometry(), images_).scratch(images_));
      }
    for (const plan::buffer_info& b : plan_.buffers)
      memory_.emplace_back(b.kept ? count(max_batch) * count(b.size) : 0);
    for (int t = 0; t < pool_.threads(); ++t) {
      passing_.emplace_back(count(images_) * count(plan_.passing_size));
      columns_.emplace_back(count(columns));
      moments_.emplace_back(2 * count(largest));
      const std::size_t rounded = count(images_) * count(std::max(largest, net_.input.extent.size()));
      roundings_.emplace_back(options_.quantization.empty() ? 0 : 3 * rounded);
    }
    if (options_.plan.training) {
      gradient_ = buffer<T>(count(parameters_.layout.total));
      piece_gradients_ = buffer<T>(count(pieces) * gradient_.size());
    }
  }

  // Real values of image i of the batch, to be written before forward().
  T* input(int i) { return kept(plan_.input) + size_of(plan_.input) * i; }

  void forward(int batch) {
    binarize();
    for (int p = 0; p < plan_.backward_first; ++p) run(p, batch);
  }

  // [batch][classes], valid after forward().
  const T* logits(int exit) { return kept(plan_.activation[count(last_of_head(exit))]); }
  // [batch][classes], to be written (at every exit) before every backward(), which may add to it.
  T* logit_gradient(int exit) { return kept(plan_.gradient[count(last_of_head(exit))]); }

  // Leaves the gradient with respect to all parameters that are not frozen, laid out like parameters.values.
  void backward(int batch) {
    for (int p = plan_.backward_first; p < static_cast<int>(plan_.phases.size()); ++p) run(p, batch);
    join_gradients(batch);
  }
  buffer<T>& gradient() { return gradient_; }

  // Where nothing is to be trained: frozen layers.
  [[nodiscard]] bool frozen(int layer) const {
    return !options_.plan.frozen.empty() && options_.plan.frozen[count(layer)];
  }

 private:
  struct layer_state {
    buffer<T> signs;  // of binary weights; or i8 weights on their codes
    std::optional<layers::rounded_convolution<T>> rounded;
    buffer<T> mean, inverse,
        scale;              // batch norm, of this batch (or the running ones): 1 / sqrt(var + eps), gamma * that
    std::vector<int> rows;  // per piece: rows in its moments
    buffer<T> partial;      // per piece: mean and squares, or nothing (sums lie in the piece's gradient)
  };
  // Some images of one piece, on one thread.
  struct part {
    int piece, first, n, thread;
    bool opens;  // the first of its piece
  };

  static std::size_t count(int n) { return static_cast<std::size_t>(n); }
  static std::size_t stride(const layer_desc& d) { return round_up(count(d.in.c), 16); }
  layer_state& state(int layer) { return layers_[count(layer)]; }
  int last_of_head(int exit) const { return net_.exits[exit].head_last - 1; }
  T* kept(int b) { return memory_[count(b)].data(); }
  std::ptrdiff_t size_of(int b) const { return plan_.buffers[count(b)].size; }

  void run(int number, int batch) {
    const phase& p = plan_.phases[count(number)];
    if (p.joined_layer >= 0)
      number < plan_.backward_first ? join_moments(p.joined_layer, batch) : join_sums(p.joined_layer, batch);
    pool_.parallel_for(ceil_div(batch, piece_images), [&](int piece, int thread) {
      const int begin = piece * piece_images, end = std::min(batch, begin + piece_images);
      for (int first = begin; first < end; first += images_)
        for (const step& s : p.steps)
          execute(p, s, {piece, first, std::min(images_, end - first), thread, first == begin}, batch);
    });
  }

  void execute(const phase& p, const step& s, const part& now, int batch) {
    const layer_desc& d = net_.layers[s.layer];
    const auto place = [&](int b) -> T* {
      if (b < 0) return nullptr;
      if (plan_.buffers[count(b)].kept) return kept(b) + size_of(b) * now.first;
      return passing_[count(now.thread)].data() + static_cast<std::ptrdiff_t>(p.offsets[count(b)]) * images_;
    };
    T *const x = place(s.x), *const y = place(s.y), *const dy = place(s.dy), *const dx = place(s.dx);
    const std::ptrdiff_t elements = static_cast<std::ptrdiff_t>(now.n) * d.out.size();
    switch (s.what) {
      case step_kind::forward: return forward_rounded(s.layer, now, x, place(s.shortcut), y);
      case step_kind::statistics: return gather_moments(s.layer, now, x);
      case step_kind::backward: return backward_rounded(s, now, batch, x, y, dy, dx);
      case step_kind::sums: return gather_sums(s.layer, now, x, inside(s.layer, now, y, dy));
      case step_kind::merge: {
        const int rows = now.n * d.out.positions(), channels = static_cast<int>(size_of(s.x)) / d.out.positions();
        layers::copy_channels<T>({x, channels}, rows, channels, false, {y + s.channel, d.out.c});
        if (s.channel + channels == d.out.c) round_output(s.layer, now, y);
        return;
      }
      case step_kind::split: {
        const int rows = now.n * d.out.positions(), channels = static_cast<int>(size_of(s.dx)) / d.out.positions();
        return layers::copy_channels<T>({dy + s.channel, d.out.c}, rows, channels, s.add, {dx, channels});
      }
      case step_kind::shortcut:
        return layers::avg_pool_backward(shortcut_window(net_.layers[d.partner].in, d.out), now.n, dy, s.add, dx);
      case step_kind::zero: return static_cast<void>(std::fill_n(dx, elements, T{}));
      case step_kind::copy: return layers::scaled_copy(static_cast<T>(s.factor), dy, size_of(s.dx) * now.n, s.add, dx);
    }
  }

  T padding(const layer_desc& d) const { return d.reads_bits ? T{1} : T{0}; }
  const T* weights(int layer) {
    return state(layer).signs.size() > 0 ? state(layer).signs.data()
                                         : parameters_.at(parameters_.layout[layer].weights);
  }

  static graph_options checked(const network_view& net, graph_options how) {
    if (how.quantization.empty()) return how;
    if (how.quantization.size() != count(net.layer_count))
      throw error("graph: the quantization plan has " + std::to_string(how.quantization.size()) +
                  " layers, the network has " + std::to_string(net.layer_count));
    for (const layer_quantization& q : how.quantization) how.plan.reads_output.push_back(clips(q));
    return how;
  }
  // Where gradients stop at clipped values. 16 bits leave room for all there are.
  static bool clips(const layer_quantization& q) { return q.output.codes == kind::i8; }
  bool rounds_weights(int layer) const {
    return !options_.quantization.empty() && options_.quantization[count(layer)].weights;
  }
  T* rounding_scratch(const part& now, std::size_t which) {
    buffer<T>& b = roundings_[count(now.thread)];
    return b.data() + which * (b.size() / 3);
  }
  const T* rounded(const rounding& r, const part& now, const T* x, std::ptrdiff_t elements) {
    if (!r) return x;
    T* const y = rounding_scratch(now, 0);
    layers::round_forward(r, x, elements, y);
    return y;
  }
  void round_output(int layer, const part& now, T* y) {
    if (options_.quantization.empty() || !options_.quantization[count(layer)].output) return;
    layers::round_forward(options_.quantization[count(layer)].output, y,
                          static_cast<std::ptrdiff_t>(now.n) * net_.layers[layer].out.size(), y);
  }

  // The forward step between the roundings of a lowered network, if there are any.
  void forward_rounded(int layer, const part& now, const T* x, const T* shortcut, T* y) {
    if (options_.quantization.empty()) return forward(layer, now, x, shortcut, y);
    const layer_desc& d = net_.layers[layer];
    const layer_quantization& q = options_.quantization[count(layer)];
    const T*& read = d.what == layer_kind::cascade ? shortcut : x;
    read = rounded(q.input, now, read, static_cast<std::ptrdiff_t>(now.n) * d.in.size());
    if (q.shortcut) {
      const std::ptrdiff_t elements = static_cast<std::ptrdiff_t>(now.n) * d.out.size();
      const shape from = net_.layers[d.partner].in;
      T* const added = rounding_scratch(now, 0);
      if (from == d.out)
        std::copy_n(shortcut, elements, added);
      else
        layers::avg_pool_forward(shortcut_window(from, d.out), now.n, shortcut, false, added);
      layers::round_forward(q.shortcut, added, elements, added);
      for (std::ptrdiff_t i = 0; i < elements; ++i) y[i] = x[i] + added[i];
    } else {
      forward(layer, now, x, shortcut, y);
    }
    round_output(layer, now, y);
  }

  // The gradient behind a rounding of the output: nothing comes from what was clipped.
  const T* inside(int layer, const part& now, const T* y, const T* dy) {
    if (options_.quantization.empty() || !clips(options_.quantization[count(layer)])) return dy;
    T* const d = rounding_scratch(now, 1);
    layers::round_backward_from_output(options_.quantization[count(layer)].output, y, dy,
                                       static_cast<std::ptrdiff_t>(now.n) * net_.layers[layer].out.size(), d);
    return d;
  }

  void backward_rounded(const step& s, const part& now, int batch, const T* x, const T* y, const T* dy, T* dx) {
    dy = inside(s.layer, now, y, dy);
    if (options_.quantization.empty() || !options_.quantization[count(s.layer)].input)
      return backward(s, now, batch, x, y, dy, dx);
    const rounding& r = options_.quantization[count(s.layer)].input;
    const std::ptrdiff_t elements = static_cast<std::ptrdiff_t>(now.n) * net_.layers[s.layer].in.size();
    T* const d = dx ? rounding_scratch(now, 2) : nullptr;
    step alone = s;
    alone.add = false;
    backward(alone, now, batch, rounded(r, now, x, elements), y, dy, d);
    if (dx) layers::round_backward(r, x, d, elements, s.add, dx);
  }
  T* columns(const part& now) { return columns_[count(now.thread)].data(); }

  void multiply(int layer, const part& now, const T* x, const T* bias, T* y) {
    const layer_desc& d = net_.layers[layer];
    if (const auto& rounded = state(layer).rounded)
      return rounded->forward(padding(d), now.n, x, bias, y, columns(now));
    layers::grouped_convolution_forward(d.geometry(), padding(d), now.n, x, weights(layer), bias, y, columns(now));
  }

  void forward(int layer, const part& now, const T* x, const T* shortcut, T* y) {
    const layer_desc& d = net_.layers[layer];
    const layer_slots& at = parameters_.layout[layer];
    const std::ptrdiff_t elements = static_cast<std::ptrdiff_t>(now.n) * d.out.size();
    layer_state& s = state(layer);
    switch (d.what) {
      case layer_kind::conv2d:
      case layer_kind::dense: return multiply(layer, now, x, d.bias ? parameters_.at(at.bias) : nullptr, y);
      case layer_kind::batch_norm:
        return layers::batch_norm_forward(x, now.n * d.in.positions(), d.in.c, static_cast<const T*>(s.mean.data()),
                                          static_cast<const T*>(s.scale.data()),
                                          static_cast<const T*>(parameters_.at(at.beta)), y);
      case layer_kind::shift:
        return layers::shift_forward<T>(x, now.n * d.in.positions(), d.in.c, parameters_.at(at.bias), y);
      case layer_kind::prelu:
        return layers::prelu_forward<T>(x, now.n * d.in.positions(), d.in.c, parameters_.at(at.weights), y);
      case layer_kind::relu: return layers::relu_forward(x, elements, y);
      case layer_kind::sign: return layers::sign_forward(x, elements, y);
      case layer_kind::max_pool: return layers::max_pool_forward(d.geometry(), now.n, x, y);
      case layer_kind::avg_pool: return layers::avg_pool_forward(d.geometry(), now.n, x, false, y);
      case layer_kind::blur_pool: return layers::blur_pool_forward(d.geometry(), padding(d), now.n, x, y);
      case layer_kind::mixed_pool:
        return layers::mixed_pool_forward<T>(d.geometry(), *parameters_.at(at.weights), now.n, x, y);
      case layer_kind::cascade:
        multiply(layer, now, shortcut, nullptr, y);
        for (std::ptrdiff_t i = 0; i < elements; ++i) y[i] += x[i];
        return;
      case layer_kind::user:
        if constexpr (std::is_same_v<T, float>)
          for (int i = 0; i < now.n; ++i)
            d.user->forward(d.in, parameters_.at(at.weights), x + i * d.in.size(), y + i * d.out.size());
        return;
      case layer_kind::residual_end: {
        const shape from = net_.layers[d.partner].in;
        if (from == d.out) {
          for (std::ptrdiff_t i = 0; i < elements; ++i) y[i] = x[i] + shortcut[i];
        } else {
          std::copy_n(x, elements, y);
          layers::avg_pool_forward(shortcut_window(from, d.out), now.n, shortcut, true, y);
        }
        return;
      }
      case layer_kind::residual_begin:
      case layer_kind::concat_begin:
      case layer_kind::branch_begin:
      case layer_kind::concat_end:
      case layer_kind::flatten: return;
    }
  }

  void backward(const step& s, const part& now, int batch, const T* x, const T* y, const T* dy, T* dx) {
    const layer_desc& d = net_.layers[s.layer];
    const layer_slots& at = parameters_.layout[s.layer];
    const std::ptrdiff_t elements = static_cast<std::ptrdiff_t>(now.n) * d.out.size();
    switch (d.what) {
      case layer_kind::conv2d:
      case layer_kind::dense:
      case layer_kind::cascade: {
        T* const d_weights = frozen(s.layer) ? nullptr : piece_gradient(now, at.weights);
        T* const d_bias = frozen(s.layer) || !d.bias ? nullptr : piece_gradient(now, at.bias);
        if (const auto& rounded = state(s.layer).rounded)
          return rounded->backward(padding(d), now.n, x, dy, dx, s.add, d_weights, d_bias, !now.opens, columns(now));
        return layers::grouped_convolution_backward(d.geometry(), padding(d), now.n, x, weights(s.layer), dy, dx, s.add,
                                                    d_weights, d_bias, !now.opens, columns(now));
      }
      case layer_kind::batch_norm: {
        if (!dx) return;
        const bool constant = frozen(s.layer);
        const layer_state& b = layers_[count(s.layer)];
        const T* const joined = gradient_.data();
        return layers::batch_norm_backward(
            x, dy, now.n * d.in.positions(), d.in.c, b.mean.data(), b.inverse.data(),
            static_cast<const T*>(parameters_.at(at.gamma)), constant ? nullptr : joined + at.gamma.first,
            constant ? nullptr : joined + at.beta.first, batch * d.in.positions(), s.add, dx);
      }
      case layer_kind::shift:
        if (!frozen(s.layer))
          layers::shift_sums<T>(dy, now.n * d.in.positions(), d.in.c, opened_gradient(now, at.bias));
        if (dx) layers::scaled_copy<T>(T{1}, dy, elements, s.add, dx);
        return;
      case layer_kind::prelu: {
        const int rows = now.n * d.in.positions();
        if (!frozen(s.layer)) layers::prelu_sums<T>(x, dy, rows, d.in.c, opened_gradient(now, at.weights));
        if (dx) layers::prelu_backward<T>(x, dy, rows, d.in.c, parameters_.at(at.weights), s.add, dx);
        return;
      }
      case layer_kind::relu: return layers::relu_backward(y, dy, elements, s.add, dx);
      case layer_kind::sign:
        return layers::sign_backward(options_.activation_gradient, static_cast<T>(options_.clip), x, dy, elements,
                                     s.add, dx);
      case layer_kind::max_pool: return layers::max_pool_backward(d.geometry(), now.n, x, dy, s.add, dx);
      case layer_kind::avg_pool: return layers::avg_pool_backward(d.geometry(), now.n, dy, s.add, dx);
      case layer_kind::blur_pool: return layers::blur_pool_backward(d.geometry(), now.n, dy, s.add, dx);
      case layer_kind::mixed_pool:
        return layers::mixed_pool_backward<T>(d.geometry(), *parameters_.at(at.weights), now.n, x, dy, s.add, dx,
                                              frozen(s.layer) ? nullptr : opened_gradient(now, at.weights));
      case layer_kind::user: {
        T* const sums = opened_gradient(now, at.weights);
        if (dx && !s.add) std::fill_n(dx, static_cast<std::ptrdiff_t>(now.n) * d.in.size(), T{});
        if constexpr (std::is_same_v<T, float>)
          for (int i = 0; i < now.n; ++i)
            d.user->backward(d.in, parameters_.at(at.weights), x + i * d.in.size(), dy + i * d.out.size(),
                             dx ? dx + i * d.in.size() : nullptr, sums);
        return;
      }
      case layer_kind::residual_begin:
      case layer_kind::residual_end:
      case layer_kind::concat_begin:
      case layer_kind::branch_begin:
      case layer_kind::concat_end:
      case layer_kind::flatten: return;
    }
  }

  // Signs of binary weights, codes of i8 ones; batch norms that use running statistics get them.
  void binarize() {
    for (int i = 0; i < net_.layer_count; ++i) {
      const layer_desc& d = net_.layers[i];
      const layer_slots& at = parameters_.layout[i];
      layer_state& s = state(i);
      if (rounds_weights(i))
        layers::round_weights(static_cast<const T*>(parameters_.at(at.weights)), d.out.c, at.weights.count / d.out.c,
                              options_.quantization[count(i)].one_scale, s.signs.data());
      else if (s.signs.size() > 0)
        layers::sign_forward(static_cast<const T*>(parameters_.at(at.weights)), at.weights.count, s.signs.data());
      if (d.what == layer_kind::batch_norm && (!options_.plan.training || frozen(i)))
        for (int c = 0; c < d.in.c; ++c) {
          const T variance = parameters_.at(at.variance)[c];
          s.mean[count(c)] = parameters_.at(at.mean)[c];
          s.inverse[count(c)] = batch_norm_scale(variance, T{1});
          s.scale[count(c)] = batch_norm_scale(variance, parameters_.at(at.gamma)[c]);
        }
    }
    if (options_.products == product_precision::bf16)
      pool_.parallel_for(net_.layer_count, [&](int i, int) {
        if (state(i).rounded) state(i).rounded->pack(weights(i));
      });
  }

  // The moments of a piece grow part by part.
  void gather_moments(int layer, const part& now, const T* x) {
    const layer_desc& d = net_.layers[layer];
    layer_state& s = state(layer);
    T* const mean = s.partial.data() + count(now.piece) * 2 * stride(d);
    T* const squares = mean + stride(d);
    int& rows = s.rows[count(now.piece)];
    const int more = now.n * d.in.positions();
    if (now.opens) {
      layers::batch_norm_moments(x, more, d.in.c, mean, squares);
      rows = more;
      return;
    }
    T* const part_mean = moments_[count(now.thread)].data();
    T* const part_squares = part_mean + d.in.c;
    layers::batch_norm_moments(x, more, d.in.c, part_mean, part_squares);
    layers::batch_norm_join(mean, squares, rows, part_mean, part_squares, more, d.in.c);
    rows += more;
  }

  void join_moments(int layer, int batch) {
    const layer_desc& d = net_.layers[layer];
    const layer_slots& at = parameters_.layout[layer];
    layer_state& s = state(layer);
    T *const mean = s.partial.data(), *const squares = mean + stride(d);
    int rows = s.rows[0];
    for (int p = 1; p < ceil_div(batch, piece_images); ++p) {
      const T* const more = mean + count(p) * 2 * stride(d);
      layers::batch_norm_join(mean, squares, rows, more, more + stride(d), s.rows[count(p)], d.in.c);
      rows += s.rows[count(p)];
    }
    const auto momentum = static_cast<T>(options_.batch_norm_momentum);
    for (int c = 0; c < d.in.c; ++c) {
      const T variance = squares[c] / static_cast<T>(rows);
      const T unbiased = rows > 1 ? squares[c] / static_cast<T>(rows - 1) : variance;
      s.mean[count(c)] = mean[c];
      s.inverse[count(c)] = batch_norm_scale(variance, T{1});
      s.scale[count(c)] = batch_norm_scale(variance, parameters_.at(at.gamma)[c]);
      T& running_mean = parameters_.at(at.mean)[c];
      T& running_variance = parameters_.at(at.variance)[c];
      running_mean += momentum * (mean[c] - running_mean);
      running_variance += momentum * (unbiased - running_variance);
    }
  }

  void gather_sums(int layer, const part& now, const T* x, const T* dy) {
    const layer_desc& d = net_.layers[layer];
    const layer_slots& at = parameters_.layout[layer];
    const layer_state& s = state(layer);
    T *const d_gamma = opened_gradient(now, at.gamma), *const d_beta = opened_gradient(now, at.beta);
    layers::batch_norm_sums(x, dy, now.n * d.in.positions(), d.in.c, s.mean.data(), s.inverse.data(), d_gamma, d_beta);
  }

  void join_sums(int layer, int batch) {
    const layer_slots& at = parameters_.layout[layer];
    add_pieces(at.gamma.first, at.gamma.first + at.gamma.count, batch);
    add_pieces(at.beta.first, at.beta.first + at.beta.count, batch);
  }

  T* piece_gradient(const part& now, parameter_slot s) {
    return piece_gradients_.data() + count(now.piece) * gradient_.size() + s.first;
  }

  // The same, to be added to: the first part of the piece finds zeros.
  T* opened_gradient(const part& now, parameter_slot s) {
    T* const sums = piece_gradient(now, s);
    if (now.opens) std::fill_n(sums, s.count, T{});
    return sums;
  }

  void add_pieces(int first, int last, int batch) {
    std::copy(piece_gradients_.data() + first, piece_gradients_.data() + last, gradient_.data() + first);
    for (int p = 1; p < ceil_div(batch, piece_images); ++p) {
      T* const sum = gradient_.data();
      const T* const more = piece_gradients_.data() + count(p) * gradient_.size();
      for (int i = first; i < last; ++i) sum[i] += more[i];
    }
  }

  void join_gradients(int batch) {
    pool_.parallel_ranges(parameters_.layout.total, 16 * 1024,
                          [&](int first, int last) { add_pieces(first, last, batch); });
    for (int i = 0; i < net_.layer_count; ++i) {
      const parameter_slot w = parameters_.layout[i].weights;
      if (net_.layers[i].weights != kind::bits || frozen(i)) continue;
      pool_.parallel_ranges(w.count, 16 * 1024, [&](int first, int last) {
        T* const d = gradient_.data() + w.first + first;
        layers::sign_backward(options_.weight_gradient, static_cast<T>(options_.clip),
                              static_cast<const T*>(parameters_.at(w) + first), static_cast<const T*>(d), last - first,
                              false, d);
      });
    }
  }

  network_view net_;
  parameter_store<T>& parameters_;
  thread_pool& pool_;
  graph_options options_;
  plan plan_;
  std::vector<layer_state> layers_;
  int images_ = piece_images;                                       // taken through a phase together
  std::vector<buffer<T>> memory_;                                   // kept buffers, empty for passing ones
  std::vector<buffer<T>> passing_, columns_, moments_, roundings_;  // per thread
  buffer<T> gradient_, piece_gradients_;
};

using graph = basic_graph<float>;

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
