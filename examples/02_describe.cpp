// 02: what the compiler knows about a network before there are weights: its shapes, memory and cost, on a path, with
// other arithmetic, cut behind an exit. What does not fit together does not compile (try -DFAULTY).
#include <iostream>
#include <string>

#include <offramp/host/cost_table.hpp>
#include <offramp/offramp.hpp>

using namespace offramp;
using here = path::portable;

// Networks are types, and templates where they vary. Blocks of the literature are ready types (layers/blocks.hpp).
template <int Width>
using garment_net = network<image<28, 28, 1, u8>,  // raw pixels; their mean and scale are folded into the first layer
                            stage<conv2d<Width, 3, stride{2}>, batch_norm, bireal_block<2 * Width>>, exit_head<10>,
                            stage<bireal_block<4 * Width, 2>, bireal_block<4 * Width>>, exit_head<10, avg_pool<4, 3>>>;

using quick_net =
    network<image<28, 28, 1, u8>, stage<conv2d<32, 3, stride{2}>, batch_norm, quicknet_block<32>, quicknet_block<32>>,
            exit_head<10>, stage<quicknet_transition<64>, quicknet_block<64>, quicknet_block<64>>,
            exit_head<10, avg_pool<4, 3>>>;

#ifdef FAULTY  // the sum of 32 and 48 channels; the first line of the error says so: residual_body_channels<6, 48, 32>
using faulty = network<image<28, 28, 1, u8>, stage<conv2d<32, 3>, batch_norm, bireal_block<48>>, exit_head<10>>;
static_assert(lower<faulty>::exits == 1);
#endif

// Whatever a project can afford is an assertion.
using device_net = lower<garment_net<32>, i8>;
static_assert(memory<device_net, here>.arena_bytes <= 40 * 1024);
static_assert(memory<device_net, here>.weight_bytes <= 50 * 1024);
static_assert(planned<device_net, here>::cost_to_exit(0).ops() < planned<device_net, here>::cost_without_exits().ops());
static_assert(device_net::hash(0) == lower<cut<garment_net<32>, 1>, i8>::hash(0));  // a cut network is a prefix

template <class Lowered>
void row(host::table& t, const std::string& name) {
  using plan = planned<Lowered, here>;
  const auto grouped = [](auto n) { return host::grouped(static_cast<long long>(n)); };
  const op_cost all = plan::cost_without_exits();
  t.add({name, std::to_string(plan::steps), grouped(memory<Lowered, here>.arena_bytes),
         grouped(memory<Lowered, here>.weight_bytes), grouped(all.macs), grouped(all.binary_macs), grouped(all.ops()),
         grouped(plan::cost_to_exit(0).ops())});
}

int main() {
  std::cout << "Every op of the network in integers:\n\n" << host::cost_table<device_net, here>() << '\n';

  host::table t({"network", "ops", "arena B", "weights B", "MACs", "binary MACs", "OPs", "OPs to exit 1"});
  row<lower<garment_net<16>, i8>>(t, "half as wide");
  row<device_net>(t, "as above");
  row<lower<garment_net<32>, i8, i8>>(t, "with i8 streams");
  row<lower<garment_net<32>, f32>>(t, "all but the signs in float");
  row<lower<cut<garment_net<32>, 1>, i8>>(t, "cut behind exit 1");
  row<lower<garment_net<64>, i8>>(t, "twice as wide");
  row<lower<quick_net, i8>>(t, "QuickNet");
  std::cout << "OPs = MACs + binary MACs / 64, of the backbone and its last head\n\n" << t;
  return 0;
}
