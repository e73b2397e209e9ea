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
#include <offramp/host/model.hpp>
#include <offramp/net/description.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// What a recipe may change about the flow of gradients.
struct plan_options {
  bool training = true;        // false: forward only, running statistics
  std::vector<bool> frozen{};  // per layer (empty: none): parameters stay, batch norm uses its running statistics
  // Per exit (empty: all 1): factor of the gradient that the stage's output receives from its head, and from the next
  // stage. 0 detaches. The head's and the next stage's own parameters keep their full gradient.
  std::vector<float> from_head{}, from_next{};
  // Per exit (empty: all 0): factor of the gradient that its cascade sends to the previous exit's logits. 0 detaches,
  // as in Zero Time Waste (Wolczyk et al. 2021).
  std::vector<float> from_previous{};
  std::vector<bool> reads_output{};  // per layer (empty: none): its backward step reads its output, too
};

enum class step_kind : std::uint8_t {
  forward,     // y from x (and from shortcut: the input of a residual, the previous logits of a cascade)
  merge,       // concat: x becomes the channels of y from `channel` on
  statistics,  // batch norm: moments of x
  backward,    // dx (+)= gradient of dy
  sums,        // batch norm: sums of dy
  shortcut,    // residual: dx (+)= gradient of dy past the body
  split,       // concat: dx (+)= the channels of dy from `channel` on
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
  int channel = 0;
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
    find_readers();
    number_buffers();
    find_wanted();
    merge_gradients();
    plan_.phases.emplace_back();
    for (int i = 0; i < net_.layer_count; ++i) forward(i);
    plan_.backward_first = static_cast<int>(plan_.phases.size());
    if (options_.training) {
      plan_.phases.emplace_back();
      for (int k = 0; k < net_.exit_count; ++k) written_.push_back(gradient(net_.exits[k].head_last - 1));
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
  bool reads_output(int layer) const { return !options_.reads_output.empty() && options_.reads_output[at(layer)]; }
  bool logits(int layer) const { return layer + 1 == net_.exits[desc(layer).exit].head_last; }

  // Layers that leave their input as it is: they are looked through.
  bool transparent(int layer) const {
    switch (desc(layer).what) {
      case layer_kind::residual_begin:
      case layer_kind::concat_begin:
      case layer_kind::branch_begin:
      case layer_kind::flatten: return true;
      default: return false;
    }
  }

  // The layer that wrote what a reader behind `layer` sees; -1: the input.
  int writer(int layer) const { return layer >= 0 && transparent(layer) ? source(layer) : layer; }

  // The layer whose output this one reads first; -1: the input.
  int source(int layer) const {
    const layer_desc& d = desc(layer);
    const exit_desc& x = net_.exits[d.exit];
    if (d.what == layer_kind::branch_begin) return source(d.partner);
    if (layer == x.head_first) return writer(x.stage_last - 1);
    if (layer == x.stage_first) return d.exit == 0 ? -1 : writer(net_.exits[d.exit - 1].stage_last - 1);
    return writer(layer - 1);
  }

  // Calls f(layer) for all layers whose output this one reads.
  template <class F>
  void for_each_source(int layer, F f) const {
    const layer_desc& d = desc(layer);
    if (transparent(layer)) return;
    if (d.what == layer_kind::concat_end) return for_each_branch(layer, [&](int from, int) { f(from); });
    f(source(layer));
    if (d.what == layer_kind::residual_end) f(source(d.partner));
    if (d.what == layer_kind::cascade) f(previous_logits(layer));
  }

  // Calls f(layer that wrote the branch's output, its first channel) for all branches of a concat.
  template <class F>
  void for_each_branch(int end, F f) const {
    int channel = 0;
    for (int i = desc(end).partner + 2; i <= end; ++i) {
      const bool ends = i == end || (desc(i).what == layer_kind::branch_begin && desc(i).partner == desc(end).partner);
      if (!ends) continue;
      const int from = writer(i - 1);
      f(from, channel);
      channel += from < 0 ? net_.input.extent.c : desc(from).out.c;
    }
  }

  int previous_logits(int layer) const { return net_.exits[desc(layer).exit - 1].head_last - 1; }

  // Factor of the gradient that flows from this layer to one of its sources.
  float flow(int layer, int from) const {
    if (from < 0) return 0;
    const layer_desc &d = desc(layer), &f = desc(from);
    const auto pick = [](const std::vector<float>& v, int exit, float otherwise) {
      return v.empty() ? otherwise : v[at(exit)];
    };
    if (d.head && f.head) return d.exit == f.exit ? 1.0f : pick(options_.from_previous, d.exit, 0.0f);
    if (d.head) return pick(options_.from_head, f.exit, 1.0f);
    return d.exit != f.exit ? pick(options_.from_next, f.exit, 1.0f) : 1.0f;
  }

  bool wanted(int layer, int from) const { return flow(layer, from) != 0 && wanted_[at(from)]; }

  // The factor that is applied on the way from this layer alone; that of a next stage waits for the whole stage.
  float own_factor(int layer, int from) const { return desc(layer).head ? flow(layer, from) : 1.0f; }

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

  void find_readers() {
    last_reader_.assign(at(net_.layer_count), -1);
    for (int i = 0; i < net_.layer_count; ++i)
      for_each_source(i, [&](int from) {
        if (from >= 0) last_reader_[at(from)] = i;
      });
  }

  // Whose output needs a gradient: layers with something to train in or before them.
  void find_wanted() {
    for (int i = 0; i < net_.layer_count; ++i) {
      const layer_desc& d = desc(i);
      const bool trained = weight_count(d) > 0 || bias_count(d) > 0 || d.what == layer_kind::batch_norm;
      bool any = trained && !frozen(i);
      for_each_source(i, [&](int from) { any = any || wanted(i, from); });
      wanted_.push_back(options_.training && any);
    }
  }

  // A residual's body ends where the residual does: one gradient. And if the shortcut is the identity, the gradient of
  // its input is that one plus what the body adds, once the body's last layer has read it: the same memory serves,
  // unless somebody behind the residual adds to the input's gradient before. A cascade passes its gradient on, too.
  void merge_gradients() {
    if (!options_.training) return;
    for (int i = net_.layer_count - 1; i >= 0; --i) {
      const layer_desc& d = desc(i);
      const int body = source(i), dy = plan_.gradient[at(i)];
      if (d.what == layer_kind::cascade) plan_.gradient[at(body)] = dy;
      if (d.what != layer_kind::residual_end) continue;
      plan_.gradient[at(body)] = dy;
      const int from = source(d.partner);
      bool body_reads_it = false;
      for_each_source(body, [&](int other) { body_reads_it = body_reads_it || other == from; });
      if (desc(d.partner).in == d.out && !body_reads_it && wanted(i, from) && own_factor(i, from) == 1.0f &&
          last_reader_[at(from)] <= i)
        plan_.gradient[at(from)] = dy;
    }
  }

  void emit(const step& s) { plan_.phases.back().steps.push_back(s); }

  void forward(int i) {
    const layer_desc& d = desc(i);
    if (transparent(i)) return;
    if (d.what == layer_kind::concat_end)
      return for_each_branch(i, [&](int from, int channel) {
        emit({.what = step_kind::merge, .layer = i, .x = activation(from), .y = activation(i), .channel = channel});
      });
    step s{.what = step_kind::forward, .layer = i, .x = activation(source(i)), .y = activation(i)};
    if (d.what == layer_kind::residual_end) s.shortcut = activation(source(d.partner));
    if (d.what == layer_kind::cascade) s.shortcut = activation(previous_logits(i));
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

  // The same for a step whose dx is the gradient of layer `from`, where that is wanted.
  void emit_towards(int from, step s) {
    if (!wanted(s.layer, from)) return emit_gradient(s);
    const float factor = own_factor(s.layer, from);
    const int to = gradient(from);
    s.dx = factor == 1.0f ? to : new_buffer(desc(from).out.size(), false);
    emit_gradient(s);
    if (s.dx != to) emit_gradient({.what = step_kind::copy, .layer = s.layer, .dy = s.dx, .dx = to, .factor = factor});
  }

  void backward(int i) {
    const layer_desc& d = desc(i);
    const exit_desc& x = net_.exits[d.exit];
    if (i + 1 == x.head_last) begin_head(x, i);
    if (!wanted_[at(i)] || transparent(i)) return;
    const int dy = gradient(i);
    if (!written(dy)) emit_gradient({.what = step_kind::zero, .layer = i, .dx = dy});
    if (d.what == layer_kind::concat_end)
      return for_each_branch(i, [&](int branch, int channel) {
        if (wanted(i, branch))
          emit_towards(branch, {.what = step_kind::split, .layer = i, .dy = dy, .channel = channel});
      });
    const int from = source(i);
    if (d.what == layer_kind::residual_end) {
      const int past = source(d.partner);
      if (wanted(i, past) && gradient(past) != dy)
        emit_towards(past, {.what = step_kind::shortcut, .layer = i, .dy = dy});
      return;
    }
    if (d.what == layer_kind::cascade) {
      const int z = previous_logits(i);
      return emit_towards(z, {.what = step_kind::backward, .layer = i, .x = activation(z), .dy = dy});
    }
    step s{.what = step_kind::backward, .layer = i, .x = activation(from), .dy = dy};
    if (d.what == layer_kind::relu || reads_output(i)) s.y = activation(i);
    if (d.what == layer_kind::batch_norm && !frozen(i)) {
      emit({.what = step_kind::sums, .layer = i, .x = s.x, .y = s.y, .dy = dy});
      plan_.phases.emplace_back().joined_layer = i;
    }
    // Signs are cheaper to make again than to keep.
    if (d.has_weights() && from >= 0 && desc(from).what == layer_kind::sign)
      emit({.what = step_kind::forward, .layer = from, .x = activation(source(from)), .y = activation(from)});
    emit_towards(from, s);
  }

  // Everything behind stage k has been walked: its output's gradient so far is the next stage's share.
  void begin_head(const exit_desc& x, int last) {
    const int shared = gradient(writer(x.stage_last - 1)), k = desc(last).exit;
    const float factor = options_.from_next.empty() ? 1.0f : options_.from_next[at(k)];
    if (k + 1 < net_.exit_count && factor != 1.0f && written(shared))
      emit({.what = step_kind::copy, .layer = last, .dy = shared, .dx = shared, .factor = factor});
  }

  // Calls f(buffer, set): set where the step gives the buffer its content, else it needs what is there.
  template <class F>
  static void for_each_access(const step& s, F f) {
    for (const int b : {s.x, s.shortcut, s.dy})
      if (b >= 0) f(b, false);
    if (s.y >= 0) f(s.y, s.what == step_kind::forward || s.what == step_kind::merge);
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
  std::vector<int> last_reader_;  // per layer: the last one that reads its output
  std::vector<bool> wanted_;
  std::vector<int> written_;
};

}  // namespace detail

inline plan make_plan(const network_view& net, const plan_options& options) {
  return detail::planner{net, options}.make();
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
