// From a state dict to a model of ours: every array found by its name, checked, folded into our layout. What does not
// fit is reported in one table, all of it at once.
#ifndef OFFRAMP_HOST_IMPORT_IMPORT_MODEL_HPP
#define OFFRAMP_HOST_IMPORT_IMPORT_MODEL_HPP

#include <cmath>
#include <cstddef>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <offramp/core/config.hpp>
#include <offramp/host/batch_norm_eval.hpp>
#include <offramp/host/error.hpp>
#include <offramp/host/import/name_map.hpp>
#include <offramp/host/import/parameters.hpp>
#include <offramp/host/import/state_dict.hpp>
#include <offramp/host/model.hpp>
#include <offramp/host/table.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// What a state dict does not say.
struct import_options {
  // Theirs; where it is not ours, the difference goes into the variances.
  double batch_norm_epsilon = static_cast<double>(offramp::batch_norm_epsilon);
  // A pixel p was fed to the network as (p - input_zero) * input_scale.
  int input_zero = 0;
  float input_scale = 1.0f / 255.0f;
};

namespace detail {

// [out][in][h][w] to [out][h][w][in]: weights of convolutions, and of a dense layer that reads a flattened [c][h][w].
inline std::vector<float> channels_last(const std::vector<float>& from, int out, int in, int h, int w) {
  std::vector<float> to(from.size());
  const auto taps = static_cast<std::size_t>(h * w), channels = static_cast<std::size_t>(in);
  for (std::size_t o = 0; o < static_cast<std::size_t>(out); ++o)
    for (std::size_t c = 0; c < channels; ++c)
      for (std::size_t t = 0; t < taps; ++t) to[(o * taps + t) * channels + c] = from[(o * channels + c) * taps + t];
  return to;
}

class importer {
 public:
  importer(const network_view& net, const state_dict& dict, const name_map& names, const import_options& options)
      : dict_{dict}, names_{names}, options_{options}, model_{make_model(net, 0)}, parameters_{parameters_of(net)} {
    model_.input_zero = options.input_zero;
    model_.input_scale = options.input_scale;
  }

  model run() {
    std::set<std::string, std::less<>> known;
    for (const parameter_info& p : parameters_) {
      known.insert(p.ours);
      if (const named_tensor* t = find(p)) place(p, *t);
    }
    for (const auto& [ours, theirs] : names_.theirs)
      if (!known.contains(ours))
        problems_.add({"no such array", ours, theirs, "-", "a name the network has (" + names_.source + ")"});
    for (const auto& [name, tensor] : dict_.tensors)
      if (!used_.contains(name) && !name.ends_with("num_batches_tracked") && !names_.is_unwanted(name))
        problems_.add({"surplus", "-", name, to_text(tensor.shape), "-"});
    if (!problems_.rows().empty())
      throw error(dict_.source + ": does not fit the network, problems: " + std::to_string(problems_.rows().size()) +
                  "\n" + problems_.text() +
                  "Mend the names by a name map (offramp/host/import/name_map.hpp); a line '- = NAME' leaves a surplus "
                  "tensor out.");
    fold_biases();
    return std::move(model_);
  }

 private:
  void problem(const char* what, const parameter_info& p, const std::string& theirs, const std::string& found,
               const std::string& expected) {
    problems_.add({what, p.ours, theirs, found, expected});
  }

  // The tensor for `p`, if it is there and has its shape; otherwise reports, unless that is as it should be.
  const named_tensor* find(const parameter_info& p) {
    const auto mapped = names_.theirs.find(p.ours);
    const std::string expected = to_text(p.shapes.front());
    if (mapped == names_.theirs.end()) {
      if (!p.optional()) problem("not in the map", p, "?", "-", expected);
      return nullptr;
    }
    if (mapped->second == "-") {
      const bool convolution = p.what == layer_kind::conv2d || p.what == layer_kind::dense;
      const bool needed = convolution && p.role == parameter_role::weight;  // anything else starts as something plain
      if (needed) problem("needs a tensor", p, "-", "-", expected);
      return nullptr;
    }
    const auto found = dict_.tensors.find(mapped->second);
    if (found == dict_.tensors.end()) {
      if (!p.optional()) problem("missing", p, mapped->second, "-", expected + like(p));
      return nullptr;
    }
    used_.insert(mapped->second);
    const named_tensor& tensor = found->second;
    if (!p.fits(tensor.shape)) {
      problem("misshaped", p, mapped->second, to_text(tensor.shape), expected);
      return nullptr;
    }
    for (std::size_t i = 0; i < tensor.values.size(); ++i)
      if (!std::isfinite(tensor.values[i])) {
        problem("not finite", p, mapped->second, std::to_string(tensor.values[i]) + " at " + std::to_string(i),
                "finite numbers");
        return nullptr;
      }
    return &tensor;
  }

  // Tensors of this shape that nobody asks for: what a misspelt name may have meant.
  [[nodiscard]] std::string like(const parameter_info& p) const {
    std::set<std::string, std::less<>> wanted;
    for (const auto& [ours, theirs] : names_.theirs) wanted.insert(theirs);
    std::string list;
    int count = 0;
    for (const auto& [name, tensor] : dict_.tensors)
      if (p.fits(tensor.shape) && !wanted.contains(name) && !names_.is_unwanted(name) && ++count <= 3)
        list += (list.empty() ? ", as has " : ", ") + name;
    return list + (count > 3 ? ", ..." : "");
  }

  void place(const parameter_info& p, const named_tensor& t) {
    const auto at = static_cast<std::size_t>(p.layer);
    const layer_desc& d = model_.layers[at];
    layer_parameters& to = model_.parameters[at];
    switch (p.role) {
      case parameter_role::weight:
        if (p.what == layer_kind::prelu && t.values.size() == 1)
          to.weights.assign(to.weights.size(), t.values[0]);  // one slope for all channels
        else if (d.has_weights())
          to.weights = channels_last(t.values, d.out.c, d.geometry().group_in_c(), d.kernel_h, d.kernel_w);
        else
          to.weights = t.values;
        return;
      case parameter_role::bias: to.bias = t.values; return;
      case parameter_role::folded_bias: folded_.emplace_back(at + 1, &t.values); return;
      case parameter_role::gamma: to.gamma = t.values; return;
      case parameter_role::beta: to.beta = t.values; return;
      case parameter_role::mean: to.mean = t.values; return;
      case parameter_role::variance: {
        constexpr double ours = static_cast<double>(offramp::batch_norm_epsilon);
        to.variance = t.values;
        for (float& v : to.variance) {
          const double under_root = static_cast<double>(v) + options_.batch_norm_epsilon;
          if (v < 0 || !(under_root > 0))
            return problem("out of range", p, names_.theirs.at(p.ours), std::to_string(v), "a variance of 0 or more");
          if (options_.batch_norm_epsilon != ours) v = static_cast<float>(under_root - ours);
        }
      }
    }
  }

  // (x + b - mean) is (x - (mean - b)); a shift just grows by b.
  void fold_biases() {
    for (const auto& [layer, bias] : folded_) {
      layer_parameters& to = model_.parameters[layer];
      const bool norm = model_.layers[layer].what == layer_kind::batch_norm;
      for (std::size_t i = 0; i < bias->size(); ++i)
        if (norm)
          to.mean[i] -= (*bias)[i];
        else
          to.bias[i] += (*bias)[i];
    }
  }

  const state_dict& dict_;
  const name_map& names_;
  const import_options& options_;
  model model_;
  std::vector<parameter_info> parameters_;
  std::vector<std::pair<std::size_t, const std::vector<float>*>> folded_;  // layer, what its input lacks
  std::set<std::string, std::less<>> used_;
  table problems_{{"problem", "ours", "theirs", "found", "expected"}};
};

}  // namespace detail

// Throws one error that lists every missing, surplus or misshaped tensor, every number that is not finite, and every
// line of the map that names nothing. Counters (num_batches_tracked) are passed over.
inline model import_model(const network_view& net, const state_dict& dict, const name_map& names,
                          const import_options& options = {}) {
  return detail::importer{net, dict, names, options}.run();
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
