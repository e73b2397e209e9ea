// What a teacher says about every training image, stored once: distillation then costs nothing in training. Its last
// exit is asked about the image as it is and flipped, the two that augmentation shows; shifts by a pixel or two are
// taken for the image itself.
#ifndef OFFRAMP_HOST_TEACHER_HPP
#define OFFRAMP_HOST_TEACHER_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <offramp/core/hash.hpp>
#include <offramp/host/augment.hpp>
#include <offramp/host/dataset.hpp>
#include <offramp/host/error.hpp>
#include <offramp/host/evaluate.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

struct teacher_logits {
  int classes = 0;
  std::vector<float> plain, flipped;  // [image][class]; `flipped` may be empty: the plain ones serve

  [[nodiscard]] const float* at(int image, bool is_flipped) const {
    const std::vector<float>& from = is_flipped && !flipped.empty() ? flipped : plain;
    return from.data() + static_cast<std::ptrdiff_t>(image) * classes;
  }
  [[nodiscard]] std::uint64_t hash() const {
    std::uint64_t h = hash_mix(hash_seed, classes);
    for (const std::vector<float>* v : {&plain, &flipped})
      for (const float f : *v) h = hash_mix(h, __builtin_bit_cast(std::uint32_t, f));
    return h;
  }
};

// `m` may be any network that takes these images; `with_flips` where training flips them.
inline teacher_logits ask_teacher(const model& m, const labelled_images& set, bool with_flips, thread_pool& pool) {
  const auto last_of = [](const exit_logits& all) {
    const auto first = static_cast<std::ptrdiff_t>(all.exits - 1) * all.images * all.classes;
    return std::vector<float>(all.values.begin() + first, all.values.end());
  };
  const exit_logits plain = evaluate(m, set, pool);
  teacher_logits t{plain.classes, last_of(plain), {}};
  if (!with_flips) return t;
  labelled_images mirrored = set;
  const shape s{set.height, set.width, set.channels};
  for (int i = 0; i < set.count(); ++i)
    augment({.flip = true}, s, 0, set.image(i),
            mirrored.pixels.data() + static_cast<std::size_t>(i) * set.image_size());
  t.flipped = last_of(evaluate(m, mirrored, pool));
  return t;
}

// The wish of a recipe: this share of every exit's loss is the divergence from the teacher.
struct distillation_options {
  const teacher_logits* teacher = nullptr;  // null: none; of the very images that are trained on
  float share = 0.5f;
  float temperature = 3;
};

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
