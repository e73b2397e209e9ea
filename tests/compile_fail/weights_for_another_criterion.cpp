// A criterion with parameters does not run on weights that store another's.
// expect: offramp: this exit criterion has parameters, and these weights store another's: export them for it
// expect: weights_for_this_criterion<1U?, 1001U?, true>|WeightsCriterion = 1; .* SessionCriterion = 1001

#include <offramp/offramp.hpp>

using namespace offramp;

using small =
    network<image<8, 8, 1>, stage<conv2d<8, 3>, sign>, exit_head<3>, stage<conv2d<8, 3, binary>, sign>, exit_head<3>>;
using device = lower<small>;

struct weighted : max_softmax {
  static constexpr std::uint32_t id = 1001;
  static constexpr bool has_parameters = true;
  template <int Classes>
  static constexpr int words = 1 + Classes;
};

#ifdef FAULTY
constexpr std::uint32_t stored = max_softmax::id;
#else
constexpr std::uint32_t stored = weighted::id;
#endif
using weights =
    packed_model<4, path::portable::id, path::portable::version, stored, 0, device::hash(0), device::hash(1)>;
bound_weights<device, path::portable, weighted> bind(const weights& w) { return w; }
