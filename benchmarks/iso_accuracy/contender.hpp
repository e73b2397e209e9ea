// One network of the ladder as the benchmark's steps see it, whatever its type: what they ask of it, and its names.
#ifndef BENCHMARKS_ISO_ACCURACY_CONTENDER_HPP
#define BENCHMARKS_ISO_ACCURACY_CONTENDER_HPP

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <offramp/host/dataset.hpp>
#include <offramp/host/model.hpp>
#include <offramp/host/parallel.hpp>

#include "benchmarks/iso_accuracy/networks.hpp"

namespace iso {

namespace host = offramp::host;

// What a network answers on the test part, with thresholds from the validation part.
struct outcome {
  std::vector<std::int32_t> thresholds_q16;  // [exit]
  std::vector<double> exit_accuracy;         // [exit], every image judged there
  std::vector<double> left;                  // [exit], share of the images
  std::vector<bool> right;                   // [image], of the adaptive stream
  double validation_accuracy = 0;            // of the adaptive stream
};

class contender {
 public:
  contender(data d, arithmetic a, int w, bool e) : set{d}, kind{a}, width{w}, adaptive{e} {}
  contender(const contender&) = delete;
  contender& operator=(const contender&) = delete;
  virtual ~contender() = default;

  const data set;
  const arithmetic kind;
  const int width;
  const bool adaptive;  // with early exits

  // fashion_mnist_int8_w8_exits
  [[nodiscard]] std::string name() const { return called(name_of(kind)); }
  // Of the file with its parameters: int8 networks are float ones, quantized.
  [[nodiscard]] std::string trained_name() const {
    return "iso_" + called(name_of(kind == arithmetic::i8 ? arithmetic::f32 : kind));
  }
  // How C++ names it.
  [[nodiscard]] std::string arguments() const {
    const char* const k = kind == arithmetic::f32 ? "f32" : kind == arithmetic::i8 ? "i8" : "bits";
    return std::string{"iso::data::"} + name_of(set) + ", iso::arithmetic::" + k + ", " + std::to_string(width) +
           (adaptive ? ", true" : ", false");
  }

  [[nodiscard]] virtual offramp::network_view view() const = 0;
  [[nodiscard]] virtual offramp::op_cost cost() const = 0;  // to the last exit, all heads

  // Quantizes, chooses thresholds that lose at most `drop` on the validation part, answers the test part.
  virtual outcome judge(const host::model& m, const host::dataset& images, double drop, host::thread_pool& pool) = 0;
  // Makes it ready to run with given thresholds.
  virtual void deploy(const host::model& m, const host::dataset& images,
                      const std::vector<std::int32_t>& thresholds_q16, host::thread_pool& pool) = 0;
  // Nanoseconds of one classification. Needs deploy.
  virtual std::uint64_t time(const std::uint8_t* image) = 0;
  // A header for the device: weights, the first `count` test images, the host's answers at every exit. Needs deploy.
  [[nodiscard]] virtual std::string device_header(const host::labelled_images& test, int count) = 0;

 private:
  [[nodiscard]] std::string called(const char* k) const {
    return std::string{name_of(set)} + "_" + k + "_w" + std::to_string(width) + (adaptive ? "_exits" : "_plain");
  }
};

using contenders = std::vector<std::unique_ptr<contender>>;

// Appends the eight networks of a ladder. Defined for every data set and arithmetic, one source file each.
template <data D, arithmetic A>
void append_ladder(contenders& to);

extern template void append_ladder<data::fashion_mnist, arithmetic::f32>(contenders&);
extern template void append_ladder<data::fashion_mnist, arithmetic::i8>(contenders&);
extern template void append_ladder<data::fashion_mnist, arithmetic::bits>(contenders&);
extern template void append_ladder<data::cifar10, arithmetic::f32>(contenders&);
extern template void append_ladder<data::cifar10, arithmetic::i8>(contenders&);
extern template void append_ladder<data::cifar10, arithmetic::bits>(contenders&);

}  // namespace iso

#endif
