// Tells shapes of 12 x 12 pixels apart, with ever more noise: the noisier, the longer the network looks.
// 1 KB of RAM; 16 KB of flash, 9 of them weights.
#include <offramp.h>

#include "weights.hpp"

using namespace offramp;

using shapes_net = network<image<12, 12, 1, u8>,  //
                           stage<conv2d<4, 3, stride{2}>, batch_norm, sign>, exit_head<4, avg_pool<2>>,
                           stage<conv2d<16, 3, binary>, batch_norm, sign>, exit_head<4, avg_pool<2>>,
                           stage<conv2d<48, 3, binary>, batch_norm, sign, conv2d<48, 3, binary>, batch_norm, sign>,
                           exit_head<4, avg_pool<2>>>;
using device_net = lower<shapes_net, i8>;

constinit arena<device_net> ram{};
constinit session<device_net> shapes{hello_weights, ram};

const char* const names[] = {"circle", "square", "triangle", "cross"};
const uint16_t drawn[4][12] = {  // a row each, the left pixel first
    {0x000, 0x0f0, 0x30c, 0x402, 0x402, 0x801, 0x801, 0x402, 0x402, 0x30c, 0x0f0, 0x000},
    {0x000, 0x000, 0x3fc, 0x204, 0x204, 0x204, 0x204, 0x204, 0x204, 0x3fc, 0x000, 0x000},
    {0x000, 0x000, 0x020, 0x050, 0x050, 0x088, 0x088, 0x104, 0x104, 0x3fe, 0x000, 0x000},
    {0x000, 0x402, 0x204, 0x108, 0x090, 0x060, 0x060, 0x090, 0x108, 0x204, 0x402, 0x000}};

int noise = 0;  // per cent of the pixels turned over

void setup() {
  Serial.begin(115200);
  if (self_test(shapes, hello_weights.words) != status::ok) Serial.println("this board computes something else");
}

void loop() {
  for (int shape = 0; shape < 4; ++shape) {
    uint8_t pixels[144];
    for (int i = 0; i < 144; ++i) {
      const bool ink = (drawn[shape][i / 12] >> (11 - i % 12) & 1) != (random(100) < noise);
      pixels[i] = ink ? 255 : 0;
    }
    const prediction p = shapes.classify(pixels);
    Serial.print(names[p.label]);
    Serial.print(" at exit ");
    Serial.print(p.exit + 1);
    Serial.print("  ");
  }
  Serial.print(noise);
  Serial.println(" % noise");
  noise = (noise + 8) % 32;
  delay(1000);
}
