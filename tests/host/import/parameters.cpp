#include <doctest/doctest.h>

#include <offramp/host/import/parameters.hpp>
#include <offramp/layers/blocks.hpp>
#include <offramp/layers/conv1d.hpp>
#include <offramp/layers/flatten.hpp>
#include <offramp/net/network.hpp>

using namespace offramp;

namespace {

const host::parameter_info& find(const std::vector<host::parameter_info>& all, const std::string& ours) {
  for (const host::parameter_info& p : all)
    if (p.ours == ours) return p;
  FAIL("no parameter " << ours);
  return all.front();
}
// "ours = theirs shape" of all that must be there.
std::vector<std::string> required(const network_view& net) {
  std::vector<std::string> lines;
  for (const host::parameter_info& p : host::parameters_of(net))
    if (!p.optional()) lines.push_back(p.ours + " = " + p.theirs + " " + host::to_text(p.shapes.front()));
  return lines;
}

}  // namespace

TEST_CASE("stages and heads are counted like nn.Sequential, residuals like a module with a body") {
  using net = network<image<8, 8, 3>, stage<conv2d<4, 3>, batch_norm, residual<sign, conv2d<8, 3, binary>, batch_norm>>,
                      exit_head<10, avg_pool<4>>, stage<sign, conv2d<8, 3, binary, groups{4}>, batch_norm, max_pool<2>>,
                      exit_head<10, dense<16>, relu>>;
  const std::vector<std::string> expected = {
      "layer0.conv2d.weight = stages.0.0.weight [4, 3, 3, 3]",
      "layer1.batch_norm.gamma = stages.0.1.weight [4]",
      "layer1.batch_norm.beta = stages.0.1.bias [4]",
      "layer1.batch_norm.mean = stages.0.1.running_mean [4]",
      "layer1.batch_norm.variance = stages.0.1.running_var [4]",
      "layer4.conv2d.weight = stages.0.2.body.1.weight [8, 4, 3, 3]",
      "layer5.batch_norm.gamma = stages.0.2.body.2.weight [8]",
      "layer5.batch_norm.beta = stages.0.2.body.2.bias [8]",
      "layer5.batch_norm.mean = stages.0.2.body.2.running_mean [8]",
      "layer5.batch_norm.variance = stages.0.2.body.2.running_var [8]",
      "layer8.dense.weight = heads.0.2.weight [10, 32]",
      "layer8.dense.bias = heads.0.2.bias [10]",
      "layer10.conv2d.weight = stages.1.1.weight [8, 2, 3, 3]",
      "layer11.batch_norm.gamma = stages.1.2.weight [8]",
      "layer11.batch_norm.beta = stages.1.2.bias [8]",
      "layer11.batch_norm.mean = stages.1.2.running_mean [8]",
      "layer11.batch_norm.variance = stages.1.2.running_var [8]",
      "layer13.dense.weight = heads.1.1.weight [16, 128]",
      "layer13.dense.bias = heads.1.1.bias [16]",
      "layer15.dense.weight = heads.1.3.weight [10, 16]",
      "layer15.dense.bias = heads.1.3.bias [10]",
  };
  CHECK(required(net::view()) == expected);
  const auto all = host::parameters_of(net::view());
  CHECK(find(all, "layer0.conv2d.bias").optional());
  CHECK(find(all, "layer0.conv2d.bias").theirs == "stages.0.0.bias");
  const host::parameter_info& head = find(all, "layer8.dense.weight");
  CHECK(head.fits({10, 8, 2, 2}));  // the same numbers, as a convolution over all positions
  CHECK_FALSE(head.fits({10, 2, 2, 8}));
}

TEST_CASE("a stage that goes on from another goes on from what stood before the head") {
  using net =
      network<image<4, 4, 1>, stage<dense<8>, relu>, exit_head<2, relu>, stage<dense<6>, relu>, exit_head<2, relu>>;
  const auto all = host::parameters_of(net::view());
  CHECK(find(all, "layer0.dense.weight").theirs == "stages.0.1.weight");  // behind an nn.Flatten
  CHECK(find(all, "layer3.dense.weight").theirs == "heads.0.1.weight");
  CHECK(find(all, "layer4.dense.weight").theirs == "stages.1.0.weight");
  CHECK(find(all, "layer7.dense.weight").theirs == "heads.1.1.weight");
}

TEST_CASE("mixed poolings have one number, and images behind them") {
  using net = network<image<8, 8, 3>, stage<conv2d<4, 3>, mixed_pool<2>>, exit_head<10, sdn_pool>>;
  const auto all = host::parameters_of(net::view());
  const std::vector<std::string> expected = {
      "layer0.conv2d.weight = stages.0.0.weight [4, 3, 3, 3]", "layer0.conv2d.bias = stages.0.0.bias [4]",
      "layer1.mixed_pool.alpha = stages.0.1.alpha [1]",        "layer2.mixed_pool.alpha = heads.0.0.alpha [1]",
      "layer3.dense.weight = heads.0.2.weight [10, 64]",       "layer3.dense.bias = heads.0.2.bias [10]"};
  CHECK(required(net::view()) == expected);
  CHECK(find(all, "layer2.mixed_pool.alpha").fits({}));
}

TEST_CASE("sequences, shifts, slopes, branches, cascades") {
  using net =
      network<sequence<16, 2>, stage<conv1d<4, 3>, rprelu, concat<branch<>, branch<rsign, conv1d<2, 3, binary>>>>,
              exit_head<3, flatten>, stage<depthwise_conv1d<3>, batch_norm>, cascade_head<3, flatten>>;
  const auto all = host::parameters_of(net::view());
  const std::vector<std::string> expected = {
      "layer0.conv2d.weight = stages.0.0.weight [4, 2, 3]",
      "layer1.shift.bias = stages.0.1.bias [4]",
      "layer2.prelu.weight = stages.0.2.weight [4]",
      "layer3.shift.bias = stages.0.3.bias [4]",
      "layer7.shift.bias = stages.0.4.branches.1.0.bias [4]",
      "layer9.conv2d.weight = stages.0.4.branches.1.2.weight [2, 4, 3]",
      "layer9.conv2d.bias = stages.0.4.branches.1.2.bias [2]",
      "layer12.dense.weight = heads.0.1.weight [3, 96]",
      "layer12.dense.bias = heads.0.1.bias [3]",
      "layer13.conv2d.weight = stages.1.0.weight [6, 1, 3]",
      "layer14.batch_norm.gamma = stages.1.1.weight [6]",
      "layer14.batch_norm.beta = stages.1.1.bias [6]",
      "layer14.batch_norm.mean = stages.1.1.running_mean [6]",
      "layer14.batch_norm.variance = stages.1.1.running_var [6]",
      "layer16.dense.weight = heads.1.1.weight [3, 96]",
      "layer16.dense.bias = heads.1.1.bias [3]",
      "layer17.cascade.weight = heads.1.2.weight [3, 3]",
  };
  CHECK(required(net::view()) == expected);
  CHECK(find(all, "layer0.conv2d.weight").fits({4, 2, 1, 3}));
  CHECK(find(all, "layer1.shift.bias").fits({1, 4, 1, 1}));
  CHECK(find(all, "layer2.prelu.weight").fits({1}));
}
