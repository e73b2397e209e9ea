// Every array of numbers a network has to be given, listed from its description, with the shape PyTorch stores it in
// and the name it has there when the module is written the same way as our type:
//   self.stages = nn.ModuleList([nn.Sequential(...), ...]); self.heads the same, one of each per exit
// Layers are counted by their place in that Sequential: stages.0.3.weight. A residual takes one place and keeps its
// layers in a Sequential `body` (stages.0.2.body.1.weight), a concat in a ModuleList `branches`
// (stages.0.2.branches.1.0.weight). A dense behind images stands behind an nn.Flatten, written in our type or not. A
// mixed_pool's number is a parameter `alpha` of one element.
#ifndef OFFRAMP_HOST_IMPORT_PARAMETERS_HPP
#define OFFRAMP_HOST_IMPORT_PARAMETERS_HPP

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <offramp/core/config.hpp>
#include <offramp/host/import/state_dict.hpp>
#include <offramp/host/model.hpp>
#include <offramp/net/description.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

enum class parameter_role : std::uint8_t {
  weight,
  bias,
  folded_bias,  // of a convolution with a batch norm or shift behind it: added there, so it may be missing
  gamma,
  beta,
  mean,
  variance,
};

struct parameter_info {
  int layer = 0;
  layer_kind what = layer_kind::conv2d;
  parameter_role role = parameter_role::weight;
  std::string ours;                  // "layer3.conv2d.weight"
  std::string theirs;                // the default, "stages.0.3.weight"
  std::vector<tensor_shape> shapes;  // PyTorch's; the usual one first, then others that hold the same numbers

  [[nodiscard]] bool optional() const { return role == parameter_role::folded_bias; }
  [[nodiscard]] bool fits(const tensor_shape& shape) const {
    for (const tensor_shape& s : shapes)
      if (s == shape) return true;
    return false;
  }
};

namespace detail {

inline std::vector<tensor_shape> torch_weight_shapes(const layer_desc& d) {
  const std::int64_t out = d.out.c, channels = d.in.c, h = d.kernel_h, w = d.kernel_w;
  const std::int64_t group = channels / d.groups;
  switch (d.what) {
    case layer_kind::conv2d:
      if (d.in.h != 1 || h != 1) return {{out, group, h, w}};
      if (d.in.w == 1) return {{out, group, h, w}, {out, group, w}};
      return {{out, group, w}, {out, group, h, w}};  // a sequence: nn.Conv1d
    case layer_kind::dense:                          // flattened from [c][h][w], or a convolution over the whole input
      if (d.in.h == 1) return {{out, channels * w}, {out, channels, 1, w}, {out, channels, w}};
      return {{out, channels * h * w}, {out, channels, h, w}};
    case layer_kind::prelu: return {{channels}, {1}, {channels, 1, 1}, {1, channels, 1, 1}};
    case layer_kind::mixed_pool: return {{1}, {}};
    case layer_kind::user: return {{weight_count(d)}};
    default: return {{out, channels}};  // cascade
  }
}

// Walks the layers and keeps count of places in the Sequentials.
class parameter_lister {
 public:
  explicit parameter_lister(const network_view& net) : net_{net} {}

  std::vector<parameter_info> list() {
    for (int i = 0; i < net_.layer_count; ++i) {
      const layer_desc& d = net_.layers[i];
      if (i == 0 || d.exit != net_.layers[i - 1].exit || d.head != net_.layers[i - 1].head) enter(d);
      add(i, d);
    }
    return std::move(found_);
  }

 private:
  struct level {
    std::string path;
    int next = 0;  // place of the next layer; of a concat: of the next branch
    bool branch = false;
  };

  void enter(const layer_desc& d) {
    if (d.head) {
      stage_is_flat_ = flat_;
    } else if (d.exit > 0) {
      flat_ = stage_is_flat_;
    }
    levels_.assign(1, {(d.head ? "heads." : "stages.") + std::to_string(d.exit) + "."});
  }
  void open(const std::string& name) {
    level& parent = levels_.back();
    std::string path = parent.path + std::to_string(parent.next++) + name;
    levels_.push_back({std::move(path)});
  }

  void add(int i, const layer_desc& d) {
    switch (d.what) {
      case layer_kind::residual_begin: return open(".body.");
      case layer_kind::concat_begin: return open(".branches.");
      case layer_kind::residual_end: return levels_.pop_back();
      case layer_kind::branch_begin:
        if (levels_.back().branch) levels_.pop_back();
        open(".");
        levels_.back().branch = true;
        return;
      case layer_kind::concat_end: levels_.pop_back(), levels_.pop_back(); return;
      default: break;
    }
    if (d.what == layer_kind::dense && !flat_) ++levels_.back().next;  // nn.Flatten
    if (d.what == layer_kind::dense || d.what == layer_kind::flatten) flat_ = true;
    if (d.what == layer_kind::conv2d || d.what == layer_kind::max_pool || d.what == layer_kind::avg_pool ||
        d.what == layer_kind::mixed_pool)
      flat_ = false;
    const std::string place = levels_.back().path + std::to_string(levels_.back().next++) + ".";
    parameters(i, d, place);
  }

  void parameters(int i, const layer_desc& d, const std::string& place) {
    const auto push = [&](parameter_role role, const char* ours, const char* theirs, std::vector<tensor_shape> shapes) {
      found_.push_back({i, d.what, role, "layer" + std::to_string(i) + "." + to_string(d.what) + "." + ours,
                        place + theirs, std::move(shapes)});
    };
    const std::int64_t c = d.out.c;
    if (weight_count(d) > 0) {
      const char* const name = d.what == layer_kind::user         ? "parameters"
                               : d.what == layer_kind::mixed_pool ? "alpha"
                                                                  : "weight";
      push(parameter_role::weight, name, name, torch_weight_shapes(d));
    }
    if (bias_count(d) > 0)
      push(parameter_role::bias, "bias", "bias",
           d.has_weights() ? std::vector<tensor_shape>{{c}}
                           : std::vector<tensor_shape>{{c}, {c, 1}, {c, 1, 1}, {1, c, 1}, {1, c, 1, 1}});
    else if (d.what == layer_kind::conv2d || d.what == layer_kind::dense)
      push(parameter_role::folded_bias, "bias", "bias", {{c}});
    if (d.what != layer_kind::batch_norm) return;
    push(parameter_role::gamma, "gamma", "weight", {{c}});
    push(parameter_role::beta, "beta", "bias", {{c}});
    push(parameter_role::mean, "mean", "running_mean", {{c}});
    push(parameter_role::variance, "variance", "running_var", {{c}});
  }

  network_view net_;
  std::vector<parameter_info> found_;
  std::vector<level> levels_;
  bool flat_ = false;           // the values are a row already: no nn.Flatten needed
  bool stage_is_flat_ = false;  // what the next stage goes on from
};

}  // namespace detail

// In the order of the layers.
inline std::vector<parameter_info> parameters_of(const network_view& net) {
  return detail::parameter_lister{net}.list();
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
