// Writes the C front of the tiny network, its weights and its model file into a folder; prints what user.c must say,
// as C++ computes it.   generate FOLDER
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include <offramp/host/c_front.hpp>
#include <offramp/host/export.hpp>
#include <offramp/host/quantize.hpp>
#include <offramp/offramp.hpp>

#include "network.hpp"
#include "samples.h"
#include "tests/support/random_model.hpp"

using namespace offramp;
using device_net = tiny::device_net;

namespace {

void say(const char* what, const prediction& p) {
  std::printf("%s: label %d exit %d probability %d spent %ld, %s\n", what, p.label, p.exit, int{p.probability_q16},
              static_cast<long>(p.spent), to_string(p.why));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const std::filesystem::path folder = argv[1];
  const auto images = offramp_test::random_images({6, 5, 2}, 3, 8, 60);
  const auto quantized =
      host::quantize<device_net>(offramp_test::random_model(tiny::net::view(), 62, false), images, 1);
  const host::deployment<2> thresholds{{{37000, 37000}}};
  const std::vector<std::uint32_t> words =
      host::pack_model<device_net, path::portable>(quantized, thresholds, {images.image(0), 60});
  host::export_header<device_net>(quantized, thresholds, {images.image(0), 60}, folder / "tiny_weights.hpp",
                                  "tiny_weights");
  host::write_file(folder / "tiny.bin", {reinterpret_cast<const char*>(words.data()), 4 * words.size()});
  host::export_c_front<device_net>({.name = "tiny_front",
                                    .network_header = "network.hpp",
                                    .network = "tiny::device_net",
                                    .weights_header = "tiny_weights.hpp",
                                    .weights = "tiny_weights"},
                                   folder);

  bound_weights<device_net, path::portable> bound;
  if (bind_weights(words.data(), 4 * words.size(), bound) != status::ok) return 1;
  arena<device_net> ram[2];
  session<device_net> first{bound, ram[0]};
  session<device_net> second{bound, ram[1]};
  std::printf("6x5x2 3 classes 2 exits\nself test: ok\n");
  std::uint8_t pixels[2][SAMPLE_ELEMENTS];
  for (int i = 0; i < SAMPLES; ++i) {
    sample(i, pixels[0]);
    say("stored", first.classify(pixels[0]));
    say("0.5", first.classify(pixels[0], confidence{0.5f}));
    say("never", first.classify(pixels[0], exit_thresholds<2>{{never_q16, never_q16}}));
  }
  std::printf("bind: ok\n");
  sample(100, pixels[0]);
  sample(101, pixels[1]);
  first.begin(pixels[0]);
  second.begin(pixels[1]);
  for (bool more = true; more;) {
    first.step();
    more = second.step();
    say("first", first.best());
    say("second", second.best());
    for (int c = 0; c < 3; ++c)
      std::printf(" %ld %ld", static_cast<long>(first.logits()[c]), static_cast<long>(second.logits()[c]));
    std::printf("\n");
  }
  std::printf("changed: %s\n", to_string(status::bad_checksum));
}
