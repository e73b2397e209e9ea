// A small network with three exits, and its model under any exit policies: what the tests of policies in sessions run.
#ifndef OFFRAMP_TESTS_EXITS_POLICY_MODEL_HPP
#define OFFRAMP_TESTS_EXITS_POLICY_MODEL_HPP

#include <cstdint>
#include <vector>

#include <offramp/exits/policies.hpp>
#include <offramp/host/policy_words.hpp>
#include <offramp/host/quantize.hpp>
#include <offramp/offramp.hpp>

#include "tests/support/random_model.hpp"

namespace offramp_test {

using namespace offramp;

inline constexpr int exits = 3;
inline constexpr int classes = 4;
using net = network<image<5, 5, 1>, stage<conv2d<6, 3>, batch_norm>, exit_head<classes>,
                    stage<sign, conv2d<8, 3, binary>, batch_norm, sign>, exit_head<classes>,
                    stage<conv2d<6, 1, binary>, batch_norm, relu>, exit_head<classes>>;
inline constexpr int all_images = 24;
using here = path::portable;

inline const host::labelled_images& images() {
  static const auto set = offramp_test::random_images({5, 5, 1}, classes, all_images, 500);
  return set;
}
template <class Lowered>
const host::quantized_model& quantized() {
  static const auto q = host::quantize<Lowered>(offramp_test::random_model(net::view(), 501, false), images(), 1);
  return q;
}

// A model of the network with other policies' words in its records, without packing it anew.
template <class Lowered, class Criterion, class Reuse>
class policy_model {
 public:
  using bound = bound_weights<Lowered, here, Criterion, Reuse>;

  explicit policy_model(std::uint64_t stream) : numbers_{stream} {
    static const std::vector<std::uint32_t> base =
        host::pack_model<Lowered, here>(quantized<Lowered>(), {}, {images().image(0), 25});
    const auto plain = format::view_of<Lowered, here, max_softmax, no_reuse>(base.data());
    ops_ = plain.ops;
    const host::reuse_plan plan = host::default_words<Reuse>(classes, host::heads_of(quantized<Lowered>()));
    for (int k = 0; k < exits; ++k) {
      const auto at = static_cast<std::size_t>(k);
      const fixed_factor unit = make_fixed_factor(plan.scale[at] * 65536.0);
      for (const std::uint32_t w :
           {plain.record(k).words[0], plain.record(k).words[1],
            __builtin_bit_cast(std::uint32_t, static_cast<float>(plan.scale[at])),
            static_cast<std::uint32_t>(unit.multiplier), static_cast<std::uint32_t>(unit.shift)})
        records_.push_back(w);
      for (int i = 0; i < criterion_words; ++i)
        records_.push_back(i < thresholds ? 0u : static_cast<std::uint32_t>(numbers_.between(-200000, 200000)));
      records_.insert(records_.end(), plan.words.begin() + k * reuse_words, plan.words.begin() + (k + 1) * reuse_words);
    }
  }
  // For the network cut behind any exit, too.
  template <class Shorter>
  [[nodiscard]] bound_weights<Shorter, here, Criterion, Reuse> weights() const {
    return {ops_, records_.data(), static_cast<std::uint32_t>(records_.size() / exits),
            static_cast<std::uint32_t>(criterion_words), true};
  }
  // Thresholds that random answers pass now and then, on whatever scale.
  std::int32_t some_threshold() {
    if (numbers_.one_in(4)) return numbers_.between(0, 2) * 65536;
    if (numbers_.one_in(3)) return numbers_.between(1, 2) << numbers_.between(14, 29);  // margins know no limit
    return numbers_.between(15000, 66000);
  }
  void store(const exit_thresholds<exits, detail::thresholds_of<Criterion, classes>()>& t) {
    for (int k = 0; k < exits; ++k)
      for (int i = 0; i < thresholds; ++i)
        records_[static_cast<std::size_t>(k) * (records_.size() / exits) + exit_record_view::fixed_words +
                 static_cast<std::size_t>(i)] = static_cast<std::uint32_t>(t.q16[k * thresholds + i]);
  }

  static constexpr int thresholds = detail::thresholds_of<Criterion, classes>();
  static constexpr int criterion_words = detail::words_of<Criterion, classes>();
  static constexpr int reuse_words = format::reuse_words<Reuse, exits, classes>();

 private:
  const std::uint32_t* ops_ = nullptr;
  std::vector<std::uint32_t> records_;
  offramp_test::random_numbers numbers_;
};

inline bool same(const prediction& a, const prediction& b) {
  return a.label == b.label && a.exit == b.exit && a.why == b.why && a.probability_q16 == b.probability_q16 &&
         a.spent == b.spent;
}

}  // namespace offramp_test

#endif
