// Which channels of a network may be reordered or dropped, and which of them go together. The widths of a network are
// those of its backbone's convolutions and dense layers; a depthwise layer has its input's channels, a residual ties
// the last layer of its body to what it adds to, a concatenation strings channels together, heads keep their own.
#ifndef OFFRAMP_HOST_WIDTH_LAYERS_HPP
#define OFFRAMP_HOST_WIDTH_LAYERS_HPP

#include <cstddef>
#include <vector>

#include <offramp/net/description.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// A tensor's channels in order, run after run, each those of one width layer (its number in `layers`); -1: channels
// that are nobody's (of the image, of logits, of layers in heads).
using channel_runs = std::vector<int>;

struct width_layers {
  std::vector<int> layers;            // numbers of the layers that have a width, in order
  std::vector<int> tied;              // of each: the first of the width layers it goes with; itself where there is none
  std::vector<bool> fixed;            // of each: its units cannot change places
  std::vector<channel_runs> in, out;  // of every layer of the network

  [[nodiscard]] int count() const { return static_cast<int>(layers.size()); }
};

namespace detail {

class width_walk {
 public:
  explicit width_walk(const network_view& net) : net_{net} {
    channel_runs at{-1}, stage_at;
    bool head = false;
    struct open_block {
      channel_runs from, joined;
      bool first = true;
    };
    std::vector<open_block> open;
    for (int i = 0; i < net.layer_count; ++i) {
      const layer_desc& d = net.layers[i];
      if (d.head && !head) stage_at = at;
      if (!d.head && head) at = stage_at;
      head = d.head;
      w_.in.push_back(at);
      switch (d.what) {
        case layer_kind::conv2d:
        case layer_kind::dense: at = convolve(i, at); break;
        case layer_kind::cascade: at = {-1}; break;
        case layer_kind::user:  // who knows what it does with channels
          fix(at);
          at = {-1};
          break;
        case layer_kind::residual_begin: open.push_back({at, {}, true}); break;
        case layer_kind::residual_end:
          tie(open.back().from, at);
          open.pop_back();
          break;
        case layer_kind::concat_begin: open.push_back({at, {}, true}); break;
        case layer_kind::branch_begin:
          join(open.back(), at);
          at = open.back().from;
          break;
        case layer_kind::concat_end:
          join(open.back(), at);
          at = open.back().joined;
          open.pop_back();
          break;
        default: break;
      }
      w_.out.push_back(at);
    }
    for (int j = 0; j < w_.count(); ++j)
      if (w_.fixed[index(j)]) w_.fixed[index(root(j))] = true;
    for (int j = 0; j < w_.count(); ++j) {
      w_.tied[index(j)] = root(j);
      w_.fixed[index(j)] = w_.fixed[index(root(j))];
    }
  }
  width_layers take() { return w_; }

 private:
  static std::size_t index(int j) { return static_cast<std::size_t>(j); }
  int root(int j) const {
    while (w_.tied[index(j)] != j) j = w_.tied[index(j)];
    return j;
  }
  void fix(const channel_runs& runs) {
    for (const int j : runs)
      if (j >= 0) w_.fixed[index(j)] = true;
  }
  channel_runs convolve(int i, const channel_runs& at) {
    const layer_desc& d = net_.layers[i];
    if (d.groups > 1 && d.groups == d.in.c && d.out.c == d.in.c) return at;  // depthwise
    if (d.groups > 1) fix(at);
    if (d.head) return {-1};
    w_.layers.push_back(i);
    w_.tied.push_back(w_.count() - 1);
    w_.fixed.push_back(d.groups > 1);
    return {w_.count() - 1};
  }
  // A residual's body ends in a convolution: one run, unless its channels are those of a depthwise layer.
  void tie(const channel_runs& shortcut, const channel_runs& body) {
    if (shortcut.size() == 1 && body.size() == 1 && shortcut[0] >= 0 && body[0] >= 0) {
      const int a = root(shortcut[0]), b = root(body[0]);
      w_.tied[index(a < b ? b : a)] = a < b ? a : b;
      return;
    }
    fix(shortcut);
    fix(body);
  }
  template <class Block>
  static void join(Block& b, const channel_runs& at) {
    if (!b.first) b.joined.insert(b.joined.end(), at.begin(), at.end());
    b.first = false;
  }

  network_view net_;
  width_layers w_;
};

}  // namespace detail

inline width_layers width_layers_of(const network_view& net) { return detail::width_walk{net}.take(); }

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
