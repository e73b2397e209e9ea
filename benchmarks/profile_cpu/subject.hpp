// What can be timed, without its types: an op with its compiled function, or a network with its ops and its session.
// Parts of the program (one unit each) hand out lists of them.
#ifndef BENCHMARKS_PROFILE_CPU_SUBJECT_HPP
#define BENCHMARKS_PROFILE_CPU_SUBJECT_HPP

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <offramp/kernels/dispatch.hpp>
#include <offramp/latency/features.hpp>

#include "benchmarks/profile_cpu/geometries.hpp"
#include "benchmarks/profile_cpu/paths.hpp"

namespace profile_cpu {

using offramp::op_features;
namespace kernels = offramp::kernels;

struct op_subject {
  kernel_op op{};
  op_features features{};
  std::size_t weight_words = 0, scratch_bytes = 0;
  void (*pack)(const kernel_op&, const std::uint32_t* canonical, std::uint32_t* packed) = nullptr;
  void (*run)(const kernels::arguments&) = nullptr;
};

template <class Path>
op_subject describe(const kernel_op& op, void (*run)(const kernels::arguments&)) {
  op_subject s;
  s.op = op;
  s.weight_words = kernels::weight_words<Path>(op);
  s.scratch_bytes = kernels::scratch_bytes<Path>(op);
  s.features = offramp::features<Path>(op, static_cast<std::int64_t>(4 * s.weight_words));
  s.pack = [](const kernel_op& o, const std::uint32_t* from, std::uint32_t* to) { kernels::pack<Path>(o, from, to); };
  s.run = run;
  return s;
}

template <class Path, op_class Class, int Index>
inline constexpr kernel_op sample = sample_op<Path>(Class, Index, count_of(Class));

template <class Path, op_class Class, int Index>
void run_sample(const kernels::arguments& a) {
  static constexpr kernel_op op = sample<Path, Class, Index>;
  kernels::run<Path, op.signature>(offramp::static_geometry<op.geometry>{}, a);
}

// Every `Parts`-th op of the class from number `Part` on, for the path of this name.
template <op_class Class, int Part = 0, int Parts = 1>
std::vector<op_subject> samples_of(std::string_view path) {
  std::vector<op_subject> all;
  paths::for_each([&]<class P>() {
    if (path != P::name) return;
    [&]<int... I>(std::integer_sequence<int, I...>) {
      // Not a fold: clang nests those 256 deep at most.
      const op_subject each[] = {
          describe<P>(sample<P, Class, Part + I * Parts>, &run_sample<P, Class, Part + I * Parts>)...};
      all.insert(all.end(), std::begin(each), std::end(each));
    }
    (std::make_integer_sequence<int, (count_of(Class) - Part + Parts - 1) / Parts>{});
  });
  return all;
}

// One per unit.
std::vector<op_subject> binary_convs_0(std::string_view path);
std::vector<op_subject> binary_convs_1(std::string_view path);
std::vector<op_subject> binary_convs_2(std::string_view path);
std::vector<op_subject> binary_convs_3(std::string_view path);
std::vector<op_subject> integer_convs(std::string_view path);
std::vector<op_subject> float_convs(std::string_view path);
std::vector<op_subject> other_convs(std::string_view path);
std::vector<op_subject> small_ops(std::string_view path);

}  // namespace profile_cpu

#endif
