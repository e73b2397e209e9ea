// A convolution as a sum of shifted products, without im2col. The padded images lie one behind the other as rows of
// channels; then what tap t reads for output p is row p + offset(t), so y += rows(offset(t)) * W_t^T over all outputs
// at once, for every tap. Some rows of y mean nothing (windows over the edge) and are dropped; their dy is zero.
// With strides, the input is split into phases (positions alike modulo the stride), and each tap reads one phase.
// Padding is shared: the right padding of a line is the left padding of the next.
#ifndef OFFRAMP_HOST_LAYERS_LATTICE_HPP
#define OFFRAMP_HOST_LAYERS_LATTICE_HPP

#include <algorithm>
#include <cstddef>
#include <vector>

#include <offramp/core/window.hpp>

namespace offramp::inline OFFRAMP_ABI::host::layers {

struct lattice {
  struct tap {
    int phase, offset;
  };

  int height = 0, width = 0;  // of one image, padding included
  std::vector<tap> taps;      // in the order of the weights
  int phases = 1;
  int reach = 0;                        // largest offset
  std::vector<int> output;              // per position: the output's, -1 for none
  std::vector<std::vector<int>> input;  // per phase and position: the input's, -1 in the padding
  bool covers = false;                  // is every input position read by some window?

  explicit lattice(const window& g) {
    height = extent(g.in.h, g.out.h, g.kernel_h, g.stride_h, g.pad_top);
    width = extent(g.in.w, g.out.w, g.kernel_w, g.stride_w, g.pad_left);
    const int phases_h = std::min(g.stride_h, g.kernel_h), phases_w = std::min(g.stride_w, g.kernel_w);
    phases = phases_h * phases_w;
    for (int ky = 0; ky < g.kernel_h; ++ky)
      for (int kx = 0; kx < g.kernel_w; ++kx) {
        const int offset = ky / g.stride_h * width + kx / g.stride_w;
        taps.push_back({ky % g.stride_h * phases_w + kx % g.stride_w, offset});
        reach = std::max(reach, offset);
      }
    int inside = 0;
    for (int phase = 0; phase < phases; ++phase) {
      std::vector<int> from;
      for (int p = 0; p < positions(); ++p) {
        const int iy = p / width * g.stride_h + phase / phases_w - g.pad_top;
        const int ix = p % width * g.stride_w + phase % phases_w - g.pad_left;
        const bool in = iy >= 0 && iy < g.in.h && ix >= 0 && ix < g.in.w;
        from.push_back(in ? iy * g.in.w + ix : -1);
        inside += in;
      }
      input.push_back(std::move(from));
    }
    covers = inside == g.in.positions();
    for (int p = 0; p < positions(); ++p) {
      const int oy = p / width, ox = p % width;
      output.push_back(oy < g.out.h && ox < g.out.w ? oy * g.out.w + ox : -1);
    }
  }

  [[nodiscard]] int positions() const { return height * width; }

 private:
  // Lines (columns) that windows reach, less those of the end padding that can be the next one's begin padding.
  static int extent(int in, int out, int kernel, int stride, int pad) {
    const int full = out + (kernel - 1) / stride;
    const int inner = std::min(full, ceil_div(in + pad, stride));  // the rest lies behind the input
    return full - std::min(pad / stride, full - inner);
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::host::layers

#endif
