// A random network that can be timed, without its types: its session, its ops one by one as the plan has them, and what
// a profile predicts. Weights are random words packed for the path; no threshold is stored, so that every exit is
// computed and judged.
#ifndef BENCHMARKS_LATENCY_NETWORK_SUBJECT_HPP
#define BENCHMARKS_LATENCY_NETWORK_SUBJECT_HPP

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <offramp/exits/session.hpp>
#include <offramp/latency/predict.hpp>

#include "benchmarks/latency/random_network.hpp"
#include "benchmarks/profile_cpu/measure_ops.hpp"

namespace latency_check {

using offramp::profile_data;
using profile_cpu::memory_block;
using profile_cpu::op_subject;
namespace kernels = offramp::kernels;

// Sums the ticks of every op, for a profile of the network.
struct op_stamps {
  std::uint64_t from = 0;
  std::uint64_t took[200]{};
  void enter(int) { from = profile_cpu::ticks(); }
  void leave(int step) { took[step] = profile_cpu::ticks() - from; }
  static void exit_judged(int, bool) {}
};

class any_network {
 public:
  virtual ~any_network() = default;
  virtual void place(profile_cpu::drawn_places& places) = 0;  // before runs: where everything lies from now on
  virtual void run() = 0;                                     // one sample through all exits
  virtual void run_with_stamps() = 0;                         // the same with a reading before and behind every op
  [[nodiscard]] virtual const op_stamps& stamps() const = 0;
};

struct network_subject {
  std::uint64_t seed = 0;
  style of{};
  int layers = 0, residuals = 0, exits = 0;
  std::vector<op_subject> steps;
  std::unique_ptr<any_network> (*make)() = nullptr;
  double (*predict)(const profile_data&) = nullptr;  // every exit, in counts of the profile's unit

  [[nodiscard]] std::string name() const { return to_string(of) + std::string{" "} + std::to_string(seed); }
  [[nodiscard]] std::string input() const {
    const offramp::shape s = steps.front().op.geometry.in;
    return std::to_string(s.h) + 'x' + std::to_string(s.w) + 'x' + std::to_string(s.c);
  }
  [[nodiscard]] double work() const {
    double sum = 0;
    for (const op_subject& s : steps) sum += s.features.get(offramp::regressor::work);
    return sum;
  }
};

template <class Lowered, class Path>
class typed_network final : public any_network {
  using plan = offramp::planned<Lowered, Path>;
  using plain = offramp::session<Lowered, Path>;
  using stamped = offramp::session<Lowered, Path, offramp::max_softmax, offramp::no_reuse, op_stamps>;
  static constexpr std::size_t record_words = offramp::exit_record_view::fixed_words + 1;
  static constexpr std::size_t weight_bytes = 4 * plan::plan.weight_words;
  static constexpr std::size_t input_bytes = plan::program.tensors[0].bytes();

 public:
  typed_network()
      : weights_{profile_cpu::make_memory(weight_bytes)}, input_{profile_cpu::make_memory(input_bytes)},
        records_(record_words * Lowered::exits) {
    const auto unit = offramp::make_fixed_factor(655.36);  // of logits: some hundredths
    for (std::size_t k = 0; k < Lowered::exits; ++k) {
      records_[k * record_words + 2] = 0x3c23d70a;  // 0.01f
      records_[k * record_words + 3] = static_cast<std::uint32_t>(unit.multiplier);
      records_[k * record_words + 4] = static_cast<std::uint32_t>(unit.shift);
    }
    const auto& in = plan::program.tensors[0];
    profile_cpu::fill_input(99, in.extent, in.element, in.arrangement, input_.get());
    std::uint64_t stream = 100;
    for (int i = 0; i < plan::steps; ++i) {
      const offramp::step_desc& s = plan::program.steps[i];
      const auto canonical = profile_cpu::random_weights(++stream, s.op);
      kernels::pack<Path>(s.op, canonical.data(), reinterpret_cast<std::uint32_t*>(weights_.get()) + s.weight_offset);
    }
  }
  void place(profile_cpu::drawn_places& places) override {
    places.begin(weight_bytes + input_bytes + sizeof(offramp::arena<Lowered, Path>) + 256);
    const unsigned char* const weights = places.take_copy(weights_.get(), weight_bytes);
    input_here_ = places.take_copy(input_.get(), input_bytes);
    auto& arena = *reinterpret_cast<offramp::arena<Lowered, Path>*>(places.take(sizeof(offramp::arena<Lowered, Path>)));
    const offramp::bound_weights<Lowered, Path> bound{reinterpret_cast<const std::uint32_t*>(weights), records_.data(),
                                                      record_words, 1, false};
    plain_.emplace(bound, arena);
    stamped_.emplace(bound, arena, stamps_);
  }
  void run() override { label_ = plain_->classify(input()).label; }
  void run_with_stamps() override { label_ = stamped_->classify(input()).label; }
  [[nodiscard]] const op_stamps& stamps() const override { return stamps_; }

 private:
  [[nodiscard]] typename plain::input_view input() const {
    return typename plain::input_view{
        *reinterpret_cast<const typename plain::input_element(*)[plain::input_size]>(input_here_)};
  }

  memory_block weights_, input_;
  const unsigned char* input_here_ = nullptr;
  std::vector<std::uint32_t> records_;
  op_stamps stamps_;
  std::optional<plain> plain_;
  std::optional<stamped> stamped_;
  volatile int label_ = 0;
};

template <class Lowered, class Path, int I>
void run_step(const kernels::arguments& a) {
  constexpr offramp::step_desc s = offramp::planned<Lowered, Path>::program.steps[I];
  kernels::run<Path, s.op.signature>(offramp::static_geometry<s.op.geometry>{}, a);
}

// The ops of a network as its plan has them.
template <std::uint64_t Seed, class Path>
std::vector<op_subject> steps_of() {
  using lowered = random_lowered<Seed>;
  using plan = offramp::planned<lowered, Path>;
  return [&]<int... I>(std::integer_sequence<int, I...>) {
    return std::vector<op_subject>{
        profile_cpu::describe<Path>(plan::program.steps[I].op, &run_step<lowered, Path, I>)...};
  }
  (std::make_integer_sequence<int, plan::steps>{});
}

template <std::uint64_t Seed, class Path>
network_subject make_subject() {
  using lowered = random_lowered<Seed>;
  using plan = offramp::planned<lowered, Path>;
  constexpr const network_plan& p = plan_of<Seed>;
  network_subject s;
  s.seed = Seed;
  s.of = p.of;
  s.layers = p.layers;
  s.residuals = p.residuals;
  s.exits = lowered::exits;
  s.steps = steps_of<Seed, Path>();
  s.make = []() -> std::unique_ptr<any_network> { return std::make_unique<typed_network<lowered, Path>>(); };
  s.predict = [](const profile_data& p_) {
    return offramp::detail::predict_steps<Path, lowered::exits>(p_, plan::program.steps, plan::steps)
        .to_exit[lowered::exits - 1];
  };
  return s;
}

// The networks of seeds [First, First + Count), for the path of this name.
template <std::uint64_t First, int Count>
std::vector<network_subject> networks_from(std::string_view path) {
  std::vector<network_subject> all;
  profile_cpu::paths::for_each([&]<class P>() {
    if (path != P::name) return;
    [&]<int... I>(std::integer_sequence<int, I...>) { (all.push_back(make_subject<First + I, P>()), ...); }
    (std::make_integer_sequence<int, Count>{});
  });
  return all;
}

// The ops of those networks alone, one list each.
template <std::uint64_t First, int Count>
std::vector<std::vector<op_subject>> ops_from(std::string_view path) {
  std::vector<std::vector<op_subject>> all;
  profile_cpu::paths::for_each([&]<class P>() {
    if (path != P::name) return;
    [&]<int... I>(std::integer_sequence<int, I...>) { (all.push_back(steps_of<First + I, P>()), ...); }
    (std::make_integer_sequence<int, Count>{});
  });
  return all;
}

}  // namespace latency_check

#endif
