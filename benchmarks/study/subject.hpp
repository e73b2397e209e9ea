// What the study looks at: a data set and an arithmetic, as data. Everything after this file works on descriptions of
// networks; only the run in integers needs types, and is compiled apart, one file per data set.
#ifndef BENCHMARKS_STUDY_SUBJECT_HPP
#define BENCHMARKS_STUDY_SUBJECT_HPP

#include <string>
#include <vector>

#include <offramp/host/cifar10.hpp>
#include <offramp/host/dataset.hpp>
#include <offramp/host/evaluated_outputs.hpp>
#include <offramp/host/exit_outputs.hpp>
#include <offramp/host/fashion_mnist.hpp>
#include <offramp/host/lowered_program.hpp>
#include <offramp/host/model.hpp>
#include <offramp/host/parallel.hpp>

#include "benchmarks/study/networks.hpp"

namespace study {

namespace host = offramp::host;

// Outputs of all exits on the validation and the test part.
struct judged {
  host::exit_outputs validation, test;
};

// Quantizes the model for lower<Net, i8> and runs that. Instantiated in fashion_mnist.cpp and cifar10.cpp.
template <class Net>
judged run_in_integers(const host::model& m, const host::dataset& data, host::thread_pool& pool);

using integer_run = judged (*)(const host::model&, const host::dataset&, host::thread_pool&);

struct contender {
  offramp::network_view net;
  host::exit_costs costs;
  integer_run integers = nullptr;  // null: float networks are judged as trained
};

struct subject {
  std::string data, arithmetic;
  contender last, alone, cascade;
  int epochs = 1, head_epochs = 1;  // of a whole network, and of heads on a frozen one
  int shift = 1;                    // augmentation

  [[nodiscard]] std::string name() const { return data + "." + arithmetic; }
  [[nodiscard]] const contender& with(heads h) const {
    return h == heads::last ? last : h == heads::alone ? alone : cascade;
  }
};

namespace detail {

template <class Net>
contender float_contender() {
  return {Net::view(), host::costs_of<offramp::lower<Net, offramp::f32>>(), nullptr};
}
template <class Net>
contender binary_contender() {
  return {Net::view(), host::costs_of<offramp::lower<Net, offramp::i8>>(), &run_in_integers<Net>};
}

}  // namespace detail

inline std::vector<subject> subjects() {
  using enum heads;
  const auto floats = []<template <heads> class Net>(subject s) {
    s.last = detail::float_contender<Net<last>>();
    s.alone = detail::float_contender<Net<alone>>();
    s.cascade = detail::float_contender<Net<cascade>>();
    return s;
  };
  const auto bits = []<template <heads> class Net>(subject s) {
    s.last = detail::binary_contender<Net<last>>();
    s.alone = detail::binary_contender<Net<alone>>();
    s.cascade = detail::binary_contender<Net<cascade>>();
    return s;
  };
  return {floats.template operator()<float_garments>({"fashion_mnist", "float", {}, {}, {}, 10, 6, 1}),
          bits.template operator()<binary_garments>({"fashion_mnist", "binary", {}, {}, {}, 14, 8, 1}),
          floats.template operator()<float_photographs>({"cifar10", "float", {}, {}, {}, 16, 8, 2}),
          bits.template operator()<binary_photographs>({"cifar10", "binary", {}, {}, {}, 20, 10, 2})};
}

// The parts of a data set; the train part may be cut to its first `images` (0: all).
inline host::dataset load(const std::string& data, int images) {
  host::dataset d = data == "cifar10" ? host::cifar10(host::find_data("cifar10"))
                                      : host::fashion_mnist(host::find_data("fashion-mnist"));
  if (images > 0 && images < d.train.count()) d.train = d.train.slice(0, images);
  return d;
}

}  // namespace study

#endif
