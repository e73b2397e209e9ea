// A reuse policy with parameters does not run on weights that store another's.
// expect: offramp: this reuse policy has parameters, and these weights store another's: export them for it
// expect: weights_for_this_reuse<0U?, 1001U?, true>|WeightsReuse = 0; .* SessionReuse = 1001

#include <offramp/offramp.hpp>

using namespace offramp;

using small =
    network<image<8, 8, 1>, stage<conv2d<8, 3>, sign>, exit_head<3>, stage<conv2d<8, 3, binary>, sign>, exit_head<3>>;
using device = lower<small>;

struct mixing : no_reuse {
  static constexpr std::uint32_t id = 1001;
  template <int Exits, int Classes>
  static constexpr int words = Exits;
};

#ifdef FAULTY
constexpr std::uint32_t stored = no_reuse::id;
#else
constexpr std::uint32_t stored = mixing::id;
#endif
using weights =
    packed_model<4, path::portable::id, path::portable::version, 1, stored, device::hash(0), device::hash(1)>;
bound_weights<device, path::portable, max_softmax, mixing> bind(const weights& w) { return w; }
