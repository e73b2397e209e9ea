// What layouts by a profile are worth on the CPU that it is of: single convolutions of signs, and networks of them, on
// a path and on the same path tuned. TUNED_HEADER is the profile's header, TUNED_PROFILE its name.
#include <offramp/paths/tuned.hpp>
#include <offramp/paths/x86.hpp>

#include TUNED_HEADER

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "benchmarks/goals.hpp"
#include "benchmarks/latency/random_network.hpp"
#include "benchmarks/networks/binary.hpp"
#include "benchmarks/networks/planned.hpp"

namespace {

using namespace offramp;
using base = decltype(TUNED_PROFILE)::path;
using tuned = path::tuned<TUNED_PROFILE>;
using networks::planned_program;

double median(std::vector<double> v) {
  std::sort(v.begin(), v.end());
  return v.empty() ? std::nan("") : v[v.size() / 2];
}

// Minima of two in turns, microseconds, and the median of their ratios.
struct duel {
  double first_us = 1e30, second_us = 1e30, ratio = 0;
};
template <class First, class Second>
duel measure(First first, Second second, int rounds) {
  duel d;
  std::vector<double> ratios;
  for (int r = 0; r < rounds; ++r) {
    const double a = peers::measure(first, 0.01).min_us, b = peers::measure(second, 0.01).min_us;
    d.first_us = std::min(d.first_us, a);
    d.second_us = std::min(d.second_us, b);
    ratios.push_back(a / b);
  }
  d.ratio = median(ratios);
  return d;
}

// ---- one convolution of signs in both layouts

constexpr kernel_op in_layout(window w, layout l) {
  return {{op_kind::conv, kind::bits, kind::bits, kind::bits, false, l, l}, w};
}
constexpr double work_of(const window& w) { return static_cast<double>(w.out.size()) * w.depth() / 64; }

// The I-th that is drawn, as layers have them, of some thousand to some hundred thousand OPs.
template <int I>
inline constexpr window drawn = [] {
  profile_cpu::draws d{900000 + I};
  for (;;) {
    const window w = profile_cpu::conv_window(d);
    if (w.out.h > 0 && w.out.w > 0 && work_of(w) > 2000 && work_of(w) < 400e3 &&
        kernels::reckoned<base>(in_layout(w, layout::nhwc)).loops > 0 &&
        kernels::reckoned<base>(in_layout(w, layout::bit_rows)).loops > 0)
      return w;
  }
}();

template <window W, layout L>
class one_conv {
  static constexpr kernel_op op = in_layout(W, L);
  static constexpr op_signature to_rows{op_kind::convert, kind::bits, kind::none, kind::bits, false, layout::nhwc, L};
  static constexpr op_signature from_rows{op_kind::convert, kind::bits, kind::none, kind::bits, false, L, layout::nhwc};

 public:
  one_conv()
      : in_{peers::memory<char>(tensor_bytes(W.in, kind::bits, L))}, out_{peers::memory<char>(
                                                                         tensor_bytes(W.out, kind::bits, L))},
        scratch_{peers::memory<char>(kernels::scratch_bytes<base>(op))}, weights_{peers::memory<std::uint32_t>(
                                                                             kernels::weight_words<base>(op))} {
    auto* const plain = peers::memory<std::uint32_t>(tensor_bytes(W.in, kind::bits, layout::nhwc) / 4);
    auto* const canonical = peers::memory<std::uint32_t>(kernels::canonical_layout(op).total());
    offramp_test::random_numbers r{99};
    offramp_test::fill_tensor(r, W.in, kind::bits, plain);
    kernels::run<path::reference, to_rows>(dynamic_geometry{profile_cpu::whole(W.in)}, {plain, nullptr, in_, nullptr});
    networks::fill_weights(7, op, canonical);
    kernels::pack<base>(op, canonical, weights_);
    std::free(plain);
    std::free(canonical);
  }
  ~one_conv() {
    for (void* p : {static_cast<void*>(in_), static_cast<void*>(out_), static_cast<void*>(scratch_)}) std::free(p);
    std::free(weights_);
  }
  one_conv(const one_conv&) = delete;
  one_conv& operator=(const one_conv&) = delete;

  void run() const { kernels::run<base, op.signature>(static_geometry<W>{}, {in_, weights_, out_, scratch_}); }
  [[nodiscard]] std::vector<std::uint32_t> result() const {
    run();
    std::vector<std::uint32_t> words(tensor_bytes(W.out, kind::bits, layout::nhwc) / 4);
    const dynamic_geometry whole{profile_cpu::whole(W.out)};
    kernels::run<path::reference, from_rows>(whole, {out_, nullptr, words.data(), nullptr});
    return words;
  }
  static double predicted_us() {
    return op_latency(TUNED_PROFILE.data,
                      features<base>(op, static_cast<std::int64_t>(4 * kernels::weight_words<base>(op)))) /
           1000;
  }

 private:
  char *in_, *out_, *scratch_;
  std::uint32_t* weights_;
};

struct tally {
  double best_us = 0, rule_us = 0, profile_us = 0;  // sums over ops of logarithms of the layout's time
  int count = 0, rule_right = 0, profile_right = 0;
  std::vector<double> error;
};

template <int I>
void compare_layouts(tally& t) {
  constexpr window w = drawn<I>;
  constexpr bool rule = kernels::reads<base>(in_layout(w, layout::nhwc)) == layout::bit_rows;
  constexpr bool profile = kernels::reads<tuned>(in_layout(w, layout::nhwc)) == layout::bit_rows;
  const one_conv<w, layout::nhwc> words;
  const one_conv<w, layout::bit_rows> rows;
  if (words.result() != rows.result()) {
    std::fprintf(stderr, "tuned: convolution %d differs between layouts\n", I);
    std::exit(1);
  }
  const duel d = measure([&] { words.run(); }, [&] { rows.run(); }, 5);
  const double took[] = {d.first_us, d.second_us}, best = std::min(took[0], took[1]);
  t.best_us += std::log(best);
  t.rule_us += std::log(took[rule ? 1 : 0]);
  t.profile_us += std::log(took[profile ? 1 : 0]);
  ++t.count;
  t.rule_right += took[rule ? 1 : 0] == best ? 1 : 0;
  t.profile_right += took[profile ? 1 : 0] == best ? 1 : 0;
  const double words_error = words.predicted_us() / took[0] - 1, rows_error = rows.predicted_us() / took[1] - 1;
  t.error.push_back(std::fabs(words_error));
  t.error.push_back(std::fabs(rows_error));
  std::printf(
      "%3dx%-3d %4d -> %-4d %dx%d  nhwc %8.2f us (%+3.0f %%)  bit_rows %8.2f us (%+3.0f %%)  rule %-8s profile %s\n",
      w.in.h, w.in.w, w.in.c, w.out.c, w.kernel_h, w.kernel_w, took[0], 100 * words_error, took[1], 100 * rows_error,
      rule ? "bit_rows" : "nhwc", profile ? "bit_rows" : "nhwc");
}

// ---- networks

// Ops of two plans of one network whose layouts differ, conversions apart.
template <class Lowered>
constexpr int layouts_that_differ() {
  using a = planned<Lowered, base>;
  using b = planned<Lowered, tuned>;
  int n = 0, j = 0;
  for (int i = 0; i < a::steps; ++i) {
    const op_signature& s = a::program.steps[i].op.signature;
    if (s.what == op_kind::convert) continue;
    while (b::program.steps[j].op.signature.what == op_kind::convert) ++j;
    const op_signature& other = b::program.steps[j++].op.signature;
    if (s.in_layout != other.in_layout) ++n;
  }
  return n;
}
template <class Lowered, class Path>
constexpr int conversions() {
  int n = 0;
  for (int i = 0; i < planned<Lowered, Path>::steps; ++i)
    n += planned<Lowered, Path>::program.steps[i].op.signature.what == op_kind::convert ? 1 : 0;
  return n;
}

struct gains {
  int networks = 0;
  std::vector<double> logs;  // of those whose layouts differ
};

template <class Lowered>
void compare_network(const std::string& name, gains& all) {
  ++all.networks;
  if constexpr (layouts_that_differ<Lowered>() == 0) {
    return;
  } else {
    const planned_program<Lowered, base> a;
    const planned_program<Lowered, tuned> b;
    a.run();
    b.run();
    if (std::memcmp(a.logits(), b.logits(), static_cast<std::size_t>(a.classes()) * 4) != 0) {
      std::fprintf(stderr, "tuned: %s: logits differ\n", name.c_str());
      std::exit(1);
    }
    const duel d = measure([&] { a.run(); }, [&] { b.run(); }, 15);
    const double predicted =
        latency<Lowered>(TUNED_PROFILE).longest_path / latency<Lowered>(tuned::profile).longest_path;
    all.logs.push_back(std::log(d.ratio));
    std::printf("%-12s %2d layouts differ, conversions %d -> %d: %8.2f us -> %8.2f us, ratio %.3f (predicted %.3f)\n",
                name.c_str(), layouts_that_differ<Lowered>(), conversions<Lowered, base>(),
                conversions<Lowered, tuned>(), d.first_us, d.second_us, d.ratio, predicted);
    std::fflush(stdout);
  }
}

constexpr std::uint64_t first_seed = 6000;  // of networks that neither profile_cpu nor latency draws
template <int I>
void compare_random(gains& all) {
  constexpr std::uint64_t seed = first_seed + 4 * I;  // one style in four is of signs
  compare_network<latency_check::random_lowered<seed>>("random " + std::to_string(seed), all);
}

}  // namespace

int main() {
  if (!kernels::runs_here<tuned>()) return 77;
  std::printf("%s; %s against %s, profile \"%s\"; %s %s\n\n", bench::cpu_name().c_str(), tuned::name, base::name,
              TUNED_PROFILE.data.name, "g++ " __VERSION__, OFFRAMP_FLAGS);
  std::printf("Convolutions of signs in both layouts (in brackets: how far the profile's prediction is off)\n");
  tally t;
  [&]<int... I>(std::integer_sequence<int, I...>) { (compare_layouts<I>(t), ...); }
  (std::make_integer_sequence<int, 48>{});
  const double rule = std::exp((t.rule_us - t.best_us) / t.count),
               profile = std::exp((t.profile_us - t.best_us) / t.count);
  std::printf("the faster layout: rule %d, profile %d of %d; time against it: rule %.3f, profile %.3f; "
              "median error of predictions %.0f %%\n\n",
              t.rule_right, t.profile_right, t.count, rule, profile, 100 * median(t.error));
  std::printf("Networks whose layouts differ\n");
  gains all;
  compare_network<networks::binary_resnet8>("resnet8", all);
  compare_network<networks::binary_resnet8_shortcuts>("resnet8+", all);
  compare_network<networks::binary_b_lenet>("b_lenet", all);
  [&]<int... I>(std::integer_sequence<int, I...>) { (compare_random<I>(all), ...); }
  (std::make_integer_sequence<int, 64>{});
  double sum = 0;
  for (const double l : all.logs) sum += l;
  const double mean = all.logs.empty() ? 1 : std::exp(sum / static_cast<double>(all.logs.size()));
  std::printf("%zu of %d networks differ; geometric mean of their ratios %.3f\n\n", all.logs.size(), all.networks,
              mean);
  bench::goals reached;
  reached.at_most("layout_by_profile_against_best", profile, 1.03, "x", 3);
  reached.at_least("network_speedup_where_layouts_differ", mean, 1.0, "x", 3);
  std::cout << reached;
  return reached.all_pass() ? 0 : 1;
}
