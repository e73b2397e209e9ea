// What no_trace.sh compares, in its ways: the same network classifies through the session as it is (VARIANT 0), through
// one whose hooks, reuse and criterion are named, or an observer of the user's that does nothing (1, 2), through a
// hand-written loop that knows no policies (3); and, to see that the comparison can fail, with an observer that leaves
// something (4) and with a reuse policy that does (5).
#include <cstdint>

#include <offramp/offramp.hpp>

using namespace offramp;

// Not in a nameless namespace: what is known to be called once is inlined by other rules.
namespace user {
struct silent {
  void enter(int) {}
  void leave(int) {}
  void exit_judged(int, bool) {}
};
}  // namespace user

namespace {

using net = network<image<12, 12, 1, u8>, stage<conv2d<32, 3>, batch_norm, sign, max_pool<2>>, exit_head<10>,
                    stage<residual<conv2d<32, 3, binary>, batch_norm>, sign, conv2d<32, 3, binary>, batch_norm, sign>,
                    exit_head<10>, stage<conv2d<16, 3, binary>, batch_norm, relu>, exit_head<10>>;
using device_net = lower<net, i8>;
using path_type = path::portable;
using weights_type = bound_weights<device_net, path_type>;

#if VARIANT == 0
using session_type = session<device_net, path_type>;
#elif VARIANT == 1
using session_type = session<device_net, path_type, max_softmax, no_reuse, no_observer>;
#elif VARIANT == 2
using session_type = session<device_net, path_type, max_softmax, no_reuse, user::silent>;
#elif VARIANT == 3

// By hand: ops in order, a threshold on the softmax of each exit. The first lines are what any such loop must hold.
class session_type {
  using planned_t = planned<device_net, path_type>;
  static constexpr const auto& program = planned_t::program;
  static constexpr std::int64_t spent[3] = {planned_t::cost_to_exit(0).ops(), planned_t::cost_to_exit(1).ops(),
                                            planned_t::cost_to_exit(2).ops()};

 public:
  using input_view = view<std::uint8_t, 144>;
  session_type(const weights_type& weights, arena<device_net, path_type>& memory)
      : weights_{weights}, arena_{memory.bytes} {}

  prediction classify(input_view input) {
    input_ = input.data();
    for (next_ = 0;;) {
      switch (next_) {
        case 0: run_exit<0>(std::make_integer_sequence<int, program.exit_first[1]>{}); break;
        case 1: run_exit<1>(std::make_integer_sequence<int, program.exit_first[2] - program.exit_first[1]>{}); break;
        case 2: run_exit<2>(std::make_integer_sequence<int, program.exit_first[3] - program.exit_first[2]>{}); break;
        default: break;
      }
      const exit_record_view record = weights_.record(next_++);
      if (next_ == 3) return answer(stop_reason::last_exit);
      const std::int32_t threshold = weights_.thresholds_stored ? record.threshold_q16() : 0x7fffffff;
      if (max_softmax::score(logits_, 10, record.unit()) >= threshold) return answer(stop_reason::confident);
    }
  }

 private:
  template <int I>
  void run_op() {
    constexpr step_desc s = program.steps[I];
    const void* in = arena_ + program.tensors[s.in].offset;
    if constexpr (s.in == 0) in = input_;
    kernels::run<path_type, s.op.signature>(
        static_geometry<s.op.geometry>{},
        {in, weights_.ops + s.weight_offset, arena_ + program.tensors[s.out].offset, arena_ + s.scratch_offset});
  }
  template <int K, int... I>
  void run_exit(std::integer_sequence<int, I...>) {
    (run_op<program.exit_first[K] + I>(), ...);
    constexpr std::size_t at = program.tensors[program.logits[K]].offset;
    logits_ = reinterpret_cast<const std::int32_t*>(arena_ + at);
  }
  prediction answer(stop_reason why) const {
    const std::int32_t q = max_softmax::score(logits_, 10, weights_.record(next_ - 1).unit());
    prediction p;
    p.label = static_cast<std::int16_t>(argmax(logits_, 10));
    p.exit = static_cast<std::int16_t>(next_ - 1);
    p.why = why;
    p.probability_q16 = static_cast<std::uint16_t>(clamp(q, std::int32_t{0}, std::int32_t{65535}));
    p.spent = spent[next_ - 1];
    return p;
  }

  weights_type weights_;
  unsigned char* arena_;
  const std::uint8_t* input_ = nullptr;
  const std::int32_t* logits_ = nullptr;
  int next_ = 0;
};

#elif VARIANT == 4
struct counting {
  static void enter(int) { calls = calls + 1; }
  static void leave(int) {}
  static void exit_judged(int, bool) {}
  static inline volatile int calls = 0;
};
using session_type = session<device_net, path_type, max_softmax, no_reuse, counting>;
#else
struct halving {
  static constexpr std::uint32_t id = 1001;
  template <class T, int Exits, int Classes>
  struct state {
    T kept[Classes];
    constexpr void begin() {}
    const T* combine(int, const T* logits, const std::uint32_t*) {
      for (int c = 0; c < Classes; ++c) kept[c] = logits[c] / 2;
      return kept;
    }
  };
};
using session_type = session<device_net, path_type, max_softmax, halving>;
#endif

#if VARIANT < 4
// No RAM either: weights, three pointers and where it stands.
static_assert(sizeof(session_type) <= sizeof(weights_type) + 4 * sizeof(void*));
#endif

}  // namespace

// One entry, plain types: the session is set up here as firmware would have it in a global.
extern "C" int network_classify(const std::uint32_t* words, const std::uint8_t* pixels, prediction* answer) {
  static constinit arena<device_net, path_type> memory{};
#if VARIANT == 5
  const bound_weights<device_net, path_type, max_softmax, halving> weights{words + 64, words + 12, 6, 1, true};
#else
  const weights_type weights{words + 64, words + 12, 6, 1, true};
#endif
  session_type s{weights, memory};
  *answer = s.classify(session_type::input_view::unchecked(pixels));
  return answer->label;
}
