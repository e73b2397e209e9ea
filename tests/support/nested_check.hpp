// Levels of a nested network on shared weights against small networks with the copied slice, for tests/elastic.
#ifndef OFFRAMP_TESTS_SUPPORT_NESTED_CHECK_HPP
#define OFFRAMP_TESTS_SUPPORT_NESTED_CHECK_HPP

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <offramp/host/deployed.hpp>
#include <offramp/host/nested_model.hpp>
#include <offramp/offramp.hpp>

#include "tests/support/random_model.hpp"

namespace offramp_test {

using namespace offramp;

// DS-CNN-like: int8, odd widths.
using separable =
    network<image<12, 10, 1>,
            stage<conv2d<24, kernel{5, 3}, stride{2}>, batch_norm, relu, depthwise_conv2d<3>, batch_norm, relu,
                  conv2d<40, 1>, batch_norm, relu>,
            exit_head<5>, stage<depthwise_conv2d<3>, batch_norm, relu, conv2d<24, 1>, batch_norm, relu>, exit_head<5>>;
using separable_family = nested<separable, widths<5, 9, 7>, widths<12, 20, 16>, widths<17, 33, 16>>;

// Binary streams that grow.
using residuals =
    network<image<12, 12, 3>,
            stage<conv2d<96, 3, stride{2}>, batch_norm, residual<sign, conv2d<96, 3, binary>, batch_norm>>,
            exit_head<5, avg_pool<2>>,
            stage<residual<sign, conv2d<192, 3, binary, stride{2}>, batch_norm>, batch_norm, sign,
                  conv2d<128, 1, binary>, batch_norm, sign, conv2d<72, 3, binary>, batch_norm, sign>,
            exit_head<5, flatten>>;
using residual_family = nested<residuals, widths<32, 32, 64, 32, 20>, widths<64, 64, 128, 96, 33>>;

// Heads with layers of their own, a cascade, concatenation, all poolings, two slopes.
using mixture = network<image<10, 10, 2>,
                        stage<conv2d<20, 3>, relu, batch_norm, max_pool<2>,
                              concat<branch<>, branch<conv2d<12, 3>, prelu>>, blur_pool<3, 2>>,
                        exit_head<4, conv2d<6, 1>, relu, global_avg_pool>,
                        stage<conv2d<16, 3>, prelu, mixed_pool<2>, dense<14>, relu>, cascade_head<4, flatten>>;
using mixture_family = nested<mixture, widths<20, 5, 7, 3>, widths<20, 8, 16, 9>>;

template <class Nested>
host::nested_models random_levels(std::uint64_t stream) {
  host::nested_models levels = host::cut_levels<Nested>(random_model(Nested::full::view(), stream, false));
  // Each level has batch norms of its own.
  for (std::size_t s = 0; s < levels.size(); ++s) {
    const host::model own = random_model(levels[s].view(), stream + 1 + s, false);
    for (std::size_t i = 0; i < own.parameters.size(); ++i) {
      if (own.layers[i].has_weights()) {
        levels[s].parameters[i].bias = own.parameters[i].bias;
      } else {
        levels[s].parameters[i] = own.parameters[i];
      }
    }
  }
  return levels;
}

// Level S on shared weights against a network of this size with weights of its own.
template <class Family, class Path, int S>
void check_level(host::deployed_nested<Family, Path>& shared, const host::quantized_model& q,
                 const host::labelled_images& set) {
  using alone = typename Family::template alone<S>;
  using input = typename session<alone, Path>::input_view;
  CAPTURE(S);
  CAPTURE(std::string{Path::name});
  host::deployed<alone, Path> small{host::pack_model<alone, Path>(q, {}, {set.image(0), set.image_size()})};
  shared->set_level(S);
  CHECK(shared->level() == S);
  int different = 0;
  for (int i = 0; i < set.count(); ++i) {
    const input x = input::unchecked(set.image(i));
    small->begin(x);
    shared->begin(x);
    for (int k = 0; k < Family::exits; ++k) {
      CHECK(small->step() == shared->step());
      for (int c = 0; c < Family::classes; ++c) {
        const auto a = small->logits()[c], b = shared->logits()[c];
        if constexpr (Family::rest == kind::f32)
          different += std::fabs(a - b) > 1e-5f * (1 + std::fabs(a)) ? 1 : 0;  // sums may be taken in another order
        else
          different += a != b ? 1 : 0;
      }
      CHECK(small->best().label == shared->best().label);
      CHECK(small->best().spent == shared->best().spent);
    }
    CHECK(shared->best().why == stop_reason::last_exit);
  }
  CHECK(different == 0);
}

template <class Family, class Path>
void check_path(const std::vector<host::quantized_model>& q, const host::labelled_images& set) {
  host::deployed_nested<Family, Path> shared{host::pack_nested<Family, Path>(q)};
  [&]<int... S>(std::integer_sequence<int, S...>) { (check_level<Family, Path, S>(shared, q[S], set), ...); }
  (std::make_integer_sequence<int, Family::levels>{});
}

template <class Nested, kind Rest, class... Paths>
void check_family(std::uint64_t stream) {
  using family = lower_nested<Nested, Rest>;
  const host::labelled_images set = random_images(Nested::full::view().input.extent, family::classes, 2, stream);
  const auto q = host::quantize_nested<family>(random_levels<Nested>(stream), set, {}, 1);
  (check_path<family, Paths>(q, set), ...);
}

}  // namespace offramp_test

#endif
