// Lowering: from layers to device ops, independent of any path.
//
//   conv2d|dense tail      one conv op: the tail becomes its output stage
//   tail elsewhere         one pointwise op
//   with tail = [batch_norm | shift]... [relu | prelu] [batch_norm | shift]... [sign, unless there is a prelu]
//   residual               its tensors form one stream; the body's last conv adds into it in place; a shrinking
//                          shortcut is an avg_pool op into a new tensor of the stream
//   pooling                on bits, stream or activations as they are; blur_pool is a depthwise conv op, mixed_pool
//                          over windows of one position is nothing
//   concat                 every branch is copied into its channels of one tensor
//   cascade                the previous exit's logits, as i16, are multiplied and added to the head's i32 logits
//
// What is not binary takes the kind `Rest` (i8 or f32) unless the layer says otherwise. Where a layer cannot read what
// it is given (an i8 convolution behind a stream), a pointwise op changes the kind.
#ifndef OFFRAMP_NET_LOWER_HPP
#define OFFRAMP_NET_LOWER_HPP

#include <offramp/layers/residual.hpp>
#include <offramp/net/description.hpp>
#include <offramp/net/network.hpp>
#include <offramp/net/program.hpp>

namespace offramp::inline OFFRAMP_ABI {

namespace detail {

template <class Program, int Branches>
struct lowering {
  network_view net{};
  kind rest = kind::i8;
  kind stream = kind::i16;
  Program p{};
  int current = 0;        // the tensor the next layer reads
  int residual_out = -1;  // the stream the open residual adds into
  int stage_out = -1;     // what the stage before the current head left for the next stage
  struct concatenation {
    int source = 0;  // the tensor all branches read
    int branches = 0;
    int out[Branches]{};
  } concats[8]{};
  int concat_depth = 0;

  constexpr int new_tensor(shape s, kind k, int group) {
    tensor_desc& t = p.tensors[p.tensor_count];
    t.extent = s;
    t.element = k;
    t.group = k == kind::i8 || k == kind::i16 || k == kind::u8 ? (group < 0 ? p.groups++ : group) : -1;
    return p.tensor_count++;
  }

  // Appends an op that reads the current tensor; `out` < 0 makes a new tensor. Returns the output tensor.
  constexpr int add_step(op_kind what, kind weights, window w, kind out_kind, int group, int out, int exit, bool head,
                         int layer_first, int layer_last) {
    step_desc& s = p.steps[p.step_count++];
    s.op.signature = {what, p.tensors[current].element, weights, out_kind, out >= 0, layout::nhwc, layout::nhwc};
    s.op.signature.grouped = w.groups > 1;
    s.op.signature.two_slopes = two_slopes(layer_first, layer_last);
    s.op.signature.rectified = s.op.signature.two_slopes && rectified(layer_first, layer_last);
    if (s.op.signature.rectified) s.op.signature.two_slopes = false;
    s.op.geometry = w;
    s.in = current;
    s.out = out >= 0 ? out : new_tensor(w.out, out_kind, group);
    s.exit = exit;
    s.head = head;
    s.layer_first = layer_first;
    s.layer_last = layer_last;
    return s.out;
  }

  // A 1x1 op that only changes the kind of the current tensor, or copies it as it is.
  constexpr void change_kind(kind to, int i) {
    const layer_desc& d = net.layers[i];
    const tensor_desc& t = p.tensors[current];
    const window w = make_window(t.extent, t.extent.c, 1, 1, 1, 0, 0);
    current = add_step(op_kind::pointwise, kind::none, w, to, to == t.element ? t.group : -1, -1, d.exit, d.head, i, i);
  }

  // Does what layer i - 1 produced reach a residual before any other op that computes? Looks no further than its own
  // stage or head: a network cut behind any exit must lower to the same ops.
  [[nodiscard]] constexpr bool feeds_stream(int i, int exit, bool head) const {
    for (; i < net.layer_count; ++i) {
      const layer_desc& d = net.layers[i];
      if (d.head != head || d.exit != exit) return false;
      if (d.what == layer_kind::residual_begin || d.what == layer_kind::residual_end) return true;
      if (d.what == layer_kind::branch_begin)
        i = net.layers[d.partner].partner;  // on behind the concat
      else if (d.what != layer_kind::max_pool && d.what != layer_kind::avg_pool && d.what != layer_kind::blur_pool &&
               d.what != layer_kind::mixed_pool && d.what != layer_kind::concat_end)
        return false;
    }
    return false;
  }

  [[nodiscard]] constexpr bool is(int i, int last, layer_kind k) const { return i < last && net.layers[i].what == k; }

  // The end of the tail that starts at i.
  [[nodiscard]] constexpr int tail_end(int i, int last) const {
    while (i < last && net.layers[i].is_affine()) ++i;
    const bool leaky = is(i, last, layer_kind::prelu);
    if (i < last && net.layers[i].is_rectifier()) ++i;
    while (i < last && net.layers[i].is_affine()) ++i;
    if (!leaky && is(i, last, layer_kind::sign)) ++i;  // behind a leak the sign need not be monotone
    return i;
  }

  // Is there another output stage below a threshold? A relu at the end needs none: it is a clamp, or lies in a sign.
  [[nodiscard]] constexpr bool two_slopes(int first, int end) const {
    for (int i = first; i < end; ++i) {
      if (net.layers[i].what == layer_kind::prelu) return true;
      if (net.layers[i].what == layer_kind::relu) return i + 1 < end && net.layers[end - 1].what != layer_kind::sign;
    }
    return false;
  }

  // Is the rectifier a relu that reads the sums themselves, without a bias? Then no threshold need be stored.
  [[nodiscard]] constexpr bool rectified(int first, int end) const {
    return net.layers[first].has_weights() && !net.layers[first].bias && is(first + 1, end, layer_kind::relu);
  }

  // The kind a layer's output takes in a stream or outside.
  [[nodiscard]] constexpr kind out_kind(int next, const layer_desc& d) const {
    return feeds_stream(next, d.exit, d.head) ? stream : rest;
  }

  // Is the tensor read again after the layers that follow now? Then nothing may be added into it.
  [[nodiscard]] constexpr bool kept(int tensor, bool head) const {
    if (tensor == 0 || (head && tensor == stage_out)) return true;
    for (int i = 0; i < concat_depth; ++i)
      if (concats[i].source == tensor) return true;
    return false;
  }

  // All tensors of both groups get one scale. The older number stays: that of a network cut before this place.
  constexpr void join_groups(int a, int b) {
    const int kept_group = a < b ? a : b;
    for (int i = 0; i < p.tensor_count; ++i)
      if (p.tensors[i].group == a || p.tensors[i].group == b) p.tensors[i].group = kept_group;
  }

  constexpr void lower_concat(int i) {
    const layer_desc& d = net.layers[i];
    const concatenation c = concats[--concat_depth];
    kind to = kind::bits;
    for (int b = 0; b < c.branches; ++b)
      if (p.tensors[c.out[b]].element != kind::bits) to = out_kind(i + 1, d);
    int out = -1;
    int first = 0;
    for (int b = 0; b < c.branches; ++b) {
      current = c.out[b];
      if (p.tensors[current].element != to) change_kind(to, i);
      const shape e = p.tensors[current].extent;
      window w = make_window(e, e.c, 1, 1, 1, 0, 0);
      w.out.c = w.stored_out_c = d.out.c;
      w.out_first = first;
      first += e.c;
      const int group = p.tensors[current].group;
      if (b == 0)
        out = add_step(op_kind::copy, kind::none, w, to, group, -1, d.exit, d.head, i, i + 1);
      else
        add_step(op_kind::copy, kind::none, w, to, group, out, d.exit, d.head, i, i + 1);
      p.steps[p.step_count - 1].op.signature.add = false;
      if (group >= 0) join_groups(p.tensors[out].group, group);
    }
    current = out;
  }

  // Lowers the layer at i and what folds into it; returns the next layer.
  constexpr int lower_layer(int i, int last) {
    const layer_desc& d = net.layers[i];
    switch (d.what) {
      case layer_kind::conv2d:
      case layer_kind::dense: {
        const int end = tail_end(i + 1, last);
        const kind weights = d.weights == kind::none ? rest : d.weights;
        const kind in = p.tensors[current].element;
        if (weights == kind::f32 && in != kind::f32 && in != kind::u8 && in != kind::bits) change_kind(kind::f32, i);
        if (weights == kind::i8 && (in == kind::f32 || in == kind::i16)) change_kind(kind::i8, i);
        if (weights == kind::bits && in == kind::i16) change_kind(kind::i8, i);
        const bool real = p.tensors[current].element == kind::f32 || weights == kind::f32;
        const bool adds = is(end, last, layer_kind::residual_end);
        if (adds && current == residual_out)
          change_kind(p.tensors[current].element, i);  // it cannot read what it overwrites
        kind out = real ? kind::f32 : rest;
        if (net.layers[end - 1].what == layer_kind::sign)
          out = kind::bits;
        else if (d.head && (end == last || is(end, last, layer_kind::cascade)))
          out = real ? kind::f32 : kind::i32;
        else if (adds || feeds_stream(end, d.exit, d.head))
          out = stream;
        current =
            add_step(op_kind::conv, weights, d.geometry(), out, -1, adds ? residual_out : -1, d.exit, d.head, i, end);
        return end;
      }
      case layer_kind::batch_norm:
      case layer_kind::shift:
      case layer_kind::relu:
      case layer_kind::prelu:
      case layer_kind::sign: {
        const int end = tail_end(i, last);
        kind out = out_kind(end, d);
        if (net.layers[end - 1].what == layer_kind::sign) out = kind::bits;
        current = add_step(op_kind::pointwise, kind::none, make_window(d.in, d.in.c, 1, 1, 1, 0, 0), out, -1, -1,
                           d.exit, d.head, i, end);
        return end;
      }
      case layer_kind::max_pool: {
        const tensor_desc& t = p.tensors[current];
        current =
            add_step(op_kind::max_pool, kind::none, d.geometry(), t.element, t.group, -1, d.exit, d.head, i, i + 1);
        return i + 1;
      }
      case layer_kind::avg_pool:
      case layer_kind::mixed_pool: {
        const bool mixed = d.what == layer_kind::mixed_pool;
        if (mixed && d.in == d.out) return i + 1;
        const tensor_desc& t = p.tensors[current];
        const bool to_stream = feeds_stream(i + 1, d.exit, d.head);
        const kind out = to_stream ? stream : rest;
        // A mean that goes on in a stream stays on its scale; any other gets a scale of its own, which costs nothing.
        const int group = to_stream && t.element == stream ? t.group : -1;
        current = add_step(mixed ? op_kind::mixed_pool : op_kind::avg_pool, kind::none, d.geometry(), out, group, -1,
                           d.exit, d.head, i, i + 1);
        return i + 1;
      }
      case layer_kind::residual_begin: {
        // Sums go into the stream in place: not into what somebody else will read.
        if (p.tensors[current].element != stream || kept(current, d.head)) change_kind(stream, i);
        const shape from = d.in;
        const shape to = net.layers[d.partner].out;
        residual_out = current;
        if (from != to) {
          residual_out = add_step(op_kind::avg_pool, kind::none, shortcut_window(from, to), stream,
                                  p.tensors[current].group, -1, d.exit, d.head, i, i + 1);
        }
        return i + 1;
      }
      case layer_kind::blur_pool: {
        const kind in = p.tensors[current].element;
        const bool to_stream = feeds_stream(i + 1, d.exit, d.head);
        const bool real = in == kind::f32 || rest == kind::f32;
        const int group = to_stream && in == stream ? p.tensors[current].group : -1;  // its weights add up to 1
        current = add_step(op_kind::conv, real ? kind::f32 : kind::i8, d.geometry(), to_stream ? stream : rest, group,
                           -1, d.exit, d.head, i, i + 1);
        return i + 1;
      }
      case layer_kind::concat_begin: {
        concatenation& c = concats[concat_depth++];
        c.source = current;
        c.branches = 0;
        return i + 1;
      }
      case layer_kind::branch_begin: {
        concatenation& c = concats[concat_depth - 1];
        if (i != d.partner + 1) c.out[c.branches++] = current;
        current = c.source;
        return i + 1;
      }
      case layer_kind::concat_end: {
        concatenation& c = concats[concat_depth - 1];
        c.out[c.branches++] = current;
        lower_concat(i);
        return i + 1;
      }
      case layer_kind::cascade: {
        const int logits = current;
        current = p.logits[d.exit - 1];
        const bool real = p.tensors[logits].element == kind::f32;
        if (p.tensors[current].element != (real ? kind::f32 : kind::i16)) change_kind(real ? kind::f32 : kind::i16, i);
        current = add_step(op_kind::conv, real ? kind::f32 : kind::i8, d.geometry(), p.tensors[logits].element, -1,
                           logits, d.exit, d.head, i, i + 1);
        return i + 1;
      }
      case layer_kind::user: {
        const kind in = d.user->in == kind::none ? rest : d.user->in;
        if (p.tensors[current].element != in) change_kind(in, i);
        window w = make_window(d.in, d.out.c, 1, 1, 1, 0, 0);
        w.out = d.out;
        current = add_step(op_kind::user, kind::none, w, d.user->out == kind::none ? rest : d.user->out, -1, -1, d.exit,
                           d.head, i, i + 1);
        p.steps[p.step_count - 1].op.signature.user = d.user;
        return i + 1;
      }
      case layer_kind::residual_end:
      case layer_kind::flatten: return i + 1;
    }
    return i + 1;
  }

  constexpr void lower_all() {
    p.exit_count = net.exit_count;
    if (net.exit_count == 0) return;  // the composition was refused
    p.classes = net.exits[0].classes;
    current = new_tensor(net.input.extent, net.input.element, -1);
    for (int k = 0; k < net.exit_count; ++k) {
      const exit_desc& e = net.exits[k];
      p.exit_first[k] = p.step_count;
      for (int i = e.stage_first; i < e.stage_last;) i = lower_layer(i, e.stage_last);
      stage_out = current;
      p.head_first[k] = p.step_count;
      for (int i = e.head_first; i < e.head_last;) i = lower_layer(i, e.head_last);
      p.logits[k] = current;
      current = stage_out;
    }
    p.exit_first[net.exit_count] = p.step_count;
  }
};

template <class Net, kind Rest, kind Stream>
constexpr auto lower_network() {
  constexpr int layers = Net::description.layer_count;
  constexpr int exits = Net::exits;
  // Two steps a layer (a change of kind, the op), one more for a change of layout before each of them.
  lowering<program<4 * layers + 1, (exits > 0 ? exits : 1)>, layers + 1> l;
  l.net = Net::view();
  l.rest = Rest;
  l.stream = Stream;
  l.lower_all();
  return l.p;
}

}  // namespace detail

// The device network of `Net`: what is not binary becomes `Rest` (i8 or f32), residual streams become `Stream`.
template <class Net, kind Rest = kind::i8, kind Stream = (Rest == kind::f32 ? kind::f32 : kind::i16)>
struct lower {
  static_assert(Rest == kind::i8 || Rest == kind::f32, "offramp: lower<Net, Rest>: Rest is i8 or f32");
  static_assert(Stream == kind::i16 || Stream == kind::i8 || Stream == kind::f32,
                "offramp: lower<Net, Rest, Stream>: Stream is i16, i8 or f32");
  using network = Net;
  static constexpr kind rest = Rest;
  static constexpr kind stream = Stream;
  static constexpr auto program = detail::lower_network<Net, Rest, Stream>();
  static constexpr int exits = Net::exits;
  static constexpr int classes = Net::classes;
  static constexpr input_desc input = Net::description.input;

  // Identity of what runs: the network's structure up to exit k, and the kinds chosen here.
  static constexpr std::uint64_t hash(int exit) {
    return hash_mix(hash_mix(structure_hash(Net::view(), exit), static_cast<int>(Rest)), static_cast<int>(Stream));
  }
};

}  // namespace offramp::inline OFFRAMP_ABI

#endif
