// A planned network run op by op on host memory, without its types: every op with the layouts, packed weights, scratch
// and arena of planned<Lowered, Path>, and what it leaves in its output tensor as host values. For whatever looks into
// a run: comparing paths (host/compare.hpp), tracing, debugging a kernel.
#ifndef OFFRAMP_HOST_PLANNED_RUN_HPP
#define OFFRAMP_HOST_PLANNED_RUN_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <offramp/host/device_tensor.hpp>
#include <offramp/host/error.hpp>
#include <offramp/host/quantized_model.hpp>
#include <offramp/net/plan.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

class planned_run {
 public:
  // Lowered on Path: the same kernels, with the same static geometry, as a session runs.
  template <class Lowered, class Path>
  static planned_run of() {
    using plan = planned<Lowered, Path>;
    planned_run r;
    r.path_ = Path::name;
    r.steps_.assign(plan::program.steps, plan::program.steps + plan::steps);
    r.tensors_.assign(plan::program.tensors, plan::program.tensors + plan::program.tensor_count);
    r.arena_bytes_ = plan::plan.arena_bytes;
    r.weight_words_ = plan::plan.weight_words;
    r.pack_ = [](const kernel_op& op, const std::uint32_t* from, std::uint32_t* to) {
      kernels::pack<Path>(op, from, to);
    };
    r.functions_ = functions<Lowered, Path>(std::make_integer_sequence<int, plan::steps>{});
    for (const step_desc& s : r.steps_) r.scratch_.push_back(kernels::scratch_bytes<Path>(s.op));
    return r;
  }

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const std::vector<step_desc>& steps() const { return steps_; }
  [[nodiscard]] const std::vector<tensor_desc>& tensors() const { return tensors_; }
  [[nodiscard]] std::size_t weight_words() const { return weight_words_; }

  // The canonical weights of `q`, packed for this path: what bound_weights::ops points to. Throws where `q` has another
  // number of ops.
  [[nodiscard]] std::vector<std::uint32_t> pack(const quantized_model& q) const {
    const auto own = static_cast<std::size_t>(std::count_if(steps_.begin(), steps_.end(), computes));
    if (q.words.size() != own)
      throw error("planned_run: the quantized model has " + std::to_string(q.words.size()) + " ops, expected " +
                  std::to_string(own) + ": quantize it for the same lowered network");
    std::vector<std::uint32_t> packed(weight_words_);
    std::size_t next = 0;
    for (const step_desc& s : steps_)
      if (computes(s)) pack_(s.op, q.words[next++].data(), packed.data() + s.weight_offset);
    return packed;
  }

  // A whole run in one arena, as a session makes it; nothing in it may rely on what the arena held before. `input` is
  // [height][width][channels], pixels or reals as the network reads them. After every op `seen(i, before, after)` gets
  // its output tensor, in codes (signs -1/+1), as it was before the op (for ops that add) and is now.
  template <class Seen>
  void run(const std::uint32_t* ops, const tensor_values& input, Seen seen) const {
    check_size(0, input, "input");
    const device_tensor in = to_device(tensors_[0], input);
    device_tensor arena{bytes(arena_bytes_)};
    auto* const base = static_cast<unsigned char*>(arena.data());
    std::fill(base, base + arena_bytes_, static_cast<unsigned char>(0xa5));
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      const step_desc& s = steps_[i];
      const tensor_desc& to = tensor(s.out);
      kernels::arguments a;
      a.in = s.in == 0 ? in.data() : base + tensor(s.in).offset;
      a.out = base + to.offset;
      a.weights = ops + s.weight_offset;
      a.scratch = base + s.scratch_offset;
      const tensor_values before = from_device(to, a.out);
      functions_[i](a);
      seen(static_cast<int>(i), before, from_device(to, a.out));
    }
  }

  // Op i by itself, in memory of its own, on `in`. `before` is what an op that adds finds in its output; empty: zeros.
  [[nodiscard]] tensor_values run_op(const std::uint32_t* ops, int i, const tensor_values& in,
                                     const tensor_values& before = {}) const {
    const auto at = static_cast<std::size_t>(i);
    const step_desc& s = steps_.at(at);
    check_size(s.in, in, "input of op " + std::to_string(i));
    if (!before.empty()) check_size(s.out, before, "output of op " + std::to_string(i));
    const device_tensor input = to_device(tensor(s.in), in);
    device_tensor output = before.empty() ? device_tensor{tensor(s.out)} : to_device(tensor(s.out), before);
    device_tensor scratch{bytes(scratch_[at])};
    kernels::arguments a;
    a.in = input.data();
    a.out = output.data();
    a.weights = ops + s.weight_offset;
    a.scratch = scratch.data();
    functions_[at](a);
    return from_device(tensor(s.out), output.data());
  }

  // Conversions of layout stand in the plan alone; all other ops are those of the lowered program, in its order.
  static bool computes(const step_desc& s) { return s.op.signature.what != op_kind::convert; }

 private:
  using op_function = void (*)(const kernels::arguments&);

  template <class Lowered, class Path, int I>
  static void run_step(const kernels::arguments& a) {
    constexpr step_desc s = planned<Lowered, Path>::program.steps[I];
    kernels::run<Path, s.op.signature>(static_geometry<s.op.geometry>{}, a);
  }
  template <class Lowered, class Path, int... I>
  static std::vector<op_function> functions(std::integer_sequence<int, I...>) {
    return {&run_step<Lowered, Path, I>...};
  }

  // Plain memory, described as a tensor.
  static tensor_desc bytes(std::size_t n) {
    tensor_desc d;
    d.extent = {1, 1, static_cast<int>(std::max<std::size_t>(n, 1))};
    d.element = kind::i8;
    return d;
  }
  [[nodiscard]] const tensor_desc& tensor(int t) const { return tensors_[static_cast<std::size_t>(t)]; }

  void check_size(int t, const tensor_values& v, const std::string& what) const {
    const auto expected = static_cast<std::size_t>(tensor(t).extent.size());
    if (v.size() != expected)
      throw error("planned_run: the " + what + " has " + std::to_string(v.size()) + " elements, expected " +
                  std::to_string(expected));
  }

  std::string path_;
  std::vector<step_desc> steps_;
  std::vector<tensor_desc> tensors_;
  std::vector<op_function> functions_;
  std::vector<std::size_t> scratch_;  // bytes
  std::size_t arena_bytes_ = 0, weight_words_ = 0;
  void (*pack_)(const kernel_op&, const std::uint32_t*, std::uint32_t*) = nullptr;
};

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
