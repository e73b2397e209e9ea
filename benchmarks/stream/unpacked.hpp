// The canonical words of a model that was packed for another path, where packing only moves words: numbers are packed
// in their stead, and where each arrives says where a word came from.
#ifndef BENCHMARKS_STREAM_UNPACKED_HPP
#define BENCHMARKS_STREAM_UNPACKED_HPP

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include <offramp/host/deployed.hpp>
#include <offramp/host/error.hpp>
#include <offramp/kernels/dispatch.hpp>
#include <offramp/model/bind.hpp>

namespace stream {

// `words`: a model of Lowered packed for From. Throws where From packs an op so that words do not survive whole.
template <class Lowered, class From>
std::vector<std::uint32_t> unpacked(std::span<const std::uint32_t> words, const std::string& name) {
  using namespace offramp;
  using from = planned<Lowered, From>;
  using to = planned<Lowered, path::reference>;
  static_cast<void>(host::bind_or_throw<Lowered, From>(words, name));
  const auto refuse = [&](int step) {
    throw host::error(name + ": op " + std::to_string(step) + " is packed for path " + From::name +
                      " in a form that cannot be taken back, expected one that only moves words");
  };
  if (from::steps != to::steps || from::plan.weight_words != to::plan.weight_words) refuse(0);
  std::vector<std::uint32_t> canonical(words.begin(), words.end());
  const std::size_t ops = format::sections_in(words.data()).ops;
  for (int i = 0; i < from::steps; ++i) {
    const step_desc &a = from::program.steps[i], &b = to::program.steps[i];
    const std::size_t n = kernels::weight_words<path::reference>(b.op);
    if (kernels::weight_words<From>(a.op) != n) refuse(i);
    std::vector<std::uint32_t> numbers(n), arrived(n);
    std::iota(numbers.begin(), numbers.end(), 0u);
    kernels::pack<From>(a.op, numbers.data(), arrived.data());
    std::vector<bool> seen(n);
    for (std::size_t k = 0; k < n; ++k) {
      if (arrived[k] >= n || seen[arrived[k]]) refuse(i);
      seen[arrived[k]] = true;
      canonical[ops + b.weight_offset + arrived[k]] = words[ops + a.weight_offset + k];
    }
  }
  canonical[format::word::path] = format::path_word(path::reference::id, path::reference::version);
  canonical.back() = crc32(canonical.data(), canonical.size() - 1);
  return canonical;
}

}  // namespace stream

#endif
