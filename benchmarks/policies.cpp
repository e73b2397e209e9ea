// what: every exit criterion under every reuse policy on the shipped network: exits in integers and in floats, accuracy
// Gates and ensembles are fitted on the first half of the test images; accuracy and cost are those of the second half.
// The full test part where OFFRAMP_DATA_DIR is set, else the slice.
#include <algorithm>
#include <iostream>

#include <offramp/host.hpp>

#include "benchmarks/goals.hpp"
#include "fashion_mnist/network.hpp"
#include "fashion_mnist/weights.hpp"

using namespace offramp;
using fashion::device_net;

namespace {

constexpr int exits = device_net::exits;
constexpr int classes = device_net::classes;
using words = std::vector<std::uint32_t>;

std::uint32_t q16(double v) { return static_cast<std::uint32_t>(static_cast<std::int32_t>(v * 65536)); }

// The same logits in real units, as a float network would give them.
host::exit_outputs in_floats(const host::exit_outputs& heads) {
  host::exit_outputs r = heads;
  r.integer_logits.clear();
  for (std::size_t k = 0; k < exits; ++k) {
    std::vector<float> z;
    for (const std::int32_t v : heads.integer_logits[k]) z.push_back(static_cast<float>(v * heads.scale[k]));
    r.real_logits.push_back(z);
    r.scale[k] = 1;
    r.unit[k] = {};
  }
  return r;
}

struct comparison {
  host::table table{{"reuse", "criterion", "same exit", "left early %", "accuracy %", "OPs of full %"}};
  double least_share = 1;

  // `one` holds the words of one exit: all exits get them.
  template <class Criterion>
  void row(const std::string& reuse, const std::string& name, const host::exit_outputs& integers,
           const host::exit_outputs& floats, const words& one) {
    words all;
    for (int k = 0; k < exits; ++k) all.insert(all.end(), one.begin(), one.end());
    const auto x = host::exits_taken<Criterion, classes>(integers, all);
    const auto y = host::exits_taken<Criterion, classes>(floats, all);
    std::size_t same = 0;
    for (std::size_t i = 0; i < x.size(); ++i) same += x[i] == y[i] ? 1 : 0;
    least_share = std::min(least_share, static_cast<double>(same) / static_cast<double>(x.size()));
    int early = 0;
    int right = 0;
    double ops = 0;
    const std::size_t first = x.size() / 2;  // nothing was fitted on these
    for (std::size_t i = first; i < x.size(); ++i) {
      early += x[i] + 1 < exits ? 1 : 0;
      right += integers.label[x[i]][i] == integers.truth[i] ? 1 : 0;
      ops += static_cast<double>(integers.ops[x[i]]);
    }
    const auto n = static_cast<double>(x.size() - first);
    table.add({reuse, name, std::to_string(same) + " of " + std::to_string(x.size()), host::fixed(100 * early / n, 1),
               host::fixed(100 * right / n, 2),
               host::fixed(100 * ops / n / static_cast<double>(integers.full_ops), 1)});
  }

  void rows(const std::string& reuse, const host::exit_outputs& integers, const host::exit_outputs& floats,
            const words& gate) {
    words gated{q16(0.5)};
    gated.insert(gated.end(), gate.begin(), gate.begin() + 4);
    words both{q16(0.7), q16(0.5)};
    both.insert(both.end(), gate.begin(), gate.begin() + 4);
    words each;
    for (int c = 0; c < classes; ++c) each.push_back(q16(0.6 + 0.03 * c));
    row<max_softmax>(reuse, "max_softmax", integers, floats, {q16(0.8)});
    row<logit_margin>(reuse, "logit_margin", integers, floats, {q16(2.0)});
    row<entropy>(reuse, "entropy", integers, floats, {q16(0.7)});
    row<patience>(reuse, "patience", integers, floats, {q16(1)});
    row<learned_gate>(reuse, "learned_gate", integers, floats, gated);
    row<per_class<max_softmax>>(reuse, "per_class<max_softmax>", integers, floats, each);
    row<all_of<max_softmax, learned_gate>>(reuse, "all_of<max_softmax, learned_gate>", integers, floats, both);
    row<any_of<entropy, patience>>(reuse, "any_of<entropy, patience>", integers, floats, {q16(0.8), q16(1)});
  }
};

}  // namespace

int main() try {
  const host::labelled_images test = host::fashion_mnist(host::find_data("fashion-mnist")).test;
  const bound_weights<device_net, path::portable> weights = garment_weights;
  host::thread_pool pool;
  const host::exit_outputs heads = host::run_all_exits(weights, test, pool);
  const host::exit_outputs fitting = host::run_all_exits(weights, test.slice(0, test.count() / 2), pool);
  const host::exit_outputs real_heads = in_floats(heads);
  std::vector<host::head_logits> integer_units;
  std::vector<host::head_logits> float_units;
  for (const double s : heads.scale) {
    integer_units.push_back({s, 1 << 20, false});  // a head here sums up at most 512 products of 8 bits, and a bias
    float_units.push_back({1, 0, true});
  }
  comparison all;
  const auto compare = [&]<class Reuse>(const std::string& name, const host::reuse_plan& integers,
                                        const host::reuse_plan& floats) {
    const auto judge = [](const host::exit_outputs& o, const host::reuse_plan& p) {
      return host::with_reuse<Reuse, exits, classes>(o, p.words, p.scale);
    };
    all.rows(name, judge(heads, integers), judge(real_heads, floats), host::fit_gate(judge(fitting, integers)));
  };
  all.rows("no_reuse", heads, real_heads, host::fit_gate(fitting));
  const auto fitted = host::fit_ensemble(fitting);
  compare.operator()<geometric_ensemble>("geometric_ensemble", host::geometric_words(fitted, integer_units),
                                         host::geometric_words(fitted, float_units));
  const std::vector<double> half{0.5};
  compare.operator()<additive>("additive", host::additive_words(half, integer_units),
                               host::additive_words(half, float_units));
  std::cout << all.table << '\n';
  bench::goals reached;
  reached.at_least("same_exit_in_integers_and_floats", 100 * all.least_share, 99.9, "%");
  std::cout << reached;
  return reached.all_pass() ? 0 : 1;
} catch (const host::error& e) {
  std::cerr << "policies: " << e.what() << '\n';
  return 1;
}
