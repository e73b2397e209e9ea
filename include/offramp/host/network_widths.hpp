// The widths of a network as variables: which layers may grow and shrink, which of them only together (a residual's
// body ends as wide as its stream, or a whole number of times that), and the network with other widths, at run time.
#ifndef OFFRAMP_HOST_NETWORK_WIDTHS_HPP
#define OFFRAMP_HOST_NETWORK_WIDTHS_HPP

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include <offramp/host/error.hpp>
#include <offramp/net/composition.hpp>
#include <offramp/net/description.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// A description that owns its layers.
struct sized_network {
  input_desc input{};
  std::vector<layer_desc> layers;
  std::vector<exit_desc> exits;

  // Valid while this lives and is not changed.
  [[nodiscard]] network_view view() const {
    return {input, layers.data(), static_cast<int>(layers.size()), exits.data(), static_cast<int>(exits.size())};
  }
};

// Layers of a backbone (conv2d, dense) whose output channels are a number of times one width.
struct width_variable {
  int width = 0;             // now
  int step = 1;              // widths must be multiples of it: groups
  std::vector<int> layers;   // numbers in the description, ascending
  std::vector<int> factors;  // one per layer: output channels = factor * width
};

namespace detail {

// One per channel, whatever their number: it grows with what it reads.
inline bool is_depthwise(const layer_desc& d) {
  return d.what == layer_kind::conv2d && d.groups > 1 && d.groups == d.in.c;
}

class width_finder {
 public:
  explicit width_finder(const network_view& net) : net_{net} {}

  std::vector<width_variable> find() {
    channels at, stage_out;
    for (int k = 0; k < net_.exit_count; ++k) {
      const exit_desc& x = net_.exits[k];
      for (int i = x.stage_first; i < x.stage_last; ++i) at = behind(i, at);
      stage_out = at;
      for (int i = x.head_first; i < x.head_last; ++i) at = behind(i, at);
      at = stage_out;
    }
    std::vector<width_variable> free;
    for (std::size_t v = 0; v < found_.size(); ++v)
      if (!fixed_[v] && !found_[v].layers.empty()) free.push_back(sorted(found_[v]));
    return free;
  }

 private:
  // Channels of a tensor: a sum of variables, each times a factor. No terms: a fixed number.
  struct term {
    int variable, factor;
  };
  using channels = std::vector<term>;
  struct open_block {
    channels from, joined;
    int branches = 0;
  };
  struct forward {
    int variable = -1, factor = 1;
  };

  static std::size_t at(int i) { return static_cast<std::size_t>(i); }

  // What the variables of `c` have become since.
  channels resolved(channels c) const {
    for (term& t : c)
      while (forward_[at(t.variable)].variable >= 0) {
        const forward f = forward_[at(t.variable)];
        t = {f.variable, t.factor * f.factor};
      }
    return c;
  }

  void fix(const channels& c) {
    for (const term& t : resolved(c)) fixed_[at(t.variable)] = true;
  }

  void divide(const channels& c, int groups) {
    const channels now = resolved(c);
    if (now.size() != 1) return fix(now);
    int& step = found_[at(now[0].variable)].step;
    step = std::lcm(step, groups / std::gcd(groups, now[0].factor));
  }

  // `body` has `times` as many channels as `stream`, whatever their widths.
  void tie(const channels& stream, const channels& body, int times) {
    const channels a = resolved(stream), b = resolved(body);
    if (a.size() == 1 && b.size() == 1 && a[0].variable == b[0].variable && b[0].factor == times * a[0].factor) return;
    const bool whole =
        a.size() == 1 && b.size() == 1 && a[0].variable != b[0].variable && times * a[0].factor % b[0].factor == 0;
    if (!whole || fixed_[at(a[0].variable)] || fixed_[at(b[0].variable)]) {
      fix(a);
      return fix(b);
    }
    const int ratio = times * a[0].factor / b[0].factor;
    width_variable &to = found_[at(a[0].variable)], &from = found_[at(b[0].variable)];
    for (std::size_t i = 0; i < from.layers.size(); ++i) {
      to.layers.push_back(from.layers[i]);
      to.factors.push_back(from.factors[i] * ratio);
    }
    to.step = std::lcm(to.step, from.step / std::gcd(from.step, ratio));
    from.layers.clear();
    forward_[at(b[0].variable)] = {a[0].variable, ratio};
  }

  channels behind(int i, const channels& in) {
    const layer_desc& d = net_.layers[i];
    switch (d.what) {
      case layer_kind::conv2d:
      case layer_kind::dense: {
        if (is_depthwise(d)) {
          channels out = in;
          for (term& t : out) t.factor *= d.out.c / d.in.c;
          return out;
        }
        if (d.groups > 1) divide(in, d.groups);
        if (d.head) return {};
        found_.push_back({d.out.c, 1, {i}, {1}});
        fixed_.push_back(false);
        forward_.push_back({});
        const channels out = {{static_cast<int>(found_.size()) - 1, 1}};
        if (d.groups > 1) divide(out, d.groups);
        return out;
      }
      case layer_kind::cascade: return {};
      case layer_kind::user: fix(in); return {};
      case layer_kind::residual_begin:
      case layer_kind::concat_begin: open_.push_back({in, {}, 0}); return in;
      case layer_kind::residual_end: {
        const channels stream = open_.back().from;
        open_.pop_back();
        tie(stream, in, d.out.c / net_.layers[d.partner].in.c);
        return in;
      }
      case layer_kind::branch_begin: {
        open_block& b = open_.back();
        if (b.branches++ > 0) b.joined.insert(b.joined.end(), in.begin(), in.end());
        return b.from;
      }
      case layer_kind::concat_end: {
        channels all = std::move(open_.back().joined);
        open_.pop_back();
        all.insert(all.end(), in.begin(), in.end());
        return all;
      }
      default: return in;
    }
  }

  static width_variable sorted(const width_variable& v) {
    width_variable s = v;
    std::vector<std::size_t> order(v.layers.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return v.layers[a] < v.layers[b]; });
    for (std::size_t i = 0; i < order.size(); ++i) {
      s.layers[i] = v.layers[order[i]];
      s.factors[i] = v.factors[order[i]];
    }
    return s;
  }

  network_view net_;
  std::vector<width_variable> found_;
  std::vector<bool> fixed_;
  std::vector<forward> forward_;
  std::vector<open_block> open_;
};

}  // namespace detail

// The widths that may change, in the order of their first layers. Heads keep theirs; so do layers that a residual ties
// to something that cannot change with them (the input, a concatenation, a user's layer).
inline std::vector<width_variable> find_widths(const network_view& net) { return detail::width_finder{net}.find(); }

inline std::vector<int> widths_now(const std::vector<width_variable>& variables) {
  std::vector<int> widths;
  for (const width_variable& v : variables) widths.push_back(v.width);
  return widths;
}

// The network with other widths, one for each variable. Throws where one is not a positive multiple of its step.
inline sized_network with_widths(const network_view& net, const std::vector<width_variable>& variables,
                                 const std::vector<int>& widths) {
  if (widths.size() != variables.size())
    throw error("with_widths: found " + std::to_string(widths.size()) + " widths, expected " +
                std::to_string(variables.size()));
  sized_network s{net.input, {net.layers, net.layers + net.layer_count}, {}};
  for (layer_desc& d : s.layers)
    if (detail::is_depthwise(d)) {  // as declared: the composition counts the channels
      d.out_c = d.out.c / d.in.c;
      d.groups = 0;
    }
  for (std::size_t v = 0; v < widths.size(); ++v) {
    if (widths[v] < 1 || widths[v] % variables[v].step != 0)
      throw error("with_widths: width " + std::to_string(v) + " is " + std::to_string(widths[v]) +
                  ", expected a positive multiple of " + std::to_string(variables[v].step));
    for (std::size_t i = 0; i < variables[v].layers.size(); ++i)
      s.layers[static_cast<std::size_t>(variables[v].layers[i])].out_c = variables[v].factors[i] * widths[v];
  }
  std::vector<offramp::detail::item_desc> items;
  for (int k = 0; k < net.exit_count; ++k) {
    const exit_desc& x = net.exits[k];
    items.push_back({x.stage_first, x.stage_last, false, 0});
    items.push_back({x.head_first, x.head_last, true, x.classes});
  }
  s.exits.resize(static_cast<std::size_t>(net.exit_count) + 1);
  int exits = 0;
  const composition_check c = offramp::detail::compose(s.input, s.layers.data(), net.layer_count, items.data(),
                                                       static_cast<int>(items.size()), s.exits.data(), exits);
  if (c.error != composition_error::none)
    throw error("with_widths: layer " + std::to_string(c.layer) + " does not fit: found " + std::to_string(c.got) +
                ", expected " + std::to_string(c.expected));
  s.exits.resize(static_cast<std::size_t>(exits));
  return s;
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
