// Ten layers (ten_layers.hpp) on all paths of x86.
#include "ten_layers.hpp"

#include "every_path.hpp"

prediction classify(int place, const void* weights, void* ram, const std::uint8_t (&pixels)[32 * 32 * 3]) {
  return classify_on<ten_layers>(place, weights, ram, pixels);
}
