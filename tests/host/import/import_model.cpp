#include <doctest/doctest.h>

#include <offramp/host/import/import_model.hpp>
#include <offramp/layers/activation.hpp>
#include <offramp/net/network.hpp>

#include "tests/support/host_test.hpp"

using namespace offramp;
using offramp_test::message_of;

namespace {

// A state dict with everything the network asks for, numbers 1, 2, 3 ... in the order of the list.
host::state_dict full_dict(const network_view& net, bool optional = false) {
  host::state_dict dict{"w.npz", {}};
  float next = 1;
  for (const host::parameter_info& p : host::parameters_of(net)) {
    if (p.optional() && !optional) continue;
    host::named_tensor t{p.shapes.front(), {}};
    std::int64_t count = 1;
    for (const std::int64_t side : t.shape) count *= side;
    for (std::int64_t i = 0; i < count; ++i) t.values.push_back(next++);
    dict.tensors[p.theirs] = std::move(t);
  }
  return dict;
}
host::model import(const network_view& net, const host::state_dict& dict, const host::import_options& o = {}) {
  return host::import_model(net, dict, host::default_names(net), o);
}
std::string refusal(const network_view& net, const host::state_dict& dict) {
  return message_of([&] { (void)import(net, dict); });
}
bool says(const std::string& message, const std::string& part) {
  INFO(message);
  return message.find(part) != std::string::npos;
}

using net = network<image<4, 4, 3>, stage<conv2d<2, kernel{1, 2}, valid>, batch_norm>, exit_head<2, relu>>;

}  // namespace

TEST_CASE("[out][in][h][w] becomes [out][h][w][in], and a dense behind images follows its flattened input") {
  host::state_dict dict = full_dict(net::view());
  const host::model m = import(net::view(), dict);
  // Two outputs of three channels of one row of two taps: 1 2 | 3 4 | 5 6, and 7 to 12.
  CHECK(m.parameters[0].weights == std::vector<float>{1, 3, 5, 2, 4, 6, 7, 9, 11, 8, 10, 12});
  // 13 and 14 are the scales and so on; the dense layer reads 4 x 3 positions of two channels, written [c][h][w].
  CHECK(m.parameters[1].gamma == std::vector<float>{13, 14});
  CHECK(m.parameters[1].beta == std::vector<float>{15, 16});
  CHECK(m.parameters[1].mean == std::vector<float>{17, 18});
  CHECK(m.parameters[1].variance == std::vector<float>{19, 20});
  const std::vector<float>& dense = m.parameters[3].weights;
  const float first = 21;
  REQUIRE(dense.size() == 2 * 24);
  for (std::size_t out = 0; out < 2; ++out)
    for (std::size_t position = 0; position < 12; ++position)
      for (std::size_t c = 0; c < 2; ++c)
        CHECK(dense[(out * 12 + position) * 2 + c] == first + static_cast<float>((out * 2 + c) * 12 + position));
  CHECK(m.parameters[3].bias == std::vector<float>{69, 70});
}

TEST_CASE("groups keep their own channels") {
  using grouped = network<image<2, 2, 4>, stage<conv2d<4, kernel{1, 2}, groups{2}, valid>>, exit_head<2>>;
  using depthwise = network<image<2, 2, 3>, stage<depthwise_conv2d<kernel{2, 1}, valid, multiplier{2}>>, exit_head<2>>;
  const host::model g = import(grouped::view(), full_dict(grouped::view()));
  CHECK(g.parameters[0].weights == std::vector<float>{1, 3, 2, 4, 5, 7, 6, 8, 9, 11, 10, 12, 13, 15, 14, 16});
  const host::model d = import(depthwise::view(), full_dict(depthwise::view()));
  CHECK(d.parameters[0].weights == std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
}

TEST_CASE("shifts, slopes (one for all, too) and cascades") {
  using trained = network<image<2, 2, 2>, stage<rprelu>, exit_head<2>, stage<relu>, cascade_head<2>>;
  host::state_dict dict = full_dict(trained::view());
  dict.tensors.at("stages.0.1.weight") = {{1}, {0.5f}};
  dict.tensors.at("stages.0.2.bias").shape = {1, 2, 1, 1};
  const host::model m = import(trained::view(), dict);
  CHECK(m.parameters[0].bias == std::vector<float>{1, 2});
  CHECK(m.parameters[1].weights == std::vector<float>{0.5f, 0.5f});
  CHECK(m.parameters[2].bias == std::vector<float>{5, 6});
  const host::layer_parameters& cascade = m.parameters.back();
  REQUIRE(cascade.weights.size() == 4);
  CHECK(cascade.weights == dict.tensors.at("heads.1.3.weight").values);
}

TEST_CASE("a convolution's bias before a batch norm or a shift is added there") {
  using biased =
      network<image<4, 4, 1>, stage<conv2d<2, 3>, batch_norm, sign, conv2d<2, 3, binary>, rprelu>, exit_head<2>>;
  const host::state_dict plain = full_dict(biased::view());
  host::state_dict dict = plain;
  dict.tensors["stages.0.0.bias"] = {{2}, {1000, 2000}};
  dict.tensors["stages.0.3.bias"] = {{2}, {10, 20}};
  const host::model without = import(biased::view(), plain), with = import(biased::view(), dict);
  for (std::size_t c = 0; c < 2; ++c) {
    CHECK(with.parameters[1].mean[c] == without.parameters[1].mean[c] - 1000 * static_cast<float>(c + 1));
    CHECK(with.parameters[4].bias[c] == without.parameters[4].bias[c] + 10 * static_cast<float>(c + 1));
  }
}

TEST_CASE("another epsilon goes into the variances, counters are passed over, the input's scale is kept") {
  host::state_dict dict = full_dict(net::view());
  dict.tensors["stages.0.1.num_batches_tracked"] = {{}, {17}};
  dict.tensors.at("stages.0.1.running_var").values = {0, 2};
  host::import_options o;
  o.batch_norm_epsilon = 1e-3;
  o.input_zero = 7;
  o.input_scale = 0.5f;
  const host::model m = import(net::view(), dict, o);
  for (const std::size_t c : {0u, 1u})
    CHECK(static_cast<double>(m.parameters[1].variance[c]) + static_cast<double>(batch_norm_epsilon) ==
          doctest::Approx(1e-3 + 2.0 * static_cast<double>(c)).epsilon(1e-6));
  CHECK(m.input_zero == 7);
  CHECK(m.input_scale == 0.5f);
}

TEST_CASE("everything that does not fit stands in one message") {
  host::state_dict dict = full_dict(net::view());
  dict.tensors["stages.0.0.wieght"] = dict.tensors.at("stages.0.0.weight");
  dict.tensors.erase("stages.0.0.weight");
  dict.tensors.at("heads.0.2.weight").shape = {24, 2};
  dict.tensors.at("stages.0.1.bias").values[1] = std::numeric_limits<float>::quiet_NaN();
  dict.tensors.at("stages.0.1.running_var").values[0] = -1;
  dict.tensors["extra"] = {{5}, {1, 2, 3, 4, 5}};
  CHECK(refusal(net::view(), dict) == R"(w.npz: does not fit the network, problems: 6
problem       ours                        theirs                  found         expected
------------  --------------------------  ----------------------  ------------  --------------------------------------
missing       layer0.conv2d.weight        stages.0.0.weight       -             [2, 3, 1, 2], as has stages.0.0.wieght
not finite    layer1.batch_norm.beta      stages.0.1.bias         nan at 1      finite numbers
out of range  layer1.batch_norm.variance  stages.0.1.running_var  -1.000000     a variance of 0 or more
misshaped     layer3.dense.weight         heads.0.2.weight        [24, 2]       [2, 24]
surplus       -                           extra                   [5]           -
surplus       -                           stages.0.0.wieght       [2, 3, 1, 2]  -
Mend the names by a name map (offramp/host/import/name_map.hpp); a line '- = NAME' leaves a surplus tensor out.)");
}

TEST_CASE("a map: renamed, left as it is, not wanted, and its own mistakes") {
  host::state_dict dict = full_dict(net::view());
  dict.tensors["w0"] = dict.tensors.at("stages.0.0.weight");
  dict.tensors.erase("stages.0.0.weight");
  dict.tensors.erase("heads.0.2.bias");
  dict.tensors["ema.w0"] = {{1}, {1}};
  host::name_map names = host::default_names(net::view());
  names.theirs["layer0.conv2d.weight"] = "w0";
  names.theirs["layer3.dense.bias"] = "-";
  names.unwanted.push_back("ema.*");
  const host::model m = host::import_model(net::view(), dict, names);
  CHECK(m.parameters[0].weights[1] == 3);
  CHECK(m.parameters[3].bias == std::vector<float>{0, 0});

  names.source = "names.txt";
  names.theirs["layer0.conv2d.weight"] = "-";
  names.theirs["layer7.dense.weight"] = "w7";
  names.theirs.erase("layer3.dense.weight");
  const std::string message = message_of([&] { (void)host::import_model(net::view(), dict, names); });
  CHECK(says(message, "needs a tensor  layer0.conv2d.weight"));
  CHECK(says(message, "no such array   layer7.dense.weight"));
  CHECK(says(message, "a name the network has (names.txt)"));
  CHECK(says(message, "not in the map  layer3.dense.weight"));
}
