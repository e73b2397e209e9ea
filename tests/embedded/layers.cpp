// Layers, widths and criteria that the example network lacks, only compiled: tests/embedded/run.sh looks at what they
// call.
#include <cstdint>

#include <offramp/offramp.hpp>

using namespace offramp;

namespace {

using pooled = network<
    image<12, 12, 3, u8>,
    stage<conv2d<40, 3>, batch_norm, relu, max_pool<2>, residual<conv2d<40, 3>, batch_norm, relu>, conv2d<24, 3>, relu>,
    exit_head<10>>;
using signs =
    network<image<12, 12, 3, u8>,
            stage<conv2d<40, 3, binary>, batch_norm, sign, max_pool<2>, conv2d<72, 3, binary>, batch_norm, sign>,
            exit_head<10>, stage<conv2d<20, 3>, relu>, exit_head<10>>;

template <class Net, class Criterion>
int classify(const std::uint32_t* weights, const std::uint8_t* pixels) {
  using lowered = lower<Net, i8>;
  using session_type = session<lowered, path::portable, Criterion>;
  static constinit arena<lowered> memory{};
  bound_weights<lowered, path::portable, Criterion> bound;
  bound.ops = bound.records = weights;
  session_type s{bound, memory};
  return s.classify(session_type::input_view::unchecked(pixels)).label;
}

}  // namespace

extern "C" int classify_all(const std::uint32_t* weights, const std::uint8_t* pixels) {
  return classify<pooled, logit_margin>(weights, pixels) + classify<signs, entropy>(weights, pixels);
}
