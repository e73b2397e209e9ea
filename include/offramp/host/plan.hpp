// The order of work of one training step (or evaluation) of a network, made once: steps, grouped in phases.
// Within a phase a few images at a time go through all its steps, so that what one step writes is still in the cache
// when the next reads it; what no other phase reads needs room for those few images only. A new phase begins where sums
// over the whole batch are needed first: at every batch norm that is trained, forward and backward.
#ifndef OFFRAMP_HOST_PLAN_HPP
#define OFFRAMP_HOST_PLAN_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

#include <offramp/core/config.hpp>
#include <offramp/net/description.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// What a recipe may change about the flow of gradients.
struct plan_options {
  bool training = true;        // false: forward only, running statistics
  std::vector<bool> frozen{};  // per layer (empty: none): parameters stay, batch norm uses its running statistics
  // Per exit (empty: all 1): factor of the gradient that the stage's output receives from its head, and from the next
  // stage. 0 detaches. The head's and the next stage's own parameters keep their full gradient.
  std::vector<float> from_head{}, from_next{};
};

enum class step_kind : std::uint8_t {
  forward,     // y from x (and from shortcut, at the end of a residual)
  statistics,  // batch norm: moments of x
  backward,    // dx (+)= gradient of dy
  sums,        // batch norm: sums of dy
  shortcut,    // residual: dx (+)= gradient of dy past the body
  zero,        // dx = 0
  copy,        // dx (+)= factor * dy; dy = dx scales in place
};

// Members hold numbers of buffers, -1: none.
struct step {
  step_kind what = step_kind::forward;
  int layer = 0;
  int x = -1, y = -1, shortcut = -1, dy = -1, dx = -1;
  bool add = false;  // dx holds something already
  float factor = 1;
};

struct phase {
  std::vector<step> steps;
  int joined_layer = -1;  // a batch norm whose moments (forward) or sums (backward) are joined before the phase starts
  std::vector<int> offsets;  // per buffer: place among the phase's passing buffers, elements per image
};

struct plan {
  struct buffer_info {
    int size = 0;       // elements per image
    bool kept = false;  // holds the whole batch, else passes within a phase
  };
  std::vector<buffer_info> buffers;
  std::vector<phase> phases;
  int backward_first = 0;                 // phases before are forward
  int passing_size = 0;                   // elements per image that the passing buffers of any phase need
  std::vector<int> activation, gradient;  // per layer: the buffer of its output and of that one's gradient
  int input = 0;
};

namespace detail {

class planner {
 public:
  planner(const network_view& net, const plan_options& options) : net_{net}, options_{options} {}

  plan make() {
    number_buffers();
    find_wanted();
    merge_gradients();
    plan_.phases.emplace_back();
    for (int i = 0; i < net_.layer_count; ++i) forward(i);
    plan_.backward_first = static_cast<int>(plan_.phases.size());
    if (options_.training) {
      plan_.phases.emplace_back();
      for (int i = net_.layer_count - 1; i >= 0; --i) backward(i);
    }
    find_kept();
    for (phase& p : plan_.phases) place(p);
    return std::move(plan_);
  }

 private:
  const layer_desc& desc(int layer) const { return net_.layers[layer]; }
  static std::size_t at(int i) { return static_cast<std::size_t>(i); }
  bool frozen(int layer) const { return !options_.frozen.empty() && options_.frozen[at(layer)]; }
  bool logits(int layer) const { return layer + 1 == net_.exits[desc(layer).exit].head_last; }

  // The layer whose output this one reads; -1: the input. The begin of a residual is looked through.
  int source(int layer) const {
    const exit_desc& x = net_.exits[desc(layer).exit];
    int from = layer - 1;
    if (layer == x.head_first)
      from = x.stage_last - 1;
    else if (layer == x.stage_first)
      from = desc(layer).exit == 0 ? -1 : net_.exits[desc(layer).exit - 1].stage_last - 1;
    return from >= 0 && desc(from).what == layer_kind::residual_begin ? source(from) : from;
  }

  // Factor of the gradient that flows from this layer to its source.
  float flow(int layer) const {
    const int from = source(layer);
    if (from < 0) return 0;
    const auto pick = [&](const std::vector<float>& v) { return v.empty() ? 1.0f : v[at(desc(from).exit)]; };
    if (desc(layer).head && !desc(from).head) return pick(options_.from_head);
    return desc(layer).exit != desc(from).exit ? pick(options_.from_next) : 1.0f;
  }

  bool source_wanted(int layer) const { return flow(layer) != 0 && wanted_[at(source(layer))]; }

  int activation(int layer) const { return layer < 0 ? plan_.input : plan_.activation[at(layer)]; }
  int gradient(int layer) const { return layer < 0 ? -1 : plan_.gradient[at(layer)]; }

  int new_buffer(int size, bool kept) {
    plan_.buffers.push_back({size, kept});
    return static_cast<int>(plan_.buffers.size()) - 1;
  }

  void number_buffers() {
    plan_.input = new_buffer(net_.input.extent.size(), true);
    for (int i = 0; i < net_.layer_count; ++i) {
      plan_.activation.push_back(new_buffer(desc(i).out.size(), logits(i)));
      plan_.gradient.push_back(options_.training ? new_buffer(desc(i).out.size(), logits(i)) : -1);
    }
  }

  // Whose output needs a gradient: layers with something to train in or before them.
  void find_wanted() {
    for (int i = 0; i < net_.layer_count; ++i) {
      const layer_desc& d = desc(i);
      const bool own = (d.has_weights() || d.what == layer_kind::batch_norm) && !frozen(i);
      wanted_.push_back(options_.training &&
                        (own || source_wanted(i) || (d.what == layer_kind::residual_end && source_wanted(d.partner))));
    }
  }

  // A residual's body ends where the residual does: one gradient. And if the shortcut is the identity,
  // the gradient of its input is that one plus what the body's first layer adds, once the body's last has
  // read it: the same memory serves.
  void merge_gradients() {
    if (!options_.training) return;
    for (int i = net_.layer_count - 1; i >= 0; --i) {
      if (desc(i).what != layer_kind::residual_end) continue;
      const int begin = desc(i).partner, from = source(begin);
      plan_.gradient[at(i - 1)] = plan_.gradient[at(i)];
      if (desc(begin).in == desc(i).out && begin + 2 < i && source_wanted(begin))
        plan_.gradient[at(from)] = plan_.gradient[at(i)];
    }
  }

  void emit(const step& s) { plan_.phases.back().steps.push_back(s); }

  void forward(int i) {
    const layer_desc& d = desc(i);
    step s{.what = step_kind::forward, .layer = i, .x = activation(source(i)), .y = activation(i)};
    if (d.what == layer_kind::residual_begin) return;
    if (d.what == layer_kind::residual_end) s.shortcut = activation(source(d.partner));
    if (d.what == layer_kind::batch_norm && options_.training && !frozen(i)) {
      emit({.what = step_kind::statistics, .layer = i, .x = s.x});
      plan_.phases.emplace_back().joined_layer = i;
    }
    emit(s);
  }

  // Sets `add` by whether the target has been written.
  void emit_gradient(step s) {
    s.add = s.dx >= 0 && written(s.dx);
    if (s.dx >= 0) written_.push_back(s.dx);
    emit(s);
  }
  bool written(int b) const { return std::find(written_.begin(), written_.end(), b) != written_.end(); }

  void backward(int i) {
    const layer_desc& d = desc(i);
    const exit_desc& x = net_.exits[d.exit];
    if (i + 1 == x.head_last) begin_head(x, i);
    if (!wanted_[at(i)] || d.what == layer_kind::residual_begin) return;
    const int dy = gradient(i), from = source(i);
    if (!written(dy)) emit_gradient({.what = step_kind::zero, .layer = i, .dx = dy});
    if (d.what == layer_kind::residual_end) {
      const int to = gradient(source(d.partner));
      if (source_wanted(d.partner) && to != dy)
        emit_gradient({.what = step_kind::shortcut, .layer = i, .dy = dy, .dx = to});
      return;
    }
    step s{.what = step_kind::backward, .layer = i, .x = activation(from), .dy = dy};
    if (d.what == layer_kind::relu) s.y = activation(i);
    if (d.what == layer_kind::batch_norm && !frozen(i)) {
      emit({.what = step_kind::sums, .layer = i, .x = s.x, .dy = dy});
      plan_.phases.emplace_back().joined_layer = i;
    }
    // Signs are cheaper to make again than to keep.
    if (d.has_weights() && from >= 0 && desc(from).what == layer_kind::sign)
      emit({.what = step_kind::forward, .layer = from, .x = activation(source(from)), .y = activation(from)});
    if (source_wanted(i)) s.dx = gradient(from);
    const float factor = flow(i);
    if (s.dx >= 0 && d.head && i == x.head_first && factor != 1.0f) {
      const int branch = new_buffer(d.in.size(), false), to = s.dx;
      s.dx = branch;
      emit_gradient(s);
      emit_gradient({.what = step_kind::copy, .layer = i, .dy = branch, .dx = to, .factor = factor});
    } else {
      emit_gradient(s);
    }
  }

  // Everything behind stage k has been walked: its output's gradient so far is the next stage's share.
  void begin_head(const exit_desc& x, int last) {
    written_.push_back(gradient(last));
    const int shared = gradient(x.stage_last - 1), k = desc(last).exit;
    const float factor = options_.from_next.empty() ? 1.0f : options_.from_next[at(k)];
    if (k + 1 < net_.exit_count && factor != 1.0f && written(shared))
      emit({.what = step_kind::copy, .layer = last, .dy = shared, .dx = shared, .factor = factor});
  }

  // Calls f(buffer, set): set where the step gives the buffer its content, else it needs what is there.
  template <class F>
  static void for_each_access(const step& s, F f) {
    for (const int b : {s.x, s.shortcut, s.dy})
      if (b >= 0) f(b, false);
    if (s.y >= 0) f(s.y, s.what == step_kind::forward);
    if (s.dx >= 0) f(s.dx, !s.add);
  }

  // Kept is what a phase reads before it has set it.
  void find_kept() {
    for (const phase& p : plan_.phases) {
      std::vector<bool> set(plan_.buffers.size());
      for (const step& s : p.steps)
        for_each_access(s, [&](int b, bool sets) {
          if (!sets && !set[at(b)]) plan_.buffers[at(b)].kept = true;
          if (sets) set[at(b)] = true;
        });
    }
  }

  // Passing buffers of a phase share slots, each from its first to its last step.
  void place(phase& p) {
    struct slot {
      int size = 0;
      bool used = false;
    };
    std::vector<slot> slots;
    std::vector<int> last(plan_.buffers.size(), -1), chosen(plan_.buffers.size(), -1);
    const int steps = static_cast<int>(p.steps.size());
    for (int n = 0; n < steps; ++n) for_each_access(p.steps[at(n)], [&](int b, bool) { last[at(b)] = n; });
    for (int n = 0; n < steps; ++n) {
      for_each_access(p.steps[at(n)], [&](int b, bool) {
        if (plan_.buffers[at(b)].kept || chosen[at(b)] >= 0) return;
        auto free = std::find_if(slots.begin(), slots.end(), [](const slot& s) { return !s.used; });
        if (free == slots.end()) free = slots.insert(free, slot{});
        free->used = true;
        free->size = std::max(free->size, (plan_.buffers[at(b)].size + 15) / 16 * 16);
        chosen[at(b)] = static_cast<int>(free - slots.begin());
      });
      for_each_access(p.steps[at(n)], [&](int b, bool) {
        if (last[at(b)] == n && chosen[at(b)] >= 0) slots[at(chosen[at(b)])].used = false;
      });
    }
    std::vector<int> start;
    int size = 0;
    for (const slot& s : slots) start.push_back(size), size += s.size;
    for (std::size_t b = 0; b < chosen.size(); ++b) p.offsets.push_back(chosen[b] < 0 ? -1 : start[at(chosen[b])]);
    plan_.passing_size = std::max(plan_.passing_size, size);
  }

  const network_view& net_;
  const plan_options& options_;
  plan plan_;
  std::vector<bool> wanted_;
  std::vector<int> written_;
};

}  // namespace detail

inline plan make_plan(const network_view& net, const plan_options& options) {
  return detail::planner{net, options}.make();
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
