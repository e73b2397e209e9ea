// Moving some of the channels between tensors of the same positions: how branches are joined and taken apart again, and
// how a grouped convolution sees one group at a time.
#ifndef OFFRAMP_HOST_LAYERS_CHANNELS_HPP
#define OFFRAMP_HOST_LAYERS_CHANNELS_HPP

#include <algorithm>
#include <cstddef>

#include <offramp/core/config.hpp>

namespace offramp::inline OFFRAMP_ABI::host::layers {

// Some channels of every row of [rows][stride].
template <class T>
struct channel_view {
  T* data;     // the first of these channels in the first row
  int stride;  // channels of a whole row
};

// to (+)= from, `count` channels of each row.
template <class T>
void copy_channels(channel_view<const T> from, int rows, int count, bool add, channel_view<T> to) {
  for (int r = 0; r < rows; ++r) {
    const T* const in = from.data + static_cast<std::ptrdiff_t>(r) * from.stride;
    T* const out = to.data + static_cast<std::ptrdiff_t>(r) * to.stride;
    if (add)
      for (int c = 0; c < count; ++c) out[c] += in[c];
    else
      std::copy_n(in, count, out);
  }
}

}  // namespace offramp::inline OFFRAMP_ABI::host::layers

#endif
