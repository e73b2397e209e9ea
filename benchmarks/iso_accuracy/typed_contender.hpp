// A contender of a known type, on the best path of this CPU: the part that is compiled once per network.
#ifndef BENCHMARKS_ISO_ACCURACY_TYPED_CONTENDER_HPP
#define BENCHMARKS_ISO_ACCURACY_TYPED_CONTENDER_HPP

#include <algorithm>
#include <utility>

#include <offramp/host/calibrate.hpp>
#include <offramp/host/deployed.hpp>
#include <offramp/host/exit_outputs.hpp>
#include <offramp/host/export.hpp>
#include <offramp/host/quantize.hpp>
#include <offramp/paths/cortex_m_dsp.hpp>
#include <offramp/paths/native.hpp>
#include <offramp/timing/clocks/steady.hpp>

#include "benchmarks/iso_accuracy/contender.hpp"

namespace iso {

template <data D, arithmetic A, int Width, bool Exits>
class typed_contender final : public contender {
  using net = network<D, A, Width, Exits>;
  using device = lowered<D, A, Width, Exits>;
  using path = offramp::path::native;
  using firmware_path = offramp::path::cortex_m_dsp;
  using deployment = host::deployment<device::exits>;
  using deployed = host::deployed<device, path>;
  using session = typename deployed::session_type;

 public:
  typed_contender() : contender{D, A, Width, Exits} {}

  [[nodiscard]] offramp::network_view view() const override { return net::view(); }
  [[nodiscard]] offramp::op_cost cost() const override {
    return offramp::planned<device, path>::cost_to_exit(device::exits - 1);
  }

  outcome judge(const host::model& m, const host::dataset& images, double drop, host::thread_pool& pool) override {
    const host::quantized_model q = quantized(m, images, pool);
    const deployed ready{packed<path>(q, {}, images), name()};
    const auto weights = host::bind_or_throw<device, path>(ready.words(), name());
    const host::exit_outputs validation = host::run_all_exits(weights, images.validation, pool);
    const host::operating_point chosen = host::calibrate(validation, host::accuracy_drop{drop});
    const host::exit_outputs test = host::run_all_exits(weights, images.test, pool);
    const host::operating_point result = host::evaluate_thresholds(test, chosen.thresholds_q16);
    outcome o;
    o.thresholds_q16 = chosen.thresholds_q16;
    o.validation_accuracy = chosen.accuracy;
    for (int k = 0; k < device::exits; ++k) {
      o.exit_accuracy.push_back(host::exit_accuracy(test, k));
      o.left.push_back(static_cast<double>(result.left[static_cast<std::size_t>(k)]) / test.count());
    }
    for (std::size_t i = 0; i < test.truth.size(); ++i)
      o.right.push_back(test.label[host::exit_of(test, i, chosen.thresholds_q16)][i] == test.truth[i]);
    return o;
  }

  void deploy(const host::model& m, const host::dataset& images, const std::vector<std::int32_t>& thresholds_q16,
              host::thread_pool& pool) override {
    if (thresholds_q16.size() != static_cast<std::size_t>(device::exits))
      throw host::error(name() + ": found " + std::to_string(thresholds_q16.size()) + " thresholds, expected " +
                        std::to_string(device::exits));
    deployment d;
    std::copy(thresholds_q16.begin(), thresholds_q16.end(), d.thresholds.q16);
    const host::quantized_model q = quantized(m, images, pool);
    ready_ = std::make_unique<deployed>(packed<path>(q, d, images), name());
    firmware_words_ = packed<firmware_path>(q, d, images);
  }

  std::uint64_t time(const std::uint8_t* image) override {
    session& s = **ready_;
    const auto x = session::input_view::unchecked(image);
    const auto start = offramp::steady_clock::now();
    volatile int label = s.classify(x).label;  // volatile: the answer is part of what is timed
    static_cast<void>(label);
    return offramp::elapsed(start, offramp::steady_clock::now());
  }

  [[nodiscard]] std::string device_header(const host::labelled_images& test, int count) override {
    std::string text = host::header_text(firmware_words_, firmware_path::name, "ladder_weights", name());
    text += "\nnamespace answers {\ninline constexpr int images = " + std::to_string(count) + ";\n";
    std::string pixels, labels, scores;
    session& s = **ready_;
    for (int i = 0; i < count; ++i) {
      const std::uint8_t* const image = test.image(i);
      pixels += "{";
      for (std::size_t p = 0; p < test.image_size(); ++p) pixels += std::to_string(image[p]) + ",";
      pixels += "},\n";
      s.begin(session::input_view::unchecked(image));
      labels += "{";
      scores += "{";
      for (int k = 0; k < device::exits; ++k) {
        s.step();
        labels += std::to_string(s.best().label) + ",";
        scores += std::to_string(s.score()) + ",";
      }
      labels += "},";
      scores += "},";
    }
    const std::string exits = std::to_string(device::exits);
    text += "inline constexpr unsigned char pixels[images][" + std::to_string(test.image_size()) + "] = {\n" + pixels +
            "};\ninline constexpr short labels[images][" + exits + "] = {" + labels +
            "};\ninline constexpr std::int32_t scores_q16[images][" + exits + "] = {" + scores + "};\n}\n";
    return text;
  }

 private:
  static host::quantized_model quantized(const host::model& m, const host::dataset& images, host::thread_pool& pool) {
    return host::quantize(m, host::program_of<device>(), images.train.slice(0, std::min(512, images.train.count())),
                          pool);
  }
  template <class Path>
  static std::vector<std::uint32_t> packed(const host::quantized_model& q, const deployment& d,
                                           const host::dataset& images) {
    return host::pack_model<device, Path>(q, d, {images.validation.image(0), images.validation.image_size()});
  }

  std::unique_ptr<deployed> ready_;
  std::vector<std::uint32_t> firmware_words_;
};

template <data D, arithmetic A>
void append_ladder(contenders& to) {
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (
        [&] {
          to.push_back(std::make_unique<typed_contender<D, A, ladder_of<A>.widths[I], false>>());
          to.push_back(std::make_unique<typed_contender<D, A, ladder_of<A>.widths[I], true>>());
        }(),
        ...);
  }
  (std::make_index_sequence<4>{});
}

}  // namespace iso

#endif
