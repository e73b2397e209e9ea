// A binary network of the study as it would be deployed: quantized, packed, bound, run on path portable.
#ifndef BENCHMARKS_STUDY_RUN_IN_INTEGERS_HPP
#define BENCHMARKS_STUDY_RUN_IN_INTEGERS_HPP

#include <algorithm>

#include <offramp/host/deployed.hpp>
#include <offramp/host/export.hpp>
#include <offramp/host/quantize.hpp>

#include "benchmarks/study/subject.hpp"

namespace study {

template <class Net>
judged run_in_integers(const host::model& m, const host::dataset& data, host::thread_pool& pool) {
  using device = offramp::lower<Net, offramp::i8>;
  using path = offramp::path::portable;
  const host::quantized_model q =
      host::quantize(m, host::program_of<device>(), data.train.slice(0, std::min(512, data.train.count())), pool);
  const host::deployed<device, path> ready{host::pack_model<device, path>(
      q, host::deployment<device::exits>{}, {data.validation.image(0), data.validation.image_size()})};
  const auto weights = host::bind_or_throw<device, path>(ready.words(), "study");
  return {host::run_all_exits(weights, data.validation, pool), host::run_all_exits(weights, data.test, pool)};
}

}  // namespace study

#endif
