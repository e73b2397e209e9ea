// The float network as written, in evaluation mode, over a data set: logits of all exits for every image.
#ifndef OFFRAMP_HOST_EVALUATE_HPP
#define OFFRAMP_HOST_EVALUATE_HPP

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <offramp/host/dataset.hpp>
#include <offramp/host/graph.hpp>
#include <offramp/host/model.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// Throws unless `set` can be fed to the network. `name` is what the message calls the set.
inline void check_images(const network_view& net, const labelled_images& set, const std::string& name) {
  validate(set, name);
  const shape in = net.input.extent;
  if (shape{set.height, set.width, set.channels} != in)
    throw error(name + ": images are " + std::to_string(set.height) + " x " + std::to_string(set.width) + " x " +
                std::to_string(set.channels) + ", the network expects " + std::to_string(in.h) + " x " +
                std::to_string(in.w) + " x " + std::to_string(in.c));
  if (net.exit_count == 0 || set.classes > net.exits[0].classes)
    throw error(name + ": found " + std::to_string(set.classes) + " classes, the network's exits have " +
                std::to_string(net.exit_count == 0 ? 0 : net.exits[0].classes));
}

// Logits [exit][image][class].
struct exit_logits {
  int exits = 0, images = 0, classes = 0;
  std::vector<float> values;

  [[nodiscard]] const float* at(int exit, int image) const {
    return values.data() +
           (static_cast<std::size_t>(exit) * static_cast<std::size_t>(images) + static_cast<std::size_t>(image)) *
               static_cast<std::size_t>(classes);
  }
  // The class with the largest logit, the first of equals.
  [[nodiscard]] int label(int exit, int image) const {
    const float* const z = at(exit, image);
    return static_cast<int>(std::max_element(z, z + classes) - z);
  }
};

// Writes the real values of an image's pixels.
inline void to_real(const model& m, const std::uint8_t* pixels, float* out) {
  for (int i = 0; i < m.input.extent.size(); ++i)
    out[i] = static_cast<float>(static_cast<int>(pixels[i]) - m.input_zero) * m.input_scale;
}

// `how`: roundings and precision, if any; nothing is trained.
inline exit_logits evaluate(const model& m, const labelled_images& set, thread_pool& pool, graph_options how = {}) {
  const network_view net = m.view();
  check_images(net, set, "evaluate");
  constexpr int batch = 512;
  how.plan.training = false;
  parameter_store<float> parameters{m};
  graph g{net, parameters, pool, std::min(batch, set.count()), std::move(how)};
  exit_logits out{net.exit_count, set.count(), net.exits[0].classes, {}};
  out.values.resize(static_cast<std::size_t>(out.exits) * static_cast<std::size_t>(out.images) *
                    static_cast<std::size_t>(out.classes));
  for (int first = 0; first < set.count(); first += batch) {
    const int n = std::min(batch, set.count() - first);
    pool.parallel_for(n, [&](int i, int) { to_real(m, set.image(first + i), g.input(i)); });
    g.forward(n);
    for (int k = 0; k < out.exits; ++k)
      std::copy_n(g.logits(k), static_cast<std::ptrdiff_t>(n) * out.classes, const_cast<float*>(out.at(k, first)));
  }
  return out;
}

// threads = 0: all.
inline exit_logits evaluate(const model& m, const labelled_images& set, int threads = 0) {
  thread_pool pool{threads};
  return evaluate(m, set, pool);
}

// Share of images whose largest logit at `exit` is their label's.
inline double accuracy(const exit_logits& logits, const labelled_images& set, int exit) {
  int right = 0;
  for (int i = 0; i < logits.images; ++i)
    right += logits.label(exit, i) == set.labels[static_cast<std::size_t>(i)] ? 1 : 0;
  return logits.images == 0 ? 0.0 : static_cast<double>(right) / logits.images;
}

// The same for every exit.
inline std::vector<double> accuracies(const exit_logits& logits, const labelled_images& set) {
  std::vector<double> all;
  for (int k = 0; k < logits.exits; ++k) all.push_back(accuracy(logits, set, k));
  return all;
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
