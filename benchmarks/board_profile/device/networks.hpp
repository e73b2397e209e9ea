// Random networks on a board: whole, and op by op through an observer. Lines beside those of runner.hpp:
//
//   network SEED STYLE LAYERS RESIDUALS EXITS COUNT  a sample through all exits, without what the observer takes
//   step COUNT OP                                    of the network before it, as planned
#ifndef BENCHMARKS_BOARD_PROFILE_DEVICE_NETWORKS_HPP
#define BENCHMARKS_BOARD_PROFILE_DEVICE_NETWORKS_HPP

#include <cstdint>
#include <utility>

#include <offramp/exits/session.hpp>

#include "benchmarks/board_profile/device/runner.hpp"
#include "benchmarks/latency/random_network.hpp"

namespace board_profile {

// Keeps what every op took.
struct op_stamps {
  std::uint64_t from = 0;
  std::uint64_t took[200]{};
  [[gnu::noinline]] void enter(int) { from = board::clock::now(); }
  [[gnu::noinline]] void leave(int step) { took[step] = board::clock::now() - from; }
  static void exit_judged(int, bool) {}
};

inline constinit op_stamps stamps{};

// What the observer adds to an op's time, and to that of the network around it.
struct stamp_cost {
  std::uint64_t of_op = ~std::uint64_t{0};
  std::uint64_t of_network = ~std::uint64_t{0};
};
[[gnu::noinline]] inline stamp_cost cost_of_stamps() {
  stamp_cost least;
  for (int i = 0; i < 16; ++i) {
    const auto from = board::clock::now();
    stamps.enter(0);
    __asm__ volatile("" ::: "memory");
    stamps.leave(0);
    const std::uint64_t both = without_overhead(offramp::elapsed<board::clock>(from, board::clock::now()));
    least.of_op = stamps.took[0] < least.of_op ? stamps.took[0] : least.of_op;
    least.of_network = both < least.of_network ? both : least.of_network;
  }
  return least;
}

template <class Session>
[[gnu::noinline]] int classify(const typename Session::weights_type& weights, typename Session::arena_type& arena,
                               typename Session::input_view input) {
  Session s{weights, arena, stamps};
  return s.classify(input).label;
}

// Words of the op that has most of them.
template <class Plan>
constexpr std::uint32_t most_canonical_words() {
  std::size_t most = 0;
  for (int i = 0; i < Plan::steps; ++i) {
    const std::size_t n = kernels::canonical_layout(Plan::program.steps[i].op).total();
    most = n > most ? n : most;
  }
  return static_cast<std::uint32_t>(most);
}

inline void fill_and_pack(noise& r, const kernel_op& op, std::uint32_t* canonical, std::uint32_t* to) {
  fill_weights(r, op, canonical);
  kernels::pack<path>(op, canonical, to);
}

inline void print_network(const char* what, std::uint64_t seed, const latency_check::network_plan& p, int exits) {
  const auto number = [](int n) {
    board::print(" ");
    board::print(static_cast<std::int32_t>(n));
  };
  ++log.lines;
  board::print(what);
  number(static_cast<int>(seed));
  board::print(" ");
  board::print(to_string(p.of));
  number(p.layers);
  number(p.residuals);
  number(exits);
  board::print(" ");
}

// The only session of the network: with a second one, kernels would be called from two places, and compilers treat
// what is called once otherwise.
template <std::uint64_t Seed>
[[gnu::noinline]] void measure_network() {
  using lowered = latency_check::random_lowered<Seed>;
  using plan = offramp::planned<lowered, path>;
  using session = offramp::session<lowered, path, offramp::max_softmax, offramp::no_reuse, op_stamps>;
  constexpr const latency_check::network_plan& p = latency_check::plan_of<Seed>;
  constexpr auto input = plan::program.tensors[0];
  constexpr std::size_t record_words = offramp::exit_record_view::fixed_words + 1;
  constexpr int steps = plan::steps;
  const auto take_words = [](std::size_t n) {
    return reinterpret_cast<std::uint32_t*>(memory::take(static_cast<std::uint32_t>(4 * n)));
  };
  memory::clear();
  using arena_type = typename session::arena_type;
  auto* const arena = reinterpret_cast<arena_type*>(take_words((sizeof(arena_type) + 3) / 4));
  std::uint32_t* const words = take_words(plan::plan.weight_words);
  auto* const image = reinterpret_cast<unsigned char*>(take_words((input.bytes() + 3) / 4));
  std::uint32_t* const records = take_words(record_words * lowered::exits);
  std::uint32_t* const canonical = take_words(most_canonical_words<plan>());
  if (arena == nullptr || words == nullptr || image == nullptr || records == nullptr || canonical == nullptr) {
    print_network("too-large", Seed, p, lowered::exits);
    return board::print("0\n");
  }
  constexpr auto unit = offramp::make_fixed_factor(655.36);  // of logits: some hundredths
  for (std::size_t k = 0; k < lowered::exits; ++k) {
    std::uint32_t* const r = records + k * record_words;
    r[0] = r[1] = r[5] = 0;
    r[2] = 0x3c23d70a;  // 0.01f
    r[3] = static_cast<std::uint32_t>(unit.multiplier);
    r[4] = static_cast<std::uint32_t>(unit.shift);
  }
  noise r{static_cast<std::uint32_t>(Seed)};
  fill_tensor(r, input.extent, input.element, input.arrangement, image);
  const auto for_each_step = [](auto use) {
    [&]<int... I>(std::integer_sequence<int, I...>) { (use.template operator()<I>(), ...); }
    (std::make_integer_sequence<int, steps>{});
  };
  for_each_step([&]<int I>() {
    static constexpr offramp::step_desc s = plan::program.steps[I];
    fill_and_pack(r, s.op, canonical, words + s.weight_offset);
  });

  // No threshold is stored: every exit is computed and judged.
  const typename session::weights_type bound{words, records, record_words, 1, false};
  const typename session::input_view view{
      *reinterpret_cast<const typename session::input_element(*)[session::input_size]>(image)};
  const stamp_cost stamping = cost_of_stamps();
  const auto from = board::clock::now();
  volatile int label = classify<session>(bound, *arena, view);
  const std::uint64_t whole = without_overhead(offramp::elapsed<board::clock>(from, board::clock::now()));
  static_cast<void>(label);
  print_network("network", Seed, p, lowered::exits);
  print_count(whole - stamping.of_network * steps);
  board::print("\n");
  for_each_step([&]<int I>() {
    static constexpr kernel_op op = plan::program.steps[I].op;
    const std::uint64_t took = stamps.took[I];
    board::print("step ");
    print_count(took > stamping.of_op ? took - stamping.of_op : 0);
    board::print(" ");
    print_op(op);
    board::print("\n");
    ++log.lines;
  });
}

// Is every number of the network an integer or a bit?
template <std::uint64_t Seed>
constexpr bool without_floats() {
  return latency_check::plan_of<Seed>.rest != offramp::kind::f32;
}

// `Count` seeds from First on; with floats only those that have them, else those that do not.
template <std::uint64_t First, int Count, bool Floats = false>
int run_networks() {
  if (!begin()) return 1;
  const auto one = []<std::uint64_t Seed>() {
    if constexpr (without_floats<Seed>() != Floats) measure_network<Seed>();
  };
  [&]<int... I>(std::integer_sequence<int, I...>) { (one.template operator()<First + I>(), ...); }
  (std::make_integer_sequence<int, Count>{});
  end();
  return 0;
}

}  // namespace board_profile

#endif
